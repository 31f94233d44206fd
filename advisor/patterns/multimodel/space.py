"""The multi-model endpoints that are worth a look: types, fixed and scaled fleets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.patterns.foresight_space import beyond, busiest_per_s, counts, tidy
from advisor.patterns.multimodel.cache import models_held
from advisor.rules.estimates import capacity_per_s
from advisor.rules.first_guess import types_in_play
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.multimodel.deployment import MultiModel

__all__ = ["space"]

_USES = (0.7, 0.5, 0.85)


def space(w: Workload) -> tuple[tuple[MultiModel, ...], ...]:
    """Chains by the number of instances, or by the least that a scaled fleet has; the first holds the start."""
    return tidy(_chains(w))


def _chains(w: Workload) -> Iterator[list[MultiModel]]:
    from advisor.patterns.multimodel.deployment import MultiModel, volume_gb  # this is what builds them

    start = MultiModel.start(w)
    least = int(w.assume("multi_az_instances")) if "multi-az" in w.needs else 1
    quota = max(start.max_instances, int(w.limit("quota.instances_per_endpoint")))
    yield [start]
    for name in dict.fromkeys([start.instance_type, *types_in_play(w, "Hosting")]):
        capacity = capacity_per_s(w.work_on(name))
        load = busiest_per_s(w) / capacity
        # Memory for all models is a need of its own.
        room = w.model.count / max(1, models_held(w, name)) / 2
        numbers = counts(least, max(load, room, start.min_instances / 2), quota)

        def fixed(count: int, name: str = name) -> MultiModel:
            volume = volume_gb(w, name, count)
            return MultiModel(
                instance_type=name, min_instances=count, max_instances=count, volume_gb=volume, cached=start.cached
            )

        yield [fixed(count) for count in beyond(w, w.work_on(name), numbers)]
        for use in _USES:
            high = min(quota, math.ceil(load / use - 1e-9))
            target = max(1, math.floor(capacity * use * 60))
            low = [count for count in counts(least, high / 2, high) if count < high]
            yield [replace(fixed(count), max_instances=high, scaling="invocations", target=target) for count in low]
