"""What every pattern keeps: rules that prove themselves, deployments that read back, numbers out of the catalog."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from advisor.catalog.assumptions import assumptions
from advisor.catalog.limits import limits
from advisor.errors import InputError, UnknownName
from advisor.patterns import PATTERNS, Pattern
from advisor.rules import BLOCKS, Case, Rule, Verdict, overlay
from advisor.rules.figures import PLACEHOLDER

RULES = [pytest.param(pattern, rule, id=rule.id) for pattern in PATTERNS for rule in pattern.RULES]
EACH = [pytest.param(pattern, id=pattern.name) for pattern in PATTERNS]
KEYS = {limit.key for limit in limits()} | {assumption.key for assumption in assumptions()}
SITUATIONS = (
    "",
    "traffic: {rate: 400 per second, bursts: {peak: 4x, cv: 1, length: 20 min}}",
    "traffic: {rate: 2 per hour}",
    "{traffic: null, batch: {records: 5 million, files: 50}}",
    "{model: {accelerator: required, framework: vllm, size: 16 GB, memory: 20 GB, image: 12 GB}, work: null}",
    "{needs: [multi-az, no-cold-start], objective: {cold_starts: avoid, p99: 200 ms}}",
    "{needs: [streaming], traffic: {rate: 60 per second}}",
    "model: {count: 500, size: 40 MB, memory: 100 MB}",
    "region: ap-southeast-3",
)


def _checked(pattern: type[Pattern], rule: Rule[Any], case: Case) -> Any:
    w = case.workload
    return rule.check(w, pattern.start(w).with_(case.settings))


@pytest.mark.parametrize(("pattern", "rule"), RULES)
def test_the_passing_case_passes(pattern: type[Pattern], rule: Rule[Any]) -> None:
    assert _checked(pattern, rule, rule.passes) is None


@pytest.mark.parametrize(("pattern", "rule"), RULES)
def test_the_failing_case_fails_and_reads_well(pattern: type[Pattern], rule: Rule[Any]) -> None:
    found = _checked(pattern, rule, rule.fails)
    assert found is not None
    assert (found.rule, found.verdict) == (rule.id, rule.verdict)
    for text in (found.says, found.mend):
        assert text
        assert text == text.strip()
        assert not text.endswith(".")
        first = text.split()[0]
        assert first[0] == first[0].lower() or first in (
            "AWS",
            "AWS's",
            "MaxPayloadInMB",
            "ModelCacheSetting",
            "Triton",
        ), text
        assert "}}" not in text
        assert not re.search(r"(?<!split=)\bNone\b", text)
        assert "nan" not in text.split()
        assert not PLACEHOLDER.search(re.sub(r"platform: \{[^}]*\}", "", text)), f"a figure was not filled in: {text}"
    assert found.where
    assert found.source


@pytest.mark.parametrize(("pattern", "rule"), RULES)
def test_a_rule_reads_what_the_catalog_holds_and_shows_only_what_it_reads(
    pattern: type[Pattern], rule: Rule[Any]
) -> None:
    assert set(rule.reads) <= KEYS
    assert set(PLACEHOLDER.findall(rule.text)) <= set(rule.reads)
    assert rule.id.startswith(pattern.RULES[0].id[:2])


@pytest.mark.parametrize(("pattern", "rule"), RULES)
def test_no_figure_is_typed_into_a_title_or_reason(pattern: type[Pattern], rule: Rule[Any]) -> None:
    bare = PLACEHOLDER.sub("", rule.text)
    # How sizes may be counted, seconds in a minute, names, dates.
    allowed = re.sub(r"\b(1024s|1000 or 1024|x 60|S3|inf1|arm64|MaxPayloadInMB 0)\b|\(429\)|20\d\d-\d\d", "", bare)
    assert not re.search(r"\d", allowed), f"{pattern.name} {rule.id}: {bare}"


@pytest.mark.parametrize(("pattern", "rule"), RULES)
def test_explanation_has_title_source_and_date(pattern: type[Pattern], rule: Rule[Any]) -> None:
    assert rule.title.endswith(".")
    assert "{" not in rule.title + rule.reason, pattern.name
    assert re.search(r"20\d\d", rule.source), f"{rule.id} has no date: {rule.source}"
    assert not re.search(r"https?://|[a-z0-9-]+/[a-z0-9-]+@", rule.source)


@pytest.mark.parametrize(("pattern", "rule"), RULES)
def test_a_rule_looks_at_a_path_of_the_profile_or_a_field_of_the_deployment(
    pattern: type[Pattern], rule: Rule[Any]
) -> None:
    head, _, field = rule.where.partition(".")
    if head == "deployment":
        assert field in {one.name for one in dataclasses.fields(pattern)}  # type: ignore[arg-type]  # every pattern is a dataclass
    else:
        assert head in {"name", "region", "task", "model", "work", "traffic", "payload", "batch", "objective", "needs"}


def test_ids_are_unique_and_each_pattern_has_its_own_prefix() -> None:
    ids = [rule.id for pattern in PATTERNS for rule in pattern.RULES]
    assert len(set(ids)) == len(ids)
    assert len({pattern.RULES[0].id[:2] for pattern in PATTERNS}) == len(PATTERNS)


def test_there_are_sixty_rules_of_which_thirty_combine_facts() -> None:
    rules = [rule for pattern in PATTERNS for rule in pattern.RULES]
    assert len(rules) >= 60
    assert sum(rule.facts >= 2 for rule in rules) >= 30
    assert {rule.verdict for rule in rules} == set(Verdict)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("pattern", EACH)
def test_a_deployment_reads_back_from_its_own_text(pattern: type[Pattern], situation: str) -> None:
    d = pattern.start(overlay(situation))
    assert eval(repr(d), {pattern.__name__: pattern}) == d
    assert hash(d) == hash(eval(repr(d), {pattern.__name__: pattern}))
    assert d.with_({}) == d
    assert d.with_(d.to_dict()) == d


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("pattern", EACH)
def test_every_situation_gets_a_deployment_and_findings_in_order(pattern: type[Pattern], situation: str) -> None:
    w = overlay(situation)
    found = pattern.start(w).check(w)
    assert [(one.verdict.rank, one.rule) for one in found] == sorted((one.verdict.rank, one.rule) for one in found)


@pytest.mark.parametrize("pattern", EACH)
def test_an_id_begins_with_the_patterns_name_and_differs_with_the_settings(pattern: type[Pattern]) -> None:
    small, large = (pattern.start(overlay(situation)) for situation in SITUATIONS[:2])
    assert small.id.startswith(pattern.name)
    assert re.fullmatch(r"[A-Za-z0-9.-]+", small.id)
    assert (small.id == large.id) == (small == large)


@pytest.mark.parametrize("pattern", EACH)
def test_an_unknown_setting_proposes_near_names(pattern: type[Pattern]) -> None:
    d = pattern.start(overlay(""))
    typo = pattern.fields()[0][:-1]
    with pytest.raises(UnknownName, match=f"did you mean .*{pattern.fields()[0]}"):
        d.with_({typo: "1"})


@pytest.mark.parametrize("pattern", EACH)
def test_every_setting_refuses_what_it_could_never_be(pattern: type[Pattern]) -> None:
    d = pattern.start(overlay(""))
    for field in pattern.fields():
        with pytest.raises(InputError):
            d.with_({field: "-1 parsec"})


@pytest.mark.parametrize("pattern", EACH)
def test_a_pattern_says_what_it_is(pattern: type[Pattern]) -> None:
    assert pattern.about
    assert len(pattern.about) <= 100
    assert pattern.__doc__
    assert pattern.fields()


def test_the_base_profile_is_refused_by_no_rule_of_its_natural_pattern() -> None:
    w = overlay("")
    natural = next(pattern for pattern in PATTERNS if pattern.name == "real-time")
    assert [one.rule for one in natural.start(w).check(w) if one.verdict is BLOCKS] == []
