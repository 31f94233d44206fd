"""The hours of a run's instances: what a commitment is set against, from a schedule whose hours are known by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from advisor.advice.by_hour import hours_together, with_hours
from advisor.advice.simulating import simulate
from advisor.money import Meter
from advisor.patterns import RealTime
from advisor.sim.horizon import horizon_of
from advisor.workload import Workload
from advisor.workload.read import reads

BEST = "{savings_plan: {discount: 40 %, covers: [real-time], commitment: best}}"


def parse(purchase: str = BEST) -> Workload:
    return reads(
        "name: clock\nregion: us-east-1\n"
        "model: {size: 100 MB, memory: 500 MB, framework: xgboost, accelerator: none}\n"
        "work: [{on: ml.c5.xlarge, mean: 20 ms, cv: 0, workers: 4}]\n"
        "traffic: {rate: 0.2 per second, day: flat}\n"
        f"purchase: {purchase}\n"
    )


def clocked() -> RealTime:
    return RealTime(instance_type="ml.c5.xlarge", min_instances=1, max_instances=3, schedule="06:00-18:00=3")


def meter(granules: int, hourly: tuple[int, ...] | None) -> Meter:
    return Meter(
        what="m", component="Hosting", meter="ml.c5.xlarge", granules=granules, granule="instance-second",
        per_unit=3600, hourly=hourly,
    )  # fmt: skip


def test_hours_of_a_schedule_are_one_by_night_and_three_by_day() -> None:
    w, d = parse(), clocked()
    run = d.simulate(w, d.trace(w, seed=1, horizon=horizon_of(w, budget=20_000)))
    usage = with_hours(w, d.usage(w, run), run)
    hourly = usage.meters[0].hourly
    assert hourly is not None
    assert sum(hourly) == usage.meters[0].granules
    for hour in (0, 1, 2, 3, 4, 5, 20, 23):
        assert hourly[hour] == pytest.approx(3600, abs=2)
    for hour in range(7, 18):
        assert hourly[hour] == pytest.approx(3 * 3600, abs=2)
    assert usage.meters[1].hourly is None
    plain = parse("{savings_plan: {discount: 40 %, covers: [real-time]}}")
    assert with_hours(plain, d.usage(plain, run), run).meters[0].hourly is None


def test_a_simulated_bill_commits_to_the_night_alone() -> None:
    # Half of the day at 40 % off does not pay, as 0.5 / 0.6 is below 1: one instance is committed to, at the plan rate
    # of ml.c5.xlarge. Stated rate x 0.6, from the bill's own line on demand.
    outcome = simulate(parse(), clocked(), seed=1, replications=2)
    planned, extra = outcome.bill.lines[0], outcome.bill.lines[1]
    assert "savings plan" in planned.what
    assert float(planned.quantity) == pytest.approx(730, rel=1e-3)
    assert planned.rate_usd == extra.rate_usd * 6 / 10
    assert float(extra.quantity) == pytest.approx(730, rel=0.01)
    assert outcome.bill.usd == sum(line.usd for line in outcome.bill.lines) == outcome.usd_per_month.value
    assert any(f"{planned.rate_usd.normalize()} USD an hour is committed" in note for note in outcome.bill.notes)


def test_windows_go_one_after_another_and_a_corrected_sum_is_kept_exactly() -> None:
    day = Fraction(7200)
    two = [meter(30, (10, 20)), meter(40, (20, 20))]
    assert hours_together(two, 70, [day, day]) == (10, 20, 20, 20)
    # Nine tenths: 9, 18, 18, 18.
    assert hours_together(two, 63, [day, day]) == (9, 18, 18, 18)
    assert sum(hours_together(two, 67, [day, day]) or ()) == 67
    assert hours_together([two[0], meter(40, None)], 70, [day, day]) is None
    assert hours_together(two, 70, [Fraction(7000), day]) is None
