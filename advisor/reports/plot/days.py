"""A day in the life of a deployment: requests, units, queue and cold starts, above one another over the same hours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from advisor.advice.outcome import Outcome
from advisor.errors import InputError
from advisor.reports.plot.style import INK, WIDE, Drawing, drawing, look_of, styled, ticks
from advisor.reports.subject import Shown, streamed, things
from advisor.units import DAY_S, HOUR_S, show_number

if TYPE_CHECKING:
    from advisor.sim.timeline import Sample

__all__ = ["day"]


@styled
def day(shown: Shown, *, number: int | None = None, width: float = WIDE) -> Drawing:
    """One day of the first replication; ``number`` counts days from 1, without it the busiest is taken."""
    outcome = streamed(shown)
    days = _days(outcome)
    if not days:
        raise InputError(f"{outcome.id} holds no day of samples", "", "simulate it anew: samples lie 300 s apart")
    if number is None:
        number = 1 + max(range(len(days)), key=lambda n: days[n][-1].attempts - days[n][0].attempts)
    if not 1 <= number <= len(days):
        raise InputError(f"day {number} of {len(days)}", "", f"give one from 1 to {len(days)}")
    samples = days[number - 1]
    hours = [(sample.at % DAY_S) / HOUR_S if n < len(samples) - 1 else 24.0 for n, sample in enumerate(samples)]
    if len(samples) < 2 or hours[0] >= hours[1]:
        hours = [(sample.at - samples[0].at) / HOUR_S for sample in samples]
    panels = _panels(outcome, samples)
    figure = drawing(width, 0.75 + 1.05 * len(panels))
    every = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (title, series) in zip(every, panels, strict=True):
        _draw(axes, hours, title, series, look_of(outcome.pattern).colour)
    every[0].set_xlim(0, max(24.0, hours[-1]))
    step = 6 if width < 5 else 3
    ticks(every[-1], "x", range(0, 25, step), lambda hour: f"{hour:02.0f}:00")
    of = f", day {number} of {len(days)}" if len(days) > 1 else ""
    every[-1].set_xlabel(f"time of day{of}")
    figure.align_ylabels()
    figure.told = _told(outcome, samples, number, len(days))
    return figure


Series = tuple[str, list[float], str]
Panel = tuple[str, list[Series]]


def _days(outcome: Outcome) -> list[list[Sample]]:
    """Whole days; each ends with the sample that begins the next, where there is one."""
    samples = outcome.samples
    if len(samples) < 3:
        return []
    first = samples[0].at
    held: dict[int, list[Sample]] = {}
    for before, after in pairwise(samples):
        whole = held.setdefault(int((before.at - first) // DAY_S), [])
        if not whole:
            whole.append(before)
        whole.append(after)
    longest = max(len(one) for one in held.values())
    return [one for one in held.values() if len(one) >= longest - 1]


def _panels(outcome: Outcome, samples: Sequence[Sample]) -> list[Panel]:
    rates = [(after.attempts - before.attempts) / (after.at - before.at) for before, after in pairwise(samples)]
    noun = things(outcome)
    per_hour = max(rates) < 0.1
    inside = samples[:-1]
    if noun == "records":
        come = [float(after.attempts - before.attempts) for before, after in pairwise(samples)]
        panels: list[Panel] = [("records come\nin 5 min", [("", come, "area")])]
    else:
        scale = 3600 if per_hour else 1
        panels = [
            ("requests\nan hour" if per_hour else "requests\na second", [("", [r * scale for r in rates], "area")])
        ]
    in_service = [float(one.in_service) for one in inside]
    served = [float(one.in_process) for one in inside]
    if outcome.pattern == "serverless":
        if any(in_service):
            panels.append(("containers", [("busy", served, "area"), ("provisioned", in_service, "line")]))
        else:
            panels.append(("containers\nbusy", [("", served, "area")]))
    else:
        launching = [float(one.launching) for one in inside]
        if any(launching):
            panels.append(("instances", [("in service", in_service, "area"), ("launching", launching, "line")]))
        else:
            panels.append(("instances\nin service", [("", in_service, "area")]))
        waiting = [float(one.waiting) for one in inside]
        panels.append((noun, [("being served", served, "thin"), ("waiting", waiting, "line")]))
    if outcome.pattern in ("serverless", "multi-model"):
        word = "cold starts" if outcome.pattern == "serverless" else "models loaded"
        cold = [float(after.cold_starts - before.cold_starts) for before, after in pairwise(samples)]
        panels.append((f"{word}\nin 5 min", [("", cold, "area")]))
    return panels


def _draw(axes: Axes, hours: Sequence[float], title: str, series: Sequence[Series], colour: str) -> None:
    for label, values, how in series:
        if how == "area":
            axes.stairs(values, hours, fill=True, color=colour, alpha=0.45, label=label or None)
            axes.stairs(values, hours, color=colour, lw=0.9)
        elif how == "thin":
            axes.stairs(values, hours, color=colour, lw=0.9, label=label)
        else:
            axes.stairs(values, hours, color=INK, lw=1.2, ls=(0, (3, 1.2)), label=label)
    top = max((max(values) for _, values, _ in series), default=0.0)
    axes.set_ylim(0, top * 1.12 if top else 1.0)
    whole = all(value == round(value) for _, values, _ in series for value in values)
    ticks(axes, "y", _three(top, 1.0 if whole else 1e-4), _short)
    axes.set_ylabel(title, rotation=0, ha="right", va="center")
    if any(label for label, _, _ in series):
        axes.legend(loc="lower left", bbox_to_anchor=(0, 0.93), ncols=2, borderaxespad=0, labelcolor=INK)


def _three(top: float, least: float) -> list[float]:
    """Zero, and one or two places below the top."""
    if not top:
        return [0.0, 1.0]
    steps = [part * 10.0**power for power in range(-4, 9) for part in (1, 2, 2.5, 5)]
    step = next(one for one in sorted(steps) if one >= least and top / one <= 2.6)
    return [n * step for n in range(int(top / step) + 1)]


def _short(value: float) -> str:
    for scale, unit in ((1e6, "M"), (1e3, "k")):
        if value >= 10 * scale or (value >= scale and value % scale == 0):
            return f"{value / scale:g}{unit}"
    return show_number(value)


def _told(outcome: Outcome, samples: Sequence[Sample], number: int, days: int) -> str:
    rates = [(after.attempts - before.attempts) / (after.at - before.at) for before, after in pairwise(samples)]
    units = [one.in_service for one in samples]
    waiting = max(one.waiting for one in samples)
    cold = samples[-1].cold_starts - samples[0].cold_starts
    noun = things(outcome)
    parts = [f"On day {number} of {days} {noun} come at up to {show_number(max(rates))} a second"]
    if outcome.pattern == "serverless":
        busy = max(one.in_process for one in samples)
        parts.append(f"up to {busy:,} {'container is' if busy == 1 else 'containers are'} busy when looked at")
        parts.append(f"{cold:,} cold starts are counted")
    else:
        parts.append(f"{_range(min(units), max(units))} in service")
        parts.append(f"at most {waiting:,} {noun} wait when looked at, every five minutes")
        if outcome.pattern == "multi-model":
            parts.append(f"{cold:,} models are loaded")
    return f"{', '.join(parts)}."


def _range(low: int, high: int) -> str:
    if low == high:
        return f"{low:,} {'instance is' if low == 1 else 'instances are'}"
    return f"between {low:,} and {high:,} instances are"
