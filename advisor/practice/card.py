"""Questions in notebooks: a card that shows itself, and an answer that is checked."""

from __future__ import annotations

import html
from dataclasses import dataclass

from advisor.practice.mark import Marked
from advisor.practice.question import Question
from advisor.practice.session import choose, topics_named
from advisor.practice.templates import template_named
from advisor.workload import Workload

__all__ = ["Answered", "Card", "question"]


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """An answer to a card: right or wrong, and why; it shows itself."""

    marked: Marked

    @property
    def right(self) -> bool:
        """Whether it was the key."""
        return self.marked.right

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return self.marked.told

    def __repr__(self) -> str:
        return self.marked.told

    def _repr_html_(self) -> str:
        head, *lines = self.marked.told.splitlines()
        colour = "#1a7f37" if self.right else "#b42318"
        rest = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
        return f'<div><b style="color:{colour}">{html.escape(head)}</b>{rest}</div>'


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """One question; ``check`` answers it."""

    question: Question

    def check(self, answer: str) -> Answered:
        """Mark an answer such as "B", or "AC" for two labels; `InputError` where it does not fit the question."""
        return Answered(Marked(question=self.question, given=self.question.read(answer)))

    def __str__(self) -> str:
        options = "\n".join(f"{option.label}  {option.text}" for option in self.question.options)
        return f"{self.question.asked}\n\n{options}\n\nanswer with .check: {self.question.how}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        asked = self.question
        shown = f"<pre>{html.escape(asked.exhibit)}</pre>" if asked.exhibit else ""
        prompts = "".join(f"<li>{html.escape(prompt)}</li>" for prompt in asked.prompts)
        options = "".join(
            f"<div><b>{option.label}</b>&ensp;{html.escape(option.text)}</div>" for option in asked.options
        )
        return (
            '<div style="border:1px solid '
            f'#8884;border-radius:8px;padding:1em;max-width:46em"><p>{html.escape(asked.stem)}'
            f"</p>{shown}{f'<ol>{prompts}</ol>' if prompts else ''}{options}"
            f'<p style="opacity:.7">answer with <code>.check("...")</code>: {html.escape(asked.how)}</p></div>'
        )


def question(
    workload: Workload | None = None, *, seed: int = 0, topic: str | None = None, template: str | None = None
) -> Card:
    """A card for a seed: of any topic, of one, of one template, or about a workload of your own."""
    if workload is not None:
        from advisor.practice.own import own_questions

        made = own_questions(workload, seed=seed)
        return Card(made[seed % len(made)])
    if template is not None:
        return Card(template_named(template).make(seed)[0])
    topics = topics_named([topic]) if topic is not None else ()
    return Card(choose(1, seed=seed, topics=topics)[0])
