"""What would change an answer: its break-even points and its sensitivity, worked out side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from advisor.advice.breaking_even import axes_of, point_on
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import BreakEven, Recommendation, Sensitivity
from advisor.advice.sensitivity import sensitivity
from advisor.patterns.base import Pattern
from advisor.sim.apart import can_fork, helpers

__all__ = ["what_changes"]


def what_changes(
    answer: Recommendation, outlook: Outlook, *, asked: tuple[type[Pattern], ...], threads: int
) -> tuple[tuple[BreakEven, ...], tuple[Sensitivity, ...]]:
    """Break-even points and sensitivity; one does not depend on another, so the order of the work changes nothing."""
    axes = axes_of(answer)
    names = tuple(pattern.name for pattern in asked)
    # Most of it is arithmetic, which threads do not share out: processes, or one after another.
    apart = threads > 1 and can_fork()
    inside = 1 if apart else threads

    tasks: list[Callable[[], Any]] = [
        lambda: sensitivity(answer, outlook.anew(), asked=asked, threads=inside),
        *(partial(point_on, axis, answer, outlook, asked=names, threads=inside) for axis in axes),
    ]

    def done(number: int) -> Any:
        return tasks[number]()

    with helpers(done, threads if apart else 1, apart=apart) as submit:
        moves, *points = [later() for later in [submit(number) for number in range(len(tasks))]]
    return tuple(point for point in points if point is not None), moves
