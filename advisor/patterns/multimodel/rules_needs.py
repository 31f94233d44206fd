"""Multi-model endpoints: what they exclude, which models share them, bodies and times as for any real-time endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.figures import told
from advisor.rules.of_need import excludes, lot_beside, serves_a_stream, serves_inference
from advisor.rules.of_size import above_every_reading, between_readings, china_takes_less, request_max, response_max
from advisor.rules.of_time import borrowed_mean_within, curve_falls, mean_within, objective_reachable, tail_within
from advisor.units import show_count, show_duration, show_factor
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["RULES"]

_UNLIKE = 4.0


def _type(d: Any) -> str:
    return str(d.instance_type)


_SHARED: tuple[Rule[Any], ...] = (
    serves_inference("MM-01", "a multi-model endpoint"),
    excludes(
        "MM-02",
        "shadow",
        "A multi-model endpoint has no shadow variants.",
        "give the model under test a real-time endpoint of its own",
        reads=("feature.shadow.mme",),
    ),
    excludes(
        "MM-03",
        "variants",
        "A multi-model endpoint has one production variant.",
        "use a real-time endpoint, or let the caller choose between two models by name",
        reads=("feature.variants.mme",),
    ),
    excludes(
        "MM-04",
        "data-capture",
        "A multi-model endpoint captures no data.",
        "use a real-time endpoint, or have the container write what it saw",
        reads=("feature.data_capture.mme",),
    ),
    excludes(
        "MM-05",
        "model-monitor",
        "Model Monitor has nothing to read from a multi-model endpoint.",
        "use a real-time endpoint, or have the container write what it saw and compare it in a processing job",
        reads=("feature.data_capture.mme",),
        reason="It reads captured data, and a multi-model endpoint captures none.",
    ),
    excludes(
        "MM-06",
        "scale-to-zero",
        "A multi-model endpoint keeps at least one instance.",
        "use serverless or asynchronous inference, or inference components, which scale each model to zero",
        reads=("scaling.min_capacity_realtime",),
        reason="Models leave memory when nobody asks for them; the instances stay, "
        "{scaling.min_capacity_realtime} of them at least.",
    ),
    excludes(
        "MM-07",
        "queueing",
        "A multi-model endpoint has no queue that outlives a burst.",
        "use asynchronous inference, or put a queue of your own before the endpoint",
        source="AWS developer guide, model deployment options, 2026",
    ),
    excludes(
        "MM-08",
        "notifications",
        "A multi-model endpoint notifies nobody.",
        "use asynchronous inference, or have the caller publish",
        source="AWS developer guide, model deployment options, 2026",
    ),
    excludes(
        "MM-09",
        "multi-container",
        "A multi-model endpoint holds one container.",
        "use a multi-container endpoint, which keeps several containers loaded",
        reads=("mme.same_container", "realtime.containers_max"),
        reason="What models share here is the container; a multi-container endpoint holds up to "
        "{realtime.containers_max} different ones.",
    ),
    excludes(
        "MM-10",
        "pipeline",
        "Only {mme.containers_per_pipeline_max} container of a pipeline may hold many models.",
        "keep the other steps of the pipeline single-model",
        verdict=NOTES,
        reads=("mme.containers_per_pipeline_max",),
        says="the workload needs a pipeline, and only one of its containers may hold many models",
    ),
    excludes(
        "MM-11",
        "streaming",
        "AWS does not say that a multi-model endpoint streams.",
        "try it before relying on it, or use a real-time endpoint, which streams",
        verdict=WARNS,
        reads=("feature.streaming.realtime",),
    ),
    above_every_reading(
        "MM-12",
        "realtime.payload_max",
        request_max,
        "requests",
        where="payload.request_max",
        title="A multi-model endpoint refuses a request over {realtime.payload_max}.",
        mend="pass a pointer through S3, or use asynchronous inference",
        passes="payload: {request_max: 4 MB}",
        fails="payload: {request_max: 30 MB}",
    ),
    between_readings(
        "MM-13",
        "realtime.payload_max",
        request_max,
        "requests",
        where="payload.request_max",
        title="A request over {realtime.payload_warn} may be refused.",
        reason="AWS's guide says {realtime.payload_max}, its API model {realtime.payload_warn} for the same call.",
        mend="pass a pointer through S3, or try one of that size in your region before relying on it",
        passes="payload: {request_max: 6 MB}",
        fails="payload: {request_max: 10 MB}",
        lower="realtime.payload_warn",
        not_in="cn-",
    ),
    above_every_reading(
        "MM-14",
        "realtime.payload_max",
        response_max,
        "answers",
        where="payload.response_max",
        title="A multi-model endpoint sends no answer over {realtime.payload_max}.",
        mend="write the answer to S3 and send its address, or use asynchronous inference",
        passes="payload: {response_max: 4 MB}",
        fails="payload: {response_max: 30 MB}",
    ),
    mean_within(
        "MM-15",
        "realtime.invoke_timeout",
        _type,
        title="A multi-model endpoint ends a call after {realtime.invoke_timeout}.",
        reason="A load that the call waits for counts. Refused is what was measured to take longer.",
        mend="use asynchronous inference, which allows an hour",
        passes="traffic: {rate: 1 per hour}\nwork: [{on: ml.m5.large, mean: 50 s, cv: 0.1, workers: 2}]",
        fails="traffic: {rate: 1 per hour}\nwork: [{on: ml.m5.large, mean: 70 s, cv: 0.1, workers: 2}]",
        unless="streaming",
    ),
    borrowed_mean_within(
        "MM-75",
        "realtime.invoke_timeout",
        _type,
        title="A multi-model endpoint may end a call of an unmeasured model after {realtime.invoke_timeout}.",
        reason="The time is borrowed from another type, so that a measurement may show that it is in time.",
        mend="measure it on this type, or use asynchronous inference, which allows an hour",
        passes="traffic: {rate: 1 per hour}\nwork: [{on: ml.m5.xlarge, mean: 50 s, cv: 0.1, workers: 2}]",
        passes_set="instance_type=ml.m5.large",
        fails="traffic: {rate: 1 per hour}\nwork: [{on: ml.m5.xlarge, mean: 70 s, cv: 0.1, workers: 2}]",
        fails_set="instance_type=ml.m5.large",
        unless="streaming",
    ),
    tail_within(
        "MM-16",
        "realtime.invoke_timeout",
        _type,
        title="A multi-model endpoint ends the slowest calls, too, after {realtime.invoke_timeout}.",
        reason="A call that takes longer ends as an error, while its worker goes on.",
        mend="use asynchronous inference, or make the largest requests smaller",
        passes="traffic: {rate: 1 per hour}\nwork: [{on: ml.m5.large, mean: 20 s, cv: 0.2, workers: 2}]",
        fails="traffic: {rate: 1 per hour}\nwork: [{on: ml.m5.large, mean: 40 s, cv: 0.6, workers: 2}]",
        unless="streaming",
    ),
    china_takes_less("MM-76"),
    lot_beside("MM-77", model="{count: 5}"),
    objective_reachable(
        "MM-17", _type, overhead="endpoint_overhead", passes="objective: {p95: 200 ms}", fails="objective: {p95: 50 ms}"
    ),
    curve_falls(
        "MM-18",
        _type,
        passes="work: [{on: ml.m5.large, at: {1: 100 ms, 4: 300 ms}}]",
        fails="work: [{on: ml.m5.large, at: {1: 100 ms, 4: 500 ms}}]",
    ),
)


@rule("MM-19", BLOCKS, where="model.count", source="AWS developer guide, multi-model endpoints, 2026",
      passes="model: {count: 5}", fails="model: {count: 1}", excludes=True)  # fmt: skip
def models_to_share(w: Workload, d: MultiModel) -> Ill | None:
    """A multi-model endpoint of one model has nothing to share.

    With one model it is a real-time endpoint of the same price whose first call is slower, and which lacks variants,
    data capture and the faster scaling metric. So it is refused rather than ranked beside its better half.
    """
    del d
    if w.model.count > 1:
        return None
    return Ill("there is one model, so there is nothing to share", mend="use a real-time endpoint, or give model.count")


@rule("MM-20", BLOCKS, where="model.same_container", reads=("mme.same_container",), facts=2,
      passes="model: {count: 5, same_container: yes}", fails="model: {count: 5, same_container: no}",
      excludes=True)  # fmt: skip
def one_container(w: Workload, d: MultiModel) -> Ill | None:
    """All models of a multi-model endpoint run in the same container.

    They share framework and code and differ in their artefacts only. Different containers are for a multi-container
    endpoint or for inference components.
    """
    del d
    if w.model.same_container or w.model.count == 1:
        return None
    return Ill(
        f"{show_count(w.model.count)} models run in different containers",
        mend="use a multi-container endpoint, inference components, or one endpoint a container",
    )


@rule("MM-78", BLOCKS, where="work", reads=("realtime.stream_timeout",), facts=3, excludes=True,
      passes="{model: {count: 5}, needs: [streaming], work: [{on: ml.m5.large, mean: 7 min, cv: 0.2}]}",
      fails="{model: {count: 5}, needs: [streaming], work: [{on: ml.m5.large, mean: 9 min, cv: 0.2}]}")  # fmt: skip
def stream_ends(w: Workload, d: MultiModel) -> Ill | None:
    """A streamed answer ends after {realtime.stream_timeout} on any endpoint.

    AWS does not say that a multi-model endpoint streams at all; if it does, it does so no longer than a real-time one.
    """
    on = w.work_on(d.instance_type)
    if "streaming" not in w.needs or on.evidence != "measured" or on.mean_s <= w.limit("realtime.stream_timeout"):
        return None
    return Ill(
        f"an answer streams for {show_duration(on.mean_s)} on {on.on}, and a stream ends after "
        f"{told(w, 'realtime.stream_timeout')}",
        mend="send the answer in parts, each by a request of its own, or use asynchronous inference instead",
    )


_ALIKE = """
    model: {count: 2}
    traffic:
      rate: null
      classes: [{name: light, rate: 1 per second, model: 1}, {name: laborious, rate: 1 per second, model: 2, work: 3}]
