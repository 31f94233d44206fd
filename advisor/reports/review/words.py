"""How the review writes figures."""

from __future__ import annotations

import math
from decimal import Decimal

from advisor.advice.outcome import Money, Outcome, show_latency
from advisor.show import show_digits
from advisor.units import show_share

__all__ = ["cost", "interval", "known_by", "money", "share", "sources"]


def share(value: float) -> str:
    """A share to three digits; what is not known is said so."""
    return show_share(float(f"{value:.3g}")) if math.isfinite(value) else "unknown"


def cost(money_of: Money) -> str:
    """A month's cost with its interval."""
    told = f"{money(money_of.value)} USD a month"
    if money_of.low is None or money_of.high is None or money_of.low == money_of.high:
        return told
    return f"{told} (95 % interval {money(money_of.low)} to {money(money_of.high)})"


def money(value: Decimal | float) -> str:
    """An amount without its unit: to the cent, or three digits of what is less than a dollar."""
    amount = float(value)
    return f"{amount:,.2f}" if amount >= 1 or amount == 0 else show_digits(amount, 3)


def known_by(outcome: Outcome) -> str:
    """How the service times are known."""
    says = outcome.evidence_says
    return says if says.startswith(outcome.evidence) else f"{outcome.evidence}: {says}"


def interval(outcome: Outcome, name: str) -> str:
    """The interval of a latency; empty where it is not known."""
    held = outcome.latency_s[name]
    if math.isnan(held.low):
        return ""
    return f"{show_latency(held.low)} to {show_latency(held.high)}"


def sources(text: str, rule: str) -> str:
    """The sources of a finding, each once; of many the first two, and where the others are told."""
    parts = list(dict.fromkeys(part.strip() for part in text.split(";")))
    if len(parts) <= 3:
        return "; ".join(parts)
    return f"{parts[0]}; {parts[1]}; {len(parts) - 2} more in: advisor explain {rule}"
