"""A block of a trace: columns of consecutive requests, most of them drawn only when they are first asked for."""

from __future__ import annotations

import functools
import math
from copy import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advisor.sim.kernels import Floats, Ints, Keys, Shorts, luck
from advisor.sim.service import Popularity, Shape, Sizes
from advisor.streams import key

__all__ = ["ATTEMPTS", "DRAWS", "Block", "Laws"]

# The client library's default mode makes one attempt and four more.
ATTEMPTS = 5
# What each attempt draws, in the order of Block.draws; the last two are multipliers of mean 1.
DRAWS = ("route", "backoff", "fail", "cold", "load")
ROUTE, BACKOFF, FAIL, COLD, LOAD = range(5)
# The rows of Block.columns; the last three are there where a recorded file takes part.
ARRIVAL, WORK, BYTES_IN, BYTES_OUT, MODEL, COLUMNS = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laws:
    """What requests draw beside their arrival; sizes and fixed models (-1: drawn) go by traffic class."""

    shape: Shape
    sizes_in: tuple[Sizes, ...]
    sizes_out: tuple[Sizes, ...]
    popularity: Popularity | None = None
    fixed_models: tuple[int, ...] = (-1,)
    cold_cv: float = 0.0
    load_cv: float = 0.0
    growth: float = 0.0


