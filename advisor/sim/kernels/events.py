"""A fleet behind a router, event by event: batches, load curves and losses as well as plain workers.

One heap holds finishes and batch timers, one ring the clients' limits. A dispatch happens once an instant, after all of
its finishes (and after what the control plane changes at that instant), then for each arrival by itself.
"""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels.attempts import (
    FROM_TRACE,
    UNKNOWN,
    accept,
    answer,
    coming,
    count_attempt,
    drop,
    fails,
    finished,
    first_limit,
    forget_limit,
    lacks_draws,
    let_in,
    listen,
    placed,
    started,
)
from advisor.sim.kernels.heap import pop, push
from advisor.sim.kernels.layout import (
    BLOCK_ENDS,
    C_BYTES_IN,
    C_ENTRY,
    C_START,
    C_WORK,
    D_ROUTE,
    FAILED,
    GRID,
    L_ATTEMPTS,
    N_ANSWERED,
    N_NEXT,
    N_SERIAL,
    N_SLOT,
    N_UNIT,
    NEEDS_DRAWS,
    NEEDS_ROOM,
    P_FAIL_SHARE,
    P_LIMIT,
    P_MARGINAL,
    P_MEAN,
    P_PAYLOAD_MAX,
    P_SPARE,
    P_WAIT,
    Q_ATTEMPTS,
    Q_ENDED,
    Q_FREE_ROWS,
    Q_QUEUE_LIMIT,
    Q_ROUTING,
    Q_RUNS_ON,
    Q_SERVING,
    REACHED,
    REFUSED,
    REJECTED,
    S_BUSY,
    SERVED,
    TIMED_OUT,
    UNIT_ENDED,
)
from advisor.sim.kernels.lookout import W_LOADED, W_ON, Lookout, due, goes_on, note
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.seats import (
    BATCHES,
    CURVE,
    FINISHES,
    Q_KIND,
    Q_MOST,
    T_ADMITTED,
    T_HEAD,
    T_LENGTH,
    T_NUMBER,
    T_PEAK,
    T_RUNNING,
    T_TAIL,
    T_TOUCHED,
    T_VERSION,
    TIMER,
    V_LAST,
    V_NEXT,
    V_VIRTUAL,
    Seats,
    emptied,
    most_held,
)  # fmt: skip
from advisor.sim.kernels.settle import busy_within, drawn, service_of, to_grid
from advisor.sim.kernels.state import E_LIMIT_HEAD, E_LIMITS, E_SERIAL, E_SIZE, E_TOUCHED, Common, Events


@station
def events(until: float, through: bool, w: Lookout, c: Common, e: Events, s: Seats) -> int:
    """Move all before `until`, its finishes too; arrivals at it where `through`; with a lookout, by periods."""
    while goes_on(w):
        answer = move(due(w, until), through, c, e, s)
        if answer != REACHED or w.q[W_ON] == 0:
            return answer
        note(w, c.counts[L_ATTEMPTS], most_held(c, s) if w.q[W_LOADED] != 0 else 0)
    return REACHED


@part
def move(until: float, through: bool, c: Common, e: Events, s: Seats) -> int:
    """The same up to one instant."""
    p, q = c.p, c.q
    curve = q[Q_KIND] == CURVE
    needs_draws = q[Q_ATTEMPTS] > 1 or p[P_FAIL_SHARE] > 0.0 or q[Q_ROUTING] == 0
    while True:
        if q[Q_FREE_ROWS] < 2 or e.q[E_SIZE] + 2 >= e.at.size or e.q[E_LIMITS] >= e.limit_at.size:
            return NEEDS_ROOM
        seat = -1
        event_at = np.inf
        if curve:
            # Finishes of a load curve move with every arrival: looking for the first one beats keeping them in order.
            for k in range(s.seats.shape[0]):
                at = s.clocks[k, V_NEXT]
                if at < event_at or (at == event_at and seat >= 0 and s.seats[k, T_VERSION] < s.seats[seat, T_VERSION]):
                    seat, event_at = k, at
        elif e.q[E_SIZE] > 0:
            event_at = e.at[0]
        limit_at = first_limit(c, e, event_at)
        soonest = min(event_at, limit_at)
        if e.q[E_TOUCHED] > 0 and soonest > p[P_SPARE]:
            if p[P_SPARE] == until and not through:
                return REACHED
            for k in range(e.q[E_TOUCHED]):
                s.seats[s.touched[k], T_TOUCHED] = 0
                dispatch(c, e, s, s.touched[k], p[P_SPARE])
            e.q[E_TOUCHED] = 0
            continue
        attempt_at, source = coming(c)
        if source == UNKNOWN:
            return BLOCK_ENDS
        if soonest <= attempt_at:
            if soonest > until:
                return REACHED
            p[P_SPARE] = soonest
            if event_at > limit_at:
                ended = give_up(c, e, s, soonest)
            elif curve:
                ended = first_finish(c, e, s, seat, soonest)
            else:
                ended = happen(c, e, s, soonest)
            if ended >= 0:
                q[Q_ENDED] = ended
                return UNIT_ENDED
            continue
        if attempt_at > until or (attempt_at == until and not through):
            return REACHED
        if source == FROM_TRACE and needs_draws and lacks_draws(c):
            return NEEDS_DRAWS
        p[P_SPARE] = attempt_at
        arrive(c, e, s, accept(c, attempt_at, source), attempt_at)


