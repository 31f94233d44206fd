"""Where a base of instances with a spill may win: looked for by arithmetic, and tried by simulation only there.

A fleet of fixed size is as large as its busiest minutes ask. With fewer instances it turns requests away, as a loss
system does: Erlang's share at each level of the load. Where paying for these by the request costs less than the
instances that they would take, the two together are cheaper than either. Arithmetic over the sizes of the fleets that
the search has looked at says so in a moment; only what it puts clearly below the best that was found is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.advice.foreseeing import Chain, Prospect, by_kind
from advisor.advice.ranking import SHARES, Ranked, order, scored
from advisor.advice.spill import Spill
from advisor.advice.trial import Bench, Trial
from advisor.catalog.prices import PriceBook
from advisor.errors import InputError
from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.foresight_load import Ground, ground_of
from advisor.patterns.realtime import RealTime
from advisor.patterns.serverless import Serverless
from advisor.rules import BLOCKS
from advisor.rules.estimates import cold_start_s, launch_s, serverless_name
from advisor.rules.popularity import one_endpoint
from advisor.units import MONTH_S
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.search import Found

__all__ = ["Guess", "Spills", "guesses", "in_reach"]

# What is not estimated to cost this much less than the best is not worth a router.
_WORTH = 0.98
# Simulated at most; looked at closely by arithmetic; sizes of one fleet that are looked at in passing.
_TRIED, _LOOKED_AT, _SIZES = 3, 60, 400
# Who waits at the base may use so much of the time that the objective leaves; so many wait at an instance at most.
_WAITED, _WAITING = 0.7, 20


@dataclass(frozen=True, slots=True)
class Guess:
    """A base of some size by arithmetic: what it costs with its spill, at least, and the share that is sent on.

    ``second`` is serverless; ``None`` stands for an asynchronous endpoint on the base's own type.
    """

    base: RealTime
    waits: int
    second: Serverless | None
    usd: float
    sent_on: float

    @property
    def kind(self) -> tuple[object, ...]:
        """All sizes of one fleet with the same second."""
        return (replace(self.base, min_instances=1, max_instances=1), self.second, self.waits)

    def with_(self, second: Serverless | Asynchronous) -> Spill:
        """The deployment."""
        return Spill(base=self.base, second=second, spill_at=self.waits)


class Spills:
    """Combinations of two endpoints that share a stream; looked for once, and tried against what they are to beat.

    ``found`` is what the search came to.
    """

    def __init__(self, w: Workload, prospects: Sequence[Prospect], found: Mapping[str, Found], bench: Bench) -> None:
        self._workload, self._prospects, self._found, self._bench = w, prospects, found, bench

    @cached_property
    def _guesses(self) -> list[Guess]:
        found = guesses(self._workload, self._prospects, self._found)
        return sorted(found, key=lambda one: (one.usd, one.base.id, one.waits, one.second is None))

    def better_than(self, best: Ranked) -> tuple[Trial, ...]:
        """What was tried and is better than the best of all single patterns, the best first; mostly nothing is tried.

        That is a finalist as it will be printed, or its trial, for a first look.
        """
        w, bench = self._workload, self._bench
        if not best.meets or not _asks_for_one(w):
            return ()
        bar = _WORTH * best.usd
        trials: list[Trial] = []
        # Of a fleet: the smallest size that is not known to turn away too many.
        least: dict[tuple[object, ...], int] = {}
        for guess in self._guesses[:_LOOKED_AT]:
            if len(trials) == (1 if bench.vast else _TRIED) or guess.usd >= min(
                [bar, *(one.usd for one in trials if one.meets)]
            ):
                break
            size = guess.base.min_instances
            spill = in_reach(w, guess, bar, bench.book) if size >= least.get(guess.kind, 1) else None
            if spill is None or any(one.verdict is BLOCKS for one in spill.check(w)):
                continue
            trial = bench.trial(spill)
            trials.append(trial)
            if not trial.meets:
                least[guess.kind] = size + 1
        better = [one for one in trials if one.meets and one.usd < best.usd]
        mark = scored(w, best)
        return tuple(order(w, [one for one in better if scored(w, one) < mark]))


def _asks_for_one(w: Workload) -> bool:
    """Whether one endpoint answers a stream, and its cost has a say."""
    if not w.streams or w.has_batch or not one_endpoint(w) or w.objective.prefer == "latency":
        return False
    # A container of the spill is cold when the first request of a burst comes.
    return w.objective.cold_starts != "avoid"


def guesses(w: Workload, prospects: Sequence[Prospect], found: Mapping[str, Found]) -> Iterator[Guess]:
    by_name = {one.pattern.name: one for one in prospects}
    fleets = by_name.get(RealTime.name)
    if fleets is None or not fleets.chains:
        return
    priced = _serverless(w, by_name, found)
    queued = by_name.get(Asynchronous.name)
    queues = queued is not None and bool(queued.chains) and w.traffic is not None and w.traffic.replay is None
    for chain in fleets.chains if priced or queues else ():
        if _is_base(w, chain.members[0]):
            yield from _of_fleet(w, chain, priced, queues=queues)


def _is_base(w: Workload, one: Any) -> bool:
    """A fleet of fixed size whose places can be counted."""
    if not isinstance(one, RealTime) or one.target is not None or one.schedule is not None or one.routing == "RANDOM":
        return False
    on = one.work_on(w)
    return on.at is None and on.entry.batching is None


def _of_fleet(w: Workload, chain: Chain, priced: tuple[Serverless, float] | None, *, queues: bool) -> Iterator[Guess]:
    """All sizes below the one that would do alone."""
    at = chain.first_met()
    smallest, alone = chain.members[0], chain.members[len(chain) - 1 if at is None else at]
    assert isinstance(smallest, RealTime)
    assert isinstance(alone, RealTime)
    few, many = smallest.min_instances, alone.min_instances
    if not 1 <= few < many:
        return
    # Hours are in proportion to the size, and what goes in and out is not.
    low, high = chain.prospect.foreseen(smallest).usd, chain.prospect.foreseen(alone).usd
    each = (high - low) / (many - few)
    if not math.isfinite(high):
        return
    ground, sizes = ground_of(w), range(few, min(many, few + _SIZES))
    workers, mean_s = _workers(w, smallest), ground.law(smallest.place).mean_s
    late = _may_be_late(w, launch_s(w, smallest.instance_type)) if queues else 0.0
    for waits in dict.fromkeys((0, _may_wait(w, smallest, workers))):
        turned = _turned_away(ground, mean_s, workers, waits, sizes)
        for size, sent_on in zip(sizes, turned, strict=True):
            base = replace(smallest, min_instances=size, max_instances=size)
            usd, per_s = low + each * (size - few), sent_on * ground.rate_per_s
            if priced is not None:
                yield Guess(base, waits, priced[0], usd + per_s * MONTH_S * priced[1], sent_on)
            if sent_on <= late:
                # Of an instance more at least what the work would fill.
                yield Guess(base, waits, None, usd + each * per_s * mean_s / workers, sent_on)


def _may_be_late(w: Workload, awake_s: float) -> float:
    """The share that may wait for a launch: what is sent on comes in bursts, and finds a sleeping endpoint."""
    strict = [1.0 if name == "mean" else SHARES[name] for name, seconds in w.objective.latencies if seconds < awake_s]
    return min((1 - share for share in strict), default=1.0) if w.objective.latencies else 0.0


def _may_wait(w: Workload, base: RealTime, workers: int) -> int:
    """How many may wait at an instance so that the last of them still is in time, work longer than most included.

    None where latency has a say in the order, too.
    """
    if w.objective.prefer != "cost":
        return 0
    law, overhead = ground_of(w).law(base.place), float(w.assume("endpoint_overhead"))
    left = [
        seconds - overhead - (law.mean_s if name == "mean" else law.quantile_s(SHARES[name]))
        for name, seconds in w.objective.latencies
    ]
    return max(0, min(_WAITING, math.floor(_WAITED * workers * min(left, default=0.0) / law.mean_s)))


def _workers(w: Workload, one: RealTime) -> int:
    return one.workers or one.work_on(w).workers


def _turned_away(ground: Ground, mean_s: float, workers: int, waits: int, sizes: range) -> list[float]:
    """The share of requests that finds so many instances full, level by level.

    Erlang B where nobody waits; with places to wait that of M/M/c with so many: each more is as full as the one before
    times the use of the workers.
    """
    rates, times = (np.asarray(column) for column in zip(*ground.levels(), strict=True))
    load = rates * mean_s
    lost, found = np.ones(rates.size), []
    for places in range(1, workers * sizes[-1] + 1):
        lost = load * lost / (places + load * lost)
        size, rest = divmod(places, workers)
        if rest or size not in sizes:
            continue
        full, all_ = lost, np.ones(rates.size)
        for _ in range(waits * size):
            full = full * (load / places)
            all_ = all_ + full
        found.append(float((rates * times) @ (full / all_)) / ground.rate_per_s)
    return found


def in_reach(w: Workload, guess: Guess, bar: float, book: PriceBook) -> Spill | None:
    """The deployment, where by arithmetic the objective is met; with a queue also where its cost is below the bar.

    Instances that take what they can before anything goes on are to the containers of a spill as provisioned ones: as
    many as do the same work. Their estimate tells how many starts are cold, and how late that makes the requests.
    """
    base, second = guess.base, guess.second
    if second is None:
        return _queued(w, guess, bar, book)
    ratio = second.work_on(w).mean_s / base.work_on(w).mean_s
    places = max(1, round(base.min_instances * _workers(w, base) * ratio))
    warm = replace(second, provisioned_concurrency=places, max_concurrency=places + second.max_concurrency)
    seen = warm.foresee(_without_setup(w))
    return guess.with_(second) if not seen.impossible and seen.meets(w) else None


def _without_setup(w: Workload) -> Workload:
    """With no more set-up of a call on a provisioned container than an endpoint's own overhead, as instances have."""
    overhead = float(w.assume("endpoint_overhead"))
    if float(w.assume("serverless_provisioned_overhead")) <= overhead:
        return w
    return w.with_({"platform.serverless_provisioned_overhead": f"{overhead * 1000:g} ms"})


