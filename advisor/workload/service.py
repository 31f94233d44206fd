"""Service time as a profile describes it: what was measured, where. Nothing is drawn here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from advisor import units
from advisor.workload import lognormal
from advisor.workload.measures import Curve, Growth, On, Quantiles, serverless_mib
from advisor.workload.quantity import (
    COUNT,
    DURATION,
    CountOrNone,
    DurationOrNone,
    DurationOrZero,
    Flaw,
    NumberOrNone,
    Part,
)
from advisor.workload.recorded import RecordedFile, measured
from advisor.workload.section import Section, unfilled

__all__ = ["Batching", "Work"]

_PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99))


class Batching(Section):
    """Dynamic batching: up to ``max`` waiting requests at once, each further one costing ``marginal`` of the first."""

    max: Annotated[int, replace(COUNT, examples=(8,))] = Field(
        description="How many waiting requests are taken at once at most, such as 8."
    )
    wait_s: DurationOrZero = unfilled("How long the first request waits for others, such as 5 ms.", "wait")
    marginal: Part = unfilled("What each further request of a batch costs, as a share of the first, such as 0.25.")


class Work(Section):
    """How long one request keeps one worker busy, measured on one kind of instance."""

    on: Annotated[str, On()] = unfilled(
        "Where it was measured: an instance type such as ml.m5.xlarge, or serverless 4 GB "
        "(loaders of YAML 1.1 turn this key into true, which is taken as on)."
    )
    mean_s: DurationOrNone = unfilled("Mean time that one request alone keeps a worker busy, such as 22 ms.", "mean")
    p50_s: DurationOrNone = unfilled("Median time of one request alone, such as 20 ms.", "p50")
    p90_s: DurationOrNone = unfilled("Time that 90 % of requests alone stay below, such as 35 ms.", "p90")
    p95_s: DurationOrNone = unfilled("Time that 95 % of requests alone stay below, such as 41 ms.", "p95")
    p99_s: DurationOrNone = unfilled("Time that 99 % of requests alone stay below, such as 60 ms.", "p99")
    cv: NumberOrNone = unfilled("Standard deviation of the time over its mean, such as 0.5; 0 is always the same time.")
    quantiles: Annotated[Mapping[float, float] | None, Quantiles()] = unfilled(
        "Several quantiles of the time of one request alone, such as {50 %: 20 ms, 95 %: 41 ms}."
    )
    file: Annotated[Path | None, RecordedFile("measurements")] = unfilled(
        "A CSV of measured times with a column latency_ms or latency_s, such as latencies.csv beside the profile."
    )
    at: Annotated[Mapping[int, float] | None, Curve()] = unfilled(
        "Mean time by the number of requests in flight, such as {1: 120 ms, 4: 170 ms, 16: 390 ms}."
    )
    at_p50: Annotated[Mapping[int, float] | None, Curve()] = unfilled(
        "Median time by the number of requests in flight, such as {1: 110 ms, 4: 160 ms}."
    )
    workers: CountOrNone = unfilled("How many requests the instance works on at the same time, such as 4.")
    batching: Batching | None = unfilled(
        "Dynamic batching on the server, such as {max: 8, wait: 5 ms, marginal: 0.25}."
    )
    grows: Annotated[float | None, Growth()] = unfilled(
        "How the time grows with the request's size, such as 12 ms per MB."
    )

    @property
    def serverless_mib(self) -> float | None:
        """The container's memory, where it was measured on serverless."""
        return None if self.on is None else serverless_mib(self.on)

    @property
    def instance(self) -> str | None:
        """The instance type, where it was measured on one."""
        return None if self.on is None or self.serverless_mib is not None else self.on

    @property
    def percentiles(self) -> tuple[tuple[float, float], ...]:
        """The percentiles given, as (share, seconds), rising; ``quantiles`` among them."""
        if self.quantiles is not None:
            return tuple(self.quantiles.items())
        held = ((share, getattr(self, f"{name}_s")) for name, share in _PERCENTILES)
        return tuple((share, seconds) for share, seconds in held if seconds is not None)

    @property
    def has_time(self) -> bool:
        """Whether anything here says how long a request takes."""
        return any(given is not None for given in (self.mean_s, self.at, self.at_p50, self.file)) or bool(
            self.percentiles
        )

    @property
    def has_shape(self) -> bool:
        """Whether anything here says how service times spread."""
        return self.cv is not None or self.file is not None or len(self.percentiles) + (self._anchor is not None) >= 2

    @property
    def sigma(self) -> float | None:
        """Sigma of the log-normal law that the figures imply; ``None`` where they imply none."""
        if self.file is not None and self.cv is None:
            return lognormal.sigma_of_cv(measured(self.file).cv)
        if self.cv is not None:
            return lognormal.sigma_of_cv(self.cv)
        points, mean = self.percentiles, self._anchor
        if len(points) >= 2:
            (low_share, low), (high_share, high) = points[0], points[-1]
            return lognormal.sigma_of_percentiles(low_share, low, high_share, high)
        if points and mean is not None:
            return lognormal.sigma_of_ratio(points[0][0], points[0][1] / mean)
        return None

    @property
    def spread(self) -> float:
        """The coefficient of variation of service time: given, or implied; 0 where nothing says."""
        if self.cv is not None:
            return self.cv
        sigma = self.sigma
        return 0.0 if sigma is None else lognormal.cv_of_sigma(sigma)

    @property
    def mean(self) -> float:
        """Mean seconds of one request alone: stated, measured, or implied by percentiles; NaN where nothing says."""
        if self._anchor is not None:
            return self._anchor
        if self.file is not None:
            return measured(self.file).mean_s
        sigma = lognormal.sigma_of_cv(self.spread)
        if self.at_p50 is not None:
            return self.at_p50[1] * lognormal.mean_over_median(sigma)
        if self.percentiles:
            share, seconds = self.percentiles[0]
            return seconds * math.exp(sigma * sigma / 2 - lognormal.z(share) * sigma) if 0 < share < 1 else seconds
        return math.nan

    @property
    def _anchor(self) -> float | None:
        if self.mean_s is not None:
            return self.mean_s
        return self.at[1] if self.at is not None else None

    def flaws(self) -> Iterator[Flaw]:
        yield from self._several_ways()
        yield from self._no_such_law()
        if self.serverless_mib is not None:
            if self.workers is not None and self.workers != 1:
                yield Flaw(
                    ("workers",),
                    f"{self.workers} workers in a serverless container",
                    "it serves one request at a time: leave workers out",
                    (("workers",), ("on",)),
                )
            for key, value in (("at", self.at or self.at_p50), ("batching", self.batching)):
                if value is not None:
                    yield Flaw(
                        (key,),
                        f"a serverless container serves one request at a time, so {key} has no meaning",
                        f"leave {key} out",
                        ((key,), ("on",)),
                    )

    def _several_ways(self) -> Iterator[Flaw]:
        ways = {
            "mean": self.mean_s,
            "at": self.at,
            "at_p50": self.at_p50,
            "quantiles": self.quantiles,
            "file": self.file,
        }
        given = [key for key, value in ways.items() if value is not None]
        for key in given[1:]:
            yield Flaw(
                (key,),
                f"{given[0]} and {key} both say how long a request takes",
                "give one of them",
                ((given[0],), (key,)),
            )
        named = [name for name, _ in _PERCENTILES if getattr(self, f"{name}_s") is not None]
        shapes = [*named, *(key for key in ("quantiles", "file") if ways[key] is not None)]
        if self.cv is not None and shapes and not (named == ["p50"] and not given):
            what = f"{shapes[-1]} and cv both say how service times spread"
            yield Flaw(("cv",), what, f"give {shapes[-1]} or cv", (("cv",), (shapes[-1],)))
        for key in ("quantiles", "file"):
            if ways[key] is not None and named:
                yield Flaw(
                    (named[0],),
                    f"{key} and {named[0]} both say how service times spread",
                    f"put {named[0]} into {key}, or leave it out",
                    ((key,), (named[0],)),
                )
        if self.workers is not None and (self.at or self.at_p50):
            yield Flaw(
                ("workers",),
                "a load curve says by its last point how many requests are in flight",
                "leave workers out",
                (("workers",), ("at",)),
            )

    def _no_such_law(self) -> Iterator[Flaw]:
        named = [(name, share, getattr(self, f"{name}_s")) for name, share in _PERCENTILES]
        rising = [(name, share, seconds) for name, share, seconds in named if seconds is not None]
        for (below, _, less), (above, _, more) in pairwise(rising):
            if more < less:
                what = f"{above} of {units.show_duration(more)} is below {below} of {units.show_duration(less)}"
                yield Flaw((above,), what, f"write {above}: {DURATION.sure(less)} or more", ((above,), (below,)))
        mean = self._anchor
        if mean is None:
            return
        key = "mean" if self.mean_s is not None else "at"
        for name, share, seconds in rising:
            ratio, reads = seconds / mean, ((name,), (key,))
            largest = lognormal.LARGEST_RATIO[share]
            figures = f"{name} of {units.show_duration(seconds)} and a mean of {units.show_duration(mean)}"
            if share == 0.5 and ratio > 1:
                yield Flaw(
                    (name,),
                    f"{figures}: a median above the mean is no log-normal law",
                    "check both, or give quantiles",
                    reads,
                )
            elif share >= 0.95 and ratio < 1:
                yield Flaw(
                    (name,), f"{figures}: a {name} is not below the mean", "check both figures and their units", reads
                )
            elif share > 0.5 and ratio > largest:
                what = f"{figures}: a log-normal {name} is at most {largest:.2f} times the mean"
                yield Flaw((name,), what, "check the units, or give quantiles or a file of measurements", reads)
