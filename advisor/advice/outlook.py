"""How the answer would change if the workload did, by arithmetic: break-even points and sensitivity begin there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from advisor.advice.foreseeing import Chain, Foreseen, Kind, Prospect, by_kind
from advisor.advice.ranking import order
from advisor.advice.simulating import price_overrides
from advisor.advice.spill import Spill
from advisor.advice.spill_outlook import SpillOutlook
from advisor.advice.trial import Bench
from advisor.catalog.prices import PriceBook, price_book
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.patterns.base import Pattern
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.recommendation import Recommendation

__all__ = ["Outlook"]

# Chains of each pattern that are followed when a workload is moved: the first of so many.
_FOLLOWED, _NEAR_FIRST = 3, 16
# So many times as costly as the best a pattern is beaten by far.
_BY_FAR = 10.0


class Outlook:
    """The best pattern of workloads near an answered one, by arithmetic corrected where it was off in the answer.

    Each pattern's estimate of cost is multiplied by what simulating it gave over what arithmetic had said; one that met
    the objective when simulated, though not by arithmetic, meets it as long as arithmetic puts it no further off. Of
    each pattern only the chains are followed that come first at the answered workload, and ten times up and down from
    it.
    """

    def __init__(
        self, answer: Recommendation, prospects: Iterable[Prospect] = (), *, hybrids: bool = True, effort: int = 0
    ) -> None:
        self.workload, self.hybrids = answer.workload, hybrids
        #: what the answer took, in requests, about (see `Run.effort`), where that is known
        self.effort = effort
        known = {one.pattern for one in answer.options} | {one.pattern for one in answer.refused}
        self.patterns = [pattern for pattern in PATTERNS if pattern.name in known]
        looked = {one.pattern.name: one for one in prospects}
        self.book = next((one.book for one in looked.values()), None) or price_book()
        self._cost: dict[str, float] = {}
        self._shortfall: dict[str, float] = {}
        self._kept: dict[str, frozenset[Kind]] = {}
        # Chains of the answered workload: those that come first there, and all that are kept.
        self._members: dict[tuple[str, bool], tuple[tuple[Kind, Sequence[Pattern]], ...]] = {}
        self._refused: set[str] = set()
        self._base: dict[str, Foreseen | None] = {}
        self._near: dict[str, dict[Kind, int]] = {}
        # The few chains at the answered workload: what comes first, and which assumptions were asked for.
        self._here: dict[str, tuple[Foreseen | None, frozenset[str]]] = {}
        self._followed: tuple[str, float] | None = None
        best = answer.best
        self._spill: SpillOutlook | None = None
        if best is not None and isinstance(best.deployment, Spill):
            self._spill = SpillOutlook(answer, best.deployment, self.book)
        for pattern in self.patterns:
            here = looked.get(pattern.name) or Prospect(self.workload, pattern, self.book)
            self._look(pattern, here, answer)
        self._beaten = self._by_far()

    def anew(self) -> Outlook:
        """The same with hints of its own, so that what is asked of one changes nothing of the other."""
        other = copy(self)
        other._near = {name: dict(near) for name, near in self._near.items()}
        return other

    def _by_far(self) -> frozenset[str]:
        """Patterns that cost so many times as much as the best that no assumption makes up for it."""
        met = {name: one.usd for name, one in self._base.items() if one is not None and one.meets}
        if self.workload.objective.prefer != "cost" or not met:
            return frozenset()
        return frozenset(name for name, usd in met.items() if usd > _BY_FAR * min(met.values()))

    def _look(self, pattern: type[Pattern], here: Prospect, answer: Recommendation) -> None:
        w, name = self.workload, pattern.name
        ranked = _ranked(here, _NEAR_FIRST)
        kinds = firsts = frozenset(ranked[:_FOLLOWED])
        self._near[name] = near = {one.kind: at for one in here.all_chains if (at := one.first_met()) is not None}
        if not here.chains:
            self._refused.add(name)
        elif w.streams and w.traffic is not None and w.traffic.replay is None:
            # With another load another type may be the cheapest, but hardly one that is far behind now.
            near_first = frozenset(ranked)
            for factor in (0.1, 10.0):
                try:
                    moved = w.scaled(rate=factor)
                except InputError:
                    continue  # no profile says so
                if not Bench(moved, answer.seed, self.book).confirms:
                    continue  # no point there could be confirmed
                members = [one for one in by_kind(pattern.space(moved)) if one[0] in near_first]
                kinds |= frozenset(_ranked(Prospect(moved, pattern, self.book, members=members, near=near), _FOLLOWED))
        if self._spill is not None:
            kinds |= {chain.kind for chain in here.all_chains if self._spill.looks_at(chain)}
        self._kept[name] = kinds
        for few, those in ((True, firsts), (False, kinds)):
            self._members[name, few] = tuple((one.kind, one.members) for one in here.all_chains if one.kind in those)
        self._base[name] = base = here.nearest()
        option = next((one for one in answer.options if one.pattern == name), None)
        if option is not None and isinstance(option.deployment, Pattern):
            seen = here.foreseen(option.deployment)
            if seen.usd > 0 and math.isfinite(seen.usd):
                self._cost[name] = float(option.usd_per_month) / seen.usd
        if option is not None and option.meets_objective and base is not None and not base.meets:
            self._shortfall[name] = base.shortfall

    def best_with_usd(
        self, w: Workload, *, resized: bool = True, only: Iterable[str] | None = None, moved: str | None = None
    ) -> tuple[str, float]:
        """The best pattern and what it costs; an empty name where none meets the objective.

        ``resized=False`` keeps the sizes that are looked at, where the load is as it was; patterns that are not among
        ``only``, or are beaten by far, are taken to be as they are at the answered workload, and of the others only
        what comes first there is looked at. ``moved`` is the one assumption that differs from there, and fills nothing
        in the profile, nor is a price: what never asks for it is as it was.
        """
        named = {pattern.name for pattern in self.patterns} if only is None else set(only)
        touched = named if only is None else named - self._beaten
        few = only is not None
        found = []
        for pattern in self.patterns:
            if pattern.name not in touched:
                # Beside chains that are few here there are those few at the answered workload, and no others.
                found.append(self._asks(pattern)[0])
            elif moved is not None and moved not in self._asks(pattern)[1]:
                found.append(self._asks(pattern)[0])
            else:
                found.append(self._at(pattern, w, resized, few))
        return self._first(w, found, anew=moved != "" and bool(self._spill and self._spill.parts & named))

    def followed_here(self) -> tuple[str, float]:
        """The best and its cost at the answered workload, of all chains that are followed."""
        if self._followed is None:
            self._followed = self.best_with_usd(self.workload)
        return self._followed

    def whole(self, w: Workload) -> tuple[str, float]:
        """The best pattern and its cost of the whole space there: for what changes the load, or the model."""
        book = self._book_of(w)
        looked = [Prospect(w, pattern, book) for pattern in self.patterns]
        refused = [one.pattern.name in self._refused and not one.chains for one in looked]
        found = [None if shut else one.nearest() for one, shut in zip(looked, refused, strict=True)]
        return self._first(w, found, anew=True)

    def whole_here(self) -> tuple[str, float]:
        """The same at the answered workload itself."""
        return self._first(self.workload, list(self._base.values()), anew=False)

    def _first(self, w: Workload, found: Sequence[Foreseen | None], *, anew: bool) -> tuple[str, float]:
        """What comes first; a combination is worked out ``anew`` or taken to be as it is in the answer."""
        met = [one for one in map(self._corrected, found) if one is not None and one.meets]
        if not met:
            return "", math.nan
        first = order(w, met)[0]
        if self._spill is not None:
            usd = self._spill.at(w, self._book_of(w)) if anew else self._spill.usd
            if self._spill.beats(usd, first):
                return Spill.name, usd
        return first.pattern, first.usd

    def here(self) -> tuple[str, float]:
        """The best pattern and what it costs at the answered workload itself, as arithmetic has it of few chains."""
        return self.best_with_usd(
            self.workload, resized=False, only=[pattern.name for pattern in self.patterns], moved=""
        )

    def _asks(self, pattern: type[Pattern]) -> tuple[Foreseen | None, frozenset[str]]:
        """What comes first of the few chains at the answered workload, and the assumptions that it follows from."""
        if pattern.name not in self._here:
            fresh = self.workload.with_({})
            found = self._at(pattern, fresh, resized=False, few=True)
            if found is not None:
                # What is worked out when it is first compared may ask for more.
                _ = (found.yardstick_s, found.shortfall)
            self._here[pattern.name] = (found, fresh.asked)
        return self._here[pattern.name]

    def best(self, w: Workload, *, resized: bool = True) -> str:
        """The best pattern; empty where none meets the objective."""
        return self.best_with_usd(w, resized=resized)[0]

    def _at(self, pattern: type[Pattern], w: Workload, resized: bool, few: bool) -> Foreseen | None:
        near = self._near[pattern.name]
        members = self._members[pattern.name, few]
        book = self._book_of(w)
        there = Prospect(w, pattern, book, members=members, near=near)
        if resized:
            there = self.prospect(w, pattern, book) or there
        # What the rules refuse here they mostly refuse there, and asking them is quicker than arithmetic.
        if pattern.name in self._refused and not there.chains:
            return None
        best = there.nearest()
        if not resized:
            return best
        # The next place that is asked for is near this one.
        near.update((one.kind, at) for one in there.all_chains if (at := one.first_met()) is not None)
        return best

    def _book_of(self, w: Workload) -> PriceBook:
        """The price book with the prices that a workload assumes of its own."""
        own = price_overrides(w)
        return self.book.with_assumed(own) if own else self.book

    def prospect(self, w: Workload, pattern: type[Pattern], book: PriceBook) -> Prospect | None:
        """The chains of a workload near the answered one that are followed; none of a pattern that is not in it."""
        if pattern.name not in self._kept:
            return None
        kinds = self._kept[pattern.name]
        members = [one for one in by_kind(pattern.space(w)) if one[0] in kinds] if w.streams else None
        return Prospect(w, pattern, book, members=members, near=self._near[pattern.name])

    def _corrected(self, one: Foreseen | None) -> Foreseen | None:
        if one is None:
            return None
        meets = one.meets or (one.pattern in self._shortfall and one.shortfall <= self._shortfall[one.pattern])
        return replace(one, usd=one.usd * self._cost.get(one.pattern, 1.0), meets=meets)


def _ranked(prospect: Prospect, count: int) -> list[Kind]:
    """The kinds of so many chains, the best first: those that meet the objective, then those nearest to it.

    What the rules refuse is only looked at where they leave nothing.
    """

    def ranked() -> Iterator[Chain]:
        met = [chain for chain in prospect.all_chains if chain.first_met() is not None]
        yield from sorted(met, key=lambda chain: prospect.scored(chain.foreseen(chain.first_met() or 0)))
        others = {chain.foreseen(chain.nearest()).id: chain for chain in prospect.all_chains if chain not in met}
        nearest = [chain.foreseen(chain.nearest()) for chain in others.values()]
        yield from (others[one.id] for one in order(prospect.workload, nearest))

    left = islice((chain for chain in ranked() if prospect.leaves(chain)), count)
    return [chain.kind for chain in left] or [chain.kind for chain in islice(ranked(), count)]
