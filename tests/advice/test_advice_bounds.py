"""Intervals that are put out end where the quantity does, and what decides goes by them uncut."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

import advisor as ad
from advisor.advice.bounds import amount, share_of
from advisor.patterns import Serverless
from advisor.sim.estimates import Estimate, ratio_of
from tests.small import SMALL


def between(low: float, value: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high)


UNKNOWN = between(math.nan, 0.0, math.nan)


@pytest.mark.parametrize(
    ("found", "cut"),
    [
        (between(-0.75, 0.5, 1.75), between(0.0, 0.5, 1.75)),
        (between(0.25, 0.5, math.inf), between(0.25, 0.5, math.inf)),
        (between(-85_309, 4_000, 93_309), between(0.0, 4_000, 93_309)),
    ],
)
def test_an_amount_is_never_below_zero(found: Estimate, cut: Estimate) -> None:
    assert amount(found) == cut


@pytest.mark.parametrize(
    ("found", "cut"),
    [
        (between(-0.887, 0.093, 1.073), between(0.0, 0.093, 1.0)),
        (between(-0.0003, 0.0001, 0.0005), between(0.0, 0.0001, 0.0005)),
        (between(0.25, 0.5, 0.75), between(0.25, 0.5, 0.75)),
    ],
)
def test_a_share_lies_between_nothing_and_all(found: Estimate, cut: Estimate) -> None:
    assert share_of(1000, found) == cut


def test_no_errors_in_n_requests_leave_three_in_n_possible() -> None:
    # (1 - 3/n)^n is about exp(-3) = 0.0498: with more errors than that it would be seldom that none is seen.
    assert share_of(3000, between(0.0, 0.0, 0.0)) == between(0.0, 0.0, 0.001)
    assert pytest.approx(0.05, abs=0.001) == (1 - 0.001) ** 3000
    assert share_of(3000, between(1.0, 1.0, 1.0)) == between(0.999, 1.0, 1.0)
    assert share_of(2, between(0.0, 0.0, 0.0)) == between(0.0, 0.0, 1.0)


def test_what_one_replication_does_not_tell_stays_unknown() -> None:
    for cut in (amount(UNKNOWN), share_of(3000, UNKNOWN)):
        assert cut.value == 0
        assert math.isnan(cut.low)
        assert math.isnan(cut.high)


def test_what_decides_is_not_cut() -> None:
    # Errors 0 and 2 of 100 each: the share is 1 %, its half width by Student's t with one degree 12.7 %.
    assert ratio_of([0.0, 2.0], [100.0, 100.0]).low == pytest.approx(0.01 - 12.7062 * 0.01, rel=1e-4)


def intervals(told: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every interval in an answer's JSON with its name."""
    if not isinstance(told, dict):
        return []
    own = [(name, one) for name, one in told.items() if isinstance(one, dict) and set(one) == {"value", "low", "high"}]
    return own + [found for one in told.values() for found in intervals(one)]


def test_no_interval_of_an_answer_leaves_what_is_possible() -> None:
    spiky = SMALL.replace(
        "rate: 1 per minute", "rate: 1 per minute, spikes: [{at: day 2 10:00, height: 9x, lasts: 1 h}]"
    )
    outcome = ad.simulate(ad.reads(spiky), Serverless(memory_mib=2048, max_concurrency=50), seed=1, replications=3)
    found = intervals(json.loads(json.dumps(outcome.to_json(), default=float)))
    assert {"error_share", "usd_per_month", "requests", "p99", "mean", "cold_start_share"} <= {
        name for name, _ in found
    }
    for name, one in found:
        if name != "usd":  # what spikes add: they can save
            assert 0 <= one["low"] <= one["value"] <= one["high"], name
        if name.endswith("_share"):
            assert one["high"] <= 1, name
    assert outcome.error_share.value == 0
    assert outcome.error_share.high == 3 / outcome.requests
