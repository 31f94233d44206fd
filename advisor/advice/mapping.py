"""Which pattern is best where: a map over two fields of the profile.

    found = decide_map(w, x=("traffic.rate", rates), y=("traffic.bursts.peak", peaks), seed=7)

Arithmetic decides a cell (`foresee_all`); where it puts two patterns close together, both are simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from advisor.advice.axes import Axis, Values, axis, held, placed
from advisor.advice.foreseeing import Foreseen, foresee_all, prospect
from advisor.advice.ranking import order, scored
from advisor.advice.search import search
from advisor.advice.simulating import price_overrides
from advisor.advice.trial import Bench, Trial
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.show import Table
from advisor.sim.horizon import horizon_of
from advisor.units import show_share
from advisor.workload import Workload

__all__ = ["CLOSE", "Cell", "DecisionMap", "decide_map"]

Progress = Callable[[int, int], None]

CLOSE = 0.15
"""Cells whose two best lie within this share of each other are simulated."""

# Maps whose sides have at most so many values are decided cell by cell.
_SMALL = 8
# A cell that is simulated is given so many requests a replication, and its two patterns so many in all.
_REQUESTS_EACH = 200_000
_REQUESTS = 2_000_000
# Weeks of a quiet endpoint are few requests and many alarms: so many deployments of a pattern are tried at most.
_TRIALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The answer at one place: the best pattern (empty where none meets the objective) and what it costs.

    ``margin`` is by how much the second's score is above the best's: 0.2 is a fifth worse; infinite where no other
    pattern meets the objective. ``how`` is "estimated", "inferred" from cells all around that clearly name the same
    pattern, "simulated", or "no such workload" where the values contradict the rest of the profile.
    """

    best: str
    second: str
    usd: float
    margin: float
    how: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DecisionMap:
    """Which pattern is best over two fields: ``cells[row][column]`` is at ``y.values[row]``, ``x.values[column]``."""

    workload: Workload
    x: Axis
    y: Axis
    cells: tuple[tuple[Cell, ...], ...]
    seed: int

    @property
    def simulated(self) -> int:
        """How many cells were simulated."""
        return sum(cell.how == "simulated" for row in self.cells for cell in row)

    @property
    def shares(self) -> Mapping[str, float]:
        """The share of the cells in which each pattern is best, the largest first; "" where none meets."""
        held: dict[str, int] = {}
        for row in self.cells:
            for cell in row:
                held[cell.best] = held.get(cell.best, 0) + 1
        every = len(self.x.values) * len(self.y.values)
        return {name: held[name] / every for name in sorted(held, key=lambda name: (-held[name], name))}

    def table(self) -> Table:
        """One row a value of y, the highest first; each cell names the best pattern."""
        rows = [
            (self.y.shown[n], *(cell.best or "none meets" for cell in self.cells[n]))
            for n in reversed(range(len(self.y.values)))
        ]
        title = f"{self.workload.name}: the best pattern over {self.x.path} (across) and {self.y.path} (down)"
        return Table.of([self.y.path, *self.x.shown], rows, title=title)

    def to_json(self) -> list[dict[str, Any]]:
        """One object a cell: both fields, the best pattern, the second, cost, margin, and how it is known."""
        return [
            {
                self.x.path: self.x.values[column],
                self.y.path: self.y.values[row],
                **{name: getattr(cell, name) for name in Cell.__slots__},
            }
            for row, cells in enumerate(self.cells)
            for column, cell in enumerate(cells)
        ]

    def _repr_html_(self) -> str:
        return self.table().html()

    def __repr__(self) -> str:
        told = ", ".join(f"{name or 'none meets'} {show_share(share)}" for name, share in self.shares.items())
        return f"<{self.workload.name} over {self.x.path} and {self.y.path}: {told}>"


