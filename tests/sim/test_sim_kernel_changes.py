"""A change of what the simulator means is noticed: each of a table of them, by the comparison with the oracles."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.sim.in_plain_python import told_by
from tests.sim.kernel_changes import Changed, source, table

CHANGES = table()


def test_there_are_changes_for_every_pattern_and_both_planes() -> None:
    assert len(CHANGES) >= 20
    patterns = Counter(change.pattern.split(",")[0] for change in CHANGES)
    assert set(patterns) == {"real-time", "serverless", "asynchronous", "batch-transform", "multi-model"}
    assert {"control.py", "alarms.py", "agenda.py"} < {change.file for change in CHANGES}


@pytest.mark.parametrize("change", CHANGES, ids=[f"{change.pattern}: {change.words}" for change in CHANGES])
def test_what_is_to_be_changed_stands_there_once(change: Changed) -> None:
    count = source(change.file).read_text().count(change.text)
    assert count == 1, f"the change is stale: its text stands {count} times in {change.file}; write the table anew"
    assert change.text != change.instead


def test_every_change_is_noticed_and_without_one_all_agree() -> None:
    told = [json.loads(line) for line in told_by("tests.sim.kernel_changes").splitlines()]
    assert [one["change"] for one in told] == [change.words for change in CHANGES]
    assert [one["change"] for one in told if one["seen"] is None] == []
