"""Every stated break-even point is applied: there another pattern is best, and ten percent short of it is not."""

from __future__ import annotations

from functools import lru_cache

import pytest

from advisor.advice.breaking_even import point_on
from advisor.advice.levers import axes_of
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import BreakEven, Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.trial import Ran
from advisor.workload import reads

# Those which are simulated without alarms, so that each answer takes about a second.
PATTERNS = ("real-time", "serverless")
HEAD = """
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
"""
SLOW = """
work: [{on: serverless 2 GB, mean: 3 s, cv: 0.2}, {on: ml.m5.large, mean: 2 s, cv: 0.2, workers: 2}]
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
objective: {p95: 8 s, errors: 1 %, cold_starts: allow, prefer: cost}
"""
# Instances for the steady part, serverless for bursts that are too tall and too short for instances.
BURSTS = """
name: bursts
work: [{on: ml.c5.large, mean: 400 ms, cv: 0.3, workers: 2}, {on: serverless 2 GB, mean: 400 ms, cv: 0.3}]
traffic: {rate: 8 per second, bursts: {peak: 6x, cv: 1, length: 4 min}}
payload: {request: 4 KB, response: 1 KB}
objective: {p90: 2 s, errors: 1 %, cold_starts: allow, prefer: cost}
"""
PROFILES = {
    "bursts": f"{HEAD}{BURSTS}",
    "rising": f"{HEAD}{SLOW}name: rising\ntraffic: {{rate: 3 per minute, shape: steady}}\n",
    "falling": f"{HEAD}{SLOW}name: falling\ntraffic: {{rate: 24 per minute, shape: steady}}\n",
    "uploads": f"""{HEAD}
name: uploads
work: [{{on: serverless 2 GB, mean: 2 s, cv: 0.2}}, {{on: ml.m5.large, mean: 1600 ms, cv: 0.2, workers: 2}}]
payload: {{request: 1 MB, request_max: 1500 KB, response: 1 KB}}
traffic: {{rate: 2 per minute, shape: steady}}
objective: {{p50: 3 s, errors: 1 %, cold_starts: allow, prefer: cost}}
""",
}


@lru_cache(maxsize=len(PROFILES))
def _points(name: str) -> tuple[Recommendation, tuple[BreakEven, ...]]:
    answer = recommend(reads(PROFILES[name]), seed=3, patterns=PATTERNS, explain=False)
    found = (point_on(axis, answer, Outlook(answer), asked=PATTERNS, threads=2, ran=Ran()) for axis in axes_of(answer))
    return answer, tuple(one for one in found if one is not None)


def _best(answer: Recommendation, sets: dict[str, str]) -> str:
    moved = answer.workload.with_(sets)
    best = recommend(moved, seed=answer.seed, patterns=PATTERNS, explain=False).best
    return best.pattern if best else ""


@pytest.mark.parametrize("name", PROFILES)
def test_the_answer_flips_at_each_stated_point_and_not_ten_percent_short_of_it(name: str) -> None:
    answer, points = _points(name)
    assert points
    for one in points:
        assert answer.best is not None
        assert answer.best.pattern == one.best != one.becomes
        assert _best(answer, dict(one.sets)) == one.becomes, one.says
        assert _best(answer, dict(one.short)) == one.best, f"short of: {one.says}"


def test_where_a_combination_comes_first_it_is_the_best_by_arithmetic_too_and_what_ends_it_is_told() -> None:
    answer, points = _points("bursts")
    assert answer.best is not None
    assert answer.best.pattern == "combination"
    assert Outlook(answer).here() == ("combination", float(answer.best.usd_per_month))
    assert {one.becomes for one in points} & {"real-time", "serverless"}
    # With less to do an instance stands idle; its price is what serverless alone would then have to cost.
    [rate] = [one for one in points if one.field == "traffic.rate" and one.at < answer.workload.rate_per_s]
    assert rate.becomes == "serverless"
    moved = recommend(answer.workload.with_(rate.sets), seed=3, patterns=("serverless",), explain=False).best
    assert moved is not None
    assert float(moved.usd_per_month) < 1.2 * (730 * 0.102 + 30 * 0.14)


def test_the_rate_at_which_an_instance_pays_lies_where_both_bills_are_the_same() -> None:
    # An instance of 0.115 USD an hour with 30 GB at 0.14 USD a month, beside 3 s of 2 GB, or the same work on 1 GB.
    month_s = 730 * 3600
    instance_usd = 730 * 0.115 + 30 * 0.14
    for name in ("rising", "falling"):
        answer, points = _points(name)
        [point] = [one for one in points if one.field == "traffic.rate"]
        serverless = next(one for one in answer.options if one.pattern == "serverless")
        each_usd = float(serverless.usd_per_month) / (answer.workload.rate_per_s * month_s)
        assert point.at == pytest.approx(instance_usd / month_s / each_usd, rel=0.15)


def test_a_payload_above_the_limit_of_serverless_is_where_it_ends() -> None:
    _, points = _points("uploads")
    [point] = [one for one in points if one.field == "payload.request"]
    # The largest request is half as large again as the usual one, and four megabytes or mebibytes are the most.
    assert 4.0e6 / 1.5 <= point.at <= 1.1 * 4 * 2**20 / 1.5
    assert point.becomes == "real-time"
