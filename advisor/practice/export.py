"""Questions as a file: Markdown to print, a page that marks itself, a deck for spaced repetition."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.errors import InputError
from advisor.files import write_atomically
from advisor.practice.page import page
from advisor.practice.question import Question
from advisor.practice.template import TOPICS

__all__ = ["export", "known_suffix", "markdown"]

_SUFFIXES = (".md", ".html", ".apkg")


def known_suffix(path: Path) -> str:
    """The ending of a file that can be written; `InputError` for another."""
    if path.suffix not in _SUFFIXES:
        raise InputError(f"--export {path}", "", f"name a file that ends in {', '.join(_SUFFIXES)}")
    return path.suffix


def export(questions: Sequence[Question], path: Path) -> Path:
    """Write questions to a file, by its ending: .md, .html or .apkg."""
    suffix = known_suffix(path)
    if suffix == ".md":
        return write_atomically(path, markdown(questions))
    if suffix == ".html":
        return write_atomically(path, page(questions))
    from advisor.practice.deck import deck  # the only use of its package

    return write_atomically(path, deck(questions))


def markdown(questions: Sequence[Question]) -> str:
    """Questions first, then keys with explanations and sources."""
    lines = ["# Practice", ""]
    for place, question in enumerate(questions, start=1):
        lines += [f"## {place}. {TOPICS[question.topic]}", "", *_asked(question), ""]
    lines += ["# Answers", ""]
    for place, question in enumerate(questions, start=1):
        lines += [f"**{place}. {', '.join(question.answer)}** ({question.id})", ""]
        lines += [f"- {_escaped(line)}" for line in question.explained if line]
        lines += [f"- *{_escaped(source)}*" for source in question.sources]
        lines.append("")
    return "\n".join(lines)


def _asked(question: Question) -> list[str]:
    lines = [_escaped(question.stem), ""]
    if question.exhibit:
        lines += ["```", question.exhibit, "```", ""]
    if question.prompts:
        lines += [f"{place}. {_escaped(prompt)}" for place, prompt in enumerate(question.prompts, start=1)] + [""]
    lines += [f"- **{option.label}** {_escaped(option.text)}" for option in question.options]
    return [*lines, "", f"*Answer with {question.how}.*"]


def _escaped(text: str) -> str:
    for mark in ("\\", "*", "_", "`", "<", "|"):
        text = text.replace(mark, f"\\{mark}")
    return text
