"""Batch transform: jobs on a schedule as a SimPy process, their mini-batches in compiled code, the run as one call.

    due ──> begin ── provision ──> billed ── pull, load ──> work ─────────> work ends ── upload ──> end
            takes all records that have come                 instances, each its objects           answers all of them

The trace is gone through three times side by side: how many records a job takes must be known before the first is
dealt, and when it ends before one is answered. So memory does not grow with the records.
"""

from __future__ import annotations

import copy
import math
from bisect import bisect_left
from collections.abc import Generator, Iterator

import numpy as np
import simpy

from advisor.errors import BugError, InputError
from advisor.sim.agenda import DECIDE, FINISH, READY, moment
from advisor.sim.batch_record import BatchRun, TransformJob
from advisor.sim.block import Block, Laws
from advisor.sim.deployments import Client, JobSpec
from advisor.sim.kernels import Floats, Ints, layout
from advisor.sim.kernels import batch as kernel
from advisor.sim.kernels.generate import snap
from advisor.sim.ledger import Columns, Ledger
from advisor.sim.longer import longer
from advisor.sim.replay import Recorded
from advisor.sim.service import Sizes, constant
from advisor.sim.station import Window, window_of
from advisor.sim.timeline import Timeline
from advisor.sim.trace import Trace

__all__ = ["JobStation", "simulate_jobs"]

_STRATEGIES = {"single": kernel.SINGLE, "multi": kernel.MULTI, "whole": kernel.WHOLE}
_RUNS = 64


class _Reader:
    """A place in a trace: the block at hand and the next row in it."""

    def __init__(self, trace: Trace) -> None:
        self._blocks = trace.blocks()
        self.block: Block | None = None
        self.row = 0

    def __iter__(self) -> Iterator[Block]:
        """The block at hand while it has rows left, then the next ones; whoever reads moves `row` on."""
        while True:
            if self.block is not None and self.row < self.block.n:
                yield self.block
                continue
            self.block, self.row = next(self._blocks, None), 0
            if self.block is None:
                return


def _arrivals_of(trace: Trace) -> Trace:
    """The same arrivals without the cost of drawing work and sizes."""
    bare = copy.copy(trace)
    bare.laws = Laws(
        shape=constant(), sizes_in=(Sizes.of(0.0),), sizes_out=(Sizes.of(0.0),), fixed_models=trace.laws.fixed_models
    )
    return bare


