"""The state machine that starts a stream's jobs: valid, looks before it starts one, one at a time, each input once."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import xform_name

from advisor.catalog.limits import limit
from advisor.patterns import BatchTransform
from advisor.patterns.batch import machine as made_machine
from advisor.patterns.batch.machine import PAGE, WAIT_S, pages_of, rests_of, rounds, waits_of, work_of
from advisor.patterns.batch.simulate import _looks
from advisor.rules import overlay
from tests.patterns import service_model, state_language
from tests.patterns.state_language import Raised, events, walk

STREAM = overlay("name: demo")
LOT = overlay("{name: demo, traffic: null, batch: {records: 1000, record_size: 1 KB, files: 10, every: 1 day}}")
D = BatchTransform(instance_type="ml.m5.xlarge", instances=2, every_s=420.0)
LOT_JOB = D.render(LOT)[1].request
# How a run names its job: after the digits of the time at which it is due.
NAMED = "{% 'demo-batch-transform-' & $replace($states.context.Execution.Input.due, /[^0-9]/, '') %}"
# Names of services in the resources of states, and in boto3.
CLIENTS = {"sfn": "stepfunctions", "states": "stepfunctions", "s3": "s3", "sagemaker": "sagemaker"}


def machine() -> dict[str, Any]:
    _, made, _ = D.render(STREAM)
    definition: dict[str, Any] = json.loads(made.request["definition"])
    return definition


def spelled(service: str, request: dict[str, Any]) -> dict[str, Any]:
    """States and schedules begin every name with a capital, and the service's own names begin with a small letter."""
    if service not in ("sfn", "states"):
        return request
    # The integration writes an input as JSON; the service takes it as text.
    if service == "states":
        request = request | {"Input": json.dumps(request["Input"])}
    return {name[0].lower() + name[1:]: value for name, value in request.items()}


class World:
    """Objects under the prefix by name, with when they came; runs of the machine that are older than this one."""

    def __init__(self, came: Mapping[str, float], *, older: tuple[int, ...] = (0,), now: float = 100.0) -> None:
        self.objects, self.older, self.now = dict(came), list(older), now
        self.comes: dict[str, float] = {}
        self.answered: list[str] = []
        self.fails, self.exists, self.job = False, True, {"status": "Failed", "started": True}
        self.twice = False
        self.begun, self.after = 0.0, ""
        self.page: list[str] = []
        self.lists = 0
        self.given: Mapping[str, Any] = {}
        self.pages, self.rests = 0, list[list[str]]()

    def __call__(self, task: str) -> Mapping[str, Any]:
        made: Mapping[str, Any] = getattr(self, f"_{task}")()
        return made

    def _before(self) -> Mapping[str, Any]:
        return {"before": self.older.pop(0)}

    def _input(self) -> Mapping[str, Any]:
        self.lists += 1
        self.begun, self.after = self.given.get("begun", self.now), self.given.get("after", "input/")
        self.pages = 0
        come = {"come": min(1, len(self.objects)), "rest": "begun" in self.given}
        return come | {"begun": self.begun, "after": self.after, "pages": 0}

    def _job(self) -> Mapping[str, Any]:
        self.answered = sorted(self.objects)
        self.objects |= self.comes
        if self.fails:
            raise Raised
        return {}

    def _ended(self) -> Mapping[str, Any]:
        if not self.exists:
            raise Raised
        return {"began": self.job["status"] == "Failed" and self.job["started"] and not self.twice}

    def _taken(self) -> Mapping[str, Any]:
        self.lists += 1
        left = sorted(name for name in self.objects if name > self.after)
        page = left[:PAGE]
        self.page = [name for name in page if self.objects[name] <= self.begun]
        self.after = page[-1] if page else self.after
        self.pages += 1
        return {"keys": self.page, "after": self.after, "more": len(left) > PAGE, "pages": self.pages}

    def _remove(self) -> Mapping[str, Any]:
        for name in self.page:
            del self.objects[name]
        return {"keys": []}

    def _rest(self) -> Mapping[str, Any]:
        # Later, and while another run waits for its turn.
        self.given, self.now, self.older = {"begun": self.begun, "after": self.after}, self.now + 500, [2]
        been: list[str] = []
        self.rests.append(been)
        been += walk(machine(), self)
        return {}


