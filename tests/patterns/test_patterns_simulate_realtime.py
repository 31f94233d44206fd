"""A real-time endpoint simulated: hand arithmetic for constant traffic, queueing theory for random traffic."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.money import bill
from advisor.patterns import RealTime, Serverless
from advisor.patterns.fleet import launches
from advisor.patterns.realtime.simulate import spec_of
from advisor.sim.arrivals import Points
from advisor.sim.deployments import LoadCurve, Workers
from advisor.sim.faults import faults_of
from advisor.sim.laws import insist
from advisor.sim.service import exponential
from advisor.sim.trace import Trace
from advisor.workload import reads

PROFILE = """
name: plain
region: us-east-1
work: [{on: ml.c5.xlarge, mean: 250 ms, workers: 1}]
traffic: {rate: 1 per second}
platform: {client_retries: none}
"""
HOUR = 3600


def even(seconds: int = HOUR, rate: int = 1) -> Trace:
    """One request every 1 / rate seconds from a warm-up of an hour on, all alike, 1000 bytes in and 500 out."""
    arrival = np.arange(0, HOUR + seconds, 1 / rate)
    alike = np.ones_like(arrival)
    return Trace.from_columns(
        arrival, warmup_s=HOUR, horizon_s=seconds, work=alike, bytes_in=1000 * alike, bytes_out=500 * alike,
        route=np.zeros((5, arrival.size)),
    )  # fmt: skip


def test_constant_traffic_has_the_latency_that_arithmetic_says() -> None:
    w = reads(PROFILE)
    run = insist(RealTime(instance_type="ml.c5.xlarge").simulate(w, even(), columns=True))
    assert run.columns is not None
    assert set(run.columns.answered - run.columns.first_arrival) == {0.25}
    # One request a second, each a quarter of a second, on one worker; 10 ms of the endpoint on top.
    assert run.ledger.mean_s == pytest.approx(0.26)
    assert run.utilisation == pytest.approx(0.25)
    assert run.ledger.statuses["served"] == run.ledger.arrived == HOUR


def test_constant_traffic_has_the_bill_that_arithmetic_says() -> None:
    w = reads(PROFILE)
    d = RealTime(instance_type="ml.c5.xlarge", min_instances=2, max_instances=2, volume_gb=50)
    usage = d.usage(w, d.simulate(w, even()))
    assert {meter.what: meter.granules for meter in usage.meters} == {
        "ml.c5.xlarge instances": 2 * HOUR,
        "volumes of 50 GB": 2 * HOUR * 50,
        "data in": HOUR * 1000,
        "data out": HOUR * 500,
    }
    book = price_book()
    hour, volume, data = (
        book.rate("us-east-1", *sku).usd
        for sku in (("Hosting", "ml.c5.xlarge"), ("HostingStorage", "gp2 volume"), ("DataProcessed", "Hosting:IN"))
    )
    # A month of 730 hours: two instances, two volumes of 50 GB, 1.5 KB a second.
    by_hand = 730 * 2 * hour + 100 * volume + Decimal(730 * 3600) * Decimal("0.0000015") * data
    assert bill(usage, book, "us-east-1").usd == by_hand


def test_a_shadow_variant_doubles_instances_and_volumes_and_no_data() -> None:
    w = reads(PROFILE + "needs: [shadow]\n")
    d = RealTime(instance_type="ml.c5.xlarge")
    meters = {meter.what: meter for meter in d.usage(w, d.simulate(w, even())).meters}
    assert meters["shadow: ml.c5.xlarge instances"].granules == meters["ml.c5.xlarge instances"].granules == HOUR
    assert meters["shadow: ml.c5.xlarge instances"].assumed
    assert len(meters) == 6


def test_one_instance_with_one_worker_is_the_queue_of_erlang() -> None:
    w = reads(PROFILE)
    trace = Trace([Points(name="", rate_per_s=2.4)], seed=3, shape=exponential(), warmup_s=HOUR, horizon_s=200 * HOUR)
    run = insist(RealTime(instance_type="ml.c5.xlarge").simulate(w, trace))
    # M/M/1 at a load of 0.6: mean latency 0.25 / (1 - 0.6), and the endpoint's 10 ms.
    assert run.ledger.mean_s == pytest.approx(0.25 / 0.4 + 0.01, rel=0.02)
    assert run.utilisation == pytest.approx(0.6, rel=0.01)


def test_the_estimate_is_that_of_one_queue_an_instance() -> None:
    w = reads(PROFILE.replace("mean: 250 ms", "mean: 250 ms, cv: 1").replace("1 per second", "4.8 per second"))
    d = RealTime(instance_type="ml.c5.xlarge", min_instances=2, max_instances=2)
    told = d.estimate(w)
    # Two queues of 2.4 a second each, at a spread of 1: M/M/1 again.
    assert told["utilisation"] == pytest.approx(0.6)
    assert told["mean_wait_s"] == pytest.approx(0.6 * 0.25 / 0.4)
    assert told["mean_latency_s"] == pytest.approx(0.25 / 0.4 + 0.01)
    assert not replace(d, routing="LEAST_OUTSTANDING_REQUESTS").estimate(w)


def test_an_assumption_that_the_profile_overrides_reaches_the_run() -> None:
    d = RealTime(instance_type="ml.c5.xlarge")
    slow = reads(PROFILE.replace("client_retries: none", "client_retries: none, endpoint_overhead: 50 ms"))
    assert d.simulate(slow, even()).ledger.mean_s == pytest.approx(0.30)


def test_a_streamed_answer_may_take_longer_than_another() -> None:
    long = PROFILE.replace("mean: 250 ms", "mean: 100 s").replace("workers: 1", "workers: 200")
    d = RealTime(instance_type="ml.c5.xlarge")
    plain, streamed = reads(long), reads(long + "needs: [streaming]\n")
    assert d.simulate(plain, even()).ledger.statuses["timed_out"] == HOUR
    assert d.simulate(streamed, even()).ledger.statuses["served"] == HOUR


def test_a_load_curve_is_read_on_straight_lines_between_its_points() -> None:
    w = reads(PROFILE.replace("mean: 250 ms, workers: 1", "at: {1: 100 ms, 3: 200 ms, 4: 400 ms}"))
    server = spec_of(w, RealTime(instance_type="ml.c5.xlarge")).server
    assert isinstance(server, LoadCurve)
    assert server.latency_s == pytest.approx((0.1, 0.15, 0.2, 0.4))


def test_workers_and_batches_are_those_of_the_profile_unless_the_deployment_sets_them() -> None:
    w = reads(PROFILE.replace("workers: 1", "workers: 3, batching: {max: 8, wait: 5 ms, marginal: 0.25}"))
    server = spec_of(w, RealTime(instance_type="ml.c5.xlarge")).server
    own = spec_of(w, RealTime(instance_type="ml.c5.xlarge", workers=5)).server
    assert isinstance(server, Workers)
    assert isinstance(own, Workers)
    assert (server.workers, own.workers) == (3, 5)
    assert server.batching is not None
    # Instants lie on the grid of 2^-20 s.
    on_grid = round(0.005 * 2**20) / 2**20
    assert (server.batching.most, server.batching.wait_s, server.batching.marginal) == (8, on_grid, 0.25)


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_fewer_workers_at_the_measured_speed_answer_no_request_sooner(seed: int, workers: int) -> None:
    # So a search need not try them: they cost the same. Of more than were measured nobody knows the speed.
    w = reads(PROFILE)
    drawn = np.random.default_rng(seed)
    arrival = np.sort(drawn.random(90)) * 20

    def answered(count: int) -> np.ndarray:
        trace = Trace.from_columns(
            arrival, horizon_s=60.0, work=np.random.default_rng(seed).exponential(size=90), route=np.zeros((5, 90))
        )
        run = insist(RealTime(instance_type="ml.c5.xlarge", workers=count).simulate(w, trace, columns=True))
        assert run.columns is not None
        return run.columns.answered

    assert (answered(workers + 1) <= answered(workers)).all()


@pytest.mark.parametrize(
    # Requests of a quarter of a second: four a second are 240 a minute, two instances at 120; eight a second are two
    # in service at once, which one worker cannot carry.
    ("scaling", "target", "rate", "expected"),
    [("invocations", 120, 4, {2}), ("concurrency", 1.5, 8, {2, 3, 4})],
)
def test_a_fleet_under_load_grows_to_what_carries_it(scaling: str, target: float, rate: int, expected) -> None:
    w = reads(PROFILE)
    d = RealTime(instance_type="ml.c5.xlarge", max_instances=4, scaling=scaling, target=target)
    arrival = np.arange(0, 4 * HOUR, 1 / rate)
    route = np.tile(np.random.default_rng(1).random(arrival.size), (5, 1))
    trace = Trace.from_columns(arrival, warmup_s=HOUR, horizon_s=3 * HOUR, route=route)
    run = insist(d.simulate(w, trace))
    assert max(n for _, n in run.timeline.in_service()) in expected
    assert run.ledger.error_share == 0


DAY = 24 * HOUR


def steady(days: float = 1, every_s: float = 100.0, warmup_s: float = DAY) -> Trace:
    """A request every so often from a warm-up on, all alike, none of them on the hour."""
    arrival = np.arange(7, warmup_s + days * DAY, every_s)
    alike = np.ones_like(arrival)
    return Trace.from_columns(
        arrival, warmup_s=warmup_s, horizon_s=days * DAY, work=alike, bytes_in=alike, bytes_out=alike,
        route=np.zeros((5, arrival.size)),
    )  # fmt: skip


def test_a_fleet_by_the_clock_is_paid_by_the_hours_of_its_schedule() -> None:
    w = reads(PROFILE)
    d = RealTime(instance_type="ml.c5.xlarge", max_instances=3, schedule="08:00-18:00=3")
    run = insist(d.simulate(w, steady(days=2)))
    # From launch on: one for two days, two more for ten hours of each.
    assert run.granules["instance_s"] == 2 * DAY + 2 * 2 * 10 * HOUR
    asked = [(change.at - DAY, change.was, change.now) for change in run.timeline.changes if change.what == "schedule"]
    assert [one for one in asked if one[0] >= 0][:2] == [(8 * HOUR, 1, 3), (18 * HOUR, 3, 1)]


def test_off_hours_by_the_clock_begin_with_the_number_that_holds_at_midnight() -> None:
    w = reads(PROFILE)
    d = RealTime(instance_type="ml.c5.xlarge", min_instances=3, max_instances=3, schedule="22:00-06:00=1")
    run = insist(d.simulate(w, steady()))
    assert run.timeline.in_service()[0] == (0.0, 1)
    assert run.granules["instance_s"] == 8 * HOUR + 3 * 16 * HOUR


def test_days_of_the_week_count_from_a_monday() -> None:
    w = reads(PROFILE)
    d = RealTime(instance_type="ml.c5.xlarge", max_instances=2, schedule="sat,sun 00:00-24:00=2")
    week = 7 * DAY
    run = insist(d.simulate(w, steady(days=7, every_s=1000, warmup_s=week)))
    assert run.granules["instance_s"] == week + 2 * DAY
    # The run itself is of whole weeks, however many the horizon would be.
    trace = d.trace(w, seed=1)
    assert (trace.warmup_s, trace.horizon_s) == (week, 4 * week)
    daily = replace(d, schedule="08:00-18:00=2").trace(w, seed=1)
    assert (daily.warmup_s, daily.horizon_s) == (DAY, 30 * DAY)


def test_a_scheduled_minimum_beside_scaling_is_no_maximum() -> None:
    # Four a second are 240 a minute, two instances at 120; by day three stand all the same.
    w = reads(PROFILE)
    d = RealTime(
        instance_type="ml.c5.xlarge", max_instances=4, scaling="invocations", target=120, schedule="08:00-18:00=3"
    )
    arrival = np.arange(7, 2 * DAY, 0.25)
    trace = Trace.from_columns(
        arrival, warmup_s=DAY, horizon_s=DAY, route=np.tile(np.random.default_rng(1).random(arrival.size), (5, 1))
    )
    run = insist(d.simulate(w, trace))

    def serving(at: float) -> int:
        return [n for since, n in run.timeline.in_service() if since <= at][-1]

    assert [serving(DAY + hour * HOUR) for hour in (4, 12, 22)] == [2, 3, 2]
    assert not d.estimate(w)


def test_faults_on_demand_reach_the_fleet() -> None:
    w = reads(PROFILE)
    trace = steady(days=3)
    trace.faults = faults_of(["instance-loss=4 per day", "slow-launches=2x"])
    d = RealTime(instance_type="ml.c5.xlarge", min_instances=2, max_instances=2)
    run = insist(d.simulate(w, trace))
    replaced = [change for change in run.timeline.changes if change.what == "replace"]
    lost = trace.faults.losses(trace.seed, from_s=DAY, to_s=4 * DAY)
    assert [change.at for change in replaced] == [loss.at_s for loss in lost]
    # The k-th launch takes twice what it would take.
    usual = launches(w, "ml.c5.xlarge", trace.seed)
    taken = [unit.ready - unit.launch for unit in run.timeline.units[2:] if unit.ready == unit.ready]
    assert taken[:3] == pytest.approx([2 * length for length in usual[:3]], abs=1e-5)


def test_a_lost_zone_takes_half_of_a_fleet_over_two_for_as_long_as_it_lasts() -> None:
    w = reads(PROFILE)
    trace = steady()
    trace.faults = faults_of(["zone-loss=day 1 10:00 for 2 hours of 2 zones"])
    run = insist(RealTime(instance_type="ml.c5.xlarge", min_instances=4, max_instances=4).simulate(w, trace))
    steps = [(at, n) for at, n in run.timeline.in_service() if at > DAY]
    assert steps[0] == (DAY + 10 * HOUR, 2)
    assert max(n for _, n in steps) == 4
    zones = [unit.zone for unit in run.timeline.units]
    # What replaces them goes to the zone that is up.
    assert (zones[:4], set(zones[4:])) == ([0, 1, 0, 1], {1})


def test_refused_launches_leave_a_fleet_waiting_for_capacity() -> None:
    w = reads(PROFILE)
    d = RealTime(instance_type="ml.c5.xlarge", max_instances=2, schedule="08:00-18:00=2")

    def refused(share: str) -> int:
        trace = steady(days=10)
        trace.faults = faults_of([f"launches-refused={share}"])
        run = insist(d.simulate(w, trace))
        return sum(change.what == "refused" for change in run.timeline.changes)

    # Each day needs one launch: of those that are tried about nine in ten, or four in ten, are refused.
    assert refused("90 %") > refused("40 %") > 0
    assert refused("1 %") <= 2


def test_faults_are_refused_where_no_instance_stands() -> None:
    w = reads(PROFILE)
    trace = steady()
    trace.faults = faults_of(["slow-launches=2x"])
    with pytest.raises(InputError, match="serverless has none"):
        Serverless(memory_mib=2048, max_concurrency=2).simulate(w, trace)


@pytest.mark.parametrize(("growth", "second", "third"), [("1x", 1, 1), ("2x", 2, 4), ("3x", 3, 9)])
def test_the_callers_back_off_grows_as_the_profile_says(growth: str, second: float, third: float) -> None:
    # One worker that is busy for an hour, nobody may wait: the second request is rejected again and again.
    text = PROFILE.replace("mean: 250 ms", "mean: 50 s").replace(
        "client_retries: none",
        f"client_backoff_growth: {growth}, client_backoff_cap: 60 s, container_queue: 0, client_retry_attempts: 4",
    )
    w = reads(text)
    trace = Trace.from_columns(
        np.array([0.0, 1.0]), warmup_s=0, horizon_s=HOUR, work=np.ones(2), route=np.zeros((5, 2)),
        backoff=np.full((5, 2), 0.5),
    )  # fmt: skip
    columns = insist(RealTime(instance_type="ml.c5.xlarge").simulate(w, trace, columns=True)).columns
    assert columns is not None
    assert columns.attempts[1] == 4
    assert columns.arrival[1] == 1.0 + 0.5 * (1 + second + third)


def test_a_concurrency_metric_that_is_not_simulated_is_refused_in_words() -> None:
    w = reads(PROFILE.replace("client_retries: none", "scaling_concurrency_metric: average"))
    d = RealTime(instance_type="ml.c5.xlarge", max_instances=2, scaling="concurrency", target=1)
    with pytest.raises(InputError, match="not simulated"):
        d.simulate(w, even())
