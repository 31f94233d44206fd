"""The settings of a combination, each under the name of its part, as ``--set`` takes and gives them.

    a stream alone         base.instance_type=ml.c5.large  second.pattern=serverless  second.memory=2 GB  spill_at=2
    a stream with a lot    stream.pattern=real-time  stream.instance_type=ml.c5.large  lot.instance_type=ml.m5.large

A part is a first guess for its share of the workload, changed by its settings, as a pattern is that stands alone. Its
pattern is told where there are several to choose from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.advice.combination import Combination, lot_apart, shares
from advisor.advice.spill import Spill
from advisor.errors import InputError, Problem, ProfileError, near
from advisor.patterns import PATTERNS, Asynchronous, BatchTransform, Pattern, RealTime, Serverless
from advisor.patterns.settings import COUNT_OR_ZERO
from advisor.workload import Workload

__all__ = ["KINDS", "by_part", "changed", "combination_of", "fields_of"]

_STREAMING = tuple(pattern for pattern in PATTERNS if pattern is not BatchTransform)
_WAITS = "spill_at"

#: the parts of each kind of combination, with the patterns that each can be of
KINDS: Mapping[type[Spill | Combination], Mapping[str, tuple[type[Pattern], ...]]] = {
    Spill: {"base": (RealTime,), "second": (Serverless, Asynchronous)},
    Combination: {"stream": _STREAMING, "lot": (BatchTransform,)},
}


def combination_of(w: Workload, sets: Mapping[str, object]) -> Spill | Combination:
    """The combination that a workload takes, of parts with these settings; all that is wrong with them at once."""
    if not w.streams:
        what = f"{w.name} has no stream of requests, and a combination answers one"
        raise InputError(what, w.where("traffic"), "add traffic, or take batch-transform alone")
    kind: type[Spill | Combination] = Combination if lot_apart(w) else Spill
    parts = [_Part(name, patterns, sets) for name, patterns in KINDS[kind].items()]
    wrong = list(_strangers(kind, sets))
    owns = shares(w) if kind is Combination else (w, w)
    made = [part.made(own, wrong) for part, own in zip(parts, owns, strict=True)]
    waits = _waits(sets, wrong) if kind is Spill else 0
    if not wrong:
        first, second = made
        assert first is not None
        assert second is not None
        if kind is Combination:
            return Combination(parts=(first, second))
        assert isinstance(first, RealTime)
        assert isinstance(second, Serverless | Asynchronous)
        try:
            return Spill(base=first, second=second, spill_at=waits)
        except InputError as error:
            wrong.append(Problem(error.what, error.where, error.mend))
    raise ProfileError("the settings of a combination do not read", "", "", tuple(wrong))


def by_part(deployment: Spill | Combination) -> dict[str, Any]:
    """All settings, each under its part, beginning with the part's pattern."""
    held: dict[str, Any] = {}
    for name, part in deployment.named.items():
        held[f"{name}.pattern"] = part.name
        held |= {f"{name}.{field}": value for field, value in part.to_dict().items()}
    return {**held, _WAITS: deployment.spill_at} if isinstance(deployment, Spill) else held


def changed(w: Workload, deployment: Spill | Combination) -> dict[str, Any]:
    """Each part's pattern, and what of its settings is not as in the first guess: what makes it of a workload anew."""
    usual: dict[str, Any] = {_WAITS: 0}
    owns = shares(w) if isinstance(deployment, Combination) else (w, w)
    for own, (name, part) in zip(owns, deployment.named.items(), strict=True):
        usual |= {f"{name}.{field}": value for field, value in _start(name, type(part), own).to_dict().items()}
    return {name: value for name, value in by_part(deployment).items() if name not in usual or value != usual[name]}


def fields_of(kind: type[Spill | Combination]) -> tuple[str, ...]:
    """All settings that a kind of combination has, whatever the patterns of its parts."""
    found = [
        f"{name}.{field}"
        for name, patterns in KINDS[kind].items()
        for field in dict.fromkeys(("pattern", *(field for pattern in patterns for field in pattern.fields())))
    ]
    return (*found, _WAITS) if kind is Spill else tuple(found)


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


def _strangers(kind: type[Spill | Combination], sets: Mapping[str, object]) -> Iterator[Problem]:
    """What belongs to no part."""
    parts = KINDS[kind]
    others = {name for other, named in KINDS.items() if other is not kind for name in named}
    given = " and ".join(f"{name}.FIELD" for name in parts)
    for text in sets:
        name, dot, _ = text.partition(".")
        if (name in parts and dot) or (kind is Spill and text == _WAITS):
            continue
        if name in others or text == _WAITS:
            lot = "no lot beside its stream" if kind is Spill else "a lot beside its stream"
            what = f"the workload has {lot}, so that its combination has no {name}"
            yield Problem(what, f"--set {text}", f"give {given}")
        else:
            what = f'"{text}" is not a setting of a combination'
            yield Problem(what, f"--set {text}", near(text, fields_of(kind)) or f"give {given}")


def _waits(sets: Mapping[str, object], wrong: list[Problem]) -> int:
    kind = COUNT_OR_ZERO["kind"]
    try:
        waits = kind.value(sets.get(_WAITS, 0), _WAITS, base=False)
        kind.refuse(waits, _WAITS)
    except InputError as error:
        wrong.append(Problem(error.what, f"--set {_WAITS}", error.mend))
        return 0
    assert isinstance(waits, int)
    return waits
