"""A queue station has room for all calls that can begin in one instant."""

from __future__ import annotations

import numpy as np

from advisor.patterns import Asynchronous
from advisor.sim.laws import insist
from advisor.workload import reads

PROFILE = """
name: crowd
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.m5.24xlarge, mean: 20 s, cv: 0, workers: 96}]
traffic: {rate: 20 per second}
objective: {p95: 1 hour}
"""


def test_an_instance_that_joins_a_long_queue_starts_more_calls_in_one_instant_than_there_was_room_for_before() -> None:
    w = reads(PROFILE)
    deployment = Asynchronous(
        instance_type="ml.m5.24xlarge", min_instances=0, max_instances=2, concurrency_per_instance=96, target_backlog=5
    )
    from advisor.sim.horizon import Horizon

    short = Horizon(period_s=3600.0, warmup_s=0.0, window_s=3600.0)
    run = insist(deployment.simulate(w, deployment.trace(w, seed=1, horizon=short), columns=True))
    assert run.columns is not None
    starts = run.columns.start[np.isfinite(run.columns.start)]
    _, together = np.unique(starts, return_counts=True)
    assert together.max() > 64
