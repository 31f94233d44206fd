"""Captured data in the bill: every byte kept as long as assumed, one object for so many calls."""

from __future__ import annotations

from decimal import Decimal

import pytest

from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import BatchTransform, Pattern, RealTime
from advisor.sim.horizon import Horizon
from advisor.workload import Workload, reads

HOUR = Horizon(period_s=3600.0, warmup_s=3600.0, window_s=3600.0)
# A request every two seconds, 1,800 an hour, of 20 KB in and 2 KB out.
EVEN = """
name: captured
region: us-east-1
model: {size: 200 MB, memory: 500 MB}
work: [{on: ml.m5.xlarge, mean: 200 ms, cv: 0, workers: 4}]
traffic: {rate: 30 per minute, shape: regular}
payload: {request: 20 KB, request_max: 20 KB, response: 2 KB, response_max: 2 KB}
platform: {capture_storage: 10 days, capture_calls_per_file: 50, batch_startup_cv: 0}
"""


def cost(w: Workload, d: Pattern) -> Decimal:
    return bill(d.usage(w, d.simulate(w, d.trace(w, seed=1, horizon=HOUR))), price_book(), "us-east-1").usd


@pytest.mark.parametrize("need", ["data-capture", "model-monitor"])
@pytest.mark.parametrize(
    ("d", "objects"),
    [
        pytest.param(RealTime(instance_type="ml.m5.xlarge"), 1800 // 50, id="real-time"),
        pytest.param(BatchTransform(instance_type="ml.m5.xlarge", every_s=3600.0), 2 * 1800, id="batch-transform"),
    ],
)
def test_capturing_costs_a_write_an_object_and_the_bytes_as_long_as_they_are_kept(d, objects, need) -> None:
    w = reads(EVEN)
    more = cost(w.with_({"needs": [need]}), d) - cost(w, d)
    # 730 such hours; bytes of a month, each kept 10 days of the month's 730 hours.
    writes = Decimal(730 * objects) / 1000 * Decimal("0.005")
    gigabytes = Decimal(730 * 1800 * 22_000) / 10**9
    by_hand = writes + gigabytes * 240 / 730 * Decimal("0.023")
    assert abs(more - by_hand) < Decimal("1e-6")


def test_the_assumptions_are_told_only_where_data_is_captured() -> None:
    from advisor.advice.simulating import simulate

    d = RealTime(instance_type="ml.m5.xlarge")
    keys = [
        {one.key for one in simulate(w, d, replications=1, budget=1000).assumptions}
        for w in (reads(EVEN), reads(EVEN).with_({"needs": ["data-capture"]}))
    ]
    assert [{"capture_storage", "capture_calls_per_file"} <= one for one in keys] == [False, True]
