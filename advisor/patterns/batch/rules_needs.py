"""Batch transform: what it excludes, and whether anybody waits for single answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.patterns.batch.job import lot, records_at_once, share_s
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import job_start_s
from advisor.rules.figures import told
from advisor.rules.of_need import excludes, serves_inference
from advisor.units import show_bytes, show_count, show_duration, show_rate
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["RULES", "takes_s"]

_LOT = "batch: {records: 1 million, record_size: 2 KB, files: 50, every: 1 day, deadline: 4 hours}"

_SHARED: tuple[Rule[Any], ...] = (
    serves_inference("BT-01", "batch transform"),
    excludes(
        "BT-02",
        "streaming",
        "Batch transform does not stream answers.",
        "use a real-time endpoint",
        reads=("feature.streaming.batch",),
        reason="A job writes one result an object when the object is done.",
    ),
    excludes(
        "BT-03",
        "network-isolation",
        "Batch transform has no network isolation.",
        "run the lot against a real-time endpoint with network isolation, or close the container in by its VPC",
        reads=("feature.network_isolation.batch",),
    ),
    excludes(
        "BT-04",
        "shadow",
        "Batch transform has no shadow variants.",
        "run a second job with the other model on the same objects and compare the results",
        reads=("feature.shadow.batch",),
    ),
    excludes(
        "BT-05",
        "variants",
        "A job runs one model.",
        "run one job a model, or use a real-time endpoint with variants",
        reads=("feature.variants.batch",),
    ),
    excludes(
        "BT-06",
        "multi-container",
        "Batch transform does not address several containers.",
        "run one job a container, or chain them as a pipeline, which a job does run",
        reads=("feature.multi_container.batch",),
    ),
    excludes(
        "BT-07",
        "sticky-sessions",
        "A job has no callers, so it has no sessions.",
        "use a real-time endpoint, or put what a session knows into the record",
        source="AWS API model, CreateTransformJob, 2026-08",
    ),
)


START = ("batch_startup", "launch_model_per_s", "provision.image_pull_rate")
"""What a job's start goes by: the measured one, and what a large image or model adds to it."""


def takes_s(w: Workload, d: BatchTransform) -> float:
    """A job from its start to its end: start-up, the longest share, wrapping up."""
    return job_start_s(w) + share_s(w, d) + float(w.assume("batch_wrap_up"))


@rule("BT-08", BLOCKS, where="objective", reads=("batch.startup_measured_min",), facts=3, excludes=True,
      passes=f"{_LOT}\nobjective: {{p95: 2 s}}", fails="objective: {p95: 2 s}")  # fmt: skip
def nobody_waits(w: Workload, d: BatchTransform) -> Ill | None:
    """A stream whose answers are waited for needs an endpoint.

    Batch transform has none: requests are gathered until a job starts, and no job was ever seen to reach its first
    record in less than {batch.startup_measured_min}.
    """
    del d
    least = limit("batch.startup_measured_min").base
    if w.has_batch or not w.streams:
        return None
    for name, seconds in w.objective.latencies:
        if seconds < least:
            return Ill(
                f"an answer is wanted within {show_duration(seconds)} ({name}), and a job needs "
                f"{show_duration(least)} to its first record",
                mend="use an endpoint (real-time, serverless or asynchronous)",
                path=f"objective.{name}",
            )
    return None


@rule("BT-09", WARNS, where="objective", reads=(*START, "batch_wrap_up"), facts=5,
      passes="objective: {p95: 6 hours}", fails="objective: {p95: 1 hour}", fails_set="every=2 hours")  # fmt: skip
def gathering_leaves_objective(w: Workload, d: BatchTransform) -> Ill | None:
    """A request waits for the next job, and then for that job's end.

    The first wait is up to the whole time between two jobs. A start takes {batch_startup}, and longer with an image or
    a model that is larger than usual.
    """
    latency = w.objective.latency
    if w.has_batch or latency is None or latency[1] < limit("batch.startup_measured_min").base:
        return None
    waits = d.every_s + takes_s(w, d)
    if waits <= latency[1]:
        return None
    return Ill(
        f"a request waits up to {show_duration(d.every_s)} for a job of {show_duration(takes_s(w, d))}, and the "
        f"objective is {show_duration(latency[1])} ({latency[0]})",
        mend="run jobs more often (every), with more instances, or use an asynchronous endpoint",
    )


@rule("BT-10", WARNS, where="traffic", source="AWS developer guide, deploy models for inference, 2026", facts=3,
      passes=f"traffic: null\n{_LOT}", fails=_LOT)  # fmt: skip
