"""Multi-model endpoints: memory as a cache of models, disk below it, and what a load does to a call."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.patterns.multimodel.cache import (
    RARE_HITS,
    cache_mib,
    fetch_s,
    hit_share,
    load_s,
    models_held,
    most_cache_mib,
    open_s,
    soonest_load_s,
)
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import capacity_per_s, roughly
from advisor.rules.figures import told
from advisor.rules.of_fleet import tolerated_share
from advisor.rules.popularity import top_share
from advisor.units import DAY_S, show_bytes, show_count, show_duration, show_memory, show_rate, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["RULES"]

_MANY = "model: {count: 200, size: 100 MB, memory: 300 MB, popularity: {zipf: 0.8}}"
_FEW = "model: {count: 10, size: 100 MB, memory: 300 MB, popularity: {zipf: 0.8}}"
_M5 = "instance_type=ml.m5.large"
_LOADS = ("mme_load_base", "mme_load_per_s", "mme_download_per_s")
# One model with so much of the traffic is not one of many.
_HOT = 0.5


def _misses(w: Workload, d: MultiModel) -> float:
    """The share of requests whose model is not in the memory of the standing fleet."""
    return 1.0 if not d.cached else 1 - hit_share(w, d.min_instances * models_held(w, d.instance_type))


def _fits(w: Workload, d: MultiModel) -> bool:
    """Whether one model fits; where it does not, other rules say so."""
    return w.model.memory_mib <= cache_mib(w, d.instance_type)


def _late(w: Workload, d: MultiModel) -> bool:
    """Whether more requests wait for a load than the latency objective leaves aside."""
    latency = w.objective.latency
    return latency is not None and load_s(w) > latency[1] and _misses(w, d) > tolerated_share(w)


@rule("MM-30", BLOCKS, where="model.memory", reads=("mme_container_memory", "accelerator_memory_usable"), facts=3,
      passes="model: {count: 5, memory: 7 GB}", passes_set=_M5,
      fails="model: {count: 5, memory: 8 GB}", fails_set=_M5)  # fmt: skip
def model_fits(w: Workload, d: MultiModel) -> Ill | None:
    """A model that does not fit the memory beside the container is never loaded.

    Refused is what does not fit even where the container keeps as little as is plausible.
    """
    room = most_cache_mib(w, d.instance_type)
    if w.model.memory_mib <= room:
        return None
    return Ill(
        f"a model takes {show_memory(w.model.memory_mib)}, and {d.instance_type} leaves {show_memory(room)} at most "
        f"for models",
        mend="take a type with more memory, or make the models smaller",
    )


@rule("MM-70", WARNS, where="model.memory", reads=("mme_container_memory", "accelerator_memory_usable"), facts=3,
      passes="model: {count: 5, memory: 6 GB}", passes_set=_M5,
      fails="model: {count: 5, memory: 7 GB}", fails_set=_M5)  # fmt: skip
def model_hardly_fits(w: Workload, d: MultiModel) -> Ill | None:
    """A model that leaves the container little memory may fail to load.

    The container is taken to keep {mme_container_memory} for itself; of an accelerator's memory
    {accelerator_memory_usable} is taken as usable.
    """
    room = cache_mib(w, d.instance_type)
    if not room < w.model.memory_mib <= most_cache_mib(w, d.instance_type):
        return None
    return Ill(
        f"a model takes {show_memory(w.model.memory_mib)}, and {d.instance_type} is taken to leave "
        f"{show_memory(room)} for models",
        mend="load one there before relying on it, or take a type with more memory",
    )


@rule("MM-31", WARNS, where="model.memory", reads=("mme_container_memory", "mme_eviction"), facts=4,
      passes=_FEW, passes_set=_M5, fails=_MANY, fails_set=f"{_M5}, min_instances=2, max_instances=2")  # fmt: skip
def popular_models_fit(w: Workload, d: MultiModel) -> Ill | None:
    """Models that do not fit the fleet's memory together are loaded again and again.

    Each model is kept on one instance as long as it is asked for. The share that finds its model is estimated for
    {mme_eviction} eviction (Che's approximation).
    """
    held, missed = d.min_instances * models_held(w, d.instance_type), _misses(w, d)
    if w.model.count == 1 or not d.cached or not _fits(w, d) or missed <= max(0.01, w.objective.errors) or _late(w, d):
        return None  # the last: told of with the objective
    return Ill(
        f"{show_count(held)} of {show_count(w.model.count)} models fit {d.min_instances} x {d.instance_type}: about "
        f"{show_share(roughly(missed))} of requests wait for a load",
        mend="take a type with more memory, more instances (min_instances), or smaller models",
        path="model.count",
    )


@rule("MM-32", WARNS, where="objective", reads=("mme_container_memory", *_LOADS), facts=6,
      passes=f"{_FEW}\nobjective: {{p95: 500 ms}}", passes_set=f"{_M5}, min_instances=2, max_instances=2",
      fails=f"{_MANY}\nobjective: {{p95: 500 ms}}",
      fails_set=f"{_M5}, min_instances=2, max_instances=2")  # fmt: skip
def loads_leave_objective(w: Workload, d: MultiModel) -> Ill | None:
    """A request that waits for its model's load is later than the latency objective allows.

    A load takes {mme_load_base}, then {mme_load_per_s} a second from disk, and from S3 {mme_download_per_s} a second
    before; a percentile forgives as many slow calls as it leaves out.
    """
    latency, missed = w.objective.latency, _misses(w, d)
    if w.model.count == 1 or latency is None or not d.cached or not _fits(w, d) or not _late(w, d):
        return None
    held = d.min_instances * models_held(w, d.instance_type)
    return Ill(
        f"{show_count(held)} of {show_count(w.model.count)} models fit: about {show_share(roughly(missed))} of "
        f"requests wait {show_duration(load_s(w))} for theirs; {latency[0]} of {show_duration(latency[1])} leaves that "
        f"to {show_share(tolerated_share(w))}",
        mend="hold more models in memory (a larger type, min_instances), or give the ones that must be fast an "
        "endpoint of their own",
        path=f"objective.{latency[0]}",
    )


@rule("MM-33", WARNS, where="objective.cold_starts", reads=_LOADS, facts=3,
      passes=f"{_FEW}\nobjective: {{cold_starts: allow}}",
      fails=f"{_FEW}\nobjective: {{cold_starts: avoid}}")  # fmt: skip
def first_call_loads(w: Workload, d: MultiModel) -> Ill | None:
    """The first call of every model waits for its load, after each launch and each eviction.

    AWS's guidance for a model that must not be late: an endpoint of its own.
    """
    del d
    if w.model.count == 1 or w.objective.cold_starts != "avoid":
        return None
    return Ill(
        f"cold starts are to be avoided, and each of {show_count(w.model.count)} models waits "
        f"{show_duration(load_s(w))} at its first call on an instance",
        mend="call every model once before an instance takes traffic, or give the strict ones endpoints of their own",
    )


@rule("MM-34", WARNS, where="model.size", reads=("mme.not_ready_after", "mme.load_timeout", *_LOADS), facts=3,
      passes="model: {count: 5, size: 2 GB, memory: 3 GB}",
      fails="model: {count: 5, size: 10 GB, memory: 3 GB}")  # fmt: skip
def load_is_waited_for(w: Workload, d: MultiModel) -> Ill | None:
    """A call gives up after {mme.not_ready_after}, whether its model has loaded or not.

    It is refused with ModelNotReadyException (429) while the load goes on, until {mme.load_timeout} at most; the
    caller has to try again.
    """
    del d
    takes, given_up = load_s(w), limit("mme.load_timeout").base
    if w.model.count == 1 or takes <= limit("mme.not_ready_after").base or soonest_load_s(w) > given_up:
        return None
    also = f", and AWS gives up a load after {told(w, 'mme.load_timeout')}" if takes > given_up else ""
    return Ill(
        f"a model of {show_bytes(w.model.size_bytes)} takes about {show_duration(takes)} to load, a call waits "
        f"{told(w, 'mme.not_ready_after')}{also}",
        mend="make the artefacts smaller, load models before their first call, or have callers retry on 429",
    )


@rule("MM-35", BLOCKS, where="model.size", reads=("mme.load_timeout", *_LOADS), facts=3,
      passes="model: {count: 5, size: 60 GB, memory: 3 GB}",
      fails="model: {count: 5, size: 120 GB, memory: 3 GB}")  # fmt: skip
def load_ends(w: Workload, d: MultiModel) -> Ill | None:
    """A load that has not ended after {mme.load_timeout} is given up.

    The model then never answers. Refused is what takes longer even at the fastest that is plausible.
    """
    del d
    takes = soonest_load_s(w)
    if w.model.count == 1 or takes <= limit("mme.load_timeout").base:
        return None
    return Ill(
        f"a model of {show_bytes(w.model.size_bytes)} takes {show_duration(takes)} to load at the very least, and AWS "
        f"gives up after {told(w, 'mme.load_timeout')}",
        mend="make the artefacts smaller, or give each model an endpoint of its own, which may take an hour to start",
    )


@rule("MM-36", BLOCKS, where="deployment.volume_gb", reads=("realtime.volume_gb_min", "realtime.volume_gb_max"),
      passes="model: {count: 5}", passes_set="instance_type=ml.m5.large, volume=512 GB",
      fails="model: {count: 5}", fails_set="instance_type=ml.m5.large, volume=513 GB")  # fmt: skip
def volume_allowed(w: Workload, d: MultiModel) -> Ill | None:
    """A volume has {realtime.volume_gb_min} to {realtime.volume_gb_max}."""
    if d.volume_gb is None or d.volume_gb * 1e9 <= limit("realtime.volume_gb_max").base:
        return None
    return Ill(
        f"a volume of {d.volume_gb} GB, and AWS takes {told(w, 'realtime.volume_gb_max')}",
        mend="give volume=512 GB or less, or a type with a local disk",
    )


@rule("MM-37", WARNS, where="model.size", reads=("endpoint_volume", "mme_download_per_s"), facts=4,
      passes="model: {count: 20, size: 200 MB}", passes_set="instance_type=ml.m5.large",
      fails="model: {count: 400, size: 500 MB}", fails_set="instance_type=ml.m5.large, volume=50 GB")  # fmt: skip
def models_fit_disk(w: Workload, d: MultiModel) -> Ill | None:
    """Models that do not fit an instance's disk are downloaded again.

    What left memory stays on disk and is loaded from there; what does not fit the disk either comes from S3. The
    volume is taken as {endpoint_volume} where none is set.
    """
    own = instance(d.instance_type).nvme_gb * 1e9
    disk = own or (d.volume_gb * 1e9 if d.volume_gb else float(w.assume("endpoint_volume")))
    each = w.model.size_bytes * math.ceil(w.model.count / d.min_instances)
    if w.model.count == 1 or each <= disk:
        return None
    enough = min(limit("realtime.volume_gb_max").base, each * 1.5)
    mend = (
        "take more instances, or a type with a larger local disk"
        if own or enough < each
        else f"give volume={math.ceil(enough / 1e9)} GB"
    )
    return Ill(
        f"an instance's part of the models is {show_bytes(each)}, and its disk {show_bytes(disk)}: "
        f"what falls off it is downloaded again, {show_duration(fetch_s(w))} each time",
        mend=mend,
    )


@rule("MM-38", BLOCKS, where="deployment.cached", reads=_LOADS, facts=3,
      passes=f"{_FEW}\nobjective: {{p95: 500 ms}}", passes_set="cached=yes",
      fails=f"{_FEW}\nobjective: {{p95: 500 ms}}", fails_set="cached=no")  # fmt: skip
def objective_needs_cache(w: Workload, d: MultiModel) -> Ill | None:
    """Without the model cache every call waits for a load.

    ModelCacheSetting Disabled deletes a model after each call: it is meant for very many models that are asked for
    once.
    """
    latency = w.objective.latency
    if d.cached or latency is None or load_s(w) <= latency[1]:
        return None
    return Ill(
        f"every call loads its model for {show_duration(load_s(w))}, and the objective is "
        f"{show_duration(latency[1])} ({latency[0]})",
        mend="keep the cache (cached=yes)",
    )


@rule("MM-39", NOTES, where="deployment.cached", source="AWS developer guide, multi-model endpoints, 2026", facts=3,
      passes="model: {count: 10}", passes_set="cached=yes",
      fails="model: {count: 50000, popularity: {zipf: 0}}\ntraffic: {rate: 5 per minute}",
      fails_set="cached=yes")  # fmt: skip
def one_offs_leave(w: Workload, d: MultiModel) -> Ill | None:
    """Models that hardly any second call asks for need not stay in memory.

    Where nearly every call asks for another model, the cache only costs the time of unloading; ModelCacheSetting
    Disabled is made for that.
    """
    each = w.rate_per_s * DAY_S / w.model.count
    if not d.cached or not w.streams or w.model.count == 1 or each >= 1 or not _fits(w, d):
        return None
    latency, found = w.objective.latency, 1 - _misses(w, d)
    if found > RARE_HITS or (latency is not None and load_s(w) > latency[1]):
        return None  # it hits, or the objective needs what hits there are
    return Ill(
        f"{show_count(w.model.count)} models are asked for {each:.2g} times a day each",
        mend="try ModelCacheSetting Disabled (cached=no)",
    )


@rule("MM-40", WARNS, where="traffic.rate", reads=("mme_parallel_loads_per_vcpu", *_LOADS), facts=6,
      passes=_FEW, passes_set="instance_type=ml.m5.large",
      fails=f"{_MANY}\ntraffic: {{rate: 30 per second}}",
      fails_set="instance_type=ml.m5.large, min_instances=1, max_instances=1, scaling=none, target=none")  # fmt: skip
def loads_keep_up(w: Workload, d: MultiModel) -> Ill | None:
    """Loads queue behind loads where requests miss faster than the fleet loads.

    An instance loads {mme_parallel_loads_per_vcpu} at a time a vCPU; where misses come faster than that, calls end
    as not ready.
    """
    missed = w.rate_per_s * _misses(w, d)
    able = d.min_instances * instance(d.instance_type).vcpu * float(w.assume("mme_parallel_loads_per_vcpu")) / open_s(w)
    if w.model.count == 1 or missed <= able or not _fits(w, d):
        return None
    return Ill(
        f"{show_rate(missed)} miss their model, and {d.min_instances} x {d.instance_type} load {show_rate(able)} at "
        f"best",
        mend="hold more models in memory (a larger type, min_instances), or spread them over several endpoints",
    )


@rule("MM-41", NOTES, where="model.popularity", source="AWS developer guide, multi-model endpoints, 2026", facts=4,
      passes=_FEW,
      fails="model: {count: 3, popularity: {shares: [80 %, 10 %, 10 %]}}\ntraffic: {rate: 40 per second}")  # fmt: skip
def hot_model_alone(w: Workload, d: MultiModel) -> Ill | None:
    """A model with most of the traffic gains nothing from sharing.

    AWS's guidance is an endpoint of its own: a very busy model crowds the others out of workers and memory.
    """
    share = top_share(w) if w.model.count > 1 else 0.0
    on = w.work_on(d.instance_type)
    busy = w.rate_per_s * share / capacity_per_s(on)
    if share <= _HOT or busy < _HOT:
        return None
    return Ill(
        f"the most popular model has {show_share(share)} of the requests and keeps {busy:.2g} x {d.instance_type} "
        f"busy by itself",
        mend="give it a real-time endpoint, and share this one among the rest",
    )


RULES: tuple[Rule[Any], ...] = (
    model_fits,
    model_hardly_fits,
    popular_models_fit,
    loads_leave_objective,
    first_call_loads,
    load_is_waited_for,
    load_ends,
    volume_allowed,
    models_fit_disk,
    objective_needs_cache,
    one_offs_leave,
    loads_keep_up,
    hot_model_alone,
)
