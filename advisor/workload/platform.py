"""What a profile overrides of the platform: any assumption, and any quota that AWS adjusts, by its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from advisor.catalog.assumptions import Assumption, assumptions
from advisor.catalog.limits import Limit, find_limit, limit, limits
from advisor.errors import InputError, UnknownName, near
from advisor.workload.quantity import (
    COUNT,
    DURATION_OR_ZERO,
    FACTOR,
    MEMORY,
    NUMBER,
    RATE,
    SHARE,
    SIZE,
    Flaw,
    Flaws,
    Kind,
    Quantity,
    Switch,
    Text,
    refused,
    shown,
)
from advisor.workload.section import Fixed

__all__ = ["Platform", "as_assumption", "as_limit", "overridden"]


def as_assumption(held: Assumption, value: Any) -> float | str | bool:
    """A value given in place of an assumption's, in base units; `Flaws` where it is not of its kind."""
    try:
        parsed = held.parse(value)
    except InputError as error:
        raise refused(error.what, error.mend) from None
    if _divides(held) and parsed == 0:
        raise refused(f"{shown(value)} is zero, and {held.key} is more", f"write one such as {held.value}")
    return parsed


def as_limit(held: Limit, value: Any) -> float:
    """A value given in place of an adjustable quota's, in base units; `Flaws` where it is not of its kind."""
    try:
        return held.parse(value)
    except InputError as error:
        raise refused(error.what, error.mend) from None


class Platform(Kind):
    """Keys of assumptions and adjustable quotas, with values as a profile writes them."""

    def read(self, value: Any) -> Fixed[str, Any]:
        if not isinstance(value, Mapping):
            raise refused(
                f"{shown(value)} where overrides are due",
                "write {serverless_keep_alive: 10 min}, with any key of advisor list assumptions",
            )
        flaws = [flaw for key, given in value.items() for flaw in self._flaws(key, given)]
        if flaws:
            raise Flaws(*flaws)
        return Fixed({key: given for key, given in value.items() if given is not None})

    def _flaws(self, key: Any, given: Any) -> list[Flaw]:
        if not isinstance(key, str):
            return [
                Flaw((str(key)[:60],), f"{shown(key)} is not a key of an assumption", "see advisor list assumptions")
            ]
        try:
            if (held := _assumption(key)) is not None:
                if held.kind == "weights":
                    return [
                        Flaw(
                            (key,),
                            f"{key} is a named curve",
                            f"write your own weights under traffic.{key.partition('_')[0]}",
                        )
                    ]
                if given is not None:
                    as_assumption(held, given)
            else:
                quota = limit(key)
                if not quota.adjustable:
                    return [
                        Flaw(
                            (key,),
                            f"{key} is {quota.shown} for everyone: AWS does not raise it",
                            "leave it out; only assumptions and adjustable quotas are overridden",
                        )
                    ]
                if given is not None:
                    as_limit(quota, given)
        except UnknownName:
            return [Flaw((key,), *_unknown(key))]
        except Flaws as error:
            return [flaw._replace(path=(key, *flaw.path)) for flaw in error.flaws]
        return []

    def schema(self) -> dict[str, Any]:
        # Named curves are no values to give: their weights are written under traffic.
        held = [one for one in assumptions() if one.kind != "weights"]
        keys = {one.key: _described(_of_kind(one), one.title, one.value) for one in held}
        quotas = {one.key: _described(_of_unit(one), one.title, one.shown) for one in limits() if one.adjustable}
        return {"type": "object", "properties": {**keys, **quotas}, "additionalProperties": False}


# Overrides may be zero where a workload's own value may not.
_KINDS: Mapping[str, Kind] = {
    "count": replace(COUNT, above_zero=False),
    "duration": DURATION_OR_ZERO,
    "factor": replace(FACTOR, above_zero=False),
    "memory": replace(MEMORY, above_zero=False),
    "number": NUMBER,
    "rate": replace(RATE, above_zero=False),
    "share": SHARE,
    "size": SIZE,
    "switch": Switch(),
}
# Figures that something is divided by, beside those that are moved in one second.
_DIVISORS = frozenset({
    "gpu_as_vcpus", "model_memory_factor", "model_size", "scaling_start_use", "serverless_mib_per_vcpu",
    "serverless_vcpu_max", "serverless_vcpu_used", "workers_per_gpu", "workers_per_vcpu",
})  # fmt: skip
_UNITS = {"per second": "rate", "percent": "share", "ratio": "number"}


def _of_kind(held: Assumption) -> dict[str, Any]:
    if held.choices:
        return {"enum": list(held.choices)}
    if held.kind == "instance":
        return {"type": "string", "pattern": r"^ *ml\.[a-z0-9-]+\.[a-z0-9-]+ *$"}
    kind = _KINDS.get(held.kind) or Text()
    return (replace(kind, above_zero=True) if isinstance(kind, Quantity) and _divides(held) else kind).schema()


def _divides(held: Assumption) -> bool:
    return held.key in _DIVISORS or (held.kind == "size" and held.key.endswith("_per_s"))


def _of_unit(quota: Limit) -> dict[str, Any]:
    return _kind_of(quota).schema()


def _kind_of(quota: Limit) -> Kind:
    try:
        return next(
            _KINDS[name] for name in ("duration", "size", "memory") if _reads(quota, str(_KINDS[name].write(1)))
        )
    except StopIteration:
        return _KINDS[_UNITS.get(quota.unit, "count")]


def overridden(key: str) -> Kind | None:
    """The kind of value that a key takes; none where it is a word. `UnknownName` where there is no such key."""
    if (held := _assumption(key)) is not None:
        return _KINDS.get(held.kind)
    if (quota := find_limit(key)) is None:
        what, mend = _unknown(key)
        raise UnknownName(what, "", mend)
    return _kind_of(quota)


def _unknown(key: str) -> tuple[str, str]:
    names = [*(one.key for one in assumptions()), *(one.key for one in limits() if one.adjustable)]
    return f"{shown(key)} is neither an assumption nor a quota", near(key[:60], names) or "see advisor list assumptions"


def _reads(quota: Limit, text: str) -> bool:
    try:
        quota.parse(text)
    except InputError:
        return False
    return True


def _described(schema: dict[str, Any], title: str, unless: object) -> dict[str, Any]:
    return {**schema, "description": f"{title}; {unless} unless given."}


def _assumption(key: str) -> Assumption | None:
    return next((one for one in assumptions() if one.key == key), None)
