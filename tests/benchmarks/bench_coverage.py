"""How often the 95 % intervals of an answer hold the long-run value, over many seeds.

    python tests/benchmarks/bench_coverage.py [--seeds 500] [--replications 10] [--json out.json]

For each seed a deployment is simulated in so many short replications, and the intervals of cost, mean latency, 99th
percentile and error share are taken as an answer takes them. The long-run value is that of all replications of all
seeds together, which are ten thousand times as many requests. A right interval holds it 95 times of 100; over 500 seeds
92 to 98 % is what chance leaves of that (three standard errors).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import Asynchronous, Pattern, RealTime, Serverless
from advisor.show import Table
from advisor.sim.estimates import Estimate, mean_of, percentile_of, ratio_of, with_control
from advisor.sim.horizon import Horizon
from advisor.sim.laws import insist
from advisor.sim.ledger import Ledger
from advisor.streams import replication
from advisor.workload import Workload, reads

LOW, HIGH = 0.92, 0.98
HEAD = """
name: coverage
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
objective: {p99: 5 s}
"""
# Requests of a window: a few thousand, so that intervals are as wide as those of an answer that has just begun.
WINDOW = Horizon(period_s=21600.0, warmup_s=1800.0, window_s=21600.0)


@dataclass(frozen=True)
class Case:
    """A deployment of a workload whose intervals are counted."""

    name: str
    profile: str
    deployment: Pattern

    @property
    def workload(self) -> Workload:
        return reads(HEAD + self.profile)


CASES = (
    # About one call in a hundred meets a set-up of seconds: its 99th percentile lies where the distribution leaps.
    Case(
        "serverless, 1 % cold starts",
        "work: [{on: serverless 2 GB, mean: 250 ms, cv: 0.6}]\n"
        "traffic: {rate: 0.4 per second, bursts: {peak: 3x, cv: 0.6, length: 1 min}}\n"
        "platform: {serverless_keep_alive: 85 s, client_retries: none}\n",
        Serverless(memory_mib=2048, max_concurrency=3),
    ),
    Case(
        "real-time, two busy instances",
        "work: [{on: ml.m5.large, mean: 700 ms, cv: 1, workers: 1}]\n"
        "traffic: {rate: 2 per second, shape: steady}\n"
        "platform: {container_queue: 12, client_retries: none}\n",
        RealTime(instance_type="ml.m5.large", min_instances=2, max_instances=2),
    ),
    Case(
        "asynchronous, bursts that expire",
        "work: [{on: ml.m5.large, mean: 1 s, cv: 1, workers: 1}]\n"
        "traffic: {rate: 1 per second, bursts: {peak: 2x, cv: 0.4, length: 30 s}}\n",
        Asynchronous(instance_type="ml.m5.large", min_instances=2, max_instances=2, concurrency_per_instance=1,
                     ttl_s=12.0),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One seed's replications: what of them an interval is made of."""

    ledgers: tuple[Ledger, ...]
    costs: tuple[float, ...]

    def intervals(self, expected: float) -> dict[str, Estimate]:
        """As an answer has them."""
        held = [float(one.arrived) for one in self.ledgers]
        errors = [float(one.arrived - one.served) for one in self.ledgers]
        served = [float(one.served) for one in self.ledgers]
        waits = [one.mean_s * one.served for one in self.ledgers]
        return {
            "cost": with_control(list(self.costs), held, expected),
            "mean": ratio_of(waits, served),
            "p99": percentile_of(self.ledgers, 0.99),
            "error share": ratio_of(errors, held),
            # For comparison: Student's t on the 99th percentiles of the replications, which answers do not use.
            "p99 by Student's t": mean_of([one.latency_s(0.99, served_only=True) for one in self.ledgers]),
        }


def simulated(case: Case, seed: int, replications: int) -> Found:
    w, d, book = case.workload, case.deployment, price_book()
    runs = [
        insist(d.simulate(w, d.trace(w, seed=replication(seed, number), horizon=WINDOW)))
        for number in range(replications)
    ]
    return Found(
        ledgers=tuple(run.ledger for run in runs),
        costs=tuple(float(bill(d.usage(w, run), book, w.region).usd) for run in runs),
    )


def counted(case: Case, seeds: int, replications: int) -> dict[str, dict[str, float]]:
    """For each measure the long-run value, the share of seeds whose interval holds it, and its usual half width."""
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda seed: simulated(case, seed, replications), range(seeds)))
    w = case.workload
    expected = w.rate_per_s * WINDOW.window_s
    every = Found(
        ledgers=tuple(ledger for one in found for ledger in one.ledgers),
        costs=tuple(cost for one in found for cost in one.costs),
    )
    truth = {name: one.value for name, one in every.intervals(expected).items()}
    truth["p99 by Student's t"] = truth["p99"]
    answer: dict[str, dict[str, float]] = {}
    for name, value in truth.items():
        held = [one.intervals(expected)[name] for one in found]
        # A histogram's bin is 0.1 % wide on either side.
        slack = 1e-3 * value if name.startswith("p99") else 0.0
        covers = [one.low - slack <= value <= one.high + slack for one in held]
        finite = [(one.high - one.low) / 2 for one in held if math.isfinite(one.high)]
        answer[name] = {
            "long_run": value,
            "covered": sum(covers) / seeds,
            "half_width": float(np.median(finite)) if finite else math.inf,
        }
    cold = sum(one.cold for one in every.ledgers) / sum(one.arrived for one in every.ledgers)
    answer["cold starts"] = {"long_run": cold}
    return answer


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=500)
    options.add_argument("--replications", type=int, default=10)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    begun = time.process_time()
    answers = {case.name: counted(case, given.seeds, given.replications) for case in CASES}
    rows = [
        (case, name, f"{one['long_run']:.5g}", f"{one['half_width']:.3g}", f"{100 * one['covered']:.1f} %")
        for case, measures in answers.items()
        for name, one in measures.items()
        if "covered" in one
    ]
    outside = [
        f"{case}: {name}"
        for case, measures in answers.items()
        for name, one in measures.items()
        if "covered" in one and "Student" not in name and not LOW <= one["covered"] <= HIGH
    ]
    notes = [f"{case}: {100 * one['cold starts']['long_run']:.2f} % cold starts" for case, one in answers.items()]
    notes.append(f"{given.seeds} seeds of {given.replications} replications, {time.process_time() - begun:.0f} CPU-s.")
    notes.append(f"outside of {LOW:.0%} to {HIGH:.0%}: {'; '.join(outside) or 'none'}")
    heads = ["profile", "measure", "long-run value", "median half width", "covered"]
    print(Table.of(heads, rows, title="Coverage of 95 % intervals", notes=notes, right=heads[2:]))
    if given.json:
        told = {"seeds": given.seeds, "replications": given.replications, "cases": answers, "outside": outside}
        given.json.write_text(json.dumps(told, indent=1))
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
