"""Multi-model endpoints: instance types, accelerators, how many instances, bursts and quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import Instance, instance
from advisor.catalog.limits import limit
from advisor.patterns.multimodel.cache import load_s
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import has_accelerator
from advisor.rules.figures import told
from advisor.rules.of_fleet import (
    bursts_outrun_launches,
    bursts_too_close,
    fleet_carries_peak,
    rate_within,
    scale_in_tail,
    several_zones,
    spike_met,
)
from advisor.rules.of_instance import (
    accelerator_idle,
    accelerator_missing,
    arm_image,
    family_offered,
    not_measured,
    sold_in_region,
    volume_beside_nvme,
)
from advisor.rules.of_offer import region_priced
from advisor.rules.of_quota import own_quota_of_instances, quota_of_instances
from advisor.units import show_count, show_duration
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["RULES"]

_GPU = """
    model: {count: 5, memory: 2 GB, framework: triton, accelerator: required}
    work: [{on: ml.g5.xlarge, mean: 80 ms, p95: 160 ms, workers: 1}]
"""
_M5 = "instance_type=ml.m5.large"
_G5 = "instance_type=ml.g5.xlarge"


def _least(d: Any) -> int:
    return int(d.least_instances)


def _mean(w: Workload) -> float:
    return w.rate_per_s


def _peak(w: Workload) -> float:
    return w.peak_per_s


_SHARED: tuple[Rule[Any], ...] = (
    family_offered("MM-50", "Hosting", "an endpoint", passes_set=_M5, fails_set="instance_type=ml.c5n.large"),
    sold_in_region(
        "MM-51", "Hosting", passes="region: us-east-1", fails="region: ap-south-2", passes_set=_G5, fails_set=_G5
    ),
    accelerator_missing("MM-52", passes=_GPU, fails="model: {accelerator: required}", fails_set=_M5),
    accelerator_idle("MM-53", passes_set=_M5, fails_set=_G5),
    arm_image("MM-54", passes_set=_M5, fails_set="instance_type=ml.m6g.large"),
    not_measured("MM-55", passes_set=_M5, fails_set="instance_type=ml.c5.xlarge"),
    volume_beside_nvme("MM-56", passes_set=f"{_M5}, volume=50 GB", fails_set=f"{_G5}, volume=50 GB"),
    quota_of_instances(
        "MM-57",
        passes_set="max_instances=4, scaling=invocations, target=600",
        fails_set="max_instances=5, scaling=invocations, target=600",
    ),
    own_quota_of_instances(
        "MM-71",
        passes="platform: {quota.instances_per_endpoint: 8, quota.instances_all_endpoints: 20}",
        fails="platform: {quota.instances_per_endpoint: 8, quota.instances_all_endpoints: 20}",
        passes_set="max_instances=8, scaling=invocations, target=600",
        fails_set="max_instances=9, scaling=invocations, target=600",
    ),
    region_priced("MM-73"),
    several_zones(
        "MM-59",
        _least,
        where="deployment.min_instances",
        passes_set="min_instances=2, max_instances=2",
        fails_set="min_instances=1, max_instances=1",
    ),
    fleet_carries_peak(
        "MM-60",
        fails="traffic: {rate: 100 per second}",
        fails_set="min_instances=2, max_instances=2, scaling=none, target=none",
    ),
    bursts_outrun_launches(
        "MM-61",
        "scaling.metric_period",
        passes="traffic: {rate: 2 per second}",
        fails="traffic: {rate: 60 per second, bursts: {peak: 4x, cv: 1, length: 5 min}}\nobjective: {p99: 300 ms}",
    ),
    scale_in_tail(
        "MM-62",
        passes="traffic: {rate: 60 per second, bursts: {peak: 4x, cv: 1, length: 2 hours}}",
        fails="traffic: {rate: 60 per second, bursts: {peak: 4x, cv: 1, length: 5 min}}",
    ),
    bursts_too_close(
        "MM-63",
        passes="traffic: {rate: 60 per second, bursts: {peak: 4x, cv: 1, length: 2 hours}}",
        fails="traffic: {rate: 80 per second, bursts: {peak: 2x, cv: 0.9, length: 5 min}}",
    ),
    spike_met(
        "MM-72",
        passes="traffic: {spikes: [{at: day 3 14:00, height: 3x, lasts: 20 min}]}",
        fails="traffic: {rate: 20 per second, spikes: [{at: day 3 14:00, height: 20x, lasts: 20 min}]}",
    ),
    rate_within(
        "MM-69",
        "realtime.account_invoke_rate_max",
        _mean,
        "mean",
        BLOCKS,
        passes="traffic: {rate: 2 per second}",
        fails="traffic: {rate: 12000 per second}",
    ),
    rate_within(
        "MM-64",
        "realtime.account_invoke_rate_max",
        _peak,
        "peak",
        WARNS,
        passes="traffic: {rate: 2 per second}",
        fails="traffic: {rate: 7000 per second}",
    ),
)


@rule("MM-65", WARNS, where="deployment.min_instances", reads=("mme.instances_min_advised",), facts=2,
      passes="model: {count: 5}", passes_set="min_instances=2, max_instances=2",
      fails="model: {count: 5}", fails_set="min_instances=1, max_instances=1")  # fmt: skip
def two_instances(w: Workload, d: MultiModel) -> Ill | None:
    """AWS advises at least {mme.instances_min_advised} instances for a multi-model endpoint.

    They stand in different zones: when the only instance fails, every model is loaded anew after it is replaced.
    """
    if d.min_instances >= limit("mme.instances_min_advised").base or w.model.count == 1:
        return None
    return Ill(
        f"a single instance holds all {show_count(w.model.count)} models, each {show_duration(load_s(w))} to load "
        f"again should it fail",
        mend="run two (min_instances=2)",
    )


@rule("MM-66", BLOCKS, where="deployment.instance_type", reads=("mme.single_gpu_only",), facts=3,
      passes=_GPU, fails=_GPU, fails_set="instance_type=ml.g5.12xlarge")  # fmt: skip
def one_accelerator(w: Workload, d: MultiModel) -> Ill | None:
    """Many models share one accelerator, never several.

    AWS's guide gives multi-model endpoints the sizes with a single GPU only.
    """
    one = instance(d.instance_type)
    if one.device_count < 2 or w.accelerator == "none":
        return None
    return Ill(
        f"{d.instance_type} carries {_devices(one)}, and many models share a single one",
        mend="take a type with one GPU, such as ml.g5.xlarge or ml.g4dn.xlarge, and more of them",
        path="model.accelerator" if w.accelerator == "required" else "",
    )


@rule("MM-74", WARNS, where="deployment.instance_type", reads=("mme.gpu_families", "mme.single_gpu_only"), facts=3,
      passes=_GPU, fails=_GPU, fails_set="instance_type=ml.g6.xlarge")  # fmt: skip
def accelerator_listed(w: Workload, d: MultiModel) -> Ill | None:
    """AWS lists {mme.gpu_families} for many models on an accelerator.

    The list looks old, so that a newer family may work; AWS promises it for these only.
    """
    one, families = instance(d.instance_type), limit("mme.gpu_families").value
    assert isinstance(families, tuple)
    if one.device_count != 1 or w.accelerator == "none" or one.family in families:
        return None
    return Ill(
        f"{d.instance_type} carries {_devices(one)}, and AWS lists {told(w, 'mme.gpu_families')}",
        mend="try it there before relying on it, or take a listed type, such as ml.g5.xlarge or ml.g4dn.xlarge",
        path="model.accelerator" if w.accelerator == "required" else "",
    )


def _devices(one: Instance) -> str:
    return f"{one.device_count} x {one.gpu or one.accelerator}"


@rule("MM-67", WARNS, where="model.framework", reads=("mme.gpu_container",), facts=3,
      passes=_GPU, fails=f"{_GPU.replace('triton', 'pytorch')}")  # fmt: skip
def accelerator_container(w: Workload, d: MultiModel) -> Ill | None:
    """On a GPU many models run in the {mme.gpu_container} container only.

    Other containers hold many models on CPU types only, so the models have to be brought into a form that it reads.
    """
    if (
        not has_accelerator(instance(d.instance_type))
        or w.accelerator == "none"
        or w.model.count == 1
        or "triton" in w.model.framework.lower()
    ):
        return None
    return Ill(
        f"the framework is {w.model.framework}, and on {d.instance_type} many models need "
        f"{told(w, 'mme.gpu_container')}",
        mend="export the models for that container and write framework: triton, or take a CPU type",
    )


@rule("MM-68", NOTES, where="deployment.scaling", reads=("mme.high_resolution_scaling", "mme.metrics_per_model"),
      facts=3,
      passes="model: {count: 5}", passes_set="min_instances=2, max_instances=2, scaling=none, target=none",
      fails="model: {count: 5}", fails_set="max_instances=4, scaling=invocations, target=600")  # fmt: skip
def new_instance_is_empty(w: Workload, d: MultiModel) -> Ill | None:
    """A new instance begins without models, and scaling does not see which model is slow.

    There is no metric of a single model and no high-resolution scaling; each model loads again on the instance that
    scale-out added.
    """
    if d.scaling == "none" or w.model.count == 1:
        return None
    return Ill(
        f"an instance that scale-out adds loads each model anew, {show_duration(load_s(w))} at its first call",
        mend="scale ahead by schedule, or keep the fleet at its peak where loads hurt",
    )


RULES: tuple[Rule[Any], ...] = (
    *_SHARED,
    two_instances,
    one_accelerator,
    accelerator_listed,
    accelerator_container,
    new_instance_is_empty,
)
