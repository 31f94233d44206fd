"""Attempts as rows of a table: how one comes in, is answered, comes back, and leaves (for the event-driven kernels)."""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels.layout import (
    C_BYTES_IN,
    C_BYTES_OUT,
    C_COLUMNS,
    C_ENTRY,
    C_FINISH,
    C_FIRST,
    C_START,
    C_WORK,
    D_BACKOFF,
    D_FAIL,
    L_ARRIVED,
    L_ATTEMPTS,
    L_SIZE,
    L_TOTAL,
    L_WINDOW_ATTEMPTS,
    N_ANSWERED,
    N_ATTEMPT,
    N_CALL,
    N_COLUMNS,
    N_LUCK,
    N_MODEL,
    N_NEXT,
    N_NUMBER,
    N_SERIAL,
    N_SLOT,
    N_UNIT,
    P_FAIL_SHARE,
    P_FROM,
    P_SPLIT,
    P_STOP,
    P_TO,
    PENDING,
    Q_ATTEMPTS,
    Q_FIRST,
    Q_FREE_ROWS,
    Q_RECORD,
    Q_RETRIES,
    Q_ROW,
    Q_ROWS,
    Q_TRACE_ENDS,
    R_ANSWERED,
    R_ARRIVAL,
    R_ATTEMPTS,
    R_FINISH,
    R_FIRST,
    R_INSTANCE,
    R_SLOT,
    R_START,
    R_STATUS,
    S_BYTES_IN,
    S_BYTES_OUT,
    SERVED,
)
from advisor.sim.kernels.part import part
from advisor.sim.kernels.settle import close, copy_draws, drawn, is_retried, retry
from advisor.sim.kernels.sleep import wake
from advisor.sim.kernels.state import E_CALLS, E_LIMIT_HEAD, E_LIMITS, Common, Events

# Where the next attempt comes from.
NOWHERE, FROM_TRACE, FROM_SLEEP, UNKNOWN = range(4)


@part
def coming(c: Common) -> tuple[float, int]:
    """When the next attempt comes, and from where; UNKNOWN where only the next block can tell."""
    q = c.q
    row = q[Q_ROW]
    if row >= q[Q_ROWS]:
        if q[Q_TRACE_ENDS] == 0:
            return np.inf, UNKNOWN
        if q[Q_RETRIES] > 0:
            return c.sleep.at[0], FROM_SLEEP
        return np.inf, NOWHERE
    if q[Q_RETRIES] > 0 and c.sleep.at[0] <= c.arrivals[row]:
        return c.sleep.at[0], FROM_SLEEP
    return c.arrivals[row], FROM_TRACE


@part
def accept(c: Common, now: float, source: int) -> int:
    """The next attempt as a row of the table; it counts as arrived. The caller has made sure of room and of draws."""
    q, numbers, carried = c.q, c.numbers, c.carried
    if source == FROM_SLEEP:
        row = c.sleep.row[0]
        wake(c.sleep, q, carried, numbers)
        numbers[row, N_ATTEMPT] += 1
    else:
        at = q[Q_ROW]
        q[Q_FREE_ROWS] -= 1
        row = c.free_rows[q[Q_FREE_ROWS]]
        numbers[row, N_NUMBER], numbers[row, N_ATTEMPT] = q[Q_FIRST] + at, 1
        numbers[row, N_LUCK] = c.lucks[at]
        carried[row, C_FIRST], carried[row, C_WORK] = now, c.works[at]
        if c.bytes_in.size > 0:
            carried[row, C_BYTES_IN], carried[row, C_BYTES_OUT] = c.bytes_in[at], c.bytes_out[at]
        else:
            carried[row, C_BYTES_IN], carried[row, C_BYTES_OUT] = 0.0, 0.0
        if c.models.size > 0:
            numbers[row, N_MODEL] = c.models[at]
        if c.draws_of.shape[0] > 0:
            copy_draws(c.draws, row, c.draws_of, at)
        q[Q_ROW] += 1
        c.counts[L_TOTAL] += 1
        if now >= c.p[P_FROM] and now < c.p[P_TO]:
            c.counts[int(now < c.p[P_SPLIT]) * L_SIZE + L_ARRIVED] += 1
    carried[row, C_ENTRY], carried[row, C_START], carried[row, C_FINISH] = now, np.nan, np.nan
    numbers[row, N_UNIT] = numbers[row, N_SLOT] = numbers[row, N_NEXT] = numbers[row, N_SERIAL] = -1
    numbers[row, N_CALL], numbers[row, N_ANSWERED] = -1, 0
    if q[Q_RECORD] != 0:
        number = numbers[row, N_NUMBER]
        c.floats[number, R_FIRST], c.floats[number, R_ARRIVAL] = carried[row, C_FIRST], now
        c.floats[number, R_START] = c.floats[number, R_FINISH] = c.floats[number, R_ANSWERED] = np.nan
        c.ints[number, R_STATUS] = PENDING
        c.ints[number, R_INSTANCE] = c.ints[number, R_SLOT] = -1
        c.ints[number, R_ATTEMPTS] = numbers[row, N_ATTEMPT]
    return int(row)


@part
def lacks_draws(c: Common) -> bool:
    """Are draws given that have not been asked for?"""
    return bool(c.keys.shape[0] == 0 and c.draws_of.shape[0] == 0)


