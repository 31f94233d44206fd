"""Asking in a terminal, key by key: choosing, skipping, marking for later, and a clock."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.practice.question import Question

__all__ = ["Asked", "ask", "asked_lines"]

_ENTER, _BACK, _END = ("\r", "\n"), ("\x7f", "\b"), ("\x03", "\x04", "")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was answered, or passed by for good."""

    question: Question
    given: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the answer was the key."""
        return bool(self.given) and self.question.right(self.given)


class _TimeUp(Exception):
    """The time limit has passed."""


class _Ended(Exception):
    """The user ended the session."""


def asked_lines(question: Question, width: int) -> list[str]:
    """A question as text: folded, with its figures and its options by letter and number."""
    lines = textwrap.wrap(question.stem, width, break_on_hyphens=False)
    if question.exhibit:
        lines += ["", *question.exhibit.splitlines()]
    if question.prompts:
        lines.append("")
        for place, prompt in enumerate(question.prompts, start=1):
            lines += textwrap.wrap(f"{place}. {prompt}", width, subsequent_indent="   ", break_on_hyphens=False)
    lines.append("")
    for place, option in enumerate(question.options, start=1):
        head = f"  {option.label} [{place}] "
        lines += textwrap.wrap(
            option.text, width, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
        )
    return lines


def ask(
    questions: Sequence[Question],
    *,
    limit_s: float | None,
    keep: Callable[[Asked], None],
    show: Callable[[str], None],
    width: int,
) -> dict[str, tuple[str, ...]]:
    """Ask all questions, those marked for later once more at the end; the answers by question id.

    ``keep`` is told of each question as soon as it is done with. An interrupt, the end of input, q and the time limit
    end the session; what is open then stays open.
    """
    until = None if limit_s is None else time.monotonic() + limit_s
    answers: dict[str, tuple[str, ...]] = {}
    later: list[tuple[int, Question]] = []
    waiting = list(enumerate(questions, start=1))
    with _keys() as read:
        try:
            for turn in (waiting, later):
                for place, question in list(turn):
                    again = turn is later
                    given = _one(question, f"{place} of {len(questions)}", until, read, show, width, again=again)
                    if given is None:
                        later.append((place, question))
                        continue
                    answers[question.id] = given
                    keep(Asked(question, given))
        except _TimeUp:
            show("\nThe time is up.")
        except (_Ended, KeyboardInterrupt):
            show("\nEnded.")
    return {name: given for name, given in answers.items() if given}


def _one(
    question: Question,
    place: str,
    until: float | None,
    read: Callable[[float | None], str],
    show: Callable[[str], None],
    width: int,
    *,
    again: bool,
) -> tuple[str, ...] | None:
    """The labels given, none for skipped, ``None`` for later."""
    clock = "" if until is None else f", {_left(until)} left"
    show(f"\nQuestion {place}{clock}{', marked before' if again else ''}\n")
    show("\n".join(asked_lines(question, width)))
    show(f"\n  {question.how}")
    _say("> ")
    chosen = ""
    while True:
        key = read(until)
        if key in _END:
            raise _Ended
        if key in _ENTER:
            try:
                given = question.read(chosen)
            except InputError as error:
                show(f"\n  {error.mend}")
                chosen = ""
                _say("> ")
                continue
            show("")
            return given
        if key in _BACK:
            chosen = chosen[:-1]
        elif key in ("s", "S"):
            show("skipped")
            return ()
        elif key in ("m", "M") and not again:
            show("marked for later")
            return None
        elif key in ("q", "Q"):
            raise _Ended
        elif key.isdigit() and 1 <= int(key) <= len(question.options):
            chosen = _chosen(question, chosen, question.labels[int(key) - 1])
        elif key.upper() in question.labels:
            chosen = _chosen(question, chosen, key.upper())
        else:
            continue
        _say(f"\r> {' '.join(chosen)}{' ' * 12}\r> {' '.join(chosen)}")


def _chosen(question: Question, chosen: str, label: str) -> str:
    """What is chosen after one more key: a choice is changed, a response switched, the rest goes on."""
    if question.form == "choice":
        return label
    if question.form == "matching":
        return (chosen + label)[: len(question.prompts)]
    if label in chosen:
        return chosen.replace(label, "")
    return chosen + label


def _left(until: float) -> str:
    minutes, seconds = divmod(max(0, round(until - time.monotonic())), 60)
    return f"{minutes}:{seconds:02d}"


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


@contextmanager
def _keys() -> Iterator[Callable[[float | None], str]]:
    """Keys one at a time, without Enter where the platform allows it; else line by line."""
    try:
        import select
        import termios
        import tty
    except ImportError:
        yield _line_keys()
        return
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)

    def read(until: float | None) -> str:
        import os

        rest = None if until is None else until - time.monotonic()
        if rest is not None and (rest <= 0 or not select.select([handle], [], [], rest)[0]):
            raise _TimeUp
        return os.read(handle, 1).decode(errors="replace")

    try:
        tty.setcbreak(handle)
        yield read
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _line_keys() -> Callable[[float | None], str]:
    held: list[str] = []

    def read(until: float | None) -> str:
        if not held:
            held.extend(sys.stdin.readline())
        if until is not None and time.monotonic() >= until:
            raise _TimeUp
        return held.pop(0) if held else ""

    return read
