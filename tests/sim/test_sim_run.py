"""Replications: intervals that cover, stopping that does not depend on threads, percentiles by inversion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from advisor.sim.arrivals import Points
from advisor.sim.deployments import Client, FleetSpec, PoolSpec, Workers
from advisor.sim.estimates import mean_of, percentile_of, ratio_of, student_t, with_control
from advisor.sim.fleets import simulate_fleet
from advisor.sim.pools import simulate_pool
from advisor.sim.run import Precision, Replications, Run, replicate
from advisor.sim.scaling import Scaling
from advisor.sim.service import exponential
from advisor.sim.trace import Trace
from advisor.streams import replication


def one_run(number: int, *, requests: int = 4000, load: float = 0.7) -> Run:
    points = Points(name="", rate_per_s=load)
    trace = Trace(
        [points], seed=replication(11, number), shape=exponential(), warmup_s=200.0, horizon_s=requests / load
    )
    spec = FleetSpec(server=Workers(workers=1, mean_s=1.0), container_queue=1 << 20)
    return simulate_fleet(trace, spec, Scaling.fixed(1), client=Client(attempts=1, limit_s=math.inf), meter_bytes=False)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 19, 40, 200])
@pytest.mark.parametrize("share", [0.9, 0.95, 0.975, 0.995])
def test_the_quantiles_of_student_s_t_are_those_of_the_reference(degrees: int, share: float) -> None:
    assert student_t(share, degrees) == pytest.approx(float(stats.t.ppf(share, degrees)), rel=5e-4)


def test_the_interval_of_a_mean_is_student_s() -> None:
    # Mean 3, standard deviation sqrt(2.5), n = 5: half width 2.776 * sqrt(0.5).
    estimate = mean_of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert estimate.value == 3.0
    assert estimate.high - 3.0 == pytest.approx(2.776 * math.sqrt(0.5), rel=1e-3)


def test_one_replication_says_nothing_about_its_spread() -> None:
    assert math.isnan(mean_of([3.0]).low)
    assert mean_of([3.0]).half_share == math.inf


def test_a_control_that_explains_everything_leaves_no_doubt() -> None:
    controls = [90.0, 95.0, 100.0, 105.0, 110.0, 112.0]
    estimate = with_control([2 * one + 7 for one in controls], controls, 100.0)
    assert estimate.value == pytest.approx(207.0)
    assert estimate.high - estimate.low < 1e-9


def test_a_control_narrows_the_interval_without_moving_the_truth() -> None:
    rng = np.random.default_rng(3)
    arrivals = rng.normal(1000.0, 50.0, 30)
    costs = 0.1 * arrivals + rng.normal(0.0, 0.5, 30)
    plain, corrected = mean_of(list(costs)), with_control(list(costs), list(arrivals), 1000.0)
    assert corrected.half_share < 0.3 * plain.half_share
    assert corrected.low < 100.0 < corrected.high


@pytest.mark.parametrize("replications", [3, 4, 5])
@pytest.mark.parametrize("follows", [0.0, 0.9, 0.9999])
def test_a_corrected_mean_covers_as_often_as_it_says_however_few_there_are(replications: int, follows: float) -> None:
    # 2,000 means of 0, of values that follow the control that closely: 1,900 expected; 1,860 to 1,940 is four spreads.
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(2000):
        control = rng.standard_normal(replications)
        values = follows * control + math.sqrt(1 - follows**2) * rng.standard_normal(replications)
        one = with_control(list(values), list(control), 0.0, least=3)
        covered += one.low <= 0.0 <= one.high
    assert 1860 <= covered <= 1940


def test_fewer_than_asked_for_are_not_corrected() -> None:
    costs, arrived = [10.0, 12.0, 17.0], [100.0, 120.0, 170.0]
    assert with_control(costs, arrived, 130.0) == mean_of(costs)
    assert with_control(costs[:2], arrived[:2], 130.0, least=2) == mean_of(costs[:2])
    exact = with_control(costs, arrived, 120.0, least=3)
    assert exact.value == pytest.approx(12.0)
    assert exact.half_share < 1e-6


def test_a_ratio_weighs_replications_by_their_size() -> None:
    assert ratio_of([1.0, 90.0], [10.0, 100.0]).value == pytest.approx(91 / 110)


def test_the_interval_of_a_percentile_covers_the_long_run_value() -> None:
    # The p90 of M/M/1 at load 0.7: ln(10) / 0.3. Over 60 answers of 8 replications each, 95 % intervals: 57 expected;
    # fewer than 50 has a chance below one in a thousand.
    theory = math.log(10) / 0.3
    runs = [one_run(number, requests=3000) for number in range(480)]
    covered = 0
    for begin in range(0, 480, 8):
        estimate = percentile_of([run.ledger for run in runs[begin : begin + 8]], 0.9)
        covered += estimate.low * (1 - 1e-3) <= theory <= estimate.high * (1 + 1e-3)
    assert 50 <= covered <= 60


def test_the_percentile_at_the_edge_of_one_percent_cold_starts_has_a_wide_interval() -> None:
    # With about 1 % cold starts the p99 is either a warm or a cold latency: the interval must hold both.
    def run(number: int) -> Run:
        points = Points(name="", rate_per_s=0.05)
        trace = Trace([points], seed=replication(2, number), shape=exponential(), warmup_s=1e4, horizon_s=40_000.0)
        return simulate_pool(
            trace, PoolSpec(mean_s=0.1, max_concurrency=20, cold_mean_s=6.0, keep_alive_s=120.0), meter_bytes=False
        )

    ledgers = [run(number).ledger for number in range(6)]
    shares = [ledger.cold / ledger.arrived for ledger in ledgers]
    assert 0.005 < float(np.mean(shares)) < 0.02
    estimate = percentile_of(ledgers, 0.99)
    assert estimate.low < 1.0
    assert estimate.high > 5.0


def test_replications_stop_when_the_answer_is_precise_and_say_so() -> None:
    answer = replicate(
        one_run,
        cost=lambda run: run.busy_s,
        percentile=0.5,
        precision=Precision(least=4, most=60, objective_share=0.05),
    )
    assert answer.precise
    assert 4 <= len(answer.runs) < 60
    assert answer.latency_s(0.5).half_share <= 0.05
    assert answer.cost(lambda run: run.busy_s).half_share <= 0.02


def test_the_cap_is_said_in_the_answer() -> None:
    answer = replicate(one_run, percentile=0.99, precision=Precision(least=2, most=3, objective_share=1e-6))
    assert not answer.precise
    assert len(answer.runs) == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_the_cap_holds_where_it_is_below_the_least(threads: int) -> None:
    answer = replicate(one_run, percentile=0.99, precision=Precision(least=5, most=2), threads=threads)
    assert not answer.precise
    assert len(answer.runs) == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_a_few_are_run_whatever_they_take_where_fewer_are_not_precise(threads: int) -> None:
    def runs(objective_share: float, few: int) -> int:
        wanted = Precision(least=2, few=few, most=9, effort=1, cost_share=9, objective_share=objective_share)
        return len(replicate(one_run, percentile=0.9, precision=wanted, threads=threads).runs)

    assert runs(1e-6, few=0) == 2
    assert runs(1e-6, few=3) == 3
    assert runs(1e3, few=3) == 2


def test_they_go_on_until_what_they_decide_is_settled_and_stay_as_precise_as_they_are() -> None:
    coarse = Precision(least=2, most=7, cost_share=9, objective_share=1e3)
    asked: list[int] = []

    def settled(so_far: Replications) -> bool:
        asked.append(len(so_far.runs))
        return len(so_far.runs) == 3

    assert len(replicate(one_run, percentile=0.9, precision=coarse, settled=settled).runs) == 3
    assert asked == [2, 3]
    # Precise from two on: where nothing settles it, twice as many are enough.
    never = replicate(one_run, percentile=0.9, precision=coarse, settled=lambda _: False)
    assert len(never.runs) == 4
    assert never.precise


def test_one_thread_and_two_give_the_same_bytes() -> None:
    def told(answer: Replications) -> tuple[int, bytes, bytes]:
        return len(answer.runs), answer.ledger.bins.tobytes(), answer.ledger.sums.tobytes()

    wanted = Precision(least=3, most=12, objective_share=0.06)
    one, two = (replicate(one_run, percentile=0.9, precision=wanted, threads=threads) for threads in (1, 2))
    assert told(one) == told(two)
