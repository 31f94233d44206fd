"""Batch transform jobs against hand arithmetic: instants, bill, and what is said of jobs that do not keep up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.errors import BugError
from advisor.sim.arrivals import Points
from advisor.sim.batch import simulate_jobs
from advisor.sim.batch_lots import Lots, due_every, lots_of
from advisor.sim.batch_record import BatchRun
from advisor.sim.deployments import Client, JobSpec
from advisor.sim.kernels.layout import L_TOTAL, L_TOTAL_CLOSED
from advisor.sim.laws import broken
from advisor.sim.station import Window
from advisor.sim.trace import Trace
from advisor.units import DAY_S, HOUR_S
from advisor.workload.read import reads

SPEC = JobSpec(
    mean_s=0.5, workers=4, due_s=(0.0,), files=10, instances=2, max_transforms=4, strategy="single",
    provision_s=(100.0,), setup_s=20.0, upload_s=5.0,
)  # fmt: skip


def lot(count: int, *, at: float = 0.0, **columns: float) -> Trace:
    """Records alike, all there at one instant."""
    return Trace.from_columns(
        np.full(count, at), **{name: np.full(count, float(value)) for name, value in columns.items()}
    )


def even(rate_per_s: float, **more: float) -> Trace:
    """A record every so often, the first at 0."""
    return Trace([Points(name="even", rate_per_s=rate_per_s, even=True)], **more)


def run(
    trace: Trace, spec: JobSpec = SPEC, *, stop: float | None = None, to: float = math.inf, **more: object
) -> BatchRun:
    window = Window(from_s=0.0, to_s=to, stop_s=stop)
    found = simulate_jobs(trace, spec, window=window, columns="columns" in more or to == math.inf, **more)
    assert broken(found) == []
    ended = sum(job.records for job in found.jobs if not math.isnan(job.end))
    assert ended == found.ledger.count(L_TOTAL_CLOSED) <= found.ledger.count(L_TOTAL)
    for job in found.jobs:
        assert job.served + job.failed + job.refused == job.objects
    return found


def instants(found: BatchRun) -> list[tuple[float, float, float, float]]:
    return [(job.launch, job.ready, job.draining, job.end) for job in found.jobs]


# One job by hand


def test_a_whole_job_takes_records_times_mean_over_workers_beside_its_start_and_end() -> None:
    found = run(lot(1000))
    # 1000 records x 0.5 s / (2 instances x 4 workers) = 62.5 s, from 120 s on; five seconds of upload
    assert instants(found) == [(0, 120, 182.5, 187.5)]
    assert found.granules["instance_s"] == 2 * 88  # 187.5 - 100, rounded up, on each of two instances
    assert found.ledger.mean_s == 187.5
    assert found.busy_s == 1000 * 0.5
    assert found.held_s == 2 * 4 * 67.5
    assert found.granules["calls"] == 1000
    assert (found.granules["objects_in"], found.granules["objects_out"]) == (10, 10)


@pytest.mark.parametrize("instances", [1, 2, 5, 10])
@pytest.mark.parametrize("workers", [1, 2, 4, 20])
def test_work_divides_among_instances_and_workers_where_it_comes_out_even(instances: int, workers: int) -> None:
    found = run(lot(2000), replace(SPEC, instances=instances, workers=workers, max_transforms=workers))
    # Objects of 200 records, 200 / workers rounds each; 10 / instances objects an instance.
    assert found.jobs[0].work_s == 2000 * 0.5 / (instances * workers)


def test_three_objects_on_two_instances_take_as_long_as_two() -> None:
    found = run(lot(30), replace(SPEC, files=3, workers=1))
    assert found.jobs[0].work_s == 2 * 10 * 0.5


def test_four_objects_on_seven_instances_leave_three_idle_and_billed() -> None:
    found = run(lot(40), replace(SPEC, files=4, instances=7))
    # Ten records on four slots are three rounds: 1.5 s.
    assert found.jobs[0].work_s == 1.5
    assert found.granules["instance_s"] == 7 * math.ceil(20 + 1.5 + 5)


def test_the_smaller_of_workers_and_concurrent_transforms_bounds_an_instance() -> None:
    assert run(lot(80), replace(SPEC, workers=8, max_transforms=2)).jobs[0].work_s == 5 * 4 * 0.5
    assert run(lot(80), replace(SPEC, workers=2, max_transforms=8)).jobs[0].work_s == 5 * 4 * 0.5


def test_mini_batches_hold_what_fits_the_payload_and_take_the_sum_of_their_work() -> None:
    # 100 records of 300 bytes: 33 calls of three records (1000 bytes hold no more), and one of a single record.
    spec = replace(SPEC, strategy="multi", max_payload_bytes=1000, workers=1, instances=1, files=1)
    found = run(lot(100, bytes_in=300.0), spec)
    assert found.granules["calls"] == 34
    assert found.jobs[0].work_s == 100 * 0.5
    assert found.granules["bytes_in"] == 30_000
    assert run(lot(100, bytes_in=300.0), spec, call_cost_s=0.125).jobs[0].work_s == 100 * 0.5 + 34 * 0.125


def test_a_model_that_batches_takes_its_marginal_share_for_each_further_record() -> None:
    spec = replace(SPEC, strategy="multi", max_payload_bytes=1000, workers=1, instances=1, files=1, marginal=0.25)
    # Eleven calls of 9 records: 0.5 x (1 + 0.25 x 8) = 1.5 s each; the last record alone 0.5 s.
    assert run(lot(100, bytes_in=110.0), spec).jobs[0].work_s == 11 * 1.5 + 0.5


def test_an_object_that_is_not_split_is_one_call() -> None:
    spec = replace(SPEC, strategy="whole", max_payload_bytes=1000)
    found = run(lot(100, bytes_in=100.0), spec)
    assert found.granules["calls"] == 10
    assert found.jobs[0].work_s == 5 * 10 * 0.5  # one worker of four has something to do
    refused = run(lot(100, bytes_in=101.0), spec)
    assert refused.ledger.statuses["refused"] == 100
    assert instants(refused) == [(0, 120, 120, 125)]
    assert (refused.granules["calls"], refused.granules["objects_out"], refused.granules["bytes_out"]) == (0, 0, 0)
    assert refused.granules["instance_s"] == 2 * 25


def test_a_call_that_is_always_late_is_tried_four_times_and_takes_its_object_with_it() -> None:
    works = np.ones(40)
    works[20] = 100.0
    trace = Trace.from_columns(np.zeros(40), work=works, bytes_out=np.full(40, 7.0))
    found = run(trace, replace(SPEC, files=4, workers=1, timeout_s=6.0))
    # Instance 0 has objects 0 and 2: ten records, then 6 s x 4 attempts of the first record of the other.
    assert found.jobs[0].work_s == 10 * 0.5 + 4 * 6.0
    assert found.ledger.statuses["failed"] == 10
    assert found.granules["calls"] == 30 + 4
    assert (found.jobs[0].served, found.jobs[0].failed) == (3, 1)
    assert found.granules["bytes_out"] == 30 * 7
    assert found.busy_s == 30 * 0.5 + 24.0


def test_a_share_of_calls_fails_and_each_is_tried_again_at_once() -> None:
    # A fifth of the records fail twice and then go through.
    fails = np.full((5, 100), 0.9)
    fails[:2, ::5] = 0.0
    trace = Trace.from_columns(np.zeros(100), fail=fails)
    spec = replace(SPEC, files=1, instances=1, workers=1)
    found = run(trace, spec, client=Client(fail_share=0.5))
    assert found.jobs[0].work_s == (80 + 20 * 3) * 0.5
    assert found.ledger.statuses["served"] == 100
    assert run(trace, replace(spec, retries=1), client=Client(fail_share=0.5)).ledger.statuses["failed"] == 100


def test_a_call_that_is_cut_off_by_the_failure_of_its_object_is_busy_until_its_own_end() -> None:
    # Slot 0 tries for 2 s each, slot 1 for 1 s; slot 1 fails for the third and last time at 3, slot 0 ends at 4.
    trace = Trace.from_columns(np.zeros(3), work=np.array([4.0, 2.0, 1.0]), fail=np.zeros((5, 3)))
    spec = replace(SPEC, files=1, max_transforms=2, retries=2)
    found = run(trace, spec, client=Client(fail_share=0.5))
    assert found.jobs[0].work_s == 4.0
    assert found.busy_s == 2 * 2.0 + 3 * 1.0
    assert found.granules["calls"] == 5
    assert found.columns is not None
    assert found.columns.attempts.tolist() == [2, 3, 0]


def test_the_mean_wait_is_from_arrival_to_the_start_of_a_records_own_call() -> None:
    found = run(lot(4, at=50.0), replace(SPEC, due_s=(60.0,), files=1, workers=1))
    # Starts at 180, 180.5, 181, 181.5; all have come at 50.
    assert found.ledger.mean_wait_s == 130.75


# Bills


def test_provisioning_is_billed_where_that_is_the_reading() -> None:
    assert run(lot(1000), bill_provisioning=True).granules["instance_s"] == 2 * 188


@pytest.mark.parametrize(("upload_s", "seconds"), [(4.5, 87), (4.5 + 2**-20, 88), (5.5, 88)])
def test_each_instance_of_each_job_is_billed_in_whole_seconds_rounded_up(upload_s: float, seconds: int) -> None:
    assert run(lot(1000), replace(SPEC, upload_s=upload_s)).granules["instance_s"] == 2 * seconds


def test_a_month_of_daily_lots_bills_thirty_times_one_job() -> None:
    month = 30 * DAY_S
    due = due_every(DAY_S, month)
    found = run(Lots(even(1.0), 1000, due), replace(SPEC, due_s=due), to=month)
    assert len(found.jobs) == 30  # the lot of the instant at which the window ends is not in it
    assert found.granules["instance_s"] == 30 * 2 * 88
    assert found.granules["objects_in"] == 30 * 10
    assert found.ledger.statuses["served"] == 30_000
    assert found.ledger.mean_s == 187.5
    assert found.says == ""
    assert (found.missed(187.5), found.missed(187.4)) == (0, 30)


def test_start_lengths_go_by_the_number_of_the_job() -> None:
    due = due_every(HOUR_S, 3 * HOUR_S)
    found = run(Lots(even(1.0), 1000, due), replace(SPEC, due_s=due, provision_s=(100.0, 160.0)), to=4 * HOUR_S)
    assert [job.lasts_s for job in found.jobs] == [187.5, 247.5, 187.5, 247.5]
    assert found.granules["instance_s"] == 4 * 2 * 88  # what is not billed may take as long as it likes


# A schedule


def test_a_stream_is_gathered_until_the_next_job_and_answered_at_its_end() -> None:
    found = run(even(1.0), replace(SPEC, due_s=due_every(600.0, 3600.0, first_s=600.0)), to=1800.0)
    # Records 0 .. 600 in the first job (with that of its very instant), 600 in each of the next two; 1800 is outside.
    assert [job.records for job in found.jobs] == [601, 600, 600]
    # Objects of 60 records on four workers: 15 rounds of 0.5 s, five objects on each instance; 61 take 16 rounds.
    assert [job.end - job.ready for job in found.jobs] == [5 * 7.5 + 0.5 + 5, 5 * 7.5 + 5, 5 * 7.5 + 5]
    first, others = 600 + 163.0, 600 + 162.5
    answered = [first] * 601 + [600 + others] * 600 + [1200 + others] * 599
    assert found.ledger.arrived == found.ledger.served == 1800
    assert found.ledger.mean_s == pytest.approx(np.mean(np.array(answered) - np.arange(1800)), rel=1e-12)


def test_a_late_job_delays_the_next_and_the_delay_stays_bounded_where_work_keeps_up() -> None:
    # 10 records a second, 0.09 s each on one worker: nine tenths of the time is work; 120 s of start, 5 s of end.
    spec = replace(SPEC, mean_s=0.09, workers=1, instances=1, due_s=due_every(60.0, 2 * DAY_S, first_s=60.0))
    found = run(even(10.0), spec, to=DAY_S)
    # A job that takes what came during the one before lasts L = 125 + 0.9 L, so 1250 s.
    lasts = [job.lasts_s for job in found.jobs]
    assert lasts[-2] == pytest.approx(1250.0, rel=2e-3)
    assert max(lasts) < 1251
    assert found.load == pytest.approx(0.9, rel=1e-3)
    assert not found.grows
    assert "does not grow without end" in found.says
    assert f"{len(found.jobs) - 1} of {len(found.jobs)} jobs begin late" in found.says


def test_jobs_that_fall_behind_without_end_are_said_so_in_words() -> None:
    spec = replace(SPEC, mean_s=0.12, workers=1, instances=1, due_s=due_every(60.0, 2 * DAY_S, first_s=60.0))
    found = run(even(10.0), spec, to=DAY_S)
    assert found.load == pytest.approx(1.2, rel=1e-3)
    assert found.grows
    assert not found.given_up
    assert found.says.startswith(
        "jobs fall behind without end: records come 1.20 times as fast as a job works them off"
    )
    lasts = [job.lasts_s for job in found.jobs]
    assert lasts == sorted(lasts)


@pytest.mark.parametrize(("days", "grows"), [(0.9, False), (1.3, True)])
def test_daily_lots_that_take_longer_than_a_day_grow_and_shorter_ones_do_not(days: float, grows: bool) -> None:
    due = due_every(DAY_S, 40 * DAY_S)
    # A job is 0.15 days of start and a thousand records on one worker.
    spec = replace(
        SPEC, mean_s=days * DAY_S / 1000, workers=1, instances=1, due_s=due, setup_s=0.15 * DAY_S, timeout_s=HOUR_S
    )
    found = run(Lots(even(1.0), 1000, due), spec, to=30 * DAY_S)
    assert found.load == pytest.approx(days, rel=0.01)
    assert found.grows == grows
    assert found.late
    assert (found.missed(DAY_S) > 0) == (days > 0.85)


def test_a_run_that_has_fallen_behind_by_its_whole_length_is_given_up_and_its_records_are_pending() -> None:
    spec = replace(SPEC, mean_s=0.5, workers=1, instances=1, due_s=due_every(60.0, 40 * DAY_S, first_s=60.0))
    found = run(even(10.0), spec, to=DAY_S)
    assert found.given_up
    assert found.grows
    assert found.ledger.arrived == 864_000
    assert found.ledger.pending == 864_000 - found.ledger.served > 0
    assert found.ledger.latency_s(1.0) == math.inf


def test_a_record_that_comes_with_the_job_is_taken_and_the_next_one_waits_for_the_next() -> None:
    trace = Trace.from_columns(np.array([50.0, 50.0 + 2**-20]))
    found = run(trace, replace(SPEC, due_s=(50.0, 500.0)))
    assert [(job.launch, job.records) for job in found.jobs] == [(50, 1), (500, 1)]


def test_without_records_there_is_no_job_and_no_bill() -> None:
    found = run(lot(0), replace(SPEC, due_s=due_every(60.0, 600.0)))
    assert found.jobs == ()
    assert found.granules["instance_s"] == 0
    assert math.isnan(found.load)


def test_a_run_that_is_stopped_leaves_the_records_of_its_last_job_pending() -> None:
    found = run(lot(1000), stop=150.0)
    assert found.ledger.pending == 1000
    assert instants(found)[0][:2] == (0, 120)
    assert math.isnan(found.jobs[0].draining)
    assert found.granules["instance_s"] == 0
    assert found.busy_s == 30 * 8  # eight workers from 120 to 150
    assert found.held_s == 30 * 8


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"strategy": "most"}, "a strategy of 'most'"),
        ({"instances": 0}, "a job that cannot work"),
        ({"retries": 5}, "5 retries, a trace with draws for 5 attempts"),
        ({"due_s": (60.0, 0.0)}, "go back in time"),
    ],
)
def test_a_job_that_cannot_be_is_a_fault_of_ours(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(BugError, match=says):
        simulate_jobs(lot(1), replace(SPEC, **wrong))


def test_a_schedule_without_end_or_step_is_a_fault_of_ours() -> None:
    for every, until in ((0.0, 10.0), (10.0, math.inf)):
        with pytest.raises(BugError, match="jobs every"):
            due_every(every, until)
    with pytest.raises(BugError, match="back in time"):
        Lots(even(1.0), 1, (1.0, 0.0))
    with pytest.raises(BugError, match="no lots come"):
        lots_of(reads("name: a\ntraffic: {rate: 1 per second}"), (0.0,), seed=1)
