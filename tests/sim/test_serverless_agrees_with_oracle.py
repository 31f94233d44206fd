"""A serverless endpoint against its oracle: every request, container, datapoint and millisecond."""

from __future__ import annotations

from hypothesis import given, settings

from advisor.sim.deployments import PoolSpec
from advisor.sim.laws import broken
from advisor.sim.pools import simulate_pool
from advisor.sim.run_record import Run
from tests.oracles import serverless
from tests.oracles.case_patterns import ServerlessCase
from tests.oracles.strategies import SEEDED, cases
from tests.sim.agreement import differences, in_our_terms, listed, spec_of, trace_of, window_of


def ours(case: ServerlessCase, *, block: int = 7) -> Run:
    return simulate_pool(
        trace_of(case.requests, block),
        spec_of(case, PoolSpec),
        in_our_terms(case.scaling),
        client=in_our_terms(case.client),
        window=window_of(case),
        columns=True,
    )


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(case=cases("serverless"))
def test_every_request_container_and_millisecond_is_the_oracles(case: ServerlessCase) -> None:
    record = serverless.simulate(case)
    run = ours(case)
    assert differences(run, record) == []
    assert listed("container", run.containers, record.containers) == []
    assert broken(run) == []


def test_where_blocks_are_cut_changes_nothing() -> None:
    for seed in range(60):
        case = SEEDED["serverless"](seed, 60)
        runs = [ours(case, block=block) for block in (1, 3, 1000)]
        assert len({run.ledger.bins.tobytes() + run.ledger.counts.tobytes() for run in runs}) == 1
        assert len({run.ledger.sums.tobytes() for run in runs}) == 1
        assert len({repr(run.timeline) for run in runs}) == 1
