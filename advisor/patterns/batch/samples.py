"""The state of a run of jobs over time, as an endpoint's is sampled: instances, records that wait, records at work."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from advisor.sim.batch_record import BatchRun, TransformJob
from advisor.sim.kernels import Floats, Ints
from advisor.sim.timeline import Sample
from advisor.sim.trace import Trace

__all__ = ["samples_of"]


def samples_of(run: BatchRun, trace: Trace, instances: int, every_s: float) -> list[Sample]:
    """Samples from 0 to the end of the window; ``attempts`` are records that have come.

    Instances are launching until the work of their job begins, and draining while it uploads.
    """
    at: Floats = np.arange(math.floor(run.window_s[1] / every_s) + 1, dtype=np.float64) * every_s

    def so_far(instant: Callable[[TransformJob], float], records: bool) -> Ints:
        """Jobs, or records of jobs, whose instant has come."""
        held = sorted((instant(job), job.records if records else 1) for job in run.jobs if instant(job) <= at[-1])
        totals = np.concatenate(([0], np.cumsum([many for _, many in held], dtype=np.int64)))
        return np.asarray(totals[np.searchsorted([when for when, _ in held], at, side="right")])

    launched, ready, draining, ended = (
        so_far(instant, False)
        for instant in (lambda job: job.launch, lambda job: job.ready, lambda job: job.draining, lambda job: job.end)
    )
    come = _come(trace, at)
    taken, answered = so_far(lambda job: job.launch, True), so_far(lambda job: job.end, True)
    columns = (
        at.tolist(),
        (instances * (ready - draining)).tolist(),
        (instances * (launched - ready)).tolist(),
        (instances * (draining - ended)).tolist(),
        (come - taken).tolist(),
        (taken - answered).tolist(),
        come.tolist(),
    )
    return [Sample(*row) for row in zip(*columns, strict=True)]


def _come(trace: Trace, at: Floats) -> Ints:
    """Records that have come by each instant, itself included."""
    come = np.zeros(at.size, np.int64)
    for block in trace.blocks():
        arrivals = block.arrival[: block.n]
        come += np.searchsorted(arrivals, at, side="right")
        if arrivals[-1] > at[-1]:
            break
    return come
