"""How requests spread over models: by shares, by Zipf's law, or evenly."""

from __future__ import annotations

import math
from functools import lru_cache

from advisor.workload import Workload

__all__ = ["busiest_part", "endpoints", "one_endpoint", "popularity", "top_share"]

# Beyond so many models, neighbours in the order of popularity are taken together: their popularities hardly differ.
_EXACT = 2000
_GROWTH = 1.02


def popularity(w: Workload) -> tuple[tuple[float, int], ...]:
    """Shares of requests and how many models have each, most popular first; far down models are taken together."""
    held = w.model.popularity
    if held is not None and held.shares is not None:
        return tuple((share, 1) for share in sorted(held.shares, reverse=True))
    return _zipf(w.model.count, 0.0 if held is None or held.zipf is None else held.zipf)


def top_share(w: Workload) -> float:
    """The share of requests that go to the most popular model."""
    return popularity(w)[0][0]


@lru_cache(maxsize=64)
def _zipf(count: int, exponent: float) -> tuple[tuple[float, int], ...]:
    weights: list[tuple[float, int]] = [(float(rank) ** -exponent, 1) for rank in range(1, min(count, _EXACT) + 1)]
    rank = len(weights)
    while rank < count:
        many = min(count - rank, max(1, int(rank * (_GROWTH - 1))))
        weights.append(((rank + (many + 1) / 2) ** -exponent, many))
        rank += many
    total = math.fsum(weight * many for weight, many in weights)
    return tuple((weight / total, many) for weight, many in weights)


def one_endpoint(w: Workload) -> bool:
    """Whether one endpoint of its own does for all models: there is one, or they are containers of one endpoint."""
    return w.model.count == 1 or bool({"multi-container", "pipeline"} & set(w.needs))


def endpoints(w: Workload, *, nearly: float) -> tuple[tuple[float, float], ...]:
    """Where each model has an endpoint of its own: the part of the traffic that each has, and how many have it.

    Models whose share is ``nearly`` the same, as a ratio, are taken together at their mean. Where one endpoint does for
    all, it has all of the traffic.
    """
    return ((1.0, 1.0),) if one_endpoint(w) else _alike(popularity(w), nearly)


@lru_cache(maxsize=64)
def _alike(shares: tuple[tuple[float, int], ...], nearly: float) -> tuple[tuple[float, float], ...]:
    together: list[list[float]] = []
    for share, many in shares:
        if together and share >= nearly * together[-1][0]:
            together[-1][1] += share * many
            together[-1][2] += many
        else:
            together.append([share, share * many, many])
    return tuple((total / many, many) for _, total, many in together if total > 0)


def busiest_part(w: Workload) -> float:
    """The part of the traffic that the busiest endpoint has, where each model has one of its own."""
    return 1.0 if one_endpoint(w) else top_share(w)
