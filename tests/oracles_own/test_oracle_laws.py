"""Laws that every oracle keeps on every generated case: conservation, causality, capacity, the same answer twice."""

from __future__ import annotations

import importlib
import itertools
import math
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import asynchronous, batch, multimodel, realtime, serverless, sharing
from tests.oracles.case import FAILED, PENDING, SERVED, STEPS, TIMED_OUT, Record
from tests.oracles.case_patterns import Case, LoadCurve, Workers
from tests.oracles.strategies import SEEDED, cases

ORACLES: dict[str, ModuleType] = {
    "real-time": realtime,
    "serverless": serverless,
    "asynchronous": asynchronous,
    "asynchronous, shared": sharing,
    "batch-transform": batch,
    "batch-transform, side by side": batch,
    "multi-model": multimodel,
    "multi-model, shared": multimodel,
}
SEEDS = 60


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pattern" in metafunc.fixturenames:
        metafunc.parametrize("pattern", list(ORACLES))


@pytest.fixture(scope="module")
def runs() -> dict[str, list[tuple[Case, Record]]]:
    """Each generated case with its record."""
    found = {}
    for pattern, oracle in ORACLES.items():
        made = [SEEDED[pattern](seed, seed % 60) for seed in range(SEEDS)]
        found[pattern] = [(case, oracle.simulate(case)) for case in made]
    return found


Runs = dict[str, list[tuple[Case, Record]]]


def test_arrivals_are_the_sum_over_statuses(runs: Runs, pattern: str) -> None:
    for case, record in runs[pattern]:
        assert [outcome.number for outcome in record.requests] == [row.number for row in case.requests]
        assert sum(record.counts().values()) == len(case.requests)
        for outcome in record.requests:
            assert (outcome.status == PENDING) == math.isnan(outcome.answered)


def test_every_instant_is_on_the_grid_and_none_is_after_the_stop(runs: Runs, pattern: str) -> None:
    for case, record in runs[pattern]:
        instants = [t for o in record.requests for t in (o.arrival, o.start, o.finish, o.answered)]
        lives = record.instances + record.containers + record.jobs
        instants += [t for life in lives for t in (life.ready, life.draining, life.end)]
        for instant in instants:
            assert math.isnan(instant) or (instant * STEPS == round(instant * STEPS) and instant <= case.stop_s)


def test_nothing_happens_before_its_cause(runs: Runs, pattern: str) -> None:
    for _, record in runs[pattern]:
        for outcome in record.requests:
            known = [t for t in (outcome.first_arrival, outcome.arrival, outcome.start, outcome.finish) if t == t]
            assert known == sorted(known)
            if outcome.status == SERVED:
                assert outcome.start < outcome.finish <= outcome.answered
            assert not outcome.answered < outcome.first_arrival


def test_work_is_done_only_by_what_is_in_service_or_draining(runs: Runs, pattern: str) -> None:
    if pattern.startswith("batch-transform"):
        return
    for _, record in runs[pattern]:
        units = {life.number: life for life in record.instances}
        containers = {life.number: life for life in record.containers}
        for outcome in record.requests:
            if math.isnan(outcome.start):
                continue
            on_demand = pattern == "serverless" and outcome.slot == 0
            life = (containers if on_demand else units)[outcome.instance]
            assert life.ready <= outcome.start
            assert not life.end < outcome.finish
            assert not life.draining < (outcome.start if pattern == "asynchronous" else outcome.arrival)


def test_no_slot_serves_two_at_once(runs: Runs, pattern: str) -> None:
    for case, record in runs[pattern]:
        server = getattr(case, "server", None)
        if isinstance(server, LoadCurve) or (isinstance(server, Workers) and server.batching) or pattern[0] == "b":
            continue
        if pattern.endswith("shared"):
            continue
        served = [o for o in record.requests if not math.isnan(o.finish) and not math.isnan(o.start)]
        served.sort(key=lambda o: (o.instance, o.slot, o.start))
        for one, other in itertools.pairwise(served):
            if (one.instance, one.slot) == (other.instance, other.slot):
                assert one.finish <= other.start


