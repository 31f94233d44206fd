"""Oracle of batch transform: jobs on a schedule, objects dealt to instances, mini-batches inside an instance.

B-01  Jobs run one after another: a job begins at max(its due instant, the end of the job before), in DECIDE.
B-02  It takes every record that has arrived by then (that instant included) and that no job has taken, by request
      number. With none it is not run: it takes no time, is not billed and has no ordinal (ordinals count jobs begun,
      from 0).
B-03  n records fill min(files, n) objects F: record i (from 0) lies in object i * F // n.
B-04  Object j belongs to instance j mod instances; an instance takes its objects in ascending order, one after
      another.
B-05  Work begins on all instances at begin + provision_s[ordinal mod len] + setup_s, billed from begin + provision_s.
B-06  Calls of an object: single: one record each; multi: consecutive records as long as the sum of bytes_in is at
      most max_payload_bytes; whole: all in one. An object with a call larger than max_payload_bytes is refused when
      its turn comes, without taking time: no call of it begins, all its records end `refused`.
B-07  slots = min(workers, max_transforms): at DISPATCH the next calls of the object in turn take the free slots,
      lowest first. The next object begins at the DISPATCH of the instant at which nothing of the one before runs any
      more.
B-08  Service of a call: max(GRID, to_grid(sum of works, added in order from 0.0, * mean_s)); with marginal: max(GRID,
      to_grid(mean_s * (1 + marginal * (n - 1)) * largest work)), as in R-06.
B-09  A service longer than timeout_s ends (late) after timeout_s; equal is in time. Attempt k of a call fails where
      the first record's fail[k - 1] < fail_share, at its end. Late or failed it begins again at that instant in its
      slot, at most `retries` times. After the last the object has failed: no call of it begins any more, nor is one
      retried, what runs ends. Ends of calls at one instant go by slot: what began again before the failure runs on.
B-10  The job ends upload_s after the last instance has no work left. Late jobs delay the next, without end where each
      is too long.
B-11  Record: answered = end of the job, for all its records: served, or failed for every record of a failed object.
      start, finish, instance, slot and attempts are those of its call's last attempt (NaN, -1, -1, 0: never begun).
      Client limits, retries and payload_max play no part; fail_share does. `arrival` is set when a job takes the
      record.
B-12  Record.jobs: number = ordinal, launch = begin, ready = work begins, draining = work ends, end = job ends.
B-13  Billed, for jobs that have ended and whose billing began in the window: "instance_s" = instances * ceil(end -
      billed from), "objects_in", "objects_out" (objects served).
B-14  Objects of an instance side by side (one_by_one false): at DISPATCH the next call by (object, call) takes the
      lowest free slot, whatever object the others belong to; calls of an object that has failed by then are passed
      over. An object that fails leaves the calls and retries of others alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import simpy

from . import clock
from .case import FAILED, GRID, REFUSED, SERVED, Lifetime, Outcome, Record, Request, to_grid
from .case_patterns import BatchCase


class Item:
    """One object of a job: its records, the calls they are sent in, and how it fares."""

    def __init__(self, case: BatchCase, records: list[Request]) -> None:
        self.records = records
        self.calls = list(calls_of(case, records))
        self.status = SERVED
        if any(sum(record.bytes_in for record in call) > case.max_payload_bytes for call in self.calls):
            self.status = REFUSED


def calls_of(case: BatchCase, records: list[Request]) -> Iterator[list[Request]]:
    """The records of one object, cut into calls (B-06)."""
    if case.strategy == "whole":
        yield records
        return
    call: list[Request] = []
    for record in records:
        size = sum(other.bytes_in for other in call) + record.bytes_in
        if call and (case.strategy == "single" or size > case.max_payload_bytes):
            yield call
            call = []
        call.append(record)
    yield call


class Batch:
    """The jobs of a case, one after another."""

    def __init__(self, case: BatchCase) -> None:
        self.env = simpy.Environment()
        self.case = case
        self.outcomes = {row.number: Outcome(number=row.number, first_arrival=row.arrival) for row in case.requests}
        self.untaken: list[Request] = []
        self.jobs: list[Lifetime] = []
        self.billed = {"instance_s": 0, "objects_in": 0, "objects_out": 0}
        for request in case.requests:
            self.env.process(self.arrive(request))
        self.env.process(self.schedule())

    def run(self) -> Record:
        """All that happens up to the stop."""
        clock.run_to(self.env, self.case.stop_s)
        return Record(requests=list(self.outcomes.values()), jobs=self.jobs, billed=self.billed)

    def arrive(self, request: Request) -> Iterator[simpy.Event]:
        """A record is there to be gathered."""
        yield clock.moment(self.env, request.arrival, clock.ARRIVAL, request.number)
        self.untaken.append(request)

    def schedule(self) -> Iterator[simpy.Event]:
        """Each job at its due instant, or as soon as the one before has ended (B-01, B-02)."""
        for due in self.case.due_s:
            yield clock.moment(self.env, max(due, self.env.now), clock.DECIDE)
            if self.untaken:
                records, self.untaken = self.untaken, []
                yield self.env.process(self.job(records))

    def job(self, records: list[Request]) -> Iterator[simpy.Event]:
        """One job, from its request to its end."""
        case, env = self.case, self.env
        life = Lifetime(number=len(self.jobs), launch=env.now)
        self.jobs.append(life)
        for record in records:
            self.outcomes[record.number].arrival = record.arrival
        count = min(case.files, len(records))
        dealt: list[list[Request]] = [[] for _ in range(count)]
        for i, record in enumerate(records):
            dealt[i * count // len(records)].append(record)
        items = [Item(case, part) for part in dealt]
        billed_from = env.now + case.provision_s[life.number % len(case.provision_s)]
        work_from = billed_from + case.setup_s
        yield clock.moment(env, work_from, clock.READY)
        life.ready = env.now
        shares = [Share(self, number, items[number :: case.instances]) for number in range(case.instances)]
        yield simpy.AllOf(env, [env.process(share.work()) for share in shares])
        life.draining = env.now
        yield clock.moment(env, env.now + case.upload_s, clock.FINISH)
        life.end = env.now
        for item in items:
            for record in item.records:
                outcome = self.outcomes[record.number]
                outcome.status, outcome.answered = item.status, env.now
        if case.counted(billed_from):
            self.billed["instance_s"] += case.instances * math.ceil(env.now - billed_from)
            self.billed["objects_in"] += len(items)
            self.billed["objects_out"] += sum(item.status == SERVED for item in items)


class Share:
    """What one instance does in a job."""

    def __init__(self, batch: Batch, number: int, items: list[Item]) -> None:
        self.batch, self.env, self.case = batch, batch.env, batch.case
        self.number, self.items = number, items
        self.busy = [False] * min(self.case.workers, self.case.max_transforms)
        self.freed = simpy.Event(self.env)

    def work(self) -> Iterator[simpy.Event]:
        """Its objects, one after another (B-04, B-07), or side by side."""
        yield clock.moment(self.env, self.env.now, clock.DISPATCH, self.number)
        if not self.case.one_by_one:
            yield from self.side_by_side()
            return
        for item in self.items:
            if item.status == REFUSED:
                continue
            left = list(item.calls)
            while True:
                while left and item.status == SERVED and not all(self.busy):
                    self.begin(item, left.pop(0))
                if not any(self.busy):
                    break
                yield self.freed
                yield clock.moment(self.env, self.env.now, clock.DISPATCH, self.number)
                self.freed = simpy.Event(self.env)

    def side_by_side(self) -> Iterator[simpy.Event]:
        """Its calls in order, as slots are free (B-14)."""
        left = [(item, call) for item in self.items if item.status != REFUSED for call in item.calls]
        while left or any(self.busy):
            while left and not all(self.busy):
                item, records = left.pop(0)
                if item.status == SERVED:
                    self.begin(item, records)
            if any(self.busy):
                yield self.freed
                yield clock.moment(self.env, self.env.now, clock.DISPATCH, self.number)
                self.freed = simpy.Event(self.env)

    def begin(self, item: Item, records: list[Request]) -> None:
        """A call takes the lowest free slot."""
        slot = self.busy.index(False)
        self.busy[slot] = True
        self.env.process(self.call(item, records, slot))

    def call(self, item: Item, records: list[Request], slot: int) -> Iterator[simpy.Event]:
        """One mini-batch, with its retries (B-08, B-09)."""
        case, env = self.case, self.env
        works = [record.work for record in records]
        if case.marginal is None:
            total = 0.0
            for work in works:  # not sum(): newer Pythons compensate rounding in it
                total += work
            length = max(GRID, to_grid(total * case.mean_s))
        else:
            length = max(GRID, to_grid(case.mean_s * (1 + case.marginal * (len(works) - 1)) * max(works)))
        for attempt in range(1, case.retries + 2):
            for record in records:
                outcome = self.batch.outcomes[record.number]
                outcome.start, outcome.finish, outcome.attempts = env.now, math.nan, attempt
                outcome.instance, outcome.slot = self.number, slot
            yield clock.moment(env, env.now + min(length, case.timeout_s), clock.FINISH, self.number * 4096 + slot)
            for record in records:
                self.batch.outcomes[record.number].finish = env.now
            good = length <= case.timeout_s and records[0].fail[attempt - 1] >= case.client.fail_share
            if good or item.status == FAILED:
                break
            if attempt == case.retries + 1:
                item.status = FAILED
        self.busy[slot] = False
        if not self.freed.triggered:
            self.freed.succeed()


def simulate(case: BatchCase) -> Record:
    """The record of one case."""
    return Batch(case).run()
