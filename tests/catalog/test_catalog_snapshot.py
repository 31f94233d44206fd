"""Snapshots: what is packaged, what is written and read back, what is broken, what differs between two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import snapshot as snapshots
from advisor.catalog.changes import difference
from advisor.catalog.prices import price_book
from advisor.catalog.rates import Rate, Sku, Tier, plain, usd
from advisor.catalog.snapshot import RegionPrices, Snapshot, dumps, loads, merged, region_prices
from advisor.errors import InputError, RefreshError

# Typed by hand from the facts: region, component, meter, unit, USD, date.
TYPED = """
us-east-1 Hosting ml.m5.large Hrs 0.115 2026-09-22
us-east-1 Hosting ml.m5.xlarge Hrs 0.23 2026-09-22
us-east-1 Hosting ml.c5.xlarge Hrs 0.204 2026-09-22
us-east-1 Hosting ml.m4.xlarge Hrs 0.24 2026-09-22
us-east-1 Hosting ml.t2.medium Hrs 0.056 2026-09-22
us-east-1 Hosting ml.m6g.large Hrs 0.0924 2026-09-22
us-east-1 Hosting ml.g4dn.xlarge Hrs 0.736 2026-09-22
us-east-1 Hosting ml.g5.xlarge Hrs 1.408 2026-09-22
us-east-1 Hosting ml.inf2.xlarge Hrs 0.99 2026-09-22
us-east-1 Hosting ml.p4d.24xlarge Hrs 25.251288 2026-09-22
us-east-1 AsyncInf ml.g6e.2xlarge Hrs 2.8026 2026-09-20
us-east-1 ServerlessInf Mem-1GB second 0.00002 2026-09-22
us-east-1 ServerlessInf Mem-6GB second 0.00012 2026-09-22
us-east-1 ServerlessProvisionedDuration Mem-2GB second 0.0000233 2026-02-15
us-east-1 ServerlessProvisionedUsage Mem-4GB second 0.00002 2026-02-15
us-east-1 DataProcessed Hosting:IN GB 0.016 2026-02-15
us-east-1 HostingStorage gp2~volume GB-Mo 0.14 2026-06-24
eu-west-1 HostingStorage gp2~volume GB-Mo 0.154 2023-12
eu-west-1 BatchTransform ml.m5.xlarge Hrs 0.257 2023-12
eu-west-3 BatchTransform ml.g4dn.xlarge Hrs 0.861 2026-10-04
eu-west-3 AsyncInf ml.g6.xlarge Hrs 1.4302 2026-10-04
ap-northeast-2 AsyncInf ml.g7e.2xlarge Hrs 5.168475 2026-07-21
us-east-2 Hosting ml.g6.xlarge Hrs 1.1267 2026-09-22
us-west-2 Hosting ml.c5.large Hrs 0.102 2026-09-22
sa-east-1 Hosting ml.m5.xlarge Hrs 0.367 2026-09-22
eu-west-2 Hosting ml.m5.xlarge Hrs 0.266 2026-09-22
il-central-1 Hosting ml.m5.xlarge Hrs 0.27 2026-09-22
us-gov-west-1 Hosting ml.m5.xlarge Hrs 0.29 2026-09-22
us-east-1-atl-1 Hosting ml.p5en.48xlarge Hrs 72.7904 2026-09-22
af-south-1 ServerlessInf Mem-4GB second 0.000106 2026-09-22
ap-east-2 Hosting ml.t3.medium Hrs 0.0588 2026-09-22
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path))
    return tmp_path / "prices"


def packaged() -> Snapshot:
    return snapshots.read(snapshots.packaged_path())


def rate(region: str, component: str, meter: str, price: str, unit: str = "Hrs", as_of: str = "2026-11-01") -> Rate:
    sku = Sku(region=region, component=component, meter=meter)
    tier = Tier(start=Decimal(0), end=None, usd=Decimal(price))
    return Rate(sku=sku, unit=unit, tiers=(tier,), as_of=as_of, basis="AWS price list")


def region(name: str, rates: list[Rate], published: str = "2026-11-01") -> RegionPrices:
    return region_prices(name, rates, published=date.fromisoformat(published), version="1", origin="test")


def snapshot_of(*rates: Rate, published: str = "2026-11-01") -> Snapshot:
    names = {one.sku.region for one in rates}
    return Snapshot(
        regions={name: region(name, [one for one in rates if one.sku.region == name], published) for name in names}
    )


@pytest.mark.parametrize("line", TYPED.strip().splitlines())
def test_the_packaged_prices_are_those_of_the_facts(line: str) -> None:
    name, component, meter, unit, price, as_of = line.split()
    found = packaged().regions[name].rates[component, meter.replace("~", " ")]
    assert (found.unit, found.usd, found.as_of) == (unit, Decimal(price), as_of)


