"""The numbers of a traffic section, out of counts: rate, day and week, bursts, clusters, spikes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advisor.errors import InputError
from advisor.fitting.counting import coarser
from advisor.sim.kernels import Floats
from advisor.units import DAY_S, HOUR_S, WEEK_S, show_duration, show_factor
from advisor.workload.bursts import SELDOM, hourly_curve, two_state

__all__ = ["Estimates", "Spell", "dependence", "estimates"]

_MINUTE_S = 60.0
# A repeating day or week is given where it explains this much of what hours differ by, chance taken off.
_EXPLAINED = 0.15
_FEWEST_DAYS, _FEWEST_WEEKS = 3, 2
# A spike stands this far above the busiest half percent, and there are few of them.
_STANDS_OUT, _MOST_SPIKES = 4.0, 5
_CLUMPED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """One event: from when, how many times the usual rate, how long."""

    at_s: float
    height: float
    lasts_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """The numbers of one section; ``cv`` is of counts in minutes, or of the rate itself where intervals are longer."""

    rate_per_s: float
    day: tuple[float, ...] = ()
    week: tuple[float, ...] = ()
    peak: float = 1.0
    cv: float = 0.0
    length_s: float = 0.0
    of: str = "minutes"
    bursty: bool = False
    cluster_size: float = 1.0
    cluster_within_s: float = 0.0
    spikes: tuple[Spell, ...] = ()
    notes: tuple[str, ...] = ()


def estimates(counts: Floats, interval_s: float, clumping: tuple[float, float] = (0.0, 0.0)) -> Estimates:
    """What counts in intervals say."""
    notes: list[str] = []
    usual, spikes = _without_spikes(counts, interval_s)
    if spikes:
        notes.append(
            f"{len(spikes)} event{'s' * (len(spikes) > 1)} far above all else: given as spikes, taken out of the rest"
        )
    rate = float(usual.mean()) / interval_s
    day, week = _curves(usual, interval_s, notes)
    cells = max(1, round(_MINUTE_S / interval_s))
    width = cells * interval_s
    minutes = coarser(usual, cells)[: max(1, len(usual) // cells)]
    level = _level(minutes, width, day, week)
    relative = minutes / level / (rate * width)
    relative = relative[level > 0.05]
    excess, within = clumping
    size = 1 + excess / 2 if excess > _CLUMPED else 1.0
    noise = float(np.mean(1 / level[level > 0.05])) / (rate * width) * (2 * size - 1)
    square = float(relative.var())
    variance = square - noise
    chance = 3 * noise * math.sqrt(2 / len(relative))
    base = {"rate_per_s": rate, "day": day, "week": week, "spikes": spikes, "cluster_size": size}
    base["cluster_within_s"] = within if size > 1 else 0.0
    if len(relative) < 20:
        notes.append(f"{len(relative)} intervals say nothing about bursts: a longer file would")
    if len(relative) < 20 or variance <= chance:
        return Estimates(**base, notes=tuple(notes))  # type: ignore[arg-type]  # a dict of several types
    peak = max(float(np.quantile(relative, 1 - SELDOM)), 1.01)
    of = "minutes" if width <= _MINUTE_S * 1.001 else "rate"
    cv = math.sqrt(square if of == "minutes" else variance)
    length = _length(usual, interval_s, day, week, variance)
    if of == "rate":
        notes.append(
            f"intervals of {show_duration(width)}: what happens inside them is not known, and cv is of the rate"
        )
    try:
        two_state(rate, peak, math.sqrt(variance), length, of="rate")
    except InputError:
        peak = 1 + math.sqrt(variance * (1 - 1.05 * SELDOM) / (1.05 * SELDOM))
        notes.append(f"bursts are too rare for their peak: it is given as {show_factor(peak)}, which keeps the cv")
    return Estimates(**base, peak=peak, cv=cv, length_s=length, of=of, bursty=True, notes=tuple(notes))  # type: ignore[arg-type]  # a dict of several types


def dependence(counts: Floats, works: Floats, interval_s: float) -> float:
    """The correlation over minutes of how many requests came and the work of each; NaN where it cannot be told."""
    cells = max(1, round(_MINUTE_S / interval_s))
    many, much = coarser(counts, cells), coarser(works, cells)
    busy = many >= 5
    if busy.sum() < 20:
        return math.nan
    number, each = many[busy], much[busy] / many[busy]
    spread = float(number.std() * each.std())
    return float(((number - number.mean()) * (each - each.mean())).mean()) / spread if spread > 0 else math.nan


def _without_spikes(counts: Floats, interval_s: float) -> tuple[Floats, tuple[Spell, ...]]:
    usual, found = counts.copy(), []
    for _ in range(_MOST_SPIKES):
        top = float(np.quantile(usual, 1 - SELDOM))
        middle = float(usual.mean())
        peak = int(np.argmax(usual))
        if len(usual) < 2 / SELDOM or usual[peak] < _STANDS_OUT * max(top, middle) or usual[peak] < 20:
            break
        low, high = peak, peak + 1
        floor = max(usual[peak] / 4, top)
        while low > 0 and usual[low - 1] > floor:
            low -= 1
        while high < len(usual) and usual[high] > floor:
            high += 1
        held = float(counts[low:high].mean())
        usual[low:high] = middle
        middle = float(usual.mean())
        usual[low:high] = middle
        found.append((low, high, held))
    middle = float(usual.mean())
    spells = [
        Spell(at_s=low * interval_s, height=held / middle, lasts_s=(high - low) * interval_s)
        for low, high, held in sorted(found)
    ]
    return usual, tuple(spells)


def _curves(usual: Floats, interval_s: float, notes: list[str]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Weights of a day's hours and a week's days, where they explain enough; hours count from the file's start."""
    cells = HOUR_S / interval_s
    if cells < 1 or abs(cells - round(cells)) > 1e-9:
        return (), ()
    whole = int(len(usual) * interval_s // DAY_S)
    if whole < _FEWEST_DAYS:
        return (), ()
    hours = coarser(usual, round(cells))[: whole * 24]
    hours = hours / hours.mean()
    day = hours.reshape(-1, 24).mean(axis=0)
    explained = _explained(hours, np.tile(day, whole), 24)
    told: tuple[float, ...] = ()
    if explained >= _EXPLAINED:
        told = tuple(round(float(weight), 2) for weight in day)
        notes.append(f"the repeating day explains {explained * 100:.0f} % of what hours differ by")
    weeks = whole // 7
    if weeks < _FEWEST_WEEKS:
        return told, ()
    days = hours[: weeks * 168].reshape(-1, 24).mean(axis=1)
    week = days.reshape(-1, 7).mean(axis=0)
    explained = _explained(days, np.tile(week, weeks), 7)
    if explained < _EXPLAINED:
        return told, ()
    notes.append(f"the repeating week explains {explained * 100:.0f} % of what days differ by")
    return told, tuple(round(float(weight), 2) for weight in week)


def _explained(values: Floats, fitted: Floats, parameters: int) -> float:
    total = float(((values - values.mean()) ** 2).sum())
    if total == 0:
        return 0.0
    left = float(((values - fitted) ** 2).sum())
    free = len(values) - parameters
    return 1 - left / total * (len(values) - 1) / free if free > 0 else 0.0


def _level(cells: Floats, width: float, day: Sequence[float], week: Sequence[float]) -> Floats:
    """The curve at the middle of each cell, mean 1; drawn through the mid-hours as traffic is."""
    if not day and not week:
        return np.ones(len(cells))
    curve = hourly_curve(tuple(day), tuple(week))
    period = DAY_S if len(curve) == 24 else WEEK_S
    at = (np.arange(len(cells)) + 0.5) * width % period
    middles = (np.arange(len(curve)) + 0.5) * HOUR_S
    level: Floats = np.interp(at, middles, np.asarray(curve), period=period)
    return level


def _length(usual: Floats, interval_s: float, day: Sequence[float], week: Sequence[float], variance: float) -> float:
    """The time after which the correlation of the rate has fallen to 1/e, on minutes or, where short, on intervals."""
    whole = len(usual) * interval_s
    for cells in (max(1, round(_MINUTE_S / interval_s)), 1):
        width = cells * interval_s
        column = coarser(usual, cells)
        level = _level(column, width, day, week)
        relative = np.where(level > 0.05, column / np.maximum(level, 0.05), column.mean())
        relative = relative / relative.mean() - 1
        before, length = 1.0, whole / 3
        for lag in range(1, max(2, len(relative) // 3)):
            now = float((relative[:-lag] * relative[lag:]).mean()) / variance
            if now < 1 / math.e:
                share = (before - 1 / math.e) / max(before - now, 1e-9)
                length = (lag - 1 + min(1.0, share)) * width
                break
            before = min(now, 1.0)
        if length >= 3 * width or cells == 1:
            break
    return min(max(length, interval_s, 1.0), whole / 3)
