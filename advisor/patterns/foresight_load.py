"""The load that a workload brings, as levels: the day and week curve times the two states of its bursts.

Spikes are left out: they run as a pair of their own, and count once.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

from advisor.patterns.foresight_time import Law, larger, law_of
from advisor.patterns.load_curve import curve_of, factors_of
from advisor.workload import Workload
from advisor.workload.clustered import bursts_of

__all__ = ["Ground", "ground_of", "levels", "split"]

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
    traffic, states = w.traffic, bursts_of(w)
    clusters = traffic.clusters if traffic is not None else None
    bytes_in, bytes_out = _bytes(w)
    moving = states is not None and states.share_high > 0
    mean = 1.0
    if states is not None and moving:
        mean = states.share_high * states.high_per_s + (1 - states.share_high) * states.low_per_s
    return Ground(
        workload=w,
        rate_per_s=w.rate_per_s,
        curve=curve_of(w),
        hours=factors_of(w),
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


def split(ground: Ground, part: float) -> Ground:
    """The same where an endpoint has a part of the traffic only."""
    if part == 1.0:
        return ground
    return replace(ground, rate_per_s=ground.rate_per_s * part, held=ground.held)
