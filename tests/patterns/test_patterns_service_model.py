"""The judge of requests is judged: known-bad requests are refused, each for its reason, good ones are not."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from botocore.model import Shape

from tests.patterns import service_model

OPERATIONS = (
    ("sagemaker", "create_model"),
    ("sagemaker", "create_endpoint_config"),
    ("sagemaker", "create_endpoint"),
    ("sagemaker", "create_transform_job"),
    ("application-autoscaling", "register_scalable_target"),
    ("application-autoscaling", "put_scaling_policy"),
    ("cloudwatch", "put_metric_alarm"),
    ("scheduler", "create_schedule"),
    ("stepfunctions", "create_state_machine"),
    ("sagemaker-runtime", "invoke_endpoint_async"),
)
CONFIG = {
    "EndpointConfigName": "a-1",
    "ProductionVariants": [
        {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    ],
}
SERVERLESS = {
    "EndpointConfigName": "a-1",
    "ProductionVariants": [
        {"VariantName": "v", "ModelName": "m", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    ],
}
MODEL = {
    "ModelName": "m",
    "PrimaryContainer": {"Image": "i", "Environment": {"KEY": "1"}},
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
}
POLICY = {
    "PolicyName": "p",
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/e/variant/v",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 3.5, "ScaleOutCooldown": 300},
}
SCHEDULE = {
    "Name": "s",
    "ScheduleExpression": "rate(1 day)",
    "StartDate": "2030-01-01T00:00:00Z",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": "arn:aws:iam::123456789012:role/r"},
}
ALARM = {"AlarmName": "a", "Namespace": "AWS/SageMaker", "EvaluationWindow": {"SlidingWindow": {}}}
REQUEST = {"EndpointName": "e", "Body": "x", "InvocationTimeoutSeconds": 900, "RequestTTLSeconds": 60}
GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "config": ("sagemaker", "create_endpoint_config", CONFIG),
    "serverless": ("sagemaker", "create_endpoint_config", SERVERLESS),
    "model": ("sagemaker", "create_model", MODEL),
    "policy": ("application-autoscaling", "put_scaling_policy", POLICY),
    "schedule": ("scheduler", "create_schedule", SCHEDULE),
    "alarm": ("cloudwatch", "put_metric_alarm", ALARM),
    "request": ("sagemaker-runtime", "invoke_endpoint_async", REQUEST),
}
GONE = object()

# What is changed, to what, the reason that must be told, and whether botocore's own validator sees it, too.
BAD: list[tuple[str, tuple[str | int, ...], Any, str, bool]] = [
    ("config", ("ProductionVariants",), GONE, "ProductionVariants is missing", True),
    ("config", ("ProductionVariants", 0, "VariantName"), GONE, "ProductionVariants[0].VariantName is missing", True),
    ("config", ("ProductionVariant",), [], "ProductionVariant is unknown", True),
    ("config", ("ProductionVariants",), {}, "is no list", True),
    ("config", ("ProductionVariants", 0), "v", "is no structure", True),
    ("config", ("ProductionVariants", 0, "InitialInstanceCount"), "1", "'1' is no integer", True),
    ("config", ("ProductionVariants", 0, "InitialInstanceCount"), 1.0, "1.0 is no integer", True),
    ("config", ("ProductionVariants", 0, "InitialInstanceCount"), True, "True is no integer", False),
    ("config", ("ProductionVariants", 0, "InitialInstanceCount"), 2**31, "beyond integer", False),
    ("config", ("ProductionVariants", 0, "InitialInstanceCount"), 0, "0 below 1", True),
    ("config", ("ProductionVariants", 0, "VolumeSizeInGB"), 513, "513 above 512", False),
    ("config", ("ProductionVariants", 0, "InstanceType"), "ml.m5.huge", "not in the enumeration", False),
    ("config", ("ProductionVariants", 0, "InitialVariantWeight"), -0.5, "-0.5 below 0", True),
    ("config", ("ProductionVariants", 0, "EnableSSMAccess"), "yes", "is no boolean", True),
    ("config", ("ProductionVariants",), [], "0 members below 1", True),
    ("config", ("ProductionVariants",), CONFIG["ProductionVariants"] * 11, "11 members above 10", False),  # type: ignore[operator]
    ("model", ("ModelName",), "a" * 64, "64 characters above 63", False),
    ("config", ("EndpointConfigName",), "a_b", "does not match", False),
    ("config", ("EndpointConfigName",), "a-", "does not match", False),
    ("config", ("EndpointConfigName",), "a\n", "does not match", False),
    ("config", ("EndpointConfigName",), "ä", "does not match", False),
    ("serverless", ("ProductionVariants", 0, "ServerlessConfig", "MemorySizeInMB"), 7168, "7168 above 6144", False),
    ("serverless", ("ProductionVariants", 0, "ServerlessConfig", "MaxConcurrency"), 201, "201 above 200", False),
    ("serverless", ("ProductionVariants", 0, "ServerlessConfig", "ProvisionedConcurrency"), 0, "0 below 1", True),
    ("model", ("PrimaryContainer", "Environment"), {"1A": "x"}, "key 1A", False),
    ("model", ("PrimaryContainer", "Environment"), {"A": 1}, "Environment[A]: 1 is no string", True),
    ("model", ("PrimaryContainer", "Environment"), {f"A{n}": "" for n in range(101)}, "101 entries above 100", False),
    ("model", ("PrimaryContainer", "Environment"), [], "is no map", True),
    ("model", ("ExecutionRoleArn",), "arn:aws:iam::123:role/replace-me", "does not match", False),
    ("model", ("VpcConfig", "Subnets"), [f"subnet-{n}" for n in range(17)], "17 members above 16", False),
    ("model", ("VpcConfig", "Subnets"), ["subnet_1"], "Subnets[0]: 'subnet_1' does not match", False),
    ("model", ("Tags",), [{"Key": "名", "Value": "a?"}], "Tags[0].Value: 'a?' does not match", False),
    ("policy", ("TargetTrackingScalingPolicyConfiguration", "TargetValue"), float("nan"), "not finite", False),
    ("policy", ("TargetTrackingScalingPolicyConfiguration", "TargetValue"), None, "None is no double", True),
    ("policy", ("PolicyName",), "p\x07", "does not match", False),
    ("schedule", ("StartDate",), "soon", "is no timestamp", True),
    ("schedule", ("Target", "RoleArn"), "arn:aws:iam::123456789012:user/r", "does not match", False),
    ("alarm", ("EvaluationWindow",), {}, "0 members of a union", True),
    ("alarm", ("EvaluationWindow", "WallClockWindow"), {}, "2 members of a union", True),
    ("request", ("Body",), "x" * 128_001, "128001 bytes above 128000", False),
    ("request", ("Body",), "ä" * 64_001, "128002 bytes above 128000", False),
    ("request", ("Body",), 5, "is no blob", True),
    ("request", ("InvocationTimeoutSeconds",), 3601, "3601 above 3600", False),
    ("request", ("RequestTTLSeconds",), 59, "59 below 60", True),
]


def changed(request: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    made: Any = copy.deepcopy(request)
    at = made
    for step in path[:-1]:
        at = at[step]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return made


@pytest.mark.parametrize("which", GOOD)
def test_a_good_request_is_found_good(which: str) -> None:
    assert service_model.problems(*GOOD[which]) == []
    service_model.serialised(*GOOD[which])


@pytest.mark.parametrize(("which", "path", "value", "reason", "botocore_sees"), BAD)
def test_a_bad_request_is_refused_for_its_one_reason(
    which: str, path: tuple[str | int, ...], value: Any, reason: str, botocore_sees: bool
) -> None:
    client, operation, request = GOOD[which]
    bad = changed(request, path, value)
    [told] = service_model.problems(client, operation, bad)
    assert reason in told
    if botocore_sees:
        with pytest.raises(ParamValidationError):
            service_model.serialised(client, operation, bad)


def test_half_of_what_is_refused_passes_botocores_own_validator() -> None:
    unseen = [case for case in BAD if not case[4]]
    for which, path, value, _, _ in unseen:
        client, operation, request = GOOD[which]
        service_model.serialised(client, operation, changed(request, path, value))
    assert len(unseen) >= 20


def test_all_problems_are_told_together() -> None:
    bad = changed(changed(CONFIG, ("EndpointConfigName",), "a_b"), ("ProductionVariants", 0, "InstanceType"), "x")
    assert len(service_model.problems("sagemaker", "create_endpoint_config", bad)) == 2


def _shapes(shape: Shape, seen: set[str]) -> Iterator[Shape]:
    if shape.name in seen:
        return
    seen.add(shape.name)
    yield shape
    below: list[Any] = list(getattr(shape, "members", {}).values())
    held = (getattr(shape, name, None) for name in ("member", "key", "value"))
    below += [one for one in held if isinstance(one, Shape)]
    for one in below:
        yield from _shapes(one, seen)


@pytest.mark.parametrize(("client", "operation"), OPERATIONS)
def test_every_pattern_and_type_that_an_operation_may_meet_is_understood(client: str, operation: str) -> None:
    shapes = list(_shapes(service_model.operation(client, operation).input_shape, set()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for shape in shapes:
            if "pattern" in shape.metadata:
                service_model.pattern(shape.metadata["pattern"])
    known = {"structure", "list", "map", "string", "integer", "float", "double", "boolean", "timestamp", "blob"}
    assert {shape.type_name for shape in shapes} <= known
    assert {key for shape in shapes for key in shape.metadata} <= {
        "required", "min", "max", "pattern", "enum", "union", "sensitive", "idempotencyToken",
    }  # fmt: skip
    assert not any(getattr(shape, "is_document_type", False) for shape in shapes)


@pytest.mark.parametrize(
    ("written", "matches", "fails"),
    [
        (r"[a-z]+", "abc", "abc\n"),
        (r"\p{ASCII}*", "a~\x00", "ä"),
        (r"\p{Print}+", "a b", "a\tb"),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "数 é-9_", "a!"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a\U0001f600\n", "\x00"),
        (r"\A\S[\p{Print}]*\z", "a b", " a"),
        (r"[a[]+", "[a", "b"),
    ],
)
def test_a_pattern_written_for_java_is_read_as_java_does(written: str, matches: str, fails: str) -> None:
    assert service_model.pattern(written).fullmatch(matches)
    assert not service_model.pattern(written).fullmatch(fails)
