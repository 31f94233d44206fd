"""Datapoints that change nothing, taken without coming back: a kernel goes on from period to period by itself.

Most of what a fleet's alarms see is uneventful: no alarm changes, and none that is on could move the fleet. As long as
that holds for what is seen next, requests are moved to the next instant and the datapoints of it written down. What
decides is left to the control plane: the kernel comes back before the first instant at which something may happen.
A datapoint is seen some periods after its own, so what is seen next is always known.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.part import part

__all__ = ["ATTEMPTS", "LOAD", "NONE_SERVES", "NO_LOOKOUT", "W_FIRST", "W_ROW", "Lookout", "due", "goes_on", "note"]

# Whether it is on, the next row and the end of the rows, how many rows a datapoint is seen after its own, the number of
# the period of row 0; units in service and committed, and their bounds; attempts counted; whether a load is asked for.
(
    W_ON, W_ROW, W_ROWS, W_BEHIND, W_FIRST, W_SERVING, W_COMMITTED, W_LOWEST, W_HIGHEST, W_COUNTED, W_LOADED, W_SIZE,
) = range(12)  # fmt: skip

# Of one alarm: its policy and metric, datapoints wanted and running on either side, and whether it is on.
A_TRACKS, A_METRIC, A_OUTS, A_INS, A_ABOVE, A_BELOW, A_OUT, A_IN, A_INTS = range(9)
A_TARGET, A_QUIET, A_FLOATS = range(3)

# Metrics: attempts over units, the station's load over units, a load where no unit serves.
ATTEMPTS, LOAD, NONE_SERVES = range(3)


class Lookout(NamedTuple):
    """The alarms of policies with one rhythm, and their datapoints: first those that are still to be seen."""

    q: Ints
    period_s: Floats  # of one place
    limits: Floats  # [alarm, A_*]
    state: Ints  # [alarm, A_*]
    values: Floats  # [row, alarm]
    loads: Ints


NO_LOOKOUT = Lookout(
    np.zeros(W_SIZE, np.int64), np.zeros(1), np.zeros((0, A_FLOATS)), np.zeros((0, A_INTS), np.int64),
    np.zeros((0, 0)), np.zeros((0, 0), np.int64),
)  # fmt: skip


@part
def goes_on(w: Lookout) -> bool:
    """Whether what is seen at the next instant changes nothing; without a lookout there is but one way to go."""
    q = w.q
    if q[W_ON] == 0:
        return True
    if q[W_ROW] >= q[W_ROWS]:
        return False
    seen = q[W_ROW] - q[W_BEHIND]
    some_track, all_in, most = False, True, q[W_LOWEST]
    for k in range(w.state.shape[0]):
        value, target, load = w.values[seen, k], w.limits[k, A_TARGET], w.loads[seen, k]
        tracks = w.state[k, A_TRACKS] != 0
        out = higher(w, k, value) >= w.state[k, A_OUTS]
        into = tracks and lower(w, k, value) >= w.state[k, A_INS]
        if out != (w.state[k, A_OUT] != 0) or into != (w.state[k, A_IN] != 0):
            return False
        needed = math.ceil(load / target) if tracks else q[W_SERVING] + 1
        if out and min(q[W_HIGHEST], needed) > q[W_COMMITTED]:
            return False
        if tracks:
            some_track, all_in, most = True, all_in and into, max(most, needed)
    return not (some_track and all_in and most < q[W_SERVING])


@part
def higher(w: Lookout, k: int, value: float) -> int:
    """Datapoints running that ask for more, with this one."""
    target = w.limits[k, A_TARGET]
    above = value > target if w.state[k, A_TRACKS] != 0 else value >= target
    return int(w.state[k, A_ABOVE] + 1) if above else 0


@part
def lower(w: Lookout, k: int, value: float) -> int:
    """Datapoints running that would do with less, with this one."""
    return int(w.state[k, A_BELOW] + 1) if value < w.limits[k, A_QUIET] else 0


@part
def due(w: Lookout, until: float) -> float:
    """How far to go now."""
    q = w.q
    return until if q[W_ON] == 0 else float(q[W_FIRST] + q[W_ROW]) * w.period_s[0]


@part
def note(w: Lookout, attempts: int, load: int) -> None:
    """Write down the datapoints of the instant that has been reached, and see those that are seen at it."""
    q = w.q
    row = q[W_ROW]
    seen = row - q[W_BEHIND]
    units = max(1, q[W_SERVING])
    for k in range(w.state.shape[0]):
        above, below = higher(w, k, w.values[seen, k]), lower(w, k, w.values[seen, k])
        w.state[k, A_ABOVE], w.state[k, A_BELOW] = above, below
        metric, held = w.state[k, A_METRIC], load
        if metric == ATTEMPTS:
            held = attempts - q[W_COUNTED]
        elif metric == NONE_SERVES:
            held = 1 if load > 0 and q[W_SERVING] == 0 else 0
        w.values[row, k] = float(held) if metric == NONE_SERVES else held / units
        w.loads[row, k] = held
    q[W_COUNTED] = attempts
    q[W_ROW] = row + 1
