"""``advisor list`` and ``advisor explain``: tables that fit, and every thing explained with source and date."""

from __future__ import annotations

import json

import pytest

from advisor.catalog.assumptions import assumptions
from advisor.catalog.limits import limits
from advisor.patterns import PATTERNS

RULES = [(pattern, rule) for pattern in PATTERNS for rule in pattern.RULES]
THINGS = ["rules", "limits", "patterns", "instances", "assumptions", "workloads"]


@pytest.mark.parametrize("thing", THINGS)
def test_a_table_fits_a_hundred_columns(thing, advisor) -> None:
    ran = advisor("list", thing)
    assert ran.code == 0
    assert len(ran.out.splitlines()) > 5
    assert [line for line in ran.out.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("thing", [*THINGS, "schema"])
def test_json_of_a_list_is_an_array_of_objects(thing, advisor) -> None:
    objects = json.loads(advisor("list", thing, "--json").out)
    assert objects
    assert all(isinstance(one, dict) for one in objects)


@pytest.mark.parametrize(("pattern", "rule"), RULES, ids=lambda value: getattr(value, "id", ""))
def test_explain_of_a_rule_tells_reason_source_date_and_both_cases(pattern, rule, advisor) -> None:
    ran = advisor("explain", rule.id)
    assert ran.code == 0
    assert rule.id in ran.out
    assert pattern.name in ran.out
    assert "source: " in ran.out
    assert "20" in ran.out.split("source: ", 1)[1]
    assert "passes with:" in ran.out
    assert "fails with:" in ran.out
    assert "{" not in rule.title
    # Cases are there to be pasted, so they are never folded.
    assert [line for line in ran.out.splitlines() if len(line) > 100 and not line.startswith("    ")] == []
    object_ = json.loads(advisor("explain", rule.id, "--json").out)[0]
    assert object_["source"] == rule.source


@pytest.mark.parametrize("key", [known.key for known in (*limits(), *assumptions())])
def test_explain_of_a_limit_or_assumption_tells_its_source_and_date(key, advisor) -> None:
    ran = advisor("explain", key)
    assert ran.code == 0
    assert "source: " in ran.out
    assert [line for line in ran.out.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_explain_of_a_pattern_tells_its_settings_and_rules(pattern, advisor) -> None:
    ran = advisor("explain", pattern.name)
    assert ran.code == 0
    assert all(rule.id in ran.out for rule in pattern.RULES)
    assert all(field in ran.out for field in pattern.fields())


def test_an_unknown_thing_proposes_near_ones(advisor) -> None:
    ran = advisor("explain", "serverles")
    assert ran.code == 2
    assert "did you mean serverless" in ran.err


def test_a_prefix_that_matches_nothing_is_an_error(advisor) -> None:
    for thing in ("rules", "limits", "instances", "assumptions"):
        ran = advisor("list", thing, "zz")
        assert ran.code == 2
        assert "zz" in ran.err


@pytest.mark.parametrize("name", ["fraud-scoring", "search-ranking", "churn-scoring", "weekly-forecast"])
def test_explain_traffic_draws_a_profile(name, advisor, golden) -> None:
    ran = advisor("explain", "traffic", f"workloads/{name}.yaml")
    assert ran.code == 0
    golden(f"traffic-{name}.txt", ran.out)


@pytest.mark.parametrize("thing", ["asynchronous: arithmetic", "two kinds of demand"])
def test_explain_of_what_stands_in_a_rules_place_says_what_it_means(thing: str, advisor) -> None:
    ran = advisor("explain", thing)
    assert ran.code == 0
    assert ran.out.startswith(thing)
    assert len(ran.out.split()) > 20
    assert json.loads(advisor("explain", thing, "--json").out)[0]["rule"] == thing


def test_explain_traffic_needs_a_profile(advisor) -> None:
    ran = advisor("explain", "traffic")
    assert ran.code == 2
    assert "advisor explain traffic workloads/" in ran.err
