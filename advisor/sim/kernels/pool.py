"""Serverless containers: each serves one call at a time; every attempt is settled as it arrives.

A busy container waits in a heap, by finish and number; an idle one on the stack of its kind: provisioned ones are
used first, always the one that became idle last. On-demand ones leave the bottom of their stack after the keep-alive
time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.attempts import FROM_SLEEP, UNKNOWN, coming, lacks_draws
from advisor.sim.kernels.heap import pop, push
from advisor.sim.kernels.layout import (
    BLOCK_ENDS,
    C_BYTES_IN,
    C_BYTES_OUT,
    C_FIRST,
    C_WORK,
    D_BACKOFF,
    D_COLD,
    D_FAIL,
    L_ARRIVED,
    L_ATTEMPTS,
    L_CLOSED,
    L_COLD,
    L_COLD_STARTS,
    L_ON_DEMAND_MS,
    L_PROVISIONED_MS,
    L_SIZE,
    L_TOTAL,
    L_TOTAL_CLOSED,
    L_WINDOW_ATTEMPTS,
    N_ATTEMPT,
    N_LUCK,
    N_NUMBER,
    NEEDS_DRAWS,
    NEEDS_ROOM,
    P_COLD_MEAN,
    P_FAIL_SHARE,
    P_FROM,
    P_KEEP_ALIVE,
    P_LIMIT,
    P_MEAN,
    P_OVERHEAD,
    P_PAYLOAD_MAX,
    P_SETUP,
    P_SPLIT,
    P_STOP,
    P_TO,
    Q_ATTEMPTS,
    Q_BUSY,
    Q_EVENTS,
    Q_FIRST,
    Q_FREE_ROWS,
    Q_RECORD,
    Q_RETRIES,
    Q_ROW,
    Q_ROWS,
    Q_SPARE,
    R_ANSWERED,
    R_STATUS,
    REACHED,
    REFUSED,
    S_BUSY,
    S_BYTES_IN,
    S_BYTES_OUT,
    S_LATENCY,
    SERVED,
    THROTTLED,
)
from advisor.sim.kernels.lookout import W_LOADED, W_ON, Lookout, due, goes_on, note
from advisor.sim.kernels.luck import luck
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.settle import (
    bin_of,
    busy_within,
    close,
    copy_draws,
    drawn,
    is_retried,
    multiplier,
    retry,
    service_of,
    settled_by,
    take_row,
    to_grid,
    write_down,
)
from advisor.sim.kernels.sleep import wake
from advisor.sim.kernels.state import Common

# State of the pool in the array of integers: the two stacks, the containers made so far, and what the metric counts.
Q_LIMIT, Q_IDLE_FROM, Q_IDLE, Q_WARM, Q_MADE, Q_SETUP_BILLED, Q_LEVEL, Q_PEAK = range(Q_SPARE, Q_SPARE + 8)

ON_DEMAND, PROVISIONED = range(2)


class Pool(NamedTuple):
    """Busy containers by finish, the ring of idle on-demand ones, the stack of idle provisioned ones."""

    busy_at: Floats
    busy_key: Ints  # number, on-demand and provisioned ones apart by their last bit
    busy_kind: Ints
    idle_since: Floats  # a ring, the newest at its end; its size a power of two, as those of all rings
    idle_number: Ints
    warm: Ints  # a stack of numbers
    gone: Ints  # by number of a provisioned container: 0 in service, 1 draining
    lives: Floats  # on request: [number, (launch, ready, end)]


@station
def pool(until: float, through: bool, w: Lookout, c: Common, d: Pool) -> int:
    """Settle all attempts before `until`, and those at it where `through`; with a lookout, by periods."""
    while goes_on(w):
        answer = move(due(w, until), through, c, d)
        if answer != REACHED or w.q[W_ON] == 0:
            return answer
        note(w, c.counts[L_ATTEMPTS], most_busy(c) if w.q[W_LOADED] != 0 else 0)
    return REACHED


@part
def most_busy(c: Common) -> int:
    """The most provisioned containers busy at once since the last datapoint; then begin the next."""
    load = c.q[Q_PEAK]
    c.q[Q_PEAK] = c.q[Q_LEVEL]
    return int(load)


@part
def move(until: float, through: bool, c: Common, w: Pool) -> int:
    """The same up to one instant."""
    p, q, counts, sums = c.p, c.q, c.counts, c.sums
    limit, stop, fail_share, window_from, window_to = p[P_LIMIT], p[P_STOP], p[P_FAIL_SHARE], p[P_FROM], p[P_TO]
    split = p[P_SPLIT] > window_from
    while True:
        if q[Q_RECORD] == 0 and fail_share == 0.0 and q[Q_WARM] == 0 and q[Q_LEVEL] == 0 and not split:
            serve_warm(until, c, w)
        now, source = coming(c)
        if source == UNKNOWN:
            return BLOCK_ENDS
        if now > until or (now == until and not through):
            calm(until, c, w)
            return REACHED
        made = q[Q_MADE]
        if q[Q_FREE_ROWS] < 1 or q[Q_EVENTS] >= w.busy_at.size or q[Q_IDLE] + q[Q_EVENTS] >= w.idle_since.size:
            return NEEDS_ROOM
        if q[Q_RECORD] != 0 and made >= w.lives.shape[0]:
            return NEEDS_ROOM
        calm(now, c, w)
        held, fails = -1, False
        bytes_in = bytes_out = 0.0
        row = q[Q_ROW]
        if source == FROM_SLEEP:
            held = c.sleep.row[0]
            number, attempt = c.numbers[held, N_NUMBER], c.numbers[held, N_ATTEMPT] + 1
            first, work = c.carried[held, C_FIRST], c.carried[held, C_WORK]
            bytes_in, bytes_out = c.carried[held, C_BYTES_IN], c.carried[held, C_BYTES_OUT]
            fails = fail_share > 0.0 and shared(c, held, row, attempt, D_FAIL) < fail_share
        else:
            number, attempt, first, work = q[Q_FIRST] + row, 1, now, c.works[row]
            if c.bytes_in.size > 0:
                bytes_in, bytes_out = c.bytes_in[row], c.bytes_out[row]
            if fail_share > 0.0:
                if lacks_draws(c):
                    return NEEDS_DRAWS
                fails = shared(c, held, row, attempt, D_FAIL) < fail_share
        # What becomes of it
        kind, container, cold, let_in = -1, -1, False, False
        start = finish = np.nan
        status, answered = THROTTLED, now
        refused = bytes_in > p[P_PAYLOAD_MAX]
        if refused:
            status = REFUSED
        elif q[Q_BUSY] < q[Q_LIMIT]:
            let_in = True
            start = now
            if q[Q_WARM] > 0:
                kind, container = PROVISIONED, w.warm[q[Q_WARM] - 1]
                start = now + p[P_SETUP]
            elif q[Q_IDLE] > 0:
                kind = ON_DEMAND
                container = w.idle_number[(q[Q_IDLE_FROM] + q[Q_IDLE] - 1) & (w.idle_since.size - 1)]
            else:
                kind, container, cold = ON_DEMAND, made, True
                if held < 0 and lacks_draws(c):
                    return NEEDS_DRAWS
                if c.keys.shape[0] > 0:
                    number_of = c.numbers[held, N_LUCK] if held >= 0 else c.lucks[row]
                    spread = multiplier(p, c.keys[D_COLD, attempt - 1], number_of, D_COLD)
                else:
                    spread = c.draws[held, D_COLD, attempt - 1] if held >= 0 else c.draws_of[row, D_COLD, 0]
                start = now + max(0.0, to_grid(spread * p[P_COLD_MEAN]))
            finish = start + service_of(work, p[P_MEAN])
            late = finish > now + limit
            status = settled_by(late, fails)
            answered = now + limit if late else finish
        comes_back = is_retried(status) and attempt < q[Q_ATTEMPTS]
        if comes_back and held < 0 and lacks_draws(c):
            return NEEDS_DRAWS
        # From here on it happens
        inside_first, early = first >= window_from and first < window_to, int(first < p[P_SPLIT])
        if source == FROM_SLEEP:
            wake(c.sleep, q, c.carried, c.numbers)
            c.numbers[held, N_ATTEMPT] = attempt
        else:
            q[Q_ROW] = row + 1
            counts[L_TOTAL] += 1
            counts[early * L_SIZE + L_ARRIVED] += inside_first
        inside = now >= window_from and now < window_to
        if not refused:
            counts[L_ATTEMPTS] += 1
            counts[L_WINDOW_ATTEMPTS] += inside
        if let_in:
            take(c, w, kind, container, cold, now, start, finish)
            if inside:
                sums[S_BYTES_IN] += bytes_in
                if status == SERVED and answered <= stop:
                    sums[S_BYTES_OUT] += bytes_out
        if q[Q_RECORD] != 0:
            write_down(c.floats, c.ints, number, first, now, start, finish, container, kind, attempt)
            if not comes_back:
                c.floats[number, R_ANSWERED], c.ints[number, R_STATUS] = answered, status
        if comes_back:
            if held < 0:
                held = take_row(
                    c.free_rows, Q_FREE_ROWS, q, c.carried, c.numbers, number, first, work, bytes_in, bytes_out,
                    c.lucks[row],
                )  # fmt: skip
                c.numbers[held, N_ATTEMPT] = attempt
                if c.keys.shape[0] == 0:
                    copy_draws(c.draws, held, c.draws_of, row)
            share = drawn(c.keys, c.draws, c.numbers, held, D_BACKOFF)
            retry(p, q, c.sleep, c.carried, c.numbers, held, share, answered)
            continue
        if held >= 0:
            c.free_rows[q[Q_FREE_ROWS]] = held
            q[Q_FREE_ROWS] += 1
        if cold and inside_first:
            counts[early * L_SIZE + L_COLD] += 1
        close(p, counts, sums, c.bins, status, first, now, start, answered)


@part
def serve_warm(until: float, c: Common, w: Pool) -> None:
    """The short way: first attempts that an idle on-demand container serves, as far as there is nothing else.

    It says the same as the long way, which takes every attempt that is anything else; what each of them moves lives in
    registers meanwhile.
    """
    p, q, counts, sums = c.p, c.q, c.counts, c.sums
    mean, limit, keep_alive, overhead = p[P_MEAN], p[P_LIMIT], p[P_KEEP_ALIVE], p[P_OVERHEAD]
    window_from, busy_to, payload_max = p[P_FROM], min(p[P_TO], p[P_STOP]), p[P_PAYLOAD_MAX]
    rows, retries, most, sized = q[Q_ROWS], q[Q_RETRIES], q[Q_LIMIT], c.bytes_in.size > 0
    row, busy, idle, idle_from = q[Q_ROW], q[Q_EVENTS], q[Q_IDLE], q[Q_IDLE_FROM]
    size, mask = w.idle_since.size, w.idle_since.size - 1
    settled = settled_inside = billed_ms = 0
    busy_s = latency_s = came_in = went_out = 0.0
    while row < rows:
        now = c.arrivals[row]
        if now >= until or (retries > 0 and c.sleep.at[0] <= now) or (sized and c.bytes_in[row] > payload_max):
            break
        while busy > 0 and w.busy_at[0] <= now:
            if w.busy_kind[0] == ON_DEMAND:
                slot = (idle_from + idle) & mask
                w.idle_since[slot], w.idle_number[slot] = w.busy_at[0], w.busy_key[0]
                idle += 1
            pop(w.busy_at, w.busy_key, w.busy_kind, busy)
            busy -= 1
        while idle > 0 and w.idle_since[idle_from] + keep_alive <= now:
            idle_from = (idle_from + 1) & mask
            idle -= 1
        service = service_of(c.works[row], mean)
        finish = now + service
        if idle == 0 or busy >= most or finish > now + limit or finish > busy_to:
            break
        if busy >= w.busy_at.size or busy + idle >= size:
            break
        idle -= 1
        push(w.busy_at, w.busy_key, w.busy_kind, busy, finish, w.idle_number[(idle_from + idle) & mask], ON_DEMAND)
        busy += 1
        row += 1
        settled += 1
        if now >= window_from:
            settled_inside += 1
            latency = finish - now + overhead
            c.bins[bin_of(latency)] += 1
            latency_s += latency
            busy_s += service
            billed_ms += math.ceil(service * 1000)
            if sized:
                came_in += c.bytes_in[row - 1]
                went_out += c.bytes_out[row - 1]
        elif finish > window_from:
            busy_s += finish - window_from
    q[Q_ROW], q[Q_EVENTS], q[Q_BUSY], q[Q_IDLE], q[Q_IDLE_FROM] = row, busy, busy, idle, idle_from
    for counter in (L_TOTAL, L_ATTEMPTS, L_TOTAL_CLOSED):
        counts[counter] += settled
    for counter in (L_ARRIVED, L_WINDOW_ATTEMPTS, L_CLOSED, SERVED):
        counts[counter] += settled_inside
    counts[L_ON_DEMAND_MS] += billed_ms
    sums[S_BUSY] += busy_s
    sums[S_LATENCY] += latency_s
    sums[S_BYTES_IN] += came_in
    sums[S_BYTES_OUT] += went_out


@part
def shared(c: Common, held: int, row: int, attempt: int, kind: int) -> float:
    """A draw in [0, 1) of an attempt that is carried, or of the block's row."""
    if c.keys.shape[0] > 0:
        return luck(c.keys[kind, attempt - 1], c.numbers[held, N_LUCK] if held >= 0 else c.lucks[row])
    return float(c.draws[held, kind, attempt - 1] if held >= 0 else c.draws_of[row, kind, attempt - 1])


