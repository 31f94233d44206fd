"""A multi-model endpoint against its oracle: every request, every load, every alarm, to the last bit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from advisor.sim.caches import simulate_cache
from advisor.sim.deployments import CacheSpec
from advisor.sim.laws import broken
from advisor.sim.run_record import Run
from tests.oracles import multimodel
from tests.oracles.case_patterns import MultiModelCase
from tests.oracles.strategies import SEEDED, cases
from tests.sim.agreement import differences, in_our_terms, spec_of, trace_of, window_of


def ours(case: MultiModelCase, *, block: int = 7) -> Run:
    return simulate_cache(
        trace_of(case.requests, block),
        spec_of(case, CacheSpec),
        in_our_terms(case.scaling),
        client=in_our_terms(case.client),
        window=window_of(case),
        columns=True,
    )


def told(loads: object) -> list[tuple[float, ...]]:
    """Loads with NaN made comparable."""
    return [tuple(-1.0 if math.isnan(one) else float(one) for one in load) for load in loads]  # type: ignore[attr-defined]  # rows of two sources


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(case=cases("multi-model"))
def test_every_request_load_and_alarm_is_the_oracles(case: MultiModelCase) -> None:
    record = multimodel.simulate(case)
    run = ours(case)
    assert differences(run, record) == []
    assert told(run.loads) == told(record.loads)
    assert broken(run) == []


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(case=cases("multi-model, shared"))
def test_every_request_load_and_alarm_is_the_oracles_where_calls_share_an_instance(case: MultiModelCase) -> None:
    record = multimodel.simulate(case)
    run = ours(case)
    assert differences(run, record) == []
    assert told(run.loads) == told(record.loads)
    assert broken(run) == []


@pytest.mark.parametrize("pattern", ["multi-model", "multi-model, shared"])
def test_where_blocks_are_cut_changes_nothing(pattern: str) -> None:
    for seed in range(40):
        case = SEEDED[pattern](seed, 60)
        runs = [ours(case, block=block) for block in (1, 3, 1000)]
        assert len({run.ledger.bins.tobytes() + run.ledger.counts.tobytes() for run in runs}) == 1
        assert len({run.ledger.sums.tobytes() for run in runs}) == 1
        assert len({repr(run.timeline) for run in runs}) == 1
