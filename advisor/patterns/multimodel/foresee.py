"""What a multi-model endpoint will be, by arithmetic: a fleet as a real-time endpoint's, and its cache of models.

A model is there with the share that Che's approximation gives for all instances' memory together; else the request
waits for its load, from S3 where the disk has it neither.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.patterns.fleet import at_best_s, busy_place
from advisor.patterns.foresight import Foresight
from advisor.patterns.foresight_clock import by_clock
from advisor.patterns.foresight_endpoint import a_minute, backed_off, of_fleet
from advisor.patterns.foresight_fleet import Server
from advisor.patterns.foresight_load import Ground, ground_of
from advisor.patterns.foresight_scaling import Tracking
from advisor.patterns.multimodel.cache import fetch_s, hit_share, models_held, open_s
from advisor.units import MONTH_S
from advisor.workload import Workload
from advisor.workload.lognormal import sigma_of_cv, z

if TYPE_CHECKING:
    from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["foresee"]

# Quantiles of a load, equally likely.
_LOADS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)


def foresee(w: Workload, d: MultiModel) -> Foresight:
    """One fleet for all models; a schedule's hours apart."""

    def one(part: Ground, least: int) -> Foresight:
        return _one(w, d if d.schedule is None else _at(d, least), part)

    ground = ground_of(w)
    return by_clock(ground, d.schedule, d.min_instances, one)


def _at(d: MultiModel, least: int) -> MultiModel:
    """With another minimum; without scaling it is the number itself."""
    most = least if d.target is None else d.max_instances
    return replace(d, min_instances=least, max_instances=most, schedule=None)


def _one(w: Workload, d: MultiModel, ground: Ground) -> Foresight:
    on = w.work_on(d.instance_type)
    places, mean_s = busy_place(on, on.workers if on.at is None else max(on.at))
    queue = float(w.assume("container_queue"))
    china = w.region.startswith("cn-")
    body = limit("realtime.payload_max_china").high_bytes if china else limit("realtime.payload_max").largest
    law = ground.law(d.instance_type, body)
    server = Server(
        law=law.scaled(mean_s / on.mean_s),
        alone=law.scaled(at_best_s(on) / on.mean_s),
        workers=places,
        at=None,
        batch=1,
        batch_wait_s=0.0,
        marginal=1.0,
        queue=queue,
        pooled=True,
        again_s=backed_off(w),
    )
    fleet: Tracking | int = d.min_instances
    if d.target is not None and d.max_instances > d.min_instances:
        period = w.limit("scaling.metric_period")
        fleet = Tracking.of(w, d.instance_type, (d.min_instances, d.max_instances), d.target, a_minute(ground, period))
    missed, fetched = _missed(w, d)
    sigma = sigma_of_cv(float(w.assume("mme_load_cv")))
    lengths = [math.exp(sigma * z(share) - sigma * sigma / 2) for share in _LOADS]
    scale = len(lengths) / math.fsum(lengths)
    misses = [
        (share / len(lengths), delay * length * scale)
        for share, delay in ((missed - fetched, open_s(w)), (fetched, open_s(w) + fetch_s(w)))
        for length in lengths
    ]
    return of_fleet(
        w,
        ground,
        server,
        fleet,
        overhead_s=float(w.assume("endpoint_overhead")),
        limit_s=limit("realtime.invoke_timeout").base,
        misses=[(share, delay) for share, delay in misses if share > 0],
        cold_share=missed,
        refused=ground.beyond_bytes(body),
    )


def _in_use(w: Workload, d: MultiModel, each: int) -> float:
    """How many instances' memories hold models: of an idle fleet the first alone, as it takes each load.

    The next one takes a load where the first has more to do. Where that is seldom, it fills over the month.
    """
    if d.min_instances == 1 or not each:
        return float(d.min_instances)
    missed = 1 - hit_share(w, each)
    mean_s = w.work_on(d.instance_type).mean_s
    busy = min(1.0, w.rate_per_s * (mean_s + missed * open_s(w)))
    held, loads = 1.0, w.rate_per_s * MONTH_S * missed
    for _ in range(1, d.min_instances):
        loads *= busy
        # Filled half-way through the month on average.
        held += -math.expm1(-loads / (2 * each))
    return held


def _missed(w: Workload, d: MultiModel) -> tuple[float, float]:
    """Shares of the requests whose model is not in memory, and not on disk either."""
    if not w.streams or w.rate_per_s <= 0:
        return 0.0, 0.0
    each = models_held(w, d.instance_type)
    missed = 1.0 if not d.cached else 1 - hit_share(w, math.floor(each * _in_use(w, d, each)))
    one = instance(d.instance_type)
    disk = one.nvme_gb * 1e9 or (d.volume_gb * 1e9 if d.volume_gb else float(w.assume("endpoint_volume")))
    on_disk = math.floor(disk / max(1, w.model.size_bytes)) * d.min_instances
    return missed, min(missed, 1 - hit_share(w, on_disk))
