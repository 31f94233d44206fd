"""A batch transform job's AWS calls, in calling order: the model, the jobs, and the schedule that starts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from advisor.errors import InputError
from advisor.patterns.batch.machine import definition
from advisor.patterns.requests import (
    ACCOUNT,
    Blank,
    Call,
    address,
    arn,
    call,
    create_model,
    name_of,
    partition,
    whole_seconds,
)
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["calls"]

_HONOURED = ("vpc", "marketplace", "private-registry", "pipeline")
# What the scheduler puts in their places: an id of each call, so that every job has a name of its own, and the time for
# which it calls, which is the same where it calls again. That one has colons, which no name may have.
_RUN = "<aws.scheduler.execution-id>"
_DUE = "<aws.scheduler.scheduled-time>"
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def calls(w: Workload, d: BatchTransform) -> tuple[Call, ...]:
    """Model and jobs: of a lot the first job and the schedule of those after it, of a stream what looks before each.

    A lot is there when its job is due, so its schedule calls the first job's operation with the first job's request.
    Of a stream nothing may have come: the schedule starts a state machine, and that the job.
    Source: AWS scheduler guide, universal targets and context attributes, 2026.
    """
    name = name_of(w, d.name)
    first = call(w, "sagemaker", "create_transform_job", _job(w, d, name))
    jobs = _of_lot(w, d, first.request) if w.batch is not None else _of_stream(w, d, first.request)
    return (create_model(w, name, _HONOURED), *jobs)


def _of_lot(w: Workload, d: BatchTransform, job: Mapping[str, Any]) -> tuple[Call, ...]:
    name = job["TransformJobName"]
    again = json.dumps({**job, "TransformJobName": f"{name}-{_RUN}"})
    schedule = _schedule(
        w,
        d,
        name,
        target="sagemaker:createTransformJob",
        start="when the second job is due: the first is the call before",
        may="the role that may create jobs, and pass on the role of the model",
        request=Blank(again, f"the first job's request as JSON, its blanks filled in, named {name}-{_RUN}"),
    )
    first = _job(w, d, name) | {"TransformJobName": f"{name}-first"}
    return (call(w, "sagemaker", "create_transform_job", first), schedule)


def _of_stream(w: Workload, d: BatchTransform, job: Mapping[str, Any]) -> tuple[Call, ...]:
    name = job["TransformJobName"]
    machine = {
        "name": name,
        "definition": Blank(
            json.dumps(definition(partition(w.region), job)),
            "the machine, with the bucket (versioned: what a job has taken is deleted from the prefix, and kept as a "
            "version until a lifecycle rule ends it), the prefix under which each request is written by one PUT, "
            "content type and output filled in; a request that comes while a job begins, after the machine has looked "
            "and before SageMaker lists the prefix, is answered by this job and again by the next, which writes its "
            "result over the first",
        ),
        "roleArn": arn(
            w,
            "iam",
            "role/replace-me-machine",
            "the role that may list its own runs, start one and hear of its end, list and delete inputs, create and "
            "describe jobs and hear of their end, and pass on the role of the model",
        ),
    }
    started = {"StateMachineArn": f"arn:{partition(w.region)}:states:{w.region}:{ACCOUNT}:stateMachine:{name}"}
    schedule = _schedule(
        w,
        d,
        name,
        target="sfn:startExecution",
        start="when the first job is due",
        may="the role that may start the machine",
        request=Blank(
            json.dumps({**started, "Input": json.dumps({"due": _DUE})}),
            f"with the machine's ARN; each run is told its {_DUE}, and names its job after it: one job a time, however "
            "often the schedule calls",
        ),
    )
    return (call(w, "stepfunctions", "create_state_machine", machine), schedule)


def _schedule(w: Workload, d: BatchTransform, name: str, *, target: str, start: str, may: str, request: Blank) -> Call:
    schedule = {
        "Name": name,
        "ScheduleExpression": _rate(d.every_s),
        "StartDate": Blank("2030-01-01T00:00:00Z", start),
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": f"arn:{partition(w.region)}:scheduler:::aws-sdk:{target}",
            "RoleArn": arn(w, "iam", "role/replace-me-scheduler", may),
            "Input": request,
        },
    }
    return call(w, "scheduler", "create_schedule", schedule)


def _job(w: Workload, d: BatchTransform, name: str) -> dict[str, Any]:
    captured: dict[str, Any] = {}
    if {"data-capture", "model-monitor"} & set(w.needs):
        captured = {
            "DataCaptureConfig": {"DestinationS3Uri": address("captured/", "where inputs and results are kept")}
        }
    return {
        "TransformJobName": name,
        "ModelName": name,
        "MaxConcurrentTransforms": d.max_concurrent_transforms,
        "MaxPayloadInMB": d.max_payload_mb,
        "BatchStrategy": d.strategy,
        "ModelClientConfig": {
            "InvocationsTimeoutInSeconds": whole_seconds(d.timeout_s, "timeout"),
            "InvocationsMaxRetries": d.retries,
        },
        "TransformInput": {
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": address("input/", "the prefix that all input objects begin with"),
                }
            },
            "ContentType": Blank("application/octet-stream", "the type of content that the container reads"),
            "SplitType": d.split,
        },
        "TransformOutput": {
            "S3OutputPath": address("output/", "where results are written"),
            # Only lines are put back together with something between them.
            "AssembleWith": "Line" if d.split == "Line" else "None",
        },
        "TransformResources": {"InstanceType": d.instance_type, "InstanceCount": d.instances},
        **captured,
    }


def _rate(every_s: float) -> str:
    """A schedule's expression, which counts whole minutes, hours or days."""
    if every_s < 60 or every_s % 60:
        raise InputError(
            f"a job every {every_s:g} s, and a schedule counts whole minutes",
            "",
            f"give every={max(1, round(every_s / 60))} min",
        )
    unit, seconds = next(one for one in _UNITS if every_s % one[1] == 0)
    count = int(every_s // seconds)
    return f"rate({count} {unit}{'' if count == 1 else 's'})"
