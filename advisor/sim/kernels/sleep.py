"""Requests that wait for their back-off, the first to come back before all others.

Few are a heap. A heap of many lies all over more memory than is near, and each of them passes through most of its
levels; so where there are many only those that come back soon are in it. The others wait by slices of time, in no
order, and join the heap when their slice comes. The first of the heap is the first of all, whoever waits where.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.heap import pop, push
from advisor.sim.kernels.layout import C_ENTRY, N_NUMBER, Q_RETRIES
from advisor.sim.kernels.part import part
from advisor.sim.longer import longer

__all__ = ["Sleep", "fall_asleep", "nobody", "wake", "with_room"]

# Slices of a second, and how many there are at a time, a power of two; what comes back even later is in the heap.
_OF_A_SECOND, _SLICES = 64.0, 2048
# So many are a heap.
_FEW = 64
# Counters: who waits by slices, and the first slice that has not joined the heap.
Z_LATER, Z_SLICE, Z_SIZE = range(3)


class Sleep(NamedTuple):
    """The heap by instant and request number (its size is Q_RETRIES), and the slices: rows, chained."""

    at: Floats
    key: Ints
    row: Ints
    following: Ints  # by row: the next of its slice, -1 at the end
    heads: Ints  # by slice: its first row, or -1
    z: Ints


def nobody() -> Sleep:
    """Nobody sleeps, and there is no room for anybody."""
    numbers = np.zeros(0, np.int64)
    heads, counters = np.full(_SLICES, -1, np.int64), np.zeros(Z_SIZE, np.int64)
    return Sleep(np.zeros(0), numbers, numbers, numbers, heads, counters)


def with_room(s: Sleep, rows: int) -> Sleep:
    """The same with room for so many."""
    key, row, following = (longer(one, rows, 0) for one in (s.key, s.row, s.following))
    return s._replace(at=longer(s.at, rows, 0.0), key=key, row=row, following=following)


@part
def fall_asleep(s: Sleep, q: Ints, carried: Floats, numbers: Ints, at: float, row: int) -> None:
    """The request of a row comes back at that instant."""
    carried[row, C_ENTRY] = at
    heaped = q[Q_RETRIES]
    if s.z[Z_LATER] == 0:
        # Whoever comes back before the first of the heap, or with it, joins it.
        s.z[Z_SLICE] = int(s.at[0] * _OF_A_SECOND) + 1 if heaped >= _FEW else 0
    of, first = int(at * _OF_A_SECOND), s.z[Z_SLICE]
    if first == 0 or of < first or of >= first + s.heads.size:
        push(s.at, s.key, s.row, heaped, at, numbers[row, N_NUMBER], row)
        q[Q_RETRIES] = heaped + 1
        return
    place = of & (s.heads.size - 1)
    s.following[row] = s.heads[place]
    s.heads[place] = row
    s.z[Z_LATER] += 1


@part
def wake(s: Sleep, q: Ints, carried: Floats, numbers: Ints) -> None:
    """The first comes back; the caller has read it. What is the first after it comes into the heap."""
    pop(s.at, s.key, s.row, q[Q_RETRIES])
    q[Q_RETRIES] -= 1
    while s.z[Z_LATER] > 0 and (q[Q_RETRIES] == 0 or s.at[0] * _OF_A_SECOND >= s.z[Z_SLICE]):
        place = s.z[Z_SLICE] & (s.heads.size - 1)
        row = s.heads[place]
        s.heads[place] = -1
        while row >= 0:
            # What is read of them here is near when they come back.
            push(s.at, s.key, s.row, q[Q_RETRIES], carried[row, C_ENTRY], numbers[row, N_NUMBER], row)
            q[Q_RETRIES] += 1
            s.z[Z_LATER] -= 1
            row = s.following[row]
        s.z[Z_SLICE] += 1
