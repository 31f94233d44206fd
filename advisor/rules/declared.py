"""How a rule is declared, and how rules are run.

@rule("SL-01", BLOCKS, where="payload.request_max", reads=("serverless.payload_max",),
      passes="payload: {request_max: 3 MB}", fails="payload: {request_max: 5 MB}")
def request_fits(w: Workload, d: Serverless) -> Ill | None:
    \"\"\"A serverless endpoint refuses a body over {serverless.payload_max}.

    The reason, in plain words.
    \"\"\"
    if ...: return None
    return Ill("what is ill, with the value at hand", mend="what to change")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from advisor.errors import BugError, ProfileError, TraceError
from advisor.rules.case import Case
from advisor.rules.figures import filled, source_of
from advisor.rules.finding import Finding, Ill, Verdict
from advisor.workload import Workload

__all__ = ["Body", "Rule", "rule", "rulebook", "run"]

D_contra = TypeVar("D_contra", contravariant=True)

Body = Callable[[Workload, D_contra], Ill | None]

_ID = re.compile(r"[A-Z]{2}-\d\d")
DEPLOYMENT = "deployment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[D_contra]):
    """One rule of a pattern. ``facts`` says how many facts of workload and deployment it combines; ``excludes`` that
    where it refuses, the pattern cannot be, so that whatever hurts there is moot."""

    id: str
    verdict: Verdict
    where: str
    reads: tuple[str, ...]
    stated_source: str
    passes: Case
    fails: Case
    facts: int
    excludes: bool
    text: str
    body: Body[D_contra]

    @property
    def title(self) -> str:
        """One sentence, with the catalog's figures."""
        return filled(self.text.partition("\n\n")[0])

    @property
    def reason(self) -> str:
        """Why, in plain words, with the catalog's figures; may be empty."""
        return filled(self.text.partition("\n\n")[2])

    @property
    def source(self) -> str:
        """Where it is known from, with the date: as stated, and of the limits and assumptions read."""
        return "; ".join(part for part in (self.stated_source, source_of(self.reads)) if part)

    @property
    def cases(self) -> tuple[Case, Case]:
        """The case that passes and the case that fails."""
        return (self.passes, self.fails)

    def check(self, w: Workload, d: D_contra) -> Finding | None:
        """The finding, or ``None`` where the rule passes; a rule that raises is a fault of this package."""
        try:
            ill = self.body(w, d)
        except (ProfileError, TraceError):
            raise  # a recorded file is read here for the first time
        except Exception as error:
            what = f"rule {self.id} failed on {w.name}: {type(error).__name__}: {error}"
            raise BugError(what, w.where(), "please report it, with the profile") from error
        if ill is None:
            return None
        path = ill.path or self.where
        where = w.where("" if path.startswith(DEPLOYMENT) else path)
        return Finding(
            rule=self.id, verdict=self.verdict, says=ill.says, path=path, where=where, mend=ill.mend, source=self.source
        )


def rule(
    rule_id: str,
    verdict: Verdict,
    *,
    where: str,
    passes: str = "",
    fails: str = "",
    passes_set: str = "",
    fails_set: str = "",
    reads: tuple[str, ...] = (),
    source: str = "",
    facts: int = 1,
    excludes: bool = False,
) -> Callable[[Body[D_contra]], Rule[D_contra]]:
    """Declare a rule: the name card and the proof; the body follows, its docstring is title and reason.

    ``where`` is a profile path, or ``deployment.<field>``. ``reads`` are keys of limits and assumptions; a rule that
    reads none states its ``source``. ``passes`` and ``fails`` are pieces of profile, ``passes_set`` and ``fails_set``
    settings of the deployment. ``excludes`` is for what no setting mends, such as a need that the pattern lacks.
    """

    def declare(body: Body[D_contra]) -> Rule[D_contra]:
        text = _unindented(body.__doc__ or "")
        _sound(rule_id, text, fails or fails_set, reads, source, excludes and verdict is not Verdict.BLOCKS)
        return Rule(
            id=rule_id,
            verdict=verdict,
            where=where,
            reads=reads,
            stated_source=source,
            passes=Case(profile=passes, sets=passes_set),
            fails=Case(profile=fails, sets=fails_set),
            facts=facts,
            excludes=excludes,
            text=text,
            body=body,
        )

    return declare


def rulebook(prefix: str, *rules: Rule[Any], gone: tuple[str, ...] = ()) -> tuple[Rule[Any], ...]:
    """A pattern's rules, in id order; an id used twice, taken from the removed ones or of another prefix is a fault."""
    seen: set[str] = set()
    for one in rules:
        if one.id in seen or one.id in gone or not one.id.startswith(f"{prefix}-"):
            why = (
                "used twice"
                if one.id in seen
                else "removed, and never used again"
                if one.id in gone
                else f"not of {prefix}"
            )
            raise BugError(f"rule id {one.id} is {why}", "", "give the rule the next free id")
        seen.add(one.id)
    return tuple(sorted(rules, key=lambda one: one.id))


def run(rules: Iterable[Rule[D_contra]], w: Workload, d: D_contra) -> tuple[Finding, ...]:
    """What the rules find, the worst first, then by id; where the pattern cannot be, only what refuses it."""
    told = [(one, finding) for one in rules if (finding := one.check(w, d)) is not None]
    excluded = any(one.excludes for one, _ in told)
    found = [finding for _, finding in told if not excluded or finding.verdict is Verdict.BLOCKS]
    return tuple(sorted(found, key=lambda finding: (finding.verdict.rank, finding.rule)))


def _sound(rule_id: str, text: str, fails: str, reads: tuple[str, ...], source: str, toothless: bool) -> None:
    title = text.partition("\n\n")[0]
    problems = {
        "its id is not two letters and two digits": not _ID.fullmatch(rule_id),
        "its docstring does not begin with one sentence": not title.endswith("."),
        "it has no case that fails": not fails,
        "it reads nothing and states no source": not reads and not source,
        "it excludes, and refuses nothing": toothless,
    }
    for what, wrong in problems.items():
        if wrong:
            raise BugError(f"rule {rule_id}: {what}", "", "see rule in advisor.rules.declared")


def _unindented(doc: str) -> str:
    paragraphs = re.split(r"\n\s*\n", doc.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
