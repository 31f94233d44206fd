"""Datapoints taken by the kernel alone: the same run as where the control plane looks at each of them itself.

The comparisons with the oracles are of an hour or so; here fleets go through days that rise and fall, so that alarms
stay on for hours while nothing comes of them.
"""

from __future__ import annotations

from collections import deque

import pytest

from advisor.patterns import PATTERNS
from advisor.sim.ahead import Ahead
from advisor.sim.horizon import Horizon
from advisor.sim.run_record import Run
from advisor.sim.timeline import Datapoint
from advisor.sim.watch import Watch
from advisor.workload import Workload, reads
from tests.sim.agreement import without_datapoints

DAY = """
name: a rising and falling day
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.m5.large, mean: 400 ms, cv: 0.6, workers: 2}, {on: serverless 2 GB, mean: 500 ms}]
traffic:
  rate: 3 per second
  day: [1, 1, 1, 1, 1, 1, 2, 5, 9, 14, 16, 16, 15, 16, 16, 15, 14, 12, 8, 5, 3, 2, 1, 1]
"""
FLEETS: dict[str, tuple[str, dict[str, object]]] = {
    "real-time, by invocations": (
        "real-time", {"min_instances": 1, "max_instances": 9, "scaling": "invocations", "target": 60},
    ),
    "real-time, by requests in flight": (
        "real-time", {"min_instances": 1, "max_instances": 9, "scaling": "concurrency", "target": 1.5},
    ),
    "real-time, to the least busy": (
        "real-time",
        {"min_instances": 1, "max_instances": 9, "scaling": "concurrency", "target": 1.5,
         "routing": "LEAST_OUTSTANDING_REQUESTS"},
    ),
    "asynchronous": ("asynchronous", {"min_instances": 1, "max_instances": 6, "target_backlog": 4}),
    "asynchronous, from zero": ("asynchronous", {"min_instances": 0, "max_instances": 6, "target_backlog": 4}),
    # Scheduled actions come at instants at which datapoints are measured and others are seen.
    "real-time, more by day": (
        "real-time",
        {"min_instances": 1, "max_instances": 9, "scaling": "invocations", "target": 60,
         "schedule": "06:00-20:00=3"},
    ),
    "asynchronous, awake by day": (
        "asynchronous",
        {"min_instances": 0, "max_instances": 6, "target_backlog": 4, "schedule": "06:00-20:00=1"},
    ),
    "multi-model": (
        "multi-model", {"min_instances": 1, "max_instances": 9, "scaling": "invocations", "target": 60},
    ),
    "serverless, provisioned": (
        "serverless",
        {"provisioned_concurrency": 1, "max_provisioned_concurrency": 6, "max_concurrency": 20,
         "target_utilisation": 0.7},
    ),
}  # fmt: skip


def played(name: str, w: Workload, *, columns: bool = True) -> Run:
    pattern, settings = FLEETS[name]
    kind = next(one for one in PATTERNS if one.name == pattern)
    deployment = kind.start(w).with_(settings)
    horizon = Horizon(period_s=86_400.0, warmup_s=86_400.0, window_s=2 * 86_400.0)
    return deployment.simulate(w, deployment.trace(w, seed=5, horizon=horizon), columns=columns)


@pytest.mark.parametrize("name", FLEETS)
def test_a_run_is_the_same_where_every_datapoint_is_looked_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    w = reads(DAY)
    taken: list[int] = []
    plain = Ahead.taken

    def counted(self: Ahead, lagging: deque[list[tuple[float, int]]], record: list[Datapoint] | None) -> int:
        taken.append(plain(self, lagging, record))
        return taken[-1]

    monkeypatch.setattr(Ahead, "taken", counted)
    fast = played(name, w)
    monkeypatch.setattr(Watch, "_look_ahead", lambda _: None)
    slow = played(name, w)
    bare = played(name, w, columns=False)
    monkeypatch.undo()
    assert fast.timeline == slow.timeline
    # Without columns datapoints are counted and not kept, whoever looks at them.
    assert (fast.timeline.left_out, bare.timeline.datapoints) == (0, [])
    assert bare.timeline == played(name, w, columns=False).timeline == without_datapoints(slow)
    assert fast.ledger.counts.tobytes() == slow.ledger.counts.tobytes()
    assert fast.ledger.sums.tobytes() == slow.ledger.sums.tobytes()
    assert fast.ledger.bins.tobytes() == slow.ledger.bins.tobytes()
    assert fast.granules == slow.granules
    # Both fleets moved, and most of the datapoints came to nothing.
    assert {change.what for change in fast.timeline.changes} >= {"out", "in"}
    assert sum(taken) > len(fast.timeline.datapoints) / len({one.metric for one in fast.timeline.datapoints}) / 2
