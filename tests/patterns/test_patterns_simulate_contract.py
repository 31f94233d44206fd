"""What every pattern's simulation keeps: every law of a run, one trace for all, whole meters with known prices."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import PATTERNS, Asynchronous, BatchTransform, MultiModel, Pattern, RealTime, Serverless
from advisor.sim.horizon import Horizon
from advisor.sim.laws import broken
from advisor.sim.run_record import Run
from advisor.workload import Workload
from advisor.workload.read import reads

BASE = """
name: contract
region: us-east-1
model: {count: 1, size: 200 MB, memory: 500 MB, image: 2 GB, framework: xgboost, accelerator: none}
work: [{on: ml.m5.xlarge, mean: 200 ms, p95: 500 ms, workers: 4}, {on: serverless 2 GB, mean: 300 ms}]
payload: {request: 20 KB, request_max: 100 KB, response: 2 KB, response_max: 10 KB}
objective: {p95: 30 s}
"""
# What comes, and how it comes
TRAFFIC = {
    "bursty": "traffic: {rate: 1 per second, bursts: {peak: 4x, cv: 0.8, length: 20 min}}",
    "by day": "traffic: {rate: 30 per minute, day: office, clusters: {size: 4, within: 2 s}}",
    "rare": "traffic: {rate: 20 per hour}",
    "classes": "traffic: {classes: [{name: a, rate: 20 per minute}, {name: b, rate: 2 per minute, work: 4x, "
    "payload: {request: 1 MB, request_max: 3 MB}}]}",
}
MANY = "model: {count: 30, size: 60 MB, memory: 900 MB, same_container: true, popularity: {zipf: 1.1}}"
WINDOW = Horizon(period_s=21_600.0, warmup_s=3600.0, window_s=21_600.0)
EACH = [pytest.param(pattern, id=pattern.name) for pattern in PATTERNS]
FORMS = [pytest.param(name, id=name) for name in TRAFFIC]


def workload(form: str, *, many: bool = False) -> Workload:
    text = BASE + TRAFFIC[form]
    if many:
        text = text.replace("model: {count: 1, size: 200 MB, memory: 500 MB,", MANY.removesuffix("}") + ",")
    return reads(text)


def drawn(pattern: type[Pattern], w: Workload, **settings: Any) -> Pattern:
    """The pattern's own first guess; a job each hour, as the window is short."""
    first = pattern.start(w)
    return first.with_({"every_s": 3600.0}) if isinstance(first, BatchTransform) else first.with_(settings)


def simulated(w: Workload, d: Pattern, *, seed: int = 3) -> Run:
    found = d.simulate(w, d.trace(w, seed=seed, horizon=WINDOW), columns=True)
    assert broken(found) == []
    return found


def bytes_of(found: Run) -> tuple[bytes, ...]:
    """All that a run came to, to the last bit."""
    columns = found.columns
    assert columns is not None
    held = (columns.first_arrival, columns.start, columns.finish, columns.answered, columns.status, columns.attempts)
    ledger = found.ledger
    counted = tuple(array.tobytes() for array in (ledger.counts, ledger.sums, ledger.bins, *held))
    return (*counted, repr(sorted(found.granules.items())).encode(), repr((found.held_s, found.window_s)).encode())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pattern", EACH)
def test_every_request_of_the_window_ends_once_and_every_law_holds(pattern: type[Pattern], form: str) -> None:
    w = workload(form, many=pattern is MultiModel)
    found = simulated(w, drawn(pattern, w))
    assert found.ledger.pending == 0
    assert sum(found.ledger.statuses.values()) == found.ledger.arrived > 0
    assert found.columns is not None
    low, high = found.window_s
    came = found.columns.first_arrival
    assert int(((came >= low) & (came < high)).sum()) == found.ledger.arrived


@pytest.mark.parametrize("form", FORMS)
def test_every_pattern_meets_the_very_same_requests(form: str) -> None:
    w = workload(form)
    runs = {pattern: simulated(w, drawn(pattern, w)) for pattern in PATTERNS}
    columns = {pattern: run.columns for pattern, run in runs.items() if run.columns is not None}
    assert len(columns) == len(PATTERNS)
    shortest = min(held.first_arrival.size for held in columns.values())
    arrivals = [held.first_arrival[:shortest].tobytes() for held in columns.values()]
    assert len(set(arrivals)) == 1
    assert {runs[pattern].window_s for pattern in PATTERNS} == {(3600.0, 25_200.0)}
    assert len({run.ledger.arrived for run in runs.values()}) == 1


@pytest.mark.parametrize("pattern", EACH)
def test_a_seed_gives_the_same_bytes_and_another_seed_others(pattern: type[Pattern]) -> None:
    w = workload("bursty", many=pattern is MultiModel)
    d = drawn(pattern, w)
    once, again, other = (bytes_of(simulated(w, d, seed=seed)) for seed in (3, 3, 4))
    assert once == again
    assert once != other


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pattern", EACH)
def test_meters_are_whole_and_their_prices_known(pattern: type[Pattern], form: str) -> None:
    w = workload(form, many=pattern is MultiModel)
    d = drawn(pattern, w)
    found = simulated(w, d)
    used = d.usage(w, found)
    assert used.window_s == found.window_s[1] - found.window_s[0] == 21_600
    assert used.meters
    book = price_book()
    for meter in used.meters:
        assert type(meter.granules) is int
        assert book.rate(w.region, meter.component, meter.meter).usd > 0
    priced = bill(used, book, w.region)
    assert priced.usd == sum((line.usd for line in priced.lines), Decimal(0))
    assert priced.usd > 0


