"""Oracle of a base with a spill: one world, a router, instances, and what takes the requests that find them full.

    X-01  The router looks at the base alone: a request goes there while any instance has fewer requests, running or
          waiting, than workers + spill_at; to the one with the fewest, ties to the lowest number.
    X-02  Every other request goes to the second, at the instant of its arrival, and never comes back.
    X-03  A request that the base takes makes one attempt: what times out or fails there is not tried again. One that
          the second takes makes as many as its client does, the first with the draws of a first attempt.
    X-04  A body over the base's own limit is refused by the base, and not sent on.

Both parts live in one simulated world here, request by request; nothing is run one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import simpy

from . import clock
from .asynchronous import Asynchronous
from .case import NEVER, REFUSED, RETRIED, TIMED_OUT, Lifetime, Outcome, Record, Request, billed_seconds
from .case_patterns import AsynchronousCase, ServerlessCase, Workers
from .client import Call
from .realtime import WorkersInstance
from .serverless import Serverless


@dataclass(frozen=True, kw_only=True)
class SpillCase:
    """A fixed number of instances, and the case of the second: requests, client and clock are those of all."""

    server: Workers
    instances: int
    spill_at: int
    timed_out_runs_on: bool
    second: ServerlessCase | AsynchronousCase


@dataclass(kw_only=True)
class SpillRecord:
    """What became of all requests, which of them were sent on, and what each part is billed for."""

    requests: list[Outcome]
    sent_on: list[bool]
    base_billed: dict[str, int]
    second: Record
    instances: list[Lifetime] = field(default_factory=list)


class Spill:
    """The world: a router before a base, and an endpoint beside it."""

    def __init__(self, case: SpillCase) -> None:
        self.case, self.clients = case, case.second.client
        empty = replace(case.second, requests=())
        self.second = Serverless(empty) if isinstance(empty, ServerlessCase) else Asynchronous(empty)
        self.env: simpy.Environment = self.second.env
        self.units = [Lifetime(number=n, launch=0.0, ready=0.0) for n in range(case.instances)]
        self.base = [
            WorkersInstance(self.env, unit, case.spill_at, lambda _: None, server=case.server) for unit in self.units
        ]
        self.outcomes: list[Outcome] = []
        self.calls: dict[int, Call] = {}
        self.sent_on = [False] * len(case.second.requests)
        for request in case.second.requests:
            self.outcomes.append(Outcome(number=request.number, first_arrival=request.arrival))
            self.env.process(self.comes(request))

    def comes(self, request: Request) -> Iterator[simpy.Event]:
        """One request before the router (X-01, X-02)."""
        yield clock.moment(self.env, request.arrival, clock.ARRIVAL, request.number * 16 + 1)
        if request.bytes_in > self.clients.payload_max:
            call = self.calls[request.number] = Call(self.env, self.clients, request, 1)
            call.answer(REFUSED)
            return
        place = min(self.base, key=lambda instance: instance.outstanding)
        if place.outstanding < self.case.server.workers + self.case.spill_at:
            call = self.calls[request.number] = Call(self.env, self.clients, request, 1)
            if self.clients.limit_s < NEVER:
                self.env.process(self.limit(call, place))
            place.send(call)
            return
        self.sent_on[request.number] = True
        if isinstance(self.second, Asynchronous):
            outcome = self.outcomes[request.number]
            self.second.outcomes.append(outcome)
            self.env.process(self.second.caller(request, outcome))
        else:
            yield from self.serverless(self.second, request)

    def limit(self, call: Call, place: WorkersInstance) -> Iterator[simpy.Event]:
        """The base has not answered in time."""
        yield clock.moment(self.env, call.arrival + self.clients.limit_s, clock.GIVE_UP, call.request.number)
        if call.status is None:
            if not self.case.timed_out_runs_on:
                place.abandon(call)
            call.answer(TIMED_OUT)

    def serverless(self, endpoint: Serverless, request: Request) -> Iterator[simpy.Event]:
        """Attempts at the second, as its client makes them."""
        made = endpoint.clients.calls[request.number] = []
        for attempt in range(1, self.clients.attempts + 1):
            if attempt > 1:
                at = self.env.now + self.clients.backoff(request, attempt - 1)
                yield clock.moment(self.env, at, clock.ARRIVAL, request.number * 16 + attempt)
            call = self.calls[request.number] = Call(self.env, self.clients, request, attempt)
            made.append(call)
            if self.clients.limit_s < NEVER:
                self.env.process(endpoint.clients.limit(call))
            endpoint.send(call)
            yield call.reply
            if call.status not in RETRIED:
                return

    def run(self) -> SpillRecord:
        """All that happens up to the stop."""
        case, second = self.case.second, self.second.run()
        taken = []
        for number, call in self.calls.items():
            outcome, sent = self.outcomes[number], self.sent_on[number]
            outcome.attempts = call.attempt
            outcome.arrival, outcome.start, outcome.finish = call.arrival, call.start, call.finish
            outcome.instance, outcome.slot = call.instance, call.slot
            last = not sent or call.attempt == self.clients.attempts
            if call.status is not None and (last or call.status not in RETRIED):
                outcome.status, outcome.answered = call.status, call.answered
            taken += [] if sent else [call]
        seconds = billed_seconds(self.units, case.window, case.stop_s, from_launch=True)
        counted = [call for call in taken if case.counted(call.arrival)]
        return SpillRecord(
            requests=self.outcomes,
            sent_on=self.sent_on,
            base_billed={
                "instance_s": seconds,
                "bytes_in": sum(call.request.bytes_in for call in counted if call.let_in),
                "bytes_out": sum(call.request.bytes_out for call in counted if call.status == 0),
            },
            second=second,
            instances=self.units,
        )


def simulate(case: SpillCase) -> SpillRecord:
    """The record of one case."""
    return Spill(case).run()