def decide_map(
    w: Workload,
    *,
    x: Values,
    y: Values,
    seed: int = 0,
    simulate_close: bool = True,
    most_simulated: int = 8,
    threads: int = 2,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> DecisionMap:
    """Which pattern is best over two fields of the profile, each given as (path, values).

    Arithmetic decides every other row and column first, then what does not lie between cells that all clearly name the
    same pattern. Cells whose two best lie within 15 % of each other are then simulated, the closest first and at most
    ``most_simulated``. Cells are spread over ``threads``, or over an ``executor``: of processes, which arithmetic in
    Python needs to gain by it.
    """
    across, down = axis(w, *x), axis(w, *y)
    if across.path == down.path:
        raise InputError(f"{across.path} on both axes", "", "take two fields")
    places = [(one, other) for other in down.values for one in across.values]
    there = [placed(w, ((across.path, one), (down.path, other))) for one, other in places]
    if not any(there):
        raise InputError(f"no workload has {across.path} and {down.path} of these values", "", "take other values")
    wide, high = len(across.values), len(down.values)
    with held(executor, threads) as pool:
        grid = _Grid(there, wide, high, pool, progress)
        if min(wide, high) > _SMALL:
            grid.estimate([n for n in range(len(there)) if _coarse(n // wide, high) and _coarse(n % wide, wide)])
            grid.infer()
        grid.estimate([n for n in range(len(there)) if n not in grid.cells])
        if simulate_close:
            close = sorted((n for n, cell in grid.cells.items() if cell.margin <= CLOSE), key=_closest(grid.cells))
            close = close[:most_simulated]
            again = pool.map(
                simulated_cell, [there[n] for n in close], [grid.cells[n] for n in close], [seed] * len(close)
            )
            grid.cells.update(zip(close, again, strict=True))
    rows = tuple(tuple(grid.cells[row * wide + column] for column in range(wide)) for row in range(high))
    return DecisionMap(workload=w, x=across, y=down, cells=rows, seed=seed)


def _coarse(n: int, count: int) -> bool:
    """Whether a row or column is among those that are looked at first: every other one, and the last."""
    return n % 2 == 0 or n == count - 1


def _closest(cells: Mapping[int, Cell]) -> Callable[[int], tuple[float, int]]:
    return lambda n: (cells[n].margin, n)


class _Grid:
    """Cells by number, row by row, as they become known."""

    def __init__(
        self, there: Sequence[Workload | None], wide: int, high: int, pool: Executor, progress: Progress | None
    ) -> None:
        self.there = there
        self.wide, self.high = wide, high
        self.pool = pool
        self.progress = progress
        self.cells: dict[int, Cell] = {}

    def estimate(self, numbers: Sequence[int]) -> None:
        """Decide these by arithmetic."""
        for n, cell in zip(numbers, self.pool.map(estimated_cell, [self.there[n] for n in numbers]), strict=True):
            self.cells[n] = cell
            if self.progress is not None:
                self.progress(len(self.cells), len(self.there))

    def infer(self) -> None:
        """Fill in what lies between cells that all name the same pattern, clearly."""
        known = dict(self.cells)
        for n in range(len(self.there)):
            if n in known or self.there[n] is None:
                continue
            about = [known[m] for m in self._about(n) if m in known]
            if len({cell.best for cell in about}) == 1 and all(cell.best and cell.margin > CLOSE for cell in about):
                self.cells[n] = Cell(
                    best=about[0].best,
                    second=about[0].second,
                    usd=_mean([cell.usd for cell in about]),
                    margin=_mean([cell.margin for cell in about]),
                    how="inferred",
                )

    def _about(self, n: int) -> Iterator[int]:
        row, column = divmod(n, self.wide)
        for above in (row - 1, row, row + 1):
            for beside in (column - 1, column, column + 1):
                if 0 <= above < self.high and 0 <= beside < self.wide:
                    yield above * self.wide + beside


def _mean(values: Sequence[float]) -> float:
    """The geometric mean; infinite or nothing where one of them is."""
    if min(values) <= 0 or math.isinf(max(values)):
        return math.inf if math.isinf(max(values)) else min(values)
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def estimated_cell(w: Workload | None) -> Cell:
    """The answer at one place by arithmetic."""
    if w is None:
        return Cell(best="", second="", usd=math.nan, margin=math.inf, how="no such workload")
    return _cell(w, [one for one in foresee_all(w) if one.meets], "estimated")


def simulated_cell(w: Workload | None, estimated: Cell, seed: int) -> Cell:
    """The answer at one place where two patterns are close: a short search among both, on the same requests."""
    assert w is not None
    book = price_book().with_assumed(price_overrides(w))
    bench = Bench(w, seed, book, threads=1)
    short = horizon_of(w, budget=_REQUESTS_EACH)
    bench.horizon = short if w.batch is not None else replace(short, warmup_s=min(short.warmup_s, short.window_s))
    found: list[Trial] = []
    for pattern in PATTERNS:
        if pattern.name in (estimated.best, estimated.second):
            found += search(
                prospect(w, pattern, book), bench, budget=min(_REQUESTS, _TRIALS * bench.requests_each)
            ).trials[:1]
    met = order(w, [one for one in found if one.meets])
    return _cell(w, met, "simulated") if met else replace(estimated, how="simulated", best="", second="", margin=0.0)


def _cell(w: Workload, ranked: Sequence[Foreseen | Trial], how: str) -> Cell:
    if not ranked:
        return Cell(best="", second="", usd=math.nan, margin=math.inf, how=how)
    first = ranked[0]
    others = [one for one in ranked[1:] if one.deployment.name != first.deployment.name]
    if not others:
        return Cell(best=first.deployment.name, second="", usd=first.usd, margin=math.inf, how=how)
    second = others[0]
    least = scored(w, first)
    above = scored(w, second) / least - 1 if least > 0 else math.inf
    return Cell(
        best=first.deployment.name, second=second.deployment.name, usd=first.usd, margin=max(0.0, above), how=how
    )
