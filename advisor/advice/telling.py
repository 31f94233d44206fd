"""A recommendation as tables and as a page: the ranking, the refusals, what would change the answer."""

from __future__ import annotations

import html
import math
from decimal import Decimal
from typing import TYPE_CHECKING

from advisor.advice.explaining import show_usd
from advisor.advice.outcome import show_latency, show_three
from advisor.advice.ranking import percentile
from advisor.catalog.instances import instance
from advisor.rules.first_guess import measured_types
from advisor.show import Table, show_digits
from advisor.units import show_count, show_share

if TYPE_CHECKING:
    from advisor.advice.recommendation import Option, Recommendation

__all__ = [
    "SPIKES_APART",
    "answer_tables",
    "break_even_table",
    "contenders_table",
    "how_points_were_found",
    "later_tables",
    "page",
    "ranking",
    "refusals",
    "sensitivity_table",
    "spike_table",
    "tables",
]


SPIKES_APART = (
    "Latency and what is not served are those of the usual traffic, without the one-off spikes: how these fare stands "
    "apart. The cost is with them, once in the month."
)
_FRONT = (
    "On the front is what meets the objective, if anything does, where no other option is at once no dearer, no slower "
    "and turns away no more."
)


def tables(answer: Recommendation) -> tuple[Table, ...]:
    """All tables of an answer that have rows."""
    return (*answer_tables(answer), *later_tables(answer))


def answer_tables(answer: Recommendation) -> tuple[Table, ...]:
    """Those of the answer itself, which are there before what would change it is worked out."""
    made = (ranking(answer), spike_table(answer), losers(answer), refusals(answer))
    return tuple(table for table in made if table.rows)


def later_tables(answer: Recommendation) -> tuple[Table, ...]:
    """What would change it, and its bill."""
    made = (
        break_even_table(answer),
        contenders_table(answer),
        sensitivity_table(answer),
        *((answer.options[0].outcome.bill.table(),) if answer.options else ()),
    )
    return tuple(table for table in made if table.rows)


def ranking(answer: Recommendation) -> Table:
    """One row an option, the best first."""
    name = percentile(answer.workload)
    rows = [
        (
            one.rank,
            one.id,
            "meets" if one.meets_objective else "misses",
            _usd(one.usd_per_month),
            _plus_minus(one),
            show_latency(one.latency_s(name)),
            show_share(_two(one.outcome.error_share.value)),
            "yes" if one.on_front else "",
        )
        for one in answer.options
    ]
    return Table.of(
        ["", "deployment", "objective", "USD a month", "+-", name, "not served", "on the front"],
        rows,
        title=f"{answer.workload.name}, {answer.workload.region}: the options",
        notes=[*_usual(answer), *_sure(answer), _FRONT, _looked(answer)],
        right=["", "USD a month", "+-", name, "not served"],
    )


def spike_table(answer: Recommendation) -> Table:
    """How each option fares while one-off spikes last; no rows where none come."""
    name = percentile(answer.workload)
    rows = [
        (
            one.rank,
            one.id,
            show_count(round(spikes.requests.value)),
            show_latency(spikes.latency_s[name].value),
            show_three(spikes.error_share.value),
            show_three(spikes.month_error_share),
        )
        for one in answer.options
        if (spikes := one.outcome.spikes) is not None
    ]
    right = ["requests", name, "not served", "not served of the month"]
    return Table.of(["", "deployment", *right], rows, title="While the spikes last", right=["", *right])


def _usual(answer: Recommendation) -> list[str]:
    return [SPIKES_APART] if any(one.outcome.spikes is not None for one in answer.options) else []


def _sure(answer: Recommendation) -> list[str]:
    if answer.best is None:
        return []
    sure = show_share(_two(answer.confidence.first_is_first))
    said = f"The first is truly first with a probability of {sure}."
    if answer.confidence.equal_to:
        said += f" Equal to it, as far as the simulation tells: {', '.join(answer.confidence.equal_to)}."
    return [said]


def _looked(answer: Recommendation) -> str:
    looked = answer.searched
    unsure = [one.id for one in answer.options if not one.outcome.precise]
    less = f" Less precise than aimed at: {', '.join(unsure)}." if unsure else ""
    return (
        f"{show_count(looked.simulated)} of {show_count(looked.space)} deployments were tried by simulation, the "
        f"others left out by arithmetic; seed {answer.seed}, prices of {answer.prices_as_of}.{less}{_families(answer)}"
    )


