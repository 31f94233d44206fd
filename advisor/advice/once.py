"""One replication of a deployment as an answer has it, run here or begun ahead of time in helpers.

    with ahead_of(w, seed=7, budget=None, threads=2) as ahead:
        ahead.begin(Once(first, 0), Once(first, 1), Once(second, 0))
        run = ahead.later(Once(first, 0))()

All finalists of a race share the helpers, so that none of them waits while another finalist is priced and weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from advisor.advice.settings import knows_days, watches_alarms
from advisor.advice.shared import ROWS, Shared, all_per_s
from advisor.advice.spiking import Spiked, pair_of
from advisor.patterns.base import Pattern
from advisor.sim.apart import can_fork, helpers
from advisor.sim.faults import NO_FAULTS, Faults
from advisor.sim.horizon import Horizon, a_day_of, horizon_of
from advisor.sim.laws import insist
from advisor.sim.run import Run
from advisor.streams import replication
from advisor.workload import Workload

__all__ = ["Ahead", "Once", "ahead_of", "horizon_for", "once"]

# How far the samples of the state lie apart.
_SAMPLE_S = 300.0


@dataclass(frozen=True, slots=True)
class Once:
    """A replication of a deployment, its state ``sampled`` or not; or of its pair with the spikes and without.

    It may be of ``a_day`` where others are of a week.
    """

    deployment: Pattern
    number: int
    sampled: bool = False
    pair: bool = False
    a_day: bool = False


def horizon_for(w: Workload, deployment: Pattern, budget: int | None, *, a_day: bool = False) -> Horizon:
    """The horizon of what is printed: of more and shorter replications for a fleet that scales.

    With ``a_day`` a typical day stands for a week that has one.
    """
    by_weeks = budget is not None or watches_alarms(deployment.to_dict())
    if isinstance(deployment, Shared):
        # Of all that comes the stream is a part, and the budget is told of the stream.
        budget = min(budget or ROWS, round(ROWS * w.rate_per_s / all_per_s(w)) or 1)
    whole = horizon_of(w, budget=budget or int(w.assume("request_budget_search")), by_weeks=by_weeks)
    if isinstance(deployment, Shared):
        return deployment.horizon(w, whole)
    if not a_day or knows_days(deployment) or (day := a_day_of(w, whole)) is whole:
        return whole
    return replace(day, notes=(f"{deployment.id} is far behind the first: of it a typical day is run, and not a week",))


def once(w: Workload, which: Once, *, seed: int, horizon: Horizon, faults: Faults = NO_FAULTS) -> Run:
    """The replication."""
    deployment = which.deployment
    trace = deployment.trace(w, seed=replication(seed, which.number), horizon=horizon)
    trace.faults = faults
    return insist(deployment.simulate(w, trace, sample_s=_SAMPLE_S if which.sampled else None))


class Ahead:
    """Replications that were begun in helpers and nobody has asked for yet."""

    def __init__(self, submit: Callable[[Once], Callable[[], Any]]) -> None:
        self._submit = submit
        self._begun: dict[Once, Callable[[], Any]] = {}

    def begin(self, *several: Once) -> None:
        """Begin them, in this order."""
        for which in several:
            if which not in self._begun:
                self._begun[which] = self._submit(which)

    def later(self, which: Once) -> Callable[[], Any]:
        """What waits for it: a `Run`, or a `Spiked` of a pair."""
        self.begin(which)
        return self._begun.pop(which)


@contextmanager
def ahead_of(w: Workload, *, seed: int, budget: int | None, threads: int) -> Iterator[Ahead | None]:
    """Helpers that run replications of a workload's deployments; ``None`` where no process can be forked for them."""

    def made(which: Once) -> Run | Spiked:
        if which.pair:
            return pair_of(w, which.deployment, replication(seed, which.number))
        return once(w, which, seed=seed, horizon=horizon_for(w, which.deployment, budget, a_day=which.a_day))

    if threads < 2 or not can_fork():
        yield None
        return
    with helpers(made, threads, apart=True, ahead=2, all_apart=True) as submit:
        yield Ahead(submit)