@part
def take(c: Common, w: Pool, kind: int, container: int, cold: bool, now: float, start: float, finish: float) -> None:
    """The container takes the call; what it will be billed for is known."""
    p, q, counts = c.p, c.q, c.counts
    if kind == PROVISIONED:
        q[Q_WARM] -= 1
        q[Q_LEVEL] += 1
        q[Q_PEAK] = max(q[Q_PEAK], q[Q_LEVEL])
    elif not cold:
        q[Q_IDLE] -= 1
    else:
        q[Q_MADE] += 1
        if now >= p[P_FROM] and now < p[P_TO]:
            counts[L_COLD_STARTS] += 1
        if q[Q_RECORD] != 0:
            w.lives[container, 0], w.lives[container, 1], w.lives[container, 2] = now, start, np.nan
    q[Q_BUSY] += 1
    push(w.busy_at, w.busy_key, w.busy_kind, q[Q_EVENTS], finish, container, kind)
    q[Q_EVENTS] += 1
    c.sums[S_BUSY] += busy_within(p, start, finish)
    begin = now if cold and q[Q_SETUP_BILLED] != 0 else start
    if begin >= p[P_FROM] and begin < p[P_TO] and finish <= p[P_STOP]:
        which = L_PROVISIONED_MS if kind == PROVISIONED else L_ON_DEMAND_MS
        counts[which] += math.ceil((finish - begin) * 1000)


