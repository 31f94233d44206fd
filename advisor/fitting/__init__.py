"""A file of arrivals as a profile's traffic section, and how well a replay of that section predicts waits.

    found = fit(Path("trace.csv"))
    print(found.yaml())                 # a section to paste into a profile
    print(found.table())                # the raw file beside what the section predicts

The file is streamed: memory holds its counts in intervals of 10 s (coarser for very long files), and at most a million
requests for the comparison. Hours of a day count from the file's first arrival.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from advisor.fitting.comparing import COMPARED, SERVICE_CV, Prediction, predicted, raw_of
from advisor.fitting.counting import Counted, count
from advisor.fitting.estimates import Estimates, dependence, estimates
from advisor.show import Table
from advisor.sim.arrivals import Points, points_of
from advisor.units import DAY_S, HOUR_S, show_count, show_duration, show_factor
from advisor.workload import reads

__all__ = ["Fit", "Prediction", "fit"]

_BUSY = 10.0
_DEPENDS, _DIFFERS = 0.3, 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What was found in a file of arrivals, as a section of a profile, and beside the raw file."""

    path: Path
    count: int
    span_s: float
    found: Estimates
    notes: tuple[str, ...]
    compared: int
    service_s: float
    predictions: tuple[Prediction, ...]

    @property
    def rate_per_s(self) -> float:
        """All requests over the whole span, spikes included."""
        return self.count / self.span_s

    def yaml(self) -> str:
        """The section as it goes into a profile."""
        return section(self.found)

    def table(self) -> Table:
        """The raw file beside replays of what was fitted."""
        raw = self.predictions[0]
        rows = [
            (
                one.form,
                f"{one.servers:g}",
                "" if one is raw else show_factor(one.servers / raw.servers),
                f"{one.mean_wait:.3g}",
                f"{one.p99_wait:.3g}",
            )
            for one in self.predictions
        ]
        how = (
            f"Servers that keep the p99 wait under a tenth of the mean service ({show_duration(self.service_s)}), "
            f"first come first served, over {show_count(self.compared)} requests; waits in mean services, with as many "
            "servers as the raw file needs."
        )
        columns = ("form", "servers needed", "of raw", "mean wait", "p99 wait")
        title = f"{self.path.name}: {show_count(self.count)} requests over {show_duration(self.span_s)}"
        return Table.of(columns, rows, title=title, notes=(how, *self.notes), right=columns[1:])

    def _repr_html_(self) -> str:
        return self.table().html()

    def to_dict(self) -> dict[str, object]:
        """For JSON; what is not known is null."""
        forms = [
            {"form": one.form, **{name: _or_none(getattr(one, name)) for name in ("servers", "mean_wait", "p99_wait")}}
            for one in self.predictions
        ]
        return {
            "count": self.count, "span_s": self.span_s, "rate_per_s": self.rate_per_s, "section": self.yaml(),
            "notes": list(self.notes), "service_s": self.service_s, "compared": self.compared,
            "predictions": forms,
        }  # fmt: skip


def fit(path: Path, *, seed: int = 0, service_s: float | None = None) -> Fit:
    """Describe a file of arrivals (columns as in `advisor.sim.replay`); `TraceError` where it does not read.

    Waits are compared with the file's own ``work`` where it has that column, else with a log-normal service of cv 0.5.
    The mean service is ``service_s``, else such that ten servers are busy on average.
    """
    counted = count(path)
    found = estimates(counted.counts, counted.interval_s, counted.clumping())
    raw = raw_of(path, has_work=counted.has_work, grain_s=counted.grain_s or 0, seed=seed)
    part = found
    if counted.requests > COMPARED:
        cells = max(1, math.floor(raw.span_s / counted.interval_s))
        part = estimates(counted.counts[:cells], counted.interval_s, counted.clumping())
    rate = len(raw.at_s) / raw.span_s if raw.span_s > 0 else counted.requests / counted.span_s
    service = _BUSY / rate if service_s is None else service_s
    forms = [("this section", _points(part)), ("Poisson", [Points(name="", rate_per_s=rate)])]
    predictions = predicted(raw, forms, service, seed, has_work=counted.has_work)
    return Fit(
        path=path,
        count=counted.requests,
        span_s=counted.span_s,
        found=found,
        notes=(*found.notes, *_notes(counted, predictions, service_s)),
        compared=len(raw.at_s),
        service_s=service,
        predictions=predictions,
    )


def section(found: Estimates) -> str:
    """Estimates as YAML that a profile reads."""
    lines = [f"rate: {_rate(found.rate_per_s)}"]
    for name, weights in (("day", found.day), ("week", found.week)):
        if weights:
            lines.append(f"{name}: [{', '.join(f'{weight:g}' for weight in weights)}]")
    if found.bursty:
        of = "" if found.of == "minutes" else f", of: {found.of}"
        length = show_duration(found.length_s)
        lines.append(f"bursts: {{peak: {found.peak:.3g}x, cv: {found.cv:.3g}, length: {length}{of}}}")
    elif found.cluster_size > 1:
        lines.append("bursts: {peak: 1.1x, cv: 0, length: 1 min}")
    else:
        lines.append("shape: steady")
    if found.cluster_size > 1:
        within = show_duration(found.cluster_within_s)
        lines.append(f"clusters: {{size: {found.cluster_size:.3g}, within: {within}}}")
    spikes = [
        f"{{at: {_moment(one.at_s)}, height: {one.height:.3g}x, lasts: {show_duration(one.lasts_s)}}}"
        for one in found.spikes
    ]
    if spikes:
        lines.append(f"spikes: [{', '.join(spikes)}]")
    return "traffic:\n" + "".join(f"  {line}\n" for line in lines)


def _points(found: Estimates) -> list[Points]:
    return list(points_of(reads(f"name: fitted\n{section(found)}"), spikes=True))


def _notes(counted: Counted, predictions: tuple[Prediction, ...], service_s: float | None) -> list[str]:
    notes = []
    if counted.grain_s is not None and counted.grain_s > 1:
        notes.append(
            f"times come in steps of {counted.grain_s} s: requests are taken to be spread evenly inside a step"
        )
    if counted.has_work:
        depends = dependence(counted.counts, counted.works, counted.interval_s)
        raw, shuffled = predictions[:2]
        ratio = shuffled.servers / raw.servers
        if abs(depends) >= _DEPENDS or not 1 / _DIFFERS <= ratio <= _DIFFERS:
            told = f" (over minutes, r = {depends:.2f})" if abs(depends) >= _DEPENDS else ""
            notes.append(
                f"how much work requests are depends on when they come{told}: drawn independently they ask for "
                f"{show_factor(ratio)} the servers; replay the file, or give classes of traffic"
            )
    else:
        notes.append(f"the file has no column work: service times are drawn, log-normal with a cv of {SERVICE_CV:g}")
    if service_s is None:
        notes.append(f"the mean service is chosen so that {_BUSY:g} servers are busy on average")
    if counted.requests > COMPARED:
        notes.append(f"compared over the first {show_count(COMPARED)} requests, against numbers fitted to those")
    return notes


def _rate(per_s: float) -> str:
    for per, unit in ((1.0, "second"), (60.0, "minute"), (HOUR_S, "hour")):
        if per_s * per >= 1:
            return f"{per_s * per:.6g} per {unit}"
    return f"{per_s * DAY_S:.6g} per day"


def _moment(at_s: float) -> str:
    minutes = math.floor(at_s / 60)
    return f"day {minutes // 1440 + 1} {minutes % 1440 // 60:02d}:{minutes % 60:02d}"


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
