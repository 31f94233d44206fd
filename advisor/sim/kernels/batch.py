"""The mini-batches of batch transform jobs, record by record, and the answers that the job's end brings to all of them.

Objects are runs of consecutive records and belong to one instance each, and instances do not touch one another. So
going through the records in order is enough: beside the object at hand (its slots) a job needs one clock an instance.
What an object came to is kept as runs of equal status, because its first record is answered as its last one is.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.heap import SCANNED, pop, push
from advisor.sim.kernels.layout import (
    BLOCK_ENDS,
    FAILED,
    GRID,
    L_CLOSED,
    L_TOTAL_CLOSED,
    NEEDS_ROOM,
    P_FAIL_SHARE,
    P_FROM,
    P_MARGINAL,
    P_MEAN,
    P_STOP,
    P_TIMEOUT,
    P_TO,
    R_ANSWERED,
    R_ARRIVAL,
    R_ATTEMPTS,
    R_FINISH,
    R_INSTANCE,
    R_SLOT,
    R_START,
    R_STATUS,
    REACHED,
    REFUSED,
    S_LATENCY,
    SERVED,
)
from advisor.sim.kernels.part import inlined, part, station
from advisor.sim.kernels.settle import bin_of, busy_within, service_of, to_grid

__all__ = ["MULTI", "SCANNED", "SINGLE", "WHOLE", "Job", "Rows", "answer", "work"]

SINGLE, MULTI, WHOLE = range(3)

# Integers of the station
K_ROW, K_ROWS = range(2)  # the block's next row and its number of rows
K_SLOTS, K_INSTANCES, K_RETRIES, K_STRATEGY, K_SHOW = range(2, 7)
# ... of the job: records, objects, the record and the object at hand, where the next object begins, records before it
K_RECORDS, K_OBJECTS, K_RECORD, K_OBJECT, K_NEXT, K_BASE = range(7, 13)
K_RUNS, K_SERVED, K_FAILED, K_REFUSED, K_CALLS = range(13, 18)
# ... of the object at hand: its first record, slots in use, nothing begins any more, refused, attempts, who failed it
K_OPENED, K_USED, K_OVER, K_TOO_LARGE, K_SENT, K_CULPRIT = range(18, 24)
# ... of the call that is being filled: its first record, its records, those of the window
K_FIRST, K_COUNT, K_INSIDE = range(24, 27)
K_SERIAL = 27  # of the station: one object after another, or whenever a slot is free
K_SIZE = 32

# Floats of the job
F_BEGIN, F_LARGEST_CALL, F_CALL_COST = range(3)
F_BUSY, F_WAIT, F_BYTES_IN, F_BYTES_OUT = range(3, 7)
# ... of the object at hand: when it began, the end of its last call, when it failed
F_OPENED, F_LAST, F_FAILED, F_OBJECT_BUSY, F_OBJECT_WAIT, F_OBJECT_OUT = range(7, 13)
# ... of the call that is being filled: works added up, the largest, bytes, and how long its records have waited
F_TOTAL, F_LARGEST, F_BYTES, F_SINCE = range(13, 17)
F_LUCK = 17  # ... and the draws of its attempts
F_SIZE = 32

X_START, X_LENGTH, X_END, X_SIZE = range(4)
H_TRIES, H_FIRST, H_COUNT, H_SIZE = range(4)


class Rows(NamedTuple):
    """What the kernel reads of a block; `fails` (attempts, rows) has no rows where nothing fails by chance."""

    arrivals: Floats
    works: Floats
    bytes_in: Floats
    bytes_out: Floats
    fails: Floats


class Job(NamedTuple):
    """The state of a job; few arrays, because all of them are handed over with every call of a part."""

    k: Ints  # see K_*
    f: Floats  # see F_*
    clocks: Floats  # by instance: the end of its last object
    free_at: Floats  # by instance and slot: when it is free, where objects go on side by side
    spans: Floats  # by slot, of the call that it holds or held last: its start, an attempt's length, its end
    held: Ints  # ... its attempts, first record, number of records
    heap_at: Floats
    heap_key: Ints
    heap_slot: Ints
    runs: Ints  # (first record, status) of objects alike


@part
def _show(p: Floats, job: Job, slot: int, tries: int, floats: Floats, ints: Ints) -> None:
    """Write the columns of a call: its last attempt that begins before the run's end."""
    k = job.k
    start, length = job.spans[slot, X_START], job.spans[slot, X_LENGTH]
    while tries > 0 and start + (tries - 1) * length > p[P_STOP]:
        tries -= 1
    if tries == 0:
        return
    first = k[K_BASE] + job.held[slot, H_FIRST]
    for at in range(first, first + job.held[slot, H_COUNT]):
        floats[at, R_START] = start + (tries - 1) * length
        floats[at, R_FINISH] = start + tries * length
        ints[at, R_INSTANCE] = k[K_OBJECT] % k[K_INSTANCES]
        ints[at, R_SLOT] = slot
        ints[at, R_ATTEMPTS] = tries


