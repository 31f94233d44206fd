"""Loads of models: who asks and waits, downloads that share a link, the way into memory, and what is called off."""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels.heap import pop, push
from advisor.sim.kernels.layout import (
    D_LOAD,
    GRID,
    L_COLD_STARTS,
    N_ATTEMPT,
    N_LUCK,
    N_NEXT,
    P_FROM,
    P_TO,
    Q_RECORD,
)
from advisor.sim.kernels.part import part
from advisor.sim.kernels.room import make_room
from advisor.sim.kernels.settle import multiplier, to_grid
from advisor.sim.kernels.shelf import (
    DOWNLOADING,
    GONE,
    INTO_MEMORY,
    M_ENDS,
    M_MULTIPLIER,
    O_COUNT,
    O_HEAD,
    O_MODEL,
    O_NEXT,
    O_ORDER,
    O_RECORD,
    O_SEAT,
    O_SERIAL,
    O_STATE,
    O_TAIL,
    ON_DISK,
    P_DOWNLOAD_RATE,
    P_INTO_RATE,
    P_LOAD_LIMIT,
    PENDING,
    Q_CACHED,
    Q_LOADED,
    Q_PARALLEL,
    T_ADMITTED,
    T_ASKED,
    T_DOWNLOADS,
    T_EXPECT,
    T_LAST,
    T_LOADING,
    T_NUMBER,
    T_PENDING,
    T_VERSION,
    V_DISK,
    V_MEMORY,
    V_MOVED,
    V_VIRTUAL,
    Z_EVENTS,
    Z_FREE,
    Z_LIMIT_HEAD,
    Z_LIMITS,
    Z_SERIAL,
    Shelf,
)
from advisor.sim.kernels.state import Common


@part
def ask(c: Common, m: Shelf, seat: int, model: int, row: int, now: float) -> int:
    """A load of the model that is on its way, or a new one, as long as the luck of who asks has it."""
    if c.q[Q_CACHED] != 0 and m.load_of[seat, model] >= 0:
        return int(m.load_of[seat, model])
    m.z[Z_FREE] -= 1
    load = int(m.free[m.z[Z_FREE]])
    m.z[Z_SERIAL] += 1
    o = m.loads
    o[load, O_SEAT], o[load, O_MODEL], o[load, O_STATE] = seat, model, PENDING
    o[load, O_ORDER], o[load, O_SERIAL] = m.seats[seat, T_ASKED], m.z[Z_SERIAL]
    o[load, O_HEAD], o[load, O_TAIL], o[load, O_COUNT], o[load, O_NEXT] = -1, -1, 0, -1
    attempt = c.numbers[row, N_ATTEMPT] - 1
    if c.keys.shape[0] == 0:
        m.times[load, M_MULTIPLIER] = c.draws[row, D_LOAD, attempt]
    else:
        m.times[load, M_MULTIPLIER] = multiplier(c.p, c.keys[D_LOAD, attempt], c.numbers[row, N_LUCK], D_LOAD)
    m.times[load, M_ENDS] = np.nan
    m.seats[seat, T_ASKED] += 1
    if m.seats[seat, T_PENDING] < 0:
        m.seats[seat, T_PENDING] = load
    else:
        o[m.seats[seat, T_LAST], O_NEXT] = load
    m.seats[seat, T_LAST] = load
    if c.q[Q_CACHED] != 0:
        m.load_of[seat, model] = load
    o[load, O_RECORD] = c.q[Q_LOADED]
    if c.q[Q_RECORD] != 0:
        at = c.q[Q_LOADED]
        m.record[at, 0], m.record[at, 1], m.record[at, 2] = m.seats[seat, T_NUMBER], model, now
        m.record[at, 3] = m.record[at, 4] = np.nan
    c.q[Q_LOADED] += 1
    return load


@part
def join(c: Common, m: Shelf, load: int, row: int) -> None:
    """A call waits for the load."""
    o = m.loads
    c.numbers[row, N_NEXT] = -1
    if o[load, O_COUNT] == 0:
        o[load, O_HEAD] = row
    else:
        c.numbers[o[load, O_TAIL], N_NEXT] = row
    o[load, O_TAIL] = row
    o[load, O_COUNT] += 1
    m.seats[o[load, O_SEAT], T_EXPECT] += 1


@part
def part_with(c: Common, m: Shelf, load: int, row: int) -> None:
    """A call waits no longer for the load; it may stand anywhere among those that do."""
    o = m.loads
    before, at = -1, o[load, O_HEAD]
    while at != row:
        before, at = at, c.numbers[at, N_NEXT]
    following = c.numbers[row, N_NEXT]
    if before < 0:
        o[load, O_HEAD] = following
    else:
        c.numbers[before, N_NEXT] = following
    if following < 0:
        o[load, O_TAIL] = before
    c.numbers[row, N_NEXT] = -1
    o[load, O_COUNT] -= 1
    m.seats[o[load, O_SEAT], T_EXPECT] -= 1


@part
def forget(c: Common, m: Shelf, load: int) -> None:
    """The load is over: its row is free."""
    o = m.loads
    if c.q[Q_CACHED] != 0 and m.load_of[o[load, O_SEAT], o[load, O_MODEL]] == load:
        m.load_of[o[load, O_SEAT], o[load, O_MODEL]] = -1
    o[load, O_STATE] = GONE
    m.free[m.z[Z_FREE]] = load
    m.z[Z_FREE] += 1


