"""Answers as pandas DataFrames: one row an option, typed columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.advice.outcome import Outcome
    from advisor.advice.recommendation import Recommendation
    from advisor.advice.spiking import Spikes

__all__ = ["options_frame", "outcome_frame"]

_SHARES = ("p50", "p90", "p95", "p99", "mean")
_HEAD = ("id", "pattern", "meets_objective")
_FIGURES = (
    *("usd_per_month", "usd_per_month_low", "usd_per_month_high", "usd_per_million_requests"),
    *(f"{name}{end}_s" for name in _SHARES for end in ("", "_low", "_high")),
    *("error_share", "error_share_low", "error_share_high", "cold_start_share", "utilisation"),
)
_TAIL = ("evidence", "replications")
# Where one-off spikes come: of the requests while they last, and of the month that they come in.
_IN_SPIKES = (
    *("spike_runs", "spike_usd", "spike_usd_low", "spike_usd_high", "spike_requests"),
    *(f"spike_{name}{end}_s" for name in _SHARES for end in ("", "_low", "_high")),
    *("spike_error_share", "spike_error_share_low", "spike_error_share_high", "spike_cold_start_share"),
    "month_error_share",
)
# All that is not a plain number.
_KINDS: Mapping[str, str] = {
    "rank": "int64",
    "id": "string",
    "pattern": "category",
    "meets_objective": "bool",
    "on_front": "bool",
    "evidence": "category",
    "replications": "int64",
    # Options of one answer may have spikes and not: a lot's jobs have none.
    "spike_runs": "Int64",
}


def options_frame(answer: Recommendation) -> Any:
    """One row an option in the order of the ranking; seconds, USD a month, shares as numbers between 0 and 1.

    Where one-off spikes come there are columns of them, too.
    """
    rows = [{"rank": one.rank, "on_front": one.on_front, **_row(one.outcome)} for one in answer.options]
    in_spikes = _IN_SPIKES if any(one.outcome.spikes is not None for one in answer.options) else ()
    return _frame(rows, ("rank", *_HEAD, "on_front", *_FIGURES, *in_spikes, *_TAIL)).set_index("rank")


def outcome_frame(outcome: Outcome) -> Any:
    """One row, in the columns that options have."""
    in_spikes = _IN_SPIKES if outcome.spikes is not None else ()
    return _frame([_row(outcome)], (*_HEAD, *_FIGURES, *in_spikes, *_TAIL))


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
    return row if out.spikes is None else row | _spiked(out.spikes)


def _spiked(spikes: Spikes) -> dict[str, Any]:
    row: dict[str, Any] = {
        "spike_runs": spikes.runs,
        "spike_requests": spikes.requests.value,
        "spike_cold_start_share": spikes.cold_start_share.value,
        "month_error_share": spikes.month_error_share,
    }
    for name, one in (("usd", spikes.usd), ("error_share", spikes.error_share)):
        row |= {f"spike_{name}": one.value, f"spike_{name}_low": one.low, f"spike_{name}_high": one.high}
    for name, one in spikes.latency_s.items():
        row |= {f"spike_{name}_s": one.value, f"spike_{name}_low_s": one.low, f"spike_{name}_high_s": one.high}
    return row


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