@inlined
def _slot(k: Ints, spans: Floats, heap_slot: Ints) -> int:
    """The slot that is free first, ties to the lowest; all slots of an object are free when it begins."""
    slots: int = k[K_SLOTS]
    used: int = k[K_USED]
    if used < slots:
        return used
    if slots > SCANNED:
        first: int = heap_slot[0]
        return first
    found = 0
    for slot in range(1, slots):
        if spans[slot, X_END] < spans[found, X_END]:
            found = slot
    return found


@inlined
def _begin(p: Floats, job: Job, length: float, first: int, count: int, inside: int, since: float) -> int:
    """Give a call its slot and all its attempts; the slot, -1 where the object has failed before it could begin."""
    k, f, spans, held = job.k, job.f, job.spans, job.held
    slot = _slot(k, spans, job.heap_slot)
    full = k[K_USED] == k[K_SLOTS]
    start = spans[slot, X_END] if full else f[F_OPENED]
    if start >= f[F_FAILED]:
        k[K_OVER] = 1
        return -1
    most = k[K_RETRIES] + 1
    tries = 1
    good = True
    if length > p[P_TIMEOUT]:
        length = p[P_TIMEOUT]
        tries = most
        good = False
    elif p[P_FAIL_SHARE] > 0.0:
        while tries < most and f[F_LUCK + tries - 1] < p[P_FAIL_SHARE]:
            tries += 1
        good = f[F_LUCK + tries - 1] >= p[P_FAIL_SHARE]
    end = start + tries * length
    if not good and (end < f[F_FAILED] or (end == f[F_FAILED] and slot < k[K_CULPRIT])):
        f[F_FAILED] = end
        k[K_CULPRIT] = slot
    spans[slot, X_START], spans[slot, X_LENGTH], spans[slot, X_END] = start, length, end
    held[slot, H_TRIES], held[slot, H_FIRST], held[slot, H_COUNT] = tries, first, count
    f[F_LAST] = max(f[F_LAST], end)
    f[F_OBJECT_BUSY] += busy_within(p, start, end)
    f[F_OBJECT_WAIT] += inside * (end - length - f[F_BEGIN]) + since
    k[K_SENT] += tries
    if k[K_SLOTS] > SCANNED:
        if full:
            pop(job.heap_at, job.heap_key, job.heap_slot, k[K_SLOTS])
            push(job.heap_at, job.heap_key, job.heap_slot, k[K_SLOTS] - 1, end, slot, slot)
        else:
            push(job.heap_at, job.heap_key, job.heap_slot, k[K_USED], end, slot, slot)
    if not full:
        k[K_USED] += 1
    return slot


@part
def _cut(p: Floats, job: Job, floats: Floats, ints: Ints) -> None:
    """The object has failed: a call that ends an attempt after that (ends of one instant go by slot) is not retried."""
    k, f = job.k, job.f
    last = f[F_FAILED]
    for slot in range(k[K_USED]):
        start, length = job.spans[slot, X_START], job.spans[slot, X_LENGTH]
        tries = job.held[slot, H_TRIES]
        if tries == 0:
            continue  # the call of another object
        made = 1
        while made < tries:
            end = start + made * length
            if end > f[F_FAILED] or (end == f[F_FAILED] and slot > k[K_CULPRIT]):
                break
            made += 1
        end = start + made * length
        if made < tries:
            f[F_OBJECT_BUSY] -= busy_within(p, start, job.spans[slot, X_END]) - busy_within(p, start, end)
            k[K_SENT] -= tries - made
            if k[K_SHOW] == 1:
                _show(p, job, slot, made, floats, ints)
            job.spans[slot, X_END] = end
        last = max(last, end)
    f[F_LAST] = last


