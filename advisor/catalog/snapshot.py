"""Dated snapshots of the price list: the packaged one, those in the user's cache, and what changed between two.

A snapshot is a JSON file of decimal strings, one price a line:

    {"format": 1,
     "sources": [["2026-09-22", "read from the AWS price list by a third party"]],
     "regions": {
      "us-east-1": {"published": "2026-09-22", "version": "", "origin": "packaged", "prices": [
       ["Hosting", "ml.m5.xlarge", "Hrs", "0.23", 0],
       ["ServerlessInf", "Mem-1GB", "second", [["0", "150000", "0"], ["150000", null, "0.00002"]], 0]
      ]}}}

A row's last number names its source: date and basis of the price. Reading a file decodes nothing but its
shell; a region's prices are decoded when the first of them is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from advisor.catalog.rates import Rate, Sku, Tier, plain, usd
from advisor.errors import RefreshError
from advisor.files import cache_folder, write_atomically

__all__ = [
    "RegionPrices",
    "Snapshot",
    "dumps",
    "loads",
    "merged",
    "newest",
    "packaged_path",
    "prices_folder",
    "read",
    "store",
]

Key = tuple[str, str]
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPrices:
    """What is listed in one region, by (component, meter); with the date and version of the list it was read from."""

    region: str
    published: date
    version: str
    origin: str
    rates: Mapping[Key, Rate]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Snapshot:
    """The prices of regions; ``where`` is the file it was read from, empty where it was just made."""

    regions: Mapping[str, RegionPrices]
    where: str = ""

    @property
    def published(self) -> date:
        """The newest date of publication among its regions."""
        return max(prices.published for prices in self.regions.values())

    def __repr__(self) -> str:
        return f"<snapshot of {len(self.regions)} regions{f' from {self.where}' if self.where else ''}>"


class _LazyRates(Mapping[Key, Rate]):
    """Rows of a file, decoded all at once when the first is asked for."""

    def __init__(self, region: str, rows: Any, sources: Any, where: str) -> None:
        self._raw = (region, rows, sources, where)
        self._rates: dict[Key, Rate] | None = None

    def _decoded(self) -> dict[Key, Rate]:
        if self._rates is None:
            region, rows, sources, where = self._raw
            try:
                self._rates = dict(_decoded(region, row, sources) for row in rows)
            except (TypeError, ValueError, IndexError, KeyError) as error:
                raise _broken(where, f"the prices of {region} do not read: {error}") from error
            if len(self._rates) != len(rows):
                raise _broken(where, f"a price of {region} is there twice")
        return self._rates

    def __getitem__(self, key: Key) -> Rate:
        return self._decoded()[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._decoded())

    def __len__(self) -> int:
        return len(self._decoded())


@cache
def packaged_path() -> Path:
    """The snapshot that comes with the package."""
    return Path(__file__).with_name("data") / "prices.json"


def prices_folder() -> Path:
    """Where refreshed snapshots are kept."""
    return cache_folder() / "prices"


def newest() -> Path:
    """The file with the newest prices: a cached one by the date in its name, unless the packaged one is newer."""
    packaged, folder = packaged_path(), prices_folder()
    try:
        # No search by a pattern: whoever asks for a price asks for this first.
        there = [path for path in folder.iterdir() if path.name.startswith("prices-") and path.suffix == ".json"]
    except OSError:
        there = []
    cached = [(found, path) for path in there if (found := _named(path)) is not None]
    if not cached:
        return packaged
    found, path = max(cached)
    return path if found >= _published(packaged) else packaged


def read(path: Path) -> Snapshot:
    """Read a snapshot; a file that is not one is an error that names it, never passed over."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise RefreshError(
            f"cannot read: {error.strerror or error}", str(path), "delete it, or mend its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise _broken(str(path), "it is not text") from error
    snapshot = loads(text, str(path))
    named = _named(path)
    if named is not None and named != snapshot.published:
        raise _broken(str(path), f"its name says {named}, its prices {snapshot.published}")
    return snapshot


