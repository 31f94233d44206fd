"""What a base of instances with a spill would cost if the workload were another, by arithmetic.

It is asked for where such a combination comes first: break-even points and sensitivity begin from it there, as they
do elsewhere from the estimates of single patterns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from advisor.advice.foreseeing import Chain, Foreseen, Prospect, by_kind
from advisor.advice.ranking import percentile
from advisor.advice.spill import Spill
from advisor.advice.spilling import guesses, in_reach
from advisor.catalog.prices import PriceBook
from advisor.patterns.base import Pattern
from advisor.patterns.realtime import RealTime
from advisor.patterns.serverless import Serverless
from advisor.rules import BLOCKS
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.recommendation import Recommendation

__all__ = ["SpillOutlook"]

# Combinations that are looked at for each workload, the cheapest first.
_LOOKED_AT = 20


class SpillOutlook:
    """The cheapest combination on the types of the one that came first, corrected by what simulating that gave.

    Its latency beside that of a single pattern is taken to be what it is in the answer. No workload has a combination
    where arithmetic has none at the answered one.
    """

    def __init__(self, answer: Recommendation, first: Spill, book: PriceBook) -> None:
        w, name = answer.workload, percentile(answer.workload)
        self._like, self._balanced = first, w.objective.prefer == "balanced"
        self.parts = frozenset(first.at_work)
        self._late = {one.pattern: one.outcome.latency_s[name].value for one in reversed(answer.options)}
        usd = float(answer.options[0].usd_per_month)
        here = self._cheapest(w, book)
        self._correction = usd / here if math.isfinite(here) and here > 0 else math.inf
        #: what it costs at the answered workload
        self.usd = usd if math.isfinite(self._correction) else math.inf

    def at(self, w: Workload, book: PriceBook) -> float:
        """What it would cost a month; infinite where arithmetic has none."""
        return self._cheapest(w, book) * self._correction

    def beats(self, usd: float, single: Foreseen) -> bool:
        """Whether it comes before the best single pattern: it is cheaper, and better by what is preferred."""
        if not self._balanced:
            return usd < single.usd
        late_s = self._late.get(single.pattern, single.yardstick_s)
        return usd < single.usd and usd * self._late[Spill.name] < single.usd * late_s

    def _cheapest(self, w: Workload, book: PriceBook) -> float:
        prospects = [Prospect(w, part, book, members=list(by_kind(self._alike(w, part)))) for part in self._patterns]
        ranked = sorted(guesses(w, prospects, {}), key=lambda one: (one.usd, one.base.id, one.waits))
        for guess in islice(ranked, _LOOKED_AT):
            spill = in_reach(w, guess, math.inf, book)
            if spill is not None and not any(one.verdict is BLOCKS for one in spill.check(w)):
                return guess.usd
        return math.inf

    def looks_at(self, chain: Chain) -> bool:
        """Whether a chain is of the kind of a part, so that a search near the answered workload finds it."""
        parts = (self._like.base, self._like.second)
        return any(chain.kind[:-1] == kind[:-1] for kind, _ in by_kind([one] for one in parts))

    @property
    def _patterns(self) -> tuple[type[Pattern], type[Pattern]]:
        return RealTime, type(self._like.second)

    def _alike(self, w: Workload, pattern: type[Pattern]) -> Iterable[tuple[Pattern, ...]]:
        """The chains of a part on its own type; of serverless all, as its best memory goes with the workload."""
        chains = (chain for chain in pattern.space(w) if chain)
        places = {part.place for part in self._like.parts}
        return chains if pattern is Serverless else (chain for chain in chains if chain[0].place in places)
