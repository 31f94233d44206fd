"""What a user would be answered of a workload near an answered one: the whole answer, where it takes not too long."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from advisor.advice.outlook import Outlook
from advisor.advice.trial import Bench, Ran
from advisor.catalog.prices import price_book
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.recommendation import Recommendation
    from advisor.advice.recommending import Brief

__all__ = ["LIGHT", "Confirming"]

# What one whole answer beside the user's own may take, in requests, about.
LIGHT = 20_000_000
# So many times as much where it is of the same stream of requests, and most runs are there already.
_THERE = 3


@dataclass(frozen=True)
class Confirming:
    """Whole answers to workloads near an answered one, with what it was asked with."""

    answer: Recommendation
    asked: tuple[str, ...]
    outlook: Outlook
    threads: int

    @cached_property
    def effort(self) -> int:
        """What the answer itself took, in requests, about: at least as many as it tells of."""
        answer = self.answer
        return max(self.outlook.effort, answer.searched.requests + sum(one.outcome.requests for one in answer.options))

    @cached_property
    def _requests(self) -> float:
        return Bench(self.answer.workload, self.answer.seed, price_book()).requests_whole

    def effort_of(self, moved: Workload) -> float:
        """About what a whole answer takes: as much as the answer itself for each request of a replication."""
        whole = Bench(moved, self.answer.seed, price_book()).requests_whole
        return self.effort * whole / max(1.0, self._requests)

    def affords(self, moved: Workload, *, same_stream: bool = False) -> bool:
        """Whether a whole answer is light enough; of the ``same_stream`` most has been run before."""
        return self.effort_of(moved) <= LIGHT * (_THERE if same_stream else 1)

    def best(self, moved: Workload, *, ran: Ran | None = None) -> Brief:
        """The best of the whole answer and its cost; ``ran`` are runs of the same stream."""
        from advisor.advice.recommending import fully

        hybrids = self.outlook.hybrids
        return fully(moved, seed=self.answer.seed, patterns=self.asked, threads=self.threads, hybrids=hybrids, ran=ran)
