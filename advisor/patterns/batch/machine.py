"""The state machine between a stream's schedule and its jobs: it looks whether something has come, and waits its turn.

    before ── input ── turn ──> nothing has come, or another run waits already ──> done
       ^                 │ ╰──> job ── taken ── which ── remove ──> done
       ╰───── wait <─────╯ the job before still runs

A job that is given an empty prefix fails, and two jobs over one prefix answer everything twice. So a run looks first,
one job runs at a time, and what a job has answered leaves the prefix. A run that is not needed ends after three steps.
Source: AWS Step Functions developer guide, JSONata and service integrations, 2026; Amazon States Language.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["PAGE", "WAIT_S", "definition", "pages_of", "waits_of", "work_of"]

WAIT_S = 15
"""How long a run whose turn has not come waits before it looks again."""
PAGE = 500
"""Objects listed and removed at a time: what is told of a thousand may be more than a state takes (256 KiB)."""

# Steps of a run: one look and its end; a look again after a wait; the job; a page of what it has taken.
_LOOK, _AGAIN, _JOB, _OF_PAGE = 4, 4, 1, 4


def work_of(looks: float, waits: float, jobs: float, pages: float) -> dict[str, float]:
    """Steps of the machine and listings of S3, as granules: of runs, waits for a turn, jobs and pages of objects."""
    return {
        "transitions": _LOOK * looks + _AGAIN * waits + _JOB * jobs + _OF_PAGE * pages,
        "lists": looks + waits + pages,
    }


def waits_of(delay_s: float) -> int:
    """How often a run waits whose job begins so long after it was due."""
    return math.ceil(max(0.0, delay_s) / WAIT_S)


def pages_of(objects: float) -> int:
    """Pages in which so many objects are listed and removed."""
    return math.ceil(objects / PAGE)


def definition(partition: str, job: Mapping[str, Any]) -> dict[str, Any]:
    """The machine around a job's request; the run's own name makes the job's, after the name that the request has."""
    where = job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    below = {"Bucket": bucket, "Prefix": prefix}

    def task(service: str, arguments: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
        return {"Type": "Task", "Resource": f"arn:{partition}:states:::{service}", "Arguments": arguments, **rest}

    started = "$toMillis($states.context.Execution.StartTime)"
    named = f"{{% '{job['TransformJobName']}-' & $states.context.Execution.Name %}}"
    states = {
        "before": task(
            "aws-sdk:sfn:listExecutions",
            {"StateMachineArn": "{% $states.context.StateMachine.Id %}", "StatusFilter": "RUNNING"},
            Assign={"before": f"{{% $count($states.result.Executions[$toMillis(StartDate) < {started}]) %}}"},
            Next="input",
        ),
        "input": task(
            "aws-sdk:s3:listObjectsV2",
            # An object of the prefix's own name is a folder's mark, and no input.
            {**below, "StartAfter": prefix, "MaxKeys": 1},
            Assign={
                "come": "{% $states.result.KeyCount %}",
                "begun": "{% $states.context.State.EnteredTime %}",
                "after": prefix,
            },
            Next="turn",
        ),
        "turn": {
            "Type": "Choice",
            "Choices": [
                # The run that waits takes what has come for this one, too.
                {"Condition": "{% $come = 0 or $before > 1 %}", "Next": "done"},
                {"Condition": "{% $before = 1 %}", "Next": "wait"},
            ],
            "Default": "job",
        },
        "wait": {"Type": "Wait", "Seconds": WAIT_S, "Next": "before"},
        "job": task(
            "sagemaker:createTransformJob.sync",
            {**job, "TransformJobName": named},
            Catch=[{"ErrorEquals": ["States.TaskFailed"], "Next": "ended"}],
            Next="taken",
        ),
        # A job that has failed over one object has answered the others; one that never was ends the run as failed,
        # and what has come stays for the next.
        "ended": task("aws-sdk:sagemaker:describeTransformJob", {"TransformJobName": named}, Next="taken"),
        "taken": task(
            "aws-sdk:s3:listObjectsV2",
            {**below, "StartAfter": "{% $after %}", "MaxKeys": PAGE},
            Assign={
                "keys": "{% [$states.result.Contents[$toMillis(LastModified) <= $toMillis($begun)].{'Key': Key}] %}",
                "after": "{% $states.result.KeyCount > 0 ? $states.result.Contents[-1].Key : $after %}",
                "more": "{% $states.result.IsTruncated %}",
            },
            Next="which",
        ),
        "which": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $count($keys) > 0 %}", "Next": "remove"},
                {"Condition": "{% $more %}", "Next": "taken"},
            ],
            "Default": "done",
        },
        "remove": task(
            "aws-sdk:s3:deleteObjects",
            {"Bucket": bucket, "Delete": {"Objects": "{% $keys %}", "Quiet": True}},
            Assign={"keys": []},
            Next="which",
        ),
        "done": {"Type": "Succeed"},
    }
    return {
        "Comment": "One transform job at a time, over what has come; none where nothing has.",
        "QueryLanguage": "JSONata",
        "StartAt": "before",
        "States": states,
    }
