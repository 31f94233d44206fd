"""The eyes of a fleet's control plane: what its policies measure, and when they see it.

A policy's metric is measured at the end of each period and seen after a lag (MODEL.md part 5).
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import simpy

from advisor.sim.agenda import MEASURE, VISIBLE, moment
from advisor.sim.timeline import Datapoint

if TYPE_CHECKING:
    from advisor.sim.control import Fleet

__all__ = ["Watch"]


class Watch:
    """The datapoints of policies that follow one another and keep the same rhythm: measured, then seen after the lag.

    One event serves all of them, and its callback asks for the next: most of a run's control is these. Where the lag
    is whole periods, what is measured at an instant and what is seen at it share the event, unless a scheduled action
    may come between the two. Periods in which nothing can happen are written down at once.
    """

    __slots__ = ("alarms", "behind", "fleet", "lag_s", "lagging", "measures", "order", "period_s", "seen")

    def __init__(self, fleet: Fleet, orders: list[int]) -> None:
        self.fleet = fleet
        self.order = orders[0]
        self.alarms = [fleet.alarms[order] for order in orders]
        self.period_s, self.lag_s = self.alarms[0].rhythm
        self.lagging: deque[list[tuple[float, int]]] = deque()
        self.measures = self.seen = 0
        # How many periods a datapoint is seen after its own; none where measuring and seeing are events of their own.
        whole = self.lag_s.is_integer() and self.period_s.is_integer() and self.lag_s % self.period_s == 0
        self.behind = int(self.lag_s // self.period_s) if whole and not fleet.scaling.schedule else None
        self._next_measure()
        if self.behind is None:
            self._next_seen()

    def _next_measure(self) -> None:
        self.measures += 1
        at = self.measures * self.period_s
        moment(self.fleet.env, at, MEASURE, self.order).callbacks.append(self._measure)

    def _next_seen(self) -> None:
        self.seen += 1
        at = self.seen * self.period_s + self.lag_s
        moment(self.fleet.env, at, VISIBLE, self.order).callbacks.append(self._see)

    def _measure(self, _: simpy.Event) -> None:
        fleet = self.fleet
        fleet.station.through(fleet.env.now)
        self.lagging.append([fleet.measured(alarms) for alarms in self.alarms])
        if self.behind is not None and len(self.lagging) > self.behind:
            self._sees()
            if self._steady():
                self._skip()
        self._next_measure()

    def _see(self, _: simpy.Event) -> None:
        self._sees()
        self._next_seen()

    def _sees(self) -> None:
        for alarms, (value, load) in zip(self.alarms, self.lagging.popleft(), strict=True):
            self.fleet.sees(alarms, value, load)

    def _steady(self) -> bool:
        """Whether datapoints of nothing change nothing: all alarms hold still, and so does the fleet."""
        fleet = self.fleet
        if len(fleet.in_service) > fleet.lowest or fleet.launching or fleet.draining or fleet.activities:
            return False
        if not all(alarms.rests for alarms in self.alarms):
            return False
        return not any(value or load for datapoints in self.lagging for value, load in datapoints)

    def _skip(self) -> None:
        """Write down the datapoints of the periods before anything can happen."""
        fleet = self.fleet
        until = min(fleet.station.idle_until(), fleet.env.peek())
        if until <= fleet.env.now + self.period_s or fleet.until == math.inf:
            return
        last = min(math.ceil(until / self.period_s) - 1, math.floor(fleet.until / self.period_s))
        while last * self.period_s >= until:
            last -= 1
        serving, record = len(fleet.in_service), fleet.timeline.datapoints.append
        for number in range(self.measures + 1, last + 1):
            for alarms in self.alarms:
                record(Datapoint(number * self.period_s, alarms.policy.metric, 0.0, 0, serving))
        self.measures = max(self.measures, last)
