"""What a pattern renders is what AWS takes, carries every setting, and hides no placeholder."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from advisor.errors import InputError
from advisor.patterns import PATTERNS, Asynchronous, BatchTransform, MultiModel, Pattern, RealTime, Serverless
from advisor.patterns.clock import changes
from advisor.patterns.requests import ACCOUNT, Call, name_of
from advisor.rules import BLOCKS, overlay
from advisor.workload import read
from tests.patterns import service_model
from tests.patterns.deployments_drawn import NEEDS, VALID, WORDS, needs, wild

EACH = [pytest.param(pattern, id=pattern.name) for pattern in PATTERNS]
BASE = overlay("")
MANY = overlay("model: {count: 20, size: 90 MB, memory: 200 MB}")
MARKED = re.compile(rf"replace-me|{ACCOUNT}")


def held(calls: tuple[Call, ...], operation: str, path: str = "", n: int = 0) -> Any:
    """What stands at a path of the n-th call of an operation; ``None`` where it is not there."""
    found = [call for call in calls if call.operation == operation]
    value: Any = found[n].request if n < len(found) else None
    for step in re.findall(r"\w+", path):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = None if value is None else value.get(step)
    return value


def valid(calls: tuple[Call, ...]) -> None:
    """Every call is valid by the service model, passes botocore's own serialiser, and is JSON."""
    for call in calls:
        assert service_model.problems(call.client, call.operation, call.request) == []
        service_model.serialised(call.client, call.operation, call.request)
    assert json.loads(json.dumps([call.to_dict() for call in calls])) == [call.to_dict() for call in calls]


VARIANT = "ProductionVariants[0]"
CONFIG, TARGET, POLICY = "create_endpoint_config", "register_scalable_target", "put_scaling_policy"
TRACKING = "TargetTrackingScalingPolicyConfiguration"


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _scaling(calls: tuple[Call, ...]) -> str:
    metric = held(calls, POLICY, f"{TRACKING}.PredefinedMetricSpecification.PredefinedMetricType")
    return {
        None: "none",
        "SageMakerVariantInvocationsPerInstance": "invocations",
        "SageMakerVariantConcurrentRequestsPerModelHighResolution": "concurrency",
    }[metric]


def _count(calls: tuple[Call, ...], which: str) -> Any:
    scaled = held(calls, TARGET, f"{which}Capacity")
    return held(calls, CONFIG, f"{VARIANT}.InitialInstanceCount") if scaled is None else scaled


_CRON = re.compile(r"cron\((\d+) (\d+) [*?] \* ([?A-Z,-]+) \*\)")
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def _scheduled(calls: tuple[Call, ...]) -> tuple[tuple[int, int], ...] | None:
    """Minutes of the week at which the minimum changes, out of the scheduled actions; ``None`` without any."""
    found = []
    for one in (call.request for call in calls if call.operation == "put_scheduled_action"):
        minute, hour, named = _CRON.fullmatch(one["Schedule"]).groups()  # type: ignore[union-attr]  # as for jobs
        days: list[int] = []
        for part in [] if named == "?" else named.split(","):
            ends = [_DAYS.index(day) for day in part.split("-")]
            days += range(ends[0], ends[-1] + 1)
        found += [
            (day * 1440 + int(hour) * 60 + int(minute), one["ScalableTargetAction"]["MinCapacity"])
            for day in days or range(7)
        ]
    return tuple(sorted(found)) or None


def _fixed(calls: tuple[Call, ...]) -> bool:
    """Whether the scheduled actions set the number itself, and no policy changes it."""
    bounds = [call.request["ScalableTargetAction"] for call in calls if call.operation == "put_scheduled_action"]
    policies = [call for call in calls if call.operation == POLICY]
    return not policies and all(one["MinCapacity"] == one["MaxCapacity"] for one in bounds)


def _most(calls: tuple[Call, ...]) -> Any:
    """The most instances: the upper bound, or where the clock sets the number, the most that it asks for."""
    tops = [
        call.request["ScalableTargetAction"]["MaxCapacity"]
        for call in calls
        if call.operation == "put_scheduled_action"
    ]
    if not _fixed(calls):
        assert set(tops) <= {held(calls, TARGET, "MaxCapacity")}
        return _count(calls, "Max")
    return max([_count(calls, "Max"), *tops])


def _fleet(calls: tuple[Call, ...]) -> dict[str, Any]:
    return {
        "instance_type": held(calls, CONFIG, f"{VARIANT}.InstanceType"),
        "min_instances": _count(calls, "Min"),
        "max_instances": _most(calls),
        "schedule": _scheduled(calls),
        "volume_gb": held(calls, CONFIG, f"{VARIANT}.VolumeSizeInGB"),
    }


