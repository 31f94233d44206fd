"""What to relax where a stream or the lot beside it has no answer: what both need at once, at the cost of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from advisor.advice.axes import now_of
from advisor.advice.combination import Combination
from advisor.advice.recommendation import Recommendation, Relaxation
from advisor.workload import Workload

__all__ = ["of_both"]

# So many pairs are told.
_MOST = 4
# What allows more where it is larger; of anything else a smaller value is easier to serve.
_ALLOWING = ("objective.", "batch.deadline", "batch.every", "batch.files")


def of_both(w: Workload, stream: Recommendation, lot: Recommendation) -> tuple[Relaxation, ...]:
    """Of each way to serve the stream with each to serve the lot, the nearest of both first, what makes both possible.

    One that is served as it is needs nothing. What was simulated of one alone is an estimate of both, as the other's
    changes may bear on it.
    """
    return tuple(islice(_pairs(w, stream, lot), _MOST))


def _pairs(w: Workload, stream: Recommendation, lot: Recommendation) -> Iterator[Relaxation]:
    for one, other in product(_ways(stream), _ways(lot)):
        yield Relaxation(
            pattern=Combination.name,
            id=f"{one.id} + {other.id}",
            usd=one.usd + other.usd,
            sets=_together(w, one.sets, other.sets),
            how="simulated" if one.how == other.how == "simulated" else "estimated",
        )


def _ways(part: Recommendation) -> tuple[Relaxation, ...]:
    """What to relax for a part; nothing for its best, where it has one."""
    if (best := part.best) is None:
        return part.relaxations
    usd = float(best.usd_per_month)
    return (Relaxation(pattern=best.pattern, id=best.id, usd=usd, sets={}),)


def _together(w: Workload, one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of both; of one that both change the value that goes further."""
    sets = {**one, **other}
    for path in set(one) & set(other):
        sets[path] = _further(w, path, one[path], other[path])
    return sets


def _further(w: Workload, path: str, one: Any, other: Any) -> Any:
    if one == other or one is None or other is None:
        return other if one is not None else one
    if path == "needs":
        return [need for need in one if need in other]
    larger = max if path.startswith(_ALLOWING) else min
    return larger(one, other, key=lambda value: _base(w, path, value))


def _base(w: Workload, path: str, value: Any) -> float:
    """A value in base units; of a load curve, whose points were all brought down in proportion, the first point's."""
    changed = w.with_({path: value})
    if isinstance(value, str):
        return now_of(changed, path)
    _, nth, _ = path.split(".")
    curve = changed.work[int(nth)].at
    return next(iter(curve.values())) if curve else 0.0
