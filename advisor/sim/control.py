"""The control plane of one fleet: metrics, decisions, activities, launches, drains, losses, as SimPy processes.

A fleet knows how many units there are and why; what a unit does is the station's business. Policies are measured and
seen by events that follow one another; one process a launch, a drain, a scheduled action, a loss.
Laws: MODEL.md part 5; sources: AWS Auto Scaling guide and developer guide, 2026.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Generator
from itertools import groupby
from typing import Protocol

import simpy

from advisor.sim.agenda import DECIDE, DRAIN_LIMIT, FINISH, LOST, READY, SCHEDULE, moment
from advisor.sim.alarms import Alarms
from advisor.sim.kernels.lookout import Lookout
from advisor.sim.scaling import INVOCATIONS, Loss, Scaling, Scheduled, StepFromZero, TargetTracking, ZoneLoss
from advisor.sim.timeline import Change, Datapoint, Lifetime, Timeline
from advisor.sim.watch import Watch

__all__ = ["Fleet", "Units"]

Steps = Generator[simpy.Event, None, None]


class Units(Protocol):
    """What a station does with the units that its fleet opens and closes."""

    @property
    def in_detail(self) -> bool:
        """Whether every request is written down, and so is every datapoint."""
        ...

    def before(self, at: float) -> tuple[int, float] | None:
        """Bring the requests to `at`, its finishes included, its arrivals not."""

    def through(self, at: float) -> None:
        """Bring the requests to `at`, its arrivals included."""

    def attempted(self) -> int:
        """Attempts so far that the metric counts."""

    def open(self, number: int) -> None:
        """The unit is in service from now on."""

    def close(self, number: int, at: float) -> float | None:
        """It takes nothing new; the instant at which it has nothing left to do, or None where only time will tell."""

    def cut(self, number: int, at: float) -> None:
        """Its drain limit is over: it gives up what it runs."""

    def lose(self, number: int, at: float) -> None:
        """It is gone, with all that it runs."""

    def measure(self, metric: str) -> tuple[float, int]:
        """Value and load of the metric for the period that ends now, and begin the next."""

    def ahead(self, lookout: Lookout) -> None:
        """Bring the requests on, period by period, as long as what the lookout's alarms see changes nothing."""


def _number(unit: Lifetime) -> int:
    return unit.number


class Activity:
    """One scaling activity: the units it waits for, and whether anything of it succeeded."""

    def __init__(self, what: str, was: int, to: int) -> None:
        self.what, self.was, self.to = what, was, to
        self.waits_for: set[int] = set()
        self.begun = False
        self.succeeded = False


