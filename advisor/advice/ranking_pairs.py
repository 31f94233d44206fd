"""The order of pairs of an endpoint and the lot's job, and of endpoints that work off the lot themselves.

All pairs have the same job. What they are preferred by is the endpoints' own, so pairs stand as the stream's answer has
their endpoints: its bill, added to each, changes neither which is cheaper nor which is faster, and would only widen
what half a percent of the bill leaves alike. A product of cost and latency it does change, and so pairs are ranked
anew where that is preferred; what the stream's answer tells of its first is not told of theirs then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from advisor.advice.explaining import told
from advisor.advice.quotas import passed_quotas
from advisor.advice.ranking import front, order, percentile
from advisor.advice.recommendation import Option
from advisor.advice.shared import Shared
from advisor.workload import Workload

__all__ = ["Entry", "of_the_stream", "ranked"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An option for a stream and a lot as ranking sees it; what misses stays ``nth``, as the stream's options came."""

    option: Option
    yardstick: str
    nth: int

    @property
    def id(self) -> str:
        return self.option.id

    @property
    def meets(self) -> bool:
        return self.option.meets_objective

    @property
    def usd(self) -> float:
        return float(self.option.usd_per_month)

    @property
    def yardstick_s(self) -> float:
        return self.option.latency_s(self.yardstick)

    @property
    def error_share(self) -> float:
        return self.option.outcome.error_share.value

    @property
    def shortfall(self) -> float:
        return float(self.nth)

    @property
    def away(self) -> float:
        return 2.0**self.nth


def of_the_stream(w: Workload) -> bool:
    """Whether what decides between pairs is what decides between their endpoints."""
    return w.objective.prefer != "balanced"


def ranked(w: Workload, made: Iterable[Option]) -> tuple[Option, ...]:
    """Pairs, as the stream's options came, and endpoints that take the lot too, with ranks and what sets them apart."""
    entries = _ordered(w, [Entry(one, percentile(w), n) for n, one in enumerate(made)])
    better = front(entries)
    first = entries[0].option.outcome if entries else None

    def apart(one: Option) -> str:
        if first is None or one.outcome is first:
            return ""
        quotas = passed_quotas(w, one.deployment)
        return told(w, first, one.outcome, dominated_by=better[one.id] or "", quotas=quotas)

    return tuple(
        replace(
            one.option,
            rank=n + 1,
            on_front=better[one.id] == "",
            dominated_by=better[one.id] or "",
            told=apart(one.option),
        )
        for n, one in enumerate(entries)
    )


def _ordered(w: Workload, entries: Sequence[Entry]) -> list[Entry]:
    if not of_the_stream(w):
        return order(w, entries)
    pairs = [one for one in entries if not isinstance(one.option.deployment, Shared)]
    shared = order(w, [one for one in entries if isinstance(one.option.deployment, Shared)])
    return list(_merged(w, shared, pairs))


def _merged(w: Workload, shared: Sequence[Entry], pairs: Sequence[Entry]) -> Iterator[Entry]:
    """Both in their own order; of the first of each, the better one comes before the other."""
    left, others = list(shared), list(pairs)
    while left and others:
        first = order(w, [left[0], others[0]])[0]
        yield (left if first is left[0] else others).pop(0)
    yield from (*left, *others)
