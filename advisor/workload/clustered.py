"""The bursts of a workload whose requests come in clusters: what clusters add to the spread of minutes is taken off."""

from __future__ import annotations

import math

from advisor.workload.bursts import TwoState, bursts_alone, two_state
from advisor.workload.model import Workload

__all__ = ["bursts_of"]


def bursts_of(workload: Workload) -> TwoState | None:
    """The two-state process behind a workload's bursts, what clusters add to the spread of minutes taken off.

    Where a cv is of minute counts it holds the clusters' own noise too: a minute holds clusters rather than requests,
    so its variance over its mean is 2 x size - 1, less the clusters that a minute's end cuts in two.
    """
    traffic = workload.traffic
    if traffic is None or traffic.bursts is None or traffic.rate_per_s is None:
        return None
    bursts, clusters = traffic.bursts, traffic.clusters
    if clusters is None or clusters.size <= 1 or bursts.of == "rate":
        return workload.burst_states
    peak, cv = bursts.peak, bursts.cv
    if bursts.of == "chart":
        peak, cv = bursts_alone(traffic.rate_per_s, peak, cv, traffic.curve)
    cut = 1 / (1 + 0.4 * clusters.within_s / 60)
    square = cv * cv - (2 * clusters.size - 2) * cut / (60 * traffic.rate_per_s)
    return two_state(traffic.rate_per_s, peak, math.sqrt(max(0.0, square)), bursts.length_s)
