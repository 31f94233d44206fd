"""An asynchronous endpoint's deployment: its settings, and the one a person would write first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.errors import InputError
from advisor.patterns.asynchronous.render import calls
from advisor.patterns.asynchronous.rules import RULES
from advisor.patterns.asynchronous.waking import idle_share, wake_s
from advisor.patterns.clock import SCHEDULE, in_name, refuse
from advisor.patterns.requests import Call
from advisor.patterns.settings import COUNT, COUNT_OR_ZERO, DURATION, GIGABYTES, INSTANCE, NUMBER, SWITCH, optional
from advisor.patterns.standing import Standing
from advisor.rules import Rule
from advisor.rules.estimates import capacity_per_s, instances_for, longest_s
from advisor.rules.first_guess import first_type
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.patterns.foresight import Foresight
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["Asynchronous"]

# Pauses rarer than this save no instance time worth a late answer.
_SELDOM = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Asynchronous(Standing):
    """Instances behind one queue, as many as it is long, down to none.

        caller -> S3 -> one queue -> a free place on an instance -> S3 -> notification
                        | too old: expired      | too long: timed out
                        +-> the backlog wakes, grows and shrinks the fleet

    Shines where requests are large or long and may wait: nothing is lost in a burst, and nothing is paid at zero.
    Hurts where somebody waits for the answer, since it is fetched from S3, and where rare requests wake an instance,
    which is paid for a quarter of an hour longer than it works.
    Billed: instance-seconds, the volume by GB-month, requests and storage of S3.

    "timeout" is a call's longest work, "ttl" a request's longest wait; "target_backlog" the scaling target (requests
    waiting or in work, an instance); "wake_step" the extra policy that leaves zero on the first request; "inline" sends
    the body in the call instead of through S3; "schedule" is another minimum by the clock, such as "22:00-06:00=0", and
    where minimum and maximum are one the number itself.
    """

    name: ClassVar[str] = "asynchronous"
    about: ClassVar[str] = "a queue before instances that scale with its length, down to none; inputs and answers in S3"
    RULES: ClassVar[tuple[Rule[Any], ...]] = RULES

    instance_type: str = field(metadata=INSTANCE)
    min_instances: int = field(default=1, metadata=COUNT_OR_ZERO)
    max_instances: int = field(default=1, metadata=COUNT)
    concurrency_per_instance: int = field(default=1, metadata=COUNT)
    target_backlog: float = field(default_factory=lambda: limit("async.backlog_target_example").base, metadata=NUMBER)
    timeout_s: float = field(default_factory=lambda: limit("async.timeout_default").base, metadata=DURATION)
    ttl_s: float = field(default_factory=lambda: limit("async.ttl_default").base, metadata=DURATION)
    wake_step: bool = field(default=True, metadata=SWITCH)
    inline: bool = field(default=False, metadata=SWITCH)
    volume_gb: int | None = field(default=None, metadata=optional(GIGABYTES))
    schedule: str | None = field(default=None, metadata=optional(SCHEDULE))

    def __post_init__(self) -> None:
        Standing.__post_init__(self)
        if self.min_instances > self.max_instances:
            what = f"max_instances={self.max_instances} is below min_instances={self.min_instances}"
            raise InputError(what, "", f"give max_instances={self.min_instances} or more")
        refuse(
            self.schedule, otherwise=self.min_instances, most=self.max_instances, what="instances",
            minimum="min_instances", maximum="max_instances", least=0,
        )  # fmt: skip

    @property
    def id(self) -> str:
        """Such as "asynchronous-g5.xlarge-0to3-c1-b5-t900-ttl21600"."""
        low, high = self.min_instances, self.max_instances
        parts = [self.name, self.instance_type.removeprefix("ml."), f"x{low}" if low == high else f"{low}to{high}"]
        parts += [f"c{self.concurrency_per_instance}", f"b{self.target_backlog:g}"]
        parts += [f"t{self.timeout_s:g}", f"ttl{self.ttl_s:g}"]
        parts += ["nostep"] * (self.sleeps and not self.wake_step) + ["inline"] * self.inline
        parts += [f"{self.volume_gb}gb"] if self.volume_gb else []
        parts += [in_name(self.schedule)] if self.schedule is not None else []
        return "-".join(parts)

    @property
    def scales(self) -> bool:
        """Whether the backlog has a say in the number of instances."""
        return self.min_instances < self.max_instances

    @property
    def sleeps(self) -> bool:
        """Whether it scales down to no instance, at all times or by the clock."""
        return self.scales and self.least_instances == 0

    @classmethod
    def start(cls, w: Workload) -> Asynchronous:
        """The measured type, the fleet of the busiest minutes at most, none when idle where waking is in time."""
        return cls.start_on(w, first_type(w, "AsyncInf"))

    @classmethod
    def start_on(cls, w: Workload, name: str) -> Asynchronous:
        """The same on a type of one's own choice."""
        on = w.work_on(name)
        zones = int(w.assume("multi_az_instances")) if "multi-az" in w.needs else 1
        most = max(zones, instances_for(w, on, w.peak_per_s))
        least = _least(w, name, on, zones, most)
        return cls(
            instance_type=name,
            min_instances=least,
            max_instances=most,
            concurrency_per_instance=on.workers,
            target_backlog=_backlog(w, on),
            timeout_s=_timeout_s(w, on),
            ttl_s=limit("async.ttl_default").base,
            inline=w.payload.request_max_bytes <= limit("async.inline_body_max").base,
            volume_gb=_volume_gb(w, name),
        )

    def render(self, w: Workload) -> tuple[Call, ...]:
        return calls(w, self)

    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        from advisor.patterns.asynchronous.simulate import simulate  # loads numba, which checking does without

        return simulate(w, self, trace, columns=columns, sample_s=sample_s)

    def usage(self, w: Workload, run: Run) -> Usage:
        from advisor.patterns.asynchronous.meter import usage  # as above

        return usage(w, self, run)

    def estimate(self, w: Workload) -> Mapping[str, float]:
        from advisor.patterns.asynchronous.simulate import estimate  # as above

        return estimate(w, self)

    @classmethod
    def space(cls, w: Workload) -> tuple[tuple[Asynchronous, ...], ...]:
        from advisor.patterns.asynchronous.space import space  # only a search needs it

        return space(w)

    def foresee(self, w: Workload) -> Foresight:
        from advisor.patterns.asynchronous.foresee import foresee  # loads numpy, which checking does without

        return foresee(w, self)

    def never(self, w: Workload) -> str:
        from advisor.patterns.asynchronous.foresee import never  # loads numpy, which checking does without

        return never(w, self)


