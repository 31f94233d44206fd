"""A multi-model fleet, event by event: servers behind a queue on instances whose memory holds some of the models.

At one instant: finishes, ends of downloads and loads, the clients' limits, the limits of loads; then (after what the
control plane changes) one dispatch of every instance that something happened on; then each arrival by itself.
"""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels.attempts import (
    FROM_TRACE,
    UNKNOWN,
    accept,
    coming,
    count_attempt,
    first_limit,
    lacks_draws,
    let_in,
    listen,
    placed,
    started,
)
from advisor.sim.kernels.endings import (
    COLD,
    RUNS,
    WAITS_FOR_LOAD,
    WAITS_FOR_WORKER,
    clear,
    finish,
    give_up,
    held_by,
    loaded,
    next_finish,
    queue_up,
    reply,
    run_out,
    shared,
)
from advisor.sim.kernels.heap import push
from advisor.sim.kernels.layout import (
    BLOCK_ENDS,
    C_BYTES_IN,
    C_ENTRY,
    C_WORK,
    GRID,
    L_ATTEMPTS,
    N_MODEL,
    N_NEXT,
    N_SERIAL,
    N_SLOT,
    N_STATE,
    N_UNIT,
    NEEDS_DRAWS,
    NEEDS_ROOM,
    P_LIMIT,
    P_MARGINAL,
    P_MEAN,
    P_PAYLOAD_MAX,
    P_SPARE,
    P_WAIT,
    Q_ENDED,
    Q_FREE_ROWS,
    Q_QUEUE_LIMIT,
    Q_RECORD,
    Q_SERVING,
    REACHED,
    REFUSED,
    REJECTED,
    UNIT_ENDED,
)
from advisor.sim.kernels.loading import ask, begin_loads, join
from advisor.sim.kernels.lookout import W_LOADED, W_ON, Lookout, due, goes_on, note
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.room import in_use
from advisor.sim.kernels.routing import route
from advisor.sim.kernels.settle import service_of, to_grid
from advisor.sim.kernels.shelf import (
    BATCHES,
    CURVE,
    IN_MEMORY,
    PLAIN,
    Q_CACHED,
    Q_KIND,
    Q_LOADED,
    Q_MOST,
    Q_PARALLEL,
    T_DRAINS,
    T_EXPECT,
    T_HEAD,
    T_JOINED,
    T_LENGTH,
    T_NUMBER,
    T_PEAK,
    T_RUNNING,
    T_TAIL,
    T_TOUCHED,
    V_CURVE,
    V_LAST,
    V_NEXT,
    Z_EVENTS,
    Z_FREE,
    Z_LIMIT_HEAD,
    Z_LIMITS,
    Z_TOUCHED,
    Shelf,
)
from advisor.sim.kernels.state import E_LIMITS, E_SERIAL, E_SIZE, Common, Events


@station
def models(until: float, through: bool, w: Lookout, c: Common, e: Events, m: Shelf) -> int:
    """Move all before `until`, its finishes too; arrivals at it where `through`; with a lookout, by periods."""
    while goes_on(w):
        answer = move(due(w, until), through, c, e, m)
        if answer != REACHED or w.q[W_ON] == 0:
            return answer
        note(w, c.counts[L_ATTEMPTS], most_held(c, m) if w.q[W_LOADED] != 0 else 0)
    return REACHED


@part
def most_held(c: Common, m: Shelf) -> int:
    """The most outstanding since the last datapoint, on all instances in service; then begin the next."""
    load = 0
    for k in range(c.q[Q_SERVING]):
        load += m.seats[m.order[k], T_PEAK]
    for k in range(m.seats.shape[0]):
        m.seats[k, T_PEAK] = m.seats[k, T_LENGTH] + m.seats[k, T_RUNNING] + m.seats[k, T_EXPECT]
    return load