"""


@rule("MM-21", WARNS, where="traffic.classes", source="AWS developer guide, multi-model endpoints, 2026", facts=3,
      passes=_ALIKE, fails=_ALIKE.replace("work: 3", "work: 9"))  # fmt: skip
def models_alike(w: Workload, d: MultiModel) -> Ill | None:
    """Models that share an endpoint and differ much in work hold one another up.

    A slow model's calls hold the workers that a fast one waits for, and one scaling target fits both badly.
    """
    del d
    works = [one.work for one in (w.traffic.classes if w.traffic else ()) if one.model is not None]
    if w.model.count == 1 or not works or max(works) <= _UNLIKE * min(works):
        return None
    return Ill(
        f"the most laborious model takes {show_factor(max(works) / min(works))} the work of the lightest",
        mend="give models that differ so much endpoints of their own, by size",
    )


requests_come = serves_a_stream(
    "MM-22",
    "A batch transform job runs one model over its objects; many models are as many jobs, and no fleet waits between.",
    model="{count: 5}",
)


@rule("MM-23", NOTES, where="model.count", source="AWS developer guide, inference components, 2026", facts=2,
      passes="model: {count: 1}", fails="model: {count: 5}")  # fmt: skip
def components_not_compared(w: Workload, d: MultiModel) -> Ill | None:
    """Inference components would compete here, and they are not compared.

    They reserve cores, accelerators and memory for each model, scale each by itself, down to none, and may hold
    different containers. This package does not simulate them yet.
    """
    del d
    if w.model.count == 1:
        return None
    return Ill(
        f"not compared: inference components, which could also host {show_count(w.model.count)} models",
        mend="look at them where models need reserved accelerators or scale apart from one another",
    )


RULES: tuple[Rule[Any], ...] = (
    *_SHARED,
    models_to_share,
    one_container,
    stream_ends,
    models_alike,
    requests_come,
    components_not_compared,
)
