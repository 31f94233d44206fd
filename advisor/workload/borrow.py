"""How long a request takes where nobody measured it: borrowed from the nearest entry of ``work``, and said so.

1. Measured on that very type: as measured.
2. Measured inside its family: the same speed, workers in proportion to vCPU (to accelerators, where it has some);
   extrapolated.
3. Measured elsewhere: speed per vCPU. A worker does its mean's worth of vCPU-seconds, and never runs faster for having
   more vCPU than where it was measured; a serverless container has vCPU in proportion to its memory, by assumption.
   Measured in a container, a request does its mean's worth of the vCPUs that it put to use there, by assumption one at
   most: with less it is slower, and where it had less it is faster with more. Assumed.
4. From CPU to accelerator or back: an accelerator is taken for an assumed number of vCPUs. Assumed, never extrapolated.
5. Nothing measured: the archetype of the framework, an assumption as a whole.

A model that uses no accelerator (``accelerator: none``, and nothing measured on one) runs on the vCPUs of an instance
that has one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.catalog.instances import Instance, instance
from advisor.errors import UnitError, UnknownName
from advisor.units import show_factor, show_memory
from advisor.workload.measures import serverless_mib
from advisor.workload.section import Fixed
from advisor.workload.service import Work

if TYPE_CHECKING:
    from advisor.workload.model import Workload

__all__ = ["WorkOn", "work_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOn:
    """Service time on one type. ``scale`` is mean over the entry's mean: its shape, times that, is the shape here.

    ``at`` is the load curve (mean seconds at n in flight), where the entry has one; ``says`` tells where it comes from.
    """

    on: str
    mean_s: float
    cv: float
    workers: int
    at: Mapping[int, float] | None
    scale: float
    entry: Work
    evidence: str
    says: str

    @property
    def p95_s(self) -> float:
        """The 95th percentile of one request alone, by the log-normal law of mean and cv."""
        sigma = math.sqrt(math.log1p(self.cv * self.cv))
        return self.mean_s * math.exp(1.6448536269514722 * sigma - sigma * sigma / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a type offers: vCPUs (of a serverless container: its share) and accelerators in use."""

    name: str
    family: str
    vcpu: float
    accelerators: int
    serverless: bool


def work_on(w: Workload, name: str) -> WorkOn:
    """Service time of a workload on an instance type or "serverless 4 GB"."""
    target = _place(w, name)
    stated = [
        (n, entry) for n, entry in enumerate(w.work) if w.given(f"work.{n}") and f"work.{n}.mean" not in w.assumed
    ]
    sure = [entry for n, entry in stated if f"work.{n}.on" not in w.assumed]
    for entry in sure:
        if entry.on == target.name:
            return _answer(target, entry, 1.0, entry.workers or 1, entry.at, "measured", f"measured on {target.name}")
    for entry in sorted(sure, key=lambda one: _distance(_place(w, one.on), target)):
        source = _place(w, entry.on)
        if source.family == target.family and not target.serverless:
            what, per = (
                ("accelerators", target.accelerators / source.accelerators)
                if source.accelerators
                else ("vCPU", target.vcpu / source.vcpu)
            )
            workers = max(1, math.floor((entry.workers or 1) * per + 1e-9))
            says = f"same speed as on {source.name}, which is measured, workers by its {what} ({show_factor(per)})"
            return _answer(target, entry, 1.0, workers, _wider(entry.at, per), "extrapolated", says)
    entries = sure or [entry for _, entry in stated] or list(w.work)
    entry = min(entries, key=lambda one: (_kinds(_place(w, one.on), target), _distance(_place(w, one.on), target)))
    if sure:
        origin = f"borrowed from {entry.on}, which is measured"
    elif stated:
        origin = f"where it was measured is not said, and taken for {entry.on}"
    else:
        origin = f"nothing measured: an archetype of {w.model.framework} models on {entry.on}"
    return _borrowed(w, target, entry, origin)


