"""What is relaxed is a profile again, and said in words: no percentile is asked for below another."""

from __future__ import annotations

import math

import pytest

from advisor.advice.relaxing import loosened, said
from advisor.workload import Workload, reads


def _asked(objective: str) -> Workload:
    return reads(f"{{name: asked, traffic: {{rate: 1 per second}}, objective: {{{objective}}}}}")


@pytest.mark.parametrize(("objective", "late", "wanted"), [
    ("p50: 10 s, p95: 30 s", {"p50": 20}, {"objective.p50": "20 s"}),
    # What half of all requests may take the slowest of twenty may take, too.
    ("p50: 10 s, p95: 30 s", {"p50": 32}, {"objective.p50": "32 s", "objective.p95": "32 s"}),
    ("p50: 10 s, p90: 31 s, p99: 40 s", {"p50": 36}, {"objective.p50": "36 s", "objective.p90": "36 s"}),
    ("p50: 10 s, p95: 30 s", {"p95": 50, "p50": 32}, {"objective.p50": "32 s", "objective.p95": "50 s"}),
    ("p50: 10 s, p95: 30 s", {"p95": math.inf, "p50": 32}, {"objective.p50": "32 s", "objective.p95": None}),
    # A mean may lie above any percentile but the highest.
    ("mean: 10 s, p95: 30 s", {"mean": 40}, {"objective.mean": "40 s"}),
])  # fmt: skip
def test_latencies_that_are_relaxed_stay_in_order(
    objective: str, late: dict[str, float], wanted: dict[str, str | None]
) -> None:
    w = _asked(objective)
    sets = loosened(w, late)
    assert sets == wanted
    changed = w.with_(sets)
    for name, seconds in late.items():
        held = dict(changed.objective.latencies)
        assert held.get(name, math.inf) == seconds


def test_what_to_change_is_said_in_words_of_its_own_kind() -> None:
    w = reads("{name: kinds, traffic: {rate: 1 per second}, objective: {p95: 1 s}, needs: [vpc, queueing]}")
    sets = {"objective.p95": "2 s", "region": "us-east-1", "objective.p99": None, "needs": ["vpc"]}
    assert said(w, sets) == (
        "relax objective.p95 to 2 s and move to us-east-1 and leave out objective.p99 and drop the need queueing"
    )
