"""Profiles that nothing can serve as they stand: what is nearest, and that relaxing just what is said is enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.workload import Workload, reads

PATTERNS = ("real-time", "serverless")
HEAD = """
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work: [{on: serverless 2 GB, mean: 60 ms, cv: 0.5}, {on: ml.m5.large, mean: 40 ms, cv: 0.5, workers: 2}]
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
"""
# No server waits, so that the work alone decides: a mean of 40 ms with half as much spread.
HURRIED = f"""{HEAD}
name: hurried
traffic: {{rate: 12 per minute, shape: steady}}
objective: {{p99: 60 ms, errors: 1 %, cold_starts: allow}}
"""
# A minute is all that a synchronous call has, and of 40 s with a spread of 12 s one in some twenty takes longer.
LONG = """
name: long
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work: [{on: serverless 2 GB, mean: 40 s, cv: 0.3}, {on: ml.m5.large, mean: 40 s, cv: 0.3, workers: 2}]
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
traffic: {rate: 20 per hour, shape: steady}
objective: {errors: 0.1 %, cold_starts: allow}
"""


def _answer(w: Workload) -> Recommendation:
    return recommend(w, seed=5, patterns=PATTERNS, explain=False)


def _to_relax(answer: Recommendation) -> dict[str, Any]:
    """What the answer says to relax, as fields of the profile."""
    return dict(re.findall(r"(objective\.\w+) to (.+?)(?=,| and )", answer.why[-1]))


def test_nothing_is_best_and_the_nearest_is_named_with_what_it_misses() -> None:
    answer = _answer(reads(LONG))
    assert answer.best is None
    assert answer.why[0] == "Nothing meets the objective of long."
    nearest = answer.options[0]
    assert answer.why[1].startswith(f"Nearest is {nearest.id} ")
    for miss in nearest.outcome.misses:
        assert miss in answer.why[1]


@pytest.mark.parametrize(("profile", "fields"), [(LONG, {"objective.errors"}), (HURRIED, {"objective.p99"})])
def test_relaxing_exactly_what_is_said_makes_it_feasible(profile: str, fields: set[str]) -> None:
    w = reads(profile)
    relaxed = _to_relax(_answer(w))
    assert set(relaxed) == fields
    assert _answer(w.with_(relaxed)).best is not None, relaxed


def test_where_arithmetic_proves_that_nothing_can_meet_the_objective_the_nearest_is_simulated_all_the_same() -> None:
    answer = _answer(reads(HURRIED))
    assert answer.best is None
    assert {one.pattern for one in answer.options} == set(PATTERNS)
    assert answer.why[1].startswith(f"Nearest is {answer.options[0].id} ")


@pytest.mark.parametrize(
    ("profile", "says"), [(LONG, "Relax objective.errors to "), (HURRIED, "Relax objective.p99 to ")]
)
def test_the_command_line_says_so_and_exits_with_one(
    profile: str, says: str, advisor: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "infeasible.yaml"
    path.write_text(profile)
    ran = advisor("recommend", path, "--quick", "--pattern", "real-time", "--pattern", "serverless", "--seed", 5)
    assert ran.code == 1
    assert says in ran.out
    assert "Traceback" not in ran.err
