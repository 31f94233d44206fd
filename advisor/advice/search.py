"""The search of one pattern's space: arithmetic says where to begin, proofs what to leave out, trials decide.

A chain of deployments from small to large is entered where the estimate expects the objective to be met first, and
walked from there until a smaller one fails and a larger one does not: along a chain quality never falls. Chains are
taken in the order of their estimated score, and left out where even a fraction of the estimate, or the latency that
no size of theirs passes, is not better than the best that has been tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from advisor.advice.foreseeing import Chain, Foreseen, Prospect
from advisor.advice.judging import Judged
from advisor.advice.ranking import ALIKE, FEW, as_good, order, score, scored, step
from advisor.advice.settings import of_fixed_size
from advisor.advice.trial import Bench, Trial
from advisor.patterns.base import Pattern
from advisor.rules import NOTES
from advisor.workload import Workload

__all__ = ["MARGIN", "Found", "at_its_word", "nearest", "search", "warned"]

# How far below its estimate a cost may come out: nothing for a fleet of fixed size, whose hours are known.
MARGIN, _FIXED = 0.8, 0.995
# What is nearly as promising as the best costs no more than by this share of itself.
_CLOSE = 0.9
# Two deployments whose estimates are this close are one and the same to a trial.
_SAME = 1.001
# Trials of one pattern at most; the first few are always made; of one that another pattern beats, so many;
# and where only the first is of interest.
_MOST, _LEAST, _BEATEN, _FEW = 10, 2, 3, 5
# Where some are turned away, so many larger ones of the same price are tried.
_ROOMIER = 2
# As many are tried, whatever these take, of a pattern that by arithmetic meets the objective before it is said not to.
_IN_VAIN = 8
# What is spent on a pattern of which nothing has met the objective yet, or which holds something so much better than
# the best so far by arithmetic, as a multiple of its budget; and so many times as many trials at most.
_IN_NEED, _MUCH_BETTER, _MORE = 3.0, 0.9, 2


@dataclass(frozen=True, slots=True)
class Found:
    """What the search of one pattern came to: its trials, the best first; how large its space was."""

    trials: tuple[Trial, ...]
    space: int


def search(
    prospect: Prospect,
    bench: Bench,
    *,
    budget: float,
    tell: Callable[[], None] = lambda: None,
    bar: float = math.inf,
    only_first: bool = False,
) -> Found:
    """Try the promising deployments of a pattern; ``budget`` is about what may be spent on it (see `Run.effort`).

    ``bar`` is the cost of another pattern's deployment that meets the objective: what cannot be below it, where cost
    is preferred, is tried a few times only, so that its place in the ranking is known; not at all with ``only_first``.
    """
    return _Search(prospect, bench, budget, tell, bar, only_first).found()


def at_its_word(prospect: Prospect) -> Found:
    """What a search would begin with, untried: where one run takes minutes, the race is the trial of it."""
    space = sum(len(chain) for chain in prospect.chains)
    begins = _begins(prospect)
    if not begins:
        return Found(trials=(), space=space)
    chain, at = begins[0]
    one = chain.foreseen(at)
    missed = Judged(("it misses the objective by arithmetic",), one.shortfall, one.away)
    judged = Judged((), 0.0) if one.meets else missed
    trial = Trial(deployment=one.deployment, usd=one.usd, yardstick_s=one.yardstick_s, judged=judged)
    return Found(trials=(trial,), space=space)


def nearest(prospect: Prospect, bench: Bench) -> Found | None:
    """What comes closest where arithmetic proves that nothing can meet the objective; ``None`` where all is refused."""
    best = prospect.nearest()
    if best is None:
        return None
    own = _Search(prospect, bench, math.inf, lambda: None, math.inf, only_first=False)
    chain = next(chain for chain in prospect.all_chains if best.deployment in chain.members)
    return own.around(chain, chain.members.index(best.deployment))


def _begins(prospect: Prospect) -> list[tuple[Chain, int]]:
    """Where each chain is entered, the most promising first."""
    begins = [(chain, at) for chain in prospect.chains if (at := chain.start()) is not None]
    by_latency, fastest = prospect.workload.objective.prefer == "latency", math.inf
    if by_latency:
        ends = [chain.foreseen(n) for chain, at in begins for n in (at, len(chain) - 1)]
        fastest = min((one.yardstick_s for one in ends if one.meets), default=math.inf)
        begins = [(chain, _nearly(chain, at, ALIKE * fastest)) for chain, at in begins]
    else:
        begins = [(chain, _roomy(chain, at)) for chain, at in begins]

    def rank(begin: tuple[Chain, int]) -> tuple[bool, float, float, float, str]:
        one = begin[0].foreseen(begin[1])
        alike = step(one.yardstick_s, fastest, ALIKE) if by_latency else prospect.scored(one)
        return (not one.meets, 0.0 if one.meets else one.away, alike, one.usd if by_latency else 0.0, one.id)

    return sorted(begins, key=rank)


def _nearly(chain: Chain, at: int, fast_s: float) -> int:
    """The cheapest from there on that is so fast, as more of the same is no slower; where none is, it stays there.

    That is the smallest, but where what is kept warm costs less.
    """
    low, high = at - 1, len(chain) - 1
    if chain.foreseen(high).yardstick_s > fast_s:
        return at
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if chain.foreseen(middle).yardstick_s <= fast_s else (middle, high)
    while high + 1 < len(chain) and chain.foreseen(high + 1).usd < chain.foreseen(high).usd:
        high += 1
    return high


def _roomy(chain: Chain, at: int) -> int:
    """The smallest from there on that turns nobody away, as long as what has room for more costs no more."""
    while _roomier(chain, at):
        at += 1
    return at


def _roomier(chain: Chain, at: int) -> bool:
    """Whether the next larger one turns away fewer for the same price, and within the same quotas."""
    if at + 1 == len(chain):
        return False
    one, more = chain.foreseen(at), chain.foreseen(at + 1)
    if not one.meets or one.error_share < FEW or more.error_share >= one.error_share:
        return False
    w = chain.prospect.workload
    return as_good(w, more, one) and not warned(w, more.deployment) - warned(w, one.deployment)


def warned(w: Workload, deployment: Pattern) -> frozenset[str]:
    """The rules that warn of a deployment, such as of a quota that AWS has to raise first, or refuse it."""
    return frozenset(finding.rule for finding in deployment.check(w) if finding.verdict is not NOTES)


class _Search:
    def __init__(
        self, prospect: Prospect, bench: Bench, budget: float, tell: Callable[[], None], bar: float, only_first: bool
    ) -> None:
        self.prospect = prospect
        self.bar = bar if prospect.workload.objective.prefer == "cost" else math.inf
        self.only_first = only_first
        self.workload = prospect.workload
        self.bench = bench
        self.tell = tell
        self.most = _FEW if only_first else _MOST
        self.budget, self.before = budget, bench.effort
        self.trials: dict[str, Trial] = {}
        self.by_clock: set[bool] = set()
        self.best: Trial | None = None
        self.in_need = False

    def found(self) -> Found:
        chains = self.prospect.chains
        begins = _begins(self.prospect)
        if all(self._least_usd(chain) > self.bar for chain, _ in begins):
            if self.only_first:
                begins = []
            self.most = min(self.most, _BEATEN)
        for chain, at in begins:
            one = chain.foreseen(at)
            # A schedule does what no number of instances does: one with it and one without are tried if close.
            fresh = bool(one.deployment.cycle_s) not in self.by_clock and one.meets and self._close(one)
            if self._enough(one, needed=fresh):
                continue
            if self._promising(one) and not self._known(one):
                self.by_clock.add(bool(one.deployment.cycle_s))
                self._walk(chain, at, needed=fresh)
        tried = order(self.workload, self.trials.values())
        return Found(trials=tuple(tried), space=sum(len(chain) for chain in chains))

    def around(self, chain: Chain, at: int) -> Found:
        """The nearest of one chain, from where arithmetic has it."""
        if (first := self._try(chain, at)) is not None:
            self._to_the_end(chain, at, first)
        tried = order(self.workload, self.trials.values())
        return Found(trials=tuple(tried), space=sum(len(chain) for chain in self.prospect.chains))

    def _least_usd(self, chain: Chain) -> float:
        """What the smallest of a chain that may meet the objective costs at least."""
        one = chain.foreseen(chain.possible_from())
        return one.usd * (_FIXED if of_fixed_size(one.deployment) else MARGIN)

    def _promising(self, one: Foreseen) -> bool:
        """Whether a chain that begins here could hold something better than the best so far."""
        if self.best is None:
            return True
        if not self.best.meets:
            # What arithmetic has miss the objective as far as what was tried is not tried over and over.
            nearest = min(self.prospect.foreseen(trial.deployment).away for trial in self.trials.values())
            return len(self.trials) < _LEAST or one.meets or one.away * ALIKE < nearest
        return self._may_beat(one)

    def _may_beat(self, one: Foreseen) -> bool:
        """Whether it could be better than the best so far, if that meets the objective."""
        if self.best is None or not self.best.meets:
            return True
        least_usd = one.usd * (_FIXED if of_fixed_size(one.deployment) else MARGIN)
        if self.workload.objective.prefer == "latency":
            faster = one.floor_s * ALIKE < self.best.yardstick_s
            return faster or (one.yardstick_s <= ALIKE**2 * self._fastest_s() and least_usd < self.best.usd)
        return score(self.workload, least_usd, max(one.floor_s, 1e-9)) < self._score(self.best)

    def _known(self, one: Foreseen) -> bool:
        """Whether arithmetic cannot tell it from what missed the objective, or where exact on cost, from the best."""
        tried = [self.prospect.foreseen(trial.deployment) for trial in self.trials.values() if not trial.meets]
        if self.best is not None and of_fixed_size(one.deployment):
            tried.append(self.prospect.foreseen(self.best.deployment))
        return any(_alike(other.usd, one.usd) and _alike(other.yardstick_s, one.yardstick_s) for other in tried)

    def _score(self, trial: Trial) -> float:
        return scored(self.workload, trial)

    def _close(self, one: Foreseen) -> bool:
        """Whether by arithmetic it is nearly as good as the best so far turned out to be."""
        return self.best is not None and _CLOSE * self.prospect.scored(one) <= self._score(self.best)

    def _walk(self, chain: Chain, at: int, *, needed: bool) -> None:
        """Find the boundary from the estimate's place, then what lies beyond it if that may be better."""
        least = chain.possible_from()
        # What is begun in need is walked to its end.
        self.in_need = needed or self._needed(chain.foreseen(at))
        first = self._try(chain, at)
        if first is None:
            return
        boundary: int | None = at
        if not first.meets:
            boundary = self._up(chain, at) if chain.foreseen(at).meets else self._to_the_end(chain, at, first)
        elif self._saves(chain, at):
            boundary = self._down(chain, at, least)
        if boundary is not None:
            self._beyond(chain, boundary)

    def _saves(self, chain: Chain, at: int) -> bool:
        """Whether a smaller one may be better: it costs less, or is within a quota that this one is not."""
        w = self.workload
        if at == 0 or w.objective.prefer == "latency":
            return False
        one, less = chain.foreseen(at), chain.foreseen(at - 1)
        return not as_good(w, one, less) or bool(warned(w, one.deployment) - warned(w, less.deployment))

    def _down(self, chain: Chain, at: int, least: int) -> int:
        """Smaller ones in growing steps until one fails, then between the two."""
        good, step = at, 1
        while good > least:
            n = max(least, good - step)
            trial = self._try(chain, n)
            if trial is None:
                break
            if not trial.meets:
                return self._between(chain, n, good)
            good, step = n, step * 2
        return good

    def _up(self, chain: Chain, at: int) -> int | None:
        bad, step = at, 1
        while bad < len(chain) - 1:
            n = min(len(chain) - 1, bad + step)
            # Rather the largest that may be better than the best so far than one beyond it.
            while n > bad + 1 and not self._may_beat(chain.foreseen(n)):
                n -= 1
            trial = self._try(chain, n)
            if trial is None:
                return None
            if trial.meets:
                return self._between(chain, bad, n)
            bad, step = n, step * 2
        return None

    def _to_the_end(self, chain: Chain, at: int, first: Trial) -> int | None:
        """Where arithmetic expects none to meet the objective: the largest, and what comes as near to it as that."""
        last = self._try(chain, len(chain) - 1) if at < len(chain) - 1 else None
        if last is None:
            return None
        if last.meets:
            return self._between(chain, at, len(chain) - 1)
        bad, near = at, len(chain) - 1
        while near - bad > 1 and first.away > ALIKE * last.away:
            middle = (bad + near) // 2
            trial = self._try(chain, middle)
            if trial is None:
                break
            bad, near = (bad, middle) if trial.away <= ALIKE * last.away else (middle, near)
        return None

    def _between(self, chain: Chain, bad: int, good: int) -> int:
        while good - bad > 1:
            middle = (bad + good) // 2
            trial = self._try(chain, middle)
            if trial is None:
                break
            bad, good = (bad, middle) if trial.meets else (middle, good)
        return good

    def _beyond(self, chain: Chain, boundary: int) -> None:
        """Larger ones may be better: cheaper where what is kept warm costs less, or faster where that is preferred."""

        def estimated(n: int) -> float:
            return self.prospect.scored(chain.foreseen(n))

        if self.workload.objective.prefer == "latency":
            for n in self._faster(chain, boundary):
                self._try(chain, n)
            self._thrifty(chain)
            return
        for n in range(boundary, min(len(chain) - 1, boundary + _ROOMIER)):
            trial = self.trials.get(chain.members[n].id)
            if trial is None or trial.error_share < FEW or not _roomier(chain, n):
                break
            self._try(chain, n + 1)
        candidates = sorted(range(boundary + 1, len(chain)), key=estimated)[:2]
        for n in candidates:
            if self.best is not None and MARGIN * estimated(n) >= self._score(self.best):
                break
            if estimated(n) < estimated(boundary) or self.workload.objective.prefer != "cost":
                self._try(chain, n)

    def _faster(self, chain: Chain, boundary: int) -> Iterator[int]:
        """Larger ones, as long as the best so far is not as fast as any can be."""
        n, step = boundary + 1, 1
        while n < len(chain) and self.best is not None:
            if self.best.yardstick_s <= chain.foreseen(n).floor_s * ALIKE:
                return
            yield n
            n, step = n + step, step * 2

    def _thrifty(self, chain: Chain) -> None:
        """The smallest that is nearly as fast as the fastest: more of the same costs more."""
        fast_s = ALIKE * self._fastest_s()
        fast = [n for n, one in enumerate(chain.members) if self._met_within(one.id, fast_s)]
        if not fast:
            return
        good = bad = fast[0]
        while bad > 0 and chain.foreseen(bad - 1).yardstick_s <= ALIKE * fast_s:
            bad -= 1
        bad -= 1
        while good - bad > 1:
            middle = (bad + good) // 2
            if self._try(chain, middle) is None:
                break
            bad, good = (bad, middle) if self._met_within(chain.members[middle].id, fast_s) else (middle, good)

    def _met_within(self, name: str, fast_s: float) -> bool:
        """Whether one was tried, meets the objective and is so fast."""
        trial = self.trials.get(name)
        return trial is not None and trial.meets and trial.yardstick_s <= fast_s

    def _fastest_s(self) -> float:
        """The latency of the fastest of those that meet the objective."""
        return min((trial.yardstick_s for trial in self.trials.values() if trial.meets), default=math.inf)

    def _enough(self, one: Foreseen, *, needed: bool = False) -> bool:
        """Whether as many have been tried as there may be, or enough has been spent for this one to be left out."""
        if len(self.trials) < _LEAST:
            return False
        if one.meets and len(self.trials) < _IN_VAIN and (self.best is None or not self.best.meets):
            return False
        need = needed or self._needed(one)
        spent = self.bench.effort - self.before
        most, budget = (self.most * _MORE, self.budget * _IN_NEED) if need else (self.most, self.budget)
        return len(self.trials) >= most or spent > budget

    def _needed(self, one: Foreseen) -> bool:
        """Whether nothing meets the objective yet, or this is so much better by arithmetic than the best so far."""
        if self.best is None or not self.best.meets:
            return True
        return one.meets and self.prospect.scored(one) < _MUCH_BETTER * self._score(self.best)

    def _try(self, chain: Chain, n: int) -> Trial | None:
        """Try one, unless the rules refuse it or enough has been tried."""
        deployment = chain.members[n]
        if self.prospect.blocked(deployment):
            return None
        if deployment.id not in self.trials and self._enough(chain.foreseen(n), needed=self.in_need):
            return None
        trial = self.trials[deployment.id] = self.bench.trial(deployment)
        self.tell()
        if self.best is None or order(self.workload, [trial, self.best])[0] is trial:
            self.best = trial
        return trial


def _alike(one: float, other: float) -> bool:
    return one == other or (one > 0 and 1 / _SAME < other / one < _SAME)
