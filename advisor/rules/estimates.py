"""First estimates by arithmetic, for rules and for a person's first guess: nothing here is simulated.

Each is the mean of what the simulator draws, by the same assumptions.
"""

from __future__ import annotations

import math

from advisor.catalog.instances import Instance, instance
from advisor.catalog.limits import limit
from advisor.workload import Workload, WorkOn
from advisor.workload.lognormal import sigma_of_cv, z

__all__ = [
    "BURSTABLE",
    "capacity_per_s",
    "cold_share",
    "cold_start_s",
    "copies_memory_mib",
    "erlang_b",
    "has_accelerator",
    "instances_for",
    "launch_s",
    "longest_s",
    "model_ready_s",
    "offered",
    "percentile_s",
    "roughly",
    "scale_in_s",
    "scale_out_s",
    "serverless_name",
    "servers_for",
    "usable_memory_mib",
]

# CPU credits run out under load, so nobody sizes an endpoint on these families.
BURSTABLE = ("t2", "t3")
# From here on Erlang's formula is its fluid limit, within a percent; and more than this nobody means.
_MANY = 10_000
_MOST = 1e12


def percentile_s(on: WorkOn, share: float) -> float:
    """Service time at a percentile: as stated, else by the log-normal law of mean and cv."""
    for stated, seconds in on.entry.percentiles:
        if math.isclose(stated, share):
            return seconds * on.scale
    sigma = sigma_of_cv(on.cv)
    return on.mean_s * math.exp(z(share) * sigma - sigma * sigma / 2)


def longest_s(w: Workload, on: WorkOn, share: float) -> float:
    """Service time at a percentile: of the class with most work, at the largest payload."""
    work = max((one.work for one in w.traffic.classes), default=1.0) if w.traffic is not None else 1.0
    grown = (on.entry.grows or 0.0) * (w.payload.request_max_bytes - w.payload.request_bytes) / 1e6
    return percentile_s(on, share) * work + max(0.0, grown)


def capacity_per_s(on: WorkOn) -> float:
    """The most requests a second that one instance serves: by its workers, its batches or its load curve."""
    if on.at is not None:
        return max(n / seconds for n, seconds in on.at.items())
    batching = on.entry.batching
    if batching is not None:
        most = batching.max
        return on.workers * most / (on.mean_s * (1 + batching.marginal * (most - 1)))
    return on.workers / on.mean_s


def instances_for(w: Workload, on: WorkOn, rate_per_s: float) -> int:
    """Instances for a rate at the use that a first guess aims at; at least one."""
    needed = rate_per_s / (capacity_per_s(on) * float(w.assume("scaling_start_use")))
    return max(1, math.ceil(min(needed, _MOST) - 1e-9))


def offered(rate_per_s: float, on: WorkOn) -> float:
    """Requests in service at once on average, were there always room: rate times mean (Erlang)."""
    return rate_per_s * on.mean_s


def has_accelerator(one: Instance) -> bool:
    """Whether the type carries a GPU or another accelerator."""
    return one.device_count > 0


def usable_memory_mib(w: Workload, name: str) -> float:
    """Memory that models can use on a type: the accelerator's where the model needs one, else the instance's."""
    one = instance(name)
    if w.accelerator == "required" and one.device_memory_mib:
        return one.device_memory_mib * float(w.assume("accelerator_memory_usable"))
    return one.memory_mib * float(w.assume("instance_memory_usable"))


def copies_memory_mib(w: Workload, on: WorkOn) -> float:
    """Memory of a model in a copy a worker; a load curve or an accelerator shares one copy."""
    shared = bool(w.assume("workers_share_model")) or on.at is not None or w.accelerator == "required"
    return w.model.memory_mib * (1 if shared else on.workers)


def roughly(value: float) -> float:
    """An estimate with two digits, as no more of it is known."""
    return float(f"{value:.2g}")


def erlang_b(servers: int, load: float) -> float:
    """The share lost by a system of ``servers`` without a queue at an offered load (Erlang B, any service law).

    Very many servers lose what exceeds them, and nothing else.
    """
    if servers > _MANY:
        return max(0.0, 1 - servers / load) if load else 0.0
    lost = 1.0
    for n in range(1, servers + 1):
        lost = load * lost / (n + load * lost)
    return lost


