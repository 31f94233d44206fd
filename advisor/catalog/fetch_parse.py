"""Reading AWS's price list: entries of GetProducts and the bulk offer file to rates; nothing here opens a connection.

What AWS sends is trusted in nothing: an entry that does not read is reported with its SKU and the reason, and
left out. What is read, and why so (from public notes on the AmazonSageMaker price list, 2025-2026):

- ``component`` tells Hosting from Studio, Notebook, Cluster and the like; its case varies.
- ``instanceName`` is the type; ``instanceType`` carries the component as a suffix in two spellings.
- ``regionCode`` is the region; ``location`` is written in several ways. A local zone is a region of its own.
- A training plan's fee carries an instance name, but no component and no hourly unit.
- One OnDemand term with one or several price dimensions; several are tiers, and the first may be free.
- Two entries for the same meter at one price are one price; at two prices they are ambiguous, and neither is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from advisor.catalog.rates import Rate, Sku, Tier, plain, usd
from advisor.catalog.snapshot import RegionPrices, region_prices

__all__ = ["OFFER", "ListProblem", "Parsed", "parse_bulk", "parse_products"]

OFFER = "AmazonSageMaker"

_COMPONENTS = {name.casefold(): name for name in ("Hosting", "AsyncInf", "BatchTransform", "Training", "Processing")}
_FOREIGN = ("notebook", "studio", "jupyterlab", "codeeditor", "cluster", "trainingplan", "reserved", "warmpool")
_FOREIGN_USAGE = re.compile(r"notebk|trainingplan|reserved|cluster:|studio|warmpool", re.IGNORECASE)
_SERVERLESS = {
    "serverlessinf": "ServerlessInf",
    "serverlessprovisionedconcurrency-duration": "ServerlessProvisionedDuration",
    "serverlessprovisionedconcurrency-usage": "ServerlessProvisionedUsage",
}
_DATA = {"hosting:in": "Hosting:IN", "hosting:out": "Hosting:OUT"}
_VOLUMES = {f"general purpose-{name}": f"{name.capitalize()}Storage" for name in ("hosting", "training", "processing")}
_UNITS = {"hrs": "Hrs", "seconds": "second", "second": "second", "gb": "GB", "gb-mo": "GB-Mo"}
_NAME = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProblem:
    """An entry that was left out because it does not read, or not clearly."""

    region: str
    sku: str
    reason: str

    def __str__(self) -> str:
        return f"{self.region}: {self.sku}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A region's prices with what was met on the way: entries read, those of other services left out, repeats."""

    prices: RegionPrices | None
    problems: tuple[ListProblem, ...]
    read: int
    left_out: int
    repeated: int


class _Unreadable(Exception):
    """Why an entry does not read."""


_Entry = tuple[str, Any, Any]
_Meter = tuple[str, str, str]


def parse_products(texts: Iterable[object], region: str, *, origin: str) -> Parsed:
    """A region from the items of GetProducts' PriceList, each a JSON string."""
    entries: list[_Entry] = []
    problems: list[ListProblem] = []
    newest, version = date.min, ""
    read = 0
    for text in texts:
        read += 1
        sku = f"item {read}"
        try:
            item = _item(text)
            sku = _text(_mapping(item.get("product"), "product"), "sku") or sku
            published = _published(item)
        except _Unreadable as error:
            problems.append(ListProblem(region=region, sku=sku, reason=str(error)))
            continue
        if published is not None and (published, _text(item, "version")) > (newest, version):
            newest, version = published, _text(item, "version")
        entries.append((sku, item.get("product"), _mapping_or_empty(item.get("terms")).get("OnDemand")))
    return _parsed(entries, region, newest, version, origin, problems, read)


def parse_bulk(offer: Mapping[str, Any], region: str, *, origin: str) -> Parsed:
    """A region from its bulk offer file: products and terms are two dictionaries keyed by SKU."""
    products = _mapping_or_empty(offer.get("products"))
    terms = _mapping_or_empty(_mapping_or_empty(offer.get("terms")).get("OnDemand"))
    entries = [(sku, product, terms.get(sku)) for sku, product in products.items()]
    problems = []
    newest = date.min
    try:
        newest = _published(offer) or newest
    except _Unreadable as error:
        problems.append(ListProblem(region=region, sku="the file", reason=str(error)))
    return _parsed(entries, region, newest, _text(offer, "version"), origin, problems, len(entries))


