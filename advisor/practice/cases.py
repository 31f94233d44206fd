"""Simulated cases, kept: their inputs, their figures with 95 % intervals, and what they used of every meter.

The packaged file is made by ``python -m advisor.practice.cases``, which simulates what is new or out of date, and
everything with ``--all``. Costs are priced anew from the kept meters, with the prices of today. Where a limit or an
assumption of its pattern has changed since the file was made, a case is simulated anew when it is asked for.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from advisor.advice.checking import pattern_named
from advisor.catalog.assumptions import Assumption, assumptions
from advisor.catalog.limits import Limit, limits
from advisor.catalog.prices import PriceBook
from advisor.errors import BugError
from advisor.files import write_atomically
from advisor.practice.families import FAMILIES, Member, members
from advisor.practice.pricing import book
from advisor.rules.case import Case

__all__ = ["PATH", "Interval", "Simulated", "family_cases", "fingerprint", "made", "simulated"]

PATH = Path(__file__).with_name("data") / "cases.json"
_FLEET = ("realtime.", "scaling.", "provision.")
_LIMITS_OF = {
    "real-time": _FLEET,
    "serverless": ("serverless.",),
    "asynchronous": ("async.", *_FLEET),
    "batch-transform": ("batch.",),
    "multi-model": ("mme.", *_FLEET),
}
_SEED = 20261
_REPLICATIONS = 5
# Enough for steady percentiles, few enough for a minute's wait at most.
_BUDGET = 300_000


class Interval(NamedTuple):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """One case: latencies in seconds with intervals, and the month's use by price (region/component/meter)."""

    member: Member
    latency: Mapping[str, Interval]
    used: tuple[tuple[str, str], ...]
    usd_spread: float
    replications: int
    seed: int
    mark: str

    @property
    def usd(self) -> Decimal:
        """The month's bill at today's prices."""
        return _priced(_Same((book(),)), self.used)

    def interval(self, figure: str) -> Interval:
        """A latency ("p95", "mean") in seconds, or "usd" a month, with its interval."""
        if figure == "usd":
            value = float(self.usd)
            return Interval(value, value * (1 - self.usd_spread), value * (1 + self.usd_spread))
        return self.latency[figure]

    @property
    def told(self) -> str:
        """Where the figures come from."""
        return f"simulated case {self.member.id}: {self.replications} replications, seed {self.seed}, 95 % intervals"


def simulated(name: str) -> Simulated:
    """The case of that name, as packaged, or simulated now where limits or assumptions have changed since."""
    held = _packaged().get(name)
    if held is not None and held.mark == fingerprint(held.member.pattern):
        return held
    member = next(member for member in members() if member.id == name)
    return _now(member, fingerprint(member.pattern))


def family_cases(family: str) -> tuple[Simulated, ...]:
    """The cases of a family, along its axis."""
    return tuple(simulated(member.id) for member in FAMILIES[family].members)


def fingerprint(pattern: str) -> str:
    """What the figures of a pattern rest on: its limits and assumptions, as one short word."""
    return _mark(_Same((*limits(), *assumptions())), pattern)


def made(member: Member) -> Simulated:
    """One case, simulated."""
    from advisor.advice.simulating import simulate  # loads numba, which kept cases do without

    case = Case(profile=member.profile, sets=member.sets)
    w = case.workload
    deployment = pattern_named(member.pattern).start(w).with_(case.settings)
    outcome = simulate(w, deployment, seed=_SEED, replications=_REPLICATIONS, budget=_BUDGET)
    usd = outcome.usd_per_month
    if usd.low is None or usd.high is None:
        raise BugError(f"{member.id} has no interval", "", "simulate more than one replication")
    return Simulated(
        member=member,
        latency={name: Interval(one.value, one.low, one.high) for name, one in outcome.latency_s.items()},
        used=tuple((line.sku, f"{line.quantity:f}") for line in outcome.bill.lines),
        usd_spread=float((usd.high - usd.value) / usd.value) if usd.value else 0.0,
        replications=outcome.replications,
        seed=_SEED,
        mark=fingerprint(member.pattern),
    )


def main(tell: Callable[[str], None], *, anew: bool = False) -> None:
    """Make the packaged file: what is out of date, or everything ``anew``."""
    rows, held = [], _packaged()
    for member in members():
        kept = held.get(member.id)
        if anew or kept is None or kept.mark != fingerprint(member.pattern):
            tell(member.id)
            kept = made(member)
        rows.append(_row(kept))
    content = {"seed": _SEED, "cases": rows}
    write_atomically(PATH, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    _packaged.cache_clear()


def _row(one: Simulated) -> dict[str, Any]:
    latency = {name: [None if math.isinf(part) else round(part, 6) for part in at] for name, at in one.latency.items()}
    return {
        **dataclasses.asdict(one.member),
        "latency_s": latency,
        "used": [list(pair) for pair in one.used],
        "usd_spread": one.usd_spread,
        "replications": one.replications,
        "mark": one.mark,
    }


class _Same:
    """Things equal where they are the very same objects: comparing what is in them would take longer."""

    def __init__(self, held: tuple[Any, ...]) -> None:
        self.held = held
        self._ids = tuple(map(id, held))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._ids == other._ids

    def __hash__(self) -> int:
        return hash(self._ids)


@lru_cache(maxsize=8)
def _mark(figures: _Same, pattern: str) -> str:
    told = [(one.key, str(one.value)) for one in figures.held if _concerns(one, pattern)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _concerns(one: Limit | Assumption, pattern: str) -> bool:
    """Whether a figure can matter to a simulation of the pattern."""
    if isinstance(one, Limit):
        return one.key.startswith(_LIMITS_OF[pattern])
    # What affects no pattern by name (a spread of work, the length of a run) can matter to each.
    return pattern in one.affects or not _LIMITS_OF.keys() & set(one.affects)


@lru_cache(maxsize=1024)
def _priced(held: _Same, used: tuple[tuple[str, str], ...]) -> Decimal:
    [prices] = held.held
    assert isinstance(prices, PriceBook)
    total = Decimal(0)
    for key, quantity in used:
        region, component, meter = key.split("/", 2)
        for amount, usd in prices.rate(region, component, meter).parts(Decimal(quantity)):
            total += Decimal(amount.numerator) / Decimal(amount.denominator) * usd
    return total


@cache
def _packaged() -> Mapping[str, Simulated]:
    if not PATH.exists():
        return {}
    content = json.loads(PATH.read_text(encoding="utf-8"))
    known = {member.id: member for member in members()}
    held = {}
    for row in content["cases"]:
        member = Member(**{field.name: row[field.name] for field in dataclasses.fields(Member)})
        if known.get(member.id) != member:
            continue  # its inputs have changed since: it is simulated when asked for
        held[member.id] = Simulated(
            member=member,
            latency={
                name: Interval(*(math.inf if part is None else part for part in at))
                for name, at in row["latency_s"].items()
            },
            used=tuple((key, quantity) for key, quantity in row["used"]),
            usd_spread=row["usd_spread"],
            replications=row["replications"],
            seed=content["seed"],
            mark=row["mark"],
        )
    return held


@cache
def _now(member: Member, _mark: str) -> Simulated:
    return made(member)


if __name__ == "__main__":
    import sys

    main(lambda line: print(line, file=sys.stderr), anew="--all" in sys.argv)  # noqa: T201 - the command's progress
