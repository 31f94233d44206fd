"""How AWS is paid: on demand, or with a Savings Plan, whose best commitment is found here; the free tier."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from advisor.catalog.prices import Rate
from advisor.catalog.rates import plain
from advisor.errors import InputError, near
from advisor.workload.plan_rates import plan_rates

if TYPE_CHECKING:
    from advisor.workload.demand import Purchase

__all__ = ["COVER_ASSUMED", "Hour", "PurchaseOptions", "SavingsPlan", "best_commitment", "told"]

# What a Savings Plan could cover of each pattern.
_INSTANCES_OF = {
    "real-time": "Hosting",
    "multi-model": "Hosting",
    "asynchronous": "AsyncInf",
    "batch-transform": "BatchTransform",
    "serverless": "ServerlessInf",
    "training": "Training",
    "processing": "Processing",
}
_COVERED = ("Hosting", "BatchTransform", "Training", "Processing", "AsyncInf")
# Components whose cover is not stated by AWS: covered only by assumption.
COVER_ASSUMED = ("AsyncInf", "ServerlessInf")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsPlan:
    """A Savings Plan: plan rates by a ``discount`` (0.4 is 40 % off), or stated in ``rates``.

    ``rates`` is USD per unit by meter ("ml.m5.xlarge") or by component and meter ("BatchTransform/ml.m5.xlarge").

    ``covers`` names components: AWS lists real-time inference, batch transform, training and processing; asynchronous
    is assumed covered and serverless not (AWS's pages do not say). ``commitment_usd_per_h`` is what is committed and
    paid; without it ``share`` of each covered meter is at plan rates and the commitment is taken to fit it, or with
    ``best`` it is the commitment that makes the bill lowest.
    """

    discount: Decimal = Decimal(0)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    covers: frozenset[str] = frozenset(_COVERED)
    commitment_usd_per_h: Decimal | None = None
    share: Decimal = Decimal(1)
    best: bool = False

    def __post_init__(self) -> None:
        for name, value in (("discount", self.discount), ("share", self.share)):
            if not 0 <= value <= 1:
                raise InputError(f"a {name} of {value} is not between 0 and 1", "savings plan", "write one such as 0.4")
        if self.commitment_usd_per_h is not None and self.commitment_usd_per_h < 0:
            raise InputError(
                f"a commitment of {self.commitment_usd_per_h} USD an hour", "savings plan", "write 0 or more"
            )
        if self.best and self.commitment_usd_per_h is not None:
            raise InputError("a stated commitment is not to be found", "savings plan", "leave one of them out")
        for name in self.covers:
            if name not in _INSTANCES_OF.values():
                hint = near(name, _INSTANCES_OF.values()) or f"the components are {', '.join(_COVERED)}, ServerlessInf"
                raise InputError(f'"{name}" is not a component that a plan could cover', "savings plan", hint)

    @classmethod
    def of(
        cls,
        covers: Iterable[str],
        discount: Decimal | str | float,
        rates: Mapping[str, Decimal] | None = None,
        *,
        best: bool = False,
    ) -> SavingsPlan:
        """From a profile's words: pattern names (or components), the discount as a share, and rates of a file."""
        names = frozenset(_INSTANCES_OF.get(name, name) for name in covers)
        return cls(discount=Decimal(str(discount)), covers=names, rates=rates or {}, best=best)

    def plan_rate(self, rate: Rate) -> Decimal | None:
        """USD per unit under the plan, ``None`` where the meter is not covered or the plan would not be lower."""
        if rate.sku.component not in self.covers:
            return None
        stated = self.rates.get(f"{rate.sku.component}/{rate.sku.meter}", self.rates.get(rate.sku.meter))
        if stated is None:
            stated = rate.usd * (1 - self.discount)
        return stated if stated < rate.usd else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOptions:
    """How AWS is paid: on demand unless a Savings Plan is given, and without the free tier unless it is claimed."""

    savings_plan: SavingsPlan | None = None
    free_tier: bool = False

    @classmethod
    def of(cls, purchase: Purchase | None) -> PurchaseOptions:
        """From the ``purchase:`` section of a workload, in which nothing is left unfilled."""
        if purchase is None:
            return cls()
        held = purchase.savings_plan
        if held is None:
            return cls(free_tier=bool(purchase.free_tier))
        rates = {} if held.rates is None else plan_rates(held.rates)
        plan = SavingsPlan.of(held.covers, held.discount, rates, best=held.commitment == "best")
        return cls(savings_plan=plan, free_tier=bool(purchase.free_tier))


def told(plan: SavingsPlan, found: Decimal | None = None, *, hourly: bool = True) -> str:
    """A plan in words, with what it assumes."""
    terms = [f"{plain(plan.discount * 100)} % off"] if plan.discount or not plan.rates else []
    terms += [f"stated rates for {len(plan.rates)} meters"] if plan.rates else []
    whose = ", ".join(sorted(plan.covers))
    if plan.best and found is not None:
        how = f"{plain(found)} USD an hour is committed, which makes this bill lowest, and paid whether used or not"
        how += "" if hourly else " (its use is taken as even over the hours)"
    elif plan.commitment_usd_per_h is None:
        how = f"{plain(plan.share * 100)} % of their use is at plan rates, and the commitment is assumed to fit it"
    else:
        how = f"{plain(plan.commitment_usd_per_h)} USD an hour is committed, and paid whether used or not"
    assumed = [name for name in COVER_ASSUMED if name in plan.covers]
    doubt = (
        f"; that {' and '.join(assumed)} {'is' if len(assumed) == 1 else 'are'} covered is assumed" if assumed else ""
    )
    return f"Savings Plan: {' and '.join(terms)} on {whose}; {how}{doubt}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """An hour that a commitment is set against: its length in hours, and (list USD, plan USD, units) of each meter."""

    length: Fraction
    used: tuple[tuple[Fraction, Fraction, Fraction], ...]


def best_commitment(hours: Iterable[Hour]) -> Decimal:
    """The USD per hour that make a bill lowest, rounded up to a millionth; the smallest where several do.

    One USD an hour more costs one in each hour, and takes list price over plan rate off those hours that still use
    something the plan would make cheaper. That falls as the commitment grows, so it is raised until it does not pay.
    """
    pays = Fraction(0)
    falls: dict[Fraction, Fraction] = {}
    for hour in hours:
        at = Fraction(0)
        pays -= hour.length
        gains = [(usd / cheap, cheap * units) for usd, cheap, units in hour.used if cheap and units]
        before = Fraction(0)
        for gain, usd in sorted(gains, key=lambda one: -one[0]):
            # From here on a committed USD takes off this much.
            falls[at] = falls.get(at, Fraction(0)) + (gain - before) * hour.length
            at, before = at + usd / hour.length, gain
        falls[at] = falls.get(at, Fraction(0)) - before * hour.length
    found = Fraction(0)
    for at, change in sorted(falls.items()):
        found = at
        pays += change
        if pays <= 0:
            break
    return Decimal(math.ceil(found * 10**6)).scaleb(-6)