@part
def arrive(c: Common, e: Events, s: Seats, row: int, now: float) -> None:
    """Route one attempt, and start it where it can start."""
    p, q, seats = c.p, c.q, s.seats
    if c.carried[row, C_BYTES_IN] > p[P_PAYLOAD_MAX]:
        answer(c, row, REFUSED, now, False)
        return
    count_attempt(c, now)
    serving = q[Q_SERVING]
    if serving == 0:
        answer(c, row, REJECTED, now, False)
        return
    if q[Q_ROUTING] == 0:
        seat = s.order[int(drawn(c.keys, c.draws, c.numbers, row, D_ROUTE) * serving)]
    else:
        seat = s.order[0]
        for k in range(1, serving):
            other = s.order[k]
            if seats[other, T_LENGTH] + seats[other, T_RUNNING] < seats[seat, T_LENGTH] + seats[seat, T_RUNNING]:
                seat = other
    placed(c, row, seats[seat, T_NUMBER])
    length = seats[seat, T_LENGTH]
    if length >= q[Q_QUEUE_LIMIT] and (length > 0 or not has_room(c, s, seat)):
        answer(c, row, REJECTED, now, False)
        return
    let_in(c, row)
    c.numbers[row, N_UNIT] = seat
    if length == 0:
        seats[seat, T_HEAD] = row
    else:
        c.numbers[seats[seat, T_TAIL], N_NEXT] = row
    seats[seat, T_TAIL] = row
    seats[seat, T_LENGTH] += 1
    seats[seat, T_PEAK] = max(seats[seat, T_PEAK], seats[seat, T_LENGTH] + seats[seat, T_RUNNING])
    if p[P_LIMIT] < np.inf:
        listen(c, e, row, now + p[P_LIMIT])
    dispatch(c, e, s, seat, now)
    if q[Q_KIND] == BATCHES and np.isnan(c.carried[row, C_START]):
        schedule(e, now + p[P_WAIT], seat * 2 + TIMER)


@part
def schedule(e: Events, at: float, value: int) -> int:
    """An entry of the heap; its key is the order of making."""
    e.q[E_SERIAL] += 1
    push(e.at, e.key, e.value, e.q[E_SIZE], at, e.q[E_SERIAL], value)
    e.q[E_SIZE] += 1
    return int(e.q[E_SERIAL])


@part
def has_room(c: Common, s: Seats, seat: int) -> bool:
    """Could one more start now?"""
    if c.q[Q_KIND] == CURVE:
        return bool(s.seats[seat, T_RUNNING] < s.latency.size)
    return free_slot(s, seat) >= 0


@part
def free_slot(s: Seats, seat: int) -> int:
    """The lowest free worker, or -1."""
    for k in range(s.slots.shape[1]):
        if s.slots[seat, k] < 0:
            return k
    return -1


@part
def leave_queue(c: Common, s: Seats, seat: int) -> int:
    """The head of the queue leaves it."""
    row = s.seats[seat, T_HEAD]
    s.seats[seat, T_HEAD] = c.numbers[row, N_NEXT]
    s.seats[seat, T_LENGTH] -= 1
    c.numbers[row, N_NEXT] = -1
    return int(row)


@part
def dispatch(c: Common, e: Events, s: Seats, seat: int, now: float) -> None:
    """Start what can start on one instance."""
    seats, p = s.seats, c.p
    while seats[seat, T_LENGTH] > 0:
        if c.q[Q_KIND] == CURVE:
            if seats[seat, T_RUNNING] >= s.latency.size:
                return
            admit(c, e, s, seat, now)
            continue
        slot = free_slot(s, seat)
        if slot < 0:
            return
        length = seats[seat, T_LENGTH]
        count = 1
        if c.q[Q_KIND] == BATCHES:
            if length < c.q[Q_MOST] and now < c.carried[seats[seat, T_HEAD], C_ENTRY] + p[P_WAIT]:
                return
            count = min(c.q[Q_MOST], length)
        head = seats[seat, T_HEAD]
        largest, last = 0.0, -1
        for _ in range(count):
            row = leave_queue(c, s, seat)
            started(c, row, now, slot)
            if last >= 0:
                c.numbers[last, N_NEXT] = row
            last = row
            largest = max(largest, c.carried[row, C_WORK])
        seats[seat, T_RUNNING] += count
        s.slots[seat, slot] = head
        if c.q[Q_KIND] == BATCHES:
            service = max(GRID, to_grid(p[P_MEAN] * (1 + p[P_MARGINAL] * (count - 1)) * largest))
        else:
            service = service_of(largest, p[P_MEAN])
        c.numbers[head, N_SERIAL] = schedule(e, now + service, head * 2 + FINISHES)


