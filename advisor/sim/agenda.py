"""The order of one instant on SimPy's agenda.

An agenda sorts by (time, rank, order of scheduling); the ranks here are the phases of an instant: what ends, what
becomes ready or is lost, then the arrivals (the station's own business), then what is measured, seen and decided.
SimPy's own continuations have ranks 0 and 1, so what an event causes at once runs right after it.
"""

from __future__ import annotations

from typing import cast

import simpy
from simpy.events import EventPriority

__all__ = ["DECIDE", "DRAIN_LIMIT", "FINISH", "LOST", "MEASURE", "READY", "SCHEDULE", "VISIBLE", "looks", "moment"]

FINISH, READY, DRAIN_LIMIT, LOST, MEASURE, SCHEDULE, VISIBLE, DECIDE = range(1, 9)
_WIDTH = 1 << 40


def moment(env: simpy.Environment, when: float, phase: int, order: int = 0) -> simpy.Event:
    """An event that happens at `when` in the given phase; `order` sorts inside the phase."""
    event = simpy.Event(env)
    event._ok = True
    event._value = None
    # The agenda sorts by any integer; the type of the argument names only SimPy's own two.
    env.schedule(event, priority=cast("EventPriority", phase * _WIDTH + order), delay=when - env.now)
    return event


def looks(env: simpy.Environment) -> bool:
    """Whether what comes next is past the arrivals of its instant: it measures, sees or decides."""
    return env._queue[0][1] >= MEASURE * _WIDTH