class JobStation:
    """The records of jobs: gathers them, works them off, answers them."""

    def __init__(
        self, trace: Trace, spec: JobSpec, client: Client, window: Window, *, call_cost_s: float, columns: bool
    ) -> None:
        self._insist(trace, spec)
        self.spec, self.window = spec, window
        self.ledger = Ledger()
        bare = _arrivals_of(trace)
        self._gathered, self._worked, self._answered = _Reader(bare), _Reader(trace), _Reader(bare)
        p: Floats = np.zeros(layout.P_SIZE)
        p[layout.P_MEAN], p[layout.P_FAIL_SHARE] = spec.mean_s, client.fail_share
        p[layout.P_FROM], p[layout.P_TO] = window.from_s, window.to_s
        p[layout.P_STOP] = math.inf if window.stop_s is None else window.stop_s
        p[layout.P_TIMEOUT] = snap(spec.timeout_s)
        p[layout.P_MARGINAL] = math.nan if spec.marginal is None else spec.marginal
        self.p = p
        slots = min(spec.workers, spec.max_transforms)
        k: Ints = np.zeros(kernel.K_SIZE, np.int64)
        k[kernel.K_SLOTS], k[kernel.K_INSTANCES], k[kernel.K_RETRIES] = slots, spec.instances, spec.retries
        k[kernel.K_STRATEGY], k[kernel.K_SHOW] = _STRATEGIES[spec.strategy], columns
        k[kernel.K_SERIAL] = spec.one_by_one
        f: Floats = np.zeros(kernel.F_SIZE)
        f[kernel.F_LARGEST_CALL], f[kernel.F_CALL_COST] = spec.max_payload_bytes, snap(call_cost_s)
        self.job = kernel.Job(
            k, f, np.zeros(spec.instances), np.zeros((spec.instances, slots)),
            np.zeros((slots, kernel.X_SIZE)), np.zeros((slots, kernel.H_SIZE), np.int64),
            np.zeros(slots), np.zeros(slots, np.int64), np.zeros(slots, np.int64), np.zeros((_RUNS, 2), np.int64),
        )  # fmt: skip
        self._no_draws: Floats = np.zeros((0, 0))
        self.floats: Floats = np.zeros((0, layout.R_FLOATS))
        self.ints: Ints = np.zeros((0, layout.R_INTS), np.int64)
        self.untaken, self.taken = 0, 0
        self.oldest = math.nan

    @staticmethod
    def _insist(trace: Trace, spec: JobSpec) -> None:
        least = min(spec.workers, spec.max_transforms, spec.files, spec.instances)
        if least < 1 or spec.retries < 0 or not spec.provision_s:
            raise BugError(f"a job that cannot work: {spec}")
        if spec.strategy not in _STRATEGIES:
            raise BugError(f"a strategy of {spec.strategy!r}: there are {', '.join(_STRATEGIES)}")
        if spec.retries + 1 > trace.attempts:
            raise BugError(f"{spec.retries} retries, a trace with draws for {trace.attempts} attempts")
        if list(spec.due_s) != sorted(spec.due_s):
            raise BugError("due instants that go back in time")
        if any(isinstance(source, Recorded) and source.once for source in trace.sources):
            raise InputError(
                "arrivals that can be read once only, where a job goes through them three times",
                "",
                "write them to a file first",
            )

    def gather(self, until: float) -> None:
        """Count what has arrived by then, that instant included."""
        counts, window = self.ledger.counts, self.window
        for block in self._gathered:
            rest = block.arrival[self._gathered.row : block.n]
            come = int(np.searchsorted(rest, until, side="right"))
            first, last = np.searchsorted(rest[:come], (window.from_s, window.to_s), side="left")
            counts[layout.L_ARRIVED] += last - first
            if come and not self.untaken:
                self.oldest = float(rest[0])
            if self.job.k[kernel.K_SHOW]:
                total = int(counts[layout.L_TOTAL])
                self.floats = longer(self.floats, total + come, math.nan)
                self.ints = longer(self.ints, total + come, -1)
                self.floats[total : total + come, layout.R_FIRST] = rest[:come]
                self.ints[total : total + come, layout.R_ATTEMPTS] = 0
            counts[layout.L_TOTAL] += come
            self.untaken += come
            self._gathered.row += come
            if come < rest.size:
                return

    def work(self, begin: float, ready: float) -> float:
        """Take all that is gathered into a job whose work begins at `ready`; the end of its work."""
        k, f, job = self.job.k, self.job.f, self.job
        f[kernel.F_BEGIN] = begin
        f[kernel.F_BUSY] = f[kernel.F_WAIT] = f[kernel.F_BYTES_IN] = f[kernel.F_BYTES_OUT] = 0.0
        k[kernel.K_RECORDS], k[kernel.K_OBJECTS] = self.untaken, min(self.spec.files, self.untaken)
        k[kernel.K_RECORD], k[kernel.K_OBJECT], k[kernel.K_NEXT], k[kernel.K_BASE] = 0, -1, 0, self.taken
        k[kernel.K_RUNS : kernel.K_CALLS + 1] = 0
        k[kernel.K_COUNT] = 0
        job.clocks[:] = job.free_at[:] = ready
        self.taken += self.untaken
        self.untaken = 0
        for block in self._worked:
            rows = kernel.Rows(
                block.arrival, block.work, block.bytes_in, block.bytes_out,
                block.attempts_of(layout.D_FAIL) if self.p[layout.P_FAIL_SHARE] > 0 else self._no_draws,
            )  # fmt: skip
            k[kernel.K_ROW], k[kernel.K_ROWS] = self._worked.row, block.n
            answer = kernel.work(self.p, rows, self.job, self.floats, self.ints)
            while answer == layout.NEEDS_ROOM:
                self.job = self.job._replace(runs=longer(self.job.runs, 2 * self.job.runs.shape[0], 0))
                answer = kernel.work(self.p, rows, self.job, self.floats, self.ints)
            self._worked.row = int(k[kernel.K_ROW])
            if answer == layout.REACHED:
                break
        self.ledger.sums[layout.S_BUSY] += f[kernel.F_BUSY]
        self.ledger.counts[layout.L_ATTEMPTS] += k[kernel.K_CALLS]
        return float(job.clocks.max())

    def answer(self, end: float) -> None:
        """The job has ended: so has every record of it."""
        ledger, reader, record = self.ledger, self._answered, 0
        ledger.sums[layout.S_WAIT] += self.job.f[kernel.F_WAIT]
        for block in reader:
            now = int(
                kernel.answer(
                    self.p, ledger.counts, ledger.sums, ledger.bins, block.arrival, reader.row, block.n,
                    self.job, record, end, self.floats, self.ints,
                )
            )  # fmt: skip
            reader.row += now - record
            record = now
            if record == self.job.k[kernel.K_RECORDS]:
                return

    @property
    def settled(self) -> bool:
        """Has every record of the window that is gathered its status?"""
        counts = self.ledger.counts
        return bool(counts[layout.L_ARRIVED] == counts[layout.L_CLOSED])

    def columns(self, stop_s: float) -> Columns:
        """Every record of the run."""
        total = int(self.ledger.counts[layout.L_TOTAL])
        return Columns.of(self.floats[:total], self.ints[:total], stop_s)


