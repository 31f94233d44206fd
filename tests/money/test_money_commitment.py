"""The commitment of a Savings Plan that makes a bill lowest: by hand, and against a look at every other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from advisor.errors import InputError, TraceError
from advisor.money import Bill, PurchaseOptions, SavingsPlan
from advisor.workload.plan_rates import plan_rates
from advisor.workload.read import read
from tests.money.bills import HOUR, WEEK, billed, instances

PLAN = SavingsPlan(discount=Decimal("0.4"), best=True)


def daily(day_hours: int, plan: SavingsPlan) -> Bill:
    """A week of ml.m5.xlarge at 0.23 an hour: three in the first hours of each day, else one."""
    counts = tuple((3 if hour % 24 < day_hours else 1) * HOUR for hour in range(168))
    return billed(instances("ml.m5.xlarge", sum(counts), hourly=counts), window_s=WEEK, savings_plan=plan)


def test_constant_use_is_committed_to_whole() -> None:
    hours = (2 * HOUR,) * 168
    held = billed(instances("ml.m5.xlarge", sum(hours), hourly=hours), window_s=WEEK, savings_plan=PLAN)
    # Two at 0.138 an hour, all month.
    assert [(line.what, line.usd) for line in held.lines] == [
        ("ml.m5.xlarge instances (savings plan)", Decimal("201.48")),
        ("savings plan: commitment not used", Decimal(0)),
    ]
    assert "0.276 USD an hour is committed" in held.notes[0]


def test_the_day_is_left_on_demand_where_its_hours_do_not_pay() -> None:
    # A committed USD takes 1/0.6 = 1.67 USD off an hour that uses it. By day and night: pays. By day alone, 12 h of
    # 24: 0.83, does not. One at 0.138 all month, two more on demand for half of it.
    held = daily(12, PLAN)
    assert [line.usd for line in held.lines] == [Decimal("100.74"), Decimal("167.9"), Decimal(0)]
    assert held.usd == sum(line.usd for line in held.lines) == Decimal("268.64")
    assert "0.138 USD an hour is committed" in held.notes[0]


def test_the_day_is_committed_to_where_its_hours_pay() -> None:
    # 16 h of 24 at 1.67 are 1.11. Committed 3 x 0.138; of it 2 x 0.138 is unused for 8 h a day: 730/3 h.
    held = daily(16, PLAN)
    assert "0.414 USD an hour is committed" in held.notes[0]
    assert held.usd == sum(line.usd for line in held.lines)
    assert float(held.usd) == pytest.approx(0.414 * 730)
    assert float(held.lines[-1].usd) == pytest.approx(0.276 * 730 / 3)


@pytest.mark.parametrize("day_hours", [1, 8, 14, 15, 23])
def test_no_other_commitment_makes_the_bill_lower(day_hours: int) -> None:
    best = daily(day_hours, PLAN).usd
    for thousandths in range(0, 500, 23):
        other = SavingsPlan(discount=Decimal("0.4"), commitment_usd_per_h=Decimal(thousandths) / 1000)
        # Found commitments are rounded up to a millionth of a USD an hour.
        assert best <= daily(day_hours, other).usd + Decimal("0.001")


def test_use_without_known_hours_is_said_to_be_taken_as_even() -> None:
    held = billed(instances("ml.m5.xlarge", 168 * HOUR), window_s=WEEK, savings_plan=PLAN)
    assert held.usd == Decimal("100.74")
    assert "taken as even" in held.notes[0]


def test_a_stated_commitment_is_not_looked_for() -> None:
    with pytest.raises(InputError, match="stated commitment"):
        SavingsPlan(best=True, commitment_usd_per_h=Decimal(1))


def test_a_file_of_rates_stands_beside_the_profile(tmp_path) -> None:
    (tmp_path / "plan.csv").write_text("component,meter,usd_per_unit\nHosting,ml.m5.xlarge,0.15\n")
    profile = tmp_path / "p.yaml"
    profile.write_text(
        "name: p\npurchase: {savings_plan: {rates: plan.csv, commitment: best}}\ntraffic: {rate: 1 per second}\n"
    )
    plan = PurchaseOptions.of(read(profile).purchase).savings_plan
    assert plan is not None
    assert (dict(plan.rates), plan.discount, plan.best) == ({"Hosting/ml.m5.xlarge": Decimal("0.15")}, 0, True)
    both = billed(instances("ml.m5.xlarge", WEEK), instances("ml.c5.xlarge", WEEK), window_s=WEEK, savings_plan=plan)
    # The one at the stated rate, the other at its list price.
    assert both.lines[0].usd == Decimal("109.5")
    assert "savings plan" not in both.lines[1].what


@pytest.mark.parametrize(
    ("rows", "line", "says"),
    [
        ("Hosting,ml.m5.xlarge,cheap", 2, "is not a number of USD"),
        ("Hosting,ml.m5.xlarge,-1", 2, "a rate of -1"),
        ("Hosting,ml.m5.xlarge,0.1\nHosting,ml.m5.xlarge,0.2", 3, "has a rate in line 2 already"),
        ("Hostin,ml.m5.xlarge,0.1", 2, "is not a component"),
        ("Hosting,ml.m5.xlarge,0.1\n\nHosting,ml.c5.xlarge", 4, "has 2 cells"),
        ("Hosting,,0.1", 2, "a rate of no meter"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, rows: str, line: int, says: str) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(f"component,meter,usd_per_unit\n{rows}\n")
    with pytest.raises(TraceError) as error:
        plan_rates(path)
    assert f"plan.csv:{line}" in str(error.value)
    assert says in str(error.value)
