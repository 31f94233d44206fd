"""Two answers, before and after a change of the workload, as one pandas DataFrame.

    first             the first of the ranking before     the first of it after
    real-time         the best of the pattern before      the best of it after
    serverless        ...                                 or refused there, by these rules

Deployments are not what is paired: a change that matters calls for another fleet, and its name is another one then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.advice.recommendation import Option, Recommendation

__all__ = ["compare"]

_STANDS = ("first", "meets", "misses", "refused")
_LATENCIES = ("p50", "p90", "p95", "p99", "mean")
_FIGURES = ("usd_per_month", *(f"{name}_s" for name in _LATENCIES), "error_share")
# What one side says of a row, with the type of its column.
_SIDE: Mapping[str, str] = {
    "pattern": "string",
    "id": "string",
    "stands": "category",
    "rules": "string",
    "rank": "Int64",
    "meets_objective": "boolean",
    **dict.fromkeys(_FIGURES, "float64"),
    "first_is_first": "float64",
}
_CHANGES = ("usd_change", "usd_change_share", *(f"{name}_change_s" for name in _LATENCIES), "error_share_change")


def compare(before: Recommendation, after: Recommendation) -> Any:
    """Two answers side by side, before and after a change: what became of the first, and of each pattern.

    The row ``first`` sets the first of both rankings beside each other, whatever their patterns; then comes a row a
    pattern, with the best of it on each side. ``stands_*`` is "first", "meets", "misses" or "refused" (by what
    ``rules_*`` names), and missing where the pattern was not asked for. ``first_is_first_*`` is how sure an answer is
    of its first.

    Changes are after less before: USD a month, the same as a share of what it cost before, seconds, and the share of
    requests that are not served. They are missing where one side has no figure.
    """
    import pandas as pd

    for answer in (before, after):
        if not hasattr(answer, "options"):
            what = f"{type(answer).__name__} is not an answer of recommend"
            raise InputError(
                what, "", "compare two of them: ad.compare(ad.recommend(w), ad.recommend(w.scaled(rate=3)))"
            )
    columns = [f"{name}_{side}" for name in _SIDE for side in ("before", "after")]
    rows = {"first": _row(_first(before), _first(after))}
    for pattern in _patterns(before, after):
        rows[pattern] = _row(_best_of(before, pattern), _best_of(after, pattern))
    frame = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="of", dtype="object"))
    frame = frame.reindex(columns=[*columns, *_CHANGES])
    stands = pd.CategoricalDtype(list(_STANDS))
    kinds = {column: _SIDE[column.rsplit("_", 1)[0]] for column in columns}
    kinds |= dict.fromkeys(_CHANGES, "float64")
    return frame.astype({column: stands if kind == "category" else kind for column, kind in kinds.items()})


def _patterns(before: Recommendation, after: Recommendation) -> list[str]:
    """Every pattern of either answer: as they rank after the change, then as they ranked before it, then refused."""
    options = (one.pattern for answer in (after, before) for one in answer.options)
    refused = (one.pattern for answer in (after, before) for one in answer.refused)
    return list(dict.fromkeys((*options, *refused)))


def _first(answer: Recommendation) -> dict[str, Any]:
    return _told(answer, answer.options[0]) if answer.options else {"first_is_first": math.nan}


def _best_of(answer: Recommendation, pattern: str) -> dict[str, Any]:
    best = next((one for one in answer.options if one.pattern == pattern), None)
    if best is not None:
        return _told(answer, best)
    refused = [one for one in answer.refused if one.pattern == pattern]
    if not refused:
        return {}
    rules = dict.fromkeys(finding.rule for one in refused for finding in one.findings)
    held = next((one.deployment for one in refused if one.deployment is not None), None)
    tried = {} if held is None else {"id": held.id}
    return {"pattern": pattern, "stands": "refused", "rules": ", ".join(rules), **tried}


def _told(answer: Recommendation, one: Option) -> dict[str, Any]:
    leads = answer.best is one
    return {
        "pattern": one.pattern,
        "id": one.id,
        "stands": "first" if leads else "meets" if one.meets_objective else "misses",
        "rules": "",
        "rank": one.rank,
        "meets_objective": one.meets_objective,
        "usd_per_month": float(one.usd_per_month),
        **{f"{name}_s": one.latency_s(name) for name in _LATENCIES},
        "error_share": one.outcome.error_share.value,
        "first_is_first": answer.confidence.first_is_first if leads else math.nan,
    }


def _row(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    row = {
        f"{name}_{side}": value for side, held in (("before", before), ("after", after)) for name, value in held.items()
    }

    def change(figure: str) -> float:
        # Infinitely late before and after is no change that a number could tell.
        return float(after.get(figure, math.nan) - before.get(figure, math.nan))

    usd, cost = change("usd_per_month"), before.get("usd_per_month", math.nan)
    row |= {"usd_change": usd, "usd_change_share": usd / cost if cost else math.nan}
    row |= {f"{name}_change_s": change(f"{name}_s") for name in _LATENCIES}
    return {**row, "error_share_change": change("error_share")}
