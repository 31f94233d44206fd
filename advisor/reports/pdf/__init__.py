"""A document as PDF: typeset pages with contents and page numbers, tables that go on over pages, plots as vectors.

The pages are set first, with room kept for each plot; the plots, drawn as PDF pages of their own, are then laid into
that room. The same document gives the same bytes.
"""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter, Transformation

from advisor.reports.document import Document
from advisor.reports.pdf.blocks import Room, flow
from advisor.reports.pdf.style import MARGIN, SIZE, Numbered, Pages, use_fonts
from advisor.reports.plot import as_pdf

__all__ = ["pdf"]


def pdf(document: Document) -> bytes:
    """The whole file."""
    use_fonts()
    rooms: list[Room] = []
    held = io.BytesIO()
    pages = Pages(held, document.title, document.facts)
    pages.multiBuild(flow(document, SIZE[0] - 2 * MARGIN, rooms), canvasmaker=Numbered)
    return _filled(held.getvalue(), rooms, document)


def _filled(pages: bytes, rooms: list[Room], document: Document) -> bytes:
    """The pages with every plot in its room."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pages)))
    for room in rooms:
        plot = PdfReader(io.BytesIO(as_pdf(room.figure))).pages[0]
        there = Transformation().scale(room.scale).translate(room.x, room.y)
        writer.pages[room.page - 1].merge_transformed_page(plot, there)
    day = document.day.replace("-", "")
    stamp = {"/CreationDate": f"D:{day}000000Z", "/ModDate": f"D:{day}000000Z"} if len(day) == 8 else {}
    writer.metadata = {
        "/Title": document.title,
        "/Subject": document.about,
        "/Creator": "advisor",
        "/Producer": "advisor",
        **stamp,
    }
    for page in writer.pages:
        page.compress_content_streams()
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()
