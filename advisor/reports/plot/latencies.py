"""The distribution of latency: where the requests lie on a logarithmic axis, and how many are later than a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from advisor.advice.outcome import Outcome, show_latency
from advisor.errors import InputError
from advisor.reports.plot.style import (
    INK,
    WARN,
    WIDE,
    Drawing,
    drawing,
    duration_ticks,
    halo,
    look_of,
    styled,
    ticks,
)
from advisor.reports.subject import Shown, asked_of, even_ticks, folded, streamed, the_workload, things
from advisor.units import show_number, show_share
from advisor.workload import Workload

__all__ = ["latency_distribution"]

Floats = npt.NDArray[np.float64]
_SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@styled
def latency_distribution(shown: Shown, *, workload: Workload | None = None, width: float = WIDE) -> Drawing:
    """Latency of one deployment: the share of requests by latency above, the share that is later below.

    The objective is marked where the workload is known: of an answer it is, else give ``workload``.
    """
    outcome = streamed(shown)
    if not outcome.within:
        raise InputError(f"{outcome.id} holds no distribution of its latency", "", "simulate it anew")
    w = workload or the_workload(shown)
    asked = tuple((name, at) for name, at in asked_of(w) if name != "mean")
    noun = things(outcome)
    figure = drawing(width, 4.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1, 1.35])
    seconds = np.array([at for at, _ in outcome.within])
    shares = np.array([share for _, share in outcome.within])
    look = look_of(outcome.pattern)
    bars, heights, per = _bars(seconds, shares)
    above.stairs(heights, bars, fill=True, color=look.colour, alpha=0.45)
    above.stairs(heights, bars, color=look.colour, lw=1)
    top = float(heights.max()) * 1.18
    above.set_ylim(0, top)
    ticks(above, "y", even_ticks(0, top, 4), show_number)
    above.set_ylabel(f"% of {noun}\n{per}")
    above.set_title(folded(outcome.id, 28 if width < 5 else 70))
    later = 1 - shares
    floor = max(min((share for share in later if share > 1e-12), default=1e-4), 1e-6)
    floor = min(10 ** math.floor(math.log10(floor)), 1e-3)
    below.plot(seconds, np.maximum(later, floor / 10), color=look.colour)
    below.set_yscale("log")
    below.set_ylim(floor, 1.6)
    ticks(below, "y", [10.0**power for power in range(round(math.log10(floor)), 1)], show_share)
    below.set_ylabel(f"share of all {noun}\nlater than this")
    _percentiles(below, outcome)
    reach = [*seconds[[0, -1]].tolist(), *(at for _, at in asked)]
    low, high = min(reach) / 1.25, max(reach) * 1.4
    below.set_xscale("log")
    below.set_xlim(low, high)
    ticks(below, "x", duration_ticks(low, high, 4 if width < 5 else 8), show_latency)
    below.set_xlabel(
        "latency (first attempt to answer)" if noun == "requests" else "from when the lot lies ready to its result"
    )
    _objective(above, below, asked, low, high)
    figure.told = _told(outcome, asked)
    return figure


def _bars(seconds: Floats, shares: Floats) -> tuple[Floats, Floats, str]:
    """Edges and heights of the histogram, and what a height is: bars are not all as wide on a logarithmic axis."""
    held = np.unique(np.append(np.arange(0, seconds.size, 4), seconds.size - 1)) if seconds.size > 64 else slice(None)
    edges, within = seconds[held], shares[held]
    if edges[-1] / edges[0] < 2:
        return edges, 100 * np.diff(within), "a bar"
    return edges, 100 * np.diff(within) / np.diff(np.log(edges)) * math.log(1.1), "per 10 % of latency"


def _percentiles(axes: Axes, outcome: Outcome) -> None:
    for name, share in _SHARES.items():
        held = outcome.latency_s[name]
        if not math.isfinite(held.value):
            continue
        axes.plot(held.value, 1 - share, "o", ms=4.5, color=INK)
        if not math.isnan(held.low):
            high = held.high if math.isfinite(held.high) else axes.get_xlim()[1]
            axes.plot([max(held.low, 1e-9), high], [1 - share] * 2, color=INK, lw=1)
        if name == "p90" and axes.get_ylim()[0] < 5e-5:
            continue
        note = axes.annotate(name, (held.value, 1 - share), (-6, -3), textcoords="offset points", ha="right", va="top")
        halo(note)
        note.set_in_layout(False)


def _objective(above: Axes, below: Axes, asked: Sequence[tuple[str, float]], low: float, high: float) -> None:
    for name, at in asked:
        above.axvline(at, color=WARN, lw=1.1, ls=(0, (6, 3)))
        below.plot([at, at], [below.get_ylim()[0], below.get_ylim()[1]], color=WARN, lw=1.1, ls=(0, (6, 3)))
        if name in _SHARES:
            below.plot(at, 1 - _SHARES[name], ls="", marker="*", ms=11, color=WARN, mec=WARN)
        left = math.log(at / low) > 0.5 * math.log(high / low)
        note = above.annotate(
            f"objective: {name} {show_latency(at)}",
            (at, 1),
            (-4 if left else 4, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            color=WARN,
        )
        halo(note)
        note.set_in_layout(False)


def _told(outcome: Outcome, asked: Sequence[tuple[str, float]]) -> str:
    parts = [f"{name} {show_latency(outcome.latency_s[name].value)}" for name in _SHARES]
    wanted = "; asked for: " + ", ".join(f"{name} {show_latency(at)}" for name, at in asked) if asked else ""
    unserved = 1 - outcome.within[-1][1]
    lost = f" {show_share(float(f'{unserved:.3g}'))} of them are not served." if unserved > 1e-12 else ""
    return f"Latency of all {things(outcome)} on {outcome.id}: {', '.join(parts)}{wanted}.{lost}"
