"""One queue in front of a fleet: asynchronous calls, event by event.

A call enters the queue when its input is stored, the head leaves it when a slot is free: to start, or because it is too
old. A dispatch happens once an instant, after all finishes and what the control plane changes, then for each entry.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.attempts import UNKNOWN, accept, coming, drop, finished, lacks_draws
from advisor.sim.kernels.heap import pop, push
from advisor.sim.kernels.layout import (
    BLOCK_ENDS,
    C_BYTES_IN,
    C_BYTES_OUT,
    C_ENTRY,
    C_FINISH,
    C_FIRST,
    C_START,
    C_WORK,
    D_FAIL,
    EXPIRED,
    L_ATTEMPTS,
    L_PUTS,
    L_WINDOW_ATTEMPTS,
    N_ATTEMPT,
    N_LUCK,
    N_NUMBER,
    N_SERIAL,
    N_SLOT,
    N_UNIT,
    NEEDS_DRAWS,
    NEEDS_ROOM,
    P_DOWNLOAD,
    P_FAIL_SHARE,
    P_FROM,
    P_MEAN,
    P_PAYLOAD_MAX,
    P_SPARE,
    P_STOP,
    P_TIMEOUT,
    P_TO,
    P_TTL,
    P_UPLOAD,
    Q_BUSY,
    Q_ENDED,
    Q_EVENTS,
    Q_FREE_ROWS,
    Q_RECORD,
    Q_SPARE,
    R_ANSWERED,
    R_ARRIVAL,
    R_ATTEMPTS,
    R_INSTANCE,
    R_SLOT,
    R_START,
    R_STATUS,
    REACHED,
    REFUSED,
    S_BUSY,
    S_BYTES_IN,
    S_BYTES_OUT,
    SERVED,
    UNIT_ENDED,
)
from advisor.sim.kernels.lookout import W_ON, Lookout, due, goes_on, note
from advisor.sim.kernels.luck import luck
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.settle import busy_within, close, service_of, settled_by
from advisor.sim.kernels.state import Common

# The queue is a ring: those that have entered, then those whose input is still on its way.
Q_HEAD, Q_LENGTH, Q_ENTERED, Q_WAKE, Q_SERIAL, Q_FREE_SLOTS = range(Q_SPARE, Q_SPARE + 6)

U_FREE, U_DRAINS, U_NUMBER, U_FIELDS = range(4)


class Desk(NamedTuple):
    """The queue, the slots of each seat, and the heap of finishes."""

    queue: Ints  # its size a power of two
    slots: Ints  # [seat, slot]: the row of what runs there, -1: free
    seats: Ints  # [seat, U_*]
    order: Ints  # seats in service by number
    at: Floats
    key: Ints
    row: Ints


@station
def backlog(until: float, through: bool, w: Lookout, c: Common, d: Desk) -> int:
    """Move all before `until`, its finishes too; entries at it where `through`; with a lookout, by periods."""
    while goes_on(w):
        answer = move(due(w, until), through, c, d)
        if answer != REACHED or w.q[W_ON] == 0:
            return answer
        note(w, c.counts[L_ATTEMPTS], c.q[Q_ENTERED] + c.q[Q_BUSY])
    return REACHED


@part
def move(until: float, through: bool, c: Common, d: Desk) -> int:
    """The same up to one instant."""
    p, q = c.p, c.q
    mask = d.queue.size - 1
    while True:
        if q[Q_FREE_ROWS] < 1 or q[Q_LENGTH] > mask or q[Q_EVENTS] >= d.at.size:
            return NEEDS_ROOM
        ends = d.at[0] if q[Q_EVENTS] > 0 else np.inf
        if q[Q_WAKE] != 0 and ends > p[P_SPARE]:
            if p[P_SPARE] == until and not through:
                return REACHED
            q[Q_WAKE] = 0
            dispatch(c, d, p[P_SPARE])
            continue
        enters = next_entry(c, d.queue)
        arrives, source = coming(c)
        if source == UNKNOWN:
            return BLOCK_ENDS
        if ends <= min(enters, arrives):
            if ends > until:
                return REACHED
            p[P_SPARE] = ends
            ended = finish(c, d, ends)
            if ended >= 0:
                q[Q_ENDED] = ended
                return UNIT_ENDED
            continue
        now = min(enters, arrives)
        if now > until or (now == until and not through):
            return REACHED
        p[P_SPARE] = now
        if enters <= arrives:
            enter(c, d.queue)
            dispatch(c, d, now)
            continue
        if p[P_FAIL_SHARE] > 0.0 and lacks_draws(c):
            return NEEDS_DRAWS
        arrive(c, d.queue, source, now)


@part
def next_entry(c: Common, queue: Ints) -> float:
    """When the first input on its way is stored; infinite where none is on its way."""
    q = c.q
    if q[Q_LENGTH] == q[Q_ENTERED]:
        return np.inf
    return float(c.carried[queue[(q[Q_HEAD] + q[Q_ENTERED]) & (queue.size - 1)], C_ENTRY])


@part
def arrive(c: Common, queue: Ints, source: int, now: float) -> None:
    """A call comes: its input is on its way, or too large."""
    row = accept(c, now, source)
    if c.carried[row, C_BYTES_IN] > c.p[P_PAYLOAD_MAX]:
        settle(c, row, REFUSED, now)
    else:
        join(c, queue, row, now)


@part
def join(c: Common, queue: Ints, row: int, now: float) -> None:
    """The input of a call is on its way; its call will stand last in the queue."""
    p, q = c.p, c.q
    c.carried[row, C_ENTRY] = now + p[P_UPLOAD]
    c.numbers[row, N_ATTEMPT] = 0
    queue[(q[Q_HEAD] + q[Q_LENGTH]) & (queue.size - 1)] = row
    q[Q_LENGTH] += 1
    if q[Q_RECORD] != 0:
        c.floats[c.numbers[row, N_NUMBER], R_ARRIVAL] = np.nan
        c.ints[c.numbers[row, N_NUMBER], R_ATTEMPTS] = 0


@part
def enter(c: Common, queue: Ints) -> None:
    """The first input on its way is stored: its call is queued."""
    p, q, counts = c.p, c.q, c.counts
    row = queue[(q[Q_HEAD] + q[Q_ENTERED]) & (queue.size - 1)]
    q[Q_ENTERED] += 1
    counts[L_ATTEMPTS] += 1
    first = c.carried[row, C_FIRST]
    if first >= p[P_FROM] and first < p[P_TO]:
        counts[L_WINDOW_ATTEMPTS] += 1
        counts[L_PUTS] += 1
        c.sums[S_BYTES_IN] += c.carried[row, C_BYTES_IN]
    if q[Q_RECORD] != 0:
        c.floats[c.numbers[row, N_NUMBER], R_ARRIVAL] = first


@part
def dispatch(c: Common, d: Desk, now: float) -> None:
    """While a slot is free the head starts, or turns out to be too old."""
    p, q = c.p, c.q
    while q[Q_ENTERED] > 0 and q[Q_FREE_SLOTS] > 0:
        row = leave(c, d.queue, now)
        if row < 0:
            continue
        k = 0
        while d.seats[d.order[k], U_FREE] == 0:
            k += 1
        seat = d.order[k]
        slot = 0
        while d.slots[seat, slot] >= 0:
            slot += 1
        d.slots[seat, slot] = row
        d.seats[seat, U_FREE] -= 1
        q[Q_FREE_SLOTS] -= 1
        q[Q_BUSY] += 1
        q[Q_SERIAL] += 1
        c.carried[row, C_START] = now
        c.carried[row, C_FINISH] = now + min(service_of(c.carried[row, C_WORK], p[P_MEAN]), p[P_TIMEOUT])
        c.numbers[row, N_ATTEMPT] += 1
        c.numbers[row, N_UNIT], c.numbers[row, N_SLOT], c.numbers[row, N_SERIAL] = seat, slot, q[Q_SERIAL]
        push(d.at, d.key, d.row, q[Q_EVENTS], c.carried[row, C_FINISH], q[Q_SERIAL], row)
        q[Q_EVENTS] += 1
        if q[Q_RECORD] != 0:
            number = c.numbers[row, N_NUMBER]
            c.floats[number, R_START] = now
            c.ints[number, R_INSTANCE], c.ints[number, R_SLOT] = d.seats[seat, U_NUMBER], slot
            c.ints[number, R_ATTEMPTS] = c.numbers[row, N_ATTEMPT]


@part
def leave(c: Common, queue: Ints, now: float) -> int:
    """The head leaves the queue; -1 where it turns out to be too old."""
    q = c.q
    row = int(queue[q[Q_HEAD]])
    q[Q_HEAD] = (q[Q_HEAD] + 1) & (queue.size - 1)
    q[Q_LENGTH] -= 1
    q[Q_ENTERED] -= 1
    if now - c.carried[row, C_ENTRY] > c.p[P_TTL]:
        settle(c, row, EXPIRED, now)
        return -1
    return row


@part
def finish(c: Common, d: Desk, now: float) -> int:
    """The first finish; the number of a draining instance that ended by it, or -1."""
    p, q = c.p, c.q
    row, key = d.row[0], d.key[0]
    pop(d.at, d.key, d.row, q[Q_EVENTS])
    q[Q_EVENTS] -= 1
    if c.numbers[row, N_SERIAL] != key:
        return -1  # cut before
    seat = c.numbers[row, N_UNIT]
    d.slots[seat, c.numbers[row, N_SLOT]] = -1
    d.seats[seat, U_FREE] += 1
    c.numbers[row, N_SERIAL] = -1
    q[Q_BUSY] -= 1
    q[Q_WAKE] = 1
    c.sums[S_BUSY] += busy_within(p, c.carried[row, C_START], now)
    finished(c, row, now)
    late = service_of(c.carried[row, C_WORK], p[P_MEAN]) > p[P_TIMEOUT]
    settle(c, row, settled_by(late, fails(c, row)), now + p[P_DOWNLOAD])
    if d.seats[seat, U_DRAINS] == 0:
        q[Q_FREE_SLOTS] += 1
    elif d.seats[seat, U_FREE] == d.slots.shape[1]:
        d.seats[seat, U_DRAINS] = 0
        return int(d.seats[seat, U_NUMBER])
    return -1


@station
def forsake(c: Common, queue: Ints, now: float) -> None:
    """Calls that are too old, whenever their turn comes, have their status now."""
    q = c.q
    while q[Q_ENTERED] > 0 and now - c.carried[queue[q[Q_HEAD]], C_ENTRY] > c.p[P_TTL]:
        leave(c, queue, now)


@part
def fails(c: Common, row: int) -> bool:
    """Does this execution of the call fail?"""
    share = c.p[P_FAIL_SHARE]
    if share <= 0.0:
        return False
    attempt = min(c.numbers[row, N_ATTEMPT], c.draws.shape[2]) - 1
    if c.keys.shape[0] > 0:
        return bool(luck(c.keys[D_FAIL, attempt], c.numbers[row, N_LUCK]) < share)
    return bool(c.draws[row, D_FAIL, attempt] < share)


@part
def settle(c: Common, row: int, status: int, answered: float) -> None:
    """The call has its final status; the caller learns it at `answered`."""
    p = c.p
    first, start = c.carried[row, C_FIRST], c.carried[row, C_START]
    if status == SERVED and answered <= p[P_STOP] and first >= p[P_FROM] and first < p[P_TO]:
        c.counts[L_PUTS] += 1
        c.sums[S_BYTES_OUT] += c.carried[row, C_BYTES_OUT]
    close(p, c.counts, c.sums, c.bins, status, first, first, start, answered)
    if c.q[Q_RECORD] != 0:
        number = c.numbers[row, N_NUMBER]
        c.floats[number, R_ANSWERED] = answered
        c.ints[number, R_STATUS] = status
    drop(c, row)
