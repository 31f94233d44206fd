"""Simulate one deployment of a workload: replications until cost and objective are precise, priced for a month.

    from advisor.advice.simulating import simulate

    outcome = simulate(workload, Serverless.start(workload), seed=7)

The same seed gives the same answer with any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from advisor.advice.bounds import amount, share_of
from advisor.advice.by_hour import hours_together, with_hours
from advisor.advice.combination import Combination, shares
from advisor.advice.deadlines import longest_job_s, said_of_jobs
from advisor.advice.judging import judge
from advisor.advice.once import Ahead, Once, horizon_for, once
from advisor.advice.outcome import Held, Money, Outcome, per_million
from advisor.advice.ranking import SHARES
from advisor.advice.shared import Shared
from advisor.advice.spiking import Spiked, Spikes, has_spikes, in_a_month, least_pairs, pair_of, spiked, told_spikes
from advisor.advice.spill_parts import with_parts
from advisor.advice.too_many import refuse_too_many
from advisor.catalog.assumptions import assumptions
from advisor.catalog.prices import PRICE_ASSUMPTIONS, PriceBook, price_book
from advisor.errors import InputError
from advisor.money import Bill, PurchaseOptions, Usage, bill
from advisor.patterns.base import Pattern
from advisor.sim.endpoints import model_shares
from advisor.sim.endpoints import told as told_of
from advisor.sim.estimates import Estimate, mean_of, together, with_control
from advisor.sim.faults import NO_FAULTS, Faults
from advisor.sim.horizon import Horizon, horizon_of
from advisor.sim.laws import insist
from advisor.sim.run import Precision, Replications, Run, replicate
from advisor.sim.trace import Trace
from advisor.streams import replication
from advisor.units import show_count
from advisor.workload import Workload

__all__ = ["every_request", "expected_arrivals", "least_of", "price_overrides", "simulate"]

# Every request as a row is for runs that a person, or a table, can hold.
_ROWS = 2_000_000
_HOUR_S = 3600
# So many bursts are in the replications of an answer together, or else so many replications; where one has more
# requests than that, fewer.
_BURSTS, _MOST_FOR_BURSTS = 36, 6
_LONG, _MOST_OF_LONG = 4_000_000, 4


def simulate(
    w: Workload,
    deployment: Pattern | Combination,
    *,
    seed: int = 0,
    replications: int | Mapping[str, int] | None = None,
    precision: Precision | None = None,
    budget: int | None = None,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
    book: PriceBook | None = None,
    keep: Callable[[Replications, Sequence[float]], None] | None = None,
    timeline: bool = True,
    faults: Faults = NO_FAULTS,
    runs: dict[int, Run] | None = None,
    ahead: Ahead | None = None,
    bursts: bool = True,
    a_day: bool = False,
) -> Outcome:
    """One deployment in detail.

    ``replications`` fixes their number, which else follows from ``precision`` (by default the assumptions', within
    the budget of requests of a printed answer); ``budget`` is the most requests of one
    replication (it shortens the horizon to whole periods, never below one); ``progress`` is told how many are done.
    ``keep`` is given the replications and what each costs in a month, for paired comparisons; without ``timeline`` the
    state of the first one is not sampled, which makes short runs much quicker.
    ``faults`` befall each replication at instants of its own; one-off spikes are run without them. ``runs`` are
    replications that were simulated before, by number, under the very same terms; new ones are added. ``ahead``
    runs replications in processes of their own, under these terms too: quicker where a fleet's control takes the time.
    ``bursts=False`` asks for no more replications than ``precision`` does, however few bursts they hold; ``a_day`` is
    for what is far behind: a typical day stands for a week.
    What the rules refuse is simulated all the same: ask ``deployment.check(w)``.
    The parts of a stream and a lot run apart, and ``replications`` may be given for each: ``{"stream": 6, "lot": 2}``;
    ``keep``, ``runs`` and ``ahead`` are of a single deployment.
    """
    if isinstance(deployment, Combination):
        from advisor.advice.combine import simulate_both  # which simulates each part from here

        return simulate_both(
            w, deployment, seed=seed, replications=replications, precision=precision, budget=budget, threads=threads,
            progress=progress, book=book, timeline=timeline, faults=faults, bursts=bursts, a_day=a_day,
        )  # fmt: skip
    if isinstance(replications, Mapping):
        raise InputError(f"replications={dict(replications)} for {deployment.id}", "", "give one number for it")
    _streams(w, deployment)
    refuse_too_many(w)
    wanted = precision or Precision(
        cost_share=float(w.assume("precision_cost")), objective_share=float(w.assume("precision_objective"))
    )
    if replications is not None:
        if replications < 1:
            raise InputError(f"{replications} replications", "", "ask for one or more")
        wanted = replace(wanted, least=replications, most=replications)
    horizon = horizon_for(w, deployment, budget, a_day=a_day)
    if replications is None and budget is None:
        least = least_of(w, wanted, horizon, bursts=bursts)
        if least > wanted.least:
            wanted = replace(wanted, least=least, most=max(wanted.most, least))
    if replications is None and precision is None:
        wanted = replace(wanted, most=_affordable(w, horizon, wanted))
    held = (book or price_book()).with_assumed(price_overrides(w))
    purchase = PurchaseOptions.of(w.purchase)

    def which(number: int) -> Once:
        return Once(deployment, number, sampled=timeline and number == 0, a_day=a_day)

    def priced(used: Usage) -> Bill:
        return bill(used, held, w.region, purchase)

    prices: dict[int, float] = {}

    def cost(one: Run) -> float:
        if id(one) not in prices:
            prices[id(one)] = float(priced(with_hours(w, deployment.usage(w, one), one)).usd)
        return prices[id(one)]

    asked = w.objective.latency
    # A deployment may round the window, as jobs do to whole times between them.
    own = deployment.trace(w, seed=seed, horizon=horizon)
    expected = expected_arrivals(w, own.horizon_s)
    faults.fits(own.horizon_s)
    found = replicate(
        lambda number: once(w, which(number), seed=seed, horizon=horizon, faults=faults),
        cost=cost,
        expected_arrivals=expected,
        percentile=SHARES.get(asked[0] if asked else "p99"),
        precision=wanted,
        threads=threads,
        submit=None if ahead is None else lambda number: ahead.later(which(number)),
        made=runs,
        controlled=deployment.controlled_from,
        progress=progress,
        settled=lambda so_far: _told_apart(so_far.error_share(), w.objective.errors),
    )
    if runs is not None:
        runs.update(enumerate(found.runs))
    usages = [with_hours(w, deployment.usage(w, one), one) for one in found.runs]
    costs = [cost(one) for one in found.runs]
    usual = found.cost(cost, expected)
    total, spikes = _together(usages, found, expected), None
    if has_spikes(w, deployment):

        def added(pairs: Sequence[Spiked]) -> list[float]:
            both = zip(pairs, usages, costs, strict=False)
            return [float(priced(in_a_month((pair,), one)).usd) - plain for pair, one, plain in both]

        with ThreadPoolExecutor(max(1, threads)) as pool:
            pairs = spiked(
                lambda number: (
                    pool.submit(pair_of, w, deployment, replication(seed, number)).result
                    if ahead is None
                    else ahead.later(Once(deployment, number, pair=True))
                ),
                least=least_pairs(w),
                most=len(found.runs),
                settled=lambda pairs: _known(mean_of(added(pairs)), wanted.cost_share * usual.value),
            )
        total, more = in_a_month(pairs, total), added(pairs)
        spikes = told_spikes(pairs, more, w, found.error_share().value)
        usual = together(usual, spikes.usd)
        # Where there are more replications than pairs, the others are given the mean.
        costs = [plain + (more[n] if n < len(more) else spikes.usd.value) for n, plain in enumerate(costs)]
    if keep is not None:
        keep(found, costs)
    notes = (*_notes(w, deployment, horizon, own, found), *_told_faults(faults, spikes=spikes is not None))
    whole = _outcome(w, deployment, found, notes, priced(total), usual, seed, spikes)
    return with_parts(w, deployment, whole, found)


def least_of(w: Workload, wanted: Precision, horizon: Horizon, *, bursts: bool) -> int:
    """How many replications there surely are; where ``bursts`` are to be met, so many that they hold enough."""
    return max(wanted.least, _with_bursts(w, horizon)) if bursts and wanted.most > 1 else wanted.least


def _known(one: Estimate, within: float) -> bool:
    return (one.high - one.low) / 2 <= within


def _told_apart(errors: Estimate, allowed: float) -> bool:
    """Whether errors surely are more or fewer than allowed: where few requests come, one of them decides else."""
    return not errors.value or not errors.low <= allowed <= errors.high


def _with_bursts(w: Workload, horizon: Horizon) -> int:
    """How many replications hold enough bursts: one long burst in a busy hour decides more than all calm days."""
    states = w.burst_states if w.traffic is not None else None
    if states is None or not states.share_high > 0:
        return 1
    cycle_s = states.mean_high_s + states.mean_low_s
    long = w.rate_per_s * (horizon.warmup_s + horizon.window_s) > _LONG
    return min(_MOST_OF_LONG if long else _MOST_FOR_BURSTS, math.ceil(_BURSTS * cycle_s / horizon.window_s))


def _affordable(w: Workload, horizon: Horizon, wanted: Precision) -> int:
    """How many replications the budget of a printed answer allows, all of them together."""
    requests = w.rate_per_s * (horizon.warmup_s + horizon.window_s)
    if not requests:
        return wanted.most
    return max(wanted.least, min(wanted.most, int(float(w.assume("request_budget_final")) // requests)))


def every_request(
    w: Workload, deployment: Pattern | Combination, *, seed: int = 0, budget: int = _ROWS, faults: Faults = NO_FAULTS
) -> Run:
    """The first replication with every request in its columns, of a horizon short enough to be held in memory.

    More than 2 million requests, warm-up and a day together, are refused. Of a stream and a lot it is the stream's.
    """
    if isinstance(deployment, Combination):
        return every_request(shares(w)[0], deployment.named["stream"], seed=seed, budget=budget, faults=faults)
    _streams(w, deployment)
    few = min(budget, _ROWS) // 2
    horizon = horizon_for(w, deployment, few) if isinstance(deployment, Shared) else horizon_of(w, budget=few)
    rows = (horizon.warmup_s + horizon.window_s) * w.rate_per_s
    if rows > _ROWS:
        raise InputError(
            f"the shortest run has {show_count(rows)} requests, and {show_count(_ROWS)} at most are kept one by one",
            w.where("traffic.rate"),
            "simulate a share of the traffic, or leave the columns out",
        )
    trace = deployment.trace(w, seed=replication(seed, 0), horizon=horizon)
    faults.fits(trace.horizon_s)
    trace.faults = faults
    return insist(deployment.simulate(w, trace, columns=True))


def _streams(w: Workload, deployment: Pattern) -> None:
    if not w.streams and deployment.name != "batch-transform":
        raise InputError(
            f"{w.name} has no stream of requests for a {deployment.name} endpoint to answer",
            w.where("traffic"),
            "add traffic, or simulate batch-transform",
        )


def price_overrides(w: Workload) -> dict[str, Decimal]:
    """Prices that the profile states itself, by their keys."""
    return {key: Decimal(str(w.assume(key))) for key in PRICE_ASSUMPTIONS if w.overridden(key)}


def expected_arrivals(w: Workload, window_s: float) -> float | None:
    """Arrivals in the window as the profile has them; a lot, or a file played again, has no other than its own."""
    if w.traffic is None or w.has_batch or w.traffic.replay is not None:
        return None
    return w.rate_per_s * window_s


def _together(usages: Sequence[Usage], found: Replications, expected: float | None) -> Usage:
    """The mean use of all replications as one usage, each meter corrected by the realised arrivals, as the cost is.

    The correction is linear, so the bill of it is the corrected cost.
    """
    arrived = [float(ledger.arrived) for ledger in found.ledgers]
    windows = [Fraction(usage.window_s) for usage in usages]
    meters = []
    for same in zip(*(usage.meters for usage in usages), strict=True):
        counts = [meter.granules for meter in same]
        total = sum(counts)
        if expected is not None and len(counts) > 1:
            mean = with_control([float(count) for count in counts], arrived, expected, least=found.controlled).value
            total = max(0, round(mean * len(counts)))
        meters.append(replace(same[0], granules=total, hourly=hours_together(same, total, windows)))
    return Usage(meters=tuple(meters), window_s=sum(windows, Fraction(0)))


def _outcome(
    w: Workload,
    deployment: Pattern,
    found: Replications,
    notes: tuple[str, ...],
    priced: Bill,
    cost: Estimate,
    seed: int,
    spikes: Spikes | None,
) -> Outcome:
    from advisor import __version__

    latency = {name: amount(found.latency_s(share)) for name, share in SHARES.items()}
    served = {name: found.ledger.latency_s(share, served_only=True) for name, share in SHARES.items()}
    misses = judge(w, found).misses
    on = deployment.work_on(w)
    low, high = found.runs[0].window_s
    return Outcome(
        workload=w.name,
        region=w.region,
        id=deployment.id,
        pattern=deployment.name,
        deployment=deployment.to_dict(),
        meets_objective=not misses,
        misses=misses,
        latency_s={**latency, "mean": amount(found.mean_latency_s())},
        served_latency_s={**served, "mean": found.mean_latency_s().value},
        error_share=share_of(found.ledger.arrived, found.error_share()),
        requests=found.ledger.arrived,
        statuses=found.ledger.statuses,
        cold_start_share=found.cold_share().value,
        utilisation=found.utilisation,
        usd_per_month=_money(priced.usd, cost),
        usd_per_million_requests=per_million(priced.usd, _rate(w, found)),
        bill=priced,
        # Theory looks at one endpoint that has all requests.
        estimate=deployment.estimate(w) if deployment.endpoints(w) == 1 else {},
        evidence=on.evidence,
        evidence_says=on.says,
        replications=len(found.runs),
        precise=found.precise,
        assumptions=_held(w, deployment),
        seed=seed,
        version=__version__,
        prices_as_of=priced.prices_as_of,
        horizon_h=(high - low) / _HOUR_S,
        notes=notes,
        samples=tuple(sample for sample in found.runs[0].timeline.samples if low <= sample.at < high),
        within=found.ledger.within(),
        spikes=spikes,
        longest_job_s=longest_job_s(found),
    )


def _notes(w: Workload, deployment: Pattern, horizon: Horizon, trace: Trace, found: Replications) -> tuple[str, ...]:
    """What an answer says beside its figures: the run's length, what stands for what, how jobs keep their schedule."""
    many = deployment.endpoints(w)
    several = []
    if many > 1:
        several = [f"each of {show_count(many)} models has an endpoint or job of its own, and the figures are of all"]
        several += [told for told in (told_of(model_shares(w)),) if told]
    return tuple(dict.fromkeys((*horizon.notes, *trace.notes, *several, *said_of_jobs(w, found))))


