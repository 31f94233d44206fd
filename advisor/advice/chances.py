"""How surely one figure is below another, by Student's t: of an estimate and its interval, of paired differences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.sim.estimates import Estimate, student_t

__all__ = ["above_zero", "below", "t_share"]


def below(one: Estimate, allowed: float, replications: int) -> float:
    """The probability that the true value is at most what is allowed, by the estimate's own interval."""
    if math.isnan(one.value):
        return 0.0
    half = one.high - one.value
    if math.isnan(half) or half <= 0:
        return 1.0 if one.value <= allowed else 0.0
    degrees = max(1, replications - 1)
    return t_share((allowed - one.value) / half * student_t(0.975, degrees), degrees)


def above_zero(differences: Sequence[float]) -> float:
    """The probability that the mean of such differences is above zero."""
    n = len(differences)
    mean = math.fsum(differences) / n
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in differences) / (n - 1) / n) if n > 1 else math.nan
    if spread == 0.0 or math.isnan(spread):
        return 1.0 if mean > 0 else 0.5 if mean == 0 else 0.0
    return t_share(mean / spread, n - 1)


def t_share(t: float, degrees: int) -> float:
    """The share of Student's t distribution below ``t``: its quantile, searched."""
    if t < 0:
        return 1 - t_share(-t, degrees)
    low, high = 0.5, 1 - 1e-12
    if t == 0:
        return 0.5
    if student_t(high, degrees) <= t:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_t(middle, degrees) < t else (low, middle)
    return (low + high) / 2
