"""What a month costs, as stacked bars: one bar an option, one part a line of its bill."""

from __future__ import annotations

from decimal import Decimal

from matplotlib.patches import Patch

from advisor.advice.outcome import Outcome
from advisor.advice.recommendation import Recommendation
from advisor.reports.plot.style import PAPER, SERIES, WIDE, Drawing, drawing, halo, styled, ticks
from advisor.reports.subject import Shown, best_of_each, even_ticks, short_id, the_outcome, usd, usd_tick

__all__ = ["bill"]

_MOST_PARTS = len(SERIES)


@styled
def bill(shown: Shown, *, width: float = WIDE) -> Drawing:
    """The bill of a month: of one deployment, or of an answer the best option of each pattern, side by side."""
    outcomes: tuple[Outcome, ...]
    if isinstance(shown, Recommendation) and shown.options:
        outcomes = tuple(option.outcome for option in best_of_each(shown))
    else:
        outcomes = (the_outcome(shown),)
    narrow = width < 5
    parts = [_parts(outcome) for outcome in outcomes]
    kinds = _kinds(parts)
    legend_rows = -(-len(kinds) // (1 if narrow else 3))
    figure = drawing(width, 1.0 + 0.2 * legend_rows + 0.62 * len(outcomes))
    axes = figure.subplots()
    most = max((float(sum(part.values())) for part in parts), default=0.0) or 1.0
    for row, (outcome, part) in enumerate(zip(outcomes, parts, strict=True)):
        left = 0.0
        for kind, value in _folded(part, kinds).items():
            colour, hatch = SERIES[kinds.index(kind)]
            axes.barh(row, float(value), left=left, height=0.56, color=colour, hatch=hatch, edgecolor=PAPER, lw=0.4)
            left += float(value)
        words = f"{usd(float(outcome.usd_per_month.value))}" + ("" if outcome.meets_objective else " (misses)")
        halo(axes.annotate(words, (left, row), (5, 0), textcoords="offset points", va="center", fontweight="bold"))
    axes.set_yticks(range(len(outcomes)), [short_id(outcome) for outcome in outcomes])
    axes.set_ylim(len(outcomes) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    room = 1.75 if narrow else 1.28
    axes.set_xlim(0, most * room)
    ticks(axes, "x", even_ticks(0, most * room, 4 if narrow else 6), usd_tick)
    axes.set_xlabel("USD a month of 730 h")
    keys = [
        Patch(facecolor=SERIES[n][0], hatch=SERIES[n][1], edgecolor=PAPER, lw=0.4, label=kind)
        for n, kind in enumerate(kinds)
    ]
    figure.legend(handles=keys, loc="outside upper left", ncols=1 if narrow else 3, columnspacing=1.2)
    figure.told = _told(outcomes, parts)
    return figure


def _parts(outcome: Outcome) -> dict[str, Decimal]:
    held: dict[str, Decimal] = {}
    for line in outcome.bill.lines:
        kind = _kind(line.what)
        held[kind] = held.get(kind, Decimal(0)) + line.usd
    return held


def _kind(what: str) -> str:
    """A line's kind, so that the instances of two deployments share a colour."""
    plain = what.partition(" (")[0]
    for word in ("instances", "volumes"):
        if word in plain:
            return word
    return plain


def _kinds(parts: list[dict[str, Decimal]]) -> list[str]:
    """The kinds by what they cost in all, the largest first; the smallest together where there are too many."""
    sums: dict[str, Decimal] = {}
    for part in parts:
        for kind, value in part.items():
            sums[kind] = sums.get(kind, Decimal(0)) + value
    ranked = sorted(sums, key=lambda kind: (-sums[kind], kind))
    return ranked if len(ranked) <= _MOST_PARTS else [*ranked[: _MOST_PARTS - 1], "all else"]


def _folded(part: dict[str, Decimal], kinds: list[str]) -> dict[str, Decimal]:
    held = {kind: part[kind] for kind in kinds if kind in part}
    rest = sum((value for kind, value in part.items() if kind not in kinds), Decimal(0))
    return {**held, "all else": rest} if rest else held


def _told(outcomes: tuple[Outcome, ...], parts: list[dict[str, Decimal]]) -> str:
    said = []
    for outcome, part in zip(outcomes, parts, strict=True):
        total = float(outcome.usd_per_month.value)
        top = max(part, key=lambda kind: part[kind], default="")
        share = f", of which {top} {float(part[top]) / total:.0%}" if total and top else ""
        said.append(f"{outcome.id} costs {usd(total)} a month{share}")
    return f"{'; '.join(said)}."
