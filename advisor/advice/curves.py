"""What each pattern costs over one field of the profile, by arithmetic, and where the best one changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise

from advisor.advice.axes import Axis, axis, held, now_of, placed
from advisor.advice.foreseeing import foresee_all
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.workload import Workload

__all__ = ["Crossing", "Curves", "cost_curves"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Where another pattern becomes the best: the value of the field (between two that were looked at), from and to."""

    at: float
    usd: float
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What each pattern's best deployment costs over one field, by arithmetic; NaN where it meets no objective."""

    workload: Workload
    axis: Axis
    usd: Mapping[str, tuple[float, ...]]
    best: tuple[str, ...]
    crossings: tuple[Crossing, ...]


def cost_curves(
    w: Workload,
    path: str = "traffic.rate",
    values: Sequence[object] = (),
    *,
    threads: int = 2,
    executor: Executor | None = None,
) -> Curves:
    """What each pattern's best deployment costs over one field by arithmetic, and where the best one changes.

    Without ``values`` the field goes from a hundredth to a hundred times of what it is, four steps a factor of ten.
    """
    now = now_of(w, path)
    if not values and not now > 0:
        raise InputError(f"{path} is {now:g}, so a range about it says nothing", "", "give values")
    found = axis(w, path, values or [now * 10 ** (step / 4) for step in range(-8, 9)])
    with held(executor, threads) as pool:
        every = list(pool.map(_foreseen, [placed(w, [(path, value)]) for value in found.values]))
    names = [pattern.name for pattern in PATTERNS]
    met = [dict(seen) for seen in every]
    usd = {name: tuple(at.get(name, math.nan) for at in met) for name in names if any(name in at for at in met)}
    best = tuple(seen[0][0] if seen else "" for seen in every)
    return Curves(workload=w, axis=found, usd=usd, best=best, crossings=tuple(_crossings(found, usd, best)))


def _foreseen(w: Workload | None) -> tuple[tuple[str, float], ...]:
    """The patterns that meet the objective, the best first, each with its cost: what a process can send back."""
    return () if w is None else tuple((one.pattern, one.usd) for one in foresee_all(w) if one.meets)


def _crossings(over: Axis, usd: Mapping[str, tuple[float, ...]], best: Sequence[str]) -> Iterator[Crossing]:
    """Between two values with different bests: where the lines of both cross, else halfway (by factor)."""
    for n, (before, after) in enumerate(pairwise(best)):
        if before == after:
            continue
        low, high = over.values[n], over.values[n + 1]
        share = 0.5
        if before and after:
            gaps = [
                math.log(usd[before][at] / usd[after][at]) if _priced(usd, before, after, at) else math.nan
                for at in (n, n + 1)
            ]
            if all(map(math.isfinite, gaps)) and gaps[0] < 0 < gaps[1]:
                share = gaps[0] / (gaps[0] - gaps[1])
        at = low * (high / low) ** share if low > 0 else low + share * (high - low)
        known = [value for name in (before, after) if name for value in usd[name][n : n + 2] if math.isfinite(value)]
        yield Crossing(at=at, usd=math.exp(sum(map(math.log, known)) / len(known)), before=before, after=after)


def _priced(usd: Mapping[str, tuple[float, ...]], one: str, other: str, at: int) -> bool:
    return usd[one][at] > 0 and usd[other][at] > 0
