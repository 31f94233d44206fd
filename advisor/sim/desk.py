"""The queue of an asynchronous endpoint as a station: plain workers take its head."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from advisor.sim.deployments import Client, QueueSpec
from advisor.sim.kernels import Floats, Ints, layout
from advisor.sim.kernels import backlog as kernel
from advisor.sim.longer import longer
from advisor.sim.scaling import BACKLOG, NO_CAPACITY
from advisor.sim.seated import Seated
from advisor.sim.station import Station, Window
from advisor.sim.trace import Trace

__all__ = ["QueueStation"]


class QueueStation(Station):
    """Calls wait in one queue; a free slot takes the head."""

    def __init__(
        self, trace: Trace, spec: QueueSpec, client: Client, window: Window, *, columns: bool, meter_bytes: bool
    ) -> None:
        self.needs = ("bytes",) if meter_bytes or math.isfinite(client.payload_max) else ()
        # The caller has its answer when the call is queued: it never retries, but cut calls draw anew.
        once = dataclasses.replace(client, attempts=trace.attempts)
        super().__init__(trace, once, window, mean_s=spec.mean_s, columns=columns)
        self.draws_needed = {"fail"}
        p, q = self.p, self.q
        p[layout.P_UPLOAD], p[layout.P_DOWNLOAD] = spec.upload_s, spec.download_s
        p[layout.P_TTL], p[layout.P_TIMEOUT] = spec.ttl_s, spec.timeout_s
        q[layout.Q_ATTEMPTS] = 1
        self.width = min(spec.workers, spec.max_invocations)
        self.queue: Ints = np.zeros(256, np.int64)
        self.slots: Ints = np.zeros((0, self.width), np.int64)
        self.seats: Ints = np.zeros((0, kernel.U_FIELDS), np.int64)
        self.order: Ints = np.zeros(1, np.int64)
        self.finish_at: Floats = np.zeros(64)
        self.finish_key: Ints = np.zeros(64, np.int64)
        self.finish_row: Ints = np.zeros(64, np.int64)
        self.seat_of: dict[int, int] = {}
        self.in_service = Seated()
        self.spare: list[int] = []
        self.count = 0

    def step(self, until: float, through: bool) -> int:
        desk = kernel.Desk(
            self.queue, self.slots, self.seats, self.order, self.finish_at, self.finish_key, self.finish_row
        )
        return int(kernel.backlog(float(until), through, self.lookout, self.common(), desk))

    def grow(self) -> None:
        """A longer queue, or more calls in service."""
        q, size = self.q, self.queue.size
        if q[kernel.Q_LENGTH] >= size:
            self.queue = longer(self._queued(), 2 * size, 0)
            q[kernel.Q_HEAD] = 0
        if q[layout.Q_EVENTS] >= self.finish_at.size:
            more = 2 * self.finish_at.size
            self.finish_at = longer(self.finish_at, more, 0.0)
            self.finish_key = longer(self.finish_key, more, 0)
            self.finish_row = longer(self.finish_row, more, 0)

    def _queued(self) -> Ints:
        """The rows of the queue, in its order."""
        q = self.q
        rows: Ints = self.queue[(q[kernel.Q_HEAD] + np.arange(q[kernel.Q_LENGTH])) % self.queue.size]
        return rows

    @property
    def at_once(self) -> int:
        """What an instance can be busy with at once: what utilisation divides by."""
        return self.width

    # What the fleet asks

    def open(self, number: int) -> None:
        """Give the instance a seat; it takes from the queue at this very instant."""
        if self.spare:
            seat = self.spare.pop()
        else:
            seat, self.count = self.count, self.count + 1
            self.seats, self.slots = longer(self.seats, self.count, 0), longer(self.slots, self.count, -1)
            self._room_for_finishes()
        self.seats[seat] = 0
        self.seats[seat, kernel.U_FREE], self.seats[seat, kernel.U_NUMBER] = self.width, number
        self.slots[seat] = -1
        self.seat_of[number] = seat
        self.in_service.add(number, seat)
        self._reorder()
        self._wake()

    def _room_for_finishes(self) -> None:
        """All places of all instances may be taken in one instant, beside finishes that were called off."""
        most = int(self.q[layout.Q_EVENTS]) + self.count * self.width + 1
        if self.finish_at.size < most:
            self.finish_at = longer(self.finish_at, most, 0.0)
            self.finish_key = longer(self.finish_key, most, 0)
            self.finish_row = longer(self.finish_row, most, 0)

    def _wake(self) -> None:
        self.p[layout.P_SPARE], self.q[kernel.Q_WAKE] = self.at, 1
        self._more = True

    def _reorder(self) -> None:
        self.order = self.in_service.order
        free = self.seats[self.order, kernel.U_FREE].sum() if len(self.in_service) else 0
        self.q[kernel.Q_FREE_SLOTS] = int(free)

    def close(self, number: int, at: float) -> float | None:
        """It takes nothing new and ends its calls; the kernel tells when."""
        self.in_service.drop(number)
        self._reorder()
        seat = self.seat_of[number]
        if self.seats[seat, kernel.U_FREE] == self.width:
            self.unit_ended(number)
            return at
        self.seats[seat, kernel.U_DRAINS] = 1
        return None

    def unit_ended(self, number: int) -> None:
        """The instance has left."""
        self.spare.append(self.seat_of.pop(number))

    def cut(self, number: int, at: float) -> None:
        """What it still runs returns to the queue, to the place that its entry gives it."""
        seat = self.seat_of[number]
        rows = self.slots[seat][self.slots[seat] >= 0]
        for row in rows:
            self.ran(float(self.carried[row, layout.C_START]), at)
        self.numbers[rows, layout.N_SERIAL] = -1
        self.slots[seat] = -1
        self._room_for_finishes()
        self.give_back(rows, number)

    def ran(self, begin: float, at: float) -> None:
        """A worker was busy until now, with what will have to be done again."""
        self.ledger.sums[layout.S_BUSY] += max(0.0, min(at, self.window.end_s) - max(begin, self.window.from_s))

    def give_back(self, rows: Ints, number: int) -> None:
        """Calls of an instance that is gone return to the queue, to the places that their entries give them."""
        seat = self.seat_of[number]
        self.carried[rows, layout.C_START] = math.nan
        if self.q[layout.Q_RECORD]:
            numbers = self.numbers[rows, layout.N_NUMBER]
            self.floats[numbers, layout.R_START] = math.nan
            self.ints[numbers, layout.R_INSTANCE] = self.ints[numbers, layout.R_SLOT] = -1
        q = self.q
        queued = self._queued()
        entered = np.concatenate((rows, queued[: q[kernel.Q_ENTERED]]))
        first = np.lexsort((self.numbers[entered, layout.N_NUMBER], self.carried[entered, layout.C_ENTRY]))
        whole = np.concatenate((entered[first], queued[q[kernel.Q_ENTERED] :]))
        self.queue = longer(whole, max(256, 2 << int(whole.size).bit_length()), 0)
        q[kernel.Q_HEAD], q[kernel.Q_LENGTH] = 0, whole.size
        q[kernel.Q_ENTERED] += rows.size
        q[layout.Q_BUSY] -= rows.size
        self.seats[seat, kernel.U_FREE], self.seats[seat, kernel.U_DRAINS] = self.width, 0
        self.in_service.drop(number)
        self.unit_ended(number)
        self._reorder()
        self._wake()

    def lose(self, number: int, at: float) -> None:
        """The queue still has what it ran."""
        self.cut(number, at)

    def measure(self, metric: str) -> tuple[float, int]:
        """The backlog an instance in service, or whether there is one without any instance."""
        backlog, serving = self.waiting() + self.in_process(), len(self.in_service)
        if metric == NO_CAPACITY:
            alone = int(backlog > 0 and not serving)
            return float(alone), alone
        assert metric == BACKLOG
        return backlog / max(1, serving), backlog

    def waiting(self) -> int:
        """Calls in the queue."""
        return int(self.q[kernel.Q_ENTERED])

    def in_process(self) -> int:
        """Calls in service, on draining instances too."""
        return int(self.q[layout.Q_BUSY])

    def forsake(self, at: float) -> None:
        """Calls past their time to live are expired, though no instance may ever come to take their turn."""
        kernel.forsake(self.common(), self.queue, float(at))

    def wind_up(self, stop: float) -> None:
        """Count the service of what still runs, up to the end of the run."""
        low, high = self.window.from_s, min(stop, self.window.to_s)
        for row in self.slots[: self.count].ravel():
            if row >= 0:
                begin = float(self.carried[row, layout.C_START])
                self.ledger.sums[layout.S_BUSY] += max(0.0, high - max(begin, low))
