"""The price book: every price by region, component and meter, with its date and basis; offline.

A price that is not listed is an error that names it, never 0. Three borrowings are allowed, and each says so
in ``Rate.assumed``: asynchronous and batch instances at the Hosting price of the same type where the API
offers that type's family for them; data, volumes and provisioned concurrency at the us-east-1 price; S3 and
Step Functions by named assumptions.

    >>> price_book().rate("us-east-1", "Hosting", "ml.m5.xlarge").usd
    Decimal('0.23')
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from advisor.catalog import snapshot as snapshots
from advisor.catalog.coverage import Coverage, cover
from advisor.catalog.rates import Rate, Sku, Tier, plain, usd
from advisor.catalog.snapshot import RegionPrices, Snapshot
from advisor.errors import InputError, PriceMissing, UnknownName, near
from advisor.show import Table

__all__ = [
    "COMPONENTS",
    "PRICE_ASSUMPTIONS",
    "SECONDARY",
    "STALE_DAYS",
    "PriceBook",
    "Rate",
    "Sku",
    "Tier",
    "price_book",
]

COMPONENTS = (
    "Hosting", "AsyncInf", "BatchTransform", "Training", "Processing", "ServerlessInf", "ServerlessProvisionedDuration",
    "ServerlessProvisionedUsage", "DataProcessed", "HostingStorage", "TrainingStorage", "ProcessingStorage", "S3",
    "StepFunctions",
)  # fmt: skip
STALE_DAYS = 90

_AT_HOSTING_PRICE = ("AsyncInf", "BatchTransform")
_ELSEWHERE = "us-east-1"
# What is small on a bill: taken at the us-east-1 price where a region lists none.
SECONDARY = (
    "DataProcessed", "HostingStorage", "TrainingStorage", "ProcessingStorage",
    "ServerlessProvisionedDuration", "ServerlessProvisionedUsage",
)  # fmt: skip
# Meters of other services, by component: the assumption that prices each, and the unit of that price.
_ASSUMED = {
    "S3": {
        "PUT": ("s3_put_price", "1000 requests"),
        "GET": ("s3_get_price", "1000 requests"),
        "GB-Mo": ("s3_storage_price", "GB-Mo"),
    },
    "StepFunctions": {"StateTransition": ("state_transition_price", "1000 transitions")},
}
PRICE_ASSUMPTIONS = tuple(key for meters in _ASSUMED.values() for key, _ in meters.values())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PriceBook:
    """Prices to look up; ``overrides`` replaces named assumptions (USD) as a profile's ``platform:`` section does."""

    snapshot: Snapshot
    overrides: Mapping[str, Decimal] = field(default_factory=dict)
    _known: dict[tuple[str, str, str], Rate | None] = field(default_factory=dict, compare=False)

    @property
    def as_of(self) -> date:
        """The date of the newest price list in the book."""
        return self.snapshot.published

    @property
    def where(self) -> str:
        """The file that the prices were read from."""
        return self.snapshot.where

    def published(self, region: str) -> date:
        """The date of the price list that the region's prices are of."""
        return self._region(region, "", "").published

    def age_days(self, today: date, region: str | None = None) -> int:
        """How old the prices are, those of one region or the newest of all."""
        return (today - (self.as_of if region is None else self.published(region))).days

    def warning(self, today: date, region: str | None = None) -> str:
        """What to tell a user whose prices are older than 90 days; empty where they are not."""
        age = self.age_days(today, region)
        if age <= STALE_DAYS:
            return ""
        of = self.as_of if region is None else self.published(region)
        whose = f"the prices of {region}" if region else "the prices"
        return (
            f"{whose} are of {of}, {age} days ago; to renew them: advisor prices refresh --region {region or 'REGION'}"
        )

    def regions(self) -> tuple[str, ...]:
        """Every region with a price, local zones among them."""
        return tuple(sorted(self.snapshot.regions))

    def rates(self, region: str, component: str | None = None) -> tuple[Rate, ...]:
        """What is listed in a region (of one component), by component and meter; nothing borrowed."""
        if component is not None:
            _known_component(component)
        listed = self._region(region, component or "", "").rates.values()
        wanted = [rate for rate in listed if component in (None, rate.sku.component)]
        return tuple(sorted(wanted, key=lambda rate: (_order(rate.sku.component), _by_size(rate.sku.meter))))

    def rate(self, region: str, component: str, meter: str) -> Rate:
        """The price, listed or borrowed by the rules above.

        Raises PriceMissing where there is none, with types and regions that have one.
        """
        found = self.find(region, component, meter)
        if found is None:
            _known_component(component)
            self._region(region, component, meter)
            raise self._missing(region, component, meter)
        return found

    def find(self, region: str, component: str, meter: str) -> Rate | None:
        """As ``rate``, but ``None`` where there is no such price."""
        key = (region, component, meter)
        if key not in self._known:
            self._known[key] = self._found(region, component, meter)
        return self._known[key]

    def _found(self, region: str, component: str, meter: str) -> Rate | None:
        if component in _ASSUMED:
            return self._assumed(region, component, meter) if region in self.snapshot.regions else None
        listed = self._listed(region, component, meter)
        if listed is not None or region not in self.snapshot.regions:
            return listed
        if component in _AT_HOSTING_PRICE and _offered(meter, component):
            why = "the Hosting price of the same type; availability is assumed too"
            return _borrowed(
                self._listed(region, "Hosting", meter), Sku(region=region, component=component, meter=meter), why
            )
        if component in SECONDARY:
            if component.startswith("Serverless") and self._listed(region, "ServerlessInf", meter) is None:
                return None
            why = f"the {_ELSEWHERE} price; none is listed in {region}"
            return _borrowed(
                self._listed(_ELSEWHERE, component, meter), Sku(region=region, component=component, meter=meter), why
            )
        return None

    def with_assumed(self, overrides: Mapping[str, Decimal | str | float]) -> PriceBook:
        """The same book with other values for PRICE_ASSUMPTIONS, in USD, as a profile's ``platform:`` gives them."""
        for key in overrides:
            if key not in PRICE_ASSUMPTIONS:
                hint = near(key, PRICE_ASSUMPTIONS) or f"they are {', '.join(PRICE_ASSUMPTIONS)}"
                raise UnknownName(f'"{key}" is not a price assumption', "", hint)
        try:
            read = {key: usd(str(value)) for key, value in overrides.items()}
        except ValueError as error:
            raise InputError(str(error), "price assumption", "write USD as a plain number, such as 0.005") from error
        return PriceBook(snapshot=self.snapshot, overrides={**self.overrides, **read})

    def coverage(self) -> Coverage:
        """For each region and pattern: how many prices are listed, assumed, missing."""
        return cover(self)

    def look_up(self, region: str, component: str | None = None, instance: str | None = None) -> tuple[Rate, ...]:
        """All that a region lists, or all prices of one instance type with the borrowed ones among them.

        Raises PriceMissing where that type has no price there.
        """
        listed = self.rates(region, component)
        if instance is None:
            if not listed:
                raise self._missing(region, component or "", "")
            return listed
        wanted = [component] if component else ["Hosting", *_AT_HOSTING_PRICE, "Training", "Processing"]
        found = tuple(rate for name in wanted if (rate := self.find(region, name, instance)) is not None)
        if not found:
            raise self._missing(region, component or "Hosting", instance)
        return found

    def table(self, region: str, component: str | None = None, instance: str | None = None) -> Table:
        """What ``look_up`` finds, as a table."""
        rates = self.look_up(region, component, instance)
        why = list(dict.fromkeys(f"assumed: {rate.assumed}" if rate.assumed else rate.basis for rate in rates))
        rows = [
            (
                rate.sku.component, rate.sku.meter, rate.unit, _shown(rate), rate.as_of,
                f"({why.index(f'assumed: {rate.assumed}' if rate.assumed else rate.basis) + 1})"
                + (" assumed" if rate.assumed else ""),
            )
            for rate in rates
        ]  # fmt: skip
        notes = [f"({number}) {words}" for number, words in enumerate(why, 1)]
        notes.append(f"{len(rows)} prices of {region}; price list of {self.published(region)}")
        return Table.of(
            ["component", "meter", "unit", "USD", "as of", "basis"],
            rows,
            title=f"Prices in {region}",
            notes=notes,
            right=["USD"],
        )

    def __repr__(self) -> str:
        return f"<price book of {self.as_of}, {len(self.regions())} regions>"

    def _repr_html_(self) -> str:
        return self.coverage().table()._repr_html_()

    def _region(self, region: str, component: str, meter: str) -> RegionPrices:
        held = self.snapshot.regions.get(region)
        if held is None:
            what = f"no price of {component} {meter} in {region}: " if meter else ""
            hint = near(region, self.regions()) or f"the regions are {', '.join(self.regions())}"
            raise PriceMissing(f'{what}"{region}" is not a region of the price book', "", hint)
        return held

    def _listed(self, region: str, component: str, meter: str) -> Rate | None:
        held = self.snapshot.regions.get(region)
        return None if held is None else held.rates.get((component, meter))

    def _assumed(self, region: str, component: str, meter: str) -> Rate | None:
        if meter not in _ASSUMED[component]:
            return None
        from advisor.catalog.assumptions import assumption

        key, unit = _ASSUMED[component][meter]
        held = assumption(key)
        price = self.overrides[key] if key in self.overrides else usd(str(held.value))
        return Rate(
            sku=Sku(region=region, component=component, meter=meter),
            unit=unit,
            tiers=(Tier(start=Decimal(0), end=None, usd=price),),
            as_of=held.as_of,
            basis=held.source,
            assumed=f"the assumption {key}" + (", as the profile states it" if key in self.overrides else ""),
        )

    def _missing(self, region: str, component: str, meter: str) -> PriceMissing:
        what = f"no price of {component} {meter} in {region}"
        at = ("Hosting",) if component in _AT_HOSTING_PRICE else ()
        if component in _ASSUMED:
            return PriceMissing(what, "", f"the meters of {component} are {', '.join(_ASSUMED[component])}")
        if at and self._listed(region, "Hosting", meter) is not None and not _offered(meter, component):
            what += ": the API does not offer this family for it"
            types = {
                name for held, name in self.snapshot.regions[region].rates if held in at and _offered(name, component)
            }
            regions: list[str] = []
        else:
            what += ": the price list has none"
            types = {name for held, name in self.snapshot.regions[region].rates if held in (component, *at)}
            regions = [name for name in self.regions() if self.find(name, component, meter) is not None]
        hints = []
        if close := difflib.get_close_matches(meter, sorted(types), n=3, cutoff=0.6) or sorted(types, key=_by_size)[:3]:
            hints.append(f"{region} lists {' and '.join(close)}")
        if regions:
            nearest = sorted(regions, key=lambda name: (_area(name) != _area(region), name))[:4]
            hints.append(f"{meter} is priced in {', '.join(nearest)}")
        return PriceMissing(
            what, f"price list of {self.published(region)}", "; ".join(hints) or "choose another region"
        )


