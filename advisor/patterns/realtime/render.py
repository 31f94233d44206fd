"""A real-time endpoint's AWS calls, in calling order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.errors import InputError
from advisor.patterns.requests import (
    WORKERS,
    Blank,
    Call,
    capture,
    create_endpoint,
    create_model,
    instance_variant,
    name_of,
    scalable_target,
    scheduled_actions,
    target_tracking,
)
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime

__all__ = ["calls"]

_HONOURED = ("vpc", "network-isolation", "marketplace", "private-registry", "pipeline", "multi-container")
_METRICS = {
    "invocations": "SageMakerVariantInvocationsPerInstance",
    "concurrency": "SageMakerVariantConcurrentRequestsPerModelHighResolution",
}


def calls(w: Workload, d: RealTime) -> tuple[Call, ...]:
    """Models, configuration, endpoint, scaling.

    A shadow is a copy of the production variant; a second production variant begins without traffic, so that the
    deployment's instances carry all of it until the user says otherwise.
    """
    name = name_of(w, d.name)
    environment = {WORKERS: str(d.workers)} if d.workers is not None else {}
    made = [create_model(w, name, _HONOURED, environment=environment)]
    first = instance_variant(w, name, instance_type=d.instance_type, count=d.min_instances, volume_gb=d.volume_gb)
    first["RoutingConfig"] = {"RoutingStrategy": d.routing}
    variants: list[dict[str, Any]] = [first]
    extra = capture(w)
    if {"shadow", "variants"} <= set(w.needs):
        raise InputError(
            "a shadow variant beside several production variants",
            w.where("needs"),
            "drop one of the two needs: AWS takes a shadow beside exactly one production variant",
        )
    if "shadow" in w.needs:
        other = f"{name}-shadow"
        made.append(create_model(w, other, _HONOURED, environment=environment, role="model in the shadow"))
        variants = [first | {"InitialVariantWeight": 1}]
        weight = Blank(1, "the share of requests that the shadow gets, over the production variant's 1")
        shadow = first | {"VariantName": "Shadow", "ModelName": other, "InitialVariantWeight": weight}
        extra["ShadowProductionVariants"] = [shadow]
    if "variants" in w.needs:
        other = f"{name}-second"
        made.append(create_model(w, other, _HONOURED, environment=environment, role="second variant's model"))
        second = first | {
            "VariantName": "Second",
            "ModelName": other,
            "InitialInstanceCount": Blank(1, "the second variant's instances: the deployment counts none"),
            "InitialVariantWeight": Blank(0, "the second variant's weight, over the first one's 1"),
        }
        variants = [first | {"InitialVariantWeight": 1}, second]
    made += create_endpoint(w, name, variants, extra)
    if d.target is not None:
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": _METRICS[d.scaling]}}
        made.append(scalable_target(w, name, d.min_instances, d.max_instances))
        made.append(target_tracking(w, name, d.scaling, d.target, metric))
    elif d.schedule is not None:
        made.append(scalable_target(w, name, d.min_instances, d.min_instances))
    most = None if d.target is None else d.max_instances
    return (*made, *scheduled_actions(w, name, d.schedule, (d.min_instances, most)))
