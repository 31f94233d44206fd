"""Limits and assumptions in texts, so that no rule types a number that the catalog holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from advisor.catalog.assumptions import assumption
from advisor.catalog.limits import Alternative, find_limit
from advisor.units import show_bytes, show_count, show_duration, show_memory
from advisor.workload import Workload

__all__ = ["PLACEHOLDER", "filled", "source_of", "told"]

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)\}")
_DURATIONS = frozenset({"s", "ms", "min"})
_SIZES = frozenset({"bytes", "KB", "MB", "GB"})


def told(w: Workload, key: str) -> str:
    """A limit or an assumption as it holds for this workload, with its unit: ``4 MB``, or what ``platform`` gives."""
    held = find_limit(key)
    if held is None:
        return str(w.platform[key] if w.overridden(key) else assumption(key).value)
    if not w.overridden(key):
        return held.shown
    value = w.limit(key)
    if held.unit in _DURATIONS:
        return show_duration(value)
    if held.unit in _SIZES:
        return show_memory(value) if "memory" in key else show_bytes(value)
    return show_count(value)


def filled(text: str) -> str:
    """A text with every {key} replaced by the catalog's figure."""
    return PLACEHOLDER.sub(lambda found: _figure(found[1]), text)


def source_of(keys: Iterable[str]) -> str:
    """Where the figures come from, each source once with its date, and what other sources say."""
    return "; ".join(dict.fromkeys(part for key in keys for part in _sources(key)))


def _sources(key: str) -> list[str]:
    held = find_limit(key)
    if held is None:
        guess = assumption(key)
        return [_dated(f"assumption {key}: {guess.source}", guess.as_of)]
    others = [f"also given as {_plain(other)} ({other.source})" for other in held.alternatives]
    return [_dated(held.source, held.as_of), *others]


def _plain(other: Alternative) -> str:
    value = f"{other.value:,}" if isinstance(other.value, int) and other.value >= 10_000 else str(other.value)
    return value if other.unit == "count" else f"{value} {other.unit}"


def _dated(source: str, as_of: str) -> str:
    return source if as_of[:4] in source else f"{source}, {as_of}"


def _figure(key: str) -> str:
    held = find_limit(key)
    return str(assumption(key).value) if held is None else held.shown
