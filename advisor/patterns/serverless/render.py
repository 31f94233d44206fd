"""A serverless endpoint's AWS calls, in calling order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.patterns.requests import VARIANT, WORKERS, Call, create_endpoint, create_model, name_of
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["calls"]


def calls(w: Workload, d: Serverless) -> tuple[Call, ...]:
    """Model, configuration, endpoint. The container runs one worker, as AWS advises: it gets one request at a time."""
    name = name_of(w, d.name)
    settings = {"MemorySizeInMB": d.memory_mib, "MaxConcurrency": d.max_concurrency}
    if d.provisioned_concurrency:
        settings["ProvisionedConcurrency"] = d.provisioned_concurrency
    variant = {"VariantName": VARIANT, "ModelName": name, "ServerlessConfig": settings}
    workers = int(limit("serverless.workers_advised").base)
    model = create_model(w, name, (), environment={WORKERS: str(workers)})
    return (model, *create_endpoint(w, name, [variant]))
