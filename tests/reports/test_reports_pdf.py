"""The PDF: all words on numbered pages, bookmarks, vector plots, a date that is the prices', the same bytes."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader

from advisor.reports.document import Document
from advisor.reports.pdf import pdf
from tests.reports.answers import small


@pytest.fixture(scope="module")
def made(document: Document) -> bytes:
    return pdf(document)


@pytest.fixture(scope="module")
def read(made: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(made))


@pytest.fixture(scope="module")
def said(read: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in read.pages)


def test_every_page_is_numbered(read: PdfReader) -> None:
    many = len(read.pages)
    assert many > 4
    for number, page in enumerate(read.pages, start=1):
        assert f"page {number} of {many}" in page.extract_text()


def test_sections_are_bookmarks_and_stand_in_the_contents(read: PdfReader, document: Document) -> None:
    titles = [f"{n} {section.title}" for n, section in enumerate(document.sections, start=1)]
    assert [str(entry.title) for entry in read.outline] == titles
    first = read.pages[0].extract_text()
    assert all(title in first for title in titles)


def test_all_that_matters_is_there(said: str) -> None:
    flat = re.sub(r"\s+", "", said)
    for refusal in small().refused:
        for finding in refusal.findings:
            assert finding.rule in flat
            assert re.sub(r"\s+", "", finding.says) in flat
    for line in small().options[0].outcome.bill.lines:
        assert re.sub(r"\s+", "", line.what) in flat
    assert all(one.key in flat for one in small().assumptions)


def test_what_the_user_wrote_is_shown_as_written(said: str) -> None:
    assert 'A tool with "quotes", <tags> & a | in its words.' in re.sub(r"\s+", " ", said)


def test_plots_are_vectors_and_their_words_are_text(read: PdfReader, said: str) -> None:
    assert not [image for page in read.pages for image in page.images]
    assert "cost (USD a month of 730 h)" in said
    assert "Figure 7." in said


def test_the_date_is_that_of_the_prices_and_nothing_tells_when_it_was_made(read: PdfReader) -> None:
    assert read.metadata is not None
    stamp = small().prices_as_of.replace("-", "")
    assert read.metadata["/CreationDate"].startswith(f"D:{stamp}")
    assert read.metadata["/ModDate"].startswith(f"D:{stamp}")
    assert read.metadata.title == "Architecture review: small <b>&amp; plain"


def test_the_same_document_is_the_same_bytes(made: bytes, document: Document) -> None:
    assert pdf(document) == made
