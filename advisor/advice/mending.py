"""What to change where rules refuse every pattern: the fewest fields, with values, after which a pattern is allowed.

Each refusing rule is asked itself, at value after value of the field that it reads, where it no longer refuses; so the
limits stand in the rules alone. All of it is applied to the workload before it is said: no rule refuses the pattern
then, and by arithmetic it meets the objective, which is relaxed too where it has to be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.advice.axes import axis, now_of
from advisor.advice.foreseeing import Foreseen, Prospect
from advisor.advice.recommendation import Option, Relaxation
from advisor.advice.relaxing import HALF, down, loosened, of_options, up
from advisor.catalog.limits import find_limit
from advisor.catalog.prices import PriceBook
from advisor.errors import InputError
from advisor.patterns.base import Pattern
from advisor.rules import NOTES, Finding, Rule
from advisor.units import show_duration, show_share
from advisor.workload import Workload

__all__ = ["of_rules", "relaxations"]

# Changes of one pattern at most; no field is changed back, so that they end in any case.
_MOST = 10
# A value is looked for up to so many times as large, or as small, and then to this precision.
_FAR, _CLOSE = 1e6, 1e-3
# A limit that is this near to what is allowed at most is meant by it.
_NEARLY = 0.9
# Fields that a smaller value helps, and a larger one; where a rule names a setting, these are tried in turn.
_SMALLER = (
    "payload.request_max",
    "payload.response_max",
    "model.size",
    "model.memory",
    "model.image",
    "traffic.rate",
    "batch.record_size",
    "batch.records",
)
_LARGER = ("batch.deadline", "batch.every", "batch.files")
_MEAN_OF = {"payload.request_max": "payload.request", "payload.response_max": "payload.response"}
_TIMES = ("mean", "p50", "p90", "p95", "p99")
# Where every pattern is offered and priced.
_REGION = "us-east-1"
# Latency by arithmetic is this far from a simulated one, or nearer.
_ROOM = 1.25
# Work that ends within a limit by the shares that rules allow, may by chance not; this much faster it does.
_FASTER = 1.1

Sets = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Change:
    """Fields to change, and how much: the logarithm of the ratio, or what a need weighs."""

    sets: Sets
    by: float


# A change at all, and to do without a need or to go elsewhere, each weigh as much as ten times as large a value.
_ANOTHER = math.log(10)


def relaxations(
    w: Workload, options: Sequence[Option], patterns: Sequence[type[Pattern]], book: PriceBook
) -> tuple[Relaxation, ...]:
    """What to relax where nothing meets the objective: for what was simulated, else so that a pattern is possible."""
    if options and options[0].meets_objective:
        return ()
    return of_options(w, options) or of_rules(w, patterns, book)


def of_rules(w: Workload, patterns: Sequence[type[Pattern]], book: PriceBook) -> tuple[Relaxation, ...]:
    """For each pattern that so becomes possible, the fields to change; the one that takes the least comes first.

    What by arithmetic still misses the objective is only told where nothing else is left.
    """
    if w.task != "inference":
        return ()  # no figure makes hosting of a job
    made = []
    for n, pattern in enumerate(patterns):
        if (changes := _mended(w, pattern, book)) is not None:
            sets = {path: value for change in changes for path, value in change.sets.items()}
            changed = w.with_(sets)
            one = Prospect(changed, pattern, book)
            met, first = one.met, one.first
            found = Relaxation(
                pattern=pattern.name,
                id=first.id if met is None else met.id,
                usd=math.nan if met is None else met.usd,
                sets=sets,
                how="estimated",
            )
            made.append(((met is None, math.fsum(_ANOTHER + change.by for change in changes), n), found))
    if not all(missed for (missed, _, _), _ in made):
        made = [(key, one) for key, one in made if not key[0]]
    return tuple(found for _, found in sorted(made, key=lambda pair: pair[0]))


def _mended(w: Workload, pattern: type[Pattern], book: PriceBook) -> list[_Change] | None:
    """Changes after which no rule refuses the pattern, none of which could be left out; ``None`` where there are none.

    A field is only ever changed in one direction, so that what one rule asks for is not undone for another.
    """
    changes: list[_Change] = []
    look, relaxed = Prospect(w, pattern, book), None
    # What rules leave at a borrowed speed alone is no help where arithmetic has none of it meet any objective.
    while refused := look.refusal or (() if (relaxed := _objective(w, look)) is not None else look.hopeless):
        if len(changes) >= _MOST or (change := _first(look.workload, pattern, refused)) is None:
            return None
        changes.append(change)
        look = Prospect(_with(w, changes), pattern, book)
    if relaxed is not None:
        changes.append(relaxed)
    meets = look.met is not None or relaxed is not None
    for one in changes[:-1] if len(changes) > 1 else ():
        fewer = [other for other in changes if other is not one]
        try:
            less = Prospect(_with(w, fewer), pattern, book)
        except InputError:
            continue  # without it the others contradict the profile
        if less.possible and (less.met is not None or not meets):
            changes = fewer
    return changes or None


def _with(w: Workload, changes: Sequence[_Change]) -> Workload:
    return w.with_({path: value for change in changes for path, value in change.sets.items()})


def _first(w: Workload, pattern: type[Pattern], refused: Sequence[Finding]) -> _Change | None:
    """The first change that a refusing rule has, and after which it no longer refuses."""
    for finding in refused:
        [rule] = [one for one in pattern.RULES if one.id == finding.rule]
        asked = _Asked(rule, pattern)
        for change in _tried(w, finding.path, asked):
            if _holds(w, change.sets, asked.allows):
                return change
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule that refuses a pattern, and is asked whether it still does."""

    rule: Rule[Any]
    pattern: type[Pattern]

    def allows(self, w: Workload) -> bool:
        """Whether it no longer refuses."""
        return self.rule.check(w, self.pattern.start(w)) is None

    def silent(self, w: Workload) -> bool:
        """Whether no rule that looks at the same field refuses or warns: of the slowest calls, too."""
        near = [one for one in self.pattern.RULES if one.where == self.rule.where and one.verdict is not NOTES]
        return all(one.check(w, self.pattern.start(w)) is None for one in near)

    def told(self, least: float, most: float) -> float | None:
        """The limit that it reads where that lies between: what is written, of what can be read in several ways."""
        read = [one for key in self.rule.reads if (one := find_limit(key)) is not None]
        held = [one.base for one in read if isinstance(one.value, int | float)]
        return next((value for value in held if least <= value <= most), None)


