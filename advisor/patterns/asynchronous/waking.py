"""How an asynchronous endpoint falls asleep and wakes: the arithmetic that its rules and its first guess share."""

from __future__ import annotations

import math

from advisor.rules.estimates import launch_s, scale_in_s
from advisor.workload import Workload

__all__ = ["idle_share", "seen_s", "wake_s"]


def seen_s(w: Workload) -> float:
    """From a request at zero instances to the decision: the datapoints of the wake alarm and the metric's lag."""
    return w.limit("async.zero.alarm_datapoints") * w.limit("async.zero.alarm_period") + float(w.assume("metric_lag"))


def wake_s(w: Workload, instance_type: str) -> float:
    """From a request at zero instances to the first instance serving."""
    return seen_s(w) + launch_s(w, instance_type)


def idle_share(w: Workload) -> float:
    """The share of requests that come after a pause long enough for scale-in, were the rate even.

    Evenly spaced requests all do or none does; else pauses are exponential. A day curve or bursts only add to it.
    """
    if w.traffic is None or not w.rate_per_s > 0:
        return 0.0
    calm = scale_in_s(w)
    if w.traffic.shape == "regular":
        return 1.0 if 1 / w.rate_per_s > calm else 0.0
    return math.exp(-w.rate_per_s * calm)
