"""Batch transform: the instances of a job against its objects, its deadline and its period."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.patterns.batch.job import MEGABYTE, least_s, lot, most_instances, places, share_s, whole
from advisor.patterns.batch.rules_needs import START, takes_s
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import job_start_s
from advisor.rules.figures import told
from advisor.units import show_count, show_duration, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["RULES"]


def _lot(
    records: str = "1 million", files: int = 50, deadline: str = "20 hours", every: str = "1 day", rest: str = ""
) -> str:
    lot = f"{{records: {records}, record_size: 2 KB, files: {files}, every: {every}, deadline: {deadline}}}"
    return f"traffic: null\nbatch: {lot}{rest}"


_LONG = 1.2


@rule("BT-41", BLOCKS, where="deployment.instances", reads=("batch.instances_max",),
      passes_set="instances=100", fails_set="instances=101")  # fmt: skip
def instances_allowed(w: Workload, d: BatchTransform) -> Ill | None:
    """A job has at most {batch.instances_max} instances."""
    if d.instances <= limit("batch.instances_max").base:
        return None
    return Ill(
        f"{d.instances} instances, and a job takes {told(w, 'batch.instances_max')}",
        mend="divide the objects over several jobs",
    )


@rule("BT-42", WARNS, where="batch.files", reads=("batch.object_spans_instances",), facts=2,
      passes=_lot(files=8), passes_set="instances=4", fails=_lot(files=3), fails_set="instances=4")  # fmt: skip
def objects_for_instances(w: Workload, d: BatchTransform) -> Ill | None:
    """An instance without an object stands idle, and is paid for.

    One object goes to one instance as a whole, and all instances are paid for until the last one ends.
    """
    held = lot(w, d.every_s)
    if held.files >= d.instances:
        return None
    return Ill(
        f"{held.files} objects on {d.instances} instances leave {d.instances - held.files} idle, and paid for",
        mend=f"write {d.instances} objects or more (batch.files), or give instances={held.files}",
    )


@rule("BT-43", WARNS, where="batch.files", reads=("batch.object_spans_instances",), facts=3,
      passes=_lot(files=8), passes_set="instances=4", fails=_lot(files=9), fails_set="instances=4")  # fmt: skip
def objects_divide_evenly(w: Workload, d: BatchTransform) -> Ill | None:
    """An instance with one object more keeps all others waiting.

    All of them are paid for until it ends. Many small objects, or a
    multiple of the instances, make the difference small.
    """
    held = lot(w, d.every_s)
    longest = math.ceil(held.files / d.instances)
    even = held.files / d.instances
    if held.files < d.instances or longest / even <= _LONG:
        return None
    fewer = math.ceil(held.files / longest)
    mend = (
        f"give instances={fewer}, which takes as long"
        if fewer < d.instances
        else f"write a multiple of {d.instances} objects"
    )
    return Ill(
        f"{held.files} objects on {d.instances} instances: one works off {longest}, "
        f"{show_share(1 - even / longest)} of what is paid for stands idle",
        mend=f"{mend}, or write more and smaller objects",
    )


@rule("BT-44", BLOCKS, where="batch.deadline", reads=("batch.startup_measured_min", "batch.instances_max"), facts=5,
      passes=_lot(deadline="4 hours"), fails=_lot(records="100 million", deadline="10 min"))  # fmt: skip
def deadline_can_be_met(w: Workload, d: BatchTransform) -> Ill | None:
    """No job meets a deadline shorter than a start and the work.

    This is a bound that no setting beats: the shortest start ever seen ({batch.startup_measured_min}), then all
    workers of {batch.instances_max} instances (or of one for each object) busy without a pause.
    """
    if w.batch is None:
        return None
    most = most_instances(lot(w, d.every_s))
    least = least_s(w, d, most)
    if least <= w.batch.deadline_s:
        return None
    return Ill(
        f"even {most} x {d.instance_type} need {show_duration(least)}, and the deadline is "
        f"{show_duration(w.batch.deadline_s)}",
        mend="take a faster type, write more objects, begin with part of the lot earlier, or allow more time",
    )


@rule("BT-45", WARNS, where="batch.deadline", reads=(*START, "batch_wrap_up", "batch_objects_serial"), facts=6,
      passes=_lot(deadline="8 hours"), passes_set="instances=2", fails=_lot(deadline="5 hours"),
      fails_set="instances=1")  # fmt: skip
def deadline_is_met(w: Workload, d: BatchTransform) -> Ill | None:
    """The instance with the most objects decides when a job ends.

    Start-up ({batch_startup}, longer for a large image or model), then the instance with the most objects, one after
    another, then {batch_wrap_up}.
    """
    if w.batch is None or takes_s(w, d) <= w.batch.deadline_s:
        return None
    if least_s(w, d, most_instances(lot(w, d.every_s))) > w.batch.deadline_s:
        return None  # refused by another rule
    return Ill(
        f"{d.instances} x {d.instance_type} end after {show_duration(takes_s(w, d))}, and the deadline is "
        f"{show_duration(w.batch.deadline_s)}",
        mend="give more instances, all workers (max_concurrent_transforms), or more objects so that they divide better",
    )


@rule("BT-46", BLOCKS, where="batch.every", reads=("batch.startup_measured_min",), facts=5,
      passes=_lot(every="6 hours", deadline="6 hours"), passes_set="instances=2",
      fails=_lot(every="5 hours", deadline="5 hours"), fails_set="instances=1")  # fmt: skip
def job_ends_before_next(w: Workload, d: BatchTransform) -> Ill | None:
    """A job that outlasts its period falls behind without end.

    Each job then begins later than the one before, without end, or runs beside it on instances of its own. This
    is a bound: the shortest start ever seen ({batch.startup_measured_min}), then all workers busy without a pause.
    """
    least, period = least_s(w, d, d.instances), lot(w, d.every_s).every_s
    if least <= period:
        return None
    return Ill(
        f"a job on {d.instances} x {d.instance_type} takes {show_duration(least)} at least, and the next one is due "
        f"after {show_duration(period)}",
        mend="give more instances, take a faster type, or run it less often on the same records",
        path="batch.every" if w.has_batch else "deployment.every_s",
    )


@rule("BT-51", WARNS, where="batch.every", reads=(*START, "batch_wrap_up", "batch_objects_serial"), facts=6,
      passes="traffic: {rate: 2 per second}", passes_set="every=1 day, instances=1",
      fails="traffic: {rate: 40 per second}",
      fails_set="every=1 day, instances=1, max_concurrent_transforms=1")  # fmt: skip
def jobs_do_not_overlap(w: Workload, d: BatchTransform) -> Ill | None:
    """A job that still runs when the next one is due delays it, or doubles the instances.

    Start-up ({batch_startup}, longer for a large image or model), then the instance with the most objects, one after
    another, then {batch_wrap_up}. What a stream has gathered waits for its turn; jobs of lots run side by side, and the
    account must allow the instances of both.
    """
    takes, period = takes_s(w, d), lot(w, d.every_s).every_s
    if takes <= period or least_s(w, d, d.instances) > period:
        return None  # the last: refused by another rule
    if w.batch is not None and w.batch.deadline_s <= period:
        return None  # told of with the deadline
    return Ill(
        f"{d.instances} x {d.instance_type} end after {show_duration(takes)}, and the next job is due after "
        f"{show_duration(period)}",
        mend="give more instances, all workers (max_concurrent_transforms), or run it less often",
        path="batch.every" if w.has_batch else "deployment.every_s",
    )


@rule("BT-47", NOTES, where="batch.records", reads=(*START, "batch_wrap_up"), facts=5,
      passes=_lot(records="1 million"), fails=_lot(records="1000"))  # fmt: skip
def start_is_worth_it(w: Workload, d: BatchTransform) -> Ill | None:
    """A job may take longer to start than to work.

    Most of {batch_startup}, and all that a large image or model adds to it, is image pull and model load on every
    instance, and is paid for; small lots are better gathered, or sent to an endpoint that stands anyway.
    """
    work = share_s(w, d)
    start = job_start_s(w)
    if work >= start:
        return None
    return Ill(
        f"{show_count(lot(w, d.every_s).records)} records take {show_duration(work)} of work after a start of "
        f"{show_duration(start)}",
        mend="run the job less often on larger lots, or use serverless or asynchronous inference for so little",
        path="batch.records" if w.has_batch else "traffic.rate",
    )


@rule("BT-48", WARNS, where="deployment.max_concurrent_transforms",
      reads=("batch.concurrent_default", "batch.concurrent_framework_containers"), facts=2,
      passes=_lot(), passes_set="max_concurrent_transforms=2", fails=_lot(),
      fails_set="max_concurrent_transforms=1")  # fmt: skip
def all_workers_busy(w: Workload, d: BatchTransform) -> Ill | None:
    """Workers without a mini-batch stand idle, and are paid for.

    Unless it is set, or the container answers execution-parameters, MaxConcurrentTransforms is
    {batch.concurrent_default}; the framework containers do not answer, so one worker works and the others are paid
    for.
    """
    on = w.work_on(d.instance_type)
    product = whole("batch.payload_times_concurrency_max")
    allowed = min(places(on), max(1, product // max(1, d.max_payload_mb)))
    if d.max_concurrent_transforms >= allowed:
        return None
    return Ill(
        f"mini-batches at once: {d.max_concurrent_transforms}, workers on {d.instance_type}: {places(on)}",
        mend=f"give max_concurrent_transforms={allowed}",
    )


@rule("BT-49", WARNS, where="deployment.max_concurrent_transforms", reads=("batch.payload_times_concurrency_max",),
      facts=4,
      passes=_lot(), passes_set="max_payload=6", fails=_lot(),
      fails_set="max_payload=60, max_concurrent_transforms=1")  # fmt: skip
def product_leaves_workers(w: Workload, d: BatchTransform) -> Ill | None:
    """Large mini-batches go few at a time.

    MaxConcurrentTransforms times MaxPayloadInMB is at most {batch.payload_times_concurrency_max}, so a large payload
    means few at once, and idle workers.
    """
    on, held = w.work_on(d.instance_type), lot(w, d.every_s)
    most = whole("batch.payload_times_concurrency_max")
    possible = most // max(1, d.max_payload_mb)
    if on.at is not None or possible >= on.workers or d.max_payload_mb * d.max_concurrent_transforms > most:
        return None
    needed = max(1, math.ceil(held.largest_bytes / MEGABYTE))
    if needed * on.workers > most:
        mend = (
            f"take a type with {max(1, most // needed)} workers or fewer: records of {needed} MB leave no more at once"
        )
    else:
        enough = max(needed, most // on.workers)
        mend = f"give max_payload={enough}, enough for the largest record, and max_concurrent_transforms={on.workers}"
    return Ill(
        f"mini-batches of {d.max_payload_mb} MB allow {possible} at once, workers on {d.instance_type}: {on.workers}",
        mend=mend,
    )


@rule("BT-50", NOTES, where="deployment.max_concurrent_transforms", reads=("batch.timeout_default",), facts=2,
      passes=_lot(), passes_set="max_concurrent_transforms=2", fails=_lot(),
      fails_set="max_concurrent_transforms=8")  # fmt: skip
def workers_for_minibatches(w: Workload, d: BatchTransform) -> Ill | None:
    """Mini-batches beyond an instance's workers wait inside the container.

    There the time-out ({batch.timeout_default} by default) already runs.
    """
    on = w.work_on(d.instance_type)
    if d.max_concurrent_transforms <= places(on):
        return None
    return Ill(
        f"mini-batches at once: {d.max_concurrent_transforms}, workers on {d.instance_type}: {places(on)}",
        mend=f"give max_concurrent_transforms={places(on)}",
    )


RULES: tuple[Rule[Any], ...] = (
    instances_allowed,
    objects_for_instances,
    objects_divide_evenly,
    deadline_can_be_met,
    deadline_is_met,
    job_ends_before_next,
    jobs_do_not_overlap,
    start_is_worth_it,
    all_workers_busy,
    product_leaves_workers,
    workers_for_minibatches,
)