def _families(answer: Recommendation) -> str:
    """Which instance types were looked at, where some were measured: of others nobody knows how fast they are."""
    families = sorted({instance(name).family for name in measured_types(answer.workload)})
    if not families:
        return ""
    return f" Of instance types those of measured families were looked at ({', '.join(families)})."


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount >= Decimal("0.1") or not amount else show_digits(float(amount), 2)


def _plus_minus(one: Option) -> str:
    money = one.outcome.usd_per_month
    if money.low is None or money.high is None:
        return "unknown"
    # Upwards, since downwards the interval ends at nothing.
    half = money.high - money.value
    return f"{half:,.2f}" if half >= Decimal("0.005") or not half else show_digits(float(half), 1)


def losers(answer: Recommendation) -> Table:
    """What sets each other option apart from the best."""
    rows = [(one.rank, one.id, one.told) for one in answer.options if one.told]
    return Table.of(["", "deployment", "beside the best"], rows, title="Why not the others", right=[""])


def refusals(answer: Recommendation) -> Table:
    """Patterns that cannot serve the workload: by which rule, why, and how to mend it."""
    rows = [
        (one.pattern, finding.rule, f"{finding.says}\nat {finding.where}", finding.mend)
        for one in answer.refused
        for finding in one.findings
    ]
    return Table.of(["pattern", "rule", "says", "to mend"], rows, title="Refused")


def break_even_table(answer: Recommendation) -> Table:
    """Where another pattern becomes the best."""
    rows = [(one.field, one.now, one.written, one.becomes or "nothing meets it") for one in answer.break_even]
    return Table.of(
        ["field", "now", "from here on", "this becomes best"],
        rows,
        title="What would change the answer",
        notes=[how_points_were_found(answer)] if rows else [],
    )


def contenders_table(answer: Recommendation) -> Table:
    """What would put each other pattern first."""
    from advisor.advice.contenders import looked_at

    rows = [(one.pattern, one.says) for one in answer.contenders]
    note = f"Each alone was looked at: {looked_at(answer)}. What refuses a pattern stands above, with how to mend it."
    return Table.of(
        ["pattern", "comes first with"], rows, title="What would put the others first", notes=[note] if rows else []
    )


def sensitivity_table(answer: Recommendation) -> Table:
    """The assumptions that move the answer: what is best, and what it costs, at the ends of what is plausible."""
    rows = [
        (
            one.key,
            one.held,
            f"{one.low}: {_end(one.best_low, one.usd_low)}",
            f"{one.high}: {_end(one.best_high, one.usd_high)}",
            "yes" if one.flips else "",
        )
        for one in answer.sensitivity
    ]
    return Table.of(
        ["assumption", "held", "at the low end", "at the high end", "another is best"],
        rows,
        title="Assumptions that matter",
        notes=[_told_how(answer)] if rows else [],
    )


def how_points_were_found(answer: Recommendation) -> str:
    """Which points are simulated, and which are estimated."""
    estimated = [f"{one.field}: {one.written}" for one in answer.break_even if one.how != "simulated"]
    if not estimated:
        return "Each was found by simulation: it holds there, and not ten percent short of it."
    others = "; the others were found by simulation: each holds there, and not ten percent short of it"
    short = "Estimated from short simulations: "
    return f"{short}{', '.join(estimated)}{others if len(estimated) < len(answer.break_even) else ''}."


def _told_how(answer: Recommendation) -> str:
    simulated = [one.key for one in answer.sensitivity if one.how == "simulated"]
    if not simulated:
        return "Estimated by arithmetic, and not simulated."
    if len(simulated) == len(answer.sensitivity):
        return "Each was found by simulation, as a recommendation with the assumption set so gives it."
    return f"Estimated by arithmetic; found by simulation: {', '.join(simulated)}."


def _end(best: str, usd: float) -> str:
    return f"{best}, {show_usd(usd)}" if best and math.isfinite(usd) else "nothing meets the objective"


def page(answer: Recommendation) -> str:
    """What a notebook shows."""
    said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in answer.why)
    return said + "".join(table.html() for table in tables(answer))


def _two(share: float) -> float:
    return float(f"{share:.2g}") if math.isfinite(share) else 0.0
