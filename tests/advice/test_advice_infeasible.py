"""Profiles that nothing can serve as they stand: what is nearest, and that relaxing just what is said is enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.advice.outcome import Outcome
from advisor.advice.ranking import ALIKE
from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.simulating import simulate
from advisor.patterns.realtime import RealTime
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
# Both percentiles are below what the work alone takes, and errors have no part in it.
TWICE = f"""{HEAD}
name: twice
traffic: {{rate: 12 per minute, shape: steady}}
objective: {{p50: 20 ms, p99: 60 ms, errors: 1 %, cold_starts: allow}}
"""
# Thirty requests a second of 40 ms keep 1.2 busy, and an instance has two workers.
MANY = f"""{HEAD}
name: many
traffic: {{rate: 30 per second, shape: steady}}
objective: {{p99: 60 ms, errors: 1 %, cold_starts: allow}}
"""
# Two objects hold ten minutes of work each, five on two workers, and no larger type has more; a job takes nearly five
# more to start and to end, though some have taken four.
LATE = """
name: late
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work: [{on: ml.m5.24xlarge, mean: 100 ms, cv: 0.3, workers: 2}]
batch: {records: 12000, record_size: 1 KB, files: 2, every: 1 day, deadline: 560 s}
"""


def _answer(w: Workload, *patterns: str) -> Recommendation:
    return recommend(w, seed=5, patterns=patterns or PATTERNS, explain=False)


def _to_relax(answer: Recommendation) -> dict[str, Any]:
    """What the answer says to relax for the nearest, as fields of the profile."""
    says = next(one for one in answer.why if one.startswith("Relax "))
    return dict(re.findall(r"(objective\.\w+) to (.+?)(?=,| and )", says))


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


@pytest.mark.parametrize(
    ("profile", "patterns"),
    [(LONG, PATTERNS), (HURRIED, PATTERNS), (TWICE, PATTERNS), (MANY, PATTERNS[:1]), (LATE, ("batch-transform",))],
)
def test_each_relaxation_is_enough_for_its_pattern_in_a_whole_answer(profile: str, patterns: tuple[str, ...]) -> None:
    w = reads(profile)
    answer = _answer(w, *patterns)
    assert answer.best is None
    assert answer.relaxations
    assert answer.relaxations[0].id == answer.options[0].id
    for one in answer.relaxations:
        best = _answer(w.with_(one.sets), one.pattern).best
        assert best is not None, one
        assert best.pattern == one.pattern
        # It is the deployment that was named, or a cheaper one.
        assert float(best.usd_per_month) <= one.usd * 1.01


def test_each_percentile_that_is_missed_is_to_be_relaxed() -> None:
    assert set(_answer(reads(TWICE)).relaxations[0].sets) == {"objective.p50", "objective.p99"}


def test_the_nearest_is_the_cheapest_of_what_comes_as_near() -> None:
    w = reads(MANY)
    nearest = _answer(w, "real-time").options[0]

    def simulated(count: int) -> Outcome:
        sets = {"instance_type": "ml.m5.large", "min_instances": count, "max_instances": count, "scaling": "none"}
        fleet = RealTime.start(w).with_({**sets, "routing": "LEAST_OUTSTANDING_REQUESTS"})
        return simulate(w, fleet, seed=9, replications=2, budget=200_000)

    fleets = [simulated(count) for count in range(1, 8)]
    least = min(one.latency_s["p99"].value for one in fleets)
    cheapest = min(one.usd_per_month.value for one in fleets if one.latency_s["p99"].value <= ALIKE * least)
    # A step of the fleet beside it is as near, as far as runs tell.
    assert float(nearest.usd_per_month) <= float(cheapest) * 1.2
    assert nearest.latency_s("p99") <= ALIKE**2 * least


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
