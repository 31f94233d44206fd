"""The rules of asynchronous inference, in one tuple: what it excludes here, the rest in the files beside."""

from __future__ import annotations

from typing import Any

from advisor.patterns.asynchronous import rules_fleet, rules_place, rules_request, rules_time
from advisor.rules import Rule, rulebook
from advisor.rules.of_need import excludes, serves_inference

__all__ = ["RULES"]

_NEEDS: tuple[Rule[Any], ...] = (
    serves_inference("AS-01", "asynchronous inference"),
    excludes(
        "AS-02",
        "streaming",
        "Asynchronous inference does not stream its answers.",
        "use a real-time endpoint, which streams",
        reads=("feature.streaming.async", "realtime.stream_timeout"),
        reason="The answer is one object in S3, written when the call ends. A real-time endpoint streams for "
        "{realtime.stream_timeout}.",
    ),
    excludes(
        "AS-03",
        "data-capture",
        "Asynchronous inference captures no data.",
        "use a real-time endpoint or batch transform, or keep the inputs and outputs that lie in S3 anyway",
        reads=("feature.data_capture.async",),
        reason="Inputs and outputs are in S3 already, but not in the form that Model Monitor reads.",
    ),
    excludes(
        "AS-04",
        "model-monitor",
        "Model Monitor does not watch asynchronous endpoints.",
        "use a real-time endpoint or batch transform, or compare inputs and outputs from S3 in a processing job",
        reads=("feature.model_monitor.async",),
    ),
    excludes(
        "AS-05",
        "shadow",
        "Asynchronous inference has no shadow variants.",
        "use a real-time endpoint, or send the same inputs to a second asynchronous endpoint",
        reads=("feature.shadow.async",),
    ),
    excludes(
        "AS-06",
        "variants",
        "An asynchronous endpoint has one variant.",
        "use a real-time endpoint, or let the caller divide the requests over two endpoints",
        reads=("feature.variants.async",),
    ),
    excludes(
        "AS-07",
        "pipeline",
        "Asynchronous inference runs no serial pipeline of containers.",
        "use a real-time endpoint or batch transform, or put the steps into one container",
        reads=("feature.pipeline.async",),
    ),
    excludes(
        "AS-08",
        "multi-container",
        "An asynchronous endpoint holds one container.",
        "use a real-time endpoint, or one asynchronous endpoint a container",
        reads=("feature.multi_container.async",),
    ),
    excludes(
        "AS-09",
        "sticky-sessions",
        "Asynchronous calls carry no session.",
        "use a real-time endpoint, whose calls take a SessionId, or send the state along in the input",
        source="AWS API model, InvokeEndpointAsync, 2026-08",
        reason="Any instance takes the head of the queue, so a conversation does not stay where its state is.",
    ),
)

RULES: tuple[Rule[Any], ...] = rulebook(
    "AS", *_NEEDS, *rules_request.RULES, *rules_time.RULES, *rules_fleet.RULES, *rules_place.RULES, gone=("AS-47",)
)
