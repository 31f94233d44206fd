"""A multi-model endpoint against hand arithmetic: loads, evictions, callers that find nothing ready, the bill."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import MultiModel
from advisor.patterns.multimodel.cache import hit_share
from advisor.patterns.multimodel.simulate import spec_of
from advisor.sim.horizon import Horizon
from advisor.sim.laws import broken
from advisor.sim.run_record import Run
from advisor.sim.statuses import NOT_READY, SERVED
from advisor.sim.trace import Trace
from advisor.workload import Workload
from advisor.workload.read import reads

PROFILE = """
name: tidy
region: us-east-1
model: {count: 3, size: 400 MB, memory: 2 GB, image: 2 GB, framework: xgboost, accelerator: none, same_container: true}
work: [{on: ml.m5.large, mean: 500 ms, cv: 0, workers: 2}]
traffic: {rate: 1 per second, shape: regular}
payload: {request: 10 KB, request_max: 10 KB, response: 4 KB, response_max: 4 KB}
objective: {p95: 5 s}
"""
HOUR = Horizon(period_s=3600.0, warmup_s=3600.0, window_s=3600.0)
# A request whose model is there: half a second of work, and the endpoint's 10 ms.
WARM = 0.51
# 400 MB at 200 MB a second, then 1.2 s and 400 MB at 400 MB a second.
FETCH, OPEN = 2.0, 2.2


def workload(more: str = "", **changed: Any) -> Workload:
    return reads(PROFILE + more).with_({path.replace("__", "."): value for path, value in changed.items()})


def deployment(**settings: Any) -> MultiModel:
    return MultiModel(**{"instance_type": "ml.m5.large", **settings})


def of(arrivals: list[float], models: list[int]) -> Trace:
    return Trace.from_columns(arrivals, model=np.array(models), horizon_s=max(arrivals) + 1.0)


def run(w: Workload, d: MultiModel, trace: Trace) -> Run:
    found = d.simulate(w, trace, columns=True)
    assert broken(found) == []
    return found


def latencies(found: Run) -> list[float]:
    """From the arrival to the answer; a retried request's from its first arrival."""
    assert found.columns is not None
    return [float(one) for one in found.columns.answered - found.columns.first_arrival]


CURVE = {"work.0": {"on": "ml.m5.large", "at": {1: "500 ms", 2: "750 ms", 4: "1 s"}}}
BATCHES = {"work.0.batching": {"max": 2, "wait": "250 ms", "marginal": "50 %"}}


@pytest.mark.parametrize(
    ("changed", "seconds"),
    [
        ({}, [0.5, 0.5, 1.0]),  # two workers
        (CURVE, [0.875] * 3),  # three share the accelerator, whatever their models
        (BATCHES, [0.75, 0.75, 0.75]),  # two of one model together, 0.5 s x 1.5; the other waits 0.25 s in vain
    ],
)
def test_warm_calls_share_an_instance(changed: dict[str, Any], seconds: list[float]) -> None:
    w = workload().with_(changed)
    found = run(w, deployment(), of([0.0, 0.0, 60.0, 60.0, 60.0], [0, 1, 0, 0, 1]))
    assert latencies(found)[2:] == pytest.approx(seconds, abs=1e-5)


def near(*seconds: float) -> Any:
    return pytest.approx(seconds, abs=1e-5)


# Loads


def test_the_first_call_of_a_model_waits_for_its_load_and_later_ones_do_not() -> None:
    found = run(workload(), deployment(), of([0, 10, 20, 30], [0, 0, 1, 1]))
    assert latencies(found) == near(FETCH + OPEN + 0.5, 0.5, FETCH + OPEN + 0.5, 0.5)
    assert found.ledger.mean_s == pytest.approx((2 * (FETCH + OPEN) + 4 * WARM) / 4, abs=1e-5)
    assert len(found.loads) == 2


def test_calls_that_come_while_their_model_loads_join_its_load() -> None:
    found = run(workload(), deployment(), of([0, 1, 2], [0, 0, 0]))
    # Two workers: the third call follows the first.
    assert latencies(found) == near(FETCH + OPEN + 0.5, FETCH + OPEN - 0.5, FETCH + OPEN - 1)
    assert len(found.loads) == 1


def test_parallel_loads_share_the_way_from_s3_and_nothing_else() -> None:
    found = run(workload(), deployment(), of([0, 0], [0, 1]))
    assert latencies(found) == near(*[2 * FETCH + OPEN + 0.5] * 2)
    # As many at once as vCPUs; the third begins when one of the two has ended.
    assert spec_of(workload(), deployment()).parallel_loads == 2
    third = run(workload(), deployment(), of([0, 0, 0], [0, 1, 2]))
    assert latencies(third)[2] == pytest.approx(2 * FETCH + OPEN + FETCH + OPEN + 0.5, abs=1e-5)


def test_what_left_memory_is_still_on_disk() -> None:
    # Four fifths of 8 GiB hold one model of 4 GiB.
    w = workload(model__memory="4 GB")
    found = run(w, deployment(), of([0, 20, 40], [0, 1, 0]))
    assert latencies(found) == near(FETCH + OPEN + 0.5, FETCH + OPEN + 0.5, OPEN + 0.5)


def test_what_left_a_small_disk_is_downloaded_again() -> None:
    w = workload(model__memory="4 GB", model__size="600 MB")
    found = run(w, deployment(volume_gb=1), of([0, 20, 40], [0, 1, 0]))
    assert latencies(found) == near(*[3.0 + 2.7 + 0.5] * 3)


