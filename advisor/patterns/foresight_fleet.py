"""How long requests wait on a fleet of a given size at a given rate: workers, a load curve, or batches.

Workers are M/G/c queues, one an instance where requests are routed at random, one for all where they go to the least
busy: Erlang's C, and a tail that is exponential with the mean of M/M/c times (1 + cv squared) / 2 (Allen and Cunneen).
A load curve is a birth-death chain whose rate of endings depends on how many are in flight. What comes in faster than
it can be worked off grows as a fluid for as long as that lasts, up to what the container holds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from advisor.patterns.foresight_load import Ground
from advisor.patterns.foresight_mix import Mix
from advisor.patterns.foresight_time import Law
from advisor.workload import WorkOn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Server", "above_mean", "erlang_c", "offer"]

# Nearer to its capacity than this a queue is a fluid as long as any level of load lasts.
_FULL = 0.995
_ATOMS = 6
# So many standard deviations above its mean a Poisson number never lies.
_NEVER = 8.0
_ENOUGH = 8.0
_ROUNDS = 12
# Where bands of those in flight are cut.
_BANDS = np.arange(1, 5) / 5
# How far the longest of so many lies above the mean, in standard deviations (order statistics of the normal law).
_MANY, _LONGEST = (1, 2, 3, 4, 6, 8, 16, 32, 64), (0.0, 0.564, 0.846, 1.029, 1.267, 1.424, 1.766, 2.070, 2.344)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What one instance is: workers, or a load curve (mean seconds at n in flight); how many may wait on it.

    ``pooled``: requests go to the least busy instance, so that all are one queue; else each draws one at random.
    """

    law: Law
    workers: int
    at: Mapping[int, float] | None
    batch: int
    batch_wait_s: float
    marginal: float
    queue: float
    pooled: bool
    #: how long a request that was turned away has waited on average before its second attempt, its third and so on
    again_s: tuple[float, ...] = ()
    #: of a request by itself, where ``law`` is of a full instance
    alone: Law | None = None
    #: the points of the load curve in their order, and the most requests a second that one instance works off
    points: tuple[tuple[int, float], ...] = field(init=False, default=())
    capacity_per_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        if self.at is not None:
            object.__setattr__(self, "points", tuple(sorted(self.at.items())))
        object.__setattr__(self, "capacity_per_s", self._capacity_per_s())

    @classmethod
    def of(
        cls, law: Law, on: WorkOn, *, workers: int | None, queue: float, pooled: bool, again_s: tuple[float, ...]
    ) -> Server:
        """As the profile has it on that place."""
        batching = on.entry.batching if on.at is None else None
        return cls(
            law=law,
            workers=workers or on.workers,
            at=on.at,
            batch=batching.max if batching else 1,
            batch_wait_s=batching.wait_s if batching else 0.0,
            marginal=batching.marginal if batching else 1.0,
            queue=queue,
            pooled=pooled,
            again_s=again_s,
        )

    def _capacity_per_s(self) -> float:
        mean = self.law.mean_s
        if self.at is not None:
            return max(n / seconds for n, seconds in self.at.items()) * self._of_curve
        if self.batch > 1:
            return self.workers * self.batch / (mean * (1 + self.marginal * (self.batch - 1)))
        return self.workers / mean

    @property
    def at_best(self) -> Law:
        """Work at the best pace of all: by itself, or where a load curve is lowest."""
        return (self.alone or self.law).scaled(1.0 if self.at is None else min(self.at.values()) / self.at[1])

    @property
    def places(self) -> int:
        """Requests that an instance works on at once."""
        return max(self.at) if self.at is not None else self.workers

    @property
    def _of_curve(self) -> float:
        # The law is of one request alone; where classes or sizes make it longer than the curve's first point, all are.
        assert self.at is not None
        return self.at[1] / self.law.mean_s

    def busy(self, rate_per_s: float) -> float:
        """Places in use on average at a rate on one instance, up to all of them."""
        if self.at is None and self.batch <= 1:
            return min(self.workers, rate_per_s * self.law.mean_s)
        if self.at is None:
            together = _batch(rate_per_s / self.workers, self)
            return min(self.workers, rate_per_s / together * self.batch_s(together))
        if rate_per_s <= 0:
            return 0.0
        shares, queued, _ = _in_flight(self.points, self.law.mean_s, rate_per_s, 1)
        return float(shares @ np.arange(shares.size)) + queued * self.places

    def batch_s(self, together: float) -> float:
        """How long so many take as one batch."""
        # All of a batch take as long as the longest of it.
        longest = 1 + self.law.cv * above_mean(together)
        return self.law.mean_s * longest * (1 + self.marginal * (together - 1))


