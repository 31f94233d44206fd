"""Schedules that are proposed: which hours, how many, and that they win where the arithmetic of the hours says so."""

from __future__ import annotations

import pytest

import advisor as ad
from advisor.patterns import RealTime, Serverless
from advisor.patterns.busy_hours import Busy, busy_hours
from advisor.workload import Workload
from advisor.workload.read import reads

DAY = [0.1] * 8 + [1.0] * 12 + [0.1] * 4


def parse(**sections: str) -> Workload:
    held = {
        "name": "plain",
        "region": "us-east-1",
        "model": "{size: 100 MB, memory: 500 MB, framework: xgboost, accelerator: none}",
        "work": "[{on: ml.c5.xlarge, mean: 50 ms, cv: 0.3, workers: 4}]",
        "traffic": f"{{rate: 150 per second, day: {DAY}, shape: steady}}",
        "objective": "{p99: 250 ms, errors: 0.1 %}",
        **sections,
    }
    return reads("\n".join(f"{key}: {value}" for key, value in held.items()))


def test_the_hours_are_those_that_save_most_ramps_among_them() -> None:
    # The rate rises in a straight line from 7:30 to 8:30 and falls from 19:30 to 20:30, so 7 to 21 o'clock stand out:
    # (14 x 1 + 10 x 0.1) / 24 = 0.625 of the peak, against (12 x 1 + 12 x 0.55) / 24 = 0.775 for 8 to 20 o'clock.
    busy = busy_hours(parse())
    assert busy is not None
    assert (busy.days, busy.from_h, busy.hours) == ((), 7, 14)
    assert busy.ratio == pytest.approx(0.1)
    assert busy.share == pytest.approx(14 / 24)
    # Seven minutes ahead are ten, in steps of five.
    assert busy.schedule(4, 420.0) == "06:50-21:00=4"


def test_hours_past_midnight_and_working_days_are_found() -> None:
    night = [1.0] * 5 + [0.1] * 16 + [1.0] * 3
    busy = busy_hours(parse(traffic=f"{{rate: 150 per second, day: {night}}}"))
    assert busy is not None
    # From 20:30 it rises, until 5:30 it falls.
    assert busy.schedule(3, 0.0) == "20:00-06:00=3"
    week = busy_hours(parse(traffic=f"{{rate: 150 per second, day: {DAY}, week: [1, 1, 1, 1, 1, 0.1, 0.1]}}"))
    assert week is not None
    assert week.schedule(3, 0.0) == "mon-fri 07:00-21:00=3"
    assert week.share == pytest.approx(5 * 14 / 168)


def test_hours_from_midnight_are_asked_for_on_the_day_before() -> None:
    busy = Busy(days=(5, 6), from_h=0, hours=8, ratio=0.1, share=16 / 168)
    assert busy.schedule(3, 300.0) == "fri,sat 23:55-08:00=3"
    assert busy.schedule(3, 0.0) == "sat,sun 00:00-08:00=3"
    # Whole days have nothing free to begin earlier in.
    assert Busy(days=(5, 6), from_h=0, hours=24, ratio=0.1, share=2 / 7).schedule(3, 300.0) == "sat,sun 00:00-24:00=3"


def test_a_weekend_takes_the_days_of_its_ramps_along() -> None:
    # It rises from Friday 23:30 and falls until Monday 00:30: (4 x 1 + 3 x 0.1) / 7 = 0.61 with those two days,
    # (2 x 1 + 5 x 0.55) / 7 = 0.68 without.
    busy = busy_hours(parse(traffic="{rate: 150 per second, day: flat, week: [0.1, 0.1, 0.1, 0.1, 0.1, 1, 1]}"))
    assert busy is not None
    assert (busy.days, busy.hours) == ((0, 4, 5, 6), 24)
    assert busy.ratio == pytest.approx(0.1)


@pytest.mark.parametrize(
    "traffic", ["{rate: 150 per second}", f"{{rate: 150 per second, day: {[1.0] * 12 + [0.95] * 12}}}"]
)
def test_flat_traffic_is_proposed_no_schedule(traffic: str) -> None:
    w = parse(traffic=traffic, objective="{p99: 250 ms, cold_starts: avoid}")
    assert busy_hours(w) is None
    for pattern in (RealTime, Serverless):
        assert all(one.schedule is None for chain in pattern.space(w) for one in chain)


def test_a_space_has_day_and_night_sized_by_their_own_peaks() -> None:
    found = [one for chain in RealTime.space(parse()) for one in chain if one.schedule is not None]
    assert found
    # A tenth of the day's number, one at least, or one more.
    assert {(one.max_instances, one.min_instances) for one in found} >= {(4, 1), (4, 2), (5, 1)}
    kept = [
        one
        for chain in Serverless.space(parse(objective="{p99: 1 s, cold_starts: avoid}"))
        for one in chain
        if one.schedule is not None
    ]
    assert kept
    assert all(one.most_provisioned > one.provisioned_concurrency >= 1 for one in kept)


def test_by_the_clock_wins_where_it_is_cheaper_than_every_fixed_and_scaled_fleet() -> None:
    w = parse()
    answer = ad.recommend(w, seed=3, patterns=["real-time"], explain=False)
    best = answer.best
    assert best is not None
    d = best.deployment
    assert isinstance(d, RealTime)
    assert d.schedule is not None
    # Instances alone, by hand: the night's number all month, and by day what is more, over the hours asked for.
    begin, rest = d.schedule.split("-")
    end = rest.split("=")[0]
    hour, minute = (int(part) for part in begin.split(":"))
    hours = int(end[:2]) - hour - minute / 60
    held = d.min_instances * 730 + (d.max_instances - d.min_instances) * hours * 730 / 24
    line = next(line for line in best.outcome.bill.lines if line.what.startswith(d.instance_type))
    # One launch a day begins at its edge; what drains at the end finishes in seconds.
    assert float(line.quantity) == pytest.approx(held, rel=0.005)
    others = [one for one in answer.options if one.deployment.schedule is None and one.meets_objective]
    assert all(best.usd_per_month < one.usd_per_month for one in others)
    # A fixed fleet that bears the day has the day's number all month.
    assert float(line.quantity) < 0.8 * d.max_instances * 730
