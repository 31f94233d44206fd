"""Serverless rules about provisioned concurrency: what it may be, at rest, by use and by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.rules import BLOCKS, Ill, Rule, rule
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.serverless.deployment import Serverless

__all__ = ["RULES"]

_SCALED = "max_concurrency=8, max_provisioned_concurrency=8, target_utilisation=0.7"


@rule("SL-19", BLOCKS, where="deployment.provisioned_concurrency", reads=("serverless.provisioned_concurrency_max",),
      facts=2, passes_set="max_concurrency=8, provisioned_concurrency=8",
      fails_set="max_concurrency=8, provisioned_concurrency=12")  # fmt: skip
def provisioned_within_most(w: Workload, d: Serverless) -> Ill | None:
    """Provisioned concurrency is at most max_concurrency, and at most {serverless.provisioned_concurrency_max}.

    It is a part of the concurrency that is kept warm, not one beside it; the same holds for what autoscaling and
    schedule may reach.
    """
    most = min(d.max_concurrency, int(w.limit("serverless.provisioned_concurrency_max")))
    if d.most_provisioned <= most:
        return None
    named, mend = _most_provisioned(d, most)
    return Ill(
        f"{named}, and {most} is the most beside max_concurrency={d.max_concurrency}",
        mend=f"{mend}, or raise max_concurrency",
    )


def _most_provisioned(d: Serverless, most: int) -> tuple[str, str]:
    """The setting that asks for the most, and what to do about it."""
    if d.max_provisioned_concurrency is not None:
        asked = f"max_provisioned_concurrency={d.max_provisioned_concurrency}"
        return asked, f"set max_provisioned_concurrency={most}"
    if d.most_provisioned > d.provisioned_concurrency:
        asked = f"the schedule provisions {d.most_provisioned} containers at some time"
        return asked, f"schedule {most} at most"
    return f"provisioned_concurrency={d.provisioned_concurrency}", f"set provisioned_concurrency={most}"


@rule(
    "SL-28",
    BLOCKS,
    where="deployment.provisioned_concurrency",
    reads=("serverless.pc_scaling_min",),
    facts=2,
    passes_set=f"provisioned_concurrency=1, {_SCALED}",
    fails_set=f"provisioned_concurrency=0, {_SCALED}",
)
def scaled_from_least(w: Workload, d: Serverless) -> Ill | None:
    """Provisioned concurrency that is scaled, by use or by the clock, never goes below {serverless.pc_scaling_min}.

    Application-autoscaling takes no smaller minimum for it; only an endpoint without any has none.
    """
    least = int(w.limit("serverless.pc_scaling_min"))
    if not d.scales or d.least_provisioned >= least:
        return None
    return Ill(
        f"provisioned concurrency is scaled, and would be {d.least_provisioned} at some time",
        mend=f"keep {least} at all times, or leave schedule, max_provisioned_concurrency and target_utilisation out",
    )


RULES: tuple[Rule[Any], ...] = (provisioned_within_most, scaled_from_least)
