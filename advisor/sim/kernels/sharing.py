"""One queue in front of a fleet whose instances answer several calls at once: load curves and batches.

A call is handed over by the queue as soon as an instance has a place for it; there it joins those that progress
together, or waits for a worker and a batch. Its time-out runs from then. At one instant: finishes, time-outs; then one
dispatch (after what the control plane changes): first all that can be handed over is, then workers begin; then each
entry by itself. See `backlog` for the queue.
"""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels.attempts import UNKNOWN, coming, lacks_draws
from advisor.sim.kernels.backlog import (
    Q_ENTERED,
    Q_FREE_SLOTS,
    Q_LENGTH,
    Q_WAKE,
    U_DRAINS,
    U_FREE,
    U_NUMBER,
    arrive,
    enter,
    leave,
    next_entry,
)
from advisor.sim.kernels.hall import (
    C_HANDED,
    N_AFTER,
    N_BEFORE,
    Q_CURVE,
    Q_LATEST,
    Q_LOWEST,
    Q_MOST,
    Q_OLDEST,
    U_FIRST_WAITS,
    U_LAST_WAITS,
    U_LENGTH,
    V_NEXT,
    V_TIMER,
    Hall,
    admit,
    drop_out,
    first_finish,
    over,
    served,
    starts,
)
from advisor.sim.kernels.layout import (
    BLOCK_ENDS,
    C_START,
    C_WORK,
    GRID,
    L_ATTEMPTS,
    N_ATTEMPT,
    N_NEXT,
    N_NUMBER,
    N_SLOT,
    N_UNIT,
    NEEDS_DRAWS,
    NEEDS_ROOM,
    P_FAIL_SHARE,
    P_MARGINAL,
    P_MEAN,
    P_SPARE,
    P_TIMEOUT,
    P_WAIT,
    Q_BUSY,
    Q_ENDED,
    Q_FREE_ROWS,
    Q_RECORD,
    R_ATTEMPTS,
    R_INSTANCE,
    R_SLOT,
    REACHED,
    S_BUSY,
    TIMED_OUT,
    UNIT_ENDED,
)
from advisor.sim.kernels.lookout import W_ON, Lookout, due, goes_on, note
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.settle import busy_within, to_grid
from advisor.sim.kernels.state import Common


@station
def sharing(until: float, through: bool, w: Lookout, c: Common, d: Hall) -> int:
    """Move all before `until`, its finishes too; entries at it where `through`; with a lookout, by periods."""
    while goes_on(w):
        answer = move(due(w, until), through, c, d)
        if answer != REACHED or w.q[W_ON] == 0:
            return answer
        note(w, c.counts[L_ATTEMPTS], c.q[Q_ENTERED] + c.q[Q_BUSY])
    return REACHED


@part
def move(until: float, through: bool, c: Common, d: Hall) -> int:
    """The same up to one instant."""
    p, q = c.p, c.q
    mask = d.queue.size - 1
    while True:
        if q[Q_FREE_ROWS] < 1 or q[Q_LENGTH] > mask:
            return NEEDS_ROOM
        seat, event_at = 0, np.inf
        for k in range(d.seats.shape[0]):
            if d.clocks[k, V_NEXT] < event_at:
                seat, event_at = k, d.clocks[k, V_NEXT]
        limit_at = c.carried[q[Q_OLDEST], C_HANDED] + p[P_TIMEOUT] if q[Q_OLDEST] >= 0 else np.inf
        soonest = min(event_at, limit_at)
        if q[Q_WAKE] != 0 and soonest > p[P_SPARE]:
            if p[P_SPARE] == until and not through:
                return REACHED
            q[Q_WAKE] = 0
            dispatch(c, d, p[P_SPARE])
            continue
        enters = next_entry(c, d.queue)
        arrives, source = coming(c)
        if source == UNKNOWN:
            return BLOCK_ENDS
        now = min(enters, arrives)
        if soonest <= now:
            if soonest > until:
                return REACHED
            p[P_SPARE] = soonest
            if event_at > limit_at:
                seat = time_out(c, d, soonest)
            elif q[Q_CURVE] != 0:
                first_finish(c, d, seat, soonest)
            else:
                happen(c, d, seat, soonest)
            if d.seats[seat, U_DRAINS] != 0 and d.seats[seat, U_FREE] == d.seats[seat, U_DRAINS]:
                d.seats[seat, U_DRAINS] = 0
                q[Q_ENDED] = d.seats[seat, U_NUMBER]
                return UNIT_ENDED
            continue
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
def dispatch(c: Common, d: Hall, now: float) -> None:
    """The queue hands over while an instance has a place; then free workers begin."""
    q = c.q
    while q[Q_ENTERED] > 0 and q[Q_FREE_SLOTS] > 0:
        row = leave(c, d.queue, now)
        if row >= 0:
            hand_over(c, d, row, taker(c, d), now)
    if q[Q_CURVE] == 0:
        for seat in range(d.seats.shape[0]):
            begin(c, d, seat, now)


@part
def taker(c: Common, d: Hall) -> int:
    """The instance with the most places free, or the lowest that has one."""
    found = -1
    k = 0
    while found < 0 or (c.q[Q_LOWEST] == 0 and k < d.order.size):
        seat = d.order[k]
        if d.seats[seat, U_FREE] > (d.seats[found, U_FREE] if found >= 0 else 0):
            found = seat
        k += 1
    return int(found)


