"""What a bill must keep whatever is used, bought and committed; and Savings Plans hour by hour."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.money import Meter, PurchaseOptions, SavingsPlan, Usage, bill
from advisor.workload.demand import Purchase
from advisor.workload.demand import SavingsPlan as PlanSection
from tests.money.bills import (
    BOOK,
    HOUR,
    MONTH,
    amounts,
    billed,
    data,
    instances,
    milliseconds,
    s3,
    volume,
)

FOUR_HOURS = instances("ml.m5.xlarge", 8 * HOUR, hourly=(1 * HOUR, 2 * HOUR, 4 * HOUR, 1 * HOUR))
COMMITTED = SavingsPlan(discount=Decimal("0.5"), commitment_usd_per_h=Decimal("0.23"))


def test_a_commitment_is_spent_hour_by_hour_and_lost_where_it_is_not() -> None:
    # 0.23 an hour buys two instances at 0.115. In hours of 1, 2, 4, 1 instances it covers 1, 2, 2, 1 of them,
    # two are left on demand at 0.23, and 0.115 is lost in the first and last hour.
    held = billed(FOUR_HOURS, window_s=4 * HOUR, savings_plan=COMMITTED, month=False)
    assert [(line["quantity"], line["rate_usd"], line["usd"]) for line in held.to_json()] == [
        ("6", "0.115", "0.69"),
        ("2", "0.23", "0.46"),
        ("0.23", "1", "0.23"),
    ]
    assert held.usd == Decimal("1.38")
    # A month has 182.5 times four hours.
    assert billed(FOUR_HOURS, window_s=4 * HOUR, savings_plan=COMMITTED).usd == Decimal("251.85")


def test_without_hours_the_same_use_looks_steady_and_wastes_nothing() -> None:
    # 8 instance-hours in 4 hours are 2 at any time, which is what the commitment buys.
    steady = instances("ml.m5.xlarge", 8 * HOUR)
    held = billed(steady, window_s=4 * HOUR, savings_plan=COMMITTED, month=False)
    assert amounts(held) == ["0.92", "0"]


def test_the_largest_saving_is_taken_first_and_the_rest_of_an_hour_is_shared() -> None:
    # Plan rates by meter: ml.c5.xlarge 0.102 of 0.204 (half off) goes before ml.m5.xlarge 0.161 of 0.23 (30 % off).
    # 0.2 less 0.102 leaves 0.098, which buys 0.098/0.161 h; the other 0.063/0.161 h are on demand: 0.09.
    plan = SavingsPlan(
        rates={"ml.m5.xlarge": Decimal("0.161"), "Hosting/ml.c5.xlarge": Decimal("0.102")},
        commitment_usd_per_h=Decimal("0.2"),
    )
    held = billed(
        instances("ml.m5.xlarge", HOUR), instances("ml.c5.xlarge", HOUR), window_s=HOUR, savings_plan=plan, month=False
    )
    assert amounts(held) == ["0.098", "0.09", "0.102", "0"]
    assert held.usd == Decimal("0.29")


def test_a_share_of_the_use_may_be_committed() -> None:
    # 730 h: half at 0.138, half at 0.23
    plan = SavingsPlan(discount=Decimal("0.4"), share=Decimal("0.5"))
    assert amounts(billed(instances("ml.m5.xlarge", MONTH), savings_plan=plan)) == ["50.37", "83.95"]


def test_free_hours_come_off_before_a_plan_is_applied() -> None:
    # 730 h less 125 h free are 605 h x 0.138
    plan = SavingsPlan(discount=Decimal("0.4"))
    held = billed(instances("ml.m5.xlarge", MONTH), savings_plan=plan, free_tier=True)
    assert amounts(held) == ["0", "83.49"]
    # 605 of 730 hours use a commitment of 0.138 an hour: (730 - 605) x 0.138 = 17.25 is lost.
    committed = SavingsPlan(discount=Decimal("0.4"), commitment_usd_per_h=Decimal("0.138"))
    assert amounts(billed(instances("ml.m5.xlarge", MONTH), savings_plan=committed, free_tier=True)) == [
        "0",
        "83.49",
        "17.25",
    ]


def test_a_plan_may_cover_serverless_and_leave_out_async() -> None:
    # 100,000 s x 0.00002 x 0.8; 10 h x 0.23
    plan = SavingsPlan.of(["serverless", "real-time"], "0.2")
    held = billed(milliseconds(1, 100_000_000), instances("ml.m5.xlarge", 10 * HOUR, "AsyncInf"), savings_plan=plan)
    assert amounts(held) == ["1.6", "2.3"]
    assert held.lines[0].assumed == "that a Savings Plan covers ServerlessInf"


def test_the_purchase_section_of_a_profile_is_read() -> None:
    plan = PlanSection(discount="40 %", term="1 year", covers=["real-time", "multi-model", "batch-transform"])
    options = PurchaseOptions.of(Purchase(savings_plan=plan, free_tier=True))
    assert options.savings_plan == SavingsPlan(discount=Decimal("0.4"), covers=frozenset({"Hosting", "BatchTransform"}))
    assert options.free_tier
    assert PurchaseOptions.of(None) == PurchaseOptions.of(Purchase(free_tier=False)) == PurchaseOptions()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: SavingsPlan(discount=Decimal(40)), "a discount of 40"),
        (lambda: SavingsPlan(share=Decimal("1.5")), "a share of 1.5"),
        (lambda: SavingsPlan(commitment_usd_per_h=Decimal(-1)), "a commitment of -1"),
        (lambda: SavingsPlan.of(["realtime"], "0.1"), '"realtime"'),
    ],
)
def test_a_plan_that_cannot_be_is_refused(make: Callable[[], SavingsPlan], says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        make()
    assert error.value.mend


# Laws.

types = st.sampled_from(["ml.m5.xlarge", "ml.m5.large", "ml.c5.xlarge", "ml.g5.xlarge"])
meters = st.one_of(
    st.builds(instances, types, st.integers(0, 10**9), st.sampled_from(["Hosting", "AsyncInf", "BatchTransform"])),
    st.builds(milliseconds, st.integers(1, 6), st.integers(0, 10**12)),
    st.builds(volume, st.integers(0, 10**12)),
    st.builds(data, st.sampled_from(["IN", "OUT"]), st.integers(0, 10**15)),
    st.builds(s3, st.sampled_from(["PUT", "GET"]), st.integers(0, 10**9)),
)
shares = st.decimals(min_value=0, max_value=1, places=3)
plans = st.builds(
    SavingsPlan,
    discount=shares,
    share=shares,
    commitment_usd_per_h=st.none() | st.decimals(min_value=0, max_value=50, places=2),
)
purchases = st.builds(PurchaseOptions, savings_plan=st.none() | plans, free_tier=st.booleans())
windows = st.integers(1, 5 * MONTH * 2**20).map(lambda ticks: Fraction(ticks, 2**20))


def exact(usage: Usage) -> Fraction:
    scale = Fraction(MONTH) / Fraction(usage.window_s)
    prices = (BOOK.rate("us-east-1", one.component, one.meter).usd for one in usage.meters)
    return sum(
        (
            Fraction(one.granules, one.per_unit) * scale * Fraction(usd)
            for one, usd in zip(usage.meters, prices, strict=True)
        ),
        Fraction(0),
    )


@given(st.lists(meters, max_size=6).map(tuple), windows, purchases, st.booleans())
def test_the_lines_of_a_bill_sum_to_its_total(
    held: tuple[Meter, ...], window: Fraction, purchase: PurchaseOptions, month: bool
) -> None:
    made = bill(Usage(meters=held, window_s=window), BOOK, "us-east-1", purchase, month=month)
    assert sum(Fraction(line["usd"]) for line in made.to_json()) == Fraction(made.usd)
    for line in made.lines:
        assert line.usd >= 0
        # Cut at 12 places, the quantity before it is multiplied too.
        assert (
            abs(Fraction(line.quantity) * Fraction(line.rate_usd) - Fraction(line.usd))
            <= Fraction(1 + line.rate_usd) / 10**12
        )


@given(st.lists(meters, max_size=6).map(tuple), windows)
def test_a_bill_drifts_by_no_more_than_the_last_place_of_each_line(held: tuple[Meter, ...], window: Fraction) -> None:
    usage = Usage(meters=held, window_s=window)
    assert abs(Fraction(bill(usage, BOOK, "us-east-1").usd) - exact(usage)) <= Fraction(len(held), 10**12)


@given(st.lists(meters, max_size=5).map(tuple), plans)
def test_a_plan_that_fits_its_use_never_costs_more_than_on_demand(held: tuple[Meter, ...], plan: SavingsPlan) -> None:
    usage = Usage(meters=held, window_s=MONTH)
    fitted = SavingsPlan(discount=plan.discount, share=plan.share)
    assert (
        bill(usage, BOOK, "us-east-1", PurchaseOptions(savings_plan=fitted)).usd <= bill(usage, BOOK, "us-east-1").usd
    )


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), shares, st.decimals(min_value=0, max_value=5, places=2))
def test_a_commitment_is_paid_in_full_and_covers_no_more_than_it_buys(
    hours: list[int], discount: Decimal, commitment: Decimal
) -> None:
    hourly = tuple(count * HOUR for count in hours)
    meter = instances("ml.m5.xlarge", sum(hourly), hourly=hourly)
    plan = SavingsPlan(discount=discount, commitment_usd_per_h=commitment)
    made = bill(
        Usage(meters=(meter,), window_s=len(hours) * HOUR),
        BOOK,
        "us-east-1",
        PurchaseOptions(savings_plan=plan),
        month=False,
    )
    planned = sum(Fraction(line.usd) for line in made.lines if "savings plan" in line.what)
    assert abs(planned - Fraction(commitment) * len(hours)) <= Fraction(2, 10**12)
    used = sum(Fraction(line.quantity) for line in made.lines if "instances" in line.what)
    assert abs(used - sum(hours)) <= Fraction(2, 10**12)
