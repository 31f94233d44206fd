"""Factories of rules about memory: one copy of the model, a copy a worker, what the runtime keeps for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import all_memory_mib, copies_memory_mib, usable_memory_mib
from advisor.rules.finding import BLOCKS, WARNS, Ill
from advisor.units import show_memory
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.rules.of_instance import OnInstances

__all__ = ["memory_full", "model_close_to_memory", "model_fits_memory"]

_SPECIFICATIONS = "AWS EC2 instance specifications, 2026-09"


def model_fits_memory(rule_id: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = "") -> Rule[Any]:
    """A model larger than all the memory that the type has for it."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        most = all_memory_mib(w, d.instance_type)
        if w.model.memory_mib <= most:
            return None
        return Ill(
            f"the model takes {show_memory(w.model.memory_mib)}, and {d.instance_type} has {show_memory(most)} in all",
            mend=(
                f"take a type with more than {show_memory(w.model.memory_mib)}, split the model over accelerators, or "
                "quantise it"
            ),
        )

    body.__doc__ = """A model that is larger than a type's memory does not load there.

    What counts is the accelerator's memory where the model requires one, else the instance's own."""
    return rule(
        rule_id,
        BLOCKS,
        where="model.memory",
        source=_SPECIFICATIONS,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def model_close_to_memory(
    rule_id: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = ""
) -> Rule[Any]:
    """A model that leaves the runtime less memory than it is assumed to take."""

    def body(w: Workload, d: OnInstances) -> Ill | None:
        most, usable = all_memory_mib(w, d.instance_type), usable_memory_mib(w, d.instance_type)
        if not usable < w.model.memory_mib <= most:
            return None
        return Ill(
            f"the model takes {show_memory(w.model.memory_mib)} of the {show_memory(most)} of {d.instance_type}, and "
            f"{show_memory(usable)} are counted on for models",
            mend="measure what the container takes beside the model, or take the next larger type",
        )

    body.__doc__ = """What a model leaves of a type's memory may be too little for server and system.

    {accelerator_memory_usable} of an accelerator's memory is taken as usable for models, and {instance_memory_usable}
    of an instance's own; the rest is the runtime's. A container out of memory is killed."""
    return rule(
        rule_id,
        WARNS,
        where="model.memory",
        reads=("accelerator_memory_usable", "instance_memory_usable"),
        source=_SPECIFICATIONS,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=3,
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

    body.__doc__ = """Every worker has a copy of the model of its own, and together they may not fit.

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
