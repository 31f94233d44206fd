"""An asynchronous endpoint, simulated: one queue, a fleet that its backlog scales and wakes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.patterns.fleet import batching_of, client_of, curve_of, scaling_of, tracking
from advisor.rules.estimates import erlang_b
from advisor.sim.deployments import QueueSpec
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.scaling import BACKLOG, StepFromZero, TargetTracking
from advisor.sim.trace import Trace
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["estimate", "simulate", "spec_of"]


def simulate(
    w: Workload, d: Asynchronous, trace: Trace, *, columns: bool = False, sample_s: float | None = None
) -> Run:
    """One replication. The caller's way to S3 and back takes the assumed overhead, half before the queue."""
    return simulate_queue(
        trace,
        spec_of(w, d),
        scaling_of(
            w,
            d.instance_type,
            (d.min_instances, d.max_instances if d.scales else None),
            _policies(w, d),
            trace=trace,
            schedule=d.schedule,
            drain_limit_s=float(w.assume("async_drain_limit")),
        ),
        client=client_of(w, payload_max=limit(_largest(d)).high_bytes, overhead_s=0.0),
        columns=columns,
        sample_s=sample_s,
    )


def spec_of(w: Workload, d: Asynchronous) -> QueueSpec:
    """The endpoint in plain numbers."""
    on = w.work_on(d.instance_type)
    on_the_way = float(w.assume("async_overhead")) / 2
    return QueueSpec(
        mean_s=on.mean_s,
        workers=on.workers,
        max_invocations=d.concurrency_per_instance,
        batching=batching_of(on),
        latency_s=curve_of(on),
        pull=str(w.assume("async_pull")),
        ttl_s=d.ttl_s,
        timeout_s=d.timeout_s,
        upload_s=on_the_way,
        download_s=on_the_way,
    )


def _largest(d: Asynchronous) -> str:
    return "async.inline_body_max" if d.inline else "async.payload_max"


def _policies(w: Workload, d: Asynchronous) -> tuple[TargetTracking | StepFromZero, ...]:
    """By backlog an instance, and from zero the step that wakes the first one."""
    policies: tuple[TargetTracking | StepFromZero, ...] = (tracking(w, BACKLOG, d.target_backlog),)
    if not d.sleeps or not d.wake_step:
        return policies
    step = StepFromZero(
        period_s=limit("async.zero.alarm_period").base,
        out_datapoints=math.ceil(limit("async.zero.alarm_datapoints").base),
        lag_s=float(w.assume("metric_lag")),
        out_cooldown_s=limit("async.zero.step_cooldown").base,
    )
    return (*policies, step)


def estimate(w: Workload, d: Asynchronous) -> Mapping[str, float]:
    """A fixed fleet of plain workers: all places of all instances behind one queue, M/G/c at the mean rate.

    Its wait is that of M/M/c (Erlang C) times (1 + cv squared) / 2 (Allen and Cunneen); bursts and expiry are left out.
    """
    if d.scales or d.schedule is not None or not w.streams:
        return {}
    spec = spec_of(w, d)
    if spec.batching or spec.latency_s:
        return {}
    places = min(spec.workers, spec.max_invocations) * d.min_instances
    load = w.rate_per_s * spec.mean_s
    use = load / places
    if use >= 1:
        return {"utilisation": 1.0}
    lost = erlang_b(places, load)
    waiting = lost / (1 - use * (1 - lost))
    wait = waiting * spec.mean_s / (places * (1 - use)) * (1 + d.work_on(w).cv ** 2) / 2
    latency = wait + spec.mean_s + spec.upload_s + spec.download_s
    return {"utilisation": use, "mean_wait_s": wait, "mean_latency_s": latency}
