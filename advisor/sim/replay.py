"""Replay of recorded traffic: a file of timestamps or of counts per interval, streamed, round and round.

Times count from the file's first (columns in `advisor.sim.recorded`). Counts are placed at uniform instants of their
interval; intervals without a row are empty. With a scale other than 1, timestamps are counted in 10 s intervals, and
counts are thinned (each request kept with the scale's probability) or multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from advisor.errors import TraceError
from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.csvrows import place
from advisor.sim.recorded import OPTIONAL, ROWS, Chunk, kind_of, read
from advisor.streams import stream
from advisor.workload.recorded import arrivals

__all__ = ["Recorded", "RecordedFeed", "cycle_s"]

_INTERVAL_S = 10.0
_FARTHEST_S = 2.0**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A file to be replayed; ``once`` where it cannot be read again (a pipe)."""

    path: Path
    scale: float = 1.0
    once: bool = False
    name: str = "replay"
    klass: int = 0
    work: float = 1.0


def cycle_s(path: Path) -> float:
    """How long a file lasts until it begins again: its span and one interval, or one mean gap between instants."""
    found = arrivals(path)
    whole = kind_of(path) == "start_s"
    return _on_grid(found.span_s if whole else found.span_s * found.count / max(1, found.count - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some rows, timed from the beginning of the file: instants, or intervals with their requests and rows."""

    at_s: Floats
    optional: Floats
    lasts_s: Floats | None = None
    counts: Floats | None = None
    first_rows: Ints | None = None
    sizes: Ints | None = None

    def repeated(self, times: int, cycle_s: float) -> _Piece:
        """The same rows, so many times, a cycle apart."""

        def again(column: Floats | None) -> Floats | None:
            return None if column is None else np.tile(column, times)

        first_rows = None
        if self.first_rows is not None:
            rows = self.optional.shape[1]
            first_rows = np.tile(self.first_rows, times) + np.repeat(np.arange(times) * rows, len(self.first_rows))
        return _Piece(
            at_s=np.tile(self.at_s, times) + np.repeat(np.arange(times) * cycle_s, len(self.at_s)),
            optional=np.tile(self.optional, (1, times)),
            lasts_s=again(self.lasts_s),
            counts=again(self.counts),
            first_rows=first_rows,
            sizes=None if self.sizes is None else np.tile(self.sizes, times),
        )


class RecordedFeed:
    """Draws a recorded file: its requests, then, where it can be read again, the same one span later, and so on."""

    def __init__(self, recorded: Recorded, seed: int, *, source: IO[bytes] | None = None) -> None:
        self._recorded = recorded
        self._source = source
        self._once = recorded.once or source is not None
        self._draws = stream(seed, "replay")
        self._cycle = 0.0
        self._rows: Iterator[_Placed] = self._passes()
        self._held: _Placed | None = None

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        """Arrivals and, of work, bytes in, bytes out and model, what the file holds; NaN elsewhere."""
        while start < stop:
            if self._held is None:
                self._held = next(self._rows, None)
                if self._held is None:
                    return start
            start = self._held.fill(columns, start, stop)
            if start < stop:
                self._held = None
        return start

    def _passes(self) -> Iterator[_Placed]:
        shift, only = 0.0, None
        while True:
            if only is None:
                pieces = 0
                for piece in self._pass():
                    yield self._placed(piece, shift)
                    only, pieces = piece, pieces + 1
                if self._cycle <= 0 and not self._once:
                    what = "all arrivals come at one instant, so there is no rate"
                    raise TraceError(what, str(self._recorded.path), "give arrivals at different times")
                times = 1
                # A file of a single piece is kept, and repeated up to a piece's usual size.
                only = only if pieces == 1 else None
                if only is not None:
                    times = max(1, ROWS // only.optional.shape[1])
                    only = only.repeated(times, self._cycle)
                shift += self._cycle
            else:
                yield self._placed(only, shift)
                shift += times * self._cycle
            if self._once:
                return

    def _pass(self) -> Iterator[_Piece]:
        chunks = read(self._recorded.path, source=self._source)
        first = next(chunks)
        if first.counts is not None:
            return self._intervals(first, chunks)
        return self._instants(first, chunks) if self._recorded.scale == 1.0 else self._counted(first, chunks)

    def _instants(self, first: Chunk, chunks: Iterator[Chunk]) -> Iterator[_Piece]:
        origin, count, last = float(first.at_s[0]), 0, 0.0
        for chunk in _chained(first, chunks):
            count, last = count + len(chunk.at_s), float(chunk.at_s[-1]) - origin
            yield _Piece(at_s=chunk.at_s - origin, optional=_optional(chunk))
        # The file begins again after its span and one mean gap, so that its rate stays what it was.
        self._cycle = _on_grid(last * count / max(1, count - 1))

    def _counted(self, first: Chunk, chunks: Iterator[Chunk]) -> Iterator[_Piece]:
        origin, count, last = float(first.at_s[0]), 0, 0.0
        chunk: Chunk | None = first
        carried: Chunk | None = None
        while chunk is not None:
            count, last = count + len(chunk.at_s), float(chunk.at_s[-1]) - origin
            whole = _joined(carried, chunk)
            chunk = next(chunks, None)
            cell = np.floor((whole.at_s - origin) / _INTERVAL_S)
            upto = len(cell) if chunk is None else int(np.searchsorted(cell, cell[-1]))
            if chunk is None:
                self._cycle = _on_grid(last * count / max(1, count - 1))
            if upto:
                cells, begins, sizes = np.unique(cell[:upto], return_index=True, return_counts=True)
                lasts = np.full(len(cells), _INTERVAL_S)
                if chunk is None:
                    # The file begins again before its last interval is full.
                    lasts[-1] = self._cycle - cells[-1] * _INTERVAL_S
                yield _Piece(
                    at_s=cells * _INTERVAL_S,
                    optional=_optional(whole),
                    lasts_s=lasts,
                    counts=sizes.astype(np.float64),
                    first_rows=begins.astype(np.int64),
                    sizes=sizes.astype(np.int64),
                )
            carried = _cut(whole, upto)

    def _intervals(self, first: Chunk, chunks: Iterator[Chunk]) -> Iterator[_Piece]:
        if len(first.at_s) < 2:
            what = "one interval does not say how long it is"
            raise TraceError(what, str(self._recorded.path), "give two rows or more")
        width = float(np.diff(first.at_s).min())
        origin, last, total = float(first.at_s[0]), float(first.at_s[0]) - width, 0.0
        for chunk in _chained(first, chunks):
            assert chunk.counts is not None
            steps = np.diff(chunk.at_s, prepend=last)
            if steps.min() < width * (1 - 1e-9):
                n = int(np.argmin(steps))
                what = f"an interval of {steps[n]:g} s among intervals of {width:g} s"
                raise TraceError(what, f"{self._recorded.path}:{chunk.lines[n]}", "give intervals of one length")
            last, total = float(chunk.at_s[-1]), total + float(chunk.counts.sum())
            size = len(chunk.at_s)
            yield _Piece(
                at_s=chunk.at_s - origin,
                optional=_optional(chunk),
                lasts_s=np.full(size, width),
                counts=chunk.counts,
                first_rows=np.arange(size, dtype=np.int64),
                sizes=np.ones(size, dtype=np.int64),
            )
        if total == 0:
            raise TraceError("all counts are zero", str(self._recorded.path), "give a file with arrivals in it")
        self._cycle = _on_grid(last - origin + width)

    def _placed(self, piece: _Piece, shift: float) -> _Placed:
        at = piece.at_s + shift
        if at[-1] > _FARTHEST_S:
            what = f"{at[-1]:g} s of traffic"
            raise TraceError(what, str(self._recorded.path), "give at most sixty years")
        if piece.counts is None:
            return _Instants(at, piece.optional)
        return _Intervals(self._draws, at, self._scaled(piece.counts), piece)

    def _scaled(self, counts: Floats) -> Ints:
        scale = self._recorded.scale
        if scale == 1.0:
            return counts.astype(np.int64)
        if scale < 1.0:
            return self._draws.binomial(counts.astype(np.int64), scale).astype(np.int64)
        # The file's own noise is kept, not added to: whole multiples, and the rest by chance.
        return np.floor(counts * scale + self._draws.random(len(counts))).astype(np.int64)


def _chained(first: Chunk, others: Iterator[Chunk]) -> Iterator[Chunk]:
    yield first
    yield from others


def _on_grid(seconds: float) -> float:
    return float(np.rint(seconds * 2.0**20) / 2.0**20)


def _optional(chunk: Chunk) -> Floats:
    """Rows of work, bytes in, bytes out and model (from 0); NaN where the file has no such column."""
    out = np.full((len(OPTIONAL), len(chunk.at_s)), np.nan)
    for n, name in enumerate(OPTIONAL):
        if name in chunk.optional:
            out[n] = chunk.optional[name] - (1.0 if name == "model" else 0.0)
    return out


def _joined(before: Chunk | None, after: Chunk) -> Chunk:
    if before is None:
        return after
    return Chunk(
        at_s=np.concatenate([before.at_s, after.at_s]),
        counts=None,
        optional={name: np.concatenate([before.optional[name], after.optional[name]]) for name in after.optional},
        lines=np.concatenate([before.lines, after.lines]),
    )


def _cut(chunk: Chunk, start: int) -> Chunk:
    optional = {name: column[start:] for name, column in chunk.optional.items()}
    return Chunk(at_s=chunk.at_s[start:], counts=None, optional=optional, lines=chunk.lines[start:])


class _Placed:
    """Requests of one chunk, handed out."""

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        """As many as fit, or are left."""
        raise NotImplementedError


class _Instants(_Placed):
    def __init__(self, at: Floats, optional: Floats) -> None:
        self._at, self._optional, self._taken = np.rint(at * 2.0**20) / 2.0**20, optional, 0

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        n = min(stop - start, len(self._at) - self._taken)
        columns[0, start : start + n] = self._at[self._taken : self._taken + n]
        columns[1:, start : start + n] = self._optional[:, self._taken : self._taken + n]
        self._taken += n
        return start + n


class _Intervals(_Placed):
    def __init__(self, draws: np.random.Generator, begins: Floats, counts: Ints, piece: _Piece) -> None:
        assert piece.lasts_s is not None
        assert piece.first_rows is not None
        assert piece.sizes is not None
        self._draws, self._begins, self._counts, self._lasts = draws, begins, counts, piece.lasts_s
        self._first_rows, self._sizes, self._optional = piece.first_rows, piece.sizes, piece.optional
        self._f, self._i = np.zeros(1), np.zeros(2, dtype=np.int64)

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        origin = np.empty(stop, dtype=np.int64)
        n = place(
            self._draws, self._begins, self._lasts, self._counts, self._first_rows, self._sizes, len(self._begins),
            self._f, self._i, columns[0], origin, start, stop,
        )  # fmt: skip
        columns[1:, start:n] = self._optional[:, origin[start:n]]
        return n
