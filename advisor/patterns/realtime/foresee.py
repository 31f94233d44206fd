"""What a real-time endpoint will be, by arithmetic: a fixed fleet, or one that tracks a target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.catalog.limits import limit
from advisor.patterns.foresight import Foresight, mixed, parts_of
from advisor.patterns.foresight_clock import by_clock
from advisor.patterns.foresight_endpoint import a_minute, at_once, backed_off, of_fleet
from advisor.patterns.foresight_fleet import Server
from advisor.patterns.foresight_load import Ground, ground_of, split
from advisor.patterns.foresight_scaling import Tracking
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime

__all__ = ["foresee"]


def foresee(w: Workload, d: RealTime) -> Foresight:
    """Each model has an endpoint of its own, unless one does for all."""
    ground = ground_of(w)
    return mixed(w, [(part, many, _by_clock(w, d, split(ground, part))) for part, many in parts_of(w)])


def _by_clock(w: Workload, d: RealTime, ground: Ground) -> Foresight:
    """A schedule's hours apart; without scaling it is the number itself."""

    def one(part: Ground, least: int) -> Foresight:
        return _one(w, d if d.schedule is None else _at(d, least), part)

    return by_clock(ground, d.schedule, d.min_instances, one)


def _at(d: RealTime, least: int) -> RealTime:
    """With another minimum; without scaling it is the number itself."""
    most = least if d.target is None else d.max_instances
    return replace(d, min_instances=least, max_instances=most, schedule=None)


def _one(w: Workload, d: RealTime, ground: Ground) -> Foresight:
    queue = float(w.assume("container_queue"))
    body = limit("realtime.payload_max_china") if w.region.startswith("cn-") else limit("realtime.payload_max")
    server = Server.of(
        ground.law(d.place, body.high_bytes),
        d.work_on(w),
        workers=d.workers,
        queue=queue,
        pooled=d.routing != "RANDOM",
        again_s=backed_off(w),
    )
    longest = limit("realtime.stream_timeout" if "streaming" in w.needs else "realtime.invoke_timeout")
    overhead = float(w.assume("endpoint_overhead"))
    return of_fleet(
        w,
        ground,
        server,
        _fleet(w, d, ground, server),
        overhead_s=overhead,
        limit_s=longest.base,
        refused=ground.beyond_bytes(body.high_bytes),
    )


def _fleet(w: Workload, d: RealTime, ground: Ground, server: Server) -> Tracking | int:
    if d.target is None or d.min_instances == d.max_instances:
        return d.min_instances
    fine = d.scaling == "concurrency"
    bounds = (d.min_instances, d.max_instances)
    if fine:
        load = at_once(server, w.limit("scaling.metric_period_high_resolution"))
    else:
        load = a_minute(ground, w.limit("scaling.metric_period"))
    return Tracking.of(w, d.instance_type, bounds, d.target, load, fine=fine)
