"""What the simulations of all instance fleets share: the caller, launches, scaling, and how full an instance runs.

Numbers of the platform become plain numbers here. Nothing of this is loaded before something is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.errors import BugError
from advisor.patterns.clock import due_s, least_at
from advisor.rules.estimates import has_accelerator, launch_s
from advisor.sim.deployments import Batching, Client
from advisor.sim.scaling import Scaling, Scheduled, StepFromZero, TargetTracking
from advisor.streams import stream
from advisor.units import WEEK_S
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.sim.trace import Trace

__all__ = [
    "at_best_s",
    "batching_of",
    "busy_place",
    "client_of",
    "curve_of",
    "growth_of",
    "launches",
    "scaling_of",
    "scheduled",
    "tracking",
    "usual_launches",
]

# Launches are drawn this often, then round and round: no run of a month needs as many different ones.
_LAUNCHES = 256
_AFTER_S = 2 * WEEK_S
_SHARES = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "max": 1.0}


def client_of(
    w: Workload, *, payload_max: float, overhead_s: float, timeout: str = "realtime.invoke_timeout"
) -> Client:
    """The caller's library as the profile's platform has it: attempts, back-off, the time limit of an endpoint."""
    attempts = {
        "none": 1,
        "legacy": int(w.assume("client_retry_attempts")),
        "standard": int(w.assume("client_retry_attempts_standard")),
    }
    return Client(
        attempts=attempts[w.assume("client_retries")],
        base_s=float(w.assume("client_backoff_base")),
        growth=float(w.assume("client_backoff_growth")),
        cap_s=float(w.assume("client_backoff_cap")),
        limit_s=limit(timeout).base,
        payload_max=payload_max,
        overhead_s=overhead_s,
    )


def launches(w: Workload, instance_type: str, seed: int) -> tuple[float, ...]:
    """Launch lengths by ordinal, the same for every deployment on that kind of instance under one seed.

    They spread as the measured ones do around their median, in straight lines between the known quantiles. What an
    image or a model exceeds the measured ones by is added; where the image is cached, all is in proportion.
    """
    drawn = _launch_at(w, instance_type, stream(seed, "launches").random(_LAUNCHES))
    return tuple(float(length) for length in _snapped(drawn))


def usual_launches(w: Workload, instance_type: str, count: int = 8) -> tuple[float, ...]:
    """So many launch lengths that are equally likely, from short to long."""
    lengths = _launch_at(w, instance_type, (np.arange(count) + 0.5) / count)
    return tuple(float(length) for length in lengths)


def _launch_at(w: Workload, instance_type: str, at: np.ndarray) -> np.ndarray:
    """Launch lengths at shares of all launches."""
    kind = "gpu" if has_accelerator(instance(instance_type)) else "cpu"
    known = limit(f"provision.endpoint_{kind}_quantiles")
    assert isinstance(known.value, Mapping), known.key
    points = [(_SHARES[name], float(seconds)) for name, seconds in known.value.items()]
    shares, seconds = zip(*sorted(points), strict=True)
    lengths = np.interp(at, shares, seconds)
    median = launch_s(w, instance_type)
    spread = lengths + (median - known.base) if median >= known.base else lengths * (median / known.base)
    return np.asarray(spread)


def _snapped(seconds: np.ndarray) -> np.ndarray:
    """Instants lie on the grid of 2**-20 s."""
    return np.asarray(np.round(seconds * 2**20) / 2**20)


def tracking(w: Workload, metric: str, target: float, *, high_resolution: bool = False) -> TargetTracking:
    """A target-tracking policy with AWS's alarms; the metric's own resolution where it is a high one."""
    fine = "_high_resolution" if high_resolution else ""
    return TargetTracking(
        metric=metric,
        target=target,
        period_s=limit(f"scaling.metric_period{fine}").base,
        out_datapoints=int(limit("scaling.out_datapoints").base),
        in_datapoints=int(limit(f"scaling.in_datapoints{fine}").base),
        in_ratio=limit("scaling.in_threshold_ratio").base,
        lag_s=float(w.assume("metric_lag")),
        out_cooldown_s=limit("scaling.out_cooldown_default").base,
        in_cooldown_s=limit("scaling.in_cooldown_default").base,
    )


def scheduled(schedule: str | None, bounds: tuple[int, int | None], trace: Trace) -> tuple[Scheduled, ...]:
    """By the clock: the bounds at the run's begin, then at each change. No upper one: it is the lower one, always.

    The clock goes on after the window, for those that are still on their way.
    """
    least, most = bounds
    if schedule is None:
        return (Scheduled(at_s=0.0, lowest=least, highest=least if most is None else most),)
    end = trace.warmup_s + trace.horizon_s
    if not math.isfinite(end):
        raise BugError("a schedule on a trace without an end")
    steps = [(0.0, least_at(schedule, least, 0)), *due_s(schedule, least, end + _AFTER_S)]
    return tuple(Scheduled(at_s=at, lowest=low, highest=low if most is None else most) for at, low in steps)


def scaling_of(
    w: Workload,
    instance_type: str,
    bounds: tuple[int, int | None],
    policies: tuple[TargetTracking | StepFromZero, ...],
    *,
    trace: Trace,
    schedule: str | None = None,
    drain_limit_s: float = math.inf,
) -> Scaling:
    """A fleet between two bounds, of a count that is fixed or goes by the clock where there is no upper one.

    It begins at the lower one, but with one instance at least, as endpoints do. What goes wrong is the trace's to say.
    """
    first, *later = scheduled(schedule, bounds, trace)
    moves = any(step.lowest < step.highest for step in (first, *later))
    faults = trace.faults
    lengths = launches(w, instance_type, trace.seed) if moves or later or faults else (0.0,)
    end = trace.warmup_s + trace.horizon_s
    begins_with = max(first.lowest, int(limit("realtime.initial_instance_count_min").base))
    return Scaling(
        initial=begins_with,
        lowest=first.lowest,
        highest=first.highest,
        policies=policies if moves else (),
        # A fleet that is at zero by the clock has begun with one like any other.
        schedule=(first, *later) if begins_with > first.highest else tuple(later),
        launch_s=tuple(_slower(length, faults.launch_factor) for length in lengths),
        refused=faults.refused(trace.seed),
        serial=bool(w.assume("scaling_serial")),
        in_one_at_a_time=w.assume("scaling_in_step") == "one",
        zones=faults.zones,
        losses=faults.losses(trace.seed, from_s=trace.warmup_s, to_s=end) if faults else (),
        drain_limit_s=drain_limit_s,
        bill_from_launch=w.assume("billing_start") == "launch",
    )


def _slower(seconds: float, times: float) -> float:
    """On the grid again."""
    return seconds if times == 1.0 else round(seconds * times * 2**20) / 2**20


def curve_of(on: WorkOn) -> tuple[float, ...]:
    """Seconds of a mean request at each number in flight where a load curve was measured, else nothing.

    Between the points of the curve latency lies on straight lines; above the last point requests queue.
    """
    if on.at is None:
        return ()
    known = sorted(on.at)
    return tuple(np.interp(np.arange(1, known[-1] + 1), known, [on.at[n] for n in known]).tolist())


def batching_of(on: WorkOn) -> Batching | None:
    """Dynamic batching, where the profile gives it."""
    told = on.entry.batching
    if told is None:
        return None
    return Batching(most=told.max, wait_s=float(_snapped(np.asarray(told.wait_s))), marginal=told.marginal)


def busy_place(on: WorkOn, most: int) -> tuple[int, float]:
    """Requests that an instance takes at once where `most` are let in, and seconds of a mean one while it is so full.

    On a load curve, and with batches, all are then as slow as the instance is with all of these in flight: right where
    it is busy, slower than it would be for a request alone. Plain workers take the same time full or not.
    """
    batching = on.entry.batching
    if on.at is not None:
        places = min(most, max(on.at))
        return places, float(np.interp(places, sorted(on.at), [on.at[n] for n in sorted(on.at)]))
    if batching is None or most <= on.workers:
        return min(most, on.workers), on.mean_s
    places = min(most, on.workers * batching.max)
    return places, on.mean_s * (1 + batching.marginal * (places / on.workers - 1))


def at_best_s(on: WorkOn) -> float:
    """Seconds of a mean request at the best pace of the place: by itself, or where its load curve is lowest."""
    return on.mean_s if on.at is None else min(on.at.values())


def growth_of(on: WorkOn) -> float:
    """By how much of its mean a request's work grows for each byte above the mean request."""
    return (on.entry.grows or 0.0) / 1e6 / on.mean_s
