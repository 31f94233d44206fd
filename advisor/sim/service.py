"""Shapes that requests draw from: the work multiplier of mean 1, bytes with a mean and a largest, model popularity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from advisor.errors import InputError
from advisor.sim.kernels import Floats, Ints
from advisor.sim.kernels.generate import CONSTANT, EXPONENTIAL, LOGNORMAL, MEASURED
from advisor.workload import Workload
from advisor.workload.recorded import measured
from advisor.workload.service import Work

__all__ = [
    "Popularity",
    "Shape",
    "Sizes",
    "constant",
    "exponential",
    "from_measurements",
    "from_quantiles",
    "lognormal",
    "shape_of",
    "shape_of_work",
    "uniform_models",
    "zipf",
]

_NORMAL = NormalDist()
# Cells of a guide to models: a model, and in any case. The finer it is, the seldomer it is one model off.
_CELLS_A_MODEL, _LEAST_CELLS = 2, 4096
# A log-normal spread of 4 has its 99th percentile 11,000 times above its median.
_STEEPEST = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How work spreads around its mean of 1; ``kind`` and numbers as the compiled generator reads them.

    ``mean`` is what was divided out: the mean, in seconds, of the quantiles or measurements behind the shape.
    """

    kind: int
    bends: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    cv: float
    mean: float = 1.0


def constant() -> Shape:
    """All requests alike."""
    return Shape(kind=CONSTANT, cv=0.0)


def exponential() -> Shape:
    """The memoryless law that queueing theory asks for; no profile gives it."""
    return Shape(kind=EXPONENTIAL, cv=1.0)


def lognormal(cv: float) -> Shape:
    """The log-normal law with this coefficient of variation."""
    if cv <= 0:
        return constant()
    square = math.log1p(cv * cv)
    return Shape(kind=LOGNORMAL, heights=(-square / 2,), spreads=(math.sqrt(square),), cv=cv)


def from_quantiles(points: Mapping[float, float]) -> Shape:
    """A law through quantiles (share to seconds): log-normal between each two, so that two alone give the plain law.

    Beyond the lowest and the highest it goes on as it began and ended, but no steeper than from the lowest to the
    highest: the last two often stand for another thing (a pause, a retry) whose tail nobody measured.
    """
    known = sorted(points.items())
    if len(known) < 2 or known[0][1] <= 0 or any(not 0 < share < 1 for share, _ in known):
        what = f"no law goes through {len(known)} quantiles"
        raise InputError(what, "", "give two shares or more, with times above zero")
    z = [_NORMAL.inv_cdf(share) for share, _ in known]
    logs = [math.log(seconds) for _, seconds in known]
    overall = (logs[-1] - logs[0]) / (z[-1] - z[0])
    if overall > _STEEPEST:
        told = " to ".join(f"{seconds:g} s at {share:g}" for share, seconds in (known[0], known[-1]))
        what = f"quantiles from {told}: a law that wide has no mean to speak of"
        raise InputError(what, "", "give quantiles further out, or a file of measurements")
    bends, spreads = list(z), [(b - a) / (y - x) for a, b, x, y in zip(logs, logs[1:], z, z[1:], strict=False)]
    spreads = [min(overall, spreads[0]), *spreads, min(overall, spreads[-1])]
    heights = [logs[max(0, n - 1)] - slope * z[max(0, n - 1)] for n, slope in enumerate(spreads)]
    for tail in (0, -1):
        # A tail that goes on as it was needs no piece of its own.
        if spreads[tail] == spreads[1 if tail == 0 else -2]:
            del spreads[tail], heights[tail], bends[tail]
    if max(spreads) == 0.0:
        return constant()
    first, second = (_moment(power, bends, heights, spreads) for power in (1, 2))
    return Shape(
        kind=LOGNORMAL,
        bends=tuple(bends),
        heights=tuple(height - math.log(first) for height in heights),
        spreads=tuple(spreads),
        cv=math.sqrt(max(0.0, second / (first * first) - 1)),
        mean=first,
    )


