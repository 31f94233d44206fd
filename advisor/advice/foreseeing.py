"""The answer by arithmetic alone: the deployment of each pattern that its estimates put first, nothing simulated.

It orders what is to be simulated, finds where break-even points may lie, and draws maps in seconds. Nothing that is
printed as an answer rests on it alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property

from advisor.advice.checking import pattern_named
from advisor.advice.foreseen import Foreseen
from advisor.advice.ranking import ALIKE, order, scored
from advisor.advice.settings import costs_more
from advisor.catalog.prices import PriceBook, price_book
from advisor.errors import InputError
from advisor.money import PurchaseOptions, Usage, bill
from advisor.patterns import PATTERNS
from advisor.patterns.base import Pattern
from advisor.rules import BLOCKS, Finding
from advisor.units import MONTH_S
from advisor.workload import Workload

__all__ = ["Chain", "Foreseen", "Kind", "Prospect", "by_kind", "foresee_all", "prospect"]

# So many deployments are refused by what the profile says before the whole pattern is taken to be.
_TRIES = 4

Kind = tuple[str, ...]


class Chain:
    """Deployments of a pattern from small to large; each is foreseen when it is asked for, and then remembered."""

    def __init__(self, prospect: Prospect, members: Sequence[Pattern], kind: Kind, near: int | None = None) -> None:
        self.prospect = prospect
        self.members = tuple(members)
        self.kind = kind
        # About where the first one that meets the objective is; only where to begin looking.
        self.near = near
        self._first_met: int | None = None
        self._looked = False

    def __len__(self) -> int:
        return len(self.members)

    def foreseen(self, n: int) -> Foreseen:
        """The n-th deployment's estimate."""
        return self.prospect.foreseen(self.members[n])

    def first_met(self) -> int | None:
        """The smallest deployment that is expected to meet the objective: more of the same never makes it worse."""
        if not self._looked:
            self._first_met, self._looked = self._sought(), True
        return self._first_met

    @cached_property
    def never(self) -> str:
        """Why none of them can meet the objective, where that is told at once."""
        return self.members[-1].never(self.prospect.workload) if self.members else ""

    def _sought(self) -> int | None:
        if self.never:
            return None
        low, high = self._bounds()
        if high is None:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.foreseen(middle).meets else (middle, high)
        return high

    def _bounds(self) -> tuple[int, int | None]:
        """One that does not meet the objective (-1: none is known) and a larger one that does, if there is any."""
        last = len(self) - 1
        if last < 0:
            return -1, None
        if self.near is None:
            return -1, last if self.foreseen(last).meets else None
        at, step = min(self.near, last), 1
        if self.foreseen(at).meets:
            while at > 0 and self.foreseen(max(0, at - step)).meets:
                at, step = max(0, at - step), step * 2
            return max(-1, at - step), at
        while at < last:
            further = min(last, at + step)
            if self.foreseen(further).meets:
                return at, further
            at, step = further, step * 2
        return at, None

    def possible_from(self) -> int:
        """The smallest deployment that is not proved unable to meet the objective; its length where all are."""
        if not self.members or self.never or self.foreseen(len(self) - 1).impossible:
            return len(self)
        low, high = -1, len(self) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.foreseen(middle).impossible else (low, middle)
        return high

    def start(self) -> int | None:
        """Where to begin trying: the estimate's choice; the nearest where it finds none but none is proved out."""
        found = self.first_met()
        if found is not None:
            return found
        return None if self.possible_from() == len(self) else self.nearest()

    def nearest(self) -> int:
        """The smallest that comes as near to the objective as the largest, where none is expected to meet it."""
        low, high = -1, len(self) - 1
        mark = ALIKE * self.foreseen(high).away
        while high - low > 1 and math.isfinite(mark):
            middle = (low + high) // 2
            low, high = (low, middle) if self.foreseen(middle).away <= mark else (middle, high)
        # An estimate that has fewer meet what more of the same do not is not believed.
        return len(self) - 1 if self.foreseen(high).meets else high


