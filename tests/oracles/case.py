"""A case and its record: what every oracle reads and what it answers, and the rules that both planes share.

The oracles are the readable specification of the simulator. A rule that the design page leaves open is numbered here
(S-01 ..) once; each oracle repeats in code what its rules say in words. Rules of one pattern stand in
`case_patterns.py`, beside the plain numbers of its deployment.

Time
S-01  Every instant and every duration is a multiple of 2**-20 s: `to_grid(x)` = round-half-even(x * 2**20) / 2**20.
S-02  Durations are rounded where they are made, once: service = max(GRID, to_grid(work * mean_s)), set-up, load
      stage, back-off, and the instant (never the virtual time) at which a load-curve request finishes. Sums are then
      exact.
S-03  Payload growth is folded into `work` by the caller: here a service time is work times the deployment's mean.
S-04  Phases of one instant T: FINISH (finishes, ends of model loads, then the client's limits, in this order);
      LIFECYCLE (ready by number, drain limits by number, losses in the order given, zones; then idle containers
      expire); DISPATCH; ARRIVAL (attempts by (request, attempt)); MEASURE (metrics of the period that ends at T);
      SCHEDULE; VISIBLE (datapoints whose lag ends at T); DECIDE (one decision a fleet and instant).
S-05  DISPATCH comes once, after LIFECYCLE: so capacity that is ready at T takes waiting requests before arrivals at
      T, and an instance lost at T starts nothing at T. Afterwards each arrival at T is dispatched by itself, in
      order.
S-06  Nothing that a decision at T does is seen by anything at T: launch lengths are at least one step of the grid,
      and an instance that a decision drains has already taken the arrivals at T.
S-07  Free slots are taken lowest instance first, then lowest slot, after all finishes of the instant.
S-08  The run holds all that happens at or before `stop_s` and nothing after it: a request without an answer by then
      is PENDING (-1), an instant that lies later is NaN. Time begins at 0; the window is [window_from_s,
      window_to_s).

Requests and their client
S-09  Attempts merge with arrivals by (instant, request, attempt). Requests are ordered by arrival, ties by their
      number.
S-10  Retried: throttled, rejected, not_ready, timed_out, while attempts made < client.attempts. Attempt k (from 1)
      that ended at T is followed at T + to_grid(min(cap, longest) * backoff[k-1]), longest = base, multiplied by growth
      k-1 times in turn; a back-off of 0 stays in T: from FINISH it joins the arrivals at T, from ARRIVAL it comes
      before higher request numbers.
S-11  An answer that comes exactly at arrival + limit is in time (served); past it the attempt is timed_out at arrival
      + limit. Limits count from the attempt's arrival, latency from the first arrival to `answered`.
S-12  A timed_out attempt goes on in the container (it keeps its place in the queue, its worker and its share in every
      metric) unless `timed_out_runs_on` is false: then it leaves the queue or frees its worker at arrival + limit,
      before DISPATCH (only for servers of the kind Workers without batching).
S-13  An attempt fails where fail[k] < fail_share: it takes its whole service, then ends `failed`, without a retry. An
      attempt that is both failing and too late is timed_out. A lost instance ends all its attempts `failed` at once.
S-14  bytes_in > payload_max: `refused` at arrival, before routing, seen by no metric and no meter.
S-15  The record shows the last attempt: `arrival` .. `slot` are its own; start and finish are those of the execution
      even where the client had left (timed_out: answered < finish). An execution that is cut short (loss, S-12) keeps
      its start and has finish NaN. Rejected, throttled, not_ready and refused attempts have start and finish NaN;
      rejected and not_ready ones keep the instance they were sent to, slot -1; -1 for both where there is none.

Metrics (the station measures, MEASURE at T for the period (T - period, T]; periods count from 0)
S-16  A datapoint is (value, load): load is the metric times the instances, exactly (a whole number), value what the
      alarm compares. Attempts at T belong to the period that ends at T; so do those at instant 0 to the first.
S-17  INVOCATIONS: load = attempts in the period (every attempt that is not refused). Each emits 1/n, n = instances in
      service at its instant (at least 1): value = sum over the stretches of equal n, in time order, of count / n. A
      stretch ends wherever n changes (and with the period), two changes at one instant included; nowhere else.
S-18  CONCURRENCY: for each instance in service at T the greatest number in flight + waiting on it since the last
      MEASURE (the level left then included); load = sum of these, value = load / max(1, instances in service).
S-19  BACKLOG: sampled at T: load = waiting + in process (draining instances too), value = load / max(1, in service).
      NO_CAPACITY (HasBacklogWithoutCapacity): 1 where waiting + in process > 0 and none is in service, else 0.
S-20  UTILISATION: load = greatest number of provisioned containers in service and busy at once since the last MEASURE
      (a container that drains leaves the count at once); value = load / max(1, in service at T).
S-21  A period without requests is a datapoint of 0, also where nothing is in service.

Alarms and decisions (control.py)
S-22  A datapoint of the period ending at T is visible at T + lag_s, never earlier, in order.
S-23  Out alarm: the last `out_datapoints` visible ones all > target. In alarm: the last `in_datapoints` all <
      in_ratio * target. Equal is neither. Fewer datapoints than needed: no alarm. No action resets the datapoints.
S-24  Alarms act as long as they last: at every instant at which a datapoint of the policy becomes visible.
S-25  Committed = in service + launching; draining ones are neither. Out: desired = min(highest, ceil(load / target))
      of the datapoint just seen, for a step policy min(highest, in service + 1); over policies seen at T the largest
      that is not held by its cooldown; acted on only where it exceeds committed; the difference is launched at once.
S-26  Out cooldown: before success + out_cooldown_s (that instant itself is free) of the last out activity, a decision
      passes only where desired exceeds that activity's `to`. Each policy applies its own length.
S-27  In: only where no policy wanted out at T (acted on or held: any desired > committed), every tracking policy is
      in its in alarm, nothing is launching, and T is not before success + in_cooldown_s (the longest) of the last in
      activity. desired = the largest of ceil(load / target) of the latest visible datapoints, at least lowest; one
      step, or one at a time where `in_one_at_a_time`; the newest (highest number) drain first, all at T. Step
      policies have no say in it.
S-28  An out activity ends when all its launches are ready, refused or lost; it succeeds (starts its cooldown) where
      one was ready. An in activity ends, and succeeds, when all it drains have ended. An out decision clears the in
      cooldown.
S-29  serial: while an activity lasts, policies decide nothing (the datapoint is not kept for later).
S-30  A scheduled action sets lowest and highest at T: committed < lowest launches the difference, committed > highest
      drains the newest in service ones (launching ones are never called off). It waits for no cooldown, no serial
      rule, and starts no cooldown, but its launches or drains are an activity that `serial` respects. SCHEDULE
      precedes DECIDE.
S-31  Instances are numbered from 0 in the order of launch; the `initial` ones are in service at 0. The k-th launch
      after them takes launch_s[k mod len] and is refused where refused[k mod len]: it then never comes, at its
      would-be ready instant, is not billed, and is launched again only where committed < lowest.
S-32  A lost instance, in service or launching, is replaced at once (not an activity: no cooldown, no serial rule), a
      draining one is not. Loss: index floor(u * in service) among those in service, by number; none there: nothing.
S-33  Zones: a launch goes to the zone that is up with the fewest in service + launching, ties to the lowest; with
      none up it begins when the first (ties lowest) is up again. A lost zone loses its in service, launching and
      draining.
S-34  A draining instance takes nothing new and ends at the finish of its last attempt; at once, at T, where it has
      none. drain_limit_s: what it still runs at T + limit (LIFECYCLE; a finish at that instant is in time) is cut
      (async only).

Bills
S-35  Instance-seconds: [launch or, by switch, ready; end) within the window, each instance rounded up to whole
      seconds; one that ended without ever being ready is not billed; one without an end yet counts to stop_s.
S-36  A call's milliseconds (rounded up) count where its start lies in the window, whole. Bytes in: every attempt let
      in (not refused, rejected, throttled) that arrives in the window; bytes out: every served attempt that arrived
      in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

STEPS = 1 << 20
GRID = 1.0 / STEPS
NAN = math.nan
NEVER = math.inf

PENDING, SERVED, THROTTLED, REJECTED, TIMED_OUT, EXPIRED, NOT_READY, FAILED, REFUSED = range(-1, 8)
RETRIED = frozenset({THROTTLED, REJECTED, TIMED_OUT, NOT_READY})

INVOCATIONS, CONCURRENCY, BACKLOG, UTILISATION, NO_CAPACITY = (
    "invocations",
    "concurrency",
    "backlog",
    "utilisation",
    "no-capacity",
)


def to_grid(seconds: float) -> float:
    """The nearest multiple of 2**-20 s, half to even (S-01)."""
    return round(seconds * STEPS) / STEPS


def service_time(work: float, mean_s: float) -> float:
    """How long one attempt holds its worker (S-02)."""
    return max(GRID, to_grid(work * mean_s))


@dataclass(frozen=True, kw_only=True)
class Request:
    """One row of the trace; the tuples hold one draw an attempt."""

    number: int
    arrival: float
    work: float = 1.0
    bytes_in: int = 1000
    bytes_out: int = 100
    model: int = 0
    route: tuple[float, ...] = (0.0,) * 5
    backoff: tuple[float, ...] = (0.5,) * 5
    cold: tuple[float, ...] = (1.0,) * 5
    fail: tuple[float, ...] = (0.5,) * 5
    load: tuple[float, ...] = (1.0,) * 5


@dataclass(frozen=True, kw_only=True)
class Client:
    """What the caller's library does: limit, retries (attempts = 1: none), payload and failures of the model."""

    attempts: int = 5
    base_s: float = 1.0
    growth: float = 2.0
    cap_s: float = NEVER
    limit_s: float = 60.0
    payload_max: float = NEVER
    fail_share: float = 0.0

    def backoff(self, request: Request, attempt: int) -> float:
        """The pause after failed attempt number `attempt`, counted from 1 (S-10)."""
        longest = self.base_s
        for _ in range(attempt - 1):
            longest *= self.growth
        return to_grid(min(self.cap_s, longest) * request.backoff[attempt - 1])