def loads(text: str, where: str = "") -> Snapshot:
    """A snapshot from its text."""
    try:
        data = json.loads(text)
        if data["format"] != _FORMAT:
            raise ValueError(f"its format is {data['format']!r}, not {_FORMAT}")
        regions = {
            name: RegionPrices(
                region=name,
                published=date.fromisoformat(held["published"]),
                version=str(held["version"]),
                origin=str(held["origin"]),
                rates=_LazyRates(name, held["prices"], data["sources"], where),
            )
            for name, held in data["regions"].items()
        }
        if not regions:
            raise ValueError("it holds no region")
    except KeyError as error:
        raise _broken(where, f"it holds no {error}") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _broken(where, str(error)) from error
    return Snapshot(regions=regions, where=where)


def dumps(snapshot: Snapshot) -> str:
    """The text of a snapshot: the same prices give the same bytes."""
    sources = sorted({(rate.as_of, rate.basis) for held in snapshot.regions.values() for rate in held.rates.values()})
    number = {source: index for index, source in enumerate(sources)}
    regions = []
    for name, held in sorted(snapshot.regions.items()):
        head = {"published": held.published.isoformat(), "version": held.version, "origin": held.origin}
        rows = [_row(rate, number[rate.as_of, rate.basis]) for _, rate in sorted(held.rates.items())]
        listed = ",\n".join(f"   {json.dumps(row, ensure_ascii=False)}" for row in rows)
        shell = json.dumps(head, ensure_ascii=False)[:-1]
        regions.append(f'  {json.dumps(name)}: {shell}, "prices": [\n{listed}\n  ]}}')
    listed = ",\n".join(f"  {json.dumps(source, ensure_ascii=False)}" for source in sources)
    return f'{{"format": {_FORMAT},\n "sources": [\n{listed}\n ],\n "regions": {{\n' + ",\n".join(regions) + "\n }}\n"


def merged(old: Snapshot, new: Snapshot) -> Snapshot:
    """The regions of both; where both hold one, the new one's."""
    return Snapshot(regions=dict(sorted({**old.regions, **new.regions}.items())))


def store(snapshot: Snapshot) -> Path:
    """Write a snapshot into the user's cache under the date of its prices, all of it or nothing."""
    return write_atomically(prices_folder() / f"prices-{snapshot.published.isoformat()}.json", dumps(snapshot))


def region_prices(
    region: str, rates: Iterable[Rate], *, published: date, version: str = "", origin: str = "packaged"
) -> RegionPrices:
    """The prices of one region from its rates."""
    held = {(rate.sku.component, rate.sku.meter): rate for rate in rates}
    return RegionPrices(region=region, published=published, version=version, origin=origin, rates=held)


@lru_cache(maxsize=2)
def _published(path: Path) -> date:
    # The packaged file does not change while the process lives.
    return read(path).published


def _named(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.stem.removeprefix("prices-"))
    except ValueError:
        return None


def _broken(where: str, why: str) -> RefreshError:
    mend = "delete this file; the packaged prices are used then, or refresh them with: advisor prices refresh"
    return RefreshError(f"not a price snapshot: {why}", where, mend)


def _decoded(region: str, row: Any, sources: Any) -> tuple[Key, Rate]:
    component, meter, unit, price, source = row
    as_of, basis = sources[source]
    if isinstance(price, str):
        tiers: tuple[Tier, ...] = (Tier(start=Decimal(0), end=None, usd=usd(price)),)
    else:
        tiers = tuple(
            Tier(start=usd(start), end=None if end is None else usd(end), usd=usd(each)) for start, end, each in price
        )
    for text in (component, meter, unit, as_of, basis):
        if not isinstance(text, str) or not text:
            raise ValueError(f"{text!r} is not a name")
    if not any(tier.usd for tier in tiers):
        raise ValueError(f"{component}/{meter} has no price")
    sku = Sku(region=region, component=component, meter=meter)
    return (component, meter), Rate(sku=sku, unit=unit, tiers=tiers, as_of=as_of, basis=basis)


def _row(rate: Rate, source: int) -> list[Any]:
    price: Any = [
        [plain(tier.start), None if tier.end is None else plain(tier.end), plain(tier.usd)] for tier in rate.tiers
    ]
    if len(rate.tiers) == 1 and rate.tiers[0].end is None and not rate.tiers[0].start:
        price = plain(rate.tiers[0].usd)
    return [rate.sku.component, rate.sku.meter, rate.unit, price, source]
