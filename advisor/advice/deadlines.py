"""Whether jobs keep up: by the lot's deadline, with what comes, and with every call answered."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from advisor.sim.batch_record import BatchRun, TransformJob
from advisor.sim.run import Replications
from advisor.sim.shared_record import LotSent, SharedRun
from advisor.units import show_count, show_duration, show_share
from advisor.workload import Workload

__all__ = ["Late", "late_jobs", "longest_job_s", "said_of_jobs"]

_SIDE_BY_SIDE = (
    "the schedule that `advisor render` gives for a lot waits for no job: there a late one runs beside the one before, "
    "on instances of its own, and is not late"
)


@dataclass(frozen=True, slots=True)
class Late:
    """What jobs do not keep, in words, and the ratio of what they take to what is allowed."""

    says: str
    over: float


def late_jobs(w: Workload, found: Replications) -> Iterator[Late]:
    """What the jobs of a run miss: they fall behind without end, or end after the deadline of their lot."""
    runs = _runs(found)
    behind = [run for run in runs if run.grows or run.given_up]
    if behind:
        load = max(run.load for run in behind)
        says = f"jobs fall behind without end: records come {load:.2f} times as fast as a job works them off"
        yield Late(says, max(load, 1.0))
    if w.batch is None:
        return
    deadline = w.batch.deadline_s
    yield from _late_sent(w, _sent(found))
    due = _due(runs)
    late = [job for job in due if job.later_than(deadline)]
    if late:
        longest = max(_took_s(job) for job in late)
        of = f"{show_count(len(late))} of {show_count(len(due))} jobs"
        took = "had not ended when the run did" if math.isinf(longest) else f"took up to {show_duration(longest)}"
        yield Late(f"{of} {took}, and the deadline is {show_duration(deadline)} after a lot came", longest / deadline)


def _late_sent(w: Workload, lots: list[LotSent]) -> Iterator[Late]:
    """What an endpoint that is sent a lot does not keep: its deadline, or the share of records that may fail."""
    assert w.batch is not None
    deadline = w.batch.deadline_s
    took = [one.done - one.due for one in lots]
    if late := [one for one in took if one > deadline]:
        longest = max(late)
        how = "had no end when the run did" if math.isinf(longest) else f"took up to {show_duration(longest)}"
        of = f"{show_count(len(late))} of {show_count(len(lots))} lots"
        yield Late(f"{of} {how}, and the deadline is {show_duration(deadline)} after a lot came", longest / deadline)
    records, unserved = sum(one.records for one in lots), sum(one.unserved for one in lots)
    if records and unserved / records > w.objective.errors:
        share = float(f"{unserved / records:.3g}")
        says = f"{show_share(share)} of the lot's records are not served, and {show_share(w.objective.errors)} may be"
        yield Late(says, share / max(w.objective.errors, 1e-6))


def longest_job_s(found: Replications) -> float:
    """The longest job, or lot that was sent, from when it was due to its end; 0 without any.

    It is infinite where jobs fall behind, and where a lot had no end.
    """
    runs = _runs(found)
    if any(run.grows or run.given_up for run in runs):
        return math.inf
    return max((*(_took_s(job) for job in _due(runs)), *(one.done - one.due for one in _sent(found))), default=0.0)


def _runs(found: Replications) -> list[BatchRun]:
    return [run for run in found.runs if isinstance(run, BatchRun)]


def _sent(found: Replications) -> list[LotSent]:
    return [one for run in found.runs if isinstance(run, SharedRun) for one in run.lots]


def _due(runs: list[BatchRun]) -> list[TransformJob]:
    return [job for run in runs for job in run.jobs if run.window_s[0] <= job.due < run.window_s[1]]


def _took_s(job: TransformJob) -> float:
    """From when it was due to its end; infinite where the run ended first."""
    return math.inf if math.isnan(job.end) else job.end - job.due


def said_of_jobs(w: Workload, found: Replications) -> tuple[str, ...]:
    """What there is to say about the schedule of the jobs of the first replication; of lots that are sent, of all."""
    lots = _sent(found)
    if lots and math.isfinite(longest := max(one.done - one.due for one in lots)):
        return (
            f"each of {show_count(len(lots))} lots was done {show_duration(round(longest))} after it came or sooner",
        )
    said = tuple(run.says for run in found.runs[:1] if isinstance(run, BatchRun) and run.says)
    return (*said, _SIDE_BY_SIDE) if said and w.batch is not None else said
