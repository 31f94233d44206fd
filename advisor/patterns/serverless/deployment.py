"""A serverless endpoint as it is deployed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from advisor.patterns.base import Pattern
from advisor.patterns.serverless import rules_fit, rules_limits, rules_needs
from advisor.patterns.settings import COUNT, COUNT_OR_ZERO, MEMORY
from advisor.rules import Rule, rulebook
from advisor.rules.estimates import offered, serverless_name, servers_for
from advisor.workload import Workload

__all__ = ["Serverless"]

# Of the errors allowed, the part that throttling at the peak may take: cold starts hold containers longer than the
# work alone.
_THROTTLED = 0.1
_NEVER = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Serverless(Pattern):
    """Containers that come when a request does, serve one at a time, and go after a while without work.

        caller -> endpoint -> a warm container, or a cold one (set-up: image, server, model), or throttled

    Shines with rare, uneven or unforeseen traffic, since nothing is paid between requests.
    Hurts with sustained traffic, since a second of work costs more than on an instance, and where a cold start of
    seconds shows in the objective. No accelerator, VPC, data capture, variants or streaming.
    Billed: milliseconds of work times memory, data in and out by GB; provisioned concurrency by the second it is
    kept warm, and its work at a rate of its own.
    """

    name: ClassVar[str] = "serverless"
    about: ClassVar[str] = "containers that come with the requests and go after a while without work"
    RULES: ClassVar[tuple[Rule[Any], ...]] = rulebook("SL", *rules_limits.RULES, *rules_needs.RULES, *rules_fit.RULES)

    memory_mib: int = field(metadata=MEMORY)
    max_concurrency: int = field(metadata=COUNT)
    provisioned_concurrency: int = field(default=0, metadata=COUNT_OR_ZERO)

    @property
    def id(self) -> str:
        """Such as "serverless-2048mib-c20" or "serverless-4096mib-c20-p5"."""
        head = f"{self.name}-{self.memory_mib}mib-c{self.max_concurrency}"
        return f"{head}-p{self.provisioned_concurrency}" if self.provisioned_concurrency else head

    @classmethod
    def start(cls, w: Workload) -> Serverless:
        """The measured memory if the model fits it, else the next step above model and container; room for the peak.

        All of the concurrency is provisioned where cold starts are to be avoided.
        """
        needed = w.model.memory_mib + float(w.assume("serverless_container_memory"))
        step, least = w.limit("serverless.memory_step"), w.limit("serverless.memory_min")
        measured = [
            entry.serverless_mib for n, entry in enumerate(w.work) if entry.serverless_mib and w.given(f"work.{n}.on")
        ]
        fitting = [memory for memory in measured if memory >= needed]
        memory = int(fitting[0] if fitting else max(least, math.ceil(needed / step) * step))
        at_once = offered(w.peak_per_s, w.work_on(serverless_name(memory)))
        most = servers_for(at_once, max(_NEVER, _THROTTLED * w.objective.errors))
        avoid = w.objective.cold_starts == "avoid"
        return cls(memory_mib=memory, max_concurrency=most, provisioned_concurrency=most if avoid else 0)
