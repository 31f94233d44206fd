"""What jobs will be, by arithmetic: a start, the busiest instance's share of the work, the end; again and again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.patterns.batch.job import Lot, lot, most_instances, places, records_at_once
from advisor.patterns.batch.machine import pages_of, rests_of, waits_of, work_of
from advisor.patterns.batch.pace import served
from advisor.patterns.foresight import Foresight, mixed, parts_of
from advisor.patterns.foresight_fleet import above_mean
from advisor.patterns.foresight_load import Ground, ground_of, split
from advisor.rules.estimates import beyond_measured_s, capacity_per_s, job_setup_s, job_start_s
from advisor.units import DAY_S, HOUR_S, MONTH_S
from advisor.workload import Workload
from advisor.workload.lognormal import sigma_of_cv, z

if TYPE_CHECKING:
    from advisor.patterns.batch.deployment import BatchTransform

__all__ = ["foresee"]

# Where in the time between two jobs a request comes, and quantiles of a start.
_WHEN = 12
_STARTS = (0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97)
# A level of the day is seen by jobs that come at least so often.
_SHORT_S = DAY_S / 4
_STEPS = 30
_SLACK = 0.05
# Jobs that take longer than this many times what was planned fall behind without end.
_LONGEST = 100.0
# A replayed file's rates are of so long a time each.
_WINDOW_S = 600.0


def foresee(w: Workload, d: BatchTransform) -> Foresight:
    """A lot is one job's; of a stream each model has jobs of its own, unless one container does for all."""
    if w.batch is not None:
        return _of_lot(w, d)
    ground = ground_of(w)
    return mixed(w, [(part, many, _of_stream(w, d, split(ground, part))) for part, many in parts_of(w)])


def _of_lot(w: Workload, d: BatchTransform) -> Foresight:
    held = lot(w, d.every_s)
    work_s = _busiest_s(w, d, held)
    job_s = job_start_s(w) + work_s + _end_s(w)
    # A lot that takes longer than the time to the next one makes all after it late.
    keeps_up = job_s <= held.every_s
    jobs = MONTH_S / max(held.every_s, job_s)
    times = [start + work_s + _end_s(w) for start in _starts_s(w)]

    def later(seconds: float) -> float:
        return sum(time > seconds for time in times) / len(times) if keeps_up else 1.0

    requests = jobs * held.records
    return Foresight(
        granules=_granules(w, d, jobs, held.records, held.files, work_s, held.record_bytes),
        later=later,
        mean_s=job_s if keeps_up else math.inf,
        error_share=0.0,
        cold_share=0.0,
        utilisation=_use(w, d, held.records, work_s),
        floor_s=lambda _: _floor_s(w, d, held),
        impossible=_never(w, d, held),
        requests=requests,
        deadline_s=held.deadline_s,
    )


def _of_stream(w: Workload, d: BatchTransform, ground: Ground) -> Foresight:
    pace = _Pace.of(w, d)
    jobs = records = worked = mean = 0.0
    turns = pages = rests = 0.0
    took: list[tuple[float, float]] = []
    start_s = job_start_s(w)
    behind = ground.rate_per_s * pace.record_s >= d.instances
    for rate, share, weight, waits in _gathered(d, ground):
        if rate <= 0:
            continue
        period, work_s, lot_size = pace.settled(rate, ground.stay_high_s)
        # A job is late only after a time in which something had come, too.
        late, chance = period - d.every_s, -math.expm1(-rate * period)
        if late > 0 and chance < 1:
            period = d.every_s + chance * late
            lot_size = _given_some(rate * period)
        some = -math.expm1(-rate * period)
        these = share * MONTH_S / period * some
        jobs, records, worked = jobs + these, records + these * lot_size, worked + these * work_s
        turns, pages = turns + these * chance * waits_of(late), pages + these * pages_of(lot_size)
        rests += these * rests_of(lot_size)
        for part, wait in waits:
            for much, after in ((1 - chance, wait), (chance, wait * (1 + late / d.every_s))):
                end = after + work_s + pace.end_s
                mean += weight * part * much * (end + start_s)
                took.append((weight * part * much / len(pace.starts_s), end))
    shares, ends = np.asarray(took).reshape(-1, 2).T
    held, weights = np.add.outer(ends, pace.starts_s).ravel(), np.repeat(shares, len(pace.starts_s))

    def later(seconds: float) -> float:
        return 1.0 if behind else min(1.0, pace.lost + (1 - pace.lost) * float(weights[held > seconds].sum()))

    each, work_s = (records / jobs, worked / jobs) if jobs else (1.0, 0.0)
    return Foresight(
        granules={
            **_granules(w, d, jobs, each, each, work_s, ground.bytes_in),
            **work_of(MONTH_S / d.every_s, turns, jobs, pages, rests),
        },
        later=later,
        mean_s=math.inf if behind else mean,
        error_share=pace.lost,
        cold_share=0.0,
        utilisation=_use(w, d, each, work_s),
        floor_s=lambda _: job_setup_s(w) + pace.end_s,
        impossible=_behind(ground, pace, d),
        requests=ground.rate_per_s * MONTH_S,
    )


