"""Dice for random cases: a few draws with short names, and requests that do not depend on how many there are."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from .case import Request, to_grid

T = TypeVar("T")


class Dice:
    """A few draws with short names, from one seed and the name of what is drawn."""

    def __init__(self, seed: int, *names: int) -> None:
        self.rng = np.random.default_rng([seed, *names])

    def pick(self, *options: T) -> T:
        return options[int(self.rng.integers(len(options)))]

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def unit(self) -> float:
        """A draw in [0, 1): a coarse one as often as a fine one."""
        return self.whole(0, 7) / 8 if self.chance(0.5) else float(self.rng.random())


def draw_requests(dice: Dice, seed: int, size: int, tick: float, gap: float, models: int = 1) -> tuple[Request, ...]:
    """`size` requests, `gap` ticks apart on average, in clumps and pauses; every request has its own stream."""
    coarse = dice.chance(0.75)
    rows, now = [], 0.0
    for number in range(size):
        own = Dice(seed, 1, number)
        kind = own.whole(0, 9)
        if kind >= 3:  # three in ten come with the one before
            now += tick * (own.whole(0, round(2 * gap)) if coarse else own.unit() * 2 * gap)
        if kind == 9:
            now += tick * own.whole(0, round(20 * gap))
        now = to_grid(now)
        rows.append(
            Request(
                number=number,
                arrival=now,
                work=own.pick(0.25, 0.5, 1.0, 1.0, 2.0, 4.0) if coarse else 0.05 + 2 * own.unit(),
                bytes_in=100 * own.whole(1, 20),
                bytes_out=own.whole(0, 500),
                model=min(own.whole(0, models - 1), own.whole(0, models - 1)),
                route=tuple(own.unit() for _ in range(5)),
                backoff=tuple(own.unit() for _ in range(5)),
                cold=tuple(own.pick(0.5, 1.0, 1.0, 2.0, 0.5 + own.unit()) for _ in range(5)),
                fail=tuple(own.unit() for _ in range(5)),
                load=tuple(own.pick(0.5, 1.0, 1.0, 2.0, 0.5 + own.unit()) for _ in range(5)),
            )
        )
    return tuple(rows)
