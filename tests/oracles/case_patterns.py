"""The plain numbers of a deployment of each pattern, and the rules that belong to one pattern only.

Real-time
R-01  RANDOM: index floor(route[attempt - 1] * n) among the n instances in service, sorted by number.
R-02  LEAST_OUTSTANDING: fewest in flight + waiting (abandoned ones count), ties to the lowest number.
R-03  The routed instance alone decides: where no slot is free (or others wait) and container_queue already wait, the
      attempt is `rejected` at once. With no instance in service it is `rejected` too (instance -1).
R-04  Workers: `workers` slots behind one FIFO queue an instance.
R-05  Load curve: at most len(latency_s) in flight, latency_s[n - 1] = seconds at n in flight for work 1 (one value
      for each n). An attempt admitted at virtual time V ends when the virtual time reaches V + work. At each
      admission or finish at T on that instance, before n changes: V += (T - last) / latency_s[n - 1] for an
      admission; V = the target of the attempt that finishes for a finish; last = T. The next finish is the smallest
      (target, order of admission) and comes at last + to_grid(max(0, target - V) * latency_s[n - 1]), n after the
      change. V moves at nothing else. n = 0: V stays. Slot -1. Several finishes at one instant are several events in
      this order. A work is used as drawn, not rounded.
R-06  Batching: a free worker (lowest slot) takes the first min(max, waiting) as soon as `max` wait or the oldest
      one's arrival on this instance (its attempt's arrival) + wait_s has come, at DISPATCH: what arrives at that very
      instant is too late. With a free worker each arrival at T is looked at by itself, so wait 0 starts it alone.
      Service = to_grid(mean_s * (1 + marginal * (n - 1)) * largest work), multiplied in this order, at least GRID.
      Members have one start, finish and slot; each keeps its own status. No batch is cut short by a time-out.
R-07  A scale-in drain: the instance's queue is finished (R-04 .. R-06 as before); it takes no further attempt.

Serverless
V-01  Attempt at T: where max_concurrency are busy (set-up, service, abandoned ones, draining provisioned ones
      included) it is `throttled`, even if a container is idle. Else an idle provisioned container in service, else an
      idle on-demand one, else a new on-demand one.
V-02  Idle containers form two stacks, provisioned and on-demand; those that become idle at one instant are laid on it
      in ascending number, so the newest is taken, ties to the highest number. A provisioned one is laid when it is
      ready (after those that finish at that instant), the initial ones at 0 in ascending number.
V-03  A new container: start = arrival + max(0, to_grid(cold[attempt - 1] * cold_mean_s)). Set-up counts towards the
      limit. It is kept for that call even where the client has left. On a provisioned one, start = arrival +
      to_grid(provisioned_setup_s): busy, but never billed as the call's work.
V-04  An on-demand container idle for keep_alive_s is gone at that instant (LIFECYCLE: an arrival at it does not find
      it).
V-05  Record: slot 0 = on-demand, 1 = provisioned; instance = number, on-demand ones counted in order of creation,
      provisioned ones as in S-31. Record.containers: on-demand ones: launch = creation, ready = end of set-up, end =
      gone.
V-06  Provisioned ones follow Scaling (units are containers; no faults; lowest >= 1 or no policies). Draining: idle
      ends at once, busy ends at its finish.
V-07  Billed: "on_demand_ms", "provisioned_ms" (S-36; from creation's arrival instead of start where setup_billed and
      the call was cold; the window is judged by that same instant), "provisioned_s" (S-35), "bytes_in", "bytes_out".
      A call counts when its start lies at or before stop_s and its finish too.

Asynchronous
A-01  An attempt enters the queue at arrival + upload_s (rank of ARRIVAL, by request number). There are no client
      retries: the caller has its answer when the call is queued. `answered` = finish + download_s for served,
      timed_out, failed.
A-02  slots an instance = min(workers, max_invocations). DISPATCH and each entry: while a slot is free and someone
      waits, the head leaves: `expired` where now - (entry instant) > ttl_s (answered = now, no slot taken), else it
      starts.
A-03  service > timeout_s: it holds its slot for timeout_s and is `timed_out` at start + timeout_s; equal is served.
      failing and too long: timed_out.
A-04  Cut calls (drain limit, losses) return to the queue in the order of (entry instant, request): that is its head.
      Their start becomes NaN, instance and slot -1; `attempts` counts executions begun; draw number = executions
      begun - 1, at most 4. They can be started elsewhere, or expire, at the DISPATCH of the same instant.
A-05  Billed: "instance_s", "puts": of the requests that arrive in the window and entered the queue by stop_s, 2 for
      each one served (input and output), 1 for each other.
A-06  Record: `arrival` is the request's arrival once it has entered the queue; answered later than stop_s: PENDING
      (finish stays).
Where calls share an instance (latency_s or batching), rules A-07 .. in sharing.py.

Batch transform: rules B-.. in batch.py. Multi-model: rules M-.. in multimodel.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .case import NEVER, Client, Request, Scaling

RANDOM, LEAST_OUTSTANDING = "RANDOM", "LEAST_OUTSTANDING_REQUESTS"
FEWEST, LOWEST = "fewest", "lowest"


@dataclass(frozen=True, kw_only=True)
class Batching:
    """Dynamic batching inside an instance (R-06)."""

    most: int
    wait_s: float
    marginal: float


@dataclass(frozen=True, kw_only=True)
class Workers:
    """c independent workers behind a queue."""

    workers: int
    mean_s: float
    batching: Batching | None = None


@dataclass(frozen=True, kw_only=True)
class LoadCurve:
    """All admitted requests progress together (R-05)."""

    latency_s: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What every case has: the requests, the client, the clock."""

    requests: tuple[Request, ...]
    client: Client = field(default_factory=Client)
    window_from_s: float = 0.0
    window_to_s: float = NEVER
    stop_s: float = 7200.0

    @property
    def window(self) -> tuple[float, float]:
        """The billed window [from, to)."""
        return self.window_from_s, min(self.window_to_s, self.stop_s)

    def counted(self, instant: float) -> bool:
        """Does the instant lie in the window?"""
        return self.window_from_s <= instant < self.window_to_s


