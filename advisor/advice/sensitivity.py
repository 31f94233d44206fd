"""Which assumptions the answer hangs on: what is best, and what it costs, at the ends of what is plausible.

Each assumption that fills the profile or describes the platform of a pattern in the ranking is set to the ends of its
plausible range, one at a time. Arithmetic judges, corrected by how far it was off where the answer was simulated;
where another pattern comes out best, a search with simulations decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from advisor.advice.breaking_even import any_scales
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import Recommendation, Sensitivity
from advisor.catalog.assumptions import Assumption, assumptions
from advisor.catalog.prices import PRICE_ASSUMPTIONS
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.patterns.base import Pattern
from advisor.workload import Workload

__all__ = ["sensitivity"]

# A change of cost below this is not worth a line.
_WORTH = 0.05
# Lines at most, and searches that may be simulated for those which flip the answer.
_LINES, _SIMULATED = 8, 3
# Requests a day above which flips are told as estimated.
_HEAVIEST_PER_DAY = 500_000


def sensitivity(
    answer: Recommendation, outlook: Outlook, *, asked: tuple[type[Pattern], ...], threads: int = 2
) -> tuple[Sensitivity, ...]:
    """The assumptions that move the answer, those that flip it first, then by how much they move its cost.

    Where nothing meets the objective, these are the assumptions under which something would.
    """
    if not answer.options:
        return ()
    best = answer.best.pattern if answer.best else ""
    best_usd = float(answer.best.usd_per_month) if answer.best else math.nan
    held = answer.workload
    # Arithmetic may have another deployment first, of another cost: what counts is how far it moves from there.
    here, usd_here = outlook.here()
    scale = best_usd / usd_here if best and usd_here > 0 else 1.0
    found: list[tuple[float, Sensitivity]] = []
    for one in _that_matter(answer):
        touched = _touched(answer, one)
        ends = [_end(outlook, held, one, value, touched) for value in (one.low, one.high)]
        if any(end is None for end in ends):
            continue
        (low, usd_low), (high, usd_high) = (
            (best, usd * scale) if end_best == here and best else (end_best, usd)
            for end_best, usd in (end for end in ends if end is not None)
        )
        moved = max(abs(usd - best_usd) / best_usd if best_usd and math.isfinite(usd) else 1.0
                    for usd in (usd_low, usd_high)) if best else 0.0  # fmt: skip
        flips = best not in (low, high) or low != high
        if flips or moved >= _WORTH:
            line = _line(answer, one, (low, usd_low), (high, usd_high), "estimated")
            found.append((math.inf if flips else moved, line))
    found.sort(key=lambda entry: (-entry[0], entry[1].key))
    lines = [line for _, line in found[:_LINES]]
    return tuple(_sure(answer, lines, [pattern.name for pattern in asked], threads))


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
    outlook: Outlook, w: Workload, one: Assumption, value: object, touched: frozenset[str]
) -> tuple[str, float] | None:
    """The best and its cost there; only the patterns that the assumption can move are looked at anew."""
    try:
        moved = w.with_({f"platform.{one.key}": value})
        alone = None if one.key in w.assumed.values() or one.key in PRICE_ASSUMPTIONS else one.key
        return outlook.best_with_usd(moved, resized=False, only=touched, moved=alone)
    except InputError:
        return None  # a value that contradicts the rest of the profile is not plausible for it


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


def _sure(answer: Recommendation, lines: Iterable[Sensitivity], asked: list[str], threads: int) -> list[Sensitivity]:
    """Flips confirmed by simulation where that is affordable; what turns out to be no flip says so by its figures."""
    from dataclasses import replace

    from advisor.advice.recommending import briefly

    made, left = [], _SIMULATED
    light = answer.workload.rate_per_s * 86_400 <= _HEAVIEST_PER_DAY and not any_scales(answer)
    for line in lines:
        if not line.flips or not light or left == 0:
            made.append(line)
            continue
        left -= 1
        ends: list[tuple[str, float]] = []
        for value, best, usd in ((line.low, line.best_low, line.usd_low), (line.high, line.best_high, line.usd_high)):
            if best == line.best:
                ends.append((best, usd))
                continue
            moved = answer.workload.with_({f"platform.{line.key}": value})
            there = briefly(moved, seed=answer.seed, patterns=asked, threads=threads)
            ends.append((there.pattern, there.usd if there.pattern else math.nan))
        (best_low, usd_low), (best_high, usd_high) = ends
        made.append(
            replace(line, best_low=best_low, usd_low=usd_low, best_high=best_high, usd_high=usd_high, how="simulated")
        )
    return made
