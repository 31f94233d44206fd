"""How fast the simulator is, beside a bare compiled loop, SimPy, Ciw, SimFaaS and its own oracles.

    python tests/benchmarks/bench_sim.py [--json out.json] [--rounds 5]

Peers take turns in each round, so that what else the machine does hits all alike; medians of the rounds, in processor
time of the thread (peers and simulator alike run on one). Random numbers are drawn on both sides. Peers that are not
installed are left out, and the last line says so. How runs grow, and what two threads gain, is in `bench_size`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import beside  # noqa: F401  # before all else: it says where the checkout and its tests are
import numpy as np
import simpy

from advisor.show import Table
from advisor.sim.arrivals import Points
from advisor.sim.caches import simulate_cache
from advisor.sim.deployments import (
    Batching,
    CacheSpec,
    Client,
    FleetSpec,
    LoadCurve,
    PoolSpec,
    QueueSpec,
    Workers,
)
from advisor.sim.fleets import simulate_fleet
from advisor.sim.kernels import kernel
from advisor.sim.pools import simulate_pool
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.scaling import INVOCATIONS, Scaling, TargetTracking
from advisor.sim.service import exponential
from advisor.sim.trace import Trace
from tests.oracles import asynchronous, multimodel, serverless
from tests.oracles.case_patterns import AsynchronousCase, Model, MultiModelCase, ServerlessCase
from tests.oracles.strategies import Dice, draw_requests
from tests.sim.agreement import in_our_terms, spec_of

# Rare cold starts, where which idle container is taken first (SimFaaS: the newest) no longer matters.
KEEP_ALIVE_S = 600.0
SIMFAAS = 100_000
COLD: list[float] = []
PATIENT = Client(attempts=1, limit_s=math.inf)
# The peers' four servers at a hundred requests a second, let to grow and shrink.
SCALING = Scaling(
    initial=4, highest=10, policies=(TargetTracking(metric=INVOCATIONS, target=1500.0),), launch_s=(195.0,)
)


@kernel
def bare(rng, requests, rate, mean, servers):
    free, now, total = np.zeros(servers), 0.0, 0.0
    for _ in range(requests):
        now += rng.standard_exponential() / rate
        service = mean * rng.standard_exponential()
        first = 0
        for k in range(1, servers):
            if free[k] < free[first]:
                first = k
        free[first] = max(now, free[first]) + service
        total += free[first] - now
    return total / requests


def trace(rate: float, requests: float, seed: int = 1) -> Trace:
    return Trace([Points(name="", rate_per_s=rate)], seed=seed, shape=exponential(), horizon_s=requests / rate)


def fixed(requests: float, instances: int = 4, workers: int = 1) -> Run:
    spec = FleetSpec(server=Workers(workers=workers, mean_s=0.7 * instances * workers / 100), container_queue=1 << 20)
    return simulate_fleet(trace(100, requests), spec, Scaling.fixed(instances), client=PATIENT, meter_bytes=False)


def autoscaled(requests: float) -> Run:
    spec = FleetSpec(server=Workers(workers=1, mean_s=0.028), container_queue=1 << 20)
    return simulate_fleet(trace(100, requests), spec, SCALING, client=PATIENT, meter_bytes=False)


def simpy_processes(requests: int) -> None:
    """One process a request, one resource an instance."""
    env, rng = simpy.Environment(), np.random.default_rng(1)
    instances = [simpy.Resource(env, 1) for _ in range(4)]

    def request():
        instance = instances[int(rng.random() * 4)]
        with instance.request() as turn:
            yield turn
            yield env.timeout(0.028 * rng.standard_exponential())

    def source():
        for _ in range(requests):
            yield env.timeout(rng.standard_exponential() / 100)
            env.process(request())

    env.process(source())
    env.run()


def simpy_callbacks(requests: int) -> None:
    """No process a request: events and callbacks only."""
    env, rng = simpy.Environment(), np.random.default_rng(1)
    waiting, busy = [0] * 4, [False] * 4

    def serve(k):
        busy[k] = True
        env.timeout(0.028 * rng.standard_exponential()).callbacks.append(lambda _: over(k))

    def over(k):
        busy[k] = False
        if waiting[k]:
            waiting[k] -= 1
            serve(k)

    def arrive(left):
        k = int(rng.random() * 4)
        if busy[k]:
            waiting[k] += 1
        else:
            serve(k)
        if left:
            env.timeout(rng.standard_exponential() / 100).callbacks.append(lambda _: arrive(left - 1))

    arrive(requests)
    env.run()


def ciw_network(requests: int) -> None:
    """A node an instance, each with its quarter of the arrivals: what choosing at random amounts to."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=25.0)] * 4,
        service_distributions=[ciw.dists.Exponential(rate=1 / 0.028)] * 4,
        number_of_servers=[1] * 4,
        routing=[[0.0] * 4] * 4,
    )
    ciw.seed(1)
    ciw.Simulation(network).simulate_until_max_time(requests / 100)


