"""What would change an answer: break-even points, what would put each other pattern first, and its sensitivity.

All of it is worked out side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from advisor.advice.breaking_even import brackets_on, point_on
from advisor.advice.confirming import Confirming
from advisor.advice.contenders import Places, contender, contenders, losers_of, moved_along
from advisor.advice.levers import axes_of
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import Recommendation
from advisor.advice.sensitivity import End, answered, confirmed, ends, suspected
from advisor.advice.trial import Ran
from advisor.patterns.base import Pattern
from advisor.sim.apart import can_fork, helpers

__all__ = ["with_changes"]

# A pattern that loses, with where arithmetic has it first.
_Loser = tuple[str, Places]


def with_changes(
    answer: Recommendation, outlook: Outlook, *, asked: tuple[type[Pattern], ...], threads: int, ran: Ran
) -> Recommendation:
    """The answer with what would change it; no piece depends on another's order, so helpers change nothing.

    ``ran`` are the runs behind the answer, which serve again where only the objective is moved.
    """
    names = tuple(pattern.name for pattern in asked)
    # Most of it is arithmetic, which threads do not share out: processes do, or it is done one after another.
    apart = threads > 1 and can_fork()
    each = 1 if apart else threads
    axes, along = axes_of(answer), moved_along(answer)
    confirming = Confirming(answer, names, outlook, each)
    tasks: list[Callable[[], Any]] = [
        partial(suspected, answer, outlook),
        *(partial(point_on, axis, answer, outlook, asked=names, threads=each, ran=ran) for axis in axes),
        *(partial(brackets_on, axis, answer, outlook, asked=names) for axis in along),
    ]

    def done(item: int | End | _Loser) -> Any:
        if isinstance(item, int):
            return tasks[item]()
        key, value = item
        if isinstance(value, tuple):
            return contender(key, value, answer, outlook, asked=names, threads=each, ran=ran)
        return answered(confirming, (key, value))

    with helpers(done, threads if apart else 1, apart=apart) as submit:
        begun = [submit(number) for number in range(len(tasks))]
        estimated, found, looked = begun[0], begun[1 : 1 + len(axes)], begun[1 + len(axes) :]
        lines = estimated()
        moves = {end: submit(end) for end in ends(confirming, lines)}
        points = tuple(point for later in found if (point := later()) is not None)
        places: Places = tuple((axis, later()) for axis, later in zip(along, looked, strict=True))
        told = {point.becomes for point in points}
        own = [submit((name, places)) for name in losers_of(answer) if name not in told]
        lines = confirmed(answer, lines, {end: later() for end, later in moves.items()})
        others = contenders(answer, points, [later() for later in own])
    return replace(answer, break_even=points, sensitivity=lines, contenders=others, explained=True)
