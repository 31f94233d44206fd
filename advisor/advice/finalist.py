"""A finalist as it will be printed, and how surely it is ahead of another one and meets the objective.

All finalists meet the same requests with the same luck, replication by replication, so two of them are compared by
the differences of their replications (Student-t), which spread far less than the figures themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from advisor.advice.chances import above_zero, below
from advisor.advice.judging import ByJudgement, Judged
from advisor.advice.outcome import Outcome
from advisor.advice.ranking import SHARES, Ranked, better, criteria, served_usd, told_apart
from advisor.patterns.base import Pattern
from advisor.sim.estimates import with_control
from advisor.sim.run import Replications
from advisor.workload import Workload

__all__ = ["Finalist", "ahead", "by_what_decides", "surely_meets"]

T = TypeVar("T", bound=Ranked)


@dataclass(frozen=True, slots=True)
class Finalist(ByJudgement):
    """A deployment as it will be printed, with what its replications were one by one."""

    deployment: Pattern
    outcome: Outcome
    costs: tuple[float, ...]
    found: Replications
    yardstick: str
    judged: Judged
    expected: float | None = None

    @property
    def id(self) -> str:
        return self.outcome.id

    @property
    def meets(self) -> bool:
        """Whether it meets the objective."""
        return self.outcome.meets_objective

    @property
    def usd(self) -> float:
        """USD a month."""
        return float(self.outcome.usd_per_month.value)

    @property
    def yardstick_s(self) -> float:
        """The latency that options are compared by."""
        return self.outcome.latency_s[self.yardstick].value

    @property
    def error_share(self) -> float:
        """The share of requests that are not served."""
        return self.outcome.error_share.value

    def scores(self, name: str) -> list[float]:
        """What is to be small, replication by replication: of a preference, or errors; for a product its logarithm."""
        errors = [ledger.error_share for ledger in self.found.ledgers[: len(self.costs)]]
        if name == "errors":
            return [0.0 if math.isnan(share) else share for share in errors]
        costs = [served_usd(cost, share) for cost, share in zip(self.costs, errors, strict=True)]
        if name == "cost":
            return costs
        latencies = [_latency(self.found, n, self.yardstick) for n in range(len(self.costs))]
        if name == "latency":
            return latencies
        return [math.log(max(cost, 1e-9)) + math.log(late) for cost, late in zip(costs, latencies, strict=True)]


def ahead(first: Finalist, other: Finalist, prefer: str) -> float:
    """The probability that the first is truly better than the other one, where both meet the objective."""
    return by_what_decides(first, other, prefer, _above)


def by_what_decides(first: T, other: T, prefer: str, above: Callable[[T, T, str, float | None], float]) -> float:
    """The probability that one is truly better: of what decides, and of being truly alike in all that comes before it.

    ``above`` gives the probability that the other one's figure of a name is truly above the first's; or, with what is
    alike, not below it by more.
    """
    sure, (preferred, _) = 1.0, criteria(prefer)[0]
    for name, alike in criteria(prefer):
        if told_apart(name, alike, first, other):
            # Only what is preferred has steps that begin with a third one: then the first is better by a step.
            decides = better(name, first, other)
            return sure * above(first, other, name, None) if decides else above(first, other, preferred, None)
        sure *= above(first, other, name, alike)
    return above(first, other, preferred, None)


def _above(first: Finalist, other: Finalist, name: str, alike: float | None) -> float:
    """The probability that the other one's figure is truly above; or not below by more than what is alike."""
    mine, theirs = first.scores(name), other.scores(name)
    pairs = [b - a for a, b in zip(mine, theirs, strict=False)]
    if not all(map(math.isfinite, pairs)):
        return 1.0 if first.yardstick_s < other.yardstick_s else 0.5
    if alike is None:
        room = 0.0
    elif name == "errors":
        room = alike
    else:
        # Of a product the scores are logarithms.
        room = math.log(alike) if name == "balanced" else (alike - 1) * math.fsum(mine) / len(mine)
    if name != "cost" or first.expected is None:
        return above_zero([one + room for one in pairs])
    # As costs are: corrected by how far the arrivals lie from what they are known to be.
    arrived = [float(ledger.arrived) for ledger in first.found.ledgers[: len(pairs)]]
    least = min(first.found.controlled, other.found.controlled)
    corrected = with_control(pairs, arrived, first.expected, least=least)
    return 1 - below(corrected, -room, len(pairs) - (len(pairs) >= least and len(set(arrived)) > 1))


def surely_meets(one: Finalist, w: Workload) -> float:
    """The probability that it truly meets the objective: that none of its shares passes what is allowed."""
    wanted, sure = w.objective, 1.0
    for name, seconds in wanted.latencies:
        if name == "mean":
            sure *= below(one.found.mean_latency_s(), seconds, len(one.costs))
        else:
            sure *= below(one.found.share_later_than(seconds), 1 - SHARES[name], len(one.costs))
    sure *= below(one.found.error_share(), wanted.errors, len(one.costs))
    # What else it misses, a deadline or a cold start, is counted and not estimated.
    return 0.0 if sure > 0.5 and not one.meets else sure


def _latency(found: Replications, n: int, name: str) -> float:
    ledger = found.ledgers[n]
    return ledger.mean_s if name == "mean" else ledger.latency_s(SHARES[name])
