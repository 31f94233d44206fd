"""A serverless endpoint, simulated: containers that serve one call at a time, some of them kept warm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.patterns.fleet import client_of
from advisor.rules.estimates import cold_share, cold_start_s, erlang_b, offered
from advisor.sim.deployments import PoolSpec
from advisor.sim.pools import simulate_pool
from advisor.sim.run_record import Run
from advisor.sim.scaling import Scaling
from advisor.sim.trace import Trace
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["estimate", "simulate", "spec_of"]


def simulate(w: Workload, d: Serverless, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
    """One replication."""
    return simulate_pool(
        trace,
        spec_of(w, d),
        Scaling.fixed(d.provisioned_concurrency),
        client=client_of(w, payload_max=limit("serverless.payload_max").high_bytes, overhead_s=overhead_s(w, d)),
        columns=columns,
        sample_s=sample_s,
    )


def spec_of(w: Workload, d: Serverless) -> PoolSpec:
    """The endpoint in plain numbers."""
    return PoolSpec(
        mean_s=d.work_on(w).mean_s,
        max_concurrency=d.max_concurrency,
        cold_mean_s=cold_start_s(w, d.memory_mib),
        keep_alive_s=float(w.assume("serverless_keep_alive")),
        setup_billed=bool(w.assume("serverless_cold_billed")),
    )


def overhead_s(w: Workload, d: Serverless) -> float:
    """What the endpoint adds to a call; with provisioned containers, which come first, their set-up too."""
    provisioned = float(w.assume("serverless_provisioned_overhead")) if d.provisioned_concurrency else 0.0
    return float(w.assume("serverless_overhead")) + provisioned


def estimate(w: Workload, d: Serverless) -> Mapping[str, float]:
    """Warm containers as a loss system at the mean rate (Erlang B), and the cold share of the bursts' two states."""
    on = d.work_on(w)
    load = offered(w.rate_per_s, on)
    lost = erlang_b(d.max_concurrency, load)
    return {
        "utilisation": load * (1 - lost) / d.max_concurrency,
        "throttled_attempts_share": lost,
        "cold_start_share": cold_share(w, on, d.provisioned_concurrency),
        "mean_warm_latency_s": on.mean_s + overhead_s(w, d),
    }
