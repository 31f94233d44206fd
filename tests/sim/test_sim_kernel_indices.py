"""No kernel counts an index from the end of an array: compiled ones do not look for its sign."""

from __future__ import annotations

import json

from tests.sim.in_plain_python import told_by


def test_every_index_of_a_kernel_counts_from_the_beginning_and_lies_within_its_array() -> None:
    told = json.loads(told_by("tests.sim.kernel_indices"))
    assert told["looked_at"] > 1_000_000
    assert told["not_run"] == []
