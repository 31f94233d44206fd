"""How many units there are and who decides it: plain numbers, for fleets of instances and for provisioned containers.

Sources: AWS Auto Scaling guide, target tracking and step policies, 2026; AWS developer guide, auto scaling, 2026.
What AWS does not publish (metric lag, one activity at a time) is a named assumption of the catalog; the
defaults here are only what tests and plain use want.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "BACKLOG",
    "CONCURRENCY",
    "INVOCATIONS",
    "NO_CAPACITY",
    "UTILISATION",
    "Loss",
    "Scaling",
    "Scheduled",
    "StepFromZero",
    "TargetTracking",
    "ZoneLoss",
]

INVOCATIONS, CONCURRENCY, BACKLOG, UTILISATION, NO_CAPACITY = (
    "invocations",
    "concurrency",
    "backlog",
    "utilisation",
    "no-capacity",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetTracking:
    """One target-tracking policy: its metric, its two alarms, its cooldowns."""

    metric: str
    target: float
    period_s: float = 60.0
    out_datapoints: int = 3
    in_datapoints: int = 15
    in_ratio: float = 0.9
    lag_s: float = 60.0
    out_cooldown_s: float = 300.0
    in_cooldown_s: float = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFromZero:
    """The step policy that wakes a fleet at zero: one more where the metric is 1 in all of the last datapoints."""

    metric: str = NO_CAPACITY
    period_s: float = 60.0
    out_datapoints: int = 2
    lag_s: float = 60.0
    out_cooldown_s: float = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Scheduled:
    """A scheduled action: from `at_s` on at least `lowest` and at most `highest` units."""

    at_s: float
    lowest: int
    highest: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """One instance is lost: number floor(which x instances in service) of those in service, `which` in [0, 1)."""

    at_s: float
    which: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneLoss:
    """An availability zone is lost for a while, with all that runs or starts in it."""

    at_s: float
    zone: int
    lasts_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaling:
    """A fleet's bounds, policies, launches and faults. `launch_s` and `refused`: by launch ordinal, round and round."""

    initial: int = 1
    lowest: int = 1
    highest: int = 1
    policies: tuple[TargetTracking | StepFromZero, ...] = ()
    schedule: tuple[Scheduled, ...] = ()
    launch_s: tuple[float, ...] = (300.0,)
    refused: tuple[bool, ...] = (False,)
    serial: bool = True
    in_one_at_a_time: bool = False
    zones: int = 1
    losses: tuple[Loss | ZoneLoss, ...] = ()
    drain_limit_s: float = math.inf
    bill_from_launch: bool = True

    @classmethod
    def fixed(cls, units: int) -> Scaling:
        """A fixed count: nothing is ever launched or drained."""
        return cls(initial=units, lowest=units, highest=units)
