"""How PDF pages look: paper, fonts, styles of text, heads and page numbers."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, BinaryIO

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

from advisor.reports.plot.style import PALETTE, fonts

__all__ = [
    "BAD", "GOOD", "INK", "MARGIN", "QUIET", "RULE", "SIZE", "SOFT", "STYLES", "Numbered", "Pages", "marked",
    "use_fonts",
]  # fmt: skip

SIZE = A4
MARGIN = 18 * mm
INK, QUIET, RULE = (HexColor(PALETTE[name]) for name in ("ink", "quiet", "rule"))
SOFT = HexColor("#f3f5f8")
GOOD, BAD = HexColor("#e8f5f0"), HexColor("#fcecee")

_BODY = {"fontName": "advisor", "fontSize": 9, "leading": 12.6, "textColor": INK}


def _style(name: str, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, **{**_BODY, **more})


_HEAD = {"fontName": "advisor-bold"}
_CELL = {"fontSize": 6.8, "leading": 8.6}
STYLES = {
    style.name: style
    for style in (
        _style("title", fontName="advisor-bold", fontSize=20, leading=25, spaceAfter=8),
        _style("section", **_HEAD, fontSize=14, leading=18, spaceBefore=18, spaceAfter=6),
        _style("part", **_HEAD, fontSize=10, leading=13, spaceBefore=10, spaceAfter=3),
        _style("text", spaceBefore=3, spaceAfter=3),
        _style("item", spaceBefore=1, spaceAfter=1, leftIndent=10, bulletIndent=0),
        _style("note", fontSize=7.5, leading=10, textColor=QUIET, spaceBefore=2),
        _style("caption", fontSize=7.8, leading=10.4, textColor=QUIET, spaceBefore=3, spaceAfter=8),
        _style("box", fontName="advisor-bold", fontSize=11.5, leading=15, spaceAfter=3),
        _style("term", textColor=QUIET, fontSize=8.2, leading=11),
        _style("fact", fontSize=8.2, leading=11),
        _style("head", **{**_CELL, "fontName": "advisor-bold"}),
        _style("head-right", **{**_CELL, "fontName": "advisor-bold", "alignment": TA_RIGHT}),
        _style("cell", **_CELL),
        _style("cell-right", **_CELL, alignment=TA_RIGHT),
        _style("total", **{**_CELL, "fontName": "advisor-bold"}),
        _style("total-right", **{**_CELL, "fontName": "advisor-bold", "alignment": TA_RIGHT}),
        _style("code", fontName="advisor-mono", fontSize=6.6, leading=8.4),
        _style("contents", fontSize=9.5, leading=15),
    )
}


def use_fonts() -> None:
    """Register the fonts that come with the plots, once."""
    names = {"regular": "advisor", "bold": "advisor-bold", "italic": "advisor-italic", "mono": "advisor-mono"}
    known = pdfmetrics.getRegisteredFontNames()
    for style, path in fonts().items():
        if names[style] not in known:
            pdfmetrics.registerFont(TTFont(names[style], path))
    pdfmetrics.registerFontFamily(
        "advisor", normal="advisor", bold="advisor-bold", italic="advisor-italic", boldItalic="advisor-bold"
    )


def marked(words: str) -> str:
    """Words as a paragraph takes them: escaped, backticks as fixed-width letters."""
    parts = words.split("`")
    if len(parts) % 2 == 0:
        return html.escape(words, quote=False)
    escaped = [html.escape(part, quote=False) for part in parts]
    return "".join(f'<font name="advisor-mono">{part}</font>' if n % 2 else part for n, part in enumerate(escaped))


class Pages(BaseDocTemplate):
    """Pages with one column; headings become contents and bookmarks."""

    def __init__(self, file: BinaryIO, title: str, facts: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            file, pagesize=SIZE, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
            title=title, invariant=1, allowSplitting=1,
        )  # fmt: skip
        self.head = title
        self.foot = dict(facts).get("Made by", "")
        frame = Frame(MARGIN, MARGIN, SIZE[0] - 2 * MARGIN, SIZE[1] - 2 * MARGIN - 4 * mm, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self._furnish))

    def _furnish(self, canvas: Canvas, _: object) -> None:
        canvas.saveState()
        canvas.setFont("advisor", 7.5)
        canvas.setFillColor(QUIET)
        if canvas.getPageNumber() > 1:
            canvas.drawString(MARGIN, SIZE[1] - 12 * mm, self.head)
        canvas.drawString(MARGIN, 10 * mm, self.foot)
        canvas.restoreState()

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - the library calls it so
        """Note a section's heading in the contents and the bookmarks."""
        if isinstance(flowable, Paragraph) and flowable.style.name == "section":
            words = flowable.getPlainText()
            key = f"section-{words}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(words, key, 0, 0)
            self.notify("TOCEntry", (0, html.escape(words, quote=False), self.page, key))


class Numbered(Canvas):
    """A canvas that writes "page 3 of 12" when it knows how many there are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library calls it so
        """Keep the page until the last one is set."""
        self._held.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # what showPage does after it has written a page

    def save(self) -> None:
        """Write the pages with their numbers."""
        for state in self._held:
            self.__dict__.update(state)
            self.setFont("advisor", 7.5)
            self.setFillColor(QUIET)
            self.drawRightString(SIZE[0] - MARGIN, 10 * mm, f"page {self.getPageNumber()} of {len(self._held)}")
            super().showPage()
        super().save()