def _parsed(
    entries: Iterable[_Entry],
    region: str,
    published: date,
    version: str,
    origin: str,
    problems: list[ListProblem],
    read: int,
) -> Parsed:
    found: dict[tuple[str, str], list[tuple[str, str, tuple[Tier, ...]]]] = {}
    left_out = repeated = 0
    for sku, product, terms in entries:
        try:
            meter = _meter(_mapping(product, "product"), region)
            if meter is None:
                left_out += 1
                continue
            component, name, unit = meter
            tiers = _tiers(terms, unit)
            found.setdefault((component, name), []).append((sku, unit, tiers))
        except _Unreadable as error:
            problems.append(ListProblem(region=region, sku=sku, reason=str(error)))
    basis = f"AWS price list, version {version}" if version else "AWS price list"
    rates = []
    for (component, name), prices in sorted(found.items()):
        if len({(unit, tiers) for _, unit, tiers in prices}) > 1:
            shown = ", ".join(
                sorted(f"{sku} {'/'.join(plain(tier.usd) for tier in tiers)}" for sku, _, tiers in prices)
            )
            reason = f"ambiguous: {len(prices)} entries of {component} {name} differ ({shown}); none is taken"
            problems.append(ListProblem(region=region, sku=min(prices)[0], reason=reason))
            continue
        repeated += len(prices) - 1
        unit, tiers = prices[0][1:]
        sku_of = Sku(region=region, component=component, meter=name)
        rates.append(Rate(sku=sku_of, unit=unit, tiers=tiers, as_of=published.isoformat(), basis=basis))
    held = None
    if rates and published > date.min:
        held = region_prices(region, rates, published=published, version=version, origin=origin)
    elif rates:
        problems.append(ListProblem(region=region, sku="the list", reason="it has no publication date"))
    ordered = tuple(sorted(problems, key=lambda problem: (problem.sku, problem.reason)))
    return Parsed(prices=held, problems=ordered, read=read, left_out=left_out, repeated=repeated)


def _meter(product: Mapping[str, Any], region: str) -> _Meter | None:
    """(component, meter, unit) of a product, ``None`` for what no inference or job is billed by."""
    attributes = _mapping(product.get("attributes"), "product.attributes")
    meter = (
        _serverless(attributes) or _data(attributes) or _volume(attributes)
        or _instance(attributes, _text(product, "productFamily"))
    )  # fmt: skip
    if meter is None:
        return None
    code = _text(attributes, "regionCode")
    if not code:
        raise _Unreadable("it has no regionCode")
    # A local zone, or a neighbour that a file carries along: a region of its own.
    return meter if code == region else None


def _serverless(attributes: Mapping[str, Any]) -> _Meter | None:
    component = _SERVERLESS.get(_text(attributes, "group").casefold())
    if component is None:
        return None
    usage = re.search(r":(?:Mem|Usage)-(\d+)GB$", _text(attributes, "usagetype"), re.IGNORECASE)
    stated = re.fullmatch(r"(\d+)(?:\.0+)?\s*(?:GB)?", _text(attributes, "memorygb").strip(), re.IGNORECASE)
    sizes = {int(found.group(1)) for found in (usage, stated) if found is not None}
    if len(sizes) != 1:
        raise _Unreadable(
            "its memory size is not stated" if not sizes else f"it states two memory sizes, {sorted(sizes)}"
        )
    return component, f"Mem-{sizes.pop()}GB", "second"


def _data(attributes: Mapping[str, Any]) -> _Meter | None:
    meter = _DATA.get(_text(attributes, "group").casefold())
    return None if meter is None else ("DataProcessed", meter, "GB")


def _volume(attributes: Mapping[str, Any]) -> _Meter | None:
    component = _VOLUMES.get(_text(attributes, "volumeType").casefold())
    usage = _text(attributes, "usagetype")
    if component is None or (usage and not usage.casefold().endswith(".gp2")):
        return None
    return component, "gp2 volume", "GB-Mo"


