"""A base and its spill: what finds all places of a real-time fleet taken is sent on to another endpoint.

    request ── router: is a place free at the base? ── yes ──> base: a fleet of fixed size, or one by the clock
                                                    └─ no ───> the second: serverless, or asynchronous

The router counts the requests in flight at the base, and sends a request on when all places are taken: the workers of
all instances, and what may wait at each of them beside (none, where nothing else is said). It sends to the instance
with the fewest in flight, as AWS's least-outstanding routing does. What the base takes it takes once: there is nothing
that its caller would try again but a time-out, and that ends as one. What is sent on is tried again at the second, as
its callers do, and never comes back to the base.

So the base knows nothing of the second, and the two are run one after the other, exactly: first the base, as a loss
system; then the requests that it turned away, with their own instants of arrival and the very luck that they have on
every other deployment, as the trace of the second. Nothing is added to the way of a request that is sent on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from advisor.errors import BugError
from advisor.sim.block import Block
from advisor.sim.control import Fleet
from advisor.sim.deployments import LEAST_OUTSTANDING, Client, FleetSpec, Workers
from advisor.sim.fleets import FleetStation
from advisor.sim.kernels import layout
from advisor.sim.ledger import Columns, Ledger
from advisor.sim.run_record import Run
from advisor.sim.scaling import Scaling
from advisor.sim.spill_record import SpillRun
from advisor.sim.station import Window, drive, run_to, window_of
from advisor.sim.statuses import REJECTED
from advisor.sim.timeline import billed_seconds, held_seconds
from advisor.sim.trace import BLOCK, Trace
from advisor.sim.union import together
from advisor.streams import key

__all__ = ["Spilled", "regrown", "simulate_spill"]

Mask = npt.NDArray[np.bool_]
# Of a block: a bit for each request, and how many requests that is.
Packed = tuple[npt.NDArray[np.uint8], int]
# So long after its own end the base goes on at first: the second has to know what comes until it has answered all.
_ON_S = 1800.0


class _Base(FleetStation):
    """The base; it keeps of every block which requests it turned away, a bit each."""

    def __init__(
        self, trace: Trace, spec: FleetSpec, client: Client, window: Window, *, columns: bool, meter_bytes: bool
    ) -> None:
        super().__init__(trace, spec, client, window, track=True, columns=True, meter_bytes=meter_bytes)
        self._whole = columns
        self._blocks_done: list[Packed] = []
        self._seen = 0
        self.turned = 0

    def _next_block(self) -> None:
        q = self.q
        if q[layout.Q_ROWS]:
            self._blocks_done.append(_packed(self._count()))
        self._seen = 0
        if not self._whole:
            # One attempt a request: all of the block are settled, and their rows may be written again.
            q[layout.Q_FIRST] = -q[layout.Q_ROWS]
        super()._next_block()

    def _mask(self) -> Mask:
        """Which requests of the block, as far as it has been gone through, found no place."""
        q = self.q
        first = int(q[layout.Q_FIRST])
        return np.asarray(self.ints[first : first + int(q[layout.Q_ROW]), layout.R_STATUS] == REJECTED)

    def _count(self) -> Mask:
        mask = self._mask()
        self.turned += int(mask[self._seen :].sum())
        self._seen = mask.size
        return mask

    def attempted(self) -> int:
        """What is sent on never comes to the endpoint."""
        self._count()
        return super().attempted() - self.turned

    def turned_away(self) -> tuple[Packed, ...]:
        """By block, for each of its requests so far: was it turned away?"""
        return (*self._blocks_done, _packed(self._count())) if self.q[layout.Q_ROW] else tuple(self._blocks_done)


def _packed(mask: Mask) -> Packed:
    return np.packbits(mask), mask.size


def _unpacked(packed: Packed) -> Mask:
    bits, count = packed
    return np.unpackbits(bits, count=count).astype(np.bool_)


class Spilled(Trace):
    """The requests of a trace that a base turned away, with all their luck."""

    def __init__(self, whole: Trace, turned: Sequence[Packed]) -> None:
        super().__init__(
            whole.sources, seed=key(whole.seed, "spill", 0), laws=whole.laws, warmup_s=whole.warmup_s,
            horizon_s=whole.horizon_s, attempts=whole.attempts, notes=whole.notes,
        )  # fmt: skip
        self.split_s = whole.split_s
        self._of, self._taken = whole, tuple(turned)

    def blocks(self, rows: int = BLOCK) -> Iterator[Block]:  # noqa: ARG002 - blocks are cut as those of the whole are
        """Blocks of the whole, less what the base took; over where the base has gone no further."""
        for packed, block in zip(self._taken, self._of.blocks(), strict=False):
            chosen = np.flatnonzero(_unpacked(packed))
            if chosen.size:
                yield block.chosen(chosen)


def regrown(trace: Trace, growth: float) -> Trace:
    """The same requests as a deployment meets them whose work grows otherwise with the payload."""
    if trace.laws.growth == growth:
        return trace
    grown = Trace(
        trace.sources, seed=trace.seed, laws=replace(trace.laws, growth=growth), warmup_s=trace.warmup_s,
        horizon_s=trace.horizon_s, attempts=trace.attempts, notes=trace.notes,
    )  # fmt: skip
    grown.split_s = trace.split_s
    return grown


def simulate_spill(
    trace: Trace,
    spec: FleetSpec,
    scaling: Scaling,
    second: Callable[[Trace], Run],
    *,
    growth: float | None = None,
    client: Client | None = None,
    window: Window | None = None,
    columns: bool = False,
    sample_s: float | None = None,
    meter_bytes: bool = True,
) -> SpillRun:
    """One run of a base and of what takes its spill.

    ``spec.container_queue`` is how many may wait at an instance before a request is sent on; the base's routing is by
    the fewest in flight, whatever the spec says, and its client makes one attempt. ``second`` runs the trace of those
    that are sent on; it is to keep the window. ``growth`` is the second's growth of work with the payload, where it is
    not the trace's.
    """
    server = spec.server
    if not isinstance(server, Workers) or server.batching is not None:
        raise BugError("the base of a spill has plain workers: places are counted, and shared ones are not")
    if scaling.policies or scaling.losses:
        raise BugError("the base of a spill is of a fixed size, or goes by the clock")
    client = replace(client or Client(), attempts=1)
    window = window or window_of(trace)
    env = simpy.Environment()
    spec = replace(spec, routing=LEAST_OUTSTANDING)
    base = _Base(trace, spec, client, window, columns=columns, meter_bytes=meter_bytes)
    fleet = Fleet(env, scaling, base)
    stop = drive(env, fleet, base, sample_s=sample_s)
    theirs = regrown(trace, trace.laws.growth if growth is None else growth)
    upto, further = stop, _ON_S
    while True:
        if window.stop_s is None:
            # The base is a little ahead, and further where the second turns out to have needed more.
            upto, further = upto + further, 4 * further
            run_to(env, fleet, base, upto)
        turned = base.turned_away()
        other = second(Spilled(theirs, turned))
        if window.stop_s is not None or other.stop_s <= upto:
            break
        upto = max(upto, other.stop_s)
    mask = np.concatenate([np.zeros(0, np.bool_), *map(_unpacked, turned)]) if columns else None
    own = _own(base, fleet, scaling, window, stop, mask, server.workers)
    return _together(own, other, base.told, mask)


def _own(
    base: _Base, fleet: Fleet, scaling: Scaling, window: Window, stop: float, mask: Mask | None, workers: int
) -> Run:
    """The base's run, of the requests that it took."""
    span, units = (window.from_s, window.end_s), fleet.timeline.units
    told = base.told
    counts = told.counts.copy()
    inside, every = int(counts[REJECTED]), base.turned
    for counter in (REJECTED, layout.L_ARRIVED, layout.L_CLOSED, layout.L_WINDOW_ATTEMPTS):
        counts[counter] -= inside
    for counter in (layout.L_ATTEMPTS, layout.L_TOTAL, layout.L_TOTAL_CLOSED):
        counts[counter] -= every
    early = base.early
    if early is not None:
        early = replace(early, counts=early.counts.copy())
        for counter in (layout.L_ARRIVED, layout.L_CLOSED, REJECTED):
            early.counts[counter] -= early.counts[REJECTED]
    rows = None if mask is None else _rows(base.columns(), ~mask)
    return Run(
        ledger=Ledger(counts=counts, sums=told.sums, bins=told.bins),
        early=early,
        timeline=fleet.timeline,
        window_s=span,
        stop_s=stop,
        granules={
            "instance_s": billed_seconds(units, span, stop, from_launch=scaling.bill_from_launch),
            **base.data(),
        },
        held_s=held_seconds(units, span, stop) * workers,
        columns=rows,
    )


