"""Factories of rules about the instances of endpoints: two quotas count them, and the smaller one decides."""

from __future__ import annotations

from typing import Any

from advisor.rules.declared import Rule, rule
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, WARNS, Ill
from advisor.workload import Workload

__all__ = ["own_quota_of_instances", "quota_of_instances"]

_QUOTAS = {
    "quota.instances_per_endpoint": "on one endpoint",
    "quota.instances_all_endpoints": "on all endpoints together",
}
_WHERE = "deployment.max_instances"


def quota_of_instances(rule_id: str, *, passes_set: str, fails_set: str) -> Rule[Any]:
    """More instances than a new account's quotas; one that the profile states itself is another rule's."""

    def body(w: Workload, d: Any) -> Ill | None:
        key = min(_QUOTAS, key=w.limit)
        if d.max_instances <= w.limit(key) or w.overridden(key) or _own(w, d.max_instances):
            return None
        return Ill(
            f"{d.max_instances:,} instances, and a new account may have {told(w, key)} {_QUOTAS[key]}",
            mend=f"ask AWS to raise it, then write platform: {{{key}: {d.max_instances}}}",
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
        key = _own(w, d.max_instances)
        if not key:
            return None
        return Ill(
            f"{d.max_instances:,} instances, and this account may have {told(w, key)} {_QUOTAS[key]}",
            mend=f"give max_instances={int(w.limit(key))} or fewer, a larger type, or have AWS raise it to "
            f"{d.max_instances:,} and say so under platform",
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


def _own(w: Workload, wanted: int) -> str:
    """The stated quota that is too small, the smallest one; empty where there is none."""
    short = [key for key in _QUOTAS if w.overridden(key) and wanted > w.limit(key)]
    return min(short, key=w.limit, default="")
