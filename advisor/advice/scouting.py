"""What is promising: every pattern looked at by arithmetic, and searched by trials."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from advisor.advice.foreseeing import Prospect, prospect
from advisor.advice.outlook import Outlook
from advisor.advice.ranking import order
from advisor.advice.search import MARGIN, Found, at_its_word, nearest, search
from advisor.advice.trial import Bench
from advisor.patterns.base import Pattern
from advisor.sim.apart import can_fork, helpers
from advisor.sim.kernels import nothing_compiled
from advisor.workload import Workload

__all__ = ["Scout"]

# What the search of all patterns may take, in requests, about; and of a brief answer.
_SEARCHED, _BRIEFLY = 6_000_000, 3_000_000
# Requests of a trial from which on the patterns are searched in processes of their own.
_WORTH_A_PROCESS = 100_000


class Scout:
    """Looks at patterns and tries what is promising on a bench; ``tell`` is told what is being done.

    With an ``outlook`` only the chains are looked at that it follows.
    """

    def __init__(
        self,
        bench: Bench,
        asked: tuple[type[Pattern], ...],
        *,
        brief: bool,
        outlook: Outlook | None,
        tell: Callable[[str], None],
    ) -> None:
        self.bench, self.asked, self.brief, self.outlook, self.tell = bench, asked, brief, outlook, tell
        self.prospects: list[Prospect] = []
        self.found: dict[str, Found] = {}
        # How many patterns share the budget.
        self.shared_by = 1

    def search(self) -> None:
        """Look at every pattern by arithmetic, and try what is promising."""
        w, book = self.bench.workload, self.bench.book
        for pattern in self.asked:
            self.tell(f"{pattern.name}: searching")
            followed = None if self.outlook is None else self.outlook.prospect(w, pattern, book)
            self.prospects.append(followed or prospect(w, pattern, book))
        open_ones = [one for one in self.prospects if one.chains]
        # Where nothing meets the objective, what comes nearest to it is wanted of every pattern.
        if any(one.met is not None for one in open_ones):
            open_ones = [one for one in open_ones if not one.hopeless]
        if self.bench.vast:
            self.found = {one.pattern.name: at_its_word(one) for one in open_ones}
            return
        if self.bench.threads > 1 and can_fork() and nothing_compiled():
            self._compile(open_ones)
        self.shared_by = max(1, len(open_ones))
        ranked = _promising_first(w, open_ones)
        # What a rival costs, as arithmetic has it: then no search waits for another.
        bars = [math.inf] * len(ranked) if self.brief else _bars(ranked)
        early = {} if self.brief else self._side_by_side(ranked, bars)
        bar = math.inf
        for n, one in enumerate(ranked):
            # A rival that turns out to cost more, or to miss the objective, beats less.
            if n not in early or bar > bars[n]:
                early[n] = self._of(one, self.bench, bar)
            found = self.found[one.pattern.name] = early[n]
            bar = min([bar, *(trial.usd for trial in found.trials if trial.meets)])
        if not any(found.trials for found in self.found.values()):
            self._nearest(open_ones)

    def _compile(self, open_ones: list[Prospect]) -> None:
        """Have the kernels of all patterns compiled and kept, side by side: a throw-away trial of each does it."""
        # The kernel of many models takes the compiler twice as long as any other.
        longest_first = sorted(open_ones, key=lambda one: one.pattern.name != "multi-model")

        def compiled(n: int) -> None:
            replace(self.bench.anew(1), replications=1, budget=1).trial(longest_first[n].first)

        self.tell("compiling the simulator's kernels")
        with helpers(compiled, self.bench.threads, apart=True) as submit:
            for done in [submit(n) for n in range(len(open_ones))]:
                done()

    def _of(self, one: Prospect, bench: Bench, bar: float) -> Found:
        """What the search of one pattern finds, where ``bar`` is what a rival costs."""
        told = partial(self.tell, f"{one.pattern.name}: searching")
        budget = (_BRIEFLY if self.brief else _SEARCHED) / self.shared_by
        return search(one, bench, budget=budget, tell=told, bar=bar, only_first=self.brief)

    def _side_by_side(self, ranked: list[Prospect], bars: list[float]) -> dict[int, Found]:
        """The search of each pattern: of the first here, of its rivals in another process where that is worth it."""
        bench = self.bench
        several = bench.threads > 1 and len(ranked) > 1
        apart = several and bench.requests_each > _WORTH_A_PROCESS and can_fork()

        def searched(n: int) -> tuple[Found, Bench]:
            own = bench.anew(1 if apart else bench.threads)
            return self._of(ranked[n], own, bars[n]), own

        if not apart:
            made = [searched(n) for n in range(len(ranked))]
        else:
            with helpers(searched, bench.threads - 1, apart=True) as submit:
                rivals = [submit(n) for n in range(1, len(ranked))]
                made = [searched(0)]
                # From the last on: what the other process has not begun is done here.
                made += [later() for later in reversed(rivals)][::-1]
        for _, own in made:
            bench.take(own)
        return {n: found for n, (found, _) in enumerate(made)}

    def _nearest(self, open_ones: list[Prospect]) -> None:
        """Where arithmetic proves that nothing can meet the objective: what comes closest to it, all the same."""
        for one in open_ones:
            if (found := nearest(one, self.bench)) is not None:
                self.found[one.pattern.name] = found


def _bars(ranked: list[Prospect]) -> list[float]:
    """For each pattern, what a more promising one costs that meets the objective, by arithmetic and at most."""
    bars, bar = [], math.inf
    for one in ranked:
        bars.append(bar)
        if one.met is not None:
            bar = min(bar, one.met.usd / MARGIN)
    return bars


def _promising_first(w: Workload, open_ones: list[Prospect]) -> list[Prospect]:
    """The patterns in the order in which arithmetic puts their best; those without any last.

    Where some meet the objective, those of which none does come after them as they stand.
    """
    some = any(one.met is not None for one in open_ones)
    best = {one.pattern.name: one.met if some else one.best() for one in open_ones}
    ranked = [seen.pattern for seen in order(w, [seen for seen in best.values() if seen is not None])]
    return sorted(open_ones, key=lambda one: ranked.index(one.pattern.name) if best[one.pattern.name] else len(best))
