"""A tornado: what the best option costs where one assumption, or one figure of the profile, is another."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.text import Annotation

from advisor.advice.recommendation import Recommendation, Sensitivity
from advisor.errors import InputError
from advisor.reports.plot.style import (
    INK,
    PAPER,
    QUIET,
    WARN,
    WIDE,
    Drawing,
    drawing,
    halo,
    look_of,
    settled,
    styled,
    ticks,
)
from advisor.reports.subject import even_ticks, usd, usd_tick

__all__ = ["tornado"]

_MOST = 10


@styled
def tornado(answer: Recommendation, *, most: int = _MOST, width: float = WIDE) -> Drawing:
    """The widest swings first, at most so many; a swing at whose end another pattern is best says so."""
    if not isinstance(answer, Recommendation):
        raise InputError("only an answer of recommend knows its sensitivity", "", "give ad.recommend(w)")
    best = answer.best
    if best is None or not answer.sensitivity:
        why = "no option meets the objective" if best is None else "it was made with explain=False"
        raise InputError(f"the answer has no sensitivity: {why}", "", "ask recommend with explain=True")
    middle = float(best.usd_per_month)
    rows = sorted(answer.sensitivity, key=lambda one: (-one.flips, -_swing(one, middle), one.key))[:most]
    narrow = width < 5
    figure = drawing(width, 0.95 + (0.62 if narrow else 0.5) * len(rows))
    axes = figure.subplots()
    look = look_of(best.pattern)
    ends = [value for one in rows for value in (one.usd_low, one.usd_high, middle) if math.isfinite(value)]
    low, high = min(ends), max(ends)
    reach = (high - low) or max(abs(middle), 1e-9) * 0.1
    for row, one in enumerate(rows):
        pair = [value if math.isfinite(value) else middle for value in (one.usd_low, one.usd_high)]
        axes.barh(
            row, max(pair) - min(pair), left=min(pair), height=0.42, color=look.colour, hatch=look.hatch, ec=PAPER
        )
        axes.plot([pair[0]] * 2, [row - 0.21, row + 0.21], color=INK, lw=1.6)
        axes.plot([pair[1]] * 2, [row - 0.21, row + 0.21], color=INK, lw=1.6)
        _ends(axes, one, row, pair)
    axes.axvline(middle, color=INK, lw=1)
    axes.set_yticks(range(len(rows)), [_wrapped(one.title, 20 if narrow else 34) for one in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(low - 0.1 * reach, high + 0.1 * reach)
    axes.set_xlabel(f"USD a month; {usd(middle)} as it stands")
    _make_room(axes)
    most_ticks = 3 if narrow else 6
    ticks(axes, "x", [at for at in even_ticks(*axes.get_xlim(), most_ticks) if at >= 0 or low < 0], usd_tick)
    figure.told = _told(rows, best.id, middle)
    return figure


def _make_room(axes: Axes) -> None:
    """Widen the axis until what is written at the ends of the bars lies inside."""
    renderer = settled(axes)
    inside = axes.get_window_extent(renderer)
    notes = [
        (note.xy[0], note.get_horizontalalignment(), note.get_window_extent(renderer).width + 9)
        for note in axes.texts
        if isinstance(note, Annotation)
    ]
    for _ in range(12):
        low, high = axes.get_xlim()
        per_pixel = (high - low) / inside.width
        widths = [(at, side, wide * per_pixel) for at, side, wide in notes]
        least = min([low, *(at - wide for at, side, wide in widths if side == "right")])
        most = max([high, *(at + wide for at, side, wide in widths if side == "left")])
        if (least, most) == (low, high):
            return
        axes.set_xlim(least, most)


def _swing(one: Sensitivity, middle: float) -> float:
    values = [value if math.isfinite(value) else middle for value in (one.usd_low, one.usd_high)]
    return max(*values, middle) - min(*values, middle)


def _ends(axes: Axes, one: Sensitivity, row: int, pair: Sequence[float]) -> None:
    """The value at each end of a bar, and the pattern that is best there where it is another one."""
    sides = ((pair[0], one.low, one.best_low, one.usd_low), (pair[1], one.high, one.best_high, one.usd_high))
    left_first = pair[0] <= pair[1]
    for n, (at, value, becomes, cost) in enumerate(sides):
        left = (n == 0) == left_first
        flips = becomes != one.best or not math.isfinite(cost)
        words = f"{value}\n{becomes or 'none meets'}" if flips else value
        note = axes.annotate(
            words,
            (at, row),
            (-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=7.5,
            color=WARN if flips else QUIET,
        )
        halo(note)
        note.set_in_layout(False)


def _wrapped(title: str, width: int) -> str:
    lines = textwrap.wrap(title, width)
    if len(lines) > 3:
        lines = [*lines[:2], f"{lines[2][: width - 1]}…"]
    return "\n".join(lines)


def _told(rows: Sequence[Sensitivity], best: str, middle: float) -> str:
    flips = [one for one in rows if one.flips]
    widest = max(rows, key=lambda one: _swing(one, middle))
    ends = f"{usd(widest.usd_low)} at {widest.low}, {usd(widest.usd_high)} at {widest.high}"
    said = [f"{best} costs {usd(middle)} a month as it stands; the widest swing comes from {widest.title} ({ends})"]
    if flips:
        said.append("another pattern is best at one end of " + ", ".join(one.title for one in flips))
    else:
        said.append("no assumption within its range changes the best pattern")
    return f"{'; '.join(said)}."
