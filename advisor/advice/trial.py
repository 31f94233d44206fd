"""A deployment tried out while searching: few and short replications, the same requests for every deployment.

What is printed never comes from a trial: finalists are simulated anew, on other seeds and with a whole warm-up, since
the best of many on the same requests is flattered by them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

from advisor.advice.by_hour import with_hours
from advisor.advice.judging import ByJudgement, Judged, judge
from advisor.advice.ranking import SHARES, percentile
from advisor.advice.settings import knows_days, of_any_objective, watches_alarms
from advisor.catalog.prices import PriceBook
from advisor.money import PurchaseOptions, bill
from advisor.patterns.base import Pattern
from advisor.sim.horizon import Horizon, a_day_of, horizon_of
from advisor.sim.run import Replications, Run
from advisor.streams import replication
from advisor.units import HOUR_S, WEEK_S
from advisor.workload import Workload

__all__ = ["Bench", "Ran", "Trial"]

# Replications of a trial are numbered from here on, so that what is printed never shares a seed with them.
_FIRST = 1_000_000
# Requests of one replication while searching.
_REQUESTS = 300_000
# Where a trial takes more requests than this, one replication has to do.
_HEAVY = 1_500_000
# Up to so many a replication is short enough for what would change an answer to be confirmed by simulation.
_CONFIRMED = 3_000_000
# The same where only a race can tell.
_RACED = 500_000
# And from here on a day takes so long that arithmetic has to do most of the search.
VAST = 50_000_000
# A trial begins with fewer instances than it will have for no longer than this.
_WARMUP_S = 2 * HOUR_S


@dataclass(frozen=True, slots=True)
class Trial(ByJudgement):
    """What a few replications of one deployment say of it."""

    deployment: Pattern
    usd: float
    yardstick_s: float
    judged: Judged
    #: what it took, in requests, about
    effort: int = 0
    #: the share of requests that are not served
    error_share: float = 0.0

    @property
    def id(self) -> str:
        return self.deployment.id

    @property
    def meets(self) -> bool:
        """Whether it meets the objective, as far as these few replications tell."""
        return self.judged.meets


@dataclass(frozen=True, slots=True)
class Ran:
    """Runs that are there already, of one stream of requests: of trials by deployment and number, and of races.

    Races are brief ones, or those of whole answers.

    They serve any objective, since only what is made of them depends on it (see `of_any_objective`).
    """

    trials: dict[tuple[Pattern, int], Run] = field(default_factory=dict)
    races: dict[str, dict[int, Run]] = field(default_factory=dict)
    answers: dict[str, dict[int, Run]] = field(default_factory=dict)


@dataclass
class Bench:
    """Where deployments of one workload are tried out; each at most once."""

    workload: Workload
    seed: int
    book: PriceBook
    threads: int = 2
    replications: int = 2
    #: requests of one replication, about: periods are run whole, so there may be more
    budget: int = _REQUESTS
    #: requests simulated so far, and about how long all of it took, in requests
    requests: int = 0
    effort: int = 0
    tried: dict[Pattern, Trial] = field(default_factory=dict)
    ran: Ran = field(default_factory=Ran)

    @cached_property
    def whole(self) -> Horizon:
        """Short, but of whole periods; with the warm-up that a trial needs."""
        whole = horizon_of(self.workload, budget=self.budget, by_weeks=True)
        if self.workload.batch is not None:
            return whole
        return replace(whole, warmup_s=min(whole.warmup_s, _WARMUP_S))

    @cached_property
    def horizon(self) -> Horizon:
        """A typical day where a week has so many requests that few deployments could be tried on it."""
        w = self.workload
        return a_day_of(w, self.whole) if w.rate_per_s * WEEK_S > _HEAVY else self.whole

    def horizon_for(self, deployment: Pattern) -> Horizon:
        """The horizon of its trials: whole weeks for what tells the days of the week apart, and for jobs."""
        return self.whole if knows_days(deployment) else self.horizon

    @property
    def requests_once(self) -> float:
        """About how many requests, or records, one replication of a trial has."""
        return self._requests(self.horizon)

    @property
    def requests_whole(self) -> float:
        """The same of whole periods, as finalists have them."""
        return self._requests(self.whole)

    def _requests(self, horizon: Horizon) -> float:
        w = self.workload
        together = w.rate_per_s * (horizon.warmup_s + horizon.window_s)
        return together + (w.batch.records if w.batch is not None else 0)

    @property
    def requests_each(self) -> float:
        """About how many requests, or records, trying one deployment takes."""
        return self.requests_once * self.replications

    @property
    def confirms(self) -> bool:
        """Whether one replication is short enough for a search beside the answer's own."""
        return self.requests_once <= (_RACED if self.leaves_out else _CONFIRMED)

    @property
    def leaves_out(self) -> bool:
        """Whether a trial leaves out what an answer counts: one-off spikes, which only a race runs."""
        return self.workload.traffic is not None and bool(self.workload.traffic.spikes)

    @property
    def vast(self) -> bool:
        """Whether one replication takes so long that as few as possible are to be run."""
        return self.requests_once > VAST

    def trial(self, deployment: Pattern) -> Trial:
        """Try a deployment, or say again what came of it."""
        if deployment not in self.tried:
            self.tried[deployment] = self._tried(deployment)
        return self.tried[deployment]

    def anew(self, threads: int) -> Bench:
        """One with nothing tried yet, of the same requests."""
        return replace(self, threads=threads, requests=0, effort=0, tried={})

    def take(self, other: Bench) -> None:
        """What was tried on another bench counts as tried on this one."""
        self.tried.update(other.tried)
        self.ran.trials.update(other.ran.trials)
        self.requests += other.requests
        self.effort += other.effort

    def _tried(self, deployment: Pattern) -> Trial:
        w, horizon = self.workload, self.horizon_for(deployment)

        def run(number: int) -> Run:
            if (deployment, number) in self.ran.trials:
                return self.ran.trials[deployment, number]
            trace = deployment.trace(w, seed=replication(self.seed, _FIRST + number), horizon=horizon)
            found = deployment.simulate(w, trace)
            if of_any_objective(deployment):
                self.ran.trials[deployment, number] = found
            return found

        light = self._requests(horizon) * self.replications <= _HEAVY and not watches_alarms(deployment.to_dict())
        numbers = range(self.replications if light else 1)
        with ThreadPoolExecutor(max(1, min(self.threads, self.replications))) as pool:
            runs: Sequence[Run] = tuple(pool.map(run, numbers))
        self.requests += sum(one.ledger.arrived for one in runs)
        self.effort += sum(one.effort for one in runs)
        purchase = PurchaseOptions.of(w.purchase)
        usages = [with_hours(w, deployment.usage(w, one), one) for one in runs]
        costs = [float(bill(one, self.book, w.region, purchase).usd) for one in usages]
        found = Replications(runs=tuple(runs))
        name = percentile(w)
        latency = found.mean_latency_s() if name == "mean" else found.latency_s(SHARES[name])
        return Trial(
            deployment=deployment,
            usd=math.fsum(costs) / len(costs),
            yardstick_s=latency.value,
            judged=judge(w, found),
            effort=sum(one.effort for one in runs),
            error_share=found.error_share().value,
        )