def _queued(w: Workload, guess: Guess, bar: float, book: PriceBook) -> Spill | None:
    """With the cheapest asynchronous endpoint for so thin a load that sleeps while nothing is sent on."""
    thin = _thinned(w, max(guess.sent_on, 1e-6))
    if thin is None:
        return None
    chains = [chain for chain in Asynchronous.space(thin) if chain[0].instance_type == guess.base.instance_type]
    prospect = Prospect(thin, Asynchronous, book, members=list(by_kind(chains)))
    allowed = w.objective.errors / max(guess.sent_on, 1e-9)
    seen = [prospect.foreseen(one) for chain in chains for one in chain if one.sleeps and one.schedule is None]
    fit = [one for one in seen if not one.impossible and one.seen.error_share <= allowed]
    cheapest = min(fit, key=lambda one: (one.usd, one.id), default=None)
    if cheapest is None or not isinstance(cheapest.deployment, Asynchronous):
        return None
    hours = guess.usd - _work_usd(w, guess, book)
    return guess.with_(cheapest.deployment) if hours + cheapest.usd < bar else None


def _thinned(w: Workload, share: float) -> Workload | None:
    """With so small a share of the load, about.

    At a rate where the bursts' spread between minutes is hardly more than chance they would be too rare for a profile;
    at half of that all of it is chance, and they can be had.
    """
    for taken in (share, share / 2):
        with suppress(InputError):
            return w.scaled(rate=taken)
    return None


