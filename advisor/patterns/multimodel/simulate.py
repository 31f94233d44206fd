"""A multi-model endpoint, simulated: instances whose memory and disk are caches of models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.patterns.fleet import batching_of, client_of, curve_of, scaling_of, tracking
from advisor.patterns.multimodel.cache import cache_mib, hit_share, models_held, open_s
from advisor.sim.caches import simulate_cache
from advisor.sim.deployments import CacheSpec, ModelSize
from advisor.sim.run_record import Run
from advisor.sim.scaling import INVOCATIONS
from advisor.sim.trace import Trace
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["estimate", "simulate", "spec_of"]


def simulate(w: Workload, d: MultiModel, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
    """One replication; a request that finds its model loading waits for it as long as an endpoint waits at all."""
    china = w.region.startswith("cn-")
    payload = limit("realtime.payload_max_china").high_bytes if china else limit("realtime.payload_max").largest
    policies = () if d.target is None else (tracking(w, INVOCATIONS, d.target),)
    return simulate_cache(
        trace,
        spec_of(w, d),
        scaling_of(
            w,
            d.instance_type,
            (d.min_instances, None if d.target is None else d.max_instances),
            policies,
            trace=trace,
            schedule=d.schedule,
        ),
        client=client_of(w, payload_max=payload, overhead_s=float(w.assume("endpoint_overhead"))),
        columns=columns,
        sample_s=sample_s,
    )


def spec_of(w: Workload, d: MultiModel) -> CacheSpec:
    """The endpoint in plain numbers. The fixed part of a load is taken at the rate of loads from disk, as bytes more.

    A model takes that part into memory whether it is on disk or not, so only the way into memory carries it.
    """
    one, on = instance(d.instance_type), w.work_on(d.instance_type)
    disk = one.nvme_gb * 1e9 or (d.volume_gb * 1e9 if d.volume_gb else float(w.assume("endpoint_volume")))
    size, into = w.model.size_bytes, float(w.assume("mme_load_per_s"))
    base = float(w.assume("mme_load_base"))
    return CacheSpec(
        models=(ModelSize(size_bytes=size, memory_mib=math.ceil(w.model.memory_mib)),) * w.model.count,
        workers=on.workers,
        mean_s=on.mean_s,
        batching=batching_of(on),
        latency_s=curve_of(on),
        cache_mib=max(math.floor(cache_mib(w, d.instance_type)), math.ceil(w.model.memory_mib)),
        disk_bytes=max(int(disk), size),
        download_bytes_per_s=float(w.assume("mme_download_per_s")),
        into_memory_bytes_per_s=size / (base + size / into),
        parallel_loads=max(1, math.floor(one.vcpu * float(w.assume("mme_parallel_loads_per_vcpu")))),
        spill_depth=int(w.assume("mme_spill_depth")),
        cache_enabled=d.cached,
        load_limit_s=limit("mme.load_timeout").base,
        container_queue=int(w.assume("container_queue")),
    )


def estimate(w: Workload, d: MultiModel) -> Mapping[str, float]:
    """The share of calls that wait for a load, all instances taken as one cache (Che), at the mean rate.

    Loads from disk are counted into the latency, as long as the disk holds all models; waits for a worker are not.
    """
    if d.target is not None or d.schedule is not None or not d.cached or not w.streams:
        return {}
    spec = spec_of(w, d)
    cold = 1 - hit_share(w, d.min_instances * models_held(w, d.instance_type))
    if spec.batching or spec.latency_s:
        return {"cold_start_share": cold}  # how busy and how fast it is depends on the load, not only in proportion
    found = {"utilisation": w.rate_per_s * spec.mean_s / (spec.workers * d.min_instances), "cold_start_share": cold}
    if w.model.size_bytes * w.model.count > spec.disk_bytes:
        return found
    return {**found, "mean_latency_s": spec.mean_s + float(w.assume("endpoint_overhead")) + cold * open_s(w)}