def _moment(power: int, bends: Sequence[float], heights: Sequence[float], spreads: Sequence[float]) -> float:
    if not bends:
        return math.exp(power * heights[0] + (power * spreads[0]) ** 2 / 2)
    total = 0.0
    # Tails in closed form: the mean of exp(power (height + slope z)) over z below or above a bend.
    for height, slope, edge in ((heights[0], spreads[0], bends[0]), (heights[-1], -spreads[-1], -bends[-1])):
        total += math.exp(power * height + (power * slope) ** 2 / 2) * _NORMAL.cdf(edge - power * slope)
    # Pieces between, which may be as steep as they like, by quadrature.
    nodes, weights = np.polynomial.legendre.leggauss(64)
    for height, slope, low, high in zip(heights[1:-1], spreads[1:-1], bends, bends[1:], strict=False):
        z = (low + high) / 2 + (high - low) / 2 * nodes
        density = np.exp(power * (height + slope * z) - z * z / 2) / math.sqrt(2 * math.pi)
        total += float((weights * density).sum()) * (high - low) / 2
    return total


def from_measurements(values: Sequence[float]) -> Shape:
    """Measured times, each as likely as it was seen."""
    mean = math.fsum(values) / len(values)
    square = math.fsum((value - mean) ** 2 for value in values) / len(values)
    return Shape(kind=MEASURED, values=tuple(v / mean for v in values), cv=math.sqrt(square) / mean, mean=mean)


def shape_of_work(work: Work) -> Shape:
    """The shape that one entry of a profile describes; constant where it describes none."""
    if work.file is not None:
        return from_measurements(measured(work.file).latencies_s)
    if len(work.percentiles) >= 2 and work.cv is None:
        return from_quantiles(dict(work.percentiles))
    return lognormal(work.spread)


def shape_of(workload: Workload) -> Shape:
    """The one shape of a workload, for every deployment alike: of its entry with measurements, else with the most
    quantiles, else with a stated spread, else the first."""
    entries = list(enumerate(workload.work))
    if not entries:
        return constant()

    def told(entry: tuple[int, Work]) -> tuple[bool, int, bool, int]:
        number, work = entry
        stated = not workload.assumed.get(f"work.{number}.cv") and work.has_shape
        return work.file is not None, len(work.percentiles), stated, -number

    return shape_of_work(max(entries, key=told)[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes between zero and a largest with a given mean: the law of largest entropy, an exponential cut at ``most``.

    ``scale`` is the exponential's own mean: 0 for a constant size, infinite for the uniform law; ``mirrored`` where
    the mean lies above the middle, and the law falls towards zero instead.
    """

    mean: float
    most: float
    scale: float
    mirrored: bool

    @classmethod
    def of(cls, mean: float, most: float | None = None) -> Sizes:
        """The law with this mean and largest; constant where they are one or no largest is given."""
        most = mean if most is None else most
        if mean < 0 or most < mean:
            raise InputError(
                f"sizes of {mean:g} bytes on average and {most:g} at most", "", "give a largest above the mean"
            )
        if most == mean or mean == 0:
            return cls(mean=mean, most=mean, scale=0.0, mirrored=False)
        share = mean / most
        mirrored = share > 0.5
        aim = 1 - share if mirrored else share
        if abs(share - 0.5) < 1e-9:
            return cls(mean=mean, most=most, scale=math.inf, mirrored=False)
        low, high = 0.0, 1e9
        for _ in range(200):
            middle = (low + high) / 2 if high < 1 else math.sqrt(max(low, 1e-12) * high)
            if middle - (1 / math.expm1(1 / middle) if 1 / middle < 700 else 0.0) < aim:
                low = middle
            else:
                high = middle
        return cls(mean=mean, most=most, scale=high * most, mirrored=mirrored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Popularity:
    """Which model a request asks for: running totals of the shares, the most popular first, and where to look."""

    shares: tuple[float, ...]

    def tables(self) -> tuple[Floats, Ints]:
        """The totals, ending at 1, and for each cell of a finer grid the first model whose total passes its start."""
        totals = np.cumsum(np.asarray(self.shares, dtype=np.float64))
        totals /= totals[-1]
        totals[-1] = 1.0
        cells = max(_LEAST_CELLS, _CELLS_A_MODEL * len(self.shares))
        guide = np.searchsorted(totals, np.arange(cells) / cells, side="right").astype(np.int64)
        return totals, guide


def zipf(count: int, exponent: float) -> Popularity:
    """The k-th of ``count`` models is asked for in proportion to k to the power of minus the exponent."""
    weights = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    return Popularity(shares=tuple((weights / weights.sum()).tolist()))


def uniform_models(count: int) -> Popularity:
    """All models alike."""
    return zipf(count, 0.0)
