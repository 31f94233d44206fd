"""What a pattern foresees of a deployment by arithmetic alone: what it uses, how late it answers, what it never can.

    seen = deployment.foresee(workload)
    seen.granules, seen.later(0.15), seen.latency_s(0.99), seen.impossible

The figures are estimates but for two: ``floor_s`` and ``impossible`` are proved, so that a search may leave out what
they exclude. Nothing here draws, and nothing loads the simulator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from advisor.rules.popularity import endpoints
from advisor.units import MONTH_S
from advisor.workload import Workload

__all__ = ["Foresight", "meets", "mixed", "parts_of", "stand_in", "too_slow", "whole"]

_SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
# Latencies are looked for between a microsecond and some thirty years.
_SOONEST_S, _LATEST_S = 1e-6, 1e9
_STEPS = 48
# Sums over a grid are this exact; a proof leaves as much room.
_SLACK = 0.03
# Fewer cold starts than this in a month are none.
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What arithmetic says of one deployment of one workload.

    ``granules`` are those of a month, named as a run's are. ``later`` gives the share of all requests that are later
    than so many seconds, those that are not served among them. ``cold_share``: requests that meet a cold start.
    ``floor_s``: no deployment like this one, however large, has a percentile below it. ``impossible`` says why the
    objective cannot be met by this one, where that is proved; else it is empty.
    """

    granules: Mapping[str, float]
    later: Callable[[float], float]
    mean_s: float
    error_share: float
    cold_share: float
    utilisation: float
    floor_s: Callable[[float], float]
    impossible: str = ""
    #: requests of a month, jobs and records counted as they come; what a stand-in for a run counts
    requests: float = 0.0
    #: after which a lot is late
    deadline_s: float = math.inf
    found: dict[float, float] = field(default_factory=dict, compare=False, repr=False)

    def latency_s(self, share: float) -> float:
        """The percentile of all requests; infinite where more than the rest are never served."""
        if share not in self.found:
            self.found[share] = self._sought(1 - share)
        return self.found[share]

    def _sought(self, allowed: float) -> float:
        if self.later(_LATEST_S) > allowed:
            return math.inf
        low, high = math.log(_SOONEST_S), math.log(_LATEST_S)
        # A guess near the mean narrows the range before it is halved.
        for guess in (self.mean_s / 2, self.mean_s * 4):
            if 0 < guess < math.inf and low < math.log(guess) < high:
                beyond = self.later(guess) > allowed
                low, high = (math.log(guess), high) if beyond else (low, math.log(guess))
        for _ in range(_STEPS):
            if high - low < 1e-4:
                break
            middle = (low + high) / 2
            low, high = (middle, high) if self.later(math.exp(middle)) > allowed else (low, middle)
        return math.exp(high)

    def meets(self, w: Workload) -> bool:
        """Whether all of the objective is met, by these estimates."""
        return meets(self, w)


def meets(seen: Foresight, w: Workload) -> bool:
    """All of the objective: latency by the share that is later, errors, cold starts, the deadline of a lot."""
    wanted = w.objective
    if seen.impossible or seen.error_share > wanted.errors:
        return False
    if wanted.cold_starts == "avoid" and seen.cold_share * seen.requests >= _HALF:
        return False
    for name, seconds in wanted.latencies:
        if name == "mean":
            if not seen.mean_s <= seconds:
                return False
        elif seen.later(seconds) > 1 - _SHARES[name]:
            return False
    # A deadline holds for every job.
    return not math.isfinite(seen.deadline_s) or seen.later(seen.deadline_s) <= 0


def too_slow(w: Workload, beyond: Callable[[float], float], overhead_s: float) -> str:
    """Why the objective is out of reach at any size: more requests than allowed take longer by their work alone."""
    for name, seconds in w.objective.latencies:
        if name != "mean" and beyond(seconds - overhead_s) > (1 - _SHARES[name]) * (1 + _SLACK):
            return f"by work and overhead alone more requests than {name} allows take longer than {seconds:.3g} s"
    return ""


def too_much(w: Workload, load: float, room: float, what: str) -> str:
    """Why the objective is out of reach: more work comes in than can be done, errors allowed taken off.

    ``load`` and ``room`` are in servers: work that comes in a second, and how much is done at most.
    """
    answered = max([1 - w.objective.errors, *(_SHARES[n] for n, _ in w.objective.latencies if n != "mean")])
    if load * answered > room * (1 + _SLACK):
        return f"{load:.3g} are busy on average where {room:.3g} are there: {what}"
    return ""


def parts_of(w: Workload) -> tuple[tuple[float, float], ...]:
    """Endpoints of a pattern that has one a model, few enough to be foreseen one by one (see `endpoints`)."""
    return endpoints(w, nearly=0.5)


def mixed(w: Workload, seen: Sequence[tuple[float, float, Foresight]]) -> Foresight:
    """Several endpoints as one: granules are sums, latency is that of all requests; (part, how many, each)."""
    if len(seen) == 1 and seen[0][1] == 1:
        return seen[0][2]
    weights = [part * many for part, many, _ in seen]

    def over(values: Iterable[float]) -> float:
        return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))

    granules: dict[str, float] = {}
    for _, many, one in seen:
        for name, value in one.granules.items():
            granules[name] = granules.get(name, 0.0) + many * value
    every = [one for _, _, one in seen]
    held = math.fsum(many for _, many, _ in seen)
    return Foresight(
        granules=granules,
        later=lambda seconds: over(one.later(seconds) for one in every),
        mean_s=over(one.mean_s for one in every),
        error_share=over(one.error_share for one in every),
        cold_share=over(one.cold_share for one in every),
        utilisation=math.fsum(many * one.utilisation for _, many, one in seen) / held,
        floor_s=every[0].floor_s,
        impossible=_shared(w, seen),
        requests=math.fsum(many * one.requests for _, many, one in seen),
    )


def _shared(w: Workload, seen: Sequence[tuple[float, float, Foresight]]) -> str:
    """What is impossible for some endpoints is so for all only where these have enough of the requests."""
    errors = max(w.objective.errors, *(1 - _SHARES[n] for n, _ in w.objective.latencies if n != "mean"), 0.0)
    for _, _, one in seen:
        lost = math.fsum(part * many for part, many, other in seen if other.impossible)
        if one.impossible and lost > errors:
            return one.impossible
    return ""


def whole(granules: Mapping[str, float]) -> dict[str, int]:
    """Granules as a run counts them."""
    return {name: max(0, round(value)) for name, value in granules.items()}


def stand_in(seen: Foresight) -> Any:
    """What stands for a run where a bill is made of an estimate: its granules, its month, and what it counted."""
    calls = seen.requests
    return SimpleNamespace(
        granules=whole(seen.granules),
        window_s=(0.0, MONTH_S),
        ledger=SimpleNamespace(attempts=round(calls), served=round(calls * (1 - seen.error_share))),
    )
