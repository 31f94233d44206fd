"""The seats of a fleet that is run event by event: what each holds, and what its metric reads."""

from __future__ import annotations

from typing import NamedTuple

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.layout import Q_SERVING, Q_SPARE
from advisor.sim.kernels.part import part
from advisor.sim.kernels.state import Common

# A seat: its queue, what it runs, and whether it drains. What a server is: plain, in batches, or a load curve.
T_HEAD, T_TAIL, T_LENGTH, T_RUNNING, T_DRAINS, T_VERSION, T_ADMITTED, T_TOUCHED, T_NUMBER, T_PEAK, T_FIELDS = range(11)
V_VIRTUAL, V_LAST, V_NEXT, V_FIELDS = range(4)
Q_KIND, Q_MOST = Q_SPARE, Q_SPARE + 1
PLAIN, BATCHES, CURVE = range(3)
FINISHES, TIMER = range(2)


class Seats(NamedTuple):
    """The instances: [seat, field], and per slot or admitted request."""

    seats: Ints
    clocks: Floats
    slots: Ints  # head row of what each worker runs, -1: free
    curve_at: Floats  # per seat a heap of targets in virtual time
    curve_key: Ints
    curve_row: Ints
    latency: Floats
    order: Ints
    touched: Ints


@part
def most_held(c: Common, s: Seats) -> int:
    """The most in flight and waiting since the last datapoint, on all instances in service; then begin the next."""
    load = 0
    for k in range(c.q[Q_SERVING]):
        load += s.seats[s.order[k], T_PEAK]
    for k in range(s.seats.shape[0]):
        s.seats[k, T_PEAK] = s.seats[k, T_LENGTH] + s.seats[k, T_RUNNING]
    return load


@part
def emptied(s: Seats, seat: int) -> int:
    """The number of a draining instance that has nothing left to do, or -1."""
    seats = s.seats
    if seats[seat, T_DRAINS] != 0 and seats[seat, T_LENGTH] + seats[seat, T_RUNNING] == 0:
        seats[seat, T_DRAINS] = 0
        return int(seats[seat, T_NUMBER])
    return -1
