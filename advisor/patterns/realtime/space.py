"""The real-time endpoints that are worth a look: types, fixed, scheduled and scaled fleets, both ways of routing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.patterns.busy_hours import busy_hours
from advisor.patterns.foresight_space import beyond, busiest_per_s, counts, tidy
from advisor.rules.estimates import capacity_per_s, launch_s
from advisor.rules.first_guess import types_in_play
from advisor.rules.popularity import busiest_part
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime

__all__ = ["space"]

# The use of an instance that a scaled fleet aims at.
_USES = (0.7, 0.5, 0.85)
_ROUTINGS = ("LEAST_OUTSTANDING_REQUESTS", "RANDOM")


def space(w: Workload) -> tuple[tuple[RealTime, ...], ...]:
    """Chains by the number of instances, or by the least that a scaled fleet has. The first is the start's own.

    All have the workers that were measured: fewer at the same speed and price answer nothing sooner, and of more nobody
    knows the speed.
    """
    return tidy(_chains(w))


def _chains(w: Workload) -> Iterator[list[RealTime]]:
    from advisor.patterns.realtime.deployment import RealTime, volume_gb  # this is what builds them

    start = RealTime.start(w)
    least = int(w.assume("multi_az_instances")) if "multi-az" in w.needs else 1
    most = max(start.max_instances, int(w.limit("quota.instances_per_endpoint")))
    rate = busiest_per_s(w) * busiest_part(w)
    busy = busy_hours(w)

    def fixed(name: str, routing: str, numbers: list[int]) -> list[RealTime]:
        volume = volume_gb(w, name)
        return [
            RealTime(
                instance_type=name,
                min_instances=count,
                max_instances=count,
                routing=routing,
                workers=start.workers,
                volume_gb=volume,
            )
            for count in numbers
        ]

    def scaled(name: str, routing: str, metric: str, target: float, high: int) -> list[RealTime]:
        volume = volume_gb(w, name)
        bounds = [(low, high) for low in counts(least, high / 2, high) if low < high]
        bounds += [(bounds[-1][0], min(most, high + max(1, round(high / 4))))] if bounds else []
        return [
            RealTime(
                instance_type=name,
                min_instances=low,
                max_instances=top,
                scaling=metric,
                target=target,
                routing=routing,
                workers=start.workers,
                volume_gb=volume,
            )
            for low, top in bounds
        ]

    def kept_up(name: str, metric: str, target: float, high: int) -> list[RealTime]:
        """A fleet that scales, of which more are kept by day than its load alone would call for."""
        if busy is None:
            return []
        ahead_s = launch_s(w, name)
        return [
            replace(one, schedule=busy.schedule(kept, ahead_s))
            for one in scaled(name, _ROUTINGS[0], metric, target, high)[:1]
            for kept in counts(least + 1, high / 2, high)
            if kept < high
        ]

    def by_clock(name: str, numbers: list[int], spare: int) -> list[RealTime]:
        """By day so many, and in the other hours what their own highest rate needs of it, or a few more."""
        if busy is None:
            return []
        volume, ahead_s = volume_gb(w, name), launch_s(w, name)
        pairs = [(max(least, math.ceil(count * busy.ratio - 1e-9)) + spare, count) for count in numbers]
        return [
            RealTime(
                instance_type=name,
                min_instances=low,
                max_instances=high,
                routing=_ROUTINGS[0],
                workers=start.workers,
                volume_gb=volume,
                schedule=busy.schedule(high, ahead_s),
            )
            for low, high in pairs
            if low < high
        ]

    own = start.instance_type
    if start.target is not None:
        yield scaled(own, start.routing, start.scaling, start.target, start.max_instances)
    for name in types_in_play(w, "Hosting"):
        on = w.work_on(name)
        need = rate / capacity_per_s(on)
        numbers = counts(least, need, most)
        if name == own and start.target is None and start.min_instances not in numbers:
            numbers = sorted({*numbers, start.min_instances})
        # With random routing more than twice the need is never cheaper than fewer with the other.
        yield fixed(name, _ROUTINGS[0], beyond(w, on, numbers, busiest_part(w)))
        yield fixed(name, _ROUTINGS[1], numbers)
        for spare in (0, 1):
            yield by_clock(name, numbers, spare)
        for use in _USES:
            metric, target = aim(w, on, use)
            high = min(most, math.ceil(need / use - 1e-9))
            if high > least:
                yield scaled(name, _ROUTINGS[0], metric, target, high)
            if use == _USES[0]:
                yield kept_up(name, metric, target, high)


def aim(w: Workload, on: WorkOn, use: float) -> tuple[str, float]:
    """The metric to scale on, and its target at so much use of an instance."""
    a_minute = math.floor(capacity_per_s(on) * use * 60)
    if "streaming" in w.needs or a_minute < 1:
        return "concurrency", max(1, math.floor(on.workers * use))
    return "invocations", a_minute