def test_every_packaged_price_keeps_its_date_and_basis() -> None:
    rates = [one for held in packaged().regions.values() for one in held.rates.values()]
    assert len(rates) == 4483
    assert len(packaged().regions) == 37
    for one in rates:
        assert one.usd > 0
        assert one.as_of[:2] == "20"
        assert len(one.as_of) in (7, 10)
        assert one.basis
        assert not one.assumed
        assert one.unit in ("Hrs", "second", "GB", "GB-Mo")


def test_the_eu_west_1_volume_is_under_the_name_of_all_others() -> None:
    meters = {meter for component, meter in packaged().regions["eu-west-1"].rates if component == "HostingStorage"}
    assert meters == {"gp2 volume"}


def test_serverless_prices_are_linear_in_memory() -> None:
    for held in packaged().regions.values():
        if ("ServerlessInf", "Mem-1GB") in held.rates:
            one = held.rates["ServerlessInf", "Mem-1GB"].usd
            for size in range(2, 7):
                assert held.rates["ServerlessInf", f"Mem-{size}GB"].usd == one * size


def test_the_packaged_file_is_in_the_form_that_is_written() -> None:
    assert dumps(packaged()) == snapshots.packaged_path().read_text()


def test_prices_and_quantities_are_read_from_decimal_strings_only() -> None:
    assert usd("0.2300000000") == Decimal("0.23")
    assert plain(usd("2.5E-7")) == "0.00000025"
    for wrong in ("NaN", "Infinity", "-1", "", "1,5", "1_0", "0x1", " 1", None, 0.23, True):
        with pytest.raises(ValueError, match="decimal"):
            usd(wrong)


prices = st.decimals(min_value="0.0000000001", max_value=1000, places=10, allow_nan=False)
sizes = st.sampled_from(["large", "xlarge", "2xlarge"])


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    ends = sorted(set(draw(st.lists(st.integers(1, 10**6), max_size=3))))
    starts = [0, *ends]
    paid = [draw(prices) for _ in starts]
    if ends and draw(st.booleans()):
        paid[0] = Decimal(0)
    tiers = tuple(
        Tier(start=Decimal(start), end=None if end is None else Decimal(end), usd=Decimal(plain(price)))
        for start, end, price in zip(starts, [*ends, None], paid, strict=True)
    )
    sku = Sku(
        region=draw(st.sampled_from(["us-east-1", "eu-west-1"])),
        component=draw(st.sampled_from(["Hosting", "AsyncInf"])),
        meter=f"ml.m5.{draw(sizes)}",
    )
    as_of = draw(st.sampled_from(["2026-11-01", "2023-12"]))
    return Rate(
        sku=sku, unit="Hrs", tiers=tiers, as_of=as_of, basis=draw(st.sampled_from(["AWS price list", "ä bill"]))
    )


books = st.lists(rates(), min_size=1, max_size=12).map(lambda held: snapshot_of(*held))


def told(snapshot: Snapshot) -> Mapping[str, object]:
    return {
        name: (held.published, held.version, held.origin, dict(held.rates)) for name, held in snapshot.regions.items()
    }


@given(books)
def test_a_snapshot_comes_back_as_it_was_written(snapshot: Snapshot) -> None:
    again = loads(dumps(snapshot))
    assert told(again) == told(snapshot)
    assert dumps(again) == dumps(snapshot)


@given(books)
def test_equal_snapshots_do_not_differ(snapshot: Snapshot) -> None:
    changes = difference(snapshot, loads(dumps(snapshot)))
    assert not changes
    assert changes.to_json() == {"added": [], "removed": [], "moved": []}


@given(books, books)
def test_what_is_added_one_way_is_removed_the_other(one: Snapshot, other: Snapshot) -> None:
    there, back = difference(one, other), difference(other, one)
    assert there.added == back.removed
    assert there.removed == back.added
    assert [(each.old, each.new) for each in there.moved] == [(each.new, each.old) for each in back.moved]


def test_a_moved_price_says_by_how_much_and_a_newer_date_alone_is_no_change() -> None:
    old = snapshot_of(
        rate("us-east-1", "Hosting", "ml.m5.large", "0.10"),
        rate("us-east-1", "Hosting", "ml.m5.xlarge", "0.2"),
        rate("us-east-1", "Hosting", "ml.m5.2xlarge", "0.4"),
    )
    new = snapshot_of(
        rate("us-east-1", "Hosting", "ml.m5.large", "0.105", as_of="2026-12-01"),
        rate("us-east-1", "Hosting", "ml.m5.xlarge", "0.2", as_of="2026-12-01"),
        rate("us-east-1", "Hosting", "ml.m5.4xlarge", "0.8", as_of="2026-12-01"),
    )
    assert [line.split() for line in difference(old, new).table().text().splitlines()[4:7]] == [
        ["moved", "us-east-1", "Hosting", "ml.m5.large", "0.1", "0.105", "+5.0", "%"],
        ["removed", "us-east-1", "Hosting", "ml.m5.2xlarge", "0.4"],
        ["added", "us-east-1", "Hosting", "ml.m5.4xlarge", "0.8"],
    ]