class Prospect:
    """One pattern's space for one workload, with what arithmetic and rules say of its deployments.

    ``members`` are chains to look at instead of all of the pattern's space; ``near`` says about where the first that
    meets the objective is in those of a kind.
    """

    def __init__(
        self,
        w: Workload,
        pattern: type[Pattern],
        book: PriceBook,
        *,
        members: Sequence[tuple[Kind, Sequence[Pattern]]] | None = None,
        near: Mapping[Kind, int] | None = None,
    ) -> None:
        self.workload = w
        self.near = near or {}
        self.pattern = pattern
        self.book = book
        self.purchase = PurchaseOptions.of(w.purchase)
        self._foreseen: dict[Pattern, Foreseen] = {}
        self._blocked: dict[Pattern, tuple[Finding, ...]] = {}
        self._members = members
        self._rates: dict[tuple[str, str], tuple[str, tuple[tuple[float, float, float], ...]]] = {}

    @cached_property
    def first(self) -> Pattern:
        """What a person would write down first."""
        return self.pattern.start(self.workload)

    @cached_property
    def all_chains(self) -> tuple[Chain, ...]:
        """The whole space, whatever the rules say."""
        if not self.workload.streams and self.pattern.name != "batch-transform":
            return ()
        members = by_kind(self.pattern.space(self.workload)) if self._members is None else self._members
        return tuple(Chain(self, one, kind, self.near.get(kind)) for kind, one in members)

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """The chains of which the rules leave any: their ends stand for them, since limits are on size or on none.

        Where the first few are refused for what the workload is, so are the others.
        """
        return tuple(self._left())

    def _left(self) -> Iterator[Chain]:
        """The same, one by one."""
        some = False
        for tries, chain in enumerate(self.all_chains, start=1):
            if self.leaves(chain):
                some = True
                yield chain
            elif not some and self._whole(chain.members[-1], tries):
                return

    def _whole(self, deployment: Pattern, tries: int) -> bool:
        """Whether the whole pattern is refused with this one, after so many: what excludes it no setting mends.

        What is wrong with the workload itself is wrong with every deployment.
        """
        refused = self.blocked(deployment)
        if any(finding.rule in _excluding(self.pattern) for finding in refused):
            return True
        return tries >= _TRIES and all(not _of_deployment(finding) for finding in refused)

    def leaves(self, chain: Chain) -> bool:
        """Whether the rules leave anything of a chain."""
        return not self.blocked(chain.members[0]) or not self.blocked(chain.members[-1])

    @cached_property
    def possible(self) -> bool:
        """Whether the rules leave anything: the first chain that is left is enough to know it."""
        return next(self._left(), None) is not None

    @property
    def refusal(self) -> tuple[Finding, ...]:
        """Why the rules leave nothing; empty where they leave a deployment."""
        if self.possible:
            return ()
        return self.blocked(self.first) or tuple(
            finding for chain in self.all_chains[:1] for finding in self.blocked(chain.members[0])
        )

    @property
    def hopeless(self) -> tuple[Finding, ...]:
        """Why the rules refuse what a person would write down first, where by arithmetic nothing else meets either.

        What the rules leave then has a speed that was borrowed, and not one that is any better.
        """
        return () if self.met is not None else self.blocked(self.first)

    def blocked(self, deployment: Pattern) -> tuple[Finding, ...]:
        """The findings that refuse a deployment."""
        if deployment not in self._blocked:
            found = deployment.check(self.workload)
            self._blocked[deployment] = tuple(finding for finding in found if finding.verdict is BLOCKS)
        return self._blocked[deployment]

    def foreseen(self, deployment: Pattern) -> Foreseen:
        """What arithmetic says of a deployment; what cannot be priced here is told as impossible."""
        if deployment not in self._foreseen:
            self._foreseen[deployment] = self._look(deployment)
        return self._foreseen[deployment]

    def _look(self, deployment: Pattern) -> Foreseen:
        from advisor.patterns.foresight import stand_in

        w = self.workload
        seen = deployment.foresee(w)
        try:
            usd = self._usd(deployment.usage(w, stand_in(seen)))
            impossible = seen.impossible
        except InputError as error:
            usd, impossible = math.inf, f"it has no price here: {error}"
        return Foreseen(w, deployment, seen, usd, not impossible and seen.meets(w), impossible)

    def _usd(self, usage: Usage) -> float:
        """What a usage costs in a month: its units cut at the tiers; only plans and free tiers need a whole bill."""
        w = self.workload
        if self.purchase != PurchaseOptions():
            return float(bill(usage, self.book, w.region, self.purchase).usd)
        total, months = 0.0, MONTH_S / float(usage.window_s)
        sold: dict[str, float] = {}
        for meter in usage.meters:
            sku, tiers = self._tiers(meter.component, meter.meter)
            begin = sold.get(sku, 0.0)
            end = sold[sku] = begin + meter.granules / meter.per_unit * months
            total += math.fsum(max(0.0, min(end, to) - max(begin, since)) * usd for since, to, usd in tiers)
        return total

    def _tiers(self, component: str, meter: str) -> tuple[str, tuple[tuple[float, float, float], ...]]:
        """The name of a rate, and its tiers: from so many units of a month, up to so many, USD a unit."""
        key = (component, meter)
        if key not in self._rates:
            rate = self.book.rate(self.workload.region, component, meter).without_allowance()
            tiers = tuple(
                (float(tier.start), math.inf if tier.end is None else float(tier.end), float(tier.usd))
                for tier in rate.tiers
            )
            self._rates[key] = (str(rate.sku), tiers)
        return self._rates[key]

    def best(self) -> Foreseen | None:
        """The deployment that arithmetic puts first; the least bad one where none meets; none where all is refused."""
        if not self.possible:
            return None
        if self._all_met:
            return self.met
        ends = [chain.foreseen(len(chain) - 1) for chain in self.all_chains]
        ends.sort(key=lambda one: (one.shortfall, one.usd, one.id))
        return next((one for one in ends if not self.blocked(one.deployment)), None)

    def nearest(self) -> Foreseen | None:
        """The same, and where none meets the cheapest of those that come as near, which takes longer to know."""
        if not self.possible or self._all_met:
            return self.best()
        return self._first([chain.foreseen(chain.nearest()) for chain in self.all_chains])

    @cached_property
    def met(self) -> Foreseen | None:
        """The best of those that meet the objective by arithmetic and are not refused, if there is any."""
        return self._first(self._all_met)

    @cached_property
    def _all_met(self) -> list[Foreseen]:
        starts = [(chain, chain.first_met()) for chain in self.all_chains]
        return [one for chain, at in starts if at is not None for one in self._good(chain, at)]

    def _first(self, several: Iterable[Foreseen]) -> Foreseen | None:
        """The first of several that is not refused."""
        for tries, one in enumerate(order(self.workload, several), start=1):
            if not self.blocked(one.deployment):
                return one
            if self._whole(one.deployment, tries):
                return None
        return None

    def _good(self, chain: Chain, at: int) -> Iterable[Foreseen]:
        """From the smallest that meets the objective, larger ones as long as these are better by the preference."""
        found = [chain.foreseen(at)]
        by_cost = self.workload.objective.prefer == "cost"
        for n in range(at + 1, len(chain)):
            if by_cost and costs_more(chain.members[n], chain.members[n - 1]):
                break
            one = chain.foreseen(n)
            if self.scored(one) >= self.scored(found[-1]):
                break
            found.append(one)
        return found

    def scored(self, one: Foreseen) -> float:
        """What is to be small."""
        return scored(self.workload, one)


