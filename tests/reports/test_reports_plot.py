"""Plots: nothing cut, nothing overlapping, the figures right, readable in grey, the same bytes, no setting changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text

import advisor as ad
from advisor.errors import InputError
from advisor.reports import plot
from advisor.reports.plot.rates import curves_drawn
from advisor.reports.plot.style import LOOKS, PALETTE
from tests.reports.answers import curves, lot, mapped, nothing, small

DRAWN: dict[str, Callable[[float], plot.Drawing]] = {
    "latency against cost": lambda width: plot.latency_against_cost(small(), width=width),
    "latency against cost of a lot": lambda width: plot.latency_against_cost(lot(), width=width),
    "latency distribution": lambda width: plot.latency_distribution(small(), width=width),
    "latency distribution of a lot": lambda width: plot.latency_distribution(lot(), width=width),
    "bill": lambda width: plot.bill(small(), width=width),
    "bill of an outcome": lambda width: plot.bill(lot().options[0].outcome, width=width),
    "day": lambda width: plot.day(small(), width=width),
    "day of a fleet": lambda width: plot.day(small().option("real-time"), width=width),
    "day of a lot": lambda width: plot.day(lot(), width=width),
    "cost against rate": lambda width: curves_drawn(curves(), small(), width=width),
    "decision map": lambda width: plot.decision_map(mapped(), width=width),
    "tornado": lambda width: plot.tornado(small(), width=width),
}


def texts(figure: plot.Drawing) -> list[Text]:
    """Every text that is drawn: tick labels of ticks outside their axes are not."""
    shown = []
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text().strip():
            continue
        axes = text.axes
        if axes is not None and text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            x_axis = text in axes.get_xticklabels()
            at = text.get_position()[0 if x_axis else 1]
            low, high = sorted(axes.get_xlim() if x_axis else axes.get_ylim())
            labelled = axes.xaxis.get_tick_params()["labelbottom"] if x_axis else True
            if not low <= at <= high or not labelled:
                continue
        shown.append(text)
    return shown


@pytest.mark.parametrize("width", [plot.WIDE, plot.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", DRAWN)
def test_every_text_lies_whole_inside_the_figure_and_clear_of_the_others(name: str, width: float) -> None:
    figure = DRAWN[name](width)
    renderer = figure.canvas.get_renderer()
    shown = texts(figure)
    assert len(shown) > 4
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
    whole = figure.bbox
    assert not [
        words for words, box in boxes
        if box.x0 < whole.x0 - 0.5 or box.y0 < whole.y0 - 0.5 or box.x1 > whole.x1 + 0.5 or box.y1 > whole.y1 + 0.5
    ]  # fmt: skip
    lapped = [
        (one, other)
        for (one, box), (other, under) in combinations(boxes, 2)
        if min(box.x1, under.x1) - max(box.x0, under.x0) > 2 and min(box.y1, under.y1) - max(box.y0, under.y0) > 3
    ]
    assert not lapped


@pytest.mark.parametrize("name", DRAWN)
def test_a_plot_has_named_axes_and_says_in_words_what_it_shows(name: str) -> None:
    figure = DRAWN[name](plot.WIDE)
    assert figure.told.endswith(".")
    assert len(figure.told) > 40
    assert all(axes.get_ylabel() or len(axes.get_yticklabels()) > 0 for axes in figure.axes)
    assert figure.axes[-1].get_xlabel()


@pytest.mark.parametrize("name", ["bill", "decision map", "latency distribution"])
def test_the_same_plot_is_the_same_bytes(name: str) -> None:
    one, other = DRAWN[name](plot.WIDE), DRAWN[name](plot.WIDE)
    assert plot.as_svg(one, "plot") == plot.as_svg(other, "plot")
    assert plot.as_pdf(one) == plot.as_pdf(other)
    assert plot.as_png(one) == plot.as_png(other)


def test_nothing_of_the_users_settings_changes_and_theirs_change_nothing_here() -> None:
    before = dict(matplotlib.rcParams)
    plain = plot.as_png(plot.bill(small()))
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        assert plot.as_png(plot.bill(small())) == plain


def test_plots_load_no_interactive_part_of_matplotlib_and_only_when_asked_for() -> None:
    code = (
        "import sys, advisor as ad; assert 'matplotlib' not in sys.modules; ad.plot.WIDE; "
        "assert 'matplotlib' in sys.modules; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_patterns_are_told_apart_without_colour_and_their_colours_by_lightness() -> None:
    looks = [LOOKS[name] for name in LOOKS]
    assert set(LOOKS) == {*(pattern.name for pattern in ad.PATTERNS), "combination"}
    for part in ("marker", "hatch", "colour"):
        assert len({getattr(look, part) for look in looks}) == len(looks)
    assert len({str(look.line) for look in looks}) == len(looks)
    assert len(set(PALETTE.values())) == len(PALETTE)


def test_the_bars_of_a_bill_are_as_long_as_the_bill_is_high() -> None:
    figure = plot.bill(small())
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    lengths: dict[float, float] = {}
    for bar in bars:
        lengths[round(bar.get_y(), 3)] = lengths.get(round(bar.get_y(), 3), 0.0) + bar.get_width()
    wanted = sorted(float(option.usd_per_month) for option in small().options)
    assert sorted(lengths.values()) == pytest.approx(wanted)


def test_the_objective_is_drawn_where_it_is_asked_for() -> None:
    figure = plot.latency_against_cost(small())
    levels = [line.get_ydata()[0] for line in figure.axes[0].lines if len(set(line.get_ydata())) == 1]
    assert 2.0 in levels
    above, _ = plot.latency_distribution(small()).axes
    assert 2.0 in [line.get_xdata()[0] for line in above.lines]


def test_the_curve_of_what_is_later_passes_through_the_percentiles() -> None:
    outcome = small().options[0].outcome
    _, below = plot.latency_distribution(small()).axes
    seconds, later = below.lines[0].get_data()
    at = float(np.interp(outcome.latency_s["p90"].value, np.asarray(seconds), np.asarray(later)))
    # Of some two thousand requests a step of the histogram holds a few.
    assert at == pytest.approx(0.1, abs=0.02)


def test_a_day_shows_what_the_samples_hold() -> None:
    outcome = small().option("real-time").outcome
    requests = plot.day(small().option("real-time")).axes[0].patches[-1].get_data().values
    first = [sample for sample in outcome.samples if sample.at <= outcome.samples[0].at + 86_400]
    assert sum(requests) * (300 / 3600) == pytest.approx(first[-1].attempts - first[0].attempts, rel=0.5)
    with pytest.raises(InputError, match="day 99 of"):
        plot.day(small(), number=99)


def test_break_even_points_stand_where_the_lines_cross() -> None:
    figure = curves_drawn(curves(), small())
    upright = [line.get_xdata()[0] for line in figure.axes[0].lines if len(set(line.get_xdata())) == 1]
    assert 5.0 in upright
    assert "serverless → real-time\nat 5/s" in [text.get_text() for text in figure.axes[0].texts]
    assert "at about 5 per second the best pattern changes from serverless to real-time" in figure.told


def test_a_map_colours_each_pattern_deeper_where_it_wins_more_clearly() -> None:
    figure = plot.decision_map(mapped())
    axes = figure.axes[0]
    fields = [one for one in axes.collections if isinstance(one, PolyCollection)]
    assert sum(len(one.get_paths()) for one in fields) == 26
    assert len({one.get_alpha() for one in fields}) == 4
    assert {patch.get_hatch() for patch in axes.patches if isinstance(patch, PathPatch)} == {
        LOOKS["serverless"].hatch, LOOKS["real-time"].hatch, "//",
    }  # fmt: skip
    assert "serverless in 57.1 %, real-time in 35.7 %, no pattern in 7.14 % of 28 places. 4 close ones" in figure.told


def test_a_tornado_says_where_another_pattern_becomes_best() -> None:
    figure = plot.tornado(small())
    assert "5 min\nreal-time" in [text.get_text() for text in figure.axes[0].texts]
    assert len([patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]) == 2


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plot.latency_against_cost(nothing()), "no option"),
        (lambda: plot.latency_against_cost(small().options[0]), "only an answer"),
        (lambda: plot.bill(nothing()), "no option to plot"),
        (lambda: plot.bill("fraud"), "no answer to plot"),
        (lambda: plot.tornado(lot()), "no sensitivity"),
        (lambda: plot.tornado(nothing()), "no option meets"),
        (lambda: plot.cost_against_rate(lot()), "no request rate"),
        (lambda: plot.decision_map(small()), "two fields"),
    ],
)
def test_what_cannot_be_drawn_is_said(draw: Callable[[], object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        draw()


def test_the_distribution_of_an_outcome_rises_from_nothing_to_what_was_served() -> None:
    for option in small().options:
        outcome = option.outcome
        seconds, shares = zip(*outcome.within, strict=True)
        assert shares[0] == 0
        assert shares[-1] == pytest.approx(outcome.statuses["served"] / outcome.requests)
        assert list(seconds) == sorted(seconds)
        assert list(shares) == sorted(shares)
        at = outcome.latency_s["p50"].value
        assert max(share for second, share in outcome.within if second < at * 0.98) < 0.5
        assert min(share for second, share in outcome.within if second > at * 1.02) >= 0.5


def test_the_day_of_a_serverless_endpoint_counts_its_cold_starts() -> None:
    outcome = small().option("serverless").outcome
    bars = plot.day(small().option("serverless")).axes[-1].patches[-1].get_data().values
    assert outcome.samples[-1].cold_starts > 0
    # One call a minute leaves a container cold but seldom: a day of the run has at most all of its cold starts.
    assert 0 <= sum(bars) <= outcome.samples[-1].cold_starts
    assert small().option("real-time").outcome.samples[-1].cold_starts == 0
