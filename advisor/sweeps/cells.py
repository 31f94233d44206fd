"""One cell of a sweep: the workload and deployment that it stands for, and its answer as plain rows.

A row is made of plain values, so that it is stored, sent between machines and compared byte by byte.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.errors import InputError
from advisor.sweeps.varying import DEPLOYMENT, placed
from advisor.workload import Workload

__all__ = ["ANSWERS", "Cell", "Sweep", "rows"]

_LATENCIES = ("p50", "p90", "p95", "p99", "mean")
#: columns of the answer, after those of the cell
ANSWERS = (
    "pattern", "id", "rank", "best", "meets_objective", "usd_per_month", "usd_low", "usd_high",
    *(f"{name}_s" for name in _LATENCIES), "error_share", "cold_start_share", "utilisation", "replications", "why_not",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What all cells share.

    ``how``: "recommend" answers each cell in full, "estimate" by arithmetic alone; with a ``pattern`` one deployment is
    simulated (or estimated), its first guess with ``sets`` and the cell's own settings.
    """

    workload: Workload
    seed: int = 0
    how: str = "recommend"
    pattern: str | None = None
    sets: Mapping[str, Any] | None = None
    replications: int | None = None

    def __post_init__(self) -> None:
        if self.how not in ("recommend", "estimate"):
            raise InputError(f'"{self.how}" is no way to answer a cell', "", "recommend, or estimate")
        if self.pattern is None and (self.sets or self.replications):
            raise InputError("settings without a pattern", "", "name the pattern that they belong to")


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of the grid: its place in the order, and the value of each varied field."""

    number: int
    values: Mapping[str, Any]


def rows(sweep: Sweep, cell: Cell) -> list[dict[str, Any]]:
    """The answer to one cell: a row a pattern, or one row where a pattern is named.

    A cell that no profile can be, is a row with the reason instead of figures.
    """
    given = {"cell": cell.number, **cell.values}
    try:
        found = _one(sweep, cell) if sweep.pattern is not None else _all(sweep, _workload(sweep, cell))
    except InputError as error:
        found = [{"pattern": sweep.pattern or "", "why_not": str(error).splitlines()[0]}]
    blank = dict.fromkeys(ANSWERS)
    return [{**given, **blank, **row} for row in found]


def _workload(sweep: Sweep, cell: Cell) -> Workload:
    sets = {path: placed(value) for path, value in cell.values.items() if not path.startswith(DEPLOYMENT)}
    return sweep.workload.with_(sets) if sets else sweep.workload


def _all(sweep: Sweep, w: Workload) -> list[dict[str, Any]]:
    if sweep.how == "estimate":
        return _estimated(w)
    from advisor.advice.recommending import recommend

    answer = recommend(w, seed=sweep.seed, explain=False, threads=1)
    best = answer.best
    found: dict[str, dict[str, Any]] = {}
    for one in answer.options:
        if one.pattern not in found:
            row = _row(one.outcome)
            found[one.pattern] = {**row, "rank": one.rank, "best": best is not None and one.id == best.id}
    refused = [
        {"pattern": one.pattern, "best": False, "why_not": ", ".join(dict.fromkeys(f.rule for f in one.findings))}
        for one in answer.refused
        if one.pattern not in found
    ]
    return [*found.values(), *refused]


def _estimated(w: Workload) -> list[dict[str, Any]]:
    from advisor.advice.foreseeing import foresee_all

    found = []
    for n, one in enumerate(foresee_all(w)):
        row = _estimate(one.deployment, w)
        found.append({**row, "rank": n + 1, "best": n == 0 and one.meets, "meets_objective": one.meets})
    return found


def _one(sweep: Sweep, cell: Cell) -> list[dict[str, Any]]:
    """One deployment of the named pattern; what a rule refuses is not simulated."""
    from advisor.advice.checking import check
    from advisor.advice.simulating import simulate
    from advisor.rules import BLOCKS

    w = _workload(sweep, cell)
    own = {path.removeprefix(DEPLOYMENT): value for path, value in cell.values.items() if path.startswith(DEPLOYMENT)}
    [judged] = check(w, pattern=sweep.pattern, sets={**(sweep.sets or {}), **own}).patterns
    if not judged.fits:
        rules = [finding.rule for finding in judged.findings if finding.verdict is BLOCKS]
        return [{"pattern": judged.pattern, "id": judged.deployment.id, "why_not": ", ".join(dict.fromkeys(rules))}]
    if sweep.how == "estimate":
        return [_estimate(judged.deployment, w)]
    outcome = simulate(w, judged.deployment, seed=sweep.seed, replications=sweep.replications, threads=1)
    return [_row(outcome)]


def _row(outcome: Any) -> dict[str, Any]:
    money = outcome.usd_per_month
    return {
        "pattern": outcome.pattern,
        "id": outcome.id,
        "meets_objective": outcome.meets_objective,
        "usd_per_month": float(money.value),
        "usd_low": None if money.low is None else float(money.low),
        "usd_high": None if money.high is None else float(money.high),
        **{f"{name}_s": _finite(outcome.latency_s[name].value) for name in _LATENCIES},
        "error_share": _finite(outcome.error_share.value),
        "cold_start_share": _finite(outcome.cold_start_share),
        "utilisation": _finite(outcome.utilisation),
        "replications": outcome.replications,
        "why_not": "; ".join(outcome.misses) or None,
    }


def _estimate(deployment: Any, w: Workload) -> dict[str, Any]:
    from advisor.catalog.prices import price_book
    from advisor.money import PurchaseOptions, bill

    seen = deployment.foresee(w)
    priced = bill(deployment.foreseen_usage(w), price_book(), w.region, PurchaseOptions.of(w.purchase))
    shares = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
    return {
        "pattern": deployment.name,
        "id": deployment.id,
        "meets_objective": seen.meets(w),
        "usd_per_month": float(priced.usd),
        **{f"{name}_s": _finite(seen.latency_s(share)) for name, share in shares.items()},
        "mean_s": _finite(seen.mean_s),
        "error_share": _finite(seen.error_share),
        "cold_start_share": _finite(seen.cold_share),
        "utilisation": _finite(seen.utilisation),
        "why_not": seen.impossible or None,
    }


def _finite(value: float) -> float | None:
    """What is never reached, or not known, has no number in a table."""
    return value if math.isfinite(value) else None
