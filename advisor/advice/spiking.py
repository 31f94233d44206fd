"""One-off spikes of the traffic: simulated as a pair, with them and without, and counted once in the month.

    without  ── usual requests ─────────────────────────────>  what they use   ─┐
    with     ── the very same, with the same luck ── SPIKE ──>  what all use   ─┴─> the difference, once a month

Only the days around the spikes are run: before them the two do not differ. How those fare who come while a spike lasts,
usual requests among them, the run with it tells too, where it begins with its only spike; else short runs of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.advice.bounds import amount, share_of
from advisor.advice.ranking import SHARES
from advisor.money import Usage
from advisor.patterns.base import Pattern
from advisor.show import Shown
from advisor.sim.arrivals import Points
from advisor.sim.estimates import Estimate, mean_of, percentile_of, ratio_of
from advisor.sim.horizon import spike_horizon_of
from advisor.sim.laws import insist
from advisor.sim.ledger import Ledger
from advisor.sim.run import Run
from advisor.sim.trace import Trace
from advisor.units import MONTH_S
from advisor.workload import Workload

__all__ = [
    "PAIRS",
    "Spiked",
    "Spikes",
    "has_spikes",
    "in_a_month",
    "least_pairs",
    "of_the_month",
    "pair_of",
    "spans_of",
    "spiked",
    "told_spikes",
]

# So many replications have the pair, and at most: its figures are shown beside the answer.
PAIRS, _MOST_PAIRS = 2, 3
# Where a pair has no more requests than this, so many have it.
_CHEAP, _CHEAP_PAIRS = 100_000, 5
# Two say nothing of how far such figures are from the truth: the interval of a share would be all there is.
_SPREAD_FROM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spiked:
    """One replication of the pair: granules that the spikes add, meter by meter, and who comes while they last."""

    more: tuple[int, ...]
    during: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Spikes(Shown):
    """What the one-off spikes of a month add to its bill, and how the requests fare that come while they last.

    ``month_error_share`` is the share not served of all requests of the month that the spikes come in. ``runs`` is from
    how many replications this is known; two alone give no interval but that of the bill.
    """

    runs: int
    usd: Estimate
    requests: Estimate
    latency_s: dict[str, Estimate]
    error_share: Estimate
    cold_start_share: Estimate
    month_error_share: float

    @property
    def spread(self) -> bool:
        """Whether there are runs enough to say how far the figures are from the truth."""
        return self.runs >= _SPREAD_FROM


def has_spikes(w: Workload, deployment: Pattern) -> bool:
    """Whether spikes come to this deployment: the jobs of a lot have none."""
    traffic = w.traffic
    if traffic is None or not traffic.spikes:
        return False
    return not (deployment.name == "batch-transform" and w.has_batch)


def least_pairs(w: Workload) -> int:
    """How many replications have the pair at least: two, or more where that takes a moment."""
    horizon, spikes = spike_horizon_of(w), w.traffic.spikes if w.traffic is not None else ()
    most_of_it = horizon.warmup_s + horizon.window_s + math.fsum(spike.height * spike.lasts_s for spike in spikes)
    return _CHEAP_PAIRS if 2 * w.rate_per_s * most_of_it <= _CHEAP else PAIRS


def spiked(
    pair: Callable[[int], Callable[[], Spiked]],
    *,
    most: int,
    settled: Callable[[Sequence[Spiked]], bool],
    least: int = PAIRS,
) -> tuple[Spiked, ...]:
    """The pair in the first replications: two or ``least``, and a third unless two have ``settled`` it.

    ``pair`` begins the one of a number, and returns what waits for it.
    """
    begun = [pair(number) for number in range(min(most, least))]
    found = [one() for one in begun]
    while len(found) < min(most, _MOST_PAIRS) and not settled(found):
        found.append(pair(len(found))())
    return tuple(found)


def pair_of(w: Workload, deployment: Pattern, seed: int) -> Spiked:
    """The same usual requests, with the same luck, with the spikes and without."""
    horizon = spike_horizon_of(w)

    def run(*, spikes: bool, span: tuple[float, float] | None = None) -> tuple[Trace, Run]:
        trace = deployment.trace(w, seed=seed, horizon=horizon, spikes=spikes)
        if span is not None:
            trace.warmup_s, trace.horizon_s = span[0], span[1] - span[0]
        elif spikes and len(spans := spans_of(trace)) == 1 and spans[0][0] == trace.warmup_s:
            # One spike that the window begins with: the run itself tells how those fare who come while it lasts.
            trace.split_s = spans[0][1]
        return trace, insist(deployment.simulate(w, trace))

    trace, having = run(spikes=True)
    plain = run(spikes=False)[1]
    meters = zip(deployment.usage(w, having).meters, deployment.usage(w, plain).meters, strict=True)
    during = having.early
    if during is None:
        during = Ledger()
        # Where a spike lies in the run is the trace's to say.
        for span in spans_of(trace):
            during += run(spikes=True, span=span)[1].ledger
    return Spiked(more=tuple(one.granules - other.granules for one, other in meters), during=during)


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
    """When the spikes of a trace last: sources with an end; classes have sources of their own, at the same times."""
    spans = [(one.from_s, one.to_s) for one in trace.sources if isinstance(one, Points) and math.isfinite(one.to_s)]
    return list(dict.fromkeys(spans))


def told_spikes(found: Sequence[Spiked], usd: Sequence[float], w: Workload, usual_error_share: float) -> Spikes:
    """All replications of the pair together; ``usd`` is what the spikes add to a month's bill in each.

    ``usual_error_share`` is what is not served while no spike lasts.
    """
    ledgers = [one.during for one in found]
    arrived = [float(ledger.arrived) for ledger in ledgers]
    served = [float(ledger.served) for ledger in ledgers]
    waited = [ledger.mean_s * ledger.served if ledger.served else 0.0 for ledger in ledgers]
    counted = sum(ledger.arrived for ledger in ledgers)
    requests = mean_of(arrived)
    errors = ratio_of([all_ - well for all_, well in zip(arrived, served, strict=True)], arrived)
    spread = _known if len(found) >= _SPREAD_FROM else _unknown
    return Spikes(
        runs=len(found),
        # More or less than without them: a spike that leaves containers warm can save.
        usd=mean_of(usd),
        requests=spread(amount(requests)),
        latency_s={
            **{name: spread(amount(percentile_of(ledgers, share))) for name, share in SHARES.items()},
            "mean": spread(amount(ratio_of(waited, served))),
        },
        error_share=spread(share_of(counted, errors)),
        cold_start_share=spread(share_of(counted, ratio_of([float(ledger.cold) for ledger in ledgers], arrived))),
        month_error_share=of_the_month(
            w, usual_error_share=usual_error_share, requests=requests.value, error_share=errors.value
        ),
    )


def _known(one: Estimate) -> Estimate:
    return one


def _unknown(one: Estimate) -> Estimate:
    """A figure of which nobody knows how sure it is."""
    return replace(one, low=math.nan, high=math.nan)


def of_the_month(w: Workload, *, usual_error_share: float, requests: float, error_share: float) -> float:
    """The share not served of a month: its usual time at the mean rate, and ``requests`` that come in its spikes."""
    spikes = w.traffic.spikes if w.traffic is not None else ()
    usual = w.rate_per_s * max(0.0, MONTH_S - math.fsum(spike.lasts_s for spike in spikes))
    if not usual + requests > 0:
        return math.nan
    # Where nothing comes at all, what would become of it is not known, and none is lost.
    lost = [share * many for share, many in ((usual_error_share, usual), (error_share, requests)) if many]
    return math.fsum(lost) / (usual + requests)
