"""Serverless rules about whether the pattern is the right one: cold starts, objective, sustained traffic, data,
evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.limits import limit
from advisor.patterns.serverless.cold import cold_share
from advisor.patterns.serverless.load import mean_per_s, peak_per_s
from advisor.rules import BLOCKS, NOTES, WARNS, Ill, Rule, rule
from advisor.rules.estimates import cold_start_s, offered, percentile_s, roughly, serverless_name
from advisor.rules.of_fleet import tolerated_share
from advisor.rules.of_instance import on_entry, unmeasured
from advisor.rules.of_need import lot_beside, serves_a_stream
from advisor.rules.of_time import objective_reachable
from advisor.units import MONTH_S, show_bytes, show_duration, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["RULES"]

# GB in a month from which the data meter deserves a look of its own.
_MUCH_DATA_BYTES = 1e12
# Requests in service on average from which traffic never pauses: instances then have steady work.
_SUSTAINED = 1.0
_COLD = (
    "serverless_keep_alive",
    "serverless_setup_base",
    "serverless_setup_work",
    "serverless_pull_per_s",
    "serverless_download_per_s",
)


def _place(d: Serverless) -> str:
    return serverless_name(d.memory_mib)


@rule("SL-50", WARNS, where="objective", reads=_COLD, facts=6,
      passes="{traffic: {rate: 10 per second, bursts: null, shape: steady}, objective: {p99: 300 ms}}",
      fails="{traffic: {rate: 5 per hour}, objective: {p99: 300 ms}}")  # fmt: skip
def cold_starts_show(w: Workload, d: Serverless) -> Ill | None:
    """More requests meet a cold start than may be late.

    A container is cold after {serverless_keep_alive} without work, and where more requests come at once than
    containers are warm. The share is an estimate: each hour of day and week counts by its own rate, and so does each
    state of the bursts; spikes come on top. Several models have containers of their own, each with its part of the
    traffic.
    """
    latency = w.objective.latency
    if latency is None or d.provisioned_concurrency:
        return None
    on = w.work_on(serverless_name(d.memory_mib))
    start = cold_start_s(w, d.memory_mib)
    share, allowed = cold_share(w, on), tolerated_share(w)
    name, seconds = latency
    late = on.mean_s + share * start > seconds if name == "mean" else share > allowed and start + on.mean_s > seconds
    if not late:
        return None
    return Ill(
        f"about {show_share(roughly(share))} of requests meet a cold container and wait "
        f"{show_duration(roughly(start))} more, and the "
        f"{name} asked for is {show_duration(seconds)}",
        mend="keep containers warm (provisioned_concurrency), shrink image and model, ask for less, or use real-time",
        path=f"objective.{name}",
    )


@rule("SL-51", BLOCKS, where="deployment.provisioned_concurrency", reads=("serverless_keep_alive",), facts=2,
      passes="{needs: [no-cold-start], objective: {cold_starts: avoid}}",
      fails="{needs: [no-cold-start], objective: {cold_starts: avoid}}",
      fails_set="provisioned_concurrency=0")  # fmt: skip
def no_cold_start(w: Workload, d: Serverless) -> Ill | None:
    """Without provisioned concurrency there are cold starts.

    A container is gone after {serverless_keep_alive} without work, and every further one at once begins cold.
    """
    if "no-cold-start" not in w.needs or d.provisioned_concurrency:
        return None
    return Ill(
        "the workload bears no cold start, and nothing is provisioned",
        mend="set provisioned_concurrency, or use real-time",
    )


@rule("SL-52", WARNS, where="objective.cold_starts", reads=_COLD, facts=4,
      passes="{traffic: {rate: 20 per second}, objective: {cold_starts: avoid}}",
      fails=(
          "{traffic: {rate: 40 per hour}, work: [{on: serverless 2 GB, mean: 20 s, cv: 0.2}], objective: "
          "{cold_starts: avoid}}"
      ),
      fails_set="provisioned_concurrency=1")  # fmt: skip
def enough_provisioned(w: Workload, d: Serverless) -> Ill | None:
    """Beyond what is provisioned there are cold starts.

    Further requests go to containers on demand, which begin cold.
    """
    if w.objective.cold_starts != "avoid":
        return None
    on = w.work_on(serverless_name(d.memory_mib))
    share = cold_share(w, on, d.most_provisioned)
    if share <= tolerated_share(w):
        return None
    at_once = offered(peak_per_s(w), on)
    return Ill(
        f"the busiest minutes have {at_once:.2g} requests in service, {d.most_provisioned} containers "
        "are kept warm, and about "
        f"{show_share(roughly(share))} of requests meet a cold one",
        mend=f"set provisioned_concurrency={max(1, d.max_concurrency)}, or scale it by schedule before the busy hours",
    )


@rule("SL-53", NOTES, where="deployment.provisioned_concurrency", reads=("scaling.pc_target_example",), facts=3,
      passes_set="max_concurrency=8, provisioned_concurrency=0",
      fails_set="max_concurrency=8, provisioned_concurrency=8")  # fmt: skip
def provisioned_idle(w: Workload, d: Serverless) -> Ill | None:
    """Containers kept warm are paid for, busy or not.

    Provisioned concurrency is paid by the second; AWS's own scaling example aims at
    {scaling.pc_target_example} in use.
    """
    if not d.provisioned_concurrency:
        return None
    use = min(1.0, offered(mean_per_s(w), w.work_on(serverless_name(d.memory_mib))) / d.provisioned_concurrency)
    if use >= limit("scaling.pc_target_example").base:
        return None
    return Ill(
        f"{d.provisioned_concurrency} containers kept warm work {show_share(roughly(use))} of the time, and "
        "are paid for all of it",
        mend="provision fewer, scale them by utilisation or schedule, or bear some cold starts",
    )


@rule("SL-54", NOTES, where="traffic.bursts", source="AWS developer guide, serverless endpoints, 2026", facts=4,
      passes="{traffic: {day: office, rate: 20 per second}, objective: {p99: 300 ms}}",
      fails="{traffic: {day: office, rate: 12 per hour}, objective: {p99: 300 ms}}")  # fmt: skip
def predictable_bursts(w: Workload, d: Serverless) -> Ill | None:
    """Busy hours that the clock tells are a case for provisioned concurrency.

    AWS's guidance: where the clock tells when bursts come, provision containers ahead of them, by schedule.
    """
    known = w.traffic is not None and w.traffic.curve_peak > 1.5
    if not known or d.provisioned_concurrency or w.objective.latency is None:
        return None
    if cold_share(w, w.work_on(serverless_name(d.memory_mib))) <= tolerated_share(w):
        return None
    return Ill(
        "the day and week curve tells when the busy hours come, a latency is asked for, and nothing is "
        "provisioned for them",
        mend='provision the busy hours by the clock, such as schedule="mon-fri 08:00-18:00=4"',
        path="traffic.day",
    )


@rule("SL-55", NOTES, where="traffic.rate", source="AWS developer guide, model deployment options, 2026", facts=3,
      passes="traffic: {rate: 2 per second}", fails="traffic: {rate: 40 per second}")  # fmt: skip
def sustained(w: Workload, d: Serverless) -> Ill | None:
    """Sustained traffic costs less on instances.

    AWS's guidance: intermittent or unforeseen traffic goes to serverless, sustained traffic to instances, whose
    second of work costs less as long as they have work.
    """
    busy = offered(mean_per_s(w), w.work_on(serverless_name(d.memory_mib)))
    if busy < _SUSTAINED:
        return None
    return Ill(
        f"on average {busy:.3g} requests are in service, around the clock",
        mend="compare the cost with real-time on instances of about so many workers",
    )


@rule("SL-56", WARNS, where="traffic.clusters", source="AWS developer guide, serverless endpoints, 2026", facts=3,
      passes="traffic: {clusters: {size: 3, within: 200 ms}}", passes_set="max_concurrency=8",
      fails="traffic: {clusters: {size: 12, within: 20 ms}}", fails_set="max_concurrency=8")  # fmt: skip
def clusters_fit(w: Workload, d: Serverless) -> Ill | None:
    """Requests that come together need a container each.

    A container serves one request at a time, so a cluster that comes within one service time needs as many as it
    is large.
    """
    clusters = w.traffic.clusters if w.traffic else None
    if clusters is None or clusters.size <= d.max_concurrency:
        return None
    on = w.work_on(serverless_name(d.memory_mib))
    if clusters.within_s > on.mean_s * clusters.size / d.max_concurrency:
        return None
    return Ill(
        f"about {clusters.size:g} requests come within {show_duration(clusters.within_s)}, and "
        f"{d.max_concurrency} may be in service",
        mend=(
            f"set max_concurrency={round(clusters.size * 2)}, send the cluster as one request, or use a pattern "
            "that queues"
        ),
    )


reachable = objective_reachable(
    "SL-57", _place, overhead="serverless_overhead", passes="objective: {p99: 400 ms}", fails="objective: {p99: 50 ms}"
)


offline_only = serves_a_stream(
    "SL-58",
    "AWS's guidance: what is offline goes to batch transform. A serverless endpoint takes one record a call, throttles "
    "above its concurrency, and charges every second at the rate of requests that cannot wait.",
)
lot = lot_beside("SL-64")


@rule("SL-59", NOTES, where="payload", source="AWS price list, data processed by endpoints, 2023-2026", facts=3,
      passes="payload: {request: 4 KB}",
      fails="{payload: {request: 300 KB, request_max: 400 KB}, traffic: {rate: 20 per second}}")  # fmt: skip
def data_weighs(w: Workload, _: Serverless) -> Ill | None:
    """Much data in and out is a line of its own on the bill.

    Every GB in and every GB out is billed on top of the work; advisor prices show lists the rate of a region.
    """
    moved = w.rate_per_s * (w.payload.request_bytes + w.payload.response_bytes) * MONTH_S
    if moved < _MUCH_DATA_BYTES:
        return None
    return Ill(
        f"about {show_bytes(roughly(moved))} go in and out a month",
        mend="compress bodies, or crop and scale before sending",
    )


@rule("SL-60", NOTES, where="work", facts=2,
      reads=("serverless_mib_per_vcpu", "serverless_vcpu_max", "serverless_vcpu_used"),
      passes="work: [{on: serverless 2 GB, mean: 60 ms}]", fails="work: [{on: ml.m5.large, mean: 40 ms}]")  # fmt: skip
def measured(w: Workload, d: Serverless) -> Ill | None:
    """A service time that was not measured on a container of that memory is borrowed.

    AWS publishes no vCPU per memory; {serverless_mib_per_vcpu} for one vCPU is taken. From one size to another a
    request is slower or faster by the vCPUs it puts to use, {serverless_vcpu_used} at most. Service time, concurrency
    and cost are as good as that.
    """
    on = w.work_on(serverless_name(d.memory_mib))
    if on.evidence == "measured":
        return None
    return Ill(unmeasured(on), mend=f"call such an endpoint a few hundred times and enter {on_entry(on.on)}")


@rule("SL-61", NOTES, where="work", reads=("serverless.invoke_timeout", *_COLD), facts=4,
      passes="work: [{on: serverless 2 GB, mean: 2 s, cv: 0.2}]",
      fails="work: [{on: serverless 2 GB, mean: 40 s, p99: 56 s}]")  # fmt: skip
def cold_and_slow(w: Workload, d: Serverless) -> Ill | None:
    """A cold start may leave a slow request too little of its {serverless.invoke_timeout}.

    Set-up and work together are what the caller waits for.
    """
    on = w.work_on(serverless_name(d.memory_mib))
    slow, start, most = percentile_s(on, 0.99), cold_start_s(w, d.memory_mib), w.limit("serverless.invoke_timeout")
    if slow > most or slow + start <= most or d.provisioned_concurrency:
        return None
    return Ill(
        f"one request in a hundred takes {show_duration(roughly(slow))} or more, and a cold start about "
        f"{show_duration(roughly(start))} before it",
        mend="provision concurrency, give more memory, or use asynchronous",
    )


RULES: tuple[Rule[Any], ...] = (
    cold_starts_show, no_cold_start, enough_provisioned, provisioned_idle, predictable_bursts, sustained,
    clusters_fit, reachable, offline_only, lot, data_weighs, measured, cold_and_slow,
)  # fmt: skip
