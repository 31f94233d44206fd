"""Calls on instances that they share: how they begin and end, and how those on a load curve progress together.

Used by the kernel `sharing`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.attempts import finished
from advisor.sim.kernels.backlog import Q_FREE_SLOTS, Q_SERIAL, Q_WAKE, U_DRAINS, U_FREE, fails, settle
from advisor.sim.kernels.backlog import U_FIELDS as U_FIRST
from advisor.sim.kernels.heap import pop, push
from advisor.sim.kernels.layout import (
    C_START,
    C_VIRTUAL,
    C_WORK,
    FAILED,
    N_ANSWERED,
    N_CALL,
    N_NUMBER,
    N_SLOT,
    N_UNIT,
    P_DOWNLOAD,
    Q_BUSY,
    Q_RECORD,
    R_SLOT,
    R_START,
    S_BUSY,
    SERVED,
)
from advisor.sim.kernels.part import part
from advisor.sim.kernels.settle import busy_within, to_grid
from advisor.sim.kernels.state import Common

# Those that were handed over stand in a list, the longest ago first: their time-outs come in this order.
Q_CURVE, Q_MOST, Q_OLDEST, Q_LATEST, Q_LOWEST = range(Q_SERIAL + 2, Q_SERIAL + 7)
N_BEFORE, N_AFTER = N_CALL, N_ANSWERED
C_HANDED = C_VIRTUAL

# A seat: what it is in `backlog`, then what progresses on it, and who waits there for a worker
U_RUNNING, U_ADMITTED, U_FIRST_WAITS, U_LAST_WAITS, U_LENGTH, U_FIELDS = range(U_FIRST, U_FIRST + 6)
V_VIRTUAL, V_LAST, V_NEXT, V_TIMER, V_FIELDS = range(5)


class Hall(NamedTuple):
    """The queue, and per seat its load curve or its workers."""

    queue: Ints  # its size a power of two
    seats: Ints  # [seat, U_*]
    clocks: Floats  # [seat, V_*]
    order: Ints  # seats in service by number
    latency: Floats
    curve_at: Floats  # per seat a heap of targets in virtual time
    curve_key: Ints
    curve_row: Ints
    heads: Ints  # [seat, worker]: the first row of the batch that runs there, -1: free
    ends: Floats


@part
def starts(c: Common, row: int, now: float, slot: int) -> None:
    """Its execution begins."""
    c.carried[row, C_START] = now
    c.numbers[row, N_SLOT] = slot
    if c.q[Q_RECORD] != 0:
        c.floats[c.numbers[row, N_NUMBER], R_START] = now
        c.ints[c.numbers[row, N_NUMBER], R_SLOT] = slot


@part
def over(c: Common, d: Hall, row: int, status: int, now: float) -> None:
    """The instance is done with a call, one way or the other: its place is free."""
    q, numbers = c.q, c.numbers
    before, after = numbers[row, N_BEFORE], numbers[row, N_AFTER]
    if before >= 0:
        numbers[before, N_AFTER] = after
    else:
        q[Q_OLDEST] = after
    if after >= 0:
        numbers[after, N_BEFORE] = before
    else:
        q[Q_LATEST] = before
    seat = numbers[row, N_UNIT]
    d.seats[seat, U_FREE] += 1
    if d.seats[seat, U_DRAINS] == 0:
        q[Q_FREE_SLOTS] += 1
    q[Q_BUSY] -= 1
    q[Q_WAKE] = 1
    if not np.isnan(c.carried[row, C_START]):
        finished(c, row, now)
    settle(c, row, status, now + c.p[P_DOWNLOAD])


@part
def served(c: Common, row: int) -> int:
    """What a call ends as that was executed in time."""
    return FAILED if fails(c, row) else SERVED


# Load curves


@part
def move(d: Hall, seat: int, now: float) -> None:
    """Virtual time comes up to now, before the number of those in flight changes."""
    n = d.seats[seat, U_RUNNING]
    if n > 0:
        d.clocks[seat, V_VIRTUAL] += (now - d.clocks[seat, V_LAST]) / d.latency[n - 1]
    d.clocks[seat, V_LAST] = now


@part
def next_finish(d: Hall, seat: int) -> None:
    """When the first of those in flight will finish, if nothing comes between."""
    n = d.seats[seat, U_RUNNING]
    if n == 0:
        d.clocks[seat, V_NEXT] = np.inf
        return
    left = max(0.0, d.curve_at[seat, 0] - d.clocks[seat, V_VIRTUAL]) * d.latency[n - 1]
    d.clocks[seat, V_NEXT] = d.clocks[seat, V_LAST] + to_grid(left)


@part
def admit(c: Common, d: Hall, row: int, seat: int, now: float) -> None:
    """The call joins those that progress together."""
    seats = d.seats
    starts(c, row, now, -1)
    move(d, seat, now)
    seats[seat, U_ADMITTED] += 1
    target = d.clocks[seat, V_VIRTUAL] + c.carried[row, C_WORK]
    n = seats[seat, U_RUNNING]
    push(d.curve_at[seat], d.curve_key[seat], d.curve_row[seat], n, target, seats[seat, U_ADMITTED], row)
    seats[seat, U_RUNNING] = n + 1
    next_finish(d, seat)


@part
def first_finish(c: Common, d: Hall, seat: int, now: float) -> None:
    """The first of those that progress together is done."""
    row, n = d.curve_row[seat, 0], d.seats[seat, U_RUNNING]
    d.clocks[seat, V_VIRTUAL], d.clocks[seat, V_LAST] = d.curve_at[seat, 0], now
    pop(d.curve_at[seat], d.curve_key[seat], d.curve_row[seat], n)
    d.seats[seat, U_RUNNING] = n - 1
    next_finish(d, seat)
    c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
    over(c, d, row, served(c, row), now)


@part
def drop_out(d: Hall, row: int, seat: int, now: float) -> None:
    """One of those that progress together leaves before its end."""
    move(d, seat, now)
    kept = 0
    for k in range(d.seats[seat, U_RUNNING]):
        target, key, other = d.curve_at[seat, k], d.curve_key[seat, k], d.curve_row[seat, k]
        if other != row:
            push(d.curve_at[seat], d.curve_key[seat], d.curve_row[seat], kept, target, key, other)
            kept += 1
    d.seats[seat, U_RUNNING] = kept
    next_finish(d, seat)
