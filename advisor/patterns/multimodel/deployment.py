"""A multi-model endpoint's deployment: its settings, and the one a person would write first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.catalog.instances import instance, offered
from advisor.catalog.limits import limit
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.patterns.clock import SCHEDULE, in_name, reach, refuse
from advisor.patterns.multimodel import rules_cache, rules_fleet, rules_needs
from advisor.patterns.multimodel.cache import RARE_HITS, cache_mib, hit_share, load_s, models_held
from advisor.patterns.multimodel.render import calls
from advisor.patterns.requests import Call
from advisor.patterns.settings import COUNT, GIGABYTES, INSTANCE, NUMBER, SWITCH, choice, optional
from advisor.patterns.standing import Standing
from advisor.rules import Rule, rulebook
from advisor.rules.estimates import capacity_per_s, instances_for
from advisor.rules.first_guess import first_type, measured_types
from advisor.rules.of_fleet import tolerated_share
from advisor.units import DAY_S
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.patterns.foresight import Foresight
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["MultiModel", "volume_gb"]

# No quota is raised further than this for the sake of models alone.
_MANY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiModel(Standing):
    """Instances that share many models: those in use in memory, others on disk, the rest in S3.

        caller -> TargetModel -> an instance that holds it: at once
                              -> else the least busy one: S3 -> disk -> memory, then the call

    Shines with many models of one kind and size of which few are busy at a time. Hurts where every call must be fast,
    since the first call of a model that left memory waits for its load, and where one model has most of the traffic.
    Billed as a real-time endpoint: instance-seconds, the volume by GB-month, data in and out by GB.

    "cached" is ModelCacheSetting: without it a model leaves after each call. "target" is invocations a minute, an
    instance. "schedule" is another minimum by the clock, such as "08:00-18:00=4"; without scaling the number itself.
    """

    name: ClassVar[str] = "multi-model"
    about: ClassVar[str] = "instances that share many models of one container, loaded when they are asked for"
    holds_all: ClassVar[bool] = True
    RULES: ClassVar[tuple[Rule[Any], ...]] = rulebook(
        "MM", *rules_needs.RULES, *rules_cache.RULES, *rules_fleet.RULES, gone=("MM-58",)
    )

    instance_type: str = field(metadata=INSTANCE)
    min_instances: int = field(default=1, metadata=COUNT)
    max_instances: int = field(default=1, metadata=COUNT)
    scaling: str = field(default="none", metadata=choice("none", "invocations"))
    target: float | None = field(default=None, metadata=optional(NUMBER))
    volume_gb: int | None = field(default=None, metadata=optional(GIGABYTES))
    cached: bool = field(default=True, metadata=SWITCH)
    schedule: str | None = field(default=None, metadata=optional(SCHEDULE))

    def __post_init__(self) -> None:
        Standing.__post_init__(self)
        if self.max_instances < self.min_instances:
            what = f"max_instances={self.max_instances} is below min_instances={self.min_instances}"
            raise InputError(what, "", f"give max_instances={self.min_instances} or more")
        refuse(
            self.schedule, otherwise=self.min_instances, most=self.max_instances, what="instances",
            minimum="min_instances", maximum="max_instances", least=1,
        )  # fmt: skip
        if self.scaling == "none" and self.max_instances != reach(self.schedule, self.min_instances)[1]:
            what = f"scaling=none with {self.min_instances} to {self.max_instances} instances"
            by_clock = "the most that the schedule asks for" if self.schedule else "the same number for both"
            raise InputError(what, "", f"give scaling=invocations, or {by_clock}")
        if (self.scaling == "none") != (self.target is None):
            what = f"scaling={self.scaling} with target={'none' if self.target is None else f'{self.target:g}'}"
            raise InputError(
                what, "", "scaling has a target, such as scaling=invocations and target=600; no scaling has none"
            )

    @property
    def id(self) -> str:
        """Such as "multi-model-r5.2xlarge-x2" or "multi-model-m5.xlarge-2to4-invocations420"."""
        parts = [f"{self.name}-{self.instance_type.removeprefix('ml.')}", f"x{self.min_instances}"]
        if self.target is not None:
            parts[1:] = [f"{self.min_instances}to{self.max_instances}", f"{self.scaling}{self.target:g}"]
        parts += [f"v{self.volume_gb}"] if self.volume_gb is not None else []
        parts += [] if self.cached else ["uncached"]
        parts += [in_name(self.schedule)] if self.schedule is not None else []
        return "-".join(parts)

    @classmethod
    def start(cls, w: Workload) -> MultiModel:
        """The measured type with the most room for models, at least the two instances that AWS advises."""
        name = _roomiest(w)
        on = w.work_on(name)
        least = max(int(limit("mme.instances_min_advised").base), instances_for(w, on, w.rate_per_s))
        least = _for_models(w, name, least)
        most = max(least, instances_for(w, on, w.peak_per_s))
        scales = most > least
        target = max(1, math.floor(capacity_per_s(on) * float(w.assume("scaling_start_use")) * 60)) if scales else None
        return cls(
            instance_type=name,
            min_instances=least,
            max_instances=most,
            scaling="invocations" if scales else "none",
            target=target,
            volume_gb=volume_gb(w, name, least),
            cached=not _one_offs(w, name, least),
        )

    def render(self, w: Workload) -> tuple[Call, ...]:
        return calls(w, self)

    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        from advisor.patterns.multimodel.simulate import simulate  # loads numba, which checking does without

        return simulate(w, self, trace, columns=columns, sample_s=sample_s)

    def usage(self, w: Workload, run: Run) -> Usage:
        from advisor.patterns.multimodel.meter import usage  # as above

        return usage(w, self, run)

    def estimate(self, w: Workload) -> Mapping[str, float]:
        from advisor.patterns.multimodel.simulate import estimate  # as above

        return estimate(w, self)

    @classmethod
    def space(cls, w: Workload) -> tuple[tuple[MultiModel, ...], ...]:
        from advisor.patterns.multimodel.space import space  # only a search needs it

        return space(w)

    def foresee(self, w: Workload) -> Foresight:
        from advisor.patterns.multimodel.foresee import foresee  # loads numpy, which checking does without

        return foresee(w, self)


def _roomiest(w: Workload) -> str:
    measured = measured_types(w)
    book = price_book()
    sold = [
        name
        for name in measured
        if offered(name, "Hosting") and w.region in book.regions() and book.find(w.region, "Hosting", name) is not None
    ]
    fits = [name for name in sold if models_held(w, name) >= 1]
    return max(fits, key=lambda name: cache_mib(w, name)) if fits else first_type(w, "Hosting")


def _for_models(w: Workload, name: str, least: int) -> int:
    """More instances, up to the quota, where the loads of models would otherwise break the latency objective."""
    latency = w.objective.latency
    if latency is None or load_s(w) <= latency[1] or w.model.count == 1:
        return least
    most = min(_MANY, int(w.limit("quota.instances_per_endpoint")))
    if most <= least or _missed(w, name, most) > tolerated_share(w):
        return least
    short, enough = least - 1, most
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if _missed(w, name, middle) <= tolerated_share(w) else (middle, enough)
    return enough


def _missed(w: Workload, name: str, instances: int) -> float:
    return 1 - hit_share(w, instances * models_held(w, name))


def volume_gb(w: Workload, name: str, instances: int) -> int | None:
    """Room on disk for an instance's part of all models, with half as much again; none where the usual size has it."""
    own = w.model.size_bytes * math.ceil(w.model.count / instances) * 1.5
    if instance(name).nvme_gb or own <= float(w.assume("endpoint_volume")):
        return None
    return min(int(limit("realtime.volume_gb_max").base / 1e9), math.ceil(own / 1e9))


def _one_offs(w: Workload, name: str, instances: int) -> bool:
    """Whether nearly every call is for a model that is not there, which then only takes another one's place.

    That is borne only where the objective leaves each call the time to load its model.
    """
    if w.model.count == 1 or not w.streams or w.rate_per_s * DAY_S >= w.model.count:
        return False
    latency = w.objective.latency
    in_time = latency is None or load_s(w) <= latency[1]
    return in_time and _missed(w, name, instances) >= 1 - RARE_HITS