@part
def _close(p: Floats, job: Job, floats: Floats, ints: Ints) -> None:
    """All calls of the object are there: what became of it, and when its instance is free again."""
    k, f = job.k, job.f
    status = SERVED
    if k[K_TOO_LARGE] == 1:
        # Refused when its turn comes: what was laid out for it never happens.
        status = REFUSED
        k[K_REFUSED] += 1
        if k[K_SHOW] == 1:
            for at in range(k[K_BASE] + k[K_OPENED], k[K_BASE] + k[K_NEXT]):
                floats[at, R_START] = math.nan
                floats[at, R_FINISH] = math.nan
                ints[at, R_INSTANCE] = -1
                ints[at, R_SLOT] = -1
                ints[at, R_ATTEMPTS] = 0
    else:
        if f[F_FAILED] < math.inf:
            status = FAILED
            _cut(p, job, floats, ints)
            k[K_FAILED] += 1
        else:
            f[F_WAIT] += f[F_OBJECT_WAIT]
            f[F_BYTES_OUT] += f[F_OBJECT_OUT]
            k[K_SERVED] += 1
        instance = k[K_OBJECT] % k[K_INSTANCES]
        job.clocks[instance] = max(job.clocks[instance], f[F_LAST])
        if k[K_SERIAL] == 0:
            for slot in range(k[K_SLOTS]):
                job.free_at[instance, slot] = job.spans[slot, X_END]
        f[F_BUSY] += f[F_OBJECT_BUSY]
        k[K_CALLS] += k[K_SENT]
    runs = k[K_RUNS]
    if runs == 0 or job.runs[runs - 1, 1] != status:
        job.runs[runs, 0] = k[K_OPENED]
        job.runs[runs, 1] = status
        k[K_RUNS] += 1


@part
def _open(job: Job) -> None:
    """The next object begins where its instance has done with the one before, or with the calls of that."""
    k, f = job.k, job.f
    k[K_OBJECT] += 1
    k[K_OPENED] = k[K_NEXT]
    k[K_NEXT] = ((k[K_OBJECT] + 1) * k[K_RECORDS] + k[K_OBJECTS] - 1) // k[K_OBJECTS]
    k[K_USED] = 0
    k[K_OVER] = 0
    k[K_TOO_LARGE] = 0
    k[K_SENT] = 0
    instance = k[K_OBJECT] % k[K_INSTANCES]
    f[F_OPENED] = job.clocks[instance]
    if k[K_SERIAL] == 0:
        k[K_USED] = k[K_SLOTS]
        for slot in range(k[K_SLOTS]):
            job.spans[slot, X_END] = job.free_at[instance, slot]
            job.held[slot, H_TRIES] = 0
            if k[K_SLOTS] > SCANNED:
                push(job.heap_at, job.heap_key, job.heap_slot, slot, job.free_at[instance, slot], slot, slot)
    f[F_LAST] = f[F_OPENED]
    f[F_FAILED] = math.inf
    f[F_OBJECT_BUSY] = 0.0
    f[F_OBJECT_WAIT] = 0.0
    f[F_OBJECT_OUT] = 0.0


