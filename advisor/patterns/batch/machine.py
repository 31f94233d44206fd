"""The state machine between a stream's schedule and its jobs: it looks whether something has come, and waits its turn.

    before ── input ── turn ──> nothing has come, or another run waits already ──> done
       ^                 │ ╰──> job ── taken ── which ── remove ──> done
       ╰───── wait <─────╯ the job before still runs   ╰──> rest, a run that goes on removing ──> done
    job ── ended, it failed ── began ── taken, as above; or left, and what has come stays for the next

A job that is given an empty prefix fails, and two jobs over one prefix answer everything twice. So a run looks first,
one job runs at a time, and what a job has answered leaves the prefix. A run that is not needed ends after three steps.
The history of a run is limited, and a run that reaches its end fails: so waits grow with the time waited, and after
many pages another run of the same machine goes on removing, while the first still counts as the one that runs.
What comes after a run's look and before its job lists the prefix is answered twice: by that job, which reads it, and by
the next, as it has not been removed. AWS does not say when a job lists it. The second result replaces the first.
Source: AWS Step Functions developer guide, JSONata, service integrations and continuing long executions, 2026; Amazon
States Language.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from typing import Any

from advisor.patterns.batch.job import whole

__all__ = ["PAGE", "PART", "WAIT_S", "definition", "pages_of", "rests_of", "rounds", "waits_of", "work_of"]

WAIT_S = 15
"""How long a run whose turn has not come waits before it looks again, at first."""
PART = 50
"""Later it waits this part of the time since it began: its job is never later by more than that."""
PAGE = 500
"""Objects listed and removed at a time: what is told of a thousand may be more than a state takes (256 KiB)."""

# Steps of a run: one look and its end; a look again after a wait; the job; a page of what it has taken; a run that goes
# on removing, which begins with a look.
_LOOK, _AGAIN, _JOB, _OF_PAGE, _REST = 4, 4, 1, 4, 5
# Events of a wait and the look after it, and of a page: five of each call of a service, two of each other step. Events
# of all else that one run does, with some room.
_EVENTS, _OTHER_EVENTS = 14, 50


def work_of(looks: float, waits: float, jobs: float, pages: float, rests: float) -> dict[str, float]:
    """Steps of the machine and listings of S3, as granules: of runs that a schedule starts, waits for a turn, jobs,
    pages of objects, and runs that go on removing.
    """
    return {
        "transitions": _LOOK * looks + _AGAIN * waits + _JOB * jobs + _OF_PAGE * pages + _REST * rests,
        "lists": looks + waits + pages + rests,
    }


@cache
def rounds() -> int:
    """Waits that the history of one run has room for, and as many pages beside them."""
    return (whole("batch.machine_history_max") - _OTHER_EVENTS) // (2 * _EVENTS)


@cache
def _looks_s() -> tuple[int, ...]:
    """When a run that is not let in looks, in seconds after its first look."""
    at = [0]
    for _ in range(rounds()):
        at.append(at[-1] + max(WAIT_S, math.ceil(at[-1] / PART)))
    return tuple(at)


def waits_of(delay_s: float) -> int:
    """How often a run waits whose job begins so long after it was due."""
    return bisect_left(_looks_s(), delay_s)


def pages_of(objects: float) -> int:
    """Pages in which so many objects are listed and removed."""
    return math.ceil(objects / PAGE)


def rests_of(objects: float) -> int:
    """Runs that go on removing so many objects, after the one that had their job."""
    return max(0, math.ceil(pages_of(objects) / rounds()) - 1)


def definition(partition: str, job: Mapping[str, Any]) -> dict[str, Any]:
    """The machine around a job's request. The time at which a run is due makes the job's name, after the request's.

    A schedule may call twice for one time. Then the second job is refused, as its name is taken.
    """
    where = job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    below = {"Bucket": bucket, "Prefix": prefix}

    def task(service: str, arguments: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
        return {"Type": "Task", "Resource": f"arn:{partition}:states:::{service}", "Arguments": arguments, **rest}

    started, entered = "$toMillis($states.context.Execution.StartTime)", "$states.context.State.EnteredTime"
    given = "$states.context.Execution.Input"
    named = f"{{% '{job['TransformJobName']}-' & $replace({given}.due, /[^0-9]/, '') %}}"
    states = {
        "before": task(
            "aws-sdk:sfn:listExecutions",
            {"StateMachineArn": "{% $states.context.StateMachine.Id %}", "StatusFilter": "RUNNING"},
            # A run that goes on removing is a part of the one that waits for its end.
            Assign={
                "before": f"{{% $count($states.result.Executions[$toMillis(StartDate) < {started} "
                "and $not($contains(Name, 'rest-'))]) %}"
            },
            Next="input",
        ),
        "input": task(
            "aws-sdk:s3:listObjectsV2",
            # An object of the prefix's own name is a folder's mark, and no input.
            {**below, "StartAfter": prefix, "MaxKeys": 1},
            Assign={
                "come": "{% $states.result.KeyCount %}",
                "rest": f"{{% $exists({given}.begun) %}}",
                "begun": f"{{% $exists({given}.begun) ? {given}.begun : {entered} %}}",
                "after": f"{{% $exists({given}.after) ? {given}.after : '{prefix}' %}}",
                "pages": 0,
            },
            Next="turn",
        ),
        "turn": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $rest %}", "Next": "taken"},
                # The run that waits takes what has come for this one, too.
                {"Condition": "{% $come = 0 or $before > 1 %}", "Next": "done"},
                {"Condition": "{% $before = 1 %}", "Next": "wait"},
            ],
            "Default": "job",
        },
        "wait": {
            "Type": "Wait",
            "Seconds": f"{{% $max([{WAIT_S}, $ceil(($toMillis({entered}) - {started}) / {1000 * PART})]) %}}",
            "Next": "before",
        },
        "job": task(
            "sagemaker:createTransformJob.sync",
            {**job, "TransformJobName": named},
            Catch=[{"ErrorEquals": ["States.TaskFailed"], "Next": "ended"}],
            Next="taken",
        ),
        # A job that has failed over one object has answered the others. Where it never was, never began on its
        # instances, was stopped, or is the one of another run that was due at the same time, the run ends as failed,
        # and what has come stays for the next.
        "ended": task(
            "aws-sdk:sagemaker:describeTransformJob",
            {"TransformJobName": named},
            Assign={
                "began": "{% $states.result.TransformJobStatus = 'Failed' "
                "and $exists($states.result.TransformStartTime) "
                "and $toMillis($states.result.CreationTime) >= $toMillis($begun) %}"
            },
            Next="began",
        ),
        "began": {"Type": "Choice", "Choices": [{"Condition": "{% $began %}", "Next": "taken"}], "Default": "left"},
        "left": {
            "Type": "Fail",
            "Error": "JobDidNotWork",
            "Cause": "No job of this run began its work, or it was stopped: what has come stays for the next job.",
        },
        "taken": task(
            "aws-sdk:s3:listObjectsV2",
            {**below, "StartAfter": "{% $after %}", "MaxKeys": PAGE},
            Assign={
                "keys": "{% [$states.result.Contents[$toMillis(LastModified) <= $toMillis($begun)].{'Key': Key}] %}",
                "after": "{% $states.result.KeyCount > 0 ? $states.result.Contents[-1].Key : $after %}",
                "more": "{% $states.result.IsTruncated %}",
                "pages": "{% $pages + 1 %}",
            },
            Next="which",
        ),
        "which": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $count($keys) > 0 %}", "Next": "remove"},
                {"Condition": f"{{% $more and $pages >= {rounds()} %}}", "Next": "rest"},
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
        "rest": task(
            "states:startExecution.sync:2",
            {
                "StateMachineArn": "{% $states.context.StateMachine.Id %}",
                "Name": "{% 'rest-' & $uuid() %}",
                "Input": {"begun": "{% $begun %}", "after": "{% $after %}"},
            },
            Next="done",
        ),
        "done": {"Type": "Succeed"},
    }
    return {
        "Comment": "One transform job at a time, over what has come; none where nothing has.",
        "QueryLanguage": "JSONata",
        "StartAt": "before",
        "States": states,
    }
