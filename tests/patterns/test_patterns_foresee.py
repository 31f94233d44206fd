"""What queues and loads come to by arithmetic, against theory by hand: waits, laws, levels; what estimates promise."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.patterns import PATTERNS, Pattern
from advisor.patterns.foresight_fleet import erlang_c
from advisor.patterns.foresight_load import ground_of, levels
from advisor.patterns.foresight_time import larger, law_of, sizes
from advisor.workload import Workload
from advisor.workload.lognormal import z
from tests.patterns.plain_workload import OVERHEAD_S, fixed, workload

# Waits


@pytest.mark.parametrize(("servers", "load", "waits"), [(1, 0.7, 0.7), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9)])
def test_the_chance_of_a_wait_is_erlangs(servers: int, load: float, waits: float) -> None:
    # M/M/2 at load 1: 1/3. M/M/3 at load 2: (8/6 x 3) / (1 + 2 + 2 + 4) = 4/9.
    assert erlang_c(servers, load) == pytest.approx(waits, rel=1e-12)


@pytest.mark.parametrize("cv", [0, 0.5, 1, 2])
def test_one_worker_waits_as_pollaczek_and_khinchine_say(cv: float) -> None:
    w = workload(work=f"{{on: ml.m5.large, mean: 50 ms, cv: {cv}, workers: 1}}")
    seen = fixed(1).foresee(w)
    # rho / (1 - rho) x S x (1 + cv^2) / 2 at rho = 10 x 0.05.
    wait = 0.5 / 0.5 * 0.05 * (1 + cv * cv) / 2
    assert seen.mean_s == pytest.approx(wait + 0.05 + OVERHEAD_S, rel=2e-3)
    assert seen.utilisation == pytest.approx(0.5, rel=1e-3)


def test_random_routing_splits_the_rate_and_the_least_busy_pools_it() -> None:
    w = workload(work="{on: ml.m5.large, mean: 50 ms, cv: 0, workers: 1}")
    at_random, pooled = fixed(2).foresee(w), fixed(2, routing="LEAST_OUTSTANDING_REQUESTS").foresee(w)
    # Each at rho 0.25: wait 0.25 / 0.75 x 25 ms. Pooled, M/D/2 at load 0.5: C = 0.1, half of M/M/2's 0.05 / 1.5.
    assert at_random.mean_s == pytest.approx(0.25 / 0.75 * 0.025 + 0.05 + OVERHEAD_S, rel=1e-6)
    assert pooled.mean_s == pytest.approx(0.1 * 0.05 / 1.5 / 2 + 0.05 + OVERHEAD_S, rel=1e-6)


def test_constant_work_without_a_wait_takes_its_time_and_the_rest_has_the_tail_of_the_queue() -> None:
    w = workload(work="{on: ml.m5.large, mean: 50 ms, cv: 0, workers: 1}")
    seen = fixed(1).foresee(w)
    # Of M/D/1 at rho 0.5 half wait, on average 50 ms each, by the tail taken exponential.
    assert seen.later(0.0599) == 1.0
    assert seen.later(0.0601) == pytest.approx(0.5 * math.exp(-0.0001 / 0.05), rel=1e-3)
    assert seen.later(0.160) == pytest.approx(0.5 * math.exp(-2), rel=1e-6)
    assert seen.latency_s(0.99) == pytest.approx(0.060 + 0.05 * math.log(50), rel=1e-3)


def test_several_workers_of_one_instance_are_one_queue() -> None:
    w = workload(
        traffic="{rate: 40 per second, shape: steady}", work="{on: ml.m5.large, mean: 50 ms, cv: 1, workers: 4}"
    )
    seen = fixed(1).foresee(w)
    # M/M/4 at load 2: C = 4/23 (16/24 x 2) / (1 + 2 + 2 + 8/6 + 16/24 x 2) = 0.1739; wait C x S / (c - a).
    wait = 4 / 23 * 0.05 / 2
    assert seen.mean_s == pytest.approx(wait + 0.05 + OVERHEAD_S, rel=2e-3)


def test_a_load_curve_of_one_place_is_a_single_worker() -> None:
    curve = workload(work="{on: ml.m5.large, at: {1: 50 ms}, cv: 1}")
    # By the birth-death chain, exact for exponential work: M/M/1 at rho 0.5 waits 50 ms on average.
    assert fixed(1).foresee(curve).mean_s == pytest.approx(0.05 + 0.05 + OVERHEAD_S, rel=2e-3)


def test_a_flat_load_curve_has_no_wait_and_a_rising_one_shares_the_processor() -> None:
    flat = workload(work="{on: ml.m5.large, at: {1: 50 ms, 100: 50 ms}, cv: 1}")
    assert fixed(1).foresee(flat).mean_s == pytest.approx(0.05 + OVERHEAD_S, rel=1e-3)
    # n in flight are n times as slow: processor sharing, mean S / (1 - rho) = 100 ms at rho 0.5.
    shared = ", ".join(f"{n}: {50 * n} ms" for n in range(1, 41))
    w = workload(work=f"{{on: ml.m5.large, at: {{{shared}}}, cv: 1}}")
    assert fixed(1).foresee(w).mean_s == pytest.approx(0.1 + OVERHEAD_S, rel=1e-3)


def test_more_than_an_instance_can_do_is_turned_away() -> None:
    w = workload(traffic="{rate: 40 per second, shape: steady}", platform="{client_retries: none}")
    seen = fixed(1).foresee(w)
    # 20 a second are served of 40, and all of them late: a full container has 100 before each.
    assert seen.error_share == pytest.approx(0.5, rel=0.05)
    assert seen.later(4.0) > 0.99
    assert "1 instances at most" in seen.impossible


# Load


def test_levels_have_the_mean_rate_and_all_of_the_time() -> None:
    w = workload("{rate: 10 per second, day: office, week: workweek, bursts: {peak: 3x, cv: 0.5, length: 10 min}}")
    found = levels(w)
    assert len(found) <= 48
    assert math.fsum(share for _, share in found) == pytest.approx(1)
    assert math.fsum(rate * share for rate, share in found) == pytest.approx(10, rel=1e-6)
    states = w.burst_states
    assert states is not None
    assert max(rate for rate, _ in found) == pytest.approx(w.peak_per_s, rel=0.02)


def test_a_steady_rate_is_one_level_and_a_lot_alone_has_none_to_speak_of() -> None:
    assert levels(workload("{rate: 10 per second, shape: steady}")) == [(10.0, 1.0)]


def test_the_law_has_the_stated_mean_and_percentile() -> None:
    w = workload(work="{on: ml.m5.large, mean: 22 ms, p95: 41 ms, workers: 4}")
    law = law_of(w, w.work_on("ml.m5.large"))
    assert law.mean_s == pytest.approx(0.022, rel=1e-9)
    assert law.quantile_s(0.95) == pytest.approx(0.041, rel=5e-3)
    assert law.longer_than(0.041) == pytest.approx(0.05, rel=0.02)
    assert float((law.seconds * law.shares).sum()) == pytest.approx(law.mean_s, rel=1e-9)


def test_the_law_of_several_quantiles_goes_through_each() -> None:
    w = workload(
        work="{on: ml.c5.xlarge, quantiles: {50 %: 28 ms, 90 %: 52 ms, 95 %: 66 ms, 99 %: 120 ms}, workers: 4}"
    )
    on = w.work_on("ml.c5.xlarge")
    law = law_of(w, on)
    scale = law.quantile_s(0.5) / 0.028
    for share, seconds in ((0.9, 0.052), (0.95, 0.066), (0.99, 0.120)):
        assert law.quantile_s(share) == pytest.approx(seconds * scale, rel=0.01)


def test_the_simulator_draws_from_the_same_law() -> None:
    from advisor.sim.service import shape_of

    w = workload(
        work="{on: ml.c5.xlarge, quantiles: {50 %: 28 ms, 90 %: 52 ms, 95 %: 66 ms, 99 %: 120 ms}, workers: 4}"
    )
    law = law_of(w, w.work_on("ml.c5.xlarge"))
    assert law.cv == pytest.approx(shape_of(w).cv, rel=5e-3)
    assert law.mean_s == pytest.approx(w.work_on("ml.c5.xlarge").mean_s, rel=1e-9)


def test_classes_count_by_their_rate() -> None:
    traffic = (
        "{classes: [{name: a, rate: 3 per second, work: 0.5}, {name: b, rate: 1 per second, work: 3, "
        "payload: {request: 3 KB, request_max: 3 KB}}]}"
    )
    w = workload(traffic, work="{on: ml.m5.large, mean: 40 ms, cv: 0, workers: 1}")
    law = law_of(w, w.work_on("ml.m5.large"))
    # 3/4 of 20 ms and 1/4 of 120 ms.
    assert law.mean_s == pytest.approx(0.045, rel=1e-9)
    assert ground_of(w).bytes_in == pytest.approx(2250)


@pytest.mark.parametrize(("mean", "most"), [(10.0, 40.0), (30.0, 40.0), (20.0, 40.0), (1.0, 1000.0)])
def test_sizes_keep_their_mean_and_their_largest(mean: float, most: float) -> None:
    bodies, shares = sizes(mean, most)
    assert float(shares.sum()) == pytest.approx(1)
    assert float((bodies * shares).sum()) == pytest.approx(mean, rel=1e-6)
    assert 0 <= bodies.min() <= bodies.max() <= most
    # Over all sizes the share that is larger adds up to the mean.
    grid = np.linspace(0, most, 20_001)
    held = np.array([larger(mean, most, float(size)) for size in grid])
    assert float(np.trapezoid(held, grid)) == pytest.approx(mean, rel=1e-3)


def test_bodies_above_the_limit_are_errors_and_take_no_time() -> None:
    w = workload(payload="{request: 20 MB, request_max: 40 MB, response: 1 KB}")
    seen = fixed(1).foresee(w)
    # The mean in the middle: all sizes alike, and 25 MB (26,214,400 bytes at most) is the limit.
    limit = 25 * 2**20
    assert seen.error_share == pytest.approx(1 - limit / 40e6, rel=1e-3)
    assert seen.utilisation == pytest.approx(0.5 * limit / 40e6, rel=0.02)


# Promises


DRAWN = st.fixed_dictionaries(
    {
        "rate": st.floats(0.01, 200),
        "mean": st.integers(2, 3000),
        "cv": st.sampled_from([0, 0.3, 1, 2.5]),
        "workers": st.integers(1, 8),
        "bursts": st.booleans(),
        "day": st.booleans(),
    }
)


def drawn(of: dict[str, Any]) -> Workload:
    bursts = ", bursts: {peak: 3x, cv: 0.5, length: 10 min, of: rate}" if of["bursts"] else ""
    day = ", day: office" if of["day"] else ""
    return workload(
        f"{{rate: {of['rate']} per second{day}{bursts}}}",
        work=f"{{on: ml.m5.large, mean: {of['mean']} ms, cv: {of['cv']}, workers: {of['workers']}}}",
        objective="{p50: 100 ms, p99: 2 s, errors: 1 %}",
    )


@settings(max_examples=40, deadline=None)
@given(DRAWN, st.sampled_from(PATTERNS))
def test_later_falls_and_percentiles_keep_their_order_and_their_floor(of: dict[str, Any], p: type[Pattern]) -> None:
    w = drawn(of)
    seen = p.start(w).foresee(w)
    late = [seen.later(seconds) for seconds in np.logspace(-4, 6, 60)]
    assert all(0 <= one <= 1 for one in late)
    assert all(after <= before + 1e-9 for before, after in pairwise(late))
    percentiles = [seen.latency_s(share) for share in (0.5, 0.9, 0.95, 0.99)]
    assert percentiles == sorted(percentiles)
    for share, seconds in zip((0.5, 0.9, 0.95, 0.99), percentiles, strict=True):
        assert seen.floor_s(share) <= seconds * 1.03
    assert all(value >= 0 and math.isfinite(value) for value in seen.granules.values())
    shares = (seen.error_share, seen.cold_share, seen.utilisation)
    assert all(0 <= share <= 1 + 1e-9 for share in shares)


@settings(max_examples=40, deadline=None)
@given(DRAWN, st.sampled_from(["RANDOM", "LEAST_OUTSTANDING_REQUESTS"]), st.floats(0.01, 30))
def test_more_of_the_same_instances_are_never_later(of: dict[str, Any], routing: str, seconds: float) -> None:
    w = drawn(of)
    late = [fixed(count, routing=routing).foresee(w).later(seconds) for count in (1, 2, 4, 8, 16)]
    # Sums over a grid of the law are good to some thousandths.
    assert all(after <= before + 0.005 for before, after in pairwise(late))


@pytest.mark.parametrize("pattern", [pytest.param(one, id=one.name) for one in PATTERNS])
def test_foreseeing_loads_nothing_of_the_simulator(pattern: type[Pattern]) -> None:
    text = (
        "import sys\n"
        "from advisor.patterns import PATTERNS\n"
        "from advisor.workload.read import reads\n"
        "w = reads('name: a\\ntraffic: {rate: 3 per second}\\n')\n"
        f"p = next(one for one in PATTERNS if one.name == {pattern.name!r})\n"
        "p.start(w).foreseen_usage(w); p.space(w)\n"
        "print(sorted({'numba', 'simpy', 'scipy', 'pandas'} & set(sys.modules)))\n"
    )
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_percentile_of_the_normal_law_is_known() -> None:
    # The grid's cells end where shares are read off most: the stated percentile of a law of one's own is met.
    w = workload(work="{on: ml.m5.large, mean: 100 ms, cv: 0.5, workers: 1}")
    sigma = math.sqrt(math.log(1.25))
    law = law_of(w, w.work_on("ml.m5.large"))
    for share in (0.5, 0.9, 0.99):
        stated = 0.1 * math.exp(z(share) * sigma - sigma * sigma / 2)
        assert law.quantile_s(share) == pytest.approx(stated, rel=5e-3)
