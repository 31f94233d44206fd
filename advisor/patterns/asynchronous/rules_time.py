"""Asynchronous inference: how long a call may run and a request may wait, and what waking takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.assumptions import assumption
from advisor.catalog.limits import limit
from advisor.patterns.asynchronous.waking import idle_share, seen_s, wake_s
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import capacity_per_s, longest_s
from advisor.rules.figures import told
from advisor.rules.of_bursts import share_without
from advisor.rules.of_fleet import tolerated_share
from advisor.rules.of_time import borrowed_mean_within, curve_falls, mean_within, objective_reachable, tail_within
from advisor.units import show_duration, show_rate, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["RULES"]


def _type(d: Any) -> str:
    return str(d.instance_type)


def _work(mean: str, rest: str = "") -> str:
    return f"traffic: {{rate: 1 per hour}}\nwork: [{{on: ml.m5.large, mean: {mean}, cv: 0.4, workers: 2}}]{rest}"


_SHARED: tuple[Rule[Any], ...] = (
    mean_within(
        "AS-19",
        "async.timeout_max",
        _type,
        title="A call on an asynchronous endpoint runs for {async.timeout_max} at most.",
        reason="Older texts give a quarter of that; since then the limit was raised. What takes longer is a job.",
        mend="cut the input into parts, take a faster type, or run it as a batch transform or processing job",
        passes=_work("50 min"),
        fails=_work("70 min"),
    ),
    borrowed_mean_within(
        "AS-64",
        "async.timeout_max",
        _type,
        title="A call whose time was not measured here may run into {async.timeout_max}, the longest that is allowed.",
        reason="The time is borrowed from another type, so that a measurement may show that it is in time.",
        mend="measure it on this type, cut the input into parts, or take a faster type",
        passes=_work("50 min"),
        passes_set="instance_type=ml.m5.xlarge",
        fails=_work("70 min"),
        fails_set="instance_type=ml.m5.xlarge",
    ),
    tail_within(
        "AS-20",
        "async.timeout_max",
        _type,
        title="An asynchronous endpoint ends the slowest calls, too, after {async.timeout_max}.",
        reason="A call that reaches the limit ends as an error, after an hour of an instance has been paid for.",
        mend="cut the largest inputs into parts, or take a faster type",
        passes=_work("10 min"),
        fails=_work("50 min"),
    ),
    objective_reachable(
        "AS-26",
        _type,
        overhead="async_overhead",
        passes="objective: {p95: 10 s}",
        fails="objective: {p95: 3 s}\nwork: [{on: ml.m5.large, mean: 2 s, p95: 4 s, workers: 2}]",
    ),
    curve_falls(
        "AS-31",
        _type,
        passes="work: [{on: ml.m5.large, at: {1: 100 ms, 4: 300 ms}}]",
        fails="work: [{on: ml.m5.large, at: {1: 100 ms, 4: 500 ms}}]",
    ),
)


@rule("AS-21", BLOCKS, where="deployment.timeout_s", reads=("async.timeout_min", "async.timeout_max"),
      passes_set="timeout=1 hour", fails_set="timeout=2 hours")  # fmt: skip
def timeout_allowed(w: Workload, d: Asynchronous) -> Ill | None:
    """The time-out of a call is between {async.timeout_min} and {async.timeout_max}."""
    if limit("async.timeout_min").base <= d.timeout_s <= limit("async.timeout_max").base:
        return None
    return Ill(
        f"a time-out of {show_duration(d.timeout_s)}, and AWS takes {told(w, 'async.timeout_min')} to "
        f"{told(w, 'async.timeout_max')}",
        mend=f"give timeout={told(w, 'async.timeout_max')} or less",
    )


@rule("AS-22", WARNS, where="deployment.timeout_s", reads=("async.timeout_default", "async.timeout_max"), facts=4,
      passes=_work("7 min"), passes_set="timeout=1 hour", fails=_work("7 min"), fails_set="timeout=15 min")  # fmt: skip
def timeout_longer_than_work(w: Workload, d: Asynchronous) -> Ill | None:
    """A call that is slower than the time-out that is set ends as an error.

    Where none is given in the call, it is {async.timeout_default}; a call that reaches it has held its place
    until then.
    """
    on = w.work_on(d.instance_type)
    allowed = max(w.objective.errors, 0.001)
    slow = longest_s(w, on, 1 - min(allowed, 0.5))
    if slow <= d.timeout_s or d.timeout_s >= limit("async.timeout_max").base:
        return None
    return Ill(
        f"the slowest {show_share(allowed)} of calls take {show_duration(slow)} or more on {d.instance_type}, and "
        f"the time-out is {show_duration(d.timeout_s)}",
        mend=f"give a longer one, up to timeout={told(w, 'async.timeout_max')}",
    )


@rule("AS-23", BLOCKS, where="deployment.ttl_s", reads=("async.ttl_min", "async.ttl_max"),
      passes_set="ttl=6 hours", fails_set="ttl=12 hours")  # fmt: skip
def ttl_allowed(w: Workload, d: Asynchronous) -> Ill | None:
    """A request lives between {async.ttl_min} and {async.ttl_max} in the queue."""
    if limit("async.ttl_min").base <= d.ttl_s <= limit("async.ttl_max").base:
        return None
    return Ill(
        f"a time to live of {show_duration(d.ttl_s)}, and AWS takes {told(w, 'async.ttl_min')} to "
        f"{told(w, 'async.ttl_max')}",
        mend=f"give ttl={told(w, 'async.ttl_max')} or less, and keep longer waits in a queue of your own",
    )


@rule("AS-24", WARNS, where="objective", reads=("async.ttl_default", "async.ttl_max"), facts=2,
      passes="objective: {p95: 30 min}", passes_set="ttl=1 hour", fails="objective: {p95: 2 hours}",
      fails_set="ttl=1 hour")  # fmt: skip
def ttl_leaves_objective(w: Workload, d: Asynchronous) -> Ill | None:
    """A request that expires early is dropped, though its answer would still be in time.

    The time to live is {async.ttl_default} unless the call says otherwise; a shorter one drops what a busy hour would
    have worked off late, but within the objective.
    """
    latency = w.objective.latency
    if latency is None or d.ttl_s >= min(latency[1], limit("async.ttl_max").base):
        return None
    return Ill(
        f"requests expire after {show_duration(d.ttl_s)}, and the objective leaves them {show_duration(latency[1])} "
        f"({latency[0]})",
        mend=f"give ttl={show_duration(min(latency[1], limit('async.ttl_max').base))}",
    )


@rule("AS-25", BLOCKS, where="objective", reads=("async_overhead",), facts=2, excludes=True,
      passes="objective: {p95: 5 s}", fails="objective: {p99: 300 ms}")  # fmt: skip
def objective_above_overhead(w: Workload, d: Asynchronous) -> Ill | None:
    """S3 and the queue take longer by themselves than the shortest objectives allow.

    Upload, queue and written result are assumed at {async_overhead} a request, and no instance makes that shorter.
    Refused is only what lies below the least that is plausible, or below the profile's own figure.
    """
    del d
    least = float(w.assume("async_overhead"))
    if not w.overridden("async_overhead"):
        least = assumption("async_overhead").base_low or least
    for name, seconds in w.objective.latencies:
        if seconds <= least:
            return Ill(
                f"an answer is wanted within {show_duration(seconds)} ({name}), and S3 and the queue alone take "
                f"{show_duration(least)} at least",
                mend="use a real-time or serverless endpoint, which answers in the call",
                path=f"objective.{name}",
            )
    return None


@rule("AS-27", WARNS, where="objective", reads=("realtime.invoke_timeout", "async_overhead"), facts=3,
      passes="objective: {p95: 5 min}", fails="objective: {p95: 10 s}")  # fmt: skip
def caller_need_not_wait(w: Workload, d: Asynchronous) -> Ill | None:
    """The answer of an asynchronous call is fetched from S3, never sent back in the call.

    An answer wanted within {realtime.invoke_timeout} is usually waited for by somebody; an asynchronous call returns
    only an address, so the caller has to be built to come back. A queue or notifications among the needs say that it
    is.
    """
    latency = w.objective.latency
    on = w.work_on(d.instance_type)
    if (
        latency is None
        or latency[1] > limit("realtime.invoke_timeout").base
        or not {"queueing", "notifications"}.isdisjoint(w.needs)
    ):
        return None
    if latency[1] <= float(w.assume("async_overhead")):
        return None  # told of by other rules
    return Ill(
        f"an answer is wanted within {show_duration(latency[1])} ({latency[0]}) and takes "
        f"{show_duration(on.mean_s)} of work, but the caller has to fetch it",
        mend="use an endpoint that answers in the call, or write needs: [notifications] where the caller can come back",
        path=f"objective.{latency[0]}",
    )


@rule("AS-28", WARNS, where="objective",
      reads=("async.zero.alarm_datapoints", "async.zero.alarm_period", "metric_lag"), facts=4,
      passes="objective: {p95: 20 min}\ntraffic: {rate: 2 per hour}", passes_set="min_instances=0",
      fails="objective: {p95: 1 min}\ntraffic: {rate: 2 per hour}", fails_set="min_instances=0")  # fmt: skip
def wake_is_in_time(w: Workload, d: Asynchronous) -> Ill | None:
    """A request that finds no instance waits for a launch.

    The alarm wants {async.zero.alarm_datapoints} datapoints of {async.zero.alarm_period}, the metric is late by
    {metric_lag}, and then an instance launches: five to ten minutes in all, seen from outside. Hours in which a
    schedule keeps an instance standing have no such requests.
    """
    latency, wakes = w.objective.latency, wake_s(w, d.instance_type)
    unkept = share_without(w, d)
    share = idle_share(w) * unkept
    if d.least_instances > 0 or latency is None or wakes <= latency[1] or not w.streams:
        return None
    if d.schedule is not None and unkept <= tolerated_share(w):
        return None
    if share > tolerated_share(w) and "scale-to-zero" in w.needs:
        return None  # refused by another rule
    return Ill(
        f"waking from zero takes about {show_duration(wakes)}, and the objective is {show_duration(latency[1])} "
        f"({latency[0]}); "
        f"{show_share(share)} of requests or more find no instance",
        mend="keep one instance (min_instances=1), wake it by schedule before the working day, or allow more time",
    )


@rule("AS-29", BLOCKS, where="objective",
      reads=("async.zero.alarm_datapoints", "async.zero.alarm_period", "scaling.in_datapoints", "metric_lag"), facts=5,
      passes="needs: [scale-to-zero]\nobjective: {p95: 20 min}\ntraffic: {rate: 1 per hour}",
      fails="needs: [scale-to-zero]\nobjective: {p95: 1 min}\ntraffic: {rate: 1 per hour}")  # fmt: skip
def zero_leaves_objective(w: Workload, d: Asynchronous) -> Ill | None:
    """Where nothing may stand ready, rare requests wait for a launch.

    Where they are so rare that most find no instance, each of those waits for a launch; where nothing may stand
    ready, no setting helps.
    """
    latency, wakes = w.objective.latency, wake_s(w, d.instance_type)
    if "scale-to-zero" not in w.needs or latency is None or wakes <= latency[1]:
        return None
    asleep, allowed = idle_share(w), tolerated_share(w)
    if asleep <= allowed:
        return None
    return Ill(
        f"{show_share(asleep)} of requests find no instance and wait {show_duration(wakes)} for one; "
        f"{latency[0]} of {show_duration(latency[1])} leaves that to {show_share(allowed)}",
        mend="use serverless, which wakes in seconds, or drop the need for scale-to-zero",
    )


@rule("AS-30", WARNS, where="objective.cold_starts", reads=("async.min_instances",), facts=2,
      passes="objective: {cold_starts: avoid}", passes_set="min_instances=1",
      fails="objective: {cold_starts: avoid}", fails_set="min_instances=0")  # fmt: skip
def cold_starts_avoided(w: Workload, d: Asynchronous) -> Ill | None:
    """A fleet that may shrink to none has cold starts.

    The first request after each pause waits for the wake alarm and a launch, minutes in all.
    """
    if d.least_instances > 0 or w.objective.cold_starts != "avoid":
        return None
    return Ill(
        "cold starts are to be avoided, and the fleet may shrink to none", mend="keep one instance (min_instances=1)"
    )


@rule("AS-32", WARNS, where="deployment.ttl_s",
      reads=("async.zero.alarm_datapoints", "async.zero.alarm_period", "metric_lag"), facts=3,
      passes_set="min_instances=0, ttl=1 hour", fails_set="min_instances=0, ttl=3 min")  # fmt: skip
def ttl_outlives_wake(w: Workload, d: Asynchronous) -> Ill | None:
    """A request that expires before an instance wakes is never answered.

    The first request after each pause then expires while its instance launches, which is paid for all the same.
    """
    wakes = wake_s(w, d.instance_type)
    if d.least_instances > 0 or d.ttl_s > wakes:
        return None
    return Ill(
        f"waking from zero takes about {show_duration(wakes)}, of which {show_duration(seen_s(w))} until it is "
        f"noticed; requests expire after {show_duration(d.ttl_s)}",
        mend="give a longer time to live (ttl=1 h), or keep one instance",
    )


@rule("AS-33", WARNS, where="objective", reads=("async.backlog_target_example", "async_overhead"), facts=4,
      passes="objective: {p95: 1 min}", passes_set="max_instances=4, target_backlog=20",
      fails="objective: {p95: 3 s}", fails_set="max_instances=4, target_backlog=400")  # fmt: skip
def backlog_target_leaves_objective(w: Workload, d: Asynchronous) -> Ill | None:
    """A fleet that scales on the backlog lets that many requests wait.

    AWS's example is
    {async.backlog_target_example}. How long they wait is the target over what one instance serves.
    """
    latency = w.objective.latency
    overhead = float(w.assume("async_overhead"))
    waits = d.target_backlog / capacity_per_s(w.work_on(d.instance_type)) + overhead
    if latency is None or waits <= latency[1] or d.max_instances <= max(1, d.min_instances):
        return None
    if latency[1] <= overhead:
        return None  # refused by another rule
    return Ill(
        f"a backlog of {d.target_backlog:g} an instance takes {show_duration(waits)} to work off, and the objective "
        f"is {show_duration(latency[1])} ({latency[0]})",
        mend="lower the target (target_backlog), or keep more instances standing"
        if d.target_backlog > 1
        else "keep more instances standing (min_instances), or take a faster type",
    )


@rule("AS-34", WARNS, where="deployment.wake_step", reads=("async_zero_divides_by", "async.ttl_max"), facts=4,
      passes="traffic: {rate: 1 per hour, shape: regular, bursts: null}",
      passes_set="min_instances=0, wake_step=yes, target_backlog=20",
      fails="traffic: {rate: 1 per hour, shape: regular, bursts: null}",
      fails_set="min_instances=0, wake_step=no, target_backlog=20")  # fmt: skip
def backlog_wakes_fleet(w: Workload, d: Asynchronous) -> Ill | None:
    """Without the step policy a fleet at zero may never wake.

    Only a backlog above the target wakes it. Requests that come so slowly that as many never
    wait together expire one after another, and no instance ever starts.
    """
    if not _sleeps_on(w, d):
        return None
    waiting = w.rate_per_s * d.ttl_s
    return Ill(
        f"at {show_rate(w.rate_per_s)} some {waiting:.3g} requests wait together before the oldest expires, and "
        f"only more than {d.target_backlog:g} wake the fleet",
        mend="add the step policy on HasBacklogWithoutCapacity (wake_step=yes)",
    )


def _sleeps_on(w: Workload, d: Asynchronous) -> bool:
    """Whether so few requests wait together that target tracking alone never leaves zero."""
    wakes = d.target_backlog * float(w.assume("async_zero_divides_by"))
    return share_without(w, d) == 1 and not d.wake_step and w.streams and w.rate_per_s * d.ttl_s <= wakes


@rule("AS-35", NOTES, where="deployment.wake_step", reads=("async.zero.alarm_datapoints", "async.zero.alarm_period"),
      facts=2,
      passes_set="min_instances=0, wake_step=yes", fails_set="min_instances=0, wake_step=no")  # fmt: skip
def step_policy_set(w: Workload, d: Asynchronous) -> Ill | None:
    """Without the step policy a fleet at zero waits for more requests than its target.

    Target tracking alone waits until the backlog passes its target; the step on HasBacklogWithoutCapacity answers the
    first request after {async.zero.alarm_datapoints} datapoints of {async.zero.alarm_period}.
    """
    if d.least_instances > 0 or d.wake_step or _sleeps_on(w, d):
        return None  # the last: warned of by another rule
    return Ill(
        f"the first {d.target_backlog:g} requests after a pause wait for more to come",
        mend="add the step policy (wake_step=yes)",
    )


RULES: tuple[Rule[Any], ...] = (
    *_SHARED,
    timeout_allowed,
    timeout_longer_than_work,
    ttl_allowed,
    ttl_leaves_objective,
    objective_above_overhead,
    caller_need_not_wait,
    wake_is_in_time,
    zero_leaves_objective,
    cold_starts_avoided,
    ttl_outlives_wake,
    backlog_target_leaves_objective,
    backlog_wakes_fleet,
    step_policy_set,
)
