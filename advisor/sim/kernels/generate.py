"""Arrivals and work, drawn a block at a time: what comes out does not depend on where blocks are cut.

Arrivals are unit-rate gaps seen through the integral of the rate (time rescaling): inside a segment, where the rate
runs linearly, the instant at which so much hazard has passed is a root of a quadratic, so no draw is thrown away. A
segment ends where the hourly curve bends, where bursts begin or end, and at the ends of the source's own window.
"""

from __future__ import annotations

import math

import numpy as np

from advisor.sim.kernels import Floats, Ints, Shorts, kernel
from advisor.sim.kernels.luck import exponentials

# A source's numbers: its window, its curve's period, its two states (factors on the curve, mean stays, share high).
P_FROM, P_TO, P_PERIOD, P_HIGH, P_LOW, P_STAY_HIGH, P_STAY_LOW, P_SHARE_HIGH, P_SIZE = range(9)
# Where it stands: the segment (start, end, rate and slope there, its hazard), the hazard of the next arrival in it,
# the next change of state, the last arrival.
F_AT, F_END, F_RATE, F_SLOPE, F_LEFT, F_HAZARD, F_SWITCH, F_LAST, F_SIZE = range(9)
I_BEGUN, I_HIGH, I_PIECE, I_PERIOD, I_OVER, I_SIZE = range(6)
# Clusters: the parent at hand, those that wait, whether the parent's further members are drawn, and how many.
K_PARENT, K_WAITING, K_DRAWN, K_MORE, K_SIZE = range(5)
WANTS_NOTHING, WANTS_PARENTS, WANTS_ROOM = range(3)
# Shapes of work.
CONSTANT, LOGNORMAL, MEASURED, EXPONENTIAL = range(4)
# Requests of different sources are numbered apart.
APART = 2**40

# Adding and taking away a number whose last bit is worth 2**-20 rounds to that grid, half to even (below 2**31 s).
_GRID = 1.5 * 2.0**32


@kernel
def snap(seconds: float) -> float:
    """The nearest multiple of 2**-20 s, half to even."""
    return (seconds + _GRID) - _GRID


@kernel
def arrive(
    gaps: np.random.Generator,
    stays: np.random.Generator,
    ends: Floats,
    rates: Floats,
    slopes: Floats,
    even: bool,
    p: Floats,
    f: Floats,
    i: Ints,
    out: Floats,
    start: int,
    stop: int,
) -> int:
    """Write arrivals to ``out[start:stop]``; how far it came, which is less than ``stop`` where the source is over.

    The curve's pieces end at ``ends`` inside a period and run from ``rates`` with ``slopes``; ``even`` arrivals come at
    equal steps of hazard, the first at once.
    """
    if i[I_BEGUN] == 0:
        i[I_BEGUN] = 1
        i[I_HIGH] = 1 if stays.random() < p[P_SHARE_HIGH] else 0
        f[F_SWITCH] = math.inf
        if p[P_SHARE_HIGH] > 0.0:
            f[F_SWITCH] = stays.standard_exponential() * (p[P_STAY_HIGH] if i[I_HIGH] == 1 else p[P_STAY_LOW])
        f[F_HAZARD] = 0.0 if even else gaps.standard_exponential()
    n = start
    at, end, rate, slope = f[F_AT], f[F_END], f[F_RATE], f[F_SLOPE]
    left, hazard, last = f[F_LEFT], f[F_HAZARD], f[F_LAST]
    while n < stop and i[I_OVER] == 0:
        if hazard < left:
            if slope == 0.0:
                step = 1.0 / rate
                while hazard < left and n < stop:
                    last = max(last, snap(at + hazard * step))
                    out[n] = last
                    n += 1
                    hazard += 1.0 if even else gaps.standard_exponential()
            else:
                square, double = rate * rate, slope + slope
                while hazard < left and n < stop:
                    # The root that is exact for slopes of either sign: 2h / (r + sqrt(r^2 + 2sh)).
                    below = rate + math.sqrt(max(0.0, square + double * hazard))
                    after = (hazard + hazard) / below if below > 0.0 else 0.0
                    last = max(last, snap(at + after))
                    out[n] = last
                    n += 1
                    hazard += 1.0 if even else gaps.standard_exponential()
            continue
        hazard -= left
        at = end
        if at >= p[P_TO]:
            i[I_OVER] = 1
            left = 0.0
            break
        piece = i[I_PIECE]
        if at >= i[I_PERIOD] * p[P_PERIOD] + ends[piece]:
            piece += 1
            if piece == ends.size:
                piece = 0
                i[I_PERIOD] += 1
            i[I_PIECE] = piece
        if at >= f[F_SWITCH]:
            i[I_HIGH] = 1 - i[I_HIGH]
            f[F_SWITCH] = at + stays.standard_exponential() * (p[P_STAY_HIGH] if i[I_HIGH] == 1 else p[P_STAY_LOW])
        begun = i[I_PERIOD] * p[P_PERIOD]
        factor = p[P_HIGH] if i[I_HIGH] == 1 else p[P_LOW]
        end = min(begun + ends[piece], f[F_SWITCH], p[P_TO])
        if at < p[P_FROM]:
            factor = 0.0
            end = min(end, p[P_FROM])
        since = at - begun - (ends[piece - 1] if piece > 0 else 0.0)
        rate = factor * max(0.0, rates[piece] + slopes[piece] * since)
        slope = factor * slopes[piece]
        lasts = end - at
        left = max(0.0, lasts * (rate + 0.5 * slope * lasts))
        if rate == 0.0 and slope <= 0.0:
            left = 0.0
    f[F_AT], f[F_END], f[F_RATE], f[F_SLOPE] = at, end, rate, slope
    f[F_LEFT], f[F_HAZARD], f[F_LAST] = left, hazard, last
    return n