def _least(w: Workload, name: str, on: WorkOn, zones: int, most: int) -> int:
    """None where zero is asked for, or where nobody minds the wake; else what the mean rate needs."""
    latency = w.objective.latency
    patient = latency is None or latency[1] > wake_s(w, name)
    if zones == 1 and ("scale-to-zero" in w.needs or (patient and idle_share(w) > _SELDOM and _may_wake(w))):
        return 0
    return min(most, max(zones, math.floor(w.rate_per_s / capacity_per_s(on))))


def _volume_gb(w: Workload, name: str) -> int | None:
    """Room for the model beside its archive; none where the usual volume or the type's own disk has it."""
    unpacked = w.model.size_bytes * float(w.assume("artefact_unpack_factor"))
    tight = unpacked > float(w.assume("endpoint_volume")) and not instance(name).nvme_gb
    return math.ceil(unpacked / 1e9) if tight else None


def _may_wake(w: Workload) -> bool:
    return w.streams and w.objective.cold_starts == "allow"


def _backlog(w: Workload, on: WorkOn) -> float:
    """As many waiting as are worked off in half the time that the objective leaves; AWS's example without one."""
    example = limit("async.backlog_target_example").base
    latency = w.objective.latency
    if latency is None:
        return example
    spare = latency[1] - float(w.assume("async_overhead")) - on.mean_s
    return max(1.0, min(100.0, math.floor(capacity_per_s(on) * spare / 2)))


def _timeout_s(w: Workload, on: WorkOn) -> float:
    """AWS's default where the slowest thousandth fits it, else twice that, up to what AWS allows."""
    slow = longest_s(w, on, 0.999)
    default, most = limit("async.timeout_default").base, limit("async.timeout_max").base
    return default if slow <= default else min(most, math.ceil(2 * slow / 60) * 60)
