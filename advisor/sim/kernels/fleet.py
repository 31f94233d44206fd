"""A fleet of workers behind a router, each instance with its own queue: every attempt is settled as it arrives.

First come, first served on known services: the start, the finish and the end of the wait are known at arrival,
and nothing that comes later on that instance changes them. (Losses do, batches and load curves do: `events`.)
Each instance keeps the instant at which each worker is free, and a ring of the instants at which those that wait leave.
"""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels import Floats, Ints, Keys
from advisor.sim.kernels.heap import SCANNED, pop, push, sink
from advisor.sim.kernels.layout import (
    BLOCK_ENDS,
    C_BYTES_IN,
    C_BYTES_OUT,
    C_FIRST,
    C_WORK,
    D_BACKOFF,
    D_FAIL,
    D_ROUTE,
    L_ARRIVED,
    L_ATTEMPTS,
    L_CLOSED,
    L_SIZE,
    L_TOTAL,
    L_TOTAL_CLOSED,
    L_WINDOW_ATTEMPTS,
    N_ATTEMPT,
    N_LUCK,
    N_NUMBER,
    NEEDS_DRAWS,
    NEEDS_ROOM,
    P_FAIL_SHARE,
    P_FROM,
    P_LIMIT,
    P_MEAN,
    P_OVERHEAD,
    P_PAYLOAD_MAX,
    P_SPLIT,
    P_STOP,
    P_TO,
    Q_ATTEMPTS,
    Q_EVENTS,
    Q_FIRST,
    Q_FREE_ROWS,
    Q_QUEUE_LIMIT,
    Q_RECORD,
    Q_RETRIES,
    Q_ROUTING,
    Q_ROW,
    Q_ROWS,
    Q_RUNS_ON,
    Q_SERVING,
    Q_TRACE_ENDS,
    Q_TRACK,
    Q_WORKERS,
    R_ANSWERED,
    R_STATUS,
    REACHED,
    REFUSED,
    REJECTED,
    S_BUSY,
    S_BYTES_IN,
    S_BYTES_OUT,
    S_LATENCY,
    S_WAIT,
    SERVED,
)
from advisor.sim.kernels.lookout import W_LOADED, W_ON, Lookout, due, goes_on, note
from advisor.sim.kernels.luck import luck
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.settle import (
    bin_of,
    copy_draws,
    drawn,
    fold,
    is_retried,
    retry,
    service_of,
    settled_by,
    take_row,
    write_down,
)
from advisor.sim.kernels.sleep import Sleep, wake


@station
def fleet(
    until: float, through: bool, w: Lookout, p: Floats, q: Ints, counts: Ints, sums: Floats, bins: Ints,
    arrivals: Floats, works: Floats, sizes_in: Floats, sizes_out: Floats, route: Floats, lucks: Ints, luck_keys: Keys,
    draws_of: Floats, sleep: Sleep, free_rows: Ints, carried: Floats, numbers: Ints, draws: Floats, free_at: Floats,
    ring: Floats, ring_head: Ints, ring_length: Ints, order: Ints, named: Ints, outstanding: Ints, peak: Ints,
    event_at: Floats, event_key: Ints, event_seat: Ints, floats: Floats, ints: Ints,
) -> int:  # fmt: skip
    """Settle all attempts before `until`, and those at it where `through`; with a lookout, by periods."""
    while goes_on(w):
        answer = move(
            due(w, until), through, p, q, counts, sums, bins, arrivals, works, sizes_in, sizes_out, route, lucks,
            luck_keys, draws_of, sleep, free_rows, carried, numbers, draws, free_at, ring,
            ring_head, ring_length, order, named, outstanding, peak, event_at, event_key, event_seat, floats, ints,
        )  # fmt: skip
        if answer != REACHED or w.q[W_ON] == 0:
            return answer
        load = 0
        if w.q[W_LOADED] != 0:
            load = most_held(due(w, until), q, order, outstanding, peak, event_at, event_key, event_seat)
        note(w, counts[L_ATTEMPTS], load)
    return REACHED


