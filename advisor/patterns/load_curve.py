"""The load of a workload as levels: factors of its day and week curve by share of time.

Plain Python, since rules look at it too. Spikes are left out: they are no part of the curve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from advisor.workload import Workload
from advisor.workload.bursts import eighths
from advisor.workload.recorded import arrivals

__all__ = ["curve_of", "factors_of", "grouped"]

# Where the groups of like rates of the curve end, as shares of time; the busiest are looked at most closely.
_GROUPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.99, 1.0)
# Counts of so many minutes of a replayed file make a rate.
_WINDOW = 10


def factors_of(w: Workload) -> tuple[float, ...]:
    """Factors on the mean rate, in order: an hour each, or ten minutes of a replayed file; none where flat."""
    traffic = w.traffic
    if traffic is None:
        return ()
    if traffic.replay is not None:
        return _replayed(w)
    return traffic.curve if len(set(traffic.curve)) > 1 else ()


def curve_of(w: Workload) -> tuple[tuple[float, float], ...]:
    """(factor on the mean rate, share of time), rising."""
    factors = factors_of(w)
    if not factors:
        return ((1.0, 1.0),)
    replayed = w.traffic is not None and w.traffic.replay is not None
    return grouped(factors if replayed else eighths(factors))


@lru_cache(maxsize=64)
def grouped(points: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """Like rates together: (mean factor, share of time), rising; the factors' mean is 1."""
    mean = math.fsum(points) / len(points)
    rising = sorted(point / mean for point in points)
    cuts = sorted({round(share * len(rising)) for share in _GROUPS})
    found: list[tuple[float, float]] = []
    for start, stop in pairwise(cuts):
        factor, share = _mean(rising[start:stop]), (stop - start) / len(rising)
        if found and math.isclose(found[-1][0], factor, rel_tol=0.01, abs_tol=1e-9):
            (before, held) = found.pop()
            found.append(((before * held + factor * share) / (held + share), held + share))
        else:
            found.append((factor, share))
    return tuple(found)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _replayed(w: Workload) -> tuple[float, ...]:
    assert w.traffic is not None
    assert w.traffic.replay is not None
    file = arrivals(w.traffic.replay.path)
    minutes = [0] * max(1, math.ceil(file.span_s / 60))
    first = file.by_minute[0][0] if file.by_minute else 0
    for minute, count in file.by_minute:
        if 0 <= minute - first < len(minutes):
            minutes[minute - first] += count
    width = min(_WINDOW, len(minutes))
    whole = [_mean(minutes[start : start + width]) for start in range(0, len(minutes) - width + 1, width)]
    mean = _mean(whole)
    return tuple(window / mean for window in whole) if mean > 0 else (1.0,)
