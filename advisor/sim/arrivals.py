"""Where requests come from: the forms of traffic as sources, and the feeds that draw a source block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from advisor.errors import InputError
from advisor.sim.kernels import Floats, generate
from advisor.streams import stream
from advisor.units import HOUR_S, show_factor
from advisor.workload import Workload
from advisor.workload.bursts import TwoState
from advisor.workload.clustered import bursts_of
from advisor.workload.traffic import Traffic

__all__ = ["Clumps", "Feed", "Lot", "PointFeed", "Points", "Sent", "SentFeed", "curve_pieces", "points_of"]

_ROOM = 4096
_PARENTS = 8192
# Instants are whole multiples of 2**-20 s.
_GRID = 2.0**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Clumps:
    """Clusters: a mean number of members, all within a time of the first."""

    size: float
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A point process: a mean rate, an hourly curve of mean 1, bursts on top, clusters below, inside its own window.

    ``even`` requests keep equal steps of the integrated rate (on a flat curve: of time), the first at 0. All sources
    of a trace see the same bursts: the four numbers of a profile are those of the whole.
    """

    name: str
    rate_per_s: float
    curve: tuple[float, ...] = ()
    bursts: TwoState | None = None
    clumps: Clumps | None = None
    even: bool = False
    klass: int = 0
    work: float = 1.0
    from_s: float = 0.0
    to_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A number of records that are all there at one instant."""

    name: str
    count: int
    at_s: float = 0.0
    klass: int = 0
    work: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A lot that comes again and again, its records sent one by one in equal steps from when it came."""

    name: str
    count: int
    every_s: float
    over_s: float
    klass: int = 0
    work: float = 1.0


class Feed(Protocol):
    """What draws one source: rows of columns (arrival first), in order, until it is over."""

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        """Write arrivals (and what else the source knows) to columns[:, start:stop]; less than stop: it is over."""
        ...


def curve_pieces(curve: tuple[float, ...]) -> tuple[Floats, Floats, Floats]:
    """Ends, start rates and slopes of the hourly weights drawn piecewise linear through the mid-hours.

    The straight lines have the mean of the weights, which is made 1; before the first and after the last mid-hour
    the line joins the last weight and the first.
    """
    mean = math.fsum(curve) / len(curve) if curve else 1.0
    weights = [weight / mean for weight in curve]
    if len(set(weights)) <= 1:
        return np.array([HOUR_S]), np.array([1.0]), np.array([0.0])
    seam = (weights[-1] + weights[0]) / 2
    values = np.array([seam, *weights, seam])
    bends = np.array([0.0, *(HOUR_S * (n + 0.5) for n in range(len(weights))), HOUR_S * len(weights)])
    return bends[1:], values[:-1].copy(), np.diff(values) / np.diff(bends)


class PointFeed:
    """Draws a point process."""

    def __init__(self, points: Points, seed: int) -> None:
        clumps = points.clumps if points.clumps is not None and points.clumps.size > 1 else None
        self._gaps = stream(seed, "arrivals", points.name)
        self._stays = stream(seed, "bursts")
        self._clusters = None if clumps is None else _Clusters(clumps, stream(seed, "clusters", points.name))
        ends, rates, slopes = curve_pieces(points.curve)
        rate = points.rate_per_s / (clumps.size if clumps else 1.0)
        self._ends, self._rates, self._slopes = ends, rates * rate, slopes * rate
        self._even = points.even
        p = self._p = np.zeros(generate.P_SIZE)
        p[generate.P_FROM], p[generate.P_TO], p[generate.P_PERIOD] = points.from_s, points.to_s, ends[-1]
        p[generate.P_HIGH] = p[generate.P_LOW] = 1.0
        bursts = points.bursts
        if bursts is not None and bursts.share_high > 0:
            mean = bursts.share_high * bursts.high_per_s + (1 - bursts.share_high) * bursts.low_per_s
            p[generate.P_HIGH], p[generate.P_LOW] = bursts.high_per_s / mean, bursts.low_per_s / mean
            p[generate.P_STAY_HIGH], p[generate.P_STAY_LOW] = bursts.mean_high_s, bursts.mean_low_s
            p[generate.P_SHARE_HIGH] = bursts.share_high
        self._f, self._i = np.zeros(generate.F_SIZE), np.zeros(generate.I_SIZE, dtype=np.int64)

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        """Arrivals, in order."""
        if self._clusters is not None:
            return self._clusters.fill(self._draw, columns[0], start, stop)
        return self._draw(columns[0], start, stop)

    def _draw(self, out: Floats, start: int, stop: int) -> int:
        return generate.arrive(
            self._gaps, self._stays, self._ends, self._rates, self._slopes, self._even,
            self._p, self._f, self._i, out, start, stop,
        )  # fmt: skip


