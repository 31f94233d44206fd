"""A real-time endpoint, simulated: a fleet of instances, each with a queue of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.errors import InputError
from advisor.patterns.fleet import batching_of, client_of, curve_of, scaling_of, tracking
from advisor.rules.estimates import erlang_b
from advisor.sim.deployments import Client, FleetSpec, LoadCurve, Workers
from advisor.sim.fleets import simulate_fleet
from advisor.sim.run_record import Run
from advisor.sim.scaling import CONCURRENCY, INVOCATIONS, Scaling, TargetTracking
from advisor.sim.trace import Trace
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime

__all__ = ["caller_of", "estimate", "fleet_of", "simulate", "spec_of"]


def simulate(w: Workload, d: RealTime, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
    """One replication."""
    return simulate_fleet(
        trace, spec_of(w, d), fleet_of(w, d, trace), client=caller_of(w), columns=columns, sample_s=sample_s
    )


def caller_of(w: Workload) -> Client:
    """Who calls it; a streamed answer may take longer than another."""
    china = w.region.startswith("cn-")
    payload = limit("realtime.payload_max_china") if china else limit("realtime.payload_max")
    client = client_of(w, payload_max=payload.high_bytes, overhead_s=float(w.assume("endpoint_overhead")))
    if "streaming" in w.needs:
        client = replace(client, limit_s=limit("realtime.stream_timeout").base)
    return client


def fleet_of(w: Workload, d: RealTime, trace: Trace) -> Scaling:
    """How many instances there are, and what decides it."""
    return scaling_of(
        w,
        d.instance_type,
        (d.min_instances, None if d.target is None else d.max_instances),
        _policies(w, d),
        trace=trace,
        schedule=d.schedule,
    )


def spec_of(w: Workload, d: RealTime) -> FleetSpec:
    """The endpoint in plain numbers: a load curve where one was measured, else workers, in batches where given."""
    on = d.work_on(w)
    server: Workers | LoadCurve
    if on.at is not None:
        server = LoadCurve(latency_s=curve_of(on))
    else:
        server = Workers(workers=d.workers or on.workers, mean_s=on.mean_s, batching=batching_of(on))
    return FleetSpec(
        server=server,
        routing=d.routing,
        container_queue=int(w.assume("container_queue")),
        timed_out_runs_on=bool(w.assume("timed_out_still_runs")),
    )


def _policies(w: Workload, d: RealTime) -> tuple[TargetTracking, ...]:
    if d.target is None:
        return ()
    if d.scaling == "invocations":
        return (tracking(w, INVOCATIONS, d.target),)
    if w.assume("scaling_concurrency_metric") != "maximum":
        raise InputError(
            "an instance's average concurrency is not simulated",
            w.where("platform.scaling_concurrency_metric"),
            "write scaling_concurrency_metric: maximum, or scale by invocations",
        )
    return (tracking(w, CONCURRENCY, d.target, high_resolution=True),)


def estimate(w: Workload, d: RealTime) -> Mapping[str, float]:
    """A fixed fleet under random routing: each instance an M/G/c queue at its share of the mean rate.

    Its wait is that of M/M/c (Erlang C) times (1 + cv squared) / 2 (Allen and Cunneen); bursts are not in it.
    """
    on = d.work_on(w)
    if (
        d.target is not None
        or d.schedule is not None
        or d.routing != "RANDOM"
        or on.at is not None
        or on.entry.batching is not None
    ):
        return {}
    workers = d.workers or on.workers
    load = w.rate_per_s / d.min_instances * on.mean_s
    use = load / workers
    if use >= 1:
        return {"utilisation": 1.0}
    lost = erlang_b(workers, load)
    waiting = lost / (1 - use * (1 - lost))
    wait = waiting * on.mean_s / (workers * (1 - use)) * (1 + on.cv**2) / 2
    latency = wait + on.mean_s + float(w.assume("endpoint_overhead"))
    return {"utilisation": use, "mean_wait_s": wait, "mean_latency_s": latency}