def _borrowed(w: Workload, target: _Place, entry: Work, origin: str) -> WorkOn:
    source = _place(w, entry.on)
    if source.name == target.name:
        return _answer(target, entry, 1.0, entry.workers or 1, entry.at, "assumed", origin)
    both = source.accelerators > 0 and target.accelerators > 0
    if both or (entry.at is not None and not source.accelerators and not target.accelerators and not target.serverless):
        per = target.accelerators / source.accelerators if both else target.vcpu / source.vcpu
        workers = max(1, math.floor((entry.workers or 1) * per + 1e-9))
        says = f"{origin}: {'one accelerator' if both else 'a vCPU'} taken for another"
        return _answer(target, entry, 1.0, workers, _wider(entry.at, per), "assumed", says)
    as_vcpus, own = float(w.assume("gpu_as_vcpus")), 1 / float(w.assume("workers_per_vcpu"))
    had = _had(w, source, entry)
    if target.accelerators:
        workers = max(1, math.floor(target.accelerators * float(w.assume("workers_per_gpu"))))
        scale = had / (as_vcpus * target.accelerators / workers)
        says = f"{origin}: an accelerator taken for {as_vcpus:g} vCPUs"
        return _answer(target, entry, scale, workers, None, "assumed", says)
    used = float(w.assume("serverless_vcpu_used"))
    if target.serverless:
        workers, gets = 1, min(target.vcpu, used) if source.serverless else target.vcpu
    elif source.serverless:
        workers = max(1, math.floor(target.vcpu / own + 1e-9))
        gets = min(target.vcpu / workers, used)
    else:
        # A worker keeps what it had, up to all there is; instead of an accelerator it gets its share of vCPUs.
        workers = max(1, math.floor(target.vcpu / (own if source.accelerators else had) + 1e-9))
        gets = target.vcpu / workers
    scale = had / gets if source.accelerators or source.serverless else max(1.0, had / gets)
    how = f"an accelerator taken for {as_vcpus:g} vCPUs" if source.accelerators else "speed per vCPU"
    for place in (source, target):
        if place.serverless:
            how += f", a container of {show_memory(serverless_mib(place.name) or 0)} taken for {place.vcpu:.2g} vCPU"
    if source.serverless:
        how += f" of which a request uses {used:g} at most"
    return _answer(target, entry, scale, workers, None, "assumed", f"{origin}: {how}")


def _had(w: Workload, source: _Place, entry: Work) -> float:
    """What one worker had where it was measured, in vCPUs; on a load curve, what a request alone had."""
    workers = entry.workers or 1
    if source.accelerators:
        return float(w.assume("gpu_as_vcpus")) * source.accelerators / (1 if entry.at is not None else workers)
    if source.serverless:
        return min(source.vcpu, float(w.assume("serverless_vcpu_used")))
    alone = 1 / float(w.assume("workers_per_vcpu"))
    return min(source.vcpu, alone) if entry.at is not None else source.vcpu / workers


def _answer(
    target: _Place, entry: Work, scale: float, workers: int, at: Mapping[int, float] | None, evidence: str, says: str
) -> WorkOn:
    mean = entry.mean * scale
    return WorkOn(
        on=target.name,
        mean_s=mean,
        cv=entry.spread,
        workers=workers,
        at=at,
        scale=scale,
        entry=entry,
        evidence=evidence,
        says=says,
    )


def _wider(at: Mapping[int, float] | None, per: float) -> Mapping[int, float] | None:
    """The load curve with ``per`` times as many in flight at the same latency; one alone takes what one alone took."""
    if at is None or per == 1:
        return at
    wider = {max(1, math.floor(n * per + 1e-9)): seconds for n, seconds in at.items() if n > 1}
    return Fixed(dict(sorted({**wider, 1: at[1]}.items())))


def _place(w: Workload, name: str) -> _Place:
    try:
        memory = serverless_mib(name)
    except UnitError as error:
        raise UnknownName(
            f'"{name[:60]}" is no place to run: {error.what}', "", 'write an instance type, or "serverless 4 GB"'
        ) from None
    if memory is not None:
        vcpu = min(memory / float(w.assume("serverless_mib_per_vcpu")), float(w.assume("serverless_vcpu_max")))
        shown = show_memory(memory)
        return _Place(name=f"serverless {shown}", family="serverless", vcpu=vcpu, accelerators=0, serverless=True)
    one = instance(name)
    if not one.vcpu:
        raise UnknownName(f"{name} is no instance of its own", "", "write an instance type with vCPUs")
    return _Place(name=name, family=one.family, vcpu=one.vcpu, accelerators=_accelerators(w, one), serverless=False)


def _accelerators(w: Workload, one: Instance) -> int:
    if one.accelerator == "none":
        return 0
    return max(1, one.device_count) if w.accelerator != "none" or _measured_on_one(w) else 0


def _measured_on_one(w: Workload) -> bool:
    # Whoever measured on an accelerator uses it, whatever the model section says.
    types = (
        instance(work.instance) for n, work in enumerate(w.work) if work.instance is not None and w.given(f"work.{n}")
    )
    return any(one.accelerator != "none" for one in types)


def _kinds(source: _Place, target: _Place) -> int:
    """How unlike two places are: 0 of one kind, 1 CPU and serverless, 2 CPU and accelerator."""
    if bool(source.accelerators) != bool(target.accelerators):
        return 2
    return int(source.serverless != target.serverless)


def _distance(source: _Place, target: _Place) -> float:
    if source.accelerators and target.accelerators:
        return abs(math.log(target.accelerators / source.accelerators))
    return abs(math.log(target.vcpu / source.vcpu))
