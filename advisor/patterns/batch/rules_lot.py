"""Batch transform: records, mini-batches and objects against what a job takes, and the time of one call."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.patterns.batch.job import MEGABYTE, chunked, lot, object_bytes, records_at_once, unit_s, whole
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import longest_s, percentile_s
from advisor.rules.figures import told
from advisor.rules.of_time import borrowed_mean_within, curve_falls, mean_within
from advisor.units import MIB, show_bytes, show_count, show_duration, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["RULES"]


def _lot(records: str = "1 million", size: str = "2 KB", files: int = 50, rest: str = "") -> str:
    lines = f"{{records: {records}, record_size: {size}, files: {files}, every: 1 day, deadline: 20 hours}}"
    return f"traffic: null\nbatch: {lines}{rest}"


def _quota_volume() -> str:
    """The larger figure that AWS gives for a job's volume."""
    other = limit("batch.volume_gb").alternatives[0]
    return f"{other.value} {other.unit}"


def _type(d: Any) -> str:
    return str(d.instance_type)


_DISKS = "AWS developer guide, batch transform storage, 2026"
_SLOW = "\nwork: [{on: ml.m5.large, mean: 2 s, cv: 0.2, workers: 2}]"

_SHARED: tuple[Rule[Any], ...] = (
    mean_within(
        "BT-23",
        "batch.timeout_max",
        _type,
        title="A job ends a call to the container after {batch.timeout_max} at the latest.",
        reason="No longer time-out can be set, so that a record that takes longer never succeeds.",
        mend="cut the records into parts, take a faster type, or run a processing job",
        passes=_lot("20", "2 KB", 10, "\nwork: [{on: ml.m5.large, mean: 50 min, cv: 0.2, workers: 2}]"),
        fails=_lot("20", "2 KB", 10, "\nwork: [{on: ml.m5.large, mean: 70 min, cv: 0.2, workers: 2}]"),
    ),
    borrowed_mean_within(
        "BT-53",
        "batch.timeout_max",
        _type,
        title="A record whose time was not measured here may run into {batch.timeout_max}, the longest time-out.",
        reason="The time is borrowed from another type, so that a measurement may show that it is in time.",
        mend="measure it on this type, cut the records into parts, or take a faster type",
        passes=_lot("20", "2 KB", 10, "\nwork: [{on: ml.m5.large, mean: 50 min, cv: 0.2, workers: 2}]"),
        passes_set="instance_type=ml.m5.xlarge",
        fails=_lot("20", "2 KB", 10, "\nwork: [{on: ml.m5.large, mean: 70 min, cv: 0.2, workers: 2}]"),
        fails_set="instance_type=ml.m5.xlarge",
    ),
    curve_falls(
        "BT-28",
        _type,
        passes=_lot(rest="\nwork: [{on: ml.m5.large, at: {1: 100 ms, 4: 300 ms}}]"),
        fails=_lot(rest="\nwork: [{on: ml.m5.large, at: {1: 100 ms, 4: 500 ms}}]"),
    ),
)


@rule("BT-14", BLOCKS, where="deployment.max_concurrent_transforms", reads=("batch.payload_times_concurrency_max",),
      facts=2,
      passes=_lot(), passes_set="max_payload=25, max_concurrent_transforms=4",
      fails=_lot(), fails_set="max_payload=25, max_concurrent_transforms=5")  # fmt: skip
def product_allowed(w: Workload, d: BatchTransform) -> Ill | None:
    """MaxConcurrentTransforms times MaxPayloadInMB is at most {batch.payload_times_concurrency_max}.

    The API refuses a job that breaks this, whatever the instance could take.
    """
    most = whole("batch.payload_times_concurrency_max")
    product = d.max_concurrent_transforms * d.max_payload_mb
    if product <= most:
        return None
    return Ill(
        f"{d.max_concurrent_transforms} at once with {d.max_payload_mb} MB each are {product} MB, and AWS takes "
        f"{told(w, 'batch.payload_times_concurrency_max')}",
        mend=f"give max_concurrent_transforms={max(1, most // d.max_payload_mb)}, or "
        f"max_payload={max(1, most // d.max_concurrent_transforms)}",
    )


