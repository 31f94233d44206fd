"""What the advisor's own rules say of a piece of profile, kept for the questions that ask it again."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

from advisor.advice.checking import pattern_named
from advisor.patterns import PATTERNS
from advisor.rules import Rule, Verdict
from advisor.rules.case import Case

__all__ = ["PATTERN_NAMES", "Said", "blocked_by", "found", "rule_of"]

PATTERN_NAMES = tuple(pattern.name for pattern in PATTERNS)


class Said(NamedTuple):
    """One finding: the rule, how bad it is, what it says."""

    rule: str
    verdict: Verdict
    says: str


@lru_cache(maxsize=16384)
def found(pattern: str, profile: str, sets: str = "") -> tuple[Said, ...]:
    """The findings for a profile laid over the plain one, with settings as ``--set`` takes them."""
    case = Case(profile=profile, sets=sets)
    w = case.workload
    deployment = pattern_named(pattern).start(w)
    deployment = deployment.with_(case.settings) if sets else deployment
    return tuple(Said(one.rule, one.verdict, one.says) for one in deployment.check(w))


def blocked_by(pattern: str, profile: str, sets: str = "") -> tuple[str, ...]:
    """The rules that refuse it, in the order of their ids; none where it fits."""
    return tuple(one.rule for one in found(pattern, profile, sets) if one.verdict is Verdict.BLOCKS)


def rule_of(rule: str) -> Rule[Any]:
    """The rule of that id."""
    return _rules()[rule]


@cache
def _rules() -> dict[str, Rule[Any]]:
    return {rule.id: rule for pattern in PATTERNS for rule in pattern.RULES}
