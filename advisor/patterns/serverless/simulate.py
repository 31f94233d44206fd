"""A serverless endpoint, simulated: containers that serve one call at a time, some of them kept warm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.patterns.fleet import client_of, scheduled, tracking
from advisor.patterns.serverless.cold import cold_share
from advisor.rules.estimates import cold_start_s, erlang_b, offered
from advisor.sim.deployments import PoolSpec
from advisor.sim.pools import simulate_pool
from advisor.sim.run_record import Run
from advisor.sim.scaling import UTILISATION, Scaling
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
        _provisioning(w, d, trace),
        client=client_of(
            w,
            payload_max=limit("serverless.payload_max").high_bytes,
            overhead_s=float(w.assume("serverless_overhead")),
            timeout="serverless.invoke_timeout",
        ),
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
        provisioned_setup_s=float(w.assume("serverless_provisioned_overhead")),
        setup_billed=bool(w.assume("serverless_cold_billed")),
    )


def _provisioning(w: Workload, d: Serverless, trace: Trace) -> Scaling:
    """How many containers are kept warm: a fixed number, one by the clock, or as many as their use asks for.

    A change takes as long as any of the endpoint, and one goes on at a time.
    """
    least, most = d.provisioned_concurrency, d.max_provisioned_concurrency
    first, *later = scheduled(d.schedule, (least, most), trace)
    policies = () if d.target_utilisation is None else (tracking(w, UTILISATION, d.target_utilisation),)
    return Scaling(
        initial=first.lowest,
        lowest=first.lowest,
        highest=first.highest,
        policies=policies,
        schedule=tuple(later),
        launch_s=(round(float(w.assume("serverless_provisioned_launch")) * 2**20) / 2**20,),
        serial=bool(w.assume("scaling_serial")),
        in_one_at_a_time=w.assume("scaling_in_step") == "one",
        bill_from_launch=w.assume("billing_start") == "launch",
    )


def estimate(w: Workload, d: Serverless) -> Mapping[str, float]:
    """Warm containers as a loss system at the mean rate (Erlang B), and the cold share by the curve and the bursts.

    Of provisioned concurrency that moves only what theory says of all containers together.
    """
    on = d.work_on(w)
    load = offered(w.rate_per_s, on)
    lost = erlang_b(d.max_concurrency, load)
    found = {"utilisation": load * (1 - lost) / d.max_concurrency, "throttled_attempts_share": lost}
    if d.scales:
        return found
    kept = d.provisioned_concurrency
    # Provisioned ones are used first: what they carry is set up, the rest of the warm calls is not.
    carried = (1 - erlang_b(kept, load)) / (1 - lost) if kept else 0.0
    return {
        **found,
        "cold_start_share": cold_share(w, on, kept),
        "mean_warm_latency_s": on.mean_s
        + float(w.assume("serverless_overhead"))
        + min(1.0, carried) * float(w.assume("serverless_provisioned_overhead")),
    }
