"""What would change an answer is applied as a user would, by a whole recommendation: it holds."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import pytest

from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.workload import Workload, read, reads
from tests.small import RARE

WORKLOADS = Path(__file__).parents[2] / "workloads"
SHIPPED = ("internal-tool", "delivery-estimates", "sensor-anomalies")
FACTS = """
name: facts
traffic: {rate: 1 per second}
objective: {p99: 500 ms}
model: {framework: xgboost}
"""
BOTH = """
name: both
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work: [{on: serverless 2 GB, mean: 3 s, cv: 0.2}, {on: ml.m5.large, mean: 2 s, cv: 0.2, workers: 2}]
traffic: {rate: 3 per minute, shape: steady}
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
batch: {records: 2000, record_size: 4 KB, files: 4, every: 1 day, deadline: 12 hours}
objective: {p95: 8 s, errors: 1 %, cold_starts: allow, prefer: cost}
"""


@lru_cache(maxsize=8)
def _answer(profile: str) -> Recommendation:
    return recommend(reads(profile), seed=7)


def _first(w: Workload) -> tuple[str, float]:
    best = recommend(w, seed=7, explain=False).best
    return (best.pattern, float(best.usd_per_month)) if best else ("", math.nan)


@pytest.mark.parametrize("name", SHIPPED)
def test_points_of_light_profiles_hold_when_they_are_applied(name: str) -> None:
    answer = recommend(read(WORKLOADS / f"{name}.yaml"), seed=7)
    assert answer.break_even
    for one in answer.break_even:
        assert one.how == "simulated"
        # Who reads the sentence learns of every field that is to be set.
        assert all(value in one.says for value in one.sets.values())
        assert _first(answer.workload.with_(one.sets))[0] == one.becomes, one.says
        assert _first(answer.workload.with_(one.short))[0] == one.best, f"short of: {one.says}"


@pytest.mark.parametrize("profile", [RARE, FACTS], ids=["rare", "facts"])
def test_assumptions_that_were_simulated_do_what_is_said_of_them(profile: str) -> None:
    answer = _answer(profile)
    assert answer.best is not None
    now = float(answer.best.usd_per_month)
    lines = [line for line in answer.sensitivity if line.how == "simulated"]
    assert lines
    for line in lines:
        ends = ((line.low, line.best_low, line.usd_low), (line.high, line.best_high, line.usd_high))
        # Something moves, or it would not be listed: another pattern is best, or the cost is another by 5 % or more.
        assert any(best != line.best or abs(usd - now) >= 0.05 * now for _, best, usd in ends)
        for value, best, usd in ends:
            found, cost = _first(answer.workload.with_({f"platform.{line.key}": value}))
            assert found == best, f"{line.key} {value}"
            assert cost == pytest.approx(usd, rel=0.1, nan_ok=True), f"{line.key} {value}"


def test_no_assumption_is_listed_under_which_arithmetic_does_not_move() -> None:
    # What only a serverless endpoint asks for moves nothing where an endpoint of instances is best and stays it.
    w = reads(RARE).with_({"objective.p90": "190 ms", "objective.cold_starts": "avoid"})
    answer = recommend(w, seed=7, patterns=("real-time", "serverless"))
    assert answer.best is not None
    assert answer.best.pattern == "real-time"
    now = float(answer.best.usd_per_month)
    for line in answer.sensitivity:
        assert line.flips or max(abs(usd - now) for usd in (line.usd_low, line.usd_high)) >= 0.05 * now


def test_of_a_stream_and_a_lot_points_name_both_parts_or_nothing() -> None:
    answer = _answer(BOTH)
    assert answer.best is not None
    assert answer.best.pattern == "combination"
    stream, lot = answer.best.parts
    assert answer.break_even
    for one in answer.break_even:
        assert one.best == f"{stream.pattern} + {lot.pattern}"
        assert one.becomes == "" or one.becomes.endswith(" + batch-transform")
        assert ("nothing meets" in one.says) == (one.becomes == "")
        assert one.best in one.says
        # It is told of pairs: one endpoint for both may cost less there, and is an option of its own.
        assert ("is the best pair" in one.says) == (one.becomes != "")
        options = recommend(answer.workload.with_(one.sets), seed=7, explain=False).options
        pair = next((option for option in options if option.parts and option.meets_objective), None)
        assert (" + ".join(part.pattern for part in pair.parts) if pair else "") == one.becomes
    for line in answer.sensitivity:
        assert line.best == f"{stream.pattern} + {lot.pattern}"
        assert all(math.isnan(usd) or usd > float(lot.usd_per_month.value) for usd in (line.usd_low, line.usd_high))
