"""A serverless endpoint as it is deployed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.errors import InputError
from advisor.patterns.base import CONTROLLED_FROM, Pattern
from advisor.patterns.clock import SCHEDULE, cycle_s, in_name, reach, refuse
from advisor.patterns.requests import Call
from advisor.patterns.serverless import rules_fit, rules_limits, rules_needs, rules_provisioned
from advisor.patterns.serverless.load import busiest_per_s
from advisor.patterns.serverless.render import calls
from advisor.patterns.settings import COUNT, COUNT_OR_ZERO, MEMORY, SHARE, optional
from advisor.rules import Rule, rulebook
from advisor.rules.estimates import longest_s, offered, serverless_name, servers_for
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.patterns.foresight import Foresight
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["Serverless"]

# Of the errors allowed, the part that throttling at the peak may take: cold starts hold containers longer than the
# work alone.
_THROTTLED = 0.1
_NEVER = 1e-6
# What no schedule reaches: how much may be provisioned is for a rule to say.
_ANY = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Serverless(Pattern):
    """Containers that come when a request does, serve one at a time, and go after a while without work.

        caller -> endpoint -> a warm container, or a cold one (set-up: image, server, model), or throttled

    Shines with rare, uneven or unforeseen traffic, since nothing is paid between requests.
    Hurts with sustained traffic, since a second of work costs more than on an instance, and where a cold start of
    seconds shows in the objective. No accelerator, VPC, data capture, variants or streaming.
    Billed: milliseconds of work times memory, data in and out by GB; provisioned concurrency by the second it is
    kept warm, and its work at a rate of its own.

    With ``max_provisioned_concurrency`` and ``target_utilisation`` provisioned concurrency follows its use, from
    ``provisioned_concurrency`` up. ``schedule`` is another minimum by the clock, in UTC, such as
    "mon-fri 08:00-18:00=8"; without those two it is the number itself.
    """

    name: ClassVar[str] = "serverless"
    about: ClassVar[str] = "containers that come with the requests and go after a while without work"
    loses_instances: ClassVar[bool] = False
    RULES: ClassVar[tuple[Rule[Any], ...]] = rulebook(
        "SL", *rules_limits.RULES, *rules_provisioned.RULES, *rules_needs.RULES, *rules_fit.RULES
    )

    memory_mib: int = field(metadata=MEMORY)
    max_concurrency: int = field(metadata=COUNT)
    provisioned_concurrency: int = field(default=0, metadata=COUNT_OR_ZERO)
    max_provisioned_concurrency: int | None = field(default=None, metadata=optional(COUNT))
    target_utilisation: float | None = field(default=None, metadata=optional(SHARE))
    schedule: str | None = field(default=None, metadata=optional(SCHEDULE))

    def __post_init__(self) -> None:
        Pattern.__post_init__(self)
        least, most, target = self.provisioned_concurrency, self.max_provisioned_concurrency, self.target_utilisation
        if (most is None) != (target is None):
            what = f"max_provisioned_concurrency={_said(most)} with target_utilisation={_said(target)}"
            raise InputError(
                what, "", "give both, such as max_provisioned_concurrency=8 and target_utilisation=0.7, or none"
            )
        if most is not None and most < least:
            what = f"max_provisioned_concurrency={most} is below provisioned_concurrency={least}"
            raise InputError(what, "", f"give max_provisioned_concurrency={least} or more")
        refuse(
            self.schedule, otherwise=least, most=_ANY if most is None else most, what="provisioned containers",
            minimum="provisioned_concurrency", maximum="max_provisioned_concurrency", least=0,
        )  # fmt: skip

    @property
    def id(self) -> str:
        """Such as "serverless-2048mib-c20", "serverless-4096mib-c20-p5" or "serverless-4096mib-c20-p2to8-u0.7"."""
        parts = [self.name, f"{self.memory_mib}mib", f"c{self.max_concurrency}"]
        if self.target_utilisation is not None:
            kept = f"p{self.provisioned_concurrency}to{self.max_provisioned_concurrency}"
            parts += [kept, f"u{self.target_utilisation:g}"]
        elif self.provisioned_concurrency:
            parts.append(f"p{self.provisioned_concurrency}")
        parts += [in_name(self.schedule)] if self.schedule is not None else []
        return "-".join(parts)

    @property
    def scales(self) -> bool:
        """Whether application-autoscaling changes its provisioned concurrency, by use or by the clock."""
        return self.target_utilisation is not None or self.schedule is not None

    @property
    def least_provisioned(self) -> int:
        """The least provisioned concurrency at any time of the week."""
        return reach(self.schedule, self.provisioned_concurrency)[0]

    @property
    def most_provisioned(self) -> int:
        """The most provisioned concurrency at any time."""
        if self.max_provisioned_concurrency is not None:
            return self.max_provisioned_concurrency
        return reach(self.schedule, self.provisioned_concurrency)[1]

    @property
    def cycle_s(self) -> float:
        return cycle_s(self.schedule)

    @classmethod
    def start(cls, w: Workload) -> Serverless:
        """The measured memory if model and time fit it, else the next step that does; room for peak and spikes.

        Several models have an endpoint each; this is the busiest one's. All of the concurrency is provisioned where
        cold starts are to be avoided.
        """
        memory = _memory_mib(w)
        at_once = offered(busiest_per_s(w), w.work_on(serverless_name(memory)))
        needed = servers_for(at_once, max(_NEVER, _THROTTLED * w.objective.errors))
        most = max(1, min(needed, int(w.limit("serverless.max_concurrency_max"))))
        avoid = w.objective.cold_starts == "avoid"
        return cls(memory_mib=memory, max_concurrency=most, provisioned_concurrency=most if avoid else 0)

    def render(self, w: Workload) -> tuple[Call, ...]:
        return calls(w, self)

    @property
    def place(self) -> str:
        return serverless_name(self.memory_mib)

    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        from advisor.patterns.serverless.simulate import simulate  # loads numba, which checking does without

        return simulate(w, self, trace, columns=columns, sample_s=sample_s)

    def usage(self, w: Workload, run: Run) -> Usage:
        from advisor.patterns.serverless.meter import usage  # as above

        return usage(w, self, run)

    def estimate(self, w: Workload) -> Mapping[str, float]:
        from advisor.patterns.serverless.simulate import estimate  # as above

        return estimate(w, self)

    @classmethod
    def space(cls, w: Workload) -> tuple[tuple[Serverless, ...], ...]:
        from advisor.patterns.serverless.space import space  # only a search needs it

        return space(w)

    @property
    def controlled_from(self) -> int:
        # What is paid is paid for each request; but where kept containers scale, they are paid for as they do.
        return 3 if self.target_utilisation is None else CONTROLLED_FROM

    def foresee(self, w: Workload) -> Foresight:
        from advisor.patterns.serverless.foresee import foresee  # loads numpy, which checking does without

        return foresee(w, self)


def _said(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _memory_mib(w: Workload) -> int:
    """The first memory with room for model and container in which a request is in time; else where it is fastest."""
    needed = w.model.memory_mib + float(w.assume("serverless_container_memory"))
    step, most = int(w.limit("serverless.memory_step")), int(w.limit("serverless.memory_max"))
    least = min(most, max(int(w.limit("serverless.memory_min")), math.ceil(min(needed, most) / step) * step))
    measured = [
        int(entry.serverless_mib) for n, entry in enumerate(w.work) if entry.serverless_mib and w.given(f"work.{n}.on")
    ]
    fitting = [memory for memory in measured if min(needed, most) <= memory <= most]
    sizes = [*fitting, *(memory for memory in range(least, most + 1, step) if memory > max(fitting, default=0))]
    for in_time in (_meets_objective, _ends_in_time):
        for memory in sizes:
            if in_time(w, memory):
                return memory
    return min(sizes, key=lambda memory: w.work_on(serverless_name(memory)).mean_s)


def _ends_in_time(w: Workload, memory_mib: int) -> bool:
    return w.work_on(serverless_name(memory_mib)).mean_s <= w.limit("serverless.invoke_timeout")


def _meets_objective(w: Workload, memory_mib: int) -> bool:
    on, overhead = w.work_on(serverless_name(memory_mib)), float(w.assume("serverless_overhead"))
    return _ends_in_time(w, memory_mib) and all(
        overhead + (on.mean_s if name == "mean" else longest_s(w, on, int(name[1:]) / 100)) <= seconds
        for name, seconds in w.objective.latencies
    )
