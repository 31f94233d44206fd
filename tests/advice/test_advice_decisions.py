"""The table of decision cases, answered: the pattern that is best by the figures, and the rule that carries it.

Most cases are answered by a whole recommendation. Those marked ``heavy`` would take too long for every run of the
tests (alarms watched for weeks, millions of requests): their winner is checked by arithmetic alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from advisor.advice.foreseeing import foresee_all
from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.rules import overlay

TABLE = Path(__file__).parents[1] / "patterns" / "decision_cases.yaml"
CASES: list[dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
# Where the price book has no prices, there is no answer to give.
UNPRICED = [case for case in CASES if overlay(case["profile"]).region not in price_book().regions()]
PRICED = [case for case in CASES if case not in UNPRICED]
SIMULATED = [case for case in PRICED if not case.get("heavy")]
FORESEEN = [case for case in PRICED if case.get("heavy")]

# The traps that catch who knows the patterns by heart and not by their limits.
TRAPS = {
    "5 MB payloads rule out serverless": "SL-01",
    "3 minutes of processing rule out real-time": "RT-05",
    "20-minute bursts against 5-minute launches": "RT-33",
    "1.2 GB bodies pass the limit of asynchronous": "AS-10",
    "an image over 10 GB": "SL-12",
    "predictable office hours with a latency objective": "SL-54",
    "one hot model among thousands": "MM-41",
}


def _named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in cases]


def _winner(answer: Recommendation) -> str | None:
    """The best pattern; of a combination the one that the stream of requests goes to."""
    best = answer.best
    if best is None:
        return None
    return best.parts[0].pattern if best.parts else best.pattern


def _told(answer: Recommendation) -> str:
    return "; ".join(f"{one.id}: {one.usd_per_month:.2f} USD {one.outcome.misses}" for one in answer.options)


@pytest.mark.parametrize("case", _named(SIMULATED))
def test_the_recommended_pattern_is_the_expected_one_and_its_reason_is_told(case: dict[str, Any]) -> None:
    answer = recommend(overlay(case["profile"]), seed=11, explain=False, brief=True)
    assert _winner(answer) == case.get("expect"), _told(answer)
    for pattern, rule in case.get("refused", {}).items():
        spoken = {
            finding.rule for one in answer.refused if one.pattern == pattern for finding in one.findings
        }  # fmt: skip
        if rule == case["because"] and pattern not in {one.pattern for one in answer.options}:
            assert rule in spoken, f"{pattern} is refused by {sorted(spoken)}"


@pytest.mark.parametrize("case", _named(FORESEEN))
def test_arithmetic_puts_the_expected_pattern_first_in_a_heavy_case(case: dict[str, Any]) -> None:
    found = foresee_all(overlay(case["profile"]))
    best = found[0].pattern if found and found[0].meets else None
    assert best == case.get("expect"), [(one.id, one.usd, one.yardstick_s, one.meets) for one in found]


@pytest.mark.parametrize("case", _named(UNPRICED))
def test_a_region_without_prices_is_an_error_that_names_it_and_no_guess(case: dict[str, Any]) -> None:
    w = overlay(case["profile"])
    with pytest.raises(InputError, match=w.region):
        recommend(w, seed=11, explain=False)


def test_the_traps_are_among_the_cases_each_with_its_rule() -> None:
    held = {case["name"]: case["because"] for case in CASES}
    assert {name: held.get(name) for name in TRAPS} == TRAPS


def test_at_least_forty_cases_are_answered_by_a_whole_recommendation() -> None:
    assert len(SIMULATED) >= 40
    assert len(SIMULATED) > len(FORESEEN)
