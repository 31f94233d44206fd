"""The arithmetic of a model cache: what fits, how often a request finds its model, and how long a load takes.

The share of hits under "least recently used" is Che's approximation: a model of popularity p is in a cache of C models
with probability 1 - exp(-p t), where t is the time in which C different models are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from advisor.catalog.assumptions import assumption
from advisor.catalog.instances import instance
from advisor.rules.popularity import popularity
from advisor.workload import Workload

__all__ = [
    "RARE_HITS",
    "cache_mib",
    "fetch_s",
    "hit_share",
    "load_s",
    "models_held",
    "most_cache_mib",
    "open_s",
    "soonest_load_s",
]

# Where fewer requests than this find their model, a cache is of no use to them.
RARE_HITS = 0.05


def cache_mib(w: Workload, name: str) -> float:
    """Memory that models can fill: the accelerator's where they need one, else all but the container's share."""
    return _room(w, name, float(w.assume("accelerator_memory_usable")), float(w.assume("mme_container_memory")))


def most_cache_mib(w: Workload, name: str) -> float:
    """The same where the container keeps as little as is plausible, or what the profile says that it keeps."""
    return _room(w, name, _at_best(w, "accelerator_memory_usable"), _at_best(w, "mme_container_memory", least=True))


def _room(w: Workload, name: str, usable: float, container: float) -> float:
    one = instance(name)
    own, beside = one.device_memory_mib * usable, one.memory_mib * (1 - container)
    if w.accelerator == "required" and own:
        return own
    # A model that was measured on an accelerator it may use runs there; which memory it fills is its own affair.
    measured = w.accelerator == "optional" and w.work_on(name).evidence == "measured"
    return max(own, beside) if measured else beside


def _at_best(w: Workload, key: str, *, least: bool = False) -> float:
    """The most favourable plausible value of an assumption; the profile's own where it gives one."""
    held = assumption(key)
    best = held.base_low if least else held.base_high
    return float(w.assume(key)) if w.overridden(key) or best is None else best


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


def soonest_load_s(w: Workload) -> float:
    """The same at the fastest that is plausible."""
    size = w.model.size_bytes
    opened = _at_best(w, "mme_load_base", least=True) + size / _at_best(w, "mme_load_per_s")
    return size / _at_best(w, "mme_download_per_s") + opened


def hit_share(w: Workload, held: int) -> float:
    """The share of requests that find their model, with room for ``held`` models, by Che's approximation."""
    if held >= w.model.count:
        return 1.0
    return 0.0 if held <= 0 else _che(popularity(w), held)


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
