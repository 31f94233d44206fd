"""The loss of an instance: everything that waits on it or runs on it has failed."""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels.attempts import answer, drop
from advisor.sim.kernels.events import leave_queue
from advisor.sim.kernels.layout import C_START, FAILED, N_ANSWERED, N_NEXT, N_SERIAL, S_BUSY
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.seats import CURVE, Q_KIND, T_DRAINS, T_LENGTH, T_RUNNING, V_NEXT, Seats
from advisor.sim.kernels.settle import busy_within
from advisor.sim.kernels.state import Common


@part
def gone(c: Common, row: int, now: float, kept_busy: bool) -> None:
    """One attempt of a lost instance; a batch kept one worker busy once."""
    c.numbers[row, N_SERIAL] = -1
    if kept_busy and not np.isnan(c.carried[row, C_START]):
        c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
    if c.numbers[row, N_ANSWERED] != 0:
        drop(c, row)
    else:
        answer(c, row, FAILED, now, False)


@station
def lose(c: Common, s: Seats, seat: int, now: float) -> None:
    """The instance is gone: everything that waits on it or runs on it has failed."""
    while s.seats[seat, T_LENGTH] > 0:
        gone(c, leave_queue(c, s, seat), now, False)
    if c.q[Q_KIND] == CURVE:
        for k in range(s.seats[seat, T_RUNNING]):
            gone(c, s.curve_row[seat, k], now, True)
    else:
        for slot in range(s.slots.shape[1]):
            row, first = s.slots[seat, slot], True
            s.slots[seat, slot] = -1
            while row >= 0:
                following = c.numbers[row, N_NEXT]
                gone(c, row, now, first)
                row, first = following, False
    s.seats[seat, T_RUNNING] = 0
    s.seats[seat, T_DRAINS] = 0
    s.clocks[seat, V_NEXT] = np.inf
