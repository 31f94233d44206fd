"""Asynchronous and multi-model fleets by the clock, and faults that befall them: hand arithmetic."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from advisor.patterns import Asynchronous, MultiModel, Pattern
from advisor.sim.faults import faults_of
from advisor.sim.horizon import horizon_of, spike_horizon_of
from advisor.sim.laws import insist
from advisor.sim.run_record import Run
from advisor.sim.trace import Trace
from advisor.workload import Workload, reads

PROFILE = """
name: plain
region: us-east-1
model: {size: 200 MB, memory: 500 MB, image: 2 GB}
work: [{on: ml.m5.xlarge, mean: 2 s, workers: 1}]
traffic: {rate: 1 per minute}
"""
HOUR, DAY = 3600, 86_400
ASLEEP = Asynchronous(instance_type="ml.m5.xlarge", schedule="01:00-06:00=0")
SHARED = MultiModel(instance_type="ml.m5.xlarge", min_instances=2, max_instances=3, schedule="08:00-18:00=3")


def even(days: int = 1, every_s: float = 600.0) -> Trace:
    """A request every ten minutes from a day of warm-up on, none of them on the hour."""
    arrival = np.arange(7, (1 + days) * DAY, every_s)
    alike = np.ones_like(arrival)
    return Trace.from_columns(
        arrival, warmup_s=DAY, horizon_s=days * DAY, work=alike, bytes_in=alike, bytes_out=alike,
        model=np.zeros(arrival.size, np.int32), load=np.ones((5, arrival.size)),
    )  # fmt: skip


def asleep(w: Workload, d: Asynchronous, trace: Trace) -> Run:
    run = insist(d.simulate(w, trace, columns=True))
    assert run.ledger.served == run.ledger.arrived
    return run


def test_an_asynchronous_fleet_without_policy_sleeps_by_the_clock_and_nothing_is_lost() -> None:
    w = reads(PROFILE)
    run = asleep(w, ASLEEP, even(days=2))
    # All but five hours of each day, from launch on.
    assert run.granules["instance_s"] == 2 * 19 * HOUR
    columns = run.columns
    assert columns is not None
    # What comes at night waits for six o'clock and the launch.
    launched = next(unit.ready for unit in run.timeline.units if unit.ready > DAY)
    assert launched > DAY + 6 * HOUR
    night = (columns.first_arrival > DAY + HOUR) & (columns.first_arrival < DAY + 6 * HOUR)
    assert night.sum() == 5 * 6
    assert columns.start[night].min() == launched
    assert np.all(np.diff(columns.start[night]) == 2.0)


def test_an_asynchronous_fleet_that_scales_is_woken_at_night_and_stands_by_day() -> None:
    w = reads(PROFILE)
    d = Asynchronous(
        instance_type="ml.m5.xlarge", min_instances=1, max_instances=2, schedule="22:00-06:00=0", target_backlog=5
    )
    run = asleep(w, d, even(every_s=2 * HOUR))
    # At night each request wakes it: two datapoints of a minute, a minute's lag, at the third whole minute then.
    for hour in (2, 4):
        woken = next(unit.launch for unit in run.timeline.units if unit.launch > DAY + hour * HOUR)
        assert woken == DAY + hour * HOUR + 180
    assert 16 * HOUR < run.granules["instance_s"] < DAY
    day = [n for at, n in run.timeline.in_service() if DAY + 6.5 * HOUR < at < DAY + 22 * HOUR]
    assert set(day) <= {1}


def test_a_multi_model_fleet_goes_by_the_clock() -> None:
    w = reads(PROFILE)
    run = insist(SHARED.simulate(w, even()))
    assert run.granules["instance_s"] == 2 * DAY + 10 * HOUR
    assert not SHARED.estimate(w)


@pytest.mark.parametrize("d", [ASLEEP, SHARED], ids=lambda d: d.name)
def test_faults_reach_each_kind_of_fleet(d: Pattern) -> None:
    w = reads(PROFILE)
    trace = even(days=2)
    trace.faults = faults_of(["instance-loss=6 per day", "zone-loss=day 2 12:00", "slow-launches=1.5x"])
    run = insist(d.simulate(w, trace))
    lost = [unit for unit in run.timeline.units if unit.end == unit.end and unit.draining != unit.draining]
    assert len(lost) >= 4
    assert sum(change.what == "replace" for change in run.timeline.changes) >= 4


def test_a_run_cut_short_still_holds_the_whole_of_a_schedule() -> None:
    # At 600 a second a budget of a million requests is less than a day; the schedule is of a week.
    w = reads(PROFILE.replace("1 per minute", "600 per second"))
    short = horizon_of(w, budget=1_000_000)
    assert short.window_s == DAY
    trace = dataclasses.replace(SHARED, schedule="tue 08:00-18:00=3").trace(w, seed=1, horizon=short)
    assert (trace.warmup_s, trace.horizon_s) == (7 * DAY, 7 * DAY)
    assert "7 days are run all the same" in trace.notes[-1]


def test_spikes_come_at_their_time_of_day_in_a_run_by_the_clock() -> None:
    # The pair of runs with and without a spike begins near it: on a midnight all the same, with a schedule by day.
    w = reads(PROFILE.replace("1 per minute", "1 per minute, spikes: [{at: day 9 14:00, height: 5x, lasts: 20 min}]"))
    for d, cycle in ((SHARED, DAY), (dataclasses.replace(SHARED, schedule="tue 08:00-18:00=3"), 7 * DAY)):
        trace = d.trace(w, seed=1, horizon=spike_horizon_of(w), spikes=True)
        begins = [one.from_s for one in trace.sources if getattr(one, "from_s", 0.0)]
        # Day 9 is a Tuesday, where day 1 is a Monday.
        assert [at % cycle for at in begins] == [(8 * DAY + 14 * HOUR) % cycle]
