"""A real-time fleet as a station: seats for instances, the kernel of workers, and the run as one call."""

from __future__ import annotations

import math

import numpy as np
import simpy

from advisor.sim.control import Fleet
from advisor.sim.deployments import LEAST_OUTSTANDING, RANDOM, Client, FleetSpec, Workers
from advisor.sim.events import EventStation
from advisor.sim.kernels import Floats, Ints, layout
from advisor.sim.kernels.fleet import fleet as fleet_kernel
from advisor.sim.longer import longer
from advisor.sim.run_record import Run
from advisor.sim.scaling import CONCURRENCY, Scaling
from advisor.sim.seated import Seated
from advisor.sim.station import Station, Window, drive, window_of
from advisor.sim.timeline import billed_seconds, held_seconds
from advisor.sim.trace import Trace

__all__ = ["FleetStation", "simulate_fleet"]

# How many may wait on one instance before its ring is made wider; a power of two, as every width is.
_RING = 16


class FleetStation(Station):
    """Instances of workers with a queue each; an attempt is settled as it arrives."""

    foretells = True

    def __init__(
        self,
        trace: Trace,
        spec: FleetSpec,
        client: Client,
        window: Window,
        *,
        track: bool,
        columns: bool,
        meter_bytes: bool,
    ) -> None:
        assert isinstance(spec.server, Workers)
        sized = ("bytes",) if meter_bytes or math.isfinite(client.payload_max) else ()
        self.needs = (*sized, "route") if spec.routing == RANDOM else sized
        super().__init__(trace, client, window, mean_s=spec.server.mean_s, columns=columns)
        if spec.routing != RANDOM:
            self.draws_needed.discard("route")
        q = self.q
        q[layout.Q_WORKERS], q[layout.Q_QUEUE_LIMIT] = spec.server.workers, spec.container_queue
        q[layout.Q_ROUTING], q[layout.Q_TRACK] = int(spec.routing == LEAST_OUTSTANDING), track
        q[layout.Q_RUNS_ON] = spec.timed_out_runs_on
        self.seat_of: dict[int, int] = {}
        self.in_service = Seated()
        self.closing: dict[int, float] = {}  # seats of draining instances, until they end
        self.spare: list[int] = []
        self.seats = 0
        workers = spec.server.workers
        self.free_at: Floats = np.zeros((0, workers))
        self.ring: Floats = np.zeros((0, _RING))
        self.ring_head: Ints = np.zeros(0, np.int64)
        self.ring_length: Ints = np.zeros(0, np.int64)
        self.order: Ints = np.zeros(1, np.int64)
        self.named: Ints = np.zeros(0, np.int64)
        self.outstanding: Ints = np.zeros(0, np.int64)
        self.peak: Ints = np.zeros(0, np.int64)
        self.event_at: Floats = np.zeros(256)
        self.event_key: Ints = np.zeros(256, np.int64)
        self.event_seat: Ints = np.zeros(256, np.int64)

    def step(self, until: float, through: bool) -> int:
        # There is a call a control instant: what it hands over is put together only where some of it is new.
        if not self.handed:
            self.handed = (
                self.p, self.q, self.counts, self.sums, self.bins,
                self.arrivals, self.works, self.bytes_in, self.bytes_out, self.route, self.lucks, self.keys,
                self.draws_of,
                self.sleep, self.free_rows, self.carried, self.numbers, self.draws,
                self.free_at, self.ring, self.ring_head, self.ring_length, self.order, self.named,
                self.outstanding, self.peak, self.event_at, self.event_key, self.event_seat, self.floats, self.ints,
            )  # fmt: skip
        return int(fleet_kernel(float(until), through, self.lookout, *self.handed))

    def grow(self) -> None:
        """More finishes to track, or a wider ring of those that wait."""
        if self.q[layout.Q_EVENTS] >= self.event_at.size:
            size = 2 * self.event_at.size
            self.event_at = longer(self.event_at, size, 0.0)
            self.event_key = longer(self.event_key, size, 0)
            self.event_seat = longer(self.event_seat, size, 0)
        width = self.ring.shape[1]
        if self.ring_length.size and self.ring_length.max() >= width:
            new = np.zeros((self.ring.shape[0], 2 * width))
            for seat, (head, length) in enumerate(zip(self.ring_head, self.ring_length, strict=True)):
                new[seat, :length] = self.ring[seat, (head + np.arange(length)) % width]
            self.ring_head[:] = 0
            self.ring = new

    # What the fleet asks

    def open(self, number: int) -> None:
        """Give the instance a seat: one whose last instance has ended, or a new one."""
        self._pass_finishes()
        self.spare += [seat for seat, end in self.closing.items() if end <= self.at]
        self.closing = {seat: end for seat, end in self.closing.items() if end > self.at}
        if self.spare:
            seat = self.spare.pop()
        else:
            seat, rows = self.seats, self.seats + 1
            self.seats = rows
            self.free_at = longer(self.free_at, rows, 0.0)
            self.ring = longer(self.ring, rows, 0.0)
            self.ring_head = longer(self.ring_head, rows, 0)
            self.ring_length = longer(self.ring_length, rows, 0)
            self.named = longer(self.named, rows, 0)
            self.outstanding = longer(self.outstanding, rows, 0)
            self.peak = longer(self.peak, rows, 0)
        self.free_at[seat] = 0.0
        self.ring_length[seat] = self.peak[seat] = self.outstanding[seat] = 0
        self.named[seat] = number
        self.seat_of[number] = seat
        self.in_service.add(number, seat)
        self._reorder()

    def _reorder(self) -> None:
        self.order = self.in_service.order
        self.q[layout.Q_SERVING] = len(self.in_service)
        self.handed = ()

    def close(self, number: int, at: float) -> float | None:
        """It finishes its queue: the end is known."""
        seat = self.seat_of.pop(number)
        self.in_service.drop(number)
        end = max(at, float(self.free_at[seat].max()), self._last_leave(seat))
        self.closing[seat] = end
        self._reorder()
        return end

    def _last_leave(self, seat: int) -> float:
        """The last of those that wait leaves then (later than the last finish only where the client's limit frees)."""
        length = int(self.ring_length[seat])
        if not length:
            return 0.0
        return float(self.ring[seat, (self.ring_head[seat] + length - 1) % self.ring.shape[1]])

    def measure(self, metric: str) -> tuple[float, int]:
        """The concurrency metric: the most in flight and waiting since the last datapoint, over instances."""
        assert metric == CONCURRENCY
        self._pass_finishes()
        serving = int(self.q[layout.Q_SERVING])
        load = int(self.peak[self.order[:serving]].sum())
        self.peak[:] = self.outstanding
        return load / max(1, serving), load

    def _pass_finishes(self) -> None:
        """Count down what has finished by now: the kernel does so at the next arrival only."""
        events = int(self.q[layout.Q_EVENTS])
        gone = self.event_at[:events] <= self.at
        if gone.any():
            np.subtract.at(self.outstanding, self.event_seat[:events][gone], 1)
            kept = np.lexsort((self.event_key[:events][~gone], self.event_at[:events][~gone]))
            for column in (self.event_at, self.event_key, self.event_seat):
                column[: kept.size] = column[:events][~gone][kept]
            self.q[layout.Q_EVENTS] = kept.size

    def waiting(self) -> int:
        """Those whose turn comes later."""
        width = self.ring.shape[1]
        seats = [*self.seat_of.values(), *self.closing]
        return sum(
            int((self.ring[seat, (self.ring_head[seat] + np.arange(self.ring_length[seat])) % width] > self.at).sum())
            for seat in seats
        )

    def in_process(self) -> int:
        """Busy workers."""
        seats = [*self.seat_of.values(), *self.closing]
        return int((self.free_at[seats] > self.at).sum())


