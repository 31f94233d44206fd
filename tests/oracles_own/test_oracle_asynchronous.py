"""The asynchronous oracle against hand-worked examples, one for each tie and choice."""

from __future__ import annotations

import math

from tests.oracles.asynchronous import simulate
from tests.oracles.case import (
    BACKLOG,
    EXPIRED,
    FAILED,
    GRID,
    PENDING,
    REFUSED,
    SERVED,
    TIMED_OUT,
    Client,
    Loss,
    Record,
    Request,
    Scaling,
    Scheduled,
    StepFromZero,
    TargetTracking,
)
from tests.oracles.case_patterns import AsynchronousCase


def requests(*arrivals: float, **fields: object) -> tuple[Request, ...]:
    return tuple(Request(number=n, arrival=at, **fields) for n, at in enumerate(arrivals))


def case(arrivals: tuple[Request, ...], **fields: object) -> AsynchronousCase:
    return AsynchronousCase(
        requests=arrivals, **{"mean_s": 1.0, "workers": 1, "max_invocations": 1, "stop_s": 1000.0, **fields}
    )


def fleet(count: int, **fields: object) -> Scaling:
    return Scaling(**{"initial": count, "lowest": count, "highest": count, **fields})


def column(record: Record, name: str) -> list[float]:
    return [getattr(outcome, name) for outcome in record.requests]


def test_one_queue_feeds_the_lowest_instance_then_the_lowest_slot() -> None:
    record = simulate(case(requests(0, 0, 0, 0, 0), workers=3, max_invocations=2, scaling=fleet(2)))
    assert list(zip(column(record, "instance"), column(record, "slot"), strict=True)) == [
        (0, 0), (0, 1), (1, 0), (1, 1), (0, 0)
    ]  # fmt: skip
    assert column(record, "start") == [0, 0, 0, 0, 1]


def test_capacity_ready_at_an_instant_takes_the_head_before_what_arrives_then() -> None:
    scaling = Scaling(highest=2, launch_s=(5.0,), schedule=(Scheduled(at_s=0.0, lowest=2, highest=2),))
    record = simulate(case(requests(0.0, 1.0, 5.0, work=10.0), scaling=scaling))
    assert column(record, "start") == [0, 5, 10]
    assert column(record, "instance") == [0, 1, 0]


def test_upload_and_download_are_part_of_the_answer() -> None:
    record = simulate(case(requests(0.0), upload_s=2.0, download_s=0.5))
    outcome = record.requests[0]
    assert (outcome.arrival, outcome.start, outcome.finish, outcome.answered) == (0, 2, 3, 3.5)


def test_a_request_as_old_as_its_time_to_live_is_taken_and_one_step_older_expired() -> None:
    rows = (Request(number=0, arrival=0, work=10), Request(number=1, arrival=4 - GRID), Request(number=2, arrival=4))
    record = simulate(case(rows, ttl_s=6.0))
    assert column(record, "status") == [SERVED, EXPIRED, SERVED]
    assert (record.requests[1].answered, record.requests[2].start) == (10, 10)  # the expired one takes no time
    assert (record.requests[1].instance, record.requests[1].attempts) == (-1, 0)


def test_a_request_expires_only_when_its_turn_comes() -> None:
    rows = (Request(number=0, arrival=0, work=50), Request(number=1, arrival=0))
    assert simulate(case(rows, ttl_s=5.0)).requests[1].answered == 50


def test_a_call_as_long_as_its_time_out_is_served_and_a_longer_one_holds_its_worker_for_it() -> None:
    rows = (Request(number=0, arrival=0, work=5), Request(number=1, arrival=0, work=9), Request(number=2, arrival=0))
    record = simulate(case(rows, timeout_s=5.0))
    assert column(record, "status") == [SERVED, TIMED_OUT, SERVED]
    assert column(record, "finish") == [5, 10, 11]


def test_nothing_is_sent_again_by_the_client() -> None:
    rows = requests(0.0, fail=(0.0,) * 5)
    record = simulate(case(rows, client=Client(fail_share=0.5)))
    assert (record.requests[0].status, record.requests[0].attempts) == (FAILED, 1)
    assert simulate(case(requests(0.0, bytes_in=9), client=Client(payload_max=8))).requests[0].status == REFUSED


