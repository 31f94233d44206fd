"""What would change an answer: its break-even points and its sensitivity, worked out side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from advisor.advice.breaking_even import axes_of, break_even, point_on
from advisor.advice.confirming import Confirming
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import BreakEven, Recommendation, Sensitivity
from advisor.advice.sensitivity import End, answered, confirmed, ends, sensitivity, suspected
from advisor.advice.trial import Ran
from advisor.patterns.base import Pattern
from advisor.sim.apart import can_fork, helpers

__all__ = ["what_changes"]


def what_changes(
    answer: Recommendation, outlook: Outlook, *, asked: tuple[type[Pattern], ...], threads: int, ran: Ran
) -> tuple[tuple[BreakEven, ...], tuple[Sensitivity, ...]]:
    """Break-even points and sensitivity; one does not depend on another, so the order of the work changes nothing.

    ``ran`` are the runs behind the answer, which serve again where only the objective is moved.
    """
    # Most of it is arithmetic, which threads do not share out: processes, or one after another.
    if threads < 2 or not can_fork():
        points = break_even(answer, outlook, asked=asked, threads=threads, ran=ran)
        return points, sensitivity(answer, outlook, asked=asked, threads=threads)
    names = tuple(pattern.name for pattern in asked)
    tasks: list[Callable[[], Any]] = [
        partial(suspected, answer, outlook),
        *(partial(point_on, axis, answer, outlook, asked=names, threads=1, ran=ran) for axis in axes_of(answer)),
    ]

    confirming = Confirming(answer, names, outlook, 1)

    def done(item: int | End) -> Any:
        return tasks[item]() if isinstance(item, int) else answered(confirming, item)

    with helpers(done, threads, apart=True) as submit:
        estimated, *found = [submit(number) for number in range(len(tasks))]
        lines = estimated()
        moves = {end: submit(end) for end in ends(confirming, lines)}
        there = [later() for later in found]
        lines = confirmed(answer, lines, {end: later() for end, later in moves.items()})
    return tuple(point for point in there if point is not None), lines
