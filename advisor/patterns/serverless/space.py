"""The serverless endpoints that are worth a look: memory sizes, concurrency, and how much of it is kept warm."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from advisor.patterns.busy_hours import busy_hours
from advisor.patterns.foresight_space import tidy
from advisor.patterns.serverless.load import busiest_per_s
from advisor.rules.estimates import offered, serverless_name, servers_for
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["space"]

_NEVER = 1e-6
_THROTTLED = 0.1
# Shares of the concurrency that the peak needs, and of it what may be kept warm.
_ROOM = (0.5, 0.75, 1.0, 1.5, 2.0)
_WARM = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)


def space(w: Workload) -> tuple[tuple[Serverless, ...], ...]:
    """Chains by provisioned concurrency, and by concurrency with nothing provisioned, a memory size each."""
    return tidy(_chains(w))


def _chains(w: Workload) -> Iterator[list[Serverless]]:
    from advisor.patterns.serverless.deployment import Serverless  # this is what builds them

    start = Serverless.start(w)
    step, largest = int(w.limit("serverless.memory_step")), int(w.limit("serverless.memory_max"))
    smallest, most = int(w.limit("serverless.memory_min")), int(w.limit("serverless.max_concurrency_max"))
    busy = busy_hours(w)
    needed = w.model.memory_mib + float(w.assume("serverless_container_memory"))
    sizes = [memory for memory in range(smallest, largest + 1, step) if memory >= needed]
    for memory in dict.fromkeys([start.memory_mib, *sizes]):
        load = offered(busiest_per_s(w), w.work_on(serverless_name(memory)))
        lost = max(_NEVER, _THROTTLED * w.objective.errors)
        enough = max(1, min(most, servers_for(load, lost)))
        if memory == start.memory_mib:
            enough = start.max_concurrency
        kept = sorted({math.ceil(enough * share) for share in _WARM} | ({1, 2} if enough > 2 else set()))
        yield [
            Serverless(memory_mib=memory, max_concurrency=enough, provisioned_concurrency=warm)
            for warm in kept
            if warm <= enough
        ]
        room = sorted({max(1, min(most, math.ceil(enough * share))) for share in _ROOM})
        yield [Serverless(memory_mib=memory, max_concurrency=limit) for limit in room]
        if busy is not None and w.objective.cold_starts == "avoid":
            # In the other hours as many as their own highest rate needs, in proportion.
            quiet = servers_for(load * busy.ratio, lost) / max(1, servers_for(load, lost))
            yield [
                Serverless(
                    memory_mib=memory,
                    max_concurrency=enough,
                    provisioned_concurrency=math.ceil(warm * quiet),
                    schedule=busy.schedule(warm, float(w.assume("serverless_provisioned_launch"))),
                )
                for warm in kept
                if math.ceil(warm * quiet) < warm <= enough
            ]
        wide = min(most, math.ceil(1.5 * enough))
        if w.objective.cold_starts == "avoid" and wide > enough:
            yield [
                Serverless(memory_mib=memory, max_concurrency=wide, provisioned_concurrency=warm)
                for warm in sorted({math.ceil(enough * share) for share in (0.6, 0.8, 1.0, 1.25, 1.5)})
                if warm <= wide
            ]
