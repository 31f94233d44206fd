"""A stream that is answered by jobs against hand arithmetic: its jobs, their seconds, the bill, latencies."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from advisor.advice.simulating import simulate
from advisor.catalog.prices import price_book
from advisor.money import bill
from advisor.patterns import BatchTransform
from advisor.sim.batch_record import BatchRun
from advisor.sim.horizon import Horizon
from advisor.sim.laws import broken
from advisor.workload import Workload
from advisor.workload.read import reads

# A language model of 16 GB in an image of 12 GB. To a measured start of 270 s, of which 102 s are not billed, it adds
# the longer of (12 - 2) GB at 53 MB/s and (16 - 0.2) GB at 98 MB/s.
BEYOND_S = 10_000 / 53
WORK_S = 20.005
LASTS_S = 270 + BEYOND_S + WORK_S + 20
PROFILE = """
name: documents
region: us-east-1
model: {{size: 16 GB, memory: 20 GB, image: 12 GB, framework: vllm, accelerator: required}}
work: [{{on: ml.g5.2xlarge, mean: 20 s, cv: 0, workers: 4}}]
traffic: {{rate: {rate}, shape: regular}}
payload: {{request: 200 KB, request_max: 200 KB, response: 5 KB, response_max: 5 KB}}
objective: {{p95: 20 min}}
platform: {{batch_startup_cv: 0}}
"""
D = BatchTransform(instance_type="ml.g5.2xlarge", max_concurrent_transforms=4, strategy="SingleRecord", every_s=420.0)
# Seven times between two requests are 36 times between two jobs: then all begins anew.
ROUND_S = 7 * 2160.0


def run(w: Workload, rounds: int) -> BatchRun:
    window = Horizon(period_s=ROUND_S, warmup_s=ROUND_S, window_s=rounds * ROUND_S)
    found = D.simulate(w, D.trace(w, seed=1, horizon=window), columns=True)
    assert isinstance(found, BatchRun)
    assert broken(found) == []
    return found


def test_forty_documents_a_day_each_with_a_job_of_its_own() -> None:
    w = reads(PROFILE.format(rate="40 per day"))
    found = run(w, rounds=4)
    jobs = [job for job in found.jobs if ROUND_S <= job.launch < 5 * ROUND_S]
    assert len(jobs) == found.ledger.arrived == 4 * 7
    assert {job.records for job in jobs} == {1}
    assert all(job.lasts_s == pytest.approx(LASTS_S, abs=1e-5) for job in jobs)
    # A request comes every 2160 s, five times 420 s and 60 s: the next job is due 0, 360, 300, ... 60 s after it.
    columns = found.columns
    assert columns is not None
    inside = (columns.arrival >= ROUND_S) & (columns.arrival < 5 * ROUND_S)
    waits = np.sort((columns.answered - columns.arrival)[inside]) - LASTS_S
    assert waits == pytest.approx(np.repeat(np.arange(0.0, 361.0, 60.0), 4), abs=1e-4)
    assert found.ledger.mean_s == pytest.approx(180 + LASTS_S, abs=1e-4)
    # A job of 498.684 s is billed from 102 s after its begin, in whole seconds.
    used = D.usage(w, found)
    assert {meter.what: meter.granules for meter in used.meters} == {
        "ml.g5.2xlarge instances": 28 * 397,
        # Each request is written, and each answer.
        "S3 writes": 2 * 28,
        "S3 reads": 28,
        "S3 storage": 28 * 205_000 * 7 * 86_400,
        # 144 times a job is due, in 28 of them one starts, whose one page of inputs is removed.
        "S3 listings of what has come": 144 + 28,
        "steps of the machine that starts jobs": 4 * 144 + 5 * 28,
    }
    book = price_book()
    months = Decimal(730 * 3600) / Decimal(4 * 15_120)
    by_hand = (
        Decimal(28 * 397) / 3600 * book.rate("us-east-1", "BatchTransform", "ml.g5.2xlarge").usd
        + (56 + 172) * Decimal("0.000005")
        + 28 * Decimal("0.0000004")
        + 28 * Decimal("0.000205") * 7 * 86_400 / (730 * 3600) * Decimal("0.023")
        + 716 * Decimal("0.000025")
    )
    assert abs(bill(used, book, "us-east-1").usd - months * by_hand) < Decimal("1e-6")


def test_jobs_that_take_longer_than_the_time_between_them_follow_one_another() -> None:
    # A request every 400 s, a job of 499 s every 420 s: each begins as the one before ends, and takes what has come.
    w = reads(PROFILE.format(rate="9 per hour"))
    found = run(w, rounds=1)
    first = found.jobs[:7]
    ends = np.cumsum([LASTS_S] * 5 + [LASTS_S + WORK_S])
    assert [job.launch for job in first] == pytest.approx([0.0, *ends], abs=1e-4)
    # By 2493 s both that of 2000 s and that of 2400 s have come.
    assert [job.records for job in first] == [1, 1, 1, 1, 1, 2, 1]
    # Due at 0, 420, 840, ... , the first times after 0, 400, 800, 1200 and so on
    assert [job.due for job in first] == [0.0, 420.0, 840.0, 1260.0, 1680.0, 2100.0, 2940.0]
    assert "the delay does not grow without end" in found.says


def test_what_is_foreseen_of_seldom_requests_is_late_only_where_a_job_went_before() -> None:
    # A job of 499 s every four minutes, a request or two an hour: most jobs begin when they are due.
    w = reads(PROFILE.format(rate="40 per day").replace("shape: regular", "day: office, week: workweek"))
    d = D.with_({"every_s": 240.0})
    foreseen, found = d.foresee(w), simulate(w, d, seed=1, replications=3)
    assert found.latency_s["mean"].value == pytest.approx(foreseen.mean_s, rel=0.05)
    assert found.latency_s["p95"].value == pytest.approx(foreseen.latency_s(0.95), rel=0.05)
    usd = bill(d.foreseen_usage(w), price_book(), w.region).usd
    assert float(found.usd_per_month.value) == pytest.approx(float(usd), rel=0.05)
