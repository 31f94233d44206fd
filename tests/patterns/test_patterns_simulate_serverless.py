"""A serverless endpoint simulated: hand arithmetic for constant traffic, Erlang's loss system for random traffic."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import numpy as np
import pytest

from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import Serverless
from advisor.sim.arrivals import Points
from advisor.sim.laws import insist
from advisor.sim.service import exponential
from advisor.sim.trace import Trace
from advisor.workload import reads

PROFILE = """
name: plain
region: us-east-1
model: {size: 60 MB, memory: 500 MB, image: 1.43 GB}
work: [{on: serverless 2 GB, mean: 62.5 ms}]
traffic: {rate: 1 per second}
platform: {client_retries: none}
"""
HOUR = 3600


def even(every_s: float = 1.0) -> Trace:
    arrival = np.arange(0, 2 * HOUR, every_s)
    alike = np.ones_like(arrival)
    return Trace.from_columns(
        arrival, warmup_s=HOUR, horizon_s=HOUR, work=alike, bytes_in=1000 * alike, bytes_out=500 * alike,
        cold=np.ones((5, arrival.size)),
    )  # fmt: skip


def test_steady_traffic_keeps_its_container_warm_and_pays_whole_milliseconds_of_work() -> None:
    w = reads(PROFILE)
    d = Serverless(memory_mib=2048, max_concurrency=20)
    run = insist(d.simulate(w, even()))
    assert run.ledger.cold == 0
    assert run.ledger.mean_s == pytest.approx(0.0625 + 0.02)
    usage = d.usage(w, run)
    # 62.5 ms are billed as 63.
    assert {meter.what: meter.granules for meter in usage.meters} == {
        "work on demand": HOUR * 63,
        "data in": HOUR * 1000,
        "data out": HOUR * 500,
    }
    book = price_book()
    second = book.rate("us-east-1", "ServerlessInf", "Mem-2GB").usd
    data = book.rate("us-east-1", "DataProcessed", "Hosting:IN").usd
    month = Decimal(730 * 3600)
    by_hand = month * Decimal("0.063") * second + month * Decimal("0.0000015") * data
    assert bill(usage, book, "us-east-1").usd == by_hand


def test_provisioned_containers_are_paid_for_all_of_the_time_and_their_work_at_its_own_rate() -> None:
    w = reads(PROFILE)
    d = Serverless(memory_mib=2048, max_concurrency=3, provisioned_concurrency=2)
    run = insist(d.simulate(w, even()))
    # Instants lie on a grid of about a microsecond.
    assert run.ledger.mean_s == pytest.approx(0.0625 + 0.02 + 0.01, abs=2**-20)
    meters = {meter.component: meter.granules for meter in d.usage(w, run).meters}
    assert meters["ServerlessProvisionedUsage"] == 2 * HOUR
    assert meters["ServerlessProvisionedDuration"] == HOUR * 63
    assert meters["ServerlessInf"] == 0


def test_traffic_rarer_than_the_keep_alive_time_is_always_cold() -> None:
    # Set-up: 2 s, an image of 1.43 GB in 1 s, 6 s of one vCPU on 2048 / 1769 of it, 60 MB in 1 s and 0.3 s.
    w = reads(PROFILE)
    run = insist(Serverless(memory_mib=2048, max_concurrency=2).simulate(w, even(every_s=900)))
    setup = 2 + 1 + 6 * 1769 / 2048 + 1 + 0.3
    assert run.ledger.cold == run.ledger.arrived == 4
    assert run.ledger.mean_s == pytest.approx(setup + 0.0625 + 0.02)
    assert run.granules["on_demand_ms"] == 4 * 63


@pytest.mark.parametrize("billed", ["yes", "no"])
def test_whether_set_up_is_billed_is_an_assumption(billed: str) -> None:
    w = reads(PROFILE.replace("client_retries: none", f"serverless_cold_billed: {billed}"))
    d = Serverless(memory_mib=2048, max_concurrency=2)
    run = d.simulate(w, even(every_s=900))
    work = d.usage(w, run).meters[0]
    assert (work.granules > 4 * 1000) == (billed == "yes")
    assert "serverless_cold_billed" in work.assumed


def test_only_calls_on_provisioned_containers_are_set_up() -> None:
    # Two calls at each second: one provisioned container takes the first, a warm one on demand the second.
    w = reads(PROFILE)
    arrival = np.repeat(np.arange(0, 2 * HOUR, 1.0), 2)
    alike = np.ones_like(arrival)
    trace = Trace.from_columns(
        arrival, warmup_s=HOUR, horizon_s=HOUR, work=alike, bytes_in=alike, bytes_out=alike,
        cold=np.ones((5, arrival.size)),
    )  # fmt: skip
    d = Serverless(memory_mib=2048, max_concurrency=3, provisioned_concurrency=1)
    run = insist(d.simulate(w, trace))
    assert run.granules["provisioned_ms"] == run.granules["on_demand_ms"] == HOUR * 63
    assert run.ledger.mean_s == pytest.approx(0.0625 + 0.02 + 0.01 / 2, abs=2**-20)
    assert run.ledger.latency_s(0.4) == pytest.approx(0.0825, rel=0.001)
    assert run.ledger.latency_s(0.6) == pytest.approx(0.0925, rel=0.001)


DAY = 24 * HOUR


def steady(rate: float, days: int = 1) -> Trace:
    """So many requests a second from a day of warm-up on, all alike, none of them on the hour."""
    arrival = np.arange(5, (1 + days) * DAY, 1 / rate)
    alike = np.ones_like(arrival)
    return Trace.from_columns(
        arrival, warmup_s=DAY, horizon_s=days * DAY, work=alike, bytes_in=alike, bytes_out=alike,
        cold=np.ones((5, arrival.size)),
    )  # fmt: skip


def test_provisioned_by_the_clock_is_paid_by_the_second_that_it_is_kept() -> None:
    w = reads(PROFILE)
    d = Serverless(memory_mib=2048, max_concurrency=5, provisioned_concurrency=1, schedule="08:00-18:00=3")
    run = insist(d.simulate(w, steady(0.1)))
    # One for a day and two more for ten hours; what is asked for at eight is warm three minutes later.
    assert run.granules["provisioned_s"] == DAY + 2 * 10 * HOUR
    steps = [(at - DAY, n) for at, n in run.timeline.in_service() if at > DAY]
    assert steps[-1] == (18 * HOUR, 1)
    assert (8 * HOUR + 180, 3) in steps
    warm = reads(PROFILE.replace("client_retries: none", "client_retries: none, billing_start: in-service"))
    assert d.simulate(warm, steady(0.1)).granules["provisioned_s"] == DAY + 2 * (10 * HOUR - 180)
    meters = {meter.component: meter.granules for meter in d.usage(w, run).meters}
    assert meters["ServerlessProvisionedUsage"] == DAY + 2 * 10 * HOUR


def test_provisioned_concurrency_follows_its_use_up_to_its_maximum() -> None:
    # Four calls a second of three quarters of a second each, evenly: always three in service. Their set-up is left out.
    platform = "client_retries: none, serverless_provisioned_overhead: 0 ms"
    w = reads(PROFILE.replace("62.5 ms", "750 ms").replace("client_retries: none", platform))
    d = Serverless(
        memory_mib=2048, max_concurrency=10, provisioned_concurrency=1, max_provisioned_concurrency=9,
        target_utilisation=0.7,
    )  # fmt: skip
    run = insist(d.simulate(w, steady(4.0)))
    held = {n for at, n in run.timeline.in_service() if at >= DAY}
    # All busy asks for ceil(1 / 0.7), ceil(2 / 0.7) and ceil(3 / 0.7): from one to two, three and five, which stay.
    assert held <= {5}
    assert run.timeline.in_service()[-1][1] == 5
    assert [n for _, n in run.timeline.in_service()][:1] == [1]
    assert run.ledger.cold == 0
    capped = insist(dataclasses.replace(d, max_provisioned_concurrency=2).simulate(w, steady(4.0)))
    assert capped.timeline.in_service()[-1][1] == 2


def test_without_cold_starts_and_retries_it_is_the_loss_system_of_erlang() -> None:
    platform = "client_retries: none, serverless_provisioned_overhead: 0 ms"
    w = reads(PROFILE.replace("62.5 ms", "500 ms").replace("client_retries: none", platform))
    d = Serverless(memory_mib=2048, max_concurrency=3, provisioned_concurrency=3)
    trace = Trace([Points(name="", rate_per_s=4.0)], seed=5, shape=exponential(), warmup_s=HOUR, horizon_s=60 * HOUR)
    run = insist(d.simulate(w, trace))
    # Erlang B of three servers at a load of two: (8/6) / (1 + 2 + 2 + 8/6).
    lost = (8 / 6) / (5 + 8 / 6)
    assert run.ledger.error_share == pytest.approx(lost, rel=0.01)
    assert run.ledger.statuses["throttled"] == run.ledger.arrived - run.ledger.served
    assert run.utilisation == pytest.approx(2 * (1 - lost) / 3, rel=0.01)
    told = d.estimate(reads(PROFILE.replace("62.5 ms", "500 ms").replace("1 per second", "4 per second")))
    assert told["throttled_attempts_share"] == pytest.approx(lost)
    assert told["utilisation"] == pytest.approx(2 * (1 - lost) / 3)


def test_its_place_of_measurement_is_its_memory() -> None:
    w = reads(PROFILE)
    assert Serverless(memory_mib=2048, max_concurrency=2).work_on(w).evidence == "measured"
    assert Serverless(memory_mib=1024, max_concurrency=2).work_on(w).evidence == "assumed"
