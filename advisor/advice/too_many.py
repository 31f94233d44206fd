"""What has too many requests, or takes too many instances, to be simulated is refused at once, and not in the end."""

from __future__ import annotations

from advisor.errors import InputError
from advisor.rules.estimates import capacity_per_s
from advisor.rules.first_guess import measured_types
from advisor.units import DAY_S, show_count, show_rate
from advisor.workload import Workload

__all__ = ["refuse_too_large", "refuse_too_many"]

# No run is shorter than a day and a day of warm-up before it; at this rate they take hours, and above it a queue or
# the containers of a busy minute no longer fit into memory.
_MOST_PER_S = 20_000
_SHORTEST_S = 2 * DAY_S
# Fleets of more instances take minutes to search; no account has so many of a type.
_MOST_INSTANCES = 5_000


def refuse_too_many(w: Workload) -> None:
    """Raise where the shortest run, or one spike of the traffic, has more requests than can be simulated."""
    most, rate = _MOST_PER_S * _SHORTEST_S, w.rate_per_s
    if rate > _MOST_PER_S:
        raise InputError(
            f"{show_rate(rate)}: the shortest run, a day and a day of warm-up, has {show_count(rate * _SHORTEST_S)} "
            f"requests, and {show_count(most)} at most are simulated ({show_rate(_MOST_PER_S)})",
            w.where("traffic.rate"),
            "simulate a share of the traffic, such as a hundredth of the rate on a hundredth of the fleet",
        )
    for n, spike in enumerate(w.traffic.spikes if w.traffic is not None else ()):
        if (requests := rate * spike.height * spike.lasts_s) > most:
            raise InputError(
                f"the spike has {show_count(requests)} requests, and {show_count(most)} at most are simulated",
                w.where(f"traffic.spikes.{n}"),
                "simulate a share of the traffic, or give the spike a smaller height or length",
            )


def refuse_too_large(w: Workload) -> None:
    """Raise where the work, as it was measured, keeps more instances busy than can be searched."""
    names = measured_types(w)
    if not w.streams or not names:
        return
    busy = w.rate_per_s / max(capacity_per_s(w.work_on(name)) for name in names)
    if busy > _MOST_INSTANCES:
        raise InputError(
            f"{show_rate(w.rate_per_s)} keep {show_count(round(busy))} instances busy all the time, of the type that "
            f"serves most of them, and fleets of {show_count(_MOST_INSTANCES)} at most are searched",
            w.where("traffic.rate"),
            "look whether the rate and the time of the work are in the unit that is meant, or simulate a share of the "
            "traffic",
        )
