"""Intervals as they are put out: they end where the quantity itself does, and nothing counted is not called certain.

Student's intervals know no bounds: of few replications that differ much they reach below no requests at all. What
decides (whether an objective is met, how surely one option is first) goes by them as they are; only what an answer
holds is cut.
"""

from __future__ import annotations

import math
from dataclasses import replace

from advisor.sim.estimates import Estimate

__all__ = ["amount", "share_of"]

# Nothing in n tries: with a share of 3/n that would happen in exp(-3), 5 %, of the cases.
_THREE = 3.0


def amount(one: Estimate) -> Estimate:
    """Seconds, requests or USD, which are never below zero."""
    return _cut(one, math.inf)


def share_of(counted: int, one: Estimate) -> Estimate:
    """A share of so many counted requests, within 0 and 1; of none, or of all of them, by the rule of three.

    Requests of one run are not independent, and fail together: the rule's end is the least that can be said.
    """
    cut = _cut(one, 1.0)
    if math.isnan(cut.low) or not counted:
        return cut
    unseen = min(1.0, _THREE / counted)
    if one.value == 0:
        return replace(cut, high=max(cut.high, unseen))
    if one.value == 1:
        return replace(cut, low=min(cut.low, 1 - unseen))
    return cut


def _cut(one: Estimate, most: float) -> Estimate:
    if math.isnan(one.low):
        return one
    return replace(one, low=min(most, max(0.0, one.low)), high=min(most, max(0.0, one.high)))
