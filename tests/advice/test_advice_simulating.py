"""One deployment simulated: intervals, bill and verdict agree with one another, and with what is asked."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest

from advisor.advice.simulating import every_request, simulate
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.patterns import BatchTransform, RealTime, Serverless
from advisor.workload import Workload, reads

PROFILE = """
name: small
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}, {on: ml.m5.large, mean: 150 ms, workers: 2}]
traffic: {rate: 2 per minute}
objective: {p95: 12 s, errors: 1 %}
"""
SERVERLESS = Serverless(memory_mib=2048, max_concurrency=5)


@pytest.fixture(scope="module")
def workload() -> Workload:
    return reads(PROFILE)


def test_the_lines_of_the_bill_sum_to_the_cost_and_the_interval_holds_it(workload) -> None:
    outcome = simulate(workload, SERVERLESS, seed=1)
    cost = outcome.usd_per_month
    assert sum((line.usd for line in outcome.bill.lines), Decimal(0)) == cost.value
    assert cost.low is not None
    assert cost.high is not None
    assert cost.low <= cost.value <= cost.high
    # 2 a minute over 730 hours are 87,600 requests; the cost of a million follows.
    assert outcome.usd_per_million_requests == pytest.approx(cost.value * 1_000_000 / 87_600, rel=Decimal("1e-4"))


def test_a_fixed_fleet_costs_what_its_hours_cost_whatever_the_traffic(workload) -> None:
    outcome = simulate(workload, RealTime(instance_type="ml.m5.large"), seed=1, replications=2)
    [hours] = [line for line in outcome.bill.lines if line.sku.endswith("Hosting/ml.m5.large")]
    assert hours.quantity == 730
    assert outcome.cold_start_share == 0


def test_the_same_seed_gives_the_same_answer_on_one_thread_and_on_two(workload) -> None:
    one, two, other = (
        json.dumps(simulate(workload, SERVERLESS, seed=seed, threads=threads).to_json(timeline=True), default=str)
        for seed, threads in ((1, 1), (1, 2), (2, 2))
    )
    assert one == two != other


def test_statuses_add_up_and_percentiles_rise(workload) -> None:
    outcome = simulate(workload, SERVERLESS, seed=1, replications=3)
    assert sum(outcome.statuses.values()) == outcome.requests
    values = [outcome.latency_s[name].value for name in ("p50", "p90", "p95", "p99")]
    assert values == sorted(values)
    assert outcome.replications == 3
    assert 0 < outcome.cold_start_share < 1


def test_one_replication_says_nothing_about_its_spread(workload) -> None:
    outcome = simulate(workload, SERVERLESS, replications=1)
    assert math.isnan(outcome.latency_s["p99"].low)
    assert outcome.usd_per_month.low is None
    assert not outcome.precise


def test_what_misses_the_objective_says_which_part_of_it(workload) -> None:
    strict = workload.with_({"objective.p95": "1 ms", "objective.cold_starts": "avoid"})
    outcome = simulate(strict, SERVERLESS, replications=2)
    assert not outcome.meets_objective
    assert "later than 1 ms" in outcome.misses[0]
    assert "cold start" in outcome.misses[-1]
    assert simulate(workload, SERVERLESS, replications=2).meets_objective


def test_requests_that_are_not_served_count_as_infinitely_late() -> None:
    # Half a request a second of 10 s each on one container, without retries: most are throttled.
    w = reads(
        PROFILE.replace("300 ms", "10 s").replace("2 per minute", "30 per minute")
        + "platform: {client_retries: none}\n"
    )
    outcome = simulate(w, Serverless(memory_mib=2048, max_concurrency=1), replications=2)
    assert outcome.error_share.value > 0.5
    assert math.isinf(outcome.latency_s["p99"].value)
    assert math.isfinite(outcome.served_latency_s["p99"])
    assert "infinite" in str(outcome)


def test_every_assumption_of_the_pattern_is_listed_as_it_held(workload) -> None:
    told = workload.with_({"platform.serverless_keep_alive": "5 min"})
    held = {one.key: one for one in simulate(told, SERVERLESS, replications=1).assumptions}
    assert held["serverless_keep_alive"].value == "5 min"
    assert held["serverless_keep_alive"].overridden
    assert held["payload_request"].paths == ("payload.request",)
    assert "container_queue" not in held


def test_a_workload_without_a_stream_is_refused_in_words() -> None:
    w = reads("name: lot\nbatch: {records: 1000}\n")
    with pytest.raises(InputError, match="no stream"):
        simulate(w, SERVERLESS)


def test_every_request_of_a_short_run_has_its_row_and_too_many_are_refused(workload) -> None:
    run = every_request(workload, SERVERLESS, seed=1)
    assert run.columns is not None
    low, high = run.window_s
    inside = (run.columns.first_arrival >= low) & (run.columns.first_arrival < high)
    assert int(inside.sum()) == run.ledger.arrived
    with pytest.raises(InputError, match="at most"):
        every_request(workload.scaled(rate=10_000), SERVERLESS)


def test_the_progress_is_told_after_every_replication(workload) -> None:
    told: list[int] = []
    simulate(workload, SERVERLESS, replications=3, progress=told.append)
    assert told == [1, 2, 3]


def test_tables_fit_a_hundred_columns_and_notebooks_get_html(workload) -> None:
    outcome = simulate(workload, SERVERLESS, replications=2)
    assert all(len(line) <= 100 for line in f"{outcome}\n{outcome.drawn()}".splitlines())
    assert outcome._repr_html_().startswith("<table>")


def test_without_a_timeline_the_answer_is_the_same_but_for_its_samples(workload) -> None:
    sampled, bare = (
        simulate(workload, SERVERLESS, replications=2, budget=20_000, timeline=timeline) for timeline in (True, False)
    )
    assert sampled.samples
    assert not bare.samples
    assert sampled.bill == bare.bill
    assert sampled.statuses == bare.statuses
    assert sampled.within == bare.within
    # Sums are taken up to each sample, so that they may differ in their last bit.
    means = [one.latency_s["mean"].value for one in (sampled, bare)]
    assert means[0] == pytest.approx(means[1], rel=1e-12)


def test_three_replications_of_what_is_paid_by_use_are_corrected_by_the_arrivals() -> None:
    # Bursts move the requests of a replication by a tenth; what a request costs they do not move.
    w = reads(
        """
