"""How every plot looks: colours, markers and hatches by pattern, sizes, and how a figure becomes SVG, PNG or PDF.

A pattern has a colour that colour-blind readers tell apart, and a marker, a line style and a hatch besides, so that a
plot printed in grey still reads. Nothing global changes: the style holds inside ``styled`` alone.
"""

from __future__ import annotations

import functools
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec

import matplotlib
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import Bbox

__all__ = [
    "INK", "LOOKS", "NARROW", "OTHER", "PALETTE", "PAPER", "QUIET", "RULE", "SERIES", "WARN", "WIDE", "Drawing", "Look",
    "as_pdf", "as_png", "as_svg", "drawing", "duration_ticks", "fonts", "halo", "look_of", "nice_log_ticks",
    "place_labels", "settled", "styled", "ticks",
]  # fmt: skip

P = ParamSpec("P")

WIDE = 7.2
"""The width of a plot on a desk or on paper, in inches."""
NARROW = 3.6
"""The width of a plot on a phone, in inches: text keeps its size."""

# Every colour has a name, under which a page gives it a value for light and one for dark.
PALETTE = {
    "ink": "#1c2128",
    "quiet": "#59626d",
    "rule": "#c9ced6",
    "paper": "#fffffe",
    "warn": "#a40e26",
    "c-real-time": "#0a5fa5",
    "c-serverless": "#e29100",
    "c-asynchronous": "#00876a",
    "c-batch-transform": "#b8548c",
    "c-multi-model": "#5b4fae",
    "c-combination": "#8a4b14",
    "c-other": "#7d8590",
}
INK, QUIET, RULE, PAPER, WARN = (PALETTE[name] for name in ("ink", "quiet", "rule", "paper", "warn"))


@dataclass(frozen=True, slots=True)
class Look:
    """How a pattern is drawn wherever it appears."""

    colour: str
    marker: str
    line: Any
    hatch: str


LOOKS = {
    "real-time": Look(PALETTE["c-real-time"], "o", "-", "///"),
    "serverless": Look(PALETTE["c-serverless"], "s", (0, (5, 1.5)), "++"),
    "asynchronous": Look(PALETTE["c-asynchronous"], "^", (0, (5, 1.5, 1, 1.5)), "--"),
    "batch-transform": Look(PALETTE["c-batch-transform"], "D", (0, (1, 1)), "xx"),
    "multi-model": Look(PALETTE["c-multi-model"], "v", (0, (3, 1, 1, 1, 1, 1)), "\\\\\\"),
    "combination": Look(PALETTE["c-combination"], "P", (0, (7, 2)), "||"),
}
OTHER = Look(PALETTE["c-other"], "X", (0, (1, 2)), "")
# Colours and hatches of things that are no patterns, such as the lines of a bill.
SERIES = tuple(
    (PALETTE[name], hatch)
    for name, hatch in (
        ("c-real-time", ""),
        ("c-serverless", "///"),
        ("c-asynchronous", "\\\\\\"),
        ("c-batch-transform", "++"),
        ("c-multi-model", "xx"),
        ("c-combination", "--"),
        ("c-other", "||"),
    )
)

_RC: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": QUIET,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "figure.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    "legend.borderaxespad": 0.2,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "lines.linewidth": 1.7,
    "lines.markersize": 6.5,
    "pdf.fonttype": 42,
    "savefig.facecolor": "none",
    "svg.fonttype": "path",
    "text.color": INK,
    "xtick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.color": QUIET,
    "ytick.labelcolor": INK,
}


class Drawing(Figure):
    """A figure of matplotlib that knows what it shows in words (``told``), and shows itself in a notebook."""

    told: str = ""

    def _repr_png_(self) -> bytes:
        return as_png(self)


@contextmanager
def _style() -> Iterator[None]:
    whole: dict[Any, Any] = {**matplotlib.rcParamsDefault}
    whole.update(_RC, backend=matplotlib.rcParams["backend"])
    with matplotlib.rc_context(whole):
        yield


