"""Files that a profile points to: arrivals to replay, measured latencies, rates of a plan.

Their head is checked on reading a profile, their rows are read on first use.
Arrivals have a column ``arrival_s``, or ``start_s`` and ``count`` (counts per interval); measurements have
``latency_ms`` or ``latency_s``. Comma-separated, gzip too; rows are streamed.
"""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from advisor.errors import TraceError, near
from advisor.workload.quantity import Flaws, Kind, refused, shown

__all__ = [
    "COLUMNS",
    "UNREADABLE",
    "Arrivals",
    "Measured",
    "RecordedFile",
    "arrivals",
    "columns_of",
    "measured",
    "opened",
    "per_interval",
    "stamp_of",
    "unreadable",
]

COLUMNS = {
    "arrivals": (("arrival_s",), ("start_s", "count")),
    "measurements": (("latency_ms",), ("latency_s",)),
    "plan rates": (("component", "meter", "usd_per_unit"), ("meter", "usd_per_unit")),
}
_LONGEST_LINE = 1_000_000
UNREADABLE = (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What a file of arrivals amounts to; the peak is the 99.5th percentile of its minutes.

    ``by_minute``: (minute, requests in it), in order; minutes without any are left out.
    """

    count: int
    span_s: float
    rate_per_s: float
    peak_per_s: float
    by_minute: tuple[tuple[int, int], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a file of latencies amounts to."""

    count: int
    mean_s: float
    cv: float
    latencies_s: tuple[float, ...]


class RecordedFile(Kind):
    """A path to such a file, relative to the profile; it must exist and have the columns."""

    def __init__(self, what: str) -> None:
        self.what = what

    def read(self, value: Any, folder: Path = Path()) -> Path:
        if not isinstance(value, str | Path) or not str(value).strip():
            raise refused(
                f"{shown(value)} is not a path", f"write the path of a file of {self.what}, relative to the profile"
            )
        text = str(value)
        if "\0" in text or len(text) > 1000:
            raise refused(
                f"{shown(text)} is not a path", f"write the path of a file of {self.what}, relative to the profile"
            )
        path = folder / text
        try:
            if not path.exists():
                raise _missing(text, path)
            if path.is_dir():
                raise refused(f"{text} is a folder", f"name the file of {self.what} in it")
            columns_of(path, self.what)
        except TraceError as error:
            raise refused(error.what, error.mend) from None
        except OSError as error:
            raise refused(
                f"{text} cannot be read: {error.strerror or error}", "check the path and who may read it"
            ) from None
        return path

    def schema(self) -> dict[str, Any]:
        either = " or ".join(" and ".join(columns) for columns in COLUMNS[self.what])
        return {
            "type": "string",
            "minLength": 1,
            "description": f"a file of {self.what} with columns {either}, relative to the profile",
        }

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, info: ValidationInfo) -> Path:
            return self.read(value, Path((info.context or {}).get("folder", "")))

        return core_schema.with_info_plain_validator_function(read)


def _missing(text: str, path: Path) -> Flaws:
    folder = path.parent
    names = [other.name for other in folder.iterdir()] if folder.is_dir() else []
    hint = near(path.name, names)
    return refused(f"{text} does not exist", hint or "give a path relative to the profile's folder")


def arrivals(path: Path) -> Arrivals:
    """Count, span, mean rate and peak rate of a file of arrivals."""
    return _arrivals(path, stamp_of(path))


def measured(path: Path) -> Measured:
    """Mean, cv and the latencies themselves, in the file's order, of a file of measurements."""
    return _measured(path, stamp_of(path))


def stamp_of(path: Path) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        state = path.stat()
    except OSError as error:
        raise TraceError(f"cannot be read: {error.strerror or error}", str(path), "check the path") from None
    return state.st_mtime_ns, state.st_size


def per_interval(path: Path, every_s: float) -> tuple[int, ...]:
    """Arrivals in each interval of so many seconds, from the file's first instant to its last.

    A count belongs to the interval in which its own begins: ask for intervals no shorter than those of the file.
    """
    columns = columns_of(path, "arrivals")
    counts: Counter[int] = Counter()
    first = math.nan
    for _, row in _rows(path, columns):
        first = row[0] if math.isnan(first) else first
        counts[math.floor((row[0] - first) / every_s)] += int(row[1]) if len(columns) == 2 else 1
    whole = math.ceil(arrivals(path).span_s / every_s - 1e-9)
    return tuple(counts[n] for n in range(max(whole, max(counts) + 1)))


