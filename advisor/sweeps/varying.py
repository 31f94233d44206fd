"""What a sweep varies: fields by path, each with its values, as text from the command line or as Python values.

    traffic.rate=1..1000:log20           twenty values from 1 to 1000 a second, evenly spaced by ratio
    traffic.rate=1 per hour..2 per second:log5
    payload.request=1 KB..5 MB:5         five values, evenly spaced
    objective.prefer=cost, latency       these two
    needs=[], [vpc]                      a list, or a mapping in braces, is one value
    deployment.memory=2 GB, 4 GB         a setting of the deployment, where a pattern is named

A bare number is in the field's base unit: requests a second, seconds, bytes, MiB of memory.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from advisor.errors import InputError
from advisor.patterns.base import Pattern
from advisor.sweeps.fields import DEPLOYMENT, PLATFORM, Field, field
from advisor.workload import Workload
from advisor.workload.given import yaml_path
from advisor.workload.marks import document
from advisor.workload.platform import overridden
from advisor.workload.quantity import Base

__all__ = ["Axis", "axes", "axis", "grid", "settings_of", "workload_of"]

_MOST = 1_000_000
_SPACED = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+?)(?::(?P<kind>log|lin)?(?P<count>[0-9]+))?")
_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
# A whole number below this is held exactly by a float.
_EXACT = 2**53
# So many values has a range that names no number of them.
_VALUES = 10


@dataclass(frozen=True, slots=True)
class Axis:
    """One field and its values, in order: as a profile writes them, or plain numbers in the base unit."""

    field: str
    values: tuple[Any, ...]


def axes(vary: Mapping[str, Iterable[Any] | str], pattern: type[Pattern] | None = None) -> tuple[Axis, ...]:
    """Fields with their values, from Python; a text is read as the command line reads it."""
    if not isinstance(vary, Mapping) or not vary:
        raise InputError("nothing is varied", "", 'name a field and its values, such as {"traffic.rate": [1, 10, 100]}')
    return tuple(_from_python(path, given, pattern) for path, given in vary.items())


def axis(text: str, pattern: type[Pattern] | None = None) -> Axis:
    """One ``--vary`` option."""
    path, equals, values = text.partition("=")
    if not equals or not path.strip() or not values.strip():
        raise InputError(
            f"--vary {text!r} has no values", "", "write --vary field=values, such as traffic.rate=1..1000:log20"
        )
    return _of_text(path.strip(), values, pattern)


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


def workload_of(w: Workload, values: Mapping[str, Any]) -> Workload:
    """The workload of a cell: what is varied of the profile, in place of what it says."""
    sets = {
        yaml_path(Workload, path): _in_profile(path, value)
        for path, value in values.items()
        if not path.startswith(DEPLOYMENT)
    }
    return w.with_(sets) if sets else w


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is varied of the deployment, by the names of its settings."""
    return {path.removeprefix(DEPLOYMENT): value for path, value in values.items() if path.startswith(DEPLOYMENT)}


def _in_profile(path: str, value: Any) -> Any:
    """A value as a profile takes it: numbers are in base units there, texts have units of their own."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if path.startswith(PLATFORM):
        # What is overridden there has no second name for plain numbers: they are written with their unit.
        kind = overridden(path.removeprefix(PLATFORM))
        return value if kind is None else kind.write(value)
    return Base(value)


def _from_python(path: str, given: Iterable[Any] | str, pattern: type[Pattern] | None) -> Axis:
    if not isinstance(path, str):
        raise InputError(f"{path!r} is not a field", "", 'name it by its path, such as "traffic.rate"')
    if isinstance(given, str):
        return _of_text(path, given, pattern)
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise InputError(f"{path}: {given!r} where values are due", "", "give a list of values, or a range as text")
    return _checked(field(path, pattern), tuple(_python(path, value) for value in given))


def _of_text(path: str, text: str, pattern: type[Pattern] | None) -> Axis:
    about = field(path, pattern)
    spaced = _SPACED.fullmatch(text.strip())
    if spaced and text.strip()[0] not in "[{":
        return _checked(about, _between(about, spaced))
    parts = [part.strip() for part in _parts(text)]
    if not all(parts):
        raise InputError(f"{path}={text}: a value is empty", "", "separate values by single commas")
    return _checked(about, tuple(_value(path, part) for part in parts))


def _checked(about: Field, values: tuple[Any, ...]) -> Axis:
    if not values:
        raise InputError(f"{about.path} has no values", "", "give one or more")
    once = {json.dumps(value, sort_keys=True): value for value in values}
    return Axis(about.path, tuple(once.values()))


def _parts(text: str) -> Iterator[str]:
    """The text between commas that stand in no brackets."""
    depth, begun = 0, 0
    for n, sign in enumerate(text):
        depth += (sign in "[{") - (sign in "]}")
        if sign == "," and depth == 0:
            yield text[begun:n]
            begun = n + 1
    yield text[begun:]


def _value(path: str, text: str) -> Any:
    """A bare number is a number in the base unit; a list or mapping is read as YAML; all else stays as written."""
    if _PLAIN.fullmatch(text):
        return _python(path, float(text))
    if text[0] not in "[{":
        return text
    read = document(f"value: {text}")
    if read.troubles or read.data is None:
        raise InputError(f"{path}: {text} does not read", "", "write a list as [a, b], a mapping as {a: 1, b: 2}")
    return read.data["value"]


def _python(path: str, value: Any) -> Any:
    """A value from Python as a plain one: numpy's scalars are stored and compared like any other."""
    if isinstance(value, str | bool) or value is None:
        return value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): _python(path, one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_python(path, one) for one in value]
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if not isinstance(value, str | bool | int):
        raise InputError(f"{path}: {value!r} is no value of a profile", "", "give texts, finite numbers, yes or no")
    return value


def _between(about: Field, spaced: re.Match[str]) -> tuple[Any, ...]:
    low, high = (_end(about, spaced[name].strip()) for name in ("low", "high"))
    count, kind = int(spaced["count"] or _VALUES), spaced["kind"] or "lin"
    if count < 2 or not low < high:
        raise InputError(
            f"{about.path}={spaced[0]}: a range has two values at least, the lower one first",
            "",
            "write one such as 1..1000:log20",
        )
    if count > _MOST:
        raise InputError(f"{count:,} values of {about.path}", "", f"vary less: at most {_MOST:,} cells are swept")
    if kind == "log" and low <= 0:
        mend = "write :lin20 for these"
        raise InputError(f"{about.path}={spaced[0]}: values spaced by ratio begin above zero", "", mend)
    steps = (n / (count - 1) for n in range(count))
    if kind == "log":
        found = [low * (high / low) ** step for step in steps]
    else:
        found = [low + (high - low) * step for step in steps]
    if about.whole:
        return tuple(round(value) for value in found)
    # Six digits are what a person would write, and more than any answer hangs on.
    return tuple(_python(about.path, float(f"{value:.6g}")) for value in found)


def _end(about: Field, text: str) -> float:
    return float(text) if _PLAIN.fullmatch(text) else about.read(text)
