"""An asynchronous endpoint against its oracle: every request, expiry, wake from zero and cut call."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from advisor.sim.deployments import QueueSpec
from advisor.sim.laws import broken
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from tests.oracles import asynchronous, sharing
from tests.oracles.case_patterns import AsynchronousCase
from tests.oracles.strategies import SEEDED, cases
from tests.sim.agreement import differences, in_our_terms, spec_of, trace_of, window_of


def ours(case: AsynchronousCase, *, block: int = 7) -> Run:
    return simulate_queue(
        trace_of(case.requests, block),
        spec_of(case, QueueSpec),
        in_our_terms(case.scaling),
        client=in_our_terms(case.client),
        window=window_of(case),
        columns=True,
    )


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(case=cases("asynchronous"))
def test_every_request_and_every_alarm_is_the_oracles(case: AsynchronousCase) -> None:
    record = asynchronous.simulate(case)
    run = ours(case)
    assert differences(run, record) == []
    assert broken(run) == []


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(case=cases("asynchronous, shared"))
def test_every_request_and_every_alarm_is_the_oracles_where_calls_share_an_instance(case: AsynchronousCase) -> None:
    record = sharing.simulate(case)
    run = ours(case)
    assert differences(run, record) == []
    assert broken(run) == []


@pytest.mark.parametrize("pattern", ["asynchronous", "asynchronous, shared"])
def test_where_blocks_are_cut_changes_nothing(pattern: str) -> None:
    for seed in range(60):
        case = SEEDED[pattern](seed, 60)
        runs = [ours(case, block=block) for block in (1, 3, 1000)]
        assert len({run.ledger.bins.tobytes() + run.ledger.counts.tobytes() for run in runs}) == 1
        assert len({run.ledger.sums.tobytes() for run in runs}) == 1
        assert len({repr(run.timeline) for run in runs}) == 1
