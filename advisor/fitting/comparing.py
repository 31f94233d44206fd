"""How a form of traffic predicts a raw file: both go through one queue of several servers, first come first served."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advisor.sim.arrivals import Points
from advisor.sim.kernels import Floats, fifo
from advisor.sim.replay import Recorded
from advisor.sim.service import Shape, constant, from_measurements, lognormal
from advisor.sim.trace import Trace
from advisor.streams import replication, stream

__all__ = ["Prediction", "Raw", "predicted", "raw_of", "servers_needed"]

COMPARED = 500_000
SERVICE_CV = 0.5
SHUFFLED = "raw arrivals, work drawn anew"
_LATE = 0.1
_MOST_LATE = 0.01
_REPLAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a form of traffic asks for: servers that keep the p99 wait under a tenth of the mean service; mean wait and
    p99 wait, in mean services, with as many servers as the raw file needs. Medians over replays."""

    form: str
    servers: float
    mean_wait: float
    p99_wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The requests of a file that take part: instants, and work of mean 1 (the file's own, or a log-normal draw)."""

    at_s: Floats
    work: Floats

    @property
    def span_s(self) -> float:
        """To the last arrival."""
        return float(self.at_s[-1])


def raw_of(path: Path, *, has_work: bool, grain_s: int, seed: int, most: int = COMPARED) -> Raw:
    """The first requests of a file; inside steps of ``grain_s`` seconds, where more than one, at uniform instants."""
    at, work, kept = [], [], 0
    trace = Trace([Recorded(path=path, once=True)], seed=seed, shape=lognormal(SERVICE_CV))
    for block in trace.blocks():
        at.append(block.arrival[: min(block.n, most - kept)].copy())
        work.append(block.work[: min(block.n, most - kept)].copy())
        kept += len(at[-1])
        if kept >= most:
            break
    works, instants = np.concatenate(work), np.concatenate(at)
    if grain_s > 1:
        instants = np.sort(np.rint(instants) + grain_s * stream(seed, "grain").random(len(instants)))
    mean = float(works.mean()) if has_work else 1.0
    return Raw(at_s=instants, work=works / mean if mean > 0 else np.ones(len(works)))


def predicted(
    raw: Raw, forms: Sequence[tuple[str, Sequence[Points]]], service_s: float, seed: int, *, has_work: bool
) -> tuple[Prediction, ...]:
    """The raw file first, then each form over the same span, its work drawn independently from the file's."""
    needed = servers_needed(raw.at_s, raw.work * service_s, service_s)
    rows = [_median("raw file", [raw], needed, service_s)]
    if has_work:
        shuffled = [Raw(at_s=raw.at_s, work=stream(seed, "shuffle", n).permutation(raw.work)) for n in range(_REPLAYS)]
        rows.append(_median(SHUFFLED, shuffled, needed, service_s))
    shape = _shape(raw.work) if has_work else lognormal(SERVICE_CV)
    for name, sources in forms:
        drawn = [_drawn(sources, shape, raw.span_s, replication(seed, n)) for n in range(_REPLAYS)]
        rows.append(_median(name, drawn, needed, service_s))
    return tuple(rows)


def servers_needed(at_s: Floats, services: Floats, mean_s: float, guess: int = 0) -> int:
    """The fewest servers with which at most one request in a hundred waits longer than a tenth of the mean service."""
    if len(at_s) == 0:
        return 1
    late_s, most = _LATE * mean_s, math.floor(_MOST_LATE * len(at_s))
    out = np.empty(len(at_s))

    def enough(servers: int) -> bool:
        return fifo.waits(at_s, services, np.zeros(servers), out, late_s, most) <= most

    span = float(at_s[-1] - at_s[0])
    low, high = 0, guess or (max(1, math.ceil(float(services.sum()) / span)) if span > 0 else 1)
    while not enough(high):
        low, high = high, 2 * high
    while low == 0 and guess and high > 1:
        if enough(high // 2):
            high //= 2
        else:
            low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


def _shape(works: Floats) -> Shape:
    return from_measurements(works.tolist()) if float(works.std()) > 0 else constant()


def _drawn(sources: Sequence[Points], shape: Shape, span_s: float, seed: int) -> Raw:
    at, work = [], []
    for block in Trace(sources, seed=seed, shape=shape, horizon_s=span_s).blocks():
        n = int(np.searchsorted(block.arrival[: block.n], span_s, side="right"))
        at.append(block.arrival[:n].copy())
        work.append(block.work[:n].copy())
        if n < block.n or sum(map(len, at)) > 4 * COMPARED:
            break
    return Raw(at_s=np.concatenate(at), work=np.concatenate(work))


def _waits(raw: Raw, servers: int, service_s: float) -> Floats:
    out = np.empty(len(raw.at_s))
    fifo.waits(raw.at_s, raw.work * service_s, np.zeros(servers), out, math.inf, len(out))
    return out / service_s


def _median(form: str, drawn: Sequence[Raw], raw_servers: int, service_s: float) -> Prediction:
    some = [one for one in drawn if len(one.at_s)]
    if not some:
        return Prediction(form=form, servers=math.nan, mean_wait=math.nan, p99_wait=math.nan)
    waits = [_waits(one, raw_servers, service_s) for one in some]
    return Prediction(
        form=form,
        servers=float(
            np.median([servers_needed(one.at_s, one.work * service_s, service_s, raw_servers) for one in some])
        ),
        mean_wait=float(np.median([one.mean() for one in waits])),
        p99_wait=float(np.median([np.quantile(one, 0.99) for one in waits])),
    )
