"""What a run of batch transform jobs leaves behind: its jobs, and whether they keep up, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.sim.kernels.layout import L_TOTAL
from advisor.sim.run_record import A_CHANGE, Run
from advisor.sim.timeline import Lifetime
from advisor.units import show_duration

__all__ = ["BatchRun", "TransformJob"]


@dataclass(kw_only=True, slots=True)
class TransformJob(Lifetime):
    """One job: `launch` is its begin, `ready` the begin of work, `draining` the end of work, `end` the job's end.

    `due` is the first due instant at which its oldest record was there, or its begin where a late job took that record
    even earlier. Where the run ends first, an instant is NaN; `served`, `failed`, `refused` (objects) then tell what
    the job would have come to.
    """

    due: float
    oldest: float
    records: int
    objects: int
    billed_from: float
    work_s: float = math.nan
    served: int = 0
    failed: int = 0
    refused: int = 0
    calls: int = 0

    @property
    def delay_s(self) -> float:
        """How long after its due instant it began."""
        return self.launch - self.due

    @property
    def lasts_s(self) -> float:
        """From its begin to its end; NaN where the run ends first."""
        return self.end - self.launch

    def later_than(self, deadline_s: float) -> bool:
        """Has it not ended `deadline_s` after it was due?"""
        return not self.end - self.due <= deadline_s


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchRun(Run):
    """A run of jobs. `granules`, of jobs that have ended and whose billing began in the window: instance_s, objects_in,
    objects_out, bytes_in, bytes_out (of objects served), calls (mini-batches sent, retries among them).

    `load`: how much faster records come than jobs work them off, their start and upload left out; 1 and more is too
    fast whatever the schedule. NaN where the window has no end. `given_up`: the run was cut short because of it, and
    records are pending.
    """

    jobs: tuple[TransformJob, ...] = ()
    load: float = math.nan
    given_up: bool = False

    @property
    def effort(self) -> int:
        """As of any run; a job takes as long as what a fleet does after an alarm."""
        return self.ledger.count(L_TOTAL) + A_CHANGE * len(self.jobs)

    @property
    def late(self) -> tuple[TransformJob, ...]:
        """Jobs that began after their due instant, because the one before still ran."""
        return tuple(job for job in self.jobs if job.delay_s > 0)

    @property
    def grows(self) -> bool:
        """Do jobs fall behind without end?"""
        return self.load >= 1.0 and bool(self.late)

    @property
    def says(self) -> str:
        """What there is to say about jobs that do not keep their schedule; empty where all begin when they are due."""
        late = self.late
        if not late:
            return ""
        most = show_duration(max(job.delay_s for job in late))
        if self.grows:
            return (
                f"jobs fall behind without end: records come {self.load:.2f} times as fast as a job works them off; "
                f"{len(late)} of {len(self.jobs)} jobs begin late, by up to {most} in this run"
            )
        return (
            f"{len(late)} of {len(self.jobs)} jobs begin late, by up to {most}, because the one before still runs: "
            "a job takes what has come by its begin, and the delay does not grow without end"
        )

    def missed(self, deadline_s: float) -> int:
        """Jobs that were due in the window and had not ended `deadline_s` later."""
        low, high = self.window_s
        return sum(low <= job.due < high and job.later_than(deadline_s) for job in self.jobs)
