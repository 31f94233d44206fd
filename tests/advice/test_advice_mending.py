"""Profiles that rules refuse in every pattern: what is said to be changed is enough, and none of it could be left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from advisor.advice.checking import pattern_named
from advisor.advice.foreseeing import Prospect
from advisor.advice.recommendation import Recommendation, Relaxation
from advisor.advice.recommending import recommend
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.workload import Workload, reads

HEAD = """
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
"""
# Five times what asynchronous takes, and a queue is wanted, which only asynchronous has.
LARGE = f"""{HEAD}
name: large
work: [{{on: ml.m5.large, mean: 2 s, cv: 0.3, workers: 1}}]
traffic: {{rate: 1 per minute, shape: steady}}
payload: {{request: 100 MB, request_max: 5 GB, response: 1 KB}}
objective: {{p95: 10 min, errors: 1 %, cold_starts: allow}}
needs: [queueing]
"""
# Longer than a stream may be: real-time says to use asynchronous, and that to use real-time, which streams.
ROUND = f"""{HEAD}
name: round
work: [{{on: ml.m5.large, mean: 10 min, cv: 0.2, workers: 1}}]
traffic: {{rate: 2 per hour, shape: steady}}
payload: {{request: 1 MB, request_max: 3 MB, response: 1 KB}}
objective: {{p95: 40 min, errors: 1 %, cold_starts: allow}}
needs: [streaming]
"""
# Nothing that scales to zero in a VPC answers at once.
AT_ONCE = f"""{HEAD}
name: at-once
work: [{{on: ml.m5.large, mean: 90 ms, cv: 0.3, workers: 1}}]
traffic: {{rate: 1 per minute, shape: steady}}
payload: {{request: 100 KB, request_max: 1 MB, response: 1 KB}}
objective: {{p99: 400 ms, errors: 1 %, cold_starts: allow}}
needs: [scale-to-zero, vpc]
"""
# A synchronous call has a minute, and data is captured nowhere else in three.
SLOW = f"""{HEAD}
name: slow
work: [{{on: ml.m5.large, mean: 90 s, cv: 0.1, workers: 1}}]
traffic: {{rate: 1 per hour, shape: steady}}
payload: {{request: 100 KB, request_max: 1 MB, response: 1 KB}}
objective: {{p95: 3 min, errors: 1 %, cold_starts: allow}}
needs: [data-capture]
"""
# The same of half of the requests, too, whose time is not to pass that of the others when it is relaxed.
HALF_AT_ONCE = AT_ONCE.replace("{p99: 400 ms", "{p50: 150 ms, p99: 400 ms")
PROFILES = [LARGE, ROUND, AT_ONCE, SLOW, HALF_AT_ONCE]
REFUSED = [LARGE, AT_ONCE]


def _answer(w: Workload, *patterns: str) -> Recommendation:
    return recommend(w, seed=5, patterns=patterns or None, explain=False)


def _named(answer: Recommendation, pattern: str) -> Relaxation:
    return next(one for one in answer.relaxations if one.pattern == pattern)


def _possible(w: Workload, sets: Mapping[str, Any], pattern: str) -> bool:
    try:
        one = Prospect(w.with_(sets), pattern_named(pattern), price_book())
    except InputError:
        return False  # no profile says so
    return one.possible and one.met is not None


@pytest.mark.parametrize("profile", PROFILES)
def test_with_what_is_said_the_pattern_is_possible_and_with_anything_less_it_is_not(profile: str) -> None:
    w = reads(profile)
    answer = _answer(w)
    assert answer.best is None
    assert answer.relaxations
    for one in answer.relaxations:
        assert _possible(w, one.sets, one.pattern), one
        work = [path for path in one.sets if path.startswith("work")]
        for path in one.sets:
            # Times of one request go together, as does the mean of a body with its largest.
            if path not in work and path != "payload.request":
                fewer = {other: value for other, value in one.sets.items() if other != path}
                less = {key: value for key, value in fewer.items() if not key.startswith("payload.request")}
                assert not _possible(w, less if path.startswith("payload") else fewer, one.pattern), (one, path)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_whole_answer_to_the_nearest_as_it_is_said_has_a_best_one(profile: str) -> None:
    w = reads(profile)
    nearest = _answer(w).relaxations[0]
    best = _answer(w.with_(nearest.sets)).best
    assert best is not None
    its_own = _answer(w.with_(nearest.sets), nearest.pattern).best
    assert its_own is not None
    assert its_own.pattern == nearest.pattern


@pytest.mark.parametrize("profile", REFUSED)
def test_where_all_is_refused_nothing_is_simulated(profile: str) -> None:
    answer = _answer(reads(profile))
    assert not answer.options
    assert answer.why[0].startswith("Nothing can serve ")


def test_values_are_the_limits_that_rules_have() -> None:
    answer = _answer(reads(LARGE))
    # Asynchronous takes 1 GB, real-time 25 MB, serverless 4 MB; the mean is no larger than the largest.
    assert dict(_named(answer, "asynchronous").sets) == {"payload.request_max": "1 GB"}
    small = {"payload.request": "25 MB", "payload.request_max": "25 MB", "needs": []}
    assert dict(_named(answer, "real-time").sets) == small
    assert _named(answer, "serverless").sets["payload.request_max"] == "4 MB"


def test_the_nearest_takes_the_fewest_changes_and_is_said_so() -> None:
    answer = _answer(reads(LARGE))
    assert answer.relaxations[0].pattern == "asynchronous"
    assert answer.why[1].startswith(
        "Nearest is asynchronous: relax payload.request_max to 1 GB, and no rule refuses it"
    )


def test_work_that_outlasts_a_call_is_to_end_within_it() -> None:
    sets = _named(_answer(reads(SLOW)), "real-time").sets
    # 60 s is what a call has, and one in a hundred may be longer: by the log-normal law with a spread of a tenth, whose
    # 99th percentile is exp(2.326 x 0.09975 - 0.004975) = 1.255 times its mean, 47.8 s, and with room for chance
    # a tenth faster than that.
    assert list(sets) == ["work.0.mean"]
    assert reads(SLOW).with_(sets).work[0].mean == pytest.approx(60 / 1.255 / 1.1, rel=5e-3)


def test_mends_that_send_each_to_the_other_come_to_an_end() -> None:
    answer = _answer(reads(ROUND))
    mends = {finding.rule: finding.mend for one in answer.refused for finding in one.findings}
    assert "asynchronous" in mends["MM-78"]
    assert "real-time" in mends["AS-02"]
    assert dict(_named(answer, "asynchronous").sets) == {"needs": []}
    assert any(one.startswith("Drop the need streaming, and by arithmetic asynchronous-") for one in answer.why)
    assert list(_named(answer, "real-time").sets) == ["work.0.mean"]


@pytest.mark.parametrize("task", ["training", "processing"])
def test_what_is_no_inference_is_told_so_and_nothing_is_to_be_relaxed(task: str) -> None:
    answer = _answer(reads(LARGE).with_({"task": task}))
    assert not answer.relaxations
    assert (
        answer.why[0]
        == f"Nothing serves large: its task is {task}, and every pattern of hosting serves inference only."
    )
    assert f"use a SageMaker {task} job" in answer.why[1]


def test_the_command_line_says_the_nearest_and_exits_with_one(advisor: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(LARGE)
    ran = advisor("recommend", path)
    assert ran.code == 1
    assert "relax payload.request_max to 1 GB" in " ".join(ran.out.split())


def test_a_field_that_is_nothing_is_not_made_less() -> None:
    # No instance holds 900 GB of model on its disks; the smaller fields are tried, and answers have no bytes.
    w = reads(
        f"""{HEAD}
name: empty
work: [{{on: ml.c5.xlarge, mean: 30 ms}}]
traffic: {{rate: 2 per second}}
payload: {{request: 1 KB, response: 0 B}}
objective: {{p99: 1 s}}
"""
    ).with_({"model.size": "800 GB", "model.memory": "900 GB"})
    answer = recommend(w, explain=False)
    assert answer.best is None
    assert answer.why[0].startswith("Nothing can serve empty")
