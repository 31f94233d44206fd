"""A factory of rules about prices that are borrowed from endpoints: with the price, availability is assumed."""

from __future__ import annotations

from typing import Any

from advisor.catalog.prices import price_book
from advisor.rules.declared import Rule, rule
from advisor.rules.finding import WARNS, Ill
from advisor.workload import Workload

__all__ = ["availability_assumed"]


_KINDS = {"AsyncInf": "asynchronous endpoints", "BatchTransform": "batch transform jobs"}


def availability_assumed(
    rule_id: str, component: str, *, passes: str, fails: str, passes_set: str, fails_set: str
) -> Rule[Any]:
    """A type that the region's list names for the other kind of fleet, and not for this one."""

    def body(w: Workload, d: Any) -> Ill | None:
        book = price_book()
        if w.region not in book.regions():
            return None
        held = book.find(w.region, component, d.instance_type)
        if held is None or not held.assumed:
            return None
        listed = [
            kind
            for other, kind in _KINDS.items()
            if (rate := book.find(w.region, other, d.instance_type)) is not None and not rate.assumed
        ]
        if not listed:
            return None
        return Ill(
            f"the price list of {w.region} names {d.instance_type} for {listed[0]} and not for {_KINDS[component]}: "
            "that it can be had is assumed",
            mend="ask for its quota there before relying on it, or take another type",
        )

    body.__doc__ = f"""A type that the price list names for one kind of fleet only may be missing for the other.

    Where there is no line for {_KINDS[component]}, the price of endpoints stands in, and says nothing of whether the
    type can be had."""
    return rule(
        rule_id,
        WARNS,
        where="deployment.instance_type",
        source="AWS price list, as packaged, 2026",
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=3,
    )(body)
