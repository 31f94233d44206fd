"""What became of the requests of a run: counters by status, sums, and a latency histogram good to 0.1 %.

The memory is constant however long the run is. Ledgers of several runs add up. Requests count where they arrive
inside the window; meters (bytes, milliseconds) count where the thing itself lies in the window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from advisor.sim.kernels import Floats, Ints, layout
from advisor.sim.statuses import NAMES, SERVED

__all__ = ["Columns", "Ledger", "bin_edges"]

# Bins of the histogram that make one step of what is drawn.
_COARSE = layout.BINS_AN_OCTAVE // 64


def bin_edges() -> Floats:
    """The lower edge of every bin of the histogram, in seconds, and the upper edge of the last."""
    bits = (np.arange(layout.BINS + 1, dtype=np.int64) + layout.FIRST_BIN) << layout.BIN_SHIFT
    return bits.view(np.float64)


@dataclass(kw_only=True, slots=True)
class Ledger:
    """Counters, sums and the histogram; the arrays are the very ones that a kernel writes (see kernels.layout)."""

    counts: Ints = field(default_factory=lambda: np.zeros(layout.L_SIZE, np.int64))
    sums: Floats = field(default_factory=lambda: np.zeros(layout.S_SIZE))
    bins: Ints = field(default_factory=lambda: np.zeros(layout.BINS, np.int64))

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(counts=self.counts + other.counts, sums=self.sums + other.sums, bins=self.bins + other.bins)

    @property
    def arrived(self) -> int:
        """Requests that arrived in the window."""
        return int(self.counts[layout.L_ARRIVED])

    @property
    def served(self) -> int:
        """... that were served."""
        return int(self.counts[SERVED])

    @property
    def pending(self) -> int:
        """... that had no answer when the run ended."""
        return self.arrived - int(self.counts[: len(NAMES)].sum())

    @property
    def statuses(self) -> dict[str, int]:
        """How many requests of the window ended with each status; all of them, in a fixed order."""
        return {name: int(self.counts[status]) for status, name in enumerate(NAMES)}

    @property
    def attempts(self) -> int:
        """Attempts that arrived in the window, but for the refused ones."""
        return int(self.counts[layout.L_WINDOW_ATTEMPTS])

    @property
    def cold(self) -> int:
        """Requests of the window whose last attempt met a cold start."""
        return int(self.counts[layout.L_COLD])

    @property
    def busy_s(self) -> float:
        """Worker-seconds of service inside the window."""
        return float(self.sums[layout.S_BUSY])

    @property
    def bytes_in(self) -> int:
        """Bytes of all attempts of the window that were let in."""
        return int(self.sums[layout.S_BYTES_IN])

    @property
    def bytes_out(self) -> int:
        """Bytes of all answers of served attempts of the window."""
        return int(self.sums[layout.S_BYTES_OUT])

    def count(self, which: int) -> int:
        """A counter by its place in kernels.layout."""
        return int(self.counts[which])

    @property
    def error_share(self) -> float:
        """The share of requests that were not served; NaN without requests."""
        return 1.0 - self.served / self.arrived if self.arrived else math.nan

    @property
    def mean_s(self) -> float:
        """The mean latency of served requests; NaN without any."""
        return float(self.sums[layout.S_LATENCY]) / self.served if self.served else math.nan

    @property
    def mean_wait_s(self) -> float:
        """The mean wait of served requests (of the attempt that was served); NaN without any."""
        return float(self.sums[layout.S_WAIT]) / self.served if self.served else math.nan

    def latency_s(self, share: float, *, served_only: bool = False) -> float:
        """The latency that `share` of all requests of the window do not pass; unserved ones count as infinite.

        Within 0.1 % of the order statistic of rank ceil(share x n). NaN without requests, inf where too few served.
        """
        total = self.served if served_only else self.arrived
        if not total:
            return math.nan
        rank = max(1, math.ceil(share * total - 1e-9 * share))
        if rank > self.served:
            return math.inf
        at = int(np.searchsorted(np.cumsum(self.bins), rank))
        low, high = bin_edges()[at : at + 2]
        return float(low + high) / 2

    def within(self) -> tuple[tuple[float, float], ...]:
        """(seconds, share of all requests of the window answered within them), rising, 64 steps an octave.

        The first has the share 0, the last that of all served ones; empty where none was.
        """
        steps = np.add.reduceat(self.bins, np.arange(0, layout.BINS, _COARSE))
        used = np.flatnonzero(steps)
        if not used.size:
            return ()
        edges = bin_edges()[::_COARSE]
        held = slice(int(used[0]), int(used[-1]) + 1)
        shares = np.cumsum(steps[held]) / self.arrived
        return ((float(edges[held.start]), 0.0), *zip(edges[1:][held].tolist(), shares.tolist(), strict=True))

    def share_later_than(self, seconds: float) -> float:
        """The share of all requests of the window whose latency passes `seconds`, unserved ones among them.

        The bin that holds `seconds` is divided in proportion. NaN without requests.
        """
        if not self.arrived:
            return math.nan
        edges = bin_edges()
        at = int(np.searchsorted(edges, seconds, side="right")) - 1
        if at < 0:
            return 1.0
        if at >= layout.BINS:
            return 1.0 - self.served / self.arrived
        inside = (seconds - edges[at]) / (edges[at + 1] - edges[at])
        in_time = float(self.bins[:at].sum()) + float(self.bins[at]) * float(inside)
        return 1.0 - in_time / self.arrived


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Every request of a small run, in the order of arrival; an instant that never came is NaN."""

    first_arrival: Floats
    arrival: Floats
    start: Floats
    finish: Floats
    answered: Floats
    status: Ints
    instance: Ints
    slot: Ints
    attempts: Ints

    @classmethod
    def of(cls, floats: Floats, ints: Ints, stop_s: float, *, slot_at_start: bool = True) -> Columns:
        """From what a kernel wrote: what lies after the end of the run has not happened."""
        floats, ints = floats.copy(), ints.copy()
        floats[floats > stop_s] = math.nan
        unanswered = np.isnan(floats[:, layout.R_ANSWERED])
        ints[unanswered, layout.R_STATUS] = layout.PENDING
        if slot_at_start:
            ints[np.isnan(floats[:, layout.R_START]), layout.R_SLOT] = -1
        return cls(
            first_arrival=floats[:, layout.R_FIRST],
            arrival=floats[:, layout.R_ARRIVAL],
            start=floats[:, layout.R_START],
            finish=floats[:, layout.R_FINISH],
            answered=floats[:, layout.R_ANSWERED],
            status=ints[:, layout.R_STATUS],
            instance=ints[:, layout.R_INSTANCE],
            slot=ints[:, layout.R_SLOT],
            attempts=ints[:, layout.R_ATTEMPTS],
        )
