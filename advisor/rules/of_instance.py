"""Factories of rules about the instance type: whether it is offered, sold, large enough, of the right kind."""

from __future__ import annotations

import math
from typing import Any, Protocol

from advisor.catalog.instances import Instance, enumerated, instance, instances, offered
from advisor.catalog.prices import price_book
from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import BURSTABLE, copies_memory_mib, has_accelerator, usable_memory_mib
from advisor.rules.finding import BLOCKS, NOTES, WARNS, Ill
from advisor.units import show_memory
from advisor.workload import Workload

__all__ = [
    "OnInstances", "accelerator_idle", "accelerator_missing", "arm_image", "family_offered", "memory_full",
    "model_fits_memory", "neuron_compiled", "not_measured", "sold_in_region", "volume_beside_nvme",
]  # fmt: skip

_WHERE = "deployment.instance_type"
_SPECIFICATIONS = "AWS EC2 instance specifications, 2026-09"
_NEURON = ("inferentia", "inferentia2", "trainium")


class OnInstances(Protocol):
    """A deployment that runs on instances of one type."""

    @property
    def instance_type(self) -> str: ...


def family_offered(rule_id: str, component: str, what: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """The API lists types by kind of endpoint or job; ``what`` is the kind, as in "a batch transform job"."""

    def body(_: Workload, d: OnInstances) -> Ill | None:
        if offered(d.instance_type, component):
            return None
        alike = _alike(d.instance_type, component)
        return Ill(
            f"{d.instance_type} is not offered for {what}",
            mend=f"take one that is, such as {' or '.join(alike[:3])}",
        )

    date, source = enumerated()
    body.__doc__ = f"""The instance type is among those that the API lists for {what}.

    The lists differ: the longest is that of endpoints; batch transform knows no Graviton and few of the newest
    accelerators. A type newer than {date} may be missing here."""
    return rule(rule_id, BLOCKS, where=_WHERE, source=source, passes_set=passes_set, fails_set=fails_set)(body)


def sold_in_region(
    rule_id: str, component: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = ""
) -> Rule[Any]:
    """The region's price list names the type."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        book = price_book()
        if w.region not in book.regions():
            known = ", ".join(book.regions()[:4])
            return Ill(
                f"the price book has no prices of {w.region}",
                mend=f"take a region it has ({known} ...), or run advisor prices refresh --region {w.region}",
                path="region",
            )
        if book.find(w.region, component, d.instance_type) is not None:
            return None
        alike = [name for name in _alike(d.instance_type, component) if book.find(w.region, component, name)]
        mend = f"take one that is, such as {' or '.join(alike[:3])}" if alike else "take another region"
        return Ill(
            f"{d.instance_type} is not in the price list of {w.region}",
            mend=f"{mend}; advisor prices show --region {w.region} lists them",
        )

    body.__doc__ = """The region's price list names the instance type.

    Not every type is sold in every region, and a type that has no price cannot be had there. For asynchronous endpoints
    and batch jobs the Hosting price of the same type stands in where theirs is not listed."""
    return rule(
        rule_id,
        BLOCKS,
        where=_WHERE,
        source="AWS price list, as packaged, 2026",
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def _alike(name: str, component: str) -> list[str]:
    """Types offered for a component, those most like one type first: kind, architecture, vCPU, memory."""
    own = instance(name)
    listed = [
        one for one in instances() if offered(one.name, component) and one.name != name and one.vcpu and one.memory_mib
    ]
    listed = [one for one in listed if has_accelerator(one) == has_accelerator(own) and one.family not in BURSTABLE]

    def unlike(one: Instance) -> tuple[bool, float]:
        sizes = ((one.vcpu, own.vcpu or 1), (one.memory_mib, own.memory_mib or 1))
        return (one.arch != own.arch, sum(abs(math.log(there / here)) for there, here in sizes))

    return [one.name for one in sorted(listed, key=unlike)]


def accelerator_missing(
    rule_id: str, *, passes: str = "", fails: str = "", passes_set: str = "", fails_set: str = ""
) -> Rule[Any]:
    """A model that must have an accelerator, on a type without."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        if w.accelerator != "required" or has_accelerator(instance(d.instance_type)):
            return None
        return Ill(
            f"the model requires an accelerator, and {d.instance_type} has none",
            mend="take a type with one, such as ml.g5.xlarge, or write accelerator: optional",
            path="model.accelerator",
        )

    body.__doc__ = "A model that requires an accelerator runs on a type that has one."
    return rule(
        rule_id,
        BLOCKS,
        where=_WHERE,
        source=_SPECIFICATIONS,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def accelerator_idle(rule_id: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """A type with an accelerator for a model that uses none."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        if w.accelerator != "none" or not has_accelerator(instance(d.instance_type)):
            return None
        return Ill(
            f"{d.instance_type} carries an accelerator, and the model uses none",
            mend=(
                "take a type without one, such as ml.c5.xlarge, or write accelerator: optional with what was "
                "measured there"
            ),
        )

    body.__doc__ = """An accelerator is paid for whether the model uses it or not.

    A model that runs on vCPUs alone gains nothing from the accelerator beside them."""
    return rule(
        rule_id, WARNS, where=_WHERE, source=_SPECIFICATIONS, passes_set=passes_set, fails_set=fails_set, facts=2
    )(body)


def neuron_compiled(rule_id: str, *, passes: str, fails: str, passes_set: str, fails_set: str) -> Rule[Any]:
    """AWS's own accelerators take compiled models only, and compiled means measured there."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        one = instance(d.instance_type)
        if one.accelerator not in _NEURON or any(
            work.instance and instance(work.instance).accelerator in _NEURON for work in w.work
        ):
            return None
        return Ill(
            f"{d.instance_type} needs a model compiled for Neuron, and nothing was measured on such a type",
            mend=(
                f"compile the model with the Neuron SDK, measure it on {d.instance_type} and enter that under "
                "work, or take a GPU type"
            ),
        )

    body.__doc__ = """Inferentia and Trainium run only models that were compiled for Neuron.

    Not every operator compiles, so a measurement on such a type is the proof that this model does."""
    return rule(
        rule_id,
        WARNS,
        where=_WHERE,
        source="AWS developer guide, Neo and Neuron, 2026",
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def arm_image(rule_id: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """Graviton needs an image built for arm64."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        if not instance(d.instance_type).graviton or any(
            work.instance and instance(work.instance).graviton for work in w.work
        ):
            return None
        return Ill(
            f"{d.instance_type} is Graviton: the image must be built for arm64",
            mend="build the container for arm64 and measure it there, or take an Intel or AMD type of the same size",
        )

    body.__doc__ = """A Graviton type runs images built for arm64 only.

    An image for Intel and AMD does not start there; a measurement on a Graviton type is taken as proof that it was
    built."""
    return rule(
        rule_id, NOTES, where=_WHERE, source=_SPECIFICATIONS, passes_set=passes_set, fails_set=fails_set, facts=2
    )(body)


def model_fits_memory(rule_id: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = "") -> Rule[Any]:
    """One copy of the model must fit the memory that models can use on the type."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        usable = usable_memory_mib(w, d.instance_type)
        if w.model.memory_mib <= usable:
            return None
        return Ill(
            f"the model takes {show_memory(w.model.memory_mib)}, and {d.instance_type} has "
            f"{show_memory(usable)} for models",
            mend=(
                f"take a type with at least {show_memory(w.model.memory_mib)} for models, split the model over "
                "accelerators, or quantise it"
            ),
        )

    body.__doc__ = """One copy of the model fits the memory that the instance has for models.

    That is the accelerator's memory where the model requires one, less what the runtime keeps:
    {accelerator_memory_usable} of it is taken as usable, of an instance's own memory {instance_memory_usable}."""
    reads = ("accelerator_memory_usable", "instance_memory_usable")
    return rule(
        rule_id,
        BLOCKS,
        where="model.memory",
        reads=reads,
        source=_SPECIFICATIONS,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def memory_full(rule_id: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = "") -> Rule[Any]:
    """As many copies as workers may not fit, though one does."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        on, usable = w.work_on(d.instance_type), usable_memory_mib(w, d.instance_type)
        copies = copies_memory_mib(w, on)
        if copies <= usable or w.model.memory_mib > usable:
            return None
        return Ill(
            f"{on.workers} workers with a copy each take {show_memory(copies)}, and {d.instance_type} has "
            f"{show_memory(usable)} for models",
            mend=(
                f"run at most {max(1, int(usable // w.model.memory_mib))} of them, share one copy "
                "(platform: {workers_share_model: yes}), or take more memory"
            ),
        )

    body.__doc__ = """Every worker's copy of the model fits the instance's memory.

    Most model servers start one process a worker, each with its own copy; one that does not fit is killed under
    load, not at the start."""
    reads = ("workers_share_model", "instance_memory_usable")
    return rule(
        rule_id,
        WARNS,
        where="model.memory",
        reads=reads,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=3,
    )(body)


def volume_beside_nvme(rule_id: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """A volume size cannot be set on types that carry their own disk; the deployment has a field volume_gb."""

    def body(_: Workload, d: Any) -> Ill | None:
        one = instance(d.instance_type)
        if d.volume_gb is None or not one.nvme_gb:
            return None
        return Ill(
            f"{d.instance_type} has {one.nvme_gb:g} GB of its own NVMe disk, and a volume of {d.volume_gb} GB "
            "is asked for",
            mend="leave volume out (volume=none), or take a type without a local disk",
        )

    body.__doc__ = """A volume size is set only for types without a local disk.

    Types with NVMe use that disk; the API takes no volume size beside it."""
    return rule(
        rule_id,
        BLOCKS,
        where="deployment.volume_gb",
        source="AWS developer guide, host instance storage volumes, 2026",
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def not_measured(
    rule_id: str, *, passes: str = "", fails: str = "", passes_set: str = "", fails_set: str = ""
) -> Rule[Any]:
    """Speed on this type is borrowed from another; the answer is only as good as that."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        on = w.work_on(d.instance_type)
        if on.evidence == "measured":
            return None
        return Ill(
            f"nothing was measured on {d.instance_type}: {on.says}",
            mend=(
                f"load-test one {d.instance_type} and enter it under work: "
                f"{{on: {d.instance_type}, mean: ..., p95: ...}}"
            ),
            path="work",
        )

    body.__doc__ = """The service time is measured on the type that is to be used.

    A borrowed speed may be off by half or double; instance counts and cost are off with it."""
    return rule(
        rule_id,
        NOTES,
        where=_WHERE,
        reads=("workers_per_vcpu", "gpu_as_vcpus"),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)
