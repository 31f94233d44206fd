"""A file of Savings Plan rates that a profile points to: comma-separated, a line a meter, USD per priced unit.

    component,meter,usd_per_unit
    Hosting,ml.m5.xlarge,0.161

Without the column ``component`` a rate holds for the meter in every component that the plan covers. Its head is checked
on reading the profile, its rows are read on first use.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from advisor.errors import TraceError, near
from advisor.workload.quantity import shown
from advisor.workload.recorded import UNREADABLE, columns_of, opened, stamp_of, unreadable

__all__ = ["COMPONENTS", "plan_rates"]

COMPONENTS = ("Hosting", "BatchTransform", "Training", "Processing", "AsyncInf", "ServerlessInf")
_KIND = "plan rates"
_HIGHEST = 100_000


def plan_rates(path: Path) -> Mapping[str, Decimal]:
    """USD per unit by meter, or by component and meter as "Hosting/ml.m5.xlarge"."""
    return _plan_rates(path, stamp_of(path))


@lru_cache(maxsize=8)
def _plan_rates(path: Path, stamp: tuple[int, int]) -> Mapping[str, Decimal]:  # noqa: ARG001 - a part of the cache key
    columns = columns_of(path, _KIND)
    found: dict[str, Decimal] = {}
    lines: dict[str, int] = {}
    for line, cells in _cells(path, columns):
        where = f"{path}:{line}"
        *component, meter, text = cells
        if not meter:
            raise TraceError("a rate of no meter", where, "write a meter such as ml.m5.xlarge")
        if component and component[0] not in COMPONENTS:
            hint = near(component[0], COMPONENTS) or f"the components are {', '.join(COMPONENTS)}"
            raise TraceError(f"{shown(component[0])} is not a component that a plan could cover", where, hint)
        name = "/".join([*component, meter])
        if name in found:
            raise TraceError(f"{name} has a rate in line {lines[name]} already", where, "leave one of them out")
        found[name], lines[name] = _usd(text, where), line
    if not found:
        raise TraceError("no rates", str(path), f"give rows under {','.join(columns)}")
    return found


def _usd(text: str, where: str) -> Decimal:
    try:
        usd = Decimal(text)
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite():
        raise TraceError(f"{shown(text)} is not a number of USD", where, "write one such as 0.161")
    if not 0 <= usd <= _HIGHEST:
        raise TraceError(f"a rate of {text} USD a unit", where, "write USD per priced unit, such as 0.161 an hour")
    return usd


def _cells(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Line number, and the cells under the columns."""
    try:
        with opened(path) as file:
            reader = csv.reader(file)
            names = [name.strip() for name in next(reader, [])]
            where = [names.index(column) for column in columns]
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) <= max(where):
                    told = f"{shown(','.join(row))} has {len(row)} cells"
                    raise TraceError(told, f"{path}:{reader.line_num}", f"give {','.join(columns)}")
                yield reader.line_num, [row[n].strip() for n in where]
    except UNREADABLE as error:
        raise unreadable(path, error) from None
