"""How long requests take on a place, as a law on a grid: the very law that the simulator draws from, drawn nowhere.

Work spreads by the profile's best-known entry, classes multiply it, and where a request's time grows with its body the
sizes' law comes in. The law is held as cells of rising time, fine towards the far tail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.workload import Workload, WorkOn
from advisor.workload.lognormal import sigma_of_cv, z
from advisor.workload.recorded import measured
from advisor.workload.service import Work

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Law", "larger", "law_of", "sizes"]

# What is told of how times spread, and in which way.
_Told = tuple[str, tuple[Any, ...]]
# Upper ends of the cells, as shares of all requests: 3 % wide in the body, then ever finer.
_CELLS = np.concatenate(
    [
        np.arange(0.03, 0.9, 0.03),
        np.arange(0.9, 0.99, 0.005),
        np.arange(0.99, 0.999, 0.0006),
        1 - np.logspace(-3, -6, 10),
    ]
)
# Points of the standard normal law at which work is looked at, and of the sizes' law.
_POINTS, _FARTHEST = 1500, 6.0
_SIZES = 24
_STEEPEST_MEAN = 0.01


@dataclass(frozen=True, slots=True)
class Law:
    """Service times in seconds: cells of rising time with their shares, and the upper ends of both."""

    seconds: Floats
    shares: Floats
    ends_s: Floats
    ends: Floats
    mean_s: float
    cv: float

    def beyond(self, seconds: Floats) -> Floats:
        """The share of requests that take longer; on straight lines between the ends of cells."""
        return np.asarray(1.0 - np.interp(seconds, self.ends_s, self.ends, left=0.0, right=1.0))

    def longer_than(self, seconds: float) -> float:
        """The share of requests that take longer."""
        if self.ends_s[0] == self.ends_s[-1]:
            return float(self.ends_s[-1] > seconds)
        return float(np.interp(seconds, self.ends_s, 1.0 - self.ends, left=1.0, right=0.0))

    def quantile_s(self, share: float) -> float:
        """The time that this share of requests stays below."""
        return float(np.interp(share, self.ends, self.ends_s))

    def scaled(self, factor: float) -> Law:
        """All times multiplied."""
        return replace(self, seconds=self.seconds * factor, ends_s=self.ends_s * factor, mean_s=self.mean_s * factor)

    def cut_mean_s(self, most_s: float) -> float:
        """The mean of what is done where nothing runs longer than this."""
        return float((np.minimum(self.seconds, most_s) * self.shares).sum())


def law_of(w: Workload, on: WorkOn, most_bytes: float = math.inf) -> Law:
    """The law of a request's time on a place, its growth with the payload included; of bodies up to a size."""
    growth = (on.entry.grows or 0.0) / 1e6 / on.mean_s
    traffic = w.traffic
    classes = traffic.classes if traffic is not None else ()
    total = math.fsum(one.rate_per_s for one in classes)
    parts = [(one.rate_per_s / total, one.work, one.payload or w.payload) for one in classes if total > 0]
    return _law(
        _told(w),
        tuple(
            (share, factor, payload.request_bytes, payload.request_max_bytes)
            for share, factor, payload in parts or [(1.0, 1.0, w.payload)]
        ),
        on.mean_s,
        growth,
        most_bytes,
    )


# Kept, since workloads that differ in anything else have the same laws.
@lru_cache(maxsize=256)
def _law(
    told: _Told, parts: tuple[tuple[float, float, float, float], ...], mean_s: float, growth: float, most_bytes: float
) -> Law:
    """Of parts of the requests: (share, factor on the work, mean and largest body)."""
    work = _shape(told)
    times, shares = [], []
    usual = parts[0][2]
    for share, factor, mean, most in parts:
        fits = 1 - larger(mean, most, most_bytes)
        if fits <= 0:
            continue
        if not growth:
            times.append(work[0] * factor)
            shares.append(work[1] * share * fits)
            continue
        body, of_body = sizes(mean, most)
        small = body <= most_bytes
        if not small.any():
            body, of_body = np.array([most_bytes]), np.array([fits])
        else:
            body, of_body = body[small], of_body[small] * (fits / of_body[small].sum())
        grown = np.maximum(1 + growth * (body - usual), _STEEPEST_MEAN)
        times.append(np.multiply.outer(work[0] * factor, grown).ravel())
        shares.append(np.multiply.outer(work[1] * share, of_body).ravel())
    if not times:
        # Nothing fits: what does not come takes what it would.
        return _law(told, parts, mean_s, growth, math.inf)
    return _cells(np.concatenate(times) * mean_s, np.concatenate(shares))


def _cells(times: Floats, shares: Floats) -> Law:
    order = np.argsort(times, kind="stable")
    times, shares = times[order], shares[order] / shares.sum()
    mean = float((times * shares).sum())
    square = float((times * times * shares).sum())
    cv = math.sqrt(max(0.0, square / (mean * mean) - 1))
    if times[0] == times[-1]:
        one = np.array([times[0]])
        return Law(one, np.ones(1), one, np.ones(1), mean, 0.0)
    reached = np.cumsum(shares)
    cell = np.searchsorted(_CELLS, reached - shares / 2)
    count = np.bincount(cell, weights=shares, minlength=_CELLS.size + 1).astype(np.float64)
    total = np.bincount(cell, weights=shares * times, minlength=_CELLS.size + 1).astype(np.float64)
    kept = count > 0
    middle = reached - shares / 2
    inner: Floats = np.interp(_CELLS, middle, times)
    ends_s = np.concatenate([times[:1], inner, times[-1:]])
    ends = np.concatenate([[0.0], _CELLS, [1.0]])
    return Law(total[kept] / count[kept], count[kept], ends_s, ends, mean, cv)


