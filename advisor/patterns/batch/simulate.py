"""Batch transform, simulated: jobs on a schedule that work off a lot, or what a stream has gathered until then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.patterns.base import Pattern
from advisor.patterns.batch.job import MEGABYTE, share_s, whole
from advisor.patterns.batch.machine import PART, WAIT_S, pages_of, rests_of, waits_of, work_of
from advisor.patterns.batch.pace import served
from advisor.patterns.batch.samples import samples_of
from advisor.patterns.foresight import whole as whole_granules
from advisor.rules.estimates import beyond_measured_s, job_setup_s, job_start_s
from advisor.sim.batch import simulate_jobs
from advisor.sim.batch_lots import due_every, lots_of
from advisor.sim.batch_record import BatchRun
from advisor.sim.deployments import JobSpec
from advisor.sim.horizon import Horizon, horizon_of, in_whole_times
from advisor.sim.trace import Trace
from advisor.streams import stream
from advisor.units import MIB, MONTH_S, show_count, show_duration
from advisor.workload import Workload
from advisor.workload.lognormal import sigma_of_cv

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["estimate", "simulate", "spec_of", "trace"]

_LOOKS = (
    "batch-transform starts no job, and is billed none, when one is due and nothing has come: what `advisor render` "
    f"gives looks first, and waits while the job before runs ({WAIT_S} s at a time, or 1/{PART} of what it has waited)"
)
# Starts of jobs are drawn this often, then round and round.
_STARTS = 256
# More objects than any job has records: each request of a stream is an object of its own.
_EACH = 2**62
_STRATEGIES = {"MultiRecord": "multi", "SingleRecord": "single"}


def trace(w: Workload, d: BatchTransform, *, seed: int, horizon: Horizon | None = None, spikes: bool = False) -> Trace:
    """The lots of a profile, one at each of its instants, else its stream; whole times between jobs."""
    given = horizon or horizon_of(w)
    if w.batch is None:
        stream = Pattern.trace(d, w, seed=seed, horizon=in_whole_times(w, given, d.every_s), spikes=spikes)
        stream.notes += (_LOOKS,)
        return stream
    every, records = w.batch.every_s, w.batch.records
    all_of_them = max(1, math.floor(min(given.window_s, MONTH_S) / every + 1e-9))
    count = max(1, min(all_of_them, int(w.assume("request_budget_search")) // records))
    lots = lots_of(w, [number * every for number in range(1 + count)], seed=seed)
    # One lot before the window: a job that is late makes the next one late.
    lots.warmup_s, lots.horizon_s = every, count * every
    if count < all_of_them:
        told = "1 lot of {} records is run" if count == 1 else f"{show_count(count)} lots of {{}} records are run"
        lots.notes += (f"{told.format(show_count(records))}, one every {show_duration(every)}",)
    return lots


def simulate(
    w: Workload, d: BatchTransform, trace: Trace, *, columns: bool = False, sample_s: float | None = None
) -> BatchRun:
    """One replication: jobs until each record of the window has its answer."""
    run = simulate_jobs(
        trace,
        spec_of(w, d, trace),
        columns=columns,
        call_cost_s=float(w.assume("batch_request_overhead")),
        bill_provisioning=bool(w.assume("batch_provision_billed")),
    )
    if w.batch is None:
        run = replace(run, granules={**run.granules, **_looks(d, run)})
    if sample_s is not None:
        run.timeline.samples.extend(samples_of(run, trace, d.instances, sample_s))
    return run


def _looks(d: BatchTransform, run: BatchRun) -> Mapping[str, int]:
    """What the machine that starts a stream's jobs does in the window: a look whenever a job is due, and the jobs."""
    low, high = run.window_s
    jobs = [job for job in run.jobs if low <= job.billed_from < high]
    # The window holds whole times between jobs; only a run cut short does not.
    looks = math.ceil((high - low) / d.every_s - 1e-9)
    pages, rests = (sum(of(job.objects) for job in jobs) for of in (pages_of, rests_of))
    return whole_granules(work_of(looks, sum(waits_of(job.delay_s) for job in jobs), len(jobs), pages, rests))


def spec_of(w: Workload, d: BatchTransform, trace: Trace) -> JobSpec:
    """The jobs in plain numbers. They are due on and on after the window, for late ones among them.

    The jobs of one model of several have its share of the objects.
    """
    workers, mean_s, marginal = served(w, d)
    last = trace.warmup_s + trace.horizon_s
    return JobSpec(
        mean_s=mean_s,
        workers=workers,
        due_s=due_every(d.every_s, 2 * (last + d.every_s) if math.isfinite(last) else 0.0),
        files=_EACH if w.batch is None else max(1, round(w.batch.files * trace.share)),
        instances=d.instances,
        max_transforms=d.max_concurrent_transforms,
        strategy="whole" if d.split == "None" else _STRATEGIES[d.strategy],
        max_payload_bytes=_largest_call(d),
        marginal=marginal,
        timeout_s=d.timeout_s,
        retries=d.retries,
        provision_s=_provision_s(w, trace.seed),
        setup_s=job_setup_s(w),
        upload_s=float(w.assume("batch_wrap_up")),
        one_by_one=bool(w.assume("batch_objects_serial")),
    )


def _largest_call(d: BatchTransform) -> int:
    """Bytes of the largest call: records are refused above the binary reading, mini-batches filled to the decimal."""
    multi = d.strategy == "MultiRecord" and d.split != "None"
    if d.max_payload_mb == 0 and not multi:
        return _EACH
    return (d.max_payload_mb or whole("batch.payload_default")) * (MEGABYTE if multi else MIB)


def _provision_s(w: Workload, seed: int) -> tuple[float, ...]:
    """Waits for the instances, job by job, the same for every deployment: all of a start's spread lies in them.

    It is that of the measured starts; what image and model add to those is the same each time.
    """
    mean, sigma = float(w.assume("batch_startup")), sigma_of_cv(float(w.assume("batch_startup_cv")))
    starts = mean * np.exp(sigma * stream(seed, "job starts").standard_normal(_STARTS) - sigma * sigma / 2)
    return tuple(float(wait) for wait in np.maximum(0.0, starts - (job_setup_s(w) - beyond_measured_s(w))))


def estimate(w: Workload, d: BatchTransform) -> Mapping[str, float]:
    """A mean start, the share of the busiest instance with no chance in it, the end; of a stream half a wait more."""
    job_s = job_start_s(w) + share_s(w, d) + float(w.assume("batch_wrap_up"))
    return {"job_s": job_s, "mean_latency_s": job_s + (d.every_s / 2 if w.batch is None else 0.0)}