@lru_cache(maxsize=32)
def _arrivals(path: Path, stamp: tuple[int, int]) -> Arrivals:  # noqa: ARG001 - the stamp is part of the cache key
    minutes: Counter[int] = Counter()
    total, first, last, before, step = 0, math.inf, -math.inf, None, math.inf
    columns = columns_of(path, "arrivals")
    for line, row in _rows(path, columns):
        at, many = row[0], (row[1] if len(columns) == 2 else 1.0)
        if many < 0 or many != math.floor(many) or abs(at) > 1e12:
            raise TraceError(
                f"a count of {many:g} at {at:g} s", f"{path}:{line}", "counts are whole numbers, times are seconds"
            )
        if before is not None and at > before:
            step = min(step, at - before)
        before, first, last = at, min(first, at), max(last, at)
        total += int(many)
        minutes[math.floor(at / 60)] += int(many)
    span = last - first + (step if len(columns) == 2 and math.isfinite(step) else 0.0)
    if total < 2 or not span > 0:
        raise TraceError(
            f"{total} arrivals over {max(span, 0.0):g} s give no rate",
            str(path),
            "give at least two arrivals at different times",
        )
    # Between n moments lie n - 1 gaps; counts fill their intervals.
    rate, in_span = (total if len(columns) == 2 else total - 1) / span, max(1, math.ceil(span / 60))
    # Minutes without an arrival count as zeros: the rank from the top needs only those that have some.
    rank = math.floor(0.005 * in_span)
    top = sorted(minutes.values(), reverse=True)
    peak = top[min(rank, len(top) - 1)] / 60 if span >= 60 else rate
    by_minute = tuple(sorted(minutes.items()))
    return Arrivals(count=total, span_s=span, rate_per_s=rate, peak_per_s=max(rate, peak), by_minute=by_minute)


@lru_cache(maxsize=32)
def _measured(path: Path, stamp: tuple[int, int]) -> Measured:  # noqa: ARG001 - the stamp is part of the cache key
    columns = columns_of(path, "measurements")
    scale = 1e-3 if columns == ("latency_ms",) else 1.0
    values = []
    for line, row in _rows(path, columns):
        if row[0] <= 0:
            raise TraceError(f"a latency of {row[0]:g}", f"{path}:{line}", "latencies are above zero")
        values.append(row[0] * scale)
    if not values:
        raise TraceError("no measurements", str(path), f"give rows under {columns[0]}")
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    return Measured(count=len(values), mean_s=mean, cv=math.sqrt(variance) / mean, latencies_s=tuple(values))


def opened(path: Path) -> TextIO:
    """As text, out of gzip too."""
    return (
        gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8-sig", newline="")
    )


def columns_of(path: Path, what: str) -> tuple[str, ...]:
    """Which of the sets of columns for files of this kind its first line has."""
    try:
        with opened(path) as file:
            line = file.readline(_LONGEST_LINE)
            names = [name.strip() for name in next(csv.reader([line]), [])]
    except UNREADABLE as error:
        raise unreadable(path, error) from None
    for columns in COLUMNS[what]:
        if set(columns) <= set(names):
            return columns
    either = " or ".join(" and ".join(columns) for columns in COLUMNS[what])
    head = shown(", ".join(names)) if names else "nothing"
    raise TraceError(
        f"{path.name} has no column {either}: its first line is {head}",
        str(path),
        f"name the columns in the first line: {either}",
    )


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[float, ...]]]:
    try:
        with opened(path) as file:
            reader = csv.reader(file)
            names = [name.strip() for name in next(reader, [])]
            where = [names.index(column) for column in columns]
            for row in reader:
                if not row:
                    continue
                try:
                    values = tuple(float(row[n]) for n in where)
                except (ValueError, IndexError):
                    values = (math.nan,)
                if not all(map(math.isfinite, values)):
                    raise TraceError(
                        f"{shown(','.join(row))} holds no number under {' and '.join(columns)}",
                        f"{path}:{reader.line_num}",
                        "mend the row",
                    )
                yield reader.line_num, values
    except UNREADABLE as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> TraceError:
    """The error of a file that is no text, or cannot be opened."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return TraceError(
        f"{path.name} does not read: {why}",
        str(path),
        "give a comma-separated text file in UTF-8, or one compressed by gzip (.gz)",
    )