def _instance(attributes: Mapping[str, Any], family: str) -> _Meter | None:
    component = _COMPONENTS.get(_text(attributes, "component").strip().casefold())
    if component is None or family.casefold() not in ("", "ml instance"):
        return None
    if _FOREIGN_USAGE.search(_text(attributes, "usagetype")):
        return None
    name = _text(attributes, "instanceName").strip()
    if not _NAME.fullmatch(name):
        raise _Unreadable(f'its instanceName is "{name[:40]}"' if name else "it has no instanceName")
    type_ = _text(attributes, "instanceType").strip()
    if type_:
        if not type_.casefold().startswith(name):
            raise _Unreadable(f'its instanceName is {name}, its instanceType "{type_[:60]}"')
        suffix = re.sub("[^a-z]", "", type_[len(name) :].casefold())
        if suffix.startswith(_FOREIGN):
            return None
        if component == "Hosting" and suffix != "hosting":
            raise _Unreadable(f'its component is Hosting, its instanceType "{type_[:60]}"')
    operation = _text(attributes, "operation")
    if component == "Hosting" and operation not in ("", "RunInstance"):
        raise _Unreadable(f'its component is Hosting, its operation "{operation[:40]}"')
    return component, name, "Hrs"


def _tiers(terms: object, unit: str) -> tuple[Tier, ...]:
    """The tiers of the one OnDemand term; several terms must agree."""
    held = _mapping_or_empty(terms)
    if not held:
        raise _Unreadable("it has no OnDemand term")
    seen = {_dimensions(term, unit) for term in held.values()}
    if len(seen) > 1:
        raise _Unreadable(f"ambiguous: its {len(held)} OnDemand terms differ")
    return seen.pop()


def _dimensions(term: object, unit: str) -> tuple[Tier, ...]:
    dimensions = _mapping_or_empty(_mapping(term, "OnDemand term").get("priceDimensions"))
    if not dimensions:
        raise _Unreadable("it has no priceDimensions")
    tiers = sorted(
        (_tier(each, unit, alone=len(dimensions) == 1) for each in dimensions.values()), key=lambda tier: tier.start
    )
    end: Decimal | None = Decimal(0)
    for tier in tiers:
        if end is None or tier.start != end or (tier.end is not None and tier.end <= tier.start):
            raise _Unreadable("its tiers overlap or leave a gap")
        end = tier.end
    if end is not None:
        raise _Unreadable(f"its tiers end at {plain(end)}")
    if not tiers[-1].usd:
        raise _Unreadable("its price is 0, which no meter costs")
    return tuple(tiers)


def _tier(dimension: object, unit: str, *, alone: bool) -> Tier:
    held = _mapping(dimension, "price dimension")
    stated = _text(held, "unit")
    if _UNITS.get(stated.casefold()) != unit:
        raise _Unreadable(f'its unit is "{stated[:40]}" where {unit} is due')
    price = _mapping_or_empty(held.get("pricePerUnit"))
    if "USD" not in price:
        raise _Unreadable(f"it has no price in USD{' but in ' + ', '.join(sorted(map(str, price))) if price else ''}")
    begin, end = _text(held, "beginRange"), _text(held, "endRange")
    if not alone and not (begin and end):
        raise _Unreadable("it has several prices without ranges")
    try:
        start = usd(begin or "0")
        return Tier(start=start, end=None if end.casefold() in ("", "inf") else usd(end), usd=usd(price["USD"]))
    except ValueError as error:
        raise _Unreadable(str(error)) from error


def _item(text: object) -> Mapping[str, Any]:
    if not isinstance(text, str):
        raise _Unreadable(f"it is {type(text).__name__}, not a JSON string")
    try:
        return _mapping(json.loads(text), "item")
    except (ValueError, RecursionError) as error:
        raise _Unreadable(f"it is not JSON: {error}") from error


def _published(held: Mapping[str, Any]) -> date | None:
    text = _text(held, "publicationDate")
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise _Unreadable(f'its publicationDate is "{text[:40]}"') from None


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Unreadable(f"its {what} is {'missing' if value is None else type(value).__name__}")
    return value


def _mapping_or_empty(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(held: Mapping[str, Any], key: str) -> str:
    value = held.get(key)
    return value if isinstance(value, str) else ""
