"""Questions as files: Markdown, a page that marks itself in a browser, a deck."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import zipfile
from html.parser import HTMLParser

import pytest

from advisor.errors import InputError
from advisor.practice.export import export, markdown
from advisor.practice.session import choose
from advisor.practice.templates import by_id

QUESTIONS = (
    *choose(10, seed=6),
    *(by_id()[name].make(6)[0] for name in ("image-order", "input-mode-pairs", "excludes-serverless", "plot-cheapest")),
)


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("no Chromium is installed, and the page has to be marked in one")
    pytest.skip("no Chromium is installed")


def shown(path, answers: str, tmp_path) -> str:
    """The page as a browser leaves it, with answers given in its address."""
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=4000", "--dump-dom",
        f"{path.as_uri()}#answers={answers}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def keyed(question) -> str:
    return "".join(question.answer)


def test_the_questions_of_these_tests_are_of_every_form() -> None:
    assert {question.form for question in QUESTIONS} == {"choice", "response", "ordering", "matching"}


def test_a_page_marks_itself_in_a_browser(tmp_path) -> None:
    path = export(QUESTIONS, tmp_path / "quiz.html")
    count = len(QUESTIONS)
    right = ";".join(keyed(question) for question in QUESTIONS)
    dom = shown(path, right, tmp_path)
    assert f'<span id="score" role="status">{count} of {count} right</span>' in dom
    assert dom.count('class="marked right"') == count
    # The first five rightly, the others not at all.
    dom = shown(path, ";".join(keyed(question) for question in QUESTIONS[:5]), tmp_path)
    assert f">5 of {count} right</span>" in dom
    assert dom.count('class="marked wrong"') == count - 5
    wrong = next(question for question in QUESTIONS if question.form == "choice")
    other = next(label for label in wrong.labels if label not in wrong.answer)
    given = ";".join(other if question is wrong else keyed(question) for question in QUESTIONS)
    dom = shown(path, given, tmp_path)
    assert f">{count - 1} of {count} right</span>" in dom
    assert re.search(rf'id="{wrong.id}" class="marked wrong"', dom)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.outside += [value or "" for name, value in attrs if name in ("src", "href")]


def test_a_page_needs_nothing_but_itself(tmp_path) -> None:
    text = export(QUESTIONS, tmp_path / "quiz.html").read_text()
    read = _Reader()
    read.feed(text)
    assert not read.outside
    assert read.tags.count("fieldset") == len(QUESTIONS)
    assert "http://" not in text
    assert "https://" not in text


def test_markdown_asks_first_and_answers_after() -> None:
    text = markdown(QUESTIONS)
    head, _, tail = text.partition("# Answers")
    for place, question in enumerate(QUESTIONS, start=1):
        assert f"## {place}. " in head
        assert f"**{place}. {', '.join(question.answer)}**" in tail
        assert question.id not in head
        assert question.id in tail
        assert head.count(f"- **{question.options[0].label}**") >= 1


def test_a_deck_holds_a_card_for_each_question_and_keeps_its_identity(tmp_path) -> None:
    rows = []
    for name in ("one.apkg", "two.apkg"):
        path = export(QUESTIONS, tmp_path / name)
        with zipfile.ZipFile(path) as held:
            held.extract("collection.anki2", tmp_path)
        with sqlite3.connect(tmp_path / "collection.anki2") as base:
            rows.append(base.execute("select guid, flds, tags from notes order by guid").fetchall())
        base.close()
    assert len(rows[0]) == len(QUESTIONS)
    assert rows[0] == rows[1]
    fields = "".join(row[1] for row in rows[0])
    assert all(f"<b>{', '.join(question.answer)}</b>" in fields for question in QUESTIONS)


def test_another_ending_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match=r"\.apkg"):
        export(QUESTIONS, tmp_path / "quiz.pdf")