def simfaas_pool(requests: int) -> None:
    from simfaas.ServerlessSimulator import ServerlessSimulator

    simulator = ServerlessSimulator(
        arrival_rate=0.9, warm_service_rate=1 / 1.991, cold_service_rate=1 / 2.244, expiration_threshold=KEEP_ALIVE_S,
        max_time=requests / 0.9,
    )  # fmt: skip
    simulator.generate_trace(debug_print=False, progress=False)
    COLD.append(simulator.total_cold_count / simulator.total_req_count)


def pool(requests: float, seed: int = 1) -> Run:
    spec = PoolSpec(mean_s=1.991, max_concurrency=200, cold_mean_s=0.253, keep_alive_s=KEEP_ALIVE_S)
    return simulate_pool(trace(0.9, requests, seed), spec, client=PATIENT, meter_bytes=False)


def curve(requests: float) -> Run:
    """Servers whose requests progress together."""
    server = LoadCurve(latency_s=tuple(0.03 * (1 + 0.2 * n) for n in range(16)))
    return simulate_fleet(
        trace(100, requests), FleetSpec(server=server), Scaling.fixed(4), client=PATIENT, meter_bytes=False
    )


def batches(requests: float) -> Run:
    """Servers that gather requests."""
    server = Workers(workers=1, mean_s=0.028, batching=Batching(most=8, wait_s=0.005, marginal=0.25))
    return simulate_fleet(
        trace(100, requests), FleetSpec(server=server), Scaling.fixed(4), client=PATIENT, meter_bytes=False
    )


def oracle_cases(requests: int) -> dict[str, tuple[Callable[[], object], Callable[[float], Run]]]:
    """For each pattern its oracle on some requests, and the simulator on any number of the same kind."""
    rows = draw_requests(Dice(1, 0), 1, requests, 1.0, 1.0, models=8)
    until = {"requests": rows, "stop_s": rows[-1].arrival + 1000.0}
    calm = ServerlessCase(mean_s=1.0, max_concurrency=20, keep_alive_s=60.0, **until)
    queue = AsynchronousCase(mean_s=1.0, workers=2, max_invocations=2, **until)
    many = MultiModelCase(
        models=tuple(Model(size_bytes=1000, memory_mib=1) for _ in range(8)), workers=4, mean_s=0.5, cache_mib=6,
        disk_bytes=8000, download_bytes_per_s=4000.0, into_memory_bytes_per_s=8000.0, parallel_loads=2, **until,
    )  # fmt: skip
    how = {"client": in_our_terms(calm.client), "meter_bytes": False}
    rate = requests / rows[-1].arrival

    def queued(n: float) -> Run:
        return simulate_queue(trace(rate, n), spec_of(queue, QueueSpec), Scaling.fixed(1), **how)

    def cached(n: float) -> Run:
        return simulate_cache(trace(rate, n), spec_of(many, CacheSpec), Scaling.fixed(1), **how)

    def pooled(n: float) -> Run:
        return simulate_pool(trace(rate, n), spec_of(calm, PoolSpec), **how)

    return {
        "serverless": (lambda: serverless.simulate(calm), pooled),
        "asynchronous": (lambda: asynchronous.simulate(queue), queued),
        "multi-model": (lambda: multimodel.simulate(many), cached),
    }