@part
def move(until: float, through: bool, c: Common, e: Events, m: Shelf) -> int:
    """The same up to one instant."""
    p, q = c.p, c.q
    while True:
        finish_at = e.at[0] if e.q[E_SIZE] > 0 else np.inf
        busy, shared_at = 0, np.inf
        if q[Q_KIND] != PLAIN:
            for k in range(m.seats.shape[0]):
                if m.clocks[k, V_NEXT] < shared_at:
                    busy, shared_at = k, m.clocks[k, V_NEXT]
        load_at = m.at[0] if m.z[Z_EVENTS] > 0 else np.inf
        patience_at = m.limit_at[m.z[Z_LIMIT_HEAD]] if m.z[Z_LIMITS] > 0 else np.inf
        soonest = min(min(finish_at, shared_at), min(load_at, patience_at))
        limit_at = first_limit(c, e, soonest)
        soonest = min(soonest, limit_at)
        if m.z[Z_TOUCHED] > 0 and soonest > p[P_SPARE]:
            if p[P_SPARE] == until and not through:
                return REACHED
            if lacks_room(c, e, m):
                return NEEDS_ROOM
            m.z[Z_TOUCHED] -= 1
            seat = m.touched[m.z[Z_TOUCHED]]
            m.seats[seat, T_TOUCHED] = 0
            dispatch(c, e, m, seat, p[P_SPARE])
            continue
        attempt_at, source = coming(c)
        if source == UNKNOWN:
            return BLOCK_ENDS
        if soonest <= attempt_at:
            if soonest > until:
                return REACHED
            if finish_at > soonest and lacks_room(c, e, m):
                return NEEDS_ROOM
            p[P_SPARE] = soonest
            if finish_at == soonest:
                seat = finish(c, e, m, soonest)
            elif shared_at == soonest:
                seat = shared(c, m, busy, soonest)
            elif load_at == soonest:
                seat = loaded(c, m, soonest)
            elif limit_at == soonest:
                seat = give_up(c, e, m, soonest)
            else:
                seat = run_out(c, m, soonest)
            if seat >= 0 and m.seats[seat, T_DRAINS] != 0 and held_by(m, seat) == 0:
                q[Q_ENDED] = m.seats[seat, T_NUMBER]
                clear(c, m, seat, soonest)
                return UNIT_ENDED
            continue
        if attempt_at > until or (attempt_at == until and not through):
            return REACHED
        if source == FROM_TRACE and lacks_draws(c):
            return NEEDS_DRAWS
        if lacks_room(c, e, m):
            return NEEDS_ROOM
        p[P_SPARE] = attempt_at
        arrive(c, e, m, accept(c, attempt_at, source), attempt_at)


@part
def lacks_room(c: Common, e: Events, m: Shelf) -> bool:
    """Could what happens at one instant be more than there is room for?"""
    # Those who waited for a load may all begin in one instant, and so may loads.
    starts, loads = m.slots.shape[1] + 2, 2 * c.q[Q_PARALLEL] + 2
    if c.q[Q_FREE_ROWS] < 2 or e.q[E_SIZE] + starts >= e.at.size or e.q[E_LIMITS] >= e.limit_at.size:
        return True
    if m.z[Z_FREE] < 2 or m.z[Z_EVENTS] + loads >= m.at.size or m.z[Z_LIMITS] + loads >= m.limit_at.size:
        return True
    return bool(c.q[Q_RECORD] != 0 and c.q[Q_LOADED] + 2 >= m.record.shape[0])


@part
def arrive(c: Common, e: Events, m: Shelf, row: int, now: float) -> None:
    """Route one attempt, let it in, and start what can start."""
    p, q, seats = c.p, c.q, m.seats
    c.numbers[row, N_STATE] = WAITS_FOR_WORKER
    if c.carried[row, C_BYTES_IN] > p[P_PAYLOAD_MAX]:
        reply(c, row, REFUSED, now, False)
        return
    count_attempt(c, now)
    if q[Q_SERVING] == 0:
        reply(c, row, REJECTED, now, False)
        return
    model = c.numbers[row, N_MODEL]
    seat = route(c, m, model)
    placed(c, row, seats[seat, T_NUMBER])
    ready = q[Q_CACHED] != 0 and (m.flags[seat, model] & IN_MEMORY) != 0
    # With a plain worker that is free nobody waits.
    slot = free_slot(m, seat) if ready and q[Q_KIND] == PLAIN else -1
    at_once = slot >= 0 or (ready and q[Q_KIND] != PLAIN and has_room(c, m, seat))
    if not at_once and seats[seat, T_LENGTH] + seats[seat, T_EXPECT] >= q[Q_QUEUE_LIMIT]:
        reply(c, row, REJECTED, now, False)
        return
    let_in(c, row)
    c.numbers[row, N_UNIT] = seat
    in_use(m, seat, model, now)
    if p[P_LIMIT] < np.inf:
        listen(c, e, row, now + p[P_LIMIT])
    if slot >= 0:
        # Most calls are like that: the queue is left alone.
        m.used[seat, model] += 1
        seats[seat, T_RUNNING] += 1
        seats[seat, T_PEAK] = max(seats[seat, T_PEAK], held_by(m, seat))
        c.numbers[row, N_STATE] = RUNS
        begin(c, e, m, seat, slot, row, now)
        begin_loads(c, m, seat, now)
        return
    if ready:
        queue_up(c, m, seat, row)
    else:
        load = ask(c, m, seat, model, row, now)
        join(c, m, load, row)
        c.numbers[row, N_STATE] = WAITS_FOR_LOAD | COLD
        c.numbers[row, N_SLOT] = load
    seats[seat, T_PEAK] = max(seats[seat, T_PEAK], held_by(m, seat))
    dispatch(c, e, m, seat, now)


@part
def has_room(c: Common, m: Shelf, seat: int) -> bool:
    """Could one more start now, with nobody before it, on a load curve or in a batch?"""
    if c.q[Q_KIND] == CURVE:
        return bool(m.seats[seat, T_RUNNING] < m.latency.size)
    return m.seats[seat, T_LENGTH] == 0 and free_slot(m, seat) >= 0


@part
def free_slot(m: Shelf, seat: int) -> int:
    """The lowest free worker, or -1."""
    for k in range(m.slots.shape[1]):
        if m.slots[seat, k] < 0:
            return k
    return -1


