"""A serverless endpoint's AWS calls, in calling order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.patterns.requests import (
    PROVISIONED,
    VARIANT,
    WORKERS,
    Call,
    create_endpoint,
    create_model,
    name_of,
    scalable_target,
    scheduled_actions,
    target_tracking,
)
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["calls"]

_METRIC = "SageMakerVariantProvisionedConcurrencyUtilization"


def calls(w: Workload, d: Serverless) -> tuple[Call, ...]:
    """Model, configuration, endpoint, scaling of provisioned concurrency.

    The container runs one worker, as AWS advises: it gets one request at a time.
    """
    name = name_of(w, d.name)
    settings = {"MemorySizeInMB": d.memory_mib, "MaxConcurrency": d.max_concurrency}
    if d.provisioned_concurrency:
        settings["ProvisionedConcurrency"] = d.provisioned_concurrency
    variant = {"VariantName": VARIANT, "ModelName": name, "ServerlessConfig": settings}
    workers = int(limit("serverless.workers_advised").base)
    model = create_model(w, name, (), environment={WORKERS: str(workers)})
    return (model, *create_endpoint(w, name, [variant]), *_scaling(w, d, name))


def _scaling(w: Workload, d: Serverless, name: str) -> list[Call]:
    """By the use of what is provisioned, and by the clock. A schedule alone sets the number itself."""
    if not d.scales:
        return []
    least, most = d.provisioned_concurrency, d.max_provisioned_concurrency
    made = [scalable_target(w, name, least, least if most is None else most, what=PROVISIONED)]
    if d.target_utilisation is not None:
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": _METRIC}}
        made.append(target_tracking(w, name, "utilisation", d.target_utilisation, metric, what=PROVISIONED))
    return made + scheduled_actions(w, name, d.schedule, (least, most), what=PROVISIONED)
