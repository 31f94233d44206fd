"""The arithmetic of bursts: four numbers that a person reads off a chart, as a two-state process.

With f the peak and v the variance of the rate relative to its mean squared, the rate is ``high = f x rate`` for a
share ``p = v / (v + (f-1)^2)`` of the time and ``low = rate x (1 - v/(f-1))`` for the rest, so that mean, variance
and peak are those stated. Where v exceeds f-1 the low rate would be negative: then low = 0, p = 1/(1+v) and
high = (1+v) x rate keep mean and variance, and the peak gives way with a warning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from advisor.errors import InputError
from advisor.units import show_factor, show_rate

__all__ = ["SELDOM", "TwoState", "bursts_alone", "curve_cv", "curve_peak", "eighths", "hourly_curve", "two_state"]

# A peak is read as the 99.5th percentile of minute counts: what is rarer than this never shows there.
SELDOM = 0.005
_MINUTE_S = 60.0
_NEARLY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoState:
    """A rate that switches between high and low; stays are exponential with the means given."""

    share_high: float
    high_per_s: float
    low_per_s: float
    mean_high_s: float
    mean_low_s: float
    warning: str | None = None
    mend: str = ""


def two_state(rate_per_s: float, peak: float, cv: float, length_s: float, *, of: str = "minutes") -> TwoState:
    """The two-state process behind peak, cv and length (the rate's correlation time) at a mean rate.

    ``of`` says what the cv belongs to: counts of single minutes (Poisson noise is taken off) or the ``rate`` itself.
    Where no variance is left beyond Poisson noise, both rates are the mean and a warning says so.
    """
    if not rate_per_s > 0 or not peak > 1 or not length_s > 0 or not cv >= 0:
        raise InputError(
            f"bursts of peak {peak:g}, cv {cv:g}, length {length_s:g} s at {rate_per_s:g} per second have no meaning",
            "",
            "give a rate and a length above zero, a peak above 1x and a cv of zero or more",
        )
    noise = 0.0 if of == "rate" else 1 / (_MINUTE_S * rate_per_s)
    v, above = cv * cv - noise, peak - 1
    if v <= 0:
        chance = f"chance alone gives {math.sqrt(noise):.3g} at {show_rate(rate_per_s)}"
        why = f"a cv of {cv:g} between minutes leaves no room for bursts: {chance}"
        return TwoState(
            share_high=0.0,
            high_per_s=rate_per_s,
            low_per_s=rate_per_s,
            mean_high_s=length_s,
            mean_low_s=math.inf,
            warning=why,
            mend=f"write a cv above {math.sqrt(noise):.3g}, or of: rate where the cv is the rate's own",
        )
    warning, mend = None, ""
    if v > above * (1 - _NEARLY):
        share, high, low = 1 / (1 + v), (1 + v) * rate_per_s, 0.0
        if v > above * (1 + _NEARLY):
            taken = f"the peak is taken as {show_factor(1 + v)}, with silence between"
            warning = f"a cv of {cv:g} cannot have a peak as low as {show_factor(peak)}: {taken}"
            mend = f"write a cv of at most {math.sqrt(above + noise):.3g}, or a peak of {show_factor(1 + v)}"
    else:
        share, high, low = v / (v + above * above), peak * rate_per_s, rate_per_s * (1 - v / above)
    if share < SELDOM:
        raise InputError(
            f"a peak of {show_factor(peak)} with a cv of {cv:g} would last {share * 100:.2g} % of the time,"
            " too short for the 99.5th percentile of minutes",
            "",
            f"give the rare event as spikes: [{{at: day 3 14:00, height: {show_factor(peak)}, lasts: 20 min}}],"
            " and bursts without it",
        )
    return TwoState(
        share_high=share,
        high_per_s=high,
        low_per_s=low,
        mean_high_s=length_s / (1 - share),
        mean_low_s=length_s / share,
        warning=warning,
        mend=mend,
    )


@lru_cache(maxsize=64)
def hourly_curve(day: tuple[float, ...], week: tuple[float, ...]) -> tuple[float, ...]:
    """24 or 168 hourly weights with mean 1 out of day weights and week weights; either may be empty (flat)."""
    hours = [float(d) * float(w) for w in (week or (1.0,)) for d in (day or (1.0,) * 24)]
    mean = math.fsum(hours) / len(hours)
    return tuple(hour / mean for hour in hours)


def curve_cv(curve: Sequence[float]) -> float:
    """The coefficient of variation of the curve drawn piecewise linear through the mid-hours."""
    pairs = list(zip(curve, [*curve[1:], curve[0]], strict=True))
    square = math.fsum((a * a + a * b + b * b) / 3 for a, b in pairs) / len(pairs)
    mean = math.fsum((a + b) / 2 for a, b in pairs) / len(pairs)
    return math.sqrt(max(0.0, square / (mean * mean) - 1))


def curve_peak(curve: Sequence[float]) -> float:
    """The highest point of the curve over its mean."""
    return max(curve) * len(curve) / math.fsum(curve)


@lru_cache(maxsize=64)
def bursts_alone(rate_per_s: float, peak: float, cv: float, curve: tuple[float, ...]) -> tuple[float, float]:
    """Peak and cv of the bursts alone, where those given were read off a chart that contains the day and week curve.

    cv: (1 + cv^2) / (1 + cv_curve^2) - 1, squared. Peak: the one whose product with the curve exceeds the stated
    peak in half a percent of the time. Both are errors that name the curve's own figure where the curve alone has more.
    """
    own = curve_cv(curve)
    square = (1 + cv * cv) / (1 + own * own) - 1
    if square < 0:
        raise InputError(
            f"the chart's cv of {cv:g} is less than the {own:.3g} that the day and week curve alone has",
            "",
            f"give a cv of at least {math.ceil(own * 100) / 100:g}, a flatter curve,"
            " or the cv of minute counts divided by the curve (without of: chart)",
        )
    points = eighths(curve)
    if _exceeding(points, 1.0, 1.0, 1.0, peak) > SELDOM:
        highest = sorted(points)[-max(1, round(SELDOM * len(points)))]
        raise InputError(
            f"the chart's peak of {show_factor(peak)} is less than the {show_factor(highest)}"
            " that the day and week curve alone reaches",
            "",
            "give the peak of the busiest minutes, a flatter curve, or the peak over the curve (without of: chart)",
        )
    v = square - 1 / (_MINUTE_S * rate_per_s)
    if v <= 0:
        return peak, math.sqrt(square)
    low, high = 1 + _NEARLY, peak
    for _ in range(60):
        middle = (low + high) / 2
        above = middle - 1
        share, top, bottom = (
            (1 / (1 + v), 1 + v, 0.0) if v > above else (v / (v + above * above), middle, 1 - v / above)
        )
        if _exceeding(points, share, top, bottom, peak) > SELDOM:
            high = middle
        else:
            low = middle
    return high, math.sqrt(square)


@lru_cache(maxsize=64)
def eighths(hours: tuple[float, ...]) -> tuple[float, ...]:
    """Eight points an hour of the curve, drawn in straight lines through the mid-hours: 192 or 1,344 of them."""
    return tuple(a + (b - a) * k / 8 for a, b in zip(hours, [*hours[1:], hours[0]], strict=True) for k in range(8))


def _exceeding(points: Sequence[float], share: float, top: float, bottom: float, peak: float) -> float:
    """The share of time in which curve x state lies above the peak."""
    return math.fsum(share * (point * top > peak) + (1 - share) * (point * bottom > peak) for point in points) / len(
        points
    )
