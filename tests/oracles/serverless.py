"""Oracle of a serverless endpoint: containers that serve one call at a time, provisioned ones first (V-01 .. V-07)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import simpy

from . import clock
from .case import (
    FAILED,
    SERVED,
    THROTTLED,
    TIMED_OUT,
    UTILISATION,
    Lifetime,
    Record,
    billed_seconds,
    service_time,
    to_grid,
)
from .case_patterns import ServerlessCase
from .client import Call, Clients
from .control import Fleet

ON_DEMAND, PROVISIONED = 0, 1


class Container:
    """One container: its life, and since when it is idle (NaN: it is busy)."""

    def __init__(self, life: Lifetime, kind: int) -> None:
        self.life, self.kind = life, kind
        self.idle_since = math.nan


class Serverless:
    """The endpoint."""

    def __init__(self, case: ServerlessCase) -> None:
        self.env = simpy.Environment()
        self.case = case
        self.on_demand: list[Container] = []
        self.provisioned: dict[int, Container] = {}
        self.idle: tuple[list[Container], list[Container]] = ([], [])  # stacks by kind, the newest last
        self.busy = 0
        self.peak = 0
        self.cold_calls: set[Call] = set()
        self.fleet = Fleet(self.env, case.scaling, self)
        for unit in self.fleet.in_service:
            self.opened(unit)
        self.clients = Clients(self.env, case, self.send, lambda call: call.answer(TIMED_OUT))

    def run(self) -> Record:
        """All that happens up to the stop."""
        clock.run_to(self.env, self.case.stop_s)
        case, fleet = self.case, self.fleet
        kept_warm = billed_seconds(fleet.units, case.window, case.stop_s, case.scaling.bill_from_launch)
        return Record(
            requests=self.clients.outcomes(),
            changes=fleet.changes,
            datapoints=fleet.datapoints,
            instances=fleet.units,
            containers=[container.life for container in self.on_demand],
            billed={
                "on_demand_ms": self.milliseconds(ON_DEMAND),
                "provisioned_ms": self.milliseconds(PROVISIONED),
                "provisioned_s": kept_warm,
                **self.clients.data(),
            },
        )

    def milliseconds(self, kind: int) -> int:
        """What the calls of one kind of container are billed for (V-07)."""
        total = 0
        for calls in self.clients.calls.values():
            for call in calls:
                begin = call.arrival if call in self.cold_calls and self.case.setup_billed else call.start
                if call.slot == kind and not math.isnan(call.finish) and self.case.counted(begin):
                    total += math.ceil((call.finish - begin) * 1000)
        return total

    def send(self, call: Call) -> None:
        """An attempt arrives (V-01)."""
        if self.busy >= self.case.max_concurrency:
            call.answer(THROTTLED)
            return
        call.let_in = True
        self.busy += 1
        for kind in (PROVISIONED, ON_DEMAND):
            if self.idle[kind]:
                container = self.idle[kind].pop()
                set_up = to_grid(self.case.provisioned_setup_s) if kind == PROVISIONED else 0.0
                self.env.process(self.serve(container, call, set_up))
                break
        else:
            container = Container(Lifetime(number=len(self.on_demand), launch=self.env.now), ON_DEMAND)
            self.on_demand.append(container)
            self.cold_calls.add(call)
            set_up = max(0.0, to_grid(call.request.cold[call.attempt - 1] * self.case.cold_mean_s))
            self.env.process(self.serve(container, call, set_up))
        container.idle_since = math.nan
        call.instance, call.slot = container.life.number, container.kind
        self.peak = max(self.peak, self.level())

    def serve(self, container: Container, call: Call, set_up: float) -> Iterator[simpy.Event]:
        """One call: set-up where the container is new (V-03), service, and idleness after it."""
        if set_up > 0:
            yield clock.moment(self.env, self.env.now + set_up, clock.FINISH, container.life.number)
        if math.isnan(container.life.ready):
            container.life.ready = self.env.now
        call.start = self.env.now
        length = service_time(call.request.work, self.case.mean_s)
        yield clock.moment(self.env, self.env.now + length, clock.FINISH, container.life.number)
        call.finish = self.env.now
        call.answer(FAILED if call.fails else SERVED)
        self.busy -= 1
        container.idle_since = self.env.now
        if container.kind == ON_DEMAND:
            self.idle[ON_DEMAND].append(container)
            self.env.process(self.expire(container))
        elif container.life in self.fleet.draining:
            self.fleet.ended(container.life)
        else:
            self.idle[PROVISIONED].append(container)

    def expire(self, container: Container) -> Iterator[simpy.Event]:
        """An on-demand container that nobody calls for the keep-alive time is gone (V-04)."""
        since = self.env.now
        yield clock.moment(self.env, since + self.case.keep_alive_s, clock.GONE, container.life.number)
        if container.idle_since == since:
            self.idle[ON_DEMAND].remove(container)
            container.life.end = self.env.now

    def level(self) -> int:
        """Provisioned containers in service that are busy (S-20)."""
        return sum(math.isnan(self.provisioned[unit.number].idle_since) for unit in self.fleet.in_service)

    # What the fleet asks (control.Station); its units are provisioned containers

    def opened(self, unit: Lifetime) -> None:
        """One more is kept warm, and idle."""
        container = self.provisioned[unit.number] = Container(unit, PROVISIONED)
        container.idle_since = self.env.now
        self.idle[PROVISIONED].append(container)

    def closing(self, unit: Lifetime) -> None:
        """An idle one ends at once, a busy one at its finish (V-06)."""
        container = self.provisioned[unit.number]
        if container in self.idle[PROVISIONED]:
            self.idle[PROVISIONED].remove(container)
            self.fleet.ended(unit)

    def cut(self, unit: Lifetime) -> None:
        """Calls are short: no limit."""
        raise AssertionError("a provisioned container drains without a limit")

    def lost(self, unit: Lifetime) -> None:
        """Containers are AWS's to replace."""
        raise AssertionError("provisioned containers are not lost")

    def measure(self, metric: str) -> tuple[float, int]:
        """The utilisation metric (S-20)."""
        assert metric == UTILISATION
        load, self.peak = self.peak, self.level()
        return load / max(1, len(self.fleet.in_service)), load


def simulate(case: ServerlessCase) -> Record:
    """The record of one case."""
    return Serverless(case).run()
