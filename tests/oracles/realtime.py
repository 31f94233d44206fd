"""Oracle of a real-time endpoint: a router, instances with a queue of their own, target tracking (R-01 .. R-07)."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

import simpy

from . import clock
from .case import (
    CONCURRENCY,
    FAILED,
    GRID,
    REJECTED,
    SERVED,
    TIMED_OUT,
    Lifetime,
    Record,
    billed_seconds,
    service_time,
    to_grid,
)
from .case_patterns import RANDOM, LoadCurve, RealTimeCase, Workers
from .client import Call, Clients
from .control import Fleet


class Instance:
    """One instance: what waits on it, what it runs, and how busy it was."""

    def __init__(self, env: simpy.Environment, unit: Lifetime, room: int, emptied: Callable[[Instance], None]) -> None:
        self.env, self.unit, self.room, self.emptied = env, unit, room, emptied
        self.waiting: list[Call] = []
        self.running: set[Call] = set()
        self.peak = 0
        self.woken_at = -1.0

    @property
    def outstanding(self) -> int:
        """In flight + waiting (R-02)."""
        return len(self.running) + len(self.waiting)

    def send(self, call: Call) -> None:
        """An attempt arrives (R-03)."""
        call.instance = self.unit.number
        if len(self.waiting) >= self.room and (self.waiting or not self.has_room()):
            call.answer(REJECTED)
            return
        call.let_in = True
        self.waiting.append(call)
        self.peak = max(self.peak, self.outstanding)
        self.dispatch()

    def wake(self) -> None:
        """Dispatch once, after all finishes of this instant (S-05)."""
        if self.woken_at < self.env.now:
            self.woken_at = self.env.now
            self.env.process(self.dispatch_later(self.env.now))

    def dispatch_later(self, when: float) -> Iterator[simpy.Event]:
        """Dispatch at that instant."""
        yield clock.moment(self.env, when, clock.DISPATCH, self.unit.number)
        self.dispatch()

    def over(self, call: Call) -> None:
        """An execution has come to its end: the client hears it, if it is still there."""
        self.running.remove(call)
        call.finish = self.env.now
        call.answer(FAILED if call.fails else SERVED)

    def after(self) -> None:
        """Something left: others may start, a drain may be over."""
        self.wake()
        if not self.outstanding:
            self.emptied(self)

    def abandon(self, call: Call) -> None:
        """The container drops the call (S-12, switch off)."""
        if call in self.waiting:
            self.waiting.remove(call)
        else:
            self.running.remove(call)
        self.after()

    def lose(self) -> None:
        """All that it held has failed (S-13)."""
        for call in (*self.waiting, *self.running):
            call.answer(FAILED)
        self.waiting.clear()
        self.running.clear()

    def has_room(self) -> bool:
        """Could one more start now?"""
        raise NotImplementedError

    def dispatch(self) -> None:
        """Start what can start."""
        raise NotImplementedError


class WorkersInstance(Instance):
    """c workers, one by one or in batches (R-04, R-06)."""

    def __init__(self, *args: object, server: Workers) -> None:
        super().__init__(*args)
        self.server = server
        self.slots: list[list[Call]] = [[] for _ in range(server.workers)]  # what each worker runs

    def has_room(self) -> bool:
        return not all(self.slots)

    def send(self, call: Call) -> None:
        super().send(call)
        if self.server.batching and call in self.waiting:
            self.env.process(self.dispatch_later(call.arrival + self.server.batching.wait_s))

    def dispatch(self) -> None:
        while self.waiting and self.has_room() and self.ripe():
            count = min(self.server.batching.most, len(self.waiting)) if self.server.batching else 1
            members = self.waiting[:count]
            del self.waiting[:count]
            slot = next(number for number, calls in enumerate(self.slots) if not calls)
            self.slots[slot] = members
            for call in members:
                call.start, call.slot = self.env.now, slot
                self.running.add(call)
            self.env.process(self.work(members, slot))

    def ripe(self) -> bool:
        """May a free worker take what waits (R-06)?"""
        batching = self.server.batching
        if batching is None:
            return True
        return len(self.waiting) >= batching.most or self.env.now >= self.waiting[0].arrival + batching.wait_s

    def work(self, members: list[Call], slot: int) -> Iterator[simpy.Event]:
        """One worker is busy with one call, or one batch."""
        batching = self.server.batching
        if batching is None:
            length = service_time(members[0].request.work, self.server.mean_s)
        else:
            largest = max(call.request.work for call in members)
            factor = 1 + batching.marginal * (len(members) - 1)
            length = max(GRID, to_grid(self.server.mean_s * factor * largest))
        yield clock.moment(self.env, self.env.now + length, clock.FINISH, self.unit.number)
        if self.slots[slot] is not members:
            return  # lost, or given up
        self.slots[slot] = []
        for call in members:
            self.over(call)
        self.after()

    def abandon(self, call: Call) -> None:
        self.slots = [[] if call in calls else calls for calls in self.slots]
        super().abandon(call)

    def lose(self) -> None:
        super().lose()
        self.slots = [[] for _ in self.slots]


class LoadCurveInstance(Instance):
    """All in flight progress together; virtual time moves at admissions and finishes only (R-05)."""

    def __init__(self, *args: object, server: LoadCurve) -> None:
        super().__init__(*args)
        self.latency_s = server.latency_s
        self.heap: list[tuple[float, int, Call]] = []
        self.virtual = 0.0
        self.last = 0.0
        self.admitted = 0
        self.version = 0

    def has_room(self) -> bool:
        return len(self.heap) < len(self.latency_s)

    def dispatch(self) -> None:
        while self.waiting and self.has_room():
            call = self.waiting.pop(0)
            call.start = self.env.now
            if self.heap:
                self.virtual += (self.env.now - self.last) / self.latency_s[len(self.heap) - 1]
            self.last = self.env.now
            self.admitted += 1
            heapq.heappush(self.heap, (self.virtual + call.request.work, self.admitted, call))
            self.running.add(call)
            self.env.process(self.next_finish())

    def next_finish(self) -> Iterator[simpy.Event]:
        """The first of those in flight finishes, unless another event of this instance comes before."""
        self.version += 1
        version = self.version
        target, _, call = self.heap[0]
        left = max(0.0, target - self.virtual) * self.latency_s[len(self.heap) - 1]
        yield clock.moment(self.env, self.last + to_grid(left), clock.FINISH, self.unit.number)
        if version != self.version:
            return
        heapq.heappop(self.heap)
        self.virtual, self.last = target, self.env.now
        if self.heap:
            self.env.process(self.next_finish())
        self.over(call)
        self.after()

    def lose(self) -> None:
        super().lose()
        self.heap.clear()
        self.version += 1


class RealTime:
    """The endpoint: router and fleet."""

    def __init__(self, case: RealTimeCase) -> None:
        self.env = simpy.Environment()
        self.case = case
        self.instances: dict[int, Instance] = {}
        self.fleet = Fleet(self.env, case.scaling, self)
        for unit in self.fleet.in_service:
            self.opened(unit)
        self.clients = Clients(self.env, case, self.send, self.give_up)

    def run(self) -> Record:
        """All that happens up to the stop."""
        clock.run_to(self.env, self.case.stop_s)
        fleet, case = self.fleet, self.case
        seconds = billed_seconds(fleet.units, case.window, case.stop_s, case.scaling.bill_from_launch)
        return Record(
            requests=self.clients.outcomes(),
            changes=fleet.changes,
            datapoints=fleet.datapoints,
            instances=fleet.units,
            billed={"instance_s": seconds, **self.clients.data()},
        )

    def send(self, call: Call) -> None:
        """Route one attempt (R-01 .. R-03)."""
        self.fleet.attempted()
        units = self.fleet.in_service
        if not units:
            call.answer(REJECTED)
        elif self.case.routing == RANDOM:
            self.instances[units[int(call.request.route[call.attempt - 1] * len(units))].number].send(call)
        else:
            min((self.instances[unit.number] for unit in units), key=lambda instance: instance.outstanding).send(call)

    def give_up(self, call: Call) -> None:
        """The client's limit is over (S-11, S-12)."""
        if not self.case.timed_out_runs_on:
            self.instances[call.instance].abandon(call)
        call.answer(TIMED_OUT)

    def emptied(self, instance: Instance) -> None:
        """An instance has nothing to do: where it drains, it ends (S-34)."""
        if instance.unit in self.fleet.draining:
            self.fleet.ended(instance.unit)

    # What the fleet asks (control.Station)

    def opened(self, unit: Lifetime) -> None:
        """A new instance takes attempts from now on."""
        server, room = self.case.server, self.case.container_queue
        if isinstance(server, Workers):
            self.instances[unit.number] = WorkersInstance(self.env, unit, room, self.emptied, server=server)
        else:
            self.instances[unit.number] = LoadCurveInstance(self.env, unit, room, self.emptied, server=server)

    def closing(self, unit: Lifetime) -> None:
        """It takes nothing new; idle ones end at once (R-07)."""
        if not self.instances[unit.number].outstanding:
            self.fleet.ended(unit)

    def cut(self, unit: Lifetime) -> None:
        """Real-time drains have no limit."""
        raise AssertionError("a real-time drain has no limit")

    def lost(self, unit: Lifetime) -> None:
        """All on it has failed."""
        self.instances[unit.number].lose()

    def measure(self, metric: str) -> tuple[float, int]:
        """The concurrency metric (S-18)."""
        assert metric == CONCURRENCY
        load = sum(self.instances[unit.number].peak for unit in self.fleet.in_service)
        for instance in self.instances.values():
            instance.peak = instance.outstanding
        return load / max(1, len(self.fleet.in_service)), load


def simulate(case: RealTimeCase) -> Record:
    """The record of one case."""
    assert case.timed_out_runs_on or (isinstance(case.server, Workers) and case.server.batching is None)
    return RealTime(case).run()