def styled(draw: Callable[P, Drawing]) -> Callable[P, Drawing]:
    """Draw in this style, whatever the user's own settings are; those stay as they were."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawing:
        with _style():
            figure = draw(*args, **kwargs)
            if isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
                figure.draw_without_rendering()
                # All have made room for one another; whoever saves or shows the figure need not find that out again.
                figure.set_layout_engine("none")
            return figure

    return drawn


def drawing(width: float, height: float) -> Drawing:
    """An empty figure of so many inches, whose parts make room for one another."""
    figure = Drawing(figsize=(width, height), layout="constrained", dpi=100)
    FigureCanvasAgg(figure)
    return figure


def look_of(pattern: str) -> Look:
    """How a pattern is drawn; a look of its own kind for names that are not known."""
    return LOOKS.get(pattern, OTHER)


def halo(text: Text, width: float = 2.4) -> Text:
    """A rim in the colour of the paper, so that text reads over lines and areas."""
    text.set_path_effects([patheffects.withStroke(linewidth=width, foreground=PAPER)])
    return text


def ticks(axes: Axes, which: str, at: Sequence[float], show: Callable[[float], str]) -> None:
    """Ticks at these places and nowhere else, written by ``show``."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(list(at)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: show(value)))


def nice_log_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Places for ticks of a logarithmic axis: 1, 2, 5, else powers of ten, at most so many."""
    for steps in ((1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
        places = [step * 10.0**power for power in powers for step in steps]
        inside = [place for place in places if low * (1 - 1e-9) <= place <= high * (1 + 1e-9)]
        if len(inside) <= most and (len(inside) > 1 or steps == (1, 2, 5)):
            return inside
    return inside[:: -(-len(inside) // most)]


# Round durations in seconds, from fine to coarse.
_TENS = tuple(10.0**power for power in range(-6, 2))
_DURATIONS = (
    (*(part * 10.0**power for power in range(-6, 1) for part in (1, 2, 5)), 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0,
     1200.0, 1800.0, *(3600.0 * hours for hours in (1, 2, 4, 8, 12, 24, 48, 96, 168, 336, 720))),
    (*(3 * ten for ten in _TENS), *_TENS, *(60.0 * minutes for minutes in (2, 10, 30, 120, 480, 1440, 5760, 20160))),
    (*_TENS, *(60.0 * minutes for minutes in (2, 20, 240, 2880, 28800))),
)  # fmt: skip


def duration_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Places for ticks of a logarithmic axis of time, at most so many; between round ones where none is inside."""
    for places in _DURATIONS:
        inside = sorted(at for at in places if low <= at <= high)
        if len(inside) <= most:
            break
    if len(inside) < 2:
        inside = sorted({float(f"{low * (high / low) ** share:.2g}") for share in (0.15, 0.5, 0.85)})
        inside = [at for at in inside if low <= at <= high]
    return inside[:: -(-len(inside) // most)]


def place_labels(
    axes: Axes,
    points: Sequence[tuple[float, float, str]],
    *,
    lines: Sequence[tuple[tuple[float, float], tuple[float, float]]] = (),
    size: float = 8,
) -> list[Text]:
    """Write texts beside points in data coordinates, inside the axes, clear of each other, of the points and ``lines``.

    Lines run across or up, from one place to another. Earlier points choose first. A text for which there is no room is
    left out: the legend and the tables have it.
    """
    renderer = settled(axes)
    inside = axes.get_window_extent(renderer)
    taken = [_around(axes.transData.transform((x, y))) for x, y, _ in points]
    taken += [_box(*axes.transData.transform(line)) for line in lines]
    taken += [text.get_window_extent(renderer) for text in axes.texts if text.get_visible() and text.get_text()]
    placed: list[Text] = []
    for x, y, words in points:
        note = axes.annotate(words, (x, y), xytext=(0, 0), textcoords="offset points", fontsize=size)
        note.set_in_layout(False)
        halo(note)
        for dx, dy, side, up in _PLACES:
            note.set_position((dx, dy))
            note.set_horizontalalignment(side)
            note.set_verticalalignment(up)
            box = note.get_window_extent(renderer)
            fits = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if fits and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                placed.append(note)
                break
        else:
            note.remove()
    return placed


def settled(axes: Axes) -> RendererBase:
    """Let the parts of the figure make room for one another; what is written from here on must not move them."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    assert isinstance(figure.canvas, FigureCanvasAgg)
    renderer: RendererBase = figure.canvas.get_renderer()  # type: ignore[no-untyped-call]  # matplotlib leaves it so
    return renderer


_Side = Literal["left", "center", "right"]
_Up = Literal["bottom", "center", "top"]
_PLACES: tuple[tuple[float, float, _Side, _Up], ...] = (
    (8, 0, "left", "center"), (0, 8, "center", "bottom"), (0, -8, "center", "top"), (-8, 0, "right", "center"),
    (6, 7, "left", "bottom"), (6, -7, "left", "top"), (-6, 7, "right", "bottom"), (-6, -7, "right", "top"),
    (0, 18, "center", "bottom"), (0, -18, "center", "top"), (6, 18, "left", "bottom"), (-6, 18, "right", "bottom"),
    (6, -18, "left", "top"), (-6, -18, "right", "top"),
)  # fmt: skip


def _box(one: Any, other: Any) -> Bbox:
    (x0, x1), (y0, y1) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return Bbox.from_extents(x0 - 1, y0 - 1, x1 + 1, y1 + 1)


def _around(point: Any, reach: float = 5.0) -> Bbox:
    return Bbox.from_extents(point[0] - reach, point[1] - reach, point[0] + reach, point[1] + reach)


def as_svg(figure: Figure, name: str, *, rims: bool = True) -> str:
    """The figure as an <svg> element, the same bytes each time; ``name`` keeps its ids apart from other figures'.

    ``rims=False`` leaves the rims of texts to whoever shows it: such a text's group has an id that begins with "rim".
    """
    held = io.StringIO()
    rimmed = [] if rims else [text for text in figure.findobj(Text) if text.get_path_effects()]
    effects = [text.get_path_effects() for text in rimmed]
    for n, text in enumerate(rimmed):
        text.set_path_effects([])
        text.set_gid(f"rim-{n}")
    try:
        with _style(), matplotlib.rc_context({"svg.hashsalt": name}):
            figure.savefig(held, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    finally:
        for text, effect in zip(rimmed, effects, strict=True):
            text.set_path_effects(effect)
            text.set_gid(None)
    svg = held.getvalue()
    return re.sub(r"\s*<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL).strip()


def as_png(figure: Figure, *, dpi: int = 144) -> bytes:
    """The figure as PNG on white."""
    held = io.BytesIO()
    with _style():
        figure.savefig(held, format="png", dpi=dpi, facecolor=PAPER, metadata={"Software": None})
    return held.getvalue()


def as_pdf(figure: Figure) -> bytes:
    """The figure as a PDF page of its own size, without a date."""
    held = io.BytesIO()
    with _style():
        figure.savefig(held, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return held.getvalue()


def fonts() -> dict[str, str]:
    """The files of the fonts that plots are written in, by style: regular, bold, italic, mono.

    They come with matplotlib, never from the machine: the same bytes everywhere.
    """
    names = {
        "regular": "DejaVuSans.ttf",
        "bold": "DejaVuSans-Bold.ttf",
        "italic": "DejaVuSans-Oblique.ttf",
        "mono": "DejaVuSansMono.ttf",
    }
    return {style: f"{matplotlib.get_data_path()}/fonts/ttf/{name}" for style, name in names.items()}
