"""The share of requests that meet a cold container, by arithmetic: against hand arithmetic and against simulations."""

from __future__ import annotations

import math

import pytest

from advisor.advice.simulating import simulate
from advisor.patterns import Serverless
from advisor.patterns.serverless.cold import cold_share, uncalled_in_states
from advisor.rules import overlay
from advisor.rules.estimates import serverless_name
from advisor.workload import Workload

STEADY = "bursts: null, shape: steady"
# Eleven minutes, in hours.
KEEP_H = 11 / 60


def _cold(profile: str, warm: int = 0) -> float:
    w: Workload = overlay(profile)
    return cold_share(w, w.work_on(serverless_name(2048)), warm)


def test_rare_short_requests_are_cold_when_the_gap_outlasts_the_keep_alive() -> None:
    # One container alone: a Poisson gap longer than 11 minutes, exp(-rate x 11 min).
    assert _cold(f"traffic: {{rate: 6 per hour, {STEADY}}}") == pytest.approx(math.exp(-6 * 11 / 60), rel=0.01)


def test_a_busy_container_never_goes_cold() -> None:
    assert _cold(f"traffic: {{rate: 5 per second, {STEADY}}}") < 0.001


def test_provisioned_containers_are_never_cold() -> None:
    rare = f"traffic: {{rate: 6 per hour, {STEADY}}}"
    assert _cold(rare, warm=1) < 0.01 * _cold(rare)


def test_bursts_add_the_containers_that_the_pause_has_lost() -> None:
    work = "work: [{on: serverless 2 GB, mean: 10 s, cv: 0.2}]"
    calm = _cold(f"{{{work}, traffic: {{rate: 10 per minute, {STEADY}}}}}")
    bursty = _cold(f"{{{work}, traffic: {{rate: 10 per minute, bursts: {{peak: 6x, cv: 1.5, length: 10 min}}}}}}")
    assert bursty > calm


def test_each_models_endpoint_has_its_own_part_of_the_traffic_and_its_own_cold_starts() -> None:
    # 60 an hour over 10 alike: 6 an hour each, so exp(-6 x 11/60) = 33 % are cold, as on one endpoint of 6 an hour.
    work = "work: [{on: serverless 2 GB, mean: 10 ms, cv: 0.2}]"
    model = f"model: {{count: 10, popularity: {{shares: {[0.1] * 10}}}}}"
    many = _cold(f"{{{work}, {model}, traffic: {{rate: 60 per hour, {STEADY}}}}}")
    assert many == pytest.approx(math.exp(-6 * 11 / 60), rel=0.01)


def test_a_day_of_two_levels_counts_each_call_by_the_rate_of_its_own_hour() -> None:
    # Twelve hours of 2 calls an hour and twelve of 10. The rate runs straight through the mid-hours: eleven flat hours
    # of each, and two ramps of an hour, of which the integral of r exp(-r K) dr / 8 is in closed form.
    flat = 11 * (2 * math.exp(-2 * KEEP_H) + 10 * math.exp(-10 * KEEP_H))
    ramps = 2 / 8 * (_antiderivative(10) - _antiderivative(2))
    by_hand = (flat + ramps) / (12 * 2 + 12 * 10)
    days = ", ".join(["1"] * 12 + ["5"] * 12)
    found = _cold(f"{{work: [{{on: serverless 2 GB, mean: 50 ms}}], traffic: {{rate: 6 per hour, day: [{days}], "
                  "bursts: null, shape: daily}}")  # fmt: skip
    assert found == pytest.approx(by_hand, rel=0.02)
    # Without ramps (2 x 0.693 + 10 x 0.160) / 12 = 0.249; the mean rate alone would say exp(-6 K) = 0.333.
    assert found == pytest.approx(0.249, abs=0.01)


def _antiderivative(rate: float) -> float:
    return -(rate / KEEP_H + 1 / KEEP_H**2) * math.exp(-rate * KEEP_H)


def test_calls_of_a_container_in_two_states_that_hardly_change_are_cold_by_the_rate_of_their_state() -> None:
    low, high = uncalled_in_states(2.0, 10.0, 1e9, 1e9, KEEP_H)
    assert (low, high) == (pytest.approx(math.exp(-2 * KEEP_H)), pytest.approx(math.exp(-10 * KEEP_H)))


def test_calls_in_two_states_that_change_all_the_time_are_cold_by_the_mean_rate() -> None:
    # Three quarters of the time in the low state.
    low, high = uncalled_in_states(2.0, 10.0, 3e-6, 1e-6, KEEP_H)
    assert low == pytest.approx(math.exp(-4 * KEEP_H), rel=1e-4)
    assert high == pytest.approx(low, rel=1e-4)


def test_a_container_of_bursts_alone_is_cold_where_none_was_within_the_keep_alive_time() -> None:
    # Called at once and without end in the high state: cold only if the burst has just begun, and never again in it.
    # Of calls at rate c in the high state 1 / (1 + c x stay) are a burst's first, exp(-K / pause) of pauses are longer.
    calls, stay, pause = 1e6, 0.5, 2.0
    _, high = uncalled_in_states(0.0, calls, pause, stay, KEEP_H)
    assert high == pytest.approx(math.exp(-KEEP_H / pause) / (calls * stay), rel=1e-3)


def test_evenly_spaced_calls_are_all_cold_or_none() -> None:
    assert _cold("traffic: {rate: 2 per hour, shape: regular, bursts: null}") == 1
    assert _cold("traffic: {rate: 6 per hour, shape: regular, bursts: null}") == 0


@pytest.mark.parametrize("traffic", [
    "{rate: 3 per hour, day: office, week: workweek}",
    "{rate: 30 per hour, day: evening}",
    "{rate: 20 per hour, bursts: {peak: 6x, cv: 1.5, of: rate, length: 20 min}}",
    "{rate: 10 per hour, shape: on_off}",
])  # fmt: skip
@pytest.mark.parametrize("mean", ["200 ms", "8 s"])
def test_the_estimate_is_close_to_the_simulated_share(traffic: str, mean: str) -> None:
    w = overlay(f"{{work: [{{on: serverless 2 GB, mean: {mean}, cv: 0.5}}], traffic: {traffic}}}")
    d = Serverless(memory_mib=2048, max_concurrency=20)
    simulated = simulate(w, d, seed=1).cold_start_share
    # What overflows comes in clumps: a little more is cold than the estimate says.
    assert cold_share(w, w.work_on(d.place)) == pytest.approx(simulated, rel=0.1, abs=0.012)
    assert d.foresee(w).cold_share == pytest.approx(simulated, rel=0.1, abs=0.012)
