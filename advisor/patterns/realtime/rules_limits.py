"""Real-time rules about AWS's limits: payload, time, size, disk, start-up, quotas, what the API offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule, told
from advisor.rules.estimates import has_accelerator, longest_s, roughly
from advisor.rules.of_disk import (
    disk_holds_model,
    model_size_between,
    model_size_refused,
    ready_at_all,
    ready_for_ping,
    volume_beside_nvme,
    volume_within_most,
)
from advisor.rules.of_fleet import own_quota_covers, quota_covers, rate_within
from advisor.rules.of_instance import accelerator_missing
from advisor.rules.of_memory import memory_full, model_close_to_memory, model_fits_memory
from advisor.rules.of_need import serves_inference
from advisor.rules.of_offer import family_offered, region_priced, sold_in_region
from advisor.rules.of_size import above_every_reading, between_readings, china_takes_less, request_max, response_max
from advisor.rules.of_time import borrowed_mean_within, mean_within, tail_within
from advisor.rules.popularity import one_endpoint
from advisor.units import show_duration
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
    reason="The body goes in the call itself; one in S3, with a pointer to it, has no such limit.",
    mend=_POINTER, passes="payload: {request_max: 5 MB}", fails="payload: {request_max: 30 MB}",
)  # fmt: skip
request_between = between_readings(
    "RT-02", "realtime.payload_max", request_max, "requests", lower="realtime.payload_warn",
    where="payload.request_max", title="A request over {realtime.payload_warn} may be refused.", reason=_DISAGREE,
    mend="try one such request in your region first; " + _POINTER,
    passes="payload: {request_max: 6 MiB}", fails="payload: {request_max: 20 MB}", not_in="cn-",
)  # fmt: skip
response_too_large = above_every_reading(
    "RT-03", "realtime.payload_max", response_max, "answers",
    where="payload.response_max", title="A real-time endpoint returns no answer over {realtime.payload_max}.",
    reason="The answer comes back in the call itself; one written to S3 has no such limit.",
    mend="write the answer to S3 and return its place, stream it (needs: [streaming]), or use asynchronous",
    passes="payload: {response_max: 5 MB}", fails="payload: {response_max: 30 MB}", unless="streaming",
)  # fmt: skip
response_between = between_readings(
    "RT-04", "realtime.payload_max", response_max, "answers", lower="realtime.payload_warn",
    where="payload.response_max", title="An answer over {realtime.payload_warn} may be refused.", reason=_DISAGREE,
    mend="try one such answer in your region first, or write it to S3 and return its place",
    passes="payload: {response_max: 6 MiB}", fails="payload: {response_max: 20 MB}", unless="streaming",
    not_in="cn-",
)  # fmt: skip
usual_in_time = mean_within(
    "RT-05", "realtime.invoke_timeout", _place, unless="streaming",
    title="A real-time endpoint waits {realtime.invoke_timeout} for an answer.",
    reason="A call that takes longer ends with an error, though the container may go on working on it.",
    mend="use asynchronous, split the work into shorter calls, or stream the answer (needs: [streaming])",
    passes="work: [{on: ml.m5.large, mean: 20 s, cv: 0.1}]", fails="work: [{on: ml.m5.large, mean: 3 min, cv: 0.1}]",
)  # fmt: skip
borrowed_in_time = borrowed_mean_within(
    "RT-28", "realtime.invoke_timeout", _place, unless="streaming",
    title="A request that by a borrowed speed takes longer than {realtime.invoke_timeout} may fail.",
    reason="Nothing was measured on this type, so nothing is refused: a measurement decides.",
    mend="measure it on this type, take a faster one, or use asynchronous",
    passes="work: [{on: ml.m5.large, mean: 20 s, cv: 0.1}]", fails="work: [{on: ml.m5.large, mean: 3 min, cv: 0.1}]",
    fails_set="instance_type=ml.m5.xlarge",
)  # fmt: skip
tail_in_time = tail_within(
    "RT-06", "realtime.invoke_timeout", _place, unless="streaming",
    title="A slow request, too, ends as an error after {realtime.invoke_timeout}.",
    reason=(
        "The usual request is in time; of the slow ones more than the errors allowed are not, and each of these "
        "is an error."
    ),
    mend="use asynchronous for all or for the long ones, or shorten the longest requests",
    passes="work: [{on: ml.m5.large, mean: 10 s, p99: 20 s}]", fails="work: [{on: ml.m5.large, mean: 30 s, p99: 90 s}]",
)  # fmt: skip


stream_tail_in_time = tail_within(
    "RT-29", "realtime.stream_timeout", _place, only="streaming",
    title="A long stream, too, is cut off after {realtime.stream_timeout}.",
    reason="The usual answer ends in time; more of the long ones than the errors allowed do not.",
    mend="bound the length of an answer, or use asynchronous without streaming for the long ones",
    passes="{needs: [streaming], work: [{on: ml.m5.large, mean: 2 min, cv: 0.2}]}",
    fails="{needs: [streaming], work: [{on: ml.m5.large, mean: 4 min, p99: 12 min}]}",
)  # fmt: skip


@rule("RT-07", BLOCKS, where="work", reads=("realtime.stream_timeout",), facts=3,
      passes="{needs: [streaming], work: [{on: ml.m5.large, mean: 2 min, cv: 0.2}]}",
      fails="{needs: [streaming], work: [{on: ml.m5.large, mean: 10 min, cv: 0.2}]}")  # fmt: skip
def stream_in_time(w: Workload, d: RealTime) -> Ill | None:
    """A stream is cut off after {realtime.stream_timeout}.

    It holds its instance until the last token; what takes longer than that never ends well.
    """
    on = w.work_on(d.instance_type)
    if "streaming" not in w.needs or on.evidence != "measured" or on.mean_s <= w.limit("realtime.stream_timeout"):
        return None
    return Ill(
        f"a streamed answer takes {show_duration(on.mean_s)}, and a stream may take "
        f"{told(w, 'realtime.stream_timeout')}",
        mend="bound the length of an answer, or use asynchronous without streaming",
    )


@rule("RT-08", NOTES, where="work", facts=2,
      reads=("realtime.client_socket_timeout_advised", "realtime.invoke_timeout", "client_retry_attempts"),
      fails="work: [{on: ml.m5.large, mean: 20 s, p95: 32 s}]")  # fmt: skip
def client_waits(w: Workload, d: RealTime) -> Ill | None:
    """AWS advises callers with long requests to wait {realtime.client_socket_timeout_advised} on their sockets.

    A client that gives up earlier sends the same request again, up to {client_retry_attempts} times in all, while
    the first one still holds its worker.
    """
    slow = longest_s(w, w.work_on(d.instance_type), 0.99)
    if "streaming" in w.needs or slow > w.limit("realtime.invoke_timeout"):
        return None  # another rule speaks
    if slow <= w.limit("realtime.client_socket_timeout_advised") / 2:
        return None
    advised = told(w, "realtime.client_socket_timeout_advised")
    return Ill(
        f"one request in a hundred takes {show_duration(roughly(slow))} or more, close to where clients give up "
        "and try again",
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
memory_close = model_close_to_memory(
    "RT-43", passes="model: {memory: 6 GB}", fails="model: {memory: 7.5 GB}", fails_set="instance_type=ml.m5.large"
)
model_too_large = model_size_refused("RT-14", "a real-time endpoint")
model_between = model_size_between("RT-26")
volume_too_large = volume_within_most("RT-15")
no_volume_beside_nvme = volume_beside_nvme(
    "RT-16", passes_set="volume=50 GB", fails_set="instance_type=ml.g5.xlarge, volume=50 GB"
)


disk_there = disk_holds_model("RT-17", fails_set="volume=50 GB")
health_check = ready_for_ping("RT-18")
download = ready_at_all("RT-19")


quota_endpoint = quota_covers(
    "RT-20", "quota.instances_per_endpoint", lambda d: d.max_instances, "instances of one endpoint",
    where="deployment.max_instances", passes_set="max_instances=4, scaling=invocations, target=600",
    fails_set="max_instances=9, scaling=invocations, target=600", own_refused=True,
    times=lambda w: 1 if one_endpoint(w) else 0,
)  # fmt: skip
own_quota = own_quota_covers(
    "RT-44", "quota.instances_per_endpoint", lambda w, d: d.max_instances if one_endpoint(w) else 0,
    "instances of one endpoint", "take fewer or larger instances", where="deployment.max_instances",
    passes="platform: {quota.instances_per_endpoint: 20}", fails="platform: {quota.instances_per_endpoint: 8}",
    passes_set="max_instances=9, scaling=invocations, target=600",
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
    """In a new account the quota of an accelerator type may be zero.

    Quotas count by type, and those of many accelerator types begin at zero.
    """
    if not has_accelerator(instance(d.instance_type)):
        return None
    return Ill(
        f"{d.instance_type} has a quota of its own, which is often zero in a new account",
        mend=f"ask AWS for {d.max_instances} x {d.instance_type} for endpoint usage before you count on them",
    )


inference_only = serves_inference("RT-24", "real-time")
china = china_takes_less("RT-25")
unknown_region = region_priced("RT-45", what="a real-time endpoint")


RULES: tuple[Rule[Any], ...] = (
    request_too_large, request_between, response_too_large, response_between, usual_in_time, borrowed_in_time,
    tail_in_time, stream_in_time, stream_tail_in_time, client_waits, offered, sold, unknown_region, accelerator_there,
    memory_fits, memory_close, copies_fit, model_too_large, model_between, volume_too_large, no_volume_beside_nvme,
    disk_there, health_check, download, quota_endpoint, own_quota, mean_calls, peak_calls, accelerator_quota,
    inference_only, china,
)  # fmt: skip
