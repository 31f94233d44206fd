"""Factories of rules about the instance type: whether it is offered, sold, large enough, of the right kind."""

from __future__ import annotations

from typing import Any, Protocol

from advisor.catalog.instances import instance
from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import has_accelerator
from advisor.rules.finding import BLOCKS, NOTES, WARNS, Ill
from advisor.rules.of_disk import volume_beside_nvme
from advisor.rules.of_memory import memory_full, model_close_to_memory, model_fits_memory
from advisor.rules.of_offer import family_offered, region_priced, sold_in_region
from advisor.workload import Workload, WorkOn

__all__ = [
    "OnInstances", "accelerator_idle", "accelerator_missing", "arm_image", "family_offered", "memory_full",
    "model_close_to_memory", "model_fits_memory", "neuron_compiled", "not_measured", "on_entry", "region_priced",
    "sold_in_region", "unmeasured", "volume_beside_nvme",
]  # fmt: skip

_WHERE = "deployment.instance_type"
_SPECIFICATIONS = "AWS EC2 instance specifications, 2026-09"
_NEURON = ("inferentia", "inferentia2", "trainium")


class OnInstances(Protocol):
    """A deployment that runs on instances of one type."""

    @property
    def instance_type(self) -> str: ...


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

    body.__doc__ = """A model that requires an accelerator does not run on a type without one.

    Where it runs on vCPUs, too, only slower, the profile says accelerator: optional."""
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


def not_measured(
    rule_id: str, *, passes: str = "", fails: str = "", passes_set: str = "", fails_set: str = ""
) -> Rule[Any]:
    """Speed on this type is borrowed from another; the answer is only as good as that."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        on = w.work_on(d.instance_type)
        if on.evidence == "measured":
            return None
        return Ill(unmeasured(on), mend=f"load-test one {d.instance_type} and enter {on_entry(on.on)}", path="work")

    body.__doc__ = """A service time that was not measured on the type itself is borrowed.

    It may be off by half or double; instance counts and cost are off with it."""
    return rule(
        rule_id,
        NOTES,
        where=_WHERE,
        reads=("workers_per_vcpu",),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def unmeasured(on: WorkOn) -> str:
    """That nothing was measured on a place, and where its speed is taken from instead."""
    head = f"nothing was measured on {on.on}"
    archetype = on.says.removeprefix("nothing measured: ")
    return f"{head}: {on.says}" if archetype == on.says else f"{head} or elsewhere: {archetype} stands in"


def on_entry(place: str) -> str:
    """What a profile says of a measurement, to be filled in."""
    return f"work: [{{on: {place}, mean: ..., p95: ...}}]"
