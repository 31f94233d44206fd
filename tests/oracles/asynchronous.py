"""Oracle of an asynchronous endpoint: one queue, a fleet that may sleep at zero (A-01 .. A-05)."""

from __future__ import annotations

from collections.abc import Iterator

import simpy

from . import clock
from .case import (
    BACKLOG,
    EXPIRED,
    FAILED,
    NAN,
    NO_CAPACITY,
    REFUSED,
    SERVED,
    TIMED_OUT,
    Lifetime,
    Outcome,
    Record,
    Request,
    billed_seconds,
    service_time,
)
from .case_patterns import AsynchronousCase
from .control import Fleet


class Message:
    """One request from the moment it is queued."""

    def __init__(self, request: Request, entered: float, outcome: Outcome) -> None:
        self.request, self.entered, self.outcome = request, entered, outcome
        self.handed = NAN  # to an instance that several calls share


class Asynchronous:
    """The endpoint."""

    def __init__(self, case: AsynchronousCase) -> None:
        self.env = simpy.Environment()
        self.case = case
        self.slots = min(case.workers, case.max_invocations)
        self.waiting: list[Message] = []
        self.running: dict[int, list[Message | None]] = {}  # by instance, by slot
        self.woken_at = -1.0
        self.fleet = Fleet(self.env, case.scaling, self)
        for unit in self.fleet.in_service:
            self.opened(unit)
        self.outcomes = [Outcome(number=row.number, first_arrival=row.arrival) for row in case.requests]
        for request, outcome in zip(case.requests, self.outcomes, strict=True):
            self.env.process(self.caller(request, outcome))

    def run(self) -> Record:
        """All that happens up to the stop."""
        clock.run_to(self.env, self.case.stop_s)
        case, fleet = self.case, self.fleet
        for outcome in self.outcomes:
            if outcome.answered > case.stop_s:  # the result is still on its way to the bucket
                outcome.status, outcome.answered = -1, NAN
        return Record(
            requests=self.outcomes,
            changes=fleet.changes,
            datapoints=fleet.datapoints,
            instances=fleet.units,
            billed={
                "instance_s": billed_seconds(fleet.units, case.window, case.stop_s, case.scaling.bill_from_launch),
                "puts": sum(
                    2 if outcome.status == SERVED else 1
                    for outcome in self.outcomes
                    if case.counted(outcome.first_arrival) and outcome.status != REFUSED and outcome.arrival >= 0
                ),
            },
        )

    def caller(self, request: Request, outcome: Outcome) -> Iterator[simpy.Event]:
        """The input is stored, then the request is queued (A-01)."""
        refused = request.bytes_in > self.case.client.payload_max
        at = request.arrival + (0.0 if refused else self.case.upload_s)
        yield clock.moment(self.env, at, clock.ARRIVAL, request.number)
        outcome.arrival = request.arrival
        if refused:
            outcome.attempts, outcome.status, outcome.answered = 1, REFUSED, self.env.now
            return
        self.waiting.append(Message(request, self.env.now, outcome))
        self.dispatch()

    def wake(self) -> None:
        """Dispatch once, after all finishes and changes of this instant (S-05)."""
        if self.woken_at < self.env.now:
            self.woken_at = self.env.now
            self.env.process(self.dispatch_later())

    def dispatch_later(self) -> Iterator[simpy.Event]:
        """Dispatch now, when its turn comes."""
        yield clock.moment(self.env, self.env.now, clock.DISPATCH)
        self.dispatch()

    def free(self) -> tuple[int, int] | None:
        """The lowest free slot of the lowest instance in service (S-07)."""
        for unit in self.fleet.in_service:
            for slot, message in enumerate(self.running[unit.number]):
                if message is None:
                    return unit.number, slot
        return None

    def dispatch(self) -> None:
        """While a slot is free the head starts, or turns out to be too old (A-02)."""
        while self.waiting and (place := self.free()):
            message = self.waiting.pop(0)
            if self.env.now - message.entered > self.case.ttl_s:
                message.outcome.status, message.outcome.answered = EXPIRED, self.env.now
                continue
            instance, slot = place
            self.running[instance][slot] = message
            outcome = message.outcome
            outcome.instance, outcome.slot, outcome.start = instance, slot, self.env.now
            outcome.attempts += 1
            self.env.process(self.work(message, instance, slot, outcome.attempts))

    def work(self, message: Message, instance: int, slot: int, attempt: int) -> Iterator[simpy.Event]:
        """One slot is busy with one call, at most for the time-out (A-03)."""
        case, outcome = self.case, message.outcome
        length = service_time(message.request.work, case.mean_s)
        late = length > case.timeout_s
        yield clock.moment(self.env, self.env.now + min(length, case.timeout_s), clock.FINISH, instance)
        if self.running[instance][slot] is not message or outcome.attempts != attempt:
            return  # cut
        self.running[instance][slot] = None
        outcome.finish = self.env.now
        outcome.answered = self.env.now + case.download_s
        fails = message.request.fail[min(attempt - 1, 4)] < case.client.fail_share
        outcome.status = TIMED_OUT if late else FAILED if fails else SERVED
        self.wake()
        self.closed(instance)

    def closed(self, instance: int) -> None:
        """A draining instance that runs nothing ends."""
        if any(self.running[instance]):
            return
        for unit in list(self.fleet.draining):
            if unit.number == instance:
                self.fleet.ended(unit)

    # What the fleet asks (control.Station)

    def opened(self, unit: Lifetime) -> None:
        """A new instance takes from the queue."""
        self.running[unit.number] = [None] * self.slots
        self.wake()

    def closing(self, unit: Lifetime) -> None:
        """It takes nothing new (it is no longer in service) and ends its calls."""
        if not any(self.running[unit.number]):
            self.fleet.ended(unit)

    def cut(self, unit: Lifetime) -> None:
        """What it still runs returns to the head of the queue (A-04)."""
        for message in self.running[unit.number]:
            if message is not None:
                outcome = message.outcome
                outcome.start, outcome.instance, outcome.slot = NAN, -1, -1
                self.waiting.append(message)
        self.waiting.sort(key=lambda message: (message.entered, message.request.number))
        self.running[unit.number] = [None] * self.slots
        self.wake()

    def lost(self, unit: Lifetime) -> None:
        """The queue still has what it ran."""
        self.cut(unit)

    def measure(self, metric: str) -> tuple[float, int]:
        """The backlog and what stands in it without capacity (S-19)."""
        backlog = len(self.waiting) + sum(message is not None for slots in self.running.values() for message in slots)
        if metric == NO_CAPACITY:
            alone = int(backlog > 0 and not self.fleet.in_service)
            return float(alone), alone
        assert metric == BACKLOG
        return backlog / max(1, len(self.fleet.in_service)), backlog


def simulate(case: AsynchronousCase) -> Record:
    """The record of one case."""
    return Asynchronous(case).run()
