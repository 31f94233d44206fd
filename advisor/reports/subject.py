"""What a report or a plot shows: an answer, an option, an outcome or a workload, and how its figures are written."""

from __future__ import annotations

import math

from advisor.advice.combination import Combination
from advisor.advice.outcome import Outcome
from advisor.advice.recommendation import Option, Recommendation
from advisor.errors import InputError
from advisor.show import show_digits
from advisor.units import show_rate
from advisor.workload import Workload

__all__ = [
    "Shown",
    "best_of_each",
    "even_ticks",
    "folded",
    "rate_tick",
    "short_id",
    "streamed",
    "the_outcome",
    "the_workload",
    "usd",
    "usd_tick",
]

Shown = Recommendation | Option | Outcome


def the_outcome(shown: Shown) -> Outcome:
    """The outcome itself: of an answer, its first option's."""
    if isinstance(shown, Outcome):
        return shown
    if isinstance(shown, Option):
        return shown.outcome
    if isinstance(shown, Recommendation):
        if not shown.options:
            raise InputError(
                f"{shown.workload.name} has no option to plot: every pattern is refused",
                "",
                "mend one of the reasons in refused, or plot what simulate gives",
            )
        return shown.options[0].outcome
    raise InputError(
        f"{shown!r} is no answer to plot"[:120], "", "give what recommend or simulate answers, or one of its options"
    )


def best_of_each(answer: Recommendation) -> tuple[Option, ...]:
    """The best ranked option of each pattern, or pair of patterns, in the order of the ranking."""
    first: dict[str, Option] = {}
    for option in answer.options:
        first.setdefault(getattr(option.deployment, "patterns", option.pattern), option)
    return tuple(first.values())


def streamed(shown: Shown) -> Outcome:
    """The outcome whose latency and whose day are meant: beside a lot's job, that of the stream's endpoint."""
    if isinstance(shown, Recommendation) and shown.options:
        shown = shown.options[0]
    if isinstance(shown, Option) and isinstance(shown.deployment, Combination):
        return shown.parts[0]
    return the_outcome(shown)


def asked_of(w: Workload | None) -> tuple[tuple[str, float], ...]:
    """What the workload asks for by name: its latencies, or the deadline of a lot that stands alone."""
    if w is None:
        return ()
    if w.batch is not None and not w.streams:
        return (("deadline", w.batch.deadline_s),) if w.batch.deadline_s else ()
    return tuple(w.objective.latencies)


def things(outcome: Outcome) -> str:
    """What is served: records where a job works off a lot, else requests."""
    return "records" if outcome.pattern == "batch-transform" else "requests"


def the_workload(shown: Shown | Workload) -> Workload | None:
    """The workload behind an answer, where it is known."""
    if isinstance(shown, Workload):
        return shown
    return shown.workload if isinstance(shown, Recommendation) else None


def short_id(outcome: Outcome) -> str:
    """A deployment's name on two lines: its pattern, and what sets it apart; long ones are folded at a hyphen."""
    if " + " in outcome.id:
        return "\n+ ".join(folded(part, 26) for part in outcome.id.split(" + "))
    rest = outcome.id.removeprefix(outcome.pattern).lstrip("-")
    return f"{outcome.pattern}\n{folded(rest, 22)}" if rest else outcome.pattern


def folded(name: str, width: int) -> str:
    """A name cut into lines at its hyphens."""
    lines = [""]
    for word in name.split("-"):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]}-{word}".lstrip("-")
    return "\n".join(lines)


def usd(value: float) -> str:
    """An amount to be read: whole dollars above a hundred, cents below, three digits of what is less."""
    if value >= 100:
        return f"${value:,.0f}"
    if value >= 0.995 or value == 0:
        return f"${value:,.2f}"
    return f"${show_digits(value, 2)}"


def usd_tick(value: float) -> str:
    """An amount at a tick: $0.01, $5, $2k, $1.5M."""
    for scale, unit in ((1e6, "M"), (1e3, "k")):
        if value >= scale * 0.99999:
            return f"${value / scale:g}{unit}"
    return f"${value:g}"


def even_ticks(low: float, high: float, most: int) -> list[float]:
    """Round places for ticks of a linear axis, at most so many."""
    reach = high - low
    power = math.floor(math.log10(reach)) - 1
    steps = [part * 10.0 ** (power + more) for more in range(3) for part in (1, 2, 5)]
    step = next(one for one in steps if math.floor(high / one) - math.ceil(low / one) + 1 <= most)
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


_RATES = (
    (*(n / 86400 for n in (1, 2, 5, 10)), *(n / 3600 for n in (1, 2, 5, 10, 30)), *(n / 60 for n in (1, 2, 5, 10, 30)),
     *(n * 10.0**power for power in range(9) for n in (1, 2, 5))),
    (*(n / 86400 for n in (1, 5)), *(n / 3600 for n in (1, 6, 30)), *(n / 60 for n in (2, 10)),
     *(n * 10.0**power for power in range(9) for n in (1, 10))),
    (1 / 86400, 1 / 3600, 1 / 60, *(10.0**power for power in range(9))),
    (1 / 3600, 1.0, 1e3, 1e6),
)  # fmt: skip


def rate_ticks(low: float, high: float, most: int) -> list[float]:
    """Places for ticks of a logarithmic axis of rates, round in the unit that each is written in."""
    inside: list[float] = []
    for places in _RATES:
        inside = sorted({at for at in places if low <= at <= high})
        if len(inside) <= most:
            break
    return inside if len(inside) > 1 else [low, math.sqrt(low * high), high]


def rate_tick(rate: float) -> str:
    """A rate at a tick: 40/s, 30/min."""
    text = show_rate(float(f"{rate:.2g}"))
    for word, short in (("second", "s"), ("minute", "min"), ("hour", "h")):
        text = text.replace(f" per {word}", f"/{short}")
    return text.replace(" per day", "/day")