def _behind(ground: Ground, pace: _Pace, d: BatchTransform) -> str:
    """Why jobs fall behind for ever, where that is proved, with room for what a grid leaves out."""
    if ground.rate_per_s * pace.record_s * (1 - _SLACK) < d.instances:
        return ""
    return f"records come faster than {d.instances} instances work them off"


def _gathered(d: BatchTransform, ground: Ground) -> Iterator[tuple[float, float, float, list[tuple[float, float]]]]:
    """(rate, share of time, share of requests, when they come before the job) of the lots of a stream.

    Where jobs come seldom, what comes in each hour waits from then on; where they come often the rate is that of the
    moment, and requests come evenly between two jobs.
    """
    hours = ground.hours
    even = [(1 / _WHEN, (n + 0.5) / _WHEN * d.every_s) for n in range(_WHEN)]
    cycle_s = len(hours) * (HOUR_S if len(hours) in (24, 168) else _WINDOW_S)
    slots = cycle_s / d.every_s if hours else 0.0
    if not hours or d.every_s < _SHORT_S:
        if d.every_s >= _SHORT_S:
            yield ground.rate_per_s, 1.0, 1.0, even
            return
        for rate, share in ground.levels():
            yield rate, share, share * rate / max(ground.rate_per_s, 1e-300), even
        return
    step_s = cycle_s / len(hours)
    total = math.fsum(hours)
    count = max(1, round(slots))
    each = max(1, round(len(hours) / count))
    for slot in range(count):
        # Several cycles may pass between two jobs, or a part of one.
        inside = hours[slot * each : (slot + 1) * each] if count > 1 else hours
        held = math.fsum(inside)
        if not held > 0:
            continue
        cycles = max(1, round(d.every_s / cycle_s))
        waits = [
            (hour / held / cycles, d.every_s - (n + 0.5) * step_s - cycle * cycle_s)
            for cycle in range(cycles)
            for n, hour in enumerate(inside)
        ]
        rate = ground.rate_per_s * (held / len(inside)) / (total / len(hours))
        yield rate, 1 / count, held / total, waits


@dataclass(frozen=True, slots=True)
class _Pace:
    """How fast one stream's jobs go: seconds of a record on one instance, of a call, of a start and an end."""

    every_s: float
    instances: int
    record_s: float
    spread_s: float
    lost: float
    start_s: float
    starts_s: tuple[float, ...]
    end_s: float

    @classmethod
    def of(cls, w: Workload, d: BatchTransform) -> _Pace:
        _, mean_s, _ = served(w, d)
        law = ground_of(w).law(d.instance_type)
        law = law.scaled(mean_s / w.work_on(d.instance_type).mean_s)
        # A call that runs into the time-out is tried again, as long, and then given up.
        lost = law.longer_than(d.timeout_s)
        times = np.where(law.seconds > d.timeout_s, (1 + d.retries) * d.timeout_s, law.seconds)
        mean = float(times @ law.shares)
        return cls(
            every_s=d.every_s,
            instances=d.instances,
            record_s=mean + float(w.assume("batch_request_overhead")),
            spread_s=math.sqrt(max(0.0, float(times * times @ law.shares) - mean * mean)),
            lost=lost,
            start_s=job_start_s(w),
            starts_s=tuple(_starts_s(w)),
            end_s=_end_s(w),
        )

    def settled(self, rate_per_s: float, lasts_s: float) -> tuple[float, float, float]:
        """Time between jobs, their work, and their records: a job that takes longer than planned delays the next.

        Of a rate that is too high for the instances a backlog grows for as long as it lasts, and no longer.
        """
        period = self.every_s
        over = max(0.0, rate_per_s * self.record_s / self.instances - 1)
        usual = self.start_s + self.end_s + self.every_s
        most = max(usual, min(_LONGEST * self.every_s, usual + over * lasts_s)) if math.isfinite(lasts_s) else math.inf
        for _ in range(_STEPS):
            records = _given_some(rate_per_s * period)
            # The instance with the most work is waited for by all.
            share = records / self.instances
            uneven = self.spread_s * math.sqrt(share) * above_mean(min(self.instances, records))
            work_s = _ceiled(records, self.instances) * self.record_s + uneven
            after = max(self.every_s, self.start_s + work_s + self.end_s)
            if after <= period * 1.001:
                break
            if over > 0 and after > most:
                return most, max(0.0, most - self.start_s - self.end_s), rate_per_s * most
            period = min(after, _LONGEST * self.every_s)
        return period, work_s, records


