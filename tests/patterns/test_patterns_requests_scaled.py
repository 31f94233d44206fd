"""The requests that scale by use and by the clock, as a person would write them."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.patterns import Asynchronous, MultiModel, RealTime, Serverless
from advisor.patterns.requests import Call
from advisor.rules import overlay

SMALL = overlay("name: demo")


def plain(calls: tuple[Call, ...]) -> list[tuple[str, str, Any]]:
    return [(call.client, call.operation, call.request) for call in calls]


def scaled(endpoint: str, dimension: str = "DesiredInstanceCount") -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/AllTraffic",
        "ScalableDimension": f"sagemaker:variant:{dimension}",
    }


def test_provisioned_concurrency_by_use_and_by_the_clock_in_full() -> None:
    d = Serverless(
        memory_mib=2048, max_concurrency=20, provisioned_concurrency=2, max_provisioned_concurrency=8,
        target_utilisation=0.7, schedule="mon-fri 08:00-18:00=4",
    )  # fmt: skip
    name = "demo-serverless"
    target = scaled(name, "DesiredProvisionedConcurrency")
    # Names and forms are those of AWS's developer guide, provisioned concurrency autoscaling, 2026.
    assert plain(d.render(SMALL))[3:] == [
        ("application-autoscaling", "register_scalable_target", {**target, "MinCapacity": 2, "MaxCapacity": 8}),
        (
            "application-autoscaling",
            "put_scaling_policy",
            {
                "PolicyName": f"{name}-utilisation",
                **target,
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 0.7,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"
                    },
                    "ScaleOutCooldown": 300,
                    "ScaleInCooldown": 300,
                },
            },
        ),
        *(
            (
                "application-autoscaling",
                "put_scheduled_action",
                {
                    **target,
                    "ScheduledActionName": f"{name}-mon-tue-wed-thu-fri-{hour:02d}00-{least}",
                    "Schedule": f"cron(0 {hour} ? * MON-FRI *)",
                    "ScalableTargetAction": {"MinCapacity": least, "MaxCapacity": 8},
                },
            )
            for hour, least in ((8, 4), (18, 2))
        ),
    ]


def test_a_schedule_without_a_policy_sets_the_number_itself() -> None:
    d = RealTime(instance_type="ml.m5.large", max_instances=3, schedule="08:00-18:30=3")
    target = scaled("demo-real-time")
    assert plain(d.render(SMALL))[3:] == [
        ("application-autoscaling", "register_scalable_target", {**target, "MinCapacity": 1, "MaxCapacity": 1}),
        *(
            (
                "application-autoscaling",
                "put_scheduled_action",
                {
                    **target,
                    "ScheduledActionName": f"demo-real-time-{at}-{count}",
                    "Schedule": cron,
                    "ScalableTargetAction": {"MinCapacity": count, "MaxCapacity": count},
                },
            )
            for at, count, cron in (("0800", 3, "cron(0 8 * * ? *)"), ("1830", 1, "cron(30 18 * * ? *)"))
        ),
    ]


@pytest.mark.parametrize("pattern", [RealTime, MultiModel])
def test_a_schedule_beside_a_policy_moves_the_minimum_only(pattern: Any) -> None:
    d = pattern(
        instance_type="ml.m5.large",
        max_instances=6,
        scaling="invocations",
        target=600,
        schedule="sat,sun 00:00-24:00=2",
    )
    calls = [call for call in d.render(SMALL) if call.client == "application-autoscaling"]
    assert [call.operation for call in calls] == [
        "register_scalable_target", "put_scaling_policy", "put_scheduled_action", "put_scheduled_action",
    ]  # fmt: skip
    assert [call.request["ScalableTargetAction"] for call in calls[2:]] == [
        {"MinCapacity": 1, "MaxCapacity": 6},
        {"MinCapacity": 2, "MaxCapacity": 6},
    ]


def test_an_asynchronous_fleet_that_sleeps_by_the_clock_is_woken_by_its_step() -> None:
    d = Asynchronous(instance_type="ml.m5.large", min_instances=1, max_instances=4, schedule="22:00-06:00=0")
    operations = [call.operation for call in d.render(SMALL)]
    assert operations.count("put_metric_alarm") == 1
    assert operations.count("put_scheduled_action") == 2
    assert operations[-1] == "invoke_endpoint_async"
