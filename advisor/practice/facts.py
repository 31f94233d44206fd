"""Documented facts without a figure of their own: pairs and orders of words, each with source and date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from advisor.errors import BugError

__all__ = ["Fact", "fact", "facts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Which words go with which subject, or which step comes at which place (counted from 1)."""

    key: str
    title: str
    pairs: Mapping[str, tuple[str, ...]]
    source: str
    as_of: str

    def subjects(self, word: str) -> tuple[str, ...]:
        """The subjects that go with a word."""
        return tuple(subject for subject, words in self.pairs.items() if word in words)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word, once."""
        return tuple(dict.fromkeys(word for words in self.pairs.values() for word in words))


def fact(key: str) -> Fact:
    """The fact of that key."""
    if key not in facts():
        raise BugError(f'"{key}" is not a documented fact', "", f"the facts are {', '.join(facts())}")
    return facts()[key]


@cache
def facts() -> Mapping[str, Fact]:
    """Every fact, by key."""
    rows = json.loads((Path(__file__).with_name("data") / "facts.json").read_text(encoding="utf-8"))
    held = {}
    for row in rows:
        steps = {step: [str(place)] for place, step in enumerate(row.get("order", ()), start=1)}
        pairs = {subject: tuple(words) for subject, words in row.get("pairs", steps).items()}
        told = row["source"] if row["as_of"][:4] in row["source"] else f"{row['source']}, {row['as_of']}"
        held[row["key"]] = Fact(key=row["key"], title=row["title"], pairs=pairs, source=told, as_of=row["as_of"])
    return held
