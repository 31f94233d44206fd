"""Fleets as large as the tail of the work asks for: an objective just above it leaves hardly anything to wait."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

import advisor as ad
from advisor.patterns.foresight_space import beyond, counts
from advisor.patterns.realtime import RealTime
from advisor.workload import Workload, reads


def at_its_tail(p99: str) -> Workload:
    """One request in service on average. By the log-normal law its p99 is 1.9 s, and 1.91 s with the overhead."""
    return reads(
        f"""
name: tail
region: us-east-1
model: {{size: 2 GB, memory: 4 GB, image: 4 GB, accelerator: required}}
work: [{{on: ml.g5.xlarge, mean: 1 s, cv: 0.3, workers: 1}}]
traffic: {{rate: 1 per second, shape: steady}}
payload: {{request: 4 KB, request_max: 40 KB, response: 1 KB}}
objective: {{p99: {p99}, errors: 1 %, cold_starts: allow}}
"""
    )


def test_as_many_are_tried_as_leave_nobody_waiting() -> None:
    w = at_its_tail("1.93 s")
    numbers = counts(1, 1.0, 4)
    # One is busy on average, and at any moment one and six times its square root, which is seven, are not.
    assert max(numbers) < 7 == max(beyond(w, w.work_on("ml.g5.xlarge"), numbers))


def test_on_a_load_curve_each_may_be_alone() -> None:
    w = at_its_tail("1.93 s").with_({"work": [{"on": "ml.g5.xlarge", "at": {1: "1 s", 8: "2 s"}}]})
    # Eight at once are served at four a second, so that a quarter of one is needed; alone, it is as above.
    assert max(beyond(w, w.work_on("ml.g5.xlarge"), counts(1, 0.25, 4))) == 7


def test_steps_upward_are_at_most_a_tenth_and_end_where_they_should() -> None:
    w = at_its_tail("1.93 s").scaled(rate=100)
    found = beyond(w, w.work_on("ml.g5.xlarge"), [90, 100])
    # A hundred are busy on average, and six times ten more are never.
    assert found[:2] == [90, 100]
    assert found[-1] == 160
    assert all(one < more <= math.ceil(one * 1.1) for one, more in pairwise(found[1:]))


def test_a_stated_quota_ends_the_fleets_that_are_tried() -> None:
    w = at_its_tail("1.93 s").with_({"platform.quota.instances_per_endpoint": 5})
    assert max(beyond(w, w.work_on("ml.g5.xlarge"), [1, 2, 3])) == 5


@pytest.mark.parametrize("seed", [3, 4])
def test_the_smallest_fleet_that_meets_an_objective_at_the_tail_is_found_whatever_its_size(seed: int) -> None:
    w = at_its_tail("1.93 s")
    start = RealTime.start(w)

    def meets(count: int) -> bool:
        sets = {"instance_type": "ml.g5.xlarge", "min_instances": count, "max_instances": count, "scaling": "none"}
        fleet = start.with_({**sets, "routing": "LEAST_OUTSTANDING_REQUESTS"})
        return ad.simulate(w, fleet, seed=seed, replications=3, budget=200_000).meets_objective

    least = next(count for count in range(1, 20) if meets(count))
    # More than twice the need, which is one.
    assert least > 3
    best = ad.recommend(w, seed=seed, patterns=["real-time"], explain=False).best
    assert best is not None
    assert best.id == f"real-time-g5.xlarge-x{least}-lor"
