"""The order of one instant (S-04) on SimPy's agenda, which sorts by (time, rank, order of scheduling).

SimPy's own continuations (a process begins, an event succeeds) have ranks 0 and 1, so what a step causes at once runs
right after it, before the next phase.
"""

from __future__ import annotations

import simpy

(FINISH, LOADED, GIVE_UP, READY, DRAIN_LIMIT, LOST, GONE, DISPATCH, ARRIVAL, MEASURE, SCHEDULE, VISIBLE, DECIDE) = (
    range(1, 14)
)
WIDTH = 1 << 40


def moment(env: simpy.Environment, when: float, phase: int, order: int = 0) -> simpy.Event:
    """An event that happens at `when` in the given phase; `order` sorts inside the phase."""
    event = simpy.Event(env)
    event._ok = True
    event._value = None
    env.schedule(event, priority=phase * WIDTH + order, delay=when - env.now)
    return event


def run_to(env: simpy.Environment, stop_s: float) -> None:
    """Do all that happens at or before `stop_s` (S-08)."""
    while env.peek() <= stop_s:
        env.step()