@part
def admit(c: Common, e: Events, s: Seats, seat: int, now: float) -> None:
    """The head of the queue joins those that progress together."""
    seats, clocks = s.seats, s.clocks
    row = leave_queue(c, s, seat)
    started(c, row, now, -1)
    n = seats[seat, T_RUNNING]
    if n > 0:
        clocks[seat, V_VIRTUAL] += (now - clocks[seat, V_LAST]) / s.latency[n - 1]
    clocks[seat, V_LAST] = now
    seats[seat, T_ADMITTED] += 1
    target = clocks[seat, V_VIRTUAL] + c.carried[row, C_WORK]
    push(s.curve_at[seat], s.curve_key[seat], s.curve_row[seat], n, target, seats[seat, T_ADMITTED], row)
    seats[seat, T_RUNNING] += 1
    next_finish(e, s, seat)


@part
def next_finish(e: Events, s: Seats, seat: int) -> None:
    """When the first of those in flight will finish, if nothing comes between."""
    n = s.seats[seat, T_RUNNING]
    left = max(0.0, s.curve_at[seat, 0] - s.clocks[seat, V_VIRTUAL]) * s.latency[n - 1]
    e.q[E_SERIAL] += 1
    s.seats[seat, T_VERSION] = e.q[E_SERIAL]
    s.clocks[seat, V_NEXT] = s.clocks[seat, V_LAST] + to_grid(left)


@part
def touch(e: Events, s: Seats, seat: int) -> None:
    """The instance is to be looked at when this instant's finishes are over."""
    if s.seats[seat, T_TOUCHED] == 0:
        s.seats[seat, T_TOUCHED] = 1
        s.touched[e.q[E_TOUCHED]] = seat
        e.q[E_TOUCHED] += 1


@part
def over(c: Common, row: int, now: float) -> None:
    """One execution has come to its end."""
    c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
    finished(c, row, now)
    if c.numbers[row, N_ANSWERED] != 0:
        drop(c, row)
    else:
        answer(c, row, FAILED if fails(c, row) else SERVED, now, False)


@part
def first_finish(c: Common, e: Events, s: Seats, seat: int, now: float) -> int:
    """The first of those that progress together is done; the number of a draining instance that ended by it, or -1."""
    seats, clocks = s.seats, s.clocks
    n = seats[seat, T_RUNNING]
    row = s.curve_row[seat, 0]
    clocks[seat, V_VIRTUAL], clocks[seat, V_LAST], clocks[seat, V_NEXT] = s.curve_at[seat, 0], now, np.inf
    pop(s.curve_at[seat], s.curve_key[seat], s.curve_row[seat], n)
    seats[seat, T_RUNNING] = n - 1
    if n > 1:
        next_finish(e, s, seat)
    over(c, row, now)
    touch(e, s, seat)
    return emptied(s, seat)


@part
def happen(c: Common, e: Events, s: Seats, now: float) -> int:
    """One finish or timer; the number of a draining instance that ended by it, or -1."""
    seats = s.seats
    value, key = e.value[0], e.key[0]
    pop(e.at, e.key, e.value, e.q[E_SIZE])
    e.q[E_SIZE] -= 1
    if (value & 1) == TIMER:
        touch(e, s, value >> 1)
        return -1
    row = value >> 1
    if c.numbers[row, N_SERIAL] != key:
        return -1
    seat = c.numbers[row, N_UNIT]
    s.slots[seat, c.numbers[row, N_SLOT]] = -1
    begun = c.carried[row, C_START]
    busy = 0.0
    while row >= 0:
        following = c.numbers[row, N_NEXT]
        c.numbers[row, N_SERIAL] = -1
        seats[seat, T_RUNNING] -= 1
        if busy > 0.0:
            c.sums[S_BUSY] -= busy  # a batch keeps one worker busy once
        over(c, row, now)
        busy = busy_within(c.p, begun, now)
        row = following
    touch(e, s, seat)
    return emptied(s, seat)


@part
def give_up(c: Common, e: Events, s: Seats, now: float) -> int:
    """A client's limit, of a call without an answer; the number of a draining instance that ended by it, or -1."""
    row = e.limit_row[e.q[E_LIMIT_HEAD]]
    forget_limit(e)
    seat = c.numbers[row, N_UNIT]
    if c.q[Q_RUNS_ON] != 0:
        answer(c, row, TIMED_OUT, now, True)
        return -1
    if np.isnan(c.carried[row, C_START]):
        leave_queue(c, s, seat)  # who gives up first came first
    else:
        s.slots[seat, c.numbers[row, N_SLOT]] = -1
        s.seats[seat, T_RUNNING] -= 1
        c.numbers[row, N_SERIAL] = -1
        c.sums[S_BUSY] += busy_within(c.p, c.carried[row, C_START], now)
    answer(c, row, TIMED_OUT, now, False)
    touch(e, s, seat)
    return emptied(s, seat)
