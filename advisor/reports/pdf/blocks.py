"""The parts of a document as what flows over PDF pages."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    LongTable,
    Paragraph,
    Preformatted,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

from advisor.reports.document import Block, Box, Bullets, Code, Document, Facts, Fold, Grid, Picture, Text
from advisor.reports.pdf.style import BAD, GOOD, QUIET, RULE, SOFT, STYLES, marked
from advisor.reports.plot import WIDE, Drawing

__all__ = ["Room", "flow"]

_GAP = 6.0
_POINTS = 72.0
# A plot takes this share of the width, so that two of them find room on a page.
_SHARE = 0.86
# A table of so few rows is not parted.
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Room:
    """Where a plot belongs: its page (from 1), the place of its lower left corner, and its scale."""

    figure: Drawing
    page: int
    x: float
    y: float
    scale: float


class _Space(Flowable):
    """Room for a plot; where it comes to lie is noted when the page is set."""

    def __init__(self, figure: Drawing, width: float, rooms: list[Room]) -> None:
        super().__init__()
        inches = figure.get_size_inches()
        self.figure = figure
        self.scale = width / (inches[0] * _POINTS)
        self.width, self.height = width, inches[1] * _POINTS * self.scale
        self.rooms = rooms

    def wrap(self, *_: float) -> tuple[float, float]:
        """As large as the plot."""
        return self.width, self.height

    def draw(self) -> None:
        """Note where it lies; pages may be set several times, and the last time holds."""
        x, y = self.canv.absolutePosition(0, 0)
        self.rooms[:] = [room for room in self.rooms if room.figure is not self.figure]
        self.rooms.append(Room(self.figure, self.canv.getPageNumber(), x, y, self.scale))


def flow(document: Document, width: float, rooms: list[Room]) -> list[Flowable]:
    """All that flows, in order; ``rooms`` is filled while the pages are set."""
    contents = TableOfContents(dotsMinLevel=0, levelStyles=[STYLES["contents"]])
    contents.tableStyle = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight(0, 0)])
    made: list[Flowable] = [
        Paragraph(marked(document.title), STYLES["title"]),
        _facts(Facts(document.facts), width),
        Spacer(0, 10),
        contents,
    ]
    number = 0
    for at, section in enumerate(document.sections, start=1):
        made.append(CondPageBreak(120) if at > 1 else Spacer(0, 6))
        made.append(Paragraph(f"{at} {marked(section.title)}", STYLES["section"]))
        for block in section.blocks:
            if isinstance(block, Picture):
                number += 1
                made.append(_picture(block, number, width, rooms))
            else:
                made += _block(block, width)
    return made


def _block(block: Block, width: float) -> Iterator[Flowable]:
    match block:
        case Text(words):
            yield Paragraph(marked(words), STYLES["text"])
        case Bullets(items):
            yield from (Paragraph(marked(item), STYLES["item"], bulletText="•") for item in items)
        case Facts():
            yield _facts(block, width)
        case Grid():
            yield from _grid(block, width)
        case Code(title, text, _):
            yield from _part(title)
            yield from _code(text, width)
        case Fold(title, blocks):
            yield from _part(title)
            for one in blocks:
                # Its heading stands for the title of the one table below it.
                if isinstance(one, Grid) and len(blocks) == 1:
                    yield from _grid(one, width, titled=False)
                else:
                    yield from _block(one, width)
        case Box():
            yield _box(block, width)
        case Picture():
            raise AssertionError("a plot stands in a section, not in another part")


def _part(title: str) -> Iterator[Flowable]:
    """A small heading, with room below it for the beginning of what it heads."""
    yield CondPageBreak(64)
    yield Paragraph(marked(title), STYLES["part"])


def _picture(picture: Picture, number: int, width: float, rooms: list[Room]) -> Flowable:
    figure = picture.draw(WIDE)
    words = f"<b>Figure {number}. {marked(picture.title)}.</b> {marked(figure.told)}"
    return KeepTogether([Spacer(0, 8), _Space(figure, _SHARE * width, rooms), Paragraph(words, STYLES["caption"])])


def _facts(facts: Facts, width: float) -> Flowable:
    first = min(width * 0.3, max(_wide(name, 8.2) for name, _ in facts.pairs) + 14)
    rows = [
        [Paragraph(marked(name), STYLES["term"]), Paragraph(marked(value), STYLES["fact"])]
        for name, value in facts.pairs
    ]
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -2), 0.4, RULE), *_tight(0, 1.6)]
    return Table(rows, [first, width - first], style=style, spaceBefore=4, spaceAfter=4)


def _tight(sides: float, ends: float) -> list[tuple[Any, ...]]:
    whole = ((0, 0), (-1, -1))
    return [
        ("LEFTPADDING", *whole, sides),
        ("RIGHTPADDING", *whole, _GAP),
        ("TOPPADDING", *whole, ends),
        ("BOTTOMPADDING", *whole, ends),
    ]


def _box(box: Box, width: float) -> Flowable:
    inner = width - 24
    held: list[Flowable] = [Paragraph(marked(box.title), STYLES["box"])]
    for block in box.blocks:
        held += _block(block, inner)
    ground = GOOD if box.good else BAD
    edge = "#00694f" if box.good else "#a40e26"
    style: list[tuple[Any, ...]] = [
        ("BACKGROUND", (0, 0), (-1, -1), ground),
        ("LINEBEFORE", (0, 0), (0, -1), 4, edge),
        ("LEFTPADDING", (0, 0), (-1, -1), 14),
        ("RIGHTPADDING", (0, 0), (-1, -1), 10),
        ("TOPPADDING", (0, 0), (-1, -1), 7),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
    ]
    return Table([[held]], [width], style=style, spaceBefore=6, spaceAfter=8)


def _code(text: str, width: float) -> Iterator[Flowable]:
    """Fixed-width lines, folded at the paper's edge; one row a line, so that it goes on over pages."""
    style = STYLES["code"]
    most = int((width - 16) / stringWidth("m", style.fontName, style.fontSize))
    lines = [part for line in text.split("\n") for part in _folded(line, most)]
    rows = [[Preformatted(line, style)] for line in lines]
    look = [("BACKGROUND", (0, 0), (-1, -1), SOFT), *_tight(8, 0), ("TOPPADDING", (0, 0), (-1, 0), 5)]
    yield LongTable(rows, [width], style=[*look, ("BOTTOMPADDING", (0, -1), (-1, -1), 6)], spaceBefore=2, spaceAfter=6)


