"""Asynchronous inference: what comes in, what goes out, and whether requests come at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import copies_memory_mib, usable_memory_mib
from advisor.rules.figures import told
from advisor.rules.of_need import lot_beside, serves_a_stream
from advisor.rules.of_size import above_every_reading, between_readings, request_max
from advisor.units import MIB, show_bytes, show_count, show_duration, show_memory
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["RULES"]

_SHARED: tuple[Rule[Any], ...] = (
    above_every_reading(
        "AS-10",
        "async.payload_max",
        request_max,
        "requests",
        where="payload.request_max",
        title="An asynchronous endpoint refuses an input over {async.payload_max}.",
        reason="The input lies in S3 and the instance fetches it; anything larger has to be cut into parts.",
        mend="cut the input into parts, or pass a pointer that the container itself resolves",
        passes="payload: {request_max: 900 MB}",
        fails="payload: {request_max: 1.2 GB}",
    ),
    between_readings(
        "AS-11",
        "async.payload_max",
        request_max,
        "requests",
        where="payload.request_max",
        title="An input of about {async.payload_max} may be refused.",
        reason="AWS writes the limit in GB and does not say whether a GB has 1000 or 1024 MB.",
        mend="keep inputs below 1,000 MB, or try one of that size before relying on it",
        passes="payload: {request_max: 999 MB}",
        fails="payload: {request_max: 1050 MB}",
    ),
)


@rule("AS-12", BLOCKS, where="payload.request_max", reads=("async.inline_body_max",), facts=2,
      passes="payload: {request_max: 200 KB}", passes_set="inline=no",
      fails="payload: {request_max: 200 KB}", fails_set="inline=yes")  # fmt: skip
def inline_body_fits(w: Workload, d: Asynchronous) -> Ill | None:
    """A body sent in the call itself has at most {async.inline_body_max}.

    Since 2026-06 a small body may go in the call instead of through S3; a larger one goes by InputLocation.
    """
    if not d.inline or w.payload.request_max_bytes <= limit("async.inline_body_max").base:
        return None
    return Ill(
        f"requests reach {show_bytes(w.payload.request_max_bytes)}, and a body in the call has at most "
        f"{told(w, 'async.inline_body_max')}",
        mend="put inputs into S3 and pass InputLocation (inline=no)",
    )


@rule("AS-13", NOTES, where="payload.request_max", reads=("async.inline_body_max", "async_puts_per_request"), facts=2,
      passes="payload: {request_max: 100 KB}", passes_set="inline=yes",
      fails="payload: {request_max: 100 KB}", fails_set="inline=no")  # fmt: skip
def inline_body_spares_upload(w: Workload, d: Asynchronous) -> Ill | None:
    """Bodies up to {async.inline_body_max} need no way through S3.

    Sent in the call, they spare the caller an upload and the bill an S3 write for each request.
    """
    if d.inline or w.payload.request_max_bytes > limit("async.inline_body_max").base:
        return None
    return Ill(
        f"the largest request has {show_bytes(w.payload.request_max_bytes)} and would fit the call itself",
        mend="send the body in the call (inline=yes)",
    )


@rule("AS-14", NOTES, where="payload.response_max", reads=("async.sns_inline_response_max",), facts=2,
      passes="needs: [notifications]\npayload: {response_max: 90 KB}",
      fails="needs: [notifications]\npayload: {response_max: 400 KB}")  # fmt: skip
def notification_holds_answer(w: Workload, d: Asynchronous) -> Ill | None:
    """A notification includes an answer of up to {async.sns_inline_response_max}; a larger one is fetched from S3."""
    del d
    if (
        "notifications" not in w.needs
        or w.payload.response_max_bytes <= limit("async.sns_inline_response_max").high_bytes
    ):
        return None
    return Ill(
        f"answers reach {show_bytes(w.payload.response_max_bytes)}, and a notification carries "
        f"{told(w, 'async.sns_inline_response_max')}",
        mend="have the receiver read the answer from S3 by the address in the notification",
    )


@rule("AS-15", NOTES, where="needs", reads=("async.sns_inline_response_max", "async_gets_per_request"), facts=2,
      passes="needs: [notifications]\nobjective: {p95: 5 min}", fails="objective: {p95: 5 min}")  # fmt: skip
def caller_hears_of_answer(w: Workload, d: Asynchronous) -> Ill | None:
    """Without notifications the caller has to ask S3 whether the answer is there.

    Each asking is an S3 request that is paid for, and the answer is found late by half the interval on average. A
    notification by SNS carries answers of up to {async.sns_inline_response_max}.
    """
    del d
    latency = w.objective.latency
    if "notifications" in w.needs or latency is None or not w.streams:
        return None
    if latency[1] <= limit("realtime.invoke_timeout").base and "queueing" not in w.needs:
        return None  # warned of by another rule
    return Ill(
        f"an answer is wanted within {show_duration(latency[1])} ({latency[0]}), and no notification is asked for",
        mend="write needs: [notifications] and give the endpoint a SuccessTopic and an ErrorTopic",
    )


@rule("AS-16", WARNS, where="payload.request_max", reads=("instance_memory_usable", "workers_share_model"), facts=4,
      passes="payload: {request: 200 MB, request_max: 900 MB}", passes_set="concurrency_per_instance=2",
      fails="payload: {request: 200 MB, request_max: 900 MB}", fails_set="concurrency_per_instance=8")  # fmt: skip
def bodies_fit_memory(w: Workload, d: Asynchronous) -> Ill | None:
    """The inputs being worked on take memory beside the models.

    A model server reads a whole body before it begins, and an input is in memory at least once; many large ones at
    once are what ends a worker. {instance_memory_usable} of an instance's memory is taken as usable.
    """
    usable = instance(d.instance_type).memory_mib * float(w.assume("instance_memory_usable"))
    models = 0.0 if w.accelerator == "required" else copies_memory_mib(w, w.work_on(d.instance_type))
    bodies = d.concurrency_per_instance * w.payload.request_max_bytes / MIB
    # Models that do not fit by themselves are another rule's.
    if models + bodies <= usable or models > usable_memory_mib(w, d.instance_type):
        return None
    return Ill(
        f"{d.concurrency_per_instance} inputs of {show_bytes(w.payload.request_max_bytes)} take "
        f"{show_memory(bodies)} beside "
        f"{show_memory(models)} of models, and {d.instance_type} has {show_memory(usable)}",
        mend=f"admit {max(1, int((usable - models) * MIB // w.payload.request_max_bytes))} at once "
        f"(concurrency_per_instance), or take more memory",
    )


requests_come = serves_a_stream(
    "AS-17",
    "Every record would have to be sent as a request of its own, with an S3 read and write each; a batch transform job "
    "reads the objects as they are and ends when they are done.",
)


@rule("AS-18", WARNS, where="model.count", reads=("feature.multi_model.async",), facts=1,
      passes="model: {count: 1}", fails="model: {count: 40}")  # fmt: skip
def one_model(w: Workload, d: Asynchronous) -> Ill | None:
    """An asynchronous endpoint holds one model.

    Multi-model hosting is for real-time endpoints; here every model would need an endpoint and a queue of its own.
    """
    del d
    if w.model.count == 1:
        return None
    return Ill(
        f"{show_count(w.model.count)} models would be as many asynchronous endpoints",
        mend="use multi-model, put all models into one container, or describe one of them with its own traffic",
    )


RULES: tuple[Rule[Any], ...] = (
    *_SHARED,
    inline_body_fits,
    inline_body_spares_upload,
    notification_holds_answer,
    caller_hears_of_answer,
    bodies_fit_memory,
    requests_come,
    lot_beside("AS-67"),
    one_model,
)
