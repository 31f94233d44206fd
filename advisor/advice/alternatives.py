"""What a user weighs against a fast but dear first: the cheapest of all, and the cheapest that is nearly as fast."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from advisor.advice.foreseeing import Prospect
from advisor.advice.trial import Bench, Trial

__all__ = ["cheaper_ones"]

# Nearly as fast is within a tenth; cheaper is by a tenth at least.
_NEARLY, _CHEAPER = 1.1, 0.9
# So many are tried at most for each.
_TRIES = 3


def cheaper_ones(prospects: Iterable[Prospect], bench: Bench, known: Sequence[Trial]) -> list[Trial]:
    """Beside the best of each pattern, the first of all before, where that was not chosen by cost alone.

    Each meets the objective in its trial, and costs less than what is known and as fast.
    """
    prefer = bench.workload.objective.prefer
    if prefer == "cost" or not known or not known[0].meets:
        return []
    seen = [one for each in prospects if each.chains for one in each.looked_at if one.meets]
    seen.sort(key=lambda one: (one.usd, one.yardstick_s, one.id))
    found = []
    for fast_s in (math.inf, _NEARLY * known[0].yardstick_s) if prefer == "latency" else (math.inf,):
        less = _CHEAPER * min(one.usd for one in known if one.meets and one.yardstick_s <= fast_s)
        for one in [one for one in seen if one.usd < less and one.yardstick_s <= fast_s][:_TRIES]:
            trial = bench.trial(one.deployment)
            if trial.meets and trial.usd < less and trial.yardstick_s <= fast_s:
                found.append(trial)
                break
    return found
