"""A rule is declared, run, and told; what is wrong with its declaration is a fault of the package."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from advisor.errors import BugError, TraceError
from advisor.rules import (
    BASE_PROFILE,
    BLOCKS,
    NOTES,
    WARNS,
    Case,
    Ill,
    Rule,
    Verdict,
    overlay,
    rule,
    rulebook,
    run,
    told,
)
from advisor.workload import Workload, reads


@dataclass(frozen=True)
class Box:
    """A deployment that only the tests know."""

    size: int = 4


@rule(
    "ZZ-01", WARNS, where="payload.request_max", reads=("serverless.payload_max",), fails="payload: {request_max: 5 MB}"
)
def body_fits(w: Workload, _: Box) -> Ill | None:
    """A body over {serverless.payload_max} is refused.

    The reason stands here, over
    two lines.
    """
    if w.payload.request_max_bytes <= 4_000_000:
        return None
    return Ill(f"bodies are over {told(w, 'serverless.payload_max')}", mend="send less")


@rule("ZZ-02", BLOCKS, where="deployment.size", source="the tests, 2026", fails_set="size=9")
def box_is_small(_: Workload, d: Box) -> Ill | None:
    """A box is small."""
    return Ill(f"a size of {d.size}", mend="take a smaller box") if d.size > 5 else None


@rule("ZZ-03", NOTES, where="name", source="the tests, 2026", fails="name: bad")
def fails_always(w: Workload, d: Box) -> Ill | None:
    """A rule that fails is a fault of the package."""
    raise ZeroDivisionError(f"{w.name} {d.size}")


@rule("ZZ-04", NOTES, where="traffic.replay", source="the tests, 2026", fails="name: bad")
def file_is_read_late(w: Workload, d: Box) -> Ill | None:
    """A recorded file may turn out bad while a rule looks at it."""
    raise TraceError("line 3 is no number", "arrivals.csv:3", f"mend {w.name} {d.size}")


def test_title_and_reason_come_from_the_docstring_with_the_catalogs_figures() -> None:
    assert body_fits.title == "A body over 4 MB is refused."
    assert body_fits.reason == "The reason stands here, over two lines."


def test_a_rule_that_passes_finds_nothing() -> None:
    assert body_fits.check(overlay("payload: {request_max: 3 MB}"), Box()) is None


def test_a_finding_says_what_where_and_how_to_mend() -> None:
    found = body_fits.check(overlay("payload: {request_max: 5 MB}"), Box())
    assert found is not None
    assert (found.rule, found.verdict, found.path) == ("ZZ-01", WARNS, "payload.request_max")
    assert found.says == "bodies are over 4 MB"
    assert found.mend == "send less"
    assert found.source.startswith("AWS developer guide")
    assert "2026" in found.source


def test_a_finding_points_at_the_line_of_the_users_file() -> None:
    w = reads(BASE_PROFILE.replace("request_max: 30 KB", "request_max: 5 MB"), name="mine.yaml")
    line = (
        BASE_PROFILE.splitlines().index(
            "payload: {request: 4 KB, request_max: 30 KB, response: 1 KB, response_max: 4 KB}"
        )
        + 1
    )
    found = body_fits.check(w, Box())
    assert found is not None
    assert found.where == f"mine.yaml:{line}"


def test_a_finding_about_the_deployment_names_the_file_and_the_field() -> None:
    found = box_is_small.check(reads(BASE_PROFILE, name="mine.yaml"), Box(size=9))
    assert found is not None
    assert (found.path, found.where) == ("deployment.size", "mine.yaml")


def test_a_rule_that_raises_is_a_fault_of_the_package() -> None:
    with pytest.raises(BugError, match="ZZ-03 failed on plain: ZeroDivisionError") as caught:
        fails_always.check(overlay(""), Box())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_bad_recorded_file_stays_the_users_to_mend() -> None:
    with pytest.raises(TraceError, match="no number"):
        file_is_read_late.check(overlay(""), Box())


def test_findings_come_worst_first_and_then_by_id() -> None:
    found = run((body_fits, box_is_small), overlay("payload: {request_max: 5 MB}"), Box(size=9))
    assert [one.rule for one in found] == ["ZZ-02", "ZZ-01"]


@rule("ZZ-06", BLOCKS, where="needs", source="the tests, 2026", fails="needs: [vpc]", excludes=True)
def no_vpc(w: Workload, _: Box) -> Ill | None:
    """A box has no VPC."""
    return Ill("a VPC is needed", mend="drop the need") if "vpc" in w.needs else None


def test_where_a_pattern_cannot_be_only_what_refuses_it_is_told() -> None:
    rules = (body_fits, box_is_small, no_vpc)
    large = "payload: {request_max: 5 MB}"
    assert [one.rule for one in run(rules, overlay(large), Box(size=9))] == ["ZZ-02", "ZZ-01"]
    assert [one.rule for one in run(rules, overlay(f"{{needs: [vpc], {large}}}"), Box(size=9))] == ["ZZ-02", "ZZ-06"]


def test_a_rule_that_only_warns_excludes_nothing() -> None:
    with pytest.raises(BugError, match="excludes, and refuses nothing"):
        rule("ZZ-09", WARNS, where="name", source="the tests, 2026", fails="name: x", excludes=True)(no_vpc.body)


def test_verdicts_rank_from_cannot_work_to_worth_knowing() -> None:
    assert sorted(Verdict, key=lambda one: one.rank) == [BLOCKS, WARNS, NOTES]


def test_a_rulebook_sorts_by_id() -> None:
    assert [one.id for one in rulebook("ZZ", box_is_small, body_fits)] == ["ZZ-01", "ZZ-02"]


@pytest.mark.parametrize(
    ("prefix", "rules", "gone", "why"),
    [
        ("ZZ", (body_fits, body_fits), (), "used twice"),
        ("ZZ", (body_fits,), ("ZZ-01",), "never used again"),
        ("YY", (body_fits,), (), "not of YY"),
    ],
    ids=["an id used twice", "an id that was removed", "an id of another pattern"],
)
def test_a_rulebook_refuses(prefix: str, rules: tuple[Rule[Box], ...], gone: tuple[str, ...], why: str) -> None:
    with pytest.raises(BugError, match=why):
        rulebook(prefix, *rules, gone=gone)


@pytest.mark.parametrize(
    ("rule_id", "doc", "fails", "source", "why"),
    [
        ("Z-1", "A title.", "name: x", "the tests, 2026", "two letters and two digits"),
        ("ZZ-09", "no sentence", "name: x", "the tests, 2026", "one sentence"),
        ("ZZ-09", "A title.", "", "the tests, 2026", "no case that fails"),
        ("ZZ-09", "A title.", "name: x", "", "states no source"),
    ],
    ids=["its id", "its title", "its failing case", "its source"],
)
def test_a_declaration_without_one_of_its_parts_is_refused(
    rule_id: str, doc: str, fails: str, source: str, why: str
) -> None:
    def body(_w: Workload, _d: Box) -> Ill | None:
        return None

    body.__doc__ = doc
    with pytest.raises(BugError, match=why):
        rule(rule_id, NOTES, where="name", fails=fails, source=source)(body)


def test_an_overlay_merges_mappings_replaces_the_rest_and_takes_out_with_null() -> None:
    w = overlay(
        "{model: {memory: 2 GB}, work: [{on: ml.c5.xlarge, mean: 9 ms}], traffic: {bursts: null, shape: steady}}"
    )
    assert (w.model.memory_mib, w.model.framework) == (2048, "xgboost")
    assert [work.on for work in w.work] == ["ml.c5.xlarge"]
    assert w.traffic is not None
    assert w.traffic.bursts is None
    assert w.rate_per_s == 2


def test_an_overlay_keeps_numbers_as_keys() -> None:
    at = overlay("work: [{on: ml.m5.large, at: {1: 100 ms, 4: 200 ms}}]").work[0].at
    assert at is not None
    assert dict(at) == {1: 0.1, 4: 0.2}


def test_a_case_that_does_not_read_is_a_fault_of_the_package() -> None:
    with pytest.raises(BugError, match="does not read"):
        overlay("payload: {request_max: 5 MB")


def test_a_cases_settings_are_told_apart_by_commas() -> None:
    assert Case(sets="memory=8 GB, max_concurrency=4").settings == {"memory": "8 GB", "max_concurrency": "4"}
    assert Case().settings == {}


def test_an_overridden_quota_is_told_as_the_user_gave_it() -> None:
    plain, own = overlay(""), overlay("platform: {serverless.account_concurrency_new: 250}")
    assert told(plain, "serverless.account_concurrency_new") == "10"
    assert told(own, "serverless.account_concurrency_new") == "250"
    memory = overlay("platform: {serverless.memory_quota_new_account: 6 GB}")
    assert told(memory, "serverless.memory_quota_new_account") == "6 GB"


def test_an_assumption_is_told_as_the_user_gave_it() -> None:
    assert told(overlay(""), "serverless_keep_alive") == "11 min"
    assert told(overlay("platform: {serverless_keep_alive: 5 min}"), "serverless_keep_alive") == "5 min"


def test_the_source_of_a_limit_tells_what_else_was_said() -> None:
    @rule("ZZ-05", NOTES, where="payload", reads=("realtime.payload_max",), fails="name: x")
    def two_sources(_w: Workload, _d: Box) -> Ill | None:
        """A title."""
        return None

    assert "also given as 6,291,456 bytes" in two_sources.source


def test_a_rule_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        body_fits.id = "ZZ-99"  # type: ignore[misc]  # that it cannot be set is what is tested
