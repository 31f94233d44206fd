"""The serverless oracle against hand-worked examples, one for each tie and choice, and against Erlang's formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.oracles.case import (
    GRID,
    SERVED,
    THROTTLED,
    TIMED_OUT,
    UTILISATION,
    Client,
    Record,
    Request,
    Scaling,
    Scheduled,
    TargetTracking,
    to_grid,
)
from tests.oracles.case_patterns import ServerlessCase
from tests.oracles.serverless import simulate

ONCE = Client(attempts=1)


def requests(*arrivals: float, **fields: object) -> tuple[Request, ...]:
    return tuple(Request(number=n, arrival=at, **fields) for n, at in enumerate(arrivals))


def case(arrivals: tuple[Request, ...], **fields: object) -> ServerlessCase:
    fields = {
        "mean_s": 1.0,
        "max_concurrency": 10,
        "cold_mean_s": 4.0,
        "keep_alive_s": 100.0,
        "client": ONCE,
        "stop_s": 1000.0,
        **fields,
    }
    return ServerlessCase(requests=arrivals, **fields)


def warm(count: int, **fields: object) -> Scaling:
    return Scaling(**{"initial": count, "lowest": count, "highest": count, **fields})


def column(record: Record, name: str) -> list[float]:
    return [getattr(outcome, name) for outcome in record.requests]


def test_the_first_call_waits_for_set_up_and_the_next_finds_the_container_warm() -> None:
    record = simulate(case(requests(0.0, 5.0, cold=(1.5,) * 5)))
    assert column(record, "start") == [6, 5 + 6]  # at 5 the first is still busy: a second container
    record = simulate(case(requests(0.0, 7.0, cold=(1.5,) * 5)))
    assert column(record, "start") == [6, 7]
    assert column(record, "instance") == [0, 0]


def test_an_arrival_at_a_finish_finds_the_container_idle() -> None:
    assert len(simulate(case(requests(0.0, 5.0))).containers) == 1


def test_the_most_recently_used_container_is_taken() -> None:
    rows = tuple(Request(number=n, arrival=a, work=w) for n, (a, w) in enumerate([(0, 3), (0, 1), (50, 1)]))
    assert column(simulate(case(rows)), "instance") == [0, 1, 0]


def test_of_containers_idle_since_one_instant_the_highest_number_is_taken() -> None:
    assert column(simulate(case(requests(0, 0, 0, 50, 50))), "instance") == [0, 1, 2, 2, 1]


def test_a_container_idle_for_the_keep_alive_is_gone_at_that_very_instant() -> None:
    record = simulate(case(requests(0.0, 105.0 - GRID, 205.0 + 1.0 - GRID)))
    # idle at 5; taken one step before 105; idle again at 106 - GRID, gone at 206 - GRID where the next arrives
    assert column(record, "instance") == [0, 0, 1]
    assert record.containers[0].end == 206 - GRID
    assert record.requests[2].start == 210 - GRID


def test_busy_counts_set_up_and_beyond_the_maximum_an_attempt_is_throttled() -> None:
    record = simulate(case(requests(0.0, 4.5, 5.0), max_concurrency=1))
    assert column(record, "status") == [SERVED, THROTTLED, SERVED]
    assert (record.requests[1].instance, record.requests[1].slot) == (-1, -1)


def test_a_throttled_attempt_is_sent_again() -> None:
    rows = requests(0.0, 4.5, backoff=(0.75,) * 5)
    record = simulate(case(rows, max_concurrency=1, client=Client()))
    assert (record.requests[1].attempts, record.requests[1].start) == (2, 5.25)


def test_an_idle_container_does_not_help_beyond_the_maximum() -> None:
    # Two busy on demand, then one provisioned is ready and idle: the limit counts calls, not containers.
    scaling = Scaling(
        initial=0, lowest=0, highest=2, launch_s=(2.0,), schedule=(Scheduled(at_s=0.0, lowest=1, highest=1),)
    )
    record = simulate(case(requests(0.0, 1.0, 3.0, 5.0), max_concurrency=2, scaling=scaling))
    assert column(record, "status") == [SERVED, SERVED, THROTTLED, SERVED]
    assert column(record, "slot") == [0, 0, -1, 1]


def test_provisioned_containers_are_used_first_and_on_demand_beyond_them() -> None:
    record = simulate(case(requests(0, 0, 0, 9), scaling=warm(2)))
    assert column(record, "slot") == [1, 1, 0, 1]
    assert column(record, "instance") == [1, 0, 0, 1]
    assert column(record, "start") == [0, 0, 4, 9]


def test_set_up_counts_towards_the_limit_and_the_container_stays_for_the_call() -> None:
    record = simulate(case(requests(0.0, 61.0), cold_mean_s=60.0))
    assert column(record, "status") == [TIMED_OUT, SERVED]
    assert (record.requests[0].answered, record.requests[0].finish) == (60, 61)
    assert column(record, "instance") == [0, 0]


def test_a_draining_provisioned_container_ends_when_idle_and_counts_as_busy_until_then() -> None:
    scaling = warm(2, lowest=1, schedule=(Scheduled(at_s=1.0, lowest=1, highest=1),))
    rows = (Request(number=0, arrival=0, work=8), Request(number=1, arrival=2), Request(number=2, arrival=2))
    record = simulate(case(rows, scaling=scaling, max_concurrency=2))
    assert record.instances[1].end == 8  # the newest took the first call
    assert column(record, "status") == [SERVED, SERVED, THROTTLED]
    idle = simulate(case((), scaling=scaling))
    assert idle.instances[1].end == 1


def test_utilisation_is_the_greatest_share_of_provisioned_containers_busy() -> None:
    policies = (TargetTracking(metric=UTILISATION, target=0.7, lag_s=0.0, out_datapoints=1),)
    scaling = Scaling(initial=2, lowest=1, highest=5, policies=policies, launch_s=(30.0,))
    record = simulate(case(requests(0, 0, 0, 59.5, 121), scaling=scaling, stop_s=185.0))
    # 2 of 2; the call over the border (till 60.5) is 1 of 2 ... of 3 since 90; 1 of 3
    assert [(point.value, point.load) for point in record.datapoints] == [(1.0, 2), (1 / 3, 1), (1 / 3, 1)]
    assert [(c.at, c.was, c.now) for c in record.changes if c.what == "out"] == [(60, 2, 3)]  # ceil(2 / 0.7)


def test_milliseconds_are_rounded_up_and_set_up_is_billed_by_the_switch() -> None:
    rows = requests(0.0, 10.0)
    fields = {"mean_s": 0.0005, "cold_mean_s": 0.25}
    assert simulate(case(rows, **fields)).billed["on_demand_ms"] == 251 + 1
    assert simulate(case(rows, setup_billed=False, **fields)).billed["on_demand_ms"] == 1 + 1
    kept = simulate(case(rows, scaling=warm(1), **fields)).billed
    assert (kept["provisioned_ms"], kept["on_demand_ms"], kept["provisioned_s"]) == (2, 0, 1000)


def test_a_call_is_billed_where_it_begins() -> None:
    rows = requests(0.0, 20.0, 99.0)
    bill = simulate(case(rows, window_from_s=20.0, window_to_s=99.0)).billed
    assert bill["on_demand_ms"] == 1000
    assert (bill["bytes_in"], bill["bytes_out"]) == (1000, 100)


@pytest.mark.parametrize("law", ["exponential", "constant"])
def test_without_cold_starts_it_is_erlangs_loss_system(law: str) -> None:
    rng = np.random.default_rng(7)
    offered, servers, n, lost = 3.0, 4, 3000, []
    for _ in range(5):
        arrivals = np.cumsum(rng.exponential(1 / offered, n)).tolist()
        works = (rng.exponential(1.0, n) if law == "exponential" else np.ones(n)).tolist()
        rows = tuple(
            Request(number=i, arrival=to_grid(a), work=w) for i, (a, w) in enumerate(zip(arrivals, works, strict=True))
        )
        client = Client(attempts=1, limit_s=math.inf)
        record = simulate(case(rows, cold_mean_s=0.0, max_concurrency=servers, client=client, stop_s=1e5))
        lost.append(record.counts().get(THROTTLED, 0) / n)
    blocking = offered**servers / math.factorial(servers)
    blocking /= sum(offered**k / math.factorial(k) for k in range(servers + 1))
    half = 4.6 * np.std(lost, ddof=1) / math.sqrt(len(lost))  # Student-t, 4 degrees of freedom, 99 %
    assert abs(np.mean(lost) - blocking) < half
    assert half < 0.15 * blocking


def test_a_call_on_a_provisioned_container_waits_for_its_set_up_which_is_not_billed_as_work() -> None:
    # One provisioned container: the second call of an instant goes on demand, and a warm one there needs no set-up.
    record = simulate(case(requests(0, 0, 10, 10), provisioned_setup_s=0.25, scaling=warm(1)))
    assert column(record, "slot") == [1, 0, 1, 0]
    assert column(record, "start") == [0.25, 4, 10.25, 10]
    assert (record.billed["provisioned_ms"], record.billed["on_demand_ms"]) == (2000, 1000 + 4000 + 1000)


def test_a_call_that_comes_during_that_set_up_finds_the_container_busy() -> None:
    record = simulate(case(requests(0, 1.125, 1.25), provisioned_setup_s=0.25, scaling=warm(1), max_concurrency=1))
    assert column(record, "status") == [SERVED, THROTTLED, SERVED]
