"""What a deployment's settings alone say of it, whatever its pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.patterns.base import Pattern
from advisor.units import DAY_S

__all__ = ["costs_more", "knows_days", "of_any_objective", "of_fixed_size", "watches_alarms"]


def of_any_objective(deployment: Pattern) -> bool:
    """Whether its runs do not depend on the objective: those of jobs do, as a lot is late by its deadline."""
    return deployment.name != "batch-transform"


def knows_days(deployment: Pattern) -> bool:
    """Whether it tells the days of the week apart, as schedules and jobs do: no typical day stands for its week."""
    return deployment.cycle_s > DAY_S or deployment.name == "batch-transform"


def watches_alarms(settings: Mapping[str, Any]) -> bool:
    """Whether a deployment of such settings scales: its alarms are watched, which takes the longest of a quiet run."""
    of_instances = settings.get("min_instances") != settings.get("max_instances")
    return of_instances or settings.get("target_utilisation") is not None


def of_fixed_size(deployment: Pattern) -> bool:
    """Whether so many instances stand there and nothing else decides the hours that are paid for."""
    settings = deployment.to_dict()
    return settings.get("min_instances") is not None and not watches_alarms(settings)


def costs_more(larger: Pattern, smaller: Pattern) -> bool:
    """Whether it surely does, whatever the load: more of the same instances, all of the time."""
    if not (of_fixed_size(larger) and of_fixed_size(smaller)):
        return False
    more, fewer = larger.to_dict(), smaller.to_dict()
    return bool(more["instance_type"] == fewer["instance_type"] and more["min_instances"] > fewer["min_instances"])
