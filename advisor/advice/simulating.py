"""Simulate one deployment of a workload: replications until cost and objective are precise, priced for a month.

    from advisor.advice.simulating import simulate

    outcome = simulate(workload, Serverless.start(workload), seed=7)

The same seed gives the same answer with any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from advisor.advice.outcome import Held, Money, Outcome, per_million, show_latency
from advisor.catalog.assumptions import assumptions
from advisor.catalog.prices import PRICE_ASSUMPTIONS, PriceBook, price_book
from advisor.errors import InputError
from advisor.money import Bill, PurchaseOptions, Usage, bill
from advisor.patterns.base import Pattern
from advisor.sim.estimates import Estimate, with_control
from advisor.sim.horizon import Horizon, horizon_of
from advisor.sim.laws import insist
from advisor.sim.run import Precision, Replications, Run, replicate
from advisor.streams import replication
from advisor.units import show_count, show_share
from advisor.workload import Workload

__all__ = ["every_request", "simulate"]

_SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
# How far the samples of the state lie apart.
_SAMPLE_S = 300.0
# Every request as a row is for runs that a person, or a table, can hold.
_ROWS = 2_000_000
_HOUR_S = 3600


def simulate(
    w: Workload,
    deployment: Pattern,
    *,
    seed: int = 0,
    replications: int | None = None,
    precision: Precision | None = None,
    budget: int | None = None,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
    book: PriceBook | None = None,
) -> Outcome:
    """One deployment in detail.

    ``replications`` fixes their number, which else follows from ``precision`` (by default the assumptions', within
    the budget of requests of a printed answer); ``budget`` is the most requests of one
    replication (it shortens the horizon to whole periods, never below one); ``progress`` is told how many are done.
    What the rules refuse is simulated all the same: ask ``deployment.check(w)``.
    """
    _streams(w, deployment)
    wanted = precision or Precision(
        cost_share=float(w.assume("precision_cost")), objective_share=float(w.assume("precision_objective"))
    )
    if replications is not None:
        if replications < 1:
            raise InputError(f"{replications} replications", "", "ask for one or more")
        wanted = replace(wanted, least=replications, most=replications)
    horizon = horizon_of(w, budget=budget or int(w.assume("request_budget_search")))
    if replications is None and precision is None:
        wanted = replace(wanted, most=_affordable(w, horizon, wanted))
    held = (book or price_book()).with_assumed(_price_overrides(w))
    purchase = PurchaseOptions.of(w.purchase)

    def run(number: int) -> Run:
        trace = deployment.trace(w, seed=replication(seed, number), horizon=horizon)
        return insist(deployment.simulate(w, trace, sample_s=_SAMPLE_S if number == 0 else None))

    prices: dict[int, float] = {}

    def cost(one: Run) -> float:
        if id(one) not in prices:
            prices[id(one)] = float(bill(deployment.usage(w, one), held, w.region, purchase).usd)
        return prices[id(one)]

    asked = w.objective.latency
    # A deployment may round the window, as jobs do to whole times between them.
    expected = _expected(w, deployment.trace(w, seed=seed, horizon=horizon).horizon_s)
    found = replicate(
        run,
        cost=cost,
        expected_arrivals=expected,
        percentile=_SHARES.get(asked[0] if asked else "p99"),
        precision=wanted,
        threads=threads,
        progress=progress,
    )
    usages = [deployment.usage(w, one) for one in found.runs]
    priced = bill(_together(usages, found, expected), held, w.region, purchase)
    return _outcome(w, deployment, found, horizon, priced, found.cost(cost, expected), seed)


def _affordable(w: Workload, horizon: Horizon, wanted: Precision) -> int:
    """How many replications the budget of a printed answer allows, all of them together."""
    requests = w.rate_per_s * (horizon.warmup_s + horizon.window_s)
    if not requests:
        return wanted.most
    return max(wanted.least, min(wanted.most, int(float(w.assume("request_budget_final")) // requests)))


def every_request(w: Workload, deployment: Pattern, *, seed: int = 0, budget: int = _ROWS) -> Run:
    """The first replication with every request in its columns, of a horizon short enough to be held in memory.

    More than 2 million requests, warm-up and a day together, are refused.
    """
    _streams(w, deployment)
    horizon = horizon_of(w, budget=min(budget, _ROWS) // 2)
    rows = (horizon.warmup_s + horizon.window_s) * w.rate_per_s
    if rows > _ROWS:
        raise InputError(
            f"the shortest run has {show_count(rows)} requests, and {show_count(_ROWS)} at most are kept one by one",
            w.where("traffic.rate"),
            "simulate a share of the traffic, or leave the columns out",
        )
    trace = deployment.trace(w, seed=replication(seed, 0), horizon=horizon)
    return insist(deployment.simulate(w, trace, columns=True))


def _streams(w: Workload, deployment: Pattern) -> None:
    if not w.streams and deployment.name != "batch-transform":
        raise InputError(
            f"{w.name} has no stream of requests for a {deployment.name} endpoint to answer",
            w.where("traffic"),
            "add traffic, or simulate batch-transform",
        )


def _price_overrides(w: Workload) -> dict[str, Decimal]:
    return {key: Decimal(str(w.assume(key))) for key in PRICE_ASSUMPTIONS if w.overridden(key)}


def _expected(w: Workload, window_s: float) -> float | None:
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
            mean = with_control([float(count) for count in counts], arrived, expected).value
            total = max(0, round(mean * len(counts)))
        meters.append(replace(same[0], granules=total, hourly=None))
    return Usage(meters=tuple(meters), window_s=sum(windows, Fraction(0)))


def _outcome(
    w: Workload,
    deployment: Pattern,
    found: Replications,
    horizon: Horizon,
    priced: Bill,
    cost: Estimate,
    seed: int,
) -> Outcome:
    from advisor import __version__

    latency = {name: found.latency_s(share) for name, share in _SHARES.items()}
    served = {name: found.ledger.latency_s(share, served_only=True) for name, share in _SHARES.items()}
    misses = _misses(w, found)
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
        latency_s={**latency, "mean": found.mean_latency_s()},
        served_latency_s={**served, "mean": found.mean_latency_s().value},
        error_share=found.error_share(),
        requests=found.ledger.arrived,
        statuses=found.ledger.statuses,
        cold_start_share=found.cold_share().value,
        utilisation=found.utilisation,
        usd_per_month=_money(priced.usd, cost),
        usd_per_million_requests=per_million(priced.usd, _rate(w, found)),
        bill=priced,
        estimate=deployment.estimate(w),
        evidence=on.evidence,
        evidence_says=on.says,
        replications=len(found.runs),
        precise=found.precise,
        assumptions=_held(w, deployment),
        seed=seed,
        version=__version__,
        prices_as_of=priced.prices_as_of,
        horizon_h=(high - low) / _HOUR_S,
        notes=(*horizon.notes, *_spikes(w)),
        samples=tuple(sample for sample in found.runs[0].timeline.samples if low <= sample.at < high),
    )


def _rate(w: Workload, found: Replications) -> float:
    if w.streams and not w.has_batch:
        return w.rate_per_s
    return found.ledger.arrived / math.fsum(run.window_s[1] - run.window_s[0] for run in found.runs)


def _money(value: Decimal, cost: Estimate) -> Money:
    if math.isnan(cost.low):
        return Money(value=value, low=None, high=None)
    half = round(Decimal((cost.high - cost.low) / 2), 6)
    return Money(value=value, low=max(Decimal(0), value - half), high=value + half)


def _misses(w: Workload, found: Replications) -> tuple[str, ...]:
    """What of the objective is not met; a percentile is judged by the share of all requests that are later."""
    wanted, misses = w.objective, []
    for name, seconds in wanted.latencies:
        if name == "mean":
            if not found.mean_latency_s().value <= seconds:
                told = show_latency(found.mean_latency_s().value)
                misses.append(f"a mean of {told} where {show_latency(seconds)} is asked for")
            continue
        later, allowed = found.share_later_than(seconds).value, 1 - _SHARES[name]
        if not later <= allowed + 1e-12:
            told = f"{show_share(_short(later))} are later than {show_latency(seconds)}"
            misses.append(f"{told}, and {name} allows {show_share(_short(allowed))}")
    errors = found.error_share().value
    if errors > wanted.errors:
        misses.append(f"{show_share(_short(errors))} are not served, and {show_share(wanted.errors)} may be")
    cold = found.cold_share().value
    if wanted.cold_starts == "avoid" and cold > 0:
        misses.append(f"{show_share(_short(cold))} meet a cold start, and none is to")
    return tuple(misses)


def _short(share: float) -> float:
    return float(f"{share:.3g}") if math.isfinite(share) else 1.0


def _spikes(w: Workload) -> tuple[str, ...]:
    if w.traffic is None or not w.traffic.spikes:
        return ()
    return (f"{show_count(len(w.traffic.spikes))} one-off spikes of the traffic are not in these figures",)


def _held(w: Workload, deployment: Pattern) -> tuple[Held, ...]:
    """What the answer rests on: what filled the profile, then the platform's numbers of this pattern."""
    filled: dict[str, list[str]] = {}
    for path, key in w.assumed.items():
        filled.setdefault(key, []).append(path)
    by_key = {one.key: one for one in assumptions()}
    keys = [*filled, *(key for key, one in by_key.items() if key not in filled and deployment.name in one.affects)]
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
