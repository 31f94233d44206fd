"""Break-even points: how far a figure of the profile must move until another pattern, or a certain one, is the best.

Arithmetic says where that may be, and brief searches come closer to it. Then the whole answer is worked out on both
sides of the point, as a user would who applies it: a point that does not hold is moved, or not stated. Where whole
answers take too long the brief searches have to do, and the point is said to be estimated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from advisor.advice.confirming import Confirming
from advisor.advice.levers import FARTHEST, Axis, Switch, axes_of
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import BreakEven, Recommendation
from advisor.advice.spill import Spill
from advisor.advice.too_many import refuse_too_many
from advisor.advice.trial import Bench, Ran
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.workload import Workload

__all__ = ["Bracket", "brackets_on", "can_confirm", "holds_with", "nothing_found", "point_of", "point_on"]

# Ten percent short of a stated point the present best is still the best.
_SHORT = 1.1
# Arithmetic looks for a point in steps of this factor, and comes as near to it as by the next.
_STEP, _NEAR = 3.0, 1.12
# Where it is looked for each pattern that comes first anywhere along an axis, in so many steps.
_FINE = 8
# Where a point is moved for the two sides to agree, so often at most.
_MOVES = 4
# And so often where whole answers do not agree with brief ones.
_CORRECTED = 3
# What the confirmations along one axis may take, in requests, about (see `Run.effort`).
_EFFORT = 5_000_000
# So many times as much where a combination of two endpoints is the best, as each search tries some of these, too.
_OF_TWO = 8


# The factors between which a pattern comes first along an axis: not yet, and there.
Bracket = tuple[float, float]


def point_on(
    axis: Axis, answer: Recommendation, outlook: Outlook, *, asked: tuple[str, ...], threads: int, ran: Ran
) -> BreakEven | None:
    """The point of one axis, which does not depend on any other axis; ``ran`` are runs of the answer's own requests."""
    return _Finder(answer, outlook.anew(), asked, threads, ran).point(axis)


def brackets_on(axis: Axis, answer: Recommendation, outlook: Outlook, *, asked: tuple[str, ...]) -> dict[str, Bracket]:
    """By pattern, where arithmetic first puts it in front along an axis; of what never is, and of the best, nothing."""
    return _Finder(answer, outlook.anew(), asked, 1, Ran()).brackets(axis)


def point_of(
    pattern: str,
    axis: Axis,
    bracket: Bracket,
    answer: Recommendation,
    outlook: Outlook,
    *,
    asked: tuple[str, ...],
    threads: int,
    ran: Ran,
) -> BreakEven | None:
    """Where a certain pattern comes first along an axis, confirmed: it does there, and not ten percent short of it."""
    return _Finder(answer, outlook.anew(), asked, threads, ran, wanted=pattern).within(axis, bracket)


def holds_with(
    switch: Switch,
    pattern: str,
    answer: Recommendation,
    outlook: Outlook,
    *,
    asked: tuple[str, ...],
    threads: int,
    ran: Ran,
) -> str:
    """Whether a pattern comes first where a choice of the profile is another: how that is known, "" where it is not."""
    return _Finder(answer, outlook.anew(), asked, threads, ran, wanted=pattern).holds_with(switch)


