"""An asynchronous endpoint's AWS calls, in calling order; the last is a request to it, which carries its time-outs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.patterns.requests import (
    Blank,
    Call,
    address,
    arn,
    call,
    create_endpoint,
    create_model,
    instance_variant,
    name_of,
    scalable_target,
    scheduled_actions,
    target_tracking,
    variant_resource,
    whole_seconds,
)
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["calls"]

_HONOURED = ("vpc", "network-isolation", "marketplace", "private-registry")


def calls(w: Workload, d: Asynchronous) -> tuple[Call, ...]:
    """Model, configuration, endpoint, scaling, waking from zero, and how a request is sent."""
    name = name_of(w, d.name)
    # An endpoint begins with one instance at least; at zero it arrives by scaling in.
    begin = max(d.min_instances, int(limit("realtime.initial_instance_count_min").base))
    variant = instance_variant(w, name, instance_type=d.instance_type, count=begin, volume_gb=d.volume_gb)
    config = {
        "AsyncInferenceConfig": {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": d.concurrency_per_instance},
            "OutputConfig": {
                "S3OutputPath": address("answers/", "where answers are written"),
                "S3FailurePath": address("failures/", "where failures are written"),
                **_notifications(w),
            },
        }
    }
    made = [create_model(w, name, _HONOURED), *create_endpoint(w, name, [variant], config)]
    if d.scales:
        made.append(scalable_target(w, name, d.min_instances, d.max_instances))
        backlog = {"CustomizedMetricSpecification": _metric(name, "ApproximateBacklogSizePerInstance")}
        made.append(target_tracking(w, name, "backlog", d.target_backlog, backlog))
    elif d.schedule is not None:
        made.append(scalable_target(w, name, d.min_instances, d.max_instances))
    if d.sleeps and d.wake_step:
        made += _waking(w, name)
    made += scheduled_actions(w, name, d.schedule, (d.min_instances, d.max_instances if d.scales else None))
    return (*made, _request(w, d, name))


def _notifications(w: Workload) -> dict[str, Any]:
    """Topics where the needs name notifications, with the answer inside where every answer fits."""
    if "notifications" not in w.needs:
        return {}
    topics: dict[str, Any] = {
        "SuccessTopic": arn(w, "sns", "replace-me-success", "the topic that hears of answers"),
        "ErrorTopic": arn(w, "sns", "replace-me-error", "the topic that hears of failures"),
    }
    if w.payload.response_max_bytes <= limit("async.sns_inline_response_max").low_bytes:
        topics["IncludeInferenceResponseIn"] = ["SUCCESS_NOTIFICATION_TOPIC"]
    return {"NotificationConfig": topics}


def _metric(endpoint: str, name: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": name,
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Average",
    }


def _waking(w: Workload, endpoint: str) -> list[Call]:
    """The step by which the first request wakes an instance, and the alarm behind it: target tracking leaves no zero
    before its backlog is above the target."""
    policy = f"{endpoint}-wake"
    step = {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": int(limit("async.zero.step_cooldown").base),
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    scaling = {
        "PolicyName": policy,
        **variant_resource(endpoint),
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": step,
    }
    resource = f"resource/sagemaker/{variant_resource(endpoint)['ResourceId']}:policyName/{policy}"
    datapoints = int(limit("async.zero.alarm_datapoints").base)
    alarm = {
        "AlarmName": policy,
        **_metric(endpoint, "HasBacklogWithoutCapacity"),
        "Period": int(limit("async.zero.alarm_period").base),
        "EvaluationPeriods": datapoints,
        "DatapointsToAlarm": datapoints,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
        "AlarmActions": [
            arn(w, "autoscaling", f"scalingPolicy:replace-me:{resource}", f"PolicyARN of the answer to {policy}")
        ],
    }
    return [
        call(w, "application-autoscaling", "put_scaling_policy", scaling),
        call(w, "cloudwatch", "put_metric_alarm", alarm),
    ]


def _request(w: Workload, d: Asynchronous, endpoint: str) -> Call:
    """One request: a call's longest work and longest wait are told with each, not with the endpoint."""
    body: dict[str, Any] = (
        {"Body": Blank("replace-me", "the input itself")}
        if d.inline
        else {"InputLocation": address("input", "where the input lies")}
    )
    request = {
        "EndpointName": endpoint,
        **body,
        "InvocationTimeoutSeconds": whole_seconds(d.timeout_s, "timeout"),
        "RequestTTLSeconds": whole_seconds(d.ttl_s, "ttl"),
    }
    return call(w, "sagemaker-runtime", "invoke_endpoint_async", request)
