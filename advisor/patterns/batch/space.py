"""The transform jobs that are worth a look: types, how many instances, mini-batches, how often jobs come."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.patterns.batch.job import Lot, lot, most_instances, places, share_s, whole
from advisor.patterns.foresight_space import counts, tidy
from advisor.rules.estimates import job_start_s
from advisor.rules.first_guess import types_in_play
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["space"]

_PAYLOADS = (1, 6, 25)
_SOONER = (1.0, 0.5, 0.25)
_MINUTE_S = 60.0


def space(w: Workload) -> tuple[tuple[BatchTransform, ...], ...]:
    """Chains by the number of instances; a type, a way of making mini-batches and a schedule each."""
    return tidy(_chains(w))


def _chains(w: Workload) -> Iterator[list[BatchTransform]]:
    from advisor.patterns.batch.deployment import BatchTransform  # this is what builds them

    start = BatchTransform.start(w)
    yield [start]
    for name in types_in_play(w, "BatchTransform"):
        first = start if name == start.instance_type else BatchTransform.start_on(w, name)
        for every in _schedules(w, first):
            timed = replace(first, every_s=every)
            held = lot(w, every)
            for one in dict.fromkeys([timed, *_cut(w, timed, held)]):
                yield [replace(one, instances=count) for count in _numbers(w, one, held)]


def _schedules(w: Workload, first: BatchTransform) -> list[float]:
    """The lot's own; of a stream the start's and sooner ones."""
    if w.batch is not None:
        return [first.every_s]
    every = (max(_MINUTE_S, math.floor(first.every_s * share / _MINUTE_S) * _MINUTE_S) for share in _SOONER)
    return list(dict.fromkeys(every))


def _cut(w: Workload, d: BatchTransform, held: Lot) -> Iterator[BatchTransform]:
    """Other ways of making mini-batches; a lot of single records, or one that goes in chunks, has none."""
    if d.split == "None" or d.max_payload_mb == 0:
        return
    on = w.work_on(d.instance_type)
    most = whole("batch.payload_times_concurrency_max")
    largest = whole("batch.payload_max")
    for payload in _PAYLOADS:
        if held.largest_bytes <= payload * 1_000_000:
            at_once = max(1, min(places(on), most // payload))
            yield replace(d, max_payload_mb=min(payload, largest), max_concurrent_transforms=at_once)
    single = replace(d, strategy="SingleRecord", max_payload_mb=min(largest, max(1, d.max_payload_mb)))
    yield replace(single, max_concurrent_transforms=max(1, min(places(on), most // single.max_payload_mb)))


def _numbers(w: Workload, d: BatchTransform, held: Lot) -> list[int]:
    """Instances up to twice what makes the deadline, or the next job; no more than objects."""
    left = min(held.deadline_s, held.every_s) - job_start_s(w) - float(w.assume("batch_wrap_up"))
    most = min(most_instances(held), max(d.instances, int(w.limit("quota.instances_all_transform_jobs"))))
    need = share_s(w, replace(d, instances=1)) / left if left > 0 else float(most)
    found = counts(1, need, most)
    # What ends no sooner than with fewer only costs more.
    kept: dict[int, int] = {}
    for count in [*found, d.instances]:
        kept.setdefault(math.ceil(held.files / count), count)
        kept[math.ceil(held.files / count)] = min(kept[math.ceil(held.files / count)], count)
    return sorted(kept.values())