def _real_time(calls: tuple[Call, ...]) -> dict[str, Any]:
    container = "Containers[0]" if held(calls, "create_model", "Containers") else "PrimaryContainer"
    return {
        **_fleet(calls),
        "scaling": _scaling(calls),
        "target": held(calls, POLICY, f"{TRACKING}.TargetValue"),
        "routing": held(calls, CONFIG, f"{VARIANT}.RoutingConfig.RoutingStrategy"),
        "workers": _number(held(calls, "create_model", f"{container}.Environment.SAGEMAKER_MODEL_SERVER_WORKERS")),
    }


def _serverless(calls: tuple[Call, ...]) -> dict[str, Any]:
    variant = f"{VARIANT}.ServerlessConfig"
    return {
        "memory_mib": held(calls, CONFIG, f"{variant}.MemorySizeInMB"),
        "max_concurrency": held(calls, CONFIG, f"{variant}.MaxConcurrency"),
        "provisioned_concurrency": held(calls, CONFIG, f"{variant}.ProvisionedConcurrency") or 0,
        "max_provisioned_concurrency": held(calls, TARGET, "MaxCapacity") if held(calls, POLICY) else None,
        "target_utilisation": held(calls, POLICY, f"{TRACKING}.TargetValue"),
        "schedule": _scheduled(calls),
    }


def _asynchronous(calls: tuple[Call, ...]) -> dict[str, Any]:
    sent = "invoke_endpoint_async"
    return {
        **_fleet(calls),
        "concurrency_per_instance": held(
            calls, CONFIG, "AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance"
        ),
        "target_backlog": held(calls, POLICY, f"{TRACKING}.TargetValue"),
        "timeout_s": held(calls, sent, "InvocationTimeoutSeconds"),
        "ttl_s": held(calls, sent, "RequestTTLSeconds"),
        "wake_step": held(calls, "put_metric_alarm", "MetricName") == "HasBacklogWithoutCapacity",
        "inline": held(calls, sent, "Body") is not None,
    }


def _batch(calls: tuple[Call, ...]) -> dict[str, Any]:
    # Of a stream the job stands in the machine that starts it.
    job = json.loads(held(calls, "create_state_machine", "definition"))["States"]["job"]["Arguments"]
    count, unit = re.fullmatch(
        r"rate\((\d+) (minute|hour|day)s?\)", held(calls, "create_schedule", "ScheduleExpression")
    ).groups()  # type: ignore[union-attr]  # a schedule of another form fails the test
    return {
        "instance_type": job["TransformResources"]["InstanceType"],
        "instances": job["TransformResources"]["InstanceCount"],
        "max_payload_mb": job["MaxPayloadInMB"],
        "max_concurrent_transforms": job["MaxConcurrentTransforms"],
        "strategy": job["BatchStrategy"],
        "split": job["TransformInput"]["SplitType"],
        "timeout_s": job["ModelClientConfig"]["InvocationsTimeoutInSeconds"],
        "retries": job["ModelClientConfig"]["InvocationsMaxRetries"],
        "every_s": int(count) * {"minute": 60, "hour": 3600, "day": 86_400}[unit],
    }


def _multi_model(calls: tuple[Call, ...]) -> dict[str, Any]:
    container = "Containers[1]" if held(calls, "create_model", "Containers") else "PrimaryContainer"
    setting = held(calls, "create_model", f"{container}.MultiModelConfig.ModelCacheSetting")
    return {
        **_fleet(calls),
        "scaling": _scaling(calls),
        "target": held(calls, POLICY, f"{TRACKING}.TargetValue"),
        "cached": {"Enabled": True, "Disabled": False}[setting],
    }


READ_BACK: Mapping[type[Pattern], Callable[[tuple[Call, ...]], dict[str, Any]]] = {
    RealTime: _real_time,
    Serverless: _serverless,
    Asynchronous: _asynchronous,
    BatchTransform: _batch,
    MultiModel: _multi_model,
}


def told(d: Pattern) -> dict[str, Any]:
    """The settings that change anything: a fleet of fixed size has no target, one that never sleeps no waking."""
    fields = d.to_dict()
    if fields.get("schedule") is not None:
        otherwise = d.provisioned_concurrency if isinstance(d, Serverless) else fields["min_instances"]
        fields["schedule"] = changes(fields["schedule"], otherwise)
    if isinstance(d, Asynchronous):
        if d.min_instances == d.max_instances:
            fields["target_backlog"] = None
        fields["wake_step"] = d.wake_step and d.least_instances == 0 and d.min_instances < d.max_instances
    return fields


@pytest.mark.parametrize("pattern", EACH)
def test_any_deployment_within_the_limits_renders_valid_requests_that_carry_every_setting(
    pattern: type[Pattern],
) -> None:
    @given(d=VALID[pattern], needed=needs(pattern), name=st.sampled_from(WORDS))
    @settings(max_examples=60)
    def holds(d: Pattern, needed: list[str], name: str) -> None:
        w = BASE.with_({"name": name, "needs": needed})
        calls = d.render(w)
        valid(calls)
        assert READ_BACK[pattern](calls) == told(d)
        assert set(READ_BACK[pattern](calls)) == {one.name for one in dataclasses.fields(d)}  # type: ignore[arg-type]  # a dataclass

    holds()


