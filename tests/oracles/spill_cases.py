"""Random small cases of a base with a spill: the second is a case of its own kind, its requests are all that come."""

from __future__ import annotations

from hypothesis import strategies as st

from .case_patterns import Workers
from .dice import Dice
from .spill import SpillCase
from .strategies import asynchronous_case, serverless_case


def spill_case(seed: int, size: int, second: str) -> SpillCase:
    """A base that is full now and then, and what takes the rest."""
    dice = Dice(seed, 3)
    other = (serverless_case if second == "serverless" else asynchronous_case)(seed, size)
    mean_s = other.mean_s * dice.pick(0.5, 1.0, 1.0, 3.0)
    return SpillCase(
        server=Workers(workers=dice.pick(1, 1, 2, 3), mean_s=mean_s),
        instances=dice.pick(1, 1, 2, 3),
        spill_at=dice.pick(0, 0, 0, 1, 2),
        timed_out_runs_on=dice.chance(0.6),
        second=other,
    )


def spill_cases(second: str, largest: int = 60) -> st.SearchStrategy[SpillCase]:
    """Cases for hypothesis."""
    seeds, sizes = st.integers(0, 2**32 - 1), st.integers(0, largest)
    return st.builds(lambda seed, size: spill_case(seed, size, second), seed=seeds, size=sizes)
