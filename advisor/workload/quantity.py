"""The kinds of value that a profile holds, as types of pydantic: read with units, written back, described to editors.

A value under its YAML key (``request: 4 KB``) is read with its unit; the same value under the attribute's name
(``request_bytes=4000``) arrives as a `Base` number, already in the attribute's own unit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from advisor import units
from advisor.errors import UnitError, near
from advisor.workload import forms

__all__ = [
    "COUNT", "DURATION", "DURATION_OR_ZERO", "FACTOR", "MEMORY", "NUMBER", "RATE", "SHARE", "SIZE", "Base", "Choice",
    "Count", "CountOrNone", "Duration", "DurationOrNone", "DurationOrZero", "Factor", "Flaw", "Flaws", "Kind", "Memory",
    "Number", "NumberOrNone", "Part", "Quantity", "Rate", "RateOrNone", "Share", "Size", "Switch", "Text", "exact",
    "refused", "shown",
]  # fmt: skip


class Flaw(NamedTuple):
    """One thing wrong: where below the value at hand, what, how to mend, and the paths that were read to find it."""

    path: tuple[str | int, ...]
    what: str
    mend: str
    reads: tuple[tuple[str | int, ...], ...] = ()


class Flaws(ValueError):
    """Raised inside validation with all flaws of one value; pydantic gathers these over the whole profile."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__("; ".join(f"{flaw.what} (to mend: {flaw.mend})" for flaw in flaws))
        self.flaws = flaws


def refused(what: str, mend: str) -> Flaws:
    """The one flaw of a single value."""
    return Flaws(Flaw((), what, mend))


@dataclass(frozen=True, slots=True)
class Base:
    """A plain number in the base unit of the attribute that it was given under."""

    value: Any


class Kind:
    """A kind of value: how it is read, how a base value is written in YAML, and what an editor is told."""

    def read(self, value: Any) -> Any:
        """The value as the attribute holds it, or `Flaws`."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """A base value as a user would write it; reads back to the same."""
        return value

    def show(self, value: Any) -> str:
        """A base value for a person, in a user's own units, to three digits."""
        value = self.write(value)
        return ("yes" if value else "no") if isinstance(value, bool) else str(value)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what `read` accepts."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.schema()


def shown(value: object) -> str:
    """A refused value, short enough for a message."""
    if isinstance(value, Base):
        value = value.value
    if isinstance(value, Mapping):
        return "a mapping (key: value)"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f'"{value[:37]}..."' if len(value) > 40 else f'"{value}"'
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a number of more than 30 digits"
    return repr(value)[:40]