def servers_for(load: float, lost: float) -> int:
    """The fewest servers of a system without a queue that lose at most this share."""
    if load > _MANY:
        return math.ceil(min(load, _MOST) * (1 - lost))
    share, n = 1.0, 0
    while share > lost:
        n += 1
        share = load * share / (n + load * share)
    return n


def cold_share(w: Workload, on: WorkOn, warm: int = 0) -> float:
    """The share of requests that meet a cold serverless container, ``warm`` ones being provisioned.

    The n-th container carries what n-1 others leave (Erlang B) and is cold after a gap longer than the keep-alive
    time. Within a state of the traffic that is a lower bound (what overflows comes in clumps); containers that a
    burst adds are counted where the pause before it is long enough to lose them.
    """
    states = w.burst_states
    keep = float(w.assume("serverless_keep_alive"))
    if w.rate_per_s <= 0:
        return 0.0
    if states is None or not states.share_high:
        return _cold_per_s(w.rate_per_s, on.mean_s, keep, warm) / w.rate_per_s
    high = states.share_high * _cold_per_s(states.high_per_s, on.mean_s, keep, warm)
    low = (1 - states.share_high) * _cold_per_s(states.low_per_s, on.mean_s, keep, warm)
    added = max(0.0, states.high_per_s * on.mean_s - max(float(warm), states.low_per_s * on.mean_s))
    onset = added / (states.mean_high_s + states.mean_low_s) if states.mean_low_s > keep else 0.0
    return min(1.0, (high + low + onset) / w.rate_per_s)


def _cold_per_s(rate_per_s: float, mean_s: float, keep_s: float, warm: int) -> float:
    load, lost, cold = rate_per_s * mean_s, 1.0, 0.0
    for n in range(1, 10_000):
        left = load * lost / (n + load * lost)
        carried = rate_per_s * (lost - left)
        if n > warm:
            cold += carried * math.exp(-min(700.0, carried * keep_s))
        lost = left
        if rate_per_s * lost < 1e-12:
            break
    return cold


def serverless_name(memory_mib: float) -> str:
    """The place of measurement of a serverless container: "serverless 2048 MB"."""
    return f"serverless {memory_mib:.0f} MB"


def cold_start_s(w: Workload, memory_mib: float) -> float:
    """Set-up of a serverless container: placement, image, CPU work over its vCPU share, model download and load."""
    vcpu = min(memory_mib / float(w.assume("serverless_mib_per_vcpu")), float(w.assume("serverless_vcpu_max")))
    image = w.model.image_bytes / float(w.assume("serverless_pull_per_s"))
    model = w.model.size_bytes / float(w.assume("serverless_download_per_s")) + w.model.size_bytes / float(
        w.assume("serverless_load_per_s")
    )
    return float(w.assume("serverless_setup_base")) + image + float(w.assume("serverless_setup_work")) / vcpu + model


def model_ready_s(w: Workload) -> float:
    """Download and load of one model by a new instance."""
    return w.model.size_bytes / float(w.assume("launch_model_per_s"))


def launch_s(w: Workload, name: str, *, first: bool = False) -> float:
    """From asking for an instance to its first request: the measured median, and what image and model exceed it by.

    An accelerator type has the image cached from the endpoint's second launch on.
    """
    if has_accelerator(instance(name)):
        if not first and w.assume("launch_image_cache"):
            return float(w.assume("launch_cached")) + w.model.size_bytes / float(w.assume("launch_cached_model_per_s"))
        median = limit("provision.endpoint_gpu_quantiles").base
    else:
        median = limit("provision.endpoint_cpu_quantiles").base
    image = (
        max(0.0, w.model.image_bytes - float(w.assume("launch_image_included")))
        / limit("provision.image_pull_rate").base
    )
    model = max(0.0, w.model.size_bytes - float(w.assume("launch_model_included"))) / float(
        w.assume("launch_model_per_s")
    )
    return median + max(image, model)


def scale_out_s(w: Workload, name: str, period_s: float) -> float:
    """From the beginning of an overload to the first new instance serving: datapoints, metric lag, launch."""
    return w.limit("scaling.out_datapoints") * period_s + float(w.assume("metric_lag")) + launch_s(w, name)


def scale_in_s(w: Workload) -> float:
    """From the end of a burst to the first instance going: the datapoints of the scale-in alarm and the metric lag."""
    return w.limit("scaling.in_datapoints") * w.limit("scaling.metric_period") + float(w.assume("metric_lag"))
