"""A real-time fleet as a station, event by event: for batches, load curves and losses (fleets: plain workers)."""

from __future__ import annotations

import math

import numpy as np

from advisor.errors import InputError
from advisor.sim.deployments import LEAST_OUTSTANDING, Client, FleetSpec, LoadCurve
from advisor.sim.kernels import Floats, Ints, layout
from advisor.sim.kernels import seats as kernel
from advisor.sim.kernels.events import events
from advisor.sim.kernels.loss import lose
from advisor.sim.kernels.state import E_LIMIT_HEAD, E_LIMITS, E_SIZE, Events
from advisor.sim.longer import longer
from advisor.sim.scaling import CONCURRENCY
from advisor.sim.seated import Seated
from advisor.sim.station import Station, Window
from advisor.sim.trace import Trace

__all__ = ["EventStation"]


class EventStation(Station):
    """Instances of workers, batches or a load curve; every start is committed when it happens."""

    def __init__(
        self, trace: Trace, spec: FleetSpec, client: Client, window: Window, *, columns: bool, meter_bytes: bool
    ) -> None:
        self.needs = ("bytes",) if meter_bytes or math.isfinite(client.payload_max) else ()
        server = spec.server
        mean_s = 1.0 if isinstance(server, LoadCurve) else server.mean_s
        super().__init__(trace, client, window, mean_s=mean_s, columns=columns)
        batching = None if isinstance(server, LoadCurve) else server.batching
        if not spec.timed_out_runs_on and (isinstance(server, LoadCurve) or batching):
            raise InputError(
                "an instance that answers several requests at once, and drops those that are too late",
                "platform.timed_out_still_runs",
                "write timed_out_still_runs: yes, or give the instance workers without batching",
            )
        q, p = self.q, self.p
        q[layout.Q_QUEUE_LIMIT], q[layout.Q_ROUTING] = spec.container_queue, int(spec.routing == LEAST_OUTSTANDING)
        q[layout.Q_RUNS_ON] = spec.timed_out_runs_on
        self.latency: Floats = np.zeros(0)
        self.width, self.depth = 0, 0
        if isinstance(server, LoadCurve):
            q[kernel.Q_KIND] = kernel.CURVE
            self.latency = np.array(server.latency_s, dtype=np.float64)
            self.depth = len(server.latency_s)
        else:
            self.width = server.workers
            if server.batching:
                q[kernel.Q_KIND], q[kernel.Q_MOST] = kernel.BATCHES, server.batching.most
                p[layout.P_WAIT], p[layout.P_MARGINAL] = server.batching.wait_s, server.batching.marginal
        p[layout.P_SPARE] = -1.0
        self.seat_of: dict[int, int] = {}
        self.spare: list[int] = []
        self.count = 0
        self.seats: Ints = np.zeros((0, kernel.T_FIELDS), np.int64)
        self.clocks: Floats = np.zeros((0, kernel.V_FIELDS))
        self.slots: Ints = np.zeros((0, self.width), np.int64)
        self.curve_at: Floats = np.zeros((0, self.depth))
        self.curve_key: Ints = np.zeros((0, self.depth), np.int64)
        self.curve_row: Ints = np.zeros((0, self.depth), np.int64)
        self.touched: Ints = np.zeros(0, np.int64)
        self.in_service = Seated()
        self.order: Ints = np.zeros(1, np.int64)
        self.events = Events(
            np.zeros(256), np.zeros(256, np.int64), np.zeros(256, np.int64),
            np.zeros(256), np.zeros(256, np.int64), np.zeros(256, np.int64), np.zeros(8, np.int64),
        )  # fmt: skip

    def _seats(self) -> kernel.Seats:
        return kernel.Seats(
            self.seats, self.clocks, self.slots, self.curve_at, self.curve_key, self.curve_row, self.latency,
            self.order, self.touched,
        )  # fmt: skip

    def step(self, until: float, through: bool) -> int:
        return int(events(float(until), through, self.lookout, self.common(), self.events, self._seats()))

    def grow(self) -> None:
        """A longer heap, or a longer ring of limits."""
        e = self.events
        if e.q[E_SIZE] + 2 >= e.at.size:
            size = 2 * e.at.size
            e = e._replace(at=longer(e.at, size, 0.0), key=longer(e.key, size, 0), value=longer(e.value, size, 0))
        held, size = int(e.q[E_LIMITS]), e.limit_at.size
        if held >= size:
            at = (int(e.q[E_LIMIT_HEAD]) + np.arange(held)) % size
            e = e._replace(
                limit_at=longer(e.limit_at[at], 2 * size, 0.0),
                limit_row=longer(e.limit_row[at], 2 * size, 0),
                limit_call=longer(e.limit_call[at], 2 * size, 0),
            )
            e.q[E_LIMIT_HEAD] = 0
        self.events = e

    # What the fleet asks

    def open(self, number: int) -> None:
        """Give the instance a seat."""
        if self.spare:
            seat = self.spare.pop()
        else:
            seat = self.count
            self.count += 1
            rows = self.count
            self.seats, self.clocks = longer(self.seats, rows, 0), longer(self.clocks, rows, math.inf)
            self.slots, self.touched = longer(self.slots, rows, -1), longer(self.touched, rows, 0)
            self.curve_at, self.curve_key = longer(self.curve_at, rows, 0.0), longer(self.curve_key, rows, 0)
            self.curve_row = longer(self.curve_row, rows, 0)
        touched = self.seats[seat, kernel.T_TOUCHED]
        self.seats[seat] = 0
        self.seats[seat, kernel.T_TOUCHED], self.seats[seat, kernel.T_VERSION] = touched, -1
        self.seats[seat, kernel.T_NUMBER] = number
        self.clocks[seat], self.slots[seat] = (0.0, 0.0, math.inf), -1
        self.seat_of[number] = seat
        self.in_service.add(number, seat)
        self._reorder()

    def _reorder(self) -> None:
        self.order = self.in_service.order
        self.q[layout.Q_SERVING] = len(self.in_service)

    def close(self, number: int, at: float) -> float | None:
        """It finishes its queue; the kernel tells when."""
        self.in_service.drop(number)
        self._reorder()
        seat = self.seat_of[number]
        if self.seats[seat, kernel.T_LENGTH] + self.seats[seat, kernel.T_RUNNING] == 0:
            self._leave(number)
            return at
        self.seats[seat, kernel.T_DRAINS] = 1
        return None

    def _leave(self, number: int) -> None:
        self.spare.append(self.seat_of.pop(number))

    def unit_ended(self, number: int) -> None:
        """The kernel told of the end of a drain."""
        self._leave(number)

    def lose(self, number: int, at: float) -> None:
        """All on it has failed."""
        lose(self.common(), self._seats(), self.seat_of[number], at)
        self.in_service.drop(number)
        self._leave(number)
        self._reorder()

    def measure(self, metric: str) -> tuple[float, int]:
        """The concurrency metric: the most in flight and waiting since the last datapoint, over instances."""
        assert metric == CONCURRENCY
        seats = self.seats
        serving = int(self.q[layout.Q_SERVING])
        load = int(seats[self.order[:serving], kernel.T_PEAK].sum())
        seats[:, kernel.T_PEAK] = seats[:, kernel.T_LENGTH] + seats[:, kernel.T_RUNNING]
        return load / max(1, serving), load

    def waiting(self) -> int:
        """Those that wait on instances."""
        return int(self.seats[: self.count, kernel.T_LENGTH].sum())

    def in_process(self) -> int:
        """Those in service."""
        return int(self.seats[: self.count, kernel.T_RUNNING].sum())

    def wind_up(self, stop: float) -> None:
        """Count the service of what still runs, up to the end of the run."""
        slots = [row for row in self.slots[: self.count].ravel() if row >= 0]
        curve = [
            row for seat in range(self.count) for row in self.curve_row[seat, : self.seats[seat, kernel.T_RUNNING]]
        ]
        for row in (*slots, *(curve if self.depth else ())):
            begin = max(float(self.carried[row, layout.C_START]), self.window.from_s)
            self.ledger.sums[layout.S_BUSY] += max(0.0, min(stop, self.window.to_s) - begin)
