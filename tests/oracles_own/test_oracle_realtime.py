"""The real-time oracle against hand-worked examples, one for each tie and choice, and against queueing theory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.oracles.case import (
    CONCURRENCY,
    FAILED,
    GRID,
    INVOCATIONS,
    PENDING,
    REFUSED,
    REJECTED,
    SERVED,
    TIMED_OUT,
    Client,
    Loss,
    Record,
    Request,
    Scaling,
    Scheduled,
    TargetTracking,
    to_grid,
)
from tests.oracles.case_patterns import LEAST_OUTSTANDING, Batching, LoadCurve, RealTimeCase, Workers
from tests.oracles.realtime import simulate

ONCE = Client(attempts=1)


def requests(*arrivals: float, **fields: object) -> tuple[Request, ...]:
    return tuple(Request(number=n, arrival=at, **fields) for n, at in enumerate(arrivals))


def case(arrivals: tuple[Request, ...], workers: int = 1, mean_s: float = 1.0, **fields: object) -> RealTimeCase:
    fields = {"server": Workers(workers=workers, mean_s=mean_s), "client": ONCE, "stop_s": 1000.0, **fields}
    return RealTimeCase(requests=arrivals, **fields)


def spans(record: Record) -> list[tuple[float, float]]:
    return [(outcome.start, outcome.finish) for outcome in record.requests]


def column(record: Record, name: str) -> list[float]:
    return [getattr(outcome, name) for outcome in record.requests]


def test_dd1_is_exact() -> None:
    record = simulate(case(requests(*(0.5 * n for n in range(20))), mean_s=0.75))
    assert spans(record) == [(0.75 * n, 0.75 * n + 0.75) for n in range(20)]


def test_durations_are_rounded_to_the_grid_half_to_even() -> None:
    assert [to_grid(x * GRID) for x in (0.5, 1.5, 2.5, 2.51)] == [0, 2 * GRID, 2 * GRID, 3 * GRID]
    record = simulate(case(requests(0.0, work=0.1 * GRID)))
    assert spans(record) == [(0, GRID)]


def test_free_slots_are_taken_lowest_first_after_all_finishes_of_the_instant() -> None:
    # 0 and 1 finish together at 2; 2 waits since 1 and takes slot 0, 3 takes slot 1
    rows = tuple(Request(number=n, arrival=a, work=w) for n, (a, w) in enumerate([(0, 2), (1, 1), (1, 5), (1.5, 1)]))
    record = simulate(case(rows, workers=2))
    assert spans(record) == [(0, 2), (1, 2), (2, 7), (2, 3)]
    assert column(record, "slot") == [0, 1, 0, 1]


def test_an_arrival_at_a_finish_finds_the_worker_free() -> None:
    record = simulate(case(requests(0.0, 1.0), container_queue=0))
    assert spans(record) == [(0, 1), (1, 2)]


def test_what_waits_goes_before_what_arrives_at_the_finish() -> None:
    record = simulate(case(requests(0.0, 0.5, 1.0), container_queue=1))
    assert spans(record) == [(0, 1), (1, 2), (2, 3)]


def test_a_full_container_queue_rejects() -> None:
    record = simulate(case(requests(0.0, 0.1, 0.2, 0.3), container_queue=2))
    assert column(record, "status") == [SERVED, SERVED, SERVED, REJECTED]
    rejected = record.requests[3]
    assert (rejected.answered, rejected.instance, rejected.slot, rejected.attempts) == (0.3, 0, -1, 1)


def test_random_routing_takes_the_floor_of_the_draw_over_instances_in_service() -> None:
    rows = tuple(Request(number=n, arrival=0, route=(u,) * 5) for n, u in enumerate([0.0, 0.33, 0.34, 0.67, 0.999]))
    record = simulate(case(rows, scaling=Scaling(initial=3, lowest=3, highest=3)))
    assert column(record, "instance") == [0, 0, 1, 2, 2]


def test_least_outstanding_counts_the_waiting_and_ties_go_to_the_lowest_number() -> None:
    record = simulate(
        case(requests(0, 0, 0, 0, 0, 0), routing=LEAST_OUTSTANDING, scaling=Scaling(initial=2, lowest=2, highest=2))
    )
    assert column(record, "instance") == [0, 1, 0, 1, 0, 1]


def test_an_answer_at_the_limit_is_served_and_one_step_later_timed_out() -> None:
    at_limit = simulate(case(requests(0.0, work=60.0)))
    assert column(at_limit, "status") == [SERVED]
    late = simulate(case(requests(0.0, 10.0, work=60.0 + GRID)))
    assert column(late, "status") == [TIMED_OUT, TIMED_OUT]
    assert column(late, "answered") == [60, 70]
    assert column(late, "finish") == [60 + GRID, 120 + 2 * GRID]  # still executed, one after the other


def test_with_the_switch_off_a_timed_out_call_frees_its_worker_and_leaves_the_queue() -> None:
    record = simulate(case(requests(0.0, 0.0, 30.0, work=45.0), timed_out_runs_on=False))
    # 1 starts at 45 and is cut at 60; 2 starts at 60 and is cut at 90
    assert column(record, "status") == [SERVED, TIMED_OUT, TIMED_OUT]
    assert column(record, "start") == [0, 45, 60]
    assert column(record, "answered") == [45, 60, 90]
    assert math.isnan(record.requests[1].finish)


def test_a_waiting_call_that_times_out_as_the_worker_is_free_does_not_start_with_the_switch_off() -> None:
    rows = tuple(Request(number=n, arrival=a, work=w) for n, (a, w) in enumerate([(0, 60), (0, 1), (10, 1)]))
    record = simulate(case(rows, timed_out_runs_on=False))
    assert math.isnan(record.requests[1].start)
    assert record.requests[2].start == 60


def test_a_rejected_attempt_comes_again_after_its_back_off() -> None:
    rows = requests(0.0, 0.0, backoff=(0.25, 0.5, 0.5, 0.5, 0.5))
    record = simulate(case(rows, container_queue=0, client=Client()))
    # attempts of request 1: 0, + 1 x 0.25, + 2 x 0.5 = 1.25, where the worker is free since 1
    assert (record.requests[1].attempts, record.requests[1].arrival, record.requests[1].start) == (3, 1.25, 1.25)
    assert record.requests[1].first_arrival == 0


def test_the_back_off_grows_as_the_client_says() -> None:
    rows = requests(0.0, 0.0, backoff=(0.25, 0.5, 0.5, 0.5, 0.5), work=10.0)
    # attempts of request 1: 0, + 1 x 0.25, + 3 x 0.5, + 9 x 0.5, + 27 x 0.5, which is capped at 20 x 0.5
    tripled = simulate(case(rows, container_queue=0, client=Client(growth=3.0, cap_s=20.0)))
    assert (tripled.requests[1].attempts, tripled.requests[1].arrival) == (5, 0.25 + 1.5 + 4.5 + 10)
    even = simulate(case(rows, container_queue=0, client=Client(growth=1.0)))
    assert (even.requests[1].attempts, even.requests[1].arrival) == (5, 0.25 + 0.5 + 0.5 + 0.5)


def test_a_retry_with_no_back_off_stays_in_its_instant_before_higher_request_numbers() -> None:
    # two instances: request 1 is rejected by instance 0, comes again at once at instance 1, where 2 finds no room
    rows = (
        Request(number=0, arrival=0, route=(0.0,) * 5),
        Request(number=1, arrival=0, route=(0.0, 0.9, 0.9, 0.9, 0.9), backoff=(0.0,) * 5),
        Request(number=2, arrival=0, route=(0.9,) * 5),
    )
    fleet = Scaling(initial=2, lowest=2, highest=2)
    record = simulate(case(rows, container_queue=0, client=Client(attempts=2), scaling=fleet))
    assert column(record, "instance") == [0, 1, 1]
    assert column(record, "attempts") == [1, 2, 2]
    assert record.requests[1].start == 0


def test_a_retry_that_meets_an_arrival_is_ordered_by_request_number() -> None:
    rows = (
        Request(number=0, arrival=0, work=2.0),
        Request(number=1, arrival=1.5, backoff=(0.5,) * 5),
        Request(number=2, arrival=2.0, backoff=(0.75,) * 5),
    )
    record = simulate(case(rows, container_queue=0, client=Client()))
    assert [outcome.start for outcome in record.requests] == [0, 2, 4.25]  # 2 + 0.75 is busy, + 2 x 0.75 is not


def test_a_time_out_is_sent_again_while_the_first_attempt_still_runs() -> None:
    record = simulate(case(requests(0.0, work=70.0, backoff=(0.5,) * 5), workers=2, client=Client(attempts=2)))
    outcome = record.requests[0]
    assert (outcome.attempts, outcome.arrival, outcome.slot, outcome.status) == (2, 60.5, 1, TIMED_OUT)
    assert (outcome.answered, outcome.finish) == (120.5, 130.5)


def test_a_failing_call_takes_its_whole_service_and_is_not_sent_again() -> None:
    record = simulate(case(requests(0.0, 0.0, fail=(0.01,) * 5), client=Client(fail_share=0.1)))
    assert column(record, "status") == [FAILED, FAILED]
    assert column(record, "finish") == [1, 2]
    assert column(record, "attempts") == [1, 1]


def test_a_refused_payload_is_seen_by_no_metric_and_no_meter() -> None:
    policies = (TargetTracking(metric=INVOCATIONS, target=10.0),)
    record = simulate(
        case(requests(0.0, bytes_in=7), client=Client(payload_max=6), scaling=Scaling(policies=policies), stop_s=60.0)
    )
    assert column(record, "status") == [REFUSED]
    assert record.datapoints[0].load == 0
    assert record.billed == {"instance_s": 60, "bytes_in": 0, "bytes_out": 0}


def test_attempts_at_the_end_of_a_period_belong_to_it() -> None:
    policies = (TargetTracking(metric=INVOCATIONS, target=10.0),)
    record = simulate(case(requests(0.0, 60.0, 60.0 + GRID), scaling=Scaling(policies=policies), stop_s=120.0))
    assert [point.load for point in record.datapoints] == [2, 1]


def test_each_attempt_emits_one_over_the_instances_in_service() -> None:
    scaling = Scaling(
        highest=2,
        policies=(TargetTracking(metric=INVOCATIONS, target=10.0),),
        launch_s=(30.0,),
        schedule=(Scheduled(at_s=0.0, lowest=2, highest=2),),
    )
    record = simulate(case(requests(10.0, 30.0, 40.0), scaling=scaling, stop_s=60.0))
    point = record.datapoints[0]
    # 1 + 1/2 + 1/2: what is ready at 30 comes before the arrival at 30
    assert (point.value, point.load, point.in_service) == (2.0, 3, 2)


def test_concurrency_is_the_greatest_number_on_an_instance_since_the_last_look() -> None:
    policies = (TargetTracking(metric=CONCURRENCY, target=10.0, period_s=10.0, in_datapoints=90),)
    scaling = Scaling(initial=2, lowest=2, highest=2, policies=policies)
    rows = tuple(
        Request(number=n, arrival=a, work=w, route=(u,) * 5)
        for n, (a, w, u) in enumerate([(1, 2, 0), (1, 2, 0), (2, 1, 0.9), (9, 3, 0.9), (11, 1, 0.9)])
    )
    record = simulate(case(rows, scaling=scaling, stop_s=30.0))
    # first period: 2 on instance 0, 1 on instance 1; second: none on 0, the one left and one more on 1; third: none
    assert [(point.value, point.load) for point in record.datapoints] == [(1.5, 3), (1.0, 2), (0.0, 0)]


def test_a_new_instance_takes_arrivals_of_its_first_instant_and_the_newest_drains_its_queue() -> None:
    scaling = Scaling(
        highest=2,
        launch_s=(5.0,),
        schedule=(Scheduled(at_s=0.0, lowest=2, highest=2), Scheduled(at_s=6.0, lowest=1, highest=1)),
    )
    record = simulate(case(requests(5.0, 5.0, 6.0, 6.5, route=(0.99,) * 5, work=2.0), scaling=scaling, stop_s=100.0))
    # The arrival at 6 comes before the schedule at 6: instance 1 takes it, then drains until 11.
    assert column(record, "instance") == [1, 1, 1, 0]
    assert column(record, "finish") == [7, 9, 11, 8.5]
    life = record.instances[1]
    assert (life.launch, life.ready, life.draining, life.end) == (0, 5, 6, 11)
    assert record.billed["instance_s"] == 100 + 11


def test_a_lost_instance_fails_all_it_holds_and_starts_nothing_at_that_instant() -> None:
    scaling = Scaling(launch_s=(4.0,), losses=(Loss(at_s=2.0, which=0.0),))
    record = simulate(case(requests(0.0, 0.0, 1.0, 2.0, 7.0, work=2.0), scaling=scaling))
    assert column(record, "status") == [SERVED, FAILED, FAILED, REJECTED, SERVED]  # none in service at 2
    assert record.requests[0].finish == 2
    assert math.isnan(record.requests[1].start)
    assert (record.requests[3].instance, record.requests[4].instance) == (-1, 1)


def test_a_run_shows_nothing_after_its_stop() -> None:
    record = simulate(case(requests(0.0, 0.0, 5.0), stop_s=1.5))
    assert column(record, "status") == [SERVED, PENDING, PENDING]
    assert record.requests[1].start == 1
    assert math.isnan(record.requests[1].finish)


def test_two_on_a_load_curve_share_and_speed_up_when_one_leaves() -> None:
    # 1 s alone, 1.5 s at two: 0 alone till 0.5 (half done), both to 1.25 (0 done, 1 half done), 1 alone to 1.75
    record = simulate(case(requests(0.0, 0.5), server=LoadCurve(latency_s=(1.0, 1.5))))
    assert spans(record) == [(0, 1.25), (0.5, 1.75)]
    assert column(record, "slot") == [-1, -1]


def test_a_load_curve_queues_beyond_its_last_point_and_equal_targets_finish_together() -> None:
    record = simulate(case(requests(0.0, 0.0, 0.5), server=LoadCurve(latency_s=(1.0, 2.0))))
    assert spans(record) == [(0, 2), (0, 2), (2, 3)]


def test_a_batch_starts_when_it_is_full_or_its_oldest_has_waited() -> None:
    server = Workers(workers=1, mean_s=1.0, batching=Batching(most=2, wait_s=0.5, marginal=0.5))
    record = simulate(case(requests(0.0, 0.25, 4.0, 6.0, 6.5), server=server))
    # {0, 1} full at 0.25, {2} at 4.5; {3} at 6.5: what arrives at that very instant is too late
    assert spans(record) == [(0.25, 1.75), (0.25, 1.75), (4.5, 5.5), (6.5, 7.5), (7.5, 8.5)]


def test_a_batch_needs_the_largest_work_and_its_share_of_the_others() -> None:
    server = Workers(workers=1, mean_s=1.0, batching=Batching(most=8, wait_s=1.0, marginal=0.25))
    rows = tuple(Request(number=n, arrival=0, work=w) for n, w in enumerate([1.0, 3.0, 2.0]))
    assert spans(simulate(case(rows, server=server))) == [(1, 5.5)] * 3


def test_waiting_for_nothing_a_batch_is_one_alone_and_then_what_has_gathered() -> None:
    server = Workers(workers=1, mean_s=1.0, batching=Batching(most=3, wait_s=0.0, marginal=0.0))
    record = simulate(case(requests(0, 0, 0.5, 0.75, 0.875), server=server))
    assert column(record, "start") == [0, 1, 1, 1, 2]


def test_a_load_curve_in_proportion_is_processor_sharing() -> None:
    rng = np.random.default_rng(4)
    rho, n, stays = 0.6, 2000, []
    for _ in range(5):
        arrivals = np.cumsum(rng.exponential(1.0, n)).tolist()
        works = rng.choice([0.2, 2.6], n, p=[2 / 3, 1 / 3]).tolist()  # mean 1; the law does not matter
        rows = tuple(
            Request(number=i, arrival=to_grid(a), work=w) for i, (a, w) in enumerate(zip(arrivals, works, strict=True))
        )
        server = LoadCurve(latency_s=tuple(rho * k for k in range(1, 200)))
        record = simulate(case(rows, server=server, stop_s=1e5, client=Client(attempts=1, limit_s=math.inf)))
        stays.append(np.mean([o.finish - o.arrival for o in record.requests[300:]]))
    half = 4.6 * np.std(stays, ddof=1) / math.sqrt(len(stays))  # Student-t, 4 degrees of freedom, 99 %
    assert abs(np.mean(stays) - rho / (1 - rho)) < half
    assert half < 0.35 * rho / (1 - rho)


def test_window_and_switch_decide_what_is_billed() -> None:
    scaling = Scaling(highest=2, launch_s=(30.5,), schedule=(Scheduled(at_s=10.0, lowest=2, highest=2),))
    base = case(requests(5.0, 20.0), scaling=scaling, window_from_s=15.0, window_to_s=100.0, stop_s=200.0)
    assert simulate(base).billed == {"instance_s": 85 + 85, "bytes_in": 1000, "bytes_out": 100}
    ready = replace(base, scaling=replace(scaling, bill_from_launch=False))
    assert simulate(ready).billed["instance_s"] == 85 + 60  # 59.5 s, rounded up


@pytest.mark.parametrize(("rho", "cv2"), [(0.5, 1.0), (0.7, 1.0), (0.7, 0.0)])
def test_the_mean_wait_is_pollaczek_khinchines(rho: float, cv2: float) -> None:
    rng = np.random.default_rng(20261121)
    n, waits = 3000, []
    for _ in range(5):
        arrivals = np.cumsum(rng.exponential(1.0, n))
        works = rng.exponential(1.0, n) if cv2 else np.ones(n)
        rows = tuple(
            Request(number=i, arrival=to_grid(a), work=w)
            for i, (a, w) in enumerate(zip(arrivals.tolist(), works.tolist(), strict=True))
        )
        record = simulate(
            case(rows, mean_s=rho, stop_s=1e5, container_queue=10**6, client=Client(attempts=1, limit_s=math.inf))
        )
        waits.append(np.mean([o.start - o.arrival for o in record.requests[500:]]))
    theory = rho * rho * (1 + cv2) / (2 * (1 - rho))
    half = 4.6 * np.std(waits, ddof=1) / math.sqrt(len(waits))  # Student-t, 4 degrees of freedom, 99 %
    assert abs(np.mean(waits) - theory) < half
    assert half < 0.35 * theory