@kernel
def cluster(
    members: np.random.Generator,
    decay: float,
    within_s: float,
    parents: Floats,
    known: int,
    over: bool,
    waiting: Floats,
    k: Ints,
    out: Floats,
    start: int,
    stop: int,
) -> tuple[int, int]:
    """Give each of the ``known`` parents its cluster and write all in order; how far it came, and what it wants.

    The further members are a geometric number, P(more >= j) = exp(-j decay), each at a uniform instant within
    ``within_s`` after the parent; ``waiting`` is the heap of those that are still to come.
    """
    n = start
    while n < stop:
        here = k[K_PARENT]
        if k[K_WAITING] > 0 and ((here < known and waiting[0] < parents[here]) or (here >= known and over)):
            out[n] = waiting[0]
            n += 1
            k[K_WAITING] -= 1
            _sink(waiting, k[K_WAITING])
            continue
        if here >= known:
            return n, WANTS_NOTHING if over else WANTS_PARENTS
        if k[K_DRAWN] == 0:
            k[K_MORE] = int(min(members.standard_exponential() / decay, 1e6))
            k[K_DRAWN] = 1
        if k[K_WAITING] + k[K_MORE] > waiting.size:
            return n, WANTS_ROOM
        out[n] = parents[here]
        n += 1
        for _ in range(k[K_MORE]):
            at = snap(parents[here] + members.random() * within_s)
            place = k[K_WAITING]
            k[K_WAITING] += 1
            while place > 0 and waiting[(place - 1) >> 1] > at:
                waiting[place] = waiting[(place - 1) >> 1]
                place = (place - 1) >> 1
            waiting[place] = at
        k[K_PARENT] += 1
        k[K_DRAWN] = 0
    return n, WANTS_NOTHING


@kernel
def _sink(heap: Floats, size: int) -> None:
    """Take the top off a heap that has ``size`` entries afterwards."""
    moved = heap[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= moved:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = moved


@kernel
def works(
    draws: np.random.Generator,
    kind: int,
    bends: Floats,
    heights: Floats,
    spreads: Floats,
    values: Floats,
    factor: float,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """Multipliers of work: constant, piecewise log-normal, resampled from measurements, or exponential.

    Piecewise log-normal: between the ``bends`` of a standard normal z, the logarithm is ``heights + spreads * z``.
    """
    if kind == CONSTANT:
        for n in range(start, stop):
            out[n] = factor
    elif kind == LOGNORMAL and bends.size == 0:
        height, spread = heights[0], spreads[0]
        for n in range(start, stop):
            out[n] = height + spread * draws.standard_normal()
        exponentials(factor, out[start:stop])
    elif kind == LOGNORMAL:
        for n in range(start, stop):
            z = draws.standard_normal()
            piece = 0
            while piece < bends.size and z >= bends[piece]:
                piece += 1
            out[n] = heights[piece] + spreads[piece] * z
        exponentials(factor, out[start:stop])
    elif kind == MEASURED:
        for n in range(start, stop):
            out[n] = factor * values[int(draws.random() * values.size)]
    else:
        for n in range(start, stop):
            out[n] = factor * draws.standard_exponential()


@kernel
def merge(
    sources: Floats,
    heads: Ints,
    tails: Ints,
    opened: Ints,
    counts: Ints,
    klasses: Ints,
    columns: Floats,
    klass: Shorts,
    number: Ints,
    start: int,
    stop: int,
) -> tuple[int, int]:
    """Merge buffered sources by arrival (ties: lowest source) into columns; how far it came, and who must be refilled.

    sources: f8[source, column, row], rows ``heads`` to ``tails`` of each not yet taken; -1 where all are over.
    """
    n = start
    while n < stop:
        best = -1
        first = math.inf
        for s in range(heads.size):
            if heads[s] < tails[s]:
                if sources[s, 0, heads[s]] < first:
                    first = sources[s, 0, heads[s]]
                    best = s
            elif opened[s] == 1:
                return n, s
        if best < 0:
            return n, -1
        for c in range(columns.shape[0]):
            columns[c, n] = sources[best, c, heads[best]]
        klass[n] = klasses[best]
        number[n] = best * APART + counts[best]
        counts[best] += 1
        heads[best] += 1
        n += 1
    return n, -1
