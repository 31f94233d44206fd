"""What a sweep varies: fields by path, each with its values, as text from the command line or as Python values.

    traffic.rate=1..1000:log20           twenty values from 1 to 1000 a second, evenly spaced by ratio
    traffic.rate=1 per hour..2 per second:log5
    payload.request=1 KB..5 MB:5         five values, evenly spaced
    objective.prefer=cost, latency       these two
    deployment.memory=2 GB, 4 GB         a setting of the deployment, where a pattern is named

A bare number is in the field's base unit: requests a second, seconds, bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from advisor import units
from advisor.errors import InputError
from advisor.workload.quantity import Base

__all__ = ["DEPLOYMENT", "Axis", "axes", "axis", "grid"]

DEPLOYMENT = "deployment."
_MOST = 1_000_000
_SPACED = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+?)(?::(?P<kind>log|lin)?(?P<count>[0-9]+))?")
_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_READERS = (units.rate_per_s, units.duration_s, units.size_bytes, units.share)


@dataclass(frozen=True, slots=True)
class Axis:
    """One field and its values, in order: texts as a profile writes them, or plain numbers in the base unit."""

    field: str
    values: tuple[Any, ...]


def axes(vary: Mapping[str, Iterable[Any] | str]) -> tuple[Axis, ...]:
    """Fields with their values, from Python; a text is read as the command line reads it."""
    if not vary:
        raise InputError("nothing is varied", "", 'name a field and its values, such as {"traffic.rate": [1, 10, 100]}')
    return tuple(
        _of_text(field, given) if isinstance(given, str) else _checked(field, tuple(map(_python, given)))
        for field, given in vary.items()
    )


def axis(text: str) -> Axis:
    """One ``--vary`` option."""
    field, equals, values = text.partition("=")
    if not equals or not field.strip() or not values.strip():
        raise InputError(
            f"--vary {text!r} has no values", "", "write --vary field=values, such as traffic.rate=1..1000:log20"
        )
    return _of_text(field.strip(), values)


def grid(along: Iterable[Axis]) -> tuple[dict[str, Any], ...]:
    """Every cell in order, the last axis moving fastest."""
    held = tuple(along)
    names = [one.field for one in held]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{twice[0]} is varied twice", "", "give all of its values in one place")
    cells = math.prod(len(one.values) for one in held)
    if cells > _MOST:
        raise InputError(f"{cells:,} cells", "", f"vary less: at most {_MOST:,} cells are swept")
    return tuple(dict(zip(names, values, strict=True)) for values in product(*(one.values for one in held)))


def _of_text(field: str, text: str) -> Axis:
    spaced = _SPACED.fullmatch(text.strip())
    if spaced:
        return _checked(field, _between(field, spaced))
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"{field}={text}: a value is empty", "", "separate values by single commas")
    return _checked(field, tuple(map(_value, parts)))


def _checked(field: str, values: tuple[Any, ...]) -> Axis:
    if not values:
        raise InputError(f"{field} has no values", "", "give one or more")
    return Axis(field, tuple(dict.fromkeys(values)))


def _value(text: str) -> Any:
    """A bare number is a number in the base unit; all else is left as it is written."""
    if _PLAIN.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return text


def _python(value: Any) -> Any:
    """A value from Python: numpy's scalars become plain ones, so that they are stored and compared alike."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def _between(field: str, spaced: re.Match[str]) -> tuple[Any, ...]:
    low, high = (_number(field, spaced[name].strip()) for name in ("low", "high"))
    count, kind = int(spaced["count"] or 10), spaced["kind"] or "lin"
    if count < 2 or not low < high:
        raise InputError(
            f"{field}={spaced[0]}: a range has two values at least, the lower one first",
            "",
            "write one such as 1..1000:log20",
        )
    if kind == "log" and low <= 0:
        raise InputError(f"{field}={spaced[0]}: values spaced by ratio begin above zero", "", "write :lin20 for these")
    steps = (n / (count - 1) for n in range(count))
    if kind == "log":
        found = [low * (high / low) ** step for step in steps]
    else:
        found = [low + (high - low) * step for step in steps]
    # Six digits are what a person would write, and more than any answer hangs on.
    return tuple(_python(float(f"{value:.6g}")) for value in found)


def _number(field: str, text: str) -> float:
    if _PLAIN.fullmatch(text):
        return float(text)
    for reader in _READERS:
        try:
            return float(reader(text))
        except InputError:
            continue
    raise InputError(f'{field}: "{text}" is not a number that a range can begin or end with', "", "write 1 or 1 KB")


def placed(value: Any) -> Any:
    """A value as a profile takes it: numbers are in base units there, texts have units of their own."""
    return Base(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
