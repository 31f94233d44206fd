"""A decision map: which pattern is best over two fields of the profile; the deeper the colour, the clearer the win."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from advisor.advice.axes import Axis, Values
from advisor.advice.mapping import DecisionMap, decide_map
from advisor.advice.recommendation import Recommendation
from advisor.errors import InputError
from advisor.reports.plot.style import (
    INK,
    PAPER,
    QUIET,
    WIDE,
    Drawing,
    drawing,
    halo,
    look_of,
    nice_log_ticks,
    settled,
    styled,
    ticks,
)
from advisor.reports.subject import even_ticks, rate_tick, rate_ticks
from advisor.units import show_bytes, show_duration, show_factor, show_number, show_share
from advisor.workload import Workload

__all__ = ["decision_map"]

Grid = npt.NDArray[np.float64]

# The second is so much worse at least: how deep the colour is.
_DEPTHS = (
    (1.0, 0.9, "100 % or more"),
    (0.25, 0.65, "25 to 100 %"),
    (0.05, 0.42, "5 to 25 %"),
    (0.0, 0.2, "less than 5 %"),
)


@styled
def decision_map(
    shown: DecisionMap | Recommendation | Workload,
    *,
    x: Values | None = None,
    y: Values | None = None,
    seed: int = 0,
    simulate_close: bool = True,
    threads: int = 2,
    width: float = WIDE,
) -> Drawing:
    """The map of ``decide_map``: given, or made here over ``x`` and ``y``, each (path, values)."""
    if isinstance(shown, DecisionMap):
        return _drawn(shown, width)
    workload = shown.workload if isinstance(shown, Recommendation) else shown
    if not isinstance(workload, Workload) or x is None or y is None:
        raise InputError(
            "a decision map needs a workload and two fields", "", 'give x=("traffic.rate", values), y=(path, values)'
        )
    return _drawn(decide_map(workload, x=x, y=y, seed=seed, simulate_close=simulate_close, threads=threads), width)


def _drawn(found: DecisionMap, width: float) -> Drawing:
    narrow = width < 5
    names = [name for name in found.shares if name]
    rows = (len(names) + 1 + 4 + 2) / (1 if narrow else 3)
    figure = drawing(width, (3.3 if narrow else 3.6) + 0.2 * rows)
    axes = figure.subplots()
    across, down = _edges(found.x), _edges(found.y)
    for path, axis_of, edges in (("x", found.x, across), ("y", found.y, down)):
        _scale(axes, path, axis_of, edges, narrow=narrow)
    for name in names:
        _region(axes, found, name, across, down)
    _unmet(axes, found, across, down)
    _borders(axes, found, across, down)
    _simulated(axes, found)
    _now(axes, found)
    axes.set_xlabel(_label(found.x))
    axes.set_ylabel(_label(found.y))
    axes.grid(visible=False)
    _legend(figure, found, names, narrow=narrow)
    _names(axes, found, across)
    figure.told = _told(found)
    return figure


def _edges(one: Axis) -> Grid:
    """Edges of cells about the values: halfway between them, by factor where the axis is logarithmic."""
    values = np.log(one.values) if one.spans else np.array(one.values)
    if values.size == 1:
        edges = np.array([values[0] - 0.5, values[0] + 0.5])
    else:
        middle = (values[1:] + values[:-1]) / 2
        edges = np.concatenate(([2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]))
    return np.exp(edges) if one.spans else edges


def _scale(axes: Axes, which: str, one: Axis, edges: Grid, *, narrow: bool) -> None:
    low, high = float(edges[0]), float(edges[-1])
    most = 4 if narrow and which == "x" else 6
    show = _shower(one.path)
    if which == "x":
        axes.set_xscale("log" if one.spans else "linear")
        axes.set_xlim(low, high)
    else:
        axes.set_yscale("log" if one.spans else "linear")
        axes.set_ylim(low, high)
    if not one.spans:
        places = even_ticks(low, high, most)
    elif show is rate_tick:
        places = rate_ticks(low, high, most)
    else:
        places = nice_log_ticks(low, high, most)
    ticks(axes, which, places, show)


def _shower(path: str) -> Callable[[float], str]:
    """How values of a field are written: by the unit of its kind."""
    last = path.split(".")[-1]
    if last in ("rate", "rate_per_s"):
        return rate_tick
    if path.startswith(("payload.", "model.size", "model.image", "batch.record_size")):
        return show_bytes
    if last in ("mean", "p50", "p90", "p95", "p99", "length", "deadline", "every", "wait", "within"):
        return show_duration
    if last in ("errors", "marginal"):
        return show_share
    return show_factor if last == "peak" else show_number


_SAID = {
    "traffic.rate": "request rate",
    "traffic.bursts.peak": "peak of the bursts, times the mean",
    "traffic.bursts.cv": "spread of the bursts (cv)",
    "payload.request": "size of a request",
    "model.count": "models",
    "model.size": "size of the model",
    "batch.records": "records of a lot",
}


def _label(one: Axis) -> str:
    words = _SAID.get(one.path)
    return f"{words} ({one.path})" if words else one.path


def _boxes(across: Grid, down: Grid, places: Sequence[tuple[int, int]]) -> list[list[tuple[float, float]]]:
    return [
        [
            (across[column], down[row]),
            (across[column + 1], down[row]),
            (across[column + 1], down[row + 1]),
            (across[column], down[row + 1]),
        ]
        for row, column in places
    ]


def _places(found: DecisionMap, name: str) -> list[tuple[int, int]]:
    return [(r, c) for r, row in enumerate(found.cells) for c, cell in enumerate(row) if cell.best == name]


def _depth(margin: float) -> float:
    return next(alpha for least, alpha, _ in _DEPTHS if margin >= least)


def _region(axes: Axes, found: DecisionMap, name: str, across: Grid, down: Grid) -> None:
    look = look_of(name)
    for _, alpha, _ in _DEPTHS:
        places = [(r, c) for r, c in _places(found, name) if _depth(found.cells[r][c].margin) == alpha]
        if places:
            boxes = _boxes(across, down, places)
            axes.add_collection(
                PolyCollection(boxes, facecolors=look.colour, alpha=alpha, linewidths=0, antialiased=False),
                autolim=False,
            )
    _hatched(axes, _boxes(across, down, _places(found, name)), look.hatch, PAPER)


def _hatched(axes: Axes, boxes: list[list[tuple[float, float]]], hatch: str, colour: str) -> None:
    if boxes:
        whole = Path.make_compound_path(*(Path([*box, box[0]], closed=True) for box in boxes))
        axes.add_patch(PathPatch(whole, facecolor="none", edgecolor=colour, hatch=hatch, lw=0))


def _unmet(axes: Axes, found: DecisionMap, across: Grid, down: Grid) -> None:
    _hatched(axes, _boxes(across, down, _places(found, "")), "//", QUIET)


def _borders(axes: Axes, found: DecisionMap, across: Grid, down: Grid) -> None:
    lines = []
    for r, row in enumerate(found.cells):
        for c, cell in enumerate(row):
            if c and row[c - 1].best != cell.best:
                lines.append([(across[c], down[r]), (across[c], down[r + 1])])
            if r and found.cells[r - 1][c].best != cell.best:
                lines.append([(across[c], down[r]), (across[c + 1], down[r])])
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=1.2), autolim=False)


def _simulated(axes: Axes, found: DecisionMap) -> None:
    at = [
        (found.x.values[c], found.y.values[r])
        for r, row in enumerate(found.cells)
        for c, cell in enumerate(row)
        if cell.how == "simulated"
    ]
    if at:
        axes.plot([x for x, _ in at], [y for _, y in at], ls="", marker=".", ms=3.5, color=INK)


def _names(axes: Axes, found: DecisionMap, across: Grid) -> None:
    """Each region's name where the region is widest, if it fits there."""
    renderer = settled(axes)
    for name in found.shares:
        mine = np.array([[cell.best == name for cell in row] for row in found.cells])
        row, column = _heart(mine)
        x, y = found.x.values[column], found.y.values[row]
        note = axes.text(x, y, name or "none meets\nthe objective", ha="center", va="center", fontweight="bold")
        note.set_in_layout(False)
        halo(note, 3.2)
        box = note.get_window_extent(renderer)
        inside = axes.get_window_extent(renderer)
        if box.x0 < inside.x0 + 2:
            note.set_horizontalalignment("left")
            note.set_x(axes.transData.inverted().transform((inside.x0 + 4, 0))[0])
        elif box.x1 > inside.x1 - 2:
            note.set_horizontalalignment("right")
            note.set_x(axes.transData.inverted().transform((inside.x1 - 4, 0))[0])
        box = note.get_window_extent(renderer)
        corners = axes.transData.inverted().transform(
            [(box.x0, (box.y0 + box.y1) / 2), (box.x1, (box.y0 + box.y1) / 2)]
        )
        cells = [int(np.searchsorted(across, corner[0]) - 1) for corner in corners]
        held = mine[row, max(0, cells[0]) : cells[1] + 1]
        if not held.all() or box.y0 < inside.y0 or box.y1 > inside.y1:
            note.remove()


