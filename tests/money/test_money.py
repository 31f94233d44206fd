"""Bills: recomputed by hand from the table of prices, and laws that every bill keeps.

The arithmetic of each bill stands in its comment; a month is 730 hours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from advisor.catalog.prices import PriceBook, Rate, Sku, Tier
from advisor.catalog.snapshot import Snapshot, region_prices
from advisor.errors import PriceMissing
from advisor.money import Meter, PurchaseOptions, SavingsPlan, Usage, bill, together
from tests.money.bills import (
    BORROWED,
    DAY,
    GB,
    HOUR,
    MONTH,
    WEEK,
    amounts,
    billed,
    data,
    instances,
    milliseconds,
    s3,
    volume,
)

# Ten bills by hand.


def test_a_real_time_endpoint_is_its_hours_volumes_and_data() -> None:
    # Two ml.m5.xlarge for 30 days with 30 GB each; 100 GB in, 50 GB out.
    held = billed(
        instances("ml.m5.xlarge", 2 * 30 * DAY),
        volume(60 * 30 * DAY),
        data("IN", 100 * GB),
        data("OUT", 50 * GB),
        window_s=30 * DAY,
    )
    # 30 days are 720 h, so a month is 73/72 of them.
    # 2 x 730 h x 0.23; 60 GB x 0.14; 100 x 73/72 GB x 0.016; 50 x 73/72 GB x 0.016
    assert amounts(held) == ["335.8", "8.4", "1.622222222222", "0.811111111111"]
    assert held.usd == Decimal("346.633333333333")
    assert [line["quantity"] for line in held.to_json()] == ["1460", "60", "101.388888888889", "50.694444444444"]
    assert not held.assumed


def test_a_serverless_endpoint_is_its_milliseconds_and_data() -> None:
    # 3 million requests of 120 ms at 2 GB are 360,000 s x 0.00004; 12 GB x 0.016
    held = billed(milliseconds(2, 3_000_000 * 120), data("IN", 12 * GB))
    assert amounts(held) == ["14.4", "0.192"]
    assert held.to_json()[0] == {
        "what": "ServerlessInf at 2 GB",
        "sku": "us-east-1/ServerlessInf/Mem-2GB",
        "quantity": "360000",
        "unit": "second",
        "rate_usd": "0.00004",
        "usd": "14.4",
        "assumed": "",
    }


def test_provisioned_concurrency_is_kept_warm_time_and_its_own_run_time() -> None:
    # Five slots of 2 GB all month: 5 x 2,628,000 s x 0.00001; 1,000,000 s x 0.0000233; 50,000 s on demand x 0.00004
    held = billed(
        milliseconds(2, 5 * MONTH * 1000, "ServerlessProvisionedUsage"),
        milliseconds(2, 1_000_000_000, "ServerlessProvisionedDuration"),
        milliseconds(2, 50_000_000),
    )
    assert amounts(held) == ["131.4", "23.3", "2"]
    assert held.usd == Decimal("156.7")


def test_an_asynchronous_endpoint_that_scales_to_zero_is_the_hours_it_ran() -> None:
    # 84 of a week's 168 h are 365 h a month x 2.8026; 168,000 requests are 730,000 a month: 730 x (0.005, 0.0004)
    held = billed(
        instances("ml.g6e.2xlarge", 84 * HOUR, "AsyncInf"), s3("PUT", 168_000), s3("GET", 168_000), window_s=WEEK
    )
    assert amounts(held) == ["1022.949", "3.65", "0.292"]
    assert [line["assumed"] for line in held.to_json()] == [
        "",
        "the assumption s3_put_price",
        "the assumption s3_get_price",
    ]


def test_a_nightly_job_is_its_instance_hours_times_the_days_of_a_month() -> None:
    # Ten ml.g4dn.xlarge for half an hour a day: 5 h x 730/24 days x 0.861
    held = billed(instances("ml.g4dn.xlarge", 10 * 1800, "BatchTransform"), window_s=DAY, region="eu-west-3")
    assert held.to_json()[0]["quantity"] == "152.083333333333"
    assert amounts(held) == ["130.94375"]
    assert held.lines[0].assumed == ""


def test_a_deployment_in_two_regions_is_one_bill_at_the_prices_of_each() -> None:
    # 100,000 s at 4 GB: x 0.00008 in us-east-1, x 0.000106 in af-south-1; 10 GB x 0.016 borrowed
    home = billed(milliseconds(4, 100_000_000))
    away = billed(milliseconds(4, 100_000_000), data("IN", 10 * GB), region="af-south-1")
    both = together([home, away])
    assert amounts(both) == ["8", "10.6", "0.16"]
    assert (both.usd, both.region) == (Decimal("18.76"), "us-east-1 and af-south-1")
    assert both.assumed == ("af-south-1/DataProcessed/Hosting:IN: the us-east-1 price; none is listed in af-south-1",)


def test_a_borrowed_price_is_marked_on_the_bill() -> None:
    # 10 h x 0.23, the Hosting price
    held = billed(instances("ml.m5.xlarge", 10 * HOUR, "BatchTransform", assumed="half the machine"))
    assert amounts(held) == ["2.3"]
    assert held.lines[0].assumed == f"half the machine; {BORROWED}"


def test_the_free_tier_takes_its_allowances_off_once() -> None:
    # 200,000 s less 150,000 s, taken from the 1 GB meter first: 0 x 0.00002 and 50,000 x 0.00004; (730 - 125) h x 0.23
    held = billed(
        milliseconds(1, 120_000_000), milliseconds(2, 80_000_000), instances("ml.m5.xlarge", MONTH),
        instances("ml.m5.large", MONTH), free_tier=True,
    )  # fmt: skip
    told = [(line["what"], line["quantity"], line["usd"]) for line in held.to_json()]
    assert told == [
        ("ServerlessInf at 1 GB (free tier)", "120000", "0"),
        ("ServerlessInf at 2 GB (free tier)", "30000", "0"),
        ("ServerlessInf at 2 GB", "50000", "2"),
        ("ml.m5.xlarge instances (free tier)", "125", "0"),
        ("ml.m5.xlarge instances", "605", "139.15"),
        ("ml.m5.large instances", "730", "83.95"),
    ]
    assert held.usd == Decimal("225.1")
    assert " ".join(held.notes) == (
        "The free tier is counted: 150000 s of serverless and 125 h of ml.m4.xlarge or ml.m5.xlarge real-time a month, "
        "for the first 2 months of an account."
    )


def test_a_savings_plan_takes_its_discount_off_what_it_covers() -> None:
    # 730 h x 0.23 x 0.6; 100 h x 0.23 x 0.6; serverless 100,000 s x 0.00002 is not covered
    plan = SavingsPlan(discount=Decimal("0.4"))
    held = billed(
        instances("ml.m5.xlarge", MONTH), instances("ml.m5.xlarge", 100 * HOUR, "AsyncInf"),
        milliseconds(1, 100_000_000), savings_plan=plan,
    )  # fmt: skip
    assert amounts(held) == ["100.74", "13.8", "2"]
    assert [line.rate_usd for line in held.lines] == [Decimal("0.138"), Decimal("0.138"), Decimal("0.00002")]
    assert held.lines[0].what == "ml.m5.xlarge instances (savings plan)"
    assert held.lines[1].assumed == f"{BORROWED}; that a Savings Plan covers AsyncInf"
    assert " ".join(held.notes) == (
        "Savings Plan: 40 % off on AsyncInf, BatchTransform, Hosting, Processing, Training; 100 % of their use is at "
        "plan rates, and the commitment is assumed to fit it; that AsyncInf is covered is assumed."
    )


# Tiers and allowances in the price list itself.


def tiered_book() -> PriceBook:
    tiers = (("0", "150000", "0"), ("150000", "1000000", "0.00002"), ("1000000", None, "0.00001"))
    rate = Rate(
        sku=Sku(region="us-east-1", component="ServerlessInf", meter="Mem-1GB"),
        unit="second",
        tiers=tuple(
            Tier(start=Decimal(start), end=None if end is None else Decimal(end), usd=Decimal(usd))
            for start, end, usd in tiers
        ),
        as_of="2026-11-01",
        basis="AWS price list",
    )
    return PriceBook(
        snapshot=Snapshot(regions={"us-east-1": region_prices("us-east-1", [rate], published=date(2026, 11, 1))})
    )


def test_each_tier_is_a_line_and_two_meters_of_one_sku_climb_them_together() -> None:
    # 800,000 s and 700,000 s: the first million at 0.00002, the rest at 0.00001
    usage = Usage(meters=(milliseconds(1, 800_000_000), milliseconds(1, 700_000_000)), window_s=MONTH)
    held = bill(usage, tiered_book(), "us-east-1")
    assert [(line["quantity"], line["usd"]) for line in held.to_json()] == [
        ("800000", "16"),
        ("200000", "4"),
        ("500000", "5"),
    ]


def test_a_free_first_tier_of_the_list_counts_only_for_who_has_the_free_tier() -> None:
    usage = Usage(meters=(milliseconds(1, 400_000_000),), window_s=MONTH)
    assert amounts(bill(usage, tiered_book(), "us-east-1")) == ["8"]
    free = bill(usage, tiered_book(), "us-east-1", PurchaseOptions(free_tier=True))
    assert [(line["quantity"], line["usd"]) for line in free.to_json()] == [("150000", "0"), ("250000", "5")]


def test_tiers_are_by_the_month_whatever_the_window() -> None:
    # A tenth of a month with 200,000 s is 2 million s a month: 1,000,000 x 0.00002 + 1,000,000 x 0.00001 = 30
    usage = Usage(meters=(milliseconds(1, 200_000_000),), window_s=MONTH // 10)
    assert bill(usage, tiered_book(), "us-east-1").usd == 30
    assert bill(usage, tiered_book(), "us-east-1", month=False).usd == 3


# What is refused, and how it reads.


def test_a_meter_without_a_price_is_an_error_and_never_zero() -> None:
    with pytest.raises(PriceMissing, match=r"ml\.p5\.4xlarge"):
        billed(instances("ml.p5.4xlarge", 0))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"granules": -1}, "whole and not negative"),
        ({"granules": 1.5}, "whole and not negative"),
        ({"granules": True}, "whole and not negative"),
        ({"per_unit": 0}, "make no unit"),
        ({"granules": 5, "hourly": (1, 3)}, "its hours hold 4 granules"),
    ],
)
def test_a_meter_holds_whole_granules(changes: Mapping[str, object], says: str) -> None:
    held: dict[str, object] = {
        "what": "x",
        "component": "Hosting",
        "meter": "ml.m5.large",
        "granules": 1,
        "granule": "s",
    }
    with pytest.raises(ValueError, match=says):
        Meter(**{**held, "per_unit": 1, **changes})  # type: ignore[arg-type]  # wrong on purpose


def test_the_hours_of_a_meter_are_those_of_its_window() -> None:
    short = instances("ml.m5.large", 3, hourly=(1, 2))
    assert Usage(meters=(short,), window_s=HOUR + 0.5).hours == 2
    with pytest.raises(ValueError, match="2 hours in a window of 3"):
        Usage(meters=(short,), window_s=3 * HOUR)
    for wrong in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="window"):
            Usage(meters=(), window_s=wrong)


def test_bills_of_different_periods_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        together([billed(volume(1)), billed(volume(1), month=False)])
    with pytest.raises(ValueError, match="no bills"):
        together([])


def test_a_bill_prints_within_a_terminal_with_its_reasons_below() -> None:
    held = billed(
        instances("ml.m5.xlarge", 10 * HOUR, "BatchTransform"), data("IN", 3), s3("PUT", 0), region="us-east-1"
    )
    text = held.table().text()
    assert max(map(len, text.splitlines())) <= 100
    assert f"[1] assumed: {BORROWED}" in text
    assert [" ".join(line.split()) for line in text.splitlines()[4:8]] == [
        "ml.m5.xlarge instances [1] 10 Hrs 0.23 2.30",
        "data in 0.000000003 GB 0.016 < 0.01",
        "S3 PUT [2] 0 1000 requests 0.005 0.00",
        "total 2.30",
    ]
    assert "On demand: no Savings Plan and no free tier is counted." in text
    assert "Prices of 2026-09-22." in text
    assert json.loads(json.dumps(held.to_json())) == held.to_json()


@pytest.mark.parametrize(("seconds_of_2_gb", "bytes_in", "seen"), [
    # 312.5 s x 0.00004 = 0.0125 and 31.25 MB x 0.016 a GB = 0.0005: together 0.013, and so it is seen.
    (312.5, 31_250_000, ["0.0125", "0.0005", "0.0130"]),
    # 1.24 s x 0.00004 = 0.0000496, written out; a byte costs less than is shown.
    (1.24, 1, ["0.0000496", "< 0.0000001", "0.0000496"]),
    # From ten cents on they are cents.
    (3000, 31_250_000, ["0.12", "< 0.01", "0.12"]),
])  # fmt: skip
def test_what_is_seen_of_a_bill_adds_up(seconds_of_2_gb: float, bytes_in: int, seen: list[str]) -> None:
    held = billed(milliseconds(2, round(1000 * seconds_of_2_gb)), data("IN", bytes_in))
    assert [row[-1] for row in held.table().rows] == seen
