"""What a rule answers: a verdict, what is ill, and the finding that a user reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from advisor.show import Shown

__all__ = ["BLOCKS", "NOTES", "WARNS", "Finding", "Ill", "Verdict"]


class Verdict(Enum):
    """How bad it is; a rule has one verdict, and if it needs two, it is two rules."""

    BLOCKS = "cannot work"
    WARNS = "works, and will hurt"
    NOTES = "worth knowing"

    @property
    def rank(self) -> int:
        """0 for BLOCKS, 1 for WARNS, 2 for NOTES: the order in which findings are told."""
        return list(Verdict).index(self)


BLOCKS, WARNS, NOTES = Verdict.BLOCKS, Verdict.WARNS, Verdict.NOTES


@dataclass(frozen=True, slots=True)
class Ill:
    """What a rule's body found: what it is, and how to mend it; ``path`` where it is not the rule's own ``where``."""

    says: str
    mend: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Shown):
    """One rule that did not pass: its verdict, what is ill, at which path, in which file and line, and the cure."""

    rule: str
    verdict: Verdict
    says: str
    path: str
    where: str
    mend: str
    source: str

    def to_json(self) -> dict[str, str]:
        """As every verb gives it."""
        words = {name: getattr(self, name) for name in ("says", "where", "mend", "source")}
        return {"rule": self.rule, "verdict": self.verdict.name, **words}

    def __str__(self) -> str:
        return f"{self.where}: {self.verdict.name} {self.rule}: {self.says}\n  to mend: {self.mend}"
