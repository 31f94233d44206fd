"""A fleet whose minimum changes by the clock, as several: the hours of each number are foreseen on their own.

What busy hours leave to the hours after them is not carried over from one number to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from advisor.patterns.clock import least_at
from advisor.patterns.foresight import Foresight
from advisor.patterns.foresight_load import Ground
from advisor.patterns.load_curve import grouped
from advisor.units import WEEK_S
from advisor.workload.bursts import eighths

__all__ = ["by_clock"]

_WEEK_M = int(WEEK_S) // 60
# Without a curve the clock is looked at every so many minutes.
_STEP_M = 30
_MID_M = 30


def by_clock(
    ground: Ground, schedule: str | None, otherwise: int, one: Callable[[Ground, int], Foresight]
) -> Foresight:
    """What ``one`` foresees of each number's hours, put together by time and by requests."""
    if schedule is None:
        return one(ground, otherwise)
    parts = [(share, one(part, least)) for share, part, least in _parts(ground, schedule, otherwise)]
    granules: dict[str, float] = {}
    for share, seen in parts:
        for name, value in seen.granules.items():
            granules[name] = granules.get(name, 0.0) + share * value
    requests = math.fsum(share * seen.requests for share, seen in parts)
    weighed = [(share * seen.requests / requests if requests else share, seen) for share, seen in parts]
    return Foresight(
        granules=granules,
        later=lambda seconds: math.fsum(weight * seen.later(seconds) for weight, seen in weighed),
        mean_s=math.fsum(weight * seen.mean_s for weight, seen in weighed if weight > 0),
        error_share=math.fsum(weight * seen.error_share for weight, seen in weighed),
        cold_share=math.fsum(weight * seen.cold_share for weight, seen in weighed),
        utilisation=math.fsum(share * seen.utilisation for share, seen in parts),
        floor_s=parts[0][1].floor_s,
        impossible=parts[0][1].impossible if all(seen.impossible for _, seen in parts) else "",
        requests=requests,
    )


def _parts(ground: Ground, schedule: str, otherwise: int) -> Iterator[tuple[float, Ground, int]]:
    """(share of time, the load in it, the number) of each number that the schedule asks for."""
    # The first point of a curve lies in the middle of the first hour.
    traffic = ground.workload.traffic
    hourly = bool(ground.hours) and traffic is not None and traffic.replay is None
    for share, mean, rising, least in _hours(ground.hours, schedule, otherwise, hourly=hourly):
        yield share, replace(ground, rate_per_s=ground.rate_per_s * mean, curve=rising, hours=()), least


@lru_cache(maxsize=4096)
def _hours(
    hours: tuple[float, ...], schedule: str, otherwise: int, *, hourly: bool
) -> tuple[tuple[float, float, tuple[tuple[float, float], ...], int], ...]:
    """(share of time, the rate in it over the mean, how it spreads around that, the number) of each number."""
    curve = eighths(hours) if hours else (1.0,) * (_WEEK_M // _STEP_M)
    if len(curve) < _WEEK_M // _STEP_M:
        curve = curve * 7
    step = _WEEK_M / len(curve)
    first = _MID_M if hourly else step / 2
    total = math.fsum(curve) / len(curve)
    by_number: dict[int, list[float]] = {}
    for n, factor in enumerate(curve):
        by_number.setdefault(least_at(schedule, otherwise, int(first + n * step) % _WEEK_M), []).append(factor / total)
    found = []
    for least, factors in sorted(by_number.items()):
        mean = math.fsum(factors) / len(factors)
        rising = grouped(tuple(factors)) if mean > 0 else ((1.0, 1.0),)
        found.append((len(factors) / len(curve), mean, rising, least))
    return tuple(found)
