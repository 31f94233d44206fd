"""How calls and loads of a multi-model fleet end: finishes, limits, losses. Used by the kernel `models`."""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels.attempts import (
    answer,
    drop,
    fails,
    finished,
    forget_limit,
)
from advisor.sim.kernels.heap import pop
from advisor.sim.kernels.layout import (
    C_FIRST,
    C_START,
    FAILED,
    L_COLD,
    L_SIZE,
    N_ANSWERED,
    N_ATTEMPT,
    N_MODEL,
    N_NEXT,
    N_SERIAL,
    N_SLOT,
    N_STATE,
    N_UNIT,
    NOT_READY,
    P_FROM,
    P_SPLIT,
    P_TO,
    Q_ATTEMPTS,
    Q_RECORD,
    S_BUSY,
    SERVED,
    TIMED_OUT,
)
from advisor.sim.kernels.loading import call_off, downloaded, forget, part_with, unask
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.room import comes_in, in_use
from advisor.sim.kernels.settle import busy_within, is_retried, to_grid
from advisor.sim.kernels.shelf import (
    BATCHES,
    CURVE,
    GONE,
    INTO_MEMORY,
    M_ENDS,
    O_COUNT,
    O_HEAD,
    O_MODEL,
    O_NEXT,
    O_RECORD,
    O_SEAT,
    O_SERIAL,
    O_STATE,
    PENDING,
    Q_CACHED,
    Q_KIND,
    T_DOWNLOADS,
    T_DRAINS,
    T_EXPECT,
    T_HEAD,
    T_LENGTH,
    T_LOADING,
    T_PENDING,
    T_RUNNING,
    T_TAIL,
    T_TOUCHED,
    T_VERSION,
    V_CURVE,
    V_DISK,
    V_LAST,
    V_MEMORY,
    V_NEXT,
    Z_EVENTS,
    Z_LIMIT_HEAD,
    Z_LIMITS,
    Z_TOUCHED,
    Shelf,
)
from advisor.sim.kernels.state import E_LIMIT_HEAD, E_SIZE, Common, Events

# What a call is doing (N_STATE), and whether it met a load.
WAITS_FOR_LOAD, WAITS_FOR_WORKER, RUNS = range(3)
COLD = 4


@part
def held_by(m: Shelf, seat: int) -> int:
    """In flight + waiting for a worker + waiting for a load."""
    return int(m.seats[seat, T_LENGTH] + m.seats[seat, T_RUNNING] + m.seats[seat, T_EXPECT])


@part
def reply(c: Common, row: int, status: int, now: float, runs_on: bool) -> None:
    """Answer an attempt, counting those that met a load."""
    if (c.numbers[row, N_STATE] & COLD) != 0:
        first = c.carried[row, C_FIRST]
        last = not is_retried(status) or c.numbers[row, N_ATTEMPT] >= c.q[Q_ATTEMPTS]
        if last and first >= c.p[P_FROM] and first < c.p[P_TO]:
            c.counts[int(first < c.p[P_SPLIT]) * L_SIZE + L_COLD] += 1
    answer(c, row, status, now, runs_on)


@part
def queue_up(c: Common, m: Shelf, seat: int, row: int) -> None:
    """The model is there: the call waits for a worker, and its model is in use."""
    seats = m.seats
    c.numbers[row, N_NEXT] = -1
    c.numbers[row, N_STATE] = WAITS_FOR_WORKER | (c.numbers[row, N_STATE] & COLD)
    if seats[seat, T_LENGTH] == 0:
        seats[seat, T_HEAD] = row
    else:
        c.numbers[seats[seat, T_TAIL], N_NEXT] = row
    seats[seat, T_TAIL] = row
    seats[seat, T_LENGTH] += 1
    m.used[seat, c.numbers[row, N_MODEL]] += 1
    if c.q[Q_KIND] == BATCHES:
        m.queued[seat, c.numbers[row, N_MODEL]] += 1


@part
def touch(m: Shelf, seat: int) -> None:
    """The instance is to be looked at when this instant's events are over."""
    if m.seats[seat, T_TOUCHED] == 0:
        m.seats[seat, T_TOUCHED] = 1
        m.touched[m.z[Z_TOUCHED]] = seat
        m.z[Z_TOUCHED] += 1


