"""A stream and a lot that nothing serves as they are: what is said of each, and what to relax for both at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.relaxing import of_options
from advisor.advice.simulating import simulate
from advisor.sim.estimates import Estimate
from advisor.workload import Workload, reads

# 20 ms of work, of which one percent takes longer than 50 ms; a lot of 300,000 records a day.
BOTH = """
name: both
region: us-east-1
model: {size: 100 MB, memory: 300 MB, framework: xgboost}
work: [{on: ml.c5.large, mean: 20 ms, cv: 0.5, workers: 2}]
traffic: {rate: 15 per second, shape: steady}
batch: {records: 300000, record_size: 2 KB, files: 20, every: 1 day, deadline: DEADLINE}
objective: {p99: OBJECTIVE, prefer: cost}
"""


def both(deadline: str = "20 hours", p99: str = "500 ms") -> Workload:
    return reads(BOTH.replace("DEADLINE", deadline).replace("OBJECTIVE", p99))


def answered(w: Workload) -> Recommendation:
    return recommend(w, seed=3, explain=False)


@pytest.fixture(scope="module")
def hurried() -> Recommendation:
    """A lot that a job does in time, beside a stream that no endpoint answers in time."""
    return answered(both(p99="5 ms"))


def test_how_long_the_lots_job_takes_is_no_latency_to_relax(hurried: Recommendation) -> None:
    assert hurried.relaxations
    for one in hurried.relaxations:
        assert set(one.sets) == {"objective.p99"}
        relaxed = both(p99=one.sets["objective.p99"])
        asked = dict(relaxed.objective.latencies)["p99"]
        # No more than the interval of its own p99 and a few percent, rounded up to two digits.
        reached = hurried.option(one.id).latency_s("p99")
        assert reached <= asked <= 1.5 * 1.1 * reached
        assert simulate(relaxed, hurried.option(one.id).deployment, seed=77).meets_objective
        assert answered(relaxed).best is not None


@pytest.mark.parametrize(("stream", "lot"), [(0.1, 0.03), (0.03, 0.1)])
def test_what_may_fail_is_relaxed_to_the_worse_of_both(hurried: Recommendation, stream: float, lot: float) -> None:
    def losing(share: float) -> Estimate:
        return Estimate(value=share, low=share, high=share)

    [best, *_] = hurried.options
    endpoint, job = best.parts
    outcome = replace(best.outcome, error_share=losing(stream), parts=(endpoint, replace(job, error_share=losing(lot))))
    [found] = of_options(both(), [replace(best, outcome=outcome)])
    # Ten percent, and what another run may have more: a twentieth, rounded up to two digits.
    assert found.sets == {"objective.errors": "11 %"}
