"""An asynchronous endpoint whose calls share instances: a load curve, or workers that answer in batches.

What AWS does not say, and this does:

- The queue hands a call to an instance as soon as that has a place: min(MaxConcurrentInvocationsPerInstance, the last
  point of the load curve, or workers x the largest batch). The instance with the fewest calls takes it, ties to the
  lowest number (assumption `async_pull`; or always the lowest).
- The invocation's time-out runs from there, waiting for a batch included. At it a call leaves a load curve, so that
  the others go faster; a batch goes on for its other members and frees its worker with the last of them.
- With a batch of one and no wait, and on a curve that does not rise, this is what plain workers do.
"""

from __future__ import annotations

import math

import numpy as np

from advisor.sim.deployments import LOWEST, Client, QueueSpec
from advisor.sim.desk import QueueStation
from advisor.sim.kernels import Floats, Ints, backlog, hall, layout
from advisor.sim.kernels.sharing import sharing
from advisor.sim.longer import longer
from advisor.sim.station import Window
from advisor.sim.trace import Trace

__all__ = ["SharingStation"]


class SharingStation(QueueStation):
    """Calls wait in one queue; an instance with a place takes the head, to answer it together with others."""

    def __init__(
        self, trace: Trace, spec: QueueSpec, client: Client, window: Window, *, columns: bool, meter_bytes: bool
    ) -> None:
        super().__init__(trace, spec, client, window, columns=columns, meter_bytes=meter_bytes)
        p, q = self.p, self.q
        q[hall.Q_CURVE], q[hall.Q_LOWEST] = bool(spec.latency_s), spec.pull == LOWEST
        q[hall.Q_OLDEST] = q[hall.Q_LATEST] = -1
        self.latency: Floats = np.array(spec.latency_s, dtype=np.float64)
        self.workers = 0
        if spec.latency_s:
            self.width = min(len(spec.latency_s), spec.max_invocations)
        else:
            assert spec.batching is not None
            self.workers = spec.workers
            self.width = min(spec.workers * spec.batching.most, spec.max_invocations)
            q[hall.Q_MOST] = spec.batching.most
            p[layout.P_WAIT], p[layout.P_MARGINAL] = spec.batching.wait_s, spec.batching.marginal
        depth = 0 if self.workers else self.width
        self.seats: Ints = np.zeros((0, hall.U_FIELDS), np.int64)
        self.clocks: Floats = np.zeros((0, hall.V_FIELDS))
        self.curve_at: Floats = np.zeros((0, depth))
        self.curve_key: Ints = np.zeros((0, depth), np.int64)
        self.curve_row: Ints = np.zeros((0, depth), np.int64)
        self.heads: Ints = np.zeros((0, self.workers), np.int64)
        self.ends: Floats = np.zeros((0, self.workers))

    @property
    def at_once(self) -> int:
        """Workers, or the places of a load curve."""
        return self.workers or self.width

    def step(self, until: float, through: bool) -> int:
        hands = hall.Hall(
            self.queue, self.seats, self.clocks, self.order, self.latency, self.curve_at, self.curve_key,
            self.curve_row, self.heads, self.ends,
        )  # fmt: skip
        return int(sharing(float(until), through, self.lookout, self.common(), hands))

    def _seat(self) -> int:
        """A seat that nobody has."""
        if self.spare:
            return self.spare.pop()
        seat, self.count = self.count, self.count + 1
        rows = self.count
        self.seats, self.clocks = longer(self.seats, rows, 0), longer(self.clocks, rows, math.inf)
        self.curve_at, self.curve_key = longer(self.curve_at, rows, 0.0), longer(self.curve_key, rows, 0)
        self.curve_row = longer(self.curve_row, rows, 0)
        self.heads, self.ends = longer(self.heads, rows, -1), longer(self.ends, rows, math.inf)
        return seat

    def open(self, number: int) -> None:
        """Give the instance a seat; it takes from the queue at this very instant."""
        seat = self._seat()
        self.seats[seat] = 0
        self.seats[seat, backlog.U_FREE], self.seats[seat, backlog.U_NUMBER] = self.width, number
        self.clocks[seat] = (0.0, 0.0, math.inf, math.inf)
        self.heads[seat], self.ends[seat] = -1, math.inf
        self.seat_of[number] = seat
        self.in_service.add(number, seat)
        self._reorder()
        self._wake()

    def close(self, number: int, at: float) -> float | None:
        """It takes nothing new and ends its calls; the kernel tells when."""
        ended = super().close(number, at)
        if ended is None:
            # The kernel knows that it is empty by the number of its places.
            self.seats[self.seat_of[number], backlog.U_DRAINS] = self.width
        return ended

    def _chain(self, row: int) -> list[int]:
        """A row and those that stand behind it."""
        rows = []
        while row >= 0:
            rows.append(row)
            row = int(self.numbers[row, layout.N_NEXT])
        return rows

    def _running(self, seat: int) -> list[list[int]]:
        """What a seat is busy with: rows on its curve, or by worker."""
        if not self.workers:
            return [[int(row)] for row in self.curve_row[seat, : self.seats[seat, hall.U_RUNNING]]]
        return [self._chain(int(head)) for head in self.heads[seat] if head >= 0]

    def cut(self, number: int, at: float) -> None:
        """What it holds returns to the queue, to the place that its entry gives it."""
        seat, numbers = self.seat_of[number], self.numbers
        running = self._running(seat)
        for rows in running:
            self.ran(float(self.carried[rows[0], layout.C_START]), at)
        waiting = self._chain(int(self.seats[seat, hall.U_FIRST_WAITS])) if self.seats[seat, hall.U_LENGTH] else []
        held = np.array([row for rows in (*running, waiting) for row in rows], np.int64)
        for row in held:
            before, after = int(numbers[row, hall.N_BEFORE]), int(numbers[row, hall.N_AFTER])
            if before >= 0:
                numbers[before, hall.N_AFTER] = after
            else:
                self.q[hall.Q_OLDEST] = after
            if after >= 0:
                numbers[after, hall.N_BEFORE] = before
            else:
                self.q[hall.Q_LATEST] = before
        self.seats[seat] = 0
        self.clocks[seat] = math.inf
        self.heads[seat], self.ends[seat] = -1, math.inf
        self.give_back(held, number)

    def wind_up(self, stop: float) -> None:
        """Count the service of what still runs, up to the end of the run."""
        for seat in self.seat_of.values():
            for rows in self._running(seat):
                self.ran(float(self.carried[rows[0], layout.C_START]), stop)
