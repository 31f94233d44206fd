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
from advisor.sim.block import Laws
from advisor.sim.caches import simulate_cache
from advisor.sim.deployments import (
    Batching,
    CacheSpec,
    Client,
    FleetSpec,
    LoadCurve,
    ModelSize,
    PoolSpec,
    QueueSpec,
    Workers,
)
from advisor.sim.fleets import simulate_fleet
from advisor.sim.laws import insist
from advisor.sim.pools import simulate_pool
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.scaling import Scaling
from advisor.sim.service import Shape, Sizes, constant, exponential, lognormal, zipf
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


def root_of(transform: Callable[[float], float]) -> float:
    """The fixed point below 1 of a transform that is convex and 1 at 1, found by going down to it from 0."""
    at = 0.0
    for _ in range(2000):
        at = transform(at)
    return at


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_even_arrivals_before_an_exponential_worker_are_d_m_1(load: float) -> None:
    """G/M/1: mean time in system = 1 / (mu (1 - s)), s = A*(mu (1 - s)), A* the transform of the gaps.

    Here mu = 1 and all gaps are 1 / load, so s = exp(-(1 - s) / load).
    """
    spec = FleetSpec(server=Workers(workers=1, mean_s=1.0), container_queue=WITHOUT_LIMIT)

    def mean(seed: int) -> float:
        trace = traffic(load, exponential(), seed, even=True)
        return insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False)).ledger.mean_s

    theory = 1 / (1 - root_of(lambda s: math.exp(-(1 - s) / load)))
    agrees(mean, theory, within=0.06)


def test_gaps_of_two_exponential_stages_before_an_exponential_worker_are_g_m_1() -> None:
    """As above with Erlang-2 gaps of mean 1 / load: A*(x) = (2 load / (2 load + x)) squared."""
    load, requests = 0.7, 120_000
    spec = FleetSpec(server=Workers(workers=1, mean_s=1.0), container_queue=WITHOUT_LIMIT)

    def mean(seed: int) -> float:
        draws = np.random.Generator(np.random.SFC64(seed))
        arrivals = np.round(np.cumsum(draws.gamma(2.0, 1 / (2 * load), requests)) * 2**20) / 2**20
        trace = Trace.from_columns(
            arrivals, work=draws.exponential(1.0, requests), warmup_s=2000 / load, horizon_s=(requests - 4000) / load
        )
        return insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False)).ledger.mean_s

    theory = 1 / (1 - root_of(lambda s: (2 * load / (2 * load + 1 - s)) ** 2))
    agrees(mean, theory, within=0.06)


@pytest.mark.parametrize(("servers", "load", "patience"), [(1, 1.3, 2.0), (3, 2.7, 1.0), (4, 6.0, 0.5)])
def test_a_queue_whose_requests_expire_is_m_m_c_with_constant_patience(
    servers: int, load: float, patience: float
) -> None:
    """M/M/c+D: those who would wait longer than d are lost. With a = load (mu = 1) and g = a - c, in units of p0:

    state j < c: a^j / j!; the wait of an arrival that finds all busy has the density v(x) = a p(c-1) exp(g x) below d,
    and what is above d, a p(c-1) exp(g d) / c, is the share lost. It falls to Erlang B at d = 0.
    """
    states = [load**j / math.factorial(j) for j in range(servers)]
    drift = load - servers
    waits = load * states[-1] * math.expm1(drift * patience) / drift
    above = load * states[-1] * math.exp(drift * patience) / servers
    theory = above / (sum(states) + waits + above)

    def lost(seed: int) -> float:
        spec = QueueSpec(mean_s=1.0, workers=servers, max_invocations=servers, ttl_s=patience, timeout_s=math.inf)
        trace = traffic(load, exponential(), seed)
        run = insist(simulate_queue(trace, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False))
        return run.ledger.statuses["expired"] / run.ledger.arrived

    agrees(lost, theory, within=0.08)


