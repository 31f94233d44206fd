"""What simulating one deployment answers: latency, errors, cost and its bill, with the evidence they rest on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from advisor.money import Bill
from advisor.show import Shown, Table, sparkline
from advisor.units import DAY_S, MONTH_S, show_count, show_duration, show_share

if TYPE_CHECKING:
    from advisor.advice.spiking import Spikes
    from advisor.sim.estimates import Estimate
    from advisor.sim.timeline import Sample

__all__ = ["Held", "Money", "Outcome"]

# A timeline is drawn in at most so many columns.
_COLUMNS = 60
# A share below this is told as less.
_SELDOM = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Money(Shown):
    """An amount in USD with its interval; ``None`` where one replication says nothing about its spread."""

    value: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Shown):
    """An assumption that the answer rests on: its value as it held, and the paths of the profile that it filled."""

    key: str
    title: str
    value: Any
    overridden: bool
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One deployment of a workload, simulated. Latency counts every request, unserved ones as infinite.

    ``statuses`` and ``requests`` are of all replications together; the bill is of a month of 730 hours, and its lines
    sum to ``usd_per_month.value``. ``samples`` are of the first replication, its warm-up left out; ``within`` is the
    distribution of latency, (seconds, share of all requests answered within them), of all replications together.
    Intervals end where the quantity itself does; what decides goes by wider ones (see `advisor.advice.bounds`).

    One-off ``spikes`` are in the bill, once in the month; latency and errors of those that come while they last are
    told apart, and are not in the figures of the usual traffic.

    ``parts`` are what each part of a combination does: its requests, its latency, its lines of the bill.
    """

    workload: str
    region: str
    id: str
    pattern: str
    deployment: Mapping[str, Any]
    meets_objective: bool
    misses: tuple[str, ...]
    latency_s: Mapping[str, Estimate]
    served_latency_s: Mapping[str, float]
    error_share: Estimate
    requests: int
    statuses: Mapping[str, int]
    cold_start_share: float
    utilisation: float
    usd_per_month: Money
    usd_per_million_requests: Decimal | None
    bill: Bill
    estimate: Mapping[str, float]
    evidence: str
    evidence_says: str
    replications: int
    precise: bool
    assumptions: tuple[Held, ...]
    seed: int
    version: str
    prices_as_of: str
    horizon_h: float
    notes: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    within: tuple[tuple[float, float], ...] = ()
    spikes: Spikes | None = None
    parts: tuple[Outcome, ...] = ()
    #: the longest job of a lot, or lot that was sent, from when it was due to its end; 0 without one, infinite where
    #: jobs fall behind
    longest_job_s: float = 0.0

    def to_json(self, *, timeline: bool = False) -> dict[str, Any]:
        """An option as the command line gives it; with the samples of the first replication where asked for."""
        held = {
            "id": self.id,
            "workload": self.workload,
            "region": self.region,
            "pattern": self.pattern,
            "deployment": dict(self.deployment),
            "meets_objective": self.meets_objective,
            "misses": list(self.misses),
            "latency_s": {name: _interval(one) for name, one in self.latency_s.items()},
            "served_latency_s": dict(self.served_latency_s),
            "error_share": _interval(self.error_share),
            "requests": self.requests,
            "statuses": dict(self.statuses),
            "cold_start_share": self.cold_start_share,
            "utilisation": self.utilisation,
            "usd_per_month": _interval(self.usd_per_month),
            "usd_per_million_requests": self.usd_per_million_requests,
            "bill": self.bill.to_json(),
            "estimate": dict(self.estimate),
            "evidence": self.evidence,
            "evidence_says": self.evidence_says,
            "replications": self.replications,
            "precise": self.precise,
            "assumptions": [
                {name: getattr(one, name) for name in ("key", "value", "overridden", "paths")}
                for one in self.assumptions
            ],
            "seed": self.seed,
            "version": self.version,
            "prices_as_of": self.prices_as_of,
            "horizon_h": self.horizon_h,
            "notes": list(self.notes),
            "spikes": None if self.spikes is None else _told_spikes(self.spikes),
        }
        if self.parts:
            held["parts"] = [part.in_brief() for part in self.parts]
        if timeline:
            held["timeline"] = [sample._asdict() for sample in self.samples]
        return held

    def in_brief(self) -> dict[str, Any]:
        """As a part of a combination is told."""
        return {
            "id": self.id,
            "pattern": self.pattern,
            "deployment": dict(self.deployment),
            "usd_per_month": self.usd_per_month.value,
            "requests": self.requests,
            "statuses": dict(self.statuses),
        }

    @property
    def says(self) -> str:
        """The verdict in a sentence."""
        if self.misses:
            return f"{self.id} misses the objective: {'; '.join(self.misses)}"
        return f"{self.id} meets the objective"

    def table(self) -> Table:
        """Latency: percentiles over all requests with their intervals, and over served ones alone."""
        rows = [
            (name, show_latency(one.value), _between(one), show_latency(self.served_latency_s[name]))
            for name, one in self.latency_s.items()
        ]
        notes = [f"In all requests one that is not served counts as infinitely late. {self.says}."]
        return Table.of(
            ["latency", "of all requests", "95 % interval", "of served ones"],
            rows,
            title=f"{self.workload} on {self.id}, {self.region}",
            notes=notes,
            right=["of all requests", "95 % interval", "of served ones"],
        )

    def fate_table(self) -> Table:
        """What became of the requests; statuses that none had are left out."""
        rows = [
            (name, show_count(count), show_share(count / self.requests))
            for name, count in self.statuses.items()
            if count or name == "served"
        ]
        said = [f"Instances or containers were busy {show_share(_three(self.utilisation))} of their time."]
        if self.cold_start_share:
            said.append(f"{show_share(_three(self.cold_start_share))} of the requests met a cold start.")
        told = f"{show_count(self.replications)} replications of {show_duration(self.horizon_h * 3600)}"
        said.append(f"{told}, seed {self.seed}{'' if self.precise else '; not yet as precise as aimed at'}.")
        return Table.of(["status", "requests", "share"], rows, notes=[" ".join(said)], right=["requests", "share"])

    def estimate_table(self) -> Table:
        """Theory beside the simulation, where a theory fits."""
        simulated = {
            "utilisation": self.utilisation,
            "mean_latency_s": self.latency_s["mean"].value,
            "cold_start_share": self.cold_start_share,
        }
        rows = [
            (
                name.removesuffix("_s").removesuffix("_share").replace("_", " "),
                _in_words(name, value),
                _in_words(name, simulated[name]) if name in simulated else "",
            )
            for name, value in self.estimate.items()
        ]
        note = "Theory takes the mean rate for utilisation, waits and latency."
        columns = ["by theory", "estimate", "simulated"]
        return Table.of(columns, rows, notes=[note], right=["estimate", "simulated"])

    def part_table(self) -> Table:
        """The parts of a combination beside each other."""
        rows = [
            (
                part.id,
                show_count(part.requests),
                show_share(_three(part.statuses["served"] / part.requests)) if part.requests else "none",
                show_count(part.replications),
                f"{part.usd_per_month.value:,.2f}",
            )
            for part in self.parts
        ]
        columns = ["part", "requests or records", "served", "replications", "USD a month"]
        return Table.of(columns, rows, right=columns[1:])

    def spike_table(self, spikes: Spikes) -> Table:
        """What one-off spikes add to the month's bill, and how the requests fare that come while they last."""
        one = spikes.requests
        rows = [("requests", f"{one.value:,.0f}", _range(one, "{:,.0f}".format))]
        rows += [(name, show_latency(late.value), _between(late)) for name, late in spikes.latency_s.items()]
        for name, share in (("not served", spikes.error_share), ("cold starts", spikes.cold_start_share)):
            rows.append((name, show_three(share.value), _range(share, show_three)))
        rows.append(("not served of the month", show_three(spikes.month_error_share), ""))
        rows.append(("USD more in the month", f"{spikes.usd.value:,.2f}", _range(spikes.usd, "{:,.2f}".format)))
        runs = "one run" if spikes.runs == 1 else f"{spikes.runs} runs"
        note = (
            "Spikes come once in the month; the figures above are without them, and the bill is with them. What "
            f"happens while they last is known from {runs}{'' if spikes.spread else ', too few for an interval'}."
        )
        return Table.of(
            ["while the spikes last", "value", "95 % interval"], rows, notes=[note], right=["value", "95 % interval"]
        )

    def to_frame(self) -> Any:
        """One row as a pandas DataFrame, in the typed columns that the options of a recommendation have."""
        from advisor.advice.framing import outcome_frame

        return outcome_frame(self)

    def tables(self) -> tuple[Table, ...]:
        """All tables of the answer."""
        theory = (self.estimate_table(),) if self.estimate else ()
        spikes = () if self.spikes is None else (self.spike_table(self.spikes),)
        parts = (self.part_table(),) if self.parts else ()
        return (self.table(), self.fate_table(), *parts, *theory, *spikes, self.bill.table())

    def drawn(self) -> str:
        """Requests, units in service, what waits and what is being served, over the first day of the window."""
        day = [sample for sample in self.samples if sample.at <= self.samples[0].at + DAY_S]
        if len(day) < 2:
            return ""
        every = day[1].at - day[0].at
        rates = [(after.attempts - before.attempts) / every for before, after in pairwise(day)]
        series = {
            "requests a second": rates,
            "units in service": [float(sample.in_service) for sample in day[:-1]],
            "requests waiting": [float(sample.waiting) for sample in day[:-1]],
            "being served": [float(sample.in_process) for sample in day[:-1]],
        }
        each = math.ceil(len(rates) / _COLUMNS)
        span = show_duration(day[-1].at - day[0].at)
        lines = [f"The first {span} of the first replication, the most of each {show_duration(each * every)}:"]
        for label, values in series.items():
            if not any(values):
                continue
            most = [max(values[at : at + each]) for at in range(0, len(values), each)]
            lines.append(f"  {label:17}  {sparkline(most)}  0 to {max(values):.3g}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return "".join(table.html() for table in self.tables())

    def __str__(self) -> str:
        return "\n\n".join(table.text() for table in self.tables())


def per_million(usd: Decimal, requests_per_s: float) -> Decimal | None:
    """USD for a million requests, of what a month costs; ``None`` without requests."""
    if not requests_per_s > 0:
        return None
    return round(usd * 1_000_000 / Decimal(requests_per_s * MONTH_S), 6)


def show_latency(seconds: float) -> str:
    """A latency to three digits; what is never reached is infinite."""
    if math.isnan(seconds):
        return "none"
    return "infinite" if math.isinf(seconds) else show_duration(seconds)


def _between(one: Estimate) -> str:
    return "unknown" if math.isnan(one.low) else f"{show_latency(one.low)} to {show_latency(one.high)}"


def _range(one: Estimate, show: Callable[[float], str]) -> str:
    return "unknown" if math.isnan(one.low) else f"{show(one.low)} to {show(one.high)}"


def show_three(share: float) -> str:
    """A share as a percentage of three digits; what is not known is nothing."""
    return show_share(_three(share))


def _in_words(name: str, value: float) -> str:
    """A figure of theory by its name: seconds, or a share; what is less than one in a million is said to be so."""
    if name.endswith("_s"):
        return show_latency(value)
    return f"under {show_share(_SELDOM)}" if 0 < value < _SELDOM else show_three(value)


def _told_spikes(spikes: Spikes) -> dict[str, Any]:
    return {
        "runs": spikes.runs,
        "usd": _interval(spikes.usd),
        "requests": _interval(spikes.requests),
        "latency_s": {name: _interval(one) for name, one in spikes.latency_s.items()},
        "error_share": _interval(spikes.error_share),
        "cold_start_share": _interval(spikes.cold_start_share),
        "month_error_share": spikes.month_error_share,
    }


def _interval(one: Estimate | Money) -> dict[str, Any]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _three(share: float) -> float:
    return float(f"{share:.3g}") if math.isfinite(share) else 0.0