@dataclass
class _Finder:
    answer: Recommendation
    outlook: Outlook
    asked: tuple[str, ...]
    threads: int
    ran: Ran
    # The pattern that is to come first; any other than the best where it is empty.
    wanted: str = ""
    spent: int = 0
    known: dict[str, str] = field(default_factory=dict)
    confirmed: dict[str, str] = field(default_factory=dict)

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

    def within(self, axis: Axis, bracket: Bracket) -> BreakEven | None:
        """The same where arithmetic knows between which factors that is; by arithmetic where it cannot be simulated."""
        guess = self._narrowed(axis, *bracket, self._by_arithmetic)
        if self._moved(axis, guess) is None:
            return self._point(axis, guess, self.wanted, "arithmetic")
        return self._confirmed(axis, guess)

    def brackets(self, axis: Axis) -> dict[str, Bracket]:
        """By pattern, between which factors arithmetic first puts it in front."""
        near, here, found = 1.0, self.best, dict[str, Bracket]()
        for n in range(1, _FINE + 1):
            far = axis.farthest ** (n / _FINE)
            if (there := self._by_arithmetic(axis, far)) is None:
                break
            # A pattern may be in front between two that follow each other.
            middle = math.sqrt(near * far)
            between = [] if there == here else [(middle, self._by_arithmetic(axis, middle))]
            for at, name in (*between, (far, there)):
                if name and name != self.best:
                    found.setdefault(name, (near, at))
                near, here = at, name or ""
        return found

    def holds_with(self, switch: Switch) -> str:
        """How it is known that the wanted pattern comes first with a choice made otherwise; "" where it does not."""
        if self._by_arithmetic(switch, 1.0) != self.wanted:
            return ""
        if self._moved(switch, 1.0) is None:
            return "arithmetic"
        if self._simulated(switch, 1.0) != self.wanted:
            return ""
        found = self._answered(switch, 1.0)
        return "estimated" if found is None else "simulated" if found == self.wanted else ""

    def _narrowed(self, axis: Axis, near: float, far: float, best: Callable[[Axis, float], str | None]) -> float:
        """The factor from which on what is best is as at the far one."""
        while max(near, far) / min(near, far) > _NEAR:
            middle = math.sqrt(near * far)
            near, far = (near, middle) if self._flips(best(axis, middle)) else (middle, far)
        return far

    def _by_arithmetic(self, axis: Axis | Switch, factor: float) -> str | None:
        """The best pattern by arithmetic, "" where none meets the objective; ``None`` where no profile is so."""
        there = self._there(axis, factor)
        return None if there is None else self._foreseen(axis, there)

    def _foreseen(self, axis: Axis | Switch, there: Workload) -> str | None:
        try:
            refuse_too_many(there)
            return self.outlook.best(there, resized=axis.field == "traffic.rate")
        except InputError:
            return None

    def _flips(self, name: str | None) -> bool:
        """Whether what is best at a place is what is looked for there."""
        return name == self.wanted if self.wanted else name not in (None, self.best)

    def _guess(self, axis: Axis) -> float | None:
        """The factor at which arithmetic first puts another pattern in front."""
        sign = -1 if axis.down else 1
        near, far = 1.0, 1.0
        while True:
            if not 1 / FARTHEST < far < FARTHEST:
                return None
            far = min(FARTHEST, max(1 / FARTHEST, far * _STEP**sign))
            there = self._estimated(axis, far)
            if there is None and not (axis.field == "traffic.rate" and axis.down):
                return None
            # With less traffic what is too heavy now may be light enough.
            if self._flips(there):
                return self._narrowed(axis, near, far, self._estimated)
            near = far

    def _estimated(self, axis: Axis, factor: float) -> str | None:
        """The best pattern by arithmetic; ``None`` where no simulation can tell."""
        moved = self._moved(axis, factor)
        return None if moved is None else self._foreseen(axis, moved)

    def _key(self, axis: Axis | Switch, factor: float) -> str:
        return str(axis.sets(self.answer.workload, factor))

    def _there(self, axis: Axis | Switch, factor: float) -> Workload | None:
        """The workload there; ``None`` where no profile is so."""
        try:
            return self.answer.workload.with_(axis.sets(self.answer.workload, factor))
        except InputError:
            return None

    def _moved(self, axis: Axis | Switch, factor: float) -> Workload | None:
        """The same; ``None`` also where a replication takes too long for it to be tried."""
        there = self._there(axis, factor)
        if there is None:
            return None
        return there if Bench(there, self.answer.seed, self.outlook.book).confirms else None

    def _confirmed(self, axis: Axis, guess: float) -> BreakEven | None:
        """Search both sides briefly, and move the point until the far side flips and the near side does not."""
        toward = 1 / _SHORT if axis.down else _SHORT
        factor = guess
        for _ in range(_MOVES):
            there = self._simulated(axis, factor)
            if there is None:
                return None
            if not self._flips(there):
                factor *= toward
                continue
            if abs(math.log(factor)) <= math.log(_SHORT):
                return None  # the answer itself lies closer to the point than a point can be told
            short = self._simulated(axis, _short_of(axis, factor))
            if short is not None and self._is_short(short):
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
            if found is not None and not self._flips(found):
                factor *= toward
                continue
            short = self._answered(axis, _short_of(axis, factor))
            if found is None or short is None:
                return self._point(axis, factor, there, "estimated")
            if self._is_short(short):
                return self._point(axis, factor, found, "simulated")
            factor /= toward
        return None

    def _is_short(self, name: str) -> bool:
        """Whether what is best ten percent short of a point makes it one (the present best, if any other flips)."""
        return not self._flips(name) if self.wanted else name == self.best

    def _answered(self, axis: Axis | Switch, factor: float) -> str | None:
        """The best pattern of the whole answer there, "" where none meets it; ``None`` where that takes too long."""
        moved = self._moved(axis, factor)
        same_stream = axis.field.startswith("objective.")
        if moved is None or not self.confirming.affords(moved, same_stream=same_stream):
            return None
        key = self._key(axis, factor)
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

    def _simulated(self, axis: Axis | Switch, factor: float, *, finish: bool = False) -> str | None:
        """The best pattern there, "" where none meets the objective.

        ``None`` where no profile is so, or where no more may be spent, unless it is to ``finish`` what is found.
        """
        from advisor.advice.recommending import briefly

        key = self._key(axis, factor)
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
            factor=factor,
        )
        return replace(point, says=point.told)


def nothing_found(answer: Recommendation) -> str:
    """What is said where no point is stated: what was looked at, or why nothing was; "" where it was not to be."""
    if answer.best is None or not answer.explained:
        return ""
    if not can_confirm(answer):
        return "No break-even point is stated: it would take too many requests to confirm one by simulation."
    moved = list(dict.fromkeys(axis.field for axis in axes_of(answer)))
    if not moved:
        return "No break-even point was looked for: neither a rate nor an objective for latency is there to be moved."
    *most, last = moved
    fields = f"{', '.join(most)} or {last}" if most else last
    return (
        f"Nothing was found: with {fields} moved alone, up to {FARTHEST:.0f} times from what it is, no value was "
        "confirmed that makes another pattern the best."
    )


def can_confirm(answer: Recommendation) -> bool:
    """Whether the answered workload itself is light enough for a point near it to be confirmed."""
    return Bench(answer.workload, answer.seed, price_book()).confirms


def _short_of(axis: Axis, factor: float) -> float:
    return factor * _SHORT if axis.down else factor / _SHORT
