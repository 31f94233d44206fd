"""The models of one instance: what its memory and disk hold, what is being loaded, and who waits for it.

With the cache enabled a model stands for itself in memory and on disk; disabled, each call has a load, a place in
memory and a file of its own, all gone when it is done. Used by the kernel `models`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.heap import pop, push
from advisor.sim.kernels.layout import (
    D_LOAD,
    GRID,
    L_COLD_STARTS,
    N_ATTEMPT,
    N_LUCK,
    N_NEXT,
    P_FROM,
    P_SPARE,
    P_TO,
    Q_RECORD,
    Q_SPARE,
)
from advisor.sim.kernels.part import part
from advisor.sim.kernels.settle import multiplier, to_grid
from advisor.sim.kernels.state import Common

# Numbers of the deployment
P_CACHE, P_DISK, P_DOWNLOAD_RATE, P_INTO_RATE, P_LOAD_LIMIT = range(P_SPARE + 1, P_SPARE + 6)
Q_PARALLEL, Q_SPILL, Q_CACHED, Q_LOADED, Q_KIND, Q_MOST = range(Q_SPARE, Q_SPARE + 6)
# What serves: plain workers, workers that take calls of one model together, a load curve
PLAIN, BATCHES, CURVE = range(3)

# A seat: its workers' queue, its loads not begun, what runs, waits and is loading
(T_HEAD, T_TAIL, T_LENGTH, T_RUNNING, T_DRAINS, T_TOUCHED, T_NUMBER, T_PEAK, T_ASKED, T_PENDING, T_LAST, T_LOADING,
 T_EXPECT, T_DOWNLOADS, T_ADMITTED, T_VERSION, T_JOINED, T_FIELDS) = range(18)  # fmt: skip
# ... its downloads' virtual time and when it moved, what is taken; of its load curve the same two; its next finish, or
# when the first of those that wait for a batch has waited long enough
V_VIRTUAL, V_MOVED, V_MEMORY, V_DISK, V_CURVE, V_LAST, V_NEXT, V_FIELDS = range(8)

IN_MEMORY, ON_DISK, LEAVES_MEMORY, LEAVES_DISK = 1, 2, 4, 8

# A load
(O_SEAT, O_MODEL, O_STATE, O_ORDER, O_HEAD, O_TAIL, O_COUNT, O_NEXT, O_SERIAL, O_RECORD, O_FIELDS) = range(11)
M_MULTIPLIER, M_ENDS, M_FIELDS = range(3)
GONE, PENDING, DOWNLOADING, INTO_MEMORY = range(4)

# Counters of the loads
Z_FREE, Z_EVENTS, Z_LIMIT_HEAD, Z_LIMITS, Z_SERIAL, Z_TOUCHED, Z_FIELDS = range(7)


class Shelf(NamedTuple):
    """Seats, models, loads, and the agenda of loads."""

    seats: Ints
    clocks: Floats
    slots: Ints
    flags: Ints  # [seat, model]
    used: Ints  # [seat, model]: calls that wait for a worker or are in flight
    load_of: Ints  # [seat, model]: its load asked for or under way, -1: none
    last_used: Floats
    size: Floats
    memory: Floats
    loads: Ints
    times: Floats
    free: Ints
    target: Floats  # [seat, download]: a heap in virtual time
    admitted: Ints
    download: Ints
    at: Floats  # ends of downloads and of loads
    key: Ints
    value: Ints
    limit_at: Floats
    limit_load: Ints
    limit_serial: Ints
    order: Ints
    touched: Ints
    latency: Floats
    curve_at: Floats  # per seat a heap of targets in virtual time
    curve_key: Ints
    curve_row: Ints
    queued: Ints  # [seat, model]: calls that wait for a worker, where batches are made
    record: Floats  # on request: instance, model, asked, begun, in memory
    z: Ints


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
def oldest(m: Shelf, seat: int, wanted: int, mask: int, idle: bool) -> int:
    """The model least recently used among those whose flags under the mask are as wanted; not in use where `idle`."""
    found = -1
    for model in range(m.size.size):
        if (m.flags[seat, model] & mask) != wanted or (idle and m.used[seat, model] > 0):
            continue
        if not idle and m.load_of[seat, model] >= 0 and m.loads[m.load_of[seat, model], O_STATE] != PENDING:
            continue
        if found < 0 or m.last_used[seat, model] < m.last_used[seat, found]:
            found = model
    return found


@part
def make_room(c: Common, m: Shelf, load: int) -> bool:
    """Room in memory and on disk for one more, the least recently used leaving; or nothing changes."""
    p, o = c.p, m.loads
    seat, model = o[load, O_SEAT], o[load, O_MODEL]
    cached = c.q[Q_CACHED] != 0
    memory = m.clocks[seat, V_MEMORY] + m.memory[model]
    on_disk = cached and (m.flags[seat, model] & ON_DISK) != 0
    disk = 0.0 if on_disk else m.clocks[seat, V_DISK] + m.size[model]
    marked = False
    if cached:
        while memory > p[P_CACHE]:
            leaves = oldest(m, seat, IN_MEMORY, IN_MEMORY | LEAVES_MEMORY, True)
            if leaves < 0:
                break
            marked = True
            m.flags[seat, leaves] |= LEAVES_MEMORY
            memory -= m.memory[leaves]
        while disk > p[P_DISK]:
            leaves = oldest(m, seat, ON_DISK, ON_DISK | IN_MEMORY | LEAVES_MEMORY | LEAVES_DISK, False)
            other = oldest(
                m, seat, ON_DISK | IN_MEMORY | LEAVES_MEMORY, ON_DISK | IN_MEMORY | LEAVES_MEMORY | LEAVES_DISK, False
            )
            if leaves < 0 or (
                other >= 0
                and (
                    m.last_used[seat, other] < m.last_used[seat, leaves]
                    or (m.last_used[seat, other] == m.last_used[seat, leaves] and other < leaves)
                )
            ):
                leaves = other
            if leaves < 0:
                break
            marked = True
            m.flags[seat, leaves] |= LEAVES_DISK
            disk -= m.size[leaves]
    fits = bool(memory <= p[P_CACHE] and disk <= p[P_DISK])
    if marked:
        for k in range(m.size.size):
            flags = m.flags[seat, k]
            if fits and (flags & LEAVES_MEMORY) != 0:
                flags &= ~IN_MEMORY
            if fits and (flags & LEAVES_DISK) != 0:
                flags &= ~ON_DISK
            m.flags[seat, k] = flags & (IN_MEMORY | ON_DISK)
    if fits:
        m.clocks[seat, V_MEMORY] = memory
        if not on_disk:
            m.clocks[seat, V_DISK] = disk
    return fits


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
