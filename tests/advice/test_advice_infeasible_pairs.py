"""A stream and a lot that nothing serves as they are: what is said of each, and what to relax for both at once."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from advisor.advice.combination import Combination
from advisor.advice.recommendation import Recommendation, Relaxation
from advisor.advice.recommending import recommend
from advisor.advice.relaxing import of_options
from advisor.advice.relaxing_both import of_both
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


def answered(w: Workload, *patterns: str) -> Recommendation:
    return recommend(w, seed=3, explain=False, patterns=patterns or None)


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


def test_where_both_parts_miss_what_they_ask_for_they_are_told_apart_and_relaxed_together() -> None:
    w = both("1 min", "5 ms")
    answer = answered(w)
    assert not answer.options
    says, nearest, *_ = answer.why
    # Starting a job takes longer than a minute; an endpoint answers, and is late.
    assert "for the lot every pattern is refused (BT-44)" in says
    assert re.search(r"the stream .* nearest by real-time-c5.large-x1 .*: 100 % are later than 5 ms", says)
    assert "AS-25" not in says
    stream = answered(w.with_({"batch": None}))
    for one, alone in zip(answer.relaxations, stream.relaxations, strict=True):
        assert set(one.sets) == {"objective.p99", "batch.deadline"}
        assert (one.pattern, one.how) == (Combination.name, "estimated")
        served = answered(w.with_(dict(one.sets)))
        found = next(other for other in served.options if other.id.split(" + ")[1] == one.id.split(" + ")[1])
        assert found.meets_objective
        # What is left of the cost is the endpoint's.
        assert one.usd - alone.usd == pytest.approx(float(found.parts[1].usd_per_month.value), rel=0.05)
        assert served.best is not None
    assert "batch.deadline to" in nearest
    assert "by arithmetic it then meets the objective for about" in nearest


def test_where_the_stream_is_served_only_the_lot_is_relaxed_and_both_are_paid_for() -> None:
    w, patterns = both("1 min"), ("serverless", "batch-transform")
    answer = answered(w, *patterns)
    stream = answered(w.with_({"batch": None}), *patterns)
    assert stream.best is not None
    assert f"the stream of requests alone is served by {stream.best.id} for" in answer.why[0]
    assert answer.why[0].endswith("; for the lot every pattern is refused (BT-44).")
    [one] = answer.relaxations
    assert set(one.sets) == {"batch.deadline"}
    served = answered(w.with_(dict(one.sets)), *patterns)
    assert served.best is not None
    assert served.best.id == one.id
    assert float(served.best.usd_per_month) == pytest.approx(one.usd, rel=0.02)


def test_what_no_change_makes_possible_for_the_stream_is_no_help_for_the_lot() -> None:
    answer = answered(both("1 min"), "multi-model", "batch-transform")
    assert answer.relaxations == ()
    [says] = answer.why
    refused = "every pattern is refused"
    assert says.endswith(f"for the stream of requests {refused} (MM-19); for the lot {refused} (BT-44).")


def test_of_a_field_that_both_change_the_value_that_goes_further_is_taken(hurried: Recommendation) -> None:
    w = both().with_({"needs": ["vpc", "shadow"]})

    def part(**sets: object) -> Recommendation:
        named = {path.replace("__", "."): value for path, value in sets.items()}
        one = Relaxation(pattern="any", id="one", usd=2.0, sets=named, how="estimated")
        return replace(hurried, options=(), relaxations=(one,))

    stream = part(objective__errors="2 %", work__0__mean="9 ms", model__size="80 MB", needs=["vpc"], region="us-east-1")
    lot = part(
        objective__errors="11 %", work__0__mean="10 ms", model__size="9 MB", needs=["shadow"], region="us-east-1"
    )
    [found] = of_both(w, stream, lot)
    wanted = {"objective.errors": "11 %", "work.0.mean": "9 ms", "model.size": "9 MB", "needs": []}
    assert found.sets == {**wanted, "region": "us-east-1"}
    assert found.usd == 4.0
    curves = ({"1": "30 ms", "2": "40 ms"}, {"1": "15 ms", "2": "20 ms"})
    loaded = w.with_({"work": [{"on": "ml.c5.large", "at": {"1": "50 ms", "2": "70 ms"}}]})
    [found] = of_both(loaded, part(work__0__at=curves[0]), part(work__0__at=curves[1]))
    assert found.sets == {"work.0.at": curves[1]}
    missing = replace(lot, relaxations=(replace(lot.relaxations[0], usd=math.nan),))
    assert math.isnan(of_both(w, stream, missing)[0].usd)


def test_a_deadline_that_rules_refuse_is_relaxed_as_far_as_the_jobs_take() -> None:
    w = both("1 min").with_({"traffic": None, "objective.p99": None})
    [one] = answered(w, "batch-transform").relaxations
    assert set(one.sets) == {"batch.deadline"}
    served = answered(w.with_(dict(one.sets)), "batch-transform").best
    assert served is not None
    assert float(served.usd_per_month) == pytest.approx(one.usd, rel=0.02)
