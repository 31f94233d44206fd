"""What would have to change for each other pattern to come first, as far as there is something.

A break-even point tells of the pattern that comes first next. Those behind it are looked for all along each axis, and
by what the profile might choose otherwise: where arithmetic puts them in front, nearest to the present figure, that is
confirmed as break-even points are. What rules refuse is mended first, and then looked at beside the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from advisor.advice.breaking_even import Bracket, holds_with, point_of
from advisor.advice.confirming import Confirming
from advisor.advice.explaining import show_usd
from advisor.advice.levers import Axis, axes_of, payload_down, switches_of
from advisor.advice.mending import of_rules
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import BreakEven, Contender, Recommendation, Relaxation
from advisor.advice.relaxing import said
from advisor.advice.spill import Spill
from advisor.advice.trial import Bench, Ran
from advisor.units import show_share

__all__ = ["Places", "contender", "contenders", "looked_at", "losers_of", "moved_along"]

# For a pattern, so many axes are tried, the one that has to be moved least first.
_TRIED = 2
# What is said of how it was found.
_HOW = {
    "simulated": "",
    "estimated": " (estimated from short simulations)",
    "arithmetic": " (by arithmetic: too many requests to confirm it)",
}

# By axis, between which factors each pattern first comes first by arithmetic.
Places = tuple[tuple[Axis, Mapping[str, Bracket]], ...]


def moved_along(answer: Recommendation) -> tuple[Axis, ...]:
    """The axes along which every pattern is looked for: a smaller payload, too, where one is refused for its size."""
    axes = axes_of(answer)
    by_size = any(one.path.startswith("payload") for refusal in answer.refused for one in refusal.findings)
    return (*axes, *payload_down(answer.workload)) if axes and by_size else axes


def looked_at(answer: Recommendation) -> str:
    """What was moved to see whether another pattern comes first, in words."""
    figures = ", ".join(dict.fromkeys(axis.field for axis in moved_along(answer)))
    choices = ", ".join(dict.fromkeys(switch.field for switch in switches_of(answer)))
    moved = [f"{figures} up to a hundredfold, an objective up to a day"] if figures else []
    return "; ".join([*moved, *([f"another choice of {choices}"] if choices else [])])


def losers_of(answer: Recommendation) -> tuple[str, ...]:
    """Patterns by themselves that are not the best; of none where nothing is best."""
    if answer.best is None:
        return ()
    names = (*(one.pattern for one in answer.options), *(one.pattern for one in answer.refused))
    return tuple(name for name in dict.fromkeys(names) if name not in (answer.best.pattern, Spill.name))


def contenders(answer: Recommendation, points: Iterable[BreakEven], own: Iterable[Contender]) -> tuple[Contender, ...]:
    """One line a pattern that loses: the nearest break-even point at which it comes first, or what was found for it."""
    found = {one.pattern: one for one in own}
    for one in sorted(points, key=lambda one: -abs(math.log(one.factor))):
        found[one.becomes] = _at(one.becomes, one)
    return tuple(found[name] for name in losers_of(answer) if name in found)


def contender(
    pattern: str,
    places: Places,
    answer: Recommendation,
    outlook: Outlook,
    *,
    asked: tuple[str, ...],
    threads: int,
    ran: Ran,
) -> Contender:
    """What puts a pattern first: the axis that has to be moved least, or else another choice of the profile."""

    def point_at(axis: Axis, bracket: Bracket) -> BreakEven | None:
        return point_of(pattern, axis, bracket, answer, outlook, asked=asked, threads=threads, ran=ran)

    ways = [(axis, found[pattern]) for axis, found in places if pattern in found]
    for axis, bracket in sorted(ways, key=lambda way: abs(math.log(way[1][1])))[:_TRIED]:
        if point := point_at(axis, bracket):
            return _at(pattern, point)
    for switch in switches_of(answer):
        how = holds_with(switch, pattern, answer, outlook, asked=asked, threads=threads, ran=ran)
        if how:
            says = f"{switch.field}: {switch.other}, now {switch.now}{_HOW[how]}"
            return Contender(pattern=pattern, says=says, sets=switch.sets(answer.workload, 1.0), how=how)
    if not ways and (mended := _mended(pattern, answer, outlook, Confirming(answer, asked, outlook, threads))):
        return mended
    return Contender(pattern=pattern, says=_nothing(answer, pattern, [axis for axis, _ in ways]))


def _at(pattern: str, point: BreakEven) -> Contender:
    says = f"{point.field} {point.side} {point.written}, now {point.now}{_HOW[point.how]}"
    return Contender(pattern=pattern, says=says, sets=point.sets, short=point.short, how=point.how)


def _mended(pattern: str, answer: Recommendation, outlook: Outlook, confirming: Confirming) -> Contender | None:
    """What lets in a pattern that rules refuse, and whether it then comes first; ``None`` where no figure does."""
    rules, w = _refused_by(answer, pattern), answer.workload
    kinds = [one for one in outlook.patterns if rules and one.name == pattern]
    found = next(iter(of_rules(w, kinds, outlook.book)), None)
    if found is None:
        return None
    does, numbers, changed = said(w, found.sets), _numbers(rules), w.with_(found.sets)
    best, usd = outlook.whole(changed)
    if best != pattern:
        lets = f"to let it in{f' ({numbers})' if numbers else ''}, {does}"
        return Contender(pattern=pattern, says=f"nothing alone; {lets}: {_still(answer, found, best, usd)}")
    how = "arithmetic"
    if Bench(changed, answer.seed, outlook.book).confirms and confirming.affords(changed):
        how = "simulated"
        if confirming.best(changed).pattern != pattern:
            says = f"nothing confirmed: arithmetic has it first if you {does}, and simulation has not"
            return Contender(pattern=pattern, says=says)
    mends = f" (mends {numbers})" if numbers else ""
    return Contender(pattern=pattern, says=f"{does}{mends}{_HOW[how]}", sets=found.sets, how=how)


def _still(answer: Recommendation, found: Relaxation, best: str, usd: float) -> str:
    """Why what is no longer refused is not first: by arithmetic, as all of it is."""
    if math.isnan(found.usd):
        return "by arithmetic it then misses the objective"
    if answer.workload.objective.prefer == "cost" and found.usd > usd:
        return f"by arithmetic it then costs {show_usd(found.usd)} a month, and {best} {show_usd(usd)}"
    return f"by arithmetic {best} then still comes first"


def _refused_by(answer: Recommendation, name: str) -> tuple[str, ...]:
    """The rules that refuse a pattern, each once; none where it is not refused."""
    of_it = [finding for one in answer.refused if one.pattern == name for finding in one.findings]
    return tuple(dict.fromkeys(finding.rule for finding in of_it))


def _numbers(rules: Iterable[str]) -> str:
    """Of rules those that have a number; a refusal by arithmetic has none."""
    return ", ".join(rule for rule in rules if not rule.endswith("arithmetic"))


def _nothing(answer: Recommendation, name: str, suspected: list[Axis]) -> str:
    """That nothing was found; what refuses it, or by how much it is too dear."""
    if suspected:
        fields = " or ".join(dict.fromkeys(axis.field for axis in suspected))
        return f"nothing confirmed: arithmetic has it first with another {fields}, and simulation has not"
    if rules := _refused_by(answer, name):
        return f"nothing alone: what refuses it ({', '.join(rules)}) is to be mended first"
    return f"nothing alone{_dearer(answer, name)}"


def _dearer(answer: Recommendation, name: str) -> str:
    """How much less it would have to cost, where the cost is what it loses by."""
    best = answer.best
    own = next((one for one in answer.options if one.pattern == name and one.meets_objective), None)
    if best is None or own is None or answer.workload.objective.prefer != "cost":
        return ""
    if own.usd_per_month <= best.usd_per_month:
        return ""
    less = show_share(float(f"{1 - float(best.usd_per_month / own.usd_per_month):.2g}"))
    return f"; it would have to cost {less} less, {show_usd(best.usd_per_month)} a month"