def _folded(line: str, most: int) -> list[str]:
    if len(line) <= most:
        return [line or " "]
    indent = " " * min(most // 2, len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(
        line, most, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=False, replace_whitespace=False
    )


def _grid(grid: Grid, width: float, *, titled: bool = True) -> Iterator[Flowable]:
    table = grid.table
    title = [Paragraph(marked(table.title), STYLES["part"])] if table.title and titled else []
    right = [column in table.right for column in table.columns]
    last = len(table.rows) - grid.foot
    widths = _widths(grid, width)
    heads = [column or "#" for column in table.columns]
    rows = [[_cell(*cell, "head") for cell in zip(heads, widths, right, strict=True)]]
    for n, row in enumerate(table.rows):
        kind = "total" if n >= last else "cell"
        rows.append([_cell(*cell, kind) for cell in zip(row, widths, right, strict=True)])
    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, QUIET),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, RULE),
        *_tight(0, 2.2),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
    if grid.foot:
        style.append(("LINEABOVE", (0, -grid.foot), (-1, -grid.foot), 0.9, QUIET))
        style.append(("NOSPLIT", (0, -2), (-1, -1)))
    made = LongTable(rows, widths, style=style, repeatRows=1, spaceBefore=2, spaceAfter=4)
    if len(rows) <= _SHORT:
        yield KeepTogether([*title, made])
    else:
        yield CondPageBreak(90)
        yield from title
        yield made
    for note in table.notes:
        yield Paragraph(marked(note), STYLES["note"])


def _cell(text: str, width: float, right: bool, kind: str) -> Paragraph:
    lines = [" ".join(_fitted(word, width - _GAP) for word in line.split()) for line in text.split("\n")]
    return Paragraph("<br/>".join(marked(line) for line in lines), STYLES[f"{kind}-right" if right else kind])


def _fitted(word: str, width: float) -> str:
    """A word that is wider than its column comes apart where it has marks, not between any two letters."""
    size = STYLES["cell"].fontSize
    if _wide(word, size, bold=True) <= width:
        return word
    lines = [""]
    for part in re.findall(r"[^-./_,]+[-./_,]?|[-./_,]", word):
        if lines[-1] and _wide(lines[-1] + part, size, bold=True) > width:
            lines.append(part)
        else:
            lines[-1] += part
    return " ".join(lines)


def _wide(text: str, size: float, *, bold: bool = False) -> float:
    return float(stringWidth(text, "advisor-bold" if bold else "advisor", size))


def _widths(grid: Grid, width: float) -> list[float]:
    """As wide as the words need; where that is too much, the widest columns give way down to their longest word."""
    columns = list(zip(grid.table.columns, *grid.table.rows, strict=True))
    size = STYLES["cell"].fontSize
    full = [max(_wide(text, size, bold=True) for text in column) + _GAP + 2 for column in columns]
    least = [
        min(90.0, max(_wide(word, size, bold=True) for text in column for word in _words(text)) + _GAP + 2)
        for column in columns
    ]
    if sum(full) <= width:
        spare = (width - sum(full)) / len(full)
        return [wide + spare for wide in full]
    over = sum(full) - width
    held = list(full)
    while over > 0.5:
        able = [n for n, wide in enumerate(held) if wide > least[n] + 0.1]
        if not able:
            return [wide * width / sum(held) for wide in held]
        widest = max(held[n] for n in able)
        for n in able:
            if held[n] > widest - 4 and over > 0:
                given = min(over, 2.0, held[n] - least[n])
                held[n] -= given
                over -= given
    return held


def _words(text: str) -> list[str]:
    return [part for word in text.split() for part in word.replace("-", "- ").split()] or [""]
