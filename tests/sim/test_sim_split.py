"""A split window: who came before the split is counted by itself, as in a run whose window ends there, and in all."""

from __future__ import annotations

import pytest

from advisor.advice.spill import Spill
from advisor.patterns import Asynchronous, MultiModel, RealTime, Serverless
from advisor.patterns.base import Pattern
from advisor.sim.horizon import Horizon
from advisor.sim.kernels import layout
from advisor.sim.laws import broken
from advisor.sim.ledger import Ledger
from advisor.sim.run import Run
from advisor.workload import reads

HOUR = 3600.0
# An hour before the window, one up to the split, one after it; in bursts more come than most of these can serve.
HORIZON = Horizon(period_s=HOUR, warmup_s=HOUR, window_s=2 * HOUR)
SPLIT_S = 2 * HOUR

PROFILE = """
name: split
region: us-east-1
model: {{size: 60 MB, memory: 500 MB, image: 900 MB{model}}}
work:
  - {{on: serverless 2 GB, mean: 500 ms, cv: 0.5}}
  - {{on: ml.m5.large, mean: 400 ms, cv: 0.5, workers: 2{batching}}}
traffic: {{rate: 3 per second, bursts: {{peak: 8x, cv: 1.5, length: 4 min}}}}
payload: {{request: 6 KB, response: 2 KB}}
objective: {{p95: 30 s, errors: 1 %}}
"""
MANY = ", count: 40, same_container: true, popularity: {zipf: 1.1}"
APART = ", count: 40, popularity: {zipf: 1.1}"
BATCHING = ", batching: {max: 4, wait: 20 ms, marginal: 0.3}"

FLEET = RealTime(instance_type="ml.m5.large", min_instances=3, max_instances=3)
FEWEST = RealTime(instance_type="ml.m5.large", routing="LEAST_OUTSTANDING_REQUESTS")
POOL = Serverless(memory_mib=2048, max_concurrency=6)
CASES: dict[str, tuple[Pattern, str, str]] = {
    "at random": (FLEET, "", ""),
    "fewest outstanding, many turned away": (FEWEST, "", ""),
    "batches": (FLEET, "", BATCHING),
    "serverless, many throttled": (POOL, "", ""),
    "a queue": (Asynchronous(instance_type="ml.m5.large", max_instances=2), "", ""),
    "many models": (MultiModel(instance_type="ml.m5.large", max_instances=2, min_instances=2), MANY, ""),
    "an endpoint a model": (POOL, APART, ""),
    "a spill": (Spill(base=FEWEST, second=Serverless(memory_mib=2048, max_concurrency=20), spill_at=1), "", ""),
}
ALL = range(layout.L_COLD + 1)


def run(case: str, *, horizon: Horizon = HORIZON, split_s: float = 0.0) -> Run:
    deployment, model, batching = CASES[case]
    w = reads(PROFILE.format(model=model, batching=batching))
    trace = deployment.trace(w, seed=5, horizon=horizon)
    trace.split_s = split_s
    found = deployment.simulate(w, trace)
    assert broken(found) == []
    return found


def of_requests(ledger: Ledger) -> tuple[list[int], bytes]:
    """What a ledger tells of requests, and not of the time that it covers."""
    of_time = (layout.L_ATTEMPTS, layout.L_WINDOW_ATTEMPTS)
    return [int(ledger.counts[which]) for which in ALL if which not in of_time], ledger.bins.tobytes()


@pytest.mark.parametrize("case", CASES)
def test_those_before_the_split_fare_as_in_a_window_that_ends_there(case: str) -> None:
    split = run(case, split_s=SPLIT_S)
    alone = run(case, horizon=Horizon(period_s=HOUR, warmup_s=HOUR, window_s=HOUR)).ledger
    assert split.early is not None
    assert of_requests(split.early) == of_requests(alone)
    assert split.early.arrived > 1000
    assert split.early.mean_s == pytest.approx(alone.mean_s, rel=1e-12)
    assert split.early.mean_wait_s == pytest.approx(alone.mean_wait_s, rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_whole_is_that_of_a_window_without_a_split(case: str) -> None:
    split, whole = run(case, split_s=SPLIT_S), run(case)
    assert whole.early is None
    assert of_requests(split.ledger) == of_requests(whole.ledger)
    assert split.ledger.counts.tolist() == whole.ledger.counts.tolist()
    assert split.granules == whole.granules
    assert split.ledger.busy_s == whole.ledger.busy_s
    assert split.ledger.mean_s == pytest.approx(whole.ledger.mean_s, rel=1e-12)


def test_the_cases_turn_requests_away_meet_cold_starts_and_loads() -> None:
    assert run("fewest outstanding, many turned away").ledger.error_share > 0
    assert run("serverless, many throttled").ledger.cold > 0
    assert run("many models").ledger.cold > 0
    assert run("an endpoint a model").ledger.cold > 0
