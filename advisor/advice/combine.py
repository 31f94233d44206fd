"""Two patterns as one deployment: an endpoint for the stream of requests, and a job for the lot, priced as one.

A workload with traffic and a batch volume asks for both. The stream is answered by itself, the lot by itself, and
each of the stream's options is put together with the lot's best one. Latency and errors are the stream's, the deadline
is the lot's, and the bill is of both. Beside these pairs stands an endpoint that works off the lot itself, where it
costs less (`advisor.advice.sharing`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

from advisor.advice.combination import Combination, lot_apart, shares
from advisor.advice.explaining import nothing_serves_both, why
from advisor.advice.options import warnings_of
from advisor.advice.outcome import Held, Money, Outcome, per_million
from advisor.advice.ranking_pairs import of_the_stream, ranked
from advisor.advice.recommendation import (
    BreakEven,
    Contender,
    Option,
    Recommendation,
    Refusal,
    Searched,
    Sensitivity,
)
from advisor.advice.relaxing import of_options
from advisor.advice.relaxing_both import of_both
from advisor.advice.sensitivity import WORTH
from advisor.advice.shared import Shared
from advisor.advice.sharing import shared_options
from advisor.advice.simulating import simulate
from advisor.advice.spill import EVIDENCE
from advisor.advice.surely_first import confidence_of
from advisor.errors import InputError
from advisor.money import together
from advisor.patterns.base import Pattern
from advisor.rules import NOTES, Finding
from advisor.sim.apart import can_fork, helpers
from advisor.sim.faults import NO_FAULTS, Faults
from advisor.workload import Workload

__all__ = ["put_together", "recommend_both", "simulate_both"]

_JOB = "batch-transform"


def recommend_both(
    w: Workload,
    asked: tuple[type[Pattern], ...],
    *,
    seed: int,
    explain: bool,
    threads: int,
    progress: Callable[[str, int], None] | None,
    ready: Callable[[Recommendation], None] | None = None,
) -> Recommendation:
    """The answer to a stream and a lot together; ``ready`` is given it before what would change it is worked out."""
    from advisor.advice.recommending import recommend

    of_stream, of_lot = shares(w)
    # What is preferred is said of the requests: of jobs that keep the deadline a faster one would only cost more.
    of_lot = of_lot.with_({"objective.prefer": "cost"})
    names = [pattern.name for pattern in asked]
    streaming = [name for name in names if name != _JOB]

    def answer(part: Workload, patterns: list[str], **told: Any) -> Recommendation:
        # Three endpoints for one workload are more than anybody looks after: the stream has one of its own.
        return recommend(part, seed=seed, patterns=patterns, threads=threads, hybrids=False, **told)

    def of_the_lot(tell: Callable[[str, int], None] | None) -> Recommendation:
        return answer(of_lot, [name for name in names if name == _JOB], explain=False, progress=tell)

    # What the stream's endpoint costs with the lot sent to it is worked out once, and told early and in the end.
    shared: list[tuple[Option, ...]] = []

    def joined(stream: Recommendation, lot: Recommendation) -> Recommendation:
        pairs = _pairs(w, stream, lot)
        if not shared:
            bar = min((float(one.usd_per_month) for one in pairs if one.meets_objective), default=math.inf)
            shared.append(tuple(shared_options(w, stream.options, bar=bar, seed=seed, threads=threads)))
        return _joined(w, stream, lot, (*pairs, *shared[0]), explain=explain)

    def together_with(lot: Callable[[], Recommendation]) -> Recommendation:
        def early(stream: Recommendation) -> None:
            if ready is not None:
                ready(joined(stream, lot()))

        # What would change the order of endpoints by themselves says nothing of pairs that are ranked anew.
        changes = explain and of_the_stream(w)
        return joined(answer(of_stream, streaming, explain=changes, ready=early, progress=progress), lot())

    if threads < 2 or not can_fork():
        alone = of_the_lot(progress)
        return together_with(lambda: alone)
    # The lot's answer has nothing to do with the stream's, and is worked out beside it.
    with helpers(of_the_lot, 1, apart=True) as submit:
        return together_with(cache(submit(None)))


def _pairs(w: Workload, stream: Recommendation, lot: Recommendation) -> tuple[Option, ...]:
    """Each of the stream's options with the lot's best job."""
    return tuple(_pair(w, one, lot.options[0]) for one in stream.options) if lot.options else ()


def _joined(
    w: Workload, stream: Recommendation, lot: Recommendation, made: tuple[Option, ...], *, explain: bool
) -> Recommendation:
    job = lot.options[0] if lot.options else None
    options = ranked(w, made)
    alone = [_alone(w, one.pattern, one.deployment) for one in _first_of_each(stream.options)]
    alone += [] if job is None else [_alone(w, job.pattern, job.deployment)]
    paired = bool(options) and isinstance(options[0].deployment, Combination)
    # Where the lot has no job in time, nothing that is done about the stream makes an answer; where a product of both
    # bills is preferred, its points are not the pairs'.
    lasts = paired and job is not None and job.meets_objective and of_the_stream(w)
    confidence = confidence_of(w, options, stream.confidence, None if job is None else lot.confidence)
    notes = (*stream.notes, *lot.notes, *_told_of_shared(w, options, paired=paired, explain=explain))
    feasible = bool(options) and options[0].meets_objective
    missed = of_options(w, options) if options else of_both(w, stream, lot)
    relaxations = () if feasible else missed
    refusing = (*stream.refused, *lot.refused)
    if options:
        says = why(w, options, refusing, confidence, relaxations)
    else:
        says = nothing_serves_both(w, stream, lot, relaxations)
    return Recommendation(
        workload=w,
        options=options,
        refused=(*refusing, *alone),
        confidence=confidence,
        why=says,
        relaxations=relaxations,
        sensitivity=() if job is None or not lasts else _lines_of_both(stream, lot, job),
        break_even=() if not lasts else tuple(map(_point_of_both, stream.break_even)),
        contenders=() if not lasts else tuple(map(_contender_of_both, stream.contenders)),
        explained=lasts and stream.explained,
        warnings=warnings_of(w, options),
        assumptions=options[0].outcome.assumptions if options else _held(stream.assumptions, lot.assumptions),
        searched=Searched(
            space=stream.searched.space + lot.searched.space,
            simulated=stream.searched.simulated + lot.searched.simulated,
            requests=stream.searched.requests + lot.searched.requests,
        ),
        seed=stream.seed,
        version=stream.version,
        prices_as_of=stream.prices_as_of,
        horizon_h=stream.horizon_h,
        notes=tuple(dict.fromkeys(notes)),
    )


def _told_of_shared(w: Workload, options: tuple[Option, ...], *, paired: bool, explain: bool) -> Iterator[str]:
    """What an endpoint that takes the lot too assumes, and that what changes an answer does not look at it."""
    for one in options:
        if isinstance(one.deployment, Shared):
            yield from one.outcome.notes
    if explain and options and not of_the_stream(w):
        yield (
            "what would change the answer is left out: cost times latency goes by the bill of both, and what is worked "
            "out of the stream goes by its own"
        )
    elif explain and options:
        left = "one endpoint for both is not looked at there"
        if not paired:
            left = "it is left out here, where one endpoint for both comes first"
        yield f"what would change the answer is worked out for an endpoint with a job for the lot beside it; {left}"


def _pair(w: Workload, stream: Option, lot: Option) -> Option:
    assert isinstance(stream.deployment, Pattern)
    assert isinstance(lot.deployment, Pattern)
    combined = Combination(parts=(stream.deployment, lot.deployment))
    return Option(rank=0, deployment=combined, outcome=put_together(w, combined, (stream.outcome, lot.outcome)))


def simulate_both(
    w: Workload,
    combined: Combination,
    *,
    replications: int | Mapping[str, int] | None,
    progress: Callable[[int], None] | None,
    faults: Faults = NO_FAULTS,
    **asked: Any,
) -> Outcome:
    """Each part simulated on its share of the workload, as `simulate` does; ``faults`` befall the stream's endpoint."""
    if not lot_apart(w):
        missing = "batch" if w.streams else "traffic"
        what = f"{w.name} has no {'lot beside its stream' if w.streams else 'stream beside its lot'}"
        raise InputError(what, w.where(missing), f"add {missing}, or simulate one of the parts")
    many = replications if isinstance(replications, Mapping) else dict.fromkeys(combined.named, replications)
    if strange := set(many) - set(combined.named):
        raise InputError(
            f"replications of {' and '.join(sorted(strange))}", "", f"its parts are {' and '.join(combined.named)}"
        )
    done = 0

    def counted(n: int) -> None:
        if progress is not None:
            progress(done + n)

    outcomes = []
    for own, (name, part) in zip(shares(w), combined.named.items(), strict=True):
        befall = faults if name == "stream" else NO_FAULTS
        outcomes.append(simulate(own, part, replications=many.get(name), progress=counted, faults=befall, **asked))
        done += outcomes[-1].replications
    stream, lot = outcomes
    return put_together(w, combined, (stream, lot))