@dataclass(frozen=True, kw_only=True)
class TargetTracking:
    """One target-tracking policy: its metric, its two alarms, its cooldowns."""

    metric: str
    target: float
    period_s: float = 60.0
    out_datapoints: int = 3
    in_datapoints: int = 15
    in_ratio: float = 0.9
    lag_s: float = 60.0
    out_cooldown_s: float = 300.0
    in_cooldown_s: float = 300.0


@dataclass(frozen=True, kw_only=True)
class StepFromZero:
    """The step policy that wakes a fleet at zero: +1 where the metric is 1 in all of the last datapoints."""

    metric: str = NO_CAPACITY
    period_s: float = 60.0
    out_datapoints: int = 2
    lag_s: float = 60.0
    out_cooldown_s: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """A scheduled action (S-30)."""

    at_s: float
    lowest: int
    highest: int


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One instance is lost (S-32)."""

    at_s: float
    which: float


@dataclass(frozen=True, kw_only=True)
class ZoneLoss:
    """One zone is lost for a while (S-33)."""

    at_s: float
    zone: int
    lasts_s: float


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How many instances (or provisioned containers), and who decides it."""

    initial: int = 1
    lowest: int = 1
    highest: int = 1
    policies: tuple[TargetTracking | StepFromZero, ...] = ()  # at most one policy a metric
    schedule: tuple[Scheduled, ...] = ()  # by instant
    launch_s: tuple[float, ...] = (300.0,)
    refused: tuple[bool, ...] = (False,)
    serial: bool = True
    in_one_at_a_time: bool = False
    zones: int = 1
    losses: tuple[Loss | ZoneLoss, ...] = ()  # by instant
    drain_limit_s: float = NEVER
    bill_from_launch: bool = True


