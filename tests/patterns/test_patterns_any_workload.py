"""Whatever a profile says within reason and beyond it: each pattern starts, and no rule fails."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.errors import ProfileError
from advisor.patterns import PATTERNS, Pattern
from advisor.rules import overlay
from advisor.workload.demand import NEEDS

INSTANCES = [
    "ml.m5.large",
    "ml.c5.4xlarge",
    "ml.g5.xlarge",
    "ml.g5.12xlarge",
    "ml.inf2.xlarge",
    "ml.c7g.xlarge",
    "ml.p4d.24xlarge",
]
OBJECTIVES: list[dict[str, str]] = [{}, {"p99": "1 ms"}, {"p50": "1 hour"}, {"mean": "1 s"}, {"errors": "0 %"}]


def _size(most: int) -> st.SearchStrategy[str]:
    return st.integers(0, most).map(lambda n: f"{10**n} B")


@st.composite
def profiles(draw: st.DrawFn) -> str:
    """A piece of profile, of any magnitude."""
    largest = draw(_size(15))
    rate = draw(st.integers(-6, 6))
    traffic: dict[str, object] | None = {"rate": f"{10.0**rate:.6f} per second"}
    if draw(st.booleans()):
        traffic = {
            **(traffic or {}),
            "bursts": None,
            "shape": "steady",
            "spikes": [{"at": "day 2", "height": "50x", "lasts": "10 min"}],
        }
    batch = None
    if draw(st.booleans()):
        batch = {
            "records": 10 ** draw(st.integers(0, 12)),
            "record_size": draw(_size(10)),
            "files": 1,
            "every": "1 day",
        }
        traffic = traffic if draw(st.booleans()) else None
    on = draw(st.sampled_from([*INSTANCES, "serverless 2 GB"]))
    mean = draw(st.integers(-6, 6))
    needs = draw(
        st.lists(
            st.sampled_from([need for need in NEEDS if need not in ("gpu", "no-cold-start")]), unique=True, max_size=3
        )
    )
    return json.dumps(
        {
            "model": {
                "size": draw(_size(15)),
                "memory": f"{draw(st.integers(1, 10**9))} MB",
                "image": draw(_size(13)),
                "count": draw(st.sampled_from([1, 1, 2, 50, 10_000])),
                "accelerator": draw(st.sampled_from(["none", "optional", "required"])),
            },
            "work": [{"on": on, "mean": f"{10.0**mean:.6f} s", "cv": draw(st.sampled_from([0.0, 0.5, 3.0]))}],
            "traffic": traffic,
            "batch": batch,
            "payload": {"request": "1 B", "response": "1 B", "request_max": largest, "response_max": largest},
            "objective": draw(st.sampled_from(OBJECTIVES)),
            "region": draw(st.sampled_from(["us-east-1", "cn-north-1", "mx-central-1", "eu-west-9"])),
            "needs": needs,
        }
    )  # fmt: skip


@pytest.mark.parametrize("pattern", [pytest.param(pattern, id=pattern.name) for pattern in PATTERNS])
@settings(max_examples=60)
@given(profile=profiles())
def test_every_workload_gets_a_deployment_and_no_rule_fails_on_it(pattern: type[Pattern], profile: str) -> None:
    try:
        w = overlay(profile)
    except ProfileError:
        assume(False)
    d = pattern.start(w)
    assert eval(repr(d), {pattern.__name__: pattern}) == d
    for found in d.check(w):
        assert found.says
        assert found.mend