def exact(value: float) -> str:
    """A number as briefly as it reads back to the same."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


@dataclass(frozen=True, eq=False)
class Quantity(Kind):
    """A number with a unit, written in a ``form``; ``bare`` numbers have none, ``above_zero`` refuses zero."""

    noun: str
    parse: Callable[[object], float]
    suffix: str
    examples: tuple[Any, ...]
    form: str
    shower: Callable[[float], str]
    bare: bool = False
    whole: bool = False
    above_zero: bool = False
    largest: float = field(default=1e18)

    def read(self, value: Any) -> float:
        if isinstance(value, Base):
            return self._bounded(self._plain(value.value), value.value)
        if isinstance(value, Mapping | list | tuple):
            raise refused(f"{shown(value)} where {self.noun} is due", f"write one value, such as {self.examples[0]}")
        try:
            return self._bounded(self.parse(value), value)
        except UnitError as error:
            raise refused(error.what, error.mend) from None

    def write(self, value: Any) -> Any:
        if self.bare:
            return value
        return f"{exact(value)} {self.suffix}"

    def show(self, value: Any) -> str:
        return self.shower(value)

    def sure(self, value: float) -> str:
        """A base value for a proposal: as a person reads it where that reads back to the same, else in full."""
        shown = self.shower(value)
        return shown if self.parse(shown) == value else str(self.write(value))

    def schema(self) -> dict[str, Any]:
        either: dict[str, Any] = {
            "type": "string",
            "pattern": forms.whole(self.form, above_zero=self.above_zero),
            "maxLength": 80,
            # What editors show in place of the pattern.
            "patternErrorMessage": f"write {self.noun}, such as {' or '.join(map(str, self.examples[:2]))}",
        }
        if self.bare:
            kind = "integer" if self.whole else "number"
            least = {"exclusiveMinimum": 0} if self.above_zero else {"minimum": 0}
            either = {"anyOf": [{"type": kind, **least, "maximum": self.largest}, either]}
        return {**either, "description": f"{self.noun}, such as {self.examples[0]}", "examples": list(self.examples)}

    def _plain(self, value: Any) -> float:
        if isinstance(value, str):
            raise refused(
                f'"{value[:40]}" is a text where a plain number ({self.suffix or "no unit"}) is due',
                "give text under the YAML key",
            )
        if (
            isinstance(value, bool)
            or not hasattr(value, "__float__")
            or not math.isfinite(value)
            or value < 0
            or value > self.largest
        ):
            raise refused(
                f"{shown(value)} is not {self.noun} in {self.suffix or 'plain numbers'}",
                "give a number of zero or more",
            )
        number = float(value)
        if self.whole:
            if not number.is_integer():
                raise refused(f"{number:g} is not a whole number", f"write {math.floor(number)} or {math.ceil(number)}")
            return int(value)
        return number

    def _bounded(self, number: float, value: object) -> float:
        if self.above_zero and number <= 0:
            raise refused(
                f"{shown(value)} is zero, and {self.noun} here is more",
                f"write one such as {self.examples[0]}, or leave the key out",
            )
        return number


class ShareQuantity(Quantity):
    """A share: with its sign, for a bare 1 could mean 1 % or all; 0 may stay bare."""

    def write(self, value: Any) -> Any:
        near = float(value) * 100
        # Of the neighbours of the product one reads back to the very share.
        tried = (near, math.nextafter(near, 0), math.nextafter(near, 200))
        return f"{exact(next((one for one in tried if one / 100 == value), near))} %"

    def schema(self) -> dict[str, Any]:
        text = super().schema()
        described = {key: text.pop(key) for key in ("description", "examples")}
        return {"anyOf": [{"const": 0}, text], **described}


class Switch(Kind):
    """yes or no."""

    def read(self, value: Any) -> bool:
        value = value.value if isinstance(value, Base) else value
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("yes", "true", "on", "no", "false", "off"):
            return value.strip().lower() in ("yes", "true", "on")
        raise refused(f"{shown(value)} is not a switch", "write yes or no")

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [
                {"type": "boolean"},
                {"enum": ["yes", "no"]},
                {"type": "string", "pattern": f"^ *{forms.folded(('yes', 'no', 'true', 'false', 'on', 'off'))} *$"},
            ],
            "description": "a switch: yes or no",
        }


class Text(Kind):
    """A text of at most ``most`` characters, not empty."""

    def __init__(self, most: int = 4000, *, one_line: bool = False) -> None:
        self.most, self.one_line = most, one_line

    def read(self, value: Any) -> str:
        if isinstance(value, bool | int | float):
            raise refused(f"{shown(value)} is not a text", f'put it in quotes: "{shown(value)}"')
        if not isinstance(value, str):
            raise refused(f"{shown(value)} where a text is due", "write a text")
        if not value.strip():
            raise refused("an empty text", "write a text, or leave the key out")
        if len(value) > self.most:
            raise refused(f"a text of {len(value)} characters", f"at most {self.most} are taken")
        if self.one_line and (len(value.splitlines()) > 1 or not value.isprintable()):
            raise refused(f"{shown(value)!s} has line breaks or unprintable characters", "write it on one line")
        return value.strip()

    def schema(self) -> dict[str, Any]:
        # Of one line, without control characters; of any length, not blank.
        held = r"^[^\u0000-\u001f\u007f-\u00a0]*\S[^\u0000-\u001f\u007f-\u00a0]*$" if self.one_line else r"\S"
        return {"type": "string", "minLength": 1, "maxLength": self.most, "pattern": held}


class Choice(Kind):
    """One of a few names, written as they are listed."""

    def __init__(self, *names: str, noun: str = "a choice") -> None:
        self.names, self.noun = names, noun

    def read(self, value: Any) -> str:
        value = value.value if isinstance(value, Base) else value
        if isinstance(value, str) and value in self.names:
            return value
        if isinstance(value, bool):
            # YAML 1.1 reads the words yes, no, on and off as switches.
            value = "yes" if value else "no"
        allowed = f"write one of {', '.join(self.names)}"
        if not isinstance(value, str):
            raise refused(f"{shown(value)} is not {self.noun}", allowed)
        meant = re.sub(r"[\s_-]+", "-", value.strip().lower())
        same = next((f"did you mean {name}?" for name in self.names if meant == name.replace("_", "-")), "")
        hint = same or f"{near(value[:60], self.names)} {allowed}".strip()
        raise refused(f"{shown(value)} is not {self.noun}", hint)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.names)}


DURATION = Quantity(
    "a duration", units.duration_s, "s", ("250 ms", "8 min"), forms.DURATION, units.show_duration, above_zero=True
)
DURATION_OR_ZERO = Quantity("a duration", units.duration_s, "s", ("5 ms", "0 ms"), forms.DURATION, units.show_duration)
SIZE = Quantity("a size", units.size_bytes, "B", ("4 KB", "6 MB", "1 GiB"), forms.SIZE, units.show_bytes, whole=True)
MEMORY = Quantity(
    "a memory size", units.memory_mib, "MiB", ("900 MB", "4 GB"), forms.MEMORY, units.show_memory, above_zero=True
)
RATE = Quantity(
    "a rate",
    units.rate_per_s,
    "per second",
    ("40 per second", "30 per minute", "3 rps"),
    forms.RATE,
    units.show_rate,
    above_zero=True,
)
COUNT = Quantity(
    "a count", units.count, "", (50, "5 million"), forms.COUNT, units.show_count, bare=True, whole=True, above_zero=True
)
SHARE = ShareQuantity("a share", units.share, "%", ("0.1 %", "40 %"), forms.SHARE, units.show_share, largest=1.0)
# A share of another figure of the same entry, where a plain number cannot be mistaken.
PART = Quantity(
    "a share",
    partial(units.share, bare=True),
    "",
    (0.25, "25 %"),
    rf"(?:{forms.SHARE}|\+?0?\.[0-9]+|\+?1(?:\.0*)?)",
    units.show_share,
    bare=True,
    largest=1.0,
)
FACTOR = Quantity(
    "a factor", units.factor, "", ("3x", 3.2), forms.FACTOR, units.show_factor, bare=True, above_zero=True
)
NUMBER = Quantity("a number", units.number, "", (0.4, 2), forms.NUMBER, units.show_number, bare=True)

Duration = Annotated[float, DURATION]
DurationOrNone = Annotated[float | None, DURATION]
DurationOrZero = Annotated[float, DURATION_OR_ZERO]
Size = Annotated[int, SIZE]
Memory = Annotated[float, MEMORY]
Rate = Annotated[float, RATE]
RateOrNone = Annotated[float | None, RATE]
Count = Annotated[int, COUNT]
CountOrNone = Annotated[int | None, COUNT]
Share = Annotated[float, SHARE]
Part = Annotated[float, PART]
Factor = Annotated[float, FACTOR]
Number = Annotated[float, NUMBER]
NumberOrNone = Annotated[float | None, NUMBER]
