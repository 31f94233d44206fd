"""What else is raced: what a user weighs against a dear first, what missed by bad luck, what is on the safe side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from advisor.advice.foreseeing import Foreseen, Prospect
from advisor.advice.racing import Race
from advisor.advice.ranking import FEW, as_good, front, order, same, scored
from advisor.advice.search import Found
from advisor.advice.trial import Bench, Trial
from advisor.patterns.base import Pattern
from advisor.workload import Workload

__all__ = ["at_stake", "at_the_edge", "cheaper_ones", "in_vain", "narrow_misses", "safer_ones", "spread_out"]

# Nearly as fast is within a tenth; cheaper is by a tenth at least.
_NEARLY, _CHEAPER = 1.1, 0.9
# Options beside the best of each pattern, cheaper or faster ones.
_BESIDE = 2
# So many are tried at most for each; and where nothing has met the objective.
_TRIES, _SAFE = 3, 6
# A shortfall up to which a trial may have missed the objective by bad luck. What missed it by a hair, and has no more
# than this of the first's cost (or of what else is preferred), is told of in any case.
_NARROWLY, _BARELY, _MUCH = 1.5, 1.05, 0.8
# So many are raced for what bad luck in their trials may have hidden.
_MORE = 2
# So many of a chain are looked at. Latencies whose estimates are this close are of the very same behaviour.
_STEPS, _ALIKE = 4, 0.01


def cheaper_ones(prospects: Iterable[Prospect], bench: Bench, known: Sequence[Trial]) -> list[Trial]:
    """Beside the best of each pattern, the first of all before, where that was not chosen by cost alone.

    Each meets the objective in its trial, and costs less than what is known and as fast.
    """
    prefer = bench.workload.objective.prefer
    if prefer == "cost" or not known or not known[0].meets:
        return []
    seen = sorted(_smallest(prospects), key=lambda one: (one.usd, one.yardstick_s, one.id))
    found = []
    for fast_s in (math.inf, _NEARLY * known[0].yardstick_s) if prefer == "latency" else (math.inf,):
        less = _CHEAPER * min(one.usd for one in known if one.meets and one.yardstick_s <= fast_s)
        for one in [one for one in seen if one.usd < less and one.yardstick_s <= fast_s][:_TRIES]:
            trial = bench.trial(one.deployment)
            if trial.meets and trial.usd < less and trial.yardstick_s <= fast_s:
                found.append(trial)
                break
    return found


def in_vain(found: Mapping[str, Found], race: Race) -> list[str]:
    """Patterns of which the search found something that meets the objective, while all of their finalists miss it."""
    ran = {one.deployment.name for one in race.finalists.values()}
    lost = ran - {one.deployment.name for one in race.finalists.values() if one.meets}
    return [name for name, those in found.items() if name in lost and any(one.meets for one in those.trials)]


def safer_ones(
    prospects: Iterable[Prospect], bench: Bench, missed: Iterable[Pattern], *, below: float = math.inf
) -> Iterator[Trial]:
    """Where finalists turn out to miss the objective: what comes next by arithmetic, and meets it in its trial.

    Only what may be better than another pattern's, whose score is ``below``'s.
    """
    seen = {one.deployment: one for one in _smallest(prospects) if scored(bench.workload, one) < below}
    known = [seen[one].yardstick_s for one in (*missed, *bench.tried) if one in seen]
    tries = 0
    for one in order(bench.workload, [one for one in seen.values() if one.deployment not in bench.tried]):
        # Of the very same behaviour, such as on a larger type of the same accelerator.
        if any(math.isclose(one.yardstick_s, late_s, rel_tol=_ALIKE) for late_s in known):
            continue
        known.append(one.yardstick_s)
        trial = bench.trial(one.deployment)
        tries += 1
        if trial.meets and scored(bench.workload, trial) < below:
            yield trial
        if tries == _SAFE:
            return


def _smallest(prospects: Iterable[Prospect]) -> Iterator[Foreseen]:
    """Of each chain the smallest that meet the objective by arithmetic, whatever has been looked at before."""
    for prospect in prospects:
        for chain in prospect.chains:
            at = chain.first_met()
            for n in range(len(chain))[at : at + _STEPS] if at is not None else ():
                one = chain.foreseen(n)
                if one.meets and not prospect.blocked(one.deployment):
                    yield one


def spread_out(w: Workload, every: list[Trial], firsts: list[Trial]) -> list[Trial]:
    """Beside the best of each pattern: what is on the front of all that was tried, spread evenly.

    But for what is only there as it turns away fewer, where others are as cheap and as fast and serve enough.
    """
    known = {trial.id for trial in firsts}
    better = front(order(w, every))
    more = sorted(
        (one for one in every if better[one.id] == "" and one.id not in known and one.meets),
        key=lambda one: (one.usd, one.id),
    )
    met = [one for one in every if one.meets]
    more = [
        one
        for one in more
        if not any(same(one, first) for first in firsts)
        and not any(other.usd < one.usd and other.yardstick_s < one.yardstick_s for other in met)
    ]
    if len(more) <= _BESIDE:
        return more
    return [more[round(n * (len(more) - 1) / (_BESIDE - 1))] for n in range(_BESIDE)]


def at_the_edge(every: Sequence[Trial], race: Race) -> list[Trial]:
    """What bad luck in the trials may have put behind the first, where it is quick to tell.

    That is what would be first, had it not missed the objective by so little; and where the first turns requests away,
    what cost the same and turned away no more, since it may be what turns away fewer where more requests are run.
    """
    w = race.workload
    if not race.finalists or not (first := race.ranked()[0]).meets:
        return []
    tried = next((one for one in every if one.id == first.id), None)
    best = math.inf if tried is None else scored(w, tried)
    others = [one for one in every if one.id not in race.finalists and race.quick(one)]
    missed = [one for one in others if not one.meets and 1 < one.shortfall <= _NARROWLY and scored(w, one) < best]
    missed.sort(key=lambda one: (one.shortfall, one.id))
    if tried is None or first.error_share < FEW:
        return missed[:_MORE]
    fuller = [one for one in others if one.meets and as_good(w, one, tried) and one.error_share <= tried.error_share]
    return [*missed[:_MORE], *order(w, fuller)[:_MORE]]


def at_stake(every: Sequence[Trial], race: Race) -> list[Trial]:
    """What would be so much better than the first, and missed the objective by a hair: worth a long run."""
    if not race.finalists or race.vast or not (first := race.ranked()[0]).meets:
        return []
    missed = [one for one in every if one.id not in race.finalists]
    return narrow_misses(race.workload, missed, scored(race.workload, first))


def narrow_misses(w: Workload, trials: Iterable[Trial], of_the_first: float) -> list[Trial]:
    """Of what missed the objective by a hair and is much better than the first, the one that missed by the least."""
    found = [one for one in trials if not one.meets and 1 < one.shortfall <= _BARELY]
    found = [one for one in found if scored(w, one) < _MUCH * of_the_first]
    return sorted(found, key=lambda one: (one.shortfall, one.id))[:1]
