"""First estimates by arithmetic, for rules and for a person's first guess: nothing here is simulated.

Each is the mean of what the simulator draws, by the same assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from advisor.catalog.instances import Instance, instance
from advisor.catalog.limits import limit
from advisor.workload import Workload, WorkOn
from advisor.workload.lognormal import sigma_of_cv, z

__all__ = [
    "BURSTABLE",
    "all_memory_mib",
    "beyond_measured_s",
    "capacity_per_s",
    "cold_start_s",
    "copies_memory_mib",
    "erlang_b",
    "has_accelerator",
    "instances_for",
    "job_setup_s",
    "job_start_s",
    "launch_s",
    "longest_s",
    "model_ready_s",
    "offered",
    "overflowing",
    "percentile_s",
    "roughly",
    "scale_in_s",
    "scale_out_s",
    "serverless_name",
    "servers_for",
    "slower_than",
    "usable_memory_mib",
]

# CPU credits run out under load, so nobody sizes an endpoint on these families.
BURSTABLE = ("t2", "t3")
# From here on Erlang's formula is its fluid limit, within a percent; and more than this nobody means.
_MANY = 10_000
_MOST = 1_000_000


def percentile_s(on: WorkOn, share: float) -> float:
    """Service time at a percentile: as stated, else by the log-normal law of mean and cv."""
    for stated, seconds in on.entry.percentiles:
        if math.isclose(stated, share):
            return seconds * on.scale
    sigma = sigma_of_cv(on.cv)
    return on.mean_s * math.exp(z(share) * sigma - sigma * sigma / 2)


def longest_s(w: Workload, on: WorkOn, share: float) -> float:
    """Service time at a percentile of all requests: every class counts by its rate, and the body is that percentile's.

    Bodies follow the law of largest entropy, an exponential one, up to the largest.
    """
    body = min(w.payload.request_max_bytes, -w.payload.request_bytes * math.log(max(1 - share, 1e-12)))
    grown = (on.entry.grows or 0.0) * max(0.0, body - w.payload.request_bytes) / 1e6
    return _mixed_s(w, on, share) + grown


def slower_than(w: Workload, on: WorkOn, seconds: float) -> float:
    """The share of requests that take longer."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if longest_s(w, on, middle) <= seconds else (low, middle)
    return 1 - low


def _mixed_s(w: Workload, on: WorkOn, share: float) -> float:
    parts = _parts(w)
    if len(parts) == 1:
        return percentile_s(on, share) * parts[0][1]
    means, sigma = [(part, on.mean_s * work) for part, work in parts], sigma_of_cv(on.cv)
    times = [percentile_s(on, share) * work for _, work in parts]
    low, high = min(times), max(times)
    for _ in range(60):
        middle = (low + high) / 2
        beyond = math.fsum(part * _beyond(middle, mean, sigma) for part, mean in means)
        low, high = (middle, high) if beyond > 1 - share else (low, middle)
    return high


def _beyond(seconds: float, mean_s: float, sigma: float) -> float:
    if not sigma:
        return float(mean_s > seconds)
    return math.erfc((math.log(seconds / mean_s) / sigma + sigma / 2) / math.sqrt(2)) / 2


def _parts(w: Workload) -> list[tuple[float, float]]:
    """Shares of the requests and the work of each."""
    classes = w.traffic.classes if w.traffic is not None else ()
    total = math.fsum(one.rate_per_s for one in classes)
    parts: dict[float, float] = {}
    for one in classes if total > 0 else ():
        parts[one.work] = parts.get(one.work, 0.0) + one.rate_per_s / total
    return [(share, work) for work, share in parts.items()] or [(1.0, 1.0)]


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


def all_memory_mib(w: Workload, name: str) -> float:
    """A type's memory where a model goes: the accelerator's where it needs one, else the instance's.

    A model that only may use an accelerator, and was measured on this type, goes where there is more.
    """
    return max(_memories(w, name))[0]


def usable_memory_mib(w: Workload, name: str) -> float:
    """The part of that memory which models can use; the rest is the runtime's."""
    held, usable = max(_memories(w, name))
    return held * usable


def _memories(w: Workload, name: str) -> list[tuple[float, float]]:
    one = instance(name)
    device = (one.device_memory_mib, float(w.assume("accelerator_memory_usable")))
    own = (one.memory_mib, float(w.assume("instance_memory_usable")))
    if not one.device_memory_mib:
        return [own]
    if w.accelerator == "required":
        return [device]
    used = w.accelerator == "optional" and w.work_on(name).evidence == "measured"
    return [own, device] if used else [own]


def copies_memory_mib(w: Workload, on: WorkOn) -> float:
    """Memory of a model in a copy a worker; a load curve or an accelerator shares one copy."""
    shared = bool(w.assume("workers_share_model")) or on.at is not None or w.accelerator == "required"
    return w.model.memory_mib * (1 if shared else on.workers)


def roughly(value: float) -> float:
    """An estimate with two digits, as no more of it is known."""
    return float(f"{value:.2g}")


def overflowing(load: Any) -> Iterator[Any]:
    """The share that overflows one container, two and so on, at a load in Erlang (a number, or an array of them)."""
    over = 1.0
    for n in count(1):
        over = load * over / (n + load * over)
        yield over


def erlang_b(servers: int, load: float) -> float:
    """The share lost by a system of ``servers`` without a queue at an offered load (Erlang B, any service law).

    Very many servers lose what exceeds them, and nothing else.
    """
    if servers > _MANY:
        return max(0.0, 1 - servers / load) if load else 0.0
    return float(next(islice(overflowing(load), servers - 1, None))) if servers > 0 else 1.0


def servers_for(load: float, lost: float) -> int:
    """The fewest servers of a system without a queue that lose at most this share."""
    if load > _MANY:
        return math.ceil(min(load, _MOST) * (1 - lost))
    if lost >= 1:
        return 0
    return next(n for n, share in enumerate(overflowing(load), 1) if share <= lost)


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
    return median + beyond_measured_s(w)


def beyond_measured_s(w: Workload) -> float:
    """What image and model add to a measured start: what they exceed those by that it contains, pulled side by side."""
    image = max(0.0, w.model.image_bytes - float(w.assume("launch_image_included")))
    model = max(0.0, w.model.size_bytes - float(w.assume("launch_model_included")))
    return max(image / limit("provision.image_pull_rate").base, model / float(w.assume("launch_model_per_s")))


def job_start_s(w: Workload) -> float:
    """From creating a transform job to its first record: the measured mean, and what image and model exceed it by.

    Nothing says that jobs cache an image, as endpoints do: each pulls it anew.
    """
    return float(w.assume("batch_startup")) + beyond_measured_s(w)


def job_setup_s(w: Workload) -> float:
    """The part of it that comes after the instances are there."""
    measured = max(0.0, float(w.assume("batch_startup")) - float(w.assume("batch_provision")))
    return measured + beyond_measured_s(w)


def scale_out_s(w: Workload, name: str, period_s: float) -> float:
    """From the beginning of an overload to the first new instance serving: datapoints, metric lag, launch."""
    return w.limit("scaling.out_datapoints") * period_s + float(w.assume("metric_lag")) + launch_s(w, name)


def scale_in_s(w: Workload) -> float:
    """From the end of a burst to the first instance going: the datapoints of the scale-in alarm and the metric lag."""
    return w.limit("scaling.in_datapoints") * w.limit("scaling.metric_period") + float(w.assume("metric_lag"))