@part
def most_held(
    now: float, q: Ints, order: Ints, outstanding: Ints, peak: Ints, event_at: Floats, event_key: Ints,
    event_seat: Ints,
) -> int:  # fmt: skip
    """The most in flight and waiting since the last datapoint, on all instances in service; then begin the next."""
    while q[Q_EVENTS] > 0 and event_at[0] <= now:
        outstanding[event_seat[0]] -= 1
        pop(event_at, event_key, event_seat, q[Q_EVENTS])
        q[Q_EVENTS] -= 1
    load = 0
    for k in range(q[Q_SERVING]):
        load += peak[order[k]]
    for k in range(peak.size):
        peak[k] = outstanding[k]
    return load


@part
def move(
    until: float, through: bool, p: Floats, q: Ints, counts: Ints, sums: Floats, bins: Ints, arrivals: Floats,
    works: Floats, sizes_in: Floats, sizes_out: Floats, route: Floats, lucks: Ints, luck_keys: Keys,
    draws_of: Floats, sleep: Sleep, free_rows: Ints, carried: Floats, numbers: Ints, draws: Floats, free_at: Floats,
    ring: Floats, ring_head: Ints, ring_length: Ints, order: Ints, named: Ints, outstanding: Ints, peak: Ints,
    event_at: Floats, event_key: Ints, event_seat: Ints, floats: Floats, ints: Ints,
) -> int:  # fmt: skip
    """The same up to one instant.

    sizes_in, sizes_out: bytes, or of no length; route: f8[n], of first attempts; lucks: i8[n], with luck_keys:
    u8[kinds, attempts], or none, where draws_of: f8[n, kinds, attempts] are given, of no length until asked for.
    carried, numbers, draws: those that sleep.
    free_at: f8[seats, workers], heaps of many; ring: f8[seats, width]; order: seats in service by number; named:
    a seat's number.
    """
    limit, mean, fail_share, stop = p[P_LIMIT], p[P_MEAN], p[P_FAIL_SHARE], p[P_STOP]
    window_from, window_to, overhead = p[P_FROM], p[P_TO], p[P_OVERHEAD]
    busy_to, split = min(window_to, stop), p[P_SPLIT]
    rows, workers, track, serving = q[Q_ROWS], q[Q_WORKERS], q[Q_TRACK] != 0, q[Q_SERVING]
    runs_on, sized, fails_some = q[Q_RUNS_ON] != 0, sizes_in.size > 0, fail_share > 0.0
    random, record, attempts = q[Q_ROUTING] == 0, q[Q_RECORD] != 0, q[Q_ATTEMPTS]
    queue_limit, payload_max, ended = q[Q_QUEUE_LIMIT], p[P_PAYLOAD_MAX], q[Q_TRACE_ENDS] != 0
    mask = ring.shape[1] - 1
    room = min(queue_limit, mask + 1)
    # What every request moves lives in registers until the kernel comes back.
    row, retries, events = q[Q_ROW], q[Q_RETRIES], q[Q_EVENTS]
    attempted, attempted_inside = counts[L_ATTEMPTS], counts[L_WINDOW_ATTEMPTS]
    total, closed_all, closed = counts[L_TOTAL], counts[L_TOTAL_CLOSED], 0
    busy_s, latency_s, wait_s = sums[S_BUSY], sums[S_LATENCY], sums[S_WAIT]
    came_back = REACHED
    keyed = luck_keys.shape[0] > 0
    # Many workers are a heap, where nobody asks which of them it was.
    heaped = workers > SCANNED and not record
    plain = random and runs_on and serving > 0 and not (track or record or fails_some or split > window_from)
    came_in, went_out = sums[S_BYTES_IN], sums[S_BYTES_OUT]
    settled = settled_inside = 0
    while True:
        # The short way: first attempts that are served and of which nothing is asked but their latency. It says the
        # same as the long way below, which takes every attempt that is anything else.
        while plain and row < rows:
            now = arrivals[row]
            if now >= until or (retries > 0 and sleep.at[0] <= now) or (sized and sizes_in[row] > payload_max):
                break
            seat = order[int(route[row] * serving)]
            # Any free worker will do here: which one it is shows in the columns only.
            slot, soonest = 0, free_at[seat, 0]
            if not heaped:
                for k in range(1, workers):
                    at = free_at[seat, k]
                    slot = k if at < soonest else slot
                    soonest = min(at, soonest)
            start = max(now, soonest)
            finish = start + service_of(works[row], mean)
            if finish > now + limit or finish > busy_to:
                break
            # The ring also takes those that do not wait: they are thrown out when it seems to be full.
            length = ring_length[seat]
            if length >= room:
                head = ring_head[seat]
                while length > 0 and ring[seat, head] <= now:
                    head = (head + 1) & mask
                    length -= 1
                ring_head[seat], ring_length[seat] = head, length
                if length >= room:
                    break
            ring[seat, (ring_head[seat] + length) & mask] = start
            ring_length[seat] = length + 1
            if heaped:
                sink(free_at, seat, workers, finish)
            else:
                free_at[seat, slot] = finish
            if sized and now >= window_from:
                came_in += sizes_in[row]
                went_out += sizes_out[row]
            row += 1
            settled += 1
            if now >= window_from:
                settled_inside += 1
                latency = finish - now + overhead
                bins[bin_of(latency)] += 1
                latency_s += latency
                wait_s += start - now
                busy_s += finish - start
            elif finish > window_from:
                busy_s += finish - max(start, window_from)
        again = False
        if retries > 0 and (row >= rows or sleep.at[0] <= arrivals[row]):
            if row >= rows and not ended:
                came_back = BLOCK_ENDS
                break
            again = True
            now = sleep.at[0]
        elif row < rows:
            now = arrivals[row]
        else:
            if not ended:
                came_back = BLOCK_ENDS
            break
        if now > until or (now == until and not through):
            break
        # Room for whatever one attempt can need
        if q[Q_FREE_ROWS] < 1 or (track and events >= event_at.size):
            came_back = NEEDS_ROOM
            break
        held = -1
        bytes_in = bytes_out = routed = 0.0
        fails = False
        if again:
            held = sleep.row[0]
            number, attempt = numbers[held, N_NUMBER], numbers[held, N_ATTEMPT] + 1
            first, work = carried[held, C_FIRST], carried[held, C_WORK]
            bytes_in, bytes_out = carried[held, C_BYTES_IN], carried[held, C_BYTES_OUT]
            if keyed:
                routed = luck(luck_keys[D_ROUTE, attempt - 1], numbers[held, N_LUCK])
                fails = fails_some and luck(luck_keys[D_FAIL, attempt - 1], numbers[held, N_LUCK]) < fail_share
            else:
                routed = draws[held, D_ROUTE, attempt - 1]
                fails = fails_some and draws[held, D_FAIL, attempt - 1] < fail_share
        else:
            number, attempt, first, work = q[Q_FIRST] + row, 1, now, works[row]
            if sized:
                bytes_in, bytes_out = sizes_in[row], sizes_out[row]
            if random:
                routed = route[row]
            if fails_some:
                if keyed:
                    fails = luck(luck_keys[D_FAIL, 0], lucks[row]) < fail_share
                elif draws_of.shape[0] == 0:
                    came_back = NEEDS_DRAWS
                    break
                else:
                    fails = draws_of[row, D_FAIL, 0] < fail_share
        if track:
            while events > 0 and event_at[0] <= now:
                outstanding[event_seat[0]] -= 1
                pop(event_at, event_key, event_seat, events)
                events -= 1
        # Where it goes, and what becomes of it there
        seat, slot, waits, let_in, leaves = -1, -1, False, False, 0.0
        start = finish = np.nan
        refused = bytes_in > payload_max
        status, answered = REJECTED, now
        if refused:
            status = REFUSED
        elif serving > 0:
            if random:
                seat = order[int(routed * serving)]
            else:
                seat = order[0]
                for k in range(1, serving):
                    if outstanding[order[k]] < outstanding[seat]:
                        seat = order[k]
            soonest = np.inf
            for k in range(1 if heaped else workers):
                at = free_at[seat, k]
                if at <= now:
                    slot, soonest = k, now
                    break
                if at < soonest:
                    slot, soonest = k, at
            waits = soonest > now
            if waits:
                while ring_length[seat] > 0 and ring[seat, ring_head[seat]] <= now:
                    ring_head[seat] = (ring_head[seat] + 1) & mask
                    ring_length[seat] -= 1
            if waits and ring_length[seat] >= queue_limit:
                slot, waits = -1, False
            elif waits and ring_length[seat] > mask:
                came_back = NEEDS_ROOM
                break
            else:
                let_in = True
                service = service_of(work, mean)
                late = soonest + service > now + limit
                status = settled_by(late, fails)
                if late and not runs_on and soonest >= now + limit:
                    slot, leaves, answered = -1, now + limit, now + limit
                else:
                    start = leaves = soonest
                    finish = start + service
                    answered = now + limit if late else finish
        comes_back = is_retried(status) and attempt < attempts
        if comes_back and held < 0 and not keyed and draws_of.shape[0] == 0:
            came_back = NEEDS_DRAWS
            break
        # From here on it happens
        inside_first = first >= window_from and first < window_to
        if again:
            wake(sleep, q, carried, numbers)
            retries = q[Q_RETRIES]
            numbers[held, N_ATTEMPT] = attempt
        else:
            row += 1
            total += 1
            counts[int(first < split) * L_SIZE + L_ARRIVED] += inside_first
        inside = now >= window_from and now < window_to
        if not refused:
            attempted += 1
            attempted_inside += inside
        ends = finish
        if let_in:
            if not runs_on and answered < finish:
                ends = answered  # freed by the client's limit
            if slot < 0:
                ends = leaves
            else:
                if heaped:
                    sink(free_at, seat, workers, ends)
                else:
                    free_at[seat, slot] = ends
                if start >= window_from and ends <= busy_to:
                    busy_s += ends - start
                else:
                    busy_s += max(0.0, min(ends, busy_to) - max(start, window_from))
            if waits:
                ring[seat, (ring_head[seat] + ring_length[seat]) & mask] = leaves
                ring_length[seat] += 1
            if track:
                outstanding[seat] += 1
                peak[seat] = max(peak[seat], outstanding[seat])
                push(event_at, event_key, event_seat, events, ends, number, seat)
                events += 1
            if inside and sized:
                came_in += bytes_in
                if status == SERVED and answered <= stop:
                    went_out += bytes_out
        if record:
            whole, unit = np.nan if ends != finish else finish, named[seat] if seat >= 0 else -1
            write_down(floats, ints, number, first, now, start, whole, unit, slot, attempt)
            if not comes_back:
                floats[number, R_ANSWERED], ints[number, R_STATUS] = answered, status
        if comes_back:
            if held < 0:
                held = take_row(
                    free_rows, Q_FREE_ROWS, q, carried, numbers, number, first, work, bytes_in, bytes_out,
                    lucks[row - 1],
                )  # fmt: skip
                numbers[held, N_ATTEMPT] = attempt
                if not keyed:
                    copy_draws(draws, held, draws_of, row - 1)
            share = drawn(luck_keys, draws, numbers, held, D_BACKOFF)
            retry(p, q, sleep, carried, numbers, held, share, answered)
            retries = q[Q_RETRIES]
            continue
        if held >= 0:
            free_rows[q[Q_FREE_ROWS]] = held
            q[Q_FREE_ROWS] += 1
        closed_all += 1
        if inside_first and (first < split or status != SERVED or answered > stop):
            fold(p, counts, sums, bins, status, first, now, start, answered)
        elif inside_first:
            closed += 1
            latency = answered - first + overhead
            bins[bin_of(latency)] += 1
            latency_s += latency
            wait_s += start - now
    q[Q_ROW], q[Q_EVENTS] = row, events
    counts[L_ATTEMPTS], counts[L_WINDOW_ATTEMPTS] = attempted + settled, attempted_inside + settled_inside
    counts[L_TOTAL], counts[L_TOTAL_CLOSED] = total + settled, closed_all + settled
    counts[L_ARRIVED] += settled_inside
    counts[L_CLOSED] += closed + settled_inside
    counts[SERVED] += closed + settled_inside
    sums[S_BUSY], sums[S_LATENCY], sums[S_WAIT] = busy_s, latency_s, wait_s
    sums[S_BYTES_IN], sums[S_BYTES_OUT] = came_in, went_out
    return came_back