@part
def calm(now: float, c: Common, w: Pool) -> None:
    """What finishes at or before `now`, and which idle containers are gone by then."""
    q, keep_alive = c.q, c.p[P_KEEP_ALIVE]
    mask = w.idle_since.size - 1
    while q[Q_EVENTS] > 0 and w.busy_at[0] <= now:
        at, number, kind = w.busy_at[0], w.busy_key[0], w.busy_kind[0]
        pop(w.busy_at, w.busy_key, w.busy_kind, q[Q_EVENTS])
        q[Q_EVENTS] -= 1
        q[Q_BUSY] -= 1
        if kind == ON_DEMAND:
            slot = (q[Q_IDLE_FROM] + q[Q_IDLE]) & mask
            w.idle_since[slot], w.idle_number[slot] = at, number
            q[Q_IDLE] += 1
        elif w.gone[number] == 0:
            w.warm[q[Q_WARM]] = number
            q[Q_WARM] += 1
            q[Q_LEVEL] -= 1
    while q[Q_IDLE] > 0 and w.idle_since[q[Q_IDLE_FROM]] + keep_alive <= now:
        if q[Q_RECORD] != 0:
            w.lives[w.idle_number[q[Q_IDLE_FROM]], 2] = w.idle_since[q[Q_IDLE_FROM]] + keep_alive
        q[Q_IDLE_FROM] = (q[Q_IDLE_FROM] + 1) & mask
        q[Q_IDLE] -= 1
