"""Many models on endpoints of their own: the trace is dealt to them by model, and their runs are put together.

    every request ── model number ──> its endpoint's own trace ── one run each ──> one run: sums, one histogram

Up to sixteen models each have a run of their own. Of more, those asked for most have; the others are taken together
with their neighbours in the order of popularity: an endpoint is run at the group's mean share of the requests, drawn by
lot, and counts as often as it stands for one. How many endpoints there are, and how many requests are expected in all,
stay exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from advisor.errors import BugError
from advisor.sim.arrivals import Lot
from advisor.sim.block import Block
from advisor.sim.kernels import Floats, Ints, dealing
from advisor.sim.recorded import read
from advisor.sim.replay import Recorded
from advisor.sim.run_record import Run
from advisor.sim.trace import BLOCK, Trace, laws_of
from advisor.sim.union import together
from advisor.streams import key
from advisor.units import show_count
from advisor.workload import Workload

__all__ = ["EXACT", "Endpoint", "Part", "each_alone", "groups_of", "model_shares", "told"]

# So many models have an endpoint simulated each; of more, half of these have, and the rest are as many groups.
EXACT = 16
# Neighbours whose shares differ by less than this are one group, however many.
_ALIKE = 1.05
# Requests that are kept while their endpoints are run one after another; a longer trace is drawn again.
_KEPT = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint that is run: its part of the requests, and for how many endpoints it counts."""

    number: int
    share: float
    stands_for: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Models next to one another in the order of popularity, and how many endpoints are run for them."""

    models: tuple[int, ...]
    share: float
    runs: int


def model_shares(w: Workload) -> Floats:
    """The share of requests that each model is expected to have, by its number less one."""
    laws = laws_of(w)
    if laws.popularity is None:
        return np.ones(1)
    drawn: Floats = np.asarray(laws.popularity.shares, dtype=np.float64)
    drawn = drawn / drawn.sum()
    traffic = w.traffic
    if traffic is not None and traffic.replay is not None and not w.has_batch:
        found = np.zeros(len(drawn))
        for chunk in read(traffic.replay.path):
            if "model" not in chunk.optional:
                return drawn
            asked = chunk.optional["model"].astype(np.int64) - 1
            counts = None if chunk.counts is None else chunk.counts
            found += np.bincount(asked, counts, minlength=len(drawn))[: len(drawn)]
        counted: Floats = found / found.sum()
        return counted
    if traffic is None or w.has_batch or not traffic.classes:
        return drawn
    rates = [one.rate_per_s for one in traffic.classes]
    shares = np.zeros(len(drawn))
    for fixed, rate in zip(laws.fixed_models, rates, strict=True):
        if fixed < 0:
            shares += drawn * (rate / math.fsum(rates))
        else:
            shares[fixed] += rate / math.fsum(rates)
    return shares


def groups_of(shares: Sequence[float] | Floats, *, exact: bool = False) -> tuple[_Group, ...]:
    """Which models are taken together, the most popular first; with ``exact`` each is alone however many there are."""
    by_share = sorted(range(len(shares)), key=lambda model: (-shares[model], model))
    count = len(by_share)
    if count <= EXACT or exact:
        return tuple(_Group(models=(model,), share=float(shares[model]), runs=1) for model in by_share)
    alone = EXACT // 2
    bounds = sorted({round(alone * (count / alone) ** (k / alone)) for k in range(alone + 1)})
    cuts = [*range(alone), *bounds]
    parts = [by_share[low:high] for low, high in pairwise(cuts)]
    groups: list[tuple[list[int], int]] = []
    for part in parts:
        if groups and shares[groups[-1][0][0]] <= _ALIKE * shares[part[-1]]:
            models, runs = groups[-1]
            groups[-1] = (models + part, runs + 1)
        else:
            groups.append((part, 1))
    return tuple(
        _Group(models=tuple(models), share=math.fsum(shares[model] for model in models), runs=runs)
        for models, runs in groups
    )


def _endpoints(groups: Sequence[_Group]) -> tuple[Endpoint, ...]:
    found: list[Endpoint] = []
    for group in groups:
        many = len(group.models)
        for run in range(group.runs):
            stands_for = many // group.runs + (run < many % group.runs)
            found.append(Endpoint(number=len(found), share=group.share / many, stands_for=stands_for))
    return tuple(found)


class _Dealer:
    """Tells which requests of a block go to which endpoints."""

    def __init__(self, trace: Trace, groups: Sequence[_Group], models: int) -> None:
        self._group = np.zeros(models, dtype=np.int64)
        for number, group in enumerate(groups):
            self._group[list(group.models)] = number
        self._many = np.array([len(group.models) for group in groups], dtype=np.int64)
        self._runs = np.array([group.runs for group in groups], dtype=np.int64)
        self._first = np.concatenate(([0], np.cumsum(self._runs)[:-1]))
        # By lot: which of its group a request's endpoint is. Its number alone decides, as with all its luck.
        self._key = np.uint64(key(trace.seed, "endpoint", 0))
        self._goes_to, self._order = np.empty(0, np.int64), np.empty(0, np.int64)

    def rows(self, block: Block, those: range) -> list[Ints]:
        """The rows of each of some endpoints next to one another."""
        asked = block.model[: block.n]
        if asked.size and int(asked.max()) >= self._group.size:
            raise BugError(f"a request asks for model {int(asked.max()) + 1} of {self._group.size}")
        if self._order.size < block.n:
            self._goes_to, self._order = np.empty(block.n, np.int64), np.empty(block.n, np.int64)
        cuts = np.empty(len(those) + 1, np.int64)
        dealing.deal(
            self._key, self._group, self._many, self._runs, self._first, asked, block.number, block.n, those.start,
            self._goes_to, self._order, cuts,
        )  # fmt: skip
        return [self._order[low:high] for low, high in pairwise(cuts.tolist())]


class _Deal:
    """A trace dealt to endpoints: blocks of each as the trace is gone through.

    It is gone through once for as many endpoints as can be held together, and their blocks are kept until they have
    been run; one with more requests than are kept has the trace gone through for it alone.
    """

    def __init__(self, whole: Trace, groups: Sequence[_Group], models: int) -> None:
        self.whole, self.endpoints = whole, _endpoints(groups)
        self._dealer = _Dealer(whole, groups, models)
        self._end_s = whole.warmup_s + 2 * whole.horizon_s
        self._passes = _passes(self.endpoints, _expected(whole))
        self._held: range | None = None
        self._kept: list[tuple[float, list[Block | None]]] = []
        self._drawn: Iterator[tuple[float, list[Block | None]]] = iter(())

    def _all(self, those: range) -> Iterator[tuple[float, list[Block | None]]]:
        """Each block dealt to some endpoints, and the instant that it reaches."""
        for block in self.whole.blocks():
            dealt = self._dealer.rows(block, those)
            yield float(block.arrival[block.n - 1]), [block.chosen(rows) if rows.size else None for rows in dealt]

    def blocks(self, number: int) -> Iterator[Block]:
        """The requests of one endpoint; over where nobody asks for it any more.

        It is over, too, with a whole block without any that lies a window after the window's end: what asks later finds
        all requests of the window answered.
        """
        for reached, block in self._of(number):
            if block is not None:
                yield block
            elif reached > self._end_s:
                return

    def _of(self, number: int) -> Iterator[tuple[float, Block | None]]:
        those = next(one for one in self._passes if number in one)
        if len(those) == 1:
            for block in self.whole.blocks():
                [rows] = self._dealer.rows(block, those)
                yield float(block.arrival[block.n - 1]), block.chosen(rows) if rows.size else None
            return
        if self._held != those:
            self._held, self._kept, self._drawn = those, [], self._all(those)
        at = 0
        while True:
            if at == len(self._kept):
                dealt = next(self._drawn, None)
                if dealt is None:
                    return
                self._kept.append(dealt)
            reached, blocks = self._kept[at]
            mine = blocks[number - those.start]
            # What is drawn of it goes when its reader goes on.
            yield reached, None if mine is None else mine.again()
            at += 1


def _passes(endpoints: Sequence[Endpoint], expected: float) -> list[range]:
    """Neighbours whose requests can be kept together."""
    found, begin, held = [], 0, 0.0
    for one in endpoints:
        mine = one.share * expected
        if one.number > begin and held + mine > _KEPT:
            found.append(range(begin, one.number))
            begin, held = one.number, 0.0
        held += mine
    return [*found, range(begin, len(endpoints))]


def _expected(trace: Trace) -> float:
    """Requests up to the end of the window, about."""
    if any(isinstance(source, Recorded) for source in trace.sources):
        return math.inf
    lots = sum(source.count for source in trace.sources if isinstance(source, Lot))
    return lots + (trace.rate_per_s * (trace.warmup_s + trace.horizon_s) if trace.rate_per_s else 0.0)


class Part(Trace):
    """The requests of one endpoint of several, with all their luck; its instances have launches of their own."""

    def __init__(self, deal: _Deal, endpoint: Endpoint) -> None:
        whole = deal.whole
        super().__init__(
            whole.sources, seed=key(whole.seed, "endpoint", endpoint.number), laws=whole.laws,
            warmup_s=whole.warmup_s, horizon_s=whole.horizon_s, attempts=whole.attempts, notes=whole.notes,
        )  # fmt: skip
        self.share, self.faults, self.split_s = endpoint.share, whole.faults, whole.split_s
        self._deal, self._number = deal, endpoint.number

    def blocks(self, rows: int = BLOCK) -> Iterator[Block]:  # noqa: ARG002 - blocks are cut as those of the whole are
        """Blocks of the whole, less what goes elsewhere."""
        return self._deal.blocks(self._number)


def each_alone(trace: Trace, shares: Floats, run: Callable[[Part], Run], *, exact: bool = False) -> Run:
    """Run every endpoint on its part of a trace, and put the runs together."""
    deal = _Deal(trace, groups_of(shares, exact=exact), len(shares))
    return together([(run(Part(deal, one)), one.stands_for) for one in deal.endpoints])


def told(shares: Sequence[float] | Floats) -> str:
    """In words, what stands for what; empty where every model's endpoint is run."""
    groups = groups_of(shares)
    runs = sum(group.runs for group in groups if len(group.models) > 1)
    if not runs:
        return ""
    alone = sum(len(group.models) == 1 for group in groups)
    alike = f"{show_count(runs)} endpoints stand for {show_count(len(shares) - alone)} models in groups of alike"
    mean = f"{alike} popularity, each at its group's mean traffic"
    first = f"the {show_count(alone)} busiest of {show_count(len(shares))} endpoints are simulated each, and "
    return f"{first if alone else ''}{mean}"