def _given_some(mean: float) -> float:
    """How many come in a time, where at least one does."""
    return mean / -math.expm1(-mean) if mean > 1e-9 else 1.0


def _busiest_s(w: Workload, d: BatchTransform, held: Lot) -> float:
    """How long the busiest instance works: its objects one after another, their mini-batches side by side."""
    workers, mean_s, marginal = served(w, d)
    call = float(w.assume("batch_request_overhead"))
    each = held.records / held.files
    slots = min(workers, d.max_concurrent_transforms)
    together = min(float(records_at_once(held, d)), each)
    batch_s = call + mean_s * (together if marginal is None else 1 + marginal * (together - 1))
    # Slots take the next call as they are free, and wait for the last one at an object's end. As long as calls take
    # nearly the same time they go in rounds; what spreads them, and the more rounds there are, evens that out.
    calls = math.ceil(each / together - 1e-9)
    rounds = calls / slots
    spread = w.work_on(d.instance_type).cv / math.sqrt(together) * math.sqrt(rounds)
    in_step = math.exp(-2 * spread * spread)
    even = max(1.0, each / together / slots + (slots - 1) / (2 * slots))
    object_s = batch_s * (in_step * math.ceil(rounds - 1e-9) + (1 - in_step) * even)
    return math.ceil(held.files / d.instances - 1e-9) * object_s


def _ceiled(files: float, instances: int) -> float:
    """The longest share of a number of objects that is not always the same."""
    return max(1.0, files / instances + (0.5 - 0.5 / instances))


def _granules(
    w: Workload, d: BatchTransform, jobs: float, records: float, files: float, work_s: float, record_bytes: float
) -> dict[str, float]:
    billed = job_setup_s(w) + work_s + _end_s(w) + 0.5
    if w.assume("batch_provision_billed"):
        billed += job_start_s(w) - job_setup_s(w)
    answer = ground_of(w).bytes_out
    return {
        "instance_s": jobs * d.instances * billed,
        "objects_in": jobs * files,
        "objects_out": jobs * files,
        "bytes_in": jobs * records * record_bytes,
        "bytes_out": jobs * records * answer,
        "calls": jobs * records,
    }


def _use(w: Workload, d: BatchTransform, records: float, work_s: float) -> float:
    workers, mean_s, _ = served(w, d)
    held = d.instances * workers * (work_s + _end_s(w))
    return min(1.0, records * mean_s / held) if held > 0 else 0.0


def _end_s(w: Workload) -> float:
    return float(w.assume("batch_wrap_up"))


def _starts_s(w: Workload) -> Iterator[float]:
    measured, sigma = float(w.assume("batch_startup")), sigma_of_cv(float(w.assume("batch_startup_cv")))
    beyond, setup = beyond_measured_s(w), job_setup_s(w)
    for share in _STARTS:
        yield max(setup, beyond + measured * math.exp(sigma * z(share) - sigma * sigma / 2))


def _floor_s(w: Workload, d: BatchTransform, held: Lot) -> float:
    """A start without any wait for instances, all of them always busy, the end."""
    on = w.work_on(d.instance_type)
    work = held.records / (max(capacity_per_s(on), places(on) / on.mean_s) * most_instances(held))
    return job_setup_s(w) + work * (1 - _SLACK) + _end_s(w)


def _never(w: Workload, d: BatchTransform, held: Lot) -> str:
    workers, mean_s, marginal = served(w, d)
    at_once = records_at_once(held, d)
    each = mean_s if marginal is None else mean_s * (1 + marginal * (at_once - 1)) / at_once
    slots = min(workers, d.max_concurrent_transforms) * min(d.instances, held.files)
    least = job_setup_s(w) + held.records * each / slots * (1 - _SLACK) + _end_s(w)
    if least > held.deadline_s:
        return f"the work alone takes {least:.3g} s, and the deadline is {held.deadline_s:.3g} s after a lot came"
    for name, seconds in w.objective.latencies:
        if least > seconds:
            return f"the work alone takes {least:.3g} s, and {name} is to be {seconds:.3g} s"
    return ""