def _told(w: Workload) -> _Told:
    """What the one entry that says most of how times spread tells: measured times, or quantiles; nothing without."""
    entries = list(enumerate(w.work))
    if not entries:
        return "", ()

    def told(entry: tuple[int, Work]) -> tuple[bool, int, bool, int]:
        number, work = entry
        stated = not w.assumed.get(f"work.{number}.cv") and work.has_shape
        return work.file is not None, len(work.percentiles), stated, -number

    work = max(entries, key=told)[1]
    if work.file is not None:
        return "measured", tuple(measured(work.file).latencies_s)
    if len(work.percentiles) >= 2 and work.cv is None:
        return "quantiles", tuple(work.percentiles)
    sigma = sigma_of_cv(work.spread)
    return "quantiles", ((0.1, math.exp(z(0.1) * sigma)), (0.9, math.exp(z(0.9) * sigma)))


def _shape(told: _Told) -> tuple[Floats, Floats]:
    """Work multipliers of mean 1 and their shares."""
    kind, figures = told
    if kind == "quantiles":
        return _through(figures)
    if kind == "measured":
        times = np.asarray(figures)
        return times / times.mean(), np.full(times.size, 1 / times.size)
    return np.ones(1), np.ones(1)


@lru_cache(maxsize=64)
def _through(points: tuple[tuple[float, float], ...]) -> tuple[Floats, Floats]:
    """The law through quantiles: log-normal between each two, beyond them as steep as it began and ended, but no
    steeper than from the lowest to the highest."""
    at = np.array([z(share) for share, _ in points])
    logs = np.log([seconds for _, seconds in points])
    if logs[0] == logs[-1]:
        return np.ones(1), np.ones(1)
    overall = (logs[-1] - logs[0]) / (at[-1] - at[0])
    first = min(overall, (logs[1] - logs[0]) / (at[1] - at[0]))
    last = min(overall, (logs[-1] - logs[-2]) / (at[-1] - at[-2]))
    normal = np.linspace(-_FARTHEST, _FARTHEST, _POINTS)
    density = np.exp(-normal * normal / 2)
    known = np.interp(normal, at, logs)
    known = np.where(normal < at[0], logs[0] + first * (normal - at[0]), known)
    known = np.where(normal > at[-1], logs[-1] + last * (normal - at[-1]), known)
    times, shares = np.exp(known), density / density.sum()
    return times / float((times * shares).sum()), shares


@lru_cache(maxsize=64)
def sizes(mean: float, most: float) -> tuple[Floats, Floats]:
    """Bytes between zero and the largest with a given mean: the law of largest entropy, an exponential cut at both."""
    if most <= mean or mean <= 0:
        return np.array([float(mean)]), np.ones(1)
    middle = (np.arange(_SIZES) + 0.5) / _SIZES
    scale, mirrored = _scale(mean, most)
    if math.isinf(scale):
        return middle * most, np.full(_SIZES, 1 / _SIZES)
    # The largest tenth is looked at more closely.
    edges = np.concatenate([np.linspace(0, 0.9, _SIZES // 2), 1 - np.logspace(-1, -4, _SIZES // 2)[1:], [1.0]])
    reach = -np.expm1(-1 / scale)
    # Of the cut law the last edge is the largest size itself.
    bodies = np.append(-scale * np.log1p(-edges[:-1] * reach), 1.0)
    centre = (bodies[1:] + bodies[:-1]) / 2
    shares = np.diff(edges)
    aim = 1 - mean / most if mirrored else mean / most
    centre = centre * (aim / float((centre * shares).sum()))
    return (1 - centre if mirrored else centre) * most, shares


def larger(mean: float, most: float, than: float) -> float:
    """The share of bodies above a size, by the same law."""
    if than >= most or mean <= 0:
        return 0.0
    if most <= mean:
        return float(mean > than)
    scale, mirrored = _scale(mean, most)
    at = than / most
    if math.isinf(scale):
        return 1 - at
    reach = -math.expm1(-1 / scale)
    if mirrored:
        return -math.expm1(-(1 - at) / scale) / reach
    return 1 + math.expm1(-at / scale) / reach


@lru_cache(maxsize=64)
def _scale(mean: float, most: float) -> tuple[float, bool]:
    """The exponential's own mean as a part of the largest, infinite for the uniform law; and whether it falls to zero.

    The mean of an exponential of that scale cut at 1 is scale - 1 / (exp(1 / scale) - 1).
    """
    share = mean / most
    mirrored = share > 0.5
    aim = 1 - share if mirrored else share
    if abs(aim - 0.5) < 1e-9:
        return math.inf, False
    low, high = 1e-6, 1e6
    for _ in range(100):
        scale = math.sqrt(low * high)
        held = scale - (1 / math.expm1(1 / scale) if 1 / scale < 700 else 0.0)
        low, high = (scale, high) if held < aim else (low, scale)
    return high, mirrored
