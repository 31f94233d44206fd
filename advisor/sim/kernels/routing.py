"""Which instance of a multi-model fleet a call goes to. Used by the kernel `models`."""

from __future__ import annotations

from advisor.sim.kernels.endings import held_by
from advisor.sim.kernels.layout import Q_SERVING
from advisor.sim.kernels.part import part
from advisor.sim.kernels.shelf import IN_MEMORY, Q_CACHED, Q_SPILL, Shelf
from advisor.sim.kernels.state import Common


@part
def least(m: Shelf, serving: int, model: int, holders: int) -> int:
    """The seat with the fewest outstanding: of all (-1), of those that hold the model (1), of the others (0)."""
    found, fewest = -1, 0
    for k in range(serving):
        seat = m.order[k]
        if holders >= 0:
            holds = (m.flags[seat, model] & IN_MEMORY) != 0 or m.load_of[seat, model] >= 0
            if holds != (holders != 0):
                continue
        held = held_by(m, seat)
        if found < 0 or held < fewest:
            found, fewest = seat, held
    return found


@part
def route(c: Common, m: Shelf, model: int) -> int:
    """Where an attempt goes: a holder, another one when that is busy, the least loaded where none holds the model."""
    serving = c.q[Q_SERVING]
    if c.q[Q_CACHED] == 0:
        return least(m, serving, model, -1)
    seat = least(m, serving, model, 1)
    if seat < 0:
        return least(m, serving, model, -1)
    if held_by(m, seat) >= c.q[Q_SPILL]:
        other = least(m, serving, model, 0)
        if other >= 0 and held_by(m, other) < held_by(m, seat):
            return other
    return seat
