"""Traffic as a profile describes it: rate, curves, bursts, clusters, spikes, classes, replay. Nothing is drawn here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from advisor import units
from advisor.errors import UnitError
from advisor.units import DAY_S, HOUR_S
from advisor.workload.bursts import curve_cv, curve_peak, hourly_curve
from advisor.workload.curves import DAY_CURVES, WEEK_CURVES, named_weights
from advisor.workload.demand import Payload
from advisor.workload.quantity import (
    COUNT,
    NUMBER,
    RATE,
    Base,
    Choice,
    Duration,
    Factor,
    Flaw,
    Flaws,
    Kind,
    Number,
    Rate,
    RateOrNone,
    Text,
    refused,
    shown,
)  # fmt: skip
from advisor.workload.recorded import RecordedFile
from advisor.workload.section import Section, unfilled

__all__ = ["SHAPES", "Bursts", "Clusters", "Replay", "Spike", "Traffic", "TrafficClass"]

SHAPES = ("steady", "regular", "daily", "weekly", "bursty", "on_off")
# Shapes without any clumping of their own: Poisson at a flat rate, and evenly spaced.
CALM = ("steady", "regular")
_RATES_AGREE = 1e-3
_MOST_WEIGHT = 10**9


class Weights(Kind):
    """A named curve, or weights of which only the proportions count."""

    def __init__(self, names: tuple[str, ...], length: int, what: str) -> None:
        self.names, self.length, self.what = names, length, what
        self.choice = Choice(*names, noun=f"a {what} curve")

    def read(self, value: Any) -> str | tuple[float, ...]:
        value = value.value if isinstance(value, Base) else value
        if not isinstance(value, list | tuple):
            return self.choice.read(value)
        if len(value) != self.length:
            raise refused(f"{len(value)} {self.what} weights", f"give {self.length}, or one of {', '.join(self.names)}")
        weights, flaws = [], []
        for n, item in enumerate(value):
            try:
                weights.append(units.number(item))
            except UnitError as error:
                flaws.append(
                    Flaw((n,), f"among the {self.what} weights, {error.what}", "write a plain number, 0 or more")
                )
        if flaws:
            raise Flaws(*flaws)
        if not any(weights):
            raise refused(f"all {self.what} weights are zero", "give at least one above zero")
        if max(weights) > _MOST_WEIGHT:
            raise refused(f"a {self.what} weight of {max(weights):g}", "only proportions count: write small numbers")
        return tuple(weights)

    def show(self, value: Any) -> str:
        return value if isinstance(value, str) else f"[{', '.join(map(units.show_number, value))}]"

    def schema(self) -> dict[str, Any]:
        numbers = {
            "type": "array",
            "items": {
                "anyOf": [{"type": "number", "minimum": 0, "maximum": _MOST_WEIGHT}, NUMBER.schema()["anyOf"][1]]
            },
            "contains": {"not": {"enum": [0, "0"]}},
            "minItems": self.length,
            "maxItems": self.length,
        }
        return {
            "anyOf": [{"enum": list(self.names)}, numbers],
            "description": f"a named {self.what} curve, or {self.length} weights",
        }


class Moment(Kind):
    """A moment of the simulated time: "day 3 14:00" (days from 1) as whole seconds from the start."""

    FORM = re.compile(r"day\s+([0-9]{1,4})(?:\s+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?", re.IGNORECASE)

    def read(self, value: Any) -> float:
        if isinstance(value, Base):
            if isinstance(value.value, bool) or not isinstance(value.value, int | float) or not 0 <= value.value < 1e9:
                raise refused(f"{shown(value)} is not a moment in seconds", "give seconds from the start")
            return float(round(value.value))
        found = self.FORM.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise refused(
                f"{shown(value)} is not a moment", 'write a day counted from 1 and a time, such as "day 3 14:00"'
            )
        day, hour, minute, second = (int(part or 0) for part in found.groups())
        if day < 1 or hour > 23 or max(minute, second) > 59:
            raise refused(
                f"{shown(value)} is not a moment: days count from 1, times end at 23:59",
                'write one such as "day 3 14:00"',
            )
        return (day - 1) * DAY_S + hour * HOUR_S + minute * 60.0 + second

    def write(self, value: Any) -> str:
        seconds = round(float(value))
        return f"day {seconds // 86400 + 1} {seconds % 86400 // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"

    def schema(self) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": r"^ *[dD][aA][yY] +(?!0+(?: |$))[0-9]{1,4}"
            r"(?: +(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)? *$",
            "examples": ["day 3 14:00"],
        }


class Bursts(Section):
    """The four numbers of a chart, with the rate: peak over mean, cv, and how long the rate remembers."""

    peak: Factor = unfilled("The busiest minutes over the mean, such as 3x.")
    cv: Number = unfilled("Standard deviation of the rate over its mean, such as 0.4.")
    length_s: Duration = unfilled(
        "How long a burst lasts: how long the rate remembers what it was, such as 8 min.", "length"
    )
    of: Annotated[str, Choice("minutes", "chart", "rate", noun="what peak and cv are of")] = Field(
        default="minutes",
        description="What peak and cv are figures of: minutes (counts of single minutes without the day's curve), "
        "chart (a chart with the curve in it) or rate (the rate itself).",
    )

    def flaws(self) -> Iterator[Flaw]:
        if self.peak is not None and self.peak <= 1:
            yield Flaw(
                ("peak",),
                f"a peak of {units.show_factor(self.peak)} is no burst",
                "write a peak above 1x, or shape: steady",
            )


class Clusters(Section):
    """Requests that come together: on average ``size`` of them within a short time."""

    size: Number = Field(description="How many requests come together on average, such as 5.")
    within_s: Duration = Field(alias="within", description="The time within which they come, such as 200 ms.")

    def flaws(self) -> Iterator[Flaw]:
        if self.size < 1:
            yield Flaw(("size",), f"clusters of {self.size:g} requests", "write a size of 1 or more")


class Spike(Section):
    """One event: when it begins, how high over the usual rate, how long."""

    at_s: Annotated[float, Moment()] = Field(
        alias="at", description="When it begins: a day counted from 1 and a time, such as day 3 14:00."
    )
    height: Factor = Field(description="The rate over the usual rate, such as 20x.")
    lasts_s: Duration = Field(alias="lasts", description="How long it lasts, such as 20 min.")


class TrafficClass(Section):
    """A part of the traffic with its own rate, work (a factor on the service time), payload and model (1 to count)."""

    name: Annotated[str, Text(80, one_line=True)] = Field(description="What the class is called, such as short texts.")
    rate_per_s: Rate = Field(alias="rate", description="Mean rate of this class alone, such as 10 per second.")
    work: Factor = Field(default=1.0, description="Its service time over that under work, such as 1.5x.")
    payload: Payload | None = unfilled("Sizes of its own requests and answers, such as {request: 9 KB}.")
    model: Annotated[int | None, replace(COUNT, noun="a model's number", examples=(1, 7))] = unfilled(
        "The number of the model that it asks, from 1 to model.count, such as 2."
    )


class Replay(Section):
    """A recorded file of arrivals; ``scale`` multiplies its rate."""

    SHORT: ClassVar[str | None] = "path"

    path: Annotated[Path, RecordedFile("arrivals")] = Field(
        description="A CSV with a column arrival_s, or start_s and count, such as arrivals.csv beside the profile."
    )
    scale: Factor = Field(default=1.0, description="What the file's rate is multiplied by, such as 2x.")


class Traffic(Section):
    """Requests that come one by one, over time."""

    rate_per_s: RateOrNone = unfilled("Mean rate over the whole week, nights included, such as 40 per second.", "rate")
    shape: Annotated[str | None, Choice(*SHAPES, noun="a shape of traffic")] = unfilled(
        "A ready-made form of traffic, such as bursty, where its figures are not known."
    )
    day: Annotated[str | tuple[float, ...] | None, Weights(DAY_CURVES, 24, "day")] = unfilled(
        "How the rate runs over the day: a named curve such as office, or 24 weights from midnight."
    )
    week: Annotated[str | tuple[float, ...] | None, Weights(WEEK_CURVES, 7, "week")] = unfilled(
        "How the rate runs over the week: a named curve such as workweek, or 7 weights from Monday."
    )
    bursts: Bursts | None = unfilled("How the rate swings, such as {peak: 3x, cv: 0.4, length: 8 min}.")
    clusters: Clusters | None = unfilled("Requests that come together, such as {size: 5, within: 200 ms}.")
    spikes: tuple[Spike, ...] = Field(
        default=(), description="Single events, such as [{at: day 3 14:00, height: 20x, lasts: 20 min}]."
    )
    classes: tuple[TrafficClass, ...] = Field(
        default=(),
        description="Parts of the traffic that differ, such as [{name: long, rate: 2 per second, work: 3x}].",
    )
    replay: Replay | None = unfilled("A recorded file of arrivals in place of all else here, such as arrivals.csv.")

    @property
    def day_weights(self) -> tuple[float, ...]:
        """24 weights with mean 1; empty where no day curve applies."""
        return _normal(named_weights("day", self.day))

    @property
    def week_weights(self) -> tuple[float, ...]:
        """7 weights with mean 1; empty where no week curve applies."""
        return _normal(named_weights("week", self.week))

    @property
    def curve(self) -> tuple[float, ...]:
        """Hourly weights with mean 1: 24 of them, or 168 where a week curve applies."""
        return hourly_curve(self.day_weights, self.week_weights)

    @property
    def curve_peak(self) -> float:
        """The busiest hour over the mean."""
        return curve_peak(self.curve)

    @property
    def curve_cv(self) -> float:
        """The day and week curve's own coefficient of variation."""
        return curve_cv(self.curve)

    def flaws(self) -> Iterator[Flaw]:
        total = math.fsum(one.rate_per_s for one in self.classes)
        if (
            self.classes
            and self.rate_per_s is not None
            and abs(total - self.rate_per_s) > _RATES_AGREE * self.rate_per_s
        ):
            yield Flaw(
                ("rate",),
                f"the rate is {units.show_rate(self.rate_per_s)}, and the classes sum to {units.show_rate(total)}",
                f"write rate: {RATE.sure(total)}, or leave the rate out",
                (("rate",), ("classes",)),
            )
        names = [one.name for one in self.classes]
        for n, name in enumerate(names):
            if name in names[:n]:
                yield Flaw(
                    ("classes", n, "name"),
                    f'two classes are called "{name}"',
                    "give each class its own name",
                    (("classes",),),
                )
        if self.shape in CALM:
            for key, value in (("bursts", self.bursts), ("clusters", self.clusters)):
                if value is not None:
                    yield Flaw(
                        (key,),
                        f"{self.shape} traffic has no {key}",
                        f"leave out shape: {self.shape}, or {key}",
                        (("shape",), (key,)),
                    )
        if self.replay is not None:
            against: Mapping[str, object] = {
                "rate": self.rate_per_s, "shape": self.shape, "day": self.day, "week": self.week, "bursts": self.bursts,
                "clusters": self.clusters, "classes": self.classes or None,
            }  # fmt: skip
            for key in (key for key, value in against.items() if value is not None):
                mend = (
                    "leave one of them out; replay: {path: ..., scale: 2x} scales the file"
                    if key == "rate"
                    else "leave one of them out"
                )
                yield Flaw((key,), f"a replayed file has its own {key}", mend, ((key,), ("replay",)))


@lru_cache(maxsize=64)
def _normal(weights: tuple[float, ...]) -> tuple[float, ...]:
    mean = math.fsum(weights) / len(weights) if weights else 1.0
    return tuple(weight / mean for weight in weights)
