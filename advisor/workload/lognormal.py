"""The log-normal law behind a mean with a percentile or a coefficient of variation."""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = [
    "LARGEST_RATIO",
    "cv_of_sigma",
    "mean_over_median",
    "sigma_of_cv",
    "sigma_of_percentiles",
    "sigma_of_ratio",
    "z",
]

# z-values are computed once: the standard normal quantile of the percentiles a profile may name.
_Z = {share: NormalDist().inv_cdf(share) for share in (0.5, 0.9, 0.95, 0.99)}


def z(share: float) -> float:
    """The standard normal quantile of a share between 0 and 1."""
    return _Z[share] if share in _Z else NormalDist().inv_cdf(share)


# A log-normal percentile is at most exp(z^2/2) times the mean: 3.87 for p95, 14.97 for p99.
LARGEST_RATIO = {share: math.exp(value * value / 2) for share, value in _Z.items()}


def sigma_of_cv(cv: float) -> float:
    """Sigma of the logarithm from the coefficient of variation."""
    return math.sqrt(math.log1p(cv * cv))


def cv_of_sigma(sigma: float) -> float:
    """The coefficient of variation from sigma; at most 1e6, where squares still are finite."""
    return math.sqrt(math.expm1(min(sigma * sigma, 27.0)))


def mean_over_median(sigma: float) -> float:
    """Mean over median, exp(sigma^2 / 2)."""
    return math.exp(min(sigma * sigma, 60.0) / 2)


def sigma_of_ratio(share: float, ratio: float) -> float:
    """Sigma from percentile over mean: the smaller root of sigma^2/2 - z sigma + ln(ratio) = 0.

    The larger root is a law with almost all of its mass near zero, which nobody means.
    """
    quantile = z(share)
    if share == 0.5:
        return math.sqrt(max(0.0, -2 * math.log(ratio)))
    return max(0.0, quantile - math.sqrt(max(0.0, quantile * quantile - 2 * math.log(ratio))))


def sigma_of_percentiles(low_share: float, low: float, high_share: float, high: float) -> float:
    """Sigma from two percentiles."""
    return max(0.0, math.log(high / low) / (z(high_share) - z(low_share)))
