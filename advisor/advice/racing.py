"""Finalists, simulated anew: who is first, how surely, and who cannot be told from the first.

All finalists meet the same requests with the same luck, replication by replication, so two of them are compared by
the differences of their replications (Student-t), which spread far less than the figures themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from advisor.advice.finalist import Finalist, ahead, surely_meets
from advisor.advice.judging import judge
from advisor.advice.once import Ahead, Once, ahead_of, horizon_for
from advisor.advice.ranking import order, percentile, same, scored
from advisor.advice.recommendation import Confidence
from advisor.advice.settings import of_any_objective, watches_alarms
from advisor.advice.simulating import expected_arrivals, least_of, simulate
from advisor.advice.spiking import PAIRS, has_spikes
from advisor.advice.trial import VAST, Trial
from advisor.catalog.prices import PriceBook
from advisor.patterns.base import Pattern
from advisor.sim.estimates import mean_of
from advisor.sim.run import Precision, Replications, Run
from advisor.workload import Workload

__all__ = ["Finalist", "Race"]

SURE = 0.95
# What is behind the first with this probability is no challenge to it.
_TOLD = 0.999
# Requests of a replication up to which every finalist is run until it is precise; above, only the leaders are.
_CHEAP = 1_500_000
# Where replications are long: at least, and at most of the leader; where they are very long; and of a leader that two
# leave imprecise: as many as take no longer than three, two side by side.
_FEW, _MANY, _VERY_FEW, _PAIRED = 3, 40, 2, 4
_LONG = 4_000_000
# What the leader's replications may take together, in requests, and those of any other, once there are the least.
_LEADER, _OTHER = 12_000_000, 5_000_000
# Of a brief race, where replications are short ones; of what does not lead, at most.
_BRIEF, _ENOUGH = 3, 10
# Who comes first in a few replications is first no more in some others, so often at most.
_FIRSTS = 4
# Leaders that cannot be told apart are given twice the replications, so often at most.
_ROUNDS = 2


class Race:
    """Runs finalists until the leaders are told apart, or enough has been run.

    ``brief`` is the most requests of a replication where only the first is of interest: replications are as few and
    as short as can be then. ``runs`` are replications that are there already, under the very same terms.
    """

    def __init__(
        self,
        w: Workload,
        *,
        seed: int,
        book: PriceBook,
        requests_each: float,
        threads: int,
        tell: Callable[[str], None],
        brief: int | None = None,
        runs: dict[str, dict[int, Run]] | None = None,
    ) -> None:
        self.workload = w
        self.brief, self.vast = brief is not None, requests_each > VAST
        self.cheap = requests_each <= _CHEAP
        self.few, self.many = (_VERY_FEW, _VERY_FEW) if self.brief or requests_each > VAST else (_FEW, _MANY)
        self.long = requests_each > _LONG
        if self.long:
            self.few = _VERY_FEW
        self.tell = tell
        self.yardstick = percentile(w)
        self.finalists: dict[str, Finalist] = {}
        # Those that have met as many bursts as an answer needs.
        self.whole: set[str] = set()
        # Those whose state was sampled in this race, whatever was run of them before.
        self.led: set[str] = set()
        # What has been run of each, so that more replications go on from there; jobs on their own.
        # Where they are long, what is far behind has a day of them only: such runs serve no other race.
        self.runs = {} if runs is None or (self.long and not self.brief) else runs
        self._jobs: dict[str, dict[int, Run]] = {}
        self._efforts: dict[str, int] = {}
        # Those that are surely far behind: where replications are long, one tells of them, of a day where others have
        # a week.
        self.far: set[str] = set()
        self.seed, self.threads, self._budget = seed, threads, brief
        self._ahead: Ahead | None = None
        self._simulate = partial(simulate, w, seed=seed, book=book, threads=threads, budget=brief)

    @contextmanager
    def ahead(self, surely: Sequence[Trial]) -> Iterator[None]:
        """While this lasts long replications have helpers, and those begin with what these finalists surely take.

        The first of them leads. What is run by helpers, and in which order, changes no figure; of very long ones the
        longest come first, so that no helper is left with it at the end.
        """
        heavy = [one for one in surely if not self.light(one.deployment)]
        if self.long:
            heavy.sort(key=lambda one: -one.effort)
        if self.vast or not heavy:
            yield
            return
        with ahead_of(self.workload, seed=self.seed, budget=self._budget, threads=self.threads) as helped:
            self._ahead = helped
            # What a brief race takes depends on how its first turns out.
            if helped is not None and not self.brief:
                leader = surely[0]
                helped.begin(*(run for one in heavy for run in self._surely(one.deployment, leads=one is leader)))
            try:
                yield
            finally:
                self._ahead = None

    def _surely(self, deployment: Pattern, *, leads: bool) -> Iterable[Once]:
        """The replications that entering a finalist takes in any case."""
        horizon = horizon_for(self.workload, deployment, None)
        wanted = self._bounds(deployment, leads=leads) or self._until()
        least, made = least_of(self.workload, wanted, horizon, bursts=leads), self.runs.get(deployment.id, ())
        for number in [number for number in range(least) if number not in made]:
            yield Once(deployment, number, sampled=leads and number == 0, a_day=self._a_day(deployment, leads=leads))
            if number < PAIRS and has_spikes(self.workload, deployment):
                yield Once(deployment, number, pair=True)

    def begin(self, deployment: Pattern, *, leads: bool) -> None:
        """Have helpers, where there are any, begin what entering it takes in any case."""
        if self._ahead is not None and not self.light(deployment) and not self.brief:
            self._ahead.begin(*self._surely(deployment, leads=leads))

    def enter(self, deployment: Pattern, *, leads: bool) -> Finalist:
        """Simulate a finalist: until it is precise where it leads or runs are short, else a few replications."""
        if deployment.id not in self.finalists:
            self.begin(deployment, leads=leads)
            bounds = self._bounds(deployment, leads=leads)
            self._run(deployment, leads=leads and not self.brief, precision=bounds)
        return self.finalists[deployment.id]

    def _bounds(self, deployment: Pattern, *, leads: bool) -> Precision | None:
        """How precise a finalist is to be at first, within which bounds."""
        light = self.light(deployment)
        if light and self.brief:
            return self._until(least=_BRIEF, most=_BRIEF)
        if light and not leads:
            return self._until(most=_ENOUGH)
        if leads:
            return self._leading(deployment)
        if self.vast or self._is_far(deployment):
            return self._until(least=1, most=1)
        return self._until(least=self.few, most=min(_ENOUGH, self.many), effort=_OTHER)

    def _is_far(self, deployment: Pattern) -> bool:
        return self.long and deployment.id in self.far

    def _a_day(self, deployment: Pattern, *, leads: bool) -> bool:
        """Whether a typical day does: a brief race is short as it is."""
        return self._is_far(deployment) and not leads and not self.brief

    def nearer(self, deployment: Pattern) -> None:
        """Simulate what seemed far behind, and is not, as the others are."""
        self.far.discard(deployment.id)
        self.runs.pop(deployment.id, None)
        del self.finalists[deployment.id]
        self.enter(deployment, leads=False)

    def challenge(self, deployment: Pattern) -> None:
        """Simulate what may be better than the first after all; it stays where it comes first, or cannot be told.

        What is another name for the same figures goes, and so does what costs the same as a first that is faster.
        """
        first = self.ranked()[0]
        self._run(deployment, leads=False, precision=self._until(most=_ENOUGH, effort=_OTHER))
        one = self.finalists[deployment.id]
        if self.ranked()[0] is one:
            told = same(one, first)
        else:
            alike = math.isclose(scored(self.workload, one), scored(self.workload, first), rel_tol=1e-3)
            told = alike or self._behind(first, one) > _TOLD
        if told:
            del self.finalists[deployment.id]

    def _leading(self, deployment: Pattern, *, least: int = 1) -> Precision | None:
        """How long the first is run: where a replication is short, as long as any printed answer."""
        if self.light(deployment):
            return None
        return self._until(least=max(least, self.few), few=_PAIRED, most=max(least, self.many), effort=_LEADER)

    def _until(self, **bounds: Any) -> Precision:
        """As precise as the profile asks for, within bounds."""
        w = self.workload
        cost, objective = float(w.assume("precision_cost")), float(w.assume("precision_objective"))
        return Precision(cost_share=cost, objective_share=objective, **bounds)

    @property
    def effort(self) -> int:
        """What all of it takes, in requests, about; what was there already is counted as if it were not."""
        return sum(self._efforts.values())

    def ranked(self) -> list[Finalist]:
        """The best first."""
        return order(self.workload, self.finalists.values())

    def separate(self) -> None:
        """Give the first and those too close to it more replications, while that is affordable."""
        for _ in range(_FIRSTS):
            first = self.ranked()[0]
            if first.id in self.whole or self.brief or self.vast:
                break
            # Whoever is first is run as long as what was thought to be.
            bounds = self._leading(first.deployment, least=len(first.costs))
            self._run(first.deployment, leads=first.id in self.led, precision=bounds, whole=True)
        for _ in range(_ROUNDS):
            first, *others = self.ranked()
            close = [one for one in others if self._behind(first, one) < SURE and not self._equal(first, one)]
            if not close or self.many == _VERY_FEW or not self._moves(first, close):
                return
            light = all(self.light(one.deployment) for one in (first, *close))
            for one in (first, *close):
                wanted = max(len(first.costs), len(one.costs)) * (2 if light else 1)
                if wanted > len(one.costs):
                    self._run(one.deployment, leads=one.id in self.led, replications=wanted)

    def light(self, deployment: Pattern) -> bool:
        """Whether a replication is short: few requests, and no alarms to be watched minute by minute."""
        return self.cheap and not watches_alarms(deployment.to_dict())

    def quick(self, trial: Trial) -> bool:
        """Whether what was tried can be run as often as any that does not lead."""
        return self.light(trial.deployment) or (self.cheap and trial.effort * Precision().least <= _OTHER)

    def _moves(self, first: Finalist, close: Sequence[Finalist]) -> bool:
        """Whether more replications could change anything: none does where none differ."""
        return any(len(set(one.costs)) > 1 for one in (first, *close))

    def _equal(self, first: Finalist, other: Finalist) -> bool:
        """Whether both surely meet the objective, and differ by less than the precision that is asked for."""
        w = self.workload
        cost, late = float(w.assume("precision_cost")), float(w.assume("precision_objective"))
        allowed = {"cost": cost, "latency": late, "balanced": cost + late}[w.objective.prefer]
        mine, theirs = first.scores(w.objective.prefer), other.scores(w.objective.prefer)
        apart = mean_of([b - a for a, b in zip(mine, theirs, strict=False)])
        # Of a product the scores are logarithms.
        whole = 1.0 if w.objective.prefer == "balanced" else abs(math.fsum(mine) / len(mine))
        if not max(-apart.low, apart.high) <= allowed * whole:
            return False
        return min(self._meets(first), self._meets(other)) >= SURE

    def _run(
        self,
        deployment: Pattern,
        *,
        leads: bool,
        precision: Precision | None = None,
        replications: int | None = None,
        whole: bool = False,
    ) -> None:
        """Simulate; the state over time is sampled for the leader alone, since it takes as long as a short run.

        It meets as many bursts as an answer needs, as what is to be ``whole`` does.
        """
        self.tell(deployment.id)
        whole = whole or leads
        if leads:
            self.led.add(deployment.id)
        if whole:
            self.whole.add(deployment.id)
        kept: list[tuple[Replications, Sequence[float]]] = []
        outcome = self._simulate(
            deployment,
            precision=precision,
            replications=replications,
            timeline=leads,
            runs=(self.runs if of_any_objective(deployment) else self._jobs).setdefault(deployment.id, {}),
            ahead=None if self.light(deployment) else self._ahead,
            bursts=whole,
            a_day=self._a_day(deployment, leads=leads),
            keep=lambda found, costs: kept.append((found, costs)),
        )
        [(found, costs)] = kept
        self._efforts[deployment.id] = sum(run.effort for run in found.runs)
        self.finalists[deployment.id] = Finalist(
            deployment,
            outcome,
            tuple(costs),
            found,
            self.yardstick,
            judge(self.workload, found),
            expected_arrivals(self.workload, found.runs[0].window_s[1] - found.runs[0].window_s[0]),
        )

    def confidence(self) -> Confidence:
        """The probability that the first is truly first, rival by rival; whom it cannot be told from at 95 %."""
        first, *others = self.ranked()
        if not first.meets:
            return Confidence(first_is_first=math.nan)
        sure = self._meets(first)
        equal = []
        for one in others:
            behind = self._behind(first, one)
            sure *= behind
            if behind < SURE:
                equal.append(one.id)
        return Confidence(first_is_first=sure, equal_to=tuple(equal))

    def _behind(self, first: Finalist, other: Finalist) -> float:
        """The probability that the other one is truly behind."""
        worse = ahead(first, other, self.workload.objective.prefer)
        return worse + (1 - worse) * (1 - self._meets(other))

    def _meets(self, one: Finalist) -> float:
        """The probability that it truly meets the objective."""
        return surely_meets(one, self.workload)