def offer(
    mix: Mix,
    server: Server,
    ground: Ground,
    rate_per_s: float,
    instances: float,
    share: float,
    *,
    lasts_s: float,
    short_s: float = math.inf,
    relief: tuple[float, float] | None = None,
) -> None:
    """Add the requests of one level of load on so many instances; ``share`` is their part of all requests.

    ``lasts_s`` is how long the level lasts on average (exponential), ``short_s`` what cuts it off; ``relief`` is the
    rate and the number of instances after it, where a backlog is worked off.
    """
    if rate_per_s <= 0 or share <= 0:
        return
    if instances <= 0:
        mix.lose(share)
        return
    use = rate_per_s / (server.capacity_per_s * instances)
    if use >= _FULL:
        _overrun(mix, server, rate_per_s, instances, share, lasts_s, short_s, relief)
    elif server.at is not None:
        _curve(mix, server, rate_per_s, instances, share)
    elif server.batch > 1:
        _batches(mix, server, rate_per_s / instances, share)
    else:
        _workers(mix, server, ground, rate_per_s, instances, share, min(lasts_s, short_s))


def _workers(
    mix: Mix, server: Server, ground: Ground, rate_per_s: float, instances: float, share: float, lasts_s: float
) -> None:
    law = server.law
    count = max(1, round(server.workers * instances)) if server.pooled else server.workers
    load = rate_per_s * law.mean_s / (1.0 if server.pooled else instances)
    use = load / count
    waits = erlang_c(count, load)
    clumps = _clumping(ground, server, instances)
    spread = (1 + law.cv**2) / 2 + (clumps - 1) / 2
    wait_s = law.mean_s / (count * (1 - use)) * spread
    # In the time that a level lasts a queue comes no further than its variance takes it.
    reach = math.sqrt((1 + law.cv**2) * law.mean_s / count * max(lasts_s, law.mean_s))
    if clumps > 1:
        # Those that come together find each other: a part of each clump waits though the rate is low.
        waits = min(1.0, max(waits, _met(ground, server, instances, waits)))
    mix.add(share, waits=waits, wait_s=min(wait_s, reach))


def _clumping(ground: Ground, server: Server, instances: float) -> float:
    """The variance of counts over their mean, over the time in which a queue forgets: 1 without clusters."""
    if ground.clump <= 1:
        return 1.0
    reach = server.law.mean_s * _ENOUGH / server.workers
    seen = min(1.0, reach / ground.within_s) if ground.within_s > 0 else 1.0
    excess = (2 * ground.clump - 2) * seen
    return 1 + (excess if server.pooled else excess / instances)


def _met(ground: Ground, server: Server, instances: float, waits: float) -> float:
    """The chance that a member of a clump finds all workers busy with the others of it (and with the rest)."""
    law = server.law
    count = max(1, round(server.workers * instances)) if server.pooled else server.workers
    mates = (ground.clump - 1) * 2 / (1 if server.pooled else instances)
    # Of the mates that came before, those are still there that came within a service time.
    near = 1.0 if ground.within_s <= law.mean_s else law.mean_s / ground.within_s
    at_once = mates / 2 * near
    return waits + (1 - waits) * _poisson_beyond(at_once, count)


def _poisson_beyond(mean: float, count: int) -> float:
    """The chance of at least so many."""
    term, total = math.exp(-mean), 0.0
    for n in range(count):
        total += term
        term *= mean / (n + 1)
    return max(0.0, 1 - total)


def above_mean(many: float) -> float:
    """How far the largest of so many lies above their mean, in standard deviations, by the normal law."""
    if many >= _MANY[-1]:
        return _LONGEST[-1]
    at = max(1, bisect_right(_MANY, many))
    slope = (_LONGEST[at] - _LONGEST[at - 1]) / (_MANY[at] - _MANY[at - 1])
    return max(0.0, slope * (many - _MANY[at - 1]) + _LONGEST[at - 1])


