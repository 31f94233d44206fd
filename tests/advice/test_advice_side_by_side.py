"""Two answers side by side: made by hand, so that every change is plain subtraction."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

import advisor as ad
from advisor.advice.outcome import Money
from advisor.advice.recommendation import Confidence, Recommendation
from advisor.errors import InputError
from advisor.sim.estimates import Estimate
from tests.small import SMALL


@pytest.fixture(scope="module")
def before() -> Recommendation:
    return ad.recommend(ad.reads(SMALL), seed=1, explain=False)


def put(answer: Recommendation, pattern: str, usd: str, p99_s: float, *, name: str, misses: str = "") -> Any:
    """The answer's option of a pattern, renamed, at another cost and p99."""
    option = answer.option(pattern)
    late = Estimate(value=p99_s, low=p99_s, high=p99_s)
    outcome = replace(
        option.outcome,
        id=name,
        usd_per_month=Money(value=Decimal(usd), low=None, high=None),
        latency_s={**option.outcome.latency_s, "p99": late},
        misses=(misses,) if misses else (),
        meets_objective=not misses,
    )
    return replace(option, outcome=outcome)


def ranked(answer: Recommendation, *options: Any, sure: float = 1.0) -> Recommendation:
    numbered = tuple(replace(one, rank=n) for n, one in enumerate(options, start=1))
    return replace(answer, options=numbered, confidence=Confidence(first_is_first=sure))


def test_patterns_are_paired_though_every_deployment_has_another_name(before) -> None:
    one = ranked(
        before,
        put(before, "serverless", "10.00", 0.5, name="small"),
        put(before, "real-time", "40.00", 0.25, name="x1"),
        put(before, "real-time", "80.00", 0.125, name="x2"),
        sure=0.9,
    )
    other = ranked(
        before,
        put(before, "real-time", "50.00", 0.5, name="x3"),
        put(before, "serverless", "60.00", 1.5, name="large", misses="too late"),
        sure=0.8,
    )
    frame = ad.compare(one, other)
    # Of two real-time options before the better ranked one is compared; 10 -> 50, 40 -> 50 and 10 -> 60 USD.
    assert list(frame.index[:3]) == ["first", "real-time", "serverless"]
    assert list(frame["id_before"][:3]) == ["small", "x1", "small"]
    assert list(frame["id_after"][:3]) == ["x3", "x3", "large"]
    assert list(frame["usd_change"][:3]) == [40.0, 10.0, 50.0]
    assert list(frame["usd_change_share"][:3]) == [4.0, 0.25, 5.0]
    assert list(frame["p99_change_s"][:3]) == [0.0, 0.25, 1.0]
    assert list(frame["stands_before"][:3]) == ["first", "meets", "first"]
    assert list(frame["stands_after"][:3]) == ["first", "first", "misses"]
    assert list(frame.loc["first", ["pattern_before", "pattern_after"]]) == ["serverless", "real-time"]
    assert list(frame.loc["first", ["first_is_first_before", "first_is_first_after"]]) == [0.9, 0.8]
    assert math.isnan(frame.loc["serverless", "first_is_first_after"])


def test_a_refused_pattern_has_its_row_with_the_rules_that_refuse_it(before) -> None:
    only = ranked(before, put(before, "serverless", "10.00", 0.5, name="small"))
    frame = ad.compare(only, only)
    refused = {one.pattern: {finding.rule for finding in one.findings} for one in before.refused}
    assert refused
    for pattern, rules in refused.items():
        row = frame.loc[pattern]
        assert row["stands_before"] == row["stands_after"] == "refused"
        assert set(row["rules_after"].split(", ")) == rules
        assert math.isnan(row["usd_change"])


def test_nothing_changes_between_an_answer_and_itself(before) -> None:
    frame = ad.compare(before, before)
    paired = frame[frame["rank_before"].notna()]
    assert len(paired) == 1 + len({one.pattern for one in before.options})
    assert (paired[["usd_change", "usd_change_share", "p50_change_s", "p99_change_s"]] == 0).all(axis=None)


def test_columns_have_types_and_every_figure_stands_on_both_sides(before) -> None:
    frame = ad.compare(before, before)
    assert str(frame["rank_after"].dtype) == "Int64"
    assert str(frame["meets_objective_before"].dtype) == "boolean"
    assert str(frame["id_after"].dtype) == "string"
    assert list(frame["stands_after"].cat.categories) == ["first", "meets", "misses", "refused"]
    assert {str(frame[name].dtype) for name in frame if name.startswith(("usd", "p99", "error"))} == {"float64"}
    assert {name.removesuffix("_before") for name in frame if name.endswith("_before")} == {
        name.removesuffix("_after") for name in frame if name.endswith("_after")
    }


def test_where_nothing_meets_the_objective_the_first_of_the_ranking_stands_there_and_misses(before) -> None:
    missed = ranked(before, put(before, "serverless", "10.00", 9.0, name="small", misses="too late"))
    none = replace(before, options=())
    frame = ad.compare(missed, none)
    assert frame.loc["first", "stands_before"] == "misses"
    assert frame.loc["first", "id_before"] == "small"
    assert frame.loc["first", ["id_after", "stands_after"]].isna().all()


def test_what_is_no_answer_is_refused_in_words(before) -> None:
    with pytest.raises(InputError, match="Workload is not an answer of recommend"):
        ad.compare(before, before.workload)
