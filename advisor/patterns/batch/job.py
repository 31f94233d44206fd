"""The arithmetic of one job: its lot, its mini-batches, and how long it takes without any chance in it.

A lot is either the profile's batch or what a stream of requests gathers between two jobs, each request an object.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from advisor.catalog.limits import limit
from advisor.rules.estimates import capacity_per_s
from advisor.workload import Workload, WorkOn

__all__ = [
    "MEGABYTE",
    "Job",
    "Lot",
    "chunked",
    "least_s",
    "lot",
    "most_instances",
    "object_bytes",
    "places",
    "records_at_once",
    "share_s",
    "together_s",
    "unit_s",
    "whole",
    "work_s",
]

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The records of one job. ``largest_bytes`` is the largest record; ``deadline_s`` infinity where none is set."""

    records: int
    record_bytes: float
    largest_bytes: float
    files: int
    every_s: float
    deadline_s: float


class Job(Protocol):
    """The settings that the arithmetic reads."""

    @property
    def instance_type(self) -> str: ...

    @property
    def instances(self) -> int: ...

    @property
    def max_payload_mb(self) -> int: ...

    @property
    def max_concurrent_transforms(self) -> int: ...

    @property
    def strategy(self) -> str: ...

    @property
    def split(self) -> str: ...

    @property
    def every_s(self) -> float: ...


def lot(w: Workload, every_s: float) -> Lot:
    """The lot of one job; ``every_s`` is the time between jobs where the profile has no batch of its own."""
    if w.batch is not None:
        batch = w.batch
        largest = w.payload.request_max_bytes if w.given("payload.request_max") else 0
        return Lot(
            records=batch.records,
            record_bytes=batch.record_bytes,
            largest_bytes=max(batch.record_bytes, largest),
            files=batch.files,
            every_s=batch.every_s,
            deadline_s=batch.deadline_s,
        )
    records = max(1, round(w.rate_per_s * every_s))
    latency = w.objective.latency
    return Lot(
        records=records,
        record_bytes=w.payload.request_bytes,
        largest_bytes=w.payload.request_max_bytes,
        files=records,
        every_s=every_s,
        deadline_s=latency[1] - every_s if latency is not None and latency[1] > every_s else math.inf,
    )


def whole(key: str) -> int:
    """A limit that AWS writes as a whole number (of MB or of things), in AWS's own unit."""
    value = limit(key).value
    assert isinstance(value, int), key
    return value


def places(on: WorkOn) -> int:
    """Mini-batches that an instance works on side by side: its workers, or the last point of its load curve."""
    return on.workers if on.at is None else max(on.at)


def object_bytes(held: Lot) -> float:
    """The mean size of an object."""
    return held.records * held.record_bytes / held.files


def records_at_once(held: Lot, d: Job) -> int:
    """Records in one mini-batch: one, or as many as fit the payload; all of an object that is not split."""
    each = math.ceil(held.records / held.files)
    if d.split == "None":
        return each
    if d.strategy == "SingleRecord" or held.record_bytes <= 0:
        return 1
    payload = (d.max_payload_mb or whole("batch.payload_default")) * MEGABYTE
    return max(1, min(each, int(payload // held.record_bytes)))


def together_s(on: WorkOn, records: int) -> float:
    """Work of a mini-batch: the sum over its records, or over the groups that the model itself takes at once."""
    batching = on.entry.batching
    if batching is None:
        return on.mean_s * records
    full, rest = divmod(records, batching.max)
    whole_groups = full * (1 + batching.marginal * (batching.max - 1))
    last_group = 1 + batching.marginal * (rest - 1) if rest else 0.0
    return on.mean_s * (whole_groups + last_group)


def unit_s(w: Workload, on: WorkOn, records: int) -> float:
    """A mini-batch with what each call costs beside its work."""
    return together_s(on, records) + float(w.assume("batch_request_overhead"))


def share_s(w: Workload, d: Job) -> float:
    """How long the busiest instance works: its objects one after another, their mini-batches side by side."""
    held, on = lot(w, d.every_s), w.work_on(d.instance_type)
    at_once = records_at_once(held, d)
    objects = math.ceil(held.files / d.instances)
    batches = math.ceil(math.ceil(held.records / held.files) / at_once)
    if on.at is not None:
        # A load curve: so many in flight, each as slow as the curve says.
        reached = max(n for n in on.at if n <= d.max_concurrent_transforms)
        pace = on.at[reached] / reached
        return objects * batches * (pace * at_once + float(w.assume("batch_request_overhead")) / reached)
    side_by_side = min(d.max_concurrent_transforms, on.workers)
    if w.assume("batch_objects_serial"):
        return objects * math.ceil(batches / side_by_side) * unit_s(w, on, at_once)
    return math.ceil(objects * batches / side_by_side) * unit_s(w, on, at_once)


def work_s(w: Workload, d: Job, instances: int) -> float:
    """The least time that so many instances need for the work alone, however it is cut: all workers always busy."""
    held, on = lot(w, d.every_s), w.work_on(d.instance_type)
    return max(held.records / (capacity_per_s(on) * instances), on.mean_s)


def least_s(w: Workload, d: Job, instances: int) -> float:
    """A bound that no setting beats: the shortest start ever seen, then the work alone."""
    return limit("batch.startup_measured_min").base + work_s(w, d, instances)


def most_instances(held: Lot) -> int:
    """The most that have something to do: one for each object, up to what AWS takes."""
    return min(held.files, whole("batch.instances_max"))


def chunked(held: Lot, d: Job) -> bool:
    """Whether the lot can only be read in chunks: with no size set, records above the largest size that may be."""
    return d.max_payload_mb == 0 and held.largest_bytes > limit("batch.payload_max").high_bytes
