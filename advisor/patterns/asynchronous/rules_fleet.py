"""Asynchronous inference: calls at once, and how the fleet follows the queue."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.patterns.asynchronous.waking import idle_share
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import capacity_per_s, has_accelerator, launch_s, roughly, scale_in_s, scale_out_s
from advisor.rules.figures import told
from advisor.rules.of_bursts import late_share, share_without, tolerated_share
from advisor.units import show_count, show_duration, show_rate, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.asynchronous.deployment import Asynchronous

__all__ = ["RULES"]

_GPU = """
    model: {framework: pytorch, accelerator: required}
    work: [{on: ml.g5.xlarge, mean: 80 ms, p95: 160 ms, workers: 1}]
"""


@rule("AS-49", BLOCKS, where="deployment.concurrency_per_instance",
      reads=("async.concurrency_per_instance_min", "async.concurrency_per_instance_max"),
      passes_set="concurrency_per_instance=1000", fails_set="concurrency_per_instance=1001")  # fmt: skip
def concurrency_allowed(w: Workload, d: Asynchronous) -> Ill | None:
    """An instance takes {async.concurrency_per_instance_min} to {async.concurrency_per_instance_max} calls at once."""
    if d.concurrency_per_instance <= limit("async.concurrency_per_instance_max").base:
        return None
    return Ill(
        f"{show_count(d.concurrency_per_instance)} calls at once on an instance, and AWS takes "
        f"{told(w, 'async.concurrency_per_instance_max')}",
        mend="give as many as the container has workers",
    )


@rule("AS-50", WARNS, where="deployment.concurrency_per_instance", reads=("async.timeout_default",), facts=2,
      passes_set="concurrency_per_instance=2", fails_set="concurrency_per_instance=8")  # fmt: skip
def workers_for_calls(w: Workload, d: Asynchronous) -> Ill | None:
    """Calls beyond an instance's workers wait inside the container.

    There the time-out of a call ({async.timeout_default} by default) runs and no
    other instance can take them; in the queue they would cost nothing.
    """
    on = w.work_on(d.instance_type)
    if d.concurrency_per_instance <= on.workers:
        return None
    return Ill(
        f"{d.concurrency_per_instance} calls at once for {on.workers} workers on {d.instance_type}",
        mend=f"give concurrency_per_instance={on.workers}",
    )


@rule("AS-51", WARNS, where="deployment.concurrency_per_instance", reads=("async_concurrency",), facts=2,
      passes_set="concurrency_per_instance=2", fails_set="concurrency_per_instance=1")  # fmt: skip
def calls_for_workers(w: Workload, d: Asynchronous) -> Ill | None:
    """Workers beyond the calls that an instance takes at once stand idle.

    They are paid for, while requests wait in the queue.
    """
    on = w.work_on(d.instance_type)
    if d.concurrency_per_instance >= on.workers:
        return None
    return Ill(
        f"calls at once on an instance: {d.concurrency_per_instance}, workers on {d.instance_type}: {on.workers}; "
        f"the others stay idle",
        mend=f"give concurrency_per_instance={on.workers}",
    )


@rule("AS-52", WARNS, where="deployment.max_instances",
      reads=("async.in_flight_standard_max", "async.in_flight_fifo_max"), facts=2,
      passes_set="concurrency_per_instance=1000, max_instances=120",
      fails_set="concurrency_per_instance=1000, max_instances=121")  # fmt: skip
def in_flight_allowed(w: Workload, d: Asynchronous) -> Ill | None:
    """The queue hands out {async.in_flight_standard_max} calls at once at most.

    It holds any number, and what exceeds the limit waits while instances stand idle; a FIFO queue stops at
    {async.in_flight_fifo_max}.
    """
    held = d.max_instances * d.concurrency_per_instance
    if held <= limit("async.in_flight_standard_max").base:
        return None
    return Ill(
        f"{d.max_instances} instances with {show_count(d.concurrency_per_instance)} calls each are "
        f"{show_count(held)} in work, and the queue hands out {told(w, 'async.in_flight_standard_max')}",
        mend="spread the requests over several endpoints",
    )


@rule("AS-53", BLOCKS, where="deployment.max_instances", reads=("async.ttl_max",), facts=3,
      passes="traffic: {rate: 90 per second}", passes_set="max_instances=2", fails="traffic: {rate: 110 per second}",
      fails_set="max_instances=2")  # fmt: skip
def fleet_carries_mean(w: Workload, d: Asynchronous) -> Ill | None:
    """A queue grows without end where the whole fleet serves less than the mean rate.

    It evens out bursts, not a lasting surplus: it grows until requests expire, after {async.ttl_max} at the
    latest.
    """
    most = capacity_per_s(w.work_on(d.instance_type)) * d.max_instances
    if w.rate_per_s <= most:
        return None
    return Ill(
        f"requests come at {show_rate(w.rate_per_s)}, and {d.max_instances} x {d.instance_type} serve "
        f"{show_rate(most)}: the queue grows without end",
        mend=f"allow more instances (max_instances={int(w.rate_per_s * d.max_instances / most) + 1}), or take a "
        f"faster type",
    )


@rule("AS-54", WARNS, where="traffic.bursts", reads=("scaling.out_datapoints", "scaling.metric_period", "metric_lag"),
      facts=5,
      passes="objective: {p95: 30 min}\ntraffic: {rate: 30 per second}", passes_set="min_instances=1, max_instances=4",
      fails="objective: {p95: 10 s}\ntraffic: {rate: 30 per second, bursts: {peak: 4x, cv: 0.6, length: 4 min}}",
      fails_set="min_instances=1, max_instances=4")  # fmt: skip
def queue_bridges_launches(w: Workload, d: Asynchronous) -> Ill | None:
    """What a burst brings before new instances serve is late by their launch.

    The queue loses nothing, but what waits through {scaling.out_datapoints} datapoints of {scaling.metric_period} and
    a launch is late by that much. What a schedule keeps standing counts by its hours.
    """
    states, latency = w.burst_states, w.objective.latency
    if states is None or latency is None or not d.scales:
        return None
    follows = scale_out_s(w, d.instance_type, w.limit("scaling.metric_period"))
    each = capacity_per_s(w.work_on(d.instance_type))

    def standing_per_s(minute: int) -> float:
        # While none stands every request may wait, of a burst or not: that is for other rules to say.
        return each * d.standing_at(minute) or math.inf

    late, allowed = late_share(w, follows, standing_per_s), tolerated_share(w)
    if follows <= latency[1] or late <= allowed:
        return None
    return Ill(
        f"new instances serve about {show_duration(roughly(follows))} after a burst begins; by then "
        f"{show_share(roughly(late))} of all requests have come and wait, {show_share(allowed)} may be later than "
        f"{show_duration(latency[1])} ({latency[0]})",
        mend="keep more instances standing (min_instances), scale ahead by schedule, or allow more time",
        path="traffic.bursts.length",
    )


@rule("AS-57", BLOCKS, where="needs", reads=("async.min_instances",), facts=2,
      passes="needs: [scale-to-zero]", passes_set="min_instances=0",
      fails="needs: [scale-to-zero]", fails_set="min_instances=1")  # fmt: skip
def zero_is_reached(w: Workload, d: Asynchronous) -> Ill | None:
    """A fleet never shrinks below its minimum, so that only a minimum of {async.min_instances} reaches zero.

    An endpoint that must survive the loss of a zone keeps two instances, and cannot be at zero as well.
    """
    if "scale-to-zero" not in w.needs or d.least_instances == 0:
        return None
    zones = "multi-az" in w.needs
    return Ill(
        f"the workload needs scale-to-zero, and min_instances={d.min_instances} always stand"
        + (", as multi-az asks" if zones else ""),
        mend="drop one of the two needs, or use serverless, which has both" if zones else "give min_instances=0",
    )


@rule("AS-55", NOTES, where="traffic.rate", reads=("scaling.in_datapoints", "scaling.metric_period", "metric_lag"),
      facts=4,
      passes="traffic: {rate: 2 per second}", passes_set="min_instances=0",
      fails="traffic: {rate: 1 per hour, shape: regular, bursts: null}", fails_set="min_instances=0")  # fmt: skip
def tail_is_paid(w: Workload, d: Asynchronous) -> Ill | None:
    """Each waking of an idle fleet is paid for until scale-in, {scaling.in_datapoints} datapoints after its last
    request.

    A request of seconds that wakes an instance costs its launch and a quarter of an hour beside.
    """
    on, share = w.work_on(d.instance_type), idle_share(w) * share_without(w, d)
    paid = launch_s(w, d.instance_type) + scale_in_s(w)
    if share < 0.05 or on.mean_s >= paid / 10:
        return None
    return Ill(
        f"{show_share(share)} of requests wake an instance for {show_duration(on.mean_s)} of work, and it is paid "
        f"for {show_duration(paid)} more",
        mend="compare with serverless, or gather requests and send them together",
    )


@rule("AS-56", NOTES, where="deployment.min_instances", reads=("async.min_instances",), facts=2,
      passes=_GPU, passes_set="min_instances=1", fails=_GPU, fails_set="min_instances=0")  # fmt: skip
def accelerator_may_be_short(w: Workload, d: Asynchronous) -> Ill | None:
    """An accelerator given back may not be there when it is wanted again.

    Zero instances cost nothing, but AWS promises no capacity at the next launch; for accelerators it is at times short,
    and the queue waits meanwhile.
    """
    del w
    if d.least_instances > 0 or not has_accelerator(instance(d.instance_type)):
        return None
    return Ill(
        f"the fleet gives back its last {d.instance_type}, and a launch may find none free",
        mend="keep one instance in the hours that matter, or let the time to live cover a wait for capacity",
    )


RULES: tuple[Rule[Any], ...] = (
    concurrency_allowed,
    workers_for_calls,
    calls_for_workers,
    in_flight_allowed,
    fleet_carries_mean,
    queue_bridges_launches,
    zero_is_reached,
    tail_is_paid,
    accelerator_may_be_short,
)
