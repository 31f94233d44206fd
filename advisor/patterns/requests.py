"""What the five patterns' AWS requests share: calls, names, placeholders, models, endpoints, scaling.

A request is a plain mapping, as boto3 takes it and JSON holds it. What only the user knows (ARNs, images, S3 addresses)
stands in it as a placeholder of the right form, and is listed beside it. Everything here is a pure function.
Source: AWS API model, 2026-08; AWS developer guide, endpoint auto scaling, 2026.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.errors import InputError
from advisor.patterns.clock import DAYS, cron, edges
from advisor.rules.estimates import model_ready_s
from advisor.workload import Workload

__all__ = [
    "ACCOUNT",
    "INSTANCES",
    "PROVISIONED",
    "VARIANT",
    "WORKERS",
    "Blank",
    "Call",
    "address",
    "arn",
    "call",
    "capture",
    "create_endpoint",
    "create_model",
    "instance_variant",
    "name_of",
    "partition",
    "scalable_target",
    "scheduled_actions",
    "target_tracking",
    "variant_resource",
    "whole_seconds",
]

ACCOUNT = "123456789012"
"""The account of AWS's own examples: stands wherever the user's belongs."""
VARIANT = "AllTraffic"
INSTANCES, PROVISIONED = "DesiredInstanceCount", "DesiredProvisionedConcurrency"
"""What of a variant application-autoscaling changes."""
WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"
"""What AWS's framework containers read their number of workers from."""

# The longest name of most resources, less what is put behind it: a hyphen and the 16 characters of a schedule's run.
_LONGEST_NAME = 63 - 17
_DIGEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an AWS client, by the names that boto3 gives them.

    ``fill_in`` maps the path of each placeholder in ``request`` to what belongs there. Where ``then_wait`` names a
    waiter of the client, what follows needs its end.
    """

    client: str
    operation: str
    region: str
    request: Mapping[str, Any]
    fill_in: Mapping[str, str] = field(default_factory=dict)
    then_wait: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As the command line prints it."""
        head: dict[str, Any] = {"client": self.client, "operation": self.operation, "region": self.region}
        waits = {"then_wait": self.then_wait} if self.then_wait else {}
        return {**head, "request": self.request, "fill_in": self.fill_in, **waits}


@dataclass(frozen=True, slots=True)
class Blank:
    """A placeholder: a value that AWS would take, and what belongs there."""

    value: Any
    what: str


def call(w: Workload, client: str, operation: str, request: Mapping[str, Any], *, then_wait: str = "") -> Call:
    """A call in the workload's region: blanks become their values, and are listed."""
    blanks = {path: blank.what for path, blank in _blanks(request, "")}
    return Call(
        client=client,
        operation=operation,
        region=w.region,
        request=_filled(request),
        fill_in=blanks,
        then_wait=then_wait,
    )


