"""Break-even points: how far a figure of the profile must move until another pattern is the best.

Arithmetic says where that may be, and brief searches come closer to it. Then the whole answer is worked out on both
sides of the point, as a user would who applies it: a point that does not hold is moved, or not stated. Where whole
answers take too long the brief searches have to do, and the point is said to be estimated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from advisor.advice.confirming import Confirming
from advisor.advice.outcome import show_latency
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import BreakEven, Recommendation
from advisor.advice.spill import Spill
from advisor.advice.trial import Bench, Ran
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.patterns.base import Pattern
from advisor.units import duration_s, rate_per_s, show_bytes, show_rate, size_bytes
from advisor.workload import Workload

__all__ = ["Axis", "axes_of", "break_even", "can_confirm", "point_on"]

# Ten percent short of a stated point the present best is still the best.
_SHORT = 1.1
# A figure is moved by at most this factor; arithmetic looks for a point in steps of the next, down to the last one.
_FARTHEST, _STEP, _NEAR = 100.0, 3.0, 1.12
# Where a point is moved for the two sides to agree, so often at most.
_MOVES = 4
# And so often where whole answers do not agree with brief ones.
_CORRECTED = 3
# What the confirmations along one axis may take, in requests, about (see `Run.effort`).
_EFFORT = 5_000_000
# So many times as much where a combination of two endpoints is the best, as each search tries some of these, too.
_OF_TWO = 8


@dataclass(frozen=True, slots=True)
class Axis:
    """A figure that is moved: the field that names it, its value, and how it is written for a factor."""

    field: str
    value: float
    down: bool

    def sets(self, w: Workload, factor: float) -> dict[str, str]:
        """The fields to set for a factor, each as it is told, so that who reads of a point can apply it."""
        sets = {self.field: self.shown(factor)}
        if self.field == "payload.request":
            # No request is larger than the largest, which therefore goes with the usual one.
            largest = max(w.payload.request_max_bytes * factor, size_bytes(sets[self.field]))
            sets["payload.request_max"] = show_bytes(_three(largest))
        return sets

    def shown(self, factor: float) -> str:
        """The figure as it is told."""
        value = _three(self.value * factor)
        if self.field == "traffic.rate":
            return show_rate(value)
        return show_bytes(value) if self.field == "payload.request" else show_latency(value)

    def read(self, shown: str) -> float:
        """The figure that is told so."""
        if self.field == "traffic.rate":
            return rate_per_s(shown)
        return float(size_bytes(shown)) if self.field == "payload.request" else duration_s(shown)


def _three(value: float) -> float:
    """Three digits."""
    return float(f"{value:.3g}")


def break_even(
    answer: Recommendation,
    outlook: Outlook,
    *,
    asked: tuple[type[Pattern], ...],
    threads: int = 2,
    ran: Ran | None = None,
) -> tuple[BreakEven, ...]:
    """The points that were confirmed: rate, payload and objective, each upwards and downwards."""
    names = tuple(pattern.name for pattern in asked)
    ran = ran or Ran()
    found = (point_on(axis, answer, outlook, asked=names, threads=threads, ran=ran) for axis in axes_of(answer))
    return tuple(one for one in found if one is not None)


def point_on(
    axis: Axis, answer: Recommendation, outlook: Outlook, *, asked: tuple[str, ...], threads: int, ran: Ran
) -> BreakEven | None:
    """The point of one axis, which does not depend on any other axis; ``ran`` are runs of the answer's own requests."""
    return _Finder(answer, outlook.anew(), asked, threads, ran).point(axis)


def axes_of(answer: Recommendation) -> tuple[Axis, ...]:
    """The figures that are moved; none where nothing is best."""
    return tuple(_axes(answer.workload)) if answer.best is not None else ()


def _axes(w: Workload) -> Iterator[Axis]:
    if w.streams and w.traffic is not None and not w.traffic.classes and w.traffic.replay is None:
        yield Axis("traffic.rate", w.rate_per_s, down=True)
        yield Axis("traffic.rate", w.rate_per_s, down=False)
    for name, seconds in w.objective.latencies[:1]:
        yield Axis(f"objective.{name}", seconds, down=True)
        yield Axis(f"objective.{name}", seconds, down=False)
    if w.streams:
        yield Axis("payload.request", float(w.payload.request_bytes), down=False)


