"""Why the best is the best, and what each other option loses by, in sentences with figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from advisor.advice.outcome import Outcome, show_latency, show_three
from advisor.advice.ranking import FEW, percentile
from advisor.advice.recommendation import Confidence, Option, Recommendation, Refusal, Relaxation
from advisor.advice.relaxing import said
from advisor.rules import WARNS, Finding
from advisor.show import show_digits
from advisor.units import show_share
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.foreseeing import Prospect
    from advisor.advice.search import Found

__all__ = ["nothing_serves_both", "reasons", "show_usd", "told", "why"]

# So many patterns are told of that a change of the profile would make possible.
_TOLD = 2


def show_usd(usd: Decimal | float) -> str:
    """An amount of a month: cents, or two digits of what is less than one."""
    value = float(usd)
    return f"{value:,.2f} USD" if value >= 0.01 or value == 0 else f"{show_digits(value, 2)} USD"


def why(
    w: Workload,
    options: Sequence[Option],
    refused: Sequence[Refusal],
    confidence: Confidence,
    relaxations: Sequence[Relaxation] = (),
) -> tuple[str, ...]:
    """What is best and what it gives, what it loses in spikes, by how much it leads, and what was ruled out.

    Where nothing is, what comes nearest and what to relax.
    """
    if not options:
        return tuple(_nothing_serves(w, refused, relaxations))
    first = options[0]
    if not first.meets_objective:
        return tuple(_nothing_meets(w, first, relaxations))
    in_spikes = _loses_in_spikes(w, first.outcome)
    return (_is_best(w, options), *in_spikes, _leads(options, confidence), *_ruled_out(refused, options))


def _loses_in_spikes(w: Workload, best: Outcome) -> tuple[str, ...]:
    """What the best misses while one-off spikes last, which the objective is not judged by."""
    if (spikes := best.spikes) is None:
        return ()
    missed = []
    for name, seconds in w.objective.latencies:
        if (late := spikes.latency_s[name].value) > seconds:
            missed.append(f"the {name} is {show_latency(late)} where {show_latency(seconds)} is asked for")
    if (lost := spikes.error_share.value) > w.objective.errors:
        missed.append(
            f"{show_three(lost)} of the requests are not served where {show_share(w.objective.errors)} may be, which "
            f"makes {show_three(spikes.month_error_share)} of all requests of the month"
        )
    return (f"While the spikes last, {'; '.join(missed)}: the objective is judged without them.",) if missed else ()


def _is_best(w: Workload, options: Sequence[Option]) -> str:
    name, best = percentile(w), options[0].outcome
    asked = w.objective.latency
    late = show_latency(best.latency_s[name].value)
    goal = f" where {show_latency(asked[1])} is asked for" if asked else ""
    errors = show_share(_two(best.error_share.value))
    unserved = f", and {errors} of the requests are not served" if best.error_share.value > 0 else ""
    return (
        f"{best.id} is best, as {_preferred(w, options)}: it costs {show_usd(best.usd_per_month.value)} a month, "
        f"answers with a {name} of {late}{goal}{unserved}."
    )


def _preferred(w: Workload, options: Sequence[Option]) -> str:
    """What puts the best first; of those that are as good within half a percent another may cost a little less."""
    if w.objective.prefer == "latency":
        return "it is the cheapest of those within five percent of the fastest"
    if w.objective.prefer == "balanced":
        return "cost times latency is least"
    first = options[0].outcome
    cheapest = min((one.outcome for one in options if one.meets_objective), key=lambda one: one.usd_per_month.value)
    if math.isclose(first.usd_per_month.value, cheapest.usd_per_month.value, rel_tol=1e-3):
        return "it is the cheapest that meets the objective"
    fewer = cheapest.error_share.value - first.error_share.value >= FEW
    than = f"{'turns away fewer' if fewer else 'is faster'} than {cheapest.id}"
    return f"nothing that meets the objective costs half a percent less for what it serves, and it {than}"


def _leads(options: Sequence[Option], confidence: Confidence) -> str:
    first = options[0]
    met = [one for one in options[1:] if one.meets_objective]
    if not met:
        return "No other deployment that was simulated meets the objective."
    next_one = next((one for one in met if one.pattern != first.pattern), met[0])
    sure = show_share(_two(confidence.first_is_first))
    if next_one.id in confidence.equal_to:
        return (
            f"It cannot be told from {next_one.id} ({show_usd(next_one.usd_per_month)}): the two are equal within "
            f"what the simulation can tell, and it is truly first with a probability of {sure}."
        )
    # The doubt may be of another one of the same pattern.
    close = f", which cannot be told from {confidence.equal_to[0]}," if confidence.equal_to else ""
    return f"Next comes {next_one.id}: {next_one.told}; the first{close} is truly first with a probability of {sure}."


def _ruled_out(refused: Sequence[Refusal], options: Sequence[Option]) -> tuple[str, ...]:
    said = [
        f"{one.pattern} is refused ({', '.join(dict.fromkeys(finding.rule for finding in one.findings))})"
        for one in refused
    ]
    patterns = dict.fromkeys(one.pattern for one in options)
    missed = [name for name in patterns if not any(one.meets_objective for one in options if one.pattern == name)]
    said += [f"{name} misses the objective" for name in missed]
    return ("; ".join(said)[:1].upper() + "; ".join(said)[1:] + ".",) if said else ()


def _nothing_serves(w: Workload, refused: Sequence[Refusal], relaxations: Sequence[Relaxation]) -> Iterator[str]:
    """What refuses every pattern, and with which changes the nearest is possible."""
    findings = [finding for one in refused for finding in one.findings]
    if w.task != "inference":
        yield f"Nothing serves {w.name}: its task is {w.task}, and every pattern of hosting serves inference only."
        yield from list(dict.fromkeys(f"To mend: {one.mend}." for one in findings if one.path == "task"))[:1]
        return
    rules = sorted({finding.rule for finding in findings})
    yield f"Nothing can serve {w.name}: every pattern is refused ({', '.join(rules)})."
    for n, one in enumerate(relaxations[:_TOLD]):
        yield _possible(w, one, one.pattern, nth=n)


def nothing_serves_both(
    w: Workload, stream: Recommendation, lot: Recommendation, relaxations: Sequence[Relaxation]
) -> tuple[str, ...]:
    """What serves or refuses a stream and the lot beside it, each by itself, and what makes both possible together."""
    if w.task != "inference":
        return tuple(_nothing_serves(w, (*stream.refused, *lot.refused), ()))
    each = "; ".join((_by_itself("the stream of requests", stream), _by_itself("the lot", lot)))
    to_relax = (_possible(w, one, one.id, nth=n) for n, one in enumerate(relaxations[:_TOLD]))
    return (f"Nothing can serve all of {w.name}: {each}.", *to_relax)


def _by_itself(what: str, part: Recommendation) -> str:
    if not part.options:
        rules = sorted({finding.rule for one in part.refused for finding in one.findings})
        every = f"every pattern is refused ({', '.join(rules)})" if rules else "no pattern is left"
        return f"for {what} {every}"
    first = part.options[0]
    costs = f"{first.id} for {show_usd(first.usd_per_month)} a month"
    if first.meets_objective:
        return f"{what} alone is served by {costs}"
    return f"{what} is served by nothing as the objective asks, nearest by {costs}: {', '.join(first.outcome.misses)}"


def _possible(w: Workload, one: Relaxation, name: str, *, nth: int) -> str:
    """What makes a deployment possible that rules refuse as it is, and what becomes of it then."""
    which = f"{'Next' if nth else 'Nearest'} is {name}: {said(w, one.sets)}"
    whose = "it" if name == one.id else one.id
    if one.how == "simulated":
        return f"{which}, and {whose} fits for {show_usd(one.usd)} a month."
    meets = f"{whose} then meets the objective for about {show_usd(one.usd)} a month"
    then = "its objective is still missed" if math.isnan(one.usd) else meets
    return f"{which}, and no rule refuses it; by arithmetic {then}."


def _nothing_meets(w: Workload, nearest: Option, relaxations: Sequence[Relaxation]) -> Iterator[str]:
    """What is nearest to feasible, and what to relax so that it, or something cheaper, is."""
    yield f"Nothing meets the objective of {w.name}."
    missed = "; ".join(nearest.outcome.misses)
    yield f"Nearest is {nearest.id} for {show_usd(nearest.usd_per_month)} a month: {missed}."
    for one in relaxations:
        what = said(w, one.sets)
        if one.how == "simulated":
            fits = "it fits" if one.id == nearest.id else f"{one.id} fits for {show_usd(one.usd)} a month"
        elif math.isnan(one.usd):
            continue
        else:
            fits = f"by arithmetic {one.id} fits for about {show_usd(one.usd)} a month"
        yield f"{what[0].upper()}{what[1:]}, and {fits}."


def told(w: Workload, best: Outcome, other: Outcome, *, dominated_by: str, quotas: Sequence[Finding] = ()) -> str:
    """What sets an option apart from the best: what it misses, or by how much it costs and takes more.

    ``quotas`` are those that AWS has to raise before it can start.
    """
    if other.misses:
        return "misses the objective: " + "; ".join(other.misses)
    mine, theirs = float(best.usd_per_month.value), float(other.usd_per_month.value)
    name = percentile(w)
    fast, slow = best.latency_s[name].value, other.latency_s[name].value
    said = [_compared("costs", "a month", show_usd(theirs), mine, theirs)]
    said.append(_compared(f"has a {name} of", "", show_latency(slow), fast, slow))
    unserved = other.error_share.value
    if abs(unserved - best.error_share.value) >= FEW:
        share = show_share(_two(unserved))
        said.append(f"leaves {share} of the requests unserved" if unserved else "serves all requests")
    if dominated_by:
        said.append(f"{dominated_by} is no dearer, no slower and turns away no more")
    raised = f"; it needs a higher quota from AWS first: {'; '.join(one.says for one in quotas)}" if quotas else ""
    return f"{', '.join(said)}{raised}"


def _compared(verb: str, after: str, shown: str, mine: float, theirs: float) -> str:
    """A figure beside the best one's: "costs 30 USD a month (2.1 times as much)"."""
    figure = " ".join(part for part in (verb, shown, after) if part)
    if not mine > 0 or theirs == float("inf"):
        return figure
    ratio = theirs / mine
    if 0.995 <= ratio <= 1.005:
        return f"{figure} (as much)"
    if ratio >= 2:
        return f"{figure} ({_times(ratio)} times as much)"
    change = show_share(_two(abs(ratio - 1)))
    return f"{figure} ({change} {'more' if ratio > 1 else 'less'})"


