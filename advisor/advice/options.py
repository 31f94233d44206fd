"""Ranked finalists as the options of an answer, and what is warned of and noted with them."""

from __future__ import annotations

from advisor.advice.explaining import told
from advisor.advice.quotas import passed_quotas
from advisor.advice.racing import Finalist, Race
from advisor.advice.ranking import front
from advisor.advice.recommendation import Option
from advisor.rules import WARNS, Finding
from advisor.workload import Workload

__all__ = ["notes_of", "options_of", "warnings_of"]


def options_of(w: Workload, race: Race) -> tuple[Option, ...]:
    """Each with its rank, whether it is on the front, and what sets it apart from the first."""
    ranked = race.ranked()
    better = front(ranked)

    def apart(one: Finalist) -> str:
        if one is ranked[0]:
            return ""
        dominated_by, quotas = better[one.id] or "", passed_quotas(w, one.deployment)
        return told(w, ranked[0].outcome, one.outcome, dominated_by=dominated_by, quotas=quotas)

    return tuple(
        Option(
            rank=n + 1,
            deployment=one.deployment,
            outcome=one.outcome,
            on_front=better[one.id] == "",
            dominated_by=better[one.id] or "",
            told=apart(one),
        )
        for n, one in enumerate(ranked)
    )


def warnings_of(w: Workload, options: tuple[Option, ...]) -> tuple[Finding, ...]:
    """What the rules warn of in the best option."""
    if not options:
        return ()
    return tuple(finding for finding in options[0].deployment.check(w) if finding.verdict is WARNS)


def notes_of(options: tuple[Option, ...]) -> tuple[str, ...]:
    """What is noted of any of them."""
    return tuple(dict.fromkeys(note for option in options for note in option.outcome.notes))