@dataclass
class _Finder:
    answer: Recommendation
    outlook: Outlook
    asked: tuple[str, ...]
    threads: int
    ran: Ran
    spent: int = 0
    known: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)
    confirmed: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        best = self.answer.best
        assert best is not None
        self.best = best.pattern
        self.affordable = _EFFORT * (_OF_TWO if isinstance(best.deployment, Spill) else 1)
        self.confirming = Confirming(self.answer, self.asked, self.outlook, self.threads)

    def point(self, axis: Axis) -> BreakEven | None:
        """Where another pattern comes first along an axis, confirmed; none where none is found."""
        guess = self._guess(axis)
        return None if guess is None else self._confirmed(axis, guess)

    def _guess(self, axis: Axis) -> float | None:
        """The factor at which arithmetic first puts another pattern in front."""
        sign = -1 if axis.down else 1
        near, far = 1.0, 1.0
        while True:
            if not 1 / _FARTHEST < far < _FARTHEST:
                return None
            far = min(_FARTHEST, max(1 / _FARTHEST, far * _STEP**sign))
            there = self._estimated(axis, far)
            if there is None and not (axis.field == "traffic.rate" and axis.down):
                return None
            # With less traffic what is too heavy now may be light enough.
            if there not in (None, self.best):
                break
            near = far
        while max(near, far) / min(near, far) > _NEAR:
            middle = math.sqrt(near * far)
            same = self._estimated(axis, middle) in (None, self.best)
            near, far = (middle, far) if same else (near, middle)
        return far

    def _estimated(self, axis: Axis, factor: float) -> str | None:
        """The best pattern by arithmetic, "" where none meets the objective; ``None`` where no simulation can tell."""
        moved = self._moved(axis, factor)
        try:
            return None if moved is None else self.outlook.best(moved, resized=axis.field == "traffic.rate")
        except InputError:
            return None

    def _moved(self, axis: Axis, factor: float) -> Workload | None:
        """The workload there; ``None`` where no profile is so, or a replication takes too long for it to be tried."""
        try:
            moved = self.answer.workload.with_(axis.sets(self.answer.workload, factor))
        except InputError:
            return None
        return moved if Bench(moved, self.answer.seed, self.outlook.book).confirms else None

    def _confirmed(self, axis: Axis, guess: float) -> BreakEven | None:
        """Search both sides briefly, and move the point until the far side flips and the near side does not."""
        toward = 1 / _SHORT if axis.down else _SHORT
        factor = guess
        for _ in range(_MOVES):
            there = self._simulated(axis, factor)
            if there is None:
                return None
            if there == self.best:
                factor *= toward
                continue
            if abs(math.log(factor)) <= math.log(_SHORT):
                return None  # the answer itself lies closer to the point than a point can be told
            if self._simulated(axis, _short_of(axis, factor)) == self.best:
                if self._simulated(axis, factor * toward, finish=True) != there:
                    return None  # what comes first there is over before a point of it could be told
                return self._stated(axis, self._amid(axis, factor, toward, there), there)
            factor /= toward
        return None

    def _stated(self, axis: Axis, factor: float, there: str) -> BreakEven | None:
        """The point as whole answers have it; none where they put none near what brief searches found."""
        toward = 1 / _SHORT if axis.down else _SHORT
        for _ in range(_CORRECTED):
            factor = axis.read(axis.shown(factor)) / axis.value
            if abs(math.log(factor)) <= math.log(_SHORT):
                return None
            found = self._answered(axis, factor)
            if found == self.best:
                factor *= toward
                continue
            short = self._answered(axis, _short_of(axis, factor))
            if found is None or short is None:
                return self._point(axis, factor, there, "estimated")
            if short == self.best:
                return self._point(axis, factor, found, "simulated")
            factor /= toward
        return None

    def _answered(self, axis: Axis, factor: float) -> str | None:
        """The best pattern of the whole answer there, "" where none meets it; ``None`` where that takes too long."""
        moved = self._moved(axis, factor)
        same_stream = axis.field.startswith("objective.")
        if moved is None or not self.confirming.affords(moved, same_stream=same_stream):
            return None
        key = tuple(axis.sets(self.answer.workload, factor).items())
        if key not in self.confirmed:
            self.confirmed[key] = self.confirming.best(moved, ran=self.ran if same_stream else None).pattern
        return self.confirmed[key]

    def _amid(self, axis: Axis, factor: float, toward: float, there: str) -> float:
        """Where both sides of a point keep their distance from the flip, which lies at most ten percent short of it.

        The flip is in the first or the second half of those ten percent; the point is moved a quarter of them, so
        that neither the point nor what is ten percent short of it is a toss-up.
        """
        half = math.sqrt(toward)
        quarter = math.sqrt(half)
        flipped = self._simulated(axis, factor / half, finish=True) == there
        return factor / quarter if flipped else factor * quarter

    def _simulated(self, axis: Axis, factor: float, *, finish: bool = False) -> str | None:
        """The best pattern there, "" where none meets the objective.

        ``None`` where no profile is so, or where no more may be spent, unless it is to ``finish`` what is found.
        """
        from advisor.advice.recommending import briefly

        key = tuple(axis.sets(self.answer.workload, factor).items())
        if key in self.known:
            return self.known[key]
        if self.spent > self.affordable and not finish:
            return None
        moved = self._moved(axis, factor)
        if moved is None:
            return None
        found = briefly(
            moved,
            seed=self.answer.seed,
            patterns=self.asked,
            threads=self.threads,
            outlook=self.outlook,
            ran=self.ran if axis.field.startswith("objective.") else None,
        )
        self.spent += found.effort
        self.known[key] = found.pattern
        return found.pattern

    def _point(self, axis: Axis, factor: float, becomes: str, how: str) -> BreakEven:
        w = self.answer.workload
        sets = axis.sets(w, factor)
        now, then = axis.shown(1.0), axis.shown(factor)
        also = "".join(f", with {name} {value}" for name, value in sets.items() if name != axis.field)
        point = BreakEven(
            field=axis.field,
            now=now,
            at=axis.read(then),
            written=f"{then}{also}",
            best=self.best,
            becomes=becomes,
            says="",
            sets=sets,
            short=axis.sets(w, _short_of(axis, factor)),
            how=how,
            down=axis.down,
        )
        return replace(point, says=point.told)


def can_confirm(answer: Recommendation) -> bool:
    """Whether the answered workload itself is light enough for a point near it to be confirmed."""
    return Bench(answer.workload, answer.seed, price_book()).confirms


def _short_of(axis: Axis, factor: float) -> float:
    return factor * _SHORT if axis.down else factor / _SHORT