name: by-use
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 250 ms, cv: 0}]
traffic: {rate: 3 per second, bursts: {peak: 8x, cv: 2, length: 30 min}}
payload: {request: 0 B, response: 0 B}
objective: {p95: 12 s, errors: 5 %}
platform: {serverless_cold_billed: no}
"""
    )
    outcome = simulate(w, Serverless(memory_mib=2048, max_concurrency=100), seed=2, replications=3, budget=300_000)
    rate = price_book().rate("us-east-1", "ServerlessInf", "Mem-2GB").usd
    # 250 ms of each of 3 x 3,600 x 730 requests, cold starts not billed.
    by_hand = float(rate) * 0.25 * 3 * 3600 * 730
    assert float(outcome.usd_per_month.value) == pytest.approx(by_hand, rel=1e-3)
    assert outcome.usd_per_month.high - outcome.usd_per_month.low < 0.01 * by_hand
    assert abs(outcome.requests / (3 * outcome.horizon_h * 3600 * 3) - 1) > 0.005


def test_what_a_schedule_of_jobs_does_is_told_with_the_figures() -> None:
    # A job of a lot takes 4.5 minutes, 3000 s of work and 20 s, and the next lot comes half an hour later.
    lot = reads(
        "name: lot\nwork: [{on: ml.m5.large, mean: 1 s, cv: 0, workers: 1}]\n"
        "batch: {records: 3000, record_size: 1 KB, files: 1, every: 30 min}\n"
    )
    job = BatchTransform(instance_type="ml.m5.large", every_s=1800.0, split="Line", strategy="SingleRecord")
    notes = simulate(lot, job, seed=1, replications=1).notes
    assert any("fall behind without end" in note for note in notes)
    assert any("for a lot waits for no job" in note for note in notes)
    assert not any("starts no job" in note for note in notes)
    stream = reads(PROFILE.replace("p95: 12 s", "p95: 1 hour"))
    notes = simulate(stream, BatchTransform(instance_type="ml.m5.large", every_s=1800.0), seed=1, replications=1).notes
    assert any("starts no job, and is billed none" in note for note in notes)
    assert not any("for a lot" in note for note in notes)
