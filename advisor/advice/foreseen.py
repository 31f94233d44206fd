"""What arithmetic says of one deployment: what it costs, how late it answers, how far it is from the objective."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from advisor.advice.ranking import SHARES, percentile
from advisor.patterns.base import Pattern
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.foresight import Foresight

__all__ = ["Foreseen"]


@dataclass(frozen=True)
class Foreseen:
    """What arithmetic says of one deployment; what takes time to work out is worked out when it is asked for."""

    workload: Workload
    deployment: Pattern
    seen: Foresight
    usd: float
    meets: bool
    impossible: str

    @property
    def id(self) -> str:
        return self.deployment.id

    @property
    def pattern(self) -> str:
        return self.deployment.name

    @property
    def error_share(self) -> float:
        """The share of requests that are not served."""
        return self.seen.error_share

    @cached_property
    def yardstick_s(self) -> float:
        """The latency that options are compared by."""
        name = percentile(self.workload)
        return self.seen.mean_s if name == "mean" else self.seen.latency_s(SHARES[name])

    @cached_property
    def floor_s(self) -> float:
        """What that latency is never below, whatever the size."""
        name = percentile(self.workload)
        return 0.0 if name == "mean" else self.seen.floor_s(SHARES[name])

    @cached_property
    def away(self) -> float:
        """How many times as much the objective would have to allow: as long a latency, as many errors."""
        w, seen, over = self.workload, self.seen, [1.0]
        for name, seconds in w.objective.latencies:
            over.append((seen.mean_s if name == "mean" else seen.latency_s(SHARES[name])) / seconds)
        return max(*over, *self._lost())

    @cached_property
    def shortfall(self) -> float:
        """How far it is from meeting the objective."""
        w, over = self.workload, [1.0]
        for name, seconds in w.objective.latencies:
            if name == "mean":
                over.append(self.seen.mean_s / seconds)
            else:
                over.append(self.seen.later(seconds) / (1 - SHARES[name]))
        return max(*over, *self._lost())

    def _lost(self) -> Iterator[float]:
        """Errors over those allowed, and cold starts where none is to be."""
        wanted = self.workload.objective
        yield self.seen.error_share / max(wanted.errors, 1e-6)
        if wanted.cold_starts == "avoid" and self.seen.cold_share > 0:
            yield 1 + self.seen.cold_share
