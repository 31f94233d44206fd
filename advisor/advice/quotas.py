"""What has to be asked of AWS before a deployment can start: the quotas that it passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.catalog.limits import find_limit
from advisor.patterns.base import Pattern
from advisor.rules import WARNS, Finding
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.combination import Combination

__all__ = ["passed_quotas"]


def passed_quotas(w: Workload, deployment: Pattern | Combination) -> tuple[Finding, ...]:
    """The warnings of rules that go by a quota which AWS raises on request."""
    # The rules are the parts': of two patterns together, and of an endpoint that takes the lot, too.
    named: Mapping[str, Pattern] = getattr(deployment, "named", {"": deployment})
    by_quota = {one.id for part in named.values() for one in part.RULES if any(map(_raised, one.reads))}
    return tuple(one for one in deployment.check(w) if one.verdict is WARNS and one.rule in by_quota)


def _raised(key: str) -> bool:
    """Whether it is a limit, and one that AWS raises."""
    known = find_limit(key)
    return known is not None and known.adjustable