def _tried(w: Workload, path: str, asked: _Asked) -> Iterator[_Change]:
    """What may mend a finding at a path of the profile, or of the deployment, the likeliest first."""
    if path.startswith(("needs", "objective", "model.accelerator")):
        for need in w.needs:
            yield _Change({"needs": [other for other in w.needs if other != need]}, _ANOTHER)
    if path.startswith("model.accelerator"):
        yield _Change({path: "optional"}, _ANOTHER)
    if path.startswith(("objective", "deployment")):
        for name, _ in w.objective.latencies:
            yield from _number(w, f"objective.{name}", asked, larger=True)
    if path == "work":
        yield from _faster(w, asked)
    if path in _SMALLER:
        yield from _number(w, path, asked, larger=False)
    if path in _LARGER:
        yield from _number(w, path, asked, larger=True)
    if path.startswith("deployment") or path == "region":
        if w.region != _REGION:
            yield _Change({"region": _REGION}, _ANOTHER)
        for field in _SMALLER if path.startswith("deployment") else ():
            yield from _number(w, field, asked, larger=False)


def _number(w: Workload, path: str, asked: _Asked, *, larger: bool) -> Iterator[_Change]:
    """The value of a field nearest to its own that a rule allows, as a profile writes it; nothing where none does."""
    section = path.partition(".")[0]
    if (section == "batch" and w.batch is None) or (section == "traffic" and not _plain_rate(w)):
        return
    now = now_of(w, path)
    if not now > 0:
        return  # nothing times anything is nothing

    def sets(ratio: float) -> Sets:
        value = up(_four(now * ratio)) if larger else down(_four(now / ratio))
        if not larger and (told := asked.told(_NEARLY * value, value)) is not None:
            value = told
        if section == "objective":
            return dict(loosened(w, {path.removeprefix("objective."): value}))
        mean = _MEAN_OF.get(path)
        if mean is None or now_of(w, mean) <= value:
            return {path: axis(w, path, [value]).shown[0]}
        shown = axis(w, mean, [value]).shown[0]
        return {mean: shown, path: shown}

    ratio = _least_ratio(w, sets, asked.allows)
    if ratio is not None:
        yield _Change(sets(ratio), math.log(ratio))