@lru_cache(maxsize=65_536)
def erlang_c(servers: int, load: float) -> float:
    """The chance of a wait with so many servers at an offered load; 1 where it is more than they can do."""
    if load >= servers:
        return 1.0
    if servers > load + _NEVER * math.sqrt(load) + 2 * _NEVER:
        return 0.0  # less than one in a million million
    lost = 1.0
    for n in range(1, servers + 1):
        lost = load * lost / (n + load * lost)
    return lost / (1 - load / servers * (1 - lost))


@lru_cache(maxsize=8_192)
def _in_flight(
    points: tuple[tuple[int, float], ...], mean_s: float, rate_per_s: float, pool: int
) -> tuple[Floats, float, float]:
    """Shares of time with so many in flight, up to the curve's last point, on a pool of load-curve instances.

    Above the last point requests wait, and leave at its pace: the share of time in which some do is geometric, and so
    is how many; both are given behind the shares.
    """
    ends, _ = _paces(points, pool)
    factor = mean_s / points[0][1]
    logs = np.concatenate([[0.0], np.cumsum(math.log(rate_per_s * factor) - ends)])
    weights = np.exp(logs - logs.max())
    ratio = min(_FULL, rate_per_s * factor / math.exp(ends[-1]))
    queued = float(weights[-1]) * ratio / (1 - ratio)
    total = float(weights.sum()) + queued
    return np.asarray(weights / total), queued / total, 1 / (1 - ratio)


@lru_cache(maxsize=256)
def _paces(curve: tuple[tuple[int, float], ...], pool: int) -> tuple[Floats, Floats]:
    """Of a pool of so many instances: logarithms of how many leave a second with 1, 2 and so on in flight, and how much
    slower than alone the one goes that joins 0, 1 and so on."""
    known, latencies = zip(*curve, strict=True)
    busy = np.arange(1, known[-1] * pool + 1)
    seconds = np.interp(np.maximum(busy / pool, 1), known, latencies)
    each = np.clip((np.arange(busy.size + 1) + 1) / pool, 1, known[-1])
    return np.log(busy / seconds), np.interp(each, known, latencies) / latencies[0]


def _curve(mix: Mix, server: Server, rate_per_s: float, instances: float, share: float) -> None:
    """Each request goes at the pace of those it finds in flight, long ones nearer to the mean pace."""
    assert server.at is not None
    pool = max(1, round(instances)) if server.pooled else 1
    rate = rate_per_s if server.pooled else rate_per_s / instances
    bands, last, ahead = _joining(server.points, server.law.mean_s, rate, pool)
    for part, factor in bands:
        mix.add(share * part, factor=factor)
    # Who finds all places taken waits until those before him, and one more, have left at the pace of the last point.
    _, pace = _paces(server.points, pool)
    mix.add(share * last, factor=float(pace[-1]), waits=1.0, wait_s=ahead / (server.capacity_per_s * pool))


@lru_cache(maxsize=8_192)
def _joining(
    points: tuple[tuple[int, float], ...], mean_s: float, rate_per_s: float, pool: int
) -> tuple[tuple[tuple[float, float], ...], float, float]:
    """Those that find a place at once, in bands of nearly the same weight: (share of all, how much slower than alone);
    the share of those that find none; and how many are before them."""
    shares, queued, ahead = _in_flight(points, mean_s, rate_per_s, pool)
    _, pace = _paces(points, pool)
    inside = shares[:-1]
    mean = float(shares @ pace) + queued * float(pace[-1])
    reached = np.cumsum(inside)
    slower = np.cumsum(inside * pace[:-1])
    cuts = {int(cut) + 1 for cut in np.searchsorted(reached, reached[-1] * _BANDS)}
    bands, low = [], (0.0, 0.0)
    for end in sorted({*cuts, inside.size}):
        high = float(reached[end - 1]), float(slower[end - 1])
        part = high[0] - low[0]
        own = (high[1] - low[1]) / part if part > 0 else mean
        bands.append((part, (own + mean) / 2))
        low = high
    return tuple(bands), float(shares[-1]) + queued, ahead


