"""The eyes of a fleet's control plane: what its policies measure, and when they see it.

A policy's metric is measured at the end of each period and seen after a lag (MODEL.md part 5).
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import simpy

from advisor.sim.agenda import MEASURE, VISIBLE, moment
from advisor.sim.ahead import Ahead

if TYPE_CHECKING:
    from advisor.sim.control import Fleet

__all__ = ["Watch"]


class Watch:
    """The datapoints of policies that follow one another and keep the same rhythm: measured, then seen after the lag.

    One event serves all of them, and its callback asks for the next: most of a run's control is these. Where the lag
    is whole periods, what is measured at an instant and what is seen at it share the event, unless something else
    happens at it, which may be a scheduled action between the two. Periods of whose datapoints nothing comes are left
    to the kernel.
    """

    __slots__ = ("ahead", "alarms", "behind", "fleet", "lag_s", "lagging", "measures", "order", "period_s", "seen")

    def __init__(self, fleet: Fleet, orders: list[int]) -> None:
        self.fleet = fleet
        self.order = orders[0]
        self.alarms = [fleet.alarms[order] for order in orders]
        self.period_s, self.lag_s = self.alarms[0].rhythm
        self.lagging: deque[list[tuple[float, int]]] = deque()
        self.measures = self.seen = 0
        # How many periods a datapoint is seen after its own; none where measuring and seeing are events of their own.
        whole = self.lag_s.is_integer() and self.period_s.is_integer() and self.lag_s % self.period_s == 0
        self.behind = int(self.lag_s // self.period_s) if whole else None
        self.ahead = Ahead(self.alarms, self.behind) if self.behind else None
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
        if self.behind is None or len(self.lagging) <= self.behind:
            self._next_measure()
        elif fleet.scaling.schedule and fleet.env.peek() == fleet.env.now:
            moment(fleet.env, fleet.env.now, VISIBLE, self.order).callbacks.append(self._see_with_it)
        else:
            self._see_with_it(_)

    def _see_with_it(self, _: simpy.Event) -> None:
        """See what is seen at the instant at which something has been measured, then go on."""
        self._sees()
        self._look_ahead()
        self._next_measure()

    def _see(self, _: simpy.Event) -> None:
        self._sees()
        self._next_seen()

    def _sees(self) -> None:
        for alarms, (value, load) in zip(self.alarms, self.lagging.popleft(), strict=True):
            self.fleet.sees(alarms, value, load)

    def _look_ahead(self) -> None:
        """Have the kernel take the datapoints of which nothing comes, up to what is next on the agenda."""
        fleet, ahead = self.fleet, self.ahead
        deciding = fleet.deciding and fleet.seen_at == fleet.env.now
        if ahead is None or deciding or fleet.draining or fleet.until == math.inf:
            return
        agreed = fleet.env.peek()
        last = math.floor(fleet.until / self.period_s)
        if agreed < math.inf:
            last = min(last, math.ceil(agreed / self.period_s) - 1)
            while last * self.period_s >= agreed:
                last -= 1
        ahead.units(len(fleet.in_service), fleet.committed, fleet.lowest, fleet.highest)
        while last > self.measures:
            ahead.begin(self.measures, last, self.lagging, fleet.counted)
            fleet.station.ahead(ahead.lookout)
            kept = fleet.timeline.datapoints if fleet.station.in_detail else None
            taken = ahead.taken(self.lagging, kept)
            self.measures += taken
            if kept is None:
                fleet.timeline.left_out += taken * len(self.alarms)
            if taken and ahead.counts:
                fleet.counted = fleet.station.attempted()
            if not ahead.full:
                return