def put_together(w: Workload, combined: Combination, parts: tuple[Outcome, Outcome]) -> Outcome:
    """Two outcomes as one: the first part's latency and errors, both parts' misses, one bill."""
    stream, lot = parts
    bill = together([stream.bill, lot.bill])
    return replace(
        stream,
        workload=w.name,
        id=combined.id,
        pattern=combined.name,
        deployment=combined.to_dict(),
        meets_objective=stream.meets_objective and lot.meets_objective,
        longest_job_s=lot.longest_job_s,
        misses=(*stream.misses, *(f"the lot: {miss}" for miss in lot.misses)),
        usd_per_month=_sum(stream.usd_per_month, lot.usd_per_month, bill.usd),
        usd_per_million_requests=per_million(bill.usd, w.rate_per_s),
        bill=bill,
        estimate={},
        evidence=max(stream.evidence, lot.evidence, key=EVIDENCE.index),
        evidence_says="; ".join(dict.fromkeys((stream.evidence_says, lot.evidence_says))),
        replications=min(stream.replications, lot.replications),
        precise=stream.precise and lot.precise,
        assumptions=_held(stream.assumptions, lot.assumptions),
        notes=tuple(dict.fromkeys((*stream.notes, *lot.notes))),
        parts=parts,
    )


def _sum(one: Money, other: Money, value: Decimal) -> Money:
    """Both intervals end to end: wider than it need be, since the parts' chances are their own."""
    if one.low is None or other.low is None or one.high is None or other.high is None:
        return Money(value=value, low=None, high=None)
    return Money(value=value, low=one.low + other.low, high=one.high + other.high)


