"""Batch transform jobs of a workload against hand arithmetic: a lot, a stream that is gathered, the bill."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import BatchTransform
from advisor.patterns.batch.simulate import spec_of
from advisor.sim.batch_record import BatchRun
from advisor.sim.horizon import Horizon
from advisor.sim.laws import broken
from advisor.workload import Workload
from advisor.workload.read import reads

# A start of 270 s without spread, of which 102 s are not billed; 20 s at the end, nothing for a call beside its work.
PLATFORM = "platform: {batch_startup_cv: 0, batch_request_overhead: 0 s}"
LOT = f"""
name: tidy-lot
region: us-east-1
model: {{count: 1, size: 200 MB, memory: 500 MB, image: 2 GB, framework: xgboost, accelerator: none}}
work: [{{on: ml.m5.xlarge, mean: 500 ms, cv: 0, workers: 4}}]
payload: {{request: 1 KB, response: 100 B, response_max: 100 B}}
batch: {{records: 8000, record_size: 1 KB, files: 40, every: 1 day, deadline: 4 hours}}
{PLATFORM}
"""
STREAM = f"""
name: tidy-stream
region: us-east-1
model: {{count: 1, size: 200 MB, memory: 500 MB, image: 2 GB, framework: xgboost, accelerator: none}}
work: [{{on: ml.m5.xlarge, mean: 500 ms, cv: 0, workers: 4}}]
traffic: {{rate: 1 per second, shape: regular}}
payload: {{request: 1 KB, request_max: 1 KB, response: 100 B, response_max: 100 B}}
objective: {{p95: 6 hours}}
{PLATFORM}
"""


def changed(text: str, **values: Any) -> Workload:
    return reads(text).with_({path.replace("__", "."): value for path, value in values.items()})


def deployment(**settings: Any) -> BatchTransform:
    whole = {"instance_type": "ml.m5.xlarge", "instances": 2, "max_concurrent_transforms": 4, "split": "Line"}
    return BatchTransform(**{**whole, **settings})


def run(w: Workload, d: BatchTransform, *, days: int = 3, columns: bool = False) -> BatchRun:
    window = Horizon(period_s=86_400.0, warmup_s=86_400.0, window_s=days * 86_400.0)
    found = d.simulate(w, d.trace(w, seed=1, horizon=window), columns=columns)
    assert isinstance(found, BatchRun)
    assert broken(found) == []
    return found


# A lot


def test_every_record_of_a_lot_has_its_answer_at_the_end_of_its_job() -> None:
    # 20 objects of 200 records an instance, four of one record each side by side: 20 x 50 x 0.5 s
    d = deployment(strategy="SingleRecord")
    found = run(changed(LOT), d)
    assert found.ledger.statuses["served"] == found.ledger.arrived == 3 * 8000
    assert [job.work_s for job in found.jobs] == [500.0] * 4
    assert {job.lasts_s for job in found.jobs} == {270 + 500 + 20}
    assert found.ledger.mean_s == 790.0
    assert d.estimate(changed(LOT)) == {"job_s": 790.0, "mean_latency_s": 790.0}
    assert found.says == ""
    assert found.missed(790.0) == 0
    assert found.missed(789.0) == 3
    # The container's workers stand idle where fewer transforms are let run.
    alone = deployment(strategy="SingleRecord", max_concurrent_transforms=1)
    assert run(changed(LOT), alone).jobs[0].work_s == 20 * 200 * 0.5


def test_mini_batches_take_the_sum_of_their_records_and_what_a_call_costs() -> None:
    w = changed(LOT, platform={"batch_startup_cv": 0, "batch_request_overhead": "1 s"})
    # Objects of 200 KB fit one mini-batch each, so one place of four works: 20 x (200 x 0.5 s + 1 s).
    assert run(w, deployment()).jobs[0].work_s == 20 * 101.0
    # In mini-batches of at most 6 MB, 6000 records of 1 KB: 2 objects an instance, of 12000 records in two calls each
    large = changed(LOT, batch__records=48_000, batch__files=4)
    assert run(large, deployment(timeout_s=3600.0)).jobs[0].work_s == 2 * 6000 * 0.5


def test_an_object_that_is_not_split_is_one_call_and_refused_above_the_payload() -> None:
    d = deployment(split="None", max_payload_mb=1)
    # Objects of 200 KB, and of 2 MB
    assert run(changed(LOT), d).ledger.statuses["served"] == 24_000
    assert run(changed(LOT, batch__record_size="10 KB"), d).ledger.statuses["refused"] == 24_000
    # No size set: AWS sends the object in chunks.
    chunked = deployment(split="None", max_payload_mb=0)
    assert run(changed(LOT, batch__record_size="100 KB"), chunked).ledger.statuses["served"] == 24_000


def test_a_record_between_the_readings_of_the_payload_is_not_refused() -> None:
    w = changed(LOT, batch={"records": 40, "record_size": "1.04 MB", "files": 40, "every": "1 day"})
    d = deployment(strategy="SingleRecord", max_payload_mb=1)
    assert run(w, d).ledger.statuses["served"] == 3 * 40
    larger = w.with_({"batch.record_size": "1.05 MB"})
    assert run(larger, d).ledger.statuses["refused"] == 3 * 40


def test_a_mini_batch_past_its_time_out_fails_with_its_object() -> None:
    # A call of 200 records takes 100 s, and is tried four times.
    w, d = changed(LOT), deployment(timeout_s=99.0)
    found = run(w, d)
    # The objects were read, and nothing was written.
    used = {meter.meter: meter.granules for meter in d.usage(w, found).meters}
    assert (used["GET"], used["PUT"]) == (120, 0)
    assert found.ledger.statuses["failed"] == found.ledger.arrived
    assert found.jobs[0].work_s == 20 * 4 * 99.0


def test_a_model_that_batches_works_a_mini_batch_off_in_groups() -> None:
    w = changed(LOT, work__0__batching={"max": 8, "wait": "5 ms", "marginal": "25 %"})
    # Eight records take 0.5 s x (1 + 0.25 x 7) = 1.375 s; an object of 200 is 25 of those.
    assert run(w, deployment()).jobs[0].work_s == pytest.approx(20 * 25 * 1.375, abs=1e-3)
    few = changed(LOT, batch__records=160, batch__files=40, work__0__batching=w.work[0].batching)
    # Four records an object, in one call
    assert run(few, deployment()).jobs[0].work_s == pytest.approx(20 * 0.5 * (1 + 0.25 * 3), abs=1e-3)


def test_a_load_curve_is_read_at_the_transforms_that_run_at_once() -> None:
    w = reads(LOT).with_({"work.0": {"on": "ml.m5.xlarge", "at": {1: "500 ms", 4: "1 s"}, "cv": 0}})
    spec = spec_of(w, deployment(), deployment().trace(w, seed=1))
    assert (spec.workers, spec.mean_s) == (4, 1.0)
    alone = deployment(max_concurrent_transforms=1)
    assert run(w, alone).jobs[0].work_s == 20 * 200 * 0.5


def test_starts_spread_as_stated_and_are_the_same_for_every_deployment() -> None:
    w = changed(LOT, platform={})
    first, other = deployment(), deployment(instances=7)
    drawn = [spec_of(w, first, first.trace(w, seed=seed)).provision_s for seed in range(40)]
    assert len(set(drawn)) == 40
    # 270 s with a cv of 0.2, of 40 x 256 draws
    starts = np.array(drawn).ravel() + 168
    assert abs(starts.mean() - 270) < 3 * 54 / math.sqrt(starts.size)
    assert abs(starts.std() - 54) < 2
    assert spec_of(w, other, other.trace(w, seed=5)).provision_s == drawn[5]


def test_what_a_large_image_adds_to_a_start_is_waited_for_and_billed() -> None:
    # 10.6 GB more than the measured starts contain, at 53 MB a second: 200 s on every instance
    w, d = changed(LOT, model__image="12.6 GB"), deployment(strategy="SingleRecord")
    found = run(w, d)
    assert {job.lasts_s for job in found.jobs} == {270 + 200 + 500 + 20}
    assert found.granules["instance_s"] == 3 * 2 * (168 + 200 + 500 + 20)
    foreseen = d.foresee(w)
    assert foreseen.mean_s == 990
    # Without spread but for half a second, that a job's length is rounded up by
    assert foreseen.granules["instance_s"] == pytest.approx(730 / 24 * 2 * 888.5)
    assert d.estimate(w)["job_s"] == 990


def test_jobs_that_do_not_keep_up_say_so() -> None:
    # 32,000 s of work on one place, twice a day
    w = changed(LOT, batch__records=800_000, batch__every="12 hours")
    found = run(w, deployment(instances=1, strategy="SingleRecord", every_s=43_200.0))
    assert found.load > 1
    assert "fall behind" in found.says


def test_a_lot_too_large_for_the_budget_is_run_fewer_times_and_says_so() -> None:
    w = changed(LOT, batch__records=8_000_000, platform={"request_budget_search": "20 million"})
    trace = deployment().trace(w, seed=1)
    assert (trace.warmup_s, trace.horizon_s) == (86_400, 2 * 86_400)
    assert trace.notes == ("2 lots of 8,000,000 records are run, one every 24 h",)
    # A month of 730 hours holds 30 whole days.
    assert deployment().trace(reads(LOT), seed=1).horizon_s == 30 * 86_400


@pytest.mark.parametrize(("serial", "seconds"), [("yes", 10.0), ("no", 7.5)])
def test_objects_side_by_side_leave_no_worker_idle(serial: str, seconds: float) -> None:
    # Twenty objects an instance of three records each, half a second a record, four at a time: twenty rounds for
    # objects one after another, fifteen for sixty records.
    w = changed(LOT, batch__records=120).with_({"platform.batch_objects_serial": serial})
    found = run(w, deployment(strategy="SingleRecord"))
    assert {job.work_s for job in found.jobs} == {seconds}
    assert found.ledger.statuses["served"] == found.ledger.arrived == 3 * 120


def test_the_state_is_sampled_from_the_jobs() -> None:
    w, d = changed(LOT), deployment(strategy="SingleRecord")
    window = Horizon(period_s=86_400.0, warmup_s=86_400.0, window_s=86_400.0)
    samples = d.simulate(w, d.trace(w, seed=1, horizon=window), sample_s=100.0).timeline.samples
    assert len(samples) == 2 * 864 + 1
    state = {one.at: (one.in_service, one.launching, one.draining, one.waiting, one.in_process) for one in samples}
    # A job from 0 to 790 s, at work from 270 to 770 s on two instances
    assert (state[0], state[200]) == ((0, 2, 0, 0, 8000), (0, 2, 0, 0, 8000))
    assert (state[300], state[700]) == ((2, 0, 0, 0, 8000), (2, 0, 0, 0, 8000))
    assert (state[800], state[86_300]) == ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0))
    # The lot of the warm-up and that of the window
    assert samples[-1].attempts == 16_000
    seldom = deployment(strategy="SingleRecord", split="None", every_s=3600.0)
    stream = changed(STREAM)
    gathered = seldom.simulate(stream, seldom.trace(stream, seed=1, horizon=window), sample_s=600.0).timeline.samples
    # Just before the second job: what has come after the first at 3600 s
    assert {one.at: one.waiting for one in gathered}[6600.0] == 3000


# A stream


def test_what_a_stream_gathers_is_answered_at_the_end_of_the_next_job() -> None:
    w, d = changed(STREAM), deployment(strategy="SingleRecord", split="None", every_s=3600.0)
    found = run(w, d, days=1, columns=True)
    assert found.columns is not None
    assert found.ledger.statuses["served"] == found.ledger.arrived == 86_400
    # An object a request: 3600 by each job (the first also has the one at 0), 1800 an instance.
    job = found.jobs[5]
    assert (job.records, job.objects) == (3600, 3600)
    assert job.work_s == 1800 * 0.5
    # On average half an hour until the job (it takes those of (k - 1, k] hours), then the job itself
    assert found.ledger.mean_s == pytest.approx(3599 / 2 + 270 + 900 + 20)


def test_the_window_of_a_stream_holds_whole_times_between_jobs() -> None:
    w = changed(STREAM)
    trace = deployment(every_s=50_000.0).trace(w, seed=1)
    # A warm-up of a day takes two of them, a month 52.56
    assert (trace.warmup_s, trace.horizon_s) == (100_000, 52 * 50_000)


# Bill


@pytest.mark.parametrize("provision", [False, True])
def test_a_lot_is_billed_as_by_hand(provision: bool) -> None:
    w = reads(
        LOT.replace("batch_startup_cv: 0", f"batch_startup_cv: 0, batch_provision_billed: {str(provision).lower()}")
    )
    d = deployment(strategy="SingleRecord")
    used = d.usage(w, run(w, d))
    seconds = 790 if provision else 790 - 102
    assert used.window_s == 3 * 86_400
    assert used.meters[0].component == "BatchTransform"
    assert {meter.meter: meter.granules for meter in used.meters} == {
        "ml.m5.xlarge": 3 * 2 * seconds,
        "PUT": 3 * 40,
        "GET": 3 * 40,
        "GB-Mo": 3 * 8000 * 1100 * 7 * 86_400,
    }
    book = price_book()
    days = Decimal(730) / 24
    by_hand = days * (
        2 * Decimal(seconds) / 3600 * book.rate("us-east-1", "BatchTransform", "ml.m5.xlarge").usd
        + 40 * Decimal("0.0000054")
    ) + 7 * Decimal("0.0088") * Decimal("0.023")
    assert abs(bill(used, book, "us-east-1").usd - by_hand) < Decimal("1e-9")


def test_a_stream_pays_for_every_object() -> None:
    w, d = changed(STREAM), deployment(strategy="SingleRecord", split="None", every_s=3600.0)
    used = {meter.what: meter.granules for meter in d.usage(w, run(w, d, days=1)).meters}
    assert (used["S3 writes"], used["S3 reads"]) == (2 * 86_400, 86_400)
    assert used["ml.m5.xlarge instances"] == 24 * 2 * (168 + 900 + 20)
    # A look an hour, and what a job has taken in eight pages of at most 500 objects
    assert used["S3 listings of what has come"] == 24 * (1 + 8)
    assert used["steps of the machine that starts jobs"] == 24 * (4 + 1 + 4 * 8)
