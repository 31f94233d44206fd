"""The review's first parts: the decision in a box, and what was asked for."""

from __future__ import annotations

from advisor.advice.explaining import show_usd
from advisor.advice.outcome import show_latency
from advisor.advice.ranking import percentile
from advisor.advice.recommendation import Option, Recommendation
from advisor.patterns.settings import settings_told
from advisor.reports.document import Box, Bullets, Facts, Fold, Grid, Section, Text
from advisor.reports.review.words import cost, interval, known_by, share
from advisor.reports.subject import things
from advisor.show import Table
from advisor.units import show_bytes, show_count, show_duration, show_memory, show_rate, show_share
from advisor.workload import Workload

__all__ = ["context", "decision"]


def decision(answer: Recommendation) -> Section:
    """What to do, in a box; then why, and the settings."""
    if not answer.options:
        box = Box("Nothing can serve this workload as it stands", False, (Bullets(answer.why),))
        told = Text("Every pattern is refused; the reasons and what would mend them stand under the options.")
        return Section("decision", "Decision", (box, told))
    first = answer.options[0]
    if answer.best is None:
        title = "Nothing that was simulated meets the objective"
        box = Box(title, False, (Facts((("Nearest to it", first.id), *_figures(answer, first))), Bullets(answer.why)))
        return Section("decision", "Decision", (box, _settings(first, "The settings of the nearest deployment")))
    pattern = getattr(first.deployment, "patterns", first.pattern)
    box = Box(f"Host it as {pattern}: {first.id}", True, (Facts(_figures(answer, first)), Bullets(answer.why)))
    settings = _settings(first, "The settings of the decision")
    if not answer.break_even:
        return Section("decision", "Decision", (box, settings))
    changes = Bullets(tuple(f"{point.says}." for point in answer.break_even))
    return Section("decision", "Decision", (box, Text("What would change the decision:"), changes, settings))


def _figures(answer: Recommendation, option: Option) -> tuple[tuple[str, str], ...]:
    w, outcome = answer.workload, option.outcome
    name = percentile(w)
    pairs = [("Cost", cost(outcome.usd_per_month))]
    if outcome.usd_per_million_requests is not None:
        pairs.append((f"Cost of a million {things(outcome)}", show_usd(outcome.usd_per_million_requests)))
    asked = dict(w.objective.latencies).get(name)
    goal = f", where {show_latency(asked)} is asked for" if asked is not None else ""
    between = interval(outcome, name)
    told = f" (95 % interval {between})" if between else ""
    pairs.append((f"Latency, {name}", f"{show_latency(option.latency_s(name))}{goal}{told}"))
    pairs.append(("Not served", f"{share(outcome.error_share.value)}, where {show_share(w.objective.errors)} may be"))
    if (spikes := outcome.spikes) is not None:
        lost, month = share(spikes.error_share.value), share(spikes.month_error_share)
        late = show_latency(spikes.latency_s[name].value)
        fare = f"{name} {late}, {lost} not served, which makes {month} of the month; the figures above are without them"
        pairs.append(("While the spikes last", fare))
    if outcome.cold_start_share or w.objective.cold_starts == "avoid":
        pairs.append((f"{things(outcome).capitalize()} that meet a cold start", share(outcome.cold_start_share)))
    if answer.best is option:
        sure = f"first with a probability of {share(answer.confidence.first_is_first)}"
        equal = answer.confidence.equal_to
        pairs.append(("Confidence", f"{sure}; equal to it: {', '.join(equal)}" if equal else sure))
    pairs.append(("Service times", known_by(outcome)))
    return tuple(pairs)


def _settings(option: Option, title: str) -> Grid:
    return Grid(Table.of(["setting", "value"], settings_told(option.outcome.deployment), title=title))


def context(w: Workload) -> Section:
    """What the customer has and wants, as given."""
    rows = [row for row in w.table().rows if row[2].startswith("given")]
    given = Table.of(
        ["field", "value", "where"],
        rows,
        title="Every value that was given",
        notes=[f"{len(w.assumed)} further values are assumed; they stand under the risks, each with its reason."],
    )
    cautions = Bullets(tuple(f"{one.where}: {one.what}. To mend: {one.mend}." for one in w.warnings))
    return Section(
        "context",
        "Context and requirements",
        (
            *((Text(w.about),) if w.about else ()),
            Text("What must hold:"),
            Bullets(tuple(_requirements(w))),
            Text("What it is asked to carry:"),
            Facts(tuple(_demand(w))),
            Fold(f"The profile, as it was given ({len(rows)} values)", (Grid(given),)),
            *((Text("What reads well in the profile and still deserves a word:"), cautions) if w.warnings else ()),
        ),
    )


def _requirements(w: Workload) -> list[str]:
    wanted = w.objective
    said = [f"Latency: {name} at most {show_latency(seconds)}." for name, seconds in wanted.latencies]
    if not said and w.streams:
        said.append("Latency: none is asked for.")
    if w.batch is not None:
        said.append(f"A lot is done {show_duration(w.batch.deadline_s)} after it lies ready.")
    said.append(f"Errors: at most {show_share(wanted.errors)} of the requests are not served.")
    avoid = wanted.cold_starts == "avoid"
    said.append("Cold starts: none." if avoid else "Cold starts: allowed, as far as the latency holds.")
    said.append(f"Preference: {wanted.prefer}, among what meets all of this.")
    if w.needs:
        said.append(f"Needs: {', '.join(w.needs)}.")
    return said


def _demand(w: Workload) -> list[tuple[str, str]]:
    model = w.model
    count = f"{show_count(model.count)} models" if model.count > 1 else "one model"
    accelerator = "" if w.accelerator == "none" else f", accelerator {w.accelerator}"
    size, memory = show_bytes(model.size_bytes), show_memory(model.memory_mib)
    pairs = [("Model", f"{count} of {size} ({memory} in memory), {model.framework}{accelerator}")]
    if w.streams:
        peak = w.peak_per_s
        pairs.append(("Requests", f"{show_rate(w.rate_per_s)} in the mean, {show_rate(peak)} in the busiest minutes"))
        payload = w.payload
        sizes = f"{show_bytes(payload.request_bytes)} in the mean and {show_bytes(payload.request_max_bytes)} at most"
        pairs.append(("Payload", f"{sizes}; answers of {show_bytes(payload.response_bytes)}"))
    if w.batch is not None:
        lot = w.batch
        each, every = show_bytes(lot.record_bytes), show_duration(lot.every_s)
        pairs.append(("Lot", f"{show_count(lot.records)} records of {each}, every {every}"))
    return pairs
