"""Choosing the questions of a session: spread over the topics, no two alike, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from advisor.errors import InputError, UnknownName, near
from advisor.practice.draft import Draw
from advisor.practice.question import Question
from advisor.practice.template import TOPICS, Template
from advisor.practice.templates import TEMPLATES, template_named
from advisor.streams import key

__all__ = ["EXAM_MINUTES", "EXAM_QUESTIONS", "MOST", "PASS_MARK", "again", "choose", "scaled", "topics_named"]

# The exam's own figures (AWS exam guide, Machine Learning Engineer - Associate, MLA-C01, 2024).
EXAM_QUESTIONS = 65
EXAM_MINUTES = 130
PASS_MARK = 720
_LOWEST, _HIGHEST = 100, 1000

MOST = 1000
# Numbers of a question are small, so that its id can be read out.
_SEEDS = 1_000_000
_TRIES = 40


def scaled(right: int, asked: int) -> int:
    """A score from 100 to 1,000. AWS does not publish how it scales; here the score grows in proportion."""
    return _LOWEST + round((_HIGHEST - _LOWEST) * right / asked) if asked else _LOWEST


def topics_named(names: Iterable[str]) -> tuple[str, ...]:
    """Topics by their short names; near names are proposed for one that is none."""
    held = tuple(names)
    for name in held:
        if name not in TOPICS:
            raise UnknownName(
                f'"{name}" is not a topic', "", near(name, TOPICS) or f"the topics are {', '.join(TOPICS)}"
            )
    return held


def choose(
    count: int, *, seed: int, topics: Sequence[str] = (), first: Sequence[Question] = ()
) -> tuple[Question, ...]:
    """So many questions of a session, ``first`` (such as those to be reviewed) at its head.

    Topics take turns, and within a topic every template is used before one comes again. The parts of a case study
    stay together, and are left out where they would not fit.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"{count} questions", "", f"ask for 1 to {MOST:,}")
    wanted = topics_named(topics) or tuple(TOPICS)
    chosen = list(first[:count])
    seen = {_look(question) for question in chosen}
    used = {question.template for question in chosen}
    for turn, template in enumerate(_turns(seed, wanted, used)):
        room = count - len(chosen)
        if not room:
            break
        if template.parts > room:
            continue
        made = _unlike(template, seed, turn, seen)
        seen.update(map(_look, made))
        chosen += made
    return tuple(chosen)


def again(question_id: str) -> Question:
    """The question of an id, made anew with the figures of today."""
    for template in TEMPLATES:
        head = f"{template.id}-"
        if question_id.startswith(head):
            numbers = question_id.removeprefix(head).split("-")
            if all(number.isdigit() for number in numbers) and len(numbers) == (2 if template.parts > 1 else 1):
                made = template.make(int(numbers[0]))
                part = int(numbers[1]) if template.parts > 1 else 1
                if 1 <= part <= len(made):
                    return made[part - 1]
    template_named(question_id.rpartition("-")[0])
    raise UnknownName(f'"{question_id}" is not a question', "", "an id is a template and a number, such as job-kind-7")


def _turns(seed: int, topics: Sequence[str], used: set[str]) -> Iterator[Template]:
    """Templates without end: topic by topic, each topic's own in a random order, round after round."""
    round_ = 0
    while True:
        d = Draw(seed, "session", round_)
        queues = {
            topic: d.mixed(one for one in TEMPLATES if one.topic == topic and (round_ or one.id not in used))
            for topic in d.mixed(topics)
        }
        while any(queues.values()):
            for queue in queues.values():
                if queue:
                    yield queue.pop()
        round_ += 1


def _unlike(template: Template, seed: int, turn: int, seen: set[tuple[str, ...]]) -> tuple[Question, ...]:
    for attempt in range(_TRIES):
        made = template.make(key(seed, "question", template.id, turn, attempt) % _SEEDS)
        if not any(_look(question) in seen for question in made):
            return made
    raise InputError(
        f"template {template.id} has no further question that differs", "", "ask for fewer questions, or more topics"
    )


def _look(question: Question) -> tuple[str, ...]:
    """What makes two questions alike: the template and all figures and words but the situation's and their order."""
    told = question.asked.partition(". ")[2] or question.asked
    return (question.template, told, *sorted(option.text for option in question.options))
