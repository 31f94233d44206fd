"""A stream with a lot beside it: which pair is first, how surely, and what is told with it."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest

import advisor as ad
from advisor.advice.combination import Combination
from advisor.advice.outcome import Money, Outcome
from advisor.advice.recommendation import Confidence, Option
from advisor.advice.recommending import recommend
from advisor.advice.shared import Shared
from advisor.advice.surely_first import confidence_of
from advisor.patterns import BatchTransform, RealTime
from advisor.rules import WARNS
from advisor.sim.estimates import Estimate
from advisor.workload import Workload, reads

# A stream that is next to nothing beside the lot's bill.
SMALL_STREAM = """
name: both
region: us-east-1
model: {size: 100 MB, memory: 300 MB, framework: xgboost}
work:
  - {on: ml.c5.large, mean: 20 ms, cv: 0.5, workers: 2}
  - {on: ml.m5.large, mean: 8 ms, cv: 0.5, workers: 2}
  - {on: ml.t2.medium, mean: 30 ms, cv: 0.5, workers: 2}
traffic: {rate: 1 per second, shape: steady}
batch: {records: 20 million, record_size: 2 KB, files: 200, every: 1 day, deadline: 20 hours}
objective: {p99: 500 ms, prefer: PREFER}
"""
ENDPOINT = RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=1)
JOB = BatchTransform(instance_type="ml.m5.large", instances=1)


def small_stream(prefer: str) -> Workload:
    return reads(SMALL_STREAM.replace("PREFER", prefer))


def test_the_lots_bill_which_is_the_same_beside_each_endpoint_changes_no_order_by_cost() -> None:
    w = small_stream("cost")
    stream = recommend(w.with_({"batch": None}), seed=3, explain=False, hybrids=False)
    answer = recommend(w, seed=3, explain=False)
    assert [one.parts[0].id for one in answer.options] == [one.id for one in stream.options]
    first, second = answer.options[:2]
    # Of the two bills together half a percent is more than what sets the endpoints apart.
    assert first.usd_per_month < second.usd_per_month < first.usd_per_month * Decimal("1.005")
    assert second.latency_s("p99") < first.latency_s("p99")
    assert "it is the cheapest that meets the objective" in answer.why[0]


def test_a_product_goes_by_the_bill_of_both_and_tells_nothing_that_goes_by_the_streams() -> None:
    w = small_stream("balanced")
    stream = recommend(w.with_({"batch": None}), seed=3, explain=False, hybrids=False)
    answer = recommend(w, seed=3, explain=True)
    products = [float(one.usd_per_month) * one.latency_s("p99") for one in answer.options]
    assert len(products) > 2
    assert products == sorted(products)
    best = answer.options[0]
    # A job that is done sooner than it has to be makes no request any faster: it is the cheapest in time.
    asked = {"traffic": None, "objective.p99": None, "objective.prefer": "cost"}
    job = recommend(w.with_(asked), seed=3, explain=False, patterns=["batch-transform"]).best
    assert job is not None
    assert {one.parts[1].id for one in answer.options} == {job.id}
    assert best.parts[0].id != stream.options[0].id
    assert answer.warnings == tuple(one for one in best.deployment.check(w) if one.verdict is WARNS)
    assert answer.assumptions == best.outcome.assumptions
    assert 0.99 < answer.confidence.first_is_first <= 1
    assert (answer.break_even, answer.contenders, answer.sensitivity) == ((), (), ())
    assert any(note.startswith("what would change the answer is left out") for note in answer.notes)


# Half of an interval each: of their difference it is five, by Pythagoras, and below its end lie 97.5 %.
MINE, THEIRS, SURE = 3.0, 4.0, 0.975


@pytest.fixture(scope="module")
def simulated() -> Outcome:
    w = small_stream("cost").with_({"batch": None})
    return ad.simulate(w, ENDPOINT, seed=1, replications=2, threads=1)


def option(simulated: Outcome, name: str, usd: Estimate, p99: Estimate, *, shared: bool) -> Option:
    """An option with these figures, that serves every request; of a pair the endpoint has its name, too."""
    pair = Combination(parts=(ENDPOINT, JOB))
    outcome = replace(
        simulated,
        id=name,
        meets_objective=True,
        usd_per_month=Money(value=Decimal(usd.value), low=Decimal(usd.low), high=Decimal(usd.high)),
        latency_s={**simulated.latency_s, "p99": p99},
        error_share=Estimate(value=0.0, low=0.0, high=3e-4),
        replications=10,
        parts=() if shared else (replace(simulated, id=f"{name}'s endpoint"), simulated),
    )
    return Option(rank=1, deployment=Shared(stream=ENDPOINT, sent_over_s=60) if shared else pair, outcome=outcome)


def about(value: float, half: float = 0.0) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half)


@pytest.mark.parametrize(("by", "equal"), [(5.0, ()), (2.5, ("job",))])
def test_by_cost_the_first_is_as_sure_as_the_difference_of_the_bills(
    simulated: Outcome, by: float, equal: tuple[str, ...]
) -> None:
    w = small_stream("cost")
    one = option(simulated, "shared", about(100, MINE), about(0.2), shared=True)
    other = option(simulated, "job", about(100 + by, THEIRS), about(0.1), shared=False)
    found = confidence_of(w, [one, other], Confidence(first_is_first=math.nan), None)
    assert found.equal_to == equal
    assert found.first_is_first == pytest.approx(SURE, abs=1e-6) or (equal and 0.5 < found.first_is_first < 0.95)


def test_by_latency_it_is_as_sure_as_the_difference_of_the_latencies_whatever_the_other_costs(
    simulated: Outcome,
) -> None:
    w = small_stream("latency")
    one = option(simulated, "shared", about(100), about(0.1, MINE / 1000), shared=True)
    # Half of an interval each, 0.003 s and 0.0095394 s: 0.01 s together, which is what they are apart.
    other = option(simulated, "job", about(50), about(0.11, 0.0095394), shared=False)
    found = confidence_of(w, [one, other], Confidence(first_is_first=math.nan), None)
    assert found.first_is_first == pytest.approx(SURE, abs=1e-4)
    # Three percent slower is alike, and twice as dear decides.
    alike = option(simulated, "job", about(200), about(0.103, 1e-9), shared=False)
    found = confidence_of(w, [one, alike], Confidence(first_is_first=math.nan), None)
    assert found.first_is_first == pytest.approx(1, abs=0.01)


def test_a_product_is_told_apart_by_both_figures(simulated: Outcome) -> None:
    w = small_stream("balanced")
    one = option(simulated, "job", about(100), about(0.1, 1e-4), shared=False)
    cheaper = option(simulated, "slow", about(50), about(0.3, 1e-4), shared=True)
    found = confidence_of(w, [one, cheaper], Confidence(first_is_first=0.2), Confidence(first_is_first=0.9))
    # The stream's own probability is of its own bill; the job is the lot's best with 90 %.
    assert found == Confidence(first_is_first=pytest.approx(0.9, abs=1e-3))


def test_a_pair_is_first_as_surely_as_its_parts_are_and_ahead_of_one_endpoint_for_both(simulated: Outcome) -> None:
    w = small_stream("cost")
    one = option(simulated, "first", about(100, MINE), about(0.2), shared=False)
    same = option(simulated, "second", about(100.1), about(0.2), shared=False)
    shared = option(simulated, "shared", about(105, THEIRS), about(0.2), shared=True)
    stream = Confidence(first_is_first=0.6, equal_to=("second's endpoint",))
    found = confidence_of(w, [one, same, shared], stream, Confidence(first_is_first=0.9))
    assert found.first_is_first == pytest.approx(0.6 * 0.9 * SURE, abs=1e-6)
    assert found.equal_to == ("second",)


def test_where_the_first_misses_the_objective_nothing_is_sure(simulated: Outcome) -> None:
    w = small_stream("cost")
    one = option(simulated, "first", about(100), about(0.2), shared=False)
    missed = replace(one, outcome=replace(one.outcome, meets_objective=False))
    assert math.isnan(confidence_of(w, [missed], Confidence(first_is_first=math.nan), None).first_is_first)
