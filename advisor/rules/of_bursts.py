"""Factories of rules about a fleet that follows its traffic: bursts against launches, what they cost after, spikes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import capacity_per_s, instances_for, roughly, scale_in_s, scale_out_s
from advisor.rules.finding import NOTES, WARNS, Ill
from advisor.units import show_duration, show_factor, show_rate, show_share
from advisor.workload import Workload
from advisor.workload.bursts import eighths

if TYPE_CHECKING:
    from advisor.rules.of_fleet import ByTheClock, Fleet

__all__ = [
    "bursts_outrun_launches",
    "bursts_too_close",
    "late_share",
    "scale_in_tail",
    "share_without",
    "spike_met",
    "tolerated_share",
]

_WEEK_M = 168 * 60
# The minutes of the week in which its eighths of hours begin.
_EIGHTHS = tuple(math.floor(n * 60 / 8) for n in range(168 * 8))
_ALARMS = ("scaling.out_datapoints", "metric_lag")
_LAUNCH = (
    "provision.endpoint_cpu_quantiles", "provision.endpoint_gpu_quantiles", "launch_cached", "launch_image_cache",
)  # fmt: skip


def tolerated_share(w: Workload) -> float:
    """The share of requests that may be late: what the strictest percentile leaves, or the errors allowed."""
    latency = w.objective.latency
    if latency is None or latency[0] == "mean":
        return w.objective.errors
    return 1 - int(latency[0][1:]) / 100


def late_share(w: Workload, after_s: float, standing_per_s: float | Callable[[int], float] = 0.0) -> float:
    """The share of all requests that come in the first ``after_s`` of a burst, while nothing has grown yet.

    Of these only the hours count in which the burst exceeds what stands, at all times or at a minute of the week: at
    night it may well fit.
    """
    states = w.burst_states
    if states is None or not states.share_high or w.traffic is None:
        return 0.0
    begun = min(1.0, after_s / states.mean_high_s) * states.share_high * states.high_per_s / w.rate_per_s
    curve = eighths(w.traffic.curve)
    if callable(standing_per_s):
        curve, stands = _through_the_week(curve, standing_per_s)
    else:
        stands = (standing_per_s,) * len(curve)
    over = (one for one, there in zip(curve, stands, strict=True) if one * states.high_per_s > there)
    return begun * math.fsum(over) / math.fsum(curve)


def share_without(w: Workload, d: ByTheClock) -> float:
    """The share of requests that come in minutes of the week in which no instance is kept standing.

    Of a file that is played again the hours are not told apart: all of them, where there are such minutes.
    """
    if d.schedule is None:
        return float(d.min_instances == 0)
    if w.traffic is None or w.traffic.replay is not None:
        return float(any(d.standing_at(minute) == 0 for minute in range(0, _WEEK_M, 60)))
    curve, stands = _through_the_week(eighths(w.traffic.curve), d.standing_at)
    return math.fsum(one for one, there in zip(curve, stands, strict=True) if there == 0) / math.fsum(curve)


def _through_the_week(
    curve: tuple[float, ...], standing: Callable[[int], float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A curve beside what stands in each eighth of an hour: a schedule may tell days apart where the curve does not."""
    return curve * (len(_EIGHTHS) // len(curve)), tuple(map(standing, _EIGHTHS))


def bursts_outrun_launches(
    rule_id: str,
    period_key: str | Callable[[Any], str],
    *,
    only_with_objective: bool = False,
    passes: str,
    fails: str,
    passes_set: str = "",
    fails_set: str = "",
) -> Rule[Any]:
    """A burst is half over, or wholly, before the instances launched for it serve.

    ``period_key`` names the period of the metric that the fleet scales on, or says which for a deployment.
    """

    def body(w: Workload, d: Fleet) -> Ill | None:
        states = w.burst_states
        if (
            states is None
            or d.max_instances <= max(1, d.min_instances)
            or (only_with_objective and w.objective.latency is None)
        ):
            return None
        on = w.work_on(d.instance_type)
        each = capacity_per_s(on)
        period = w.limit(period_key if isinstance(period_key, str) else period_key(d))
        follows = scale_out_s(w, d.instance_type, period) if d.target is not None else math.inf
        stands = each * d.min_instances if d.schedule is None else lambda minute: each * d.standing_at(minute)
        late, allowed = late_share(w, follows, stands), tolerated_share(w)
        if late <= allowed:
            return None
        after = f"new instances serve after {show_duration(follows)}" if d.target is not None else "none is launched"
        return Ill(
            f"a burst lasts {show_duration(states.mean_high_s)}, {after}: about {show_share(roughly(late))} of "
            f"requests meet a fleet that is too small, and {show_share(allowed)} may",
            mend=(
                f"keep capacity for the bursts standing (min_instances={instances_for(w, on, w.peak_per_s)}), scale "
                "ahead by schedule, or queue (asynchronous)"
            ),
            path="traffic.bursts.length",
        )

    body.__doc__ = """A burst is served by the standing fleet alone until new instances are up.

    An overload is seen after {scaling.out_datapoints} datapoints and a metric lag of {metric_lag}; then the launch
    begins. A datapoint comes every {scaling.metric_period}, of the concurrency metric every
    {scaling.metric_period_high_resolution}."""
    periods = ("scaling.metric_period", "scaling.metric_period_high_resolution")
    reads = (*periods, *_ALARMS, *_LAUNCH)
    return rule(
        rule_id,
        WARNS,
        where="traffic.bursts",
        reads=reads,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=5,
    )(body)


def spike_met(rule_id: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = "") -> Rule[Any]:
    """A spike above what stands, on a fleet that grows by launches."""

    def body(w: Workload, d: Fleet) -> Ill | None:
        on = w.work_on(d.instance_type)
        for n, spike in enumerate(w.traffic.spikes if w.traffic else ()):
            rate = w.rate_per_s * spike.height
            standing = capacity_per_s(on) * d.standing_at(math.floor(spike.at_s / 60) % _WEEK_M)
            if rate <= standing:
                continue
            follows = scale_out_s(w, d.instance_type, w.limit("scaling.metric_period"))
            grows = d.target is not None and d.max_instances > d.min_instances
            then = f"new instances serve after {show_duration(follows)}" if grows else "no scaling adds to it"
            return Ill(
                f"a spike of {show_factor(spike.height)} for {show_duration(spike.lasts_s)} brings {show_rate(rate)}, "
                f"the standing fleet serves {show_rate(standing)}, and {then}",
                mend=f"raise the minimum to {instances_for(w, on, rate)} by schedule before it begins, or queue it "
                "(asynchronous)",
                path=f"traffic.spikes.{n}",
            )
        return None

    body.__doc__ = """A spike is met by the instances that stand already.

    Seen after {scaling.out_datapoints} datapoints of {scaling.metric_period} and a lag of {metric_lag}, and a
    launch later, it is served by new instances only from then on."""
    return rule(
        rule_id,
        WARNS,
        where="traffic.spikes",
        reads=("scaling.metric_period", *_ALARMS, *_LAUNCH),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=5,
    )(body)


def scale_in_tail(rule_id: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = "") -> Rule[Any]:
    """Each burst is paid for longer than it lasts."""

    def body(w: Workload, d: Fleet) -> Ill | None:
        states = w.burst_states
        if states is None or d.max_instances <= d.min_instances:
            return None
        tail = scale_in_s(w)
        needed = instances_for(w, w.work_on(d.instance_type), w.peak_per_s)
        if needed <= max(1, d.min_instances) or states.mean_high_s >= tail:
            return None
        return Ill(
            f"a burst lasts {show_duration(states.mean_high_s)}, and its instances are paid for another "
            f"{show_duration(tail)} at least",
            mend=(
                "compare with a pattern that is paid by use (serverless), or with a larger standing fleet "
                "without scaling"
            ),
            path="traffic.bursts.length",
        )

    body.__doc__ = """Instances that a burst called stay at least {scaling.in_datapoints} minutes after it.

    Scale-in waits for {scaling.in_datapoints} datapoints of {scaling.metric_period} below
    {scaling.in_threshold_ratio} of the target, also with the
    high-resolution metric; short bursts are mostly paid for after they end."""
    reads = ("scaling.in_datapoints", "scaling.metric_period", "scaling.in_threshold_ratio", "metric_lag")
    return rule(
        rule_id,
        NOTES,
        where="traffic.bursts",
        reads=reads,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=4,
    )(body)


def bursts_too_close(rule_id: str, *, passes: str, fails: str, passes_set: str = "", fails_set: str = "") -> Rule[Any]:
    """Pauses shorter than scale-in: the fleet stays at its peak, scaling or not."""

    def body(w: Workload, d: Fleet) -> Ill | None:
        states = w.burst_states
        if states is None or d.max_instances <= d.min_instances:
            return None
        pause, waits = states.mean_low_s, scale_in_s(w)
        if instances_for(w, w.work_on(d.instance_type), w.peak_per_s) <= max(1, d.min_instances) or pause >= waits:
            return None
        return Ill(
            f"bursts come {show_duration(pause)} apart, and scale-in needs {show_duration(waits)} of calm: "
            "the fleet hardly ever shrinks",
            mend="count on the peak fleet's price, or switch scaling off and keep that fleet (scaling=none)",
            path="traffic.bursts.length",
        )

    body.__doc__ = """A fleet whose bursts come close together never scales in.

    The alarm wants {scaling.in_datapoints} datapoints of {scaling.metric_period} in a row; one busy minute starts
    it again."""
    reads = ("scaling.in_datapoints", "scaling.metric_period", "metric_lag")
    return rule(
        rule_id,
        NOTES,
        where="traffic.bursts",
        reads=reads,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=4,
    )(body)
