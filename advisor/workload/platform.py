"""What a profile overrides of the platform: any assumption, and any quota that AWS adjusts, by its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.catalog.assumptions import Assumption, assumptions
from advisor.catalog.limits import Limit, limit, limits
from advisor.errors import InputError, UnknownName, near
from advisor.workload.quantity import Flaw, Flaws, Kind, refused, shown
from advisor.workload.section import Fixed

__all__ = ["Platform", "as_assumption", "as_limit"]


def as_assumption(held: Assumption, value: Any) -> float | str | bool:
    """A value given in place of an assumption's, in base units; `Flaws` where it is not of its kind."""
    try:
        return held.parse(value)
    except InputError as error:
        raise refused(error.what, error.mend) from None


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
        flaws = [flaw for key, given in value.items() if given is not None for flaw in self._flaws(key, given)]
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
                as_limit(quota, given)
        except UnknownName:
            names = [*(one.key for one in assumptions()), *(one.key for one in limits() if one.adjustable)]
            return [
                Flaw(
                    (key,),
                    f"{shown(key)} is neither an assumption nor a quota",
                    near(key[:60], names) or "see advisor list assumptions",
                )
            ]
        except Flaws as error:
            return [flaw._replace(path=(key, *flaw.path)) for flaw in error.flaws]
        return []

    def schema(self) -> dict[str, Any]:
        keys = {one.key: {"description": f"{one.title}; {one.value} unless given"} for one in assumptions()}
        quotas = {
            one.key: {"description": f"{one.title}; {one.shown} unless given"} for one in limits() if one.adjustable
        }
        return {"type": "object", "properties": {**keys, **quotas}, "additionalProperties": False}


def _assumption(key: str) -> Assumption | None:
    return next((one for one in assumptions() if one.key == key), None)
