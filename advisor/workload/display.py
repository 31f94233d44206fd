"""A workload as one table: what was given, on which line, and what was assumed, under which key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from advisor.catalog.assumptions import assumption
from advisor.show import Table

if TYPE_CHECKING:
    from advisor.workload.model import Workload

__all__ = ["table"]


def table(w: Workload) -> Table:
    """Every value under its path; an assumption through a factor shows the factor."""
    rows = [(path, str(value), _line(w, path)) for path, value in _values(w.to_dict()) if path not in ("name", "about")]
    for path, key in w.assumed.items():
        value = w.platform[key] if w.overridden(key) else assumption(key).value
        rows.append((path, str(value), f"{'platform' if w.overridden(key) else 'assumed'}: {key}"))
    return Table.of(("path", "value", "where from"), rows, title=w.name, notes=(w.about,) if w.about else ())


def _line(w: Workload, path: str) -> str:
    mark = None if w.source is None else w.source.marks.get(path)
    return "given" if mark is None else f"given on line {mark[0]}"


def _values(written: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    pairs = written.items() if isinstance(written, Mapping) else enumerate(written)
    for key, value in pairs:
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping | list):
            yield from _values(value, path)
        else:
            yield path, value