class _Draw(Protocol):
    def __call__(self, out: Floats, start: int, stop: int) -> int: ...


class _Clusters:
    def __init__(self, clumps: Clumps, members: np.random.Generator) -> None:
        self._members = members
        self._decay, self._within = -math.log1p(-1 / clumps.size), clumps.within_s
        self._parents, self._known, self._over = np.empty(_PARENTS), 0, False
        self._waiting = np.empty(_ROOM)
        self._k = np.zeros(generate.K_SIZE, dtype=np.int64)

    def fill(self, draw: _Draw, out: Floats, start: int, stop: int) -> int:
        while True:
            start, wants = generate.cluster(
                self._members, self._decay, self._within, self._parents, self._known, self._over, self._waiting,
                self._k, out, start, stop,
            )  # fmt: skip
            if wants == generate.WANTS_PARENTS:
                self._known = draw(self._parents, 0, _PARENTS)
                self._over = self._known < _PARENTS
                self._k[generate.K_PARENT] = 0
            elif wants == generate.WANTS_ROOM:
                need = int(self._k[generate.K_WAITING] + self._k[generate.K_MORE])
                self._waiting = np.concatenate([self._waiting, np.empty(2 * need)])
            else:
                return start


class LotFeed:
    """Hands out a lot."""

    def __init__(self, lot: Lot) -> None:
        self._left, self._at = lot.count, float(generate.snap(lot.at_s))

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        """As many as are left."""
        stop = start + min(stop - start, self._left)
        columns[0, start:stop] = self._at
        self._left -= stop - start
        return stop


class SentFeed:
    """Hands out the records of lot after lot, without end."""

    def __init__(self, sent: Sent) -> None:
        self._sent, self._next = sent, 0

    def fill(self, columns: Floats, start: int, stop: int) -> int:
        """The next ones, each at its own instant on the grid."""
        sent = self._sent
        lot, place = np.divmod(np.arange(self._next, self._next + stop - start), sent.count)
        instants = lot * sent.every_s + place * (sent.over_s / sent.count)
        columns[0, start:stop] = np.rint(instants * _GRID) / _GRID
        self._next += stop - start
        return stop


def points_of(
    workload: Workload,
    *,
    spikes: bool = False,
    shift_s: float = 0.0,
    begin_s: float = 0.0,
    curve: tuple[float, ...] | None = None,
) -> Iterator[Points]:
    """The sources of a workload's traffic, but for a replayed file: one, or one a class, then its spikes.

    A spike is a source of its own that adds height - 1 times the usual rate, so that the run with it and the run
    without share all other requests. ``shift_s`` is when the time that spikes are told in begins: the warm-up's end.
    The curve, the workload's own where none is given, is that from ``begin_s`` on, in whole hours.
    """
    traffic = workload.traffic
    if traffic is None:
        return
    bursts = bursts_of(workload)
    curve = traffic.curve if curve is None else curve
    curve = curve if len(set(curve)) > 1 else ()
    if curve:
        hours = round(begin_s / HOUR_S) % len(curve)
        curve = curve[hours:] + curve[:hours]
    clumps = None
    if traffic.clusters is not None:
        clumps = Clumps(size=traffic.clusters.size, within_s=traffic.clusters.within_s)
    even = traffic.shape == "regular"
    usual: list[Points] = []
    if traffic.replay is None:
        parts = [(one.name, one.rate_per_s, one.work) for one in traffic.classes]
        form = Points(name="", rate_per_s=0.0, curve=curve, bursts=bursts, clumps=clumps, even=even)
        for klass, (name, rate, work) in enumerate(parts or [("", traffic.rate_per_s or 0.0, 1.0)]):
            usual.append(replace(form, name=name, rate_per_s=rate, klass=klass, work=work))
        yield from usual
    else:
        usual.append(Points(name="", rate_per_s=workload.rate_per_s))
    if spikes:
        yield from _spikes(traffic, usual, shift_s)


def _spikes(traffic: Traffic, usual: list[Points], shift_s: float) -> Iterator[Points]:
    for number, spike in enumerate(traffic.spikes, start=1):
        if spike.height <= 1:
            raise InputError(
                f"a spike of height {show_factor(spike.height)} adds nothing",
                "",
                "write a height above 1x, such as 20x",
            )
        for one in usual:
            yield replace(
                one,
                name=f"spike {number} {one.name}",
                rate_per_s=one.rate_per_s * (spike.height - 1),
                even=False,
                from_s=shift_s + spike.at_s,
                to_s=shift_s + spike.at_s + spike.lasts_s,
            )
