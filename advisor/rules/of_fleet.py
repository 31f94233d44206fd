"""Factories of rules about a fleet of instances: how many, under which quotas, over how many zones, how fast it
follows bursts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from advisor.catalog.limits import limit
from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import capacity_per_s, instances_for, launch_s, roughly, scale_in_s, scale_out_s
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, NOTES, WARNS, Ill, Verdict
from advisor.units import show_duration, show_rate, show_share
from advisor.workload import Workload

__all__ = [
    "Fleet", "bursts_outrun_launches", "bursts_too_close", "fleet_carries_peak", "late_share", "no_account_has",
    "quota_covers", "rate_within", "scale_in_tail", "several_zones", "single_instance", "tolerated_share",
]  # fmt: skip

_ALARMS = ("scaling.out_datapoints", "metric_lag")


class Fleet(Protocol):
    """A deployment of several instances of one type, within bounds."""

    @property
    def instance_type(self) -> str: ...

    @property
    def min_instances(self) -> int: ...

    @property
    def max_instances(self) -> int: ...


def quota_covers(
    rule_id: str,
    key: str,
    count: Callable[[Any], int],
    what: str,
    *,
    where: str,
    passes_set: str = "",
    fails_set: str = "",
    passes: str = "",
    fails: str = "",
    refused_beyond: bool = False,
) -> Rule[Any]:
    """More of something than the account's quota; AWS raises these on request.

    ``refused_beyond`` says that a rule of ``no_account_has`` refuses what is more than any account is known to have.
    """

    def body(w: Workload, d: object) -> Ill | None:
        wanted, quota = count(d), w.limit(key)
        if wanted <= quota or (refused_beyond and wanted > _most_of_any_account(w, key)):
            return None
        whose = "the account's quota" if w.overridden(key) else "the quota of a new account"
        return Ill(
            f"{wanted:,} {what}, and {whose} is {told(w, key)}",
            mend=f"ask AWS to raise it, then write platform: {{{key}: {wanted}}}",
        )

    body.__doc__ = f"""A new account has a quota of {{{key}}} {what}.

    AWS raises it on request; older accounts often have more. Give your own quota under
    platform."""
    return rule(
        rule_id,
        WARNS,
        where=where,
        reads=(key,),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def no_account_has(
    rule_id: str,
    key: str,
    count: Callable[[Workload, Any], int],
    what: str,
    mend: str,
    *,
    where: str,
    passes: str = "",
    fails: str = "",
    passes_set: str = "",
    fails_set: str = "",
) -> Rule[Any]:
    """More of something than the profile's own quota, or than the largest that AWS tells of."""

    def body(w: Workload, d: object) -> Ill | None:
        wanted, most = count(w, d), _most_of_any_account(w, key)
        if wanted <= most:
            return None
        whose = "this account's quota is" if w.overridden(key) else "the most that AWS tells of is"
        return Ill(
            f"{wanted:,} {what}, and {whose} {most:,.0f}",
            mend=f"{mend}, or state a larger quota of the account with platform: {{{key}: {wanted}}}",
        )

    body.__doc__ = f"""No account is known to have room for so many {what}.

    A new account has {{{key}}}; AWS's other pages tell of more, and the largest of these figures is the border,
    unless the profile states the account's own quota."""
    return rule(
        rule_id,
        BLOCKS,
        where=where,
        reads=(key,),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def _most_of_any_account(w: Workload, key: str) -> float:
    return w.limit(key) if w.overridden(key) else limit(key).largest


def rate_within(
    rule_id: str, key: str, rate: Callable[[Workload], float], which: str, verdict: Verdict, *, passes: str, fails: str
) -> Rule[Any]:
    """A rate of calls above what one account may make in a region."""

    def body(w: Workload, _: object) -> Ill | None:
        if rate(w) <= w.limit(key):
            return None
        return Ill(
            f"the {which} rate is {show_rate(rate(w))}, and an account may make {told(w, key)} calls in a region",
            mend="spread the callers over several accounts or regions, or send several records in one request",
        )

    body.__doc__ = f"""The {which} rate is within the {{{key}}} calls that an account may make in a region.

    AWS does not raise this quota; calls above it are throttled, whatever the fleet's size."""
    return rule(rule_id, verdict, where="traffic.rate", reads=(key,), passes=passes, fails=fails)(body)


def several_zones(
    rule_id: str, count: Callable[[Any], int], *, where: str, fails_set: str, passes_set: str
) -> Rule[Any]:
    """The need for several zones, with fewer instances than it takes."""

    def body(w: Workload, d: Fleet) -> Ill | None:
        least = int(w.assume("multi_az_instances"))
        if "multi-az" not in w.needs or count(d) >= least:
            return None
        return Ill(
            f"the workload needs several zones, and {count(d)} instance stands in one",
            mend=f"run at least {least} instances at all times, such as min_instances={least}",
        )

    body.__doc__ = """An endpoint that must survive the loss of a zone has at least {multi_az_instances} instances.

    AWS spreads instances over zones; a single one is in a single zone."""
    return rule(
        rule_id,
        BLOCKS,
        where=where,
        reads=("multi_az_instances",),
        passes="needs: [multi-az]",
        passes_set=passes_set,
        fails="needs: [multi-az]",
        fails_set=fails_set,
        facts=2,
    )(body)


def single_instance(rule_id: str, *, passes: str = "", fails: str = "", passes_set: str, fails_set: str) -> Rule[Any]:
    """One instance: when it fails, nothing answers until the next one is up."""

    def body(w: Workload, d: Fleet) -> Ill | None:
        if d.min_instances != 1 or "multi-az" in w.needs:
            return None
        gone = launch_s(w, d.instance_type, first=True)
        return Ill(
            f"a single instance: should it fail, nothing answers for about {show_duration(gone)}, and the "
            f"errors allowed are {show_share(w.objective.errors)}",
            mend="run two (min_instances=2), or say with this in mind that one will do",
        )

    body.__doc__ = """One instance has no high availability.

    A failed instance is replaced automatically, which takes as long as a launch; a lost zone takes longer."""
    return rule(
        rule_id,
        NOTES,
        where="deployment.min_instances",
        reads=("provision.endpoint_cpu_quantiles",),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def fleet_carries_peak(
    rule_id: str, *, passes: str = "", fails: str = "", passes_set: str = "", fails_set: str = ""
) -> Rule[Any]:
    """All instances together serve less than the busiest minutes bring."""

    def body(w: Workload, d: Fleet) -> Ill | None:
        on = w.work_on(d.instance_type)
        most = capacity_per_s(on) * d.max_instances
        if w.peak_per_s <= most:
            return None
        retried = (
            ""
            if w.assume("client_retries") == "none"
            else f"; callers try up to {told(w, 'client_retry_attempts')} times, which adds to the load"
        )
        enough = instances_for(w, on, w.peak_per_s)
        return Ill(
            f"the busiest minutes bring {show_rate(w.peak_per_s)}, and {d.max_instances} x {d.instance_type} "
            f"serve {show_rate(most)} at most{retried}",
            mend=f"allow {enough} instances (max_instances={enough}), take a larger type, or have callers back off",
        )

    body.__doc__ = """All instances together serve the busiest minutes.

    Above that the queues fill and requests are rejected or late; callers that try again bring the refused ones back on
    top of the new ones."""
    reads = ("client_retries", "client_retry_attempts")
    return rule(
        rule_id,
        WARNS,
        where="deployment.max_instances",
        reads=reads,
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=4,
    )(body)


def tolerated_share(w: Workload) -> float:
    """The share of requests that may be late: what the strictest percentile leaves, or the errors allowed."""
    latency = w.objective.latency
    if latency is None or latency[0] == "mean":
        return w.objective.errors
    return 1 - int(latency[0][1:]) / 100


def late_share(w: Workload, after_s: float) -> float:
    """The share of all requests that come in the first ``after_s`` of a burst, while nothing has grown yet."""
    states = w.burst_states
    if states is None or not states.share_high:
        return 0.0
    return min(1.0, after_s / states.mean_high_s) * states.share_high * states.high_per_s / w.rate_per_s


def bursts_outrun_launches(
    rule_id: str,
    period_key: str,
    *,
    only_with_objective: bool = False,
    passes: str,
    fails: str,
    passes_set: str = "",
    fails_set: str = "",
) -> Rule[Any]:
    """A burst is half over, or wholly, before the instances launched for it serve."""

    def body(w: Workload, d: Fleet) -> Ill | None:
        states = w.burst_states
        if (
            states is None
            or d.max_instances <= max(1, d.min_instances)
            or (only_with_objective and w.objective.latency is None)
        ):
            return None
        standing = capacity_per_s(w.work_on(d.instance_type)) * d.min_instances
        follows = scale_out_s(w, d.instance_type, w.limit(period_key))
        late, allowed = late_share(w, follows), tolerated_share(w)
        if w.peak_per_s <= standing or late <= allowed:
            return None
        return Ill(
            f"a burst lasts {show_duration(states.mean_high_s)}, new instances serve after {show_duration(follows)}: "
            f"about {show_share(roughly(late))} of requests meet a fleet that is too small, and "
            f"{show_share(allowed)} may",
            mend=(
                "keep capacity for the bursts standing "
                f"(min_instances={instances_for(w, w.work_on(d.instance_type), w.peak_per_s)}), scale ahead by "
                "schedule, or queue (asynchronous)"
            ),
            path="traffic.bursts.length",
        )

    body.__doc__ = f"""New instances serve well before a burst is over.

    An overload is seen after {{scaling.out_datapoints}} datapoints of {{{period_key}}} each and a metric lag of
    {{metric_lag}}; then the
    launch begins. Until it ends, the standing fleet takes the burst alone."""
    reads = (period_key, *_ALARMS, "provision.endpoint_cpu_quantiles", "provision.endpoint_gpu_quantiles")
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

    body.__doc__ = """Pauses between bursts are long enough to scale in.

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
