"""What changes the decision: break-even points, cost over the rate, the decision map, assumptions that matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from advisor.advice.breaking_even import nothing_found
from advisor.advice.curves import Curves, cost_curves
from advisor.advice.explaining import show_usd
from advisor.advice.mapping import DecisionMap, decide_map
from advisor.advice.recommendation import Recommendation
from advisor.advice.telling import contenders_table, how_points_were_found
from advisor.errors import InputError
from advisor.reports.document import Block, Grid, Picture, Section, Text
from advisor.show import Table
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.reports.plot import Drawing

__all__ = ["changes", "map_of"]

# Places of the map: across, up; and how many of the close ones are simulated.
_ACROSS, _UP, _SIMULATED = 13, 9, 4
# The rate is varied by so much down and up, the payload up to what any pattern could take.
_RATE_SPAN, _LARGEST_BYTES = 30.0, 60_000_000


def map_of(
    answer: Recommendation,
    *,
    threads: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DecisionMap | None:
    """The decision map about the workload: its rate across, and up its payload or else its bursts; none for lots."""
    w = answer.workload
    if not answer.options or not w.streams or not w.rate_per_s > 0:
        return None
    rates = [w.rate_per_s * _RATE_SPAN ** (2 * n / (_ACROSS - 1) - 1) for n in range(_ACROSS)]
    for field, values in _second_fields(w):
        try:
            return decide_map(
                w,
                x=("traffic.rate", rates),
                y=(field, values),
                seed=answer.seed,
                most_simulated=_SIMULATED,
                threads=threads,
                executor=executor,
                progress=progress,
            )
        except InputError:
            continue  # values that contradict the rest of the profile: the next field may do
    return None


def _second_fields(w: Workload) -> Iterator[tuple[str, list[float]]]:
    if w.traffic is not None and not any(one.payload is not None for one in w.traffic.classes):
        low = max(200.0, w.payload.request_bytes / 20)
        steps = [n / (_UP - 1) for n in range(_UP)]
        factor = w.payload.request_max_bytes / max(1, w.payload.request_bytes)
        high = max(low * 100, _LARGEST_BYTES / factor)
        yield "payload.request", [float(round(low * (high / low) ** step)) for step in steps]
    yield "traffic.bursts.peak", [1.5 + n for n in range(_UP)]


def changes(answer: Recommendation, mapped: DecisionMap | None, *, executor: Executor | None = None) -> Section:
    """Everything that would make another answer right."""
    others = contenders_table(answer)
    blocks: list[Block] = [*_break_even(answer), *([Grid(others)] if others.rows else [])]
    w = answer.workload
    if w.streams and answer.options:
        curves = cost_curves(w, executor=executor)
        if any(math.isfinite(usd) for line in curves.usd.values() for usd in line):
            blocks.append(_curves(answer, curves))
    if mapped is not None and any(name for name in mapped.shares):
        blocks.append(_map(mapped))
    blocks += _sensitivity(answer)
    return Section("changes", "What changes the decision", tuple(blocks))


def _break_even(answer: Recommendation) -> list[Block]:
    if not answer.break_even:
        said = nothing_found(answer)
        return [Text(said)] if said else []
    rows = [
        (one.field, one.now, one.written, one.best, one.becomes or "nothing meets the objective")
        for one in answer.break_even
    ]
    columns = ["field", "now", "turns at", "best now", "best from there on"]
    return [Grid(Table.of(columns, rows, title="Break-even points", notes=[how_points_were_found(answer)]))]


def _curves(answer: Recommendation, curves: Curves) -> Picture:
    def draw(width: float) -> Drawing:
        from advisor.reports.plot.rates import curves_drawn

        return curves_drawn(curves, answer, width=width)

    return Picture(
        "cost-against-rate", "Cost against the request rate, by arithmetic, where the objective is met", draw
    )


def _map(mapped: DecisionMap) -> Picture:
    def draw(width: float) -> Drawing:
        from advisor.reports.plot import decision_map

        return decision_map(mapped, width=width)

    return Picture("decision-map", f"The best pattern over {mapped.x.path} and {mapped.y.path}", draw)


def _sensitivity(answer: Recommendation) -> list[Block]:
    if not answer.sensitivity:
        none = "No assumption moves the cost by five percent, or the decision, within its plausible range."
        return [Text(none)] if answer.best else []
    every = answer.sensitivity
    rows = [
        (
            one.title,
            one.key,
            one.held,
            f"{one.low}: {_end(one.best_low, one.usd_low)}",
            f"{one.high}: {_end(one.best_high, one.usd_high)}",
            "yes" if one.flips else "no",
            one.how,
        )
        for one in every
    ]
    columns = ["assumption", "key", "as it stands", "at the low end", "at the high end", "another is best", "how"]
    keys = {
        "at the low end": tuple(one.usd_low for one in every),
        "at the high end": tuple(one.usd_high for one in every),
    }

    def draw(width: float) -> Drawing:
        from advisor.reports.plot import tornado

        return tornado(answer, width=width)

    title = "Assumptions that move the cost or the decision"
    return [
        Grid(Table.of(columns, rows, title=title), keys),
        Picture("tornado", "What the decision costs at the ends of what is plausible", draw),
    ]


def _end(best: str, usd: float) -> str:
    return f"{best}, {show_usd(usd)}" if best and math.isfinite(usd) else "nothing meets the objective"
