"""The order of one instant, rule by rule, in the kernels of every pattern that a rule applies to.

Finishes, then the clients' limits; what becomes ready or is lost; the queues, once; arrivals; metrics and decisions.
The cases are worked out by hand; one second of mean work, so that a work is a length.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from advisor.sim.batch import simulate_jobs
from advisor.sim.deployments import JobSpec
from advisor.sim.ledger import Columns
from advisor.sim.run_record import Run
from tests.oracles.case import (
    BACKLOG,
    CONCURRENCY,
    FAILED,
    INVOCATIONS,
    REJECTED,
    SERVED,
    THROTTLED,
    TIMED_OUT,
    UTILISATION,
    Client,
    Loss,
    Request,
    Scaling,
    Scheduled,
    TargetTracking,
)
from tests.oracles.case_patterns import (
    LEAST_OUTSTANDING,
    AsynchronousCase,
    BatchCase,
    Batching,
    Case,
    LoadCurve,
    Model,
    MultiModelCase,
    RealTimeCase,
    ServerlessCase,
    Workers,
)
from tests.oracles.strategies import SEEDED
from tests.sim.agreement import run_of, spec_of, trace_of, window_of

ONCE = Client(attempts=1)
FOREVER = Client(attempts=1, limit_s=1e6)
# Models of a byte: loads take a step of the grid or two, and have come to an end long before the first second is over.
MODELS = {
    "models": (Model(size_bytes=1, memory_mib=1),) * 2, "cache_mib": 9, "disk_bytes": 99,
    "download_bytes_per_s": 1e9, "into_memory_bytes_per_s": 1e9, "parallel_loads": 3,
}  # fmt: skip
CURVE_OF_ONE = {"latency_s": (1.0,)}
BATCH_OF_ONE = {"batching": Batching(most=1, wait_s=0.0, marginal=0.0)}
FLEETS = ["fleet", "events", "multi-model"]
ENDPOINTS = [*FLEETS, "asynchronous"]


def requests(*rows: tuple[float, float], **fields: object) -> tuple[Request, ...]:
    return tuple(Request(number=n, arrival=at, work=work, **fields) for n, (at, work) in enumerate(rows))


def fleet(count: int, **fields: object) -> Scaling:
    return Scaling(**{"initial": count, "lowest": count, "highest": count, **fields})


def columns_of(run: Run, skip: int = 0) -> Columns:
    assert run.columns is not None
    return Columns(**{name: getattr(run.columns, name)[skip:] for name in Columns.__slots__})


def play(kernel: str, *rows: tuple[float, float], workers: int = 1, **fields: Any) -> tuple[Run, Columns]:
    """Requests (arrival, work) on a kernel of an endpoint: its run, and what became of each of them."""
    fields = {"stop_s": 1000.0, "client": FOREVER, **fields}
    if kernel in ("fleet", "events"):
        server = fields.pop("server", Workers(workers=workers, mean_s=1.0))
        case: Case = RealTimeCase(requests=requests(*rows), server=server, routing=LEAST_OUTSTANDING, **fields)
        run = run_of(case, by_events=kernel == "events")
        return run, columns_of(run)
    if kernel == "asynchronous":
        fields.pop("container_queue", None)
        case = AsynchronousCase(requests=requests(*rows), mean_s=1.0, workers=workers, max_invocations=99, **fields)
        run = run_of(case)
        return run, columns_of(run)
    # A model that nobody else asks for is warmed on the first instance, well before: all that follows is for it.
    later = tuple((at + 100.0, work) for at, work in rows)
    scaling = fields.pop("scaling", Scaling())
    moved = replace(
        scaling,
        schedule=tuple(replace(one, at_s=one.at_s + 100.0) for one in scaling.schedule),
        losses=tuple(replace(one, at_s=one.at_s + 100.0) for one in scaling.losses),
    )
    case = MultiModelCase(
        requests=requests((0.0, 0.5), *later), workers=workers, mean_s=1.0, scaling=moved, **MODELS, **fields
    )
    run = run_of(case)
    told = columns_of(run, 1)
    for name in ("first_arrival", "arrival", "start", "finish", "answered"):
        getattr(told, name)[:] -= 100.0
    return run, told


# Finishes before arrivals


@pytest.mark.parametrize("kernel", FLEETS)
def test_a_worker_that_finishes_at_an_instant_is_free_for_what_arrives_then(kernel: str) -> None:
    # The second, which waits, takes it; so there is room for the third one to wait.
    _, told = play(kernel, (0.0, 1.0), (0.5, 1.0), (1.0, 1.0), container_queue=1, client=ONCE)
    assert told.status.tolist() == [SERVED] * 3
    assert told.start.tolist() == [0.0, 1.0, 2.0]
    _, told = play(kernel, (0.0, 1.0), (0.5, 1.0), (1.0 - 2**-20, 1.0), container_queue=1, client=ONCE)
    assert told.status.tolist() == [SERVED, SERVED, REJECTED]


def test_a_place_on_a_load_curve_is_free_for_what_arrives_as_another_ends() -> None:
    _, told = play("events", (0.0, 1.0), (1.0, 1.0), server=LoadCurve(latency_s=(1.0,)), container_queue=0, client=ONCE)
    assert told.status.tolist() == [SERVED, SERVED]


def serverless(*rows: tuple[float, float], **fields: Any) -> Columns:
    plain = {"mean_s": 1.0, "max_concurrency": 1, "cold_mean_s": 0.0, "client": ONCE, "stop_s": 1000.0}
    return columns_of(run_of(ServerlessCase(requests=requests(*rows), **{**plain, **fields})))


def test_a_container_that_finishes_at_an_instant_is_warm_for_what_arrives_then() -> None:
    told = serverless((0.0, 1.0), (1.0, 1.0))
    assert told.status.tolist() == [SERVED, SERVED]
    assert told.instance.tolist() == [0, 0]
    assert serverless((0.0, 1.0), (1.0 - 2**-20, 1.0)).status.tolist() == [SERVED, THROTTLED]


def test_a_container_whose_keep_alive_ends_at_an_instant_is_gone_for_what_arrives_then() -> None:
    assert serverless((0.0, 1.0), (6.0, 1.0), keep_alive_s=5.0).instance.tolist() == [0, 1]
    assert serverless((0.0, 1.0), (6.0 - 2**-20, 1.0), keep_alive_s=5.0).instance.tolist() == [0, 0]


# Limits after finishes


@pytest.mark.parametrize("kernel", FLEETS)
def test_an_answer_at_the_clients_limit_is_in_time(kernel: str) -> None:
    impatient = Client(attempts=1, limit_s=1.0)
    _, told = play(kernel, (0.0, 1.0), (10.0, 1.0 + 2**-20), client=impatient)
    assert told.status.tolist() == [SERVED, TIMED_OUT]
    assert told.answered.tolist() == [1.0, 11.0]


def test_a_serverless_answer_at_the_limit_is_in_time() -> None:
    told = serverless((0.0, 1.0), (10.0, 1.0 + 2**-20), client=Client(attempts=1, limit_s=1.0))
    assert told.status.tolist() == [SERVED, TIMED_OUT]


@pytest.mark.parametrize(
    "shared", [{}, {"latency_s": (1.0,)}, {"batching": Batching(most=1, wait_s=0.0, marginal=0.0)}]
)
def test_an_invocation_that_ends_at_its_time_out_is_in_time(shared: dict[str, Any]) -> None:
    _, told = play("asynchronous", (0.0, 1.0), (10.0, 1.0 + 2**-20), timeout_s=1.0, **shared)
    assert told.status.tolist() == [SERVED, TIMED_OUT]


def test_a_load_that_ends_at_the_callers_limit_is_in_time() -> None:
    # Two seconds to fetch, two into memory.
    slow = {**MODELS, "download_bytes_per_s": 0.5, "into_memory_bytes_per_s": 0.5}
    case = MultiModelCase(
        requests=requests((0.0, 1.0)), workers=1, mean_s=1.0, client=Client(attempts=1, limit_s=4.0), **slow
    )
    told = columns_of(run_of(case))
    # It has its worker, and goes on without its caller.
    assert (told.status[0], told.start[0], told.answered[0]) == (TIMED_OUT, 4.0, 4.0)


def test_of_models_that_were_used_last_at_one_instant_the_first_leaves() -> None:
    # Memory for two of three. The first to have left makes room for the others, which finish together, the later first.
    room = {**MODELS, "models": (Model(size_bytes=1, memory_mib=1),) * 3, "cache_mib": 2}
    asked = (
        (2, 0.0, 1.0),
        (1, 2.0, 1.0),
        (0, 4.0, 1.0),
        (1, 10.0, 2.0),
        (0, 11.0, 1.0),
        (2, 20.0, 1.0),
        (1, 30.0, 1.0),
    )
    told = tuple(Request(number=n, model=model, arrival=at, work=work) for n, (model, at, work) in enumerate(asked))
    run = run_of(MultiModelCase(requests=told, workers=2, mean_s=1.0, client=FOREVER, **room))
    steps = 10 * 2**-20
    assert columns_of(run).finish.tolist()[3:5] == [12.0, 12.0]
    assert [(model, round(asked_at)) for _, model, asked_at, _, _ in run.loads] == [(2, 0), (1, 2), (0, 4), (2, 20)]
    assert all(loaded - asked_at < steps for _, _, asked_at, _, loaded in run.loads)


# Capacity before arrivals, after finishes

SECOND_AT_5 = Scaling(initial=1, highest=2, launch_s=(5.0,), schedule=(Scheduled(at_s=0.0, lowest=2, highest=2),))


@pytest.mark.parametrize("kernel", ["fleet", "events"])
def test_an_instance_that_is_ready_at_an_instant_takes_what_arrives_then(kernel: str) -> None:
    _, told = play(kernel, (0.0, 100.0), (5.0 - 2**-20, 1.0), (5.0, 1.0), scaling=SECOND_AT_5)
    assert told.instance.tolist() == [0, 0, 1]
    assert told.start.tolist() == [0.0, 100.0, 5.0]


def test_a_multi_model_instance_that_is_ready_at_an_instant_takes_what_arrives_then() -> None:
    # It does not hold the model, but the one that does is busy.
    _, told = play("multi-model", (0.0, 100.0), (5.0, 1.0), scaling=SECOND_AT_5, spill_depth=1)
    assert told.instance.tolist() == [0, 1]


def test_an_asynchronous_instance_that_is_ready_at_an_instant_takes_the_head_before_what_arrives_then() -> None:
    _, told = play("asynchronous", (0.0, 100.0), (1.0, 10.0), (5.0, 1.0), scaling=SECOND_AT_5)
    assert told.instance.tolist() == [0, 1, 1]
    assert told.start.tolist() == [0.0, 5.0, 15.0]


def test_a_provisioned_container_that_is_ready_at_an_instant_takes_what_arrives_then() -> None:
    scaling = Scaling(
        initial=0, lowest=0, highest=1, launch_s=(5.0,), schedule=(Scheduled(at_s=0.0, lowest=1, highest=1),)
    )
    told = serverless((5.0 - 2**-20, 1.0), (5.0, 1.0), scaling=scaling, max_concurrency=5)
    assert told.slot.tolist() == [0, 1]


@pytest.mark.parametrize("kernel", ["events", "multi-model"])
def test_an_instance_that_is_lost_at_an_instant_has_finished_what_ends_then_and_starts_nothing(kernel: str) -> None:
    losing = fleet(1, losses=(Loss(at_s=5.0, which=0.0),), launch_s=(900.0,))
    _, told = play(kernel, (0.0, 5.0), (1.0, 1.0), (5.0, 1.0), scaling=losing)
    assert told.status.tolist() == [SERVED, FAILED, REJECTED]
    assert np.isnan(told.start[1])


@pytest.mark.parametrize(
    "shared", [{}, {"latency_s": (1.0,)}, {"batching": Batching(most=1, wait_s=0.0, marginal=0.0)}]
)
def test_a_queue_gives_nothing_to_an_instance_that_is_lost_at_that_instant(shared: dict[str, Any]) -> None:
    losing = fleet(2, losses=(Loss(at_s=5.0, which=0.0),), launch_s=(900.0,))
    _, told = play("asynchronous", (0.0, 5.0), (0.0, 7.0), (1.0, 1.0), scaling=losing, **shared)
    assert told.status.tolist() == [SERVED] * 3
    assert told.instance.tolist() == [0, 1, 1]
    assert told.start.tolist() == [0.0, 0.0, 7.0]


# Decisions after arrivals


@pytest.mark.parametrize("kernel", ENDPOINTS)
def test_an_instance_that_drains_at_an_instant_has_taken_what_arrived_then(kernel: str) -> None:
    draining = Scaling(initial=2, lowest=1, highest=2, schedule=(Scheduled(at_s=5.0, lowest=1, highest=1),))
    more = {"spill_depth": 1} if kernel == "multi-model" else {}
    run, told = play(kernel, (4.0, 10.0), (5.0, 3.0), (5.0, 1.0), scaling=draining, **more)
    assert told.instance.tolist()[:2] == [0, 1]
    assert told.status.tolist() == [SERVED] * 3
    end = run.timeline.units[1].end - (100.0 if kernel == "multi-model" else 0.0)
    # On an instance of its own queue the third stands behind one of the two; in the common one it waits for the first.
    assert told.start[2] == (14.0 if kernel == "asynchronous" or told.instance[2] == 0 else 8.0)
    assert end == told.finish[told.instance == 1].max()


@pytest.mark.parametrize("kernel", ["fleet", "events"])
@pytest.mark.parametrize("metric", [INVOCATIONS, CONCURRENCY])
def test_what_arrives_as_a_metric_is_read_is_in_it(kernel: str, metric: str) -> None:
    policy = TargetTracking(metric=metric, target=99.0, period_s=10.0)
    run, _ = play(kernel, (10.0, 5.0), scaling=Scaling(highest=2, policies=(policy,)))
    assert [point.load for point in run.timeline.datapoints[:3]] == ([1, 0, 0] if metric == INVOCATIONS else [1, 1, 0])


@pytest.mark.parametrize(
    "shared", [{}, {"latency_s": (1.0,)}, {"batching": Batching(most=2, wait_s=1.0, marginal=0.0)}]
)
def test_a_call_that_enters_as_the_backlog_is_read_is_in_it_and_one_that_ends_then_is_not(
    shared: dict[str, Any],
) -> None:
    policy = TargetTracking(metric=BACKLOG, target=99.0, period_s=10.0)
    wait = 1.0 if "batching" in shared else 0.0
    scaling = Scaling(highest=2, policies=(policy,))
    run, _ = play("asynchronous", (10.0, 10.0 - wait), scaling=scaling, **shared)
    assert [point.load for point in run.timeline.datapoints[:3]] == [1, 0, 0]


def test_a_provisioned_container_that_is_taken_as_the_metric_is_read_is_in_it() -> None:
    policy = TargetTracking(metric=UTILISATION, target=0.9, period_s=10.0)
    case = ServerlessCase(
        requests=requests((10.0, 1.0)), mean_s=1.0, max_concurrency=5, stop_s=100.0,
        scaling=Scaling(highest=2, policies=(policy,)),
    )  # fmt: skip
    assert [point.load for point in run_of(case).timeline.datapoints[:3]] == [1, 1, 0]


# Queues once an instant, lowest first, nothing in advance


@pytest.mark.parametrize("kernel", ENDPOINTS)
def test_a_queue_is_looked_at_once_after_all_finishes_of_the_instant_and_the_lowest_worker_takes_its_head(
    kernel: str,
) -> None:
    # Slot 1 ends at 3 s by a start at 0 s, slot 0 by one at 1 s: whoever looked in between would take slot 1.
    _, told = play(kernel, (0.0, 1.0), (0.0, 3.0), (1.0, 2.0), (2.0, 1.0), workers=2)
    assert told.slot.tolist() == [0, 1, 0, 0]
    assert told.start.tolist() == [0.0, 0.0, 1.0, 3.0]


def test_the_lowest_instance_takes_the_head_then_its_lowest_slot() -> None:
    _, told = play("asynchronous", *((0.0, 1.0),) * 5, workers=2, scaling=fleet(2))
    assert list(zip(told.instance.tolist(), told.slot.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (0, 0),
    ]


@pytest.mark.parametrize("kernel", ["fleet", "events"])
def test_ties_of_the_least_outstanding_go_to_the_lowest_instance(kernel: str) -> None:
    _, told = play(kernel, *((0.0, 1.0),) * 4, scaling=fleet(3))
    assert told.instance.tolist() == [0, 1, 2, 0]


def test_ties_of_multi_model_instances_go_to_the_lowest() -> None:
    _, told = play("multi-model", *((0.0, 1.0),) * 4, scaling=fleet(3), spill_depth=0)
    # The first instance holds the model; then the others, which load it, as long as they have fewer.
    assert told.instance.tolist() == [0, 1, 2, 0]


def test_a_batch_waits_for_all_finishes_and_takes_nothing_that_arrives_as_it_begins() -> None:
    server = Workers(workers=1, mean_s=1.0, batching=Batching(most=3, wait_s=5.0, marginal=0.0))
    _, told = play("events", (0.0, 1.0), (5.0, 1.0), (6.0, 1.0), server=server)
    # At 5 s the first has waited long enough; the second arrives then, too late, and waits until 10 s.
    assert told.start.tolist() == [5.0, 10.0, 10.0]


def test_a_call_would_start_later_and_so_new_capacity_takes_it() -> None:
    _, told = play("asynchronous", (0.0, 6.0), (1.0, 1.0), (2.0, 1.0), scaling=SECOND_AT_5)
    # The second would start on the first instance at 6 s; the third then does.
    assert told.start.tolist() == [0.0, 5.0, 6.0]
    assert told.instance.tolist() == [0, 1, 0]


def job_of(*rows: tuple[float, float], **fields: Any) -> Columns:
    """One object whose records are calls, on one instance that needs no time beside."""
    case = BatchCase(
        requests=requests(*rows), mean_s=1.0, files=1, strategy="single", provision_s=(0.0,), setup_s=0.0,
        upload_s=0.0, stop_s=100.0, **fields,
    )  # fmt: skip
    return columns_of(
        simulate_jobs(trace_of(case.requests), spec_of(case, JobSpec), window=window_of(case), columns=True)
    )


@pytest.mark.parametrize("one_by_one", [True, False])
def test_calls_of_a_job_take_the_lowest_free_slot_after_all_ends_of_the_instant(*, one_by_one: bool) -> None:
    rows = ((0.0, 1.0), (0.0, 3.0), (0.0, 2.0), (0.0, 1.0))
    told = job_of(*rows, workers=2, max_transforms=2, due_s=(0.0,), one_by_one=one_by_one)
    assert told.slot.tolist() == [0, 1, 0, 0]
    assert told.start.tolist() == [0.0, 0.0, 1.0, 3.0]


def test_a_job_takes_what_arrives_as_it_begins() -> None:
    told = job_of((0.0, 1.0), (5.0, 1.0), (5.0 + 2**-20, 1.0), workers=1, due_s=(5.0, 50.0))
    assert told.start.tolist() == [5.0, 6.0, 50.0]


# Attempts of one instant


@pytest.mark.parametrize("kernel", ["fleet", "events"])
def test_a_retry_that_comes_back_as_others_arrive_goes_by_its_request_number(kernel: str) -> None:
    # The second request is turned away at 1 s and comes back after 2 s, as the third arrives: it is taken, that is not.
    client = Client(attempts=2, base_s=4.0)
    _, told = play(kernel, (0.0, 3.0), (1.0, 1.0), (3.0, 1.0), container_queue=0, client=client)
    assert told.start.tolist()[:2] == [0.0, 3.0]
    assert told.attempts.tolist() == [1, 2, 2]
    assert told.start[2] == 5.0


# Cuts


@pytest.mark.parametrize("pattern", [name for name in SEEDED if not name.startswith("batch")])
def test_where_time_is_cut_changes_nothing(pattern: str) -> None:
    for seed in range(12):
        case = SEEDED[pattern](seed, 40)
        case = replace(case, stop_s=min(case.stop_s, 300.0))
        plain, cut = run_of(case), run_of(case, sample_s=0.375)
        assert plain.columns is not None
        assert cut.columns is not None
        for name in Columns.__slots__:
            one, other = getattr(plain.columns, name), getattr(cut.columns, name)
            assert np.array_equal(one, other, equal_nan=True), (seed, name)
        assert plain.ledger.bins.tobytes() == cut.ledger.bins.tobytes()
        assert plain.ledger.counts.tobytes() == cut.ledger.counts.tobytes()
        assert repr(plain.timeline.units) == repr(cut.timeline.units)
        assert repr(plain.timeline.changes) == repr(cut.timeline.changes)