class _Schedule:
    """The jobs, one after another."""

    def __init__(self, env: simpy.Environment, station: JobStation, *, bill_provisioning: bool) -> None:
        self.env, self.station = env, station
        self.bill_provisioning = bill_provisioning
        self.dues = [float(snap(due)) for due in station.spec.due_s]
        self.jobs: list[TransformJob] = []
        self.granules = dict.fromkeys(("instance_s", "objects_in", "objects_out", "bytes_in", "bytes_out", "calls"), 0)
        self.worked_s, self.worked = 0.0, 0
        self.given_up = False

    def run(self) -> Generator[simpy.Event, None, None]:
        """Each job at its due instant, or as soon as the one before has ended."""
        station, env = self.station, self.env
        window = station.window
        for due in self.dues:
            at = max(due, env.now)
            if window.stop_s is None and at > 2 * window.to_s and self.load() >= 1.0:
                self.given_up = True
                return
            yield moment(env, at, DECIDE)
            station.gather(env.now)
            if window.stop_s is None and env.now >= window.to_s and station.settled:
                return
            if station.untaken:
                yield env.process(self.job())

    def job(self) -> Generator[simpy.Event, None, None]:
        """One job, from its begin to its end."""
        env, station, spec = self.env, self.station, self.station.spec
        number, begin = len(self.jobs), float(env.now)
        up = begin + float(snap(spec.provision_s[number % len(spec.provision_s)]))
        job = TransformJob(
            number=number,
            launch=begin,
            due=min([begin, *self.dues[bisect_left(self.dues, station.oldest) :][:1]]),
            oldest=station.oldest,
            records=station.untaken,
            objects=min(spec.files, station.untaken),
            billed_from=begin if self.bill_provisioning else up,
        )
        self.jobs.append(job)
        ready = up + float(snap(spec.setup_s))
        worked = station.work(begin, ready)
        job.work_s = worked - ready
        k = station.job.k
        job.served, job.failed = int(k[kernel.K_SERVED]), int(k[kernel.K_FAILED])
        job.refused, job.calls = int(k[kernel.K_REFUSED]), int(k[kernel.K_CALLS])
        self.worked_s += job.work_s
        self.worked += job.records
        yield moment(env, ready, READY)
        job.ready = env.now
        yield moment(env, worked, FINISH)
        job.draining = env.now
        yield moment(env, worked + float(snap(spec.upload_s)), FINISH)
        job.end = env.now
        station.answer(job.end)
        self.bill(job)

    def bill(self, job: TransformJob) -> None:
        """A job counts whole, where its billing began in the window."""
        window, f = self.station.window, self.station.job.f
        if not window.from_s <= job.billed_from < window.to_s:
            return
        granules, ledger = self.granules, self.station.ledger
        granules["instance_s"] += self.station.spec.instances * math.ceil(job.end - job.billed_from)
        granules["objects_in"] += job.objects
        granules["objects_out"] += job.served
        granules["calls"] += job.calls
        ledger.counts[layout.L_WINDOW_ATTEMPTS] += job.calls
        ledger.sums[layout.S_BYTES_IN] += f[kernel.F_BYTES_IN]
        ledger.sums[layout.S_BYTES_OUT] += f[kernel.F_BYTES_OUT]
        granules["bytes_in"], granules["bytes_out"] = ledger.bytes_in, ledger.bytes_out

    def load(self) -> float:
        """Records a second of the window so far, times the seconds that jobs work on one."""
        window = self.station.window
        span = min(window.end_s, max(self.env.now, window.from_s)) - window.from_s
        if not self.worked or not 0 < span < math.inf:
            return math.nan
        return self.station.ledger.arrived / span * (self.worked_s / self.worked)

    def held_s(self, stop: float) -> float:
        """Worker-seconds of instances at work or uploading inside the window."""
        low, high = self.station.window.from_s, min(self.station.window.end_s, stop)
        total = 0.0
        for job in self.jobs:
            if not math.isnan(job.ready):
                end = stop if math.isnan(job.end) else job.end
                total += max(0.0, min(end, high) - max(job.ready, low))
        return total * self.station.spec.instances * self.station.spec.workers


def simulate_jobs(
    trace: Trace,
    spec: JobSpec,
    *,
    client: Client | None = None,
    window: Window | None = None,
    columns: bool = False,
    call_cost_s: float = 0.0,
    bill_provisioning: bool = False,
) -> BatchRun:
    """One run of jobs; of the client only its share of failing calls matters.

    `call_cost_s` is what each mini-batch takes beside its records' work. Without a stop in the window, jobs go on until
    every record that arrives in it has its status, or until they have fallen behind by the whole run (`given_up`).
    """
    client = client or Client()
    window = window or window_of(trace)
    env = simpy.Environment()
    station = JobStation(trace, spec, client, window, call_cost_s=call_cost_s, columns=columns)
    schedule = _Schedule(env, station, bill_provisioning=bill_provisioning)
    env.process(schedule.run())
    stop = window.stop_s
    while env.peek() <= (math.inf if stop is None else stop) and env.peek() < math.inf:
        env.step()
    if stop is None:
        stop = max(float(env.now), window.to_s) if math.isfinite(window.to_s) else float(env.now)
    # What no job has taken has arrived all the same.
    station.gather(min(stop, window.to_s))
    return BatchRun(
        ledger=station.ledger,
        timeline=Timeline(),
        window_s=(window.from_s, min(window.end_s, stop)),
        stop_s=stop,
        granules=schedule.granules,
        held_s=schedule.held_s(stop),
        columns=station.columns(stop) if columns else None,
        jobs=tuple(schedule.jobs),
        load=schedule.load(),
        given_up=schedule.given_up,
    )