@dataclass(frozen=True, kw_only=True)
class RealTimeCase(Case):
    """A fleet behind a router."""

    server: Workers | LoadCurve
    routing: str = RANDOM
    container_queue: int = 100
    timed_out_runs_on: bool = True
    scaling: Scaling = field(default_factory=Scaling)


@dataclass(frozen=True, kw_only=True)
class ServerlessCase(Case):
    """Containers that serve one request at a time."""

    mean_s: float
    max_concurrency: int
    cold_mean_s: float = 6.0
    keep_alive_s: float = 660.0
    provisioned_setup_s: float = 0.0
    setup_billed: bool = True
    scaling: Scaling = field(default_factory=lambda: Scaling(initial=0, lowest=0, highest=0))  # provisioned concurrency


@dataclass(frozen=True, kw_only=True)
class AsynchronousCase(Case):
    """One queue in front of a fleet."""

    mean_s: float
    workers: int
    max_invocations: int
    ttl_s: float = 21600.0
    timeout_s: float = 900.0
    upload_s: float = 0.0
    download_s: float = 0.0
    batching: Batching | None = None
    latency_s: tuple[float, ...] = ()
    pull: str = FEWEST
    scaling: Scaling = field(default_factory=Scaling)


@dataclass(frozen=True, kw_only=True)
class BatchCase(Case):
    """Jobs on a schedule; a request is a record, gathered from its arrival on."""

    mean_s: float
    workers: int
    due_s: tuple[float, ...]
    files: int
    instances: int = 1
    max_transforms: int = 1
    strategy: str = "multi"  # "single", "multi" or "whole" (split none: an object is one call)
    max_payload_bytes: int = 6_000_000
    marginal: float | None = None
    timeout_s: float = 600.0
    retries: int = 3
    provision_s: tuple[float, ...] = (120.0,)  # by job begun
    setup_s: float = 120.0
    upload_s: float = 10.0
    one_by_one: bool = True  # objects on an instance (B-04); else B-14


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model of many: bytes on disk, MiB in memory."""

    size_bytes: int
    memory_mib: int


@dataclass(frozen=True, kw_only=True)
class MultiModelCase(Case):
    """A fleet whose instances hold a changing set of models."""

    models: tuple[Model, ...]
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
    scaling: Scaling = field(default_factory=Scaling)