class Fleet:
    """Units between lowest and highest, launched and drained by policies, schedules and faults."""

    def __init__(self, env: simpy.Environment, scaling: Scaling, station: Units) -> None:
        self.env, self.scaling, self.station = env, scaling, station
        self.lowest, self.highest = scaling.lowest, scaling.highest
        # How far the run is to go, as far as is known.
        self.until = math.inf
        self.timeline = Timeline()
        self.in_service: list[Lifetime] = []
        # In order of number, the others by it: of many thousands each is found without a look at all of them.
        self.launching: dict[int, Lifetime] = {}
        self.draining: dict[int, Lifetime] = {}
        self.activities: list[Activity] = []
        self.last_out: tuple[float, int] | None = None
        self.last_in: float | None = None
        self.zone_up_at = [0.0] * scaling.zones
        # How many each zone has in service or launching.
        self.held = [0] * scaling.zones
        # The invocations metric: attempts up to the last change of the number in service, and what they emitted.
        self.counted = 0
        self.load = 0
        self.emitted = 0.0
        self.alarms = [Alarms(policy) for policy in scaling.policies]
        self.tracking = [alarms for alarms in self.alarms if isinstance(alarms.policy, TargetTracking)]
        self.seen: list[Alarms] = []
        self.seen_at = -1.0
        self.deciding = False
        for number in range(scaling.initial):
            unit = Lifetime(number=number, zone=self._zone(), launch=0.0, ready=0.0)
            self.timeline.units.append(unit)
            self.in_service.append(unit)
            self.held[unit.zone] += 1
            station.open(number)
        orders = range(len(self.alarms))
        for _, group in groupby(orders, key=lambda order: self.alarms[order].rhythm):
            Watch(self, list(group))
        for order, action in enumerate(scaling.schedule):
            env.process(self._scheduled(order, action))
        for order, loss in enumerate(scaling.losses):
            env.process(self._fault(order, loss))

    @property
    def committed(self) -> int:
        """In service + launching; draining ones are neither."""
        return len(self.in_service) + len(self.launching)

    def _note(self, what: str, was: int, now: int) -> None:
        self.timeline.changes.append(Change(self.env.now, what, was, now))

    # Capacity

    def _close_stretch(self) -> None:
        """The number in service is about to change, or the period ends: each attempt emits 1 / n."""
        attempts = self.station.attempted()
        stretch = attempts - self.counted
        self.counted = attempts
        self.emitted += stretch / max(1, len(self.in_service))
        self.load += stretch

    def _zone(self) -> int:
        """Where the next launch goes: the zone that is up with the fewest, else the first to be up again."""
        if self.scaling.zones == 1 and self.zone_up_at[0] <= self.env.now:
            return 0
        up = [zone for zone, back in enumerate(self.zone_up_at) if back <= self.env.now]
        if not up:
            return min(range(self.scaling.zones), key=lambda zone: (self.zone_up_at[zone], zone))
        return min(up, key=lambda zone: (self.held[zone], zone))

    def _launch(self, count: int, activity: Activity | None) -> None:
        for _ in range(count):
            unit = Lifetime(number=len(self.timeline.units), zone=self._zone())
            unit.launch = max(self.env.now, self.zone_up_at[unit.zone])
            self.timeline.units.append(unit)
            self.launching[unit.number] = unit
            self.held[unit.zone] += 1
            if activity:
                activity.waits_for.add(unit.number)
            self.env.process(self._launched(unit))

    def _launched(self, unit: Lifetime) -> Steps:
        ordinal = unit.number - self.scaling.initial
        length = self.scaling.launch_s[ordinal % len(self.scaling.launch_s)]
        yield moment(self.env, unit.launch + length, READY, unit.number)
        if unit.number not in self.launching:
            return  # lost with its zone
        self.station.before(self.env.now)
        if self.scaling.refused[ordinal % len(self.scaling.refused)]:
            before = self.committed
            del self.launching[unit.number]
            self.held[unit.zone] -= 1
            unit.end = self.env.now
            self._note("refused", before, self.committed)
            self._settle(unit, succeeded=False)
            if self.committed < self.lowest:
                self._launch(self.lowest - self.committed, None)
            return
        self._close_stretch()
        del self.launching[unit.number]
        insort(self.in_service, unit, key=_number)
        unit.ready = self.env.now
        self._settle(unit, succeeded=True)
        self.station.open(unit.number)

    def _drain(self, count: int, activity: Activity) -> None:
        """The newest stop taking work; each ends when it has nothing left to do."""
        self._close_stretch()
        leaving = self.in_service[-count:][::-1]
        del self.in_service[-count:]
        for unit in leaving:
            unit.draining = self.env.now
            self.held[unit.zone] -= 1
            self.draining[unit.number] = unit
            activity.waits_for.add(unit.number)
        for unit in leaving:
            at = self.station.close(unit.number, self.env.now)
            if at is not None and at <= self.env.now:
                self.ended(unit.number)
                continue
            if at is not None:
                self.env.process(self._drained(unit, at))
            if self.scaling.drain_limit_s < math.inf:
                self.env.process(self._drain_limit(unit))

    def _drained(self, unit: Lifetime, at: float) -> Steps:
        yield moment(self.env, at, FINISH, unit.number)
        self.ended(unit.number)

    def _drain_limit(self, unit: Lifetime) -> Steps:
        yield moment(self.env, self.env.now + self.scaling.drain_limit_s, DRAIN_LIMIT, unit.number)
        if unit.number in self.draining:
            self.station.before(self.env.now)
            self.station.cut(unit.number, self.env.now)
            self.ended(unit.number)

    def ended(self, number: int) -> None:
        """A draining unit has nothing left to do."""
        unit = self.draining.pop(number, None)
        if unit is not None:
            unit.end = self.env.now
            self._settle(unit, succeeded=True)

    def _lose(self, units: list[Lifetime]) -> None:
        """These are gone, in order of number; those that served or were to serve are replaced at once."""
        replaced = 0
        for unit in units:
            self._close_stretch()
            unit.end = self.env.now
            if unit.number in self.launching:
                del self.launching[unit.number]
                self.held[unit.zone] -= 1
                replaced += 1
                self._settle(unit, succeeded=False)
                continue
            if math.isnan(unit.draining):
                del self.in_service[bisect_left(self.in_service, unit.number, key=_number)]
                self.held[unit.zone] -= 1
                replaced += 1
            else:
                del self.draining[unit.number]
                self._settle(unit, succeeded=True)
            self.station.lose(unit.number, self.env.now)
        if replaced:
            self._note("replace", self.committed + replaced, self.committed + replaced)
            self._launch(replaced, None)

    # Activities

    def _begin(self, what: str, to: int) -> None:
        """Change the committed count by an activity of the given kind."""
        activity = Activity(what, self.committed, to)
        self.activities.append(activity)
        self._note(what, activity.was, to)
        if to > activity.was:
            self._launch(to - activity.was, activity)
        else:
            self._drain(activity.was - to, activity)
        activity.begun = True
        self._conclude(activity)

    def _settle(self, unit: Lifetime, *, succeeded: bool) -> None:
        for activity in list(self.activities):
            if unit.number in activity.waits_for:
                activity.waits_for.remove(unit.number)
                activity.succeeded |= succeeded
                self._conclude(activity)

    def _conclude(self, activity: Activity) -> None:
        """The activity is over where it waits for nothing more; its cooldown begins."""
        if activity.waits_for or not activity.begun:
            return
        self.activities.remove(activity)
        self._note(activity.what + "-done", activity.was, activity.to)
        if activity.what == "out" and activity.succeeded:
            self.last_out = (self.env.now, activity.to)
        if activity.what == "in":
            self.last_in = self.env.now

    # Metrics and decisions

    def measured(self, alarms: Alarms) -> tuple[float, int]:
        """One datapoint of the period that ends now: value and load."""
        policy = alarms.policy
        if policy.metric == INVOCATIONS:
            self._close_stretch()
            value, load = self.emitted, self.load
            self.emitted, self.load = 0.0, 0
        else:
            value, load = self.station.measure(policy.metric)
        if self.station.in_detail:
            self.timeline.datapoints.append(Datapoint(self.env.now, policy.metric, value, load, len(self.in_service)))
        else:
            self.timeline.left_out += 1
        return value, load

    def sees(self, alarms: Alarms, value: float, load: int) -> None:
        """A datapoint becomes visible; one decision an instant."""
        now = self.env.now
        out, into = alarms.out, alarms.wants_in
        alarms.see(value, load)
        if alarms.out != out:
            self._note("out-alarm " + alarms.policy.metric, int(out), int(alarms.out))
        if alarms.wants_in != into:
            self._note("in-alarm " + alarms.policy.metric, int(into), int(alarms.wants_in))
        if self.seen_at != now:
            self.seen, self.seen_at, self.deciding = [], now, False
        self.seen.append(alarms)
        if not self.deciding and self._moves(alarms):
            self.deciding = True
            moment(self.env, now, DECIDE).callbacks.append(self._decide)

    def _moves(self, alarms: Alarms) -> bool:
        """Whether anything can come of what these alarms say; mostly nothing does."""
        if alarms.out and self._wish(alarms) > self.committed:
            return True
        return alarms.wants_in and max(self.lowest, alarms.needed()) < len(self.in_service)

    def _decide(self, _: simpy.Event) -> None:
        """The decision of one instant, on all datapoints that became visible at it."""
        self.station.through(self.env.now)
        if self.scaling.serial and self.activities:
            return
        wishes = [(self._wish(alarms), alarms) for alarms in self.seen if alarms.out]
        wishes = [(desired, alarms) for desired, alarms in wishes if desired > self.committed]
        free = [desired for desired, alarms in wishes if not self._held(desired, alarms)]
        if free:
            self.last_in = None
            self._begin("out", max(free))
        elif not wishes:
            self._scale_in()

    def _wish(self, alarms: Alarms) -> int:
        if isinstance(alarms.policy, StepFromZero):
            return min(self.highest, len(self.in_service) + 1)
        return min(self.highest, alarms.needed())

    def _held(self, desired: int, alarms: Alarms) -> bool:
        """During the cooldown only a larger scale-out goes through."""
        if self.last_out is None:
            return False
        since, to = self.last_out
        return self.env.now < since + alarms.policy.out_cooldown_s and desired <= to

    def _scale_in(self) -> None:
        """All tracking policies agree, nothing is launching, the cooldown is over."""
        if not any(alarms in self.seen for alarms in self.tracking) or not all(a.wants_in for a in self.tracking):
            return
        if self.launching:
            return
        cooldown = max(a.policy.in_cooldown_s for a in self.tracking if isinstance(a.policy, TargetTracking))
        if self.last_in is not None and self.env.now < self.last_in + cooldown:
            return
        desired = max(self.lowest, *(alarms.needed() for alarms in self.tracking))
        if self.scaling.in_one_at_a_time:
            desired = max(desired, len(self.in_service) - 1)
        if desired < len(self.in_service):
            self._begin("in", desired)

    # What is imposed

    def _scheduled(self, order: int, action: Scheduled) -> Steps:
        """A scheduled action waits for no cooldown and no other activity; launching units are never called off."""
        yield moment(self.env, action.at_s, SCHEDULE, order)
        self.station.through(self.env.now)
        self.lowest, self.highest = action.lowest, action.highest
        if self.committed < self.lowest:
            self._begin("schedule", self.lowest)
        elif self.committed > self.highest and self.in_service:
            self._begin("schedule", self.committed - min(len(self.in_service), self.committed - self.highest))

    def _fault(self, order: int, loss: Loss | ZoneLoss) -> Steps:
        yield moment(self.env, loss.at_s, LOST, order)
        self.station.before(self.env.now)
        if isinstance(loss, Loss):
            if self.in_service:
                self._lose([self.in_service[int(loss.which * len(self.in_service))]])
            return
        self.zone_up_at[loss.zone] = max(self.zone_up_at[loss.zone], loss.at_s + loss.lasts_s)
        self._lose([unit for unit in self.timeline.units if unit.zone == loss.zone and math.isnan(unit.end)])