def _batch(rate_per_s: float, server: Server) -> float:
    """How many go together on one worker: what comes while the last batch works, and in the wait for others."""
    together = waited = 1 + rate_per_s * server.batch_wait_s
    for _ in range(_ROUNDS):
        after = min(float(server.batch), max(1.0, waited, rate_per_s * server.batch_s(together)))
        if abs(after - together) < 0.01:
            break
        together = after
    return min(float(server.batch), together)


def _batches(mix: Mix, server: Server, rate_per_s: float, share: float) -> None:
    rate, mean = rate_per_s / server.workers, server.law.mean_s
    together = _batch(rate, server)
    takes_s = server.batch_s(together)
    # All of several workers are busy far more seldom than one is.
    busy = min(_FULL, rate * takes_s / together) ** server.workers
    alone_s = server.batch_s(min(float(server.batch), 1 + rate * server.batch_wait_s))
    idle_wait = server.batch_wait_s if together < server.batch else 0.0
    mix.add(share * (1 - busy), delay_s=idle_wait, factor=alone_s / mean)
    # Who finds a batch at work waits for its end with those that come meanwhile; he sees the long ones more often.
    own_s = server.batch_s(min(float(server.batch), 1 + rate * takes_s))
    full = min(_FULL, rate * server.batch_s(server.batch) / server.batch)
    behind = full**server.batch
    for n in range(_ATOMS):
        left = (n + 0.5) / _ATOMS * own_s
        wait_s = server.batch_s(server.batch) / (1 - full)
        mix.add(share * busy / _ATOMS, delay_s=left, factor=own_s / mean, waits=behind, wait_s=wait_s)


def _overrun(
    mix: Mix,
    server: Server,
    rate_per_s: float,
    instances: float,
    share: float,
    lasts_s: float,
    short_s: float,
    relief: tuple[float, float] | None,
) -> None:
    """More comes than can be done: the wait grows with the time since it began, up to a full container."""
    capacity = server.capacity_per_s * instances
    over = max(rate_per_s / capacity - 1, 1e-6)
    full_s = server.queue / server.capacity_per_s
    factor = 1.0
    if server.at is not None:
        factor = server.at[max(server.at)] / server.at[1]
    elif server.batch > 1:
        factor = server.batch_s(server.batch) / server.law.mean_s
    cut = -math.expm1(-short_s / lasts_s) if lasts_s > 0 else 1.0
    for n in range(_ATOMS):
        since = short_s if not math.isfinite(lasts_s) else -lasts_s * math.log1p(-cut * (n + 0.5) / _ATOMS)
        waits = min(full_s, over * since)
        # Once the container is full, as many are turned away as are too many.
        refused = over / (1 + over) if over * since >= full_s else 0.0
        part = share / _ATOMS
        mix.lose(part * refused)
        # Each attempt is turned away alike; after all of them as many are lost as are too many.
        each = refused ** (1 / (len(server.again_s) + 1)) if refused else 0.0
        for k, again_s in enumerate((0.0, *server.again_s)):
            mix.add(part * (1 - each) * each**k, delay_s=waits + again_s, factor=factor)
    if relief is not None:
        _relieved(mix, server, rate_per_s, instances, share, over, min(lasts_s, short_s), full_s, relief)


def _relieved(
    mix: Mix,
    server: Server,
    rate_per_s: float,
    instances: float,
    share: float,
    over: float,
    lasts_s: float,
    full_s: float,
    relief: tuple[float, float],
) -> None:
    """Who comes after it, while the backlog is worked off, waits too: as many as come in that time."""
    after_per_s, after = relief
    use = after_per_s / (server.capacity_per_s * after) if after > 0 else 1.0
    if not use < 1:
        return
    most_s = min(full_s, over * lasts_s)
    # Each second of backlog takes 1 / (1 - use) seconds; of those that come, the old instances' part meets it.
    drained_s = most_s / (1 - use)
    met = after_per_s * (1.0 if server.pooled else min(1.0, instances / after))
    extra = share * met * drained_s / max(rate_per_s * lasts_s, 1e-12)
    for n in range(_ATOMS):
        mix.add(extra / _ATOMS, delay_s=most_s * (n + 0.5) / _ATOMS)
