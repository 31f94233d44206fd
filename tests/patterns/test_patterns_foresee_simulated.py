"""What patterns foresee against what their simulation gives: cost within stated bounds, latency near, proofs sound."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import advisor as ad
from advisor.advice.simulating import simulate
from advisor.catalog.prices import price_book
from advisor.money import PurchaseOptions, bill
from advisor.patterns import Asynchronous, BatchTransform, MultiModel, Pattern, RealTime, Serverless
from advisor.sim.horizon import Horizon
from advisor.workload import Workload
from advisor.workload.read import reads

FOLDER = Path(__file__).parents[2] / "workloads"
# A replication has at most so many requests, but one whole period: so rates are taken down to these.
_MOST_PER_S = 3.0
# By how much cost may differ, and p50 and p99 by which factor, of what is estimated well and of what moves.
STEADY, MOVING = (0.1, 1.1, 1.6), (0.35, 1.6, 4.0)


def read(name: str) -> Workload:
    return ad.read(FOLDER / f"{name}.yaml")


def foreseen_usd(w: Workload, d: Pattern) -> float:
    return float(bill(d.foreseen_usage(w), price_book(), w.region, PurchaseOptions.of(w.purchase)).usd)


CASES: list[tuple[str, type[Pattern], dict[str, Any], tuple[float, float, float]]] = [
    ("credit-decisions", RealTime, {}, STEADY),
    ("delivery-estimates", RealTime, {}, STEADY),
    ("internal-tool", RealTime, {}, STEADY),
    ("sensor-anomalies", RealTime, {}, STEADY),
    ("product-launch", RealTime, {}, MOVING),
    ("document-ocr", RealTime, {"min_instances": 11}, MOVING),
    ("delivery-estimates", Serverless, {}, STEADY),
    ("internal-tool", Serverless, {}, STEADY),
    ("sensor-anomalies", Serverless, {}, STEADY),
    ("delivery-estimates", Serverless, {"provisioned_concurrency": 2}, STEADY),
    ("medical-images", Asynchronous, {"min_instances": 6}, STEADY),
    ("medical-images", Asynchronous, {"min_instances": 1}, MOVING),
    ("internal-tool", Asynchronous, {"min_instances": 0, "max_instances": 1}, MOVING),
    ("sensor-anomalies", Asynchronous, {}, STEADY),
    ("weekly-forecast", BatchTransform, {}, STEADY),
    ("internal-tool", BatchTransform, {}, STEADY),
    ("sensor-anomalies", BatchTransform, {}, STEADY),
]


@pytest.mark.parametrize(
    ("name", "pattern", "changed", "bounds"),
    [pytest.param(*case, id=f"{case[0]} {case[1].name} {len(case[2])}-{n}") for n, case in enumerate(CASES)],
)
def test_cost_and_latency_are_near_the_simulated_ones(
    name: str, pattern: type[Pattern], changed: dict[str, Any], bounds: tuple[float, float, float]
) -> None:
    w = read(name)
    if w.rate_per_s > _MOST_PER_S and w.traffic is not None and w.traffic.replay is None:
        w = w.scaled(rate=_MOST_PER_S / w.rate_per_s)
    d = pattern.start(w)
    if isinstance(d, RealTime) and "min_instances" in changed:
        changed = {**changed, "max_instances": changed["min_instances"], "scaling": "none", "target": None}
    d = replace(d, **changed)  # type: ignore[type-var]  # every pattern is a dataclass
    seen = d.foresee(w)
    found = simulate(w, d, seed=11, replications=4, budget=150_000, threads=1)
    cost, p50, p99 = bounds
    assert foreseen_usd(w, d) == pytest.approx(float(found.usd_per_month.value), rel=cost)
    for share, label, factor in ((0.5, "p50", p50), (0.99, "p99", p99)):
        simulated, foreseen = found.latency_s[label].value, seen.latency_s(share)
        if math.isinf(simulated) or math.isinf(foreseen):
            # A share of errors on either side of what the percentile leaves is not told apart here.
            assert max(found.error_share.value, seen.error_share) > 0.5 * (1 - share)
            continue
        assert 1 / factor <= foreseen / simulated <= factor


def test_a_multi_model_fleet_is_near_its_simulation() -> None:
    w = read("tenant-models").scaled(rate=0.2)
    d = MultiModel.start(w)
    found = simulate(w, d, seed=11, replications=1, budget=150_000, threads=1)
    assert foreseen_usd(w, d) == pytest.approx(float(found.usd_per_month.value), rel=0.1)
    assert d.foresee(w).latency_s(0.5) == pytest.approx(found.latency_s["p50"].value, rel=0.1)


@pytest.mark.parametrize("count", [1, 3])
def test_the_share_of_model_loads_is_near_the_simulated_one(count: int) -> None:
    w = reads(
        "name: cache\nregion: us-east-1\n"
        "model: {count: 60, size: 200 MB, memory: 900 MB, image: 2 GB, same_container: true, framework: xgboost, "
        "accelerator: none, popularity: {zipf: 0.9}}\n"
        "work: [{on: ml.m5.large, mean: 200 ms, cv: 0.6, workers: 2}]\n"
        "traffic: {rate: 20 per minute, shape: steady}\n"
    )
    d = MultiModel(instance_type="ml.m5.xlarge", min_instances=count, max_instances=count)
    found = simulate(w, d, seed=11, replications=1, budget=100_000, threads=1)
    seen = d.foresee(w)
    assert seen.cold_share == pytest.approx(found.cold_start_share, rel=0.15)
    assert seen.latency_s(0.99) == pytest.approx(found.latency_s["p99"].value, rel=0.25)


WINDOW = Horizon(period_s=3600.0, warmup_s=1800.0, window_s=3600.0)


@st.composite
def narrow(draw: st.DrawFn) -> tuple[Workload, Pattern]:
    """A small workload whose objective is out of reach for many of the deployments drawn with it."""
    mean = draw(st.integers(50, 2000))
    aim = draw(st.sampled_from([0.5, 0.8, 1.2, 3, 20])) * mean
    load = draw(st.floats(0.3, 4))
    workers = draw(st.integers(1, 3))
    cv = draw(st.sampled_from([0.0, 0.4, 1.0]))
    # A request alone is quicker than one of a full instance: on a load curve, and in batches.
    curve = f"at: {{1: {mean} ms, 4: {2 * mean} ms, 8: {3.5 * mean} ms}}, cv: {cv}"
    plain = f"mean: {mean} ms, cv: {cv}, workers: {workers}"
    batched = f"{plain}, batching: {{max: 4, wait: {mean / 10} ms, marginal: 0.5}}"
    served = draw(st.sampled_from([plain, curve, batched]))
    w = reads(
        "name: narrow\nregion: us-east-1\n"
        "model: {size: 100 MB, memory: 500 MB, framework: xgboost, accelerator: none}\n"
        f"work: [{{on: ml.m5.large, {served}}}, "
        f"{{on: serverless 2 GB, mean: {mean} ms}}]\n"
        f"traffic: {{rate: {load * 1000 / mean} per second, shape: steady}}\n"
        f"objective: {{p95: {aim} ms, errors: 2 %, cold_starts: allow}}\n"
    )
    count = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["real-time", "serverless", "asynchronous"]))
    if kind == "real-time":
        return w, RealTime(instance_type="ml.m5.large", min_instances=count, max_instances=count)
    if kind == "serverless":
        return w, Serverless(memory_mib=2048, max_concurrency=count)
    return w, Asynchronous(
        instance_type="ml.m5.large",
        min_instances=count,
        max_instances=count,
        concurrency_per_instance=workers if served is plain else 8,
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(narrow(), st.integers(0, 99))
def test_what_is_proved_impossible_never_meets(drawn: tuple[Workload, Pattern], seed: int) -> None:
    w, d = drawn
    seen = d.foresee(w)
    run = d.simulate(w, d.trace(w, seed=seed, horizon=WINDOW))
    aim = w.objective.p95_s
    assert aim is not None
    few = 3 / math.sqrt(max(1.0, run.ledger.arrived))
    if seen.impossible:
        # Chance alone moves a share of a few thousand requests by this much.
        missed = run.ledger.share_later_than(aim) > 0.05 * (1 - few) or run.ledger.error_share > 0.02 * (1 - few)
        assert missed, seen.impossible
    floor = seen.floor_s(0.95)
    assert run.ledger.share_later_than(floor * 0.97) > 0.05 * (1 - 2 * few)