def _first_of_each(options: tuple[Option, ...]) -> tuple[Option, ...]:
    return tuple({one.pattern: one for one in reversed(options)}.values())


def _alone(w: Workload, pattern: str, deployment: Any) -> Refusal:
    left = "the stream of requests" if pattern == _JOB else "the lot"
    return Refusal(
        pattern=pattern,
        deployment=deployment,
        findings=(
            Finding(
                rule="two kinds of demand",
                verdict=NOTES,
                says=f"alone it leaves {left} undone; as a part of a combination it stands in the ranking",
                path="traffic" if pattern == _JOB else "batch",
                where=w.where("traffic" if pattern == _JOB else "batch"),
                mend="take the combination, or write two profiles",
                source="the profile: traffic and batch are both given",
            ),
        ),
    )


def _names_of_both(pattern: str) -> str:
    """What a pattern of the stream is called with the lot's job; nothing remains nothing."""
    return f"{pattern} + {_JOB}" if pattern else ""


def _point_of_both(one: BreakEven) -> BreakEven:
    both = replace(one, best=_names_of_both(one.best), becomes=_names_of_both(one.becomes))
    # One endpoint for the stream and the lot was not looked at there, and may cost less.
    return replace(both, says=both.told.replace(" is best", " is the best pair", 1))


def _contender_of_both(one: Contender) -> Contender:
    return replace(one, pattern=_names_of_both(one.pattern))


def _lines_of_both(stream: Recommendation, lot: Recommendation, job: Option) -> tuple[Sensitivity, ...]:
    """The stream's lines with the lot's bill added, and without those that hardly move both bills together.

    What the lot's answer rests on, too, is told as estimated: the lot's part of it was not moved.
    """
    usd = float(job.usd_per_month)
    shared = {held.key for held in lot.assumptions}
    made = []
    for line in stream.sensitivity:
        both = replace(
            line,
            best=_names_of_both(line.best),
            best_low=_names_of_both(line.best_low),
            best_high=_names_of_both(line.best_high),
            usd_low=line.usd_low + usd,
            usd_high=line.usd_high + usd,
            how="estimated" if line.key in shared else line.how,
        )
        now = float(stream.best.usd_per_month) + usd if stream.best else 0.0
        moved = max(abs(end - now) for end in (both.usd_low, both.usd_high))
        if both.flips or both.best_low != both.best_high or moved >= WORTH * now:
            made.append(both)
    return tuple(made)


def _held(*several: tuple[Held, ...]) -> tuple[Held, ...]:
    by_key: Mapping[str, Held] = {one.key: one for held in reversed(several) for one in held}
    return tuple(by_key.values())