@pytest.mark.parametrize("pattern", EACH)
def test_what_no_rule_refuses_is_valid_or_told_to_be_unsayable(pattern: type[Pattern]) -> None:
    w = MANY if pattern is MultiModel else BASE
    rendered = []

    # Most deployments drawn wildly are refused; so many that those left over are a fair number.
    @given(d=wild(pattern))
    @settings(max_examples=200)
    def holds(d: Pattern) -> None:
        if any(found.verdict is BLOCKS for found in d.check(w)):
            return
        try:
            calls = d.render(w)
        except InputError as error:
            assert error.mend
            return
        valid(calls)
        rendered.append(d)

    holds()
    assert len(rendered) >= 5


def test_every_shipped_profile_renders_for_every_pattern_that_fits(root: Path) -> None:
    rendered = 0
    for file in sorted((root / "workloads").glob("*.yaml")):
        w = read(file)
        for pattern in PATTERNS:
            d = pattern.start(w)
            if not any(found.verdict is BLOCKS for found in d.check(w)):
                valid(d.render(w))
                rendered += 1
    assert rendered >= 10


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _texts(one, f"{path}[{n}]")
    elif isinstance(value, str):
        yield path, value


@pytest.mark.parametrize("pattern", EACH)
def test_every_placeholder_is_listed_and_every_listed_path_is_there(pattern: type[Pattern]) -> None:
    for needed in ([], *([need] for need in NEEDS[pattern.name]), ["vpc", "multi-az"]):
        w = BASE.with_({"needs": needed})
        for call in pattern.start(w).render(w):
            texts = dict(_texts(call.request, ""))
            assert {path for path, text in texts.items() if MARKED.search(text)} <= set(call.fill_in)
            for path, what in call.fill_in.items():
                assert held((call,), call.operation, path) is not None, path
                assert what


@pytest.mark.parametrize("pattern", EACH)
def test_rendering_gives_the_same_each_time_and_leaves_the_workload_as_it_is(pattern: type[Pattern]) -> None:
    w = overlay("needs: [vpc]")
    before = w.to_yaml()
    d = pattern.start(w)
    assert d.render(w) == d.render(w)
    assert w.to_yaml() == before


def test_rendering_loads_no_aws_library() -> None:
    code = (
        "import sys, advisor as ad\n"
        "from advisor.patterns import PATTERNS\n"
        "w = ad.Workload(name='x')\n"
        "[pattern.start(w).render(w) for pattern in PATTERNS]\n"
        "print(*(name for name in ('boto3', 'botocore', 'numba', 'simpy', 'pandas') if name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def _created(calls: tuple[Call, ...]) -> None:
    for call in calls:
        client = boto3.client(call.client, region_name=call.region)
        getattr(client, call.operation)(**call.request)
        if call.then_wait:
            client.get_waiter(call.then_wait).wait(EndpointName=call.request["EndpointName"])


ACCOUNT_OF_NONE = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS that lives in this process."""
    for name, value in ACCOUNT_OF_NONE.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


@pytest.mark.usefixtures("pretended")
def test_a_scaled_real_time_endpoint_is_created_as_rendered() -> None:
    d = RealTime(
        instance_type="ml.m5.large", min_instances=2, max_instances=5, scaling="invocations", target=700, volume_gb=40,
        routing="LEAST_OUTSTANDING_REQUESTS",
    )  # fmt: skip
    w = overlay("{name: card scoring, needs: [vpc, data-capture]}")
    _created(d.render(w))
    sagemaker = boto3.client("sagemaker", region_name=w.region)
    endpoint = sagemaker.describe_endpoint(EndpointName="card-scoring-real-time")
    assert endpoint["EndpointStatus"] == "InService"
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])[
        "ProductionVariants"
    ]
    assert (variant["InitialInstanceCount"], variant["InstanceType"], variant["VolumeSizeInGB"]) == (
        2,
        "ml.m5.large",
        40,
    )
    scaling = boto3.client("application-autoscaling", region_name=w.region)
    [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 5)
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 700


@pytest.mark.usefixtures("pretended")
@pytest.mark.parametrize("pattern", EACH)
def test_every_call_of_every_pattern_is_taken_in_its_order(pattern: type[Pattern]) -> None:
    w = MANY
    d = pattern.start(w)
    _created((d.with_({"min_instances": 0}) if isinstance(d, Asynchronous) else d).render(w))
    name = name_of(w, pattern.name)
    sagemaker = boto3.client("sagemaker", region_name=w.region)
    assert sagemaker.describe_model(ModelName=name)["ModelName"] == name
