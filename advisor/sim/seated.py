"""The seats of the units in service, in order of the units' numbers, as the kernels go through them."""

from __future__ import annotations

import numpy as np

from advisor.sim.kernels import Ints
from advisor.sim.longer import longer

__all__ = ["Seated"]


class Seated:
    """Which unit has which seat, kept in order: among many thousands one more, or one less, is no new sorting."""

    def __init__(self) -> None:
        self._numbers: Ints = np.zeros(64, np.int64)
        self._seats: Ints = np.zeros(64, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def order(self) -> Ints:
        """The seats; where there are none a single zero, since a kernel's array has room for one."""
        return self._seats[: max(1, self._count)]

    def add(self, number: int, seat: int) -> None:
        """A unit has a seat from now on."""
        n = self._count
        self._numbers, self._seats = longer(self._numbers, n + 1, 0), longer(self._seats, n + 1, 0)
        at = self._place(number)
        for column, value in ((self._numbers, number), (self._seats, seat)):
            column[at + 1 : n + 1] = column[at:n].copy()
            column[at] = value
        self._count = n + 1

    def drop(self, number: int) -> None:
        """A unit's seat is no longer gone through, if it was."""
        n, at = self._count, self._place(number)
        if at == n or self._numbers[at] != number:
            return
        for column in (self._numbers, self._seats):
            column[at : n - 1] = column[at + 1 : n].copy()
            column[n - 1] = 0
        self._count = n - 1

    def _place(self, number: int) -> int:
        return int(np.searchsorted(self._numbers[: self._count], number))