def _times(ratio: float) -> str:
    return f"{float(f'{ratio:.3g}'):,.10g}"


def _two(share: float) -> float:
    return float(f"{share:.2g}") if share == share else 0.0


def reasons(one: Prospect, found: Found | None) -> tuple[Finding, ...]:
    """Why a pattern is not in the ranking."""
    return one.refusal or one.hopeless or _no_chance(one, found)


def _no_chance(one: Prospect, found: Found | None) -> tuple[Finding, ...]:
    """Why a pattern that no rule refuses is not ranked: nothing of it can meet the objective, or it is not the first.

    A brief answer ranks no more than it takes to know the first.
    """
    if says := one.foreseen(one.first).impossible:
        pass
    elif found is not None and found.trials:
        meets = any(trial.meets for trial in found.trials)
        says = "trials put it behind the first" if meets else "in trials it misses the objective"
    elif one.met is not None:
        says = "arithmetic puts it behind the first"
    else:
        says = "none of its deployments can be tried"
    return (
        Finding(
            rule=f"{one.pattern.name}: arithmetic",
            verdict=WARNS,
            says=says,
            path="objective",
            where=one.workload.where("objective"),
            mend="relax the objective, or measure the work on a faster type",
            source="arithmetic on the profile's own figures, 2026",
        ),
    )
