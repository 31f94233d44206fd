"""What a recommendation is: ranked options, refusals with their reasons, and how sure all of that is.

An option is a deployment with what simulating it gave (an `Outcome`, the very one that `simulate` gives for that
deployment, seed and number of replications). Tables and sentences are made in `advisor.advice.telling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from advisor.advice.outcome import Held, Outcome
from advisor.rules import Finding
from advisor.show import Shown, Table
from advisor.units import show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.combination import Combination
    from advisor.patterns.base import Pattern

__all__ = [
    "BreakEven",
    "Confidence",
    "Contender",
    "Option",
    "Recommendation",
    "Refusal",
    "Relaxation",
    "Searched",
    "Sensitivity",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence(Shown):
    """How sure the ranking is: the probability that the first is truly first, and whom it cannot be told from."""

    first_is_first: float
    equal_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One deployment in the ranking.

    ``on_front`` says that no other option before it is no dearer, no slower and turns away no more; ``dominated_by``
    names one that is so. Where some options meet the objective, the front is of these alone.
    ``told`` is what sets it apart from the best: by how much it loses, and on what.
    """

    rank: int
    deployment: Pattern | Combination
    outcome: Outcome
    on_front: bool = False
    dominated_by: str = ""
    told: str = ""

    @property
    def id(self) -> str:
        """The deployment's name, such as "serverless-2048mib-c20"."""
        return self.outcome.id

    @property
    def pattern(self) -> str:
        """The pattern's name; "combination" where two work together."""
        return self.outcome.pattern

    @property
    def parts(self) -> tuple[Outcome, ...]:
        """What each part of a combination does; nothing where one pattern answers alone."""
        return self.outcome.parts

    @property
    def meets_objective(self) -> bool:
        """Whether it meets all of the workload's objective."""
        return self.outcome.meets_objective

    @property
    def usd_per_month(self) -> Decimal:
        """What a month of 730 hours costs."""
        return self.outcome.usd_per_month.value

    def latency_s(self, percentile: str) -> float:
        """A latency of all requests by name: p50, p90, p95, p99, mean."""
        return self.outcome.latency_s[percentile].value

    def to_json(self) -> dict[str, Any]:
        """An option as the command line gives it."""
        shared = ("workload", "region", "assumptions", "seed", "version", "prices_as_of", "horizon_h")
        held = {name: value for name, value in self.outcome.to_json().items() if name not in shared}
        parts = {"parts": held.pop("parts")} if self.parts else {}
        mine = {"on_front": self.on_front, "dominated_by": self.dominated_by or None, "told": self.told}
        return {"rank": self.rank, **held, **mine, **parts}

    def _repr_html_(self) -> str:
        return self.outcome._repr_html_()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A pattern, or one deployment of it, that a rule refuses; why, from which source, and how to mend it."""

    pattern: str
    deployment: Pattern | None
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """As the command line gives it."""
        return {
            "pattern": self.pattern,
            "deployment": None if self.deployment is None else self.deployment.to_dict(),
            "findings": [finding.to_json() for finding in self.findings],
        }

    def table(self) -> Table:
        """By which rules, why, and how to mend it."""
        rows = [(one.rule, one.where, one.says, one.mend, one.source) for one in self.findings]
        tried = [] if self.deployment is None else [f"Tried: {self.deployment.id}."]
        columns = ["rule", "where", "says", "to mend", "source"]
        return Table.of(columns, rows, title=f"{self.pattern} is refused", notes=tried)

    def _repr_html_(self) -> str:
        return self.table().html()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity(Shown):
    """What becomes of the best option where an assumption, or a figure of the profile, is another.

    ``held`` is the value as it held, ``low`` and ``high`` what else is plausible; ``best_*`` is the pattern that is
    best there (empty where none meets the objective) and ``usd_*`` what it costs. ``how`` is "simulated" or
    "estimated"; ``paths`` are the fields of the profile that the assumption filled, if it did.
    """

    key: str
    title: str
    held: str
    low: str
    high: str
    best_low: str
    best_high: str
    usd_low: float
    usd_high: float
    how: str
    paths: tuple[str, ...] = ()
    best: str = ""

    @property
    def flips(self) -> bool:
        """Whether another pattern is best at one of its ends."""
        return self.best_low != self.best or self.best_high != self.best


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven(Shown):
    """A value of a profile's field at which another pattern becomes the best.

    ``sets`` are the fields as a profile writes them there, ``short`` the same ten percent short of it, where the
    present best still is: ``w.with_(dict(one.sets))``. ``at`` is the field's value in base units. ``becomes`` is empty
    where nothing meets the objective any more. ``how`` is "simulated" where the whole answer was worked out on both
    sides, and "estimated" where brief searches had to do. Of a stream and a lot the parts' patterns are named:
    "real-time + batch-transform". ``down`` says that it holds at or below the value, and not from it on; ``factor`` is
    what the field is multiplied by.
    """

    field: str
    now: str
    at: float
    written: str
    best: str
    becomes: str
    says: str
    sets: Mapping[str, str]
    short: Mapping[str, str]
    how: str = "simulated"
    down: bool = False
    factor: float = 1.0

    @property
    def side(self) -> str:
        """On which side of the value it holds."""
        return "at or below" if self.down else "from"

    @property
    def told(self) -> str:
        """The point in one sentence."""
        whose = f"{self.becomes} is best" if self.becomes else "nothing meets the objective"
        how = "" if self.how == "simulated" else f"; {self.how}"
        return f"{self.field} {self.side} {self.written}: {whose} (now {self.now}: {self.best}{how})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender(Shown):
    """What would have to change for a pattern that loses to come first.

    With ``sets`` in the profile it is the best; with ``short``, the same ten percent short of it, it is not (a choice,
    such as what is preferred, has none). Both are empty where nothing was found, as ``says`` tells. ``how`` is
    "simulated" or "estimated", as of a break-even point, or "arithmetic" where there are too many requests for either.
    """

    pattern: str
    says: str
    sets: Mapping[str, Any] = field(default_factory=dict)
    short: Mapping[str, Any] = field(default_factory=dict)
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation(Shown):
    """Fields of the profile to change so that a deployment meets the objective, where none does: ``w.with_(sets)``.

    ``None`` leaves a field out. ``how`` is "simulated" where the deployment's own run meets what is changed, and
    "estimated" where rules and arithmetic leave it; ``usd`` is of a month, NaN where arithmetic has none that meets it.
    """

    pattern: str
    id: str
    usd: float
    sets: Mapping[str, Any]
    how: str = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched(Shown):
    """How much was looked at: deployments in the space, simulated ones, and requests simulated for the search."""

    space: int
    simulated: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recommendation:
    """The ranked answer to a workload; ``best`` is ``None`` where nothing meets the objective.

    Then ``relaxations`` say what to change so that something does: for what is nearest first.
    """

    workload: Workload
    options: tuple[Option, ...]
    refused: tuple[Refusal, ...]
    confidence: Confidence
    why: tuple[str, ...]
    sensitivity: tuple[Sensitivity, ...]
    break_even: tuple[BreakEven, ...]
    warnings: tuple[Finding, ...]
    assumptions: tuple[Held, ...]
    searched: Searched
    seed: int
    version: str
    prices_as_of: str
    horizon_h: float
    notes: tuple[str, ...] = ()
    contenders: tuple[Contender, ...] = ()
    explained: bool = False
    relaxations: tuple[Relaxation, ...] = ()

    @property
    def best(self) -> Option | None:
        """The first of those that meet the objective."""
        return self.options[0] if self.options and self.options[0].meets_objective else None

    @property
    def pareto(self) -> tuple[Option, ...]:
        """The options of which none is both cheaper and faster, the cheapest first."""
        return tuple(sorted((one for one in self.options if one.on_front), key=lambda one: one.usd_per_month))

    def option(self, name: str) -> Option:
        """The option of that id, or the best ranked one of that pattern."""
        for one in self.options:
            if name in (one.id, one.pattern):
                return one
        raise KeyError(name)

    def command(self, option: Option) -> str | None:
        """The command that shows an option in detail with its very figures; ``None`` where there is none."""
        from advisor.advice.commands import simulate_command

        return " ".join(simulate_command(self.workload, option)) or None

    def to_json(self) -> dict[str, Any]:
        """The object that ``advisor recommend --json`` prints."""
        return {
            "workload": self.workload.name,
            "region": self.workload.region,
            "seed": self.seed,
            "version": self.version,
            "prices_as_of": self.prices_as_of,
            "horizon_h": self.horizon_h,
            "best": self.best.id if self.best else None,
            "why": list(self.why),
            "confidence": {
                "first_is_first": self.confidence.first_is_first,
                "equal_to": list(self.confidence.equal_to),
            },
            "options": [one.to_json() | {"command": self.command(one)} for one in self.options],
            "pareto": [one.id for one in self.pareto],
            "refused": [one.to_json() for one in self.refused],
            "sensitivity": [_fields(one, flips=one.flips) for one in self.sensitivity],
            "break_even": [_fields(one) for one in self.break_even],
            "contenders": [_fields(one) for one in self.contenders],
            "assumptions": [_fields(one) for one in self.assumptions],
            "warnings": [one.to_json() for one in self.warnings],
            "searched": _fields(self.searched),
            "notes": list(self.notes),
            "relaxations": [_fields(one, sets=dict(one.sets)) for one in self.relaxations],
        }

    def to_frame(self) -> Any:
        """One row an option as a pandas DataFrame with typed columns; latencies in seconds, money in USD a month."""
        from advisor.advice.framing import options_frame

        return options_frame(self)

    def tables(self) -> tuple[Table, ...]:
        """The answer as tables: the ranking, the refusals, what would change it."""
        from advisor.advice.telling import tables

        return tables(self)

    def __repr__(self) -> str:
        best = self.best
        if best is None:
            return f"<{self.workload.name}: nothing meets the objective>"
        sure = show_share(float(f"{self.confidence.first_is_first:.2g}"))
        return f"<{self.workload.name}: {best.id}, {best.usd_per_month:,.2f} USD a month, first with {sure}>"

    def _repr_html_(self) -> str:
        from advisor.advice.telling import page

        return page(self)

    def __str__(self) -> str:
        return "\n\n".join((*self.why, *(table.text() for table in self.tables())))


def _fields(one: Any, **more: object) -> Mapping[str, Any]:
    return {**{name: getattr(one, name) for name in one.__slots__}, **more}
