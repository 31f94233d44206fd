"""How surely the first is first: Student's t as an outside library has it, and pairs by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from scipy import stats

from advisor.advice.chances import above_zero, below, t_share
from advisor.advice.finalist import Finalist, ahead
from advisor.advice.once import horizon_for
from advisor.advice.racing import Race
from advisor.advice.recommending import recommend
from advisor.catalog.prices import price_book
from advisor.patterns import RealTime
from advisor.sim.estimates import Estimate
from advisor.workload import reads


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 20, 100])
@pytest.mark.parametrize("t", [-3.0, -0.5, 0.0, 0.1, 1.0, 2.5, 6.0])
def test_the_share_below_t_is_students(t: float, degrees: int) -> None:
    assert t_share(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), abs=2e-4)


def test_paired_differences_give_the_probability_of_a_positive_mean() -> None:
    differences = [1.0, 2.0, 3.0]
    # mean 2, standard error 1 / sqrt(3), so t = 2 sqrt(3) with 2 degrees of freedom
    assert above_zero(differences) == pytest.approx(stats.t.cdf(2 * math.sqrt(3), 2), abs=2e-4)


def test_differences_that_do_not_differ_are_certain() -> None:
    assert above_zero([1.0, 1.0]) == 1.0
    assert above_zero([-1.0, -1.0]) == 0.0
    assert above_zero([0.0, 0.0]) == 0.5


def test_an_allowance_at_the_ends_of_a_95_percent_interval_is_kept_with_2_5_and_97_5_percent() -> None:
    one = Estimate(value=0.010, low=0.008, high=0.012)
    assert below(one, 0.012, 6) == pytest.approx(0.975, abs=1e-3)
    assert below(one, 0.008, 6) == pytest.approx(0.025, abs=1e-3)
    assert below(one, 0.010, 6) == pytest.approx(0.5, abs=1e-3)


def test_without_an_interval_the_value_decides() -> None:
    alone = Estimate(value=0.010, low=math.nan, high=math.nan)
    assert below(alone, 0.011, 1) == 1.0
    assert below(alone, 0.009, 1) == 0.0


class Finished(NamedTuple):
    """A finalist as far as a comparison asks: what it cost in each replication, and how surely it meets."""

    costs: tuple[float, ...]
    sure: float = 1.0

    def scores(self, prefer: str) -> list[float]:
        assert prefer == "cost"
        return list(self.costs)


@pytest.mark.parametrize(
    ("first", "other", "equal"),
    [
        # Two percent of the cost is the precision that is asked for: what differs by one percent surely is equal.
        (Finished((100.0, 110.0, 90.0)), Finished((101.0, 111.0, 91.0)), True),
        (Finished((100.0, 110.0, 90.0)), Finished((99.0, 109.0, 89.0)), True),
        (Finished((100.0, 110.0, 90.0)), Finished((103.0, 113.0, 93.0)), False),
        # One percent on average, but as uncertain as 1 +- 4.3.
        (Finished((100.0, 110.0, 90.0)), Finished((102.0, 112.0, 89.0)), False),
        # Equal in cost, but whether it meets the objective is open.
        (Finished((100.0, 110.0, 90.0)), Finished((101.0, 111.0, 91.0), sure=0.9), False),
    ],
)
def test_what_surely_differs_by_less_than_the_precision_is_equal(
    first: Finished, other: Finished, equal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    race = Race(reads(EDGE), seed=0, book=price_book(), requests_each=1.0, threads=1, tell=lambda _: None)
    monkeypatch.setattr(race, "_meets", lambda one: one.sure)
    assert race._equal(first, other) is equal


EDGE = """
name: edge
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
work: [{on: serverless 2 GB, mean: 400 ms, cv: 0.8}]
traffic: {rate: 0.2 per second, bursts: {peak: 4x, cv: 1, length: 10 min}}
objective: {p99: 2450 ms, errors: 1 %, cold_starts: allow, prefer: cost}
"""


def test_of_two_sizes_of_one_price_the_one_that_turns_nobody_away_is_first() -> None:
    # Calls at a time cost nothing: room for fewer is paid for fewer requests alone.
    answer = recommend(reads(EDGE), seed=0, patterns=["serverless"], explain=False)
    assert answer.best is not None
    assert answer.best.outcome.error_share.value < 1e-5
    assert answer.best.on_front
    assert answer.confidence.first_is_first > 0.95


QUIET = """
name: quiet
region: us-east-1
model: {size: 260 MB, memory: 1.2 GB, image: 1.9 GB, framework: scikit-learn}
work: [{on: serverless 2 GB, mean: 320 ms, p95: 700 ms}, {on: ml.m5.large, mean: 150 ms, workers: 2}]
traffic: {rate: 30 per hour}
payload: {request: 8 KB, request_max: 200 KB, response: 500 B}
objective: {p90: 3 s, errors: 0.1 %, cold_starts: allow, prefer: cost}
"""


def test_room_for_one_call_at_a_time_is_not_first_where_room_for_two_costs_the_same() -> None:
    # 30 calls an hour of a third of a second: a call finds another one with a probability of 30 x 0.32 / 3600 = 0.27 %,
    # and is tried again up to five times; with room for two hardly any is turned away.
    answer = recommend(reads(QUIET), seed=0, explain=False)
    assert answer.best is not None
    assert answer.best.outcome.deployment["max_concurrency"] == 2
    assert answer.best.outcome.error_share.value < 1e-5
    assert answer.best.on_front


def finalist(
    usd: Sequence[float], latency_s: Sequence[float] = (0.2, 0.2, 0.2), errors: Sequence[float] = (0.0, 0.0, 0.0)
) -> Finalist:
    """What was found of one, replication by replication."""
    ledgers = [
        SimpleNamespace(error_share=share, arrived=1000, latency_s=lambda _, late=late: late)
        for late, share in zip(latency_s, errors, strict=True)
    ]
    outcome = SimpleNamespace(
        id="one",
        meets_objective=True,
        usd_per_month=SimpleNamespace(value=sum(usd) / 3),
        latency_s={"p95": SimpleNamespace(value=sum(latency_s) / 3)},
        error_share=SimpleNamespace(value=sum(errors) / 3),
    )
    return Finalist(None, outcome, tuple(usd), SimpleNamespace(ledgers=ledgers), "p95", 0.0)  # type: ignore[arg-type]


def test_of_two_of_one_price_it_is_the_requests_turned_away_that_make_the_first_sure() -> None:
    # Two costs a trifle more in each replication; one turns requests away in each.
    two, one = finalist((10.01, 10.02, 10.01)), finalist((10.0, 10.0, 10.0), errors=(0.0008, 0.0009, 0.0007))
    assert ahead(two, one, "cost") > 0.95
    assert ahead(two, one, "balanced") > 0.95
    # As many turned away by both: then who costs less is first, and surely so.
    assert ahead(finalist((10.0, 10.0, 10.0)), two, "cost") > 0.95


def test_of_two_as_fast_it_is_the_cost_that_makes_the_first_sure() -> None:
    # Four percent slower in each replication, for three quarters of the cost.
    cheap = finalist((300.0, 301.0, 299.0), (0.0936, 0.0937, 0.0935))
    fast = finalist((400.0, 401.0, 399.0), (0.0900, 0.0901, 0.0899))
    assert ahead(cheap, fast, "latency") > 0.95
    # Where it is not sure that the one is within five percent, it is not sure that the other is behind.
    unsure = finalist((300.0, 301.0, 299.0), (0.080, 0.109, 0.092))
    assert 0.3 < ahead(unsure, fast, "latency") < 0.95


WEEK = """
name: week
region: us-east-1
model: {size: 60 MB, memory: 500 MB, image: 900 MB}
work: [{on: ml.m5.large, mean: 40 ms, cv: 0.5, workers: 2}]
traffic: {rate: 1 per minute, shape: weekly}
payload: {request: 6 KB, response: 2 KB}
objective: {p95: 1 s, errors: 1 %}
"""


def test_of_what_is_far_behind_a_typical_day_is_run_once_and_whole_weeks_where_it_turns_out_not_to_be() -> None:
    w = reads(WEEK)
    race = Race(w, seed=0, book=price_book(), requests_each=5e6, threads=1, tell=lambda _: None)
    first = RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=1)
    far = RealTime(instance_type="ml.m5.large", min_instances=9, max_instances=9)
    race.enter(first, leads=True)
    race.far.add(far.id)
    told = race.enter(far, leads=False).outcome
    assert (told.horizon_h, told.replications) == (24, 1)
    assert told.usd_per_month.low is None
    assert any("a typical day is run" in note for note in told.notes)
    assert race._behind(race.finalists[first.id], race.finalists[far.id]) == 1.0
    race.nearer(far)
    again = race.finalists[far.id].outcome
    assert again.horizon_h == race.finalists[first.id].outcome.horizon_h == 28 * 24
    assert again.replications >= 2
    assert not any("typical" in note for note in again.notes)


def test_a_day_stands_for_no_week_whose_days_a_schedule_tells_apart() -> None:
    w = reads(WEEK)
    plain = RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=1)
    clock = RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=2, schedule="mon-fri 08:00-20:00=2")
    assert horizon_for(w, plain, None, a_day=True).window_s == 86_400
    assert horizon_for(w, clock, None, a_day=True).window_s >= 7 * 86_400
    flat = reads(WEEK.replace(", shape: weekly", ""))
    assert horizon_for(flat, plain, None, a_day=True) == horizon_for(flat, plain, None)
