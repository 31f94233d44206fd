"""What differs between two snapshots of the price list: prices added, removed, moved."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.catalog.rates import Rate, Sku, plain
from advisor.catalog.snapshot import Snapshot
from advisor.show import Table

__all__ = ["Changes", "Moved", "difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A price that both snapshots list, at another amount, unit or tiers."""

    old: Rate
    new: Rate

    @property
    def percent(self) -> str:
        """By how much, such as "+4.2 %"; empty where the units differ."""
        if self.old.unit != self.new.unit or not self.old.usd:
            return ""
        moved = (self.new.usd - self.old.usd) / self.old.usd * 100
        return f"{moved:+.1f} %" if moved else "tiers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Prices only in the new snapshot, only in the old one, and in both but not the same; ordered by SKU."""

    added: tuple[Rate, ...]
    removed: tuple[Rate, ...]
    moved: tuple[Moved, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.moved)

    def table(self, most: int = 60) -> Table:
        """Moved prices first, then removed and added ones; at most ``most`` rows, the rest counted below."""
        rows = [
            *(("moved", *_names(each.new.sku), _usd(each.old), _usd(each.new), each.percent) for each in self.moved),
            *(("removed", *_names(rate.sku), _usd(rate), "", "") for rate in self.removed),
            *(("added", *_names(rate.sku), "", _usd(rate), "") for rate in self.added),
        ]
        notes = [f"{len(self.moved)} moved, {len(self.removed)} removed, {len(self.added)} added"]
        if len(rows) > most:
            notes.append(f"{len(rows) - most} more are not shown here")
        columns = ["change", "region", "component", "meter", "was, USD", "is, USD", "by"]
        return Table.of(
            columns, rows[:most], title="Changes of price", notes=notes, right=["was, USD", "is, USD", "by"]
        )

    def to_json(self) -> dict[str, list[dict[str, object]]]:
        """All changes, as names and decimal strings."""
        return {
            "added": [rate.to_json() for rate in self.added],
            "removed": [rate.to_json() for rate in self.removed],
            "moved": [{"old": each.old.to_json(), "new": each.new.to_json()} for each in self.moved],
        }

    def _repr_html_(self) -> str:
        return self.table().html()


def difference(old: Snapshot, new: Snapshot) -> Changes:
    """What changed in price, unit or tiers; a newer date alone is no change."""
    added: list[Rate] = []
    removed: list[Rate] = []
    moved: list[Moved] = []
    for region in sorted(set(old.regions) | set(new.regions)):
        was, now = old.regions.get(region), new.regions.get(region)
        if was is now:
            continue
        before = was.rates if was is not None else {}
        after = now.rates if now is not None else {}
        added += [after[key] for key in sorted(set(after) - set(before))]
        removed += [before[key] for key in sorted(set(before) - set(after))]
        for key in sorted(set(before) & set(after)):
            if (before[key].unit, before[key].tiers) != (after[key].unit, after[key].tiers):
                moved.append(Moved(old=before[key], new=after[key]))
    return Changes(added=tuple(added), removed=tuple(removed), moved=tuple(moved))


def _names(sku: Sku) -> tuple[str, str, str]:
    return sku.region, sku.component, sku.meter


def _usd(rate: Rate) -> str:
    return plain(rate.usd) + (f" ({plain(rate.allowance)} free)" if rate.allowance else "")
