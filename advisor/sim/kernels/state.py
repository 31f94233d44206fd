"""What every event-driven station hands to its kernel, as one named tuple: the trace's block, the table of requests on
their way, those of them that sleep, the ledger and the columns on request."""

from __future__ import annotations

from typing import NamedTuple

from advisor.sim.kernels import Floats, Ints, Keys
from advisor.sim.kernels.sleep import Sleep

__all__ = ["Common", "Events"]


class Common(NamedTuple):
    """Arrays that all stations have; see kernels.layout for the places in them."""

    p: Floats
    q: Ints
    counts: Ints
    sums: Floats
    bins: Ints
    arrivals: Floats
    works: Floats
    bytes_in: Floats  # of no length where nobody asks
    bytes_out: Floats
    models: Ints
    lucks: Ints  # what each request draws its luck by
    keys: Keys  # [kind, attempt], of no length where draws are given
    draws_of: Floats  # [n, kinds, attempts], given ones, of no length until asked for
    sleep: Sleep
    free_rows: Ints
    carried: Floats
    numbers: Ints
    draws: Floats
    floats: Floats
    ints: Ints


class Events(NamedTuple):
    """Heap of finishes and timers, and the ring of client limits, its size a power of two."""

    at: Floats
    key: Ints
    value: Ints
    limit_at: Floats
    limit_row: Ints
    limit_call: Ints
    q: Ints  # see E_*


E_SIZE, E_SERIAL, E_LIMIT_HEAD, E_LIMITS, E_CALLS, E_TOUCHED, E_COUNTERS = range(7)
