"""``advisor recommend``: the answer is there before what would change it, on a terminal and in a pipe alike."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.advice import changing
from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.telling import answer_tables
from advisor.workload import read

BOTH = """
name: both
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}, {on: ml.m5.large, mean: 300 ms, workers: 2}]
traffic: {rate: 1 per minute}
batch: {records: 20000, record_size: 4 KB, files: 20, every: 1 day, deadline: 4 h}
"""


@pytest.mark.parametrize("both", [False, True])
def test_the_answer_is_given_before_what_would_change_it(profile: Path, *, both: bool) -> None:
    if both:
        profile.write_text(BOTH)
    early: list[Recommendation] = []
    whole = recommend(read(profile), seed=3, ready=early.append)
    [first] = early
    assert first.break_even == first.sensitivity == ()
    told, in_the_end = (one.to_json() for one in (first, whole))
    for changes in ("break_even", "sensitivity", "contenders"):
        told.pop(changes)
        in_the_end.pop(changes)
    assert told == in_the_end
    early_tables, its_own = ([str(table) for table in answer_tables(one)] for one in (first, whole))
    assert early_tables == its_own
    assert [str(table) for table in whole.tables()][: len(its_own)] == its_own


def test_what_is_known_is_printed_before_the_rest_is_worked_out(advisor, profile, monkeypatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    whole = advisor("recommend", profile)
    monkeypatch.setattr(changing, "with_changes", breaks)
    broken_off = advisor("recommend", profile)
    assert broken_off.code not in (0, 1)
    assert "small, us-east-1: the options" in broken_off.out
    assert "Bill for a month" not in broken_off.out
    assert whole.out.startswith(broken_off.out)


def test_a_terminal_has_the_same_answer_between_its_progress(profile: Path, on_terminal) -> None:
    call = [sys.executable, "-m", "advisor", "recommend", str(profile)]
    piped = subprocess.run(call, capture_output=True, check=True)
    shown, answer = on_terminal(call)
    assert b"deployments simulated" in shown
    assert b"what would change the answer" in shown
    assert answer == piped.stdout


def test_where_nothing_would_change_the_answer_it_is_said_what_was_looked_at(
    advisor, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "with_changes", lambda answer, *_, **__: replace(answer, explained=True))
    text = advisor("recommend", profile).out
    heading = text.index("What would change the answer")
    assert "with traffic.rate or payload.request moved alone, up to 100 times" in " ".join(text[heading:].split())
    # Where it is not to be looked for, nothing is said to have been.
    assert "What would change the answer" not in advisor("recommend", "--quick", profile).out
