"""What one run of an endpoint that works off a lot beside its stream leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.sim.run_record import Run

__all__ = ["LotSent", "SharedRun"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LotSent:
    """One lot: when it came, when the last of its records was answered, and how many of them were not served."""

    due: float
    records: int
    done: float
    unserved: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedRun(Run):
    """The run with the ledger of the stream's requests alone; ``whole`` is the endpoint's own, records and all."""

    whole: Run
    lots: tuple[LotSent, ...]
