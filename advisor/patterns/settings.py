"""The kinds of setting that a deployment has: read from ``--set name=value``, with units, and refused in words.

A dataclass field carries its kind as metadata: ``memory_mib: float = field(default=2048.0, metadata=MEMORY)``. On the
command line the field goes by its name without the unit: ``--set memory="4 GB"``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from advisor import units
from advisor.errors import InputError, UnitError, UnknownName, near

__all__ = [
    "COUNT",
    "COUNT_OR_ZERO",
    "DURATION",
    "GIGABYTES",
    "INSTANCE",
    "MEMORY",
    "NUMBER",
    "SHARE",
    "SWITCH",
    "Kind",
    "choice",
    "optional",
    "settings_told",
    "spoken",
]

_SUFFIX = re.compile(r"_(mib|gb|mb|s|bytes|per_s|usd)$")
# Far above anything that AWS allows: that is for the rules to say, not for a setting.
_MOST = 10**21
_SWITCH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of setting is read from text, which plain values it takes, and what it is called."""

    noun: str
    read: Callable[[str], Any]
    holds: Callable[[Any], bool]
    bare: bool = False

    def value(self, given: object, name: str, *, base: bool) -> Any:
        """The value of a setting; ``base`` says that it was given under the field's own name, so a plain number
        is in the field's unit."""
        if isinstance(given, str):
            if base and not self.bare and (number := _plain(given)) is not None:
                return number
            try:
                return self.read(given)
            except UnitError as error:
                raise type(error)(f"{name}: {error.what}", error.where, error.mend) from None
        return given

    def refuse(self, value: object, name: str) -> None:
        """Raise where a value could never be meant."""
        if not self.holds(value):
            raise InputError(f"{name}={value!r} is not {self.noun}", "", f"give {name} as {self.noun}")


def spoken(field: str) -> str:
    """A field's name without its unit: ``memory_mib`` is spoken of as memory."""
    return _SUFFIX.sub("", field)


def settings_told(deployment: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The settings of a deployment by the names that ``--set`` takes; of several, each under its pattern."""
    if "parts" in deployment:
        rows = [("how the parts share the work", str(deployment.get("how", "")))]
        for part in deployment["parts"]:
            own = {name: value for name, value in part.items() if name != "pattern"}
            rows += [(f"{part['pattern']}: {name}", told) for name, told in settings_told(own)]
        whole = {name: value for name, value in deployment.items() if name not in ("how", "parts")}
        return (*rows, *settings_told(whole))
    return tuple((spoken(name), _told(name, value)) for name, value in deployment.items())


def _told(name: str, value: Any) -> str:
    """A setting's value with its unit."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if name.endswith("_mib"):
            return units.show_memory(float(value))
        if name.endswith("_s") and not name.endswith("_per_s"):
            return units.show_duration(float(value))
        for suffix in ("_gb", "_mb"):
            if name.endswith(suffix):
                return f"{value:g} {suffix[1:].upper()}"
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return str(value)


def choice(*names: str) -> Mapping[str, Kind]:
    """One word out of a few."""

    def read(text: str) -> str:
        if text not in names:
            raise UnknownName(
                f'"{text}" is not one of {", ".join(names)}',
                "",
                near(text, names) or f"write one of {', '.join(names)}",
            )
        return text

    return {"kind": Kind(f"one of {', '.join(names)}", read, lambda value: value in names)}


def optional(metadata: Mapping[str, Kind], word: str = "none") -> Mapping[str, Kind]:
    """The same kind, or ``None``, written as a word."""
    kind = metadata["kind"]

    def read(text: str) -> Any:
        return None if text.strip().lower() == word else kind.read(text)

    return {"kind": Kind(f"{kind.noun}, or {word}", read, lambda value: value is None or kind.holds(value), kind.bare)}


def _plain(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return _tidy(number)


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 < value < 1e12


def _tidy(number: float) -> float:
    return int(number) if number.is_integer() else number


def _duration(text: str) -> float:
    return _tidy(units.duration_s(text))


def _memory(text: str) -> int:
    return round(units.memory_mib(text))


def _gigabytes(text: str) -> int:
    return round(units.size_bytes(text) / 1e9)


def _share(text: str) -> float:
    return units.share(text, bare=True)


def _switch(text: str) -> bool:
    if text.strip().lower() not in _SWITCH:
        raise UnknownName(f'"{text}" is neither yes nor no', "", "write yes or no")
    return _SWITCH[text.strip().lower()]


def _instance(text: str) -> str:
    from advisor.catalog.instances import instance  # the catalog is read on first use

    return instance(text.strip()).name


def _known_instance(value: Any) -> bool:
    return isinstance(value, str) and bool(_instance(value))


COUNT: Mapping[str, Kind] = {"kind": Kind("a whole number of at least 1", units.count, _whole(1), bare=True)}
COUNT_OR_ZERO: Mapping[str, Kind] = {"kind": Kind("a whole number of at least 0", units.count, _whole(0), bare=True)}
DURATION: Mapping[str, Kind] = {"kind": Kind("a duration above zero", _duration, _number)}
MEMORY: Mapping[str, Kind] = {"kind": Kind("a whole number of MiB above zero", _memory, _whole(1))}
GIGABYTES: Mapping[str, Kind] = {"kind": Kind("a whole number of GB above zero", _gigabytes, _whole(1))}
SHARE: Mapping[str, Kind] = {
    "kind": Kind(
        "a share above 0 and below 1, such as 70 %", _share, lambda value: _number(value) and value < 1, bare=True
    )
}
NUMBER: Mapping[str, Kind] = {"kind": Kind("a number above zero", units.number, _number, bare=True)}
SWITCH: Mapping[str, Kind] = {"kind": Kind("yes or no", _switch, lambda value: isinstance(value, bool))}
INSTANCE: Mapping[str, Kind] = {"kind": Kind("an instance type", _instance, _known_instance)}
