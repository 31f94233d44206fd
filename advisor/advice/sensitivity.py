"""Which assumptions the answer hangs on: what is best, and what it costs, at the ends of what is plausible.

Each assumption that fills the profile or describes the platform of a pattern in the ranking is set to the ends of its
plausible range, one at a time. Arithmetic says what moves, against what it says itself of the answered workload; then
the whole answer is worked out wherever an end is said to move it, as a user would who sets the assumption so. A line
that turns out to move nothing is left out; one for which whole answers take too long is told as estimated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from advisor.advice.confirming import LIGHT, Confirming
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import Recommendation, Sensitivity
from advisor.catalog.assumptions import Assumption, assumptions
from advisor.catalog.prices import PRICE_ASSUMPTIONS
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.workload import Workload

__all__ = ["WORTH", "End", "answered", "confirmed", "ends", "suspected"]

# An assumption, and the value it is set to.
End = tuple[str, str]

# A change of cost below this is not worth a line.
WORTH = 0.05
# What the chains that are followed move by less than this, the whole space hardly moves by more than that.
_MOVES = WORTH / 2
# Lines at most, and whole answers that are worked out for them.
_LINES, _ANSWERS = 8, 8
# What these may take together, in requests, about; half of it is for ends that another pattern is said to win.
_TOGETHER = 4 * LIGHT


def suspected(answer: Recommendation, outlook: Outlook) -> tuple[Sensitivity, ...]:
    """The lines that arithmetic has, all of them estimated: what flips the answer first, then what moves its cost most.

    Where nothing meets the objective, these are the assumptions under which something would.
    """
    if not answer.options:
        return ()
    outlook = outlook.anew()
    found: list[tuple[float, Sensitivity]] = []
    for one in _that_matter(answer):
        touched = _touched(answer, one)
        two = [_end(answer, outlook, one, value, touched) for value in (one.low, one.high)]
        low, high = two
        if low is None or high is None:
            continue
        line = _line(answer, one, low, high, "estimated")
        moved = max(_moved(answer, *low), _moved(answer, *high))
        if moved >= WORTH:
            found.append((moved, line))
    found.sort(key=lambda entry: (-entry[0], entry[1].key))
    return tuple(line for _, line in found[:_LINES])


def _now(answer: Recommendation) -> tuple[str, float]:
    """The best pattern of the answer and its cost."""
    return (answer.best.pattern, float(answer.best.usd_per_month)) if answer.best else ("", math.nan)


def _moved(answer: Recommendation, best: str, usd: float) -> float:
    """By how much of its cost an end moves the answer; infinite where another pattern comes first, or none."""
    first, mine = _now(answer)
    if not first or best != first:
        return math.inf if best or first else 0.0
    return abs(usd - mine) / mine if mine > 0 else 0.0


def ends(confirming: Confirming, lines: Iterable[Sensitivity]) -> tuple[End, ...]:
    """The ends to work out whole answers for, line by line, as long as they are affordable."""
    made: list[End] = []
    left = float(_TOGETHER)
    answer = confirming.answer
    for line in lines:
        # Both ends, as arithmetic may be wrong of either; an end that is what held is the answer itself.
        wanted = [(line.key, value) for value in (line.low, line.high) if value != line.held]
        efforts = [confirming.effort_of(_set_to(answer, end)) for end in wanted]
        affordable = math.fsum(efforts) <= (left if line.flips else left - _TOGETHER / 2)
        if affordable and len(made) + len(wanted) <= _ANSWERS:
            made += wanted
            left -= math.fsum(efforts)
    return tuple(made)


def answered(confirming: Confirming, end: End) -> tuple[str, float]:
    """The best pattern and its cost of the whole answer at an end."""
    found = confirming.best(_set_to(confirming.answer, end))
    return found.pattern, found.usd


def _set_to(answer: Recommendation, end: End) -> Workload:
    key, value = end
    return answer.workload.with_({f"platform.{key}": value})


def confirmed(
    answer: Recommendation, lines: Iterable[Sensitivity], found: Mapping[End, tuple[str, float]]
) -> tuple[Sensitivity, ...]:
    """The lines with what whole answers came to; without those that move nothing after all."""
    made, held = [], _now(answer)
    for line in lines:
        low, high = (line.key, line.low), (line.key, line.high)
        if low in found or high in found:
            # An end that was not worked out is what held.
            (best_low, usd_low), (best_high, usd_high) = found.get(low, held), found.get(high, held)
            line = replace(
                line, best_low=best_low, usd_low=usd_low, best_high=best_high, usd_high=usd_high, how="simulated"
            )
        moved = max(_moved(answer, line.best_low, line.usd_low), _moved(answer, line.best_high, line.usd_high))
        if moved >= WORTH:
            made.append((moved, line))
    made.sort(key=lambda entry: (-entry[0], entry[1].key))
    return tuple(line for _, line in made)


def _that_matter(answer: Recommendation) -> list[Assumption]:
    """Assumptions with a plausible range that fill the profile, or describe a pattern in the ranking."""
    patterns = {one.pattern for one in answer.options}
    filled = set(answer.workload.assumed.values())
    return [
        one
        for one in assumptions()
        if one.low is not None
        and one.high is not None
        and (one.key in filled or patterns & set(one.affects))
        and not answer.workload.overridden(one.key)
    ]


def _touched(answer: Recommendation, one: Assumption) -> frozenset[str]:
    """The patterns that an assumption can move: ranked ones that it is of, and those that a rule refuses by it."""
    ranked = {option.pattern for option in answer.options}
    touched = set(one.affects) & ranked
    if one.key in answer.workload.assumed.values():
        touched = ranked
    reads = {rule.id: rule.reads for pattern in PATTERNS for rule in pattern.RULES}
    for refusal in answer.refused:
        if any(one.key in reads.get(finding.rule, ()) for finding in refusal.findings):
            touched = touched | {refusal.pattern}
    return frozenset(touched)


def _end(
    answer: Recommendation, outlook: Outlook, one: Assumption, value: object, touched: frozenset[str]
) -> tuple[str, float] | None:
    """The best and its cost there, by how far arithmetic moves from what it says of the answered workload."""
    w = answer.workload
    try:
        moved = w.with_({f"platform.{one.key}": value})
        if one.key in w.assumed.values():
            there, here = _refilled(outlook, moved)
        else:
            # Only the patterns that the assumption can move are looked at anew.
            alone = None if one.key in PRICE_ASSUMPTIONS else one.key
            there = outlook.best_with_usd(moved, resized=False, only=touched, moved=alone)
            here = outlook.here()
    except InputError:
        return None  # a value that contradicts the rest of the profile is not plausible for it
    if there[0] != here[0]:
        return there
    # Arithmetic may have another deployment first than the answer, of another cost: what counts is how far it moves.
    best, usd = _now(answer)
    return best, usd * there[1] / here[1] if here[1] > 0 else usd


def _refilled(outlook: Outlook, moved: Workload) -> tuple[tuple[str, float], tuple[str, float]]:
    """The best and its cost there and here, where a field is filled by something else: other sizes may be right.

    The whole space is only looked at where the chains that are followed move at all.
    """
    there, here = outlook.best_with_usd(moved), outlook.followed_here()
    if there[0] == here[0] and (not here[0] or abs(there[1] - here[1]) < _MOVES * here[1]):
        return here, here
    return outlook.whole(moved), outlook.whole_here()


def _line(
    answer: Recommendation, one: Assumption, low: tuple[str, float], high: tuple[str, float], how: str
) -> Sensitivity:
    w = answer.workload
    paths = tuple(path for path, key in w.assumed.items() if key == one.key)
    return Sensitivity(
        key=one.key,
        title=one.title,
        held=_held(w, one, paths),
        low=str(one.low),
        high=str(one.high),
        best_low=low[0],
        best_high=high[0],
        usd_low=low[1],
        usd_high=high[1],
        how=how,
        paths=paths,
        best=answer.best.pattern if answer.best else "",
    )


def _held(w: Workload, one: Assumption, paths: Iterable[str]) -> str:
    """The value as it held, and what came of it where a limit held it back."""
    usual = str(w.platform[one.key] if w.overridden(one.key) else one.value)
    back = dict.fromkeys(w.shown(path) for path in paths if path in w.held_back)
    return f"{usual}, held back to {', '.join(back)}" if back else usual
