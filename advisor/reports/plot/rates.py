"""Cost against the request rate: each pattern's best by arithmetic, break-even points, and what was simulated."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from advisor.advice.curves import Crossing, Curves, cost_curves
from advisor.advice.recommendation import Recommendation
from advisor.errors import InputError
from advisor.reports.plot.style import (
    INK,
    QUIET,
    WIDE,
    Drawing,
    drawing,
    halo,
    look_of,
    nice_log_ticks,
    styled,
    ticks,
)
from advisor.reports.subject import best_of_each, rate_tick, rate_ticks, usd, usd_tick
from advisor.units import show_rate
from advisor.workload import Workload

__all__ = ["cost_against_rate", "curves_drawn"]


def cost_against_rate(
    shown: Recommendation | Workload | Curves, *, rates: Sequence[object] = (), width: float = WIDE
) -> Drawing:
    """What each pattern costs where it meets the objective, over the rate; simulated options of an answer are marked.

    ``rates`` are written as a profile writes them, or numbers a second; by default from a hundredth to a hundred times
    the workload's own.
    """
    answer = shown if isinstance(shown, Recommendation) else None
    if isinstance(shown, Curves):
        curves = shown
    else:
        workload = shown.workload if isinstance(shown, Recommendation) else shown
        if not isinstance(workload, Workload) or not workload.streams:
            raise InputError(
                "there is no request rate to vary", "", "give a workload with traffic, or an answer to one"
            )
        curves = cost_curves(workload, "traffic.rate", rates)
    return curves_drawn(curves, answer, width=width)


@styled
def curves_drawn(curves: Curves, answer: Recommendation | None = None, *, width: float = WIDE) -> Drawing:
    """The figure of curves that are already found, with what an answer simulated."""
    narrow = width < 5
    figure = drawing(width, 4.4 if narrow else 3.9)
    axes = figure.subplots()
    values = curves.axis.values
    seen = [value for line in curves.usd.values() for value in line if math.isfinite(value) and value > 0]
    if not seen:
        raise InputError("no pattern meets the objective at any of these rates", "", "see advisor check")
    axes.set_xscale("log")
    axes.set_yscale("log")
    top = max(seen)
    axes.set_ylim(max(min(seen), top * 1e-7) / 2, top * 3)
    axes.set_xlim(values[0], values[-1])
    ticks(axes, "x", rate_ticks(values[0], values[-1], 4 if narrow else 7), rate_tick)
    ticks(axes, "y", nice_log_ticks(*axes.get_ylim(), 7), usd_tick)
    for name, line in curves.usd.items():
        look = look_of(name)
        axes.plot(values, line, color=look.colour, ls=look.line, marker=look.marker, ms=3.5, label=name)
    _crossed(axes, curves.crossings)
    _now(axes, curves, answer)
    axes.set_xlabel("request rate")
    axes.set_ylabel("cost (USD a month of 730 h)")
    keys, names = axes.get_legend_handles_labels()
    if answer is not None and answer.options:
        keys.append(Line2D([], [], ls="", marker="o", ms=9, mfc="none", mec=INK, label="simulated"))
        names.append("simulated")
    figure.legend(keys, names, loc="outside upper left", ncols=2 if narrow else 4, columnspacing=1.2)
    figure.told = _told(curves)
    return figure


def _crossed(axes: Axes, crossings: Sequence[Crossing]) -> None:
    low, high = axes.get_xlim()
    for n, one in enumerate(crossings):
        axes.axvline(one.at, color=INK, lw=0.8, ls=(0, (2, 2)))
        left = math.log(one.at / low) > 0.6 * math.log(high / low)
        words = f"{one.before or 'none'} → {one.after or 'none'}\nat {rate_tick(float(f'{one.at:.2g}'))}"
        note = axes.annotate(
            words,
            (one.at, 0.02 + 0.115 * (n % 3)),
            (-4 if left else 4, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if left else "left",
            va="bottom",
            fontsize=7.5,
        )
        halo(note)
        note.set_in_layout(False)


def _now(axes: Axes, curves: Curves, answer: Recommendation | None) -> None:
    now = curves.axis.now
    if not curves.axis.values[0] <= now <= curves.axis.values[-1]:
        return
    axes.axvline(now, color=QUIET, lw=0.9)
    right = now > math.sqrt(curves.axis.values[0] * curves.axis.values[-1]) * 1.01
    note = axes.annotate(
        f"now: {curves.axis.now_shown}",
        (now, 0.98),
        (-4 if right else 4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        color=QUIET,
    )
    halo(note)
    note.set_in_layout(False)
    if answer is None:
        return
    for option in best_of_each(answer):
        cost = float(option.usd_per_month)
        if option.meets_objective and cost > 0:
            look = look_of(option.pattern)
            axes.plot(now, cost, ls="", marker=look.marker, ms=9, mfc="none", mec=INK, mew=1.2)


def _told(curves: Curves) -> str:
    low, high = curves.axis.shown[0], curves.axis.shown[-1]
    said = [f"Costs by arithmetic from {low} to {high}"]
    for one in curves.crossings:
        at = show_rate(float(f"{one.at:.2g}"))
        if one.before and one.after:
            said.append(
                f"at about {at} the best pattern changes from {one.before} to {one.after} ({usd(one.usd)} a month)"
            )
        elif one.after:
            said.append(f"from about {at} on {one.after} meets the objective, and nothing did before")
        else:
            said.append(f"from about {at} on nothing meets the objective any more")
    if len(said) == 1:
        said.append(f"{curves.best[0] or 'no pattern'} is the best at all of them")
    return f"{'; '.join(said)}."
