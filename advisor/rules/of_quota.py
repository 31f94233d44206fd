"""Factories of rules about the instances of endpoints: two quotas count them, and the smaller one decides."""

from __future__ import annotations

from typing import Any

from advisor.rules.declared import Rule, rule
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, WARNS, Ill
from advisor.workload import Workload

__all__ = ["own_quota_of_instances", "quota_of_instances"]

_OF_ONE = "quota.instances_per_endpoint"
_QUOTAS = {
    _OF_ONE: "on one endpoint",
    "quota.instances_all_endpoints": "on all endpoints together",
}
_WHERE = "deployment.max_instances"


def quota_of_instances(rule_id: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """More instances than a new account's quotas; one that the profile states itself is another rule's."""

    def body(w: Workload, d: Any) -> Ill | None:
        if _own(w, d):
            return None
        short = [key for key in _QUOTAS if not w.overridden(key) and _wanted(w, d, key) > w.limit(key)]
        if not short:
            return None
        key = min(short, key=w.limit)
        return Ill(
            f"{_told(w, d, key)}, and a new account may have {told(w, key)} {_QUOTAS[key]}",
            mend=f"ask AWS to raise it, then write platform: {{{key}: {_wanted(w, d, key)}}}",
        )

    body.__doc__ = """A new account may have {quota.instances_per_endpoint} instances on an endpoint.

    On all endpoints together it may have {quota.instances_all_endpoints}. AWS raises both on request, and older
    accounts often have more; give your own quotas under platform."""
    return rule(
        rule_id, WARNS, where=_WHERE, reads=tuple(_QUOTAS), passes_set=passes_set, fails_set=fails_set, facts=3
    )(body)


def own_quota_of_instances(rule_id: str, *, passes: str, fails: str, passes_set: str, fails_set: str) -> Rule[Any]:
    """More instances than the quota that the profile itself states."""

    def body(w: Workload, d: Any) -> Ill | None:
        key = _own(w, d)
        if not key:
            return None
        wanted = _wanted(w, d, key)
        each = int(w.limit(key)) * d.max_instances // wanted
        fewer = f"give max_instances={each} or fewer, a larger type," if each else "have fewer endpoints,"
        return Ill(
            f"{_told(w, d, key)}, and this account may have {told(w, key)} {_QUOTAS[key]}",
            mend=f"{fewer} or have AWS raise it to {wanted:,} and say so under platform",
        )

    body.__doc__ = """AWS refuses more instances than the account's own quota.

    The profile states under platform what the account may have, so that this is known and not assumed."""
    return rule(
        rule_id,
        BLOCKS,
        where=_WHERE,
        reads=tuple(_QUOTAS),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=3,
    )(body)


def _own(w: Workload, d: Any) -> str:
    """The stated quota that is too small, the smallest one; empty where there is none."""
    short = [key for key in _QUOTAS if w.overridden(key) and _wanted(w, d, key) > w.limit(key)]
    return min(short, key=w.limit, default="")


def _wanted(w: Workload, d: Any, key: str) -> int:
    """How many instances a quota counts: those of one endpoint, or of as many as the workload takes."""
    return int(d.max_instances) * (1 if key == _OF_ONE else d.endpoints(w))


def _told(w: Workload, d: Any, key: str) -> str:
    wanted = f"{_wanted(w, d, key):,} instances"
    return wanted if key == _OF_ONE or d.endpoints(w) == 1 else f"{wanted} on {d.endpoints(w):,} endpoints"
