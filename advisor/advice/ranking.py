"""The order of options: what meets the objective first, then by what the workload prefers, ties by name.

    cost       USD a month
    latency    the percentile that is asked for, then cost
    balanced   the product of both: cost / best cost x latency / best latency ranks as cost x latency does

Cost is per request that is served: what is not paid because requests were turned away is no saving. Costs are alike
within half a percent of the best, products within two, latencies within five. Of those alike in what is preferred the
one that turns away fewer comes first, then the faster one, then the cheaper one: of two endpoints of one price, one of
which only allows for more calls at a time, nobody would take the smaller.

What misses the objective is ranked by how far the objective would have to be relaxed for it; of those for which that
is alike, the cheapest first. Estimates and simulated figures are ranked alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeVar

from advisor.workload import Workload

__all__ = [
    "ALIKE",
    "AS_GOOD",
    "FEW",
    "SHARES",
    "Ranked",
    "as_good",
    "better",
    "criteria",
    "front",
    "order",
    "percentile",
    "same",
    "score",
    "scored",
    "served_usd",
    "step",
    "told_apart",
]

# Latencies whose ratio is less than this are told apart by nobody: it is the precision that answers aim at.
ALIKE = 1.05
# Costs this close are the same to a user; and products of both, which are known as well as their latency is.
AS_GOOD, _PRODUCTS = 1.005, 1.02
# Shares of requests turned away that differ by less than this are alike: it is one of a hundred thousand.
FEW = 1e-5
# Figures this close look the same in a table: of cost, and of latency.
_SAME_USD, _SAME_S = 1.001, 1.01


#: percentiles by name
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


class Ranked(Protocol):
    """What ranking asks of an option or an estimate: ``yardstick_s`` is the latency compared by.

    Where it misses the objective, ``shortfall`` is the share that is late, or lost, over what may be, and ``away`` how
    many times as much the objective would have to allow: as long a latency, as many errors.
    """

    @property
    def id(self) -> str: ...
    @property
    def meets(self) -> bool: ...
    @property
    def usd(self) -> float: ...
    @property
    def yardstick_s(self) -> float: ...
    @property
    def error_share(self) -> float: ...
    @property
    def shortfall(self) -> float: ...
    @property
    def away(self) -> float: ...


T = TypeVar("T", bound=Ranked)
Key = Callable[[Ranked], Any]
# What a key is made of: all of those that it is to order.
Making = Callable[[Sequence[Ranked]], Key]


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
    usd = served_usd(one.usd, one.error_share)
    return usd if w.objective.prefer == "cost" else score(w, usd, one.yardstick_s)


def served_usd(usd: float, error_share: float) -> float:
    """What all requests would cost at the price of those that are served."""
    if math.isnan(error_share):
        return usd
    return usd / (1 - error_share) if error_share < 1 else math.inf


def same(one: Ranked, other: Ranked) -> bool:
    """Whether a reader would see two names for the same figures."""
    return (
        max(one.usd, other.usd) <= _SAME_USD * min(one.usd, other.usd)
        and max(one.yardstick_s, other.yardstick_s) <= _SAME_S * min(one.yardstick_s, other.yardstick_s)
        and abs(_VALUES["errors"](one) - _VALUES["errors"](other)) < FEW
    )


def criteria(prefer: str) -> tuple[tuple[str, float], ...]:
    """What decides between two that meet the objective, one after the other, and up to which ratio they are alike.

    Errors, which may be none, are alike up to a difference.
    """
    return {
        "cost": (("cost", AS_GOOD), ("errors", FEW), ("latency", ALIKE)),
        "latency": (("latency", ALIKE), ("cost", AS_GOOD), ("errors", FEW)),
        "balanced": (("balanced", _PRODUCTS), ("errors", FEW), ("latency", ALIKE)),
    }[prefer]


def told_apart(name: str, alike: float, one: Ranked, other: Ranked) -> bool:
    """Whether two differ by more than what is alike in what decides by that name."""
    least, most = sorted((_VALUES[name](one), _VALUES[name](other)))
    return most - least >= alike if name == "errors" else most > alike * least


def as_good(w: Workload, one: Ranked, first: Ranked) -> bool:
    """Whether one is no worse than the first in what is preferred, and where that is latency in cost, to a user."""
    if scored(w, one) > AS_GOOD * scored(w, first):
        return False
    return w.objective.prefer != "latency" or one.usd <= AS_GOOD * first.usd


def better(name: str, one: Ranked, other: Ranked) -> bool:
    """Whether one has less than the other of what decides by that name."""
    return _VALUES[name](one) < _VALUES[name](other)


def order(w: Workload, ranked: Iterable[T]) -> list[T]:
    """The best first."""
    met: list[T] = []
    missed: list[T] = []
    for one in ranked:
        (met if one.meets else missed).append(one)
    ties = [_as_is(lambda one: one.usd), _as_is(lambda one: one.yardstick_s), _as_is(lambda one: one.id)]
    steps = [_stepped(name, alike) for name, alike in criteria(w.objective.prefer)]
    return [*_sorted(met, [*steps, *ties]), *_sorted(missed, [*map(_as_is, _nearness(missed)), *ties])]


def _nearness(missed: Sequence[Ranked]) -> list[Key]:
    """What is to be small first, of those that miss the objective: what no latency would do for, goes by its shares."""
    least = min((one.away for one in missed), default=1.0)
    lost = min((one.shortfall for one in missed if math.isinf(one.away)), default=1.0)
    return [
        lambda one: step(one.away, least, ALIKE),
        lambda one: step(one.shortfall, lost, ALIKE) if math.isinf(one.away) else 0.0,
    ]


def _sorted(every: Sequence[T], keys: Sequence[Making]) -> list[T]:
    """By the first key; by each other one only those that all before it leave alike, as some take long to work out."""
    if len(every) < 2 or not keys:
        return list(every)
    making, *others = keys
    key = making(every)
    found: list[T] = []
    for _, alike in groupby(sorted(every, key=key), key=key):
        found += _sorted(list(alike), others)
    return found


def _as_is(key: Key) -> Making:
    return lambda _: key


def _stepped(name: str, alike: float) -> Making:
    """How many steps lie between the best of several and each: so all of a step are alike, and that is an order."""
    value = _VALUES[name]

    def made(every: Sequence[Ranked]) -> Key:
        best = min((figure for one in every if not math.isnan(figure := value(one))), default=math.nan)
        if name == "errors":
            return lambda one: math.floor((value(one) - best) / alike + 1e-9)
        return lambda one: step(value(one), best, alike)

    return made


_VALUES: dict[str, Callable[[Ranked], float]] = {
    "cost": lambda one: served_usd(one.usd, one.error_share),
    "latency": lambda one: one.yardstick_s,
    "balanced": lambda one: served_usd(one.usd, one.error_share) * one.yardstick_s,
    # Where nothing came, nothing was turned away.
    "errors": lambda one: 0.0 if math.isnan(one.error_share) else one.error_share,
}


def step(value: float, best: float, alike: float) -> float:
    """How many steps of alike values lie between the best and this one; what is not known is the worst."""
    if math.isnan(value):
        return math.inf
    if not 0 < best < math.inf or math.isinf(value):
        return value
    return math.floor(math.log(value / best) / math.log(alike) + 1e-9)


def front(ranked: Sequence[Ranked]) -> dict[str, str | None]:
    """Of several in their order, by id: "" for those on the front, else the id of what is better in all, if any is.

    Better in all is what comes before it and is no dearer, no slower and turns away no more, up to what looks the
    same: so the first is on the front. Where some meet the objective the front is of these alone.
    """
    some = any(one.meets for one in ranked)
    found: dict[str, str | None] = {}
    for n, one in enumerate(ranked):
        better = [other for other in ranked[:n] if _no_worse(other, one)]
        cheapest = min(better, key=lambda other: (other.usd, other.yardstick_s, other.id), default=None)
        found[one.id] = cheapest.id if cheapest is not None else None if some and not one.meets else ""
    return found


def _no_worse(one: Ranked, other: Ranked) -> bool:
    """Whether it is no dearer, no slower and turns away no more, and meets the objective where the other does."""
    return (
        one.meets >= other.meets
        and one.usd <= _SAME_USD * other.usd
        and one.yardstick_s <= _SAME_S * other.yardstick_s
        and _VALUES["errors"](one) < _VALUES["errors"](other) + FEW
    )
