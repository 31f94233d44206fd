"""What the busiest serverless endpoint has to bear: where there are several models, each has an endpoint of its own."""

from __future__ import annotations

from advisor.rules.popularity import busiest_part, one_endpoint
from advisor.workload import Workload

__all__ = ["busiest_per_s", "endpoints", "mean_per_s", "peak_per_s", "spikes_per_s"]


def endpoints(w: Workload) -> int:
    """How many endpoints the workload takes."""
    return 1 if one_endpoint(w) else w.model.count


def mean_per_s(w: Workload) -> float:
    """The mean rate of the busiest endpoint."""
    return w.rate_per_s * busiest_part(w)


def peak_per_s(w: Workload) -> float:
    """Its rate in the busiest minutes, spikes apart."""
    return w.peak_per_s * busiest_part(w)


def spikes_per_s(w: Workload) -> tuple[float, ...]:
    """The rate that each spike brings."""
    return tuple(mean_per_s(w) * spike.height for spike in (w.traffic.spikes if w.traffic else ()))


def busiest_per_s(w: Workload) -> float:
    """The highest of all."""
    return max(peak_per_s(w), *spikes_per_s(w), 0.0)
