"""How surely the first answer to a stream and a lot is truly first: by the intervals of it and of each that rivals it.

An endpoint with a job beside it and an endpoint that takes the lot too share no replications that could be compared one
by one. So each figure's own interval tells how far it may be off, and that of a difference is of both together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from advisor.advice.chances import below
from advisor.advice.finalist import by_what_decides
from advisor.advice.racing import SURE
from advisor.advice.ranking import percentile, served_usd
from advisor.advice.ranking_pairs import Entry, of_the_stream
from advisor.advice.recommendation import Confidence, Option
from advisor.advice.shared import Shared
from advisor.sim.estimates import Estimate
from advisor.workload import Workload

__all__ = ["confidence_of"]


def confidence_of(w: Workload, options: Sequence[Option], stream: Confidence, lot: Confidence | None) -> Confidence:
    """The probability that the first is truly first, rival by rival, and whom it cannot be told from at 95 %.

    Between pairs it is the ``stream``'s own where that decided, and theirs stand on the ``lot``'s job as well.
    """
    if not options or not options[0].meets_objective:
        return Confidence(first_is_first=math.nan)
    first, *others = (Entry(one, percentile(w), n) for n, one in enumerate(options))
    paired = not isinstance(options[0].deployment, Shared)
    sure = lot.first_is_first if paired and lot is not None else 1.0
    behind: dict[str, float] = {}
    if paired and of_the_stream(w):
        sure *= stream.first_is_first
        by_stream = _by_stream(options)
        behind = {by_stream[name]: 0.0 for name in stream.equal_to if name in by_stream}
        rivals = [one for one in others if isinstance(one.option.deployment, Shared)]
    else:
        sure *= _meets(w, first)
        rivals = others
    for one in rivals:
        worse = by_what_decides(first, one, w.objective.prefer, _above)
        behind[one.id] = worse + (1 - worse) * (1 - _meets(w, one))
        sure *= behind[one.id]
    return Confidence(first_is_first=sure, equal_to=tuple(one.id for one in others if behind.get(one.id, 1.0) < SURE))


def _by_stream(options: Sequence[Option]) -> Mapping[str, str]:
    """The pairs by their endpoints."""
    return {one.parts[0].id: one.id for one in options if one.parts}


def _meets(w: Workload, one: Entry) -> float:
    """The probability that it truly meets what is asked for; a deadline is counted and not estimated."""
    if not one.meets:
        return 0.0
    outcome = one.option.outcome
    many = outcome.replications
    sure = math.prod(below(outcome.latency_s[name], most, many) for name, most in w.objective.latencies)
    return sure * below(_figure(one, "errors"), w.objective.errors, many)


def _above(first: Entry, other: Entry, name: str, alike: float | None) -> float:
    """The probability that the other one's figure is truly above; or not below by more than what is alike."""
    mine, theirs = _figure(first, name), _figure(other, name)
    if not (math.isfinite(mine.value) and math.isfinite(theirs.value)):
        return 1.0 if mine.value < theirs.value else 0.5
    ahead = theirs.value - mine.value
    if alike is None and ahead == 0:
        return 0.5
    half = math.hypot(mine.high - mine.value, theirs.value - theirs.low)
    difference = Estimate(value=-ahead, low=-ahead - half, high=-ahead + half)
    many = min(first.option.outcome.replications, other.option.outcome.replications)
    return below(difference, 0.0 if alike is None else _room(mine.value, name, alike), many)


def _room(value: float, name: str, alike: float) -> float:
    """How far apart figures that count as alike may be; of a product they are logarithms."""
    if name == "errors":
        return alike
    return math.log(alike) if name == "balanced" else (alike - 1) * value


def _figure(one: Entry, name: str) -> Estimate:
    """What decides by that name, with its interval."""
    outcome = one.option.outcome
    errors, late = outcome.error_share, outcome.latency_s[one.yardstick]
    if not errors.value > 0:
        # Where nothing was counted the interval tells how few requests there were, and not how far two may be apart.
        errors = Estimate(value=0.0, low=0.0, high=0.0)
    if name == "errors":
        return errors
    if name == "latency":
        return late
    usd = outcome.usd_per_month
    low, high = (usd.value if end is None else end for end in (usd.low, usd.high))
    cost = Estimate(
        value=served_usd(float(usd.value), errors.value),
        low=served_usd(float(low), errors.low),
        high=served_usd(float(high), errors.high),
    )
    return cost if name == "cost" else _product(cost, late)


def _product(cost: Estimate, late: Estimate) -> Estimate:
    """The logarithm of both multiplied."""
    if not (cost.value > 0 and 0 < late.value < math.inf):
        return Estimate(value=math.inf, low=math.inf, high=math.inf)
    value = math.log(cost.value) + math.log(late.value)
    below_it = math.hypot(*((one.value - one.low) / one.value for one in (cost, late)))
    above_it = math.hypot(*((one.high - one.value) / one.value for one in (cost, late)))
    return Estimate(value=value, low=value - below_it, high=value + above_it)
