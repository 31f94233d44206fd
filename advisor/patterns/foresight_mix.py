"""The latency of all requests as a mixture: each part has a fixed delay, its service times, and a wait with a tail.

A part's wait is zero with probability 1 - C and else exponential; where a part's service times differ from the law's
by a factor (a load curve), it has that factor.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from advisor.patterns.foresight_time import Law

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Mix"]

# Parts so rare, and waits so seldom, are told by nobody.
_RARE, _SELDOM = 1e-9, 1e-6
# Parts whose delays, factors and tails are this close are taken together.
_DIGITS = 2


@dataclass(slots=True)
class Mix:
    """Parts: (share of the requests, delay, factor on the service time, chance of a wait, mean of such a wait)."""

    law: Law
    overhead_s: float
    limit_s: float = math.inf
    lost: float = 0.0
    # Row after row.
    parts: array[float] = field(default_factory=lambda: array("d"))

    def add(
        self, share: float, *, delay_s: float = 0.0, factor: float = 1.0, waits: float = 0.0, wait_s: float = 0.0
    ) -> None:
        """One part more; a part of no weight is left out."""
        if share > _RARE:
            seldom = waits < _SELDOM or wait_s <= 0
            self.parts.extend((share, delay_s, factor, 0.0 if seldom else waits, 0.0 if seldom else wait_s))

    def add_late(self, shares: Floats, delays_s: Floats) -> None:
        """Many parts more, of which each is later by a delay of its own."""
        rows = np.zeros((len(shares), 5))
        rows[:, 0], rows[:, 1], rows[:, 2] = shares, delays_s, 1.0
        self.parts.frombytes(rows[shares > _RARE].tobytes())

    def _rows(self) -> Floats:
        return np.array(self.parts).reshape(-1, 5)

    def lose(self, share: float) -> None:
        """Requests that are never answered."""
        self.lost += max(0.0, share)

    def later(self) -> Callable[[float], float]:
        """The share of all requests that are later than so many seconds, as a function."""
        law = self.law
        share, delay, factor, waits, wait_s = self._together().T
        total = float(share.sum()) + self.lost
        share, lost = share / total, self.lost / total
        waiting = waits > 0
        has_waits = bool(waiting.any())
        # In order of parts, then of cells of service time.
        queued = share[waiting] * waits[waiting]
        moment = delay[waiting][:, None] + factor[waiting][:, None] * law.seconds[None, :]
        rate = 1 / wait_s[waiting][:, None]
        at_once = share * (1 - waits)
        overhead, limit = self.overhead_s, self.limit_s

        def later(seconds: float) -> float:
            left = min(seconds, limit) - overhead
            if left < 0:
                return 1.0
            if law.ends_s[0] == law.ends_s[-1]:
                late = (delay + factor * law.mean_s > left).astype(float)
            else:
                late = law.beyond((left - delay) / factor)
            found = float(at_once @ late)
            if has_waits:
                tails = np.exp(-np.maximum(left - moment, 0.0) * rate)
                found += float(queued @ (tails @ law.shares))
            return min(1.0, found + lost)

        return later

    def mean_s(self) -> float:
        """The mean of those that are answered."""
        share, delay, factor, waits, wait_s = self._rows().T
        held = float(share.sum())
        if not held > 0:
            return math.inf
        return float(share @ (delay + factor * self.law.mean_s + waits * wait_s)) / held + self.overhead_s

    def _together(self) -> Floats:
        """Parts that are alike as one: a row each, with their means weighted by their shares."""
        if not self.parts:
            return np.array([[1.0, math.inf, 1.0, 0.0, 0.0]])
        parts = self._rows()
        alike = list(map(tuple, _rounded(parts[:, 1:]).tolist()))
        places = {one: n for n, one in enumerate(sorted(set(alike)))}
        group = np.array([places[one] for one in alike])
        share = np.bincount(group, weights=parts[:, 0])
        means = [np.bincount(group, weights=parts[:, 0] * column) / share for column in parts[:, 1:].T]
        return np.column_stack([share, *means])


def _rounded(values: Floats) -> Floats:
    """To a few digits each; zeros and what is infinite stay."""
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.abs(values))))
        near = np.round(values * digits) / digits
    return np.where((values == 0) | ~np.isfinite(values), values, near)