def simulate_fleet(
    trace: Trace,
    spec: FleetSpec,
    scaling: Scaling,
    *,
    client: Client | None = None,
    window: Window | None = None,
    columns: bool = False,
    sample_s: float | None = None,
    meter_bytes: bool = True,
    by_events: bool = False,
) -> Run:
    """One run of a real-time endpoint.

    Without `meter_bytes` sizes are not drawn; `by_events` takes the general kernel also where the fast one would do.
    """
    client = client or Client()
    window = window or window_of(trace)
    concurrency = any(policy.metric == CONCURRENCY for policy in scaling.policies)
    simple = isinstance(spec.server, Workers) and spec.server.batching is None and not scaling.losses
    env = simpy.Environment()
    station: FleetStation | EventStation
    if simple and not by_events:
        track = concurrency or spec.routing == LEAST_OUTSTANDING
        station = FleetStation(trace, spec, client, window, track=track, columns=columns, meter_bytes=meter_bytes)
    else:
        station = EventStation(trace, spec, client, window, columns=columns, meter_bytes=meter_bytes)
    fleet = Fleet(env, scaling, station)
    stop = drive(env, fleet, station, sample_s=sample_s)
    span = (window.from_s, window.end_s)
    units = fleet.timeline.units
    slots = spec.server.workers if isinstance(spec.server, Workers) else len(spec.server.latency_s)
    return Run(
        ledger=station.told,
        early=station.early,
        timeline=fleet.timeline,
        window_s=span,
        stop_s=stop,
        granules={
            "instance_s": billed_seconds(units, span, stop, from_launch=scaling.bill_from_launch),
            **station.data(),
        },
        held_s=held_seconds(units, span, stop) * slots,
        columns=station.columns() if columns else None,
    )
