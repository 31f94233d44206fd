"""A document as one HTML file that asks nothing of any network: styles, script and plots are inside it.

Plots come in two widths, one for a desk and paper, one for a phone; their colours are those of the page, light or dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from advisor.reports.document import Document, Grid, Picture
from advisor.reports.page.inline import inline
from advisor.reports.plot import NARROW, WIDE, as_svg

__all__ = ["page"]

_HERE = Path(__file__).parent
# Text of more letters than these is given a column that it can be read in.
_LONG, _LONGER = 28, 60


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot in both widths, with its number and its words."""

    number: int
    name: str
    title: str
    told: str
    wide: str
    narrow: str


def page(document: Document) -> str:
    """The whole page; the same document gives the same text."""
    glyphs: dict[str, str] = {}
    drawn = {picture.name: _drawn(n, picture, glyphs) for n, picture in enumerate(_pictures(document), start=1)}
    rooms = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    rooms.filters["kind"] = lambda block: type(block).__name__
    rooms.filters["rows"] = _rows
    rooms.filters["code"] = _ticked
    return rooms.get_template("review.html.j2").render(
        document=document,
        drawn=drawn,
        glyphs="".join(glyphs[name] for name in sorted(glyphs)),
        css=(_HERE / "review.css").read_text(encoding="utf-8"),
        script=(_HERE / "review.js").read_text(encoding="utf-8"),
    )


def _pictures(document: Document) -> Iterator[Picture]:
    for section in document.sections:
        yield from (block for block in section.blocks if isinstance(block, Picture))


def _drawn(number: int, picture: Picture, glyphs: dict[str, str]) -> Drawn:
    wide, narrow = picture.draw(WIDE), picture.draw(NARROW)
    return Drawn(
        number=number,
        name=picture.name,
        title=picture.title,
        told=wide.told,
        wide=inline(as_svg(wide, f"{picture.name}-wide", rims=False), f"{picture.name}-wide", glyphs),
        narrow=inline(as_svg(narrow, f"{picture.name}-narrow", rims=False), f"{picture.name}-narrow", glyphs),
    )


def _ticked(words: str) -> list[tuple[bool, str]]:
    """Words with what stands between backticks marked as code."""
    parts = words.split("`")
    if len(parts) % 2 == 0:
        return [(False, words)]
    return [(n % 2 == 1, part) for n, part in enumerate(parts) if part]


def _rows(grid: Grid) -> list[list[tuple[str, str, str]]]:
    """Rows as cells: text, the value that it sorts by (empty where its text does), and class.

    n is flush right, t long, l longer; i is a name that stays in one piece, and ti one that is too long for that.
    """
    table = grid.table
    rows = []
    for n, row in enumerate(table.rows):
        cells = zip(table.columns, row, strict=True)
        rows.append([(text, _key(grid, name, n), _kind(text, right=name in table.right)) for name, text in cells])
    return rows


def _kind(text: str, *, right: bool) -> str:
    if right:
        return "n"
    if "-" in text and not any(sign.isspace() for sign in text):
        return "i" if len(text) <= _LONG else "ti"
    if len(text) > _LONGER:
        return "l"
    return "t" if len(text) > _LONG else ""


def _key(grid: Grid, column: str, row: int) -> str:
    keys = grid.keys.get(column)
    if keys is None or row >= len(keys):
        return ""
    value = keys[row]
    if math.isnan(value):
        return "none"
    return "Infinity" if math.isinf(value) else f"{value:.12g}"
