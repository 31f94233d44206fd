"""Answers as pandas DataFrames: one row an option, typed columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.advice.outcome import Outcome
    from advisor.advice.recommendation import Recommendation

__all__ = ["options_frame", "outcome_frame"]

_SHARES = ("p50", "p90", "p95", "p99", "mean")
_HEAD = ("id", "pattern", "meets_objective")
_FIGURES = (
    *("usd_per_month", "usd_per_month_low", "usd_per_month_high", "usd_per_million_requests"),
    *(f"{name}{end}_s" for name in _SHARES for end in ("", "_low", "_high")),
    *("error_share", "error_share_low", "error_share_high", "cold_start_share", "utilisation"),
)
_TAIL = ("evidence", "replications")
# All that is not a plain number.
_KINDS: Mapping[str, str] = {
    "rank": "int64",
    "id": "string",
    "pattern": "category",
    "meets_objective": "bool",
    "on_front": "bool",
    "evidence": "category",
    "replications": "int64",
}


def options_frame(answer: Recommendation) -> Any:
    """One row an option in the order of the ranking; seconds, USD a month, shares as numbers between 0 and 1."""
    rows = [{"rank": one.rank, "on_front": one.on_front, **_row(one.outcome)} for one in answer.options]
    return _frame(rows, ("rank", *_HEAD, "on_front", *_FIGURES, *_TAIL)).set_index("rank")


def outcome_frame(outcome: Outcome) -> Any:
    """One row, in the columns that options have."""
    return _frame([_row(outcome)], (*_HEAD, *_FIGURES, *_TAIL))


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Any:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns)).astype({name: _KINDS.get(name, "float64") for name in columns})


def _row(out: Outcome) -> dict[str, Any]:
    money = out.usd_per_month
    row: dict[str, Any] = {
        "id": out.id,
        "pattern": out.pattern,
        "meets_objective": out.meets_objective,
        "usd_per_month": float(money.value),
        "usd_per_month_low": _number(money.low),
        "usd_per_month_high": _number(money.high),
        "usd_per_million_requests": _number(out.usd_per_million_requests),
        "error_share": out.error_share.value,
        "error_share_low": out.error_share.low,
        "error_share_high": out.error_share.high,
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
