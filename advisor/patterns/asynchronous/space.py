"""The asynchronous endpoints that are worth a look: types, fleets from none or some to the peak, backlog targets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.patterns.busy_hours import busy_hours
from advisor.patterns.foresight_space import beyond, counts, tidy
from advisor.rules.estimates import capacity_per_s, launch_s
from advisor.rules.first_guess import types_in_play
from advisor.rules.popularity import busiest_part
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["space"]

_BACKLOGS = (1.0, 5.0, 20.0)
_FEW = 3


def space(w: Workload) -> tuple[tuple[Asynchronous, ...], ...]:
    """Chains by the most instances that a fleet may have, and by the least; the first holds the start."""
    return tidy(_chains(w))


def _chains(w: Workload) -> Iterator[list[Asynchronous]]:
    from advisor.patterns.asynchronous.deployment import Asynchronous  # this is what builds them

    start = Asynchronous.start(w)
    zones = int(w.assume("multi_az_instances")) if "multi-az" in w.needs else 0
    quota = max(start.max_instances, int(w.limit("quota.instances_per_endpoint")))
    part, busy = busiest_part(w), busy_hours(w)
    yield [start]
    for name in types_in_play(w, "AsyncInf"):
        first = start if name == start.instance_type else Asynchronous.start_on(w, name)
        capacity = capacity_per_s(w.work_on(name))
        peak, mean = w.peak_per_s * part / capacity, w.rate_per_s * part / capacity
        numbers = counts(max(1, zones), peak, quota)
        standing = max(1, zones)
        for backlog in dict.fromkeys([first.target_backlog, *_BACKLOGS]):
            tracked = replace(first, target_backlog=backlog)
            if not zones:
                # Down to none: with more instances at most, bursts are worked off sooner.
                yield [replace(tracked, min_instances=0, max_instances=most) for most in numbers]
            yield [replace(tracked, min_instances=standing, max_instances=most) for most in numbers if most > standing]
        if busy is not None and not zones:
            # Awake by day, down to none by night.
            awake = busy.schedule(1, launch_s(w, name))
            yield [replace(first, min_instances=0, max_instances=most, schedule=awake) for most in numbers if most > 1]
        most = max(standing, math.ceil(peak))
        least = [count for count in counts(standing, max(mean, _FEW / 2), most) if count < most]
        yield [replace(first, min_instances=count, max_instances=most) for count in least]
        standing_ones = beyond(w, w.work_on(name), numbers, part)
        yield [replace(first, min_instances=count, max_instances=count) for count in standing_ones]
