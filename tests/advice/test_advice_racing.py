"""How surely the first is first: Student's t as an outside library has it, and pairs by hand."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from scipy import stats

from advisor.advice.chances import above_zero, below, t_share
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


def test_what_cost_the_same_in_a_trial_is_raced_for_the_first_place() -> None:
    # In a trial of a few hours two sizes of one price may turn nobody away; in weeks the smaller one does, and is not
    # paid for it, so that it costs less as long as it turns away no more than is allowed.
    answer = recommend(reads(EDGE), seed=0, patterns=["serverless"], explain=False)
    first, second, *_ = answer.options
    assert first.outcome.deployment["max_concurrency"] < second.outcome.deployment["max_concurrency"]
    assert second.outcome.error_share.value < first.outcome.error_share.value <= 0.01
    assert 0.5 < answer.confidence.first_is_first < 0.999


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