@part
def finish(c: Common, e: Events, m: Shelf, now: float) -> int:
    """The first finish; its seat, or -1 where the entry is stale."""
    row, key = e.value[0], e.key[0]
    pop(e.at, e.key, e.value, e.q[E_SIZE])
    e.q[E_SIZE] -= 1
    if c.numbers[row, N_SERIAL] != key:
        return -1
    seat = c.numbers[row, N_UNIT]
    m.slots[seat, c.numbers[row, N_SLOT]] = -1
    # A batch keeps one worker busy once.
    c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
    while row >= 0:
        following = c.numbers[row, N_NEXT]
        over(c, m, seat, row, now)
        row = following
    # Where nobody waits nothing can begin: most finishes are like that.
    if m.seats[seat, T_LENGTH] > 0 or m.seats[seat, T_PENDING] >= 0:
        touch(m, seat)
    return int(seat)


@part
def over(c: Common, m: Shelf, seat: int, row: int, now: float) -> None:
    """One execution has come to its end."""
    model = c.numbers[row, N_MODEL]
    m.seats[seat, T_RUNNING] -= 1
    m.used[seat, model] -= 1
    in_use(m, seat, model, now)
    if c.q[Q_CACHED] == 0:
        m.clocks[seat, V_MEMORY] -= m.memory[model]
        m.clocks[seat, V_DISK] -= m.size[model]
    c.numbers[row, N_SERIAL] = -1
    finished(c, row, now)
    if c.numbers[row, N_ANSWERED] != 0:
        drop(c, row)
    else:
        reply(c, row, FAILED if fails(c, row) else SERVED, now, False)


@part
def next_finish(m: Shelf, seat: int) -> None:
    """When the first of those that progress together will finish, if nothing comes between."""
    n = m.seats[seat, T_RUNNING]
    if n == 0:
        m.clocks[seat, V_NEXT] = np.inf
        return
    left = max(0.0, m.curve_at[seat, 0] - m.clocks[seat, V_CURVE]) * m.latency[n - 1]
    m.clocks[seat, V_NEXT] = m.clocks[seat, V_LAST] + to_grid(left)


@part
def shared(c: Common, m: Shelf, seat: int, now: float) -> int:
    """A seat's own next event: the first finish of its load curve, or a batch that waits no longer; the seat."""
    if c.q[Q_KIND] == BATCHES:
        m.clocks[seat, V_NEXT] = np.inf
        touch(m, seat)
        return int(seat)
    row, n = m.curve_row[seat, 0], m.seats[seat, T_RUNNING]
    m.clocks[seat, V_CURVE], m.clocks[seat, V_LAST] = m.curve_at[seat, 0], now
    pop(m.curve_at[seat], m.curve_key[seat], m.curve_row[seat], n)
    c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
    over(c, m, seat, row, now)
    next_finish(m, seat)
    touch(m, seat)
    return int(seat)


@part
def loaded(c: Common, m: Shelf, now: float) -> int:
    """The end of a download or of a load; always -1: it ends no drain."""
    value, key = m.value[0], m.key[0]
    pop(m.at, m.key, m.value, m.z[Z_EVENTS])
    m.z[Z_EVENTS] -= 1
    o = m.loads
    if value % 2 == 0:
        if m.seats[value >> 1, T_VERSION] == key:
            downloaded(c, m, value >> 1, now)
        return -1
    load = value >> 1
    if o[load, O_STATE] != INTO_MEMORY or m.times[load, M_ENDS] != now:
        return -1
    seat, model = o[load, O_SEAT], o[load, O_MODEL]
    m.seats[seat, T_LOADING] -= 1
    if c.q[Q_RECORD] != 0:
        m.record[o[load, O_RECORD], 4] = now
    if c.q[Q_CACHED] != 0:
        comes_in(m, seat, model)
    elif o[load, O_COUNT] == 0:
        m.clocks[seat, V_MEMORY] -= m.memory[model]
        m.clocks[seat, V_DISK] -= m.size[model]
    row = o[load, O_HEAD]
    while row >= 0:
        following = c.numbers[row, N_NEXT]
        m.seats[seat, T_EXPECT] -= 1
        queue_up(c, m, seat, row)
        row = following
    forget(c, m, load)
    touch(m, seat)
    return -1


