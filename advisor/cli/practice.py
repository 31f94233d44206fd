"""``advisor practice [FILE]``: exam-style questions, in a terminal, as text, as JSON, or as a file to keep."""

from __future__ import annotations

import secrets
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.output import EXIT_FAILED, answer, answer_json, complain, said, width
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.practice.mark import Result
    from advisor.practice.question import Question

__all__ = ["practice"]

_COUNT = 10
_SEEDS = 1_000_000


def practice(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Ask about this workload profile.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Only this topic, such as serverless; may be repeated.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="So many questions; 10 unless given.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The seed: the same one asks the same.")] = None,
    exam: Annotated[bool, typer.Option("--exam", help="65 questions in 130 minutes, with a scaled score.")] = False,
    review: Annotated[bool, typer.Option("--review", help="What was missed before comes first.")] = False,
    time: Annotated[str | None, typer.Option(metavar="DURATION", help="A time limit, such as '20 min'.")] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write quiz.md, quiz.html or deck.apkg instead of asking.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The questions as an object, with their keys.")] = False,
) -> None:
    """Ask exam-style questions whose keys are worked out from rules, limits, prices and simulations.

    In a terminal: number keys choose, Enter confirms, s skips, m marks for later, q ends. Elsewhere the questions are
    printed, and the keys with explanations after them. Exit code 1 where an exam is not passed.
    """
    limit_s = _limit(time, exam=exam)
    if export is not None:
        from advisor.practice.export import known_suffix

        known_suffix(export)
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and not as_json and export is None
    chosen_seed = seed if seed is not None else secrets.randbelow(_SEEDS) if terminal else 0
    questions = _questions(file, topic or [], count, chosen_seed, exam=exam, review=review)
    if export is not None:
        from advisor.practice.export import export as write

        complain(f"{said(len(questions), 'question')} written to {write(questions, export)}")
    elif as_json:
        answer_json({"questions": [question.to_json() for question in questions]})
    elif terminal:
        _ask(questions, chosen_seed, limit_s, exam=exam, own=file is not None)
    else:
        answer(_printed(questions))


def _limit(time: str | None, *, exam: bool) -> float | None:
    from advisor.practice.session import EXAM_MINUTES
    from advisor.units import duration_s

    if time is None:
        return EXAM_MINUTES * 60.0 if exam else None
    limit = duration_s(time)
    if limit <= 0:
        raise InputError(f"--time {time}", "", "give a time such as '20 min'")
    return limit


def _questions(
    file: Path | None, topics: list[str], count: int | None, seed: int, *, exam: bool, review: bool
) -> tuple[Question, ...]:
    from advisor.practice.session import EXAM_QUESTIONS, choose, topics_named

    topics_named(topics)
    if file is not None:
        if exam or review:
            raise InputError("--exam or --review with a FILE", "", "practise the file, or take the exam without it")
        from advisor.practice.own import own_questions
        from advisor.workload import read

        own = own_questions(read(file), seed=seed)
        kept = tuple(question for question in own if not topics or question.topic in topics)
        if not kept:
            raise InputError(f"{file} gives rise to no question of {', '.join(topics)}", "", "leave --topic out")
        return kept[:count]
    first: list[Question] = []
    if review:
        from advisor.practice.history import History

        first = list(History().due(_today(), topics))
        if not first:
            complain("nothing that was missed is due; these questions are new")
    wanted = count or (EXAM_QUESTIONS if exam else _COUNT)
    return choose(wanted, seed=seed, topics=topics, first=first)


def _ask(questions: Sequence[Question], seed: int, limit_s: float | None, *, exam: bool, own: bool) -> None:
    from advisor.cli.keys import Asked, ask
    from advisor.practice.history import History
    from advisor.practice.mark import result

    history = History()
    history.entries()  # a file that does not read is said before the first question, not after the last

    def keep(asked: Asked) -> None:
        if not own:
            # Questions of a profile cannot be made again without it.
            history.record(asked.question, right=asked.right, today=_today())

    answer(f"{said(len(questions), 'question')}, seed {seed}. Number keys choose, Enter confirms,")
    answer("s skips, m marks for later, q ends.")
    answers = ask(questions, limit_s=limit_s, keep=keep, show=answer, width=width())
    marked = result(questions, answers, exam=exam)
    answer("")
    answer(_result(marked))
    if exam and not marked.passed:
        raise typer.Exit(EXIT_FAILED)


def _result(marked: Result) -> str:
    lines = [marked.table().text(width())]
    for one in marked.missed:
        lines += ["", "-" * min(40, width()), *_asked_lines(one.question), ""]
        for line in one.told.splitlines():
            lines += textwrap.wrap(line, width(), subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines)


def _printed(questions: Sequence[Question]) -> str:
    lines: list[str] = []
    for place, question in enumerate(questions, start=1):
        lines += [f"{place}.", *_asked_lines(question), "", f"answer with {question.how}", ""]
    lines += ["Answers", "-------"]
    for place, question in enumerate(questions, start=1):
        lines += ["", f"{place}. {', '.join(question.answer)}  ({question.id})"]
        for line in (*question.explained, *question.sources):
            lines += textwrap.wrap(line, width(), initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines)


def _today() -> date:
    """The day where the user is."""
    return datetime.now(UTC).astimezone().date()


def _asked_lines(question: Question) -> list[str]:
    from advisor.cli.keys import asked_lines

    return asked_lines(question, width())