@dataclass(kw_only=True)
class Outcome:
    """What became of one request (S-15)."""

    number: int
    first_arrival: float
    status: int = PENDING
    arrival: float = NAN
    start: float = NAN
    finish: float = NAN
    answered: float = NAN
    instance: int = -1
    slot: int = -1
    attempts: int = 0


@dataclass(kw_only=True)
class Lifetime:
    """One instance: asked for, launched, in service, draining from, ended (NaN: not yet, or never)."""

    number: int
    zone: int = 0
    launch: float = NAN
    ready: float = NAN
    draining: float = NAN
    end: float = NAN


@dataclass(frozen=True)
class Change:
    """One line of the control record: alarms go 0 -> 1 -> 0, activities from one committed count to another.

    `what` is "out-alarm METRIC", "in-alarm METRIC" (when the state changes), "out", "in", "schedule" (an activity
    begins; schedule only where capacity changes), "out-done", "in-done", "schedule-done" (it ends: was = its from,
    now = its to), "replace" (was = now = committed), "refused" (committed before and after).
    """

    at: float
    what: str
    was: int
    now: int


@dataclass(frozen=True)
class Datapoint:
    """What a policy's metric was over the period that ended at `at`."""

    at: float
    metric: str
    value: float
    load: int
    in_service: int


@dataclass(kw_only=True)
class Record:
    """Everything a run shows. `billed` holds whole granules by name."""

    requests: list[Outcome]
    changes: list[Change] = field(default_factory=list)
    datapoints: list[Datapoint] = field(default_factory=list)
    instances: list[Lifetime] = field(default_factory=list)
    containers: list[Lifetime] = field(default_factory=list)  # serverless, on demand
    jobs: list[Lifetime] = field(default_factory=list)  # batch transform
    loads: list[tuple[int, int, float, float, float]] = field(default_factory=list)  # multi-model (M-12)
    billed: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[int, int]:
        """How many requests ended with each status."""
        seen: dict[int, int] = {}
        for outcome in self.requests:
            seen[outcome.status] = seen.get(outcome.status, 0) + 1
        return seen


def billed_seconds(lives: list[Lifetime], window: tuple[float, float], stop_s: float, from_launch: bool) -> int:
    """Whole instance-seconds of all lives inside the window (S-35)."""
    total = 0
    for life in lives:
        if math.isnan(life.ready) and not math.isnan(life.end):
            continue  # refused, or lost before it was ready
        begin = life.launch if from_launch else life.ready
        end = stop_s if math.isnan(life.end) else life.end
        if not math.isnan(begin):
            total += max(0, math.ceil(min(end, window[1]) - max(begin, window[0])))
    return total
