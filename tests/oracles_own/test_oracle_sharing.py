"""The oracles of instances that several calls share against hand-worked examples, one for each rule."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.oracles import asynchronous, multimodel, sharing
from tests.oracles.case import EXPIRED, SERVED, TIMED_OUT, Client, Record, Request, Scaling, Scheduled
from tests.oracles.case_patterns import LOWEST, AsynchronousCase, Batching, Model, MultiModelCase
from tests.oracles.strategies import SEEDED

ONCE = Client(attempts=1)
# One alone takes 1 s, two take 2 s, three 4 s.
CURVE = (1.0, 2.0, 4.0)
PAIRS = Batching(most=2, wait_s=3.0, marginal=0.5)


def requests(*arrivals: float, **fields: object) -> tuple[Request, ...]:
    return tuple(Request(number=n, arrival=at, **fields) for n, at in enumerate(arrivals))


def case(*arrivals: float, **fields: object) -> AsynchronousCase:
    plain = {"mean_s": 1.0, "workers": 1, "max_invocations": 9, "stop_s": 1000.0, "requests": requests(*arrivals)}
    return AsynchronousCase(**{**plain, **fields})


def fleet(count: int) -> Scaling:
    return Scaling(initial=count, lowest=count, highest=count)


def column(record: Record, name: str) -> list[float]:
    return [getattr(outcome, name) for outcome in record.requests]


def test_calls_on_a_curve_progress_together_and_the_next_waits_for_a_place() -> None:
    record = sharing.simulate(case(0, 0, 0, 0, latency_s=CURVE))
    # Three to 4 s; the fourth is then alone for its one second.
    assert column(record, "start") == [0, 0, 0, 4]
    assert column(record, "finish") == [4, 4, 4, 5]
    assert column(record, "slot") == [-1] * 4


def test_no_more_calls_are_on_a_curve_than_the_endpoint_lets_in() -> None:
    record = sharing.simulate(case(0, 0, 0, latency_s=CURVE, max_invocations=2))
    assert column(record, "finish") == [2, 2, 3]


@pytest.mark.parametrize(("pull", "where"), [("fewest", [0, 1, 0]), (LOWEST, [0, 0, 0])])
def test_the_instance_with_the_fewest_calls_takes_the_head_or_the_lowest(pull: str, where: list[int]) -> None:
    record = sharing.simulate(case(0, 0, 0, latency_s=CURVE, scaling=fleet(2), pull=pull))
    assert column(record, "instance") == where


def test_a_call_that_runs_out_of_time_leaves_the_curve_to_the_others() -> None:
    record = sharing.simulate(case(0, 1, latency_s=(4.0, 8.0), timeout_s=5.0))
    # At 1 s the first has a quarter behind it; until 5 s both gain 4/8. The first then leaves with three quarters; the
    # second needs its other half at 4 s for the whole, two seconds.
    assert column(record, "finish") == [5, 6]
    assert column(record, "status") == [TIMED_OUT, TIMED_OUT]
    later = sharing.simulate(case(0, 1, latency_s=(4.0, 8.0), timeout_s=6.0))
    # In time at that instant: the first has 1/4 + 5/8 at 6 s, the second 5/8; alone it needs 1.5 s, more than it has.
    assert column(later, "finish") == [6, 7]
    assert column(later, "status") == [TIMED_OUT, TIMED_OUT]


def test_a_call_that_ends_as_its_time_is_over_is_in_time() -> None:
    record = sharing.simulate(case(0, latency_s=CURVE, timeout_s=1.0))
    assert column(record, "status") == [SERVED]


def test_a_worker_waits_for_a_full_batch_or_for_the_oldest_call() -> None:
    record = sharing.simulate(case(0, 1, 10, batching=PAIRS))
    # Two at 1 s: 1 x (1 + 0.5); the third waits in vain until 13 s.
    assert column(record, "start") == [1, 1, 13]
    assert column(record, "finish") == [2.5, 2.5, 14]


def test_the_wait_runs_from_the_hand_over_not_from_the_entry() -> None:
    record = sharing.simulate(case(0, 0, 0, batching=PAIRS, max_invocations=2))
    # The third is handed over at 1.5 s.
    assert column(record, "start") == [0, 0, 4.5]


def test_all_that_can_be_handed_over_is_before_workers_begin() -> None:
    # Without any wait: after the first batch of one, two go together.
    record = sharing.simulate(case(0, 0, 0, batching=replace(PAIRS, wait_s=0.0), max_invocations=2))
    assert column(record, "start") == [0, 1, 1]


def test_time_runs_out_from_the_hand_over_and_a_batch_goes_on_for_the_others() -> None:
    # Waits of two seconds count; the pair is at work from 2 s to 8 s.
    slow = case(0, 2, batching=PAIRS, mean_s=4.0, timeout_s=7.0)
    record = sharing.simulate(slow)
    assert column(record, "finish") == [7, 8]
    assert column(record, "status") == [TIMED_OUT, SERVED]
    # With the last of them the worker is free: at 6 s, not at 8 s.
    shorter = sharing.simulate(replace(slow, timeout_s=4.0, requests=requests(0, 2, 5, 5)))
    assert column(shorter, "start") == [2, 2, 6, 6]
    # A place for four would be too much: the third is handed over at 5 s, the fourth at 6 s.
    assert column(shorter, "finish") == [4, 6, 9, 10]
    assert column(shorter, "status") == [TIMED_OUT] * 4


def test_time_runs_out_while_a_call_waits_for_a_batch() -> None:
    record = sharing.simulate(case(0, batching=PAIRS, timeout_s=3.0, download_s=1.0))
    assert column(record, "status") == [TIMED_OUT]
    assert column(record, "answered") == [4]
    assert math.isnan(column(record, "start")[0])
    assert math.isnan(column(record, "finish")[0])


def test_a_call_too_old_is_expired_when_a_place_is_free_for_it() -> None:
    record = sharing.simulate(case(0, 0, 0, batching=PAIRS, mean_s=10.0, max_invocations=2, ttl_s=5.0))
    assert column(record, "status") == [SERVED, SERVED, EXPIRED]
    assert column(record, "answered") == [15, 15, 15]


def test_a_draining_instance_begins_what_it_was_given() -> None:
    scaling = Scaling(initial=2, lowest=1, highest=2, schedule=(Scheduled(at_s=1.0, lowest=1, highest=1),))
    record = sharing.simulate(case(0, 0, 2, batching=PAIRS, scaling=scaling))
    # Each has one; the drain of the second instance changes nothing for its call, which waits until 3 s.
    assert column(record, "instance") == [0, 1, 0]
    assert column(record, "start") == [2, 3, 2]
    assert [life.end for life in record.instances][1] == 4


def test_cut_calls_return_to_the_queue_whether_they_had_begun_or_not() -> None:
    scaling = Scaling(
        initial=2, lowest=1, highest=2, drain_limit_s=1.0, schedule=(Scheduled(at_s=1.0, lowest=1, highest=1),)
    )
    record = sharing.simulate(case(0, 0, batching=replace(PAIRS, wait_s=9.0), scaling=scaling))
    assert column(record, "instance") == [0, 0]
    assert column(record, "start") == [2, 2]
    assert column(record, "attempts") == [1, 2]
    assert [life.end for life in record.instances][1] == 2


def test_a_batch_of_one_without_a_wait_is_a_plain_worker() -> None:
    for seed in range(150):
        made = replace(SEEDED["asynchronous"](seed, 40), batching=None)
        alone = replace(made, batching=Batching(most=1, wait_s=0.0, marginal=0.3), pull=LOWEST)
        assert repr(sharing.simulate(alone)) == repr(asynchronous.simulate(made)), seed


# Many models


def models(rows: tuple[tuple[float, int], ...], **fields: object) -> MultiModelCase:
    """Models of a byte, in memory at once: loads take a step of the grid."""
    arrivals = tuple(Request(number=n, arrival=at, model=model) for n, (at, model) in enumerate(rows))
    plain = {
        "requests": arrivals, "models": (Model(size_bytes=1, memory_mib=1),) * 3, "workers": 1, "mean_s": 1.0,
        "cache_mib": 9, "disk_bytes": 99, "download_bytes_per_s": 1e9, "into_memory_bytes_per_s": 1e9,
        "parallel_loads": 3, "client": ONCE, "stop_s": 1000.0,
    }  # fmt: skip
    return MultiModelCase(**{**plain, **fields})


WARM = ((0.0, 0), (20.0, 1))


def test_calls_of_all_models_share_a_load_curve() -> None:
    record = multimodel.simulate(models((*WARM, (50, 0), (50, 1), (50, 1)), latency_s=CURVE))
    assert column(record, "finish")[2:] == [54] * 3


def test_only_calls_of_one_model_make_a_batch_and_a_full_one_goes_first() -> None:
    record = multimodel.simulate(models((*WARM, (50, 0), (51, 1), (51, 1)), batching=PAIRS))
    # The pair of model 1 is full at 51 s, before the call of model 0 that came first has waited its 3 s.
    assert column(record, "start")[2:] == [53, 51, 51]
    assert column(record, "finish")[2:] == [54, 52.5, 52.5]


def test_with_the_cache_disabled_every_call_has_a_model_of_its_own() -> None:
    record = multimodel.simulate(models(((0, 0), (0, 0)), batching=PAIRS, cache_enabled=False))
    assert column(record, "start") == [3, 4]
