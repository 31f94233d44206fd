"""How a template writes a question down, before options are drawn, mixed and lettered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from advisor.practice.arithmetic import Given, Sum, exact, number
from advisor.practice.facts import fact
from advisor.practice.judging import PATTERN_NAMES, blocked_by, rule_of
from advisor.practice.reasons import Allowed, Compared, Documented, Figured, Reason, Refused
from advisor.practice.situations import SCENES, Scene
from advisor.rules.figures import filled
from advisor.streams import stream

__all__ = [
    "NAMES", "Draft", "Draw", "Piece", "Unfit", "by_profile", "by_rules",
    "by_settings", "compared", "figures", "matched", "ordered", "paired", "picked",
]  # fmt: skip

T = TypeVar("T")

# How a question speaks of the patterns.
NAMES: Mapping[str, str] = {
    "real-time": "a real-time endpoint",
    "serverless": "a serverless endpoint",
    "asynchronous": "an asynchronous endpoint",
    "batch-transform": "a batch transform job",
    "multi-model": "a multi-model endpoint",
}


class Unfit(Exception):
    """What was drawn makes no question, as two options coincide; the template draws again."""


class Draw:
    """What a template draws from: a stream of its own for each seed."""

    def __init__(self, seed: int, *names: str | int) -> None:
        self._rng = stream(seed, "practice", *names)

    def pick(self, values: Sequence[T]) -> T:
        """One of them."""
        return values[int(self._rng.integers(len(values)))]

    def some(self, values: Sequence[T], count: int) -> list[T]:
        """So many different ones, in a random order."""
        return [values[int(at)] for at in self._rng.permutation(len(values))[:count]]

    def mixed(self, values: Iterable[T]) -> list[T]:
        """All of them in a random order."""
        held = list(values)
        return self.some(held, len(held))

    def whole(self, low: int, high: int, step: int = 1) -> int:
        """A whole number from low to high, both included."""
        return low + step * int(self._rng.integers((high - low) // step + 1))

    def scene(self, *kinds: str) -> Scene:
        """A situation, of one of the kinds where any is named."""
        return self.pick([scene for scene in SCENES if not kinds or scene.kind in kinds])


@dataclass(frozen=True, slots=True)
class Piece:
    """An option before it has a letter."""

    text: str
    why: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question before its options are drawn.

    ``most`` options are shown (4 for a choice, 5 for a response), ``count`` of the right ones among them. For a
    matching, ``pairs`` are (prompt, text of its option); for an ordering ``right`` is in order and all of it is shown.
    """

    stem: str
    right: Sequence[Piece]
    wrong: Sequence[Piece] = ()
    lead: str = ""
    count: int = 1
    most: int = 4
    exhibit: str = ""
    pairs: Sequence[tuple[str, str]] = ()
    givens: Mapping[str, Fraction] = field(default_factory=dict)
    notes: Sequence[Reason] = ()
    padding: Callable[[], Sequence[Piece]] | None = None


def figures(
    stem: str,
    key: str,
    mistakes: Mapping[str, str],
    show: Callable[[Fraction], str] = number,
    *,
    lead: str = "",
    why: str = "",
    exhibit: str = "",
    notes: Sequence[Reason] = (),
    **givens: Given,
) -> Draft:
    """A question whose key is a sum; each wrong option is a sum with a mistake that is named.

    ``mistakes`` maps a formula to what is wrong with it. Those that come to the key's own figure, or are shown alike,
    are left out.
    """
    right = Sum.of(key, **givens)
    shown = show(right.value)
    pieces, seen = [], {shown}
    for formula, named in mistakes.items():
        wrong = Sum.of(formula, **givens)
        value, text = wrong.value, show(wrong.value)
        if text in seen or value == right.value or value <= 0:
            continue
        seen.add(text)
        pieces.append(Piece(text, f"{wrong.told}, but {named}.", Figured(wrong, value, right)))
    told = f"{right.told}. {why}".strip() if why else f"{right.told}."
    return Draft(
        stem=stem,
        right=[Piece(shown, told, Figured(right, right.value))],
        wrong=pieces,
        lead=filled(lead),
        exhibit=exhibit,
        givens={name: exact(value) for name, value in givens.items()},
        notes=notes,
        padding=lambda: _multiples(right, key, show, givens, seen),
    )


def _multiples(
    right: Sum, key: str, show: Callable[[Fraction], str], givens: Mapping[str, Given], seen: set[str]
) -> list[Piece]:
    """Wrong options of last resort, for a day on which figures have moved so that named mistakes coincide."""
    pieces = []
    for times, said in ((3, "three"), (4, "four"), (5, "five"), (7, "seven")):
        wrong = Sum.of(f"{times} * ({key})", **givens)
        if wrong.value != right.value and show(wrong.value) not in seen:
            why = f"{wrong.told}, but this is {said} times what it comes to."
            pieces.append(Piece(show(wrong.value), why, Figured(wrong, wrong.value, right)))
    return pieces


