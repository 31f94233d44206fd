"""Reading the price list: each of its traps, one by one, and anything at all without a traceback."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog.fetch_parse import Parsed, parse_bulk, parse_products
from tests.catalog.price_list import (
    DIMENSION,
    Item,
    changed,
    data,
    instance,
    item,
    offer,
    priced,
    serverless,
    strings,
    volume,
)

GOOD = instance("GOOD", "ml.m5.large", "0.1150000000")
TERM = ("terms", "OnDemand", "*")
ATTRIBUTES = ("product", "attributes")


def read(*items: Item, region: str = "us-east-1") -> Parsed:
    return parse_products(strings(*items), region, origin="test")


def usd(parsed: Parsed) -> dict[str, str]:
    held = parsed.prices
    return {} if held is None else {f"{one.sku.component} {one.sku.meter}": str(one.usd) for one in held.rates.values()}


def reasons(parsed: Parsed) -> list[str]:
    return [problem.reason for problem in parsed.problems]


@pytest.mark.parametrize("suffix", ["-Hosting", "-hosting"])
def test_the_type_is_the_instance_name_whatever_the_spelling_of_the_suffix(suffix: str) -> None:
    assert usd(read(instance("A", "ml.g7e.2xlarge", "4.2", suffix=suffix))) == {"Hosting ml.g7e.2xlarge": "4.2"}


@pytest.mark.parametrize("component", ["hosting", "HOSTING", "Hosting "])
def test_components_are_read_in_any_case(component: str) -> None:
    assert usd(read(changed(GOOD, *ATTRIBUTES, "component", to=component))) == {"Hosting ml.m5.large": "0.115"}


@pytest.mark.parametrize(
    ("component", "suffix", "shown"),
    [
        ("asyncinf", "-AsyncInf", "AsyncInf"),
        ("BatchTransform", "-Tsform", "BatchTransform"),
        ("training", "-Training", "Training"),
        ("Processing", "-processing", "Processing"),
    ],
)
def test_other_jobs_are_read_with_any_suffix_of_their_own(component: str, suffix: str, shown: str) -> None:
    held = instance("A", "ml.m5.large", "0.1", component=component, suffix=suffix)
    assert usd(read(held)) == {f"{shown} ml.m5.large": "0.1"}


@pytest.mark.parametrize(
    "held",
    [
        instance("B", "ml.m5.large", "9", component="Studio-Notebook", suffix="-Notebook"),
        instance("B", "ml.m5.large", "9", component="Notebook"),
        instance("B", "ml.m5.large", "9", component="studio-jupyterlab", suffix=""),
        instance("B", "ml.m5.large", "9", component="Studio-JupyterLab"),
        instance("B", "ml.m5.large", "9", component="studio-codeeditor"),
        instance("B", "ml.m5.large", "9", component="Cluster", suffix="-Cluster"),
        instance("B", "ml.m5.large", "9", component="ReservedCluster"),
        instance("B", "ml.m5.large", "9", component="Training Warm Pool"),
        instance("B", "ml.m5.large", "9", component="ServerlessTraining:FineTuning"),
        instance("B", "ml.m5.large", "9", component="Training", suffix="-trainingplanunused"),
        instance("B", "ml.m5.large", "9", suffix="-Notebook"),
        changed(instance("B", "ml.m5.large", "9"), *ATTRIBUTES, "usagetype", to="USE1-ReservedCluster:ml.m5.large"),
        changed(
            instance("B", "ml.m5.large", "9"), *ATTRIBUTES, "usagetype", to="USE1-TrainingPlanUpfrontFee:ml.m5.large"
        ),
        changed(instance("B", "ml.m5.large", "9"), *ATTRIBUTES, "component", to=...),
        changed(instance("B", "ml.m5.large", "9"), "product", "productFamily", to="ML Training Plan"),
        changed(volume("B", "9"), *ATTRIBUTES, "usagetype", to="USE1-Host:VolumeUsage.gp3"),
        changed(volume("B", "9"), *ATTRIBUTES, "volumeType", to="General Purpose-Notebook"),
        changed(data("B", "IN", "9"), *ATTRIBUTES, "group", to="FeatureStore:IN"),
    ],
)
def test_what_bills_no_endpoint_and_no_job_is_left_out_without_a_word(held: Item) -> None:
    parsed = read(GOOD, held)
    assert usd(parsed) == {"Hosting ml.m5.large": "0.115"}
    assert not parsed.problems
    assert parsed.left_out == 1


@pytest.mark.parametrize("code", ["us-east-1-atl-1", "us-east-2"])
def test_a_local_zone_or_another_region_is_not_this_region(code: str) -> None:
    other = changed(instance("B", "ml.m5.large", "9"), *ATTRIBUTES, "regionCode", to=code)
    assert usd(read(GOOD, other)) == {"Hosting ml.m5.large": "0.115"}
    assert usd(read(GOOD, other, region=code)) == {"Hosting ml.m5.large": "9"}


@pytest.mark.parametrize(
    ("path", "to", "says"),
    [
        ((*DIMENSION, "pricePerUnit", "USD"), "0.0000000000", "its price is 0"),
        ((*DIMENSION, "pricePerUnit", "USD"), "", "not a decimal number"),
        ((*DIMENSION, "pricePerUnit", "USD"), "NaN", "not a decimal number"),
        ((*DIMENSION, "pricePerUnit", "USD"), "Infinity", "not a decimal number"),
        ((*DIMENSION, "pricePerUnit", "USD"), "-0.1", "not a decimal number"),
        ((*DIMENSION, "pricePerUnit", "USD"), "0,23", "not a decimal number"),
        ((*DIMENSION, "pricePerUnit", "USD"), "1" * 5000, "not a decimal number"),
        ((*DIMENSION, "pricePerUnit", "USD"), 0.23, "not a decimal string"),
        ((*DIMENSION, "pricePerUnit", "USD"), None, "not a decimal string"),
        ((*DIMENSION, "pricePerUnit"), {"CNY": "1.5"}, "no price in USD but in CNY"),
        ((*DIMENSION, "pricePerUnit"), ..., "no price in USD"),
        ((*DIMENSION, "unit"), "Quantity", 'unit is "Quantity" where Hrs is due'),
        ((*DIMENSION, "unit"), ..., 'unit is "" where Hrs is due'),
        ((*DIMENSION, "beginRange"), "100", "overlap or leave a gap"),
        ((*DIMENSION, "endRange"), "100", "its tiers end at 100"),
        ((*DIMENSION, "endRange"), "many", "not a decimal number"),
        (DIMENSION, "cheap", "price dimension is str"),
        ((*TERM, "priceDimensions"), {}, "no priceDimensions"),
        (TERM, [], "OnDemand term is list"),
        (("terms", "OnDemand"), {}, "no OnDemand term"),
        (("terms",), ..., "no OnDemand term"),
        (("terms",), "none", "no OnDemand term"),
        ((*ATTRIBUTES, "instanceName"), ..., "no instanceName"),
        ((*ATTRIBUTES, "instanceName"), "m5.large", 'instanceName is "m5.large"'),
        ((*ATTRIBUTES, "instanceName"), "ml.m5", 'instanceName is "ml.m5"'),
        ((*ATTRIBUTES, "instanceType"), "ml.c5.large-Hosting", "instanceName is ml.m5.large"),
        ((*ATTRIBUTES, "instanceType"), "ml.m5.large-Training", "component is Hosting"),
        ((*ATTRIBUTES, "operation"), "Invoke-Endpoint", 'operation "Invoke-Endpoint"'),
        ((*ATTRIBUTES, "regionCode"), ..., "no regionCode"),
        (("product", "attributes"), None, "product.attributes is missing"),
        (("product",), "SKU", "product is str"),
        (("publicationDate",), "yesterday", 'publicationDate is "yesterday"'),
    ],
)
def test_a_malformed_entry_is_reported_and_left_out(path: tuple[str, ...], to: Any, says: str) -> None:
    parsed = read(GOOD, changed(instance("BAD", "ml.m5.large", "0.2"), *path, to=to))
    assert usd(parsed) == {"Hosting ml.m5.large": "0.115"}
    assert len(parsed.problems) == 1
    assert says in parsed.problems[0].reason
    assert parsed.problems[0].sku in ("BAD", "item 2")


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("product", "productFamily"), ...),
        ((*ATTRIBUTES, "instanceType"), ...),
        ((*ATTRIBUTES, "operation"), ...),
        ((*ATTRIBUTES, "usagetype"), ...),
        ((*ATTRIBUTES, "location"), "nowhere"),
        ((*DIMENSION, "beginRange"), ...),
        ((*DIMENSION, "endRange"), ...),
        ((*ATTRIBUTES, "vCpu"), "9999"),
    ],
)
def test_an_entry_may_lack_what_no_price_needs(path: tuple[str, ...], to: Any) -> None:
    parsed = read(changed(GOOD, *path, to=to))
    assert usd(parsed) == {"Hosting ml.m5.large": "0.115"}
    assert not parsed.problems


def test_the_same_price_twice_is_one_price() -> None:
    parsed = read(GOOD, instance("AGAIN", "ml.m5.large", "0.115"))
    assert usd(parsed) == {"Hosting ml.m5.large": "0.115"}
    assert (parsed.repeated, parsed.problems) == (1, ())


def test_two_prices_for_one_meter_are_reported_and_neither_is_taken() -> None:
    parsed = read(GOOD, instance("OTHER", "ml.m5.large", "0.2"), instance("A", "ml.c5.large", "0.1"))
    assert usd(parsed) == {"Hosting ml.c5.large": "0.1"}
    assert reasons(parsed) == [
        "ambiguous: 2 entries of Hosting ml.m5.large differ (GOOD 0.115, OTHER 0.2); none is taken"
    ]


def test_two_terms_that_differ_are_ambiguous_and_two_that_agree_are_one() -> None:
    again = changed(
        GOOD,
        "terms",
        "OnDemand",
        "GOOD.OTHER",
        to=next(iter(priced("GOOD", ("0", "Inf", "0.115"), unit="Hrs").values())),
    )
    assert usd(read(again)) == {"Hosting ml.m5.large": "0.115"}
    other = changed(
        GOOD, "terms", "OnDemand", "GOOD.OTHER", to=next(iter(priced("GOOD", ("0", "Inf", "0.2"), unit="Hrs").values()))
    )
    assert reasons(read(other)) == ["ambiguous: its 2 OnDemand terms differ"]


def tiered(*prices: tuple[str, str, str]) -> Item:
    held = serverless("TIERS", 4, "1")
    return item("TIERS", "ML Serverless", held["product"]["attributes"], *prices, unit="seconds")


def test_several_dimensions_are_tiers_in_the_order_of_their_ranges() -> None:
    parsed = read(tiered(("150000", "Inf", "0.00008"), ("0", "150000", "0.0000000000")))
    assert parsed.prices is not None
    rate = parsed.prices.rates["ServerlessInf", "Mem-4GB"]
    assert [(tier.start, tier.end, tier.usd) for tier in rate.tiers] == [
        (Decimal(0), Decimal(150000), Decimal(0)),
        (Decimal(150000), None, Decimal("0.00008")),
    ]
    assert (rate.allowance, rate.usd, rate.unit) == (150000, Decimal("0.00008"), "second")


@pytest.mark.parametrize(
    "prices",
    [
        (("0", "100", "1"), ("90", "Inf", "2")),
        (("0", "100", "1"), ("110", "Inf", "2")),
        (("0", "Inf", "1"), ("0", "Inf", "2")),
        (("0", "", "1"), ("", "Inf", "2")),
        (("0", "100", "1"), ("100", "100", "2"), ("100", "Inf", "3")),
        (("0", "100", "1"), ("100", "200", "2")),
        (("0", "100", "1"), ("100", "Inf", "0")),
    ],
)
def test_tiers_that_do_not_join_are_reported(prices: tuple[tuple[str, str, str], ...]) -> None:
    parsed = read(tiered(*prices))
    assert parsed.prices is None
    assert len(parsed.problems) == 1


@pytest.mark.parametrize(
    ("group", "component"),
    [
        ("ServerlessInf", "ServerlessInf"),
        ("ServerlessProvisionedConcurrency-Duration", "ServerlessProvisionedDuration"),
        ("ServerlessProvisionedConcurrency-Usage", "ServerlessProvisionedUsage"),
    ],
)
def test_serverless_meters_are_told_apart_by_their_group(group: str, component: str) -> None:
    assert usd(read(serverless("A", 6, "0.00012", group=group))) == {f"{component} Mem-6GB": "0.00012"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"memorygb": "5"}, "two memory sizes"),
        ({"memorygb": "N/A", "usagetype": "USE1-ServerlessInf"}, "not stated"),
    ],
)
def test_a_memory_size_that_is_unclear_is_reported(changes: dict[str, str], says: str) -> None:
    held = serverless("A", 4, "1")
    for key, value in changes.items():
        held = changed(held, *ATTRIBUTES, key, to=value)
    assert says in reasons(read(held))[0]


@pytest.mark.parametrize("text", [None, 5, b"{}", {"product": {}}, "", "[]", "null", '"x"', "{" * 9000, "[" * 100_000])
def test_an_item_that_is_no_json_object_is_reported(text: object) -> None:
    parsed = parse_products([text, *strings(GOOD)], "us-east-1", origin="test")
    assert usd(parsed) == {"Hosting ml.m5.large": "0.115"}
    assert [problem.sku for problem in parsed.problems] == ["item 1"]


def test_the_newest_publication_dates_the_region() -> None:
    old = changed(instance("OLD", "ml.c5.large", "0.1"), "publicationDate", to="2026-01-01T00:00:00Z")
    held = read(GOOD, changed(old, "version", to="20260101000000")).prices
    assert held is not None
    assert (held.published.isoformat(), held.version) == ("2026-11-05", "20261105194304")


def test_a_list_without_a_date_is_not_taken() -> None:
    parsed = read(changed(GOOD, "publicationDate", to=...))
    assert parsed.prices is None
    assert reasons(parsed) == ["it has no publication date"]


def test_the_bulk_file_is_joined_by_sku() -> None:
    parsed = parse_bulk(offer(GOOD, data("D", "OUT", "0.016"), volume("V", "0.112")), "us-east-1", origin="test")
    assert usd(parsed) == {
        "Hosting ml.m5.large": "0.115",
        "DataProcessed Hosting:OUT": "0.016",
        "HostingStorage gp2 volume": "0.112",
    }


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
places = st.sampled_from(
    [("product",), ("terms",), ("terms", "OnDemand"), ("publicationDate",), ("version",), TERM, DIMENSION, ATTRIBUTES]
    + [(*ATTRIBUTES, key) for key in ("instanceName", "component", "group", "usagetype", "regionCode", "volumeType")]
    + [(*DIMENSION, key) for key in ("unit", "pricePerUnit", "beginRange", "endRange")]
    + [(*TERM, "priceDimensions"), (*DIMENSION, "pricePerUnit", "USD")]
)


@settings(max_examples=300)
@given(places, junk)
def test_anything_anywhere_is_read_or_reported_and_never_a_traceback(place: tuple[str, ...], value: object) -> None:
    held = changed(instance("BAD", "ml.c5.large", "0.2"), *place, to=value)
    parsed = read(GOOD, held)
    assert parsed.read == 2
    assert usd(parsed)["Hosting ml.m5.large"] == "0.115"
    bulk = offer(GOOD, instance("BAD", "ml.c5.large", "0.2"))
    bulk["products"]["BAD"] = held.get("product")
    bulk["terms"]["OnDemand"]["BAD"] = value
    assert usd(parse_bulk(bulk, "us-east-1", origin="test"))["Hosting ml.m5.large"] == "0.115"


@given(junk)
def test_any_json_is_read_as_a_list_of_nothing(value: object) -> None:
    assert parse_products([json.dumps(value)], "us-east-1", origin="test").prices is None
    if isinstance(value, dict):
        assert parse_bulk(value, "us-east-1", origin="test").prices is None
