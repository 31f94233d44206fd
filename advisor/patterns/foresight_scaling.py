"""How many instances a scaled fleet has, and when: target tracking on a load that moves between two states.

Within a group of like hours the load is low or high by the bursts. Out: datapoints of a burst, the metric's lag, a
launch. In: fifteen datapoints without one. So the fleet is up from a burst that lasts long enough until a pause that
does, and the load meets a fleet for the low state where it has just begun to be high.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

from advisor.patterns.fleet import usual_launches
from advisor.patterns.foresight_load import Ground
from advisor.workload import Workload

__all__ = ["Reaction", "Spell", "Tracking", "spells", "two_states"]

_NORMAL = NormalDist()
_STEPS = 40


class Reaction(Protocol):
    """How fast a fleet reacts, in seconds."""

    @property
    def seen_s(self) -> float: ...
    @property
    def launch_s(self) -> float: ...
    @property
    def in_s(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """A fleet's bounds, its target (the load of one instance), and how fast it reacts.

    ``load`` gives the metric's load, of all instances together, and its spread from one datapoint to the next, at a
    rate on so many instances. ``seen_s`` is from the begin of an overload to the decision, ``launch_s`` from there to
    service, ``in_s`` from its end to the decision to shrink.
    """

    lowest: int
    highest: int
    target: float
    load: Callable[[float, float], tuple[float, float]]
    seen_s: float
    launch_s: float
    in_s: float
    period_s: float
    out_datapoints: int
    in_datapoints: int
    in_ratio: float

    @classmethod
    def of(
        cls,
        w: Workload,
        name: str,
        bounds: tuple[int, int],
        target: float,
        load: Callable[[float, float], tuple[float, float]],
        *,
        fine: bool = False,
    ) -> Tracking:
        """AWS's alarms on an instance type; ``fine`` where the metric has a high resolution of its own."""
        ending = "_high_resolution" if fine else ""
        period = w.limit(f"scaling.metric_period{ending}")
        lag, points = float(w.assume("metric_lag")), int(w.limit("scaling.out_datapoints"))
        quiet = int(w.limit(f"scaling.in_datapoints{ending}"))
        lengths = usual_launches(w, name)
        return cls(
            lowest=bounds[0],
            highest=bounds[1],
            target=target,
            load=load,
            # A burst begins within a period, of which the rest is seen too if it is most of it.
            seen_s=(points + 0.5) * period + lag,
            launch_s=math.fsum(lengths) / len(lengths),
            in_s=quiet * period + lag,
            period_s=period,
            out_datapoints=points,
            in_datapoints=quiet,
            in_ratio=w.limit("scaling.in_threshold_ratio"),
        )

    def wanted(self, rate_per_s: float) -> float:
        """Instances at a steady rate on average, chance in the datapoints included."""
        floor = max(self.lowest, 1 if rate_per_s > 0 and self.lowest else 0)
        base = floor
        for _ in range(_STEPS):
            load, spread = self.load(rate_per_s, max(1, base))
            after = min(self.highest, max(base, floor, math.ceil(load / self.target - 1e-9)))
            if after == base:
                break
            base = after
        if base >= self.highest or load <= 0:
            return float(base)
        return base + self._one_more(load / self.target, base, spread / self.target)

    def _one_more(self, ideal: float, base: int, noise: float) -> float:
        """The share of time with one instance more, since datapoints spread around a steady load by chance."""
        noise = max(noise, 1e-9)
        above = 1 - _NORMAL.cdf((base - ideal) / noise)
        out = _run(above, self.out_datapoints) * self.period_s
        below = _NORMAL.cdf((self.in_ratio * (base + 1) - ideal) / noise)
        back = _run(below, self.in_datapoints) * self.period_s + self.in_s - self.in_datapoints * self.period_s
        return back / (out + back) if math.isfinite(back) else 1.0