def _blanks(value: Any, path: str) -> Iterator[tuple[str, Blank]]:
    if isinstance(value, Blank):
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _blanks(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _blanks(one, f"{path}[{n}]")


def _filled(value: Any) -> Any:
    if isinstance(value, Blank):
        return value.value
    if isinstance(value, Mapping):
        return {key: _filled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return value


def name_of(w: Workload, pattern: str) -> str:
    """The name of model, configuration and endpoint: the workload's, in letters, digits and hyphens, and the pattern's.

    A name that is too long is cut, one without any such letter is called workload; both end in a digest of the whole.
    """
    plain = unicodedata.normalize("NFKD", w.name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
    room = _LONGEST_NAME - len(pattern) - 1
    if not slug or len(slug) > room:
        digest = hashlib.sha256(w.name.encode()).hexdigest()[:_DIGEST]
        slug = f"{slug[: room - _DIGEST - 1].rstrip('-') or 'workload'}-{digest}"
    return f"{slug}-{pattern}"


def partition(region: str) -> str:
    """What the ARNs of a region begin with after ``arn:``."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def arn(w: Workload, service: str, resource: str, what: str) -> Blank:
    """A placeholder for an ARN in the workload's region; roles have none."""
    region = "" if service == "iam" else w.region
    return Blank(f"arn:{partition(w.region)}:{service}:{region}:{ACCOUNT}:{resource}", what)


def address(path: str, what: str) -> Blank:
    """A placeholder for an address in S3."""
    return Blank(f"s3://replace-me/{path}", what)


def whole_seconds(value: float, setting: str) -> int:
    """A duration for a request, which takes whole seconds: rounding would be another deployment."""
    if value != int(value):
        raise InputError(
            f"{setting}={value:g} s has a fraction, and AWS takes whole seconds", "", f"give {math.ceil(value)} s"
        )
    return int(value)


def create_model(
    w: Workload,
    name: str,
    honoured: Collection[str],
    *,
    environment: Mapping[str, str] | None = None,
    holds: Mapping[str, Any] | None = None,
    role: str = "",
) -> Call:
    """The model: image, artefact, role, and what the needs ask of it.

    ``honoured`` are the needs that the pattern can meet; ``holds`` changes the container that has the model (the last
    one of a pipeline); ``role`` says what this model is beside others of the endpoint.
    """
    needs = {need for need in w.needs if need in honoured}
    one = _container(w, needs, environment or {}, role)
    request: dict[str, Any] = {"ModelName": name}
    if needs & {"pipeline", "multi-container"}:
        several = [
            {"ContainerHostname": f"container-{n + 1}", **one}
            for n in range(int(limit("pipeline.containers_min").base))
        ]
        several[-1] |= holds or {}
        request["Containers"] = several
        request["InferenceExecutionConfig"] = {"Mode": "Serial" if "pipeline" in needs else "Direct"}
    else:
        request["PrimaryContainer"] = {**one, **(holds or {})}
    request["ExecutionRoleArn"] = arn(w, "iam", "role/replace-me", "the role that reads image and model")
    if needs & {"vpc", "private-registry"}:
        # Two zones are the least that outlive one.
        subnets = 2 if "multi-az" in w.needs else 1
        request["VpcConfig"] = {
            "SecurityGroupIds": [Blank("sg-replace-me", "a security group of the VPC")],
            "Subnets": [
                Blank(f"subnet-replace-me-{n + 1}", "a subnet" + (" in a zone of its own" if subnets > 1 else ""))
                for n in range(subnets)
            ],
        }
    # Packages of the marketplace run in isolation only.
    if needs & {"network-isolation", "marketplace"}:
        request["EnableNetworkIsolation"] = True
    return call(w, "sagemaker", "create_model", request)


def _container(w: Workload, needs: Collection[str], environment: Mapping[str, str], role: str) -> dict[str, Any]:
    given = {"Environment": dict(environment)} if environment else {}
    if "marketplace" in needs:
        package = arn(w, "sagemaker", "model-package/replace-me", "the package that was subscribed to")
        return {"ModelPackageName": package, **given}
    if "private-registry" in needs:
        image: dict[str, Any] = {
            "Image": Blank("registry.example.com/replace-me:latest", "the image in the private registry"),
            "ImageConfig": {"RepositoryAccessMode": "Vpc"},
        }
    else:
        host = f"{ACCOUNT}.dkr.ecr.{w.region}.amazonaws.com" + (".cn" if partition(w.region) == "aws-cn" else "")
        image = {"Image": Blank(f"{host}/replace-me:latest", f"the {w.model.framework} container's image")}
    each = f", one of {w.model.count:,}: each has an endpoint or job of its own" if w.model.count > 1 else ""
    artefact = address("model.tar.gz", f"the archive of the {role or 'model'}{each}")
    return {**image, "ModelDataUrl": artefact, **given}


def instance_variant(
    w: Workload, model: str, *, instance_type: str, count: int, volume_gb: int | None, loads_model: bool = True
) -> dict[str, Any]:
    """A production variant on instances. A volume beside NVMe disks or above the largest is refused.

    ``loads_model`` says that the container loads its one model before it is healthy: where that takes longer than AWS
    waits, both time-outs are raised to twice the estimate, as far as they go.
    """
    made: dict[str, Any] = {
        "VariantName": VARIANT,
        "ModelName": model,
        "InstanceType": instance_type,
        "InitialInstanceCount": count,
    }
    if volume_gb is not None:
        if instance(instance_type).nvme_gb:
            what = f"volume={volume_gb} GB on {instance_type}, which has NVMe disks of its own"
            raise InputError(what, "", "leave the volume out (volume=none), or take a type without NVMe disks")
        if volume_gb * 1e9 > limit("realtime.volume_gb_max").base:
            what = f"volume={volume_gb} GB, and AWS takes {limit('realtime.volume_gb_max').shown} at most"
            raise InputError(what, "", "give a smaller volume, or take a type with NVMe disks")
        made["VolumeSizeInGB"] = volume_gb
    ready = model_ready_s(w)
    if loads_model and ready > limit("realtime.first_ping_window").base:
        longest = limit("realtime.startup_health_timeout_max").base
        patience = int(min(longest, math.ceil(2 * ready / 60) * 60))
        made["ModelDataDownloadTimeoutInSeconds"] = patience
        made["ContainerStartupHealthCheckTimeoutInSeconds"] = patience
    return made


def create_endpoint(w: Workload, name: str, variants: list[Any], extra: Mapping[str, Any] | None = None) -> list[Call]:
    """The configuration with its variants, and the endpoint, which takes minutes to be in service."""
    config = {"EndpointConfigName": name, "ProductionVariants": variants, **(extra or {})}
    endpoint = {"EndpointName": name, "EndpointConfigName": name}
    return [
        call(w, "sagemaker", "create_endpoint_config", config),
        call(w, "sagemaker", "create_endpoint", endpoint, then_wait="endpoint_in_service"),
    ]


def capture(w: Workload) -> dict[str, Any]:
    """Data capture of an endpoint, where the needs ask for it or for the monitor that reads it: every request."""
    if not {"data-capture", "model-monitor"} & set(w.needs):
        return {}
    return {
        "DataCaptureConfig": {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": address("captured/", "where requests and answers are kept"),
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        }
    }


def variant_resource(endpoint: str, what: str = INSTANCES) -> dict[str, str]:
    """How application-autoscaling names the number of the endpoint's variant that it changes."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{VARIANT}",
        "ScalableDimension": f"sagemaker:variant:{what}",
    }


def scalable_target(w: Workload, endpoint: str, low: int, high: int, *, what: str = INSTANCES) -> Call:
    """The bounds between which the endpoint scales."""
    request = {**variant_resource(endpoint, what), "MinCapacity": low, "MaxCapacity": high}
    return call(w, "application-autoscaling", "register_scalable_target", request)


def scheduled_actions(
    w: Workload, endpoint: str, schedule: str | None, bounds: tuple[int, int | None], *, what: str = INSTANCES
) -> list[Call]:
    """One action for each time of day at which the minimum changes; without an upper bound the number itself does.

    Times without a zone are UTC. Source: AWS Auto Scaling guide, scheduled actions, 2026.
    """
    least, most = bounds
    made = []
    for edge in edges(schedule, least) if schedule is not None else ():
        days = "" if len(edge.days) == len(DAYS) else "-".join(DAYS[day] for day in edge.days) + "-"
        at = f"{edge.minute // 60:02d}{edge.minute % 60:02d}"
        request = {
            **variant_resource(endpoint, what),
            "ScheduledActionName": f"{endpoint}-{days}{at}-{edge.least}",
            "Schedule": cron(edge),
            "ScalableTargetAction": {"MinCapacity": edge.least, "MaxCapacity": edge.least if most is None else most},
        }
        made.append(call(w, "application-autoscaling", "put_scheduled_action", request))
    return made


def target_tracking(
    w: Workload, endpoint: str, policy: str, target: float, metric: Mapping[str, Any], *, what: str = INSTANCES
) -> Call:
    """A target-tracking policy with the cooldowns that AWS takes where none are given, written out."""
    settings = {
        "TargetValue": target,
        **metric,
        "ScaleOutCooldown": int(limit("scaling.out_cooldown_default").base),
        "ScaleInCooldown": int(limit("scaling.in_cooldown_default").base),
    }
    request = {
        "PolicyName": f"{endpoint}-{policy}",
        **variant_resource(endpoint, what),
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": settings,
    }
    return call(w, "application-autoscaling", "put_scaling_policy", request)
