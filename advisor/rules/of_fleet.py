"""Factories of rules about a fleet of instances: how many, under which quotas, over how many zones, how fast it
follows bursts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from advisor.catalog.limits import limit
from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import capacity_per_s, instances_for, launch_s
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, NOTES, WARNS, Ill, Verdict
from advisor.rules.of_bursts import (
    bursts_outrun_launches,
    bursts_too_close,
    late_share,
    scale_in_tail,
    spike_met,
    tolerated_share,
)  # fmt: skip
from advisor.units import show_duration, show_rate, show_share
from advisor.workload import Workload

__all__ = [
    "ByTheClock", "Fleet", "bursts_outrun_launches", "bursts_too_close", "fleet_carries_peak", "late_share",
    "no_account_has", "own_quota_covers", "quota_covers", "rate_within", "scale_in_tail", "several_zones",
    "single_instance", "spike_met", "tolerated_share",
]  # fmt: skip


class ByTheClock(Protocol):
    """A deployment of instances that stand at all times, or by a schedule."""

    @property
    def min_instances(self) -> int: ...

    @property
    def schedule(self) -> str | None: ...

    def standing_at(self, minute: int) -> int:
        """Instances that stand at a minute of the week whatever the load."""
        ...


class Fleet(ByTheClock, Protocol):
    """A deployment of several instances of one type, within bounds."""

    @property
    def instance_type(self) -> str: ...

    @property
    def max_instances(self) -> int: ...

    @property
    def target(self) -> float | None: ...


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
    own_refused: bool = False,
    times: Callable[[Workload], int] = lambda _: 1,
) -> Rule[Any]:
    """More of something than the account's quota; AWS raises these on request.

    ``refused_beyond`` says that a rule of ``no_account_has`` refuses what is more than any account is known to have,
    ``own_refused`` that one of ``own_quota_covers`` refuses what is more than the profile's own quota. ``times`` is how
    many such deployments a workload needs; none where another rule counts them.
    """

    def body(w: Workload, d: object) -> Ill | None:
        wanted, quota = count(d) * times(w), w.limit(key)
        if wanted <= quota or (refused_beyond and wanted > _most_of_any_account(w, key)):
            return None
        if own_refused and w.overridden(key):
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
    title = f"""No account is known to have room for so many {what}.

    A new account has {{{key}}}; AWS's other pages tell of more, and the largest of these figures is the border,
    unless the profile states the account's own quota."""
    sets = (passes_set, fails_set)
    return _beyond(rule_id, key, count, mend, what, title, where, (passes, fails), sets, own_only=False)


def own_quota_covers(
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
    """More of something than the quota that the profile itself states; other accounts' quotas only warn."""
    title = f"""The account's own quota holds so many {what} and no more.

    Where the profile states the quota under platform ({{{key}}} in a new account), a deployment beyond it does not
    start."""
    sets = (passes_set, fails_set)
    return _beyond(rule_id, key, count, mend, what, title, where, (passes, fails), sets, own_only=True)


def _beyond(
    rule_id: str,
    key: str,
    count: Callable[[Workload, Any], int],
    mend: str,
    what: str,
    text: str,
    where: str,
    profiles: tuple[str, str],
    sets: tuple[str, str],
    *,
    own_only: bool,
) -> Rule[Any]:
    def body(w: Workload, d: object) -> Ill | None:
        if own_only and not w.overridden(key):
            return None
        wanted, most = count(w, d), _most_of_any_account(w, key)
        if wanted <= most:
            return None
        whose = "this account's quota is" if w.overridden(key) else "the most that AWS tells of is"
        return Ill(
            f"{wanted:,} {what}, and {whose} {most:,.0f}",
            mend=f"{mend}, or state a larger quota of the account with platform: {{{key}: {wanted}}}",
        )

    body.__doc__ = text
    return rule(
        rule_id,
        BLOCKS,
        where=where,
        reads=(key,),
        passes=profiles[0],
        fails=profiles[1],
        passes_set=sets[0],
        fails_set=sets[1],
        facts=2,
    )(body)


def _most_of_any_account(w: Workload, key: str) -> float:
    return w.limit(key) if w.overridden(key) else limit(key).largest


def rate_within(
    rule_id: str, key: str, rate: Callable[[Workload], float], which: str, verdict: Verdict, *, passes: str, fails: str
) -> Rule[Any]:
    """A rate of calls above what one account may make in a region; one that refuses speaks alone."""

    def body(w: Workload, _: object) -> Ill | None:
        if rate(w) <= w.limit(key) or (verdict is not BLOCKS and w.rate_per_s > w.limit(key)):
            return None
        return Ill(
            f"the {which} rate is {show_rate(rate(w))}, and an account may call its endpoints in a region at "
            f"{told(w, key)}",
            mend="spread the callers over several accounts or regions, or send several records in one request",
        )

    body.__doc__ = f"""An account may call its endpoints in a region at {{{key}}}.

    All of them share it, and AWS does not raise this quota: calls above it are throttled, whatever the fleet's
    size. Here it is the {which} rate that counts."""
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
        gone = launch_s(w, d.instance_type)
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
        reads=(
            "provision.endpoint_cpu_quantiles",
            "provision.endpoint_gpu_quantiles",
            "launch_cached",
            "launch_image_cache",
        ),
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

    body.__doc__ = """What all instances together cannot serve waits, and then fails.

    Above their capacity the queues fill and requests are rejected or late; callers that try again bring the refused
    ones back on top of the new ones."""
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
