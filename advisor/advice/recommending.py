"""Recommend: search every pattern's space, simulate the finalists anew, rank them, and say why.

    answer = ad.recommend(workload, seed=7)
    answer.best, answer.options, answer.refused

The same seed gives the same answer, with any number of threads or processes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING, dataclass, fields

from advisor.advice.alternatives import (
    at_stake,
    at_the_edge,
    cheaper_ones,
    in_vain,
    narrow_misses,
    safer_ones,
    spread_out,
)
from advisor.advice.checking import pattern_named
from advisor.advice.combination import lot_apart
from advisor.advice.explaining import reasons, why
from advisor.advice.mending import relaxations
from advisor.advice.options import notes_of, options_of, warnings_of
from advisor.advice.outlook import Outlook
from advisor.advice.racing import Race
from advisor.advice.ranking import FEW, as_good, order, scored
from advisor.advice.recommendation import Confidence, Option, Recommendation, Refusal, Searched
from advisor.advice.scouting import Scout
from advisor.advice.search import warned
from advisor.advice.simulating import price_overrides
from advisor.advice.spilling import Spills
from advisor.advice.too_many import refuse_too_large, refuse_too_many
from advisor.advice.trial import Bench, Ran, Trial
from advisor.catalog.prices import PriceBook, price_book
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.patterns.base import Pattern
from advisor.workload import Workload

__all__ = ["Brief", "briefly", "fully", "recommend"]

# What a trial takes, in requests, from which on it is as good as a short race.
_LONG_ENOUGH = 1_000_000
# What a trial finds so many times as bad as the first is far behind it.
_FAR = 3
# What a trial finds so many times as bad as the first of a brief race is not the first.
_CLOSE = 1.1
# A finalist that turns out to miss the objective is followed by the next best, so often at most.
_FOLLOW = 4

Progress = Callable[[str, int], None]


def recommend(
    w: Workload,
    *,
    seed: int = 0,
    patterns: Iterable[str] | None = None,
    explain: bool = True,
    brief: bool = False,
    threads: int = 2,
    progress: Progress | None = None,
    hybrids: bool = True,
    ready: Callable[[Recommendation], None] | None = None,
) -> Recommendation:
    """The ranked, priced answer to a workload.

    ``patterns`` leaves only these in the running. ``explain=False`` leaves out what would change the answer
    (break-even points and sensitivity), which takes searches of its own; ``brief`` also makes do with as few and as
    short replications as there can be, where only the first is of interest. ``progress`` is told what is being done
    and how many deployments have been simulated; ``ready`` is given the answer before what would change it is worked
    out, where that is asked for. ``hybrids=False`` leaves out two endpoints that share a stream.
    ``threads`` work side by side; where this process can safely be forked, on Linux without other threads at work,
    processes do, since much of it is Python's own.
    """
    if not isinstance(w, Workload):
        raise InputError(f"{w!r} is not a workload", "", "read it first: ad.recommend(ad.read(path))")
    refuse_too_many(w)
    refuse_too_large(w)
    asked = PATTERNS if patterns is None else tuple(pattern_named(name) for name in dict.fromkeys(patterns))
    if lot_apart(w):
        from advisor.advice.combine import recommend_both

        return recommend_both(w, asked, seed=seed, explain=explain, threads=threads, progress=progress, ready=ready)
    answer = _Answer(w, asked, seed, threads, progress, brief=brief, hybrids=hybrids)
    return answer.made(explain=explain and not brief, ready=ready)


@dataclass(frozen=True, slots=True)
class Brief:
    """The best pattern of a brief search, "" where none meets the objective; USD a month; what it took.

    ``effort`` is in requests, about (see `Run.effort`).
    """

    pattern: str
    usd: float
    effort: int


def briefly(
    w: Workload,
    *,
    seed: int,
    patterns: Iterable[str],
    threads: int = 2,
    outlook: Outlook | None = None,
    ran: Ran | None = None,
) -> Brief:
    """The answer of a brief search; with an ``outlook`` only the chains are searched that it follows.

    ``ran`` is what was run of the same stream of requests before, and is added to.
    """
    asked = tuple(pattern_named(name) for name in patterns)
    if lot_apart(w):
        answer = recommend(w, seed=seed, patterns=patterns, explain=False, brief=True, threads=threads)
        usd = float(answer.best.usd_per_month) if answer.best else math.nan
        return Brief(answer.best.pattern if answer.best else "", usd, answer.searched.requests)
    hybrids = outlook is None or outlook.hybrids
    return _Answer(w, asked, seed, threads, None, brief=True, hybrids=hybrids, outlook=outlook, ran=ran).briefly()


def fully(w: Workload, *, seed: int, patterns: Iterable[str], threads: int, hybrids: bool, ran: Ran | None) -> Brief:
    """The first of the whole answer, as `recommend` gives it; ``ran`` as above."""
    asked = tuple(pattern_named(name) for name in patterns)
    answer = _Answer(w, asked, seed, threads, None, hybrids=hybrids, ran=ran).made(explain=False)
    usd = float(answer.best.usd_per_month) if answer.best else math.nan
    return Brief(answer.best.pattern if answer.best else "", usd, answer.searched.requests)


class _Answer:
    """One recommendation in the making."""

    def __init__(
        self,
        w: Workload,
        asked: tuple[type[Pattern], ...],
        seed: int,
        threads: int,
        progress: Progress | None,
        *,
        brief: bool = False,
        hybrids: bool = True,
        outlook: Outlook | None = None,
        ran: Ran | None = None,
    ) -> None:
        self.workload = w
        self.brief, self.hybrids = brief, hybrids
        self.asked = asked
        self.seed = seed
        self.threads = threads
        self.progress = progress
        self.done = 0
        self.book: PriceBook = price_book().with_assumed(price_overrides(w))
        self.bench = Bench(w, seed, self.book, threads, ran=ran or Ran())
        self.scout = Scout(self.bench, asked, brief=brief, outlook=outlook, tell=self._scouted)

    def made(self, *, explain: bool, ready: Callable[[Recommendation], None] | None = None) -> Recommendation:
        """The whole answer."""
        w = self.workload
        self.scout.search()
        race = self._raced()
        options = options_of(w, race)
        answer = self._answer(race, options)
        if not explain:
            return answer
        from advisor.advice.changing import with_changes

        if ready is not None:
            ready(answer)
        self._tell("what would change the answer")
        effort = self.bench.effort + race.effort
        outlook = Outlook(answer, self.scout.prospects, hybrids=self.hybrids, effort=effort)
        return with_changes(answer, outlook, asked=self.asked, threads=self.threads, ran=self.bench.ran)

    def briefly(self) -> Brief:
        """The first of a short race; of the trials, where these are long enough to show it."""
        self.scout.search()
        firsts = order(self.workload, [trial for found in self.scout.found.values() for trial in found.trials])
        if firsts and firsts[0].effort > _LONG_ENOUGH and not self.bench.leaves_out:
            best = next(iter(self._spills().better_than(firsts[0])), firsts[0]) if self.hybrids else firsts[0]
            return Brief(best.deployment.name if best.meets else "", best.usd, self.bench.effort)
        race = self._raced()
        ranked, effort = race.ranked(), self.bench.effort + race.effort
        if not ranked or not ranked[0].meets:
            return Brief("", math.nan, effort)
        return Brief(ranked[0].deployment.name, ranked[0].usd, effort)

    def _raced(self) -> Race:
        """Finalists on fresh seeds: the best of each pattern, what else is cheaper or faster, and their followers."""
        w = self.workload
        race = Race(
            w,
            seed=self.seed,
            book=self.book,
            requests_each=self.bench.requests_whole,
            threads=self.threads,
            brief=self.bench.budget if self.brief else None,
            runs=self.bench.ran.races if self.brief else self.bench.ran.answers,
            tell=lambda name: self._count(f"{name}: simulating"),
        )
        firsts = order(w, [_simplest(w, found.trials) for found in self.scout.found.values() if found.trials])
        every = [trial for found in self.scout.found.values() for trial in found.trials]
        others = [] if self.brief or race.long else spread_out(w, every, firsts)
        surely = [*firsts, *others]
        if firsts and firsts[0].meets:
            mark = scored(w, firsts[0])
            race.far |= {one.id for one in firsts if race.long and scored(w, one) > _FAR * mark}
            surely += narrow_misses(w, every, mark)
        with race.ahead(surely):
            self._run(race, firsts, others, every)
        return race

    def _run(self, race: Race, firsts: list[Trial], others: list[Trial], every: list[Trial]) -> None:
        # Two endpoints that share the stream; a first look at them, while helpers are at work on the others.
        spills = self._spills()
        if self.hybrids and firsts and not (self.brief or self.bench.vast):
            for trial in spills.better_than(firsts[0])[:1]:
                race.begin(trial.deployment, leads=True)
        # Finalists run side by side where one replication takes minutes, which has a core to itself.
        if self.bench.vast and self.threads > 1 and firsts:
            with ThreadPoolExecutor(len(firsts)) as pool:
                tuple(pool.map(lambda n: self._enter(race, firsts[n], leads=n == 0), range(len(firsts))))
        else:
            for n, trial in enumerate(firsts):
                if self.brief and self._is_behind(trial, race):
                    break
                self._enter(race, trial, leads=n == 0)
        self._safer(race)
        for trial in others:
            race.enter(trial.deployment, leads=False)
        # Where replications are long, what costs less than the first is only shown where cost did not decide.
        pays = not race.long or (self.workload.objective.prefer == "latency" and not race.vast)
        for trial in () if self.brief or not pays else cheaper_ones(self.scout.prospects, self.bench, firsts):
            race.enter(trial.deployment, leads=False)
        for trial in () if self.brief else at_the_edge(every, race):
            race.challenge(trial.deployment)
        for trial in () if self.brief else at_stake(every, race):
            race.enter(trial.deployment, leads=False)
        for trial in spills.better_than(race.ranked()[0]) if self.hybrids and race.finalists else ():
            if race.enter(trial.deployment, leads=True).meets:
                break
            race.finalists.pop(trial.id)
        if race.finalists:
            self._near(race)
            race.separate()

    def _spills(self) -> Spills:
        return Spills(self.workload, self.scout.prospects, self.scout.found, self.bench)

    def _near(self, race: Race) -> None:
        """What seemed far behind is run as often as the others, where the first turned out to be nearer to it."""
        mark = _FAR * scored(self.workload, race.ranked()[0])
        for name in sorted(race.far & set(race.finalists)):
            if scored(self.workload, one := race.finalists[name]) <= mark:
                race.nearer(one.deployment)

    def _is_behind(self, trial: Trial, race: Race) -> bool:
        """Whether a trial is surely behind the first of a race: it misses the objective, or is not even close."""
        if not race.finalists or not (first := race.ranked()[0]).meets:
            return False
        best = scored(self.workload, first)
        return not trial.meets or scored(self.workload, trial) > _CLOSE * best

    def _enter(self, race: Race, trial: Trial, *, leads: bool) -> None:
        """A pattern's best; where it was flattered by the search's requests, those that came next.

        But for those that did the very same, such as a larger type of the same accelerator: they would miss it alike.
        """
        found = self.scout.found[trial.deployment.name]
        met = [one for one in found.trials if one.meets and one is not trial]
        unlike: dict[float, Trial] = {}
        for one in (trial, *met):
            unlike.setdefault(one.yardstick_s, one)
        for one in list(unlike.values())[:_FOLLOW]:
            if race.enter(one.deployment, leads=leads).meets or not trial.meets:
                return

    def _safer(self, race: Race) -> None:
        """What has more to spare, of a pattern that promised more in its trials than its finalists keep.

        Bad luck with one deployment says nothing of the next: without this the first might be many times as dear.
        """
        w = self.workload
        for name in () if self.bench.vast else in_vain(self.scout.found, race):
            first = race.ranked()[0]
            below = scored(w, first) if first.meets else math.inf
            missed = [one.deployment for one in race.finalists.values()]
            own = [one for one in self.scout.prospects if one.pattern.name == name or not first.meets]
            for trial in safer_ones(own, self.bench, missed, below=below):
                if race.enter(trial.deployment, leads=True).meets:
                    break

    def _answer(self, race: Race, options: tuple[Option, ...]) -> Recommendation:
        from advisor import __version__

        w = self.workload
        ranked = race.ranked()
        refused = tuple(
            Refusal(
                pattern=one.pattern.name,
                deployment=one.first,
                findings=reasons(one, self.scout.found.get(one.pattern.name)),
            )
            for one in self.scout.prospects
            if not any(option.pattern == one.pattern.name for option in options)
        )
        if ranked:
            confidence = race.confidence()
            first = ranked[0].outcome
            prices, horizon = first.prices_as_of, first.horizon_h
        else:
            confidence = Confidence(first_is_first=float("nan"))
            prices, horizon = self.book.published(w.region).isoformat(), 0.0
        to_relax = relaxations(w, options, self.asked, self.book)
        return Recommendation(
            workload=w,
            options=options,
            refused=refused,
            confidence=confidence,
            why=why(w, options, refused, confidence, to_relax),
            relaxations=to_relax,
            sensitivity=(),
            break_even=(),
            warnings=warnings_of(w, options),
            assumptions=ranked[0].outcome.assumptions if ranked else (),
            searched=Searched(
                space=sum(found.space for found in self.scout.found.values()),
                simulated=len({*(one.id for one in self.bench.tried), *race.finalists}),
                requests=self.bench.requests or sum(one.outcome.requests for one in race.finalists.values()),
            ),
            seed=self.seed,
            version=__version__,
            prices_as_of=prices,
            horizon_h=horizon,
            notes=notes_of(options),
        )

    def _tell(self, what: str) -> None:
        if self.progress is not None:
            self.progress(what, self.done)

    def _scouted(self, what: str) -> None:
        self.done = len(self.bench.tried)
        self._tell(what)

    def _count(self, what: str) -> None:
        self.done += 1
        self._tell(what)


def _simplest(w: Workload, trials: tuple[Trial, ...]) -> Trial:
    """The first, or what is as good, turns away no more, and has fewer warnings or fewer settings of its own."""
    first = trials[0]
    if not first.meets:
        return first
    alike = [one for one in trials if one.meets and as_good(w, one, first)]
    alike = [one for one in alike if one.error_share < first.error_share + FEW]

    def trouble(one: Trial) -> tuple[int, int, int]:
        return len(warned(w, one.deployment)), _settings(one.deployment), trials.index(one)

    return min(alike, key=trouble)


def _settings(deployment: Pattern) -> int:
    """How many settings of a deployment are not their defaults: the fewer, the less there is to look after."""
    made = {field.name: field for field in fields(deployment)}  # type: ignore[arg-type]  # a dataclass
    held = deployment.to_dict()
    return sum(held[name] != field.default for name, field in made.items() if field.default is not MISSING)
