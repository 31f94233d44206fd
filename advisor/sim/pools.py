"""A serverless endpoint as a station: on-demand containers, and provisioned ones as the units of a fleet."""

from __future__ import annotations

import math

import numpy as np
import simpy

from advisor.sim.control import Fleet
from advisor.sim.deployments import Client, PoolSpec
from advisor.sim.kernels import layout
from advisor.sim.kernels import pool as kernel
from advisor.sim.longer import longer
from advisor.sim.run_record import Run
from advisor.sim.scaling import UTILISATION, Scaling
from advisor.sim.station import Station, Window, drive, window_of
from advisor.sim.timeline import Lifetime, billed_seconds
from advisor.sim.trace import Trace

__all__ = ["PoolStation", "simulate_pool"]

_NONE = Scaling(initial=0, lowest=0, highest=0)


class PoolStation(Station):
    """Containers that serve one call at a time."""

    draw_kinds = 4
    foretells = True
    slot_at_start = False

    def __init__(
        self, trace: Trace, spec: PoolSpec, client: Client, window: Window, *, columns: bool, meter_bytes: bool
    ) -> None:
        self.needs = ("bytes",) if meter_bytes or math.isfinite(client.payload_max) else ()
        super().__init__(trace, client, window, mean_s=spec.mean_s, columns=columns)
        self.draws_needed.discard("route")
        p, q = self.p, self.q
        p[layout.P_COLD_MEAN], p[layout.P_KEEP_ALIVE] = spec.cold_mean_s, spec.keep_alive_s
        p[layout.P_SETUP] = round(spec.provisioned_setup_s * layout.STEPS) * layout.GRID
        q[kernel.Q_LIMIT], q[kernel.Q_SETUP_BILLED] = spec.max_concurrency, spec.setup_billed
        room = 64
        self.pool = kernel.Pool(
            np.zeros(room), np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room),
            np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros((0, 3)),
        )  # fmt: skip
        self.serving = 0

    def step(self, until: float, through: bool) -> int:
        return int(kernel.pool(float(until), through, self.lookout, self.common(), self.pool))

    def grow(self) -> None:
        """More containers, busy or idle; more lives on record."""
        w, q = self.pool, self.q
        busy, idle, size = int(q[layout.Q_EVENTS]), int(q[kernel.Q_IDLE]), w.idle_since.size
        if busy >= w.busy_at.size:
            more = 2 * w.busy_at.size
            w = w._replace(
                busy_at=longer(w.busy_at, more, 0.0), busy_key=longer(w.busy_key, more, 0),
                busy_kind=longer(w.busy_kind, more, 0),
            )  # fmt: skip
        if idle + busy >= size:
            at = (int(q[kernel.Q_IDLE_FROM]) + np.arange(idle)) % size
            since, number = np.zeros(2 * size), np.zeros(2 * size, np.int64)
            since[:idle], number[:idle] = w.idle_since[at], w.idle_number[at]
            w = w._replace(idle_since=since, idle_number=number)
            q[kernel.Q_IDLE_FROM] = 0
        if q[layout.Q_RECORD] and q[kernel.Q_MADE] >= w.lives.shape[0]:
            w = w._replace(lives=longer(w.lives, int(q[kernel.Q_MADE]) + 64, math.nan))
        self.pool = w

    # What the fleet asks: its units are provisioned containers

    def open(self, number: int) -> None:
        """One more is kept warm, and idle."""
        w, q = self.pool, self.q
        self.pool = w = w._replace(gone=longer(w.gone, number + 1, 0), warm=longer(w.warm, number + 1, 0))
        w.warm[q[kernel.Q_WARM]] = number
        q[kernel.Q_WARM] += 1
        self.serving += 1

    def close(self, number: int, at: float) -> float | None:
        """An idle one ends at once, a busy one at its finish."""
        w, q = self.pool, self.q
        w.gone[number] = 1
        self.serving -= 1
        warm = w.warm[: q[kernel.Q_WARM]]
        if number in warm:
            warm[:-1] = warm[warm != number]
            q[kernel.Q_WARM] -= 1
            return at
        q[kernel.Q_LEVEL] -= 1
        busy = slice(0, int(q[layout.Q_EVENTS]))
        mine = (w.busy_key[busy] == number) & (w.busy_kind[busy] == kernel.PROVISIONED)
        return float(w.busy_at[busy][mine][0])

    def measure(self, metric: str) -> tuple[float, int]:
        """Utilisation: the greatest number of provisioned containers busy at once since the last datapoint."""
        assert metric == UTILISATION
        q = self.q
        load = int(q[kernel.Q_PEAK])
        q[kernel.Q_PEAK] = q[kernel.Q_LEVEL]
        return load / max(1, self.serving), load

    def waiting(self) -> int:
        """Nothing waits: a call has a container or is throttled."""
        return 0

    def in_process(self) -> int:
        """Busy containers, those being set up among them."""
        return int(self.q[layout.Q_BUSY])


def simulate_pool(
    trace: Trace,
    spec: PoolSpec,
    scaling: Scaling = _NONE,
    *,
    client: Client | None = None,
    window: Window | None = None,
    columns: bool = False,
    sample_s: float | None = None,
    meter_bytes: bool = True,
) -> Run:
    """One run of a serverless endpoint; `scaling` is that of provisioned concurrency (none, where it is left out)."""
    client = client or Client()
    window = window or window_of(trace)
    env = simpy.Environment()
    station = PoolStation(trace, spec, client, window, columns=columns, meter_bytes=meter_bytes)
    fleet = Fleet(env, scaling, station)
    stop = drive(env, fleet, station, sample_s=sample_s)
    span = (window.from_s, window.end_s)
    ledger = station.ledger
    return Run(
        ledger=station.told,
        early=station.early,
        timeline=fleet.timeline,
        window_s=span,
        stop_s=stop,
        granules={
            "on_demand_ms": ledger.count(layout.L_ON_DEMAND_MS),
            "provisioned_ms": ledger.count(layout.L_PROVISIONED_MS),
            "provisioned_s": billed_seconds(fleet.timeline.units, span, stop, from_launch=scaling.bill_from_launch),
            **station.data(),
        },
        held_s=(span[1] - span[0]) * spec.max_concurrency,
        columns=station.columns() if columns else None,
        containers=tuple(_lives(station, stop)) if columns else (),
    )


def _lives(station: PoolStation, stop: float) -> list[Lifetime]:
    """The lives of on-demand containers, as far as the run went."""
    made = int(station.q[kernel.Q_MADE])
    lives = station.pool.lives[:made].copy()
    lives[lives > stop] = math.nan
    return [
        Lifetime(number=number, launch=float(launch), ready=float(ready), end=float(end))
        for number, (launch, ready, end) in enumerate(lives)
    ]