def test_a_disk_that_is_asked_for_holds_what_fits_it() -> None:
    w = workload(model__memory="4 GB")
    found = run(w, deployment(volume_gb=1), of([0, 20, 40], [0, 1, 0]))
    assert latencies(found) == near(FETCH + OPEN + 0.5, FETCH + OPEN + 0.5, OPEN + 0.5)


def test_without_the_model_cache_each_call_loads_its_model() -> None:
    found = run(workload(), deployment(cached=False), of([0, 10, 20], [0, 0, 0]))
    assert latencies(found) == near(*[FETCH + OPEN + 0.5] * 3)


def test_a_caller_hears_after_a_minute_that_its_model_is_not_ready_and_the_load_goes_on() -> None:
    # 100 s to disk, 1.2 + 50 s into memory
    w = workload(model__size="20 GB", platform={"client_retries": "none"})
    found = run(w, deployment(), of([0, 200], [0, 0]))
    assert found.columns is not None
    assert found.columns.status.tolist() == [NOT_READY, SERVED]
    assert latencies(found) == near(60.0, 0.5)
    # A library that tries again finds it ready at its third attempt, or waits for the rest of the load.
    patient = run(workload(model__size="20 GB"), deployment(), of([0], [0]))
    assert patient.columns is not None
    assert patient.columns.status.tolist() == [SERVED]
    assert patient.columns.attempts[0] == 3
    assert latencies(patient) == near(100 + 51.2 + 0.5)


def test_a_busy_holder_spills_to_an_instance_that_then_loads_too() -> None:
    w = workload(platform={"mme_spill_depth": 2})
    found = run(w, deployment(min_instances=2, max_instances=2), of([0, 20, 20, 20], [0, 0, 0, 0]))
    assert found.columns is not None
    assert found.columns.instance.tolist() == [0, 0, 0, 1]
    assert latencies(found) == near(FETCH + OPEN + 0.5, 0.5, 0.5, FETCH + OPEN + 0.5)


def test_models_share_the_memory_that_the_container_leaves_or_the_accelerators() -> None:
    assert spec_of(workload(), deployment()).cache_mib == math.floor(8192 * 0.8)
    w = workload(model__accelerator="required")
    # 16 GiB of the accelerator, nine tenths of them usable; a local disk of 125 GB
    gpu = spec_of(w, MultiModel(instance_type="ml.g4dn.xlarge"))
    assert gpu.cache_mib == math.floor(16384 * 0.9)
    assert gpu.disk_bytes == 125 * 10**9


def test_the_share_of_calls_that_find_their_model_is_ches() -> None:
    # Loads of a millisecond and no time for work: what Che's approximation is about
    w = workload(
        model__count=60, model__size="1 KB", model__memory="300 MB", model__popularity={"zipf": 1.0},
        work__0__mean="1 ms", traffic={"rate": "4 per second", "shape": "steady"},
        platform={"mme_load_base": "1 ms"},
    )  # fmt: skip
    d = deployment()
    window = Horizon(period_s=3600.0, warmup_s=3600.0, window_s=7200.0)
    misses = []
    for seed in range(6):
        found = run(w, d, d.trace(w, seed=seed, horizon=window))
        loaded = sum(3600 <= asked < 10800 for _, _, asked, _, _ in found.loads)
        misses.append(loaded / found.ledger.arrived)
    theory = 1 - hit_share(w, 21)  # 6553 MiB hold 21 models of 300
    assert d.estimate(w)["cold_start_share"] == theory
    assert d.estimate(w)["mean_latency_s"] == pytest.approx(0.001 + 0.01 + theory * 0.001, abs=1e-4)
    error = float(np.std(misses, ddof=1)) / math.sqrt(6)
    assert abs(float(np.mean(misses)) - theory) < 3 * error + 0.01


# Scaling and bill


def test_a_load_for_three_instances_ends_at_three() -> None:
    w = workload(traffic__rate="2 per second")
    d = deployment(max_instances=6, scaling="invocations", target=50.0)
    found = run(w, d, d.trace(w, seed=1, horizon=Horizon(period_s=7200.0, warmup_s=7200.0, window_s=7200.0)))
    # 120 a minute at 50 an instance
    assert [count for at, count in found.timeline.in_service() if at >= 7200] in ([], [3])
    assert found.timeline.in_service()[-1][1] == 3
    assert found.granules["instance_s"] == 3 * 7200


def test_constant_traffic_is_billed_as_by_hand() -> None:
    w, d = workload(), deployment(min_instances=2, max_instances=2)
    used = d.usage(w, run(w, d, d.trace(w, seed=1, horizon=HOUR)))
    assert used.window_s == 3600
    assert {meter.meter: meter.granules for meter in used.meters} == {
        "ml.m5.large": 2 * 3600,
        "gp2 volume": 2 * 30 * 3600,
        "Hosting:IN": 3600 * 10_000,
        "Hosting:OUT": 3600 * 4_000,
    }
    book = price_book()
    by_hand = (
        2 * 730 * book.rate("us-east-1", "Hosting", "ml.m5.large").usd
        + 2 * 30 * Decimal("0.14")
        + 730 * (Decimal("0.036") + Decimal("0.0144")) * Decimal("0.016")
    )
    assert abs(bill(used, book, "us-east-1").usd - by_hand) < Decimal("1e-9")


def test_a_type_with_disks_of_its_own_has_no_volume_to_pay() -> None:
    w = workload(
        work__0={"on": "ml.g4dn.xlarge", "mean": "100 ms", "cv": 0, "workers": 1}, model__accelerator="required"
    )
    d = MultiModel(instance_type="ml.g4dn.xlarge")
    used = d.usage(w, run(w, d, d.trace(w, seed=1, horizon=HOUR)))
    assert [meter.component for meter in used.meters] == ["Hosting", "DataProcessed", "DataProcessed"]
