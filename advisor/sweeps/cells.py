"""One cell of a sweep: the workload and deployment that it stands for, and its answer as plain rows.

A row is made of plain values, so that it is stored, sent between machines and compared byte by byte.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.catalog.prices import PriceBook, price_book
from advisor.errors import InputError
from advisor.sweeps.varying import settings_of, workload_of
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.foreseeing import Foreseen
    from advisor.advice.outcome import Outcome
    from advisor.rules import Finding

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
            what = "settings" if self.sets else "replications"
            raise InputError(f"{what} without a pattern", "", "name the pattern that they are for")
        if self.how == "estimate" and self.replications:
            raise InputError("replications of an estimate", "", "leave one of the two out: arithmetic is not repeated")


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of the grid: its place in the order, and the value of each varied field."""

    number: int
    values: Mapping[str, Any]


def rows(sweep: Sweep, cell: Cell) -> list[dict[str, Any]]:
    """The answer to one cell: a row a pattern, or one row where a pattern is named.

    A cell that no profile can be, or that has no price, is a row with the reason instead of figures.
    """
    given = {"cell": cell.number, **cell.values}
    try:
        w = workload_of(sweep.workload, cell.values)
        if sweep.pattern is not None:
            found = [_one(sweep, w, cell)]
        elif sweep.how == "estimate":
            found = _estimated(w)
        else:
            found = _recommended(sweep, w)
    except InputError as error:
        found = [{"pattern": sweep.pattern, "why_not": str(error).splitlines()[0]}]
    blank = dict.fromkeys(ANSWERS)
    return [{**given, **blank, **row} for row in found]


def _recommended(sweep: Sweep, w: Workload) -> list[dict[str, Any]]:
    """Each pattern's best deployment in the order of the ranking, then the refused patterns."""
    from advisor.advice.recommending import recommend

    answer = recommend(w, seed=sweep.seed, explain=False, threads=1)
    found: dict[str, dict[str, Any]] = {}
    for one in answer.options:
        if one.pattern not in found:
            found[one.pattern] = {
                **_simulated(one.outcome),
                "rank": len(found) + 1,
                "best": answer.best is not None and one.id == answer.best.id,
            }
    refused = [_refused(one.pattern, one.findings) for one in answer.refused if one.pattern not in found]
    return [*found.values(), *refused]


def _estimated(w: Workload) -> list[dict[str, Any]]:
    """The same by arithmetic."""
    from advisor.advice.foreseeing import prospect
    from advisor.advice.ranking import order
    from advisor.patterns import PATTERNS

    book = _book(w)
    every = [prospect(w, pattern, book) for pattern in PATTERNS]
    best = {one.pattern.name: one.best() for one in every}
    ranked = order(w, [one for one in best.values() if one is not None])
    found = [{**_foreseen(one), "rank": n + 1, "best": n == 0 and one.meets} for n, one in enumerate(ranked)]
    refused = [
        _refused(one.pattern.name, one.refusal or one.blocked(one.first))
        for one in every
        if best[one.pattern.name] is None
    ]
    return [*found, *refused]


def _one(sweep: Sweep, w: Workload, cell: Cell) -> dict[str, Any]:
    """One deployment of the named pattern; what a rule refuses is not simulated."""
    from advisor.advice.checking import check, pattern_named
    from advisor.advice.foreseeing import prospect
    from advisor.advice.simulating import simulate
    from advisor.advice.too_many import refuse_too_many
    from advisor.patterns.base import Pattern

    if sweep.how != "estimate":
        refuse_too_many(w)
    [judged] = check(w, pattern=sweep.pattern, sets={**(sweep.sets or {}), **settings_of(cell.values)}).patterns
    if not judged.fits:
        return {**_refused(judged.pattern, judged.findings), "id": judged.deployment.id, "best": None}
    if sweep.how == "estimate":
        assert isinstance(judged.deployment, Pattern)  # a sweep is of no combination
        return _foreseen(prospect(w, pattern_named(judged.pattern), _book(w)).foreseen(judged.deployment))
    return _simulated(simulate(w, judged.deployment, seed=sweep.seed, replications=sweep.replications, threads=1))


def _book(w: Workload) -> PriceBook:
    from advisor.advice.simulating import price_overrides

    return price_book().with_assumed(price_overrides(w))


def _refused(pattern: str, findings: Iterable[Finding]) -> dict[str, Any]:
    """The rules that refuse a pattern; where none does, what arithmetic says against it."""
    from advisor.rules import BLOCKS

    rules = dict.fromkeys(one.rule for one in findings if one.verdict is BLOCKS)
    return {"pattern": pattern, "best": False, "why_not": ", ".join(rules) or "no deployment of it can be tried"}


def _simulated(outcome: Outcome) -> dict[str, Any]:
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


def _foreseen(one: Foreseen) -> dict[str, Any]:
    from advisor.advice.ranking import SHARES

    seen = one.seen
    latencies = {name: seen.mean_s if name == "mean" else seen.latency_s(SHARES[name]) for name in _LATENCIES}
    return {
        "pattern": one.pattern,
        "id": one.id,
        "meets_objective": one.meets,
        "usd_per_month": _finite(one.usd),
        **{f"{name}_s": _finite(seconds) for name, seconds in latencies.items()},
        "error_share": _finite(seen.error_share),
        "cold_start_share": _finite(seen.cold_share),
        "utilisation": _finite(seen.utilisation),
        "why_not": one.impossible or None,
    }


def _finite(value: float) -> float | None:
    """What is never reached, or not known, has no number in a table."""
    return value if math.isfinite(value) else None
