"""The table of decision cases: which rules refuse and warn in situations with a known answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from advisor.patterns import PATTERNS
from advisor.rules import BLOCKS, Finding, overlay
from advisor.workload.demand import PATTERN_NAMES

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "decision_cases.yaml").read_text(encoding="utf-8")
)
BY_NAME = {pattern.name: pattern for pattern in PATTERNS}
EACH = [pytest.param(case, id=case["name"]) for case in CASES]


def _findings(case: dict[str, Any], pattern: str) -> dict[str, Finding]:
    w = overlay(case["profile"])
    return {one.rule: one for one in BY_NAME[pattern].start(w).check(w)}


def _spoken(case: dict[str, Any], key: str) -> list[tuple[str, str]]:
    return [(pattern, rule) for pattern, rule in case.get(key, {}).items() if pattern in BY_NAME]


@pytest.mark.parametrize("case", EACH)
def test_what_is_refused_is_refused_by_that_rule(case: dict[str, Any]) -> None:
    for pattern, rule in _spoken(case, "refused"):
        found = _findings(case, pattern)
        assert rule in found, f"{pattern} is not refused by {rule}, but by {sorted(found)}"
        assert found[rule].verdict is BLOCKS


@pytest.mark.parametrize("case", EACH)
def test_what_is_warned_of_is_warned_of_by_that_rule(case: dict[str, Any]) -> None:
    for pattern, rule in _spoken(case, "warned"):
        found = _findings(case, pattern)
        assert rule in found, f"{pattern} is not warned of by {rule}, but by {sorted(found)}"
        assert found[rule].verdict is not BLOCKS


@pytest.mark.parametrize("case", EACH)
def test_the_expected_pattern_is_refused_by_no_rule(case: dict[str, Any]) -> None:
    expected = case.get("expect")
    if expected in BY_NAME:
        assert [one.says for one in _findings(case, expected).values() if one.verdict is BLOCKS] == []


@pytest.mark.parametrize("case", EACH)
def test_a_case_without_an_expected_pattern_leaves_none(case: dict[str, Any]) -> None:
    if "expect" not in case:
        for pattern in BY_NAME:
            assert any(one.verdict is BLOCKS for one in _findings(case, pattern).values()), pattern


@pytest.mark.parametrize("case", EACH)
def test_a_case_is_whole(case: dict[str, Any]) -> None:
    rules = [*case.get("refused", {}).values(), *case.get("warned", {}).values()]
    assert case["because"] in rules
    assert case["note"].endswith(".")
    assert {case.get("expect", "real-time"), *case.get("refused", {}), *case.get("warned", {})} <= set(PATTERN_NAMES)
    assert set(case) <= {"name", "profile", "expect", "refused", "warned", "because", "note", "heavy"}


def test_there_are_forty_cases_with_names_of_their_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 40


def test_every_pattern_is_the_answer_of_some_case() -> None:
    assert {case.get("expect") for case in CASES} == {*PATTERN_NAMES, None}