@rule("BT-15", BLOCKS, where="deployment.max_payload_mb", reads=("batch.payload_min", "batch.payload_max"),
      passes=_lot(), passes_set="max_payload=100 MB, max_concurrent_transforms=1",
      fails=_lot(), fails_set="max_payload=101 MB, max_concurrent_transforms=1")  # fmt: skip
def payload_allowed(w: Workload, d: BatchTransform) -> Ill | None:
    """MaxPayloadInMB is between {batch.payload_min} and {batch.payload_max}."""
    if d.max_payload_mb * MEGABYTE <= limit("batch.payload_max").base:
        return None
    return Ill(
        f"max_payload is {d.max_payload_mb} MB, and AWS takes {told(w, 'batch.payload_max')}",
        mend="give max_payload=100 or less",
    )


@rule("BT-16", BLOCKS, where="batch.record_size", reads=("batch.payload_max",), facts=3,
      passes=_lot("1000", "110 MB", 50), passes_set="max_payload=0",
      fails=_lot("1000", "110 MB", 50), fails_set="max_payload=100, max_concurrent_transforms=1")  # fmt: skip
def record_fits(w: Workload, d: BatchTransform) -> Ill | None:
    """A job with a payload size set sends no record over {batch.payload_max}.

    No size that can be set takes more in one call. With MaxPayloadInMB 0 objects of any size go in chunks.
    """
    held = lot(w, d.every_s)
    if held.largest_bytes <= limit("batch.payload_max").high_bytes or d.max_payload_mb == 0:
        return None
    return Ill(
        f"records reach {show_bytes(held.largest_bytes)}, and a call takes {told(w, 'batch.payload_max')}",
        mend="send them in chunks (max_payload=0) to a container that reads those, cut the records into parts, or "
        "use asynchronous inference",
        path="batch.record_size" if w.has_batch else "payload.request_max",
    )


@rule("BT-52", WARNS, where="batch.record_size", reads=("batch.payload_max", "batch.chunked_built_in"), facts=3,
      passes=_lot("1000", "90 MB", 50), fails=_lot("1000", "110 MB", 50), fails_set="max_payload=0")  # fmt: skip
def large_records_come_in_chunks(w: Workload, d: BatchTransform) -> Ill | None:
    """Records over {batch.payload_max} reach the container in chunks.

    MaxPayloadInMB 0 sends a body of any size with chunked encoding. AWS's built-in algorithms do not read that, and a
    container of your own does only if its server was written for it.
    """
    held = lot(w, d.every_s)
    if not chunked(held, d):
        return None
    return Ill(
        f"records reach {show_bytes(held.largest_bytes)} and go in chunks, which the {w.model.framework} container "
        f"must read",
        mend="try one such record in the container, cut the records into parts, or use asynchronous inference",
        path="batch.record_size" if w.has_batch else "payload.request_max",
    )


@rule("BT-17", WARNS, where="batch.record_size", reads=("batch.payload_max",), facts=2,
      passes=_lot("1000", "99 MB", 50), fails=_lot("1000", "103 MB", 50))  # fmt: skip
def record_clearly_fits(w: Workload, d: BatchTransform) -> Ill | None:
    """A record of about {batch.payload_max} may be refused.

    AWS writes the limit in MB and does not say whether a MB has 1000 or 1024 KB.
    """
    held, most = lot(w, d.every_s), limit("batch.payload_max")
    if not most.low_bytes < held.largest_bytes <= most.high_bytes or d.max_payload_mb == 0:
        return None
    return Ill(
        f"records reach {show_bytes(held.largest_bytes)}: above {told(w, 'batch.payload_max')} in thousands, within "
        f"it in 1024s",
        mend="keep records below 100,000,000 bytes, or try one of that size before relying on it",
        path="batch.record_size" if w.has_batch else "payload.request_max",
    )


