"""A real-time fleet against its oracle: every request, datapoint, alarm and instance, to the last bit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from advisor.sim.deployments import FleetSpec
from advisor.sim.fleets import simulate_fleet
from advisor.sim.laws import broken
from advisor.sim.run_record import Run
from tests.oracles import realtime
from tests.oracles.case_patterns import RealTimeCase, Workers
from tests.oracles.strategies import SEEDED, cases
from tests.sim.agreement import differences, in_our_terms, spec_of, trace_of, window_of, without_datapoints


def ours(case: RealTimeCase, *, block: int = 7, by_events: bool = False) -> Run:
    return simulate_fleet(
        trace_of(case.requests, block),
        spec_of(case, FleetSpec),
        in_our_terms(case.scaling),
        client=in_our_terms(case.client),
        window=window_of(case),
        columns=True,
        by_events=by_events,
    )


def is_simple(case: RealTimeCase) -> bool:
    return isinstance(case.server, Workers) and case.server.batching is None and not case.scaling.losses


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(case=cases("real-time"))
def test_every_request_and_every_alarm_is_the_oracles(case: RealTimeCase) -> None:
    record = realtime.simulate(case)
    run = ours(case)
    assert differences(run, record) == []
    assert broken(run) == []


def test_attempts_settled_at_arrival_and_events_both_agree_with_the_oracle_on_plain_workers() -> None:
    seen = 0
    for seed in range(660):
        case = SEEDED["real-time"](seed, 10 + seed % 50)
        if not is_simple(case):
            continue
        seen += 1
        record = realtime.simulate(case)
        assert differences(ours(case), record) == [], seed
        if seed % 3 == 0:
            assert differences(ours(case, by_events=True), record) == [], seed
    assert seen >= 200


@pytest.mark.parametrize("block", [1, 2, 1000])
def test_where_blocks_are_cut_changes_nothing(block: int) -> None:
    for seed in range(40):
        case = SEEDED["real-time"](seed, 60)
        one, other = ours(case, block=block), ours(case, block=7)
        assert one.ledger.bins.tobytes() == other.ledger.bins.tobytes()
        assert one.ledger.counts.tobytes() == other.ledger.counts.tobytes()
        assert one.ledger.sums.tobytes() == other.ledger.sums.tobytes()
        assert one.timeline == other.timeline or repr(one.timeline) == repr(other.timeline)


def test_the_short_way_of_the_kernel_says_the_same_as_the_long_way() -> None:
    seen = 0
    for seed in range(600):
        case = SEEDED["real-time"](seed, 60)
        if not is_simple(case) or case.client.payload_max < float("inf"):
            continue
        seen += 1
        long = ours(case)
        short = simulate_fleet(
            trace_of(case.requests),
            spec_of(case, FleetSpec),
            in_our_terms(case.scaling),
            client=in_our_terms(case.client),
            window=window_of(case),
            meter_bytes=False,
        )
        assert short.ledger.counts.tobytes() == long.ledger.counts.tobytes(), seed
        assert short.ledger.bins.tobytes() == long.ledger.bins.tobytes(), seed
        assert short.ledger.mean_s == long.ledger.mean_s or short.ledger.served == 0
        assert short.ledger.busy_s == long.ledger.busy_s
        assert repr(short.timeline) == repr(without_datapoints(long))
    assert seen >= 100
