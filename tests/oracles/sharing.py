"""Oracle of an asynchronous endpoint whose calls share instances: load curves and batches.

Queue, age, fleet, metrics and bill are those of A-01 .. A-06.

A-07  places an instance = min(len(latency_s), max_invocations), with batching min(workers * most, max_invocations).
      DISPATCH and each entry: while an instance in service holds fewer calls than its places and someone waits, the
      head leaves: `expired` as in A-02, else it is handed over to the instance in service that holds the fewest
      calls (pull = lowest: to the first that has a place), ties to the lowest number. `attempts` counts hand-overs;
      draws as in A-04.
A-08  Load curve: a call is admitted as it is handed over and progresses as in R-05, slot -1.
A-09  Batching: after the hand-overs of a DISPATCH (or of an entry) each instance: a free worker (lowest slot) takes
      the first min(most, waiting on the instance) as soon as `most` wait there or the hand-over of the oldest of
      them + wait_s has come (at DISPATCH). Service as in R-06. Draining instances go on with what they hold.
A-10  A call that is not over at its hand-over + timeout_s (GIVE_UP, by hand-over) is `timed_out` then and leaves the
      instance; answered as in A-01, finish = that instant (NaN where it never started). On a load curve V moves as at
      an admission, before n falls. A batch keeps its end for the other members; with the last of them its worker is
      free. In time at that instant is in time. DISPATCH follows.
A-11  Cut calls (A-04): all that the instance holds.
A-12  BACKLOG counts what is handed over as in process.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import simpy

from . import clock
from .asynchronous import Asynchronous, Message
from .case import BACKLOG, EXPIRED, FAILED, GRID, NAN, NO_CAPACITY, SERVED, TIMED_OUT, Lifetime, Record, to_grid
from .case_patterns import LOWEST, AsynchronousCase


class Instance:
    """One instance: what it holds."""

    def __init__(self, endpoint: Sharing, number: int) -> None:
        self.endpoint, self.env, self.case = endpoint, endpoint.env, endpoint.case
        self.number = number
        self.held: list[Message] = []

    def take(self, message: Message) -> None:
        """A call is handed over."""
        raise NotImplementedError

    def start(self) -> None:
        """Start what can start."""

    def leave(self, message: Message) -> None:
        """A call has run out of time."""
        raise NotImplementedError

    def clear(self) -> None:
        """Nothing that it holds goes on."""
        raise NotImplementedError


class Curve(Instance):
    """All that it holds progress together (A-08)."""

    def __init__(self, endpoint: Sharing, number: int) -> None:
        super().__init__(endpoint, number)
        self.heap: list[tuple[float, int, Message]] = []
        self.virtual = self.last = 0.0
        self.admitted = self.version = 0

    def move(self) -> None:
        """Virtual time comes up to now, before n changes."""
        if self.heap:
            self.virtual += (self.env.now - self.last) / self.case.latency_s[len(self.heap) - 1]
        self.last = self.env.now

    def take(self, message: Message) -> None:
        message.outcome.start = self.env.now
        self.move()
        self.admitted += 1
        heapq.heappush(self.heap, (self.virtual + message.request.work, self.admitted, message))
        self.env.process(self.next_finish())

    def next_finish(self) -> Iterator[simpy.Event]:
        """The first finishes, unless something changes before."""
        self.version += 1
        version = self.version
        if not self.heap:
            return
        target, _, message = self.heap[0]
        left = max(0.0, target - self.virtual) * self.case.latency_s[len(self.heap) - 1]
        yield clock.moment(self.env, self.last + to_grid(left), clock.FINISH, self.number)
        if version != self.version:
            return
        heapq.heappop(self.heap)
        self.virtual, self.last = target, self.env.now
        self.env.process(self.next_finish())
        self.endpoint.executed(message, self)

    def leave(self, message: Message) -> None:
        self.move()
        self.heap = [entry for entry in self.heap if entry[2] is not message]
        heapq.heapify(self.heap)
        self.env.process(self.next_finish())

    def clear(self) -> None:
        self.heap.clear()
        self.version += 1


class Batches(Instance):
    """Workers that answer several calls together (A-09)."""

    def __init__(self, endpoint: Sharing, number: int) -> None:
        super().__init__(endpoint, number)
        self.waiting: list[Message] = []
        self.slots: list[list[Message]] = [[] for _ in range(self.case.workers)]

    def take(self, message: Message) -> None:
        self.waiting.append(message)
        self.env.process(self.look_again(self.env.now + self.case.batching.wait_s))

    def look_again(self, when: float) -> Iterator[simpy.Event]:
        """The oldest may have waited long enough by then."""
        yield clock.moment(self.env, when, clock.DISPATCH, self.number)
        self.endpoint.dispatch()

    def start(self) -> None:
        batching = self.case.batching
        while self.waiting and not all(self.slots):
            ripe = self.env.now >= self.waiting[0].handed + batching.wait_s
            if len(self.waiting) < batching.most and not ripe:
                return
            members = self.waiting[: batching.most]
            del self.waiting[: batching.most]
            slot = next(number for number, calls in enumerate(self.slots) if not calls)
            self.slots[slot] = members
            for message in members:
                message.outcome.start, message.outcome.slot = self.env.now, slot
            self.env.process(self.work(members, slot))

    def work(self, members: list[Message], slot: int) -> Iterator[simpy.Event]:
        """One worker is busy with one batch."""
        batching = self.case.batching
        largest = max(message.request.work for message in members)
        factor = 1 + batching.marginal * (len(members) - 1)
        length = max(GRID, to_grid(self.case.mean_s * factor * largest))
        yield clock.moment(self.env, self.env.now + length, clock.FINISH, self.number)
        if self.slots[slot] is not members:
            return  # cut, or nobody waits for it
        self.slots[slot] = []
        for message in members:
            self.endpoint.executed(message, self)

    def leave(self, message: Message) -> None:
        if message in self.waiting:
            self.waiting.remove(message)
            return
        for slot, members in enumerate(self.slots):
            if message in members:
                members.remove(message)
                if not members:
                    self.slots[slot] = []

    def clear(self) -> None:
        self.waiting.clear()
        self.slots = [[] for _ in self.slots]


class Sharing(Asynchronous):
    """The endpoint."""

    def __init__(self, case: AsynchronousCase) -> None:
        self.instances: dict[int, Instance] = {}
        self.handed = 0
        most = len(case.latency_s) or case.workers * case.batching.most
        self.places = min(most, case.max_invocations)
        super().__init__(case)

    def taker(self) -> Instance | None:
        """Who takes the head (A-07)."""
        serving = [self.instances[unit.number] for unit in self.fleet.in_service]
        able = [instance for instance in serving if len(instance.held) < self.places]
        if not able or self.case.pull == LOWEST:
            return able[0] if able else None
        return min(able, key=lambda instance: len(instance.held))

    def dispatch(self) -> None:
        """All that can be handed over is, then workers begin (A-07, A-09)."""
        while self.waiting and (instance := self.taker()):
            message = self.waiting.pop(0)
            if self.env.now - message.entered > self.case.ttl_s:
                message.outcome.status, message.outcome.answered = EXPIRED, self.env.now
                continue
            message.handed = self.env.now
            message.outcome.instance = instance.number
            message.outcome.attempts += 1
            instance.held.append(message)
            instance.take(message)
            self.handed += 1
            self.env.process(self.time_out(message, instance, self.handed))
        for instance in self.instances.values():
            instance.start()

    def executed(self, message: Message, instance: Instance) -> None:
        """An execution has come to its end in time."""
        fails = message.request.fail[min(message.outcome.attempts - 1, 4)] < self.case.client.fail_share
        self.over(message, instance, FAILED if fails else SERVED)

    def over(self, message: Message, instance: Instance, status: int) -> None:
        """The instance is done with the call."""
        outcome = message.outcome
        instance.held.remove(message)
        if outcome.start == outcome.start:  # not NaN: it was executed
            outcome.finish = self.env.now
        outcome.status, outcome.answered = status, self.env.now + self.case.download_s
        self.wake()
        self.closed(instance.number)

    def time_out(self, message: Message, instance: Instance, order: int) -> Iterator[simpy.Event]:
        """The invocation takes too long (A-10)."""
        attempt = message.outcome.attempts
        yield clock.moment(self.env, self.env.now + self.case.timeout_s, clock.GIVE_UP, order)
        if message in instance.held and message.outcome.attempts == attempt:
            instance.leave(message)
            self.over(message, instance, TIMED_OUT)

    def closed(self, instance: int) -> None:
        """A draining instance that holds nothing ends."""
        if self.instances[instance].held:
            return
        for unit in list(self.fleet.draining):
            if unit.number == instance:
                self.fleet.ended(unit)

    # What the fleet asks

    def opened(self, unit: Lifetime) -> None:
        kind = Curve if self.case.latency_s else Batches
        self.instances[unit.number] = kind(self, unit.number)
        self.wake()

    def closing(self, unit: Lifetime) -> None:
        if not self.instances[unit.number].held:
            self.fleet.ended(unit)

    def cut(self, unit: Lifetime) -> None:
        """What it holds returns to the head of the queue (A-11)."""
        instance = self.instances[unit.number]
        for message in instance.held:
            outcome = message.outcome
            outcome.start, outcome.instance, outcome.slot = NAN, -1, -1
            self.waiting.append(message)
        self.waiting.sort(key=lambda message: (message.entered, message.request.number))
        instance.held = []
        instance.clear()
        self.wake()

    def measure(self, metric: str) -> tuple[float, int]:
        """The backlog, what is handed over included (A-12)."""
        backlog = len(self.waiting) + sum(len(instance.held) for instance in self.instances.values())
        serving = len(self.fleet.in_service)
        if metric == NO_CAPACITY:
            alone = int(backlog > 0 and not serving)
            return float(alone), alone
        assert metric == BACKLOG
        return backlog / max(1, serving), backlog


def simulate(case: AsynchronousCase) -> Record:
    """The record of one case."""
    return Sharing(case).run()
