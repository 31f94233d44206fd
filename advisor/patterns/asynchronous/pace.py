"""How fast an asynchronous fleet works, grows, shrinks, falls asleep and wakes: the arithmetic of its estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.patterns.asynchronous.waking import seen_s
from advisor.patterns.fleet import usual_launches
from advisor.patterns.foresight_fleet import erlang_c
from advisor.rules.estimates import scale_in_s
from advisor.workload import Workload

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.patterns.asynchronous.deployment import Asynchronous

    Floats = NDArray[np.float64]

__all__ = ["Nap", "Pace", "Swing"]

_ATOMS, _MOMENTS = 6, 4
_AT = (np.arange(_MOMENTS) + 0.5) / _MOMENTS
_NONE = np.empty(0)
# Up to this load of one instance the fleet falls asleep now and then.
_ASLEEP = 0.95
# The least share of a load by which a backlog is taken to grow, where it is not worked off.
_HARDLY = 1e-6
_RARELY = 40.0
# After the first datapoint above the target, two more.
_TWO_MORE = 2.0
_STAGES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Nap:
    """A fleet that sleeps between requests: instances billed and up on average, and who waits for it to wake.

    ``late`` is the share of the requests that do, ``shares`` its parts by how long: ``delays_s``.
    """

    billed: float
    up: float
    late: float
    shares: Floats
    delays_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """A fleet that goes to and fro: instances billed and up on average, the most of them, and how long each takes.

    ``gathered`` is what waits when the most begin to serve; ``waits`` are shares of the requests by how long the
    backlog keeps them.
    """

    billed: float
    up: float
    many: float
    few_s: float
    drain_s: float
    gathered: float
    waits: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Climb:
    """From too few to many: how long it takes, what gathers, instance-seconds that serve and that launch meanwhile."""

    many: float
    lasts_s: float
    gathered: float
    served_s: float
    launched_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A fleet's bounds and target, an instance's places, the mean work of a request, and how fast the fleet reacts."""

    lowest: int
    highest: int
    places: int
    work_s: float
    backlog: float
    seen_s: float
    launch_s: float
    in_s: float
    wake_s: float
    wakes_s: tuple[float, ...]
    lag_s: float
    period_s: float
    quiet_s: float
    in_ratio: float
    steps: bool

    @classmethod
    def of(cls, w: Workload, d: Asynchronous, places: int, work_s: float, *, even: bool) -> Pace:
        """By AWS's alarms; a wake without its own step takes one datapoint more, and a backlog above the target."""
        period, lag = w.limit("scaling.metric_period"), float(w.assume("metric_lag"))
        points, quiet = w.limit("scaling.out_datapoints"), w.limit("scaling.in_datapoints")
        lengths = usual_launches(w, d.instance_type)
        launch = math.fsum(lengths) / len(lengths)
        seen = (points + 0.5) * period + lag
        # The first datapoint comes half a period after the request; a whole one where requests keep step with them.
        in_step = even and (1 / w.rate_per_s) % period < 1
        woken = seen_s(w) - (0 if in_step else period / 2) if d.wake_step else seen
        return cls(
            lowest=d.min_instances,
            highest=d.max_instances,
            places=places,
            work_s=work_s,
            backlog=d.target_backlog,
            seen_s=seen,
            launch_s=launch,
            in_s=scale_in_s(w),
            wake_s=woken + launch,
            wakes_s=tuple(woken + length for length in lengths),
            lag_s=lag,
            period_s=period,
            quiet_s=quiet * period,
            in_ratio=w.limit("scaling.in_threshold_ratio"),
            steps=d.wake_step,
        )

    @property
    def per_s(self) -> float:
        """Requests a second that one instance works off."""
        return self.places / self.work_s

    @property
    def alone(self) -> float:
        """The load up to which one instance, at times none, does."""
        return _ASLEEP * self.places

    def least(self, load: float) -> int:
        """Where a scale-in ends at this load: the backlog of work alone at the target, one at least."""
        return min(self.highest, max(self.lowest, 1, math.ceil(load / self.backlog - 1e-9)))

    def swing(self, rate_per_s: float, begin: float) -> Swing:
        """To and fro between too few and, by the backlog that gathers until they are there, many.

        ``begin`` instances cannot carry the rate: the backlog passes the target, is seen, decides how many are
        launched, grows on until they serve, which may not be enough yet, and is worked off; after fifteen quiet
        datapoints they go again.
        """
        climb = self._climb(rate_per_s, begin)
        many, few_s, gathered = climb.many, climb.lasts_s, climb.gathered
        surplus = many * self.per_s - rate_per_s
        if surplus <= 0:
            # Not enough even so: all of them stay, and the backlog with them.
            kept = ((1.0, gathered / (many * self.per_s)),)
            return Swing(billed=many, up=many, many=many, few_s=few_s, drain_s=math.inf, gathered=gathered, waits=kept)
        drain_s = gathered / surplus
        cycle = few_s + drain_s + self.in_s
        up = (climb.served_s + many * (drain_s + self.in_s)) / cycle
        waits = []
        for n in range(_ATOMS):
            at = (n + 0.5) / _ATOMS
            waits.append((few_s / cycle / _ATOMS, self._late(climb, at)))
            waits.append((drain_s / cycle / _ATOMS, gathered * (1 - at) / (many * self.per_s)))
        return Swing(
            billed=up + climb.launched_s / cycle,
            up=up,
            many=many,
            few_s=few_s,
            drain_s=drain_s,
            gathered=gathered,
            waits=tuple(waits),
        )

    def _climb(self, rate_per_s: float, begin: float) -> _Climb:
        """From too few to enough, or to all there may be: each time what has gathered says how many are launched."""
        here, gathered, lasts, served, launched = begin, 0.0, 0.0, 0.0, 0.0
        wait_s = self.seen_s
        backlog = rate_per_s * self.work_s
        for _ in range(_STAGES):
            # A load that is just carried gathers too, if slowly: a little of it keeps the times finite.
            growth = max(rate_per_s - here * self.per_s, _HARDLY * rate_per_s)
            unseen_s = max(0.0, self.backlog * here - backlog) / growth
            noticed = backlog + growth * (unseen_s + wait_s)
            many = float(min(self.highest, max(math.floor(here) + 1, math.ceil(noticed / self.backlog))))
            took = unseen_s + wait_s + self.launch_s
            lasts, served, launched = lasts + took, served + here * took, launched + (many - here) * self.launch_s
            gathered += growth * took
            backlog = noticed + growth * self.launch_s
            here = many
            if many >= self.highest or many * self.per_s > rate_per_s:
                break
            # The alarm is on already: the next decision comes with the next datapoint.
            wait_s = self.lag_s / 2
        return _Climb(many=here, lasts_s=lasts, gathered=gathered, served_s=served, launched_s=launched)

    def _late(self, climb: _Climb, at: float) -> float:
        """How long who comes at this part of a climb waits: for those before him, by the few and then by the many."""
        ahead, left_s = climb.gathered * at, climb.lasts_s * (1 - at)
        few_per_s = max(climb.served_s / climb.lasts_s * self.per_s, 1e-12)
        done = few_per_s * left_s
        return ahead / few_per_s if done >= ahead else left_s + (ahead - done) / (climb.many * self.per_s)

    def by_chance(self, rate_per_s: float, count: int) -> float:
        """Instances more than so many on average, since the backlog passes the target now and then by chance alone."""
        if count >= self.highest or rate_per_s <= 0:
            return 0.0
        load, places = rate_per_s * self.work_s, count * self.places
        use = load / places
        above = math.floor(self.backlog * count + 1e-9) + 1
        beyond = _more_than(load, places, above)
        forgets = (1 - use) * count * self.per_s
        lasting = max(beyond, math.exp(-min(50.0, _TWO_MORE * self.period_s * forgets)))
        often = beyond * min(1 / self.period_s, forgets) * lasting * lasting
        stays = self.in_s + self.launch_s
        return often * stays / (1 + often * stays)

    def _idle_s(self, rate_per_s: float, gathered: float) -> float:
        """From the end of the work that a wake found to the decision to sleep.

        It needs fifteen datapoints near no backlog, and the last of them without any. Where a single call is near the
        target these are fifteen empty ones; else the first fifteen go by if the wake's backlog was near it.
        """
        if self.in_ratio * self.backlog <= 1:
            # A request that comes before begins it anew, if a datapoint sees it.
            seen = rate_per_s * min(1.0, self.work_s / self.period_s)
            reach = min(_RARELY, seen * self.quiet_s)
            return (math.expm1(reach) / seen if reach > 1e-9 else self.quiet_s) + self.lag_s
        held_s = self.quiet_s if gathered >= self.in_ratio * self.backlog else 0.0
        empty = max(1e-12, _none(rate_per_s * self.work_s, self.places))
        return held_s + self.period_s * (1 / empty - 0.5) + self.lag_s

    def nap(self, rate_per_s: float, *, even: bool = False) -> Nap:
        """One instance, or what has gathered asks for, which sleeps when a datapoint finds nothing to do.

        A cycle: asleep until a request comes; the wake; what has gathered, and what comes meanwhile, is worked off; a
        while without work.
        """
        if rate_per_s <= 0:
            return Nap(billed=0.0, up=0.0, late=0.0, shares=_NONE, delays_s=_NONE)
        use = min(0.95, rate_per_s * self.work_s / self.places)
        gathered = 1 + (math.floor(rate_per_s * self.wake_s) if even else rate_per_s * self.wake_s)
        busy_s = max(self.work_s, gathered * self.work_s / self.places) / (1 - use)
        up_s = busy_s + self._idle_s(rate_per_s, gathered)
        # The alarm that woke the first is on for a datapoint more: a second one follows, and as many as what has
        # gathered asks for; none goes as long as one is launching.
        more = max(1 if self.steps else 0, math.ceil(gathered / self.backlog) - 1)
        more = min(self.highest - 1, more)
        after_s = self.period_s / 2
        if more:
            up_s = max(up_s, 2 * after_s + self.launch_s)
        if even and (self.wake_s + up_s) * rate_per_s > gathered:
            return Nap(billed=1.0, up=1.0, late=0.0, shares=_NONE, delays_s=_NONE)
        cycle = gathered / rate_per_s if even else 1 / rate_per_s + self.wake_s + up_s
        late = min(1.0, gathered / (rate_per_s * cycle))
        first = late / gathered
        rest = (late - first) / _MOMENTS
        wakes = np.asarray(self.wakes_s)
        # Who comes later in a wake waits less of it, and for those before him.
        waits = np.outer(wakes, 1 + _AT * (rate_per_s * self.work_s / self.places - 1)).ravel()
        shares = np.repeat((first / wakes.size, rest / wakes.size), (wakes.size, waits.size))
        # These go before the first does: once nothing is near the target for fifteen datapoints, the wake's own too.
        near = gathered >= self.in_ratio * self.backlog or self.in_ratio * self.backlog <= 1
        held_s = min(up_s - after_s, self.launch_s + (self.quiet_s + self.lag_s if near else after_s))
        chance = self.by_chance(rate_per_s, 1) * up_s / cycle
        return Nap(
            billed=(self.launch_s + up_s + more * held_s) / cycle + chance,
            up=(up_s + more * max(0.0, held_s - self.launch_s)) / cycle + chance,
            late=late,
            shares=shares,
            delays_s=np.concatenate((wakes, waits)),
        )


def _none(load: float, servers: int) -> float:
    """The chance of an empty system of servers with a queue (M/M/c)."""
    return max(0.0, 1 - _more_than(load, servers, 1))


def _more_than(load: float, servers: int, many: int) -> float:
    """The chance of at least so many in a system of servers with a queue (M/M/c)."""
    use = load / servers
    if use >= 1:
        return 1.0
    waits = erlang_c(servers, load)
    if many > servers:
        return waits * float(use ** (many - servers))
    idle = waits * (1 - use)
    # Below all servers the chances go as load^n / n!; from the chance of exactly as many as servers downwards.
    term, total = idle, waits
    for n in range(servers, many, -1):
        term *= n / load
        total += term
    return min(1.0, total)
