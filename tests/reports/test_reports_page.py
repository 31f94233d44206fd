"""The page: one file, sound HTML, headings in order, names for all that is read aloud, contrast, the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from advisor.reports.document import Document, Grid
from advisor.reports.page import page
from advisor.reports.review import review
from tests.reports.answers import small

VOID = {"meta", "link", "br", "path", "use", "rect", "img"}


class Read(HTMLParser):
    """The tags of a page, with what is open at each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.astray: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.astray.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


@pytest.fixture(scope="module")
def text(document: Document) -> str:
    return page(document)


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    return Read(text)


def test_every_tag_is_closed_where_it_was_opened(read: Read) -> None:
    assert not read.astray
    assert not read.open


def test_the_page_asks_nothing_of_a_network(read: Read, text: str) -> None:
    for tag, attributes in read.tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            if name in attributes:
                assert attributes[name].startswith(("#", "data:,")), (tag, attributes)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_ids_are_the_only_ones_of_their_name_and_links_lead_somewhere(read: Read) -> None:
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for _, attributes in read.tags if attributes.get("href", "").startswith("#")]
    assert links
    assert {link[1:] for link in links} <= set(ids)
    for _, attributes in read.tags:
        for value in attributes.values():
            assert set(re.findall(r"url\(#([^)]+)\)", value)) <= set(ids)


def test_headings_go_down_one_step_at_a_time_from_a_single_first(read: Read) -> None:
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_heads_and_can_be_reached_by_keyboard(read: Read, document: Document) -> None:
    tags = [tag for tag, _ in read.tags]
    assert tags.count("table") == tags.count("caption") > 5
    assert all(attributes.get("scope") == "col" for tag, attributes in read.tags if tag == "th")
    boxes = [attributes for _, attributes in read.tags if attributes.get("class") == "scroll"]
    assert len(boxes) == tags.count("table")
    assert all(box["tabindex"] == "0" and box["role"] == "region" and box["aria-label"] for box in boxes)
    assert any(isinstance(block, Grid) for section in document.sections for block in section.blocks)


def test_every_plot_has_its_words_beside_it_and_a_width_for_phones(text: str) -> None:
    figures = re.findall(r"<figure .*?</figure>", text, re.DOTALL)
    assert len(figures) == 7
    for figure in figures:
        assert figure.count("<svg") == 2
        assert len(re.sub("<[^>]+>", "", figure.split("<figcaption>")[1])) > 80


def test_what_the_user_wrote_is_shown_and_never_taken_for_html(text: str) -> None:
    assert "<tags>" not in text
    assert "&lt;tags&gt; &amp; a | in its words." in text
    assert "<b>&amp;" not in text


def test_plots_are_in_the_colours_of_the_page_so_that_dark_is_dark(text: str) -> None:
    body = text[text.index("<main>") : text.index("</main>")]
    assert not re.findall(r"(?:fill|stroke): ?#[0-9a-f]+", body)
    used = set(re.findall(r"var\(--([a-z-]+)\)", body))
    light, dark = themes(text)
    assert used <= set(light)
    assert set(light) == set(dark)


def themes(text: str) -> tuple[dict[str, str], dict[str, str]]:
    found = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", one)) for one in found)
    return light, dark


def lightness(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2: black on white has 21."""
    high, low = sorted((lightness(one), lightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_by_four_and_a_half_and_what_is_drawn_by_nearly_two_or_more(text: str) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for theme in themes(text):
        for name in ("ink", "quiet", "warn", "link"):
            for ground in ("paper", "soft"):
                assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)
        assert contrast(theme["ink"], theme["good-soft"]) >= 4.5
        assert contrast(theme["quiet"], theme["good-soft"]) >= 4.5
        assert contrast(theme["quiet"], theme["bad-soft"]) >= 4.5
        # Lines and areas have marks and hatches besides; orange is light in any case.
        drawn = [value for name, value in theme.items() if name.startswith("c-")]
        assert all(contrast(colour, theme["paper"]) >= 2.2 for colour in drawn)


@pytest.mark.usefixtures("by_hand")
def test_the_same_answer_is_the_same_bytes(text: str) -> None:
    assert page(review(small())) == text


def test_names_stay_in_one_piece_and_long_ones_have_a_column_to_be_read_in(text: str) -> None:
    assert '<td class="i">serverless-2048mib-c2</td>' in text
    rule = re.search(r"td\.i \{([^}]*)\}", text)
    assert rule is not None
    assert "white-space: nowrap" in rule[1]
    long = "asynchronous-m5.large-0to2-c2-b12-t900-ttl21600-mon-fri-0655-1800x1"
    first = small().options[0]
    named = replace(small(), options=(replace(first, outcome=replace(first.outcome, id=long)), *small().options[1:]))
    assert f'<td class="ti">{named.options[0].id}</td>' in page(review(named))
