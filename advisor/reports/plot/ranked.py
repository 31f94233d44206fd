"""Latency against cost: every option with its intervals, the Pareto front, and the line of the objective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from advisor.advice.outcome import show_latency
from advisor.advice.ranking import percentile
from advisor.advice.recommendation import Option, Recommendation
from advisor.errors import InputError
from advisor.reports.plot.style import (
    INK,
    PAPER,
    QUIET,
    WARN,
    WIDE,
    Drawing,
    drawing,
    duration_ticks,
    halo,
    look_of,
    nice_log_ticks,
    place_labels,
    styled,
    ticks,
)
from advisor.reports.subject import asked_of, best_of_each, even_ticks, short_id, things, usd, usd_tick

__all__ = ["latency_against_cost"]

Line = tuple[tuple[float, float], tuple[float, float]]


@styled
def latency_against_cost(answer: Recommendation, *, width: float = WIDE) -> Drawing:
    """Every option by what a month costs and how late its objective's percentile is; the front joined."""
    if not isinstance(answer, Recommendation):
        raise InputError("only an answer of recommend has options to compare", "", "give ad.recommend(w)")
    if not answer.options:
        raise InputError(f"{answer.workload.name} has no option to plot", "", "see its refusals")
    name = percentile(answer.workload)
    narrow = width < 5
    figure = drawing(width, 4.6 if narrow else 4.1)
    axes = figure.subplots()
    served = [one for one in answer.options if math.isfinite(one.latency_s(name))]
    endless = [one for one in answer.options if not math.isfinite(one.latency_s(name))]
    wanted = dict(asked_of(answer.workload))
    goal = name if name in wanted else "deadline"
    asked = wanted.get(goal)
    _scales(axes, answer.options, served, name, asked, narrow=narrow)
    front = _front(axes, answer, name)
    for option in served:
        _point(axes, option, name)
    top = axes.get_ylim()[1]
    for option in endless:
        look = look_of(option.pattern)
        axes.plot(
            float(option.usd_per_month), top, ls="", marker=look.marker, mfc=PAPER, mec=look.colour, clip_on=False
        )
    if asked is not None:
        axes.axhline(asked, color=WARN, lw=1.1, ls=(0, (6, 3)))
        words = f"objective: {goal} {show_latency(asked)}"
        halo(
            axes.annotate(
                words, (0, asked), (3, 2), xycoords=("axes fraction", "data"), textcoords="offset points", color=WARN
            )
        )
    if endless:
        axes.text(
            0.99,
            0.985,
            "top edge: never, for too\nmany are not served",
            transform=axes.transAxes,
            ha="right",
            va="top",
            color=QUIET,
        )
    axes.set_xlabel("cost (USD a month of 730 h)")
    axes.set_ylabel("mean latency" if name == "mean" else f"{name} latency of all {things(answer.options[0].outcome)}")
    _legend(figure, answer.options, front=len(front) > 1, narrow=narrow)
    named = [one for one in (*answer.options[:1], *best_of_each(answer), *answer.pareto) if one in served]
    unique = list({one.id: one for one in named}.values())
    labels = [(float(one.usd_per_month), one.latency_s(name), short_id(one.outcome)) for one in unique]
    place_labels(axes, labels, lines=_lines(axes, front, asked))
    figure.told = _told(answer, name)
    return figure


def _scales(
    axes: Axes, options: Sequence[Option], served: Sequence[Option], name: str, asked: float | None, *, narrow: bool
) -> None:
    costs = [float(one.usd_per_month) for one in options]
    most = max(costs)
    least = max(min(costs), most * 1e-6, 1e-6)
    if most / least > 6:
        low, high = least / 1.9, most * 2.6
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        ticks(axes, "x", nice_log_ticks(low, high, 4 if narrow else 6), usd_tick)
    else:
        axes.set_xlim(0, most * 1.28)
        ticks(axes, "x", even_ticks(0, most * 1.28, 4 if narrow else 6), usd_tick)
    seen = [one.latency_s(name) for one in served] + ([asked] if asked else [])
    low, high = min(seen, default=0.1) / 1.7, max(seen, default=10.0) * 2.0
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    ticks(axes, "y", duration_ticks(low, high, 6), show_latency)


def _front(axes: Axes, answer: Recommendation, name: str) -> list[tuple[float, float]]:
    """The front as steps: between two of its points nothing is on offer that is better than the cheaper one.

    What is on it for the requests that it does not turn away, and is no faster than a cheaper one, makes no step.
    """
    front: list[tuple[float, float]] = []
    for one in answer.pareto:
        late_s = one.latency_s(name)
        if math.isfinite(late_s) and (not front or late_s < front[-1][1]):
            front.append((float(one.usd_per_month), late_s))
    if len(front) > 1:
        axes.step([x for x, _ in front], [y for _, y in front], where="post", color=INK, lw=1, zorder=1.5)
    return front


def _lines(axes: Axes, front: list[tuple[float, float]], asked: float | None) -> list[Line]:
    """What is drawn across and up, for labels to keep clear of."""
    lines: list[Line] = []
    for (x, y), (later_x, later_y) in pairwise(front):
        lines += [((x, y), (later_x, y)), ((later_x, y), (later_x, later_y))]
    if asked is not None:
        low, high = axes.get_xlim()
        lines.append(((low, asked), (high, asked)))
    return lines


def _point(axes: Axes, option: Option, name: str) -> None:
    look = look_of(option.pattern)
    held, money = option.outcome.latency_s[name], option.outcome.usd_per_month
    x, y = float(money.value), held.value
    if money.low is not None and money.high is not None:
        axes.plot([float(money.low), float(money.high)], [y, y], color=look.colour, lw=1.2)
    if not math.isnan(held.low):
        top = held.high if math.isfinite(held.high) else axes.get_ylim()[1]
        axes.plot([x, x], [max(held.low, axes.get_ylim()[0]), top], color=look.colour, lw=1.2)
    first = option.rank == 1
    fill = look.colour if option.meets_objective else PAPER
    axes.plot(
        x, y, ls="", marker=look.marker, ms=10 if first else 7, mfc=fill, mec=INK if first else look.colour, mew=1.3
    )


def _legend(figure: Drawing, options: Sequence[Option], *, front: bool, narrow: bool) -> None:
    patterns = dict.fromkeys(one.pattern for one in options)
    keys = [Line2D([], [], ls="", marker=look_of(one).marker, color=look_of(one).colour, label=one) for one in patterns]
    if not all(one.meets_objective for one in options):
        keys.append(Line2D([], [], ls="", marker="o", mfc=PAPER, mec=QUIET, label="hollow: misses the objective"))
    if front:
        keys.append(Line2D([], [], color=INK, lw=1, label="Pareto front"))
    figure.legend(handles=keys, loc="outside upper left", ncols=2 if narrow else 4, columnspacing=1.2)


def _told(answer: Recommendation, name: str) -> str:
    parts = []
    for option in best_of_each(answer):
        meets = "meets the objective" if option.meets_objective else "misses the objective"
        late = show_latency(option.latency_s(name))
        parts.append(
            f"{option.id} costs {usd(float(option.usd_per_month))} a month with a {name} of {late} and {meets}"
        )
    many = f"{len(answer.options)} option{'s' if len(answer.options) != 1 else ''}"
    return f"{many} compared. {'; '.join(parts)}."
