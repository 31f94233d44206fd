"""Requests of a block sorted by the endpoint that each goes to, in the order in which they came."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advisor.sim.kernels import Ints, kernel
from advisor.sim.kernels.luck import luck

__all__ = ["deal"]


@kernel
def deal(
    key: np.uint64,
    group_of: Ints,
    many: Ints,
    runs: Ints,
    first: Ints,
    models: npt.NDArray[np.int32],
    numbers: Ints,
    rows: int,
    start: int,
    goes_to: Ints,
    order: Ints,
    cuts: Ints,
) -> None:
    """Rows that go to the endpoints from ``start`` on, one after another: of each from a cut to the next.

    A group of ``many`` models has ``runs`` endpoints that are run; which model of its group a request asks for is drawn
    by lot, and where that one is not run the request goes nowhere.
    """
    stop = start + cuts.size - 1
    cuts[:] = 0
    for n in range(rows):
        group = group_of[models[n]]
        cell = 0
        if many[group] > 1:
            cell = int(luck(key, numbers[n]) * many[group])
        goes = first[group] + cell if cell < runs[group] else -1
        goes_to[n] = goes
        if start <= goes < stop:
            cuts[goes - start + 1] += 1
    for k in range(1, cuts.size):
        cuts[k] += cuts[k - 1]
    # Each cut is moved along as its rows are written down, and then is where the next begins.
    for n in range(rows):
        goes = goes_to[n]
        if start <= goes < stop:
            order[cuts[goes - start]] = n
            cuts[goes - start] += 1
    for k in range(cuts.size - 1, 0, -1):
        cuts[k] = cuts[k - 1]
    cuts[0] = 0
