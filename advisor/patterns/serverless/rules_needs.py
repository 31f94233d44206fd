"""Serverless rules about what it excludes: AWS names each of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.rules import BLOCKS, WARNS, Ill, Rule, rule, told
from advisor.rules.estimates import serverless_name
from advisor.rules.of_fleet import no_account_has
from advisor.rules.of_need import excludes, serves_inference
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["RULES"]

_LONGEST = "serverless.invoke_timeout"
_INSTANCES = "use real-time, or drop the need"


@rule("SL-30", BLOCKS, where="model.accelerator", reads=("serverless.gpu",), facts=1, excludes=True,
      passes="model: {accelerator: optional}", fails="model: {accelerator: required}")  # fmt: skip
def no_accelerator(w: Workload, _: Serverless) -> Ill | None:
    """A serverless container has no GPU and no other accelerator.

    It has vCPUs in proportion to its memory.
    """
    if w.accelerator != "required":
        return None
    return Ill(
        "the model requires an accelerator",
        mend="use real-time or asynchronous on an accelerator type, or a smaller model that runs on CPUs",
        path="needs" if "gpu" in w.needs else "",
    )


vpc = excludes(
    "SL-31", "vpc", "A serverless endpoint cannot be placed in a VPC.",
    "use real-time or asynchronous in the VPC, or reach private data through what is public to the endpoint",
    reads=("serverless.vpc", "feature.vpc.serverless"), passes="needs: [multi-az]",
)  # fmt: skip
isolation = excludes(
    "SL-32", "network-isolation", "A serverless endpoint has no network isolation.", "use real-time or asynchronous",
    reads=("feature.network_isolation.serverless",),
)  # fmt: skip
capture = excludes(
    "SL-33", "data-capture", "A serverless endpoint captures no data.",
    "use real-time, or have the caller or the container log requests and answers",
    reads=("feature.data_capture.serverless",),
)  # fmt: skip
monitor = excludes(
    "SL-34", "model-monitor", "Model Monitor does not watch serverless endpoints.",
    "use real-time, or a batch transform job over logged requests", reads=("feature.model_monitor.serverless",),
)  # fmt: skip
variants = excludes(
    "SL-35", "variants", "A serverless endpoint has one production variant.",
    "use real-time, or split the traffic over two endpoints in the caller", reads=("feature.variants.serverless",),
)  # fmt: skip
shadow = excludes(
    "SL-36", "shadow", "A serverless endpoint has no shadow variant.", _INSTANCES, reads=("feature.shadow.serverless",)
)
marketplace = excludes(
    "SL-37", "marketplace", "A serverless endpoint runs no AWS Marketplace package.", _INSTANCES,
    reads=("feature.marketplace.serverless",),
)  # fmt: skip
registry = excludes(
    "SL-38", "private-registry", "A serverless endpoint takes its image from AWS's registry only.",
    "copy the image to the account's own registry in AWS, or use real-time",
    reads=("feature.private_registry.serverless",),
)  # fmt: skip
pipeline = excludes(
    "SL-39", "pipeline", "A serverless endpoint runs no inference pipeline.",
    "put the steps into one container, or use real-time or batch-transform", reads=("feature.pipeline.serverless",),
)  # fmt: skip
containers = excludes(
    "SL-40", "multi-container", "A serverless endpoint runs one container.",
    "give each container an endpoint of its own, or use real-time", reads=("feature.multi_container.serverless",),
)  # fmt: skip
queue = excludes(
    "SL-41", "queueing", "A serverless endpoint has no queue: what finds no room is throttled.",
    "use asynchronous, or put a queue of your own before the endpoint",
    source="AWS developer guide, serverless endpoints, 2026",
)  # fmt: skip
notifications = excludes(
    "SL-42", "notifications", "A serverless endpoint notifies nobody.",
    "use asynchronous, which publishes success and failure, or have the caller publish",
    source="AWS developer guide, asynchronous inference, 2026",
)  # fmt: skip


@rule("SL-43", WARNS, where="needs", source="AWS developer guide, model deployment options, 2026", facts=2,
      fails="needs: [streaming]")  # fmt: skip
def streaming(w: Workload, d: Serverless) -> Ill | None:
    """AWS documents streamed answers for real-time endpoints only.

    For serverless endpoints the documentation neither offers nor excludes them.
    """
    if "streaming" not in w.needs or w.work_on(serverless_name(d.memory_mib)).mean_s > w.limit(_LONGEST):
        return None  # what takes too long is refused for that
    return Ill(
        "the workload streams its answers, which AWS does not document for serverless",
        mend="use real-time, or try it before you rely on it",
    )


sessions = excludes(
    "SL-44", "sticky-sessions", "Sessions stay on one instance of a real-time endpoint; a serverless one keeps none.",
    "keep the session's state outside the container, or use real-time",
    source="AWS developer guide, stateful sessions, 2026",
    reason="A container may be gone by the next request of a session.",
)  # fmt: skip


@rule("SL-45", WARNS, where="model.count", reads=("serverless.account_endpoints_new", "feature.multi_model.serverless"),
      facts=2, passes="model: {count: 4}", fails="model: {count: 40}")  # fmt: skip
def many_models(w: Workload, _: Serverless) -> Ill | None:
    """A serverless endpoint holds one model, and a new account may have {serverless.account_endpoints_new} of them.

    Many models in one container are not supported; each model has its own endpoint, and its own cold starts.
    """
    key = "serverless.account_endpoints_new"
    most = w.limit(key) if w.overridden(key) else limit(key).largest
    if not w.limit(key) < w.model.count <= most:
        return None
    return Ill(
        f"{w.model.count:,} models need an endpoint each, and the account has "
        f"{told(w, 'serverless.account_endpoints_new')}",
        mend="use multi-model, or ask AWS for more endpoints",
    )


more_models_than_endpoints = no_account_has(
    "SL-62", "serverless.account_endpoints_new", lambda w, _: w.model.count, "serverless endpoints, one for each model",
    "use multi-model", where="model.count", passes="model: {count: 40}", fails="model: {count: 400}",
)  # fmt: skip
inference_only = serves_inference("SL-46", "serverless")

RULES: tuple[Rule[Any], ...] = (
    no_accelerator, vpc, isolation, capture, monitor, variants, shadow, marketplace, registry, pipeline, containers,
    queue, notifications, streaming, sessions, many_models, inference_only,
    more_models_than_endpoints,
)  # fmt: skip
