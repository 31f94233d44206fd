"""The control plane: alarms, decisions, activities, launches, drains, losses (S-16 .. S-34).

A fleet knows how many instances there are and why; what an instance does is the station's business. One process a
policy takes datapoints, one process a datapoint waits out its lag, one process a launch, a scheduled action, a loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import simpy

from . import clock
from .case import (
    INVOCATIONS,
    NEVER,
    Change,
    Datapoint,
    Lifetime,
    Loss,
    Scaling,
    Scheduled,
    StepFromZero,
    TargetTracking,
    ZoneLoss,
)


class Station(Protocol):
    """What a pattern does with the instances that its fleet opens and closes."""

    def opened(self, unit: Lifetime) -> None:
        """The instance is in service from now on."""

    def closing(self, unit: Lifetime) -> None:
        """It takes nothing new; where it has nothing to do the station tells the fleet at once that it ended."""

    def cut(self, unit: Lifetime) -> None:
        """Its drain limit is over: give up what it runs."""

    def lost(self, unit: Lifetime) -> None:
        """It is gone, with all that it runs."""

    def measure(self, metric: str) -> tuple[float, int]:
        """Value and load of the metric for the period that ends now, and begin the next (S-18 .. S-20)."""


class Alarms:
    """The two alarms of one policy, over the datapoints that are visible (S-23)."""

    def __init__(self, policy: TargetTracking | StepFromZero) -> None:
        self.policy = policy
        self.values: list[float] = []
        self.load = 0
        self.out = False
        self.into = False

    def see(self, value: float, load: int) -> None:
        """One more datapoint is visible."""
        self.values.append(value)
        self.load = load
        policy = self.policy
        last = self.values[-policy.out_datapoints :]
        full = len(last) == policy.out_datapoints
        if isinstance(policy, StepFromZero):
            self.out = full and all(value >= 1 for value in last)
            return
        self.out = full and all(value > policy.target for value in last)
        last = self.values[-policy.in_datapoints :]
        full = len(last) == policy.in_datapoints
        self.into = full and all(value < policy.in_ratio * policy.target for value in last)

    def needed(self) -> int:
        """How many instances bring the latest load to the target."""
        assert isinstance(self.policy, TargetTracking)
        return math.ceil(self.load / self.policy.target)


class Activity:
    """One scaling activity: what it waits for, and whether anything of it succeeded (S-28)."""

    def __init__(self, what: str, was: int, to: int) -> None:
        self.what, self.was, self.to = what, was, to
        self.waits_for: set[int] = set()
        self.begun = False
        self.succeeded = False


class Fleet:
    """Instances (or provisioned containers) between lowest and highest."""

    def __init__(self, env: simpy.Environment, scaling: Scaling, station: Station) -> None:
        self.env, self.scaling, self.station = env, scaling, station
        self.lowest, self.highest = scaling.lowest, scaling.highest
        self.units: list[Lifetime] = []
        self.in_service: list[Lifetime] = []
        self.launching: list[Lifetime] = []
        self.draining: list[Lifetime] = []
        self.activities: list[Activity] = []
        self.changes: list[Change] = []
        self.datapoints: list[Datapoint] = []
        self.alarms = [Alarms(policy) for policy in scaling.policies]
        self.seen: list[Alarms] = []
        self.last_out: tuple[float, int] | None = None
        self.last_in: float | None = None
        self.zone_up_at = [0.0] * scaling.zones
        self.stretch = 0  # attempts since n last changed (S-17)
        self.emitted = 0.0
        self.attempts = 0
        for _ in range(scaling.initial):
            unit = Lifetime(number=len(self.units), zone=self.zone(), launch=0.0, ready=0.0)
            self.units.append(unit)
            self.in_service.append(unit)
        for order, alarms in enumerate(self.alarms):
            env.process(self.meter(order, alarms))
        for order, action in enumerate(scaling.schedule):
            env.process(self.scheduled(order, action))
        for order, loss in enumerate(scaling.losses):
            env.process(self.fault(order, loss))

    @property
    def committed(self) -> int:
        """In service + launching (S-25)."""
        return len(self.in_service) + len(self.launching)

    def note(self, what: str, was: int, now: int) -> None:
        """One line of the control record."""
        self.changes.append(Change(self.env.now, what, was, now))

    # What the station tells

    def attempted(self) -> None:
        """One attempt that the metric counts (S-17)."""
        self.stretch += 1

    def ended(self, unit: Lifetime) -> None:
        """A draining instance has nothing left to do (S-34)."""
        self.draining.remove(unit)
        unit.end = self.env.now
        self.settle(unit, succeeded=True)

    # Capacity

    def close_stretch(self) -> None:
        """The number in service is about to change, or the period ends (S-17)."""
        self.emitted += self.stretch / max(1, len(self.in_service))
        self.attempts += self.stretch
        self.stretch = 0

    def zone(self) -> int:
        """Where the next launch goes: the zone that is up with the fewest, else the first to be up again (S-33)."""
        up = [zone for zone, back in enumerate(self.zone_up_at) if back <= self.env.now]
        if not up:
            return min(range(self.scaling.zones), key=lambda zone: (self.zone_up_at[zone], zone))
        zones = [unit.zone for unit in (*self.in_service, *self.launching)]
        return min(up, key=lambda zone: (zones.count(zone), zone))

    def launch(self, count: int, activity: Activity | None) -> None:
        """Begin that many launches."""
        for _ in range(count):
            unit = Lifetime(number=len(self.units), zone=self.zone())
            unit.launch = max(self.env.now, self.zone_up_at[unit.zone])
            self.units.append(unit)
            self.launching.append(unit)
            if activity:
                activity.waits_for.add(unit.number)
            self.env.process(self.launched(unit))

    def launched(self, unit: Lifetime) -> Iterator[simpy.Event]:
        """One launch, until it is ready or refused (S-31)."""
        k = unit.number - self.scaling.initial
        length = self.scaling.launch_s[k % len(self.scaling.launch_s)]
        yield clock.moment(self.env, unit.launch + length, clock.READY, unit.number)
        if unit not in self.launching:
            return  # lost with its zone
        if self.scaling.refused[k % len(self.scaling.refused)]:
            before = self.committed
            self.launching.remove(unit)
            unit.end = self.env.now
            self.note("refused", before, self.committed)
            self.settle(unit, succeeded=False)
            if self.committed < self.lowest:
                self.launch(self.lowest - self.committed, None)
            return
        self.close_stretch()
        self.launching.remove(unit)
        self.in_service.append(unit)
        self.in_service.sort(key=lambda other: other.number)
        unit.ready = self.env.now
        self.settle(unit, succeeded=True)
        self.station.opened(unit)

    def drain(self, count: int, activity: Activity) -> None:
        """The newest stop taking work (S-27, S-34)."""
        self.close_stretch()
        leaving = self.in_service[-count:][::-1]
        del self.in_service[-count:]
        for unit in leaving:
            unit.draining = self.env.now
            self.draining.append(unit)
            activity.waits_for.add(unit.number)
        for unit in leaving:
            self.station.closing(unit)
            if unit in self.draining and self.scaling.drain_limit_s < NEVER:
                self.env.process(self.drain_limit(unit))

    def drain_limit(self, unit: Lifetime) -> Iterator[simpy.Event]:
        """A draining instance that takes too long is cut."""
        yield clock.moment(self.env, self.env.now + self.scaling.drain_limit_s, clock.DRAIN_LIMIT, unit.number)
        if unit in self.draining:
            self.station.cut(unit)
            self.ended(unit)

    # Activities

    def begin(self, what: str, to: int) -> None:
        """Change the committed count by an activity of the given kind."""
        was = self.committed
        activity = Activity(what, was, to)
        self.activities.append(activity)
        self.note(what, was, to)
        if to > was:
            self.launch(to - was, activity)
        else:
            self.drain(was - to, activity)
        activity.begun = True
        self.conclude(activity)

    def settle(self, unit: Lifetime, *, succeeded: bool) -> None:
        """One launch or drain that an activity may wait for is over."""
        for activity in list(self.activities):
            if unit.number in activity.waits_for:
                activity.waits_for.remove(unit.number)
                activity.succeeded |= succeeded
                self.conclude(activity)

    def conclude(self, activity: Activity) -> None:
        """The activity is over where it waits for nothing more; its cooldown begins (S-26 .. S-28)."""
        if activity.waits_for or not activity.begun:
            return
        self.activities.remove(activity)
        self.note(activity.what + "-done", activity.was, activity.to)
        if activity.what == "out" and activity.succeeded:
            self.last_out = (self.env.now, activity.to)
        if activity.what == "in":
            self.last_in = self.env.now

    def scheduled(self, order: int, action: Scheduled) -> Iterator[simpy.Event]:
        """A scheduled action (S-30)."""
        yield clock.moment(self.env, action.at_s, clock.SCHEDULE, order)
        self.lowest, self.highest = action.lowest, action.highest
        if self.committed < self.lowest:
            self.begin("schedule", self.lowest)
        elif self.committed > self.highest and self.in_service:
            self.begin("schedule", self.committed - min(len(self.in_service), self.committed - self.highest))

    # Metrics, alarms, decisions

    def meter(self, order: int, alarms: Alarms) -> Iterator[simpy.Event]:
        """One datapoint a period."""
        period = alarms.policy.period_s
        k = 0
        while True:
            k += 1
            yield clock.moment(self.env, k * period, clock.MEASURE, order)
            metric = alarms.policy.metric
            if metric == INVOCATIONS:
                self.close_stretch()
                value, load = self.emitted, self.attempts
                self.emitted, self.attempts = 0.0, 0
            else:
                value, load = self.station.measure(metric)
            self.datapoints.append(Datapoint(self.env.now, metric, value, load, len(self.in_service)))
            self.env.process(self.visible(order, alarms, value, load))

    def visible(self, order: int, alarms: Alarms, value: float, load: int) -> Iterator[simpy.Event]:
        """One datapoint, from measured to visible (S-22); then one decision an instant."""
        yield clock.moment(self.env, self.env.now + alarms.policy.lag_s, clock.VISIBLE, order)
        out, into = alarms.out, alarms.into
        alarms.see(value, load)
        if alarms.out != out:
            self.note("out-alarm " + alarms.policy.metric, int(out), int(alarms.out))
        if alarms.into != into:
            self.note("in-alarm " + alarms.policy.metric, int(into), int(alarms.into))
        self.seen.append(alarms)
        if len(self.seen) == 1:
            yield clock.moment(self.env, self.env.now, clock.DECIDE)
            self.decide()
            self.seen.clear()

    def decide(self) -> None:
        """The decision of one instant (S-24 .. S-29)."""
        if self.scaling.serial and self.activities:
            return
        wanted = [(self.wish(alarms), alarms) for alarms in self.seen if alarms.out]
        wanted = [(desired, alarms) for desired, alarms in wanted if desired > self.committed]
        free = [desired for desired, alarms in wanted if not self.held(desired, alarms)]
        if free:
            self.last_in = None
            self.begin("out", max(free))
        elif not wanted:
            self.scale_in()

    def wish(self, alarms: Alarms) -> int:
        """Desired capacity of a policy whose out alarm is on."""
        if isinstance(alarms.policy, StepFromZero):
            return min(self.highest, len(self.in_service) + 1)
        return min(self.highest, alarms.needed())

    def held(self, desired: int, alarms: Alarms) -> bool:
        """Does the out cooldown hold this decision back (S-26)?"""
        if self.last_out is None:
            return False
        since, to = self.last_out
        return self.env.now < since + alarms.policy.out_cooldown_s and desired <= to

    def scale_in(self) -> None:
        """Scale in where all agree (S-27)."""
        tracking = [(alarms, alarms.policy) for alarms in self.alarms if isinstance(alarms.policy, TargetTracking)]
        if not any(alarms in self.seen for alarms, _ in tracking) or not all(alarms.into for alarms, _ in tracking):
            return
        if self.launching:
            return
        if self.last_in is not None and self.env.now < self.last_in + max(p.in_cooldown_s for _, p in tracking):
            return
        desired = max(self.lowest, *(alarms.needed() for alarms, _ in tracking))
        if self.scaling.in_one_at_a_time:
            desired = max(desired, len(self.in_service) - 1)
        if desired < len(self.in_service):
            self.begin("in", desired)

    # Faults

    def fault(self, order: int, loss: Loss | ZoneLoss) -> Iterator[simpy.Event]:
        """One instance, or all of a zone, is lost (S-32, S-33)."""
        yield clock.moment(self.env, loss.at_s, clock.LOST, order)
        if isinstance(loss, Loss):
            if self.in_service:
                self.lose([self.in_service[int(loss.which * len(self.in_service))]])
            return
        self.zone_up_at[loss.zone] = max(self.zone_up_at[loss.zone], loss.at_s + loss.lasts_s)
        self.lose([unit for unit in self.units if unit.zone == loss.zone and math.isnan(unit.end)])

    def lose(self, units: list[Lifetime]) -> None:
        """These are gone, in order of number; those that served or were to serve are replaced."""
        replaced = 0
        for unit in units:
            unit.end = self.env.now
            if unit in self.launching:
                self.launching.remove(unit)
                replaced += 1
                self.settle(unit, succeeded=False)
                continue
            if unit in self.in_service:
                self.close_stretch()
                self.in_service.remove(unit)
                replaced += 1
            else:
                self.draining.remove(unit)
                self.settle(unit, succeeded=True)
            self.station.lost(unit)
        if replaced:
            self.note("replace", self.committed + replaced, self.committed + replaced)
            self.launch(replaced, None)
