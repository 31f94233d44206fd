"""A multi-model endpoint's AWS calls, in calling order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.patterns.requests import (
    Call,
    address,
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
    from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["calls"]

_HONOURED = ("vpc", "network-isolation", "private-registry", "pipeline")


def calls(w: Workload, d: MultiModel) -> tuple[Call, ...]:
    """Model (a prefix of many), configuration, endpoint, scaling. A call then names its model by TargetModel."""
    name = name_of(w, d.name)
    holds = {
        "Mode": "MultiModel",
        "ModelDataUrl": address("models/", f"the prefix under which the archives of all {w.model.count:,} models lie"),
        "MultiModelConfig": {"ModelCacheSetting": "Enabled" if d.cached else "Disabled"},
    }
    variant = instance_variant(
        w,
        name,
        instance_type=d.instance_type,
        count=d.min_instances,
        volume_gb=d.volume_gb,
        loads_model=False,
    )
    made = [create_model(w, name, _HONOURED, holds=holds), *create_endpoint(w, name, [variant])]
    if d.target is not None:
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}
        made.append(scalable_target(w, name, d.min_instances, d.max_instances))
        made.append(target_tracking(w, name, d.scaling, d.target, metric))
    elif d.schedule is not None:
        made.append(scalable_target(w, name, d.min_instances, d.min_instances))
    most = None if d.target is None else d.max_instances
    return (*made, *scheduled_actions(w, name, d.schedule, (d.min_instances, most)))