@pytest.mark.parametrize(("count", "held", "exponent"), [(100, 30, 0.8), (200, 20, 1.1)])
def test_the_share_of_models_found_in_memory_is_che_s(count: int, held: int, exponent: float) -> None:
    """Least recently used with C places (Che): model i is there with probability 1 - exp(-p_i T), where these sum to C.

    An approximation: exact as the number of models grows, and here within 1 % of the misses beside chance.
    """
    law = zipf(count, exponent)
    shares = np.asarray(law.shares)
    low, high = 0.0, 1e9
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if float(-np.expm1(-shares * middle).sum()) < held else (low, middle)
    theory = float((shares * np.exp(-shares * low)).sum())
    laws = Laws(shape=constant(), sizes_in=(Sizes.of(0.0),), sizes_out=(Sizes.of(0.0),), popularity=law)
    # Loads and calls are so short that hardly any two meet: what is in use could not be put out.
    spec = CacheSpec(
        models=(ModelSize(size_bytes=1, memory_mib=1),) * count, workers=64, mean_s=1e-5, cache_mib=held,
        disk_bytes=count, download_bytes_per_s=1e6, into_memory_bytes_per_s=1e6, parallel_loads=64,
    )  # fmt: skip

    def missed(seed: int) -> float:
        points = Points(name="", rate_per_s=10.0)
        trace = Trace([points], seed=seed, laws=laws, warmup_s=500.0, horizon_s=8000.0)
        run = insist(simulate_cache(trace, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False))
        return run.ledger.cold / run.ledger.arrived

    values = [missed(seed) for seed in range(8)]
    error = float(np.std(values, ddof=1)) / math.sqrt(8)
    assert 4 * error <= 0.03 * theory
    assert abs(float(np.mean(values)) - theory) <= 4 * error + 0.01 * theory


@pytest.mark.parametrize(("rate", "marginal"), [(1.0, 0.2), (2.5, 0.2), (0.7, 0.6)])
def test_dynamic_batching_without_a_wait_or_a_most_is_the_batch_service_queue(rate: float, marginal: float) -> None:
    """A free worker takes all that wait; b take h(b) = t + m b (t = 1 - m, m marginal, mean 1), constant work.

    Batch sizes are a Markov chain: the next is what comes in h(b), Poisson, or 1 where none comes. A batch's requests
    have h(b) each, and those that come meanwhile wait r h(b)^2 / 2 in all, at the rate r:
    mean latency = (E[b h] + r E[h^2] / 2) / E[b].
    Inoue's bound above it: the lesser of (m + t) / (2 (1 - r m)) (1 + 2 r t + (1 - r t) / (1 + r m)) and
    1.5 t / (1 - r m) + (m / 2) (r m + 2) / (1 - (r m)^2); the first is exact for r -> 0.
    """
    most, t, m, r = 400, 1 - marginal, marginal, rate
    sizes = np.arange(1, most + 1)
    lasts = t + m * sizes
    chances = np.zeros((most, most))
    for b in range(most):
        mean = r * lasts[b]
        log = np.arange(most) * math.log(mean) - mean - np.array([math.lgamma(k + 1.0) for k in range(most)])
        none_to_all = np.exp(log)
        chances[b, : most - 1] = none_to_all[1:]
        chances[b, 0] += none_to_all[0]
    law = np.full(most, 1 / most)
    for _ in range(3000):
        law = law @ chances
        law /= law.sum()
    theory = float((law * (sizes * lasts + r * lasts**2 / 2)).sum() / (law * sizes).sum())
    first = (m + t) / (2 * (1 - r * m)) * (1 + 2 * r * t + (1 - r * t) / (1 + r * m))
    second = 1.5 * t / (1 - r * m) + m / 2 * (r * m + 2) / (1 - (r * m) ** 2)
    assert theory <= min(first, second)
    server = Workers(workers=1, mean_s=1.0, batching=Batching(most=1 << 20, wait_s=0.0, marginal=marginal))
    spec = FleetSpec(server=server, container_queue=WITHOUT_LIMIT)

    def mean(seed: int) -> float:
        trace = traffic(rate, constant(), seed, requests=60_000)
        return insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False)).ledger.mean_s

    agrees(mean, theory, within=0.06)


@pytest.mark.parametrize("keep_alive", [0.0, 0.5, 2.0])
def test_one_container_that_is_set_up_after_idling_too_long_is_m_g_1_1_with_set_up(keep_alive: float) -> None:
    """One container, no queue, Poisson calls at rate r: a cycle is an idle time and one busy time.

    The idle time is exponential, and passes the keep-alive k with probability exp(-r k): then the set-up D comes before
    the service S. So exp(-r k) of those served are cold, E[busy] = S + exp(-r k) D, and r E[busy] / (1 + r E[busy]) of
    all calls are lost.
    """
    rate, setup = 0.8, 1.5
    cold = math.exp(-rate * keep_alive)
    busy = rate * (1.0 + cold * setup)
    spec = PoolSpec(mean_s=1.0, max_concurrency=1, cold_mean_s=setup, keep_alive_s=keep_alive)

    def of(seed: int) -> Run:
        trace = traffic(rate, exponential(), seed, requests=100_000)
        return insist(simulate_pool(trace, spec, client=PATIENT, meter_bytes=False))

    agrees(lambda seed: of(seed).ledger.statuses["throttled"] / of(seed).ledger.arrived, busy / (1 + busy), within=0.05)
    agrees(lambda seed: of(seed).ledger.cold / of(seed).ledger.served, cold, within=0.05)
