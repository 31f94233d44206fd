"""When batch transform jobs are due, and the trace of a workload whose records come in lots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from advisor.errors import BugError
from advisor.sim.arrivals import Lot
from advisor.sim.block import Block
from advisor.sim.kernels.generate import snap
from advisor.sim.trace import BLOCK, Trace
from advisor.workload import Workload

__all__ = ["Lots", "due_every", "lots_of"]


def due_every(every_s: float, until_s: float, *, first_s: float = 0.0) -> tuple[float, ...]:
    """The instants first_s, first_s + every_s, ... that are not later than `until_s`, on the grid.

    Where records are gathered from a stream, give `until_s` a period past the window: a job there takes its last ones.
    """
    if not every_s > 0 or not math.isfinite(until_s):
        raise BugError(f"jobs every {every_s} s until {until_s} s")
    count = max(0, math.floor((until_s - first_s) / every_s + 1e-9) + 1)
    return tuple(float(snap(first_s + k * every_s)) for k in range(count))


class Lots(Trace):
    """So many records at each of some instants: one stream of work goes through all lots."""

    def __init__(self, base: Trace, count: int, at_s: Sequence[float]) -> None:
        lot = Lot(name="lot", count=count * len(at_s))
        super().__init__([lot], seed=base.seed, laws=base.laws, attempts=base.attempts, notes=base.notes)
        self.count = count
        self.at_s = tuple(float(snap(at)) for at in at_s)
        if list(self.at_s) != sorted(self.at_s):
            raise BugError("lots that go back in time")

    def blocks(self, rows: int = BLOCK) -> Iterator[Block]:
        """Blocks of the one long lot, each record moved to the instant of its own."""
        for block in super().blocks(rows):
            row = 0
            while row < block.n:
                which, inside = divmod(block.start + row, self.count)
                end = min(block.n, row + self.count - inside)
                block.arrival[row:end] = self.at_s[which]
                row = end
            yield block


def lots_of(workload: Workload, at_s: Sequence[float], *, seed: int) -> Lots:
    """The records of a profile's ``batch`` at each of the instants, with its shape of work and sizes."""
    batch = workload.batch
    if batch is None:
        raise BugError(f"{workload.name} has no batch, so no lots come")
    return Lots(Trace.lot(workload, batch.records, seed=seed), batch.records, at_s)
