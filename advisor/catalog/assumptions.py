"""Named assumptions: every number that AWS does not publish or that a profile may leave out, with why it is so.

An assumption is overridden in a profile's ``platform:`` by its key, written as its ``value`` is written here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from advisor import units
from advisor.catalog.instances import instance
from advisor.errors import UnitError, UnknownName, near

__all__ = ["Assumption", "assumption", "assumptions"]

_READERS: Mapping[str, Callable[[object], float]] = {
    "count": units.count,
    "duration": units.duration_s,
    "factor": units.factor,
    "memory": units.memory_mib,
    "number": units.number,
    "rate": units.rate_per_s,
    "share": units.share,
    "size": units.size_bytes,
}
_ON = ("yes", "true", "on")
_OFF = ("no", "false", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One assumption, in the form a user writes it; ``low`` and ``high`` span what is plausible, for sensitivity.

    ``kind`` says how it is read: duration, size, memory, rate, count, share, factor and number become base units
    (s, bytes, MiB, per second, plain); a switch is yes or no; a choice is one of ``choices``; an instance is the name
    of a type; weights are numbers apart by spaces, of which only proportions count; a text is any text. A key that
    ends in ``_per_s`` is a size moved in one second. ``evidence``: measured, derived from a source, or assumed.
    """

    key: str
    title: str
    value: str | int | float | bool
    kind: str
    low: str | int | float | None
    high: str | int | float | None
    choices: tuple[str, ...]
    evidence: str
    source: str
    as_of: str
    why: str
    affects: tuple[str, ...]

    @property
    def base(self) -> float | str | bool:
        """The value in base units, or its word or switch."""
        # Arithmetic over many deployments asks thousands of times.
        return _base_of(self.key) if _book().get(self.key) is self else self.parse(self.value)

    @property
    def base_low(self) -> float | None:
        """The low end in base units; ``None`` where there is no range."""
        return None if self.low is None else self._number(self.low)

    @property
    def base_high(self) -> float | None:
        """The high end in base units; ``None`` where there is no range."""
        return None if self.high is None else self._number(self.high)

    def parse(self, text: object) -> float | str | bool:
        """What a user gives in its place, in base units.

        `UnitError` where it is not of this kind, `UnknownName` where it is none of the choices.
        """
        if self.kind in _READERS:
            return self._number(text)
        if self.kind == "switch":
            return self._switch(text)
        # YAML reads a bare no as False; among choices it means the word.
        word = "none" if text is False and "none" in self.choices else text
        if not isinstance(word, str) or not word.strip():
            raise UnitError(f"{text!r} is no value of {self.key}", "", f"write one such as {self.value}")
        if self.choices and word not in self.choices:
            hint = near(word, self.choices)
            allowed = f"write one of {', '.join(self.choices)}"
            raise UnknownName(f'"{word}" is not a choice of {self.key}', "", f"{hint} {allowed}".strip())
        if self.kind == "weights":
            self._weights(word)
        if self.kind == "instance":
            instance(word.strip())
        return word.strip()

    def _number(self, text: object) -> float:
        return _READERS[self.kind](text)

    def _switch(self, text: object) -> bool:
        if isinstance(text, bool):
            return text
        word = text.strip().lower() if isinstance(text, str) else ""
        if word not in _ON + _OFF:
            raise UnitError(f"{text!r} is no value of the switch {self.key}", "", "write yes or no")
        return word in _ON

    def _weights(self, text: str) -> None:
        parts = [units.number(part) for part in text.replace(",", " ").split()]
        wanted = len(str(self.value).split())
        if len(parts) != wanted or not sum(parts) > 0:
            raise UnitError(
                f"{len(parts)} weights for {self.key}",
                "",
                f"write {wanted} numbers, not all of them zero, apart by spaces",
            )


def assumption(key: str) -> Assumption:
    """The assumption of that key; `UnknownName` with near keys where there is none."""
    known = _book()
    if key not in known:
        raise UnknownName(
            f'"{key}" is not an assumption', "", near(key, known) or "advisor list assumptions shows all of them"
        )
    return known[key]


def assumptions() -> tuple[Assumption, ...]:
    """Every assumption, by key."""
    return tuple(_book().values())


@cache
def _base_of(key: str) -> float | str | bool:
    held = _book()[key]
    return held.parse(held.value)


@cache
def _book() -> Mapping[str, Assumption]:
    text = (Path(__file__).with_name("data") / "assumptions.json").read_text(encoding="utf-8")
    return {
        entry["key"]: Assumption(**{**entry, "choices": tuple(entry["choices"]), "affects": tuple(entry["affects"])})
        for entry in sorted(json.loads(text), key=lambda entry: str(entry["key"]))
    }