class Endless(World):
    """Inputs without an end."""

    def _taken(self) -> Mapping[str, Any]:
        self.pages += 1
        return {"keys": ["one"], "after": "", "more": True, "pages": self.pages}

    def _remove(self) -> Mapping[str, Any]:
        return {"keys": []}

    def _rest(self) -> Mapping[str, Any]:
        return {}


def steps(**counts: float) -> float:
    return work_of(**{"looks": 1, "waits": 0, "jobs": 0, "pages": 0, "rests": 0, **counts})["transitions"]


def test_the_definition_is_valid() -> None:
    assert state_language.problems(machine()) == []


@pytest.mark.parametrize(
    ("state", "field", "value", "reason"),
    [
        ("before", "Next", "nowhere", "before: nowhere is no state"),
        ("before", "Assign", {}, "turn: $before is read and not assigned"),
        ("before", "Resource", "listExecutions", "is no resource"),
        ("before", "Parameters", {}, "before: Parameters is not allowed"),
        ("before", "End", True, "one of Next and End"),
        ("turn", "Choices", [], "without a condition"),
        ("turn", "Default", "done", "job is never reached"),
        ("wait", "Timestamp", "2030-01-01T00:00:00Z", "one of Seconds and Timestamp"),
        ("done", "Type", "Success", "is no type of state"),
        ("input", "Arguments", {"Bucket": "{% $count( %}"}, "does not close"),
        ("input", "Arguments", {"Bucket": "a {% $b %}"}, "neither an expression nor"),
    ],
)
def test_the_judge_of_definitions_sees_what_is_wrong(state: str, field: str, value: Any, reason: str) -> None:
    broken = copy.deepcopy(machine())
    broken["States"][state][field] = value
    assert any(reason in one for one in state_language.problems(broken))


def test_what_each_state_asks_of_aws_is_a_valid_request() -> None:
    # What expressions come to, by what stands in their place.
    values = {
        "{% $states.context.StateMachine.Id %}": "arn:aws:states:us-east-1:123456789012:stateMachine:demo",
        NAMED: "demo-batch-transform-20300101183000",
        "{% $after %}": "input/a",
        "{% $begun %}": "2030-01-01T00:00:00Z",
        "{% 'rest-' & $uuid() %}": "rest-01234567-89ab-cdef-0123-456789abcdef",
        "{% $keys %}": [{"Key": "input/a"}],
    }

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(one) for name, one in value.items()}
        return values.get(value, value) if isinstance(value, str) else value

    asked = []
    for state in machine()["States"].values():
        if state["Type"] == "Task":
            *_, service, operation = re.sub(r"\.sync(:2)?$", "", state["Resource"]).split(":")
            request = spelled(service, filled(state["Arguments"]))
            assert service_model.problems(CLIENTS[service], xform_name(operation), request) == []
            asked.append(operation)
    assert asked == [
        "listExecutions", "listObjectsV2", "createTransformJob", "describeTransformJob", "listObjectsV2",
        "deleteObjects", "startExecution",
    ]  # fmt: skip


