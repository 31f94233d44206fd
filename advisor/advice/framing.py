"""Answers as pandas DataFrames: one row an option, typed columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.advice.recommendation import Option, Recommendation

__all__ = ["options_frame"]

_SHARES = ("p50", "p90", "p95", "p99", "mean")


def options_frame(answer: Recommendation) -> Any:
    """One row an option in the order of the ranking; seconds, USD a month, shares as numbers between 0 and 1."""
    import pandas as pd

    rows = [_row(one) for one in answer.options]
    kinds: dict[str, str] = {
        "rank": "int64",
        "id": "string",
        "pattern": "category",
        "meets_objective": "bool",
        "on_front": "bool",
        "evidence": "category",
        "replications": "int64",
    }
    numbers = [name for name in _columns() if name not in kinds]
    frame = pd.DataFrame(rows, columns=_columns())
    return frame.astype({**kinds, **dict.fromkeys(numbers, "float64")}).set_index("rank")


def _columns() -> list[str]:
    latencies = [f"{name}{end}_s" for name in _SHARES for end in ("", "_low", "_high")]
    money = ["usd_per_month", "usd_per_month_low", "usd_per_month_high", "usd_per_million_requests"]
    head = ["rank", "id", "pattern", "meets_objective", "on_front"]
    shares = ["error_share", "cold_start_share", "utilisation"]
    return [*head, *money, *latencies, *shares, "evidence", "replications"]


def _row(one: Option) -> dict[str, Any]:
    out = one.outcome
    money = out.usd_per_month
    row: dict[str, Any] = {
        "rank": one.rank,
        "id": one.id,
        "pattern": one.pattern,
        "meets_objective": one.meets_objective,
        "on_front": one.on_front,
        "usd_per_month": float(money.value),
        "usd_per_month_low": _number(money.low),
        "usd_per_month_high": _number(money.high),
        "usd_per_million_requests": _number(out.usd_per_million_requests),
        "error_share": out.error_share.value,
        "cold_start_share": out.cold_start_share,
        "utilisation": out.utilisation,
        "evidence": out.evidence,
        "replications": out.replications,
    }
    for name in _SHARES:
        estimate = out.latency_s[name]
        row |= {f"{name}_s": estimate.value, f"{name}_low_s": estimate.low, f"{name}_high_s": estimate.high}
    return row


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