def prospect(w: Workload, pattern: type[Pattern], book: PriceBook | None = None) -> Prospect:
    """One pattern's space for a workload."""
    return Prospect(w, pattern, book or price_book())


def foresee_all(w: Workload, patterns: Iterable[str] | None = None) -> tuple[Foreseen, ...]:
    """The best deployment of each pattern by arithmetic, the best pattern first; refused patterns are left out."""
    asked = PATTERNS if patterns is None else tuple(pattern_named(name) for name in patterns)
    book = price_book()
    found = [prospect(w, pattern, book).best() for pattern in asked]
    return tuple(order(w, [one for one in found if one is not None]))


def by_kind(members: Iterable[Sequence[Pattern]]) -> Iterator[tuple[Kind, Sequence[Pattern]]]:
    """Chains with what tells each from the others whatever the load: its type and its words, and which of these it is.

    Numbers are left out, since they go with the load.
    """
    seen: dict[Kind, int] = {}
    for chain in members:
        if chain:
            first = chain[0]
            words = (value for value in first.to_dict().values() if isinstance(value, str | bool))
            alike = (*map(str, words), first.place)
            seen[alike] = which = seen.get(alike, -1) + 1
            yield (*alike, str(which)), chain


@cache
def _excluding(pattern: type[Pattern]) -> frozenset[str]:
    """The rules that exclude a pattern whatever its settings."""
    return frozenset(one.id for one in pattern.RULES if one.excludes)


def _of_deployment(finding: Finding) -> bool:
    return finding.path.startswith("deployment")
