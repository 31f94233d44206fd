"""The hours of instance time, where the best commitment of a plan is to be found: when each was up and billed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain

from advisor.money import Meter, Usage
from advisor.sim.run_record import Run
from advisor.sim.spill_record import SpillRun
from advisor.workload import Workload

__all__ = ["hours_together", "with_hours"]

_HOUR_S = 3600


def with_hours(w: Workload, usage: Usage, run: Run) -> Usage:
    """The usage with the hours of its instance-seconds, if the workload asks for the best commitment.

    Where one endpoint stands for several the record has fewer instances than are billed: no hours are known then.
    """
    plan = w.purchase.savings_plan if w.purchase is not None else None
    if plan is None or plan.commitment != "best":
        return usage
    launched = w.assume("billing_start") == "launch"
    # Of a base with a spill each part has instances of its own, and meters of these.
    parts = run.parts if isinstance(run, SpillRun) else (run,)
    by_sum = {sum(hours): hours for hours in (_billed(one, usage.hours, from_launch=launched) for one in parts)}
    return replace(
        usage,
        meters=tuple(
            replace(meter, hourly=by_sum[meter.granules])
            if meter.granule == "instance-second" and meter.granules in by_sum
            else meter
            for meter in usage.meters
        ),
    )


def _billed(run: Run, hours: int, *, from_launch: bool) -> tuple[int, ...]:
    """Whole seconds of all units in each hour; the part of a second at a unit's end counts as one, in its last hour."""
    low, high = run.window_s
    found = [0] * hours
    for unit in run.timeline.units:
        begin = unit.launch if from_launch else unit.ready
        if unit.never_ready or math.isnan(begin):
            continue
        begin, end = max(begin, low), min(run.stop_s if math.isnan(unit.end) else unit.end, high)
        if end <= begin:
            continue
        counted, whole = 0, math.ceil(end - begin)
        first, last = int((begin - low) // _HOUR_S), min(hours - 1, int((end - low) // _HOUR_S))
        for hour in range(first, last + 1):
            upto = whole if hour == last else math.floor(low + (hour + 1) * _HOUR_S - begin)
            found[hour] += upto - counted
            counted = upto
    return tuple(found)


def hours_together(same: Sequence[Meter], total: int, windows: Sequence[Fraction]) -> tuple[int, ...] | None:
    """The hours of several windows one after another, in proportion where their sum is corrected to ``total``."""
    held = [meter.hourly for meter in same if meter.hourly is not None]
    if len(held) < len(same) or any(window % _HOUR_S for window in windows):
        return None
    hours = tuple(chain.from_iterable(held))
    whole = sum(hours)
    if whole == total or not whole:
        return hours if whole == total else None
    found, before, seen = [], 0, 0
    for hour in hours:
        seen += hour
        upto = seen * total // whole
        found.append(upto - before)
        before = upto
    return tuple(found)
