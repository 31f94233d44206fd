"""What the search spaces of several patterns share: how many instances to try, and chains without repetition."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from advisor.rules.estimates import offered
from advisor.workload import Workload, WorkOn

__all__ = ["beyond", "busiest_per_s", "counts", "tidy"]

# A chain has at most so many members; up to this many each count is one.
_LONGEST, _EACH = 20, 10
# A space has at most so many chains and members.
_CHAINS, _MEMBERS = 60, 600
# A few instances more than one are tried in any case.
_FEW = 3
# More than are busy on average by so many standard deviations, which are its square root (Erlang), never are.
_SPARE = 6
# Beyond twice the need the next count is larger by so much, and none is larger than this.
_STEP, _MANY = 1.1, 10_000
# What the profile states of these an endpoint keeps; those of a new account AWS raises on request.
_QUOTAS = ("quota.instances_per_endpoint", "quota.instances_all_endpoints")


class Named(Protocol):
    """What a deployment is told from others by."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Named)


def busiest_per_s(w: Workload) -> float:
    """The highest rate of all: the busiest minutes, or a spike."""
    spikes = (w.rate_per_s * spike.height for spike in (w.traffic.spikes if w.traffic else ()))
    return max(w.peak_per_s, *spikes, 0.0)


def counts(least: int, need: float, most: int) -> list[int]:
    """Counts to try, rising: each one at first, then in steps of about a seventh, up to twice what is needed."""
    end = max(least, min(most, max(least + _FEW - 1, math.ceil(2 * need))))
    found = list(range(least, min(end, least + _EACH - 1) + 1))
    while found[-1] < end:
        found.append(min(end, found[-1] + max(1, round(found[-1] / 7))))
    if len(found) > _LONGEST:
        kept = {round(n * (len(found) - 1) / (_LONGEST - 1)) for n in range(_LONGEST)}
        found = [count for n, count in enumerate(found) if n in kept]
    return found


def beyond(w: Workload, on: WorkOn, numbers: list[int], part: float = 1.0) -> list[int]:
    """More instances than `counts` gives, up to where more would shorten nothing any more; ``part`` of all traffic.

    An objective as long as the work alone leaves no time to wait, nor to be slowed down by others on a load curve: it
    takes room for all that are ever in service at once, each alone.
    """
    at_once = offered(busiest_per_s(w) * part, on)
    room = (at_once + _SPARE * math.sqrt(at_once)) / (1 if on.at is not None else on.workers)
    stated = [w.limit(key) for key in _QUOTAS if w.overridden(key)]
    end, found = int(min([math.ceil(room), _MANY, *stated])), list(numbers)
    step = max(_STEP, (end / found[-1]) ** (1 / _LONGEST))
    while found[-1] < end:
        found.append(min(end, max(found[-1] + 1, round(found[-1] * step))))
    return found


def tidy(chains: Iterable[Sequence[T]]) -> tuple[tuple[T, ...], ...]:
    """Each deployment where it stands first; no more chains and members than a search can look at.

    Where the first chain is a single deployment that also stands in another, that one comes first instead: a search
    walks a chain, and would step over what was taken out of it.
    """
    seen: set[str] = set()
    found: list[list[T]] = []
    for chain in _own_first([list(one) for one in chains]):
        fresh = list({one.id: one for one in chain if one.id not in seen}.values())
        seen.update(one.id for one in fresh)
        if fresh and len(found) < _CHAINS:
            found.append(fresh)
    longest = max(map(len, found), default=0)
    while sum(map(len, found)) > _MEMBERS:
        # The ends of a chain say most of it.
        longest -= 1
        found = [_thinned(chain, longest) for chain in found]
    return tuple(tuple(chain) for chain in found)


def _own_first(chains: list[list[T]]) -> list[list[T]]:
    if not chains or len(chains[0]) != 1:
        return chains
    start, others = chains[0][0].id, chains[1:]
    own = next((n for n, chain in enumerate(others) if start in {one.id for one in chain}), None)
    return chains if own is None else [others[own], *others[:own], *others[own + 1 :]]


def _thinned(chain: list[T], most: int) -> list[T]:
    if len(chain) <= most:
        return chain
    kept = {round(n * (len(chain) - 1) / max(1, most - 1)) for n in range(most)}
    return [one for n, one in enumerate(chain) if n in kept]