def price_book(path: Path | None = None) -> PriceBook:
    """The newest prices that there are, packaged or refreshed into the user's cache; or those of one file."""
    chosen = path or snapshots.newest()
    try:
        stat = chosen.stat()
    except OSError:
        return PriceBook(snapshot=snapshots.read(chosen))
    return _book(chosen, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _book(path: Path, _changed: int, _size: int) -> PriceBook:
    return PriceBook(snapshot=snapshots.read(path))


def _borrowed(rate: Rate | None, sku: Sku, why: str) -> Rate | None:
    return None if rate is None else replace(rate, sku=sku, assumed=why)


def _offered(name: str, component: str) -> bool:
    from advisor.catalog.instances import offered

    try:
        return offered(name, component)
    except UnknownName:
        return False


def _known_component(component: str) -> None:
    if component not in COMPONENTS:
        hint = near(component, COMPONENTS) or f"the components are {', '.join(COMPONENTS)}"
        raise UnknownName(f'"{component}" is not a component of the price list', "", hint)


def _order(component: str) -> int:
    return COMPONENTS.index(component) if component in COMPONENTS else len(COMPONENTS)


def _area(region: str) -> str:
    return "gov" if "-gov-" in region else region.split("-")[0]


_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge")


def _by_size(meter: str) -> tuple[str, float, str]:
    family, _, size = meter.rpartition(".")
    if size in _SIZES:
        return family, _SIZES.index(size), size
    times = size.removesuffix("xlarge")
    return (family, 5 + int(times), size) if times.isdigit() else (family, 0, size)


def _shown(rate: Rate) -> str:
    if len(rate.tiers) == 1:
        return plain(rate.usd)
    return "; ".join(f"{plain(tier.usd)} from {plain(tier.start)}" for tier in rate.tiers)
