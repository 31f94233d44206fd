"""A stream's own endpoint that works off the lot, too: a client sends the records to it, at hours that leave room.

    caller -> endpoint <- client: the lot's records one by one, in equal steps, from when the lot came

No job is started and no instance is paid for twice; the records wait behind the stream's requests, and these behind
records. What that means exactly stands in `advisor.sim.shared`. The client is the caller's own, and costs nothing here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.advice.combination import lot_apart, of_part, shares
from advisor.advice.of_parts import OfParts
from advisor.errors import BugError, InputError
from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.base import Pattern
from advisor.patterns.realtime import RealTime
from advisor.patterns.requests import Call
from advisor.rules import BLOCKS, Finding
from advisor.rules.popularity import one_endpoint
from advisor.units import show_count, show_duration
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.sim.horizon import Horizon
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["MOST_ROWS", "ROWS", "Shared", "all_per_s", "longest_s", "sent_per_s"]

#: every request of a run is held: so many are aimed at, and a run of whole days or weeks has no more than so many
ROWS, MOST_ROWS = 2_000_000, 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(OfParts):
    """The stream's own endpoint, which works off the lot, too; no job is started.

    A client sends the lot's records to it one by one, in equal steps over ``sent_over_s`` from when the lot came.
    """

    about: ClassVar[str] = "an endpoint for the stream of requests, to which a client sends the lot's records, too"

    stream: RealTime | Asynchronous
    sent_over_s: float

    def __post_init__(self) -> None:
        if not (isinstance(self.sent_over_s, int | float) and 0 < self.sent_over_s < math.inf):
            raise InputError(f"sent_over_s={self.sent_over_s!r}", "", "give a duration above zero")

    @property
    def named(self) -> Mapping[str, Pattern]:
        """The parts by the names that their settings go by."""
        return {"stream": self.stream}

    @property
    def controlled_from(self) -> int:
        return self.stream.controlled_from

    @property
    def id(self) -> str:
        """Such as "real-time-m5.large-x1 + lot-over-12960s"."""
        return f"{self.stream.id} + lot-over-{self.sent_over_s:.10g}s"

    @property
    def patterns(self) -> str:
        """Such as "real-time with the lot"."""
        return f"{self.stream.name} with the lot"

    def work_on(self, w: Workload) -> WorkOn:
        return self.stream.work_on(w)

    def to_dict(self) -> dict[str, Any]:
        """How the lot is sent, and the endpoint by its pattern with its settings."""
        how = "requests go to the endpoint as they come; a client sends the lot's records to it in equal steps"
        part = {"pattern": self.stream.name, **self.stream.to_dict()}
        return {"how": how, "sent_over_s": self.sent_over_s, "parts": [part]}

    @classmethod
    def start(cls, w: Workload) -> Shared:
        """The endpoint that a person would write down first for the stream, and most of the time that the lot has."""
        return cls(stream=RealTime.start(shares(w)[0]), sent_over_s=longest_s(w))

    def check(self, w: Workload) -> tuple[Finding, ...]:
        """What the rules find in the endpoint for the stream, and what refuses the lot's records as requests."""
        records = [one for one in self.stream.check(as_requests(w, self.sent_over_s)) if one.verdict is BLOCKS]
        found = {(one.rule, one.says): of_part("stream", one) for one in (*self.stream.check(shares(w)[0]), *records)}
        return tuple(sorted(found.values(), key=lambda one: one.verdict.rank))

    def render(self, w: Workload) -> tuple[Call, ...]:
        """The AWS calls that create the endpoint; the client that sends the lot is the caller's own."""
        return self.stream.render(shares(w)[0])

    def told(self) -> str:
        """What it assumes, for the notes of an answer."""
        return (
            f"{self.patterns}: the caller's own client sends the lot's records to the endpoint one by one, over "
            f"{show_duration(self.sent_over_s)} from when the lot came, and is not billed here; latency and errors are "
            "those of the stream's requests, and the lot is judged by its deadline and its share of records not served"
        )

    def horizon(self, w: Workload, given: Horizon | None = None) -> Horizon:
        """Whole times of what the endpoint does again and again, and no lot is being sent where the window ends."""
        from advisor.sim.horizon import horizon_of, in_whole_times, with_whole_lots  # these load numba, too

        batch, found, cycle_s = _sendable(w, self.sent_over_s), given or horizon_of(w), self.cycle_s
        if cycle_s:
            found = in_whole_times(w, found, cycle_s)
        return with_whole_lots(w, found, every_s=batch.every_s, over_s=self.sent_over_s, cycle_s=cycle_s)

    def trace(self, w: Workload, *, seed: int, horizon: Horizon | None = None, spikes: bool = False) -> Trace:
        from advisor.sim.arrivals import Sent  # simulating loads numba, which checking does without
        from advisor.sim.shared import with_lot

        batch = _sendable(w, self.sent_over_s)
        stream = self.stream.trace(shares(w)[0], seed=seed, horizon=self.horizon(w, horizon), spikes=spikes)
        rows = (stream.warmup_s + stream.horizon_s) * all_per_s(w)
        if rows > MOST_ROWS:
            what = f"a run of {self.id} has {show_count(rows)} requests, and {show_count(MOST_ROWS)} at most are held"
            raise InputError(what, w.where("traffic.rate"), "simulate a job for the lot beside the stream")
        lot = Sent(name="lot", count=batch.records, every_s=batch.every_s, over_s=self.sent_over_s)
        union = with_lot(stream, lot, float(batch.record_bytes))
        union.notes = (*stream.notes, self.told())
        return union

    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        from advisor.sim.shared import told_apart

        run = self.stream.simulate_one(shares(w)[0], trace, columns=True, sample_s=sample_s)
        return told_apart(run, trace, columns=columns)

    def usage(self, w: Workload, run: Run) -> Usage:
        """The endpoint's meters, of all that came to it."""
        from advisor.sim.shared_record import SharedRun

        return self.stream.usage(shares(w)[0], run.whole if isinstance(run, SharedRun) else run)


