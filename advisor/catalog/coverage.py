"""Which patterns can be priced where: region by pattern, with the prices listed, assumed and missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from advisor.catalog.rates import Rate
from advisor.catalog.snapshot import Snapshot
from advisor.show import Table

__all__ = ["METERS_OF", "Coverage", "Covered", "cover"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meters:
    """What a pattern is billed by: the component it cannot run without, and the meters beside it."""

    component: str
    priced_as: str
    beside: tuple[tuple[str, str], ...]


_DATA = (("DataProcessed", "Hosting:IN"), ("DataProcessed", "Hosting:OUT"))
_VOLUME = (("HostingStorage", "gp2 volume"),)
_KEPT_WARM = tuple(
    (component, f"Mem-{size}GB")
    for component in ("ServerlessProvisionedDuration", "ServerlessProvisionedUsage")
    for size in range(1, 7)
)
METERS_OF = {
    "real-time": _Meters(component="Hosting", priced_as="Hosting", beside=_DATA + _VOLUME),
    "serverless": _Meters(component="ServerlessInf", priced_as="ServerlessInf", beside=_DATA + _KEPT_WARM),
    "asynchronous": _Meters(component="AsyncInf", priced_as="Hosting", beside=_VOLUME),
    "batch-transform": _Meters(component="BatchTransform", priced_as="Hosting", beside=()),
    "multi-model": _Meters(component="Hosting", priced_as="Hosting", beside=_DATA + _VOLUME),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One pattern in one region: of all types (or sizes) offered and priced anywhere, how many are so here.

    ``status`` is "missing" where none is priced, "assumed" where any is borrowed, else "listed"; ``beside`` says
    the same of the meters beside it (data, volumes, provisioned concurrency), or "none" where there are none.
    """

    region: str
    pattern: str
    status: str
    listed: int
    assumed: int
    missing: int
    beside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Every region by every pattern."""

    cells: tuple[Covered, ...]
    as_of: str

    def cell(self, region: str, pattern: str) -> Covered:
        """One cell; KeyError where there is none."""
        for cell in self.cells:
            if (cell.region, cell.pattern) == (region, pattern):
                return cell
        raise KeyError((region, pattern))

    def table(self) -> Table:
        """Regions down, patterns across."""
        held: dict[str, list[str]] = {}
        for cell in self.cells:
            count = cell.listed + cell.assumed
            held.setdefault(cell.region, []).append(f"{cell.status} {count}" if count else cell.status)
        notes = (
            "The number counts the instance types (or serverless memory sizes) with a price there.",
            "assumed: some or all at the Hosting price of the same type.",
            "Data, volumes and provisioned concurrency that a region does not list: the us-east-1 price.",
            f"Price list of {self.as_of}.",
        )
        rows = [(region, *cells) for region, cells in held.items()]
        return Table.of(["region", *METERS_OF], rows, title="Prices by region and pattern", notes=notes)

    def to_json(self) -> list[dict[str, object]]:
        """One object a cell."""
        return [{name: getattr(cell, name) for name in Covered.__slots__} for cell in self.cells]

    def __iter__(self) -> Iterator[Covered]:
        return iter(self.cells)

    def _repr_html_(self) -> str:
        return self.table().html()


class _Book(Protocol):
    @property
    def snapshot(self) -> Snapshot: ...

    def regions(self) -> tuple[str, ...]: ...

    def find(self, region: str, component: str, meter: str) -> Rate | None: ...


def cover(book: _Book) -> Coverage:
    """Count what a price book can price, of the types that the API offers and some region lists."""
    from advisor.catalog.instances import offered

    priced: dict[str, set[str]] = {}
    for held in book.snapshot.regions.values():
        for component, meter in held.rates:
            priced.setdefault(component, set()).add(meter)
    universe = {
        pattern: sorted(
            meter
            for meter in priced.get(meters.component, set()) | priced.get(meters.priced_as, set())
            if not meter.startswith("ml.") or offered(meter, meters.component)
        )
        for pattern, meters in METERS_OF.items()
    }
    cells = [
        _covered(book, region, pattern, meters, universe[pattern])
        for region in book.regions()
        for pattern, meters in METERS_OF.items()
    ]
    return Coverage(cells=tuple(cells), as_of=book.snapshot.published.isoformat())


def _covered(book: _Book, region: str, pattern: str, meters: _Meters, universe: list[str]) -> Covered:
    found = [book.find(region, meters.component, meter) for meter in universe]
    listed = sum(1 for rate in found if rate is not None and not rate.assumed)
    assumed = sum(1 for rate in found if rate is not None and rate.assumed)
    beside = [book.find(region, component, meter) for component, meter in meters.beside]
    if None in beside:
        others = "missing"
    elif not beside:
        others = "none"
    else:
        others = "assumed" if any(rate is not None and rate.assumed for rate in beside) else "listed"
    return Covered(
        region=region,
        pattern=pattern,
        status="assumed" if assumed else "listed" if listed else "missing",
        listed=listed,
        assumed=assumed,
        missing=len(universe) - listed - assumed,
        beside=others,
    )
