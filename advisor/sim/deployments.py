"""What a station needs to know of a deployment: plain numbers, no workload, no price, no policy of a pattern."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = [
    "FEWEST",
    "LEAST_OUTSTANDING",
    "LOWEST",
    "RANDOM",
    "Batching",
    "CacheSpec",
    "Client",
    "FleetSpec",
    "JobSpec",
    "LoadCurve",
    "ModelSize",
    "PoolSpec",
    "QueueSpec",
    "Workers",
]

RANDOM, LEAST_OUTSTANDING = "RANDOM", "LEAST_OUTSTANDING_REQUESTS"
FEWEST, LOWEST = "fewest", "lowest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """The caller's library: attempts (1: none again), back-off base x growth**(k-1) up to the cap, limit, payload.

    The limit runs from an attempt's arrival; the pattern's fixed overhead is added to every latency.
    """

    attempts: int = 5
    base_s: float = 1.0
    growth: float = 2.0
    cap_s: float = math.inf
    limit_s: float = 60.0
    payload_max: float = math.inf
    fail_share: float = 0.0
    overhead_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Batching:
    """Dynamic batching: up to `most` requests, `wait_s` from the oldest one's arrival; n cost 1 + marginal (n - 1)."""

    most: int
    wait_s: float
    marginal: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Workers:
    """Independent workers behind one first-come queue an instance."""

    workers: int
    mean_s: float
    batching: Batching | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadCurve:
    """All admitted requests progress together: `latency_s[n - 1]` is the time a work of 1 takes at n in flight."""

    latency_s: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetSpec:
    """A real-time endpoint: what an instance is, how many may wait on it, who gets an attempt."""

    server: Workers | LoadCurve
    routing: str = RANDOM
    container_queue: int = 100
    timed_out_runs_on: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSpec:
    """A serverless endpoint: containers that serve one request at a time.

    A call on a provisioned one waits `provisioned_setup_s` for its set-up, which is never billed as its work.
    """

    mean_s: float
    max_concurrency: int
    cold_mean_s: float
    keep_alive_s: float
    provisioned_setup_s: float = 0.0
    setup_billed: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueSpec:
    """An asynchronous endpoint: one queue in front of a fleet.

    An instance is plain workers, workers that answer in batches, or a load curve (then `mean_s` and `workers` play no
    part, see `LoadCurve`). Where calls share an instance, `pull` says who takes the head: the one with the fewest
    calls, or the lowest.
    """

    mean_s: float
    workers: int
    max_invocations: int
    batching: Batching | None = None
    latency_s: tuple[float, ...] = ()
    pull: str = FEWEST
    ttl_s: float = 21600.0
    timeout_s: float = 900.0
    upload_s: float = 0.0
    download_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpec:
    """Batch transform jobs on a schedule; `due_s` are the instants at which jobs are to begin.

    An instance takes its objects `one_by_one`, or goes on to the next as soon as a slot has nothing left of the last.
    """

    mean_s: float
    workers: int
    due_s: tuple[float, ...]
    files: int
    instances: int = 1
    max_transforms: int = 1
    strategy: str = "multi"
    max_payload_bytes: int = 6_000_000
    marginal: float | None = None
    timeout_s: float = 600.0
    retries: int = 3
    provision_s: tuple[float, ...] = (120.0,)
    setup_s: float = 120.0
    upload_s: float = 10.0
    one_by_one: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSize:
    """One model of many: bytes on disk, MiB in memory."""

    size_bytes: int
    memory_mib: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheSpec:
    """A multi-model endpoint: instances that hold a changing set of models in memory and on disk.

    An instance is plain workers, workers that answer calls of one model in batches, or a load curve that the calls of
    all models share (then `mean_s` and `workers` play no part, see `LoadCurve`).
    """

    models: tuple[ModelSize, ...]
    workers: int
    mean_s: float
    cache_mib: int
    disk_bytes: int
    download_bytes_per_s: float
    into_memory_bytes_per_s: float
    parallel_loads: int
    spill_depth: int = 4
    cache_enabled: bool = True
    load_limit_s: float = 360.0
    container_queue: int = 100
    batching: Batching | None = None
    latency_s: tuple[float, ...] = ()