@part
def hand_over(c: Common, d: Hall, row: int, seat: int, now: float) -> None:
    """An instance has the call: its time-out begins to run."""
    q, numbers, seats = c.q, c.numbers, d.seats
    seats[seat, U_FREE] -= 1
    q[Q_FREE_SLOTS] -= 1
    q[Q_BUSY] += 1
    c.carried[row, C_HANDED], c.carried[row, C_START] = now, np.nan
    numbers[row, N_ATTEMPT] += 1
    numbers[row, N_UNIT], numbers[row, N_SLOT], numbers[row, N_NEXT] = seat, -1, -1
    numbers[row, N_BEFORE], numbers[row, N_AFTER] = q[Q_LATEST], -1
    if q[Q_LATEST] >= 0:
        numbers[q[Q_LATEST], N_AFTER] = row
    else:
        q[Q_OLDEST] = row
    q[Q_LATEST] = row
    if q[Q_RECORD] != 0:
        number = numbers[row, N_NUMBER]
        c.ints[number, R_INSTANCE], c.ints[number, R_SLOT] = seats[seat, U_NUMBER], -1
        c.ints[number, R_ATTEMPTS] = numbers[row, N_ATTEMPT]
    if q[Q_CURVE] != 0:
        admit(c, d, row, seat, now)
        return
    if seats[seat, U_LENGTH] == 0:
        seats[seat, U_FIRST_WAITS] = row
    else:
        numbers[seats[seat, U_LAST_WAITS], N_NEXT] = row
    seats[seat, U_LAST_WAITS] = row
    seats[seat, U_LENGTH] += 1


# Batches


@part
def next_event(d: Hall, seat: int) -> None:
    """When the first batch of a seat ends, or its oldest waiting call has waited long enough."""
    at = d.clocks[seat, V_TIMER]
    for slot in range(d.heads.shape[1]):
        at = min(at, d.ends[seat, slot])
    d.clocks[seat, V_NEXT] = at


@part
def begin(c: Common, d: Hall, seat: int, now: float) -> None:
    """Free workers of a seat take batches of those that wait there, as many as may and as soon as they may."""
    p, seats = c.p, d.seats
    if seats[seat, U_LENGTH] == 0 and d.clocks[seat, V_TIMER] == np.inf:
        return
    d.clocks[seat, V_TIMER] = np.inf
    slot = 0
    while seats[seat, U_LENGTH] > 0:
        while slot < d.heads.shape[1] and d.heads[seat, slot] >= 0:
            slot += 1
        if slot == d.heads.shape[1]:
            break
        head = seats[seat, U_FIRST_WAITS]
        ripe_at = c.carried[head, C_HANDED] + p[P_WAIT]
        if seats[seat, U_LENGTH] < c.q[Q_MOST] and now < ripe_at:
            d.clocks[seat, V_TIMER] = ripe_at
            break
        count = min(c.q[Q_MOST], seats[seat, U_LENGTH])
        row, last, largest = head, head, 0.0
        for _ in range(count):
            starts(c, row, now, slot)
            largest = max(largest, c.carried[row, C_WORK])
            last, row = row, c.numbers[row, N_NEXT]
        c.numbers[last, N_NEXT] = -1
        seats[seat, U_FIRST_WAITS] = row
        seats[seat, U_LENGTH] -= count
        d.heads[seat, slot] = head
        d.ends[seat, slot] = now + max(GRID, to_grid(p[P_MEAN] * (1 + p[P_MARGINAL] * (count - 1)) * largest))
    next_event(d, seat)


@part
def happen(c: Common, d: Hall, seat: int, now: float) -> None:
    """A batch of a seat ends, or its oldest waiting call has waited long enough."""
    for slot in range(d.heads.shape[1]):
        if d.ends[seat, slot] == now:
            row = d.heads[seat, slot]
            d.heads[seat, slot], d.ends[seat, slot] = -1, np.inf
            c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
            while row >= 0:
                following = c.numbers[row, N_NEXT]
                over(c, d, row, served(c, row), now)
                row = following
            next_event(d, seat)
            return
    d.clocks[seat, V_TIMER] = np.inf
    c.q[Q_WAKE] = 1
    next_event(d, seat)


@part
def time_out(c: Common, d: Hall, now: float) -> int:
    """The call that was handed over the longest ago runs out of time; its seat.

    A batch goes on for its other members; with the last of them its worker is free.
    """
    row = c.q[Q_OLDEST]
    seat, slot = c.numbers[row, N_UNIT], c.numbers[row, N_SLOT]
    if c.q[Q_CURVE] != 0:
        c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
        drop_out(d, row, seat, now)
    elif slot < 0:
        # Who was handed over first stands first, here as in a batch.
        d.seats[seat, U_FIRST_WAITS] = c.numbers[row, N_NEXT]
        d.seats[seat, U_LENGTH] -= 1
        if d.seats[seat, U_LENGTH] == 0:
            d.clocks[seat, V_TIMER] = np.inf
            next_event(d, seat)
    else:
        d.heads[seat, slot] = c.numbers[row, N_NEXT]
        if d.heads[seat, slot] < 0:
            d.ends[seat, slot] = np.inf
            c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
            next_event(d, seat)
    over(c, d, row, TIMED_OUT, now)
    return int(seat)
