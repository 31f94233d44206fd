"""The simulator against queueing theory, at fixed seeds, within stated intervals.

Each value is the mean of independent replications; it must lie within 4 standard errors of theory (a chance of about
one in two hundred for a right simulator at eight replications), and that interval must itself be narrow enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from advisor.sim.arrivals import Points
from advisor.sim.deployments import Client, FleetSpec, LoadCurve, PoolSpec, QueueSpec, Workers
from advisor.sim.fleets import simulate_fleet
from advisor.sim.laws import insist
from advisor.sim.pools import simulate_pool
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.scaling import Scaling
from advisor.sim.service import Shape, constant, exponential, lognormal
from advisor.sim.station import Window
from advisor.sim.trace import Trace

PATIENT = Client(attempts=1, limit_s=math.inf)
WITHOUT_LIMIT = 1 << 22


def traffic(rate: float, shape: Shape, seed: int, *, requests: int = 150_000, even: bool = False) -> Trace:
    points = Points(name="", rate_per_s=rate, even=even)
    return Trace([points], seed=seed, shape=shape, warmup_s=2000 / rate, horizon_s=requests / rate)


def agrees(measure: Callable[[int], float], theory: float, *, within: float, replications: int = 8) -> None:
    """Within 4 standard errors of theory, and 4 standard errors are at most the share `within` of it."""
    values = [measure(seed) for seed in range(replications)]
    error = float(np.std(values, ddof=1)) / math.sqrt(replications)
    assert 4 * error <= within * theory
    assert abs(float(np.mean(values)) - theory) <= 4 * error, (np.mean(values), theory, error)


def one_instance(rate: float, shape: Shape, workers: int, mean_s: float, seed: int) -> Run:
    spec = FleetSpec(server=Workers(workers=workers, mean_s=mean_s), container_queue=WITHOUT_LIMIT)
    trace = traffic(rate, shape, seed)
    return insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False))


def erlang_c(servers: int, load: float) -> float:
    """The share that waits in M/M/c."""
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)


def erlang_b(servers: int, load: float) -> float:
    """The share that is lost in M/G/c/c."""
    return (load**servers / math.factorial(servers)) / sum(load**k / math.factorial(k) for k in range(servers + 1))


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_one_exponential_worker_is_m_m_1(load: float) -> None:
    # Mean time in system: mean service / (1 - load).
    agrees(lambda seed: one_instance(load, exponential(), 1, 1.0, seed).ledger.mean_s, 1 / (1 - load), within=0.06)


def test_the_ninety_ninth_percentile_of_m_m_1_is_exponential() -> None:
    # The time in system is exponential with mean 1 / (mu - lambda).
    theory = -math.log(0.01) / (1 - 0.5)
    agrees(lambda seed: one_instance(0.5, exponential(), 1, 1.0, seed).ledger.latency_s(0.99), theory, within=0.06)


@pytest.mark.parametrize(("servers", "load"), [(2, 1.2), (4, 3.0), (20, 16.0)])
def test_several_exponential_workers_are_m_m_c(servers: int, load: float) -> None:
    theory = erlang_c(servers, load) / (servers - load)
    agrees(lambda seed: one_instance(load, exponential(), servers, 1.0, seed).ledger.mean_wait_s, theory, within=0.1)


@pytest.mark.parametrize(("shape", "squares"), [(constant(), 0.0), (lognormal(0.5), 0.25), (lognormal(1.5), 2.25)])
def test_the_wait_behind_one_worker_is_pollaczek_khinchine(shape: Shape, squares: float) -> None:
    load = 0.6
    theory = load / (1 - load) * (1 + squares) / 2
    agrees(lambda seed: one_instance(load, shape, 1, 1.0, seed).ledger.mean_wait_s, theory, within=0.12)


def test_requests_at_even_steps_that_fit_between_one_another_never_wait() -> None:
    # D/D/1 at load 1/2, exactly: each takes its 0.5 s, the worker is busy for half of the window, nobody waits.
    trace = traffic(1.0, constant(), 0, requests=10_000, even=True)
    spec = FleetSpec(server=Workers(workers=1, mean_s=0.5), container_queue=0)
    run = insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, columns=True))
    assert run.columns is not None
    done = run.columns.status == 0
    assert set(run.columns.finish[done] - run.columns.arrival[done]) == {0.5}
    assert run.ledger.mean_wait_s == 0.0
    assert run.ledger.served == 10_000
    assert run.busy_s == 5000.0


def test_two_of_three_that_come_together_wait_exactly_for_those_before_them() -> None:
    # D/D/1 with batches of three: 0, 1 and 2 services of wait.
    trace = Trace.from_columns([0.0, 0.0, 0.0, 10.0, 10.0, 10.0])
    spec = FleetSpec(server=Workers(workers=1, mean_s=2.0))
    run = insist(
        simulate_fleet(
            trace,
            spec,
            Scaling.fixed(1),
            client=PATIENT,
            columns=True,
            window=Window(from_s=0.0, to_s=20.0, stop_s=20.0),
        )
    )
    assert run.columns is not None
    assert list(run.columns.start - run.columns.arrival) == [0.0, 2.0, 4.0, 0.0, 2.0, 4.0]


@pytest.mark.parametrize("shape", [exponential(), constant(), lognormal(2.0)])
def test_a_pool_without_cold_starts_loses_by_erlang_b_whatever_the_service_law(shape: Shape) -> None:
    servers, load = 5, 3.5

    def lost(seed: int) -> float:
        spec = PoolSpec(mean_s=1.0, max_concurrency=servers, cold_mean_s=0.0, keep_alive_s=600.0)
        run = insist(
            simulate_pool(traffic(load, shape, seed, requests=100_000), spec, client=PATIENT, meter_bytes=False)
        )
        return run.ledger.statuses["throttled"] / run.ledger.arrived

    agrees(lost, erlang_b(servers, load), within=0.08)


def test_one_queue_before_several_instances_is_m_m_c() -> None:
    servers, load = 4, 3.0

    def wait(seed: int) -> float:
        spec = QueueSpec(mean_s=1.0, workers=2, max_invocations=2, ttl_s=math.inf, timeout_s=math.inf)
        trace = traffic(load, exponential(), seed)
        return insist(
            simulate_queue(trace, spec, Scaling.fixed(2), client=PATIENT, meter_bytes=False)
        ).ledger.mean_wait_s

    agrees(wait, erlang_c(servers, load) / (servers - load), within=0.12)


@pytest.mark.parametrize("shape", [exponential(), lognormal(1.5)])
def test_a_load_curve_of_n_times_the_time_is_processor_sharing(shape: Shape) -> None:
    # M/G/1 processor sharing: mean service / (1 - load), whatever the law.
    load = 0.5
    curve = FleetSpec(server=LoadCurve(latency_s=tuple(float(n) for n in range(1, 61))), container_queue=WITHOUT_LIMIT)

    def mean(seed: int) -> float:
        trace = traffic(load, shape, seed, requests=40_000)
        return insist(simulate_fleet(trace, curve, Scaling.fixed(1), client=PATIENT, meter_bytes=False)).ledger.mean_s

    agrees(mean, 1 / (1 - load), within=0.08)


def test_random_routing_splits_the_stream_into_separate_queues() -> None:
    # Poisson thinned by lot stays Poisson: each of 3 instances is M/M/1 at a third of the load.
    load = 0.6

    def mean(seed: int) -> float:
        spec = FleetSpec(server=Workers(workers=1, mean_s=1.0), container_queue=WITHOUT_LIMIT)
        trace = traffic(3 * load, exponential(), seed)
        return insist(simulate_fleet(trace, spec, Scaling.fixed(3), client=PATIENT, meter_bytes=False)).ledger.mean_s

    agrees(mean, 1 / (1 - load), within=0.06)


def test_little_holds_the_mean_number_is_the_rate_times_the_mean_time() -> None:
    # From columns: the time integral of the number in the system over the run is the sum of all times in it, so both
    # sides are counted independently: by sweeping over arrivals and finishes, and by the ledger.
    trace = traffic(2.0, lognormal(1.0), 5, requests=20_000)
    spec = FleetSpec(server=Workers(workers=3, mean_s=1.2), container_queue=WITHOUT_LIMIT)
    run = insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, columns=True))
    assert run.columns is not None
    low, high = run.window_s
    inside = (run.columns.first_arrival >= low) & (run.columns.first_arrival < high)
    arrivals, finishes = run.columns.arrival[inside], run.columns.finish[inside]
    instants = np.concatenate((arrivals, finishes))
    steps = np.concatenate((np.ones(arrivals.size), -np.ones(finishes.size)))
    order = np.argsort(instants, kind="stable")
    number = np.cumsum(steps[order])
    area = float((number[:-1] * np.diff(instants[order])).sum())
    assert area == pytest.approx(run.ledger.mean_s * run.ledger.served, rel=1e-12)


def test_busy_time_is_the_sum_of_services_inside_the_window() -> None:
    trace = traffic(3.0, exponential(), 3, requests=20_000)
    spec = FleetSpec(server=Workers(workers=4, mean_s=1.0), container_queue=WITHOUT_LIMIT)
    run = insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, columns=True))
    assert run.columns is not None
    low, high = run.window_s
    begun = ~np.isnan(run.columns.start)
    starts, finishes = run.columns.start[begun], np.nan_to_num(run.columns.finish[begun], nan=math.inf)
    spans = np.minimum(finishes, high) - np.maximum(starts, low)
    assert run.busy_s == pytest.approx(float(spans[spans > 0].sum()), rel=1e-12)
    assert run.utilisation == pytest.approx(0.75, abs=0.03)