def test_a_long_table_of_changes_counts_what_it_does_not_show() -> None:
    nothing = snapshot_of(rate("eu-west-1", "Hosting", "ml.m5.large", "1"))
    table = difference(nothing, packaged()).table(most=5)
    assert len(table.rows) == 5
    assert any("more are not shown" in note for note in table.notes)
    assert max(map(len, table.text().splitlines())) <= 100


def test_merging_takes_the_new_region_and_keeps_the_others() -> None:
    new = snapshot_of(rate("us-east-1", "Hosting", "ml.m5.large", "9"), published="2026-11-11")
    both = merged(packaged(), new)
    assert set(both.regions) == set(packaged().regions)
    assert list(both.regions["us-east-1"].rates) == [("Hosting", "ml.m5.large")]
    assert both.regions["eu-west-1"].published == date(2026, 9, 22)
    assert both.published == date(2026, 11, 11)


def test_the_newest_of_packaged_and_cached_is_used(cache: Path) -> None:
    assert price_book().where == str(snapshots.packaged_path())
    old = snapshots.store(snapshot_of(rate("us-east-1", "Hosting", "ml.m5.large", "1"), published="2025-01-01"))
    assert price_book().as_of == date(2026, 9, 22)
    new = snapshots.store(snapshot_of(rate("us-east-1", "Hosting", "ml.m5.large", "2"), published="2026-12-24"))
    assert (old.name, new.name) == ("prices-2025-01-01.json", "prices-2026-12-24.json")
    assert price_book().rate("us-east-1", "Hosting", "ml.m5.large").usd == 2
    snapshots.store(snapshot_of(rate("us-east-1", "Hosting", "ml.m5.large", "33"), published="2026-12-24"))
    assert price_book().rate("us-east-1", "Hosting", "ml.m5.large").usd == 33
    new.unlink()
    assert price_book().where == str(snapshots.packaged_path())


def test_a_cached_file_as_old_as_the_packaged_one_is_used_for_it_holds_what_was_refreshed() -> None:
    path = snapshots.store(snapshot_of(rate("us-east-1", "Hosting", "ml.m5.large", "7"), published="2026-09-22"))
    assert price_book().where == str(path)


GOOD = dumps(snapshot_of(rate("us-east-1", "Hosting", "ml.m5.large", "0.1"), published="2026-12-24"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"format": 2, "sources": [], "regions": {}}',
        '{"format": 1, "sources": [], "regions": {}}',
        '{"format": 1, "sources": [], "regions": []}',
        "[" * 100_000,
        GOOD[:-30],
        GOOD.replace("2026-12-24", "2026-13-24"),
        GOOD.replace("2026-12-24", "2026-12-25"),
        GOOD.replace('"0.1"', '"NaN"'),
        GOOD.replace('"0.1"', "0.1"),
        GOOD.replace('"0.1"', '"0"'),
        GOOD.replace('"0.1", 0', '"0.1", 5'),
        GOOD.replace('"Hosting", ', ""),
        GOOD.replace('"Hrs"', "null"),
        '{"format": 1, "sources": [], "regions": {"us-east-1": {"published": "2026-12-24"}}}',
    ],
)
def test_a_broken_cached_file_is_named_and_not_passed_over(cache: Path, text: str) -> None:
    path = cache / "prices-2026-12-24.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(RefreshError) as error:
        price_book().rates("us-east-1")
    assert error.value.where == str(path)
    assert "delete this file" in error.value.mend


def test_a_cached_file_that_is_not_text_is_named(cache: Path) -> None:
    path = cache / "prices-2026-12-24.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RefreshError, match="not text"):
        price_book()


def test_the_same_price_twice_in_a_file_is_broken() -> None:
    row = '["Hosting", "ml.m5.large", "Hrs", "0.1", 0]'
    with pytest.raises(RefreshError, match="twice"):
        len(loads(GOOD.replace(row, f"{row}, {row}")).regions["us-east-1"].rates)


def test_files_that_are_not_snapshots_by_name_are_left_alone(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "prices-old.json").write_text("{")
    (cache / "notes.txt").write_text("{")
    assert price_book().where == str(snapshots.packaged_path())


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RefreshError, match="cannot read"):
        price_book(tmp_path / "none.json")


def test_a_cache_that_cannot_be_written_is_an_error_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot write"):
        snapshots.store(packaged())


def test_the_file_is_json_with_decimal_strings(cache: Path) -> None:
    held = json.loads(snapshots.packaged_path().read_text(), parse_float=lambda text: pytest.fail(f"a float: {text}"))
    assert held["regions"]["us-east-1"]["published"] == "2026-09-22"