@rule("BT-18", BLOCKS, where="deployment.max_payload_mb", reads=("batch.payload_default",), facts=3,
      passes=_lot("1000", "8 MB", 50), passes_set="max_payload=8, max_concurrent_transforms=2",
      fails=_lot("1000", "8 MB", 50), fails_set="max_payload=6, max_concurrent_transforms=2")  # fmt: skip
def record_fits_setting(w: Workload, d: BatchTransform) -> Ill | None:
    """A record above MaxPayloadInMB fails, and its object with it.

    Where nothing is set, that is {batch.payload_default}.
    """
    held = lot(w, d.every_s)
    if (
        d.max_payload_mb == 0
        or held.largest_bytes <= d.max_payload_mb * MIB
        or held.largest_bytes > limit("batch.payload_max").high_bytes
    ):
        return None
    return Ill(
        f"records reach {show_bytes(held.largest_bytes)}, and max_payload is {d.max_payload_mb} MB",
        mend=f"give max_payload={math.ceil(held.largest_bytes / MEGABYTE)}, with fewer at once where the product "
        f"asks for it",
    )


@rule("BT-19", BLOCKS, where="deployment.split", reads=("batch.split_default", "batch.payload_max"), facts=4,
      passes=_lot(), passes_set="split=Line", fails=_lot(), fails_set="split=None")  # fmt: skip
def whole_object_fits(w: Workload, d: BatchTransform) -> Ill | None:
    """An object that is not split goes in one call as a whole.

    SplitType is {batch.split_default} unless set: then the whole object is one request, however many records it holds.
    """
    held = lot(w, d.every_s)
    size = object_bytes(held)
    if d.split != "None" or d.max_payload_mb == 0 or held.files >= held.records or size <= d.max_payload_mb * MIB:
        return None
    return Ill(
        f"an object of {show_count(held.records / held.files)} records has {show_bytes(round(size))}, and "
        f"max_payload is {d.max_payload_mb} MB",
        mend="split by line or record (split=Line, RecordIO or TFRecord), or write smaller objects",
    )


@rule("BT-20", NOTES, where="deployment.strategy", reads=("batch.split_default", "batch.strategies"), facts=2,
      passes=_lot(), passes_set="split=Line, strategy=MultiRecord",
      fails=_lot("1000", "2 KB", 1000), fails_set="split=None, strategy=MultiRecord")  # fmt: skip
def strategy_needs_split(w: Workload, d: BatchTransform) -> Ill | None:
    """MultiRecord joins records only where objects are split.

    Unsplit, each object is a call of its own, whatever the strategy says.
    """
    del w
    if d.split != "None" or d.strategy != "MultiRecord":
        return None
    return Ill(
        "strategy=MultiRecord with split=None: every object is sent alone",
        mend="split the objects, or write strategy=SingleRecord",
    )


@rule("BT-21", WARNS, where="deployment.strategy", reads=("batch_request_overhead",), facts=4,
      passes=_lot(), passes_set="strategy=MultiRecord, split=Line",
      fails=_lot(rest="\nwork: [{on: ml.m5.large, mean: 1 ms, cv: 0.2}]"),
      fails_set="strategy=SingleRecord, split=Line")  # fmt: skip
def records_share_calls(w: Workload, d: BatchTransform) -> Ill | None:
    """Small records sent one by one mostly pay for calls.

    Each call costs about {batch_request_overhead} beside the work; many records can share one.
    """
    held, on = lot(w, d.every_s), w.work_on(d.instance_type)
    overhead = float(w.assume("batch_request_overhead"))
    if d.split == "None" or d.strategy != "SingleRecord" or on.mean_s >= overhead:
        return None
    return Ill(
        f"a record takes {show_duration(on.mean_s)} of work and a call {show_duration(overhead)} beside it, for "
        f"{show_count(held.records)} records one by one",
        mend="send as many as fit (strategy=MultiRecord)",
    )


@rule("BT-22", BLOCKS, where="deployment.timeout_s", reads=("batch.timeout_min", "batch.timeout_max"),
      passes=_lot(), passes_set="timeout=1 hour", fails=_lot(), fails_set="timeout=90 min")  # fmt: skip
