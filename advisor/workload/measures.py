"""The kinds of value in which measurements are written: places, load curves, quantiles, growth with the payload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from advisor import units
from advisor.catalog.instances import instances
from advisor.errors import UnitError, near
from advisor.workload import forms
from advisor.workload.quantity import DURATION, Base, Flaw, Flaws, Kind, exact, refused, shown
from advisor.workload.section import Fixed

__all__ = ["Curve", "Growth", "On", "Quantiles", "serverless_mib"]

_SERVERLESS = re.compile(r"serverless\s*[-:]?\s*(.*)", re.IGNORECASE | re.DOTALL)
_PER_MB = re.compile(r"(.+?)\s*(?:/|\b(?i:per|an?)\b)\s*(KB|kB|MB|MiB|GB)", re.DOTALL)
_MOST_POINTS = 1000


@lru_cache(maxsize=256)
def serverless_mib(name: str) -> float | None:
    """The MiB of "serverless 4 GB"; ``None`` for any other name; `UnitError` where the memory does not read."""
    found = _SERVERLESS.fullmatch(name.strip())
    return units.memory_mib(found[1]) if found else None


class On(Kind):
    """Where it was measured: an instance type, or a serverless memory size."""

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise refused(
                f"{shown(value)} is not a place of measurement",
                'write an instance type such as ml.m5.xlarge, or "serverless 4 GB"',
            )
        name = " ".join(value.split())
        try:
            memory = serverless_mib(name)
        except UnitError as error:
            raise refused(f"after serverless, {error.what}", 'write one such as "serverless 4 GB"') from None
        if memory is not None:
            if memory <= 0:
                raise refused("a serverless container of no memory", 'write one such as "serverless 4 GB"')
            return (
                f"serverless {units.show_memory(memory)}"
                if units.memory_mib(units.show_memory(memory)) == memory
                else f"serverless {memory!r} MiB"
            )
        names = {one.name for one in instances() if one.vcpu}
        if name in names or name.lower() in names:
            return name if name in names else name.lower()
        if f"ml.{name.lower()}" in names:
            raise refused(f'"{name}" is not an instance type of SageMaker', f"write ml.{name.lower()}")
        raise refused(f"{shown(name)} is not an instance type that the catalog knows", _near_instances(name[:60]))

    def schema(self) -> dict[str, Any]:
        serverless = f"{forms.folded(['serverless'])} *[-:]? *{forms.MEMORY}"
        return {
            "type": "string",
            "pattern": f"^ *(?:[mM][lL]\\.[a-z0-9-]+\\.[a-z0-9-]+|{serverless}) *$",
            "examples": ["ml.m5.xlarge", "serverless 4 GB"],
        }


@lru_cache(maxsize=256)
def _near_instances(name: str) -> str:
    return (
        near(name, {*(one.name for one in instances()), "serverless 4 GB"})
        or 'see advisor list instances, or write "serverless 4 GB"'
    )


class Curve(Kind):
    """Latency at n requests in flight: {1: 120 ms, 4: 170 ms}; n = 1 is required."""

    def read(self, value: Any) -> Fixed[int, float]:
        value, base = (value.value, True) if isinstance(value, Base) else (value, False)
        points = _points(value, "a load curve", "{1: 120 ms, 4: 170 ms, 16: 390 ms}")
        read: dict[int, float] = {}
        flaws = []
        for key, seconds in points.items():
            try:
                n = units.count(key)
                at = DURATION.read(Base(seconds) if base else seconds)
            except UnitError:
                flaws.append(
                    Flaw(
                        (key,),
                        f"{shown(key)} requests in flight",
                        "write a whole number of 1 or more, then the latency: 4: 170 ms",
                    )
                )
            except Flaws as error:
                flaws += [flaw._replace(path=(key, *flaw.path)) for flaw in error.flaws]
            else:
                if n < 1 or n > 1_000_000 or n in read:
                    flaws.append(
                        Flaw(
                            (key,),
                            f"{n} requests in flight{' twice' if n in read else ''}",
                            "write each number from 1 to 1,000,000 once",
                        )
                    )
                read[n] = at
        if not flaws and 1 not in read:
            flaws.append(
                Flaw(
                    (),
                    f"the load curve begins at {min(read)} in flight",
                    "give the latency of one request alone, as 1: 120 ms",
                )
            )
        if flaws:
            raise Flaws(*flaws)
        if list(read) != sorted(read):
            raise refused("the load curve's numbers in flight do not rise", "sort the points by the number in flight")
        return Fixed(read)

    def write(self, value: Any) -> Any:
        return {n: DURATION.write(seconds) for n, seconds in value.items()}

    def schema(self) -> dict[str, Any]:
        duration = DURATION.schema()
        return {
            "type": "object",
            "patternProperties": {"^(?:[1-9][0-9]{0,5}|1000000)$": duration},
            "additionalProperties": False,
            "required": ["1"],
        }

    def show(self, value: Any) -> str:
        return f"{{{', '.join(f'{n}: {units.show_duration(seconds)}' for n, seconds in value.items())}}}"


class Quantiles(Kind):
    """Share to latency: {50 %: 20 ms, 95 %: 41 ms}."""

    def read(self, value: Any) -> Fixed[float, float]:
        value, base = (value.value, True) if isinstance(value, Base) else (value, False)
        points = _points(value, "a set of quantiles", "{50 %: 20 ms, 95 %: 41 ms}")
        read: dict[float, float] = {}
        flaws = []
        for key, seconds in points.items():
            try:
                share = _share(key)
                read[share] = DURATION.read(Base(seconds) if base else seconds)
            except UnitError as error:
                flaws.append(Flaw((key,), error.what, "write a share such as p95, 95 % or 0.95, then the latency"))
            except Flaws as error:
                flaws += [flaw._replace(path=(key, *flaw.path)) for flaw in error.flaws]
        if not flaws:
            pairs = sorted(read.items())
            for (low, less), (high, more) in pairwise(pairs):
                if more < less:
                    less_shown, more_shown = units.show_duration(less), units.show_duration(more)
                    what = f"{more_shown} at {high * 100:g} % is below {less_shown} at {low * 100:g} %"
                    flaws.append(Flaw((), what, "quantiles rise with the share"))
            if len(pairs) < 2:
                flaws.append(
                    Flaw((), "one quantile gives no shape", "give at least two, such as {50 %: 20 ms, 95 %: 41 ms}")
                )
            if len(pairs) != len(points):
                flaws.append(Flaw((), "a quantile is given twice", "give each share once"))
        if flaws:
            raise Flaws(*flaws)
        return Fixed(dict(sorted(read.items())))

    def write(self, value: Any) -> Any:
        return {share: DURATION.write(seconds) for share, seconds in value.items()}

    def schema(self) -> dict[str, Any]:
        share = (
            r"^(?:[pP](?!0+\.?0*$)[0-9]{1,2}(?:\.[0-9]{1,6})?|(?!0+\.?0*[ %p])[0-9]{1,2}(?:\.[0-9]+)? *(?:%|percent)"
        )
        return {
            "type": "object",
            "patternProperties": {share + r"|0?\.(?!0+$)[0-9]+)$": DURATION.schema()},
            "additionalProperties": False,
            "minProperties": 2,
        }

    def show(self, value: Any) -> str:
        points = (f"{units.show_share(share)}: {units.show_duration(seconds)}" for share, seconds in value.items())
        return f"{{{', '.join(points)}}}"


class Growth(Kind):
    """How service time grows with the payload: "12 ms per MB" as seconds per MB."""

    def read(self, value: Any) -> float:
        if isinstance(value, Base):
            value = f"{value.value!r} s per MB"
        found = _PER_MB.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise refused(
                f"{shown(value)} is not a growth with the payload", "write a duration by size, such as 12 ms per MB"
            )
        try:
            return units.duration_s(found[1]) / (units.size_bytes(f"1 {found[2]}") / 1e6)
        except UnitError as error:
            raise refused(error.what, "write a duration by size, such as 12 ms per MB") from None

    def write(self, value: Any) -> str:
        return f"{exact(value)} s per MB"

    def show(self, value: Any) -> str:
        return f"{units.show_duration(value)} per MB"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": forms.whole(forms.GROWTH), "maxLength": 80, "examples": ["12 ms per MB"]}


def _points(value: Any, what: str, example: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping) or not value:
        raise refused(f"{shown(value)} where {what} is due", f"write {example}")
    if len(value) > _MOST_POINTS:
        raise refused(f"{what} of {len(value)} points", f"at most {_MOST_POINTS} are taken")
    return value


def _share(key: object) -> float:
    text = str(key).strip() if isinstance(key, str | int | float) and not isinstance(key, bool) else ""
    if found := re.fullmatch(r"[pP](\d{1,3}(?:\.\d{1,6})?)", text):
        text = f"{found[1]} %"
    # A quantile is spoken of as 0.95 too, and no other reading of that makes sense.
    share = units.share(text if text else key, bare=True)
    if not 0 < share < 1:
        raise UnitError(f"{shown(key)} is not between 0 and 100 %")
    return share
