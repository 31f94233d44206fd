"""Every reason of an option asked again, past the package's own caches and shortcuts."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

from advisor.advice.checking import pattern_named
from advisor.catalog.instances import families, instance
from advisor.practice import reasons
from advisor.practice.cases import simulated
from advisor.rules import Verdict
from advisor.rules.case import Case

_DATA = Path(__file__).parents[2] / "advisor" / "practice" / "data"
_CATALOG = Path(__file__).parents[2] / "advisor" / "catalog" / "data"
LIMITS = {row["key"]: row for row in json.loads((_CATALOG / "limits.json").read_text(encoding="utf-8"))}
FACTS = {row["key"]: row for row in json.loads((_DATA / "facts.json").read_text(encoding="utf-8"))}
CASES = {row["id"]: row for row in json.loads((_DATA / "cases.json").read_text(encoding="utf-8"))["cases"]}


@cache
def _spoken(pattern: str, profile: str, sets: str) -> dict[str, Verdict]:
    """Rule ids to verdicts, from the pattern's own check."""
    case = Case(profile=profile, sets=sets)
    w = case.workload
    deployment = pattern_named(pattern).start(w).with_(case.settings)
    return {one.rule: one.verdict for one in deployment.check(w)}


def _interval(case: str, figure: str) -> tuple[float, float]:
    if figure == "usd":
        held = simulated(case)
        total = float(held.usd)
        return total * (1 - CASES[case]["usd_spread"]), total * (1 + CASES[case]["usd_spread"])
    _, low, high = CASES[case]["latency_s"][figure]
    return (math.inf if low is None else low), (math.inf if high is None else high)


def proves(reason: reasons.Reason) -> bool:
    """Whether the reason is so, looked up in the files and asked of the rules themselves."""
    if isinstance(reason, reasons.Refused):
        return _spoken(reason.pattern, reason.profile, reason.sets).get(reason.rule) is Verdict.BLOCKS
    if isinstance(reason, reasons.Warned):
        return _spoken(reason.pattern, reason.profile, reason.sets).get(reason.rule) in (Verdict.WARNS, Verdict.NOTES)
    if isinstance(reason, reasons.Allowed):
        spoken = _spoken(reason.pattern, reason.profile, reason.sets)
        return Verdict.BLOCKS not in spoken.values() and not set(reason.without) & set(spoken)
    if isinstance(reason, reasons.Figured):
        return reason.sum.value == reason.value and (reason.not_key is None or reason.not_key.value != reason.value)
    if isinstance(reason, reasons.Compared):
        left, right = reason.left.value, reason.right.value
        return {
            "at most": left <= right, "at least": left >= right, "above": left > right, "below": left < right,
            "equal": left == right,
        }[reason.relation]  # fmt: skip
    if isinstance(reason, reasons.Listed):
        value = LIMITS[reason.key]["value"]
        return value is reason.wanted if isinstance(value, bool) else (reason.word in value) is reason.wanted
    if isinstance(reason, reasons.Offered):
        listed = instance(reason.instance_type).family in families(reason.component)
        return listed is reason.wanted and LIMITS[reason.key]["value"] is False
    if isinstance(reason, reasons.Documented):
        held = FACTS[reason.key]
        steps = {step: [str(at)] for at, step in enumerate(held.get("order", []), start=1)}
        return (reason.word in held.get("pairs", steps)[reason.subject]) is reason.wanted
    if isinstance(reason, reasons.Measured):
        low, high = _interval(reason.case, reason.figure)
        if isinstance(reason.bound, str):
            other_low, other_high = _interval(reason.bound, reason.figure)
            return high < other_low if reason.relation == "below" else low > other_high
        return high <= reason.bound if reason.relation == "below" else low > reason.bound
    if isinstance(reason, reasons.Together):
        return all(map(proves, reason.parts))
    raise AssertionError(f"a reason of unknown kind: {reason!r}")
