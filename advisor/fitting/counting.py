"""What is kept of a file of arrivals while it streams by: counts in intervals, work beside them, clumping."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from advisor.errors import TraceError
from advisor.sim.kernels import Floats
from advisor.sim.recorded import Chunk, read

__all__ = ["Counted", "count"]

INTERVAL_S = 10.0
_COARSER, _MOST_INTERVALS = 6, 4_000_000
_SHORT_S = (0.1, 1.0, 10.0)
# Steps of whole seconds, written with milliseconds, are off by a few of those.
_ROUNDED_S = 0.005


class Counted:
    """Counts of a file in intervals of 10 s (the file's own where longer, coarser where there would be millions)."""

    def __init__(self) -> None:
        self.requests, self.span_s = 0, 0.0
        self.interval_s = INTERVAL_S
        self.counts, self.works = np.zeros(0), np.zeros(0)
        self.has_work = self.of_intervals = False
        # Whole seconds that all instants are multiples of, 0 while unknown; None where there are parts of seconds.
        self.grain_s: int | None = 0
        self._squares = dict.fromkeys(_SHORT_S, 0.0)
        self._open = dict.fromkeys(_SHORT_S, (-1.0, 0.0))
        self._origin: float | None = None
        self._step = 0.0

    def take(self, chunk: Chunk) -> None:
        """One more chunk of rows."""
        if self._origin is None:
            self._origin = float(chunk.at_s[0])
            self.of_intervals = chunk.counts is not None
            if self.of_intervals and len(chunk.at_s) > 1:
                self._step = float(np.diff(chunk.at_s).min())
                self.interval_s = max(INTERVAL_S, self._step)
        at = chunk.at_s - self._origin
        counts = np.ones(len(at)) if chunk.counts is None else chunk.counts
        self.requests += int(counts.sum())
        self.span_s = float(at[-1]) + self._step
        self._add(at, counts, chunk.optional.get("work"))
        if not self.of_intervals:
            self._clumps(at)
            self._grain(at)

    def close(self) -> None:
        """The file is over: cut the columns to its span."""
        cells = max(1, math.ceil(self.span_s / self.interval_s - 1e-9))
        self.counts, self.works = _grown(self.counts, cells)[:cells], _grown(self.works, cells)[:cells]

    def clumping(self) -> tuple[float, float]:
        """By how much requests come together within a second beyond what the rate explains, as variance over mean of
        counts, and within which time; zero where the file does not tell."""
        if self.of_intervals or self.grain_s is not None or self.requests < 1000:
            return 0.0, 0.0
        tenth, second, ten = (self._dispersion(length) for length in _SHORT_S)
        drift = (ten - second) / 9
        excess = second - 1 - drift
        return excess, 0.1 if tenth - 1 - drift / 10 > excess / 2 else 1.0

    def _dispersion(self, length: float) -> float:
        cells = self.span_s / length
        mean = self.requests / cells
        last = self._open[length][1]
        return ((self._squares[length] + last * last) / cells - mean * mean) / mean

    def _add(self, at: Floats, counts: Floats, work: Floats | None) -> None:
        while at[-1] / self.interval_s >= _MOST_INTERVALS:
            self.counts, self.works = coarser(self.counts, _COARSER), coarser(self.works, _COARSER)
            self.interval_s *= _COARSER
        cell = (at / self.interval_s).astype(np.int64)
        low, need = int(cell[0]), int(cell[-1]) + 1
        if need > len(self.counts):
            room = min(need + need // 2, _MOST_INTERVALS)
            self.counts, self.works = _grown(self.counts, room), _grown(self.works, room)
        added = np.bincount(cell - low, weights=counts)
        self.counts[low:need] += added
        if work is not None:
            self.has_work = True
            self.works[low:need] += np.bincount(cell - low, weights=counts * work)

    def _clumps(self, at: Floats) -> None:
        for length in _SHORT_S:
            cells, sizes = np.unique(np.floor(at / length), return_counts=True)
            squares = sizes.astype(np.float64)
            cell, held = self._open[length]
            if cells[0] == cell:
                squares[0] += held
            else:
                self._squares[length] += held * held
            self._squares[length] += float((squares[:-1] ** 2).sum())
            self._open[length] = float(cells[-1]), float(squares[-1])

    def _grain(self, at: Floats) -> None:
        if self.grain_s is None:
            return
        whole = np.rint(at)
        if np.any(np.abs(at - whole) > _ROUNDED_S):
            self.grain_s = None
        else:
            self.grain_s = math.gcd(self.grain_s, int(np.gcd.reduce(whole.astype(np.int64))))


def coarser(column: Floats, length: int) -> Floats:
    """Sums of so many neighbours; the last one is of what is left over."""
    padded = _grown(column, -(-len(column) // length) * length)
    sums: Floats = padded.reshape(-1, length).sum(axis=1)
    return sums


def _grown(column: Floats, size: int) -> Floats:
    return np.concatenate([column, np.zeros(max(0, size - len(column)))])


def count(path: Path) -> Counted:
    """Read a whole file; `TraceError` where it does not read or gives no rate."""
    counted = Counted()
    for chunk in read(path):
        counted.take(chunk)
    counted.close()
    if counted.requests < 2 or not counted.span_s > 0:
        what = f"{counted.requests} arrivals over {max(counted.span_s, 0.0):g} s give no rate"
        raise TraceError(what, str(path), "give at least two arrivals at different times")
    return counted
