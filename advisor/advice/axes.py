"""A field of the profile and values for it: what maps and curves are drawn over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

from advisor.errors import InputError
from advisor.units import rate_per_s, show_number, show_rate, size_bytes
from advisor.workload import Workload
from advisor.workload.given import yaml_path
from advisor.workload.section import Section

__all__ = ["Axis", "Values", "axis", "held", "now_of", "placed", "with_value"]

Values = tuple[str, Sequence[object]]

_RATE = ("traffic.rate", "traffic.rate_per_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A field of the profile and its values: in base units, and as a profile writes them; ``now`` is what it is."""

    path: str
    values: tuple[float, ...]
    shown: tuple[str, ...]
    now: float
    now_shown: str

    @property
    def spans(self) -> bool:
        """Whether the values span so much that a logarithmic scale fits them."""
        return min(self.values) > 0 and max(self.values) / min(self.values) > 6


def axis(w: Workload, path: str, values: Sequence[object]) -> Axis:
    """Values of a field, each as a profile writes it or a plain number in base units, in rising order, each once."""
    if not values:
        raise InputError(f"no values for {path}", "", 'give some, such as ["1 per second", "10 per second"]')
    found: dict[float, str] = {}
    for value in values:
        if path in _RATE:
            rate = rate_per_s(value) if isinstance(value, str) else _number(value)
            found[rate] = show_rate(float(f"{rate:.3g}"))
            continue
        changed = with_value(w, path, value)
        found[_base(changed, path)] = _shown(changed, path) if isinstance(value, str) else _told(changed, path)
    ranked = sorted(found)
    return Axis(
        path=path,
        values=tuple(ranked),
        shown=tuple(found[value] for value in ranked),
        now=_base(w, path),
        now_shown=_shown(w, path),
    )


def with_value(w: Workload, path: str, value: object) -> Workload:
    """The workload with one field another; a plain number is in the field's base unit, whichever name the path has.

    A rate scales all classes, or recorded arrivals, alike; a size of the payload takes its largest along.
    """
    if path in _RATE and w.traffic is not None and w.rate_per_s > 0:
        wanted = rate_per_s(value) if isinstance(value, str) else _number(value)
        return w.scaled(rate=wanted / w.rate_per_s)
    named = _attribute_path(w, path)
    number = value if isinstance(value, str) else _number(value)
    if isinstance(number, float) and isinstance(_held_at(w, path), int):
        number = round(number)
    sets: dict[str, Any] = {path if isinstance(number, str) else named: number}
    if path in ("payload.request", "payload.response") and w.given(f"{path}_max"):
        size = size_bytes(number) if isinstance(number, str) else number
        larger = _base(w, f"{path}_max") / max(1.0, _base(w, path))
        sets[_attribute_path(w, f"{path}_max")] = round(size * larger)
    return w.with_(sets)


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise InputError(f"{value!r} is no value for an axis", "", 'write text such as "40 per second", or a number')
    return float(value)


def _attribute_path(w: Workload, path: str) -> str:
    """The path by attribute names, under which values are in base units."""
    steps, section = [], type(w)
    for step in path.split("."):
        if section is None or step.isdigit():
            steps.append(step)
            continue
        steps.append(section.attributes().get(step, step))
        section = section.child(step)  # type: ignore[assignment]  # None where plain values are
    return ".".join(steps)


def _held_at(w: Workload, path: str) -> object:
    """What stands at a path, by attribute names; ``None`` where nothing does."""
    at: Any = w
    for step in _attribute_path(w, path).split("."):
        if isinstance(at, tuple) and step.isdigit():
            at = at[int(step)] if int(step) < len(at) else None
        else:
            at = getattr(at, step, None)
    return cast("object", at)


def _base(w: Workload, path: str) -> float:
    """The number at a path, in base units."""
    at = w.rate_per_s if path in _RATE else _held_at(w, path)
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise InputError(f"{path} of {w.name} is no number", "", "take a field with a number, such as traffic.rate")
    return float(at)


def _told(w: Workload, path: str) -> str:
    """The number at a path to three digits, in the unit that its field is written in."""
    value = float(f"{_base(w, path):.3g}")
    section: type[Section] | None = type(w)
    *above, last = yaml_path(type(w), path).split(".")
    for step in above:
        section = section if step.isdigit() or section is None else section.child(step)
    kind = None if section is None else section.kind(last)
    return show_number(value) if kind is None else kind.show(value)


def _shown(w: Workload, path: str) -> str:
    return show_rate(w.rate_per_s) if path in _RATE else w.shown(path)


def placed(w: Workload, sets: Sequence[tuple[str, float]]) -> Workload | None:
    """The workload at a place; ``None`` where its values contradict the rest of the profile."""
    try:
        for path, value in sets:
            w = with_value(w, path, value)
    except InputError:
        return None
    return w


class _Lent:
    """An executor of someone else's, which is not to be shut down."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def __enter__(self) -> Executor:
        return self.executor

    def __exit__(self, *_: object) -> None:
        return None


def held(executor: Executor | None, threads: int) -> Executor | _Lent:
    return ThreadPoolExecutor(max(1, threads)) if executor is None else _Lent(executor)


def now_of(w: Workload, path: str) -> float:
    """The number at a path as the profile has it, in base units."""
    return _base(w, path)
