"""AWS's limits, defaults and measured times: value, unit, source, date, and what else AWS itself has said.

A key is a dotted name such as ``serverless.payload_max``; ``feature.vpc.serverless`` says whether serverless
endpoints support a VPC. Account quotas can be raised by AWS and may be overridden in a profile; nothing else may.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeAlias

from advisor import units
from advisor.errors import BugError, UnknownName, near

__all__ = ["Alternative", "Limit", "Value", "find_limit", "limit", "limits"]

Value: TypeAlias = int | float | bool | str | tuple[Any, ...] | Mapping[str, Any]
"""A number, a yes or no, a word; a tuple is a range (of two numbers) or an enumeration; a mapping has quantiles."""

# Decimal and binary reading of a size: bytes of one unit.
_SIZES: Mapping[str, tuple[int, int]] = {
    "bytes": (1, 1), "KB": (10**3, 2**10), "MB": (10**6, 2**20), "GB": (10**9, 2**30),
}  # fmt: skip
_MIB: Mapping[str, float] = {"MB": 1.0, "GB": 1024.0}
_SECONDS: Mapping[str, float] = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h per month": units.HOUR_S, "s per month": 1.0}
# Printed without their unit: the title says what is counted.
_BARE = ("count", "enum", "bool", "ratio", "port", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another value that one of AWS's own sources gives."""

    value: Value
    unit: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One figure. ``scope``: service limit, account quota, feature, default, guidance, measurement and the like.

    ``adjustable`` marks what AWS raises on request. ``confidence``: high, medium, low, or assumption where no source
    was found. ``as_of`` dates the source.
    """

    key: str
    title: str
    value: Value
    unit: str
    source: str
    as_of: str
    confidence: str
    adjustable: bool
    scope: str
    alternatives: tuple[Alternative, ...]
    note: str

    @cached_property
    def base(self) -> float:
        """The value in base units: s, bytes (MB read as 10^6), MiB for memory, per second, plain ratios; yes is 1.

        A range gives its middle and quantiles their median. A word or an enumeration has none: read ``value``.
        """
        if isinstance(self.value, Mapping) and "median" in self.value:
            return self._reading(self.value["median"], self.unit)[0]
        ends = self._ends(self.value, self.unit)
        return ends[0] if len(ends) == 1 else (ends[0] + ends[-1]) / 2

    @property
    def allowed(self) -> bool:
        """The value of a yes or no."""
        if not isinstance(self.value, bool):
            raise BugError(f"{self.key} is no yes or no", "", "read its value")
        return self.value

    @property
    def low_bytes(self) -> float:
        """A size read with decimal units; for what is no size, the same as ``base``."""
        return self._readings(self.value, self.unit)[0]

    @property
    def high_bytes(self) -> float:
        """A size read with binary units, as large as it can be meant; for what is no size, the same as ``base``."""
        return self._readings(self.value, self.unit)[1]

    @property
    def smallest(self) -> float:
        """The least of the value and its alternatives, in base units, sizes read with decimal units."""
        return min(low for value, unit in self._all() for low, _ in self._both(value, unit))

    @property
    def largest(self) -> float:
        """The greatest of the value and its alternatives, in base units, sizes read with binary units."""
        return max(high for value, unit in self._all() for _, high in self._both(value, unit))

    @property
    def shown(self) -> str:
        """As a person reads it: "4 MB", "60 s", "200", "300 to 600 s"."""
        return _shown(self.value, self.unit)

    def parse(self, text: object) -> float:
        """What a user gives in its place, in base units; `UnitError` where it is not of its kind."""
        return self._reader()(text)

    @property
    def _memory(self) -> bool:
        return ".memory" in self.key

    def _reader(self) -> Callable[[object], float]:
        if self.unit in _SECONDS:
            return units.duration_s
        if self.unit in _SIZES:
            return units.memory_mib if self._memory else units.size_bytes
        return {"per second": units.rate_per_s, "percent": units.share, "ratio": units.number}.get(
            self.unit, units.count
        )

    def _all(self) -> tuple[tuple[Value, str], ...]:
        return ((self.value, self.unit), *((other.value, other.unit) for other in self.alternatives))

    def _readings(self, value: Value, unit: str) -> tuple[float, float]:
        if unit not in _SIZES or self._memory:
            return self.base, self.base
        low, high = self._both(value, unit)[0], self._both(value, unit)[-1]
        return low[0], high[1]

    def _both(self, value: Value, unit: str) -> list[tuple[float, float]]:
        return [self._reading(number, unit) for number in self._numbers(value)]

    def _ends(self, value: Value, unit: str) -> list[float]:
        return [low for low, _ in self._both(value, unit)]

    def _numbers(self, value: Value) -> list[float]:
        if isinstance(value, int | float):
            return [float(value)]
        held = list(value.values()) if isinstance(value, Mapping) else value
        numbers = [float(one) for one in held if isinstance(one, int | float)] if not isinstance(held, str) else []
        quantiles = isinstance(value, Mapping) and "median" in value
        if len(numbers) != len(held) or not (quantiles or len(numbers) == 2):
            raise BugError(
                f"{self.key} is {_shown(value, self.unit)}, which has no single figure", "", "read its value"
            )
        return sorted(numbers)

    def _reading(self, number: float, unit: str) -> tuple[float, float]:
        """Low and high reading of one number in base units."""
        if self._memory and unit in _MIB:
            return number * _MIB[unit], number * _MIB[unit]
        if unit in _SIZES:
            decimal, binary = _SIZES[unit]
            return number * decimal, number * binary
        if unit == "MB/s":
            return number * 1e6, number * 1e6
        plain = number / 100 if unit == "percent" else number * _SECONDS.get(unit, 1.0)
        return plain, plain


def limit(key: str) -> Limit:
    """The limit of that key; `UnknownName` with near keys where there is none."""
    known = _book()
    if key not in known:
        raise UnknownName(f'"{key}" is not a limit', "", near(key, known) or "advisor list limits shows all of them")
    return known[key]


def find_limit(key: str) -> Limit | None:
    """The limit of that key, or ``None`` where there is none."""
    return _book().get(key)


def limits() -> tuple[Limit, ...]:
    """Every limit, by key."""
    return tuple(_book().values())


def _shown(value: Value, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    tail = "" if unit in _BARE else " %" if unit == "percent" else f" {unit}"
    if isinstance(value, int | float):
        return f"{_plain(value)}{tail}"
    if isinstance(value, Mapping):
        if "median" in value:
            return f"{_plain(value['median'])}{tail} ({_plain(value['min'])} to {_plain(value['max'])})"
        return "; ".join(f"{name}: {_shown(one, unit)}" for name, one in value.items())
    if len(value) == 2 and all(isinstance(one, int | float) for one in value):
        # A falling pair is no range but two figures, such as without and with; the note says which.
        return f"{_plain(value[0])} {'to' if value[0] < value[1] else 'and'} {_plain(value[1])}{tail}"
    return ", ".join(_shown(one, "count") for one in value) + tail


def _plain(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) and number >= 10_000 else f"{number:g}"


@cache
def _book() -> Mapping[str, Limit]:
    text = (Path(__file__).with_name("data") / "limits.json").read_text(encoding="utf-8")
    return {entry["key"]: _limit(entry) for entry in sorted(json.loads(text), key=lambda entry: str(entry["key"]))}


def _limit(entry: Mapping[str, Any]) -> Limit:
    others = tuple(Alternative(**{**other, "value": _held(other["value"])}) for other in entry["alternatives"])
    return Limit(**{**entry, "value": _held(entry["value"]), "alternatives": others})


def _held(value: Any) -> Value:
    """JSON's lists and objects as values that cannot be changed by mistake."""
    if isinstance(value, list):
        return tuple(_held(one) for one in value)
    if isinstance(value, dict):
        return {name: _held(one) for name, one in value.items()}
    read: Value = value
    return read
