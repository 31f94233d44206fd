"""What the control plane did and saw: units, alarms, activities, datapoints, and samples of the queue over time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Change", "Datapoint", "Lifetime", "Sample", "Timeline", "billed_seconds", "held_seconds"]


@dataclass(kw_only=True, slots=True)
class Lifetime:
    """One instance or provisioned container; an instant that never came is NaN."""

    number: int
    zone: int = 0
    launch: float = math.nan
    ready: float = math.nan
    draining: float = math.nan
    end: float = math.nan

    @property
    def never_ready(self) -> bool:
        """Refused, or lost before it was in service: AWS bills nothing for it (assumption)."""
        return math.isnan(self.ready) and not math.isnan(self.end)


class Change(NamedTuple):
    """One line of the control record: an alarm's state (0 or 1), or an activity from one committed count to another.

    `what`: "out-alarm METRIC", "in-alarm METRIC"; "out", "in", "schedule", each also "-done"; "replace"; "refused".
    """

    at: float
    what: str
    was: int
    now: int


class Datapoint(NamedTuple):
    """A policy's metric over the period that ended at `at`; `load` is the metric times the units."""

    at: float
    metric: str
    value: float
    load: int
    in_service: int


class Sample(NamedTuple):
    """The state at one instant, after its arrivals."""

    at: float
    in_service: int
    launching: int
    draining: int
    waiting: int
    in_process: int
    attempts: int
    # Containers or models loaded so far inside the window; what has none keeps 0.
    cold_starts: int = 0


@dataclass(kw_only=True, slots=True)
class Timeline:
    """The record of one run's control plane."""

    changes: list[Change] = field(default_factory=list)
    datapoints: list[Datapoint] = field(default_factory=list)
    units: list[Lifetime] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    #: datapoints that have not been kept
    left_out: int = 0

    @property
    def seen(self) -> int:
        """How many datapoints there were."""
        return len(self.datapoints) + self.left_out

    def in_service(self) -> list[tuple[float, int]]:
        """(instant, units in service from then on), wherever the number changes; the first at 0."""
        steps: dict[float, int] = {0.0: 0}
        for unit in self.units:
            if not math.isnan(unit.ready):
                steps[unit.ready] = steps.get(unit.ready, 0) + 1
                left = unit.end if math.isnan(unit.draining) else unit.draining
                if not math.isnan(left):
                    steps[left] = steps.get(left, 0) - 1
        line: list[tuple[float, int]] = []
        serving = 0
        for at in sorted(steps):
            serving += steps[at]
            if not line or steps[at]:
                line.append((at, serving))
        return line


def _spans(
    units: Iterable[Lifetime], window: tuple[float, float], stop_s: float, *, from_launch: bool
) -> Iterable[float]:
    for unit in units:
        begin = unit.launch if from_launch else unit.ready
        if unit.never_ready or math.isnan(begin):
            continue
        end = stop_s if math.isnan(unit.end) else unit.end
        yield max(0.0, min(end, window[1]) - max(begin, window[0]))


def billed_seconds(
    units: Iterable[Lifetime], window: tuple[float, float], stop_s: float, *, from_launch: bool = True
) -> int:
    """Whole unit-seconds inside the window, each unit rounded up; one without an end counts to `stop_s`."""
    return sum(math.ceil(span) for span in _spans(units, window, stop_s, from_launch=from_launch))


def held_seconds(units: Iterable[Lifetime], window: tuple[float, float], stop_s: float) -> float:
    """Unit-seconds in service or draining inside the window: what utilisation divides by."""
    return math.fsum(_spans(units, window, stop_s, from_launch=False))
