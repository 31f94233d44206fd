"""Questions as an Anki deck: the question in front, key, explanation and sources behind."""

from __future__ import annotations

import hashlib
import html
import tempfile
from collections.abc import Sequence
from pathlib import Path

import genanki

from advisor.practice.question import Question
from advisor.practice.template import TOPICS

__all__ = ["deck"]

_CSS = (
    ".card { font: 18px/1.45 sans-serif; text-align: left } pre { font-size: 14px } .source { opacity: .7; "
    "font-size: 14px }"
)


def deck(questions: Sequence[Question]) -> bytes:
    """The deck as a file. A question keeps its card when a later deck holds it again."""
    model = genanki.Model(
        _number("model"),
        "Practice question",
        fields=[{"name": "Question"}, {"name": "Answer"}],
        templates=[{"name": "Card", "qfmt": "{{Question}}", "afmt": "{{FrontSide}}<hr id=answer>{{Answer}}"}],
        css=_CSS,
    )
    made = genanki.Deck(_number("deck"), "SageMaker hosting practice")
    for question in questions:
        note = genanki.Note(
            model=model,
            fields=[_front(question), _back(question)],
            guid=genanki.guid_for(question.id),
            tags=[question.topic, question.kind],
        )
        made.add_note(note)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.apkg"
        genanki.Package(made).write_to_file(str(path))
        return path.read_bytes()


def _front(question: Question) -> str:
    exhibit = f"<pre>{html.escape(question.exhibit)}</pre>" if question.exhibit else ""
    prompts = "".join(f"<li>{html.escape(prompt)}</li>" for prompt in question.prompts)
    listed = f"<ol>{prompts}</ol>" if prompts else ""
    options = "".join(f"<div><b>{one.label}</b> {html.escape(one.text)}</div>" for one in question.options)
    topic = f"<div><i>{html.escape(TOPICS[question.topic])}</i></div>"
    return f"{topic}<p>{html.escape(question.stem)}</p>{exhibit}{listed}{options}"


def _back(question: Question) -> str:
    why = "".join(f"<div>{html.escape(line)}</div>" for line in question.explained if line)
    sources = "".join(f'<div class="source">{html.escape(source)}</div>' for source in question.sources)
    return f"<p><b>{', '.join(question.answer)}</b></p>{why}{sources}"


def _number(name: str) -> int:
    """A number that is the same in every deck, as Anki wants."""
    return int.from_bytes(hashlib.sha256(f"advisor practice {name}".encode()).digest()[:4], "big") >> 1
