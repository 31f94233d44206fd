"""Asynchronous inference: the instance type, its memory and disk, the region, and what quotas allow."""

from __future__ import annotations

from typing import Any

from advisor.rules import Rule
from advisor.rules.of_borrowed_price import availability_assumed
from advisor.rules.of_disk import (
    disk_holds_model,
    model_size_between,
    model_size_refused,
    ready_at_all,
    ready_for_ping,
    volume_beside_nvme,
    volume_within_most,
)
from advisor.rules.of_fleet import several_zones
from advisor.rules.of_instance import accelerator_idle, accelerator_missing, arm_image, neuron_compiled, not_measured
from advisor.rules.of_memory import memory_full, model_close_to_memory, model_fits_memory
from advisor.rules.of_offer import family_offered, region_priced, sold_in_region
from advisor.rules.of_quota import own_quota_of_instances, quota_of_instances

__all__ = ["RULES"]

_GPU = """
    model: {framework: pytorch, accelerator: required}
    work: [{on: ml.g5.xlarge, mean: 80 ms, p95: 160 ms, workers: 1}]
"""


def _least(d: Any) -> int:
    return int(d.least_instances)


RULES: tuple[Rule[Any], ...] = (
    family_offered(
        "AS-36",
        "AsyncInf",
        "an asynchronous endpoint",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.inf1.xlarge",
    ),
    sold_in_region(
        "AS-37",
        "AsyncInf",
        passes="region: us-east-1",
        fails="region: ap-south-2",
        passes_set="instance_type=ml.g5.xlarge",
        fails_set="instance_type=ml.g5.xlarge",
    ),
    accelerator_missing(
        "AS-38", passes=_GPU, fails="model: {accelerator: required}", fails_set="instance_type=ml.m5.large"
    ),
    accelerator_idle("AS-39", passes_set="instance_type=ml.m5.large", fails_set="instance_type=ml.g5.xlarge"),
    model_fits_memory(
        "AS-40",
        passes="model: {memory: 4 GB}",
        fails="model: {memory: 40 GB}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
    ),
    model_close_to_memory(
        "AS-69",
        passes="model: {memory: 7 GB}",
        fails="model: {memory: 7.5 GB}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
    ),
    memory_full(
        "AS-41",
        passes="model: {memory: 2 GB}",
        fails="model: {memory: 6 GB}",
        passes_set="instance_type=ml.m5.large",
        fails_set="instance_type=ml.m5.large",
    ),
    neuron_compiled(
        "AS-42",
        passes="work: [{on: ml.inf2.xlarge, mean: 8 ms, cv: 0.3}]",
        fails="model: {accelerator: optional}",
        passes_set="instance_type=ml.inf2.xlarge",
        fails_set="instance_type=ml.inf2.xlarge",
    ),
    arm_image("AS-43", passes_set="instance_type=ml.m5.large", fails_set="instance_type=ml.m6g.large"),
    not_measured("AS-44", passes_set="instance_type=ml.m5.large", fails_set="instance_type=ml.c5.xlarge"),
    volume_beside_nvme(
        "AS-45",
        passes_set="instance_type=ml.m5.large, volume=50 GB",
        fails_set="instance_type=ml.g5.xlarge, volume=50 GB",
    ),
    quota_of_instances("AS-46", passes_set="max_instances=4", fails_set="max_instances=5"),
    own_quota_of_instances(
        "AS-66",
        passes="platform: {quota.instances_per_endpoint: 8, quota.instances_all_endpoints: 20}",
        fails="platform: {quota.instances_per_endpoint: 8, quota.instances_all_endpoints: 20}",
        passes_set="max_instances=8",
        fails_set="max_instances=9",
    ),
    region_priced("AS-65", what="an asynchronous endpoint on this type"),
    availability_assumed(
        "AS-68",
        "AsyncInf",
        passes="{region: eu-west-3, model: {accelerator: required}}",
        fails="{region: eu-west-3, model: {accelerator: required}}",
        passes_set="instance_type=ml.g6.xlarge",
        fails_set="instance_type=ml.g4dn.xlarge",
    ),
    model_size_refused("AS-58", "an asynchronous endpoint"),
    model_size_between("AS-59"),
    volume_within_most("AS-60"),
    disk_holds_model("AS-61", fails_set="volume=50 GB"),
    ready_for_ping("AS-62"),
    ready_at_all("AS-63"),
    several_zones(
        "AS-48",
        _least,
        where="deployment.min_instances",
        passes_set="min_instances=2, max_instances=2",
        fails_set="min_instances=1, max_instances=1",
    ),
)
