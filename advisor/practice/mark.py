"""Marking a session: what was right, by topic, and what was missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.practice.question import Question
from advisor.practice.session import PASS_MARK, scaled
from advisor.practice.template import TOPICS
from advisor.show import Table
from advisor.units import show_share

__all__ = ["Marked", "Result", "result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One question and what was answered; ``given`` is empty where nothing was."""

    question: Question
    given: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether it was answered, and rightly."""
        return bool(self.given) and self.question.right(self.given)

    @property
    def told(self) -> str:
        """The verdict and the explanation, as lines of text."""
        answer = ", ".join(self.question.answer)
        given = ", ".join(self.given) if self.given else "no answer"
        head = f"right: {answer}" if self.right else f"you gave {given}; the key is {answer}"
        rules = [f"rules: {', '.join(self.question.rules)}"] if self.question.rules else []
        sources = [f"  {source}" for source in self.question.sources]
        return "\n".join([head, *self.question.explained, *rules, *(["sources:", *sources] if sources else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A session as marked."""

    marked: tuple[Marked, ...]
    exam: bool = False

    @property
    def right(self) -> int:
        """How many were right."""
        return sum(one.right for one in self.marked)

    @property
    def score(self) -> int:
        """The scaled score, 100 to 1,000."""
        return scaled(self.right, len(self.marked))

    @property
    def passed(self) -> bool:
        """Whether the score reaches the pass mark."""
        return self.score >= PASS_MARK

    @property
    def missed(self) -> tuple[Marked, ...]:
        """What was wrong or not answered."""
        return tuple(one for one in self.marked if not one.right)

    @property
    def says(self) -> str:
        """The result in a sentence."""
        asked = len(self.marked)
        text = f"{self.right} of {asked} right"
        if self.exam:
            verdict = "passed" if self.passed else "not passed"
            text += f"; scaled score {self.score} of 1,000, the pass mark is {PASS_MARK}: {verdict}"
        return text + "."

    def table(self) -> Table:
        """One row a topic, in the order of the topics."""
        rows = []
        for topic, title in TOPICS.items():
            of = [one for one in self.marked if one.question.topic == topic]
            if of:
                right = sum(one.right for one in of)
                rows.append((title, right, len(of), show_share(round(right / len(of), 3))))
        notes = [self.says]
        if self.exam:
            notes.append("AWS does not publish how it scales; this score grows in proportion to what is right.")
        columns = ("topic", "right", "asked", "share")
        return Table.of(columns, rows, title="Result", notes=notes, right=("right", "asked", "share"))

    def to_json(self) -> dict[str, Any]:
        """The result with every answer."""
        return {
            "right": self.right,
            "asked": len(self.marked),
            "score": self.score,
            "passed": self.passed,
            "answers": [{"id": one.question.id, "given": list(one.given), "right": one.right} for one in self.marked],
        }


def result(questions: Sequence[Question], answers: Mapping[str, Sequence[str]], *, exam: bool = False) -> Result:
    """Mark questions by the answers given, id to labels; those without one count as missed."""
    marked = (Marked(question=one, given=tuple(answers.get(one.id, ()))) for one in questions)
    return Result(marked=tuple(marked), exam=exam)