@part
def dispatch(c: Common, e: Events, m: Shelf, seat: int, now: float) -> None:
    """Free workers take the head of the queue, or a batch from it; then loads begin."""
    seats = m.seats
    if c.q[Q_KIND] == CURVE:
        while seats[seat, T_LENGTH] > 0 and seats[seat, T_RUNNING] < m.latency.size:
            admit(c, m, seat, now)
    elif c.q[Q_KIND] == BATCHES:
        while begins_batch(c, e, m, seat, now):
            pass
    else:
        while seats[seat, T_LENGTH] > 0:
            slot = free_slot(m, seat)
            if slot < 0:
                break
            row = seats[seat, T_HEAD]
            take(c, m, seat, -1, row)
            begin(c, e, m, seat, slot, row, now)
    begin_loads(c, m, seat, now)


@part
def begin(c: Common, e: Events, m: Shelf, seat: int, slot: int, row: int, now: float) -> None:
    """A worker begins one call."""
    started(c, row, now, slot)
    run(c, e, m, seat, slot, row, now + service_of(c.carried[row, C_WORK], c.p[P_MEAN]))


@part
def take(c: Common, m: Shelf, seat: int, before: int, row: int) -> None:
    """A call that stands behind `before` (-1: at the head) leaves the queue of its seat, to be served."""
    seats = m.seats
    following = c.numbers[row, N_NEXT]
    if before < 0:
        seats[seat, T_HEAD] = following
    else:
        c.numbers[before, N_NEXT] = following
    if following < 0:
        seats[seat, T_TAIL] = before
    seats[seat, T_LENGTH] -= 1
    seats[seat, T_RUNNING] += 1
    c.numbers[row, N_NEXT] = -1
    c.numbers[row, N_STATE] = RUNS | (c.numbers[row, N_STATE] & COLD)


@part
def run(c: Common, e: Events, m: Shelf, seat: int, slot: int, row: int, ends: float) -> None:
    """A worker is busy until then with a call and those that are chained to it."""
    m.slots[seat, slot] = row
    e.q[E_SERIAL] += 1
    c.numbers[row, N_SERIAL] = e.q[E_SERIAL]
    push(e.at, e.key, e.value, e.q[E_SIZE], ends, e.q[E_SERIAL], row)
    e.q[E_SIZE] += 1


@part
def admit(c: Common, m: Shelf, seat: int, now: float) -> None:
    """The head of the queue joins those that progress together."""
    seats, clocks = m.seats, m.clocks
    row, n = seats[seat, T_HEAD], seats[seat, T_RUNNING]
    take(c, m, seat, -1, row)
    started(c, row, now, -1)
    if n > 0:
        clocks[seat, V_CURVE] += (now - clocks[seat, V_LAST]) / m.latency[n - 1]
    clocks[seat, V_LAST] = now
    seats[seat, T_JOINED] += 1
    target = clocks[seat, V_CURVE] + c.carried[row, C_WORK]
    push(m.curve_at[seat], m.curve_key[seat], m.curve_row[seat], n, target, seats[seat, T_JOINED], row)
    next_finish(m, seat)


@part
def begins_batch(c: Common, e: Events, m: Shelf, seat: int, now: float) -> bool:
    """A free worker takes the first calls of one model that may begin, if there are some.

    In the order of the queue: the first call whose batch is full, or that has waited long enough since its arrival.
    With the cache disabled every call has a model of its own.
    """
    p, seats = c.p, m.seats
    m.clocks[seat, V_NEXT] = np.inf
    slot = free_slot(m, seat)
    if slot < 0 or seats[seat, T_LENGTH] == 0:
        return False
    most = c.q[Q_MOST] if c.q[Q_CACHED] != 0 else 1
    before, head, ripe_at = -1, seats[seat, T_HEAD], np.inf
    while head >= 0:
        since = c.carried[head, C_ENTRY] + p[P_WAIT]
        alike = m.queued[seat, c.numbers[head, N_MODEL]] if c.q[Q_CACHED] != 0 else 1
        if now >= since or alike >= c.q[Q_MOST]:
            break
        ripe_at = min(ripe_at, since)
        before, head = head, c.numbers[head, N_NEXT]
    if head < 0:
        m.clocks[seat, V_NEXT] = ripe_at
        return False
    model = c.numbers[head, N_MODEL]
    row, last, count, largest = head, -1, 0, 0.0
    while row >= 0 and count < most:
        following = c.numbers[row, N_NEXT]
        if c.numbers[row, N_MODEL] == model:
            take(c, m, seat, before, row)
            m.queued[seat, model] -= 1
            started(c, row, now, slot)
            if last >= 0:
                c.numbers[last, N_NEXT] = row
            last = row
            count += 1
            largest = max(largest, c.carried[row, C_WORK])
        else:
            before = row
        row = following
    service = max(GRID, to_grid(p[P_MEAN] * (1 + p[P_MARGINAL] * (count - 1)) * largest))
    run(c, e, m, seat, slot, head, now + service)
    return True