def _work_usd(w: Workload, guess: Guess, book: PriceBook) -> float:
    """What the guess counts for the work that is sent on: what that would fill of an instance."""
    one = Prospect(w, RealTime, book, members=list(by_kind([[guess.base]])))
    two = replace(guess.base, min_instances=1 + guess.base.min_instances, max_instances=1 + guess.base.min_instances)
    each = one.foreseen(two).usd - one.foreseen(guess.base).usd
    mean_s = ground_of(w).law(guess.base.place).mean_s
    return each * guess.sent_on * w.rate_per_s * mean_s / _workers(w, guess.base)


def _serverless(
    w: Workload, by_name: Mapping[str, Prospect], found: Mapping[str, Found]
) -> tuple[Serverless, float] | None:
    """On the memory of serverless's best, with none kept warm; and what a request costs there."""
    prospect = by_name.get(Serverless.name)
    if prospect is None or not prospect.chains:
        return None
    tried = found[Serverless.name].trials if Serverless.name in found else ()
    best = prospect.best()
    first = tried[0].deployment if tried else best.deployment if best is not None else prospect.first
    assert isinstance(first, Serverless)
    one = replace(
        first, provisioned_concurrency=0, max_provisioned_concurrency=None, target_utilisation=None, schedule=None,
        max_concurrency=max(first.max_concurrency, _room(w, prospect, first.memory_mib)),
    )  # fmt: skip
    usd = prospect.foreseen(one).usd / max(1e-9, w.rate_per_s * MONTH_S)
    return (one, usd) if math.isfinite(usd) else None


def _room(w: Workload, prospect: Prospect, memory_mib: int) -> int:
    """Enough containers for the peak while all of them are set up; they cost nothing while nobody asks for them."""
    searched = (
        one.max_concurrency
        for chain in prospect.all_chains
        for one in chain.members
        if isinstance(one, Serverless) and one.memory_mib == memory_mib
    )
    begun = w.peak_per_s * (cold_start_s(w, memory_mib) + w.work_on(serverless_name(memory_mib)).mean_s)
    return max(*searched, min(math.ceil(begun), int(w.limit("serverless.max_concurrency_max"))))