def _told_faults(faults: Faults, *, spikes: bool) -> tuple[str, ...]:
    told = tuple(f"fault on demand: {one}" for one in faults.told())
    return (*told, "one-off spikes are run without the faults") if told and spikes else told


def _rate(w: Workload, found: Replications) -> float:
    if w.streams and not w.has_batch:
        return w.rate_per_s
    return found.ledger.arrived / math.fsum(run.window_s[1] - run.window_s[0] for run in found.runs)


def _money(value: Decimal, cost: Estimate) -> Money:
    if math.isnan(cost.low):
        return Money(value=value, low=None, high=None)
    half = round(Decimal((cost.high - cost.low) / 2), 6)
    return Money(value=value, low=max(Decimal(0), value - half), high=value + half)


def _held(w: Workload, deployment: Pattern) -> tuple[Held, ...]:
    """What the answer rests on: what filled the profile, then the platform's numbers of this pattern."""
    filled: dict[str, list[str]] = {}
    for path, key in w.assumed.items():
        filled.setdefault(key, []).append(path)
    by_key = {one.key: one for one in assumptions()}
    at_work = {*deployment.at_work, *w.needs}
    keys = [*filled, *(key for key, one in by_key.items() if key not in filled and at_work & set(one.affects))]
    return tuple(
        Held(
            key=key,
            title=by_key[key].title,
            value=w.platform[key] if w.overridden(key) else by_key[key].value,
            overridden=w.overridden(key),
            paths=tuple(filled.get(key, ())),
        )
        for key in keys
    )