def test_a_schedule_of_a_stream_starts_the_machine_and_one_of_a_lot_the_job() -> None:
    model, made, schedule = D.render(STREAM)
    assert [one.operation for one in (model, made, schedule)] == [
        "create_model", "create_state_machine", "create_schedule",
    ]  # fmt: skip
    assert schedule.request["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
    asked = json.loads(schedule.request["Target"]["Input"])
    assert asked["StateMachineArn"].endswith(f":stateMachine:{made.request['name']}")
    # A second call for one time is told the same, so that its job has the same name: each call's id is another.
    assert json.loads(asked["Input"]) == {"due": "<aws.scheduler.scheduled-time>"}
    assert "execution-id" not in schedule.request["Target"]["Input"]
    states = machine()["States"]
    assert [states[one]["Arguments"]["TransformJobName"] for one in ("job", "ended")] == [NAMED] * 2
    asked = spelled("sfn", asked)
    assert service_model.problems("stepfunctions", "start_execution", asked) == []
    *_, first, schedule = D.render(LOT)
    assert first.operation == "create_transform_job"
    assert schedule.request["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob"
    # The same job both ways, but for its name.
    job = machine()["States"]["job"]["Arguments"]
    assert {**job, "TransformJobName": ""} == {**first.request, "TransformJobName": ""}


def test_where_nothing_has_come_no_job_starts() -> None:
    world = World({})
    assert walk(machine(), world) == ["before", "input", "turn", "done"]
    assert (steps(), world.lists) == (4, 1)


def test_what_a_job_has_taken_leaves_the_prefix_and_what_came_since_stays() -> None:
    world = World({"input/a": 90.0, "input/b": 100.0})
    world.comes = {"input/aa": 130.0, "input/c": 200.0}
    been = walk(machine(), world)
    assert been == ["before", "input", "turn", "job", "taken", "which", "remove", "which", "done"]
    assert world.answered == ["input/a", "input/b"]
    assert set(world.objects) == {"input/aa", "input/c"}
    assert len(been) == steps(jobs=1, pages=1) == 9
    assert world.lists == work_of(1, 0, 1, 1, 0)["lists"] == 2


def test_what_comes_between_the_look_and_the_jobs_listing_is_answered_twice_and_who_renders_is_told() -> None:
    world = World({"input/a": 90.0, "input/b": 101.0})
    walk(machine(), world)
    assert (world.answered, set(world.objects)) == (["input/a", "input/b"], {"input/b"})
    world.now, world.older = 520.0, [0]
    walk(machine(), world)
    assert (world.answered, world.objects) == (["input/b"], {})
    _, made, _ = D.render(STREAM)
    assert "is answered by this job and again by the next" in made.fill_in["definition"]


def test_many_objects_are_removed_page_by_page() -> None:
    world = World({f"input/{n:05d}": 50.0 for n in range(1200)})
    # 500, 500 and 200
    assert len(walk(machine(), world)) == steps(jobs=1, pages=pages_of(1200)) == 4 + 1 + 4 * 3
    assert world.objects == {}


def test_after_so_many_pages_a_run_of_its_own_goes_on_removing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made_machine, "rounds", lambda: 2)
    # 2,300 objects have come on five pages, two a run: two runs go on. Between them lies what came since.
    world = World({f"input/{n:05d}": 50.0 for n in range(2300)})
    world.comes = {f"input/{n:05d}-since": 150.0 for n in range(100)}
    been = walk(machine(), world)
    assert been[-2:] == ["rest", "done"]
    assert [one[:4] for one in world.rests] == [["before", "input", "turn", "taken"]] * 2
    assert len(world.answered) == 2300
    assert len(world.objects) == 100
    assert set(world.objects.values()) == {150.0}
    # The first run has its 4 steps, the job and 4 a page; each that goes on is one step there, and 4 of its own.
    pages = 2 + 2 + 1
    told = steps(jobs=1, pages=pages, rests=2)
    assert len(been) + sum(len(one) for one in world.rests) == told == 4 + 1 + 4 * pages + 2 * (1 + 4)
    assert world.lists == work_of(1, 0, 1, pages, 2)["lists"] == 1 + pages + 2
    assert [rests_of(n) for n in (0, 500, 1000, 1001, 2000, 2001)] == [0, 0, 0, 1, 1, 2]


def test_the_history_of_a_run_has_room_for_a_year_of_waits_and_its_pages() -> None:
    # Half of 25,000 events, 14 a round: a wait, its end, a look of two calls and a choice; or two calls, two choices.
    assert rounds() == (25_000 - 50) // 2 // 14 == 891
    year = waits_of(365 * 86400.0)
    # 50 waits of 15 s are 750 s, and a fiftieth more each time makes a year of that in ln(42048) / ln(1.02) = 537.6.
    assert year == pytest.approx(50 + 538, abs=10)
    world = Endless({"input/a": 90.0}, older=(*[1] * rounds(), 0))
    been = walk(machine(), world)
    assert been.count("wait") == been.count("taken") == rounds() > year
    assert been[-2:] == ["rest", "done"]
    told = events(machine(), been)
    assert told == 2 + 14 * rounds() + (5 + 5 + 2) + 6 + 14 * rounds() + 6 + 2
    assert told <= limit("batch.machine_history_max").base
    # Two million objects are 4,000 pages, which five runs remove: four go on after the first.
    assert (pages_of(2e6), rests_of(2e6)) == (4000, 4)


def test_what_a_simulated_run_is_billed_has_the_runs_that_go_on_removing() -> None:
    # Of two jobs that are due, one begins half a minute late over half a million objects, the other has nothing to do.
    job = SimpleNamespace(billed_from=450.0, delay_s=30.0, objects=500_000)
    run: Any = SimpleNamespace(window_s=(0.0, 840.0), jobs=[job])
    # Two looks of 4 steps, two waits of 4, the job, 1,000 pages of 4, and one more run, of 5.
    assert _looks(D, run) == {"transitions": 8 + 8 + 1 + 4000 + 5, "lists": 2 + 2 + 1000 + 1}


def test_one_job_runs_at_a_time_and_one_run_waits_for_its_turn() -> None:
    world = World({"input/a": 90.0}, older=(1, 1, 0))
    been = walk(machine(), world)
    assert been[:9] == ["before", "input", "turn", "wait", "before", "input", "turn", "wait", "before"]
    assert been[11] == "job"
    # A job that begins half a minute after it was due has waited twice.
    assert len(been) == steps(waits=waits_of(30.0), jobs=1, pages=1)
    assert (WAIT_S, waits_of(0.0), waits_of(30.5)) == (15, 0, 3)
    # After 50 waits, 750 s, each is a fiftieth of all before in whole seconds: 15, 16, 16, 16, 17.
    assert [waits_of(at) for at in (750.0, 765.0, 781.0, 797.0, 813.0, 830.0, 831.0)] == [50, 51, 52, 53, 54, 55, 56]
    # A third run leaves all to the one that waits.
    third = World({"input/a": 90.0}, older=(2,))
    assert walk(machine(), third) == ["before", "input", "turn", "done"]
    assert third.objects == {"input/a": 90.0}


def test_a_failed_job_has_taken_its_inputs_and_one_that_never_was_has_not() -> None:
    failed = World({"input/a": 90.0})
    failed.fails = True
    assert walk(machine(), failed)[3:7] == ["job", "ended", "began", "taken"]
    assert failed.objects == {}
    never = World({"input/a": 90.0})
    never.fails, never.exists = True, False
    with pytest.raises(Raised):
        walk(machine(), never)
    assert never.objects == {"input/a": 90.0}


@pytest.mark.parametrize(("status", "started"), [("Failed", False), ("Stopped", True), ("Stopped", False)])
def test_a_job_that_never_began_or_was_stopped_leaves_its_inputs_and_the_run_says_so(
    status: str, started: bool
) -> None:
    world = World({"input/a": 90.0})
    world.fails, world.job = True, {"status": status, "started": started}
    with pytest.raises(Raised, match="left"):
        walk(machine(), world)
    assert world.objects == {"input/a": 90.0}
    left = machine()["States"]["left"]
    assert "stays for the next job" in left["Cause"]
    # The next run's job takes them.
    world.fails, world.older = False, [0]
    walk(machine(), world)
    assert (world.answered, world.objects) == (["input/a"], {})


def test_a_job_of_another_run_for_the_same_time_tells_nothing_of_what_came_since() -> None:
    # The name is taken: the job is refused, and what is described is the other run's, which has failed.
    world = World({"input/a": 90.0})
    world.fails = world.twice = True
    with pytest.raises(Raised, match="left"):
        walk(machine(), world)
    assert world.objects == {"input/a": 90.0}
    asked = machine()["States"]["ended"]["Assign"]["began"]
    assert "$toMillis($states.result.CreationTime) >= $toMillis($begun)" in asked


@pytest.mark.parametrize("name", ["demo", "n" * 120])
def test_a_streams_job_is_named_shortly_enough_with_the_digits_of_its_time(name: str) -> None:
    _, made, _ = D.render(STREAM.with_({"name": name}))
    named = json.loads(made.request["definition"])["States"]["job"]["Arguments"]["TransformJobName"]
    request = {**LOT_JOB, "TransformJobName": named.split("'")[1] + "20300101183000"}
    assert service_model.problems("sagemaker", "create_transform_job", request) == []
