"""The trace: requests in blocks of columns, the very same for every deployment and wherever blocks are cut.

    trace = Trace.of(workload, seed=7)
    for block in trace.blocks():          # goes on without end: stop once every request of the window has its status
        block.arrival[: block.n], block.work[: block.n], block.route_first[: block.n]

The window is [warmup_s, warmup_s + horizon_s). A block's arrays are used again for the next block, and may be longer
than ``n``. Arrivals, work and what a replayed file holds are always there; every other column is drawn when it is first
asked for, as a function of the request's number, so that not asking changes nothing anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from advisor.errors import BugError
from advisor.sim.arrivals import Feed, Lot, LotFeed, PointFeed, Points, Sent, SentFeed, points_of
from advisor.sim.block import ARRIVAL, ATTEMPTS, BYTES_IN, COLUMNS, DRAWS, WORK, Block, Laws
from advisor.sim.faults import NO_FAULTS, Faults
from advisor.sim.horizon import Horizon, horizon_of
from advisor.sim.kernels import Floats, generate
from advisor.sim.replay import Recorded, RecordedFeed
from advisor.sim.service import Popularity, Shape, Sizes, constant, shape_of, zipf
from advisor.streams import stream
from advisor.workload import Workload

__all__ = ["ATTEMPTS", "BLOCK", "DRAWS", "Block", "Trace"]

BLOCK = 131072
_LEAST_ROWS = 1024

Source = Points | Lot | Sent | Recorded


class Trace:
    """Requests to come: sources, laws and a seed; drawn anew, and to the same bytes, each time it is gone through."""

    #: the share of the workload's requests that is expected in it: less where they are dealt to several endpoints
    share: float = 1.0
    #: what goes wrong on demand, beside the requests
    faults: Faults = NO_FAULTS
    #: requests of the window that come before it are counted by themselves too
    split_s: float = 0.0

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        seed: int = 0,
        shape: Shape | None = None,
        laws: Laws | None = None,
        warmup_s: float = 0.0,
        horizon_s: float = math.inf,
        attempts: int = ATTEMPTS,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.sources = tuple(sources)
        self.seed = seed
        self.laws = laws or Laws(shape=shape or constant(), sizes_in=(Sizes.of(0.0),), sizes_out=(Sizes.of(0.0),))
        self.warmup_s, self.horizon_s = warmup_s, horizon_s
        self.attempts = attempts
        self.notes = notes

    @classmethod
    def of(
        cls, workload: Workload, *, seed: int, horizon: Horizon | None = None, spikes: bool = False,
        growth: float = 0.0, attempts: int = ATTEMPTS, cold_cv: float = 0.0, load_cv: float = 0.0,
    ) -> Trace:  # fmt: skip
        """The trace of a workload's traffic.

        ``growth``: by how much of itself the work grows for each byte above the mean request (seconds per byte over the
        deployment's mean seconds). ``spikes``: with the one-off events, which are drawn beside all other requests.
        """
        traffic = workload.traffic
        if traffic is None:
            raise BugError(f"{workload.name} has no traffic, so there is no trace of it")
        window = horizon or horizon_of(workload)
        shift_s, begin_s = window.warmup_s, 0.0
        if window.spikes_from_s is not None:
            shift_s, begin_s = window.spikes_from_s, -window.spikes_from_s
        sources: list[Source] = list(
            points_of(workload, spikes=spikes, shift_s=shift_s, begin_s=begin_s, curve=window.curve)
        )
        if traffic.replay is not None:
            sources.insert(0, Recorded(path=traffic.replay.path, scale=traffic.replay.scale))
        laws = laws_of(workload, growth=growth, cold_cv=cold_cv, load_cv=load_cv)
        return cls(
            sources, seed=seed, laws=laws, warmup_s=window.warmup_s, horizon_s=window.window_s, attempts=attempts,
            notes=window.notes,
        )  # fmt: skip

    @classmethod
    def lot(cls, workload: Workload, count: int, *, seed: int, at_s: float = 0.0) -> Trace:
        """Records that are all there at one instant, with the workload's shape of work and sizes of ``batch``."""
        laws = laws_of(workload)
        record = workload.batch.record_bytes if workload.batch is not None else None
        sizes = (Sizes.of(float(record)),) if record is not None else laws.sizes_in[:1]
        lot = Laws(shape=laws.shape, sizes_in=sizes, sizes_out=laws.sizes_out[:1], popularity=laws.popularity)
        return cls([Lot(name="lot", count=count, at_s=at_s)], seed=seed, laws=lot)

    @classmethod
    def from_columns(
        cls, arrival: Sequence[float] | Floats, *, warmup_s: float = 0.0, horizon_s: float = math.inf,
        attempts: int = ATTEMPTS, **columns: Sequence[float] | Floats,
    ) -> Trace:  # fmt: skip
        """A finite trace of given columns, for tests: work, bytes, model, klass; draws as f8[attempts, n]."""
        return _Given(
            np.asarray(arrival, dtype=np.float64), columns, warmup_s=warmup_s, horizon_s=horizon_s, attempts=attempts
        )

    @property
    def rate_per_s(self) -> float:
        """Mean requests per second of all sources that have one; replayed files and lots apart."""
        return math.fsum(one.rate_per_s for one in self.sources if isinstance(one, Points) and one.to_s == math.inf)

    def blocks(self, rows: int = BLOCK) -> Iterator[Block]:
        """Blocks of at most so many rows, without end where the sources have none."""
        rows = min(rows, self._rows())
        feeds = [_feed(source, self.seed) for source in self.sources]
        wide = any(isinstance(source, Recorded) for source in self.sources)
        block = Block(rows, COLUMNS if wide else BYTES_IN, self.attempts, self.laws, self.seed)
        fill = _Single(self, feeds[0]) if len(feeds) == 1 else _Merged(self, feeds, rows, len(block.columns))
        start = 0
        while True:
            n = fill(block)
            if n == 0:
                return
            block.begin(start, n)
            if self.laws.growth:
                mean = self.laws.sizes_in[0].mean
                grown = 1 + self.laws.growth * (block.bytes_in[:n] - mean)
                block.work[:n] *= np.maximum(grown, 0.01)
            yield block
            start += n
            if n < rows:
                return

    def _rows(self) -> int:
        # A short trace needs no long blocks: what is drawn past its end is thrown away.
        lots = sum(one.count for one in self.sources if isinstance(one, Lot))
        if any(isinstance(one, Recorded) for one in self.sources):
            return BLOCK
        expected = self.rate_per_s * (self.warmup_s + self.horizon_s) if math.isfinite(self.horizon_s) else BLOCK
        if any(isinstance(one, Sent) for one in self.sources):
            return BLOCK
        return int(min(BLOCK, max(_LEAST_ROWS, 1.05 * (expected + lots))))


def laws_of(workload: Workload, *, growth: float = 0.0, cold_cv: float = 0.0, load_cv: float = 0.0) -> Laws:
    """Shape, sizes and popularity as a profile gives them, by traffic class where it has some."""
    traffic, whole = workload.traffic, workload.payload
    classes = traffic.classes if traffic is not None else ()
    payloads = [one.payload or whole for one in classes] or [whole]
    model = workload.model
    popularity = None
    if model.count > 1:
        told = model.popularity
        popularity = zipf(model.count, 0.0)
        if told is not None:
            popularity = Popularity(shares=told.shares) if told.shares else zipf(model.count, told.zipf or 0.0)
    return Laws(
        shape=shape_of(workload),
        sizes_in=tuple(Sizes.of(one.request_bytes, one.request_max_bytes) for one in payloads),
        sizes_out=tuple(Sizes.of(one.response_bytes, one.response_max_bytes) for one in payloads),
        popularity=popularity,
        fixed_models=tuple(-1 if one.model is None else one.model - 1 for one in classes) or (-1,),
        cold_cv=cold_cv,
        load_cv=load_cv,
        growth=growth,
    )


def _feed(source: Source, seed: int) -> Feed:
    if isinstance(source, Points):
        return PointFeed(source, seed)
    if isinstance(source, Lot):
        return LotFeed(source)
    if isinstance(source, Sent):
        return SentFeed(source)
    return RecordedFeed(source, seed)


class _Work:
    """Draws the work of one source, each in a stream of its own."""

    def __init__(self, trace: Trace, source: Source) -> None:
        shape = trace.laws.shape
        self._draws = stream(trace.seed, "work", source.name)
        self._kind, self._factor = shape.kind, source.work
        self._arrays = tuple(np.array(one) for one in (shape.bends, shape.heights, shape.spreads, shape.values))

    def __call__(self, columns: Floats, start: int, stop: int) -> None:
        if len(columns) > BYTES_IN and stop > start and not np.isnan(columns[WORK, start]):
            return
        bends, heights, spreads, values = self._arrays
        generate.works(
            self._draws, self._kind, bends, heights, spreads, values, self._factor, columns[WORK], start, stop
        )


class _Single:
    """One source, drawn straight into the block."""

    def __init__(self, trace: Trace, feed: Feed) -> None:
        self._feed, self._work = feed, _Work(trace, trace.sources[0])
        self._klass = trace.sources[0].klass
        # What stays as it is from block to block is written once.
        self._fixed = trace.laws.shape.kind == generate.CONSTANT and not trace.laws.growth
        self._begun = False

    def __call__(self, block: Block) -> int:
        rows = len(block.number)
        wide = len(block.columns) > BYTES_IN
        if wide:
            block.columns[WORK:] = np.nan
        n = self._feed.fill(block.columns, 0, rows)
        if not (self._begun and self._fixed and not wide):
            self._work(block.columns, 0, n)
        if self._begun:
            block.number += rows
        else:
            block.number[:] = np.arange(rows)
            block.klass[:] = self._klass
        self._begun = True
        return n


class _Merged:
    """Several sources, drawn into buffers of their own and merged by arrival."""

    def __init__(self, trace: Trace, feeds: Sequence[Feed], rows: int, columns: int) -> None:
        self._feeds = feeds
        self._works = [_Work(trace, source) for source in trace.sources]
        self._buffers = np.empty((len(feeds), columns, rows))
        self._heads = np.zeros(len(feeds), dtype=np.int64)
        self._tails = np.zeros(len(feeds), dtype=np.int64)
        self._open = np.ones(len(feeds), dtype=np.int64)
        self._counts = np.zeros(len(feeds), dtype=np.int64)
        self._klasses = np.array([source.klass for source in trace.sources], dtype=np.int64)

    def __call__(self, block: Block) -> int:
        rows, start = len(block.number), 0
        while True:
            start, wanting = generate.merge(
                self._buffers, self._heads, self._tails, self._open, self._counts, self._klasses, block.columns,
                block.klass, block.number, start, rows,
            )  # fmt: skip
            if start == rows or wanting < 0:
                return start
            buffer = self._buffers[wanting]
            if len(buffer) > BYTES_IN:
                buffer[WORK:] = np.nan
            n = self._feeds[wanting].fill(buffer, 0, rows)
            self._works[wanting](buffer, 0, n)
            self._heads[wanting], self._tails[wanting] = 0, n
            self._open[wanting] = int(n == rows)


class _Given(Trace):
    """A trace of columns that are there already."""

    def __init__(
        self, arrival: Floats, columns: Mapping[str, Sequence[float] | Floats], *, warmup_s: float, horizon_s: float,
        attempts: int,
    ) -> None:  # fmt: skip
        classes = 1 + int(max(columns.get("klass", ()), default=0))
        free = (Sizes.of(0.0),) * classes
        laws = Laws(shape=constant(), sizes_in=free, sizes_out=free, fixed_models=(-1,) * classes)
        super().__init__((), laws=laws, warmup_s=warmup_s, horizon_s=horizon_s, attempts=attempts)
        self._arrival, self._given = arrival, {name: np.asarray(column) for name, column in columns.items()}
        if unknown := set(columns) - {"work", "bytes_in", "bytes_out", "model", "klass", *DRAWS}:
            raise BugError(f"a trace has no column {', '.join(sorted(unknown))}")

    def blocks(self, rows: int = BLOCK) -> Iterator[Block]:
        """The given rows, some at a time; per-attempt columns that are not given are drawn like any trace's."""
        size = len(self._arrival)
        block = Block(min(rows, max(1, size)), BYTES_IN, self.attempts, self.laws, self.seed)
        block.keyed = not any(name in self._given for name in DRAWS)
        for start in range(0, size, rows):
            stop = min(size, start + rows)
            n = stop - start
            block.begin(start, n)
            block.columns[ARRIVAL, :n] = self._arrival[start:stop]
            block.number[:n] = np.arange(start, stop)
            block.work[:n] = self._given["work"][start:stop] if "work" in self._given else 1.0
            block.klass[:n] = self._given["klass"][start:stop] if "klass" in self._given else 0
            for name in ("bytes_in", "bytes_out", "model"):
                if name in self._given:
                    getattr(block, name)[:n] = self._given[name][start:stop]
            for kind, name in enumerate(DRAWS):
                if name in self._given:
                    block.attempts_of(kind)[:, :n] = self._given[name][: self.attempts, start:stop]
            yield block
