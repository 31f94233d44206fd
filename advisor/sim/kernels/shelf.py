"""The models of one instance: what its memory and disk hold, what is being loaded, and who waits for it.

With the cache enabled a model stands for itself in memory and on disk; disabled, each call has a load, a place in
memory and a file of its own, all gone when it is done. Used by the kernel `models` and its pieces: `room`, `loading`.
"""

from __future__ import annotations

from typing import NamedTuple

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.layout import P_SPARE, Q_SPARE

# Numbers of the deployment
P_CACHE, P_DISK, P_DOWNLOAD_RATE, P_INTO_RATE, P_LOAD_LIMIT = range(P_SPARE + 1, P_SPARE + 6)
Q_PARALLEL, Q_SPILL, Q_CACHED, Q_LOADED, Q_KIND, Q_MOST = range(Q_SPARE, Q_SPARE + 6)
# What serves: plain workers, workers that take calls of one model together, a load curve
PLAIN, BATCHES, CURVE = range(3)

# A seat: its workers' queue, its loads not begun, what runs, waits and is loading; the chain of what is in memory
(T_HEAD, T_TAIL, T_LENGTH, T_RUNNING, T_DRAINS, T_TOUCHED, T_NUMBER, T_PEAK, T_ASKED, T_PENDING, T_LAST, T_LOADING,
 T_EXPECT, T_DOWNLOADS, T_ADMITTED, T_VERSION, T_JOINED, T_CHAINED, T_OLDEST, T_NEWEST,
 T_FIELDS) = range(21)  # fmt: skip
# ... its downloads' virtual time and when it moved, what is taken; of its load curve the same two; its next finish, or
# when the first of those that wait for a batch has waited long enough
V_VIRTUAL, V_MOVED, V_MEMORY, V_DISK, V_CURVE, V_LAST, V_NEXT, V_FIELDS = range(8)

IN_MEMORY, ON_DISK, LEAVES_MEMORY, LEAVES_DISK = 1, 2, 4, 8

# A load
(O_SEAT, O_MODEL, O_STATE, O_ORDER, O_HEAD, O_TAIL, O_COUNT, O_NEXT, O_SERIAL, O_RECORD, O_FIELDS) = range(11)
M_MULTIPLIER, M_ENDS, M_FIELDS = range(3)
GONE, PENDING, DOWNLOADING, INTO_MEMORY = range(4)

# Counters of the loads
Z_FREE, Z_EVENTS, Z_LIMIT_HEAD, Z_LIMITS, Z_SERIAL, Z_TOUCHED, Z_FIELDS = range(7)


class Shelf(NamedTuple):
    """Seats, models, loads, and the agenda of loads."""

    seats: Ints
    clocks: Floats
    slots: Ints
    flags: Ints  # [seat, model]
    used: Ints  # [seat, model]: calls that wait for a worker or are in flight
    load_of: Ints  # [seat, model]: its load asked for or under way, -1: none
    last_used: Floats
    older: Ints  # [seat, model]: its neighbours in the chain of what is in memory, see `room`
    newer: Ints
    size: Floats
    memory: Floats
    loads: Ints
    times: Floats
    free: Ints
    target: Floats  # [seat, download]: a heap in virtual time
    admitted: Ints
    download: Ints
    at: Floats  # ends of downloads and of loads
    key: Ints
    value: Ints
    limit_at: Floats
    limit_load: Ints
    limit_serial: Ints
    order: Ints
    touched: Ints
    latency: Floats
    curve_at: Floats  # per seat a heap of targets in virtual time
    curve_key: Ints
    curve_row: Ints
    queued: Ints  # [seat, model]: calls that wait for a worker, where batches are made
    record: Floats  # on request: instance, model, asked, begun, in memory
    z: Ints
