"""A file of arrivals, row by row: checked, streamed, gzip too; a bad row is refused with its line.

Columns ``arrival_s``, or ``start_s`` and ``count``; beside them, where the file has them, ``work``, ``bytes_in``,
``bytes_out`` and ``model`` (from 1).
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from advisor.errors import TraceError
from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.csvrows import BAD, rows

__all__ = ["OPTIONAL", "ROWS", "Chunk", "kind_of", "read"]

OPTIONAL = ("work", "bytes_in", "bytes_out", "model")
ROWS = 65536
_BYTES = 1 << 20
_LONGEST_LINE = 1_000_000
_MOST_AT_ONCE = 10**12
_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows of a file: instants (or starts of intervals), counts where it has them, optional columns, lines."""

    at_s: Floats
    counts: Floats | None
    optional: dict[str, Floats]
    lines: Ints


def read(path: Path, *, source: IO[bytes] | None = None) -> Iterator[Chunk]:
    """A file's rows, some at a time, checked: numbers everywhere, times that do not fall, counts and the rest in range.

    Times are as they stand in the file. ``source``: an open stream to read instead of the path, which then names it.
    """
    try:
        opened = _opened(path) if source is None else source
        try:
            yield from _chunks(path, opened)
        finally:
            if source is None:
                opened.close()
    except _UNREADABLE as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        mend = "give a comma-separated text file in UTF-8, or one compressed by gzip (.gz)"
        raise TraceError(f"{path.name} does not read: {why}", str(path), mend) from None


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _header(path: Path, line: bytes) -> tuple[list[str], Ints]:
    if len(line) >= _LONGEST_LINE:
        raise TraceError("the first line has more than a million characters", f"{path}:1", "give one row a line")
    text = line.decode("utf-8-sig")
    if "\0" in text:
        raise TraceError("the file holds bytes that are no text", f"{path}:1", "give a comma-separated text file")
    names = [name.strip() for name in next(csv.reader(io.StringIO(text)), [])]
    if "arrival_s" in names:
        targets = ["arrival_s"]
    elif {"start_s", "count"} <= set(names):
        targets = ["start_s", "count"]
    else:
        head = f'"{", ".join(names)[:60]}"' if any(names) else "nothing"
        what = f"{path.name} has no column arrival_s, or start_s and count: its first line is {head}"
        raise TraceError(what, f"{path}:1", "name the columns in the first line: arrival_s, or start_s and count")
    targets += [name for name in OPTIONAL if name in names]
    wanted = np.array([targets.index(n) if n in targets and names.index(n) == k else -1 for k, n in enumerate(names)])
    return targets, wanted.astype(np.int64)


def _chunks(path: Path, opened: IO[bytes]) -> Iterator[Chunk]:
    first = b""
    while b"\n" not in first and len(first) < _LONGEST_LINE:
        more = opened.read(_BYTES)
        if not more:
            break
        first += more
    head, _, kept = first.partition(b"\n")
    targets, wanted = _header(path, head)
    out, lines = np.empty((len(targets), ROWS)), np.empty(ROWS, dtype=np.int64)
    row, line, over, any_rows, last = 0, 2, False, False, -np.inf
    while not over or kept:
        if len(kept) < _BYTES and not over:
            more = opened.read(_BYTES)
            over = not more
            kept += more
        size = len(kept) if over else kept.rfind(b"\n") + 1
        if size == 0:
            if len(kept) > _LONGEST_LINE:
                what = f"a line of more than {_LONGEST_LINE:,} characters"
                raise TraceError(what, f"{path}:{line}", "give one row a line")
            continue
        text = np.frombuffer(kept, dtype=np.uint8)
        row, taken, line, why = rows(text, size, wanted, out, lines, row, line)
        if why == BAD:
            if row:
                _check(path, targets, out[:, :row], lines[:row], last)
            told = kept[taken:].partition(b"\n")[0][:60].decode(errors="replace").strip()
            what = f'"{told}" holds no number under {" and ".join(targets)}'
            raise TraceError(what, f"{path}:{line}", "mend the row, or take it out")
        kept = kept[taken:]
        if row == ROWS:
            any_rows = True
            last = _check(path, targets, out, lines, last)
            yield _chunk(targets, out.copy(), lines.copy())
            row = 0
    if row:
        _check(path, targets, out[:, :row], lines[:row], last)
        yield _chunk(targets, out[:, :row].copy(), lines[:row].copy())
    elif not any_rows:
        raise TraceError(f"{path.name} holds no rows", str(path), f"give rows under {' and '.join(targets)}")


def _chunk(targets: list[str], out: Floats, lines: Ints) -> Chunk:
    counts = out[1] if targets[0] == "start_s" else None
    optional = {name: out[n] for n, name in enumerate(targets) if name in OPTIONAL}
    return Chunk(at_s=out[0], counts=counts, optional=optional, lines=lines)


def _check(path: Path, targets: list[str], out: Floats, lines: Ints, last: float) -> float:
    at = out[0]

    def refuse(bad: np.ndarray[tuple[int], np.dtype[np.bool_]], tell: str, mend: str, row: Floats = at) -> None:
        if bad.any():
            n = int(np.argmax(bad))
            before = at[n - 1] if n else last
            raise TraceError(tell.format(value=row[n], before=before), f"{path}:{lines[n]}", mend)

    key = targets[0]
    refuse(at < 0, f"{key} is negative: {{value:g}}", "count seconds from zero")
    refuse(at > 1e12, f"{key} is {{value:g}} s", "give seconds, not milliseconds or nanoseconds")
    falls = np.diff(at, prepend=last) < 0
    refuse(falls, f"{key} falls from {{before:.9g}} to {{value:.9g}}", f"sort the rows by {key}")
    if key == "start_s":
        refuse(np.diff(at, prepend=last) == 0, "start_s {value:.9g} comes twice", "give each interval one row")
    for n, name in enumerate(targets[1:], start=1):
        column = out[n]
        refuse(column < 0, f"{name} is negative: {{value:g}}", f"give a {name} of zero or more", column)
        if name in ("count", "model"):
            refuse(column != np.floor(column), f"{name} is {{value:g}}", "give whole numbers", column)
            refuse(column > _MOST_AT_ONCE, f"{name} is {{value:g}}", "give one below a million million", column)
        if name == "model":
            refuse(column < 1, "model is {value:g}", "number models from 1", column)
    return float(at[-1])


def kind_of(path: Path) -> str:
    """What a file counts time by: ``arrival_s`` or ``start_s``."""
    with _opened(path) as opened:
        return _header(path, opened.readline(_LONGEST_LINE))[0][0]