@station
def work(p: Floats, rows: Rows, job: Job, floats: Floats, ints: Ints) -> int:
    """Take the rest of a block into the job: REACHED with its last record, BLOCK_ENDS, or NEEDS_ROOM for runs."""
    k, f = job.k, job.f
    arrivals, works, bytes_in, bytes_out = rows.arrivals, rows.works, rows.bytes_in, rows.bytes_out
    row, end = k[K_ROW], k[K_ROWS]
    i = k[K_RECORD]
    first, count, inside = k[K_FIRST], k[K_COUNT], k[K_INSIDE]
    total, largest, size, since = f[F_TOTAL], f[F_LARGEST], f[F_BYTES], f[F_SINCE]
    strategy, most = k[K_STRATEGY], f[F_LARGEST_CALL]
    draws = k[K_RETRIES] + 1 if p[P_FAIL_SHARE] > 0.0 else 0
    begin, opens, closes = f[F_BEGIN], p[P_FROM], p[P_TO]
    mean_s, marginal, cost = p[P_MEAN], p[P_MARGINAL], f[F_CALL_COST]
    adds_up = math.isnan(marginal)
    show = k[K_SHOW] == 1
    answer = BLOCK_ENDS
    came_in, comes_out = 0.0, 0.0
    while True:
        # The call ends with its object, and before a record that goes into the next one.
        closing = i == k[K_NEXT]
        if not closing and row == end:
            break
        if count > 0 and (closing or (strategy != WHOLE and (strategy == SINGLE or size + bytes_in[row] > most))):
            if size > most:
                k[K_TOO_LARGE] = 1
                k[K_OVER] = 1
            if k[K_OVER] == 0:
                if adds_up:
                    length = service_of(total, mean_s) + cost
                else:
                    length = max(GRID, to_grid(mean_s * (1.0 + marginal * (count - 1)) * largest)) + cost
                slot = _begin(p, job, length, first, count, inside, since)
                if show and slot >= 0:
                    _show(p, job, slot, job.held[slot, H_TRIES], floats, ints)
            count = 0
        if closing:
            f[F_BYTES_IN] += came_in
            f[F_OBJECT_OUT] += comes_out
            came_in, comes_out = 0.0, 0.0
            if k[K_OBJECT] >= 0:
                if k[K_RUNS] == job.runs.shape[0]:
                    answer = NEEDS_ROOM
                    break
                _close(p, job, floats, ints)
            if i == k[K_RECORDS]:
                answer = REACHED
                break
            _open(job)
        else:
            if count == 0:
                first, inside = i, 0
                total, largest, size, since = 0.0, 0.0, 0.0, 0.0
                for attempt in range(draws):
                    f[F_LUCK + attempt] = rows.fails[attempt, row]
            count += 1
            total += works[row]
            largest = max(largest, works[row])
            size += bytes_in[row]
            came_in += bytes_in[row]
            comes_out += bytes_out[row]
            arrival = arrivals[row]
            if arrival >= opens and arrival < closes:
                inside += 1
                since += begin - arrival
            if show:
                floats[k[K_BASE] + i, R_ARRIVAL] = arrival
            i += 1
            row += 1
    f[F_BYTES_IN] += came_in
    f[F_OBJECT_OUT] += comes_out
    k[K_ROW], k[K_RECORD] = row, i
    k[K_FIRST], k[K_COUNT], k[K_INSIDE] = first, count, inside
    f[F_TOTAL], f[F_LARGEST], f[F_BYTES], f[F_SINCE] = total, largest, size, since
    return answer


@station
def answer(
    p: Floats,
    counts: Ints,
    sums: Floats,
    bins: Ints,
    arrivals: Floats,
    row: int,
    rows: int,
    job: Job,
    record: int,
    end: float,
    floats: Floats,
    ints: Ints,
) -> int:
    """The job has ended: the next records of it, which lie in these rows of a block, have their status and latency.

    Answers with the next record of the job. Records alike (one status, one arrival) are taken together.
    """
    k = job.k
    run = 0
    while run + 1 < k[K_RUNS] and job.runs[run + 1, 0] <= record:
        run += 1
    while row < rows and record < k[K_RECORDS]:
        next_run = job.runs[run + 1, 0] if run + 1 < k[K_RUNS] else k[K_RECORDS]
        most = min(rows - row, next_run - record)
        status, arrival = job.runs[run, 1], arrivals[row]
        alike = 1
        while alike < most and arrivals[row + alike] == arrival:
            alike += 1
        counts[L_TOTAL_CLOSED] += alike
        if arrival >= p[P_FROM] and arrival < p[P_TO]:
            counts[L_CLOSED] += alike
            counts[status] += alike
            if status == SERVED:
                latency = end - arrival
                bins[bin_of(latency)] += alike
                sums[S_LATENCY] += alike * latency
        if k[K_SHOW] == 1:
            for at in range(k[K_BASE] + record, k[K_BASE] + record + alike):
                floats[at, R_ANSWERED] = end
                ints[at, R_STATUS] = status
        row += alike
        record += alike
        if record == next_run:
            run += 1
    return record
