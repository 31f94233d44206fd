"""Factories of rules about time: how long a request takes against what a pattern allows and the customer wants."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from advisor.rules.declared import Rule, rule
from advisor.rules.estimates import longest_s, roughly, slower_than
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, WARNS, Ill
from advisor.units import show_duration, show_share
from advisor.workload import Workload, WorkOn

__all__ = ["borrowed_mean_within", "curve_falls", "mean_within", "objective_reachable", "tail_within"]

# The deployment's place of work: an instance type, or a serverless memory size.
Place = Callable[[Any], str]


def mean_within(
    rule_id: str,
    key: str,
    place: Place,
    *,
    title: str,
    reason: str,
    mend: str,
    passes: str,
    fails: str,
    unless: str = "",
) -> Rule[Any]:
    """The usual request, as measured, takes longer than the pattern waits; the need ``unless`` has another limit."""
    return _mean_within(rule_id, key, place, title, reason, mend, passes, fails, unless=unless, measured=True)


def borrowed_mean_within(
    rule_id: str,
    key: str,
    place: Place,
    *,
    title: str,
    reason: str,
    mend: str,
    passes: str,
    fails: str,
    passes_set: str = "",
    fails_set: str = "",
    unless: str = "",
) -> Rule[Any]:
    """The same where the speed is borrowed from another place: nothing is refused for lack of a measurement."""
    sets = (passes_set, fails_set)
    return _mean_within(rule_id, key, place, title, reason, mend, passes, fails, *sets, unless=unless, measured=False)


def _mean_within(
    rule_id: str,
    key: str,
    place: Place,
    title: str,
    reason: str,
    mend: str,
    passes: str,
    fails: str,
    passes_set: str = "",
    fails_set: str = "",
    *,
    unless: str,
    measured: bool,
) -> Rule[Any]:
    def body(w: Workload, d: object) -> Ill | None:
        on = w.work_on(place(d))
        if unless in w.needs or on.mean_s <= w.limit(key) or (on.evidence == "measured") != measured:
            return None
        return Ill(
            f"a request takes {show_duration(on.mean_s)} on {on.on}{_evidence(on)}, and an answer is due in "
            f"{told(w, key)}",
            mend=mend,
        )

    body.__doc__ = f"{title}\n\n{reason}"
    return rule(
        rule_id,
        BLOCKS if measured else WARNS,
        where="work",
        reads=(key,),
        passes=passes,
        fails=fails,
        passes_set=passes_set,
        fails_set=fails_set,
        facts=2,
    )(body)


def tail_within(
    rule_id: str,
    key: str,
    place: Place,
    *,
    title: str,
    reason: str,
    mend: str,
    passes: str,
    fails: str,
    unless: str = "",
    only: str = "",
) -> Rule[Any]:
    """The usual request is in time, and more of the slow ones are not than the customer allows to fail.

    It holds without the need ``unless``, or only with the need ``only``.
    """

    def body(w: Workload, d: object) -> Ill | None:
        on, share = w.work_on(place(d)), min(0.999, 1 - w.objective.errors)
        slow = longest_s(w, on, max(share, 0.5))
        if unless in w.needs or (only and only not in w.needs):
            return None
        if on.mean_s > w.limit(key) or slow <= w.limit(key):
            return None
        beyond = slower_than(w, on, w.limit(key))
        return Ill(
            f"about {show_share(roughly(beyond))} of requests take longer than {told(w, key)} on "
            f"{on.on}{_evidence(on)}, and {show_share(w.objective.errors)} may fail",
            mend=mend,
        )

    body.__doc__ = f"{title}\n\n{reason}"
    return rule(rule_id, WARNS, where="work", reads=(key,), passes=passes, fails=fails, facts=3)(body)


def objective_reachable(rule_id: str, place: Place, *, overhead: str, passes: str, fails: str) -> Rule[Any]:
    """A latency objective below what one request alone takes, overhead included, cannot be met by adding capacity."""

    def body(w: Workload, d: object) -> Ill | None:
        on = w.work_on(place(d))
        for name, seconds in w.objective.latencies:
            alone = on.mean_s if name == "mean" else longest_s(w, on, int(name[1:]) / 100)
            alone += float(w.assume(overhead))
            if alone > seconds:
                return Ill(
                    f"a request alone has a {name} of {show_duration(alone)} on {on.on}{_evidence(on)}, and "
                    f"the objective is {show_duration(seconds)}",
                    mend=(
                        f"make the model faster, measure a faster type, or ask for a {name} of at least "
                        f"{show_duration(alone)}"
                    ),
                    path=f"objective.{name}",
                )
        return None

    body.__doc__ = f"""One request alone takes longer than the latency objective allows.

    More instances shorten the wait, never the work itself: service time and the platform's own part
    ({{{overhead}}}) remain."""
    return rule(rule_id, WARNS, where="objective", reads=(overhead,), passes=passes, fails=fails, facts=2)(body)


def curve_falls(rule_id: str, place: Place, *, passes: str, fails: str) -> Rule[Any]:
    """A load curve whose throughput falls: more in flight serve fewer a second."""

    def body(w: Workload, d: object) -> Ill | None:
        at = w.work_on(place(d)).at
        points = sorted((n, n / seconds) for n, seconds in (at or {}).items())
        for (less, best), (more, then) in pairwise(points):
            if then < best * (1 - 1e-9):
                return Ill(
                    f"throughput falls from {best:.3g} to {then:.3g} requests a second between {less} and "
                    f"{more} in flight",
                    mend=f"limit the container to {less} at once and end the curve there, or measure again",
                )
        return None

    body.__doc__ = """With more requests in flight, fewer a second are served.

    Where more requests in flight are served more slowly than in proportion, a queue makes itself longer; the container
    should admit no more than the best point."""
    return rule(
        rule_id,
        WARNS,
        where="work",
        source="arithmetic on the profile's own figures, 2026",
        passes=passes,
        fails=fails,
        facts=2,
    )(body)


def _evidence(on: WorkOn) -> str:
    return "" if on.evidence == "measured" else f" ({on.evidence})"