def _heart(mine: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The cell of a region that lies farthest from its edge, wide ones first; ties to the first."""
    best, place = -1.0, (0, 0)
    for row, column in zip(*np.nonzero(mine), strict=True):
        line = mine[row]
        left = column - next((n for n in range(column, -1, -1) if not line[n]), -1)
        right = next((n for n in range(column, line.size) if not line[n]), line.size) - column
        file = mine[:, column]
        under = row - next((n for n in range(row, -1, -1) if not file[n]), -1)
        above = next((n for n in range(row, file.size) if not file[n]), file.size) - row
        room = min(left, right) + 0.5 * min(under, above)
        if room > best:
            best, place = room, (int(row), int(column))
    return place


def _now(axes: Axes, found: DecisionMap) -> None:
    x, y = found.x.now, found.y.now
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    if left <= x <= right and low <= y <= high:
        axes.plot(x, y, ls="", marker="*", ms=13, color=PAPER, mec=INK, mew=1.1)


def _legend(figure: Drawing, found: DecisionMap, names: Sequence[str], *, narrow: bool) -> None:
    keys: list[Patch | Line2D] = [
        Patch(facecolor=look_of(one).colour, hatch=look_of(one).hatch, edgecolor=PAPER, lw=0, label=one, alpha=0.9)
        for one in names
    ]
    if "" in found.shares:
        keys.append(Patch(facecolor="none", hatch="//", edgecolor=QUIET, lw=0, label="none meets the objective"))
    keys += [
        Patch(facecolor=INK, alpha=alpha, lw=0, label=f"leads by {words}")
        for least, alpha, words in _DEPTHS
        if _used(found, least, alpha)
    ]
    if found.simulated:
        keys.append(Line2D([], [], ls="", marker=".", color=INK, label="close, so simulated"))
    keys.append(Line2D([], [], ls="", marker="*", ms=11, color=PAPER, mec=INK, label="the profile as it is"))
    figure.legend(handles=keys, loc="outside upper left", ncols=1 if narrow else 3, columnspacing=1.2)


def _used(found: DecisionMap, least: float, alpha: float) -> bool:
    return any(
        cell.best and _depth(cell.margin) == alpha and cell.margin >= least for row in found.cells for cell in row
    )


def _told(found: DecisionMap) -> str:
    parts = [f"{name or 'no pattern'} in {show_share(float(f'{share:.3g}'))}" for name, share in found.shares.items()]
    x, y = found.x, found.y
    over = f"{x.path} from {x.shown[0]} to {x.shown[-1]} and {y.path} from {y.shown[0]} to {y.shown[-1]}"
    told = f"Over {over}, the best pattern is {', '.join(parts)} of {len(x.values) * len(y.values)} places."
    return f"{told} {found.simulated} close ones were simulated." if found.simulated else told
