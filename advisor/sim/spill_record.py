"""What one run of a base with a spill leaves behind: the run as a whole, and each part with its own requests."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.sim.run_record import Run

__all__ = ["SpillRun"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SpillRun(Run):
    """Both parts as one run: every request of the window once, in the ledger of the part that it went to.

    ``parts`` are the base, with the requests that it took, and what the others were sent on to. ``came`` and
    ``sent_on`` are what the router counted: requests of the window, and those of them that found the base full.
    """

    parts: tuple[Run, Run]
    came: int
    sent_on: int
