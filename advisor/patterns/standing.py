"""What every fleet of instances of one type has in common: how many of them stand, whatever the load."""

from __future__ import annotations

from advisor.patterns.base import Pattern
from advisor.patterns.clock import cycle_s, least_at, reach

__all__ = ["Standing"]


class Standing(Pattern):
    """A pattern of ``min_instances`` at least, at all times or by a ``schedule``."""

    __slots__ = ()

    min_instances: int
    schedule: str | None

    def standing_at(self, minute: int) -> int:
        """Instances that stand at a minute of the week whatever the load."""
        return least_at(self.schedule, self.min_instances, minute) if self.schedule else self.min_instances

    @property
    def least_instances(self) -> int:
        """The fewest at any time of the week."""
        return reach(self.schedule, self.min_instances)[0]

    @property
    def cycle_s(self) -> float:
        return cycle_s(self.schedule)