def timeout_allowed(w: Workload, d: BatchTransform) -> Ill | None:
    """The time-out of a call is between {batch.timeout_min} and {batch.timeout_max}."""
    if limit("batch.timeout_min").base <= d.timeout_s <= limit("batch.timeout_max").base:
        return None
    return Ill(
        f"a time-out of {show_duration(d.timeout_s)}, and AWS takes {told(w, 'batch.timeout_min')} to "
        f"{told(w, 'batch.timeout_max')}",
        mend=f"give timeout={told(w, 'batch.timeout_max')} or less, and smaller mini-batches",
    )


@rule("BT-24", BLOCKS, where="deployment.timeout_s", reads=("batch.timeout_default", "batch_request_overhead"), facts=5,
      passes=_lot(rest=_SLOW), passes_set="strategy=SingleRecord, split=Line, timeout=10 min",
      fails=_lot(rest=_SLOW), fails_set="strategy=MultiRecord, split=Line, timeout=10 min")  # fmt: skip
def minibatch_in_time(w: Workload, d: BatchTransform) -> Ill | None:
    """A mini-batch that takes longer than the time-out fails.

    It holds as many records as fit MaxPayloadInMB and takes the sum of their work; one that takes longer is tried
    again, then its whole object fails. The time-out is {batch.timeout_default} unless set.
    """
    held, on = lot(w, d.every_s), w.work_on(d.instance_type)
    records = records_at_once(held, d)
    takes = unit_s(w, on, records)
    if takes <= d.timeout_s or on.mean_s > limit("batch.timeout_max").base:
        return None
    return Ill(
        f"a mini-batch of {show_count(records)} records takes {show_duration(takes)}, and the time-out is "
        f"{show_duration(d.timeout_s)}",
        mend="give a longer time-out (timeout), a smaller max_payload, or strategy=SingleRecord",
    )


@rule("BT-25", WARNS, where="deployment.timeout_s",
      reads=("batch.timeout_default", "batch.failed_record_drops_object"), facts=4,
      passes=_lot(rest=_SLOW), passes_set="strategy=SingleRecord, split=Line, timeout=10 min",
      fails=_lot(rest=_SLOW), fails_set="strategy=SingleRecord, split=Line, timeout=3 s")  # fmt: skip
def slow_record_in_time(w: Workload, d: BatchTransform) -> Ill | None:
    """A record that outlasts the time-out costs its whole object.

    It is tried again first; a record that fails for good takes the results of all others in its object with it.
    """
    held, on = lot(w, d.every_s), w.work_on(d.instance_type)
    each = held.records / held.files
    share = 1 - 1 / max(2.0, each)
    slow = percentile_s(on, share) if w.has_batch else longest_s(w, on, share)
    if slow <= d.timeout_s or on.mean_s > d.timeout_s:
        return None
    return Ill(
        f"among the {show_count(each)} records of an object one is expected to take {show_duration(slow)}, and the "
        f"time-out is {show_duration(d.timeout_s)}",
        mend=f"give timeout={show_duration(min(limit('batch.timeout_max').base, math.ceil(2 * slow)))}, or write "
        f"smaller objects",
    )


@rule("BT-26", BLOCKS, where="deployment.retries", reads=("batch.retries_max",),
      passes=_lot(), passes_set="retries=3", fails=_lot(), fails_set="retries=4")  # fmt: skip
def retries_allowed(w: Workload, d: BatchTransform) -> Ill | None:
    """A failed call is tried again {batch.retries_max} times at most."""
    if d.retries <= limit("batch.retries_max").base:
        return None
    return Ill(
        f"{d.retries} retries, and AWS takes {told(w, 'batch.retries_max')}",
        mend=f"give retries={told(w, 'batch.retries_max')} or less",
    )


@rule("BT-27", WARNS, where="deployment.retries", reads=("batch.retries_default", "batch.failed_record_drops_object"),
      facts=4,
      passes=_lot(), passes_set="retries=3", fails=_lot(), fails_set="retries=0")  # fmt: skip
