"""Real-time rules about whether the pattern is the right one: needs, objective, models, data, evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.rules import NOTES, WARNS, Ill, Rule, rule, told
from advisor.rules.estimates import roughly
from advisor.rules.of_instance import accelerator_idle, arm_image, neuron_compiled, not_measured
from advisor.rules.of_need import excludes, lot_beside, serves_a_stream
from advisor.rules.of_time import curve_falls, objective_reachable
from advisor.rules.popularity import one_endpoint
from advisor.units import MONTH_S, show_bytes
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime

__all__ = ["RULES"]

# GB in a month from which the data meter deserves a look of its own.
_MUCH_DATA_BYTES = 1e12


def _place(d: RealTime) -> str:
    return d.instance_type


no_zero = excludes(
    "RT-50", "scale-to-zero", "A real-time endpoint keeps at least {scaling.min_capacity_realtime} instance.",
    "use serverless, asynchronous or inference components (which are not compared here), or scale by schedule",
    reads=("scaling.min_capacity_realtime",),
    reason=(
        "Only endpoints made of inference components scale to zero, and requests that come at zero are rejected "
        "there."
    ),
    passes="needs: [vpc]",
)  # fmt: skip
no_queue = excludes(
    "RT-51", "queueing", "A real-time endpoint has no queue that outlives a burst.",
    "use asynchronous, or put a queue of your own before the endpoint",
    source="AWS developer guide, model deployment options, 2026",
    reason=(
        "Requests wait in the container only, and no longer than the call's time-out; what does not fit is "
        "rejected."
    ),
)  # fmt: skip
no_notifications = excludes(
    "RT-52", "notifications", "A real-time endpoint notifies nobody.",
    "use asynchronous, which publishes success and failure, or have the caller publish",
    source="AWS developer guide, asynchronous inference, 2026",
    reason="The answer goes back on the open connection, and nothing is published beside it.",
)  # fmt: skip
reachable = objective_reachable(
    "RT-53", _place, overhead="endpoint_overhead", passes="objective: {p99: 300 ms}", fails="objective: {p99: 30 ms}"
)
curve = curve_falls(
    "RT-54", _place, passes="work: [{on: ml.m5.large, at: {1: 100 ms, 4: 200 ms}}]",
    fails="work: [{on: ml.m5.large, at: {1: 100 ms, 4: 300 ms, 16: 2 s}}]",
)  # fmt: skip
idle_accelerator = accelerator_idle(
    "RT-55", passes_set="instance_type=ml.m5.xlarge", fails_set="instance_type=ml.g5.xlarge"
)
neuron = neuron_compiled(
    "RT-56", passes="{model: {accelerator: required}, work: [{on: ml.inf2.xlarge, mean: 20 ms}]}",
    fails="{model: {accelerator: required}, work: [{on: ml.g5.xlarge, mean: 20 ms}]}",
    passes_set="instance_type=ml.inf2.xlarge", fails_set="instance_type=ml.inf2.xlarge",
)  # fmt: skip
arm = arm_image("RT-57", passes_set="instance_type=ml.c6i.xlarge", fails_set="instance_type=ml.c7g.xlarge")
measured = not_measured("RT-58", passes_set="instance_type=ml.m5.large", fails_set="instance_type=ml.c6i.xlarge")


@rule("RT-59", WARNS, where="model.count", reads=("quota.instances_all_endpoints",), facts=3,
      passes="model: {count: 4}", fails="model: {count: 40, same_container: true}")  # fmt: skip
def many_models(w: Workload, d: RealTime) -> Ill | None:
    """Many models are as many real-time endpoints, and the quota counts the instances of all.

    Each endpoint has an instance of its own at least; a new account may have {quota.instances_all_endpoints} of them
    in all.
    """
    needed = w.model.count * d.min_instances
    if one_endpoint(w) or needed <= w.limit("quota.instances_all_endpoints"):
        return None
    return Ill(
        f"{w.model.count:,} models need {needed:,} instances at least, and the quota over all endpoints is "
        f"{told(w, 'quota.instances_all_endpoints')}",
        mend="use multi-model where they share framework and container, or keep an own endpoint for the busiest only",
    )


@rule("RT-66", NOTES, where="model.count", reads=("quota.instances_all_endpoints",), facts=3,
      passes="model: {count: 1}", fails="model: {count: 3, same_container: true}")  # fmt: skip
def several_models(w: Workload, d: RealTime) -> Ill | None:
    """A real-time endpoint of one container holds one model.

    Several models are several endpoints, each with instances of its own: within the
    {quota.instances_all_endpoints} of a new account that is only a matter of cost.
    """
    needed = w.model.count * d.min_instances
    if one_endpoint(w) or needed > w.limit("quota.instances_all_endpoints"):
        return None
    return Ill(
        f"{w.model.count} models run on an endpoint each, {needed} instances at least",
        mend="compare with multi-model, where they share framework and container",
    )


@rule("RT-60", NOTES, where="payload", source="AWS price list, data processed by endpoints, 2023-2026", facts=3,
      passes="payload: {request: 4 KB}",
      fails="{payload: {request: 300 KB, request_max: 400 KB}, traffic: {rate: 20 per second}}")  # fmt: skip
def data_weighs(w: Workload, _: RealTime) -> Ill | None:
    """Much data in and out is a line of its own on the bill.

    Every GB in and every GB out is billed on top of the instances; advisor prices show lists the rate of a region.
    """
    moved = w.rate_per_s * (w.payload.request_bytes + w.payload.response_bytes) * MONTH_S
    if moved < _MUCH_DATA_BYTES:
        return None
    return Ill(
        f"about {show_bytes(roughly(moved))} go in and out a month",
        mend="compress bodies, send references to S3 instead, or crop and scale before sending",
    )


offline_only = serves_a_stream(
    "RT-61",
    "AWS's guidance: what is offline goes to batch transform, which is paid for no longer than it runs; an endpoint "
    "is paid for between lots, too.",
)
lot = lot_beside("RT-67")


@rule("RT-62", WARNS, where="needs", reads=("realtime.shadow_variants_max",), facts=2,
      passes="needs: [shadow]", fails="needs: [shadow, variants]")  # fmt: skip
def shadow_beside_variants(w: Workload, _: RealTime) -> Ill | None:
    """A shadow test has exactly one production and one shadow variant.

    An endpoint takes up to {realtime.shadow_variants_max} shadow variants by its model, but not beside several
    production ones.
    """
    if not {"shadow", "variants"} <= set(w.needs):
        return None
    return Ill(
        "the workload needs both a shadow variant and several production variants",
        mend="test in shadow on an endpoint of its own",
    )


@rule("RT-63", NOTES, where="needs", source="third-party price estimator, 2026", facts=2, fails="needs: [shadow]")
def shadow_is_paid(w: Workload, d: RealTime) -> Ill | None:
    """A shadow variant is billed like the one it shadows.

    It runs on instances of its own and answers nobody.
    """
    if "shadow" not in w.needs:
        return None
    return Ill(
        f"the shadow's {d.min_instances} x {d.instance_type} come on top of the same in production",
        mend="send the shadow a share of the traffic, on fewer instances, for a limited time",
    )


@rule("RT-64", WARNS, where="payload.request_max", reads=("pipeline.inter_container_payload_max",), facts=2,
      passes="{needs: [pipeline], payload: {request_max: 4 MB}}",
      fails="{needs: [pipeline], payload: {request_max: 6 MB}}")  # fmt: skip
def pipeline_payload(w: Workload, _: RealTime) -> Ill | None:
    """Between two containers of a pipeline go at most {pipeline.inter_container_payload_max}.

    What one container hands to the next has a limit of its own, lower than the endpoint's.
    """
    if (
        "pipeline" not in w.needs
        or w.payload.request_max_bytes <= limit("pipeline.inter_container_payload_max").low_bytes
    ):
        return None
    return Ill(
        f"requests reach {show_bytes(w.payload.request_max_bytes)}, and containers hand on "
        f"{told(w, 'pipeline.inter_container_payload_max')} at most",
        mend="shrink the data in the first container, or merge the steps into one container",
    )


@rule("RT-65", WARNS, where="needs", reads=("feature.gpu.multi_container", "realtime.containers_max"), facts=2,
      passes="needs: [multi-container]",
      fails="{needs: [multi-container, gpu], model: {accelerator: required}}")  # fmt: skip
def containers_share_no_gpu(w: Workload, _: RealTime) -> Ill | None:
    """Several containers on one endpoint run on CPU types only.

    Up to {realtime.containers_max} containers share an instance, always loaded; AWS's feature matrix leaves
    accelerators out.
    """
    if "multi-container" not in w.needs or w.accelerator != "required":
        return None
    return Ill(
        "several containers share the endpoint, and the model requires an accelerator",
        mend="give the accelerated model an endpoint of its own, or put all models into one container",
    )


RULES: tuple[Rule[Any], ...] = (
    no_zero, no_queue, no_notifications, reachable, curve, idle_accelerator, neuron, arm, measured, many_models,
    several_models, data_weighs, offline_only, lot, shadow_beside_variants, shadow_is_paid,
    pipeline_payload, containers_share_no_gpu,
)  # fmt: skip
