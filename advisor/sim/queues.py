"""An asynchronous endpoint, one run: one queue, a fleet that may sleep at zero."""

from __future__ import annotations

import math

import simpy

from advisor.errors import BugError
from advisor.sim.control import Fleet
from advisor.sim.deployments import Client, QueueSpec
from advisor.sim.desk import QueueStation
from advisor.sim.kernels import layout
from advisor.sim.run_record import Run
from advisor.sim.scaling import Scaling
from advisor.sim.sharing import SharingStation
from advisor.sim.station import Window, drive, window_of
from advisor.sim.timeline import billed_seconds, held_seconds
from advisor.sim.trace import Trace

__all__ = ["simulate_queue"]


def simulate_queue(
    trace: Trace,
    spec: QueueSpec,
    scaling: Scaling,
    *,
    client: Client | None = None,
    window: Window | None = None,
    columns: bool = False,
    sample_s: float | None = None,
    meter_bytes: bool = True,
) -> Run:
    """One run of an asynchronous endpoint; of the client, payload, failures and overhead count.

    Where nothing ever wakes a sleeping endpoint again, its calls are expired once their time to live is over.
    """
    client = client or Client()
    window = window or window_of(trace)
    if window.stop_s is None and scaling.lowest == 0 and math.isinf(spec.ttl_s):
        raise BugError("calls that never expire before an endpoint that may sleep for ever: give the run an end")
    env = simpy.Environment()
    kind = SharingStation if spec.batching or spec.latency_s else QueueStation
    station = kind(trace, spec, client, window, columns=columns, meter_bytes=meter_bytes)
    fleet = Fleet(env, scaling, station)
    stop = drive(env, fleet, station, sample_s=sample_s)
    span, units, ledger = (window.from_s, window.end_s), fleet.timeline.units, station.ledger
    return Run(
        ledger=station.told,
        early=station.early,
        timeline=fleet.timeline,
        window_s=span,
        stop_s=stop,
        granules={
            "instance_s": billed_seconds(units, span, stop, from_launch=scaling.bill_from_launch),
            "puts": ledger.count(layout.L_PUTS),
            **station.data(),
        },
        held_s=held_seconds(units, span, stop) * station.at_once,
        columns=station.columns() if columns else None,
    )
