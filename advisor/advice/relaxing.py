"""What to relax where nothing that was simulated meets the objective: fields and values that make it fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from advisor.advice.outcome import Outcome, show_latency
from advisor.advice.ranking import ALIKE
from advisor.advice.recommendation import Option, Relaxation
from advisor.sim.estimates import Estimate
from advisor.units import show_duration, show_share
from advisor.workload import Workload

__all__ = ["HALF", "down", "loosened", "of_options", "said", "up"]

# What lets half of all requests fail is no objective.
HALF = 0.5
# An interval that ends further above its value says nothing of how much is enough; what runs cannot tell from it, does.
_WIDE, _ROOM = 1.5, ALIKE
# Beside the nearest, so many are told.
_OTHERS = 3
# The need that asks for what ``cold_starts: avoid`` does.
_WARM = "no-cold-start"


def of_options(w: Workload, options: Sequence[Option]) -> tuple[Relaxation, ...]:
    """For the nearest option, and for the cheapest of each kind of relaxation, what makes it meet the objective."""
    made = [(one, sets) for one in options if (sets := _sets(w, one)) is not None]
    if not made:
        return ()
    found = [made[0]] if made[0][0] is options[0] else []
    for one, sets in sorted(made, key=lambda pair: (pair[0].usd_per_month, pair[0].id)):
        # What takes as much relaxing as another, or more, is only told where it is cheaper.
        simpler = [other for other, others in found if set(others) <= set(sets)]
        if all(one.usd_per_month < other.usd_per_month for other in simpler) and len(simpler) < 2:
            found.append((one, sets))
    return tuple(
        Relaxation(
            pattern=one.pattern,
            id=one.id,
            usd=float(one.usd_per_month),
            sets=sets,
            how="simulated",
        )
        for one, sets in found[: _OTHERS + 1]
    )


def said(w: Workload, sets: Mapping[str, object]) -> str:
    """What to do, in words: "relax objective.p99 to 7.3 s and objective.errors to 2 % and drop the need vpc"."""
    parts = []
    for verb, ours in (("relax", False), ("bring", True)):
        # A load curve is a value of its own, written point by point.
        held = {path: value for path, value in sets.items() if isinstance(value, str | Mapping) and path != "region"}
        to = [f"{path} to {value}" for path, value in held.items() if path.startswith("work.") is ours]
        parts += [f"{verb} {' and '.join(to)}"] if to else []
    parts += [f"move to {sets['region']}"] if "region" in sets else []
    parts += [f"leave out {path}" for path, value in sets.items() if value is None]
    kept = sets.get("needs")
    parts += [f"drop the need {need}" for need in w.needs if isinstance(kept, list) and need not in kept]
    return " and ".join(parts)


def loosened(w: Workload, seconds: Mapping[str, float]) -> dict[str, str | None]:
    """The fields for latencies to be so long: left out what is infinite, since it is met at no value.

    What is asked of a higher percentile is never less than what a lower one is relaxed to.
    """
    found, least = dict(seconds), 0.0
    for name, asked in reversed(w.objective.latencies):
        if name != "mean" and (there := found.get(name, asked)) < math.inf:
            if there < least:
                found[name] = least
            least = max(least, there)
    return {f"objective.{name}": show_latency(value) if value < math.inf else None for name, value in found.items()}


def up(value: float) -> float:
    """Two digits, and never less: what is relaxed to it holds."""
    return _two(value, math.ceil, -1e-9)


def down(value: float) -> float:
    """Two digits, and never more."""
    return _two(value, math.floor, 1e-9)


def _two(value: float, whole: Callable[[float], int], spare: float) -> float:
    """Two digits; what is one already but for rounding stays."""
    if not 0 < value < math.inf:
        return value
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{whole(value / step + spare) * step:.2g}")


def _sets(w: Workload, option: Option) -> dict[str, object] | None:
    """What of the profile to change so that an option meets it; ``None`` where no figure does that.

    Of a lot's job beside a stream only what is asked of the lot counts: how long it takes is no latency of a request.
    """
    lots = [part for part in option.parts if part.pattern == "batch-transform"]
    found = dict(_of_latency(w, option.outcome))
    for path, value in (*_of_errors(w, (option.outcome, *lots)), *_of_deadline(w, option.outcome)):
        if value == "":
            return None
        found[path] = value
    return found or None


def _of_latency(w: Workload, outcome: Outcome) -> Iterator[tuple[str, object]]:
    """Percentiles and cold starts."""
    wanted = w.objective
    reached = {name: outcome.latency_s[name] for name, _ in wanted.latencies}
    yield from loosened(w, {
        name: up(_enough(reached[name])) if reached[name].value < math.inf else math.inf
        for name, seconds in wanted.latencies
        if not reached[name].value <= seconds
    }).items()  # fmt: skip
    if wanted.cold_starts == "avoid" and outcome.cold_start_share > 0:
        yield "objective.cold_starts", "allow"
        if _WARM in w.needs:
            yield "needs", [need for need in w.needs if need != _WARM]


def _of_errors(w: Workload, outcomes: Sequence[Outcome]) -> Iterator[tuple[str, object]]:
    """The share that all of them keep to; empty where there is none that would do."""
    lost = [one.error_share for one in outcomes if one.error_share.value > w.objective.errors]
    if lost:
        useful = all(one.value < HALF for one in lost)
        yield "objective.errors", show_share(up(max(map(_enough, lost)))) if useful else ""


def _of_deadline(w: Workload, outcome: Outcome) -> Iterator[tuple[str, object]]:
    """The time that a lot takes; empty where no time does."""
    if w.batch is not None and outcome.longest_job_s > w.batch.deadline_s:
        late = outcome.longest_job_s * _ROOM
        yield "batch.deadline", show_duration(up(late)) if late < math.inf else ""


def _enough(reached: Estimate) -> float:
    """What another run does not pass either: the end of the interval, where that is near."""
    least = reached.value * _ROOM
    return max(least, reached.high) if reached.high <= reached.value * _WIDE else least
