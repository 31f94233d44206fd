"""Named day and week curves: their weights are assumptions of the catalog."""

from __future__ import annotations

from functools import cache

from advisor.catalog.assumptions import assumption

__all__ = ["DAY_CURVES", "WEEK_CURVES", "named_weights"]

DAY_CURVES = ("flat", "office", "evening", "overnight")
WEEK_CURVES = ("flat", "workweek", "weekend")


def named_weights(what: str, curve: str | tuple[float, ...] | None) -> tuple[float, ...]:
    """The weights of a named ("day" or "week") curve; weights given are returned, none are empty."""
    if curve is None:
        return ()
    return _weights(f"{what}_{curve}") if isinstance(curve, str) else curve


@cache
def _weights(key: str) -> tuple[float, ...]:
    return tuple(float(part) for part in str(assumption(key).value).replace(",", " ").split())
