"""How many requests meet a cold container, by arithmetic.

The n-th container carries what n-1 others leave (Erlang B), and is cold after a time without a call that is longer
than the keep-alive time. Night and day, and the two states of the bursts, have a rate each, and a call meets the cold
by the rate of its own hour: most calls come when calls are many. In a container's last minutes a burst may have begun
or ended, which is in the law of a chain of two states.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from itertools import islice, zip_longest
from typing import Any

from advisor.patterns.load_curve import curve_of
from advisor.rules.estimates import overflowing
from advisor.rules.popularity import endpoints
from advisor.workload import Workload, WorkOn
from advisor.workload.bursts import TwoState
from advisor.workload.clustered import bursts_of

__all__ = ["cold_share", "uncalled", "uncalled_in_states"]

# Containers that are looked at, and the share of calls from which on nothing is left for further ones.
_MANY, _NOTHING = 10_000, 1e-9
# Models whose shares differ by less have nearly the same part of cold starts.
_NEARLY = 0.9


def cold_share(w: Workload, on: WorkOn, warm: int = 0) -> float:
    """The share of requests that meet a cold serverless container, ``warm`` ones of each endpoint being provisioned.

    What overflows comes in clumps, so that it is a lower bound where many containers are in use. Several models have
    an endpoint each, and the traffic by its popularity.
    """
    if w.rate_per_s <= 0:
        return 0.0
    keep_s = float(w.assume("serverless_keep_alive"))
    if w.traffic is not None and w.traffic.shape == "regular":
        of_part = partial(_cold_of_regular, warm, keep_s + on.mean_s)
    else:
        of_part = partial(_cold_of, curve_of(w), bursts_of(w), warm, on.mean_s, keep_s)
    parts = endpoints(w, nearly=_NEARLY)
    return min(1.0, math.fsum(part * many * of_part(w.rate_per_s * part) for part, many in parts))


def uncalled(rate_per_s: Any, keep_s: float) -> Any:
    """The share of calls at a rate (a number, or an array of them) that come after no call for so long."""
    return math.e ** -_within(rate_per_s * keep_s)


def uncalled_in_states(
    low_per_s: Any, high_per_s: Any, stay_low_s: float, stay_high_s: float, keep_s: float
) -> tuple[Any, Any]:
    """The same of calls in the low state and in the high one, between which the rate goes to and fro by chance.

    With the rates of leaving the states and of calls in a matrix M, it is exp(M keep) 1; of two states in closed form.
    """
    leave_low, leave_high = 1 / stay_low_s, 1 / stay_high_s
    middle = -(low_per_s + leave_low + high_per_s + leave_high) / 2
    apart = (high_per_s + leave_high - low_per_s - leave_low) / 2
    root = (apart * apart + leave_low * leave_high) ** 0.5
    slow, fast = (math.e ** -_within(-(middle + sign * root) * keep_s) for sign in (1, -1))
    low, high = ((slow + fast) / 2 - (slow - fast) / (2 * root) * (rate + middle) for rate in (low_per_s, high_per_s))
    return low, high


def _within(exponent: Any) -> Any:
    """Not below nothing, where rounding leaves it there."""
    return (abs(exponent) + exponent) / 2


def _cold_of_regular(warm: int, kept_s: float, rate_per_s: float) -> float:
    """All calls of an endpoint to which they come in equal steps, or none."""
    return float(not warm and 1 / rate_per_s > kept_s)


# Whatever else sets a deployment apart from others of its memory size has no part in it.
@lru_cache(maxsize=1024)
def _cold_of(
    curve: tuple[tuple[float, float], ...],
    states: TwoState | None,
    warm: int,
    mean_s: float,
    keep_s: float,
    rate_per_s: float,
) -> float:
    """The share of cold requests on an endpoint that has these calls a second."""
    cold = 0.0
    for factor, share in curve:
        if states is None or not states.share_high:
            calls = _carried(factor * rate_per_s, mean_s)[warm:]
            cold += share * math.fsum(call * uncalled(call, keep_s) for call in calls)
            continue
        mean = states.share_high * states.high_per_s + (1 - states.share_high) * states.low_per_s
        lows = _carried(factor * rate_per_s * states.low_per_s / mean, mean_s)[warm:]
        highs = _carried(factor * rate_per_s * states.high_per_s / mean, mean_s)[warm:]
        for low, high in zip_longest(lows, highs, fillvalue=0.0):
            in_low, in_high = uncalled_in_states(low, high, states.mean_low_s, states.mean_high_s, keep_s)
            cold += share * ((1 - states.share_high) * low * in_low + states.share_high * high * in_high)
    return min(1.0, cold / rate_per_s)


def _carried(rate_per_s: float, mean_s: float) -> list[float]:
    """Calls a second that each container takes, the first one first."""
    over, found = 1.0, []
    for left in islice(overflowing(rate_per_s * mean_s), _MANY - 1):
        found.append(rate_per_s * (over - left))
        over = left
        if over < _NOTHING:
            break
    return found
