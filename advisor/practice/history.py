"""What was asked before and how it went, in the user's data folder: so that what was missed comes back sooner.

The file is written anew in one step after every answer, so that a session that is killed has lost nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from advisor.errors import InputError, UnknownName
from advisor.files import data_folder, write_atomically
from advisor.practice.question import Question
from advisor.practice.session import again

__all__ = ["SPACING_DAYS", "Entry", "History", "history_path"]

# Days until a question comes again, by how often running it was right; what was missed is due at once.
SPACING_DAYS = (0, 1, 3, 7, 16, 35, 80)
_VERSION = 1


def history_path() -> Path:
    """Where the history lives."""
    return data_folder() / "practice.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One question: right answers running, when it is due, how often it was asked and missed."""

    id: str
    box: int
    due: str
    asked: int
    missed: int
    last: str


class History:
    """The entries of a file. Every change is read, made and written at once, so that two sessions can share it."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or history_path()

    def entries(self) -> dict[str, Entry]:
        """Every question asked before; `InputError` where the file is no history, which is then left alone."""
        if not self.path.exists():
            return {}
        try:
            content: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            if content["version"] != _VERSION:
                raise ValueError(f"version {content['version']}")
            return {row["id"]: Entry(**row) for row in content["questions"]}
        except (ValueError, KeyError, TypeError) as error:
            told = f"the history of practice does not read: {error}"
            raise InputError(told, str(self.path), "move the file away to begin anew") from error

    def record(self, question: Question, *, right: bool, today: date) -> Entry:
        """Write down one answer."""
        held = self.entries()
        before = held.get(question.id) or Entry(id=question.id, box=0, due="", asked=0, missed=0, last="")
        box = min(before.box + 1, len(SPACING_DAYS) - 1) if right else 0
        due = (today + timedelta(days=SPACING_DAYS[box])).isoformat()
        entry = replace(
            before,
            box=box,
            due=due,
            asked=before.asked + 1,
            missed=before.missed + (not right),
            last=today.isoformat(),
        )
        self._write({**held, question.id: entry}.values())
        return entry

    def due(self, today: date, topics: Iterable[str] = ()) -> Iterator[Question]:
        """What was missed before and is due, the lowest box first, then the longest due; made anew.

        What was never missed does not come back. A template that is gone is passed over.
        """
        wanted = set(topics)
        waiting = [one for one in self.entries().values() if one.missed and one.due <= today.isoformat()]
        for entry in sorted(waiting, key=lambda one: (one.box, one.due, one.id)):
            try:
                question = again(entry.id)
            except UnknownName:
                continue
            if not wanted or question.topic in wanted:
                yield question

    def _write(self, entries: Iterable[Entry]) -> None:
        rows = [asdict(one) for one in sorted(entries, key=lambda one: one.id)]
        write_atomically(self.path, json.dumps({"version": _VERSION, "questions": rows}, indent=1) + "\n")
