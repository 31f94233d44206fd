"""The fields that a sweep may vary: how a number of each is read, and which of them are whole.

A profile's field goes by its path (``payload.request``), an assumption or quota by its key (``platform.KEY``), a
setting of a deployment by its name (``deployment.memory``), which needs a pattern.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from advisor.errors import InputError, UnknownName, near
from advisor.patterns.base import Pattern
from advisor.patterns.settings import spoken
from advisor.workload import Workload
from advisor.workload.platform import overridden
from advisor.workload.quantity import Flaws, Kind, Quantity
from advisor.workload.section import Section

__all__ = ["DEPLOYMENT", "PLATFORM", "Field", "field"]

DEPLOYMENT = "deployment."
PLATFORM = "platform."


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``read`` gives the number, in the base unit, that a text with a unit stands for."""

    path: str
    read: Callable[[str], float]
    whole: bool = False


def field(path: str, pattern: type[Pattern] | None = None) -> Field:
    """The field at a path; an error that proposes near names where there is none."""
    if path.startswith(DEPLOYMENT):
        return _setting(path, pattern)
    if path.startswith(PLATFORM):
        kind = overridden(path.removeprefix(PLATFORM))
        return _of_kind(path, kind)
    return _of_kind(path, _in_profile(path))


def _setting(path: str, pattern: type[Pattern] | None) -> Field:
    if pattern is None:
        mend = "name it: pattern=, or --pattern"
        raise InputError(f"{path} is a setting of a deployment, and no pattern is named", "", mend)
    name = path.removeprefix(DEPLOYMENT)
    kinds = {one.name: one.metadata["kind"] for one in dataclasses.fields(pattern)}  # type: ignore[arg-type]  # a dataclass
    kinds |= {spoken(one): kind for one, kind in kinds.items()}
    if name not in kinds:
        mend = near(name, kinds) or f"the settings are {', '.join(pattern.fields())}"
        raise UnknownName(f'"{name}" is not a setting of {pattern.name}', "", mend)
    kind = kinds[name]

    def read(text: str) -> float:
        value = kind.read(text)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _no_number(path, text)
        return float(value)

    return Field(path, read, whole=kind.holds(1) and not kind.holds(1.5))


def _in_profile(path: str) -> Kind | None:
    """The kind of value at a path; none where a section stands, or a place in a curve of measurements."""
    section: type[Section] | None = Workload
    above, kind = "a profile", None
    for step in path.split("."):
        if step.isdigit():
            continue
        if section is None:
            return None
        names = {name: key for key, name in section.attributes().items()}
        key = names.get(step, step)
        if key not in section.attributes():
            mend = near(step, section.attributes()) or f"the keys here are {', '.join(section.attributes())}"
            raise UnknownName(f'{path}: "{step}" is not a key of {above}', "", mend)
        kind, section, above = section.kind(key), section.child(key), key
    return kind


def _of_kind(path: str, kind: Kind | None) -> Field:
    def read(text: str) -> float:
        if not isinstance(kind, Quantity):
            raise _no_number(path, text)
        try:
            return float(kind.read(text))
        except Flaws as error:
            [flaw] = error.flaws
            raise InputError(f"{path}: {flaw.what}", "", flaw.mend) from None

    return Field(path, read, whole=isinstance(kind, Quantity) and kind.whole)


def _no_number(path: str, text: Any) -> InputError:
    return InputError(f'{path}: "{text}" is not a number that a range can begin or end with', "", "list the values")