def stream_is_left(w: Workload, d: BatchTransform) -> Ill | None:
    """Jobs answer the lot; a stream beside it needs an endpoint of its own.

    The two can be combined: an endpoint by day, a job for the lot.
    """
    del d
    if not (w.has_batch and w.streams):
        return None
    latency = w.objective.latency
    soon = "" if latency is None else f", and are to be answered within {show_duration(latency[1])} ({latency[0]})"
    return Ill(
        f"only the lot is served here: {show_rate(w.rate_per_s)} come one by one beside it{soon}",
        mend="put an endpoint beside the job for the stream, or describe the two as two workloads",
    )


@rule("BT-11", NOTES, where="traffic", source="AWS developer guide, batch transform, 2026", facts=2,
      passes=_LOT, fails="traffic: {rate: 2 per second}")  # fmt: skip
def stream_is_gathered(w: Workload, d: BatchTransform) -> Ill | None:
    """A stream is gathered in S3 until the next job.

    Somebody has to store each request as an object; one result an object comes back. Where nothing has come no job is
    started: what `advisor render` gives looks first, and removes what a job has answered.
    """
    if w.has_batch or not w.streams:
        return None
    return Ill(
        f"{show_rate(w.rate_per_s)} gather to {show_count(w.rate_per_s * d.every_s)} objects by the next job, "
        f"{show_duration(d.every_s)} later",
        mend="describe the lot under batch where records already lie together",
    )


@rule("BT-12", WARNS, where="model.count", reads=("feature.multi_model.batch", *START), facts=3,
      passes=f"{_LOT}\nmodel: {{count: 1}}", fails=f"{_LOT}\nmodel: {{count: 40}}")  # fmt: skip
def one_model_a_job(w: Workload, d: BatchTransform) -> Ill | None:
    """Each model of a lot is a job of its own.

    There is no multi-model batch transform, so every model pays a start-up of {batch_startup} or more on every
    instance, and the account's quota holds for all jobs that run at once.
    """
    if w.model.count == 1:
        return None
    starts = w.model.count * job_start_s(w)
    return Ill(
        f"{show_count(w.model.count)} models are as many jobs, {show_duration(starts)} of start-up together every "
        f"{show_duration(lot(w, d.every_s).every_s)}",
        mend="put the models into one container that reads the model's name from the record",
    )


@rule("BT-13", BLOCKS, where="needs", source="AWS API model, CreateTransformJob, 2026-08", facts=2, excludes=True,
      passes=f"traffic: null\n{_LOT}", fails="needs: [queueing]\nobjective: {p95: 30 min}")  # fmt: skip
def nothing_is_queued(w: Workload, d: BatchTransform) -> Ill | None:
    """A stream that needs a queue is not served by jobs.

    A job reads the objects that lie under its prefix when it starts; what comes later waits for somebody to start
    another. Asynchronous inference has the queue.
    """
    if "queueing" not in w.needs or not w.streams:
        return None
    return Ill(
        f"the workload needs queueing, and between jobs {show_rate(w.rate_per_s)} gather unanswered for "
        f"{show_duration(d.every_s)}",
        mend="use asynchronous inference, or drop the need where your own store holds what comes",
    )


@rule("BT-60", WARNS, where="payload.request_max", reads=("pipeline.inter_container_payload_max",), facts=4,
      passes=f"needs: [pipeline]\n{_LOT}", passes_set="max_payload=5",
      fails=f"needs: [pipeline]\n{_LOT}", fails_set="max_payload=6")  # fmt: skip
def pipeline_hands_on(w: Workload, d: BatchTransform) -> Ill | None:
    """Between two containers of a pipeline go at most {pipeline.inter_container_payload_max}.

    What one container hands to the next has a limit of its own, which a mini-batch of many records meets sooner than a
    single record does.
    """
    held = lot(w, d.every_s)
    size = max(held.largest_bytes, records_at_once(held, d) * held.record_bytes)
    if "pipeline" not in w.needs or size <= limit("pipeline.inter_container_payload_max").low_bytes:
        return None
    return Ill(
        f"mini-batches reach {show_bytes(size)}, and containers hand on "
        f"{told(w, 'pipeline.inter_container_payload_max')} at most",
        mend="give a smaller max_payload, shrink the data in the first container, or merge the steps into one",
        path="batch.record_size" if w.has_batch else "payload.request_max",
    )


RULES: tuple[Rule[Any], ...] = (
    *_SHARED,
    nobody_waits,
    gathering_leaves_objective,
    stream_is_left,
    stream_is_gathered,
    one_model_a_job,
    nothing_is_queued,
    pipeline_hands_on,
)
