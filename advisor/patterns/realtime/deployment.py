"""A real-time endpoint as it is deployed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.catalog.instances import instance
from advisor.errors import InputError
from advisor.patterns.clock import SCHEDULE, in_name, reach, refuse
from advisor.patterns.realtime import rules_fit, rules_fleet, rules_limits
from advisor.patterns.realtime.render import calls
from advisor.patterns.requests import Call
from advisor.patterns.settings import COUNT, GIGABYTES, INSTANCE, NUMBER, choice, optional
from advisor.patterns.standing import Standing
from advisor.rules import Rule, rulebook
from advisor.rules.estimates import capacity_per_s, instances_for
from advisor.rules.first_guess import first_type
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.patterns.foresight import Foresight
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["RealTime", "volume_gb"]

# Beyond what any API takes, so that the rules on volumes speak.
_LARGEST_VOLUME_GB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RealTime(Standing):
    """Instances that stand ready behind one address and answer at once.

        caller -> endpoint -> routing -> instance 1: container, its workers, its own queue
                                      -> instance 2: ...

    Shines with steady traffic and strict latency, with accelerators, streaming, VPC, data capture and variants.
    Hurts where nothing comes for long stretches, since instances are paid by the second whether they work or not,
    and where bursts are shorter than a launch, since new instances take minutes.
    Billed: instance-seconds, the volume by GB-month, data in and out by GB.

    ``min_instances`` is what the endpoint starts with; with ``scaling`` it never goes below that nor above
    ``max_instances``. ``target`` is invocations a minute, or requests at once, on one instance. ``schedule`` is another
    minimum by the clock, such as "mon-fri 08:00-18:00=4" in UTC; without ``scaling`` it is the number itself.
    """

    name: ClassVar[str] = "real-time"
    about: ClassVar[str] = "instances that stand ready behind one address and answer at once"
    RULES: ClassVar[tuple[Rule[Any], ...]] = rulebook("RT", *rules_limits.RULES, *rules_fleet.RULES, *rules_fit.RULES)

    instance_type: str = field(metadata=INSTANCE)
    min_instances: int = field(default=1, metadata=COUNT)
    max_instances: int = field(default=1, metadata=COUNT)
    scaling: str = field(default="none", metadata=choice("none", "invocations", "concurrency"))
    target: float | None = field(default=None, metadata=optional(NUMBER))
    routing: str = field(default="RANDOM", metadata=choice("RANDOM", "LEAST_OUTSTANDING_REQUESTS"))
    workers: int | None = field(default=None, metadata=optional(COUNT))
    volume_gb: int | None = field(default=None, metadata=optional(GIGABYTES))
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
                what,
                "",
                "a scaling metric has a target, such as scaling=invocations and target=600; no scaling has none",
            )

    @property
    def id(self) -> str:
        """Such as "real-time-m5.large-x2" or "real-time-g5.xlarge-1to4-invocations420"."""
        head = f"{self.name}-{self.instance_type.removeprefix('ml.')}"
        parts = [f"x{self.min_instances}"]
        if self.target is not None:
            parts = [f"{self.min_instances}to{self.max_instances}", f"{self.scaling}{self.target:g}"]
        parts += ["lor"] if self.routing != "RANDOM" else []
        parts += [f"w{self.workers}"] if self.workers is not None else []
        parts += [f"v{self.volume_gb}"] if self.volume_gb is not None else []
        parts += [in_name(self.schedule)] if self.schedule is not None else []
        return "-".join([head, *parts])

    @classmethod
    def start(cls, w: Workload) -> RealTime:
        """A measured type, or the cheapest that fits; from instances for the mean to those for the peak."""
        name = first_type(w, "Hosting")
        on = w.work_on(name)
        least = max(
            instances_for(w, on, w.rate_per_s), int(w.assume("multi_az_instances")) if "multi-az" in w.needs else 1
        )
        most = max(least, instances_for(w, on, w.peak_per_s))
        scaling, target = _tracking(w, on) if most > least else ("none", None)
        return cls(
            instance_type=name,
            min_instances=least,
            max_instances=most,
            scaling=scaling,
            target=target,
            volume_gb=volume_gb(w, name),
        )

    def render(self, w: Workload) -> tuple[Call, ...]:
        return calls(w, self)

    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        from advisor.patterns.realtime.simulate import simulate  # loads numba, which checking does without

        return simulate(w, self, trace, columns=columns, sample_s=sample_s)

    def usage(self, w: Workload, run: Run) -> Usage:
        from advisor.patterns.realtime.meter import usage  # as above

        return usage(w, self, run)

    def estimate(self, w: Workload) -> Mapping[str, float]:
        from advisor.patterns.realtime.simulate import estimate  # as above

        return estimate(w, self)

    @classmethod
    def space(cls, w: Workload) -> tuple[tuple[RealTime, ...], ...]:
        from advisor.patterns.realtime.space import space  # only a search needs it

        return space(w)

    def foresee(self, w: Workload) -> Foresight:
        from advisor.patterns.realtime.foresee import foresee  # loads numpy, which checking does without

        return foresee(w, self)


def volume_gb(w: Workload, name: str) -> int | None:
    """Room for the model beside its archive; none where the usual volume or the type's own disk has it."""
    unpacked = w.model.size_bytes * float(w.assume("artefact_unpack_factor"))
    tight = unpacked > float(w.assume("endpoint_volume")) and not instance(name).nvme_gb
    return min(_LARGEST_VOLUME_GB, math.ceil(unpacked / 1e9)) if tight else None


def _tracking(w: Workload, on: WorkOn) -> tuple[str, float]:
    """The metric to scale on and its target: what an instance does at the use that a first guess aims at."""
    use = float(w.assume("scaling_start_use"))
    a_minute = math.floor(capacity_per_s(on) * use * 60)
    if "streaming" in w.needs or a_minute < 1:
        return "concurrency", max(1, math.floor(on.workers * use))
    return "invocations", a_minute
