"""How fast a job's instances work: mini-batches side by side, what a record takes in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.patterns.batch.job import lot, records_at_once, together_s
from advisor.patterns.fleet import busy_place
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["served"]


def served(w: Workload, d: BatchTransform) -> tuple[int, float, float | None]:
    """Mini-batches side by side, seconds of a mean record, and what one more record adds where a batch is one call.

    A model that takes fewer at once than a mini-batch holds works it off group by group, each record at its share.
    """
    on = w.work_on(d.instance_type)
    batching = on.entry.batching
    if on.at is not None:
        return *busy_place(on, d.max_concurrent_transforms), None
    if batching is None:
        return on.workers, on.mean_s, None
    if records_at_once(lot(w, d.every_s), d) <= batching.max:
        return on.workers, on.mean_s, batching.marginal
    return on.workers, together_s(on, batching.max) / batching.max, None
