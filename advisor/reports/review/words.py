"""How the review writes figures and settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from advisor.advice.outcome import Money, Outcome, show_latency
from advisor.patterns.settings import spoken
from advisor.units import show_duration, show_memory, show_share

__all__ = ["cost", "interval", "known_by", "money", "setting", "settings_of", "share", "sources"]


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
    return f"{amount:,.2f}" if amount >= 1 or amount == 0 else f"{amount:.3g}"


def known_by(outcome: Outcome) -> str:
    """How the service times are known."""
    says = outcome.evidence_says
    return says if says.startswith(outcome.evidence) else f"{outcome.evidence}: {says}"


def interval(outcome: Outcome, name: str) -> str:
    """The interval of a latency; empty where it is not known."""
    held = outcome.latency_s[name]
    if math.isnan(held.low):
        return ""
    return f"{show_latency(max(0.0, held.low))} to {show_latency(held.high)}"


def settings_of(deployment: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The settings of a deployment by the names that ``--set`` takes; of several, each under its pattern."""
    if "parts" in deployment:
        rows = [("how the parts share the work", str(deployment.get("how", "")))]
        for part in deployment["parts"]:
            own = {name: value for name, value in part.items() if name != "pattern"}
            rows += [(f"{part['pattern']}: {name}", told) for name, told in settings_of(own)]
        return tuple(rows)
    return tuple((spoken(name), setting(name, value)) for name, value in deployment.items())


def sources(text: str, rule: str) -> str:
    """The sources of a finding, each once; of many the first two, and where the others are told."""
    parts = list(dict.fromkeys(part.strip() for part in text.split(";")))
    if len(parts) <= 3:
        return "; ".join(parts)
    return f"{parts[0]}; {parts[1]}; {len(parts) - 2} more in: advisor explain {rule}"


def setting(name: str, value: Any) -> str:
    """A setting's value with its unit."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if name.endswith("_mib"):
            return show_memory(float(value))
        if name.endswith("_s") and not name.endswith("_per_s"):
            return show_duration(float(value))
        for suffix in ("_gb", "_mb"):
            if name.endswith(suffix):
                return f"{value:g} {suffix[1:].upper()}"
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return str(value)
