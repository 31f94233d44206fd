"""An asynchronous endpoint against hand arithmetic: latencies, expiry, time-outs, the wake from zero, the bill."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from advisor.catalog.prices import price_book
from advisor.money import Meter, bill
from advisor.patterns import Asynchronous
from advisor.patterns.asynchronous.simulate import spec_of
from advisor.patterns.fleet import busy_place, client_of, launches
from advisor.sim.horizon import Horizon
from advisor.sim.laws import broken
from advisor.sim.run_record import Run
from advisor.sim.statuses import EXPIRED, SERVED, TIMED_OUT
from advisor.sim.trace import Trace
from advisor.workload import Workload
from advisor.workload.read import reads

PROFILE = """
name: tidy
region: us-east-1
model: {count: 1, size: 200 MB, memory: 500 MB, image: 2 GB, framework: xgboost, accelerator: none}
work: [{on: ml.m5.xlarge, mean: 2 s, cv: 0, workers: 4}]
traffic: {rate: 6 per minute, shape: regular}
payload: {request: 1 MB, request_max: 1 MB, response: 500 KB, response_max: 500 KB}
objective: {p95: 5 min}
"""
HOUR = Horizon(period_s=3600.0, warmup_s=3600.0, window_s=3600.0)


def workload(more: str = "", **changed: Any) -> Workload:
    """The profile above, with some values changed."""
    return reads(PROFILE + more).with_({path.replace("__", "."): value for path, value in changed.items()})


def deployment(**settings: Any) -> Asynchronous:
    return Asynchronous(**{"instance_type": "ml.m5.xlarge", "concurrency_per_instance": 1, **settings})


def of(arrivals: list[float], **columns: float) -> Trace:
    """Requests at given instants, with a window that holds all of them."""
    held = {name: np.full(len(arrivals), value) for name, value in columns.items()}
    return Trace.from_columns(arrivals, horizon_s=max(arrivals) + 1.0, **held)


def run(w: Workload, d: Asynchronous, trace: Trace) -> Run:
    found = d.simulate(w, trace, columns=True)
    assert broken(found) == []
    return found


def granules(meters: tuple[Meter, ...]) -> dict[str, int]:
    return {meter.meter: meter.granules for meter in meters}


# Latency


def test_a_request_alone_takes_the_way_to_s3_and_back_and_its_work() -> None:
    w, d = workload(), deployment()
    found = run(w, d, d.trace(w, seed=1, horizon=HOUR))
    # Every 10 s one of 2 s of work; the way there and back is assumed to take a second.
    assert found.ledger.statuses["served"] == found.ledger.arrived == 360
    assert found.ledger.mean_s == 3.0
    assert found.utilisation == 0.2


def test_requests_are_worked_on_in_their_order_as_many_at_once_as_are_let_in() -> None:
    w = workload()
    # Six at once: in pairs, each pair two seconds after the one before.
    found = run(w, deployment(concurrency_per_instance=2), of([0.0] * 6))
    assert found.columns is not None
    assert (found.columns.answered - found.columns.first_arrival).tolist() == [3, 3, 5, 5, 7, 7]
    # No more at once than the container has workers, whatever is let in.
    assert spec_of(w, deployment(concurrency_per_instance=100)).workers == 4


def test_a_request_that_waited_too_long_is_expired_when_its_turn_comes() -> None:
    w = workload(work__0__mean="100 s")
    found = run(w, deployment(ttl_s=60.0), of([0.0, 0.0, 90.0]))
    assert found.columns is not None
    assert found.columns.status.tolist() == [SERVED, EXPIRED, SERVED]


def test_a_call_that_runs_too_long_ends_then_and_holds_its_place_until_then() -> None:
    w = workload(work__0__mean="1000 s")
    found = run(w, deployment(timeout_s=700.0), of([0.0, 0.0]))
    assert found.columns is not None
    assert found.columns.status.tolist() == [TIMED_OUT, TIMED_OUT]
    assert found.columns.start.tolist() == [0.5, 700.5]


def test_bodies_in_the_call_itself_are_refused_above_their_limit() -> None:
    found = run(workload(), deployment(inline=True), of([0.0], bytes_in=1e6))
    assert found.ledger.statuses["refused"] == 1
    assert run(workload(), deployment(), of([0.0], bytes_in=1e6)).ledger.statuses["served"] == 1


# Scaling


def test_an_idle_endpoint_falls_asleep_and_its_first_request_waits_for_the_wake() -> None:
    w, d = workload(), deployment(min_instances=0, max_instances=3)
    found = run(w, d, of([7201.0]))
    # 15 quiet minutes and a minute of lag: the one instance that it was created with ends at 16 min.
    assert [unit.end for unit in found.timeline.units[:1]] == [960.0]
    # Queued at 7201.5: datapoints at 7260 and 7320, visible at 7380; then a launch, two seconds of work, the way back.
    launch = launches(w, "ml.m5.xlarge", 0)[0]
    assert found.ledger.mean_s == 7380 - 7201 + launch + 2 + 0.5


def test_without_the_step_a_sleeping_endpoint_waits_for_its_backlog_to_pass_the_target() -> None:
    w = workload()
    d = deployment(min_instances=0, max_instances=1, wake_step=False, target_backlog=5.0)
    arrivals = [7200.0 + 600 * n for n in range(6)]
    found = run(w, d, of(arrivals))
    launched = [unit.launch for unit in found.timeline.units[1:]]
    # The sixth is queued at 10200.5: three datapoints above the target from 10260 to 10380, and a minute of lag.
    assert launched == [10440.0]


def test_a_backlog_that_stays_above_the_target_adds_instances() -> None:
    w = workload(work__0__mean="30 s", platform={"scaling_serial": "no"})
    d = deployment(max_instances=4, target_backlog=2.0)
    found = run(w, d, of([float(n) for n in range(0, 7200, 15)]))
    # An offered load of two instances' work
    assert max(count for _, count in found.timeline.in_service()) >= 2
    assert found.ledger.statuses["served"] == found.ledger.arrived


def test_launches_lie_between_the_measured_quantiles_and_are_the_same_for_a_seed() -> None:
    w = workload()
    drawn = np.array(launches(w, "ml.m5.xlarge", 7))
    assert drawn.min() >= 90
    assert drawn.max() <= 510
    # Half of them at most the measured median of 195 s: 256 draws, so within three standard errors of a half
    assert abs(float((drawn <= 195.0).mean()) - 0.5) < 3 * 0.5 / math.sqrt(256)
    assert launches(w, "ml.m5.large", 7) == tuple(drawn.tolist())
    assert launches(w, "ml.m5.xlarge", 8) != tuple(drawn.tolist())
    # 53 MB of image a second beyond the 2 GB that the measured ones had
    larger = np.array(launches(workload(model__image="7.3 GB"), "ml.m5.xlarge", 7))
    assert larger - drawn == pytest.approx(100.0, abs=1e-5)


def test_a_cached_image_makes_launches_of_accelerators_shorter_in_proportion() -> None:
    w = workload(model__size="213 MB")
    # 134 s and a second for the model against a median of 330 s
    drawn = np.array(launches(w, "ml.g4dn.xlarge", 7))
    assert drawn.min() >= 150 * 135 / 330 - 1e-5
    assert drawn.max() <= 480 * 135 / 330 + 1e-5


# Theory


def test_a_fixed_fleet_waits_as_erlang_says() -> None:
    # M/G/1 of a constant service: Pollaczek and Khinchine's rho / (2 (1 - rho)) services of wait
    w = workload(traffic={"rate": "15 per minute", "shape": "steady"})
    d = deployment()
    told = d.estimate(w)
    assert told["utilisation"] == 0.5
    assert told["mean_wait_s"] == pytest.approx(0.5 / (2 * 0.5) * 2.0)
    assert told["mean_latency_s"] == pytest.approx(1.0 + 2.0 + 1.0)
    waits = []
    for seed in range(8):
        found = d.simulate(w, d.trace(w, seed=seed, horizon=Horizon(period_s=1.0, warmup_s=3600.0, window_s=200_000.0)))
        waits.append(found.ledger.mean_s)
    error = float(np.std(waits, ddof=1)) / math.sqrt(8)
    assert abs(float(np.mean(waits)) - told["mean_latency_s"]) < 3.5 * error
    assert deployment(max_instances=2).estimate(w) == {}
    assert d.estimate(workload(traffic={"rate": "31 per minute", "shape": "steady"})) == {"utilisation": 1.0}


# Instances that calls share


CURVE = {"work.0": {"on": "ml.m5.xlarge", "at": {1: "125 ms", 4: "250 ms", 8: "500 ms"}}}
BATCHES = {"work.0.batching": {"max": 8, "wait": "500 ms", "marginal": "25 %"}, "work.0.workers": 2}


@pytest.mark.parametrize(
    ("changed", "calls", "at_once", "seconds"),
    [
        (CURVE, 1, 8, [0.125]),
        (CURVE, 4, 8, [0.25] * 4),
        (CURVE, 4, 1, [0.125, 0.25, 0.375, 0.5]),
        (BATCHES, 1, 16, [2.5]),  # it waits for company, in vain
        (BATCHES, 8, 16, [5.5] * 8),  # 2 s x (1 + 0.25 x 7), at once
        (BATCHES, 16, 16, [5.5] * 16),  # a batch a worker
        (BATCHES, 2, 1, [2.5, 5.0]),  # no company is let in
    ],
)
def test_calls_that_share_an_instance_are_as_fast_as_their_number_lets_them_be(
    changed: dict[str, Any], calls: int, at_once: int, seconds: list[float]
) -> None:
    w = workload().with_(changed)
    found = run(w, deployment(concurrency_per_instance=at_once), of([0.0] * calls))
    assert found.columns is not None
    # The way to S3 and back takes a second.
    assert (found.columns.answered - found.columns.first_arrival - 1.0).tolist() == seconds
    assert deployment(concurrency_per_instance=at_once).estimate(w) == {}


@pytest.mark.parametrize(("pull", "where"), [("fewest", [0, 1, 0, 1]), ("lowest", [0, 0, 0, 0])])
def test_the_queue_hands_calls_to_whom_the_assumption_says(pull: str, where: list[int]) -> None:
    w = workload().with_({**CURVE, "platform.async_pull": pull})
    found = run(w, deployment(concurrency_per_instance=4, min_instances=2, max_instances=2), of([0.0] * 4))
    assert found.columns is not None
    assert found.columns.instance.tolist() == where


@pytest.mark.parametrize("changed", [{}, CURVE, BATCHES])
def test_an_endpoint_that_nothing_wakes_lets_its_calls_expire_and_the_run_ends(changed: dict[str, Any]) -> None:
    w = workload().with_(changed)
    d = deployment(min_instances=0, max_instances=1, target_backlog=5.0, wake_step=False, ttl_s=900.0)
    # After two hours of sleep three calls come, too few for the backlog's alarm, then none ever again.
    found = run(w, d, of([0.0, 7200.0, 7200.0, 7201.0]))
    assert found.columns is not None
    assert found.columns.status.tolist() == [SERVED, EXPIRED, EXPIRED, EXPIRED]
    assert found.ledger.pending == 0
    # The last one enters at 7201.5 s and is too old after 8101.5 s; the end is looked for every minute from 7202 s on.
    assert found.stop_s == 8102.0


# Full instances


def test_a_load_curve_is_read_where_the_instance_is_as_full_as_it_is_let_be() -> None:
    w = workload().with_({"work.0": {"on": "ml.m5.xlarge", "at": {1: "100 ms", 4: "220 ms", 8: "400 ms"}}})
    on = w.work_on("ml.m5.xlarge")
    assert busy_place(on, 1) == (1, 0.1)
    assert busy_place(on, 4) == (4, 0.22)
    assert busy_place(on, 6) == (6, pytest.approx(0.31))
    assert busy_place(on, 50) == (8, 0.4)


def test_batches_are_counted_full() -> None:
    w = workload().with_({"work.0.batching": {"max": 8, "wait": "5 ms", "marginal": "25 %"}, "work.0.workers": 2})
    on = w.work_on("ml.m5.xlarge")
    assert busy_place(on, 1) == (1, 2.0)
    # Two workers with eight each: 2 s x (1 + 0.25 x 7)
    assert busy_place(on, 100) == (16, 5.5)


# The caller


def test_the_caller_retries_as_its_library_does() -> None:
    def attempts(mode: str) -> int:
        return client_of(workload(platform={"client_retries": mode}), payload_max=1.0, overhead_s=0.0).attempts

    assert [attempts(mode) for mode in ("none", "standard", "legacy")] == [1, 3, 5]
    assert client_of(workload(), payload_max=1.0, overhead_s=0.0).growth == 2
    assert client_of(workload(platform={"client_backoff_growth": "3x"}), payload_max=1.0, overhead_s=0.0).growth == 3


# Bill


def test_constant_traffic_is_billed_as_by_hand() -> None:
    w, d = workload(), deployment(min_instances=2, max_instances=2, volume_gb=50)
    used = d.usage(w, run(w, d, d.trace(w, seed=1, horizon=HOUR)))
    assert used.window_s == 3600
    assert used.meters[0].component == "AsyncInf"
    assert granules(used.meters) == {
        "ml.m5.xlarge": 2 * 3600,
        "gp2 volume": 2 * 50 * 3600,
        # 360 requests: an input and an answer are written, and both are read.
        "PUT": 720,
        "GET": 720,
        # 1 MB and 0.5 MB of each are kept for seven days.
        "GB-Mo": 360 * 1_500_000 * 7 * 86_400,
    }
    book = price_book()
    hour = book.rate("us-east-1", "AsyncInf", "ml.m5.xlarge").usd
    priced = bill(used, book, "us-east-1")
    # A month is 730 times that hour; what is kept at any time is a week's worth of 540 MB an hour.
    by_hand = (
        2 * 730 * hour
        + 2 * 50 * Decimal("0.14")
        + Decimal(720 * 730) / 1000 * (Decimal("0.005") + Decimal("0.0004"))
        + Decimal("0.54") * 7 * 24 * Decimal("0.023")
    )
    assert abs(priced.usd - by_hand) < Decimal("1e-9")


def test_bodies_in_the_call_itself_take_no_write_no_read_and_no_room() -> None:
    w = workload(payload__request="100 KB", payload__request_max="100 KB")
    d = deployment(inline=True)
    used = granules(d.usage(w, run(w, d, d.trace(w, seed=1, horizon=HOUR))).meters)
    assert (used["PUT"], used["GET"]) == (360, 360)
    assert used["GB-Mo"] == 360 * 500_000 * 7 * 86_400


def test_assumed_requests_of_s3_and_billed_data_are_counted() -> None:
    w = workload(platform={"async_puts_per_request": 3, "async_gets_per_request": 1, "async_data_billed": "yes"})
    d = deployment()
    used = granules(d.usage(w, run(w, d, d.trace(w, seed=1, horizon=HOUR))).meters)
    assert (used["PUT"], used["GET"]) == (3 * 360, 360)
    assert (used["Hosting:IN"], used["Hosting:OUT"]) == (360_000_000, 180_000_000)


def test_a_sleeping_endpoint_is_not_billed() -> None:
    w = workload(traffic__rate="1 per hour")
    d = deployment(min_instances=0, max_instances=1)
    found = run(w, d, d.trace(w, seed=1, horizon=HOUR))
    number = next(n for n, unit in enumerate(found.timeline.units) if unit.launch >= 3600)
    unit = found.timeline.units[number]
    # Asked at 3600.5: datapoints at 3660 and 3720, visible at 3780; billed from launch to the end of the sleep's wait.
    assert unit.launch == 3780.0
    assert found.granules["instance_s"] == math.ceil(unit.end - 3780.0)
    in_service = workload(traffic__rate="1 per hour", platform={"billing_start": "in-service"})
    later = run(in_service, d, d.trace(in_service, seed=1, horizon=HOUR))
    assert later.granules["instance_s"] == math.ceil(unit.end - unit.ready)
