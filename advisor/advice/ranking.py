"""The order of options: what meets the objective first, then by what the workload prefers, ties by name.

    cost       USD a month
    latency    the percentile that is asked for; those within five percent of each other are alike, then cost decides
    balanced   the product of both: cost / best cost x latency / best latency ranks as cost x latency does

What misses the objective is ranked by how far it is from it. Estimates and simulated figures are ranked alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeVar

from advisor.workload import Workload

__all__ = ["ALIKE", "SHARES", "Ranked", "front", "order", "percentile", "same", "score", "scored"]

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


def scored(w: Workload, one: Ranked) -> float:
    """Its score; a latency, which may take long to work out, is only asked for where the preference does."""
    return one.usd if w.objective.prefer == "cost" else score(w, one.usd, one.yardstick_s)


def same(one: Ranked, other: Ranked) -> bool:
    """Whether a reader would see two names for the same figures."""
    return math.isclose(one.usd, other.usd, rel_tol=1e-3) and math.isclose(
        one.yardstick_s, other.yardstick_s, rel_tol=1e-2
    )


def order(w: Workload, ranked: Iterable[T]) -> list[T]:
    """The best first."""
    met: list[T] = []
    missed: list[T] = []
    for one in ranked:
        (met if one.meets else missed).append(one)
    ties = [lambda one: one.usd, lambda one: one.yardstick_s, lambda one: one.id]
    return [*_sorted(met, [_preferred(w, met), *ties]), *_sorted(missed, [lambda one: one.shortfall, *ties])]


def _preferred(w: Workload, met: Sequence[Ranked]) -> Callable[[Ranked], float]:
    """What is to be small first, of those that meet the objective."""
    if w.objective.prefer != "latency":
        return lambda one: scored(w, one)
    fastest = min((one.yardstick_s for one in met), default=math.nan)
    return lambda one: _step(one.yardstick_s, fastest)


def _sorted(every: Sequence[T], keys: Sequence[Callable[[Ranked], Any]]) -> list[T]:
    """By the first key; by each other one only those that all before it leave alike, as some take long to work out."""
    if len(every) < 2 or not keys:
        return list(every)
    first, *others = keys
    found: list[T] = []
    for _, alike in groupby(sorted(every, key=first), key=first):
        found += _sorted(list(alike), others)
    return found


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