@part
def count_attempt(c: Common, now: float) -> None:
    """The metric and the window count one more attempt."""
    c.counts[L_ATTEMPTS] += 1
    if now >= c.p[P_FROM] and now < c.p[P_TO]:
        c.counts[L_WINDOW_ATTEMPTS] += 1


@part
def let_in(c: Common, row: int) -> None:
    """The endpoint takes the attempt's bytes."""
    now = c.carried[row, C_ENTRY]
    if now >= c.p[P_FROM] and now < c.p[P_TO]:
        c.sums[S_BYTES_IN] += c.carried[row, C_BYTES_IN]


@part
def placed(c: Common, row: int, instance: int) -> None:
    """The attempt was sent to an instance."""
    if c.q[Q_RECORD] != 0:
        c.ints[c.numbers[row, N_NUMBER], R_INSTANCE] = instance


@part
def started(c: Common, row: int, now: float, slot: int) -> None:
    """The attempt's execution begins."""
    c.carried[row, C_START] = now
    c.numbers[row, N_SLOT] = slot
    if c.q[Q_RECORD] != 0:
        number = c.numbers[row, N_NUMBER]
        if c.ints[number, R_ATTEMPTS] == c.numbers[row, N_ATTEMPT]:
            c.floats[number, R_START] = now
            c.ints[number, R_SLOT] = slot


@part
def finished(c: Common, row: int, now: float) -> None:
    """The attempt's execution ends, whether or not its client still listens."""
    if c.q[Q_RECORD] != 0:
        number = c.numbers[row, N_NUMBER]
        if c.ints[number, R_ATTEMPTS] == c.numbers[row, N_ATTEMPT]:
            c.floats[number, R_FINISH] = now


@part
def fails(c: Common, row: int) -> bool:
    """Does this attempt fail?"""
    share = c.p[P_FAIL_SHARE]
    return bool(share > 0.0 and drawn(c.keys, c.draws, c.numbers, row, D_FAIL) < share)


@part
def listen(c: Common, e: Events, row: int, until: float) -> None:
    """The client hears an answer until then; the caller has made sure of room."""
    q = e.q
    while q[E_LIMITS] > 0 and deaf(c, e):
        forget_limit(e)
    at = (q[E_LIMIT_HEAD] + q[E_LIMITS]) & (e.limit_at.size - 1)
    q[E_LIMITS] += 1
    q[E_CALLS] += 1
    c.numbers[row, N_CALL] = q[E_CALLS]
    e.limit_at[at], e.limit_row[at], e.limit_call[at] = until, row, q[E_CALLS]


@part
def first_limit(c: Common, e: Events, before: float) -> float:
    """The first limit of a client that waits, where it is not after that instant; else infinity."""
    while e.q[E_LIMITS] > 0 and e.limit_at[e.q[E_LIMIT_HEAD]] <= before:
        if not deaf(c, e):
            return float(e.limit_at[e.q[E_LIMIT_HEAD]])
        forget_limit(e)
    return np.inf


@part
def deaf(c: Common, e: Events) -> bool:
    """Whether the call whose limit comes first has been answered: the limit means nothing."""
    head = e.q[E_LIMIT_HEAD]
    row = e.limit_row[head]
    return bool(c.numbers[row, N_CALL] != e.limit_call[head] or c.numbers[row, N_ANSWERED] != 0)


@part
def forget_limit(e: Events) -> None:
    """The first limit is over."""
    e.q[E_LIMIT_HEAD] = (e.q[E_LIMIT_HEAD] + 1) & (e.limit_at.size - 1)
    e.q[E_LIMITS] -= 1


@part
def drop(c: Common, row: int) -> None:
    """The row is free again."""
    c.free_rows[c.q[Q_FREE_ROWS]] = row
    c.q[Q_FREE_ROWS] += 1


@part
def answer(c: Common, row: int, status: int, now: float, runs_on: bool) -> None:
    """The client hears this: it comes back, or the request is closed. Where the execution `runs_on`, the row stays."""
    numbers, carried = c.numbers, c.carried
    numbers[row, N_ANSWERED] = 1
    if status == SERVED:
        entry = carried[row, C_ENTRY]
        if entry >= c.p[P_FROM] and entry < c.p[P_TO] and now <= c.p[P_STOP]:
            c.sums[S_BYTES_OUT] += carried[row, C_BYTES_OUT]
    if is_retried(status) and numbers[row, N_ATTEMPT] < c.q[Q_ATTEMPTS]:
        again = row
        if runs_on:
            c.q[Q_FREE_ROWS] -= 1
            again = c.free_rows[c.q[Q_FREE_ROWS]]
            for k in range(N_COLUMNS):
                numbers[again, k] = numbers[row, k]
            for k in range(C_COLUMNS):
                carried[again, k] = carried[row, k]
            if c.keys.shape[0] == 0:
                copy_draws(c.draws, again, c.draws, row)
        share = drawn(c.keys, c.draws, numbers, again, D_BACKOFF)
        retry(c.p, c.q, c.sleep, carried, numbers, again, share, now)
        return
    close(
        c.p, c.counts, c.sums, c.bins, status, carried[row, C_FIRST], carried[row, C_ENTRY], carried[row, C_START], now
    )
    if c.q[Q_RECORD] != 0:
        number = numbers[row, N_NUMBER]
        c.floats[number, R_ANSWERED] = now
        c.ints[number, R_STATUS] = status
    if not runs_on:
        drop(c, row)
