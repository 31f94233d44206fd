"""Replications of one deployment until the answer is precise enough, on any number of threads, to the same bytes.

A replication is a run on a trace of its own; its number alone decides its seed. Kernels release the GIL, so threads run
side by side. What is kept is the shortest prefix of replications that is precise enough, whoever computed more.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from advisor.sim.apart import helpers
from advisor.sim.estimates import CONTROLLED, Estimate, mean_of, percentile_of, ratio_of, share_later_of, with_control
from advisor.sim.ledger import Ledger
from advisor.sim.run_record import Run

__all__ = ["Precision", "Replications", "Run", "replicate"]

# Beyond the least, so many replications are begun elsewhere at a time.
_AT_ONCE = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Precision:
    """When to stop: half widths as shares of the value, and how many replications at least and at most.

    ``effort`` is what the replications may take together, as `Run.effort` counts it, once there are the least; up to
    ``few`` it is not asked for, where less are not precise.
    """

    cost_share: float = 0.02
    objective_share: float = 0.05
    least: int = 5
    few: int = 0
    most: int = 40
    confidence: float = 0.95
    effort: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Replications:
    """Runs of one deployment on traces of their own, in the order of their numbers."""

    runs: tuple[Run, ...]
    confidence: float = 0.95
    precise: bool = True
    #: from so many runs on the arrivals correct the cost
    controlled: int = CONTROLLED

    @cached_property
    def ledgers(self) -> tuple[Ledger, ...]:
        """One ledger a replication."""
        return tuple(run.ledger for run in self.runs)

    @cached_property
    def ledger(self) -> Ledger:
        """All of them as one."""
        pooled = self.ledgers[0]
        for ledger in self.ledgers[1:]:
            pooled = pooled + ledger
        return pooled

    def mean(self, measure: Callable[[Run], float]) -> Estimate:
        """The mean of anything that a run tells."""
        return mean_of([measure(run) for run in self.runs], confidence=self.confidence)

    def cost(self, measure: Callable[[Run], float], expected_arrivals: float | None = None) -> Estimate:
        """The mean cost; the realised arrivals correct it where their expectation is known, and runs are enough."""
        costs = [measure(run) for run in self.runs]
        if expected_arrivals is None:
            return mean_of(costs, confidence=self.confidence)
        arrived = [float(ledger.arrived) for ledger in self.ledgers]
        return with_control(costs, arrived, expected_arrivals, least=self.controlled, confidence=self.confidence)

    def latency_s(self, share: float, *, served_only: bool = False) -> Estimate:
        """A percentile over all requests (unserved ones infinite), or over served ones."""
        return percentile_of(self.ledgers, share, served_only=served_only, confidence=self.confidence)

    def mean_latency_s(self) -> Estimate:
        """The mean latency of served requests."""
        served = [float(ledger.served) for ledger in self.ledgers]
        sums = [ledger.mean_s * ledger.served if ledger.served else 0.0 for ledger in self.ledgers]
        return ratio_of(sums, served, confidence=self.confidence)

    def share_later_than(self, seconds: float) -> Estimate:
        """The share of requests later than that, unserved ones among them: what "meets p99" is decided on."""
        return share_later_of(self.ledgers, seconds, confidence=self.confidence)

    def error_share(self) -> Estimate:
        """The share of requests that were not served."""
        arrived = [float(ledger.arrived) for ledger in self.ledgers]
        errors = [float(ledger.arrived - ledger.served) for ledger in self.ledgers]
        return ratio_of(errors, arrived, confidence=self.confidence)

    def cold_share(self) -> Estimate:
        """The share of requests that met a cold start."""
        arrived = [float(ledger.arrived) for ledger in self.ledgers]
        return ratio_of([float(ledger.cold) for ledger in self.ledgers], arrived, confidence=self.confidence)

    @property
    def utilisation(self) -> float:
        """Busy over offered worker-seconds of all replications; 0 where none was offered."""
        held = math.fsum(run.held_s for run in self.runs)
        return math.fsum(run.busy_s for run in self.runs) / held if held > 0 else 0.0


def replicate(
    simulate: Callable[[int], Run],
    *,
    cost: Callable[[Run], float] | None = None,
    expected_arrivals: float | None = None,
    percentile: float | None = None,
    precision: Precision | None = None,
    threads: int = 1,
    submit: Callable[[int], Callable[[], Run]] | None = None,
    made: Mapping[int, Run] | None = None,
    controlled: int = CONTROLLED,
    progress: Callable[[int], None] | None = None,
    settled: Callable[[Replications], bool] | None = None,
) -> Replications:
    """Replications 0, 1, 2 .. of `simulate(number)` until cost and percentile are precise, or there are enough.

    They go on, too, until what they are to decide is `settled`, but to twice as many at most: what is on the very edge
    never is. `precise` of the answer is False where the cap came before cost and percentile were. Where there is a
    `submit`, which begins a replication elsewhere and returns what waits for it, they are run by that; else by so many
    `threads`: the outcome is the same. `made` are replications that are there already, by number. From so many as are
    ``controlled`` on the arrivals correct the cost.
    """
    wanted = precision or Precision()
    runs: list[Run] = []
    spent, precise, enough = 0, False, 0

    def needed(number: int) -> bool:
        """Whether a replication may be asked for, as far as is known."""
        mean = spent / len(runs) if runs else 0.0
        sure = number < max(wanted.least, wanted.few)
        return number < wanted.most and (sure or mean * (number + 1) <= wanted.effort)

    ready = made or {}
    if submit is None:
        every = _in_order(simulate, needed, threads, ready)
    else:
        every = _elsewhere(submit, needed, wanted.least, ready)
    for run in every:
        runs.append(run)
        spent += run.effort
        if progress is not None:
            progress(len(runs))
        if len(runs) >= wanted.least:
            so_far = Replications(runs=tuple(runs), confidence=wanted.confidence, controlled=controlled)
            precise = _precise(so_far, wanted, cost, expected_arrivals, percentile)
            if precise:
                enough = enough or 2 * len(runs)
                if settled is None or len(runs) >= enough or settled(so_far):
                    return so_far
        if not needed(len(runs)):
            break
    return Replications(runs=tuple(runs), confidence=wanted.confidence, precise=precise, controlled=controlled)


def _precise(
    so_far: Replications,
    wanted: Precision,
    cost: Callable[[Run], float] | None,
    expected_arrivals: float | None,
    percentile: float | None,
) -> bool:
    if cost is not None and so_far.cost(cost, expected_arrivals).half_share > wanted.cost_share:
        return False
    if percentile is None:
        return True
    objective = so_far.latency_s(percentile)
    # A percentile that is infinite in every replication is as precise as it will ever be.
    return math.isinf(objective.low) or objective.half_share <= wanted.objective_share


def _in_order(
    simulate: Callable[[int], Run], needed: Callable[[int], bool], threads: int, made: Mapping[int, Run]
) -> Iterator[Run]:
    """Runs by number; at most `threads` at a time, none begun that the answer can surely do without."""
    number = 0
    while number in made:
        yield made[number]
        number += 1
    if threads <= 1:
        while True:
            yield simulate(number)
            number += 1
    with helpers(simulate, threads) as submit:
        ahead: deque[Callable[[], Run]] = deque()
        while True:
            while not ahead or (len(ahead) < threads and needed(number)):
                ahead.append(submit(number))
                number += 1
            yield ahead.popleft()()


def _elsewhere(
    submit: Callable[[int], Callable[[], Run]], needed: Callable[[int], bool], least: int, made: Mapping[int, Run]
) -> Iterator[Run]:
    """Runs by number from elsewhere, where what is begun is run to its end: the least, then by twos."""
    number, many = 0, max(1, least)
    while True:
        wanted = [n for n in range(number, number + many) if n == number or n < least or needed(n)]
        later = {n: submit(n) for n in wanted if n not in made}
        for n in wanted:
            yield later[n]() if n in later else made[n]
        number, many = number + len(wanted), _AT_ONCE
