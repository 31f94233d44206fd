"""The requests of each pattern as a person would write them, names, and what no request can carry."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from advisor.errors import InputError
from advisor.patterns import Asynchronous, BatchTransform, MultiModel, Pattern, RealTime, Serverless
from advisor.patterns.requests import Call, name_of
from advisor.rules import overlay
from advisor.workload import Workload
from tests.patterns import service_model

SMALL = overlay("name: demo")
LOT = overlay("{name: demo, traffic: null, batch: {records: 1000, record_size: 1 KB, files: 10, every: 2 hours}}")
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/replace-me:latest"
ROLE = "arn:aws:iam::123456789012:role/replace-me"
RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/demo-asynchronous/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def plain(calls: tuple[Call, ...]) -> list[tuple[str, str, Any]]:
    return [(call.client, call.operation, call.request) for call in calls]


def config(w: Workload, d: Pattern) -> Any:
    [found] = [call for call in d.render(w) if call.operation == "create_endpoint_config"]
    return found.request


def model(w: Workload, d: Pattern) -> Any:
    return d.render(w)[0].request


REAL_TIME = RealTime(instance_type="ml.m5.large")


def test_serverless_in_full() -> None:
    d = Serverless(memory_mib=2048, max_concurrency=20, provisioned_concurrency=5)
    name = "demo-serverless"
    assert plain(d.render(SMALL)) == [
        (
            "sagemaker",
            "create_model",
            {
                "ModelName": name,
                "PrimaryContainer": {
                    "Image": IMAGE,
                    "ModelDataUrl": "s3://replace-me/model.tar.gz",
                    "Environment": {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"},
                },
                "ExecutionRoleArn": ROLE,
            },
        ),
        (
            "sagemaker",
            "create_endpoint_config",
            {
                "EndpointConfigName": name,
                "ProductionVariants": [
                    {
                        "VariantName": "AllTraffic",
                        "ModelName": name,
                        "ServerlessConfig": {
                            "MemorySizeInMB": 2048,
                            "MaxConcurrency": 20,
                            "ProvisionedConcurrency": 5,
                        },
                    }
                ],
            },
        ),
        ("sagemaker", "create_endpoint", {"EndpointName": name, "EndpointConfigName": name}),
    ]


def test_an_asynchronous_endpoint_that_sleeps_and_wakes_in_full() -> None:
    d = Asynchronous(
        instance_type="ml.g5.xlarge", min_instances=0, max_instances=4, concurrency_per_instance=2, target_backlog=5,
        timeout_s=1800, ttl_s=3600,
    )  # fmt: skip
    name = "demo-asynchronous"
    dimensions = [{"Name": "EndpointName", "Value": name}]
    endpoint = f"endpoint/{name}/variant/AllTraffic:policyName/{name}-wake"
    backlog = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ApproximateBacklogSizePerInstance",
        "Dimensions": dimensions,
        "Statistic": "Average",
    }
    # The values of the step and its alarm are those of AWS's developer guide, asynchronous autoscaling, 2026.
    step = {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": 300,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    alarm = {
        "AlarmName": f"{name}-wake",
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": dimensions,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 2,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
        "AlarmActions": [
            f"arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:replace-me:resource/sagemaker/{endpoint}"
        ],
    }
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": 1,
    }
    output = {"S3OutputPath": "s3://replace-me/answers/", "S3FailurePath": "s3://replace-me/failures/"}
    client = {"MaxConcurrentInvocationsPerInstance": 2}
    tracking = {
        "TargetValue": 5,
        "CustomizedMetricSpecification": backlog,
        "ScaleOutCooldown": 300,
        "ScaleInCooldown": 300,
    }
    assert plain(d.render(SMALL))[1:] == [
        (
            "sagemaker",
            "create_endpoint_config",
            {
                "EndpointConfigName": name,
                "ProductionVariants": [variant],
                "AsyncInferenceConfig": {"ClientConfig": client, "OutputConfig": output},
            },
        ),
        ("sagemaker", "create_endpoint", {"EndpointName": name, "EndpointConfigName": name}),
        (
            "application-autoscaling",
            "register_scalable_target",
            {**RESOURCE, "MinCapacity": 0, "MaxCapacity": 4},
        ),
        (
            "application-autoscaling",
            "put_scaling_policy",
            {
                **RESOURCE,
                "PolicyName": f"{name}-backlog",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": tracking,
            },
        ),
        (
            "application-autoscaling",
            "put_scaling_policy",
            {
                **RESOURCE,
                "PolicyName": f"{name}-wake",
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": step,
            },
        ),
        ("cloudwatch", "put_metric_alarm", alarm),
        (
            "sagemaker-runtime",
            "invoke_endpoint_async",
            {
                "EndpointName": name,
                "InputLocation": "s3://replace-me/input",
                "InvocationTimeoutSeconds": 1800,
                "RequestTTLSeconds": 3600,
            },
        ),
    ]


def test_a_job_and_the_schedule_that_repeats_it() -> None:
    d = BatchTransform(
        instance_type="ml.m5.xlarge", instances=3, max_payload_mb=20, max_concurrent_transforms=5, split="Line",
        strategy="MultiRecord", timeout_s=900, retries=1, every_s=7200,
    )  # fmt: skip
    _, first, schedule = d.render(LOT)
    assert first.request == {
        "TransformJobName": "demo-batch-transform-first",
        "ModelName": "demo-batch-transform",
        "MaxConcurrentTransforms": 5,
        "MaxPayloadInMB": 20,
        "BatchStrategy": "MultiRecord",
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": 900, "InvocationsMaxRetries": 1},
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://replace-me/input/"}},
            "ContentType": "application/octet-stream",
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": "s3://replace-me/output/", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 3},
    }
    assert schedule.request["ScheduleExpression"] == "rate(2 hours)"
    again = json.loads(schedule.request["Target"]["Input"])
    assert again == {**first.request, "TransformJobName": "demo-batch-transform-<aws.scheduler.execution-id>"}
    # A run's id has 16 characters (AWS scheduler guide, context attributes, 2026).
    named = again | {"TransformJobName": again["TransformJobName"].replace("<aws.scheduler.execution-id>", "d" * 16)}
    assert service_model.problems("sagemaker", "create_transform_job", named) == []


@pytest.mark.parametrize("name", ["demo", "n" * 120, "数据"])
def test_a_scheduled_jobs_name_is_short_enough_with_its_run(name: str) -> None:
    _, _, schedule = BatchTransform(instance_type="ml.m5.xlarge").render(LOT.with_({"name": name}))
    job = json.loads(schedule.request["Target"]["Input"])["TransformJobName"]
    assert len(job.replace("<aws.scheduler.execution-id>", "d" * 16)) <= 63


@pytest.mark.parametrize(
    ("every", "expression"),
    [(60, "1 minute"), (5400, "90 minutes"), (3600, "1 hour"), (86_400, "1 day"), (604_800, "7 days")],
)
def test_a_schedule_counts_in_the_largest_unit_that_divides(every: float, expression: str) -> None:
    d = BatchTransform(instance_type="ml.m5.xlarge", every_s=every)
    assert d.render(SMALL)[-1].request["ScheduleExpression"] == f"rate({expression})"


def test_a_multi_model_endpoint_has_a_prefix_of_models_and_says_whether_it_keeps_them() -> None:
    container = model(SMALL, MultiModel(instance_type="ml.m5.large", cached=False))["PrimaryContainer"]
    assert container == {
        "Image": IMAGE,
        "Mode": "MultiModel",
        "ModelDataUrl": "s3://replace-me/models/",
        "MultiModelConfig": {"ModelCacheSetting": "Disabled"},
    }
    piped = model(overlay("needs: [pipeline]"), MultiModel(instance_type="ml.m5.large"))
    assert [one.get("Mode") for one in piped["Containers"]] == [None, "MultiModel"]
    assert piped["InferenceExecutionConfig"] == {"Mode": "Serial"}


def test_concurrency_scales_on_the_high_resolution_metric() -> None:
    d = RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=3, scaling="concurrency", target=2.5)
    settings = d.render(SMALL)[-1].request["TargetTrackingScalingPolicyConfiguration"]
    assert settings["TargetValue"] == 2.5
    assert settings["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"
    }


def test_a_fixed_fleet_is_given_no_scaling() -> None:
    assert [call.client for call in REAL_TIME.render(SMALL)] == ["sagemaker"] * 3
    fixed = Asynchronous(instance_type="ml.m5.large", min_instances=2, max_instances=2).render(SMALL)
    assert [call.client for call in fixed] == ["sagemaker"] * 3 + ["sagemaker-runtime"]


def test_without_the_step_only_target_tracking_wakes() -> None:
    d = Asynchronous(instance_type="ml.m5.large", min_instances=0, max_instances=2, wake_step=False)
    assert [call.operation for call in d.render(SMALL)].count("put_scaling_policy") == 1


def test_what_follows_an_endpoint_waits_until_it_is_in_service() -> None:
    waits = {call.operation: call.then_wait for call in REAL_TIME.render(SMALL)}
    assert waits == {"create_model": "", "create_endpoint_config": "", "create_endpoint": "endpoint_in_service"}


def test_a_model_that_loads_for_long_is_given_the_time() -> None:
    both = ("ModelDataDownloadTimeoutInSeconds", "ContainerStartupHealthCheckTimeoutInSeconds")
    # 80 GB at 100 MB/s are 800 s, above the 480 s of the first health check; twice that is 1600 s, or 27 minutes.
    w = overlay("{model: {size: 80 GB, memory: 90 GB}, platform: {launch_model_per_s: 100 MB}}")
    for d in (REAL_TIME, Asynchronous(instance_type="ml.m5.large")):
        assert [config(w, d)["ProductionVariants"][0][key] for key in both] == [1620, 1620]
        assert not set(both) & set(config(SMALL, d)["ProductionVariants"][0])
    longest = w.with_({"model.size": "300 GB", "model.memory": "310 GB"})
    assert config(longest, REAL_TIME)["ProductionVariants"][0][both[0]] == 3600
    # The container of many models is healthy before it has loaded one.
    assert not set(both) & set(config(w, MultiModel(instance_type="ml.m5.large"))["ProductionVariants"][0])


@pytest.mark.parametrize(
    ("region", "partition", "host"),
    [
        ("eu-west-1", "aws", "eu-west-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "us-gov-west-1.amazonaws.com"),
    ],
)
def test_calls_name_their_region_and_its_partition(region: str, partition: str, host: str) -> None:
    calls = Asynchronous(instance_type="ml.m5.large", min_instances=0).render(
        overlay(f"{{region: {region}, needs: [notifications]}}")
    )
    assert {call.region for call in calls} == {region}
    assert calls[0].request["ExecutionRoleArn"].startswith(f"arn:{partition}:iam::")
    assert host in calls[0].request["PrimaryContainer"]["Image"]
    for call in calls:
        assert service_model.problems(call.client, call.operation, call.request) == []


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("fraud-scoring", "fraud-scoring-serverless"),
        ("Überweisung  prüfen!", "Uberweisung-prufen-serverless"),
        ("-a_b-", "a-b-serverless"),
        ("数据", r"workload-[0-9a-f]{6}-serverless"),
        ("x" * 120, r"x{28}-[0-9a-f]{6}-serverless"),
    ],
)
def test_names_follow_the_workloads(given: str, made: str) -> None:
    name = name_of(SMALL.with_({"name": given}), "serverless")
    assert re.fullmatch(made, name)
    assert len(name) <= 46


def test_long_names_that_begin_alike_stay_apart() -> None:
    assert name_of(SMALL.with_({"name": "x" * 60}), "real-time") != name_of(
        SMALL.with_({"name": "x" * 61}), "real-time"
    )


@pytest.mark.parametrize(
    ("d", "profile", "words"),
    [
        (Asynchronous(instance_type="ml.m5.large", timeout_s=0.5), "", "timeout=0.5 s"),
        (Asynchronous(instance_type="ml.m5.large", ttl_s=99.9), "", "ttl=99.9 s"),
        (BatchTransform(instance_type="ml.m5.large", timeout_s=1.5), "", "timeout=1.5 s"),
        (BatchTransform(instance_type="ml.m5.large", every_s=90), "", "every 90 s"),
        (BatchTransform(instance_type="ml.m5.large", every_s=30), "", "every 30 s"),
        (RealTime(instance_type="ml.g5.xlarge", volume_gb=50), "", "NVMe"),
        (Asynchronous(instance_type="ml.m5.large", volume_gb=513), "", "volume=513 GB"),
        (REAL_TIME, "needs: [shadow, variants]", "shadow"),
    ],
)
def test_what_no_request_can_carry_is_an_error_with_a_mend(d: Pattern, profile: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as raised:
        d.render(overlay(profile))
    assert raised.value.mend
