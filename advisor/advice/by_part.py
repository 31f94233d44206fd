"""The settings of a combination, each under the name of its part, as ``--set`` takes and gives them.

    a stream alone         base.instance_type=ml.c5.large  second.pattern=serverless  second.memory=2 GB  spill_at=2
    a stream with a lot    stream.pattern=real-time  stream.instance_type=ml.c5.large  lot.instance_type=ml.m5.large
    one endpoint for both  stream.pattern=real-time  stream.instance_type=ml.c5.large  sent_over=3 h

A part is a first guess for its share of the workload, changed by its settings, as a pattern is that stands alone. Its
pattern is told where there are several to choose from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.advice.combination import Combination, lot_apart, shares
from advisor.advice.shared import Shared
from advisor.advice.spill import Spill
from advisor.errors import InputError, Problem, ProfileError, near
from advisor.patterns import PATTERNS, Asynchronous, BatchTransform, Pattern, RealTime, Serverless
from advisor.patterns.settings import COUNT_OR_ZERO, DURATION, Kind, spoken
from advisor.workload import Workload

__all__ = ["KINDS", "Combined", "by_part", "changed", "combination_of", "fields_of"]

Combined = Spill | Combination | Shared
_STREAMING = tuple(pattern for pattern in PATTERNS if pattern is not BatchTransform)

#: the parts of each kind of combination, with the patterns that each can be of
KINDS: Mapping[type[Combined], Mapping[str, tuple[type[Pattern], ...]]] = {
    Spill: {"base": (RealTime,), "second": (Serverless, Asynchronous)},
    Combination: {"stream": _STREAMING, "lot": (BatchTransform,)},
    Shared: {"stream": (RealTime, Asynchronous)},
}
# What is set of the whole, and of no part.
_OWN: Mapping[type[Combined], tuple[str, Kind]] = {
    Spill: ("spill_at", COUNT_OR_ZERO["kind"]),
    Shared: ("sent_over_s", DURATION["kind"]),
}


def combination_of(w: Workload, sets: Mapping[str, object]) -> Combined:
    """The combination that a workload takes, of parts with these settings; all that is wrong with them at once."""
    if not w.streams:
        what = f"{w.name} has no stream of requests, and a combination answers one"
        raise InputError(what, w.where("traffic"), "add traffic, or take batch-transform alone")
    kind = _kind(w, sets)
    wrong = list(_strangers(kind, sets))
    each = zip(KINDS[kind].items(), _owns(w, kind), strict=True)
    parts = {name: _Part(name, patterns, sets).made(own, wrong) for (name, patterns), own in each}
    own = _own(kind, sets, wrong)
    if not wrong:
        whole: Callable[..., Combined] = kind
        try:
            return whole(parts=tuple(parts.values())) if kind is Combination else whole(**parts, **own)
        except InputError as error:
            wrong.append(Problem(error.what, error.where, error.mend))
    raise ProfileError("the settings of a combination do not read", "", "", tuple(wrong))


def _kind(w: Workload, sets: Mapping[str, object]) -> type[Combined]:
    if not lot_apart(w):
        return Spill
    return Shared if any(spoken(name) == spoken(_OWN[Shared][0]) for name in sets) else Combination


def _owns(w: Workload, kind: type[Combined]) -> tuple[Workload, ...]:
    """What of the workload each part has."""
    if kind is Spill:
        return (w, w)
    return shares(w)[: len(KINDS[kind])]


def by_part(deployment: Combined) -> dict[str, Any]:
    """All settings, each under its part, beginning with the part's pattern."""
    held: dict[str, Any] = {}
    for name, part in deployment.named.items():
        held[f"{name}.pattern"] = part.name
        held |= {f"{name}.{field}": value for field, value in part.to_dict().items()}
    return held | {name: getattr(deployment, name) for kind, (name, _) in _OWN.items() if isinstance(deployment, kind)}


def changed(w: Workload, deployment: Combined) -> dict[str, Any]:
    """Each part's pattern, and what of its settings is not as in the first guess: what makes it of a workload anew."""
    usual: dict[str, Any] = {_OWN[Spill][0]: 0}
    for own, (name, part) in zip(_owns(w, type(deployment)), deployment.named.items(), strict=True):
        usual |= {f"{name}.{field}": value for field, value in _start(name, type(part), own).to_dict().items()}
    return {name: value for name, value in by_part(deployment).items() if name not in usual or value != usual[name]}


