"""Faults on demand: what goes wrong beside the requests, the same for every deployment that meets the same trace.

    instance-loss=2 per day                      one of the instances in service is lost, twice a day on average
    zone-loss=day 3 14:00 for 2 hours of 3 zones the first zone is lost, with all that runs or starts in it
    slow-launches=3x                             each launch takes so many times as long
    launches-refused=30 %                        that share of the launches never comes, for lack of capacity

What is lost is replaced at once, by a launch like any other. A refused launch is told at the instant at which it would
have been ready; it is tried again where the fleet is below its minimum, else when an alarm asks again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.errors import InputError, UnknownName, near
from advisor.sim.scaling import Loss, ZoneLoss
from advisor.streams import stream
from advisor.units import (
    DAY_S,
    HOUR_S,
    count,
    duration_s,
    factor,
    rate_per_s,
    share,
    show_duration,
    show_factor,
    show_rate,
    show_share,
)

__all__ = ["NO_FAULTS", "Faults", "Outage", "faults_of"]

# Launches are drawn this often, then round and round, as their lengths are.
_LAUNCHES = 256
# More often than this an instance is lost before another one can be launched: no fleet, only its replacement.
_MOST_PER_S = 1 / 60
_MOST_ZONES = 6
# AWS spreads an endpoint over the zones of its subnets; a region has three in the middle.
_ZONES = 3
_KINDS = ("instance-loss", "zone-loss", "slow-launches", "launches-refused")
_OUTAGE = re.compile(
    r"day\s+(?P<day>\d{1,4})(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}))?"
    r"(?:\s+for\s+(?P<lasts>.+?))?(?:\s+of\s+(?P<zones>\S+)\s+zones)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """An availability zone, the first of so many, is lost for a while; ``at_s`` counts from the window's begin."""

    at_s: float
    lasts_s: float
    zones: int = _ZONES

    def __str__(self) -> str:
        day, rest = divmod(round(self.at_s), round(DAY_S))
        at = f"day {day + 1} {rest // 3600:02d}:{rest % 3600 // 60:02d}"
        return f"one of {self.zones} availability zones is lost on {at} for {show_duration(self.lasts_s)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What goes wrong. The launches concerned are a fleet's after its first instances, replacements among them."""

    losses_per_s: float = 0.0
    outages: tuple[Outage, ...] = ()
    launch_factor: float = 1.0
    refused_share: float = 0.0

    def __bool__(self) -> bool:
        return self != NO_FAULTS

    @property
    def zones(self) -> int:
        """Over how many zones a fleet is spread: more than one matters only where one is lost."""
        return max((outage.zones for outage in self.outages), default=1)

    def losses(self, seed: int, *, from_s: float, to_s: float) -> tuple[Loss | ZoneLoss, ...]:
        """What is lost in the window, by instant: the same under one seed, sooner or later as the rate is."""
        found: list[Loss | ZoneLoss] = []
        if self.losses_per_s:
            draws = stream(seed, "instance losses")
            at = from_s
            while True:
                at += float(draws.standard_exponential()) / self.losses_per_s
                if at >= to_s:
                    break
                found.append(Loss(at_s=_on_grid(at), which=float(draws.random())))
        found += [
            ZoneLoss(at_s=_on_grid(from_s + outage.at_s), zone=0, lasts_s=_on_grid(outage.lasts_s))
            for outage in self.outages
        ]
        return tuple(sorted(found, key=lambda loss: loss.at_s))

    def refused(self, seed: int) -> tuple[bool, ...]:
        """Which launches never come, by ordinal; one in each round always does, or no fleet would ever be there."""
        if not self.refused_share:
            return (False,)
        luck = stream(seed, "refused launches").random(_LAUNCHES)
        refused = luck < self.refused_share
        refused[int(np.argmax(luck))] = False
        return tuple(bool(one) for one in refused)

    def told(self) -> Iterator[str]:
        """Each fault in words."""
        if self.losses_per_s:
            yield f"an endpoint loses instances, {show_rate(self.losses_per_s)} on average"
        yield from (str(outage) for outage in self.outages)
        if self.launch_factor != 1.0:
            yield f"each launch takes {show_factor(self.launch_factor)} as long"
        if self.refused_share:
            yield f"{show_share(self.refused_share)} of the launches are refused for lack of capacity"

    def fits(self, window_s: float) -> None:
        """Refuse what would come after the run."""
        for outage in self.outages:
            if outage.at_s >= window_s:
                raise InputError(
                    f"{outage}, and the run has {show_duration(window_s)}",
                    "--fault",
                    "name an earlier day, or raise the budget of requests",
                )