@part
def give_up(c: Common, e: Events, m: Shelf, now: float) -> int:
    """A client's limit, of a call without an answer: not ready where it still waits for a load; its seat, or -1."""
    row = e.limit_row[e.q[E_LIMIT_HEAD]]
    forget_limit(e)
    if (c.numbers[row, N_STATE] & 3) != WAITS_FOR_LOAD:
        reply(c, row, TIMED_OUT, now, True)
        return -1
    seat, load = c.numbers[row, N_UNIT], c.numbers[row, N_SLOT]
    part_with(c, m, load, row)
    if m.loads[load, O_STATE] == PENDING and m.loads[load, O_COUNT] == 0:
        unask(c, m, load)
    reply(c, row, NOT_READY, now, False)
    touch(m, seat)
    return int(seat)


@part
def run_out(c: Common, m: Shelf, now: float) -> int:
    """The limit of a load; the seat, or -1 where the load is over."""
    head = m.z[Z_LIMIT_HEAD]
    load, serial = m.limit_load[head], m.limit_serial[head]
    m.z[Z_LIMIT_HEAD] = (head + 1) & (m.limit_at.size - 1)
    m.z[Z_LIMITS] -= 1
    o = m.loads
    if o[load, O_SERIAL] != serial or o[load, O_STATE] == GONE:
        return -1
    seat = o[load, O_SEAT]
    row = o[load, O_HEAD]
    m.seats[seat, T_EXPECT] -= o[load, O_COUNT]
    call_off(c, m, load, now)
    while row >= 0:
        following = c.numbers[row, N_NEXT]
        reply(c, row, NOT_READY, now, False)
        row = following
    touch(m, seat)
    return int(seat)


@part
def fail_all(c: Common, row: int, now: float) -> None:
    """A chain of attempts of a lost instance: those that wait, or what one worker runs."""
    if row >= 0 and not np.isnan(c.carried[row, C_START]):
        c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
    while row >= 0:
        following = c.numbers[row, N_NEXT]
        c.numbers[row, N_SERIAL] = -1
        if c.numbers[row, N_ANSWERED] != 0:
            drop(c, row)
        else:
            reply(c, row, FAILED, now, False)
        row = following


@part
def clear(c: Common, m: Shelf, seat: int, now: float) -> None:
    """The instance is gone: what waits on it or runs on it has failed, its loads are over."""
    row = m.seats[seat, T_HEAD] if m.seats[seat, T_LENGTH] > 0 else -1
    fail_all(c, row, now)
    for slot in range(m.slots.shape[1]):
        fail_all(c, m.slots[seat, slot], now)
        m.slots[seat, slot] = -1
    if c.q[Q_KIND] == CURVE:
        for k in range(m.seats[seat, T_RUNNING]):
            fail_all(c, m.curve_row[seat, k], now)
    m.clocks[seat, V_NEXT] = np.inf
    load = m.seats[seat, T_PENDING]
    while load >= 0:
        following = m.loads[load, O_NEXT]
        if m.loads[load, O_COUNT] > 0:
            fail_all(c, m.loads[load, O_HEAD], now)
        forget(c, m, load)
        load = following
    for other in range(m.loads.shape[0]):
        if m.loads[other, O_SEAT] == seat and m.loads[other, O_STATE] != GONE:
            if m.loads[other, O_COUNT] > 0:
                fail_all(c, m.loads[other, O_HEAD], now)
            forget(c, m, other)
    m.seats[seat, T_LENGTH] = m.seats[seat, T_RUNNING] = m.seats[seat, T_EXPECT] = 0
    m.seats[seat, T_PENDING] = m.seats[seat, T_VERSION] = -1
    m.seats[seat, T_LOADING] = m.seats[seat, T_DOWNLOADS] = m.seats[seat, T_DRAINS] = 0


@station
def lose(c: Common, m: Shelf, seat: int, now: float) -> None:
    """The control plane takes the instance away."""
    clear(c, m, seat, now)
