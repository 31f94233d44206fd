"""A base of real-time instances with a spill, as a deployment: what finds them all busy goes to another endpoint.

    caller -> router -> real-time: a fixed number of instances, as long as one of them has a place free
                     -> serverless, or asynchronous: every other request

AWS routes no spill: the caller's own library, or a thin router before both endpoints, counts what it has in flight at
the base and decides. What that means exactly stands in `advisor.sim.spill`. Where the router is the caller's own
library a request that is sent on takes no way that another would not; a router of its own stands before every request,
and neither its time nor its cost is in the figures: the note says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.advice.combination import of_part
from advisor.advice.of_parts import OfParts
from advisor.errors import BugError, InputError
from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.base import Pattern
from advisor.patterns.realtime import RealTime
from advisor.patterns.requests import Call
from advisor.patterns.serverless import Serverless
from advisor.rules import Finding
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.sim.horizon import Horizon
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["EVIDENCE", "OF_THE_SPILL", "Spill"]

#: from best to worst; what is put together is as good as its worst part
EVIDENCE = ("measured", "fitted", "extrapolated", "derived", "assumed")
#: what begins the name of each of the second's lines on the bill
OF_THE_SPILL = "spill: "

# What these rules say holds of an endpoint that has all of the traffic, and each part has a share of it: they ask
# whether the fleet carries the peak and the spikes, what is throttled at the peak, how many starts are cold, and which
# pattern suits traffic like that. The simulation of both parts tells that of each share.
_OF_ALL_TRAFFIC = frozenset(
    {"RT-30", "RT-36", "SL-20", "SL-24", "SL-50", "SL-54", "SL-55", "SL-56", "AS-53", "AS-54", "AS-55"}
)
_HOW = "a request goes to the first as long as a place is free there, else to the second at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spill(OfParts):
    """A base of instances, and a second endpoint that takes what finds them all busy.

    ``base`` is of a fixed size, or one by the clock, and routes to the instance with the fewest in flight; ``spill_at``
    is how many requests may wait at one of its instances before the next is sent on.
    """

    about: ClassVar[str] = "a base of instances, and another endpoint for what finds them all busy"
    loses_instances: ClassVar[bool] = False

    base: RealTime
    second: Serverless | Asynchronous
    spill_at: int = 0

    def __post_init__(self) -> None:
        base, second = self.base, self.second
        if base.target is not None or base.routing == "RANDOM":
            what = f"{base.id} as the base of a spill"
            mend = "give a base with scaling=none and routing=LEAST_OUTSTANDING_REQUESTS: the router counts its places"
            raise InputError(what, "", mend)
        if second.cycle_s:
            raise InputError(f"{second.id} behind a base", "", "leave its schedule out: its load is the spill")
        if type(self.spill_at) is not int or self.spill_at < 0:
            raise InputError(f"spill_at={self.spill_at!r}", "", "give a whole number, 0 or more")

    @property
    def controlled_from(self) -> int:
        # The spill comes in bursts, and follows the arrivals less closely than they themselves do.
        return self.second.controlled_from + 1 if isinstance(self.second, Serverless) else self.second.controlled_from

    @property
    def parts(self) -> tuple[Pattern, Pattern]:
        """The base, then the second."""
        return (self.base, self.second)

    @property
    def named(self) -> Mapping[str, Pattern]:
        """The parts by the names that their settings go by."""
        return {"base": self.base, "second": self.second}

    @property
    def id(self) -> str:
        """The parts' names, joined."""
        waits = f"-wait{self.spill_at}" if self.spill_at else ""
        return f"{self.base.id}{waits} + {self.second.id}"

    @property
    def patterns(self) -> str:
        """The parts' patterns, joined: "real-time + serverless"."""
        return " + ".join(self.at_work)

    def work_on(self, w: Workload) -> WorkOn:
        """As it is known for the base, and as badly as for the worse known of the two."""
        every = [part.work_on(w) for part in self.parts]
        worst = max((on.evidence for on in every), key=EVIDENCE.index)
        return replace(every[0], evidence=worst, says="; ".join(dict.fromkeys(on.says for on in every)))

    def to_dict(self) -> dict[str, Any]:
        """How the parts share the work, when the base is full, and the parts by pattern with their settings."""
        parts = [{"pattern": part.name, **part.to_dict()} for part in self.parts]
        return {"how": _HOW, "spill_at": self.spill_at, "parts": parts}

    @classmethod
    def start(cls, w: Workload) -> Spill:
        """Half of the fleet that a person would write down first, and serverless beside it."""
        return cls(base=cls.base_of(w), second=cls.second_of(w, Serverless))

    @staticmethod
    def base_of(w: Workload) -> RealTime:
        """Half of the fleet that a person would write down first, of a fixed size."""
        alone = RealTime.start(w)
        half = max(1, alone.min_instances // 2)
        return replace(
            alone, min_instances=half, max_instances=half, scaling="none", target=None,
            routing="LEAST_OUTSTANDING_REQUESTS",
        )  # fmt: skip

    @staticmethod
    def second_of(w: Workload, pattern: type[Serverless] | type[Asynchronous]) -> Serverless | Asynchronous:
        """What a person would write down first for all of the traffic; with nothing of it kept warm."""
        alone = pattern.start(w)
        return replace(alone, provisioned_concurrency=0) if isinstance(alone, Serverless) else alone

    def check(self, w: Workload) -> tuple[Finding, ...]:
        """What the rules find in the parts, but for those that judge an endpoint by all of the traffic."""
        found = [of_part(name, finding) for name, part in self.named.items() for finding in part.check(w)]
        return tuple(sorted((one for one in found if one.rule not in _OF_ALL_TRAFFIC), key=lambda f: f.verdict.rank))

    def render(self, w: Workload) -> tuple[Call, ...]:
        """The AWS calls of both parts, in order; the router is the caller's own."""
        return tuple(call for part in self.parts for call in part.render(w))

    def told(self) -> str:
        """What it assumes, for the notes of an answer."""
        places = f"no more than {self.spill_at} wait at each instance" if self.spill_at else "none waits"
        return (
            f"{self.patterns}: AWS routes no spill, so the caller, or a router of its own, counts the requests in "
            f"flight at the real-time endpoint and sends those on that find all workers busy ({places}); a request is "
            "taken by the base once or sent on once, and what a router takes in time and money is not counted, nor "
            "the second network trip of a request that is sent on by a router on AWS's side"
        )

    def trace(self, w: Workload, *, seed: int, horizon: Horizon | None = None, spikes: bool = False) -> Trace:
        found = self.base.trace(w, seed=seed, horizon=horizon, spikes=spikes)
        found.notes = (*found.notes, self.told())
        return found

    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        from advisor.patterns.fleet import growth_of
        from advisor.patterns.realtime.simulate import caller_of, fleet_of, spec_of
        from advisor.sim.spill import simulate_spill

        return simulate_spill(
            trace,
            replace(spec_of(w, self.base), container_queue=self.spill_at),
            fleet_of(w, self.base, trace),
            lambda sent: self.second.simulate_one(w, sent, columns=columns, sample_s=sample_s),
            growth=growth_of(self.second.work_on(w)),
            client=caller_of(w),
            columns=columns,
            sample_s=sample_s,
        )

    def usage(self, w: Workload, run: Run) -> Usage:
        """Both parts' meters, of one window: tiers and allowances that they share are counted once."""
        from advisor.sim.spill_record import SpillRun

        if not isinstance(run, SpillRun):
            raise BugError(f"{self.id} is billed by what each part has done")
        first, second = (part.usage(w, one) for part, one in zip(self.parts, run.parts, strict=True))
        spilt = tuple(replace(meter, what=f"{OF_THE_SPILL}{meter.what}") for meter in second.meters)
        return replace(first, meters=(*first.meters, *spilt))