def longest_s(w: Workload) -> float:
    """Nearly all of the time that the lot has, or that there is until the next one comes."""
    batch = w.batch
    if batch is None:
        raise BugError(f"{w.name} has no lot to be sent")
    return math.floor(0.9 * min(batch.deadline_s, batch.every_s))


def sent_per_s(w: Workload, over_s: float) -> float:
    """How many records a second come while the lot is sent."""
    return 0.0 if w.batch is None else w.batch.records / over_s


def all_per_s(w: Workload) -> float:
    """Requests and records, in the mean."""
    return w.rate_per_s + (0.0 if w.batch is None else w.batch.records / w.batch.every_s)


def as_requests(w: Workload, over_s: float) -> Workload:
    """The lot as a stream of its own while it is sent, for the rules to judge: one record is one request."""
    batch = _sendable(w, over_s)
    size = f"{batch.record_bytes:g} B"
    traffic = {"rate": f"{sent_per_s(w, over_s):.6g} per second", "shape": "steady"}
    return shares(w)[1].with_({"batch": None, "traffic": traffic, "payload.request": size, "payload.request_max": size})


def _sendable(w: Workload, over_s: float) -> Any:
    """The lot, where one endpoint can be sent it."""
    if w.batch is None or not lot_apart(w):
        raise InputError(f"{w.name} has no lot beside a stream", w.where("batch"), "leave sent_over_s out")
    if not one_endpoint(w):
        what = "each model has an endpoint of its own, and nothing says which the lot is for"
        raise InputError(what, w.where("model.count"), "give the lot a job of its own")
    if w.traffic is not None and w.traffic.spikes:
        what = "one-off spikes are told apart from the usual requests, and so are a lot's records, but not both at once"
        raise InputError(what, w.where("traffic.spikes"), "leave the spikes out, or give the lot a job of its own")
    if over_s > w.batch.every_s:
        what = (
            f"the lot is sent over {show_duration(over_s)}, and the next comes after {show_duration(w.batch.every_s)}"
        )
        raise InputError(what, w.where("batch.every"), f"send it over {show_duration(w.batch.every_s)} at most")
    return w.batch