def spent(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return time.thread_time() - begin


def cold_shares() -> dict[str, float]:
    """Shares of cold starts of runs as long as SimFaaS's, and by how many standard errors the two lie apart."""
    ours = [pool(SIMFAAS, seed).ledger for seed in range(100)]
    shares = {"pool": [one.cold / one.arrived for one in ours], "SimFaaS": COLD}
    told = {name: statistics.fmean(each) for name, each in shares.items()}
    error = math.hypot(*(statistics.stdev(each) / math.sqrt(len(each)) for each in shares.values()))
    return {**told, "apart_in_standard_errors": abs(told["pool"] - told["SimFaaS"]) / error}


def contestants() -> tuple[dict[str, tuple[int, Callable[[], object]]], list[str]]:
    """By name: how many requests, and the work; and the peers that are not installed."""
    many, few, n = 4_000_000, 20_000, 1000
    contest: dict[str, tuple[int, Callable[[], object]]] = {
        "bare loop, 4 servers": (many, lambda: bare(np.random.Generator(np.random.SFC64(1)), many, 100.0, 0.028, 4)),
        "fleet, 4 instances": (many, lambda: fixed(many)),
        "fleet, 4 workers": (many, lambda: fixed(many, 1, 4)),
        "fleet, 64 workers": (many, lambda: fixed(many, 1, 64)),
        "fleet, autoscaled": (many, lambda: autoscaled(many)),
        "fleet, load curve": (many // 4, lambda: curve(many // 4)),
        "fleet, batches": (many // 4, lambda: batches(many // 4)),
        "SimPy, a process a request": (few, lambda: simpy_processes(few)),
        "SimPy, callbacks": (few, lambda: simpy_callbacks(few)),
        "pool": (many, lambda: pool(many)),
    }
    left_out = []
    for name, module, work in (("Ciw", "ciw", ciw_network), ("SimFaaS", "simfaas", simfaas_pool)):
        if importlib.util.find_spec(module):
            size = few if name == "Ciw" else SIMFAAS
            contest[name] = (size, lambda work=work, size=size: work(size))
        else:
            left_out.append(name)
    for name, (oracle, ours) in oracle_cases(n).items():
        contest[f"oracle, {name}"] = (n, oracle)
        contest[f"kernel, {name}"] = (n * 500, lambda ours=ours: ours(n * 500))
    return contest, left_out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    contest, left_out = contestants()
    for _, work in contest.values():
        work()  # compiled, and in cache
    times: dict[str, list[float]] = {name: [] for name in contest}
    for _ in range(asked.rounds):
        for name, (_, work) in contest.items():
            times[name].append(spent(work))
    speed = {name: contest[name][0] / statistics.median(taken) for name, taken in times.items()}
    pairs = [
        ("fleet, 4 instances", "bare loop, 4 servers", 0.5),
        ("fleet, 4 workers", "bare loop, 4 servers", 0.5),
        ("fleet, autoscaled", "SimPy, a process a request", 400),
        ("fleet, autoscaled", "SimPy, callbacks", None),
        ("fleet, autoscaled", "Ciw", 800),
        ("pool", "SimFaaS", 300),
        *((f"kernel, {name}", f"oracle, {name}", 200) for name in ("serverless", "asynchronous", "multi-model")),
    ]
    ratios = []
    for one, other, wanted in pairs:
        if other in speed:
            # What a round measured, side by side; the median of these.
            sides = zip(times[one], times[other], strict=True)
            each = [contest[one][0] / mine / (contest[other][0] / theirs) for mine, theirs in sides]
            middle = statistics.median(each)
            ratios.append({"what": one, "beside": other, "ratio": middle, "each": each, "wanted": wanted})
    rows = [(name, f"{value:,.0f}", f"{1e9 / value:,.1f}") for name, value in speed.items()]
    print(Table.of(("what", "requests/s", "ns a request"), rows, right=("requests/s", "ns a request")).text())
    said = [
        (r["what"], r["beside"], *(f"{x:.2f}" for x in (r["ratio"], min(r["each"]), max(r["each"]))), r["wanted"])
        for r in ratios
    ]
    print(Table.of(("what", "beside", "ratio", "least", "most", "wanted"), said).text())
    shares = cold_shares() if COLD else {}
    if shares:
        print(
            f"share of cold starts: pool {shares['pool']:.4%}, SimFaaS {shares['SimFaaS']:.4%}, "
            f"{shares['apart_in_standard_errors']:.1f} standard errors apart"
        )
    if left_out:
        print(f"not installed, left out: {', '.join(left_out)}")
    if asked.json:
        told = {"speed": speed, "ratios": ratios, "cold_shares": shares, "left_out": left_out}
        asked.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