class Block:
    """Some consecutive requests: ``n`` of them, the first of which has the number ``start``."""

    def __init__(self, rows: int, columns: int, attempts: int, laws: Laws, seed: int) -> None:
        self.n, self.start = 0, 0
        self.attempts = attempts
        self.columns = np.empty((columns, rows))
        # Instants on the grid, not decreasing.
        self.arrival: Floats = self.columns[ARRIVAL]
        # Multipliers of the service time: mean 1, times the class's factor.
        self.work: Floats = self.columns[WORK]
        # The traffic class, from 0.
        self.klass: Shorts = np.zeros(rows, dtype=np.int16)
        # What a request draws its luck by: the same with and without spikes, unlike its place in the trace.
        self.number: Ints = np.empty(rows, dtype=np.int64)
        # Whether what attempts draw follows from `keys`: not where a trace gives it.
        self.keyed = True
        self._laws, self._seed = laws, seed
        self._drawn: set[tuple[str, int]] = set()
        self._floats: dict[str, Floats] = {}
        self._models: npt.NDArray[np.int32] | None = None
        self._keys: dict[tuple[str, int], np.uint64] = {}

    @property
    def bytes_in(self) -> Floats:
        """Bytes of the request."""
        return self._sizes("bytes_in", BYTES_IN, self._laws.sizes_in)

    @property
    def bytes_out(self) -> Floats:
        """Bytes of the answer."""
        return self._sizes("bytes_out", BYTES_OUT, self._laws.sizes_out)

    @property
    def model(self) -> npt.NDArray[np.int32]:
        """The model asked for, from 0, the most popular first."""
        if self._models is None:
            self._models = np.zeros(len(self.number), dtype=np.int32)
        out = self._models
        if self._first_time("model"):
            if self._laws.popularity is not None:
                fixed = np.array(self._laws.fixed_models, dtype=np.int64)
                totals, guide = self._laws.popularity.tables()
                luck.models(self._key("model"), totals, guide, fixed, self.klass, self.number, self.n, out)
            if len(self.columns) > MODEL:
                held = self.columns[MODEL, : self.n]
                out[: self.n] = np.where(np.isnan(held), out[: self.n], held)
        return out

    @functools.cached_property
    def keys(self) -> Keys:
        """What all draws of attempts follow from, with the request's number: u8[draw, attempt]."""
        return np.array([[self._key(name, k) for k in range(self.attempts)] for name in DRAWS], dtype=np.uint64)

    @property
    def spreads(self) -> tuple[float, float]:
        """Standard deviations of the logarithms of the multipliers of cold starts and of loads."""
        return _sigma(self._laws.cold_cv), _sigma(self._laws.load_cv)

    @property
    def route_first(self) -> Floats:
        """Routing draws of first attempts, contiguous: what the hot path needs of them."""
        return self._attempt(ROUTE, 0)

    @property
    def route(self) -> Floats:
        """Routing draws in [0, 1), f8[attempts, rows]: row 0 belongs to first attempts."""
        return self.attempts_of(ROUTE)

    @property
    def backoff(self) -> Floats:
        """Back-off draws in [0, 1), by attempt."""
        return self.attempts_of(BACKOFF)

    @property
    def fail(self) -> Floats:
        """Failure draws in [0, 1), by attempt."""
        return self.attempts_of(FAIL)

    @property
    def cold(self) -> Floats:
        """Multipliers of a cold start, mean 1, by attempt."""
        return self.attempts_of(COLD)

    @property
    def load(self) -> Floats:
        """Multipliers of a model's load, mean 1, by attempt."""
        return self.attempts_of(LOAD)

    @property
    def draws(self) -> Floats:
        """All of these at once, f8[draw, attempt, row], draws in the order of `DRAWS`."""
        for kind in range(len(DRAWS)):
            self.attempts_of(kind)
        return self._room()

    def attempts_of(self, kind: int) -> Floats:
        """One kind of draw, f8[attempts, rows]."""
        for attempt in range(self.attempts):
            self._attempt(kind, attempt)
        held: Floats = self._room()[kind]
        return held

    def _attempt(self, kind: int, attempt: int) -> Floats:
        out: Floats = self._room()[kind, attempt]
        name = DRAWS[kind]
        if self._first_time(name, attempt):
            cv = self._laws.cold_cv if kind == COLD else self._laws.load_cv
            if kind in (ROUTE, BACKOFF, FAIL):
                luck.lucks(self._key(name, attempt), self.number, self.n, out)
            elif cv > 0:
                luck.spreads(self._key(name, attempt), _sigma(cv), self.number, self.n, out)
            else:
                out[: self.n] = 1.0
        return out

    def _room(self) -> Floats:
        if "draws" not in self._floats:
            self._floats["draws"] = np.empty((len(DRAWS), self.attempts, len(self.number)))
        return self._floats["draws"]

    def _sizes(self, name: str, column: int, laws: tuple[Sizes, ...]) -> Floats:
        if name not in self._floats:
            self._floats[name] = np.empty(len(self.number))
        out = self._floats[name]
        if self._first_time(name):
            scales = np.array([law.scale for law in laws])
            mosts = np.array([law.most for law in laws])
            mirrored = np.array([law.mirrored for law in laws], dtype=np.int64)
            luck.sizes(self._key(name), scales, mosts, mirrored, self.klass, self.number, self.n, out)
            if len(self.columns) > column:
                held = self.columns[column, : self.n]
                out[: self.n] = np.where(np.isnan(held), out[: self.n], held)
        return out

    def _first_time(self, name: str, attempt: int = 0) -> bool:
        if (name, attempt) in self._drawn:
            return False
        self._drawn.add((name, attempt))
        return True

    def _key(self, name: str, attempt: int = 0) -> np.uint64:
        if (name, attempt) not in self._keys:
            self._keys[name, attempt] = np.uint64(key(self._seed, name, attempt))
        return self._keys[name, attempt]

    def begin(self, start: int, n: int) -> None:
        """The columns hold other requests now: so many, from this place in the trace on."""
        self.start, self.n = start, n
        self._drawn.clear()

    def chosen(self, rows: Ints) -> Block:
        """Some of its requests as a block of their own: with their numbers, and so with their luck."""
        one = self.again()
        one.n = len(rows)
        one.columns = np.empty((len(self.columns), one.n))
        for mine, theirs in zip(self.columns, one.columns, strict=True):
            np.take(mine, rows, out=theirs, mode="clip")
        one.arrival, one.work = one.columns[ARRIVAL], one.columns[WORK]
        one.klass, one.number = self.klass[rows], self.number[rows]
        one._models, one._floats = None, {}
        for name, attempt in self._drawn:
            # What is there already may have been given rather than drawn.
            if name == "model":
                one._models = self.model[rows]
            elif name in DRAWS:
                kind = DRAWS.index(name)
                np.take(self._room()[kind, attempt], rows, out=one._room()[kind, attempt], mode="clip")
            else:
                one._floats[name] = self._floats[name][rows]
        return one

    def again(self) -> Block:
        """The same requests once more: what is drawn of it from now on is its own."""
        if self.keyed:
            # Worked out once, for all that are made of it.
            _ = self.keys
        one = copy(self)
        one._drawn, one._floats = set(self._drawn), dict(self._floats)
        return one


def _sigma(cv: float) -> float:
    """Of a log-normal law with this coefficient of variation."""
    return math.sqrt(math.log1p(cv * cv))
