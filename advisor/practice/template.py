"""A template: a topic, what is asked, the rules and limits that its key rests on, and how it writes a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.errors import BugError
from advisor.practice.draft import Draft, Draw, Piece, Unfit
from advisor.practice.pricing import renew
from advisor.practice.question import LABELS, Option, Question
from advisor.practice.reasons import Reason

__all__ = ["ASKED", "TOPICS", "Template", "declare"]

TOPICS: Mapping[str, str] = {
    "hosting": "Choosing a hosting option",
    "serverless": "Serverless limits and provisioned concurrency",
    "async-batch": "Asynchronous inference and batch transform",
    "many-models": "Many models",
    "autoscaling": "Autoscaling and its metrics",
    "cost": "Cost",
    "plots": "Reading a latency or cost plot",
    "jobs": "What job type a task needs",
    "data": "Channels, input modes and storage",
    "containers": "Containers and ephemeral compute",
}
# What a question can ask for; a template names one, and behind a colon of what, so that two that ask alike are found.
ASKED = (
    "hosting option", "excluding need", "accepted setting", "count", "size", "duration", "money", "share", "rate",
    "order of steps", "pairs", "what happens", "job type", "instance type", "covered item", "metric",
)  # fmt: skip
_KINDS = ("choice", "response", "ordering", "matching", "case")
_TRIES = 60
# Beside one right option three wrong ones, unless a template says otherwise.
_CHOICE, _RESPONSE = 4, 5

Body = Callable[[Draw], Draft | Sequence[Draft]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One way of asking. ``rules`` and ``limits`` are all that its questions rest on, over all seeds."""

    id: str
    topic: str
    kind: str
    asks: str
    rules: frozenset[str]
    limits: frozenset[str]
    parts: int
    body: Body

    def make(self, seed: int) -> tuple[Question, ...]:
        """The question of a seed, or the parts of a case study; the same seed gives the same."""
        renew()
        for attempt in range(_TRIES):
            d = Draw(seed, self.id, attempt)
            try:
                drafts = self.body(d)
                drafts = [drafts] if isinstance(drafts, Draft) else list(drafts)
                if attempt >= _TRIES // 2:
                    drafts = [_padded(draft) for draft in drafts]
                return tuple(self._lettered(d, draft, seed, part) for part, draft in enumerate(drafts, start=1))
            except Unfit:
                continue
        raise BugError(f"template {self.id} finds no question for seed {seed}", "", "please report it")

    def _lettered(self, d: Draw, draft: Draft, seed: int, part: int) -> Question:
        shown = self._shown(d, draft)
        texts = [piece.text for piece, _ in shown]
        if len(set(texts)) < len(texts):
            raise Unfit
        options = tuple(
            Option(label=LABELS[at], text=piece.text, right=right, why=piece.why, reason=piece.reason)
            for at, (piece, right) in enumerate(shown)
        )
        by_text = {option.text: option.label for option in options}
        if self.kind == "matching":
            answer = tuple(by_text[text] for _, text in draft.pairs)
        elif self.kind == "ordering":
            answer = tuple(by_text[piece.text] for piece in draft.right)
        else:
            answer = tuple(option.label for option in options if option.right)
        reasons = [*(option.reason for option in options), *draft.notes]
        many = self.parts > 1
        return Question(
            id=f"{self.id}-{seed}-{part}" if many else f"{self.id}-{seed}",
            template=self.id,
            topic=self.topic,
            kind=self.kind,
            asks=self.asks,
            stem=draft.stem,
            options=options,
            answer=answer,
            lead=draft.lead,
            rules=_once(reasons, lambda reason: reason.rules),
            limits=_once(reasons, lambda reason: reason.limits),
            sources=_once(reasons, lambda reason: reason.sources) or ("arithmetic with the figures of the question",),
            prompts=tuple(prompt for prompt, _ in draft.pairs),
            exhibit=draft.exhibit,
            case=f"{self.id}-{seed}" if many else "",
            part=part,
            parts=self.parts,
            givens=dict[str, Fraction](draft.givens),
        )

    def _shown(self, d: Draw, draft: Draft) -> list[tuple[Piece, bool]]:
        if self.kind in ("ordering", "matching"):
            pieces = [*((piece, True) for piece in draft.right), *((piece, False) for piece in draft.wrong)]
            mixed = d.mixed(pieces)
            if self.kind == "ordering" and [piece for piece, _ in mixed] == list(draft.right):
                raise Unfit  # shown in the right order already
            return mixed
        most = draft.most if draft.count == 1 else max(_RESPONSE, draft.most)
        if len(draft.right) < draft.count or len(draft.wrong) < most - draft.count:
            raise Unfit
        right = [(piece, True) for piece in d.some(draft.right, draft.count)]
        wrong = [(piece, False) for piece in d.some(draft.wrong, most - draft.count)]
        return d.mixed([*right, *wrong])


def declare(
    name: str, topic: str, kind: str, asks: str, *, rules: str = "", limits: str = "", parts: int = 1
) -> Callable[[Body], Template]:
    """Declare a template; ``rules`` and ``limits`` are ids and keys apart by spaces."""
    wrong = [
        what
        for what, ill in {
            f"topic {topic}": topic not in TOPICS,
            f"kind {kind}": kind not in _KINDS,
            f"asks {asks}": asks.partition(":")[0] not in ASKED,
            "a case study of one part": (kind == "case") != (parts > 1),
        }.items()
        if ill
    ]
    if wrong:
        raise BugError(f"template {name}: {', '.join(wrong)}", "", "see advisor.practice.template")

    def of(body: Body) -> Template:
        return Template(
            id=name,
            topic=topic,
            kind=kind,
            asks=asks,
            rules=frozenset(rules.split()),
            limits=frozenset(limits.split()),
            parts=parts,
            body=body,
        )

    return of


def _padded(draft: Draft) -> Draft:
    """The draft with wrong options of last resort, where its own are too few."""
    if draft.padding is None or len(draft.wrong) >= draft.most - draft.count:
        return draft
    return replace(draft, wrong=[*draft.wrong, *draft.padding()])


def _once(reasons: Sequence[Reason], part: Callable[[Reason], Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for reason in reasons for one in part(reason)))
