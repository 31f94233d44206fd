"""A document as a tree of plain parts, which a page, Markdown and PDF are each made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from advisor.show import Table

if TYPE_CHECKING:
    from advisor.reports.plot import Drawing

__all__ = ["Block", "Box", "Bullets", "Code", "Document", "Facts", "Fold", "Grid", "Picture", "Section", "Text"]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short paragraphs."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are: a short list of pairs."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; ``keys`` gives the values that a column sorts by where its text does not, and ``foot`` totals at its end
    that stay where they are."""

    table: Table
    keys: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    foot: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot by name, drawn when it is asked for in a width in inches; it tells in words what it shows."""

    name: str
    title: str
    draw: Callable[[float], Drawing]


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be copied as it stands."""

    title: str
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """What is to be seen first: good where the answer is one, else not."""

    title: str
    good: bool
    blocks: tuple[Text | Bullets | Facts, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """What a reader may want to open: shown under a heading of its own where nothing can be folded."""

    title: str
    blocks: tuple[Text | Bullets | Facts | Grid | Code, ...]


Block = Text | Bullets | Facts | Grid | Picture | Code | Box | Fold


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the document; ``name`` is its address in a page."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole: ``facts`` stand under the title, ``day`` (YYYY-MM-DD) is the day of its prices."""

    title: str
    about: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    day: str
