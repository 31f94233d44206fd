"""The load that a workload brings, as levels: the day and week curve times the two states of its bursts.

Spikes are left out: they run as a pair of their own, and count once.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.patterns.foresight_time import Law, larger, law_of
from advisor.workload import Workload
from advisor.workload.bursts import TwoState, bursts_alone, two_state
from advisor.workload.recorded import arrivals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Ground", "ground_of", "grouped", "levels", "points", "split"]

# Where the groups of like rates of the curve end, as shares of time; the busiest are looked at most closely.
_GROUPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.99, 1.0)
_FLAT_S = 3600.0
# Counts of so many minutes of a replayed file make a rate.
_WINDOW = 10
_KEPT = 8
_kept: OrderedDict[int, Ground] = OrderedDict()


@dataclass(slots=True)
class Ground:
    """What holds for a workload whatever is deployed; what is asked of it again and again is kept here.

    ``curve``: (factor on the mean rate, share of time), rising. Bursts multiply that by ``high`` or ``low``;
    ``share_high`` is 0 without any. ``clump`` is the mean number that come together, within ``within_s``.
    """

    workload: Workload
    rate_per_s: float
    curve: tuple[tuple[float, float], ...]
    hours: tuple[float, ...]
    share_high: float
    high: float
    low: float
    stay_high_s: float
    stay_low_s: float
    clump: float
    within_s: float
    even: bool
    bytes_in: float
    bytes_out: float
    held: dict[Any, Any] = field(default_factory=dict)

    def law(self, place: str, most_bytes: float = math.inf) -> Law:
        """Service times on a place, of requests whose body is not larger than this."""
        key = ("law", place, most_bytes)
        if key not in self.held:
            self.held[key] = law_of(self.workload, self.workload.work_on(place), most_bytes)
        law: Law = self.held[key]
        return law

    def beyond_bytes(self, most: float) -> float:
        """The share of requests whose body is larger than this."""
        key = ("bytes", most)
        if key not in self.held:
            self.held[key] = _larger(self.workload, most)
        share: float = self.held[key]
        return share

    def levels(self) -> list[tuple[float, float]]:
        """(requests a second, share of time)."""
        if not self.share_high:
            return [(factor * self.rate_per_s, share) for factor, share in self.curve]
        return [
            (factor * state * self.rate_per_s, share * part)
            for factor, share in self.curve
            for state, part in ((self.low, 1 - self.share_high), (self.high, self.share_high))
        ]


def levels(w: Workload) -> list[tuple[float, float]]:
    """The rates that a workload has (requests a second) and the share of time of each; spikes are left out."""
    return ground_of(w).levels()


def ground_of(w: Workload) -> Ground:
    """What holds for a workload whatever is deployed; the latest few are kept."""
    found = _kept.get(id(w))
    if found is not None and found.workload is w:
        return found
    found = _ground(w)
    _kept[id(w)] = found
    while len(_kept) > _KEPT:
        _kept.popitem(last=False)
    return found


def _ground(w: Workload) -> Ground:
    traffic, states = w.traffic, _states(w)
    rate = w.rate_per_s
    hours: tuple[float, ...] = ()
    if traffic is None:
        curve: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    elif traffic.replay is not None:
        hours = _replayed(w)
        curve = grouped(hours)
    else:
        hours = traffic.curve if len(set(traffic.curve)) > 1 else ()
        curve = grouped(points(hours)) if hours else ((1.0, 1.0),)
    clusters = traffic.clusters if traffic is not None else None
    bytes_in, bytes_out = _bytes(w)
    moving = states is not None and states.share_high > 0
    mean = 1.0
    if states is not None and moving:
        mean = states.share_high * states.high_per_s + (1 - states.share_high) * states.low_per_s
    return Ground(
        workload=w,
        rate_per_s=rate,
        curve=curve,
        hours=hours,
        share_high=states.share_high if states is not None and moving else 0.0,
        high=states.high_per_s / mean if states is not None and moving else 1.0,
        low=states.low_per_s / mean if states is not None and moving else 1.0,
        stay_high_s=states.mean_high_s if states is not None and moving else math.inf,
        stay_low_s=states.mean_low_s if states is not None and moving else math.inf,
        clump=clusters.size if clusters is not None else 1.0,
        within_s=clusters.within_s if clusters is not None else 0.0,
        even=traffic is not None and traffic.shape == "regular",
        bytes_in=bytes_in,
        bytes_out=bytes_out,
    )


def _bytes(w: Workload) -> tuple[float, float]:
    """Mean bytes of a request and of its answer, classes by their rate."""
    classes = w.traffic.classes if w.traffic is not None else ()
    total = math.fsum(one.rate_per_s for one in classes)
    if not total > 0:
        return float(w.payload.request_bytes), float(w.payload.response_bytes)
    parts = [(one.rate_per_s / total, one.payload or w.payload) for one in classes]
    return (
        math.fsum(share * payload.request_bytes for share, payload in parts),
        math.fsum(share * payload.response_bytes for share, payload in parts),
    )


def _larger(w: Workload, most: float) -> float:
    """The share of requests with a larger body, classes by their rate."""
    classes = w.traffic.classes if w.traffic is not None else ()
    total = math.fsum(one.rate_per_s for one in classes)
    parts = [(one.rate_per_s / total, one.payload or w.payload) for one in classes if total > 0]
    return math.fsum(
        share * larger(payload.request_bytes, payload.request_max_bytes, most)
        for share, payload in parts or [(1.0, w.payload)]
    )


def _states(w: Workload) -> TwoState | None:
    """The two states of the bursts; what clusters add to the spread of minute counts is taken off."""
    traffic = w.traffic
    if traffic is None or traffic.bursts is None or traffic.rate_per_s is None:
        return None
    bursts, clusters = traffic.bursts, traffic.clusters
    if clusters is None or clusters.size <= 1 or bursts.of == "rate":
        return w.burst_states
    peak, cv = bursts.peak, bursts.cv
    if bursts.of == "chart":
        peak, cv = bursts_alone(traffic.rate_per_s, peak, cv, traffic.curve)
    cut = 1 / (1 + 0.4 * clusters.within_s / 60)
    square = cv * cv - (2 * clusters.size - 2) * cut / (60 * traffic.rate_per_s)
    return two_state(traffic.rate_per_s, peak, math.sqrt(max(0.0, square)), bursts.length_s)


@lru_cache(maxsize=64)
def points(hours: tuple[float, ...]) -> tuple[float, ...]:
    """Eight points an hour of the curve, drawn in straight lines through the mid-hours."""
    return tuple(a + (b - a) * k / 8 for a, b in zip(hours, [*hours[1:], hours[0]], strict=True) for k in range(8))


@lru_cache(maxsize=64)
def grouped(points: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """Like rates together: (mean factor, share of time), rising; the factors' mean is 1."""
    rising = np.sort(np.asarray(points)) / (math.fsum(points) / len(points))
    cuts = np.unique(np.round(np.asarray(_GROUPS) * rising.size).astype(int))
    found: list[tuple[float, float]] = []
    for start, stop in pairwise(cuts):
        part = rising[start:stop]
        factor, share = float(part.mean()), part.size / rising.size
        if found and math.isclose(found[-1][0], factor, rel_tol=0.01, abs_tol=1e-9):
            (before, held) = found.pop()
            found.append(((before * held + factor * share) / (held + share), held + share))
        else:
            found.append((factor, share))
    return tuple(found)


def _replayed(w: Workload) -> tuple[float, ...]:
    """Factors on the mean rate of a replayed file, ten minutes each."""
    assert w.traffic is not None
    assert w.traffic.replay is not None
    file = arrivals(w.traffic.replay.path)
    minutes = np.zeros(max(1, math.ceil(file.span_s / 60)))
    first = file.by_minute[0][0] if file.by_minute else 0
    for minute, count in file.by_minute:
        if 0 <= minute - first < minutes.size:
            minutes[minute - first] += count
    width = min(_WINDOW, minutes.size)
    whole = minutes[: minutes.size // width * width].reshape(-1, width).mean(axis=1)
    if not whole.sum() > 0:
        return (1.0,)
    return tuple((whole / whole.mean()).tolist())


def split(ground: Ground, part: float) -> Ground:
    """The same where an endpoint has a part of the traffic only."""
    if part == 1.0:
        return ground
    return replace(ground, rate_per_s=ground.rate_per_s * part, held=ground.held)
