"""The two alarms of a scaling policy, over the datapoints that are visible.

Out: the last `out_datapoints` all above the target (a step policy: all at least 1). In: the last `in_datapoints` all
below `in_ratio` x target. Equal is neither. Nothing resets the datapoints but a datapoint on the other side.
"""

from __future__ import annotations

import math

from advisor.sim.scaling import StepFromZero, TargetTracking

__all__ = ["Alarms"]


class Alarms:
    """State of one policy's alarms: how many datapoints running were above, and how many below."""

    __slots__ = ("above", "below", "load", "out", "policy", "quiet", "wants_in")

    def __init__(self, policy: TargetTracking | StepFromZero) -> None:
        self.policy = policy
        self.above = 0
        self.below = 0
        self.load = 0
        self.out = False
        self.quiet = policy.in_ratio * policy.target if isinstance(policy, TargetTracking) else -math.inf
        self.wants_in = False

    @property
    def rhythm(self) -> tuple[float, float]:
        """How often its metric is measured, and how long a datapoint takes to be seen."""
        return self.policy.period_s, self.policy.lag_s

    def see(self, value: float, load: int) -> None:
        """One more datapoint is visible."""
        policy = self.policy
        if isinstance(policy, TargetTracking):
            self.above = self.above + 1 if value > policy.target else 0
            self.below = self.below + 1 if value < self.quiet else 0
            self.wants_in = self.below >= policy.in_datapoints
        else:
            self.above = self.above + 1 if value >= 1.0 else 0
        self.load = load
        self.out = self.above >= policy.out_datapoints

    def needed(self) -> int:
        """How many units bring the latest load to the target; a step policy has no say (0)."""
        return math.ceil(self.load / self.policy.target) if isinstance(self.policy, TargetTracking) else 0
