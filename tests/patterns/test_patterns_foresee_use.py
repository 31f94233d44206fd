"""What each pattern is foreseen to use and cost, against hand arithmetic: fleets, containers, jobs, caches, clocks."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import Asynchronous, BatchTransform, MultiModel, RealTime, Serverless
from advisor.patterns.base import Pattern
from advisor.patterns.foresight import Foresight, mixed
from advisor.patterns.foresight_mix import Mix
from advisor.patterns.foresight_time import law_of
from advisor.rules.estimates import cold_start_s, erlang_b, launch_s
from advisor.units import MONTH_S
from advisor.workload import Workload, reads
from tests.patterns.plain_workload import fixed, workload

# Bills


def test_a_fixed_fleet_costs_what_hand_arithmetic_gives() -> None:
    w = workload()
    d = fixed(3, volume_gb=40)
    found = bill(d.foreseen_usage(w), price_book(), w.region)
    book = price_book()
    hour = book.rate(w.region, "Hosting", "ml.m5.large").usd
    gb_month = book.rate(w.region, "HostingStorage", "gp2 volume").usd
    way_in = book.rate(w.region, "DataProcessed", "Hosting:IN").usd
    way_out = book.rate(w.region, "DataProcessed", "Hosting:OUT").usd
    requests = 10 * 730 * 3600
    by_hand = 3 * 730 * hour + 3 * 40 * gb_month
    by_hand += Decimal(requests * 2000) / 10**9 * way_in + Decimal(requests * 1000) / 10**9 * way_out
    assert found.usd == by_hand


def test_serverless_is_billed_by_the_millisecond_rounded_up() -> None:
    w = workload("{rate: 2 per second, shape: steady}")
    seen = Serverless(memory_mib=2048, max_concurrency=20).foresee(w)
    assert seen.granules["on_demand_ms"] == pytest.approx(2 * MONTH_S * 100.5, rel=1e-3)
    assert seen.granules["provisioned_s"] == seen.granules["provisioned_ms"] == 0


def test_what_is_provisioned_carries_its_share_of_erlangs_load() -> None:
    w = workload("{rate: 20 per second, shape: steady}")
    seen = Serverless(memory_mib=2048, max_concurrency=40, provisioned_concurrency=2).foresee(w)
    assert seen.granules["provisioned_s"] == 2 * MONTH_S
    # Load 2 on 2 servers: B = 2 / 5 overflows.
    part = seen.granules["provisioned_ms"] / (seen.granules["provisioned_ms"] + seen.granules["on_demand_ms"])
    assert part == pytest.approx(1 - erlang_b(2, 2.0), rel=1e-3) == pytest.approx(0.6, rel=1e-3)


def test_throttled_without_retries_is_erlang_b() -> None:
    w = workload("{rate: 20 per second, shape: steady}", platform="{client_retries: none}")
    seen = Serverless(memory_mib=2048, max_concurrency=2).foresee(w)
    assert seen.error_share == pytest.approx(0.4, rel=1e-3)
    assert seen.later(1e9) == pytest.approx(0.4, rel=1e-3)
    assert math.isinf(seen.latency_s(0.7))


def test_rare_even_requests_are_all_cold_and_frequent_ones_are_not() -> None:
    d = Serverless(memory_mib=2048, max_concurrency=2)
    rare, often = (workload(f"{{rate: {rate} per hour, shape: regular}}") for rate in (2, 20))
    assert d.foresee(rare).cold_share == 1
    assert d.foresee(often).cold_share == 0
    assert d.foresee(rare).latency_s(0.5) > 0.9 * cold_start_s(rare, 2048)
    kept = d.with_({"provisioned_concurrency": 1}).foresee(rare)
    assert kept.cold_share == 0


def test_rare_requests_are_cold_after_a_gap_longer_than_the_keep_alive_time() -> None:
    w = workload("{rate: 6 per hour, shape: steady}")
    seen = Serverless(memory_mib=2048, max_concurrency=10).foresee(w)
    # A gap of 11 min at 6 an hour, Poisson: exp(-1.1).
    assert seen.cold_share == pytest.approx(math.exp(-1.1), rel=0.01)


# Asynchronous


def test_an_asynchronous_fleet_that_never_sleeps_costs_its_instances() -> None:
    w = workload("{rate: 1 per second, shape: steady}")
    seen = Asynchronous(instance_type="ml.m5.large", min_instances=2, max_instances=2).foresee(w)
    assert seen.granules["instance_s"] == pytest.approx(2 * MONTH_S)
    assert seen.latency_s(0.5) == pytest.approx(1 + 0.05 * math.exp(-math.log(2) / 2), rel=0.01)


def test_a_rare_request_wakes_an_instance_that_goes_when_a_datapoint_finds_nothing() -> None:
    w = workload("{rate: 1 per day, shape: steady}", work="{on: ml.m5.large, mean: 20 s, cv: 0, workers: 1}")
    d = Asynchronous(instance_type="ml.m5.large", min_instances=0, max_instances=1, target_backlog=5)
    seen = d.foresee(w)
    # The median launch, and the mean of the quantiles 90, 180, 195, 330 and 510 s joined by straight lines.
    median, launch = launch_s(w, "ml.m5.large"), 251.25
    # Seen by two datapoints, the first half a minute after it came, and the lag; then the launch and the work.
    wake = 30 + 60 + 60 + median
    assert seen.latency_s(0.5) == pytest.approx(wake + 20 + 1, rel=0.02)
    # Billed from the launch on, through the work, to a datapoint half a minute later, and its lag: each day once.
    days = MONTH_S / 86_400
    assert seen.granules["instance_s"] == pytest.approx(days * (launch + 20 + 30 + 60), rel=0.02)
    # A target of one request a instance is near with any: fifteen empty datapoints are waited for.
    near = d.with_({"target_backlog": 1.0}).foresee(w)
    assert near.granules["instance_s"] == pytest.approx(days * (launch + 20 + 900 + 60), rel=0.02)


def test_what_runs_longer_than_the_time_out_never_comes() -> None:
    w = workload("{rate: 1 per minute, shape: steady}", work="{on: ml.m5.large, mean: 20 s, cv: 1, workers: 4}")
    d = Asynchronous(instance_type="ml.m5.large", min_instances=3, max_instances=3, timeout_s=60.0)
    sigma = math.sqrt(math.log(2))
    beyond = 0.5 * math.erfc((math.log(3) / sigma + sigma / 2) / math.sqrt(2))
    assert d.foresee(w).error_share == pytest.approx(beyond, rel=0.02)


# Jobs


def lot_of(deadline: str = "4 hours") -> Workload:
    return workload(
        traffic="{rate: 1 per second, shape: steady}",
        batch=f"{{records: 360 thousand, record_size: 2 KB, files: 6, every: 1 day, deadline: {deadline}}}",
        work="{on: ml.m5.large, mean: 50 ms, cv: 0, workers: 1}",
        platform="{batch_request_overhead: 0 ms, batch_startup_cv: 0}",
        objective="{errors: 1 %}",
    )


def test_a_job_takes_a_start_the_longest_share_and_an_end() -> None:
    w = lot_of()
    d = BatchTransform(instance_type="ml.m5.large", instances=4, max_concurrent_transforms=1, split="Line")
    seen = d.foresee(w)
    # 6 files on 4 instances: the busiest has 2 of 60,000 records, 3,000 s each; 270 s and 20 s around.
    assert seen.latency_s(0.5) == pytest.approx(270 + 6000 + 20, rel=1e-3)
    # All four are billed from the instances' arrival, 102 s after the begin, in 30.4 jobs.
    jobs = 730 / 24
    assert seen.granules["instance_s"] == pytest.approx(jobs * 4 * (168 + 6000 + 20.5), rel=1e-6)
    assert seen.granules["objects_in"] == pytest.approx(6 * jobs)
    assert seen.requests == pytest.approx(360_000 * jobs)


def test_a_deadline_that_the_work_alone_passes_is_impossible_and_one_in_between_is_missed() -> None:
    d = BatchTransform(instance_type="ml.m5.large", instances=4, max_concurrent_transforms=1, split="Line")
    # Perfectly shared, the work takes 4,500 s on four; the busiest needs 6,000.
    assert "deadline" in d.foresee(lot_of("1 hour")).impossible
    between = d.foresee(lot_of("100 min"))
    assert not between.impossible
    assert not between.meets(lot_of("100 min"))
    assert d.foresee(lot_of("110 min")).meets(lot_of("110 min"))


def test_a_stream_waits_for_its_job_from_its_own_hour_on() -> None:
    hours = ", ".join(["0"] * 12 + ["1"] + ["0"] * 11)
    w = workload(f"{{rate: 1 per minute, day: [{hours}]}}", platform="{batch_startup_cv: 0}")
    d = BatchTransform(instance_type="ml.m5.large", every_s=86_400.0)
    # All come about half past twelve, and wait for midnight: 11.5 h, then a start, 1,440 records and an end.
    assert d.foresee(w).latency_s(0.5) == pytest.approx(11.5 * 3600 + 270 + 1440 * 0.055 + 20, rel=0.02)


# Multi-model


def models(count: int, **sections: str) -> Workload:
    model = f"{{count: {count}, size: 100 MB, memory: 500 MB, image: 1.5 GB, framework: xgboost, accelerator: none, "
    return workload(model=model + "same_container: true, popularity: {zipf: 0}}", **sections)


def test_models_that_all_fit_are_always_there_and_uncached_ones_never() -> None:
    w = models(5)
    d = MultiModel(instance_type="ml.m5.large", min_instances=1, max_instances=1)
    assert d.foresee(w).cold_share == 0
    uncached = MultiModel(instance_type="ml.m5.large", min_instances=1, max_instances=1, cached=False).foresee(w)
    assert uncached.cold_share == 1
    # From disk into memory: 1.2 s and 100 MB at 400 MB a second.
    assert uncached.mean_s - d.foresee(w).mean_s == pytest.approx(1.45, rel=1e-6)


def test_of_models_alike_as_many_calls_find_theirs_as_fit() -> None:
    from advisor.patterns.multimodel.cache import models_held

    w = models(130)
    held = models_held(w, "ml.m5.large")
    one, three = (MultiModel(instance_type="ml.m5.large", min_instances=count, max_instances=count) for count in (1, 3))
    assert one.foresee(w).cold_share == pytest.approx(1 - held / 130, rel=0.05)
    # At ten calls a second the first instance is often busy, so all of them fill.
    assert three.foresee(w).cold_share == pytest.approx(1 - 3 * held / 130, rel=0.05)


def test_an_idle_fleet_fills_the_first_memory_alone() -> None:
    w = models(130, traffic="{rate: 1 per hour, shape: steady}")
    one, three = (MultiModel(instance_type="ml.m5.large", min_instances=count, max_instances=count) for count in (1, 3))
    # Some 730 calls a month, of which one in two thousand finds another call or its load still on the first.
    assert three.foresee(w).cold_share == pytest.approx(one.foresee(w).cold_share, rel=0.01)


# Several endpoints


def test_each_model_on_its_own_endpoint_is_a_sum_of_fleets() -> None:
    w = models(20)
    seen = fixed(2).foresee(w)
    assert seen.granules["instance_s"] == pytest.approx(20 * 2 * MONTH_S)
    assert seen.granules["bytes_in"] == pytest.approx(10 * MONTH_S * 2000)
    # Half a request a second on each: rho is 0.0125 an instance.
    assert seen.utilisation == pytest.approx(0.0125, rel=1e-3)


def test_a_mixture_weighs_by_requests() -> None:
    def flat(late: float) -> Foresight:
        return Foresight(
            granules={"instance_s": 1.0},
            later=lambda _: late,
            mean_s=late,
            error_share=late,
            cold_share=0.0,
            utilisation=late,
            floor_s=lambda _: 0.0,
        )

    found = mixed(workload(), [(0.5, 1, flat(0.1)), (0.1, 5, flat(0.3))])
    assert found.later(1.0) == pytest.approx(0.2)
    assert found.granules["instance_s"] == 6
    assert found.utilisation == pytest.approx((0.1 + 5 * 0.3) / 6)


def test_delays_and_losses_of_a_mixture_are_as_added() -> None:
    w = workload(work="{on: ml.m5.large, mean: 50 ms, cv: 0, workers: 1}")
    mix = Mix(law=law_of(w, w.work_on("ml.m5.large")), overhead_s=0.0)
    mix.add(0.6)
    mix.add(0.3, delay_s=1.0)
    mix.lose(0.1)
    later = mix.later()
    assert later(0.049) == pytest.approx(1.0)
    assert later(0.5) == pytest.approx(0.4)
    assert later(2.0) == pytest.approx(0.1)


# By the clock


def test_a_number_by_the_clock_costs_its_hours() -> None:
    w = workload("{rate: 10 per second, day: office}", work="{on: ml.m5.large, mean: 5 ms, cv: 1, workers: 4}")
    d = RealTime(instance_type="ml.m5.large", min_instances=1, max_instances=4, schedule="08:00-18:00=4")
    seen = d.foresee(w)
    assert seen.granules["instance_s"] == pytest.approx((10 * 4 + 14 * 1) / 24 * MONTH_S)
    assert seen.granules["bytes_in"] == pytest.approx(10 * MONTH_S * 2000)
    assert seen.requests == pytest.approx(10 * MONTH_S)


def test_containers_by_the_clock_are_kept_for_their_hours_and_serve_what_comes_then() -> None:
    w = workload("{rate: 2 per second, shape: steady}")
    d = Serverless(memory_mib=2048, max_concurrency=20, schedule="08:00-20:00=10")
    seen = d.foresee(w)
    assert seen.granules["provisioned_s"] == pytest.approx(10 * MONTH_S / 2)
    # Ten carry all that comes in half of the time.
    assert seen.granules["provisioned_ms"] == pytest.approx(seen.granules["on_demand_ms"], rel=1e-3)


def test_provisioned_concurrency_that_follows_its_use_is_kept_at_the_target() -> None:
    w = workload("{rate: 35 per second, shape: steady}")
    d = Serverless(
        memory_mib=2048,
        max_concurrency=40,
        provisioned_concurrency=1,
        max_provisioned_concurrency=20,
        target_utilisation=0.7,
    )
    # 3.5 busy on average at 70 %: five.
    assert d.foresee(w).granules["provisioned_s"] == pytest.approx(5 * MONTH_S)


CURVE = """
name: helpdesk
region: us-east-1
model: {size: 16 GB, memory: 20 GB, image: 12 GB, framework: vllm, accelerator: required}
work: [{on: ml.g5.2xlarge, at: {1: 4 s, 8: 6 s, 16: 9 s, 32: 16 s}, cv: 0.5}]
traffic: {rate: 30 per minute}
payload: {request: 8 KB, response: 3 KB}
objective: {p95: 20 s, errors: 1 %}
"""


@pytest.mark.parametrize("pattern", [Asynchronous, MultiModel])
def test_work_alone_is_that_of_a_request_by_itself_and_not_of_a_full_instance(pattern: type[Pattern]) -> None:
    # Log-normal of mean 4 s and a spread of 0.5: its 95th percentile is 4 exp(1.645 x 0.4724 - 0.1116) = 7.78 s, within
    # 20 s. With 32 at once it is four times as long.
    w = reads(CURVE)
    assert not pattern.start(w).foresee(w).impossible
    assert not pattern.start(w).never(w)
    soon = reads(CURVE.replace("p95: 20 s", "p95: 7 s"))
    assert "by work and overhead alone" in pattern.start(soon).foresee(soon).impossible
