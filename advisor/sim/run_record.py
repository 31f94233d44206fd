"""What one run of one deployment leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.sim.kernels.layout import L_TOTAL
from advisor.sim.ledger import Columns, Ledger
from advisor.sim.timeline import Lifetime, Timeline

__all__ = ["A_CHANGE", "Run"]

# What a line of the control record and a datapoint take, in requests.
A_CHANGE, _A_DATAPOINT = 800, 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Ledger, timeline, meters and, on request, every request.

    `granules` are whole numbers by name, inside the window: instance_s, bytes_in, bytes_out and what the pattern adds.
    `held_s` is worker-seconds offered (in service or draining) inside the window: busy_s / held_s is the utilisation.
    """

    ledger: Ledger
    timeline: Timeline
    window_s: tuple[float, float]
    stop_s: float
    granules: Mapping[str, int]
    held_s: float
    columns: Columns | None = None
    #: what became of the requests that came before the split of the window, where the trace has one
    early: Ledger | None = None
    containers: tuple[Lifetime, ...] = field(default=())
    #: (instance, model, asked, begun, in memory) of every model load; NaN where that never came
    loads: tuple[tuple[int, int, float, float, float], ...] = field(default=())

    @property
    def busy_s(self) -> float:
        """Worker-seconds of service inside the window."""
        return self.ledger.busy_s

    @property
    def effort(self) -> int:
        """About how long it took, in requests: one of a plain fleet takes an eighth of a microsecond.

        What alarms see of a quiet hour costs little, what a fleet does after them much.
        """
        moved, seen = len(self.timeline.changes), self.timeline.seen
        return self.ledger.count(L_TOTAL) + A_CHANGE * moved + _A_DATAPOINT * seen

    @property
    def utilisation(self) -> float:
        """Busy over offered worker-seconds; 0 where none was offered."""
        return self.busy_s / self.held_s if self.held_s > 0 else 0.0
