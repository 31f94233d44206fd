"""The hours of the day or week that are worth a schedule of their own, by arithmetic from the traffic's curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from advisor.patterns.clock import Hours
from advisor.workload import Workload

__all__ = ["Busy", "busy_hours"]

_DAY_H, _DAY_M, _WEEK_D = 24, 24 * 60, 7
# A schedule is proposed where it saves so much of what the busiest hour needs all week.
_WORTH = 0.1
# A schedule begins earlier than its hours by what a launch takes, rounded up to so many minutes.
_ROUND_M = 5
# Days whose busiest hours differ by less than this are alike.
_ALIKE = 1.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Hours that need more than the others: ``ratio`` is the highest rate outside them over the highest inside.

    ``days`` count from Monday, 0; empty is every day. ``share`` is their share of a week.
    """

    days: tuple[int, ...]
    from_h: int
    hours: int
    ratio: float
    share: float

    def schedule(self, count: int, ahead_s: float) -> str:
        """So many in these hours, asked for early enough to be there when the hours begin."""
        free = max(0, (_DAY_H - self.hours) * 60 - _ROUND_M)
        ahead = min(free, _ROUND_M * math.ceil(ahead_s / 60 / _ROUND_M))
        begin, end = self.from_h * 60 - ahead, (self.from_h + self.hours) * 60
        days = tuple(sorted((day - 1) % _WEEK_D for day in self.days)) if begin < 0 else self.days
        return str(Hours(days=days, from_m=begin % _DAY_M, to_m=end if end <= _DAY_M else end - _DAY_M, least=count))


def busy_hours(w: Workload) -> Busy | None:
    """The hours for which a number of their own saves most, ``None`` where a schedule is not worth it."""
    if w.traffic is None or w.traffic.replay is not None:
        return None
    return _best(tuple(w.traffic.curve))


@lru_cache(maxsize=64)
def _best(curve: tuple[float, ...]) -> Busy | None:
    if len(curve) not in (_DAY_H, _DAY_H * _WEEK_D) or not max(curve) > 0:
        return None
    highest = _hourly(curve)
    days = [highest[n : n + _DAY_H] for n in range(0, len(highest), _DAY_H)]
    worth = (1 - _WORTH) * max(highest)
    found = [(cost, n, busy) for n, (cost, busy) in enumerate(_windows(days)) if cost <= worth]
    return min(found, key=lambda one: one[:2])[2] if found else None


def _hourly(curve: Sequence[float]) -> list[float]:
    """The highest rate of each hour by the clock, where the curve runs in straight lines through the mid-hours."""
    last = len(curve) - 1
    return [
        max(here, (curve[n - 1] + here) / 2, (here + curve[n + 1 if n < last else 0]) / 2)
        for n, here in enumerate(curve)
    ]


def _windows(days: Sequence[Sequence[float]]) -> Iterator[tuple[float, Busy]]:
    """What each choice of days and hours needs on average, where inside and outside keep what their highest hour needs.

    Only hours of every day may go past midnight.
    """
    for chosen in _groups(days):
        every = len(chosen) == len(days)
        others = max((max(day) for n, day in enumerate(days) if n not in chosen), default=0.0)
        column = [max(days[n][hour] for n in chosen) for hour in range(_DAY_H)]
        for begin in range(_DAY_H):
            for hours in range(1, _DAY_H if every else _DAY_H - begin + 1):
                inside = [column[(begin + n) % _DAY_H] for n in range(hours)]
                rest = [column[(begin + n) % _DAY_H] for n in range(hours, _DAY_H)]
                high, low = max(inside), max([others, *rest])
                if low >= high:
                    continue
                share = hours * len(chosen) / (_DAY_H * len(days))
                named = () if every else tuple(chosen)
                busy = Busy(days=named, from_h=begin, hours=hours, ratio=low / high, share=share)
                yield share * high + (1 - share) * low, busy


def _groups(days: Sequence[Sequence[float]]) -> Iterator[list[int]]:
    """The busiest days, and the busiest and less busy ones, and so on to all of them."""
    falling = sorted(range(len(days)), key=lambda n: -max(days[n]))
    for n in range(1, len(days) + 1):
        if n == len(days) or max(days[falling[n - 1]]) > _ALIKE * max(days[falling[n]]):
            yield sorted(falling[:n])
