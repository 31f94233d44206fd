"""The arithmetic of a model cache: what fits, how often a request finds its model, and how long a load takes.

The share of hits under "least recently used" is Che's approximation: a model of popularity p is in a cache of C models
with probability 1 - exp(-p t), where t is the time in which C different models are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from advisor.catalog.instances import instance
from advisor.workload import Workload

__all__ = ["cache_mib", "fetch_s", "hit_share", "load_s", "models_held", "open_s", "popularity", "top_share"]

# Beyond so many models, neighbours in the order of popularity are taken together: their popularities hardly differ.
_EXACT = 2000
_GROWTH = 1.02


def cache_mib(w: Workload, name: str) -> float:
    """Memory that models can fill: the accelerator's where they need one, else all but the container's share."""
    one = instance(name)
    if w.accelerator == "required" and one.gpu_memory_mib:
        return one.gpu_memory_mib * float(w.assume("accelerator_memory_usable"))
    return one.memory_mib * (1 - float(w.assume("mme_container_memory")))


def models_held(w: Workload, name: str) -> int:
    """Models of the stated size in the memory of one instance."""
    return int(cache_mib(w, name) // w.model.memory_mib)


def open_s(w: Workload) -> float:
    """From disk into memory."""
    return float(w.assume("mme_load_base")) + w.model.size_bytes / float(w.assume("mme_load_per_s"))


def fetch_s(w: Workload) -> float:
    """From S3 to disk."""
    return w.model.size_bytes / float(w.assume("mme_download_per_s"))


def load_s(w: Workload) -> float:
    """A first call's load: from S3 to disk, then into memory."""
    return fetch_s(w) + open_s(w)


def popularity(w: Workload) -> tuple[tuple[float, int], ...]:
    """Shares of requests and how many models have each, most popular first; far down models are taken together."""
    held = w.model.popularity
    if held is not None and held.shares is not None:
        return tuple((share, 1) for share in sorted(held.shares, reverse=True))
    return _zipf(w.model.count, 0.0 if held is None or held.zipf is None else held.zipf)


def top_share(w: Workload) -> float:
    """The share of requests that go to the most popular model."""
    return popularity(w)[0][0]


def hit_share(w: Workload, held: int) -> float:
    """The share of requests that find their model, with room for ``held`` models, by Che's approximation."""
    if held >= w.model.count:
        return 1.0
    return 0.0 if held <= 0 else _che(popularity(w), held)


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


@lru_cache(maxsize=256)
def _che(shares: Sequence[tuple[float, int]], held: int) -> float:
    used = [(share, many) for share, many in shares if share > 0]
    if sum(many for _, many in used) <= held:
        return 1.0
    low, high = 0.0, 1.0
    while _filled(used, high) < held:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _filled(used, middle) < held else (low, middle)
    return math.fsum(many * share * -math.expm1(-share * high) for share, many in used)


def _filled(shares: Sequence[tuple[float, int]], t: float) -> float:
    return math.fsum(many * -math.expm1(-share * t) for share, many in shares)
