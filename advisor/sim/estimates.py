"""Intervals over replications: Student-t for means and shares, inversion for percentiles, a control variate for cost.

Inside one run requests are anything but independent, so nothing here takes an interval from a single run's requests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from advisor.show import Shown
from advisor.sim.kernels import Floats
from advisor.sim.ledger import Ledger, bin_edges

__all__ = [
    "CONTROLLED",
    "Estimate", "mean_of", "percentile_of", "ratio_of", "share_later_of", "student_t", "together",
    "with_control",
]  # fmt: skip

CONFIDENCE = 0.95
# From so many replications on, values are corrected by a control that they may have little to do with.
CONTROLLED = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate(Shown):
    """A value and its interval; low and high are NaN where one replication says nothing about its spread."""

    value: float
    low: float
    high: float

    @property
    def half_share(self) -> float:
        """Half of the interval's width as a share of the value; infinite where it is not known."""
        if math.isnan(self.low) or math.isinf(self.high):
            return math.inf
        if self.high == self.low:
            return 0.0
        return 0.5 * (self.high - self.low) / abs(self.value) if self.value else math.inf


def student_t(share: float, degrees: int) -> float:
    """The quantile of Student's t distribution at a share above one half (Hill's algorithm 396; 1 and 2: exactly)."""
    tail = 2.0 * (1.0 - share)
    if degrees == 1:
        return 1.0 / math.tan(tail * math.pi / 2)
    if degrees == 2:
        return math.sqrt(2.0 / (tail * (2.0 - tail)) - 2.0)
    n = float(degrees)
    a = 1.0 / (n - 0.5)
    b = (48.0 / a) / a
    c = ((20700.0 * a / b - 98.0) * a - 16.0) * a + 96.36
    d = ((94.5 / (b + c) - 3.0) / b + 1.0) * math.sqrt(a * math.pi / 2.0) * n
    y = (d * tail) ** (2.0 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tail * 0.5)
        y = x * x
        if degrees < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x
        y = math.expm1(a * y * y)
    else:
        y = ((1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0) + 0.5 / (n + 4.0)) * y - 1.0) * (
            n + 1.0
        ) / (n + 2.0) + 1.0 / y
    return math.sqrt(n * y)


def mean_of(values: Sequence[float], *, confidence: float = CONFIDENCE) -> Estimate:
    """The mean of one value a replication."""
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Estimate(value=mean, low=math.nan, high=math.nan)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    half = student_t(0.5 + confidence / 2, n - 1) * spread
    return Estimate(value=mean, low=mean - half, high=mean + half)


def with_control(
    values: Sequence[float],
    controls: Sequence[float],
    expected: float,
    *,
    least: int = CONTROLLED,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """The mean of `values`, corrected by how far the controls' mean lies from what it is known to be.

    The interval covers as often as it says from three replications on; but of few the slope is noise, and the mean the
    worse for it, where values have little to do with the control. Below the `least`, or with a control that does not
    move, it is the plain mean.
    """
    n = len(values)
    y, x = np.array(values), np.array(controls)
    across = float(((x - x.mean()) ** 2).sum())
    if n < max(3, least) or across == 0.0:
        return mean_of(values, confidence=confidence)
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / across
    mean = float(y.mean()) - slope * (float(x.mean()) - expected)
    left = y - y.mean() - slope * (x - x.mean())
    variance = float((left**2).sum()) / (n - 2)
    spread = math.sqrt(variance * (1.0 / n + (float(x.mean()) - expected) ** 2 / across))
    half = student_t(0.5 + confidence / 2, n - 2) * spread
    return Estimate(value=mean, low=mean - half, high=mean + half)


def together(one: Estimate, other: Estimate) -> Estimate:
    """The sum of two estimates of different draws: the squares of their half widths add up."""
    value = one.value + other.value
    half = math.hypot(one.high - one.low, other.high - other.low) / 2
    return Estimate(value=value, low=value - half, high=value + half)


def ratio_of(parts: Sequence[float], wholes: Sequence[float], *, confidence: float = CONFIDENCE) -> Estimate:
    """A share whose parts and wholes both move from replication to replication; NaN where the wholes are nothing."""
    part, whole = np.array(parts, dtype=np.float64), np.array(wholes, dtype=np.float64)
    if not whole.sum():
        return Estimate(value=math.nan, low=math.nan, high=math.nan)
    value = float(part.sum() / whole.sum())
    if part.size < 2:
        return Estimate(value=value, low=math.nan, high=math.nan)
    half = float(_half(part[:, None], whole, np.array([value]), confidence)[0])
    return Estimate(value=value, low=value - half, high=value + half)


def _half(parts: Floats, wholes: Floats, shares: Floats, confidence: float) -> Floats:
    """Half widths of the intervals of many shares at once: parts[replication, share]."""
    n = wholes.size
    left = parts - shares[None, :] * wholes[:, None]
    spread: Floats = np.sqrt(n / (n - 1) * (left**2).sum(axis=0)) / wholes.sum()
    return student_t(0.5 + confidence / 2, n - 1) * spread


def share_later_of(ledgers: Sequence[Ledger], seconds: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """The share of all requests that are later than `seconds`, unserved ones among them."""
    arrived = [float(ledger.arrived) for ledger in ledgers]
    later = [ledger.share_later_than(seconds) * ledger.arrived if ledger.arrived else 0.0 for ledger in ledgers]
    return ratio_of(later, arrived, confidence=confidence)


def percentile_of(
    ledgers: Sequence[Ledger], share: float, *, served_only: bool = False, confidence: float = CONFIDENCE
) -> Estimate:
    """A percentile of the pooled requests; its interval inverts that of the share below it over replications.

    The interval holds every latency x at which `share` lies inside the interval of the share of requests within x. Its
    high end is infinite where the replications do not rule out that the percentile is.
    """
    pooled = ledgers[0]
    for ledger in ledgers[1:]:
        pooled = pooled + ledger
    value = pooled.latency_s(share, served_only=served_only)
    wholes = np.array([ledger.served if served_only else ledger.arrived for ledger in ledgers], dtype=np.float64)
    if len(ledgers) < 2 or not wholes.sum():
        return Estimate(value=value, low=math.nan, high=math.nan)
    used = np.flatnonzero(pooled.bins)
    if not used.size:
        return Estimate(value=value, low=value, high=value)
    below = np.cumsum(np.stack([ledger.bins[used] for ledger in ledgers]), axis=1).astype(np.float64)
    shares = below.sum(axis=0) / wholes.sum()
    half = _half(below, wholes, shares, confidence)
    edges = bin_edges()
    middles = (edges[used] + edges[used + 1]) / 2

    def first(reached: Floats) -> float:
        at = np.flatnonzero(reached >= share)
        return float(middles[at[0]]) if at.size else math.inf

    return Estimate(value=value, low=min(value, first(shares + half)), high=max(value, first(shares - half)))
