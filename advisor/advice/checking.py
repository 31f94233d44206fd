"""Check a workload against every pattern's rules: which patterns can serve it, and what stands in the way.

Each pattern is asked for the deployment that a person would write first; its rules judge workload and
deployment together. A pattern that a BLOCKS rule refuses is an answer with reasons, not an absence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.advice.by_part import combination_of
from advisor.advice.combination import Combination
from advisor.errors import InputError, UnknownName, near
from advisor.patterns import PATTERNS
from advisor.patterns.base import Pattern
from advisor.rules import Finding, Verdict
from advisor.show import Shown, Table
from advisor.workload import Workload

__all__ = ["Checked", "PatternCheck", "check", "pattern_named"]

_NAMED = {pattern.name: pattern for pattern in PATTERNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternCheck(Shown):
    """One pattern against one workload: the deployment that was judged, and what its rules found."""

    pattern: str
    deployment: Pattern | Combination
    findings: tuple[Finding, ...]

    @property
    def fits(self) -> bool:
        """Whether no rule refuses the pattern."""
        return not any(finding.verdict is Verdict.BLOCKS for finding in self.findings)

    def count(self, verdict: Verdict) -> int:
        """How many findings carry this verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Checked:
    """A workload and what every pattern's rules say of it."""

    workload: Workload
    patterns: tuple[PatternCheck, ...]

    @property
    def feasible(self) -> tuple[str, ...]:
        """The names of the patterns that no rule refuses."""
        return tuple(check.pattern for check in self.patterns if check.fits)

    @property
    def findings(self) -> tuple[tuple[str, Finding], ...]:
        """Every finding as a pair, (the pattern's name, the finding), in the order of the patterns."""
        return tuple((check.pattern, finding) for check in self.patterns for finding in check.findings)

    def table(self) -> Table:
        """One row a pattern: whether it fits, and the rules that refuse it or warn."""
        rows = [
            (
                check.pattern,
                "fits" if check.fits else "refused",
                _ids(check, Verdict.BLOCKS),
                _ids(check, Verdict.WARNS),
                _ids(check, Verdict.NOTES),
            )
            for check in self.patterns
        ]
        columns = ("pattern", "answer", "blocked by", "warnings", "notes")
        return Table.of(columns, rows, title=f"{self.workload.name}, {self.workload.region}")

    def to_frame(self) -> Any:
        """Every finding as a row of a pandas DataFrame."""
        import pandas as pd

        rows = [
            {
                "workload": self.workload.name,
                "pattern": name,
                "rule": finding.rule,
                "verdict": finding.verdict.name,
                "says": finding.says,
                "path": finding.path,
                "where": finding.where,
                "mend": finding.mend,
                "source": finding.source,
            }
            for name, finding in self.findings
        ]
        columns = ["workload", "pattern", "rule", "verdict", "says", "path", "where", "mend", "source"]
        return pd.DataFrame(rows, columns=columns).astype({"pattern": "category", "verdict": "category"})

    def details(self) -> Table:
        """One row a finding, the worst of each pattern first."""
        rows = [
            (name, finding.verdict.name.lower(), finding.rule, finding.where, finding.says, finding.mend)
            for name, finding in self.findings
        ]
        return Table.of(("pattern", "verdict", "rule", "where", "says", "to mend"), rows, title="Findings")

    def __repr__(self) -> str:
        return f"<{self.workload.name}: {', '.join(self.feasible) or 'no pattern'} of {len(self.patterns)} fit>"

    def _repr_html_(self) -> str:
        return self.table().html() + self.details().html()


def check(workload: Workload, *, pattern: str | None = None, sets: Mapping[str, object] | None = None) -> Checked:
    """Judge a workload by the rules of every pattern, or of one.

    ``sets`` changes settings of the deployment that is judged: ``{"memory": "4 GB"}``; it needs a pattern, since each
    has settings of its own. Of a ``combination`` each is under its part: ``{"second.memory": "4 GB"}``.
    """
    if sets and pattern is None:
        raise InputError("settings without a pattern", "", f"name the pattern they belong to: {', '.join(_NAMED)}")
    if not isinstance(workload, Workload):
        raise InputError(f"{workload!r} is not a workload", "", "read it first: ad.check(ad.read(path))")
    if pattern == Combination.name:
        both = combination_of(workload, sets or {})
        found = PatternCheck(pattern=pattern, deployment=both, findings=both.check(workload))
        return Checked(workload=workload, patterns=(found,))
    judged = [pattern_named(pattern)] if pattern is not None else PATTERNS
    results = []
    for each in judged:
        deployment = each.start(workload)
        deployment = deployment.with_(sets) if sets else deployment
        results.append(PatternCheck(pattern=each.name, deployment=deployment, findings=deployment.check(workload)))
    return Checked(workload=workload, patterns=tuple(results))


def pattern_named(name: str) -> type[Pattern]:
    """The pattern of that name; near names are proposed where there is none."""
    if name == Combination.name:
        mend = "name the patterns of its parts; check, simulate and render take a combination"
        raise UnknownName(f'"{name}" is made of several patterns', "", mend)
    if name not in _NAMED:
        hint = near(name, _NAMED) or f"the patterns are {', '.join(_NAMED)}"
        raise UnknownName(f'"{name}" is not a pattern', "", hint)
    return _NAMED[name]


def _ids(check: PatternCheck, verdict: Verdict) -> str:
    return " ".join(finding.rule for finding in check.findings if finding.verdict is verdict)