def fields_of(kind: type[Combined]) -> tuple[str, ...]:
    """All settings that a kind of combination has, whatever the patterns of its parts."""
    found = [
        f"{name}.{field}"
        for name, patterns in KINDS[kind].items()
        for field in dict.fromkeys(("pattern", *(field for pattern in patterns for field in pattern.fields())))
    ]
    return (*found, spoken(_OWN[kind][0])) if kind in _OWN else tuple(found)


def _start(name: str, pattern: type[Pattern], w: Workload) -> Pattern:
    if name == "base":
        return Spill.base_of(w)
    if name == "second":
        return Spill.second_of(w, Serverless if pattern is Serverless else Asynchronous)
    return pattern.start(w)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part in the making: its name, the patterns that it can be of, and what is set of the combination."""

    name: str
    patterns: tuple[type[Pattern], ...]
    sets: Mapping[str, object]

    def made(self, w: Workload, wrong: list[Problem]) -> Pattern | None:
        """The part for its share of the workload; what is wrong with it is added, and then there is none."""
        pattern = self._pattern(wrong)
        if pattern is None:
            return None
        given = {
            text.removeprefix(f"{self.name}."): value
            for text, value in self.sets.items()
            if text.startswith(f"{self.name}.") and text != f"{self.name}.pattern"
        }
        found = len(wrong)
        for field, value in given.items():
            try:
                pattern.values_of({field: value})
            except InputError as error:
                wrong.append(Problem(error.what, f"--set {self.name}.{field}", error.mend))
        if len(wrong) > found:
            return None
        try:
            return _start(self.name, pattern, w).with_(given)
        except InputError as error:
            wrong.append(Problem(error.what, f"--set {self.name}", error.mend))
            return None

    def _pattern(self, wrong: list[Problem]) -> type[Pattern] | None:
        names = {pattern.name: pattern for pattern in self.patterns}
        setting = f"{self.name}.pattern"
        if setting not in self.sets and len(names) == 1:
            return self.patterns[0]
        mend = f"give --set {setting}={'|'.join(names)}, one of them"
        if setting not in self.sets:
            wrong.append(Problem(f"{setting} is missing: nothing says what the {self.name} is", "--set", mend))
            return None
        asked = str(self.sets[setting])
        if asked not in names:
            what = f'"{asked}" cannot be the {self.name} of this combination'
            wrong.append(Problem(what, f"--set {setting}", near(asked, names) or mend))
        return names.get(asked)


def _strangers(kind: type[Combined], sets: Mapping[str, object]) -> Iterator[Problem]:
    """What belongs to no part."""
    parts = KINDS[kind]
    mine, known = fields_of(kind), {name for other in KINDS for name in (*KINDS[other], *fields_of(other))}
    given = " and ".join(f"{name}.FIELD" for name in parts)
    for text in sets:
        name, dot, _ = text.partition(".")
        if (name in parts and dot) or spoken(text) in mine:
            continue
        if name in known or spoken(text) in known:
            lot = "no lot beside its stream" if kind is Spill else "a lot beside its stream"
            lot += ", which is sent to the stream's endpoint" if kind is Shared else ""
            what = f"the workload has {lot}, so that its combination has no {name}"
            yield Problem(what, f"--set {text}", f"give {given}")
        else:
            what = f'"{text}" is not a setting of a combination'
            yield Problem(what, f"--set {text}", near(text, mine) or f"give {given}")


def _own(kind: type[Combined], sets: Mapping[str, object], wrong: list[Problem]) -> dict[str, Any]:
    """What is set of the whole."""
    if kind not in _OWN:
        return {}
    field, of = _OWN[kind]
    held: dict[str, Any] = {}
    for text, given in sets.items():
        if spoken(text) != spoken(field):
            continue
        try:
            held[field] = of.value(given, text, base=text == field)
            of.refuse(held[field], field)
        except InputError as error:
            wrong.append(Problem(error.what, f"--set {text}", error.mend))
    return held