def test_backlog_counts_what_waits_and_runs_and_divides_by_one_at_zero() -> None:
    policies = (TargetTracking(metric=BACKLOG, target=2.0),)
    two = fleet(2, policies=policies)
    record = simulate(case(requests(59, 59, 59, 59, 60, work=10), scaling=two, stop_s=60.0))
    assert [(p.value, p.load) for p in record.datapoints] == [(2.5, 5)]
    none = Scaling(initial=0, lowest=0, highest=2, policies=policies)
    record = simulate(case(requests(1, 2, 3), scaling=none, stop_s=60.0))
    assert [(p.value, p.load, p.in_service) for p in record.datapoints] == [(3.0, 3, 0)]


def test_a_step_policy_wakes_after_two_datapoints_and_the_backlog_alone_after_three() -> None:
    wake = StepFromZero(lag_s=60.0)
    track = TargetTracking(metric=BACKLOG, target=5.0)
    zero = {"initial": 0, "lowest": 0, "highest": 4, "launch_s": (100.0,)}
    record = simulate(case(requests(30.0), scaling=Scaling(policies=(track, wake), **zero)))
    assert record.requests[0].start == 180 + 100  # datapoints of 60 and 120, the second visible at 180
    many = requests(*range(8))
    record = simulate(case(many, scaling=Scaling(policies=(track,), **zero)))
    assert record.requests[0].start == 240 + 100
    assert sum(life.launch == 240 for life in record.instances) == 2  # ceil(8 / 5)
    few = simulate(case(requests(0, 1, 2), scaling=Scaling(policies=(track,), **zero)))
    assert column(few, "status") == [PENDING] * 3  # three never pass a target of five


def test_calls_past_the_drain_limit_return_to_the_head_in_their_old_order() -> None:
    scaling = fleet(2, lowest=1, drain_limit_s=4.0, schedule=(Scheduled(at_s=1.0, lowest=1, highest=1),))
    rows = tuple(Request(number=n, arrival=a, work=w) for n, (a, w) in enumerate([(0, 9), (0, 8), (2, 1), (3, 1)]))
    record = simulate(case(rows, scaling=scaling))
    # 1 runs on the newest, which drains from 1 and is cut at 5; from 9 on: 1 again, then 2 and 3
    assert column(record, "start") == [0, 9, 17, 18]
    assert column(record, "attempts") == [1, 2, 1, 1]
    assert record.instances[1].end == 5


def test_a_finish_at_the_drain_limit_is_in_time() -> None:
    scaling = fleet(2, lowest=1, drain_limit_s=4.0, schedule=(Scheduled(at_s=1.0, lowest=1, highest=1),))
    record = simulate(case(requests(0.0, 0.0, work=5.0), scaling=scaling))
    assert column(record, "finish") == [5, 5]
    assert record.instances[1].end == 5


def test_calls_of_a_lost_instance_start_elsewhere_at_that_instant_before_arrivals() -> None:
    rows = tuple(Request(number=n, arrival=a, work=w) for n, (a, w) in enumerate([(0, 6), (0, 9), (6, 1)]))
    scaling = fleet(2, losses=(Loss(at_s=6.0, which=0.9),), launch_s=(100.0,))
    record = simulate(case(rows, scaling=scaling))
    assert column(record, "start") == [0, 6, 15]
    assert column(record, "instance") == [0, 0, 0]
    assert record.requests[1].attempts == 2


def test_a_returned_call_can_expire() -> None:
    scaling = fleet(1, losses=(Loss(at_s=6.0, which=0.0),), launch_s=(10.0,))
    record = simulate(case(requests(0.0, work=9.0), scaling=scaling, ttl_s=15.0))
    assert (record.requests[0].status, record.requests[0].answered) == (EXPIRED, 16)
    assert math.isnan(record.requests[0].start)


def test_the_bill_holds_instance_seconds_and_two_objects_for_each_request_served() -> None:
    scaling = fleet(2, lowest=1, schedule=(Scheduled(at_s=10.25, lowest=1, highest=1),))
    record = simulate(case(requests(0.0, 5.0, 30.0), scaling=scaling))
    assert record.billed == {"instance_s": 1000 + 11, "puts": 6}


def test_a_result_still_on_its_way_at_the_stop_is_no_answer() -> None:
    record = simulate(case(requests(0.0), download_s=2.0, stop_s=2.0))
    assert (record.requests[0].status, record.requests[0].finish) == (PENDING, 1)


def test_zero_traffic_scales_in_to_zero_after_fifteen_datapoints() -> None:
    policies = (TargetTracking(metric=BACKLOG, target=5.0),)
    scaling = Scaling(initial=1, lowest=0, highest=2, policies=policies)
    record = simulate(case((), scaling=scaling, stop_s=2000.0))
    assert record.instances[0].end == 960  # the fifteenth, visible a minute later
