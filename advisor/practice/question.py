"""What a question is, and what an answer to it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from advisor.errors import InputError
from advisor.practice.reasons import Reason

__all__ = ["KINDS", "LABELS", "Option", "Question"]

KINDS = ("choice", "response", "ordering", "matching", "case")
LABELS = "ABCDEFGH"
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose, order or match: why it is right or wrong in words, and the reason that proves it."""

    label: str
    text: str
    right: bool
    why: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with its key.

    ``answer`` holds labels: one for a choice, all right ones for a response, all in order for an ordering, and for a
    matching one for each of ``prompts``. A case study is several questions of kind "case" under one ``case``.
    """

    id: str
    template: str
    topic: str
    kind: str
    asks: str
    stem: str
    options: tuple[Option, ...]
    answer: tuple[str, ...]
    lead: str
    rules: tuple[str, ...]
    limits: tuple[str, ...]
    sources: tuple[str, ...]
    prompts: tuple[str, ...] = ()
    exhibit: str = ""
    case: str = ""
    part: int = 1
    parts: int = 1
    givens: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that an answer may name."""
        return tuple(option.label for option in self.options)

    @property
    def form(self) -> str:
        """How it is answered: choice, response, ordering or matching; a case study's parts are choices or responses."""
        return self.kind if self.kind != "case" else "choice" if len(self.answer) == 1 else "response"

    @property
    def asked(self) -> str:
        """The whole text: the stem, what is shown, and the prompts of a matching, each with its number."""
        listed = "\n".join(f"{place}. {prompt}" for place, prompt in enumerate(self.prompts, start=1))
        return "\n\n".join(part for part in (self.stem, self.exhibit, listed) if part)

    @property
    def how(self) -> str:
        """How an answer is written, in a few words."""
        if self.form == "choice":
            return "one label, such as B"
        if self.form == "response":
            return f"{_NUMBERS[len(self.answer)]} labels, such as {LABELS[: len(self.answer)]}"
        if self.form == "ordering":
            return "all labels in order, such as " + self.labels[-1] + "".join(self.labels[:-1])
        return f"{_NUMBERS[len(self.prompts)]} labels, one for each line, such as {('BAC' * 3)[: len(self.prompts)]}"

    @property
    def explained(self) -> tuple[str, ...]:
        """Why the key is the key, and what is wrong with the rest, one line each."""
        if self.form == "matching":
            texts = {option.label: option for option in self.options}
            pairs = [
                f"{place} is {label}: {prompt.rstrip('.')}: {texts[label].text}."
                for place, (prompt, label) in enumerate(zip(self.prompts, self.answer, strict=True), start=1)
            ]
            return (self.lead, *pairs)
        if self.form == "ordering":
            texts = {option.label: option for option in self.options}
            return (self.lead, f"The order is {', '.join(self.answer)}.", *(texts[one].text for one in self.answer))
        lines = [f"{one.label} is {'right' if one.right else 'wrong'}: {one.why}" for one in self.options]
        return (self.lead, *lines)

    @property
    def explanation(self) -> str:
        """All of that as one text."""
        return "\n".join(line for line in self.explained if line)

    def read(self, given: str | Sequence[str]) -> tuple[str, ...]:
        """Labels as a person writes them, "b", "a c", "A, C" or ["A", "C"]; `InputError` where they do not fit."""
        letters = "".join(given).upper().replace(",", "").replace(" ", "")
        wanted = len(self.prompts) if self.form == "matching" else len(self.answer)
        unknown = [letter for letter in letters if letter not in self.labels]
        twice = self.form != "matching" and len(set(letters)) < len(letters)
        if not letters or unknown or twice or len(letters) != wanted:
            what = f'"{"".join(given)}" is no answer to this question'
            raise InputError(what, "", f"give {self.how}; the labels are {', '.join(self.labels)}")
        return tuple(letters) if self.form in ("ordering", "matching") else tuple(sorted(letters))

    def right(self, given: Sequence[str]) -> bool:
        """Whether labels are the key: all of them, and in order where order counts; half an answer is none."""
        if self.form in ("ordering", "matching"):
            return tuple(given) == self.answer
        return sorted(given) == sorted(self.answer)

    def to_json(self) -> dict[str, Any]:
        """As the command line gives it."""
        held: dict[str, Any] = {
            "id": self.id,
            "template": self.template,
            "topic": self.topic,
            "kind": self.kind,
            "stem": self.asked,
            "options": [{"label": option.label, "text": option.text} for option in self.options],
            "answer": list(self.answer),
            "because": list(self.rules),
            "explanation": self.explanation,
            "sources": list(self.sources),
            "form": self.form,
        }
        if self.prompts:
            held["prompts"] = list(self.prompts)
        if self.case:
            held["case"] = {"id": self.case, "part": self.part, "of": self.parts}
        return held
