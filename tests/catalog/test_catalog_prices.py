"""The price book: what is listed, what may be borrowed, what is missing, how old it is."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog.instances import offered
from advisor.catalog.prices import PRICE_ASSUMPTIONS, PriceBook, Rate, Sku, Tier, price_book
from advisor.catalog.snapshot import packaged_path
from advisor.errors import InputError, PriceMissing, UnknownName


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return price_book(packaged_path())


def test_a_listed_price_says_what_it_is_and_where_it_comes_from(book: PriceBook) -> None:
    rate = book.rate("us-east-1", "Hosting", "ml.m5.xlarge")
    assert (rate.usd, rate.unit, rate.as_of, rate.assumed) == (Decimal("0.23"), "Hrs", "2026-09-22", "")
    assert str(rate.sku) == "us-east-1/Hosting/ml.m5.xlarge"
    assert rate.basis == "AWS price list, read by a third party"


def test_oddities_of_the_price_list_are_kept_and_flagged(book: PriceBook) -> None:
    assert "twice the us-east-2 price" in book.rate("us-east-1", "Hosting", "ml.r8g.xlarge").basis
    assert "about 0.29" in book.rate("us-gov-east-1", "Hosting", "ml.m5.xlarge").basis


@pytest.mark.parametrize(
    ("region", "component", "meter", "proposes"),
    [
        ("us-east-1", "Hosting", "ml.p5.4xlarge", ("ml.p5.48xlarge", "sa-east-1")),
        ("us-east-1", "Hosting", "ml.m5.3xlarge", ("ml.m5.xlarge",)),
        ("us-east-1", "Hosting", "m5.xlarge", ("ml.m5.xlarge",)),
        ("eu-south-2", "ServerlessInf", "Mem-4GB", ("eu-central-1", "eu-north-1")),
        ("us-east-1", "ServerlessInf", "Mem-8GB", ("Mem-6GB",)),
        ("eu-south-2", "ServerlessProvisionedUsage", "Mem-4GB", ("eu-central-1",)),
        ("us-east-1", "DataProcessed", "Async:IN", ("Hosting:IN",)),
        ("us-east-1", "AsyncInf", "ml.nothing.large", ("ml.",)),
        ("us-east-1", "S3", "DELETE", ("PUT, GET, GB-Mo",)),
        ("us-east-1", "StepFunctions", "Request", ("StateTransition",)),
    ],
)
def test_a_missing_price_is_an_error_that_names_it_and_what_there_is(
    book: PriceBook, region: str, component: str, meter: str, proposes: tuple[str, ...]
) -> None:
    assert book.find(region, component, meter) is None
    with pytest.raises(PriceMissing) as error:
        book.rate(region, component, meter)
    for name in (region, component, meter):
        assert name in error.value.what
    for name in proposes:
        assert name in error.value.mend


def test_a_region_that_is_not_there_is_an_error_with_near_names(book: PriceBook) -> None:
    with pytest.raises(PriceMissing) as error:
        book.rate("us-esat-1", "Hosting", "ml.m5.large")
    assert error.value.what.startswith('no price of Hosting ml.m5.large in us-esat-1: "us-esat-1" is not')
    assert "us-east-1" in error.value.mend
    for asked in (
        lambda: book.rates("eu-west-9"),
        lambda: book.published("eu-west-9"),
        lambda: book.table("eu-west-9"),
    ):
        with pytest.raises(PriceMissing, match="eu-west-9"):
            asked()
    with pytest.raises(PriceMissing):
        book.rate("eu-west-9", "S3", "PUT")
    with pytest.raises(PriceMissing):
        book.rate("eu-west-9", "DataProcessed", "Hosting:IN")


def test_a_component_that_is_not_there_is_an_error_with_near_names(book: PriceBook) -> None:
    with pytest.raises(UnknownName, match='"hosting"') as error:
        book.rate("us-east-1", "hosting", "ml.m5.large")
    assert "Hosting" in error.value.mend


@pytest.mark.parametrize("component", ["AsyncInf", "BatchTransform"])
def test_async_and_batch_are_taken_at_the_hosting_price_and_marked(book: PriceBook, component: str) -> None:
    rate = book.rate("us-east-1", component, "ml.m5.xlarge")
    assert (rate.usd, rate.sku.component) == (Decimal("0.23"), component)
    assert rate.assumed == "the Hosting price of the same type; availability is assumed too"


def test_a_listed_async_or_batch_price_is_not_assumed(book: PriceBook) -> None:
    # Facts: batch in eu-west-1 was seen at 0.257 while Hosting there is another price line.
    assert book.rate("eu-west-1", "BatchTransform", "ml.m5.xlarge").assumed == ""
    assert book.rate("eu-west-3", "AsyncInf", "ml.g6.xlarge").usd == Decimal("1.4302")


def test_a_family_that_the_api_does_not_offer_for_a_component_is_not_borrowed(book: PriceBook) -> None:
    assert not offered("ml.g6e.2xlarge", "BatchTransform")
    assert book.find("us-east-1", "Hosting", "ml.g6e.2xlarge") is not None
    with pytest.raises(PriceMissing, match="the API does not offer this family for it"):
        book.rate("us-east-1", "BatchTransform", "ml.g6e.2xlarge")


@pytest.mark.parametrize(
    ("component", "meter", "usd"),
    [
        ("DataProcessed", "Hosting:IN", "0.016"),
        ("DataProcessed", "Hosting:OUT", "0.016"),
        ("HostingStorage", "gp2 volume", "0.14"),
        ("ProcessingStorage", "gp2 volume", "0.1"),
        ("ServerlessProvisionedDuration", "Mem-3GB", "0.00003495"),
        ("ServerlessProvisionedUsage", "Mem-6GB", "0.00003"),
    ],
)
def test_secondary_meters_are_taken_from_us_east_1_and_marked(
    book: PriceBook, component: str, meter: str, usd: str
) -> None:
    assert book.rate("us-east-1", component, meter).assumed == ""
    rate = book.rate("ap-northeast-1", component, meter)
    assert rate.usd == Decimal(usd)
    assert rate.assumed == "the us-east-1 price; none is listed in ap-northeast-1"
    assert rate.sku == Sku(region="ap-northeast-1", component=component, meter=meter)


@pytest.mark.parametrize(
    ("component", "meter", "usd", "unit", "key"),
    [
        ("S3", "PUT", "0.005", "1000 requests", "s3_put_price"),
        ("S3", "GET", "0.0004", "1000 requests", "s3_get_price"),
        ("S3", "GB-Mo", "0.023", "GB-Mo", "s3_storage_price"),
        ("StepFunctions", "StateTransition", "0.025", "1000 transitions", "state_transition_price"),
    ],
)
def test_other_services_are_priced_by_named_assumptions(
    book: PriceBook, component: str, meter: str, usd: str, unit: str, key: str
) -> None:
    rate = book.rate("eu-west-2", component, meter)
    assert (rate.usd, rate.unit, rate.assumed) == (Decimal(usd), unit, f"the assumption {key}")
    assert key in PRICE_ASSUMPTIONS


def test_a_profile_may_state_its_own_s3_prices(book: PriceBook) -> None:
    own = book.with_assumed({"s3_put_price": 0.0055}).with_assumed({"s3_get_price": "0.001"})
    assert own.rate("us-east-1", "S3", "PUT").usd == Decimal("0.0055")
    assert own.rate("us-east-1", "S3", "GET").usd == Decimal("0.001")
    assert "as the profile states it" in own.rate("us-east-1", "S3", "PUT").assumed
    assert book.rate("us-east-1", "S3", "PUT").usd == Decimal("0.005")
    with pytest.raises(UnknownName, match="s3_putt_price"):
        book.with_assumed({"s3_putt_price": 1})
    with pytest.raises(InputError, match="not a decimal number"):
        book.with_assumed({"s3_put_price": "cheap"})


def test_a_book_is_shown_in_a_line_and_survives_a_process(book: PriceBook) -> None:
    assert repr(book) == "<price book of 2026-09-22, 37 regions>"
    again = pickle.loads(pickle.dumps(book))
    assert again.rate("us-east-1", "Hosting", "ml.m5.large") == book.rate("us-east-1", "Hosting", "ml.m5.large")


def test_old_prices_are_warned_of_after_ninety_days(book: PriceBook) -> None:
    assert book.as_of == date(2026, 9, 22)
    assert book.age_days(date(2026, 12, 21)) == 90
    assert book.warning(date(2026, 12, 21)) == ""
    assert book.warning(date(2026, 12, 22), "us-east-1") == (
        "the prices of us-east-1 are of 2026-09-22, 91 days ago; "
        "to renew them: advisor prices refresh --region us-east-1"
    )
    assert "--region REGION" in book.warning(date(2027, 1, 1))


def test_the_rates_of_a_region_are_the_listed_ones_by_component_and_size(book: PriceBook) -> None:
    assert len(book.regions()) == 37
    assert len(book.rates("us-east-1")) == 296
    assert [one.sku.meter for one in book.rates("eu-west-2", "ServerlessInf")] == [
        f"Mem-{size}GB" for size in range(1, 7)
    ]
    m5 = [one.sku.meter for one in book.rates("us-east-1", "Hosting") if ".m5." in one.sku.meter]
    assert m5[:4] == ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge"]


def test_the_table_of_a_region_fits_a_terminal_and_shows_the_borrowed_prices_of_one_type(book: PriceBook) -> None:
    for table in (
        book.table("us-east-1"),
        book.table("us-east-1", "Hosting"),
        book.table("us-east-1", None, "ml.m5.xlarge"),
    ):
        assert max(map(len, table.text().splitlines())) <= 100
    shown = book.table("us-east-1", instance="ml.m5.xlarge").text()
    assert [line.split()[0] for line in shown.splitlines() if "ml.m5.xlarge" in line] == [
        "Hosting",
        "AsyncInf",
        "BatchTransform",
    ]
    assert sum(line.endswith(") assumed") for line in shown.splitlines()) == 2
    assert "assumed: the Hosting price of the same type" in shown
    assert len(book.look_up("us-east-1")) == 296
    assert [one.usd for one in book.look_up("us-east-1", "AsyncInf", "ml.m5.xlarge")] == [Decimal("0.23")]
    with pytest.raises(PriceMissing, match=r"ml\.m5\.huge"):
        book.table("us-east-1", instance="ml.m5.huge")


def test_coverage_counts_what_is_listed_assumed_and_missing(book: PriceBook) -> None:
    coverage = book.coverage()
    assert len(coverage.cells) == 37 * 5
    serverless = coverage.cell("us-east-1", "serverless")
    assert (serverless.status, serverless.listed, serverless.assumed, serverless.missing) == ("listed", 6, 0, 0)
    assert serverless.beside == "listed"
    assert coverage.cell("eu-west-2", "serverless").beside == "assumed"
    none = coverage.cell("eu-south-2", "serverless")
    assert (none.status, none.listed, none.missing, none.beside) == ("missing", 0, 6, "missing")
    assert coverage.cell("us-east-1", "real-time").status == "listed"
    # Facts: of async, eu-west-3 lists ml.g4dn.2xlarge and ml.g6.xlarge; of batch, ml.g4dn.xlarge.
    asynchronous = coverage.cell("eu-west-3", "asynchronous")
    assert (asynchronous.status, asynchronous.listed) == ("assumed", 2)
    assert coverage.cell("eu-west-3", "batch-transform").listed == 1
    zone = coverage.cell("us-east-1-atl-1", "batch-transform")
    assert (zone.status, zone.listed, zone.assumed) == ("missing", 0, 0)
    for pattern in ("real-time", "serverless", "asynchronous", "batch-transform", "multi-model"):
        assert len({cell.listed + cell.assumed + cell.missing for cell in coverage if cell.pattern == pattern}) == 1
    assert max(map(len, coverage.table().text().splitlines())) <= 100
    assert coverage.to_json()[0] == {
        "region": "af-south-1",
        "pattern": "real-time",
        "status": "listed",
        "listed": coverage.cells[0].listed,
        "assumed": 0,
        "missing": coverage.cells[0].missing,
        "beside": "assumed",
    }
    with pytest.raises(KeyError):
        coverage.cell("us-east-1", "carrier-pigeon")


def tiered(*prices: tuple[int, int | None, str]) -> Rate:
    tiers = tuple(
        Tier(start=Decimal(start), end=None if end is None else Decimal(end), usd=Decimal(usd))
        for start, end, usd in prices
    )
    sku = Sku(region="us-east-1", component="ServerlessInf", meter="Mem-1GB")
    return Rate(sku=sku, unit="second", tiers=tiers, as_of="2026-11-01", basis="AWS price list")


def test_a_quantity_costs_each_tier_its_own_price() -> None:
    rate = tiered((0, 100, "0"), (100, 1000, "0.5"), (1000, None, "0.25"))
    # 100 free, 900 at 0.50, 500 at 0.25
    assert rate.cost(1500) == 450 + 125
    assert rate.cost(100) == 0
    assert list(rate.parts(200, after=50)) == [(Fraction(50), Decimal(0)), (Fraction(150), Decimal("0.5"))]
    assert (rate.usd, rate.allowance) == (Decimal("0.5"), 100)


def test_without_the_free_tier_the_free_units_cost_what_the_next_do() -> None:
    rate = tiered((0, 100, "0"), (100, 1000, "0.5"), (1000, None, "0.25")).without_allowance()
    assert rate.cost(1500) == 500 + 125
    assert rate.allowance == 0
    assert rate.without_allowance() is rate
    with pytest.raises(ValueError, match="negative"):
        rate.cost(-1)


@st.composite
def tiered_rates(draw: st.DrawFn) -> Rate:
    ends = sorted(set(draw(st.lists(st.integers(1, 1000), max_size=4))))
    usd = [draw(st.integers(0, 1000)) for _ in range(len(ends) + 1)]
    return tiered(
        *((start, end, f"0.{cents:03d}") for start, end, cents in zip([0, *ends], [*ends, None], usd, strict=True))
    )


quantities = st.fractions(min_value=0, max_value=2000, max_denominator=1000)


@given(tiered_rates(), quantities, quantities)
def test_cost_rises_with_the_quantity_without_a_step(rate: Rate, one: Fraction, other: Fraction) -> None:
    less, more = sorted((one, other))
    dearest = max(tier.usd for tier in rate.tiers)
    assert 0 <= rate.cost(more) - rate.cost(less) <= (more - less) * Fraction(dearest)
    assert sum(part for part, _ in rate.parts(more)) == more
    rest = sum((part * Fraction(usd) for part, usd in rate.parts(more - less, after=less)), Fraction(0))
    assert rate.cost(less) + rest == rate.cost(more)


def test_a_price_book_loads_neither_boto3_nor_numpy_nor_a_door() -> None:
    code = """
import sys
from advisor.catalog.prices import price_book
price_book().rate("us-east-1", "Hosting", "ml.m5.large")
doors = {"boto3", "botocore", "urllib.request", "advisor.catalog.fetch"}
loaded = {"numpy", "pydantic", "yaml", *doors} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
