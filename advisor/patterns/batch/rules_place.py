"""Batch transform: the instance type, its memory and disk, the region, and what quotas allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.rules import WARNS, Ill, Rule, rule
from advisor.rules.estimates import model_ready_s, roughly
from advisor.rules.figures import told
from advisor.rules.of_borrowed_price import availability_assumed
from advisor.rules.of_disk import disk_holds_model
from advisor.rules.of_fleet import own_quota_covers, quota_covers
from advisor.rules.of_instance import accelerator_idle, accelerator_missing, neuron_compiled, not_measured
from advisor.rules.of_memory import memory_full, model_close_to_memory, model_fits_memory
from advisor.rules.of_offer import family_offered, region_priced, sold_in_region
from advisor.units import show_duration
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["RULES"]


def _count(d: Any) -> int:
    return int(d.instances)


def _wanted(_: Workload, d: Any) -> int:
    return int(d.instances)


def _disk(_: Workload, d: Any) -> float:
    return instance(d.instance_type).nvme_gb * 1e9 or limit("batch.volume_gb").low_bytes


_SHARED: tuple[Rule[Any], ...] = (
    family_offered(
        "BT-32",
        "BatchTransform",
        "a batch transform job",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m6g.large",
    ),
    sold_in_region(
        "BT-33",
        "BatchTransform",
        passes="region: us-east-1",
        fails="region: ap-south-2",
        passes_set="instance_type=ml.g5.xlarge",
        fails_set="instance_type=ml.g5.xlarge",
    ),
    accelerator_missing(
        "BT-34",
        passes="model: {accelerator: optional}",
        fails="model: {accelerator: required}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
    ),
    accelerator_idle("BT-35", passes_set="instance_type=ml.m5.large", fails_set="instance_type=ml.g5.xlarge"),
    model_fits_memory(
        "BT-36",
        passes="model: {memory: 4 GB}",
        fails="model: {memory: 40 GB}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
    ),
    model_close_to_memory(
        "BT-59",
        passes="model: {memory: 7 GB}",
        fails="model: {memory: 7.5 GB}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
    ),
    memory_full(
        "BT-37",
        passes="model: {memory: 2 GB}",
        fails="model: {memory: 6 GB}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
    ),
    neuron_compiled(
        "BT-38",
        passes="work: [{on: ml.inf2.xlarge, mean: 8 ms, cv: 0.3}]",
        fails="model: {accelerator: optional}",
        passes_set="instance_type=ml.inf2.xlarge",
        fails_set="instance_type=ml.inf2.xlarge",
    ),
    not_measured("BT-39", passes_set="instance_type=ml.m5.large", fails_set="instance_type=ml.c5.xlarge"),
    quota_covers(
        "BT-40",
        "quota.instances_all_transform_jobs",
        _count,
        "instances in all transform jobs",
        where="deployment.instances",
        passes_set="instances=4",
        fails_set="instances=5",
        own_refused=True,
    ),
    own_quota_covers(
        "BT-57",
        "quota.instances_all_transform_jobs",
        _wanted,
        "instances in all transform jobs",
        "give fewer instances",
        where="deployment.instances",
        passes="platform: {quota.instances_all_transform_jobs: 8}",
        fails="platform: {quota.instances_all_transform_jobs: 8}",
        passes_set="instances=8",
        fails_set="instances=9",
    ),
    region_priced("BT-56", what="a job on this type"),
    availability_assumed(
        "BT-58",
        "BatchTransform",
        passes="{region: eu-west-3, model: {accelerator: required}}",
        fails="{region: eu-west-3, model: {accelerator: required}}",
        passes_set="instance_type=ml.g4dn.xlarge",
        fails_set="instance_type=ml.g6.xlarge",
    ),
    disk_holds_model(
        "BT-54",
        passes="model: {size: 10 GB}",
        fails="model: {size: 40 GB}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
        disk=_disk,
        reads=("batch.volume_gb",),
        has="The volume of a job's instance has {batch.volume_gb}, which cannot be changed; types with NVMe have their "
        "own disk instead.",
        mend="store the model uncompressed, or take a type with NVMe disks",
    ),
)


@rule("BT-55", WARNS, where="model.size", reads=("realtime.first_ping_window", "launch_model_per_s"), facts=2,
      passes="model: {size: 20 GB}", fails="model: {size: 80 GB, memory: 90 GB}")  # fmt: skip
def ready_for_ping(w: Workload, d: BatchTransform) -> Ill | None:
    """A container answers its first health check within {realtime.first_ping_window} of its start.

    Download and load of a large model take longer, at an assumed {launch_model_per_s} a second. An endpoint can raise
    its time-outs; CreateTransformJob has none to raise.
    """
    del d
    ready = model_ready_s(w)
    if ready <= w.limit("realtime.first_ping_window"):
        return None
    return Ill(
        f"the model is ready after about {show_duration(roughly(ready))}, and the first health check waits "
        f"{told(w, 'realtime.first_ping_window')}",
        mend="have the container answer first and load then, load faster, or use an asynchronous endpoint",
    )


RULES: tuple[Rule[Any], ...] = (*_SHARED, ready_for_ping)
