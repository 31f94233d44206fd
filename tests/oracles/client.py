"""The caller: one process a request, which sends attempts until one of them settles it (S-09 .. S-15)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import simpy

from . import clock
from .case import NAN, NEVER, REFUSED, RETRIED, SERVED, Client, Outcome, Request
from .case_patterns import Case


class Call:
    """One attempt of one request, as the pattern sees it."""

    def __init__(self, env: simpy.Environment, client: Client, request: Request, attempt: int) -> None:
        self.env, self.request, self.attempt = env, request, attempt
        self.arrival = env.now
        self.fails = request.fail[attempt - 1] < client.fail_share
        self.reply = simpy.Event(env)
        self.status: int | None = None
        self.answered = self.start = self.finish = NAN
        self.instance = self.slot = -1
        self.let_in = False

    def answer(self, status: int) -> None:
        """The client hears this, unless it has heard something before."""
        if self.status is None:
            self.status = status
            self.answered = self.env.now
            self.reply.succeed()


class Clients:
    """All callers of a case, and the calls they made."""

    def __init__(
        self,
        env: simpy.Environment,
        case: Case,
        send: Callable[[Call], None],
        give_up: Callable[[Call], None],
    ) -> None:
        self.env, self.case, self.send, self.give_up = env, case, send, give_up
        self.calls: dict[int, list[Call]] = {request.number: [] for request in case.requests}
        for request in case.requests:
            env.process(self.caller(request))

    def caller(self, request: Request) -> Iterator[simpy.Event]:
        """Send, hear, send again."""
        client = self.case.client
        at = request.arrival
        for attempt in range(1, client.attempts + 1):
            yield clock.moment(self.env, at, clock.ARRIVAL, request.number * 16 + attempt)
            call = Call(self.env, client, request, attempt)
            self.calls[request.number].append(call)
            if request.bytes_in > client.payload_max:
                call.answer(REFUSED)
                return
            if client.limit_s < NEVER:
                self.env.process(self.limit(call))
            self.send(call)
            yield call.reply
            if call.status not in RETRIED:
                return
            at = self.env.now + client.backoff(request, attempt)

    def limit(self, call: Call) -> Iterator[simpy.Event]:
        """The call has no answer in time: the pattern says what that means (S-11)."""
        yield clock.moment(self.env, call.arrival + self.case.client.limit_s, clock.GIVE_UP, call.request.number)
        if call.status is None:
            self.give_up(call)

    def outcomes(self) -> list[Outcome]:
        """What became of each request: its last attempt (S-15)."""
        result = []
        for request in self.case.requests:
            outcome = Outcome(number=request.number, first_arrival=request.arrival)
            calls = self.calls[request.number]
            if calls:
                last = calls[-1]
                outcome.attempts = len(calls)
                outcome.arrival, outcome.start, outcome.finish = last.arrival, last.start, last.finish
                outcome.instance, outcome.slot = last.instance, last.slot
                if last.status is not None and (last.status not in RETRIED or len(calls) == self.case.client.attempts):
                    outcome.status, outcome.answered = last.status, last.answered
            result.append(outcome)
        return result

    def data(self) -> dict[str, int]:
        """Bytes in and out (S-36)."""
        counted = [call for calls in self.calls.values() for call in calls if self.case.counted(call.arrival)]
        return {
            "bytes_in": sum(call.request.bytes_in for call in counted if call.let_in),
            "bytes_out": sum(call.request.bytes_out for call in counted if call.status == SERVED),
        }
