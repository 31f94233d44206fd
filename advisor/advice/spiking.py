"""One-off spikes of the traffic: simulated as a pair, with them and without, and counted once in the month.

    without  ── usual requests ─────────────────────────────>  what they use   ─┐
    with     ── the very same, with the same luck ── SPIKE ──>  what all use   ─┴─> the difference, once a month

Only the days around the spikes are run: before them the two do not differ. A third, short run tells how those fare who
come while a spike lasts, usual requests among them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.advice.ranking import SHARES
from advisor.money import Usage
from advisor.patterns.base import Pattern
from advisor.sim.arrivals import Points
from advisor.sim.estimates import Estimate, mean_of, percentile_of, ratio_of
from advisor.sim.horizon import spike_horizon_of
from advisor.sim.laws import insist
from advisor.sim.ledger import Ledger
from advisor.sim.trace import Trace
from advisor.streams import replication
from advisor.units import MONTH_S
from advisor.workload import Workload

__all__ = ["Spiked", "Spikes", "has_spikes", "in_a_month", "spans_of", "spiked", "told_spikes"]

# So many replications have the pair at most: its figures are shown beside the answer, and decide nothing.
_PAIRS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spiked:
    """One replication of the pair: granules that the spikes add, meter by meter, and who comes while they last."""

    more: tuple[int, ...]
    during: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Spikes:
    """What the one-off spikes of a month add to its bill, and how the requests fare that come while they last."""

    usd: Estimate
    requests: Estimate
    latency_s: dict[str, Estimate]
    error_share: Estimate
    cold_start_share: Estimate


def has_spikes(w: Workload, deployment: Pattern) -> bool:
    """Whether spikes come to this deployment: the jobs of a lot have none."""
    traffic = w.traffic
    if traffic is None or not traffic.spikes:
        return False
    return not (deployment.name == "batch-transform" and w.has_batch)


def spiked(w: Workload, deployment: Pattern, *, seed: int, most: int, threads: int = 1) -> tuple[Spiked, ...]:
    """The pair in the first replications, three at most: the same usual requests, with the same luck, on both sides."""
    numbers = range(min(most, _PAIRS))
    with ThreadPoolExecutor(max(1, min(threads, len(numbers)))) as pool:
        return tuple(pool.map(lambda number: _pair(w, deployment, replication(seed, number)), numbers))


def _pair(w: Workload, deployment: Pattern, seed: int) -> Spiked:
    horizon = spike_horizon_of(w)

    def used(*, spikes: bool) -> Usage:
        trace = deployment.trace(w, seed=seed, horizon=horizon, spikes=spikes)
        return deployment.usage(w, insist(deployment.simulate(w, trace)))

    pairs = zip(used(spikes=True).meters, used(spikes=False).meters, strict=True)
    during = Ledger()
    # Where a spike lies in the run is the trace's to say; classes have sources of their own, at the same times.
    trace = deployment.trace(w, seed=seed, horizon=horizon, spikes=True)
    for from_s, to_s in dict.fromkeys(spans_of(trace)):
        trace.warmup_s, trace.horizon_s = from_s, to_s - from_s
        during += insist(deployment.simulate(w, trace)).ledger
    return Spiked(more=tuple(having.granules - plain.granules for having, plain in pairs), during=during)


def in_a_month(pairs: Sequence[Spiked], usage: Usage) -> Usage:
    """A usage with the mean of what spikes add to it, as if once in a month.

    A spike can save, too: containers that it leaves warm need no set-up.
    """
    share = Fraction(usage.window_s) / Fraction(MONTH_S) / len(pairs)
    meters = tuple(
        replace(meter, granules=max(0, meter.granules + round(sum(more) * share)), hourly=None)
        for meter, *more in zip(usage.meters, *(pair.more for pair in pairs), strict=True)
    )
    return replace(usage, meters=meters)


def spans_of(trace: Trace) -> list[tuple[float, float]]:
    """When the spikes of a trace last: sources with an end."""
    return [(one.from_s, one.to_s) for one in trace.sources if isinstance(one, Points) and math.isfinite(one.to_s)]


def told_spikes(found: Sequence[Spiked], usd: Sequence[float]) -> Spikes:
    """All replications of the pair together; ``usd`` is what the spikes add to a month's bill in each."""
    ledgers = [one.during for one in found]
    arrived = [float(ledger.arrived) for ledger in ledgers]
    served = [float(ledger.served) for ledger in ledgers]
    waited = [ledger.mean_s * ledger.served if ledger.served else 0.0 for ledger in ledgers]
    return Spikes(
        usd=mean_of(usd),
        requests=mean_of(arrived),
        latency_s={
            **{name: percentile_of(ledgers, share) for name, share in SHARES.items()},
            "mean": ratio_of(waited, served),
        },
        error_share=ratio_of([all_ - well for all_, well in zip(arrived, served, strict=True)], arrived),
        cold_start_share=ratio_of([float(ledger.cold) for ledger in ledgers], arrived),
    )