NO_FAULTS = Faults()


def faults_of(texts: Sequence[str], *, outage_s: float = HOUR_S) -> Faults:
    """Faults as the command line gives them, KIND=HOW; a zone is lost for ``outage_s`` where nothing else is said.

    Zones may be lost several times; each other kind stands once.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, how = text.partition("=")
        name = name.strip().lower()
        if name not in _KINDS:
            raise UnknownName(
                f'"{name}" is no fault', "--fault", near(name, _KINDS) or f"the faults are {', '.join(_KINDS)}"
            )
        if not equals or not how.strip():
            raise InputError(f"--fault {text!r} does not say how", "", f"write such as --fault {_EXAMPLES[name]!r}")
        if name in found and name != "zone-loss":
            raise InputError(f"--fault {name} is given twice", "", "give it once")
        found.setdefault(name, []).append(how.strip())
    outages = tuple(_outage(how, outage_s) for how in found.get("zone-loss", ()))
    if len({outage.zones for outage in outages}) > 1:
        raise InputError("zones are lost of different numbers of zones", "--fault", "write the same number in each")
    once = {name: hows[0] for name, hows in found.items()}
    return Faults(
        losses_per_s=_losses(once["instance-loss"]) if "instance-loss" in once else 0.0,
        outages=tuple(sorted(outages, key=lambda outage: outage.at_s)),
        launch_factor=_slow(once["slow-launches"]) if "slow-launches" in once else 1.0,
        refused_share=_refused(once["launches-refused"]) if "launches-refused" in once else 0.0,
    )


_EXAMPLES = {
    "instance-loss": "instance-loss=2 per day",
    "zone-loss": "zone-loss=day 3 14:00 for 2 hours",
    "slow-launches": "slow-launches=3x",
    "launches-refused": "launches-refused=30 %",
}


def _losses(how: str) -> float:
    rate = rate_per_s(how)
    if not 0 < rate <= _MOST_PER_S:
        raise InputError(
            f"instance-loss={how} is not between never and once a minute",
            "--fault",
            f"write such as {_EXAMPLES['instance-loss']}",
        )
    return rate


def _outage(how: str, outage_s: float) -> Outage:
    match = _OUTAGE.fullmatch(how)
    if match is None:
        raise InputError(f"zone-loss={how} does not say when", "--fault", f"write such as {_EXAMPLES['zone-loss']}")
    day, hour, minute = (int(match[name] or 0) for name in ("day", "hour", "minute"))
    if day < 1 or hour > 23 or minute > 59:
        raise InputError(f"zone-loss={how}: days count from 1, times end at 23:59", "--fault", "name such a time")
    lasts = duration_s(match["lasts"]) if match["lasts"] else outage_s
    zones = count(match["zones"]) if match["zones"] else _ZONES
    if not lasts > 0 or not math.isfinite(lasts):
        raise InputError(f"zone-loss={how} lasts no time", "--fault", f"write such as {_EXAMPLES['zone-loss']}")
    if not 2 <= zones <= _MOST_ZONES:
        raise InputError(f"zone-loss={how}: {zones} zones", "--fault", f"give 2 to {_MOST_ZONES} zones")
    return Outage(at_s=(day - 1) * DAY_S + hour * HOUR_S + minute * 60.0, lasts_s=lasts, zones=zones)


def _slow(how: str) -> float:
    times = factor(how)
    if not 1 <= times <= 1000:
        raise InputError(
            f"slow-launches={how} is not between 1x and 1000x", "--fault", "write such as slow-launches=3x"
        )
    return times


def _refused(how: str) -> float:
    part = share(how)
    if not 0 < part < 1:
        raise InputError(
            f"launches-refused={how} is not above 0 % and below 100 %: some launch comes in the end",
            "--fault",
            "write such as launches-refused=90 %",
        )
    return part


def _on_grid(seconds: float) -> float:
    return round(seconds * 2**20) / 2**20
