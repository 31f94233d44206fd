"""From an oracle's case to the simulator's terms, and the comparison of what both say, to the last bit."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import numpy as np

from advisor.sim import deployments, scaling
from advisor.sim.caches import simulate_cache
from advisor.sim.fleets import simulate_fleet
from advisor.sim.pools import simulate_pool
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.station import Window
from advisor.sim.timeline import Timeline
from advisor.sim.trace import Trace
from tests.oracles import case as told
from tests.oracles import case_patterns as told_patterns

_TERMS = {
    told.TargetTracking: scaling.TargetTracking,
    told.StepFromZero: scaling.StepFromZero,
    told.Scheduled: scaling.Scheduled,
    told.Loss: scaling.Loss,
    told.ZoneLoss: scaling.ZoneLoss,
    told.Scaling: scaling.Scaling,
    told.Client: deployments.Client,
    told_patterns.Batching: deployments.Batching,
    told_patterns.Workers: deployments.Workers,
    told_patterns.LoadCurve: deployments.LoadCurve,
    told_patterns.Model: deployments.ModelSize,
}
_KINDS: dict[type, tuple[Any, type]] = {
    told_patterns.RealTimeCase: (simulate_fleet, deployments.FleetSpec),
    told_patterns.ServerlessCase: (simulate_pool, deployments.PoolSpec),
    told_patterns.AsynchronousCase: (simulate_queue, deployments.QueueSpec),
    told_patterns.MultiModelCase: (simulate_cache, deployments.CacheSpec),
}


def in_our_terms(value: Any) -> Any:
    """The same numbers in the simulator's own dataclasses."""
    if isinstance(value, tuple):
        return tuple(in_our_terms(item) for item in value)
    if type(value) in _TERMS:
        fields = {field.name: in_our_terms(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return _TERMS[type(value)](**fields)
    return value


def spec_of(case: Any, spec: type) -> Any:
    """The deployment of a case as the simulator's spec."""
    return spec(**{field.name: in_our_terms(getattr(case, field.name)) for field in dataclasses.fields(spec)})


def trace_of(requests: tuple[told.Request, ...], block: int = 7) -> Trace:
    """The requests of a case as a trace, in small blocks."""
    trace = Trace.from_columns(
        arrival=np.array([r.arrival for r in requests]),
        work=np.array([r.work for r in requests]),
        bytes_in=np.array([float(r.bytes_in) for r in requests]),
        bytes_out=np.array([float(r.bytes_out) for r in requests]),
        model=np.array([r.model for r in requests], np.int32),
        route=np.array([r.route for r in requests]).reshape(-1, 5).T,
        backoff=np.array([r.backoff for r in requests]).reshape(-1, 5).T,
        cold=np.array([r.cold for r in requests]).reshape(-1, 5).T,
        fail=np.array([r.fail for r in requests]).reshape(-1, 5).T,
        load=np.array([r.load for r in requests]).reshape(-1, 5).T,
    )
    trace.blocks = functools.partial(trace.blocks, block)  # type: ignore[method-assign]  # blocks of a few rows: cuts everywhere
    return trace


def window_of(case: Any) -> Window:
    """The window and the stop of a case."""
    return Window(from_s=case.window_from_s, to_s=case.window_to_s, stop_s=case.stop_s)


def run_of(case: told_patterns.Case, *, by_events: bool = False, sample_s: float | None = None) -> Run:
    """One run of a case of an endpoint."""
    simulate, spec = _KINDS[type(case)]
    more = {"by_events": True} if by_events else {}
    run: Run = simulate(
        trace_of(case.requests),
        spec_of(case, spec),
        in_our_terms(case.scaling),
        client=in_our_terms(case.client),
        window=window_of(case),
        columns=True,
        sample_s=sample_s,
        **more,
    )
    return run


def without_datapoints(run: Run) -> Timeline:
    """The timeline as a run without columns has it: its datapoints are counted only."""
    return dataclasses.replace(run.timeline, datapoints=[], left_out=run.timeline.seen)


def _alike(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def differences(run: Run, record: told.Record) -> list[str]:
    """Everything in which a run and an oracle's record differ; empty where they agree to the last bit."""
    found = []
    columns = run.columns
    assert columns is not None
    names = ("first_arrival", "arrival", "start", "finish", "answered", "status", "instance", "slot", "attempts")
    for index, outcome in enumerate(record.requests):
        if index >= columns.status.size:
            if outcome.attempts:
                found.append(f"request {index} is missing")
            continue
        for name in names:
            ours, theirs = float(getattr(columns, name)[index]), float(getattr(outcome, name))
            if not _alike(ours, theirs):
                found.append(f"request {index}: {name} is {ours!r}, the oracle says {theirs!r}")
    found += listed("change", run.timeline.changes, record.changes)
    found += listed("datapoint", run.timeline.datapoints, record.datapoints)
    found += listed("instance", run.timeline.units, record.instances)
    for name, granules in record.billed.items():
        if run.granules.get(name) != granules:
            found.append(f"billed {name}: {run.granules.get(name)}, the oracle says {granules}")
    return found


def listed(what: str, ours: Any, theirs: Any) -> list[str]:
    """The differences of two lists of records, field by field."""
    found = []
    if len(ours) != len(theirs):
        found.append(f"{len(ours)} {what}s, the oracle has {len(theirs)}")
    for index, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        for field in dataclasses.fields(other):
            left, right = getattr(one, field.name), getattr(other, field.name)
            if left != right and not (isinstance(left, float) and _alike(left, right)):
                found.append(f"{what} {index}: {field.name} is {left!r}, the oracle says {right!r}")
    return found
