"""A multi-model endpoint as a station: a fleet whose instances hold a changing set of models.

What AWS does not say, and this does: on a load curve the calls of all models on an instance share its accelerator and
progress together; a batch is made of calls of one model only, and a worker that is free takes the first batch that may
begin, whichever model's (a model server keeps one batch in the making for each model it holds). With the model cache
disabled each call has a copy of its model to itself, so that no batch holds more than one.
"""

from __future__ import annotations

import math

import numpy as np
import simpy

from advisor.sim.control import Fleet
from advisor.sim.deployments import CacheSpec, Client
from advisor.sim.kernels import Floats, Ints, layout, shelf
from advisor.sim.kernels.endings import lose
from advisor.sim.kernels.models import models
from advisor.sim.kernels.state import E_LIMIT_HEAD, E_LIMITS, E_SIZE, Events
from advisor.sim.longer import longer
from advisor.sim.run_record import Run
from advisor.sim.scaling import CONCURRENCY, Scaling
from advisor.sim.seated import Seated
from advisor.sim.station import Station, Window, drive, window_of
from advisor.sim.timeline import billed_seconds, held_seconds
from advisor.sim.trace import Trace

__all__ = ["CacheStation", "simulate_cache"]

_LOADS = 128


class CacheStation(Station):
    """Instances with workers, a memory full of models and a disk full of files."""

    draw_kinds = 5

    def __init__(
        self, trace: Trace, spec: CacheSpec, client: Client, window: Window, *, columns: bool, meter_bytes: bool
    ) -> None:
        self.needs = ("bytes", "model") if meter_bytes or math.isfinite(client.payload_max) else ("model",)
        super().__init__(trace, client, window, mean_s=spec.mean_s, columns=columns)
        # Nobody is routed by lot, and every call starts warm or waits for a load.
        self.draws_needed -= {"route", "cold"}
        p, q = self.p, self.q
        p[shelf.P_CACHE], p[shelf.P_DISK] = spec.cache_mib, spec.disk_bytes
        p[shelf.P_DOWNLOAD_RATE], p[shelf.P_INTO_RATE] = spec.download_bytes_per_s, spec.into_memory_bytes_per_s
        p[shelf.P_LOAD_LIMIT], p[layout.P_SPARE] = spec.load_limit_s, -1.0
        q[shelf.Q_PARALLEL], q[shelf.Q_SPILL] = spec.parallel_loads, spec.spill_depth
        q[shelf.Q_CACHED], q[layout.Q_QUEUE_LIMIT] = spec.cache_enabled, spec.container_queue
        count, self.parallel = len(spec.models), spec.parallel_loads
        whole = (0, count)
        loads = np.zeros((_LOADS, shelf.O_FIELDS), np.int64)
        depth, self.at_once = len(spec.latency_s), len(spec.latency_s) or spec.workers
        q[shelf.Q_KIND] = shelf.CURVE if depth else shelf.BATCHES if spec.batching else shelf.PLAIN
        if spec.batching:
            q[shelf.Q_MOST] = spec.batching.most
            p[layout.P_WAIT], p[layout.P_MARGINAL] = spec.batching.wait_s, spec.batching.marginal
        self.shelf = shelf.Shelf(
            seats=np.zeros((0, shelf.T_FIELDS), np.int64), clocks=np.zeros((0, shelf.V_FIELDS)),
            slots=np.zeros((0, spec.workers), np.int64), flags=np.zeros(whole, np.int64),
            used=np.zeros(whole, np.int64), load_of=np.zeros(whole, np.int64), last_used=np.zeros(whole),
            older=np.zeros(whole, np.int64), newer=np.zeros(whole, np.int64),
            size=np.array([float(model.size_bytes) for model in spec.models]),
            memory=np.array([float(model.memory_mib) for model in spec.models]),
            loads=loads, times=np.zeros((_LOADS, shelf.M_FIELDS)), free=np.arange(_LOADS)[::-1].copy(),
            target=np.zeros((0, self.parallel)), admitted=np.zeros((0, self.parallel), np.int64),
            download=np.zeros((0, self.parallel), np.int64), at=np.zeros(256), key=np.zeros(256, np.int64),
            value=np.zeros(256, np.int64), limit_at=np.zeros(256), limit_load=np.zeros(256, np.int64),
            limit_serial=np.zeros(256, np.int64), order=np.zeros(1, np.int64), touched=np.zeros(0, np.int64),
            latency=np.array(spec.latency_s, dtype=np.float64), curve_at=np.zeros((0, depth)),
            curve_key=np.zeros((0, depth), np.int64), curve_row=np.zeros((0, depth), np.int64),
            queued=np.zeros(whole, np.int64),
            record=np.zeros((0, 5)), z=np.zeros(shelf.Z_FIELDS, np.int64),
        )  # fmt: skip
        self.shelf.z[shelf.Z_FREE] = _LOADS
        self.events = Events(
            np.zeros(256), np.zeros(256, np.int64), np.zeros(256, np.int64),
            np.zeros(256), np.zeros(256, np.int64), np.zeros(256, np.int64), np.zeros(8, np.int64),
        )  # fmt: skip
        self.seat_of: dict[int, int] = {}
        self.in_service = Seated()
        self.spare: list[int] = []
        self.count = 0

    def step(self, until: float, through: bool) -> int:
        return int(models(float(until), through, self.lookout, self.common(), self.events, self.shelf))

    def grow(self) -> None:
        """More finishes, limits, loads, or lines of the record."""
        e, m = self.events, self.shelf
        starts, loads = m.slots.shape[1] + 2, 2 * self.parallel + 2
        if e.q[E_SIZE] + starts >= e.at.size:
            size = 2 * (e.at.size + starts)
            e = e._replace(at=longer(e.at, size, 0.0), key=longer(e.key, size, 0), value=longer(e.value, size, 0))
        if e.q[E_LIMITS] >= e.limit_at.size:
            at, row, call = _straight(e.q, E_LIMIT_HEAD, int(e.q[E_LIMITS]), e.limit_at, e.limit_row, e.limit_call)
            e = e._replace(limit_at=at, limit_row=row, limit_call=call)
        if m.z[shelf.Z_FREE] < 2:
            old = m.loads.shape[0]
            free = longer(m.free, 2 * old, 0)
            held = int(m.z[shelf.Z_FREE])
            free[held : held + old] = np.arange(old, 2 * old)[::-1]
            m = m._replace(loads=longer(m.loads, 2 * old, 0), times=longer(m.times, 2 * old, 0.0), free=free)
            m.z[shelf.Z_FREE] += old
        if m.z[shelf.Z_EVENTS] + loads >= m.at.size:
            size = 2 * (m.at.size + loads)
            m = m._replace(at=longer(m.at, size, 0.0), key=longer(m.key, size, 0), value=longer(m.value, size, 0))
        while m.z[shelf.Z_LIMITS] + loads >= m.limit_at.size:
            held = int(m.z[shelf.Z_LIMITS])
            at, load, serial = _straight(m.z, shelf.Z_LIMIT_HEAD, held, m.limit_at, m.limit_load, m.limit_serial)
            m = m._replace(limit_at=at, limit_load=load, limit_serial=serial)
        if self.q[layout.Q_RECORD] and self.q[shelf.Q_LOADED] + 2 >= m.record.shape[0]:
            m = m._replace(record=longer(m.record, int(self.q[shelf.Q_LOADED]) + 64, math.nan))
        self.events, self.shelf = e, m

    # What the fleet asks

    def open(self, number: int) -> None:
        """Give the instance a seat; it holds nothing yet."""
        m = self.shelf
        if self.spare:
            seat = self.spare.pop()
        else:
            seat, self.count = self.count, self.count + 1
            rows = self.count
            self.shelf = m = m._replace(
                seats=longer(m.seats, rows, 0), clocks=longer(m.clocks, rows, math.inf),
                slots=longer(m.slots, rows, -1),
                flags=longer(m.flags, rows, 0), used=longer(m.used, rows, 0), load_of=longer(m.load_of, rows, -1),
                last_used=longer(m.last_used, rows, 0.0), older=longer(m.older, rows, -1),
                newer=longer(m.newer, rows, -1), target=longer(m.target, rows, 0.0),
                admitted=longer(m.admitted, rows, 0), download=longer(m.download, rows, 0),
                touched=longer(m.touched, rows, 0), curve_at=longer(m.curve_at, rows, 0.0),
                curve_key=longer(m.curve_key, rows, 0), curve_row=longer(m.curve_row, rows, 0),
                queued=longer(m.queued, rows, 0),
            )  # fmt: skip
        touched = m.seats[seat, shelf.T_TOUCHED]
        m.seats[seat] = 0
        m.seats[seat, shelf.T_TOUCHED], m.seats[seat, shelf.T_NUMBER] = touched, number
        m.seats[seat, shelf.T_PENDING] = m.seats[seat, shelf.T_VERSION] = -1
        m.clocks[seat], m.slots[seat] = 0.0, -1
        m.clocks[seat, shelf.V_NEXT], m.queued[seat] = math.inf, 0
        m.flags[seat], m.used[seat], m.load_of[seat], m.last_used[seat] = 0, 0, -1, 0.0
        self.seat_of[number] = seat
        self.in_service.add(number, seat)
        self._reorder()

    def _reorder(self) -> None:
        self.shelf = self.shelf._replace(order=self.in_service.order)
        self.q[layout.Q_SERVING] = len(self.in_service)

    def _held(self, seat: int) -> int:
        row = self.shelf.seats[seat]
        return int(row[shelf.T_LENGTH] + row[shelf.T_RUNNING] + row[shelf.T_EXPECT])

    def close(self, number: int, at: float) -> float | None:
        """It finishes its queue, loading on for those who wait; the kernel tells when."""
        self.in_service.drop(number)
        self._reorder()
        seat = self.seat_of[number]
        if self._held(seat) == 0:
            self.lose(number, at)
            return at
        self.shelf.seats[seat, shelf.T_DRAINS] = 1
        return None

    def unit_ended(self, number: int) -> None:
        """The instance has left."""
        self.spare.append(self.seat_of.pop(number))

    def lose(self, number: int, at: float) -> None:
        """All on it has failed, its loads are over."""
        lose(self.common(), self.shelf, self.seat_of[number], at)
        self.in_service.drop(number)
        self.unit_ended(number)
        self._reorder()

    def measure(self, metric: str) -> tuple[float, int]:
        """The concurrency metric: the most outstanding since the last datapoint, over instances."""
        assert metric == CONCURRENCY
        m, serving = self.shelf, int(self.q[layout.Q_SERVING])
        load = int(m.seats[m.order[:serving], shelf.T_PEAK].sum())
        held = m.seats[:, [shelf.T_LENGTH, shelf.T_RUNNING, shelf.T_EXPECT]].sum(axis=1)
        m.seats[:, shelf.T_PEAK] = held
        return load / max(1, serving), load

    def waiting(self) -> int:
        """Those that wait for a worker or a load."""
        return int(self.shelf.seats[: self.count, [shelf.T_LENGTH, shelf.T_EXPECT]].sum())

    def in_process(self) -> int:
        """Those in service."""
        return int(self.shelf.seats[: self.count, shelf.T_RUNNING].sum())

    def wind_up(self, stop: float) -> None:
        """Count the service of what still runs, up to the end of the run."""
        low, high = self.window.from_s, min(stop, self.window.to_s)
        m = self.shelf
        slots = [row for row in m.slots[: self.count].ravel() if row >= 0]
        if self.q[shelf.Q_KIND] == shelf.CURVE:
            seats = self.seat_of.values()
            slots = [row for seat in seats for row in m.curve_row[seat, : m.seats[seat, shelf.T_RUNNING]]]
        for row in slots:
            begin = float(self.carried[row, layout.C_START])
            self.ledger.sums[layout.S_BUSY] += max(0.0, high - max(begin, low))

    def loads(self) -> list[tuple[int, int, float, float, float]]:
        """(instance, model, asked, begun, in memory) of every load asked for, by instance."""
        lines = self.shelf.record[: int(self.q[shelf.Q_LOADED])]
        at = np.argsort(lines[:, 0], kind="stable")
        return [(int(one[0]), int(one[1]), float(one[2]), float(one[3]), float(one[4])) for one in lines[at]]


def _straight(q: Ints, head: int, held: int, at: Floats, one: Ints, other: Ints) -> tuple[Floats, Ints, Ints]:
    """A ring of three columns laid out from its head, twice as long."""
    places, size = (int(q[head]) + np.arange(held)) % at.size, 2 * at.size
    q[head] = 0
    return longer(at[places], size, 0.0), longer(one[places], size, 0), longer(other[places], size, 0)


def simulate_cache(
    trace: Trace,
    spec: CacheSpec,
    scaling: Scaling,
    *,
    client: Client | None = None,
    window: Window | None = None,
    columns: bool = False,
    sample_s: float | None = None,
    meter_bytes: bool = True,
) -> Run:
    """One run of a multi-model endpoint."""
    client = client or Client()
    window = window or window_of(trace)
    env = simpy.Environment()
    station = CacheStation(trace, spec, client, window, columns=columns, meter_bytes=meter_bytes)
    fleet = Fleet(env, scaling, station)
    stop = drive(env, fleet, station, sample_s=sample_s)
    span, units = (window.from_s, window.end_s), fleet.timeline.units
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
        held_s=held_seconds(units, span, stop) * station.at_once,
        columns=station.columns() if columns else None,
        loads=tuple(station.loads()) if columns else (),
    )
