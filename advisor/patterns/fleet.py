"""What the simulations of all instance fleets share: the caller, launches, scaling, and how full an instance runs.

Numbers of the platform become plain numbers here. Nothing of this is loaded before something is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.errors import InputError
from advisor.rules.estimates import has_accelerator, launch_s
from advisor.sim.deployments import Client
from advisor.sim.scaling import Scaling, StepFromZero, TargetTracking
from advisor.streams import stream
from advisor.workload import Workload, WorkOn

__all__ = ["busy_place", "client_of", "growth_of", "launches", "scaling_of", "tracking"]

# Launches are drawn this often, then round and round: no run of a month needs as many different ones.
_LAUNCHES = 256
_SHARES = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "max": 1.0}


def client_of(w: Workload, *, payload_max: float, overhead_s: float) -> Client:
    """The caller's library as the profile's platform has it: attempts, back-off, the time limit of an endpoint."""
    if w.assume("client_backoff_growth") != 2:
        where = w.where("platform.client_backoff_growth")
        raise InputError("only a back-off that doubles is simulated", where, "write client_backoff_growth: 2x")
    attempts = {
        "none": 1,
        "legacy": int(w.assume("client_retry_attempts")),
        "standard": int(w.assume("client_retry_attempts_standard")),
    }
    return Client(
        attempts=attempts[w.assume("client_retries")],
        base_s=float(w.assume("client_backoff_base")),
        cap_s=float(w.assume("client_backoff_cap")),
        limit_s=limit("realtime.invoke_timeout").base,
        payload_max=payload_max,
        overhead_s=overhead_s,
    )


def launches(w: Workload, instance_type: str, seed: int) -> tuple[float, ...]:
    """Launch lengths by ordinal, the same for every deployment on that kind of instance under one seed.

    They spread as the measured ones do around their median, in straight lines between the known quantiles. What an
    image or a model exceeds the measured ones by is added; where the image is cached, all is in proportion.
    """
    kind = "gpu" if has_accelerator(instance(instance_type)) else "cpu"
    known = limit(f"provision.endpoint_{kind}_quantiles")
    assert isinstance(known.value, Mapping), known.key
    points = [(_SHARES[name], float(seconds)) for name, seconds in known.value.items()]
    shares, seconds = zip(*sorted(points), strict=True)
    drawn = np.interp(stream(seed, "launches").random(_LAUNCHES), shares, seconds)
    mean = launch_s(w, instance_type)
    spread = drawn + (mean - known.base) if mean >= known.base else drawn * (mean / known.base)
    return tuple(float(length) for length in _snapped(spread))


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


def scaling_of(
    w: Workload,
    instance_type: str,
    bounds: tuple[int, int],
    policies: tuple[TargetTracking | StepFromZero, ...],
    *,
    seed: int,
    drain_limit_s: float = math.inf,
) -> Scaling:
    """A fleet between two bounds; it begins at the lower one, but with one instance at least, as endpoints do."""
    least, most = bounds
    return Scaling(
        initial=min(most, max(least, int(limit("realtime.initial_instance_count_min").base))),
        lowest=least,
        highest=most,
        policies=policies if least < most else (),
        launch_s=launches(w, instance_type, seed) if least < most else (0.0,),
        serial=bool(w.assume("scaling_serial")),
        in_one_at_a_time=w.assume("scaling_in_step") == "one",
        drain_limit_s=drain_limit_s,
        bill_from_launch=w.assume("billing_start") == "launch",
    )


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


def growth_of(on: WorkOn) -> float:
    """By how much of its mean a request's work grows for each byte above the mean request."""
    return (on.entry.grows or 0.0) / 1e6 / on.mean_s