def test_a_load_curve_never_holds_more_than_its_last_point(runs: Runs) -> None:
    for case, record in runs["real-time"]:
        if isinstance(case.server, LoadCurve):
            done = [o for o in record.requests if not math.isnan(o.finish)]
            for o in done:
                together = [p for p in done if p.instance == o.instance and p.start <= o.start < p.finish]
                assert len(together) <= len(case.server.latency_s)


def test_no_more_progress_together_than_there_are_places(runs: Runs) -> None:
    for pattern in ("asynchronous, shared", "multi-model, shared"):
        for case, record in runs[pattern]:
            most = len(case.latency_s) or case.workers * case.batching.most
            done = [o for o in record.requests if not math.isnan(o.finish) and not math.isnan(o.start)]
            for o in done:
                together = [p for p in done if p.instance == o.instance and p.start <= o.start < p.finish]
                assert len(together) <= min(most, getattr(case, "max_invocations", most))


def test_a_late_answer_is_a_timed_out_one(runs: Runs, pattern: str) -> None:
    if pattern.startswith(("asynchronous", "batch-transform")):
        return
    for case, record in runs[pattern]:
        for outcome in record.requests:
            if outcome.status in (SERVED, FAILED):
                assert outcome.answered <= outcome.arrival + case.client.limit_s
            if outcome.status == TIMED_OUT:
                assert outcome.answered == outcome.arrival + case.client.limit_s


def test_committed_capacity_stays_between_zero_and_what_was_asked(runs: Runs, pattern: str) -> None:
    for case, record in runs[pattern]:
        scaling = getattr(case, "scaling", None)
        if scaling is None:
            continue
        highest = max([scaling.highest, scaling.initial, *(action.highest for action in scaling.schedule)])
        for change in record.changes:
            if change.what in ("out", "in", "schedule"):
                assert 0 <= change.now <= highest


def test_the_same_case_gives_the_same_record_twice(runs: Runs, pattern: str) -> None:
    for seed, (_, record) in enumerate(runs[pattern][:20]):
        assert repr(ORACLES[pattern].simulate(SEEDED[pattern](seed, seed % 60))) == repr(record)


def test_the_generated_cases_reach_every_status_and_every_kind_of_change(runs: Runs) -> None:
    reached = {pattern: set() for pattern in ORACLES}
    changes = set()
    for pattern, made in runs.items():
        for _, record in made:
            reached[pattern] |= set(record.counts())
            changes |= {change.what for change in record.changes}
    assert reached == {
        "real-time": {-1, 0, 2, 3, 6, 7},
        "serverless": {-1, 0, 1, 3, 6, 7},
        "asynchronous": {-1, 0, 3, 4, 6, 7},
        "asynchronous, shared": {-1, 0, 3, 4, 6, 7},
        "batch-transform": {-1, 0, 6, 7},
        "batch-transform, side by side": {-1, 0, 6, 7},
        "multi-model": {-1, 0, 2, 3, 5, 6, 7},
        "multi-model, shared": {-1, 0, 2, 3, 5, 6, 7},
    }
    kinds = {"out", "in", "schedule"}
    assert kinds | {kind + "-done" for kind in kinds} | {"replace", "refused"} <= changes
    for metric in ("invocations", "concurrency", "backlog", "utilisation"):
        assert {"out-alarm " + metric, "in-alarm " + metric} <= changes
    assert "out-alarm no-capacity" in changes


@settings(max_examples=15, deadline=None, database=None)
@given(data=st.data())
def test_the_strategies_make_cases_that_run(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(sorted(ORACLES)))
    case = data.draw(cases(pattern, largest=20))
    assert len(ORACLES[pattern].simulate(case).requests) == len(case.requests)


def test_the_oracles_import_nothing_of_the_product() -> None:
    shared = ("case", "case_patterns", "client", "clock", "control", "strategies")
    for name in (*shared, *(module.__name__ for module in ORACLES.values())):
        module = importlib.import_module(name if "." in name else "tests.oracles." + name)
        for value in vars(module).values():
            assert not getattr(value, "__module__", "").startswith("advisor")
            assert not (isinstance(value, ModuleType) and value.__name__.startswith("advisor"))
