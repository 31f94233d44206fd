"""What a fleet's alarms see while nothing comes of it, left to the kernel that moves the requests.

The same datapoints as one by one, and the same alarms after them: only the way through the agenda is spared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from advisor.sim.alarms import Alarms
from advisor.sim.kernels import lookout as kernel
from advisor.sim.scaling import INVOCATIONS, NO_CAPACITY, TargetTracking
from advisor.sim.timeline import Datapoint

__all__ = ["Ahead"]

# Datapoints taken at once.
_ROWS = 1024

_METRICS = {INVOCATIONS: kernel.ATTEMPTS, NO_CAPACITY: kernel.NONE_SERVES}

Seen = list[tuple[float, int]]


class Ahead:
    """The lookout of some alarms of one rhythm, of which a datapoint is seen ``behind`` periods after its own."""

    __slots__ = ("alarms", "behind", "counts", "lookout")

    def __init__(self, alarms: Sequence[Alarms], behind: int) -> None:
        self.alarms, self.behind = alarms, behind
        # Whether attempts are counted by one of them.
        self.counts = any(one.policy.metric == INVOCATIONS for one in alarms)
        many, rows = len(alarms), behind + _ROWS
        self.lookout = look = kernel.Lookout(
            np.zeros(kernel.W_SIZE, np.int64), np.array([alarms[0].policy.period_s]),
            np.zeros((many, kernel.A_FLOATS)), np.zeros((many, kernel.A_INTS), np.int64),
            np.zeros((rows, many)), np.zeros((rows, many), np.int64),
        )  # fmt: skip
        look.q[kernel.W_ON], look.q[kernel.W_BEHIND] = 1, behind
        for limits, state, one in zip(look.limits, look.state, alarms, strict=True):
            policy = one.policy
            state[kernel.A_METRIC], state[kernel.A_OUTS] = (
                _METRICS.get(policy.metric, kernel.LOAD),
                policy.out_datapoints,
            )
            limits[:] = 1.0, one.quiet
            if isinstance(policy, TargetTracking):
                limits[kernel.A_TARGET] = policy.target
                state[kernel.A_TRACKS], state[kernel.A_INS] = 1, policy.in_datapoints
        look.q[kernel.W_LOADED] = bool((look.state[:, kernel.A_METRIC] != kernel.ATTEMPTS).any())

    def begin(self, measured: int, last: int, lagging: deque[Seen], counted: int) -> None:
        """After so many periods, up to the ``last``, with what is still to be seen."""
        q = self.lookout.q
        q[kernel.W_ROW], q[kernel.W_ROWS] = self.behind, self.behind + min(_ROWS, last - measured)
        q[kernel.W_FIRST], q[kernel.W_COUNTED] = measured + 1 - self.behind, counted
        for row, datapoints in enumerate(lagging):
            for k, (value, load) in enumerate(datapoints):
                self.lookout.values[row, k], self.lookout.loads[row, k] = value, load
        for state, one in zip(self.lookout.state, self.alarms, strict=True):
            state[kernel.A_ABOVE], state[kernel.A_BELOW] = one.above, one.below
            state[kernel.A_OUT], state[kernel.A_IN] = one.out, one.wants_in

    @property
    def full(self) -> bool:
        """Whether the kernel came back because it had no more rows."""
        return bool(self.lookout.q[kernel.W_ROW] == self.lookout.q[kernel.W_ROWS])

    def units(self, serving: int, committed: int, lowest: int, highest: int) -> None:
        """How many units there are, and may be."""
        q = self.lookout.q
        q[kernel.W_SERVING], q[kernel.W_COMMITTED] = serving, committed
        q[kernel.W_LOWEST], q[kernel.W_HIGHEST] = lowest, highest

    def taken(self, lagging: deque[Seen], record: list[Datapoint] | None) -> int:
        """Write down what the kernel has taken: the record, if there is one, the alarms, and what is still to be seen.

        How many periods these are.
        """
        look, behind = self.lookout, self.behind
        periods = int(look.q[kernel.W_ROW]) - behind
        if not periods:
            return 0
        if record is not None:
            record += self._datapoints(periods)
        values, loads = (rows[periods - 1 : behind + periods].tolist() for rows in (look.values, look.loads))
        for k, (state, one) in enumerate(zip(look.state.tolist(), self.alarms, strict=True)):
            one.above, one.below = state[kernel.A_ABOVE], state[kernel.A_BELOW]
            one.load = loads[0][k]
        lagging.clear()
        lagging.extend(list(zip(*row, strict=True)) for row in zip(values[1:], loads[1:], strict=True))
        return periods

    def _datapoints(self, periods: int) -> Iterator[Datapoint]:
        """All that were measured in so many periods."""
        q, rows, period_s = self.lookout.q, slice(self.behind, self.behind + periods), float(self.lookout.period_s[0])
        first, serving = int(q[kernel.W_FIRST]) + self.behind, int(q[kernel.W_SERVING])
        names = [one.policy.metric for one in self.alarms]
        taken = zip(self.lookout.values[rows].tolist(), self.lookout.loads[rows].tolist(), strict=True)
        for number, (values, loads) in enumerate(taken, start=first):
            for name, value, load in zip(names, values, loads, strict=True):
                yield Datapoint(number * period_s, name, value, load, serving)
