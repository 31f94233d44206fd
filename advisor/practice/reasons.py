"""Why an option is right or wrong: a rule, a sum, a limit, a documented fact or a simulated figure.

Every reason can be asked whether it still holds; a question is made of options whose reasons do.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from advisor.catalog.assumptions import assumption
from advisor.catalog.instances import instance, offered
from advisor.catalog.limits import find_limit, limit
from advisor.practice.arithmetic import Sum
from advisor.practice.cases import simulated
from advisor.practice.facts import fact
from advisor.practice.judging import blocked_by, found, rule_of
from advisor.practice.pricing import book
from advisor.rules import Verdict
from advisor.rules.figures import source_of

__all__ = [
    "Allowed",
    "Compared",
    "Documented",
    "Figured",
    "Listed",
    "Measured",
    "Offered",
    "Reason",
    "Refused",
    "Together",
    "Warned",
]


_RELATIONS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "at most": operator.le,
    "at least": operator.ge,
    "above": operator.gt,
    "below": operator.lt,
    "equal": operator.eq,
}


class Reason(ABC):
    """What every reason answers."""

    __slots__ = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule ids that it rests on."""
        return ()

    @property
    def limits(self) -> tuple[str, ...]:
        """The keys of limits that it reads itself, beside what its rules read."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it is known from, with dates."""
        return _told(self.rules, self.limits)

    @abstractmethod
    def holds(self) -> bool:
        """Whether it is so today, worked out anew."""


@dataclass(frozen=True, slots=True)
class Refused(Reason):
    """A rule refuses the pattern for this piece of profile, with these settings."""

    rule: str
    pattern: str
    profile: str = ""
    sets: str = ""

    @property
    def rules(self) -> tuple[str, ...]:
        return (self.rule,)

    def holds(self) -> bool:
        return self.rule in blocked_by(self.pattern, self.profile, self.sets)


@dataclass(frozen=True, slots=True)
class Warned(Reason):
    """A rule warns of the pattern, or notes something, for this piece of profile."""

    rule: str
    pattern: str
    profile: str = ""
    sets: str = ""

    @property
    def rules(self) -> tuple[str, ...]:
        return (self.rule,)

    def holds(self) -> bool:
        told = [one for one in found(self.pattern, self.profile, self.sets) if one.rule == self.rule]
        return any(one.verdict is not Verdict.BLOCKS for one in told)


@dataclass(frozen=True, slots=True)
class Allowed(Reason):
    """No rule refuses the pattern for this piece of profile; nor does the warning named speak."""

    pattern: str
    profile: str = ""
    sets: str = ""
    without: tuple[str, ...] = ()

    def holds(self) -> bool:
        told = found(self.pattern, self.profile, self.sets)
        return not any(one.verdict is Verdict.BLOCKS or one.rule in self.without for one in told)


@dataclass(frozen=True, slots=True)
class Figured(Reason):
    """A sum comes to this figure; of a wrong option, a sum with a named mistake that does not come to ``not_key``."""

    sum: Sum
    value: Fraction
    not_key: Sum | None = None

    @property
    def limits(self) -> tuple[str, ...]:
        keys = (*self.sum.keys, *(self.not_key.keys if self.not_key else ()))
        return tuple(dict.fromkeys(keys))

    @property
    def sources(self) -> tuple[str, ...]:
        prices = dict.fromkeys((*self.sum.prices, *(self.not_key.prices if self.not_key else ())))
        return (*_told(self.rules, self.limits), *(_priced(key) for key in prices))

    def holds(self) -> bool:
        return self.sum.value == self.value and (self.not_key is None or self.not_key.value != self.value)


@dataclass(frozen=True, slots=True)
class Compared(Reason):
    """Two sums stand to each other as said: at most, at least, above, below, equal."""

    left: Sum
    relation: str
    right: Sum

    @property
    def limits(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.left.keys, *self.right.keys)))

    @property
    def sources(self) -> tuple[str, ...]:
        prices = dict.fromkeys((*self.left.prices, *self.right.prices))
        return (*_told(self.rules, self.limits), *(_priced(key) for key in prices))

    def holds(self) -> bool:
        return _RELATIONS[self.relation](self.left.value, self.right.value)


@dataclass(frozen=True, slots=True)
class Listed(Reason):
    """A limit says yes or no, or lists a word, or does not."""

    key: str
    word: str = "yes"
    wanted: bool = True

    @property
    def limits(self) -> tuple[str, ...]:
        return (self.key,)

    def holds(self) -> bool:
        value = limit(self.key).value
        if isinstance(value, bool):
            return value is self.wanted
        words = (value,) if isinstance(value, str | int | float) else tuple(value)
        return (self.word in map(str, words)) is self.wanted


@dataclass(frozen=True, slots=True)
class Offered(Reason):
    """AWS's API lists an instance type for a component, or does not, as the catalog has it."""

    key: str
    instance_type: str
    component: str
    wanted: bool = True

    @property
    def limits(self) -> tuple[str, ...]:
        return (self.key,)

    def holds(self) -> bool:
        return offered(instance(self.instance_type).name, self.component) is self.wanted


@dataclass(frozen=True, slots=True)
class Documented(Reason):
    """The table of documented facts pairs a subject with this word, or with another."""

    key: str
    subject: str
    word: str
    wanted: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        held = fact(self.key)
        return (f"{held.title}: {held.source}",)

    def holds(self) -> bool:
        return (self.word in fact(self.key).pairs[self.subject]) is self.wanted


@dataclass(frozen=True, slots=True)
class Measured(Reason):
    """A figure of a simulated case lies below a bound, or above it, with its whole 95 % interval."""

    case: str
    figure: str
    relation: str
    bound: float | str

    @property
    def sources(self) -> tuple[str, ...]:
        return (simulated(self.case).told,)

    def holds(self) -> bool:
        mine = simulated(self.case).interval(self.figure)
        if isinstance(self.bound, str):
            other = simulated(self.bound).interval(self.figure)
            return mine.high < other.low if self.relation == "below" else mine.low > other.high
        return mine.high <= self.bound if self.relation == "below" else mine.low > self.bound


@dataclass(frozen=True, slots=True)
class Together(Reason):
    """Several reasons that all hold."""

    parts: tuple[Reason, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(rule for part in self.parts for rule in part.rules))

    @property
    def limits(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key for part in self.parts for key in part.limits))

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source for part in self.parts for source in part.sources))

    def holds(self) -> bool:
        return all(part.holds() for part in self.parts)


def _told(rules: tuple[str, ...], limits: tuple[str, ...]) -> tuple[str, ...]:
    judged = [f"{rule}: {rule_of(rule).source}" for rule in rules]
    read = [f"{key} = {_shown(key)}: {source_of([key])}" for key in limits]
    return (*judged, *read)


def _shown(key: str) -> str:
    held = find_limit(key)
    return str(assumption(key).value) if held is None else held.shown


def _priced(key: str) -> str:
    region, component, meter = key.split("/", 2)
    rate = book().rate(region, component, meter)
    assumed = f"; assumed: {rate.assumed}" if rate.assumed else ""
    return f"{component} {meter} in {region}, USD {rate.usd:f}: {rate.basis}, {rate.as_of}{assumed}"