def _run(chance: float, length: int) -> float:
    """How many tries a run of so many successes takes on average."""
    # A run so unlikely never comes; the power below would not hold it.
    if chance <= 1e-6 or length * math.log10(chance) < -300:
        return 1e12
    if chance >= 1 - 1e-9:
        return float(length)
    return float((chance**-length - 1) / (1 - chance))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A share of time with a rate and so many instances in service and billed; how long such a time lasts."""

    rate_per_s: float
    share: float
    instances: float
    billed: float
    lasts_s: float
    short_s: float = math.inf
    relief: tuple[float, float] | None = None


def spells(ground: Ground, tracking: Tracking) -> Iterator[Spell]:
    """The fleet over a month: levels of the curve, each with its states."""
    for factor, share in ground.curve:
        if not ground.share_high:
            rate = factor * ground.rate_per_s
            count = tracking.wanted(rate)
            yield Spell(rate_per_s=rate, share=share, instances=count, billed=count, lasts_s=math.inf)
            continue
        yield from _states(ground, tracking, factor * ground.rate_per_s, share)


def _states(ground: Ground, tracking: Tracking, rate_per_s: float, share: float) -> Iterator[Spell]:
    high, low = ground.high * rate_per_s, ground.low * rate_per_s
    return two_states(ground, tracking, rate_per_s, share, tracking.wanted(low), tracking.wanted(high))


def two_states(
    ground: Ground, tracking: Reaction, rate_per_s: float, share: float, few: float, many: float
) -> Iterator[Spell]:
    """The spells of a fleet that is few in the calm and many in a burst, at one level of the curve.

    In order: the burst, met by few and by many, then the calm, still with many and with few.
    """
    high, low = ground.high * rate_per_s, ground.low * rate_per_s
    stay_high, stay_low, part = ground.stay_high_s, ground.stay_low_s, ground.share_high
    if many <= few:
        yield Spell(
            rate_per_s=high, share=share * part, instances=few, billed=few, lasts_s=stay_high, relief=(low, few)
        )
        yield Spell(rate_per_s=low, share=share * (1 - part), instances=few, billed=few, lasts_s=stay_low)
        return
    long = math.exp(-tracking.seen_s / stay_high)
    quiet = math.exp(-tracking.in_s / stay_low)
    brief = _cut(stay_high, tracking.seen_s)
    # From the decision that brings the fleet up to the one that takes it down: bursts with short pauses between.
    up_high = stay_high + (1 - quiet) / max(quiet, 1e-12) * stay_high
    up_low = tracking.in_s + (1 - quiet) / max(quiet, 1e-12) * _cut(stay_low, tracking.in_s)
    # From there to the next: pauses, and bursts too short to be seen, and the begin of one that is not.
    down_low = stay_low + (1 - long) / max(long, 1e-12) * stay_low
    down_high = (1 - long) / max(long, 1e-12) * brief + tracking.seen_s
    # Of the time that the fleet is up, the launch goes by with the few.
    late_high = _cut_mean(stay_high, tracking.launch_s)
    late = min(late_high, up_high)
    wait = tracking.seen_s + tracking.launch_s
    relief = (high, many) if stay_high > wait else (low, few)
    yield Spell(
        rate_per_s=high,
        share=share * part * (down_high + late) / (up_high + down_high),
        instances=few,
        billed=few + (many - few) * late / (down_high + late),
        lasts_s=stay_high,
        short_s=wait,
        relief=relief,
    )
    yield Spell(
        rate_per_s=high,
        share=share * part * (up_high - late) / (up_high + down_high),
        instances=many,
        billed=many,
        lasts_s=stay_high,
    )
    yield Spell(
        rate_per_s=low,
        share=share * (1 - part) * up_low / (up_low + down_low),
        instances=many,
        billed=many,
        lasts_s=stay_low,
        short_s=tracking.in_s,
    )
    yield Spell(
        rate_per_s=low,
        share=share * (1 - part) * down_low / (up_low + down_low),
        instances=few,
        billed=few,
        lasts_s=stay_low,
    )


def _cut(mean_s: float, most_s: float) -> float:
    """The mean of an exponential time, given that it is below this."""
    reach = -math.expm1(-most_s / mean_s)
    return mean_s - most_s * math.exp(-most_s / mean_s) / reach if reach > 0 else 0.0


def _cut_mean(mean_s: float, most_s: float) -> float:
    """The mean of an exponential time that is cut off there."""
    return -mean_s * math.expm1(-most_s / mean_s)
