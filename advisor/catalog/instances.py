"""Instance types: what each has, and for which kind of endpoint or job AWS's API lists it.

Specifications are those of the EC2 types of the same name (AWS EC2 API and instance pages, 2026-09): the price list
states hardware too, but wrongly in places. What is not stated is ``None``, or 0 where 0 means "none known".
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from advisor.errors import UnknownName, near

__all__ = ["COMPONENTS", "Instance", "enumerated", "families", "instance", "instances", "offered", "siblings"]

COMPONENTS = ("Hosting", "AsyncInf", "BatchTransform", "Training", "Processing")
_MIB_PER_GIB = 1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One type. Memory in MiB, disk in GB, network and EBS in megabits a second.

    ``accelerator`` is none, gpu, inferentia, inferentia2, trainium or elastic-inference (retired: nothing else is
    stated of those six, and they are offered for nothing). ``gpu`` is the model's name ("t4"), empty without one;
    ``gpu_memory_mib`` is the total over all of them, as stated (an a10g has 22.4 GiB). ``device_count`` and
    ``device_memory_mib`` (total) count GPUs and AWS's own accelerators alike. ``network_mbps`` is the baseline and
    ``None`` where only a label such as "High" is stated; ``nvme_gb`` is the local disk, 0 without one.
    """

    name: str
    family: str
    size: str
    vcpu: int
    memory_mib: float
    accelerator: str
    gpu: str
    gpu_count: int
    gpu_memory_mib: float
    device_count: int
    device_memory_mib: float
    neuron_cores: int
    nvme_gb: float
    network_mbps: float | None
    network: str
    ebs_mbps: float | None
    arch: str
    graviton: bool
    cpu: str


def instance(name: str) -> Instance:
    """The type of that name, with its ``ml.``; `UnknownName` with near names where there is none."""
    known = _types()
    if name not in known:
        hint = near(name, known) or "advisor list instances shows all of them"
        raise UnknownName(f'"{name}" is not an instance type that the catalog knows', "", hint)
    return known[name]


def instances() -> tuple[Instance, ...]:
    """Every type with specifications, by family and then from small to large."""
    return tuple(_types().values())


def siblings(name: str) -> tuple[Instance, ...]:
    """All types of the same family, itself among them, by vCPU, then memory."""
    family = instance(name).family
    return tuple(one for one in instances() if one.family == family)


def families(component: str) -> frozenset[str]:
    """The families that the API lists for a component of the price list, such as BatchTransform."""
    return _component(component).families


def offered(name: str, component: str) -> bool:
    """Whether the API lists this type for the component. A type newer than the enumeration is not listed yet.

    Being listed does not mean being sold in every region: the price book knows that.
    """
    listed = _component(component)
    if (held := _types().get(name)) is None:
        return name in listed.bare
    return held.family in listed.families and name not in listed.absent


def enumerated() -> tuple[str, str]:
    """The date and the source of the enumeration behind `offered`: newer types are worth a note, not an error."""
    held = _families()
    return str(held["as_of"]), str(held["source"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """``absent``: types of the families that the API leaves out; ``bare``: types it lists without a specification."""

    families: frozenset[str]
    absent: frozenset[str]
    bare: frozenset[str]


@cache
def _component(component: str) -> _Listed:
    held = _families()["components"]
    if component not in held:
        hint = near(component, held) or f"the components are {', '.join(COMPONENTS)}"
        raise UnknownName(f'"{component}" is not a component with instance types', "", hint)
    found = held[component]
    return _Listed(
        families=frozenset(found["families"]),
        absent=frozenset(found["not_listed"]),
        bare=frozenset(found["without_specifications"]),
    )


@cache
def _families() -> Mapping[str, Any]:
    held: Mapping[str, Any] = json.loads(_data("families.json"))
    return held


@cache
def _types() -> Mapping[str, Instance]:
    read = [_instance(row) for row in csv.DictReader(_data("instances.csv").splitlines())]
    return {one.name: one for one in sorted(read, key=lambda one: (one.family, one.vcpu, one.memory_mib, one.name))}


def _instance(row: Mapping[str, str]) -> Instance:
    _, family, size = row["name"].split(".")
    gpus = int(row["gpu_count"] or 0)
    # Where only the memory of one is stated, the total is that of all.
    gpu_gib = float(row["gpu_memory_total_gib"] or gpus * float(row["gpu_memory_gib"] or 0))
    return Instance(
        name=row["name"],
        family=family,
        size=size,
        vcpu=int(row["vcpu"] or 0),
        memory_mib=float(row["memory_gib"] or 0) * _MIB_PER_GIB,
        accelerator=row["accelerator"],
        gpu=row["gpu"],
        gpu_count=gpus,
        gpu_memory_mib=gpu_gib * _MIB_PER_GIB,
        device_count=gpus + int(row["neuron_devices"] or 0),
        device_memory_mib=(gpu_gib + float(row["neuron_memory_total_gib"] or 0)) * _MIB_PER_GIB,
        neuron_cores=int(row["neuron_cores"] or 0),
        nvme_gb=float(row["nvme_gb"] or 0),
        network_mbps=float(row["network_mbps"]) if row["network_mbps"] else None,
        network=row["network"],
        ebs_mbps=float(row["ebs_mbps"]) if row["ebs_mbps"] else None,
        arch=row["arch"],
        graviton=row["arch"] == "arm64",
        cpu=row["cpu"],
    )


def _data(name: str) -> str:
    return (Path(__file__).with_name("data") / name).read_text(encoding="utf-8")