def _four(value: float) -> float:
    return float(f"{value:.4g}")


def _plain_rate(w: Workload) -> bool:
    return w.traffic is not None and w.traffic.replay is None and not w.traffic.classes


def _faster(w: Workload, asked: _Asked) -> Iterator[_Change]:
    """All measured times in proportion, as long as a rule allows; nothing where they are in a file."""
    if not w.work or any(one.file is not None or one.quantiles is not None or one.at_p50 is not None for one in w.work):
        return

    def sets(ratio: float) -> Sets:
        found: Sets = {}
        for n, one in enumerate(w.work):
            given = [name for name in _TIMES if w.given(f"work.{n}.{name}")]
            found |= {f"work.{n}.{name}": show_duration(now_of(w, f"work.{n}.{name}") / ratio) for name in given}
            if one.at is not None:
                found[f"work.{n}.at"] = {many: show_duration(seconds / ratio) for many, seconds in one.at.items()}
        return found

    ratio = _least_ratio(w, sets, asked.silent) or _least_ratio(w, sets, asked.allows)
    if ratio is not None and sets(ratio):
        yield _Change(sets(ratio * _FASTER), math.log(ratio * _FASTER))


def _holds(w: Workload, sets: Sets, allows: Callable[[Workload], bool]) -> bool:
    """Whether a rule allows the workload with fields set so; not where these contradict the rest of the profile."""
    try:
        return allows(w.with_(sets))
    except InputError:
        return False


def _least_ratio(w: Workload, sets: Callable[[float], Sets], allows: Callable[[Workload], bool]) -> float | None:
    """How many times as large, or as small, a value has to be at least for a rule to allow it."""

    def does(ratio: float) -> bool:
        try:
            return _holds(w, sets(ratio), allows)
        except InputError:
            return False  # no profile says so

    high = 2.0
    while not does(high):
        high *= 2
        if high > _FAR:
            return None
    low = high / 2
    while high / low > 1 + _CLOSE:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if does(middle) else (middle, high)
    return high


def _objective(given: Workload, look: Prospect) -> _Change | None:
    """What of the objective to relax so that by arithmetic the pattern meets it; ``None`` where it does, or cannot."""
    w = look.workload
    if look.met is not None or (nearest := look.nearest()) is None:
        return None
    sets = dict(_missed(w, nearest))
    if not sets or Prospect(changed := w.with_(sets), look.pattern, look.book).met is None:
        return None
    wanted, asked = dict(changed.objective.latencies), dict(given.objective.latencies)
    slower = max((wanted[name] / seconds for name, seconds in asked.items()), default=1.0)
    if given.batch is not None and changed.batch is not None:
        slower = max(slower, changed.batch.deadline_s / given.batch.deadline_s)
    return _Change(sets, math.log(max(slower, changed.objective.errors / max(given.objective.errors, 1e-6))))


def _missed(w: Workload, one: Foreseen) -> Iterator[tuple[str, Any]]:
    late: dict[str, float] = {}
    for name, seconds in w.objective.latencies:
        reached = one.seen.mean_s if name == "mean" else one.seen.latency_s(int(name[1:]) / 100)
        if reached > seconds and math.isfinite(reached):
            late[name] = up(reached * _ROOM)
    yield from loosened(w, late).items()
    # A deadline holds for every job: what none is later than.
    if w.batch is not None and one.seen.later(one.seen.deadline_s) > 0 and math.isfinite(last := one.seen.latency_s(1)):
        yield "batch.deadline", show_duration(up(last * _ROOM))
    if w.objective.errors < one.seen.error_share < HALF / _ROOM:
        yield "objective.errors", show_share(up(one.seen.error_share * _ROOM))
    if w.objective.cold_starts == "avoid" and one.seen.cold_share > 0 and "no-cold-start" not in w.needs:
        yield "objective.cold_starts", "allow"