def by_settings(pattern: str, profile: str, candidates: Mapping[str, str]) -> tuple[list[Piece], list[Piece]]:
    """Settings as options, text to settings: those that the pattern's rules accept, and those that one refuses."""
    right, wrong = [], []
    for text, sets in candidates.items():
        refused = blocked_by(pattern, profile, sets)
        if refused:
            why = f"{rule_of(refused[0]).title} ({refused[0]})"
            wrong.append(Piece(text, why, Refused(refused[0], pattern, profile, sets)))
        else:
            right.append(Piece(text, "Every setting is within its limits.", Allowed(pattern, profile, sets)))
    return right, wrong


def by_profile(pattern: str, candidates: Mapping[str, str]) -> tuple[list[Piece], list[Piece]]:
    """Workloads as options, text to profile: those that the pattern takes, and those that a rule refuses."""
    right, wrong = [], []
    for text, profile in candidates.items():
        refused = blocked_by(pattern, profile)
        if refused:
            why = f"{rule_of(refused[0]).title} ({refused[0]})"
            wrong.append(Piece(text, why, Refused(refused[0], pattern, profile)))
        else:
            right.append(Piece(text, "No rule refuses it.", Allowed(pattern, profile)))
    return right, wrong


def by_rules(profile: str, patterns: Sequence[str] = PATTERN_NAMES) -> tuple[list[Piece], list[Piece]]:
    """The patterns as options for a piece of profile: those that no rule refuses, and those that one does."""
    right, wrong = [], []
    for pattern in patterns:
        text = NAMES[pattern]
        text = text[0].upper() + text[1:]
        refused = blocked_by(pattern, profile)
        if refused:
            wrong.append(
                Piece(text, f"{rule_of(refused[0]).title} ({refused[0]})", Refused(refused[0], pattern, profile))
            )
        else:
            right.append(Piece(text, "No rule refuses it.", Allowed(pattern, profile)))
    return right, wrong


def ordered(d: Draw, stem: str, key: str, count: int = 0) -> Draft:
    """Put the steps of a documented course in order: all, or so many of them."""
    steps = list(fact(key).pairs)
    kept = sorted(d.some(range(len(steps)), count or len(steps)))
    right = [Piece(steps[at], "", Documented(key, steps[at], str(at + 1))) for at in kept]
    return Draft(stem=stem, right=right, count=len(right), most=len(right), lead=f"{fact(key).title}.")


def matched(stem: str, pairs: Sequence[tuple[str, Piece]], spare: Sequence[Piece] = (), lead: str = "") -> Draft:
    """Match each prompt with its piece; ``spare`` pieces belong to none."""
    pieces = {piece.text: piece for _, piece in pairs}
    others = [piece for piece in spare if piece.text not in pieces]
    return Draft(
        stem=stem,
        right=list(pieces.values()),
        wrong=others,
        count=len(pieces),
        most=len(pieces) + len(others),
        pairs=[(prompt, piece.text) for prompt, piece in pairs],
        lead=lead,
        notes=[piece.reason for _, piece in pairs],
    )


def paired(d: Draw, stem: str, key: str, prompts: int = 3, fill: Callable[[str], str] = str) -> Draft:
    """Match subjects of a documented fact with their words; a word or two may be left over."""
    held = fact(key)
    words = d.some([word for word in held.words if held.subjects(word)], prompts + 1)
    pairs = []
    for word in words[:prompts]:
        subject = d.pick(held.subjects(word))
        pairs.append((fill(subject), Piece(word, "", Documented(key, subject, word))))
    spare = [
        Piece(word, "", Documented(key, pairs_subject(pair), word, wanted=False))
        for word in words[prompts:]
        for pair in pairs[:1]
    ]
    return matched(stem, pairs, spare, lead=f"{held.title}.")


def picked(d: Draw, stem: str, key: str, subject: str, fill: Callable[[str], str] = str) -> Draft:
    """Choose the documented word for a subject, among the other words of the same fact."""
    held = fact(key)
    others = [word for word in held.words if word not in held.pairs[subject]]
    right = [
        Piece(_upper(word), "AWS documents it for this.", Documented(key, subject, word))
        for word in held.pairs[subject]
    ]
    pieces = [
        Piece(
            _upper(word),
            f"It goes with: {_lower(fill(d.pick(held.subjects(word))))}.",
            Documented(key, subject, word, wanted=False),
        )
        for word in others
    ]
    return Draft(stem=stem, right=right, wrong=pieces, lead=f"{held.title}.")


def compared(text: str, left: Sum, relation: str, right: Sum, why: str) -> Piece:
    """An option that stands or falls with a comparison; ``why`` may name figures of the catalog."""
    return Piece(text, filled(why), Compared(left, relation, right))


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _lower(text: str) -> str:
    return text if text[1:2].isupper() else text[0].lower() + text[1:]


def pairs_subject(pair: tuple[str, Piece]) -> str:
    """The documented subject behind a prompt."""
    reason = pair[1].reason
    assert isinstance(reason, Documented)
    return reason.subject
