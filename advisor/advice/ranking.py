"""The order of options: what meets the objective first, then by what the workload prefers, ties by name.

    cost       USD a month
    latency    the percentile that is asked for; those within five percent of each other are alike, then cost decides
    balanced   the product of both: cost / best cost x latency / best latency ranks as cost x latency does

What misses the objective is ranked by how far it is from it. Estimates and simulated figures are ranked alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from advisor.workload import Workload

__all__ = ["ALIKE", "SHARES", "Ranked", "front", "order", "percentile", "score"]

# Latencies whose ratio is less than this are told apart by nobody: it is the precision that answers aim at.
ALIKE = 1.05


#: percentiles by name
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


class Ranked(Protocol):
    """What ranking asks of an option or an estimate: ``yardstick_s`` is the latency compared by."""

    @property
    def id(self) -> str: ...
    @property
    def meets(self) -> bool: ...
    @property
    def usd(self) -> float: ...
    @property
    def yardstick_s(self) -> float: ...
    @property
    def shortfall(self) -> float: ...


T = TypeVar("T", bound=Ranked)


def percentile(w: Workload) -> str:
    """The latency that options are compared by: the strictest that the objective names, else p99."""
    asked = w.objective.latency
    return asked[0] if asked else "p99"


def score(w: Workload, usd: float, latency_s: float) -> float:
    """What is to be small, by the workload's preference."""
    if w.objective.prefer == "cost":
        return usd
    if w.objective.prefer == "latency":
        return latency_s
    return usd * latency_s


def order(w: Workload, ranked: Iterable[T]) -> list[T]:
    """The best first."""
    every = list(ranked)
    fastest = min((one.yardstick_s for one in every if one.meets), default=math.nan)

    def key(one: T) -> tuple[bool, float, float, float, str]:
        if not one.meets:
            return (True, one.shortfall, one.usd, one.yardstick_s, one.id)
        if w.objective.prefer == "latency":
            return (False, _step(one.yardstick_s, fastest), one.usd, one.yardstick_s, one.id)
        return (False, score(w, one.usd, one.yardstick_s), one.usd, one.yardstick_s, one.id)

    return sorted(every, key=key)


def _step(latency_s: float, fastest_s: float) -> float:
    """How many steps of alike latencies lie between the fastest and this one."""
    if not fastest_s > 0 or math.isinf(latency_s):
        return latency_s
    return math.floor(math.log(latency_s / fastest_s) / math.log(ALIKE) + 1e-9)


def front(ranked: Sequence[Ranked]) -> dict[str, str]:
    """By id: "" for those of which none is both cheaper and faster, else the id of the cheapest that is."""
    found: dict[str, str] = {}
    by_cost = sorted(ranked, key=lambda one: (one.usd, one.yardstick_s, one.id))
    for n, one in enumerate(by_cost):
        better = [
            other.id
            for other in by_cost[:n]
            if other.yardstick_s <= one.yardstick_s
            and (other.usd < one.usd or other.yardstick_s < one.yardstick_s or other.id < one.id)
        ]
        found[one.id] = better[0] if better else ""
    return found
