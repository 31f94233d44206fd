"""What all stations do alike with a request: its draws, its retries, its place in the ledger."""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels import Floats, Ints, Keys
from advisor.sim.kernels.layout import (
    BIN_SHIFT,
    BINS,
    C_BYTES_IN,
    C_BYTES_OUT,
    C_FIRST,
    C_WORK,
    D_COLD,
    FAILED,
    FIRST_BIN,
    GRID,
    L_CLOSED,
    L_PENDING,
    L_SIZE,
    L_TOTAL_CLOSED,
    N_ATTEMPT,
    N_LUCK,
    N_NUMBER,
    NOT_READY,
    P_BASE,
    P_CAP,
    P_FROM,
    P_GROWTH,
    P_OVERHEAD,
    P_SPLIT,
    P_SPREADS,
    P_STOP,
    P_TO,
    PENDING,
    R_ANSWERED,
    R_ARRIVAL,
    R_ATTEMPTS,
    R_FINISH,
    R_FIRST,
    R_INSTANCE,
    R_SLOT,
    R_START,
    R_STATUS,
    REJECTED,
    S_LATENCY,
    S_SIZE,
    S_WAIT,
    SERVED,
    STEPS,
    THROTTLED,
    TIMED_OUT,
)
from advisor.sim.kernels.luck import luck, spread
from advisor.sim.kernels.part import part, station
from advisor.sim.kernels.sleep import Sleep, fall_asleep


@part
def to_grid(seconds: float) -> float:
    """The nearest multiple of 2**-20 s, half to even."""
    return float(np.rint(seconds * STEPS) * GRID)


@part
def service_of(work: float, mean_s: float) -> float:
    """How long one attempt holds its worker."""
    return float(max(GRID, np.rint(work * mean_s * STEPS) * GRID))


@part
def is_retried(status: int) -> bool:
    """Does the client try again after this status?"""
    return status in (THROTTLED, REJECTED, TIMED_OUT, NOT_READY)


@part
def bin_of(latency: float) -> int:
    """The histogram's bin of a latency: the top bits of the float are its logarithm and nine bits more."""
    at = int(np.float64(latency).view(np.int64) >> BIN_SHIFT) - FIRST_BIN
    return min(max(at, 0), BINS - 1)


@part
def close(
    p: Floats,
    counts: Ints,
    sums: Floats,
    bins: Ints,
    status: int,
    first: float,
    arrival: float,
    start: float,
    answered: float,
) -> None:
    """A request has its final status: fold it into the ledger where it arrived in the window."""
    counts[L_TOTAL_CLOSED] += 1
    if first >= p[P_FROM] and first < p[P_TO]:
        fold(p, counts, sums, bins, status, first, arrival, start, answered)


@part
def fold(
    p: Floats,
    counts: Ints,
    sums: Floats,
    bins: Ints,
    status: int,
    first: float,
    arrival: float,
    start: float,
    answered: float,
) -> None:
    """Count a request of the window; those before the split by themselves."""
    early = int(first < p[P_SPLIT])
    of_counts, of_sums, of_bins = early * L_SIZE, early * S_SIZE, early * BINS
    counts[of_counts + L_CLOSED] += 1
    if answered > p[P_STOP]:
        counts[of_counts + L_PENDING] += 1
        return
    counts[of_counts + status] += 1
    if status == SERVED:
        latency = answered - first + p[P_OVERHEAD]
        bins[of_bins + bin_of(latency)] += 1
        sums[of_sums + S_LATENCY] += latency
        sums[of_sums + S_WAIT] += start - arrival


@part
def write_down(
    floats: Floats,
    ints: Ints,
    number: int,
    first: float,
    arrival: float,
    start: float,
    finish: float,
    unit: int,
    slot: int,
    attempts: int,
) -> None:
    """An attempt's columns; it has no answer so far."""
    floats[number, R_FIRST], floats[number, R_ARRIVAL], floats[number, R_START] = first, arrival, start
    floats[number, R_FINISH], floats[number, R_ANSWERED] = finish, np.nan
    ints[number, R_STATUS], ints[number, R_INSTANCE] = PENDING, unit
    ints[number, R_SLOT], ints[number, R_ATTEMPTS] = slot, attempts


@part
def busy_within(p: Floats, start: float, finish: float) -> float:
    """The part of a service that lies inside the window and before the end of the run."""
    return float(max(0.0, min(finish, p[P_TO], p[P_STOP]) - max(start, p[P_FROM])))


@part
def copy_draws(into: Floats, row: int, draws: Floats, at: int) -> None:
    """All draws of one request, from row to row."""
    for kind in range(into.shape[1]):
        for attempt in range(into.shape[2]):
            into[row, kind, attempt] = draws[at, kind, attempt]


@part
def drawn(keys: Keys, draws: Floats, numbers: Ints, row: int, kind: int) -> float:
    """What a carried request's attempt draws of this kind: by its luck, or as it was given where there are no keys."""
    attempt = numbers[row, N_ATTEMPT] - 1
    if keys.shape[0] == 0:
        return float(draws[row, kind, attempt])
    return luck(keys[kind, attempt], numbers[row, N_LUCK])


@part
def multiplier(p: Floats, key: np.uint64, number: int, kind: int) -> float:
    """What a cold start or a load takes beside its mean."""
    sigma = p[P_SPREADS + kind - D_COLD]
    return spread(luck(key, number), sigma) if sigma > 0.0 else 1.0


@station
def by_request(draws: Floats, kind: int, rows: int, out: Floats) -> None:
    """Draws of one kind by attempt and request, turned to request and attempt: sixty-four requests at a time."""
    for begin in range(0, rows, 64):
        for attempt in range(out.shape[2]):
            for at in range(begin, min(begin + 64, rows)):
                out[at, kind, attempt] = draws[attempt, at]


@part
def retry(
    p: Floats,
    q: Ints,
    sleep: Sleep,
    carried: Floats,
    numbers: Ints,
    row: int,
    share: float,
    ended: float,
) -> None:
    """Put a carried request to sleep for that share of its longest back-off after the attempt that ended now."""
    attempt = numbers[row, N_ATTEMPT]
    longest = p[P_BASE]
    for _ in range(attempt - 1):
        longest *= p[P_GROWTH]
    pause = min(p[P_CAP], longest) * share
    fall_asleep(sleep, q, carried, numbers, ended + to_grid(pause), row)


@part
def take_row(
    free: Ints,
    q_free: int,
    q: Ints,
    carried: Floats,
    numbers: Ints,
    number: int,
    first: float,
    work: float,
    bytes_in: float,
    bytes_out: float,
    luck_number: int,
) -> int:
    """A row of the carried table for a request; the caller has made sure that one is free."""
    q[q_free] -= 1
    row = free[q[q_free]]
    carried[row, C_FIRST] = first
    carried[row, C_WORK] = work
    carried[row, C_BYTES_IN] = bytes_in
    carried[row, C_BYTES_OUT] = bytes_out
    numbers[row, N_NUMBER], numbers[row, N_LUCK] = number, luck_number
    return int(row)


@part
def settled_by(late: bool, fails: bool) -> int:
    """The status of an attempt that was executed."""
    if late:
        return TIMED_OUT
    if fails:
        return FAILED
    return SERVED
