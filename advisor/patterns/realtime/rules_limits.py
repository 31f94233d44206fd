"""Real-time rules about AWS's limits: payload, time, size, disk, start-up, quotas, what the API offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule, told
from advisor.rules.estimates import has_accelerator, longest_s, model_ready_s
from advisor.rules.of_fleet import quota_covers, rate_within
from advisor.rules.of_instance import (
    accelerator_missing,
    family_offered,
    memory_full,
    model_fits_memory,
    sold_in_region,
    volume_beside_nvme,
)
from advisor.rules.of_need import serves_inference
from advisor.rules.of_size import above_every_reading, between_readings, request_max, response_max
from advisor.rules.of_time import mean_within, tail_within
from advisor.units import show_bytes, show_duration
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime

__all__ = ["RULES"]

_POINTER = "pass a pointer to the body in S3, compress it, or use asynchronous, whose bodies go through S3"
_DISAGREE = (
    "AWS's developer guide says {realtime.payload_max}; the API model still says {realtime.payload_warn} for both "
    "bodies. What lies between works where the guide holds."
)


def _place(d: RealTime) -> str:
    return d.instance_type


request_too_large = above_every_reading(
    "RT-01", "realtime.payload_max", request_max, "requests",
    where="payload.request_max", title="A real-time endpoint refuses a request over {realtime.payload_max}.",
    mend=_POINTER, passes="payload: {request_max: 5 MB}", fails="payload: {request_max: 30 MB}",
)  # fmt: skip
request_between = between_readings(
    "RT-02", "realtime.payload_max", request_max, "requests", lower="realtime.payload_warn",
    where="payload.request_max", title="A request over {realtime.payload_warn} may be refused.", reason=_DISAGREE,
    mend="try one such request in your region first; " + _POINTER,
    passes="payload: {request_max: 6 MiB}", fails="payload: {request_max: 20 MB}",
)  # fmt: skip
response_too_large = above_every_reading(
    "RT-03", "realtime.payload_max", response_max, "answers",
    where="payload.response_max", title="A real-time endpoint returns no answer over {realtime.payload_max}.",
    mend="write the answer to S3 and return its place, stream it, or use asynchronous",
    passes="payload: {response_max: 5 MB}", fails="payload: {response_max: 30 MB}",
)  # fmt: skip
response_between = between_readings(
    "RT-04", "realtime.payload_max", response_max, "answers", lower="realtime.payload_warn",
    where="payload.response_max", title="An answer over {realtime.payload_warn} may be refused.", reason=_DISAGREE,
    mend="try one such answer in your region first, or write it to S3 and return its place",
    passes="payload: {response_max: 6 MiB}", fails="payload: {response_max: 20 MB}",
)  # fmt: skip
usual_in_time = mean_within(
    "RT-05", "realtime.invoke_timeout", _place, unless="streaming",
    title="A real-time endpoint waits {realtime.invoke_timeout} for an answer.",
    reason="A call that takes longer ends with an error, though the container may go on working on it.",
    mend="use asynchronous, split the work into shorter calls, or stream the answer (needs: [streaming])",
    passes="work: [{on: ml.m5.large, mean: 20 s, cv: 0.1}]", fails="work: [{on: ml.m5.large, mean: 3 min, cv: 0.1}]",
)  # fmt: skip
tail_in_time = tail_within(
    "RT-06", "realtime.invoke_timeout", _place, unless="streaming",
    title="Slow requests, too, are answered within {realtime.invoke_timeout}.",
    reason=(
        "The usual request is in time; of the slow ones more than the errors allowed are not, and each of these "
        "is an error."
    ),
    mend="use asynchronous for all or for the long ones, or shorten the longest requests",
    passes="work: [{on: ml.m5.large, mean: 10 s, p99: 20 s}]", fails="work: [{on: ml.m5.large, mean: 30 s, p99: 90 s}]",
)  # fmt: skip


@rule("RT-07", BLOCKS, where="work", reads=("realtime.stream_timeout",), facts=3,
      passes="{needs: [streaming], work: [{on: ml.m5.large, mean: 2 min, cv: 0.2}]}",
      fails="{needs: [streaming], work: [{on: ml.m5.large, mean: 10 min, cv: 0.2}]}")  # fmt: skip
def stream_in_time(w: Workload, d: RealTime) -> Ill | None:
    """A streamed answer ends within {realtime.stream_timeout}."""
    on = w.work_on(d.instance_type)
    if "streaming" not in w.needs or on.mean_s <= w.limit("realtime.stream_timeout"):
        return None
    return Ill(
        f"a streamed answer takes {show_duration(on.mean_s)}, and a stream may take "
        f"{told(w, 'realtime.stream_timeout')}",
        mend="bound the length of an answer, or use asynchronous without streaming",
    )


@rule("RT-08", NOTES, where="work", reads=("realtime.client_socket_timeout_advised", "client_retry_attempts"), facts=2,
      fails="work: [{on: ml.m5.large, mean: 30 s, p95: 52 s}]")  # fmt: skip
def client_waits(w: Workload, d: RealTime) -> Ill | None:
    """A caller with long requests waits {realtime.client_socket_timeout_advised} on its socket.

    A client that gives up earlier sends the same request again, up to {client_retry_attempts} times in all, while
    the first one still holds its worker.
    """
    slow = longest_s(w, w.work_on(d.instance_type), 0.99)
    if slow <= w.limit("realtime.client_socket_timeout_advised") / 2:
        return None
    advised = told(w, "realtime.client_socket_timeout_advised")
    return Ill(
        f"one request in a hundred takes {show_duration(slow)} or more, close to where clients give up and try again",
        mend=f"set the client's read time-out to {advised}, and its retries to none",
    )


offered = family_offered(
    "RT-09", "Hosting", "a real-time endpoint", passes_set="instance_type=ml.m5.xlarge",
    fails_set="instance_type=ml.c5n.xlarge",
)  # fmt: skip
sold = sold_in_region(
    "RT-10", "Hosting", passes="region: eu-west-1", fails="region: af-south-1", fails_set="instance_type=ml.g6.xlarge",
)  # fmt: skip
accelerator_there = accelerator_missing(
    "RT-11", passes="{model: {accelerator: required}, work: [{on: ml.g5.xlarge, mean: 40 ms}]}",
    fails="model: {accelerator: required}", fails_set="instance_type=ml.m5.large",
)  # fmt: skip
memory_fits = model_fits_memory(
    "RT-12", passes="model: {memory: 6 GB}", fails="model: {memory: 12 GB}", fails_set="instance_type=ml.m5.large"
)
copies_fit = memory_full(
    "RT-13", passes="model: {memory: 3 GB}", fails="model: {memory: 5 GB}", fails_set="instance_type=ml.m5.large"
)
model_too_large = above_every_reading(
    "RT-14", "realtime.model_size_max", lambda w: w.model.size_bytes, "the model",
    where="model.size", title="A real-time endpoint loads models of up to {realtime.model_size_max}.",
    mend="quantise or split the model", passes="model: {size: 100 GB}", fails="model: {size: 700 GB}",
)  # fmt: skip


@rule("RT-15", BLOCKS, where="deployment.volume_gb", reads=("realtime.volume_gb_max",), facts=1,
      passes_set="volume=500 GB", fails_set="volume=600 GB")  # fmt: skip
def volume_too_large(w: Workload, d: RealTime) -> Ill | None:
    """The volume of an instance is at most {realtime.volume_gb_max}."""
    if d.volume_gb is None or d.volume_gb * 1e9 <= limit("realtime.volume_gb_max").base:
        return None
    return Ill(
        f"a volume of {d.volume_gb} GB, and {told(w, 'realtime.volume_gb_max')} is the most",
        mend="take a type with local NVMe disks, such as ml.g5.12xlarge, or a smaller model",
    )


no_volume_beside_nvme = volume_beside_nvme(
    "RT-16", passes_set="volume=50 GB", fails_set="instance_type=ml.g5.xlarge, volume=50 GB"
)


@rule("RT-17", WARNS, where="model.size", reads=("artefact_unpack_factor", "endpoint_volume"), facts=4,
      fails="model: {size: 40 GB}", fails_set="volume=50 GB")  # fmt: skip
def disk_holds_model(w: Workload, d: RealTime) -> Ill | None:
    """The disk holds the model's archive and what is unpacked from it.

    While it unpacks, a model takes {artefact_unpack_factor} its size. Where no volume is asked for, one of
    {endpoint_volume} is counted on, or the type's own NVMe disk.
    """
    one = instance(d.instance_type)
    disk = one.nvme_gb * 1e9 if one.nvme_gb else (d.volume_gb or 0) * 1e9 or float(w.assume("endpoint_volume"))
    needed = w.model.size_bytes * float(w.assume("artefact_unpack_factor"))
    if needed <= disk:
        return None
    return Ill(
        f"the model unpacks to {show_bytes(needed)} with its archive, and the disk has {show_bytes(disk)}",
        mend="ask for a larger volume, store the model uncompressed, or take a type with NVMe disks",
    )


@rule("RT-18", WARNS, where="model.size",
      reads=("realtime.first_ping_window", "realtime.startup_health_timeout_max", "launch_model_per_s"), facts=2,
      passes="model: {size: 20 GB}", fails="model: {size: 80 GB, memory: 90 GB}")  # fmt: skip
def ready_for_ping(w: Workload, _: RealTime) -> Ill | None:
    """A container answers its first health check within {realtime.first_ping_window} of its start.

    Download and load of a large model take longer; both time-outs can be raised, to
    {realtime.startup_health_timeout_max}.
    """
    ready = model_ready_s(w)
    longest = w.limit("realtime.startup_health_timeout_max")
    if not w.limit("realtime.first_ping_window") < ready <= longest:
        return None
    return Ill(
        f"the model is ready after about {show_duration(ready)}, and the first health check waits "
        f"{told(w, 'realtime.first_ping_window')}",
        mend="raise ContainerStartupHealthCheckTimeoutInSeconds and ModelDataDownloadTimeoutInSeconds, or load faster",
    )


@rule("RT-19", BLOCKS, where="model.size", reads=("realtime.startup_health_timeout_max", "launch_model_per_s"), facts=2,
      passes="model: {size: 100 GB}", fails="model: {size: 450 GB, memory: 460 GB}")  # fmt: skip
def ready_at_all(w: Workload, _: RealTime) -> Ill | None:
    """A container is ready within {realtime.startup_health_timeout_max}, the longest that can be set."""
    ready = model_ready_s(w)
    if ready <= w.limit("realtime.startup_health_timeout_max"):
        return None
    return Ill(
        f"the model is ready after about {show_duration(ready)}, and no time-out can be set above "
        f"{told(w, 'realtime.startup_health_timeout_max')}",
        mend="load faster (uncompressed parts in parallel, platform: {launch_model_per_s: ...}), or quantise the model",
    )


quota_endpoint = quota_covers(
    "RT-20", "quota.instances_per_endpoint", lambda d: d.max_instances, "instances of one endpoint",
    where="deployment.max_instances", passes_set="max_instances=4, scaling=invocations, target=600",
    fails_set="max_instances=9, scaling=invocations, target=600",
)  # fmt: skip
mean_calls = rate_within(
    "RT-21", "realtime.account_invoke_rate_max", lambda w: w.rate_per_s, "mean", BLOCKS,
    passes="traffic: {rate: 2000 per second}", fails="traffic: {rate: 12000 per second}",
)  # fmt: skip
peak_calls = rate_within(
    "RT-22", "realtime.account_invoke_rate_max", lambda w: w.peak_per_s, "peak", WARNS,
    passes="traffic: {rate: 4000 per second}", fails="traffic: {rate: 7000 per second}",
)  # fmt: skip


@rule("RT-23", NOTES, where="model.accelerator", source="AWS general reference, SageMaker quotas, 2026", facts=2,
      fails="{model: {accelerator: required}, work: [{on: ml.g5.xlarge, mean: 40 ms}]}")  # fmt: skip
def accelerator_quota(_: Workload, d: RealTime) -> Ill | None:
    """A new account may hold no instance of an accelerator type.

    Quotas count by type, and those of many accelerator types begin at zero.
    """
    if not has_accelerator(instance(d.instance_type)):
        return None
    return Ill(
        f"{d.instance_type} has a quota of its own, which is often zero in a new account",
        mend=f"ask AWS for {d.max_instances} x {d.instance_type} for endpoint usage before you count on them",
    )


inference_only = serves_inference("RT-24", "real-time")


@rule("RT-25", BLOCKS, where="payload.request_max", reads=("realtime.payload_max_china",), facts=2,
      passes="{region: us-east-1, payload: {request_max: 8 MB}}",
      fails="{region: cn-north-1, payload: {request_max: 8 MB}}")  # fmt: skip
def china_takes_less(w: Workload, _: RealTime) -> Ill | None:
    """In regions of China a body is at most {realtime.payload_max_china}."""
    largest = max(w.payload.request_max_bytes, w.payload.response_max_bytes)
    if not w.region.startswith("cn-") or largest <= limit("realtime.payload_max_china").high_bytes:
        return None
    return Ill(
        f"bodies reach {show_bytes(largest)}, and in {w.region} {told(w, 'realtime.payload_max_china')} are the most",
        mend=_POINTER,
    )


RULES: tuple[Rule[Any], ...] = (
    request_too_large, request_between, response_too_large, response_between, usual_in_time, tail_in_time,
    stream_in_time, client_waits, offered, sold, accelerator_there, memory_fits, copies_fit, model_too_large,
    volume_too_large, no_volume_beside_nvme, disk_holds_model, ready_for_ping, ready_at_all, quota_endpoint,
    mean_calls, peak_calls, accelerator_quota, inference_only, china_takes_less,
)  # fmt: skip