def _rows(columns: Columns, chosen: Mask) -> Columns:
    return Columns(**{name: getattr(columns, name)[chosen] for name in Columns.__slots__})


def _together(own: Run, other: Run, base: Ledger, mask: Mask | None) -> SpillRun:
    joined = together([(replace(own, columns=None), 1), (replace(other, columns=None), 1)])
    rows = None
    if mask is not None and own.columns is not None and other.columns is not None:
        rows = _merged(own.columns, other.columns, mask, first=max(1, len(own.timeline.units)))
    held = {field.name: getattr(joined, field.name) for field in fields(joined)}
    return SpillRun(
        **{**held, "columns": rows},
        parts=(own, other),
        came=base.arrived,
        sent_on=int(base.counts[REJECTED]),
    )


def _merged(own: Columns, other: Columns, mask: Mask, *, first: int) -> Columns:
    """All rows in the order of the trace, as far as both parts have come; the second's units are numbered on."""
    sent = np.flatnonzero(mask)
    known = other.status.size
    size = mask.size if known >= sent.size else int(sent[known])
    goes = mask[:size]
    numbered = replace(other, instance=np.where(other.instance >= 0, other.instance + first, other.instance))

    def put(name: str) -> Any:
        mine, theirs = getattr(own, name), getattr(numbered, name)
        out = np.empty(size, mine.dtype)
        out[~goes], out[goes] = mine[: size - int(goes.sum())], theirs[: int(goes.sum())]
        return out

    return Columns(**{name: put(name) for name in Columns.__slots__})
