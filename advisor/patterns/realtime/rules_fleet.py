"""Real-time rules about a fleet that follows its traffic: zones, bursts, launches, scaling targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.catalog.instances import instance
from advisor.catalog.limits import limit
from advisor.rules import NOTES, WARNS, Ill, Rule, rule, told
from advisor.rules.estimates import capacity_per_s, has_accelerator, launch_s, offered, roughly
from advisor.rules.of_bursts import bursts_outrun_launches, bursts_too_close, scale_in_tail, spike_met
from advisor.rules.of_fleet import fleet_carries_peak, several_zones, single_instance
from advisor.rules.popularity import one_endpoint
from advisor.units import show_bytes, show_duration, show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.realtime.deployment import RealTime

__all__ = ["RULES"]

# Below this use of its workers an endpoint mostly waits; AWS's own guidance for such traffic is another pattern.
_IDLE = 0.05
# A spread of service times at which one long request holds up several short ones behind it.
_UNEVEN = 1.0

peak_carried = fleet_carries_peak(
    "RT-30",
    fails="traffic: {rate: 100 per second}",
    fails_set="min_instances=1, max_instances=1, scaling=none, target=none",
)
zones = several_zones(
    "RT-31", lambda d: d.least_instances, where="deployment.min_instances", passes_set="",
    fails_set="min_instances=1, max_instances=1",
)  # fmt: skip
one_alone = single_instance(
    "RT-32", passes_set="min_instances=2, max_instances=2", fails_set="min_instances=1, max_instances=1"
)
outrun = bursts_outrun_launches(
    "RT-33",
    lambda d: "scaling.metric_period_high_resolution" if d.scaling == "concurrency" else "scaling.metric_period",
    passes="traffic: {rate: 2 per second}",
    fails="""
      traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1, length: 20 min}}
      objective: {p99: 200 ms}
    """,
)  # fmt: skip
tail_paid = scale_in_tail(
    "RT-34", passes="traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1, length: 2 hours}}",
    fails="traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1, length: 5 min}}",
)  # fmt: skip
close_bursts = bursts_too_close(
    "RT-35", passes="traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1, length: 2 hours}}",
    fails="traffic: {rate: 60 per second, bursts: {peak: 2x, cv: 0.9, length: 5 min}}",
)  # fmt: skip


spikes = spike_met(
    "RT-36", passes="traffic: {spikes: [{at: day 3 14:00, height: 3x, lasts: 20 min}]}",
    fails="traffic: {rate: 20 per second, spikes: [{at: day 3 14:00, height: 20x, lasts: 20 min}]}",
)  # fmt: skip


@rule("RT-37", WARNS, where="deployment.target", reads=("scaling.safety_factor_start",), facts=3,
      passes_set="max_instances=4, scaling=invocations, target=1500",
      fails_set="max_instances=4, scaling=invocations, target=6000")  # fmt: skip
def target_below_capacity(w: Workload, d: RealTime) -> Ill | None:
    """A scaling target at or above what one instance can do calls for help too late.

    The alarm then only comes once every request queues. AWS's formula: the most requests a second of one
    instance x {scaling.safety_factor_start} x 60.
    """
    if d.scaling != "invocations" or d.target is None:
        return None
    most = capacity_per_s(w.work_on(d.instance_type)) * 60
    if d.target < most:
        return None
    advised = round(most * limit("scaling.safety_factor_start").base)
    return Ill(
        f"the target is {d.target:g} invocations a minute, and one {d.instance_type} serves {most:.4g} at most",
        mend=(
            f"begin with target={advised}"
            if 1 <= advised < most
            else "such long requests are better counted at once (scaling=concurrency), kept standing (scaling=none), "
            "or queued (asynchronous)"
        ),
    )


@rule("RT-38", NOTES, where="traffic.rate", source="AWS developer guide, inference cost optimization, 2026", facts=4,
      passes="traffic: {rate: 20 per second}", fails="traffic: {rate: 2 per minute}")  # fmt: skip
def mostly_idle(w: Workload, d: RealTime) -> Ill | None:
    """Instances that stand ready are paid for, with work or without.

    AWS's guidance: intermittent traffic that bears a cold start goes to serverless, what may wait to asynchronous with
    zero instances in between. Several models have an endpoint each, and share the work.
    """
    on = w.work_on(d.instance_type)
    endpoints = 1 if one_endpoint(w) else w.model.count
    use = offered(w.rate_per_s, on) / (on.workers * d.min_instances * endpoints)
    if not w.streams or use >= _IDLE or w.objective.cold_starts == "avoid":
        return None
    return Ill(
        f"{d.min_instances * endpoints:,} x {d.instance_type} work {show_share(roughly(use))} of the time, and are "
        "paid for all of it",
        mend="compare with serverless, or with asynchronous at zero instances; share the instance with other models",
    )


@rule("RT-39", NOTES, where="model.image", reads=("provision.image_pull_rate", "launch_image_included"), facts=3,
      passes="{model: {image: 2 GB}, traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1, length: 2 hours}}}",
      fails="{model: {image: 12 GB}, traffic: {rate: 40 per second, bursts: {peak: 4x, cv: 1}}}")  # fmt: skip
def image_slows_launch(w: Workload, d: RealTime) -> Ill | None:
    """A large image makes every launch longer.

    A new CPU instance pulls the whole image, at about {provision.image_pull_rate}; launches measured with
    {launch_image_included} contain that much. Accelerator types cache it from the second launch on.
    """
    extra = w.model.image_bytes - float(w.assume("launch_image_included"))
    if d.max_instances == d.min_instances or has_accelerator(instance(d.instance_type)) or extra <= 0:
        return None
    pull = extra / limit("provision.image_pull_rate").base
    launch = launch_s(w, d.instance_type)
    if pull < launch / 4:
        return None
    return Ill(
        f"pulling {show_bytes(w.model.image_bytes)} takes {show_duration(roughly(pull))} of the "
        f"{show_duration(roughly(launch))} until a new instance serves",
        mend="slim the image, or keep more instances standing",
    )


@rule("RT-40", NOTES, where="deployment.routing", reads=("realtime.routing_default",), facts=3,
      passes="work: [{on: ml.m5.large, mean: 300 ms, cv: 0.3, workers: 2}]",
      passes_set="min_instances=3, max_instances=3",
      fails="work: [{on: ml.m5.large, mean: 300 ms, cv: 2, workers: 2}]",
      fails_set="min_instances=3, max_instances=3")  # fmt: skip
def uneven_work_routed(w: Workload, d: RealTime) -> Ill | None:
    """Random routing makes short requests wait behind long ones.

    The default, {realtime.routing_default}, sends a short request behind a long one while another instance is free.
    """
    on = w.work_on(d.instance_type)
    if d.routing != "RANDOM" or d.max_instances < 2 or on.cv < _UNEVEN:
        return None
    return Ill(
        f"service times spread by {on.cv:.2g} times their mean, and requests go to an instance at random",
        mend="set routing=LEAST_OUTSTANDING_REQUESTS",
    )


@rule("RT-41", WARNS, where="deployment.scaling",
      reads=("scaling.metric_period_high_resolution", "scaling.metric_period"),
      facts=2, passes="needs: [streaming]", passes_set="max_instances=4, scaling=concurrency, target=4",
      fails="needs: [streaming]", fails_set="max_instances=4, scaling=invocations, target=600")  # fmt: skip
def streams_counted(w: Workload, d: RealTime) -> Ill | None:
    """Invocations say little of the load that streams are.

    An invocation counts once, however long its stream; the concurrency metric counts it until its last token, every
    {scaling.metric_period_high_resolution} instead of every {scaling.metric_period}.
    """
    if "streaming" not in w.needs or d.scaling != "invocations":
        return None
    return Ill(
        "streams are counted once each, however long they hold the instance",
        mend=f"set scaling=concurrency, read every {told(w, 'scaling.metric_period_high_resolution')}",
    )


@rule("RT-42", NOTES, where="deployment.workers", source="arithmetic on the profile's own figures, 2026", facts=3,
      passes_set="workers=2", fails_set="workers=6")  # fmt: skip
def workers_as_measured(w: Workload, d: RealTime) -> Ill | None:
    """A service time holds for as many workers as were measured.

    More of them share the same vCPUs, and each gets slower.
    """
    on = w.work_on(d.instance_type)
    if d.workers is None or d.workers <= on.workers:
        return None
    return Ill(
        f"{d.workers} workers are asked for, and the service time on {d.instance_type} holds for {on.workers}",
        mend=f"measure it with {d.workers} workers and enter that under work, or set workers={on.workers}",
    )


RULES: tuple[Rule[Any], ...] = (
    peak_carried, zones, one_alone, outrun, tail_paid, close_bursts, spikes, target_below_capacity, mostly_idle,
    image_slows_launch, uneven_work_routed, streams_counted, workers_as_measured,
)  # fmt: skip