@pytest.mark.parametrize("pattern", EACH)
def test_a_deployment_reads_back_from_what_it_prints(pattern: type[Pattern]) -> None:
    names = {each.__name__: each for each in PATTERNS}
    for form in TRAFFIC:
        d = drawn(pattern, workload(form, many=pattern is MultiModel))
        assert eval(repr(d), names) == d


@pytest.mark.parametrize("pattern", EACH)
def test_a_run_without_columns_comes_to_the_same(pattern: type[Pattern]) -> None:
    w = workload("bursty", many=pattern is MultiModel)
    d = drawn(pattern, w)
    full = simulated(w, d)
    bare = d.simulate(w, d.trace(w, seed=3, horizon=WINDOW), sample_s=300.0)
    assert bare.columns is None
    assert bare.granules == full.granules
    assert np.array_equal(bare.ledger.bins, full.ledger.bins)


# Constant traffic, by hand: a request every two seconds of 20 KB in and 2 KB out, for an hour

EVEN = BASE.replace("p95: 500 ms", "cv: 0").replace("mean: 300 ms", "mean: 300 ms, cv: 0").replace(
    "request_max: 100 KB", "request_max: 20 KB").replace("response_max: 10 KB", "response_max: 2 KB") + """
traffic: {rate: 30 per minute, shape: regular}
platform: {batch_startup_cv: 0, batch_request_overhead: 0 s}
"""  # fmt: skip
HOUR = Horizon(period_s=3600.0, warmup_s=3600.0, window_s=3600.0)
INSTANCES = 730 * 2
DATA = Decimal(730 * 1800) * Decimal(22_000) / 10**9 * Decimal("0.016")
STORED = Decimal(1800 * 22_000) / 10**9 * 7 * 24 * Decimal("0.023")
DEPLOYED = {
    RealTime: (RealTime(instance_type="ml.m5.xlarge", min_instances=2, max_instances=2), DATA),
    Asynchronous: (
        Asynchronous(instance_type="ml.m5.xlarge", min_instances=2, max_instances=2),
        STORED + Decimal(730 * 3600) / 1000 * Decimal("0.0054"),
    ),
    MultiModel: (MultiModel(instance_type="ml.m5.xlarge", min_instances=2, max_instances=2), DATA),
}


@pytest.mark.parametrize("pattern", [pytest.param(pattern, id=pattern.name) for pattern in DEPLOYED])
def test_two_instances_for_a_month_cost_as_much_as_by_hand(pattern: type[Pattern]) -> None:
    w = reads(EVEN)
    d, more = DEPLOYED[pattern]
    used = d.usage(w, d.simulate(w, d.trace(w, seed=1, horizon=HOUR)))
    book = price_book()
    component = "AsyncInf" if pattern is Asynchronous else "Hosting"
    hour = book.rate("us-east-1", component, "ml.m5.xlarge").usd
    by_hand = INSTANCES * hour + 2 * 30 * Decimal("0.14") + more
    assert abs(bill(used, book, "us-east-1").usd - by_hand) < Decimal("1e-9")


def test_milliseconds_of_serverless_cost_as_much_as_by_hand() -> None:
    w = reads(EVEN)
    d = Serverless(memory_mib=2048, max_concurrency=5)
    used = d.usage(w, d.simulate(w, d.trace(w, seed=1, horizon=HOUR)))
    second = price_book().rate("us-east-1", "ServerlessInf", "Mem-2GB").usd
    # 1800 requests of 300 ms an hour, all warm after the first of the warm-up
    by_hand = Decimal(730 * 1800) * Decimal("0.3") * second + DATA
    # A duration of 0.3 s lies on a grid of a millionth of a second, and is billed in whole milliseconds above it.
    late = math.ceil(math.ceil(0.3 * 2**20) / 2**20 * 1000) - 300
    by_hand += Decimal(730 * 1800) * Decimal(late) / 1000 * second
    assert abs(bill(used, price_book(), "us-east-1").usd - by_hand) < Decimal("1e-6")


def test_jobs_of_every_hour_cost_as_much_as_by_hand() -> None:
    w = reads(EVEN)
    d = BatchTransform(instance_type="ml.m5.xlarge", instances=2, strategy="SingleRecord", every_s=3600.0)
    used = d.usage(w, d.simulate(w, d.trace(w, seed=1, horizon=HOUR)))
    hour = price_book().rate("us-east-1", "BatchTransform", "ml.m5.xlarge").usd
    # 900 objects an instance of 0.2 s, one after another, beside 168 s of set-up and 20 s at the end
    by_hand = 730 * 2 * Decimal(900 // 5 + 168 + 20) / 3600 * hour + STORED
    # Each request is written, each answer too, and each request is read once.
    by_hand += Decimal(730 * 1800) / 1000 * (2 * Decimal("0.005") + Decimal("0.0004"))
    # Each hour the machine that starts the job looks once, and lists and removes four pages of 500 inputs.
    by_hand += Decimal(730) / 1000 * ((1 + 4) * Decimal("0.005") + (4 + 1 + 4 * 4) * Decimal("0.025"))
    # 0.2 s is not on the grid of a millionth of a second: of 900 in a row up to one more second is billed.
    second = 730 * 2 * hour / 3600
    assert Decimal("-1e-9") <= bill(used, price_book(), "us-east-1").usd - by_hand <= second + Decimal("1e-9")