@part
def unask(c: Common, m: Shelf, load: int) -> None:
    """A load that has not begun is dropped."""
    o, seats = m.loads, m.seats
    seat = o[load, O_SEAT]
    before, at = -1, seats[seat, T_PENDING]
    while at != load:
        before, at = at, o[at, O_NEXT]
    if before < 0:
        seats[seat, T_PENDING] = o[load, O_NEXT]
    else:
        o[before, O_NEXT] = o[load, O_NEXT]
    if seats[seat, T_LAST] == load:
        seats[seat, T_LAST] = before
    forget(c, m, load)


@part
def announce(m: Shelf, at: float, key: int, value: int) -> None:
    """An end of a download or of a load, on the agenda."""
    push(m.at, m.key, m.value, m.z[Z_EVENTS], at, key, value)
    m.z[Z_EVENTS] += 1


@part
def begin_loads(c: Common, m: Shelf, seat: int, now: float) -> None:
    """Begin what can begin, in the order asked for, the first one only."""
    p, o, seats = c.p, m.loads, m.seats
    while seats[seat, T_PENDING] >= 0 and seats[seat, T_LOADING] < c.q[Q_PARALLEL]:
        load = seats[seat, T_PENDING]
        if not make_room(c, m, load):
            return
        seats[seat, T_PENDING] = o[load, O_NEXT]
        seats[seat, T_LOADING] += 1
        if now >= p[P_FROM] and now < p[P_TO]:
            c.counts[L_COLD_STARTS] += 1
        if c.q[Q_RECORD] != 0:
            m.record[o[load, O_RECORD], 3] = now
        tail = (m.z[Z_LIMIT_HEAD] + m.z[Z_LIMITS]) & (m.limit_at.size - 1)
        m.limit_at[tail], m.limit_load[tail], m.limit_serial[tail] = now + p[P_LOAD_LIMIT], load, o[load, O_SERIAL]
        m.z[Z_LIMITS] += 1
        model = o[load, O_MODEL]
        if c.q[Q_CACHED] != 0 and (m.flags[seat, model] & ON_DISK) != 0:
            into_memory(c, m, load, now)
            continue
        o[load, O_STATE] = DOWNLOADING
        move(m, seat, now)
        seats[seat, T_ADMITTED] += 1
        work = m.times[load, M_MULTIPLIER] * (m.size[model] / p[P_DOWNLOAD_RATE])
        count = seats[seat, T_DOWNLOADS]
        target = m.clocks[seat, V_VIRTUAL] + work
        push(m.target[seat], m.admitted[seat], m.download[seat], count, target, seats[seat, T_ADMITTED], load)
        seats[seat, T_DOWNLOADS] = count + 1
        next_download(m, seat)


@part
def into_memory(c: Common, m: Shelf, load: int, now: float) -> None:
    """The second half of a load."""
    o = m.loads
    o[load, O_STATE] = INTO_MEMORY
    work = m.times[load, M_MULTIPLIER] * (m.size[o[load, O_MODEL]] / c.p[P_INTO_RATE])
    m.times[load, M_ENDS] = now + max(GRID, to_grid(work))
    # Downloads come first, then the ends of loads by the order asked for.
    announce(m, m.times[load, M_ENDS], (1 << 62) + o[load, O_ORDER], load * 2 + 1)


@part
def move(m: Shelf, seat: int, now: float) -> None:
    """Virtual time of the downloads comes up to now, before their number changes."""
    count = m.seats[seat, T_DOWNLOADS]
    if count > 0:
        m.clocks[seat, V_VIRTUAL] += (now - m.clocks[seat, V_MOVED]) / count
    m.clocks[seat, V_MOVED] = now


@part
def next_download(m: Shelf, seat: int) -> None:
    """When the first download will finish, if nothing comes between."""
    count = m.seats[seat, T_DOWNLOADS]
    m.z[Z_SERIAL] += 1
    m.seats[seat, T_VERSION] = m.z[Z_SERIAL]
    if count > 0:
        left = max(0.0, m.target[seat, 0] - m.clocks[seat, V_VIRTUAL]) * count
        announce(m, m.clocks[seat, V_MOVED] + to_grid(left), m.z[Z_SERIAL], seat * 2)


@part
def downloaded(c: Common, m: Shelf, seat: int, now: float) -> None:
    """The first download is done."""
    load = m.download[seat, 0]
    m.clocks[seat, V_VIRTUAL], m.clocks[seat, V_MOVED] = m.target[seat, 0], now
    pop(m.target[seat], m.admitted[seat], m.download[seat], m.seats[seat, T_DOWNLOADS])
    m.seats[seat, T_DOWNLOADS] -= 1
    next_download(m, seat)
    if c.q[Q_CACHED] != 0:
        m.flags[seat, m.loads[load, O_MODEL]] |= ON_DISK
    into_memory(c, m, load, now)


@part
def call_off(c: Common, m: Shelf, load: int, now: float) -> None:
    """A load that takes too long gives its memory back, and what it has on disk where nobody else can use it."""
    o = m.loads
    seat, model = o[load, O_SEAT], o[load, O_MODEL]
    m.clocks[seat, V_MEMORY] -= m.memory[model]
    m.seats[seat, T_LOADING] -= 1
    if o[load, O_STATE] == DOWNLOADING:
        m.clocks[seat, V_DISK] -= m.size[model]
        move(m, seat, now)
        count = m.seats[seat, T_DOWNLOADS]
        kept = 0
        for k in range(count):
            if m.download[seat, k] != load:
                target, key, other = m.target[seat, k], m.admitted[seat, k], m.download[seat, k]
                push(m.target[seat], m.admitted[seat], m.download[seat], kept, target, key, other)
                kept += 1
        m.seats[seat, T_DOWNLOADS] = kept
        next_download(m, seat)
    elif c.q[Q_CACHED] == 0:
        m.clocks[seat, V_DISK] -= m.size[model]
    forget(c, m, load)