def failure_is_retried(w: Workload, d: BatchTransform) -> Ill | None:
    """Without retries the first failed call costs an object.

    The results of all its records are dropped; AWS's default is
    {batch.retries_default}.
    """
    held = lot(w, d.every_s)
    each = held.records / held.files
    if d.retries > 0 or each <= 1:
        return None
    return Ill(
        f"one failed call drops an object of {show_count(each)} records, {show_share(1 / held.files)} of the lot, "
        f"and {show_share(w.objective.errors)} may fail",
        mend=f"give retries={told(w, 'batch.retries_default')}, and smaller objects",
    )


@rule("BT-29", BLOCKS, where="batch.files", reads=("batch.volume_gb",), source=_DISKS, facts=3,
      passes=_lot("1 million", "2 KB", 2), fails=_lot("600 million", "4 KB", 2))  # fmt: skip
def object_fits_volume(w: Workload, d: BatchTransform) -> Ill | None:
    """An object has to fit the disk of a job's instance.

    That is the type's own NVMe disk, where it has one. Of the volume that others get AWS's guide says
    {batch.volume_gb}, fixed, and its page of quotas lists many times that; what is refused exceeds both figures.
    """
    own, size = instance(d.instance_type).nvme_gb, object_bytes(lot(w, d.every_s))
    if size <= (own * 1e9 or limit("batch.volume_gb").largest):
        return None
    disk = f"its disk {own:g} GB" if own else f"the volume {told(w, 'batch.volume_gb')} (or {_quota_volume()})"
    return Ill(
        f"an object has {show_bytes(round(size))}, and on {d.instance_type} {disk}",
        mend="write more, smaller objects (batch.files)",
    )


@rule("BT-30", WARNS, where="batch.files", reads=("batch.volume_gb",), source=_DISKS, facts=3,
      passes=_lot("10 million", "2 KB", 2), fails=_lot("100 million", "2 KB", 2))  # fmt: skip
def object_clearly_fits_volume(w: Workload, d: BatchTransform) -> Ill | None:
    """An object of more than {batch.volume_gb} may not fit a job's volume.

    AWS's guide says that the volume has {batch.volume_gb} and cannot be changed, its page of quotas lists many times
    that. Types with a local disk use that instead.
    """
    held, volume = lot(w, d.every_s), limit("batch.volume_gb")
    if instance(d.instance_type).nvme_gb or not volume.low_bytes < object_bytes(held) <= volume.largest:
        return None
    enough = math.ceil(held.records * held.record_bytes / volume.low_bytes)
    return Ill(
        f"an object has {show_bytes(round(object_bytes(held)))}, and the volume by one of AWS's two pages "
        f"{told(w, 'batch.volume_gb')}",
        mend=f"write at least {show_count(enough)} objects (batch.files), or take a type with a local disk",
    )


@rule("BT-31", NOTES, where="deployment.max_payload_mb", reads=("batch.chunked_built_in", "batch.payload_min"), facts=2,
      passes=_lot(), passes_set="max_payload=6", fails=_lot(), fails_set="max_payload=0")  # fmt: skip
def chunks_need_container(w: Workload, d: BatchTransform) -> Ill | None:
    """A payload of {batch.payload_min} sends objects in chunks, which the built-in algorithms do not read."""
    if d.max_payload_mb > 0 or chunked(lot(w, d.every_s), d):
        return None  # the last: warned of with the size
    return Ill(
        f"max_payload=0 with a {w.model.framework} model: the container must read chunked bodies",
        mend="use a container of your own that does, or give a size",
    )


RULES: tuple[Rule[Any], ...] = (
    *_SHARED,
    product_allowed,
    payload_allowed,
    record_fits,
    large_records_come_in_chunks,
    record_clearly_fits,
    record_fits_setting,
    whole_object_fits,
    strategy_needs_split,
    records_share_calls,
    timeout_allowed,
    minibatch_in_time,
    slow_record_in_time,
    retries_allowed,
    failure_is_retried,
    object_fits_volume,
    object_clearly_fits_volume,
    chunks_need_container,
)
