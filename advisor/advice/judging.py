"""Whether what was simulated meets the objective, what it misses in words, and how far it is from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.advice.deadlines import late_jobs
from advisor.advice.outcome import show_latency
from advisor.advice.ranking import SHARES
from advisor.sim.run import Replications
from advisor.units import show_share
from advisor.workload import Workload

__all__ = ["ByJudgement", "Judged", "judge"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What of the objective is not met, in words, and how far the worst of it is away: the ratio to what is allowed.

    ``shortfall`` counts requests: of a latency the share that is later; ``away`` takes the latency itself.
    """

    misses: tuple[str, ...]
    shortfall: float
    away: float = 1.0

    @property
    def meets(self) -> bool:
        """Whether all of the objective is met."""
        return not self.misses


class ByJudgement:
    """How far something is from the objective, as it was ``judged``: what ranking asks of it."""

    __slots__ = ()
    judged: Judged

    @property
    def shortfall(self) -> float:
        """How far it is from meeting the objective."""
        return self.judged.shortfall

    @property
    def away(self) -> float:
        """How many times as much the objective would have to allow."""
        return self.judged.away


def judge(w: Workload, found: Replications) -> Judged:
    """A percentile is judged by the share of all requests that are later, errors and cold starts by their shares."""
    wanted, misses, over = w.objective, [], [1.0]
    slow = [1.0]
    for name, seconds in wanted.latencies:
        if name == "mean":
            mean = found.mean_latency_s().value
            if not mean <= seconds:
                misses.append(f"a mean of {show_latency(mean)} where {show_latency(seconds)} is asked for")
                over.append(mean / seconds)
                slow.append(mean / seconds)
            continue
        later, allowed = found.share_later_than(seconds).value, 1 - SHARES[name]
        if not later <= allowed + 1e-12:
            told = f"{show_share(_short(later))} are later than {show_latency(seconds)}"
            misses.append(f"{told}, and {name} allows {show_share(_short(allowed))}")
            over.append(later / allowed)
            slow.append(found.latency_s(SHARES[name]).value / seconds)
    others = len(over)
    errors = found.error_share().value
    if errors > wanted.errors:
        misses.append(f"{show_share(_short(errors))} are not served, and {show_share(wanted.errors)} may be")
        over.append(errors / max(wanted.errors, 1e-6))
    cold = found.cold_share().value
    if wanted.cold_starts == "avoid" and cold > 0:
        misses.append(f"{show_share(_short(cold))} meet a cold start, and none is to")
        over.append(1 + cold)
    for late in late_jobs(w, found):
        misses.append(late.says)
        over.append(late.over)
    worst = _worst(over)
    return Judged(tuple(misses), worst, _worst([*slow, *over[others:]])) if misses else Judged((), 0.0)


def _worst(ratios: list[float]) -> float:
    return max((one for one in ratios if not math.isnan(one)), default=math.inf)


def _short(share: float) -> float:
    return float(f"{share:.3g}") if math.isfinite(share) else 1.0
