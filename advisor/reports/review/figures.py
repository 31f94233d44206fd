"""What it costs, line by line, and how it answers: latency, errors, and a day in its life."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.advice.explaining import show_usd
from advisor.advice.outcome import Outcome, show_latency
from advisor.advice.recommendation import Option, Recommendation
from advisor.reports.document import Block, Bullets, Fold, Grid, Picture, Section, Text
from advisor.reports.review.words import cost, interval, share
from advisor.reports.subject import best_of_each, streamed, things
from advisor.show import Table
from advisor.units import HOURS_PER_MONTH, show_count, show_duration

if TYPE_CHECKING:
    from advisor.reports.plot import Drawing

__all__ = ["costs", "reliability"]


def costs(answer: Recommendation) -> Section:
    """The bill of the first option in full, of the best of the other patterns to open, all of them as bars."""
    first = answer.options[0]
    outcome = first.outcome
    each = outcome.usd_per_million_requests
    million = f", or {show_usd(each)} for a million {things(outcome)}" if each is not None else ""
    said = (
        f"{first.id} costs {cost(outcome.usd_per_month)}{million}. A month has {HOURS_PER_MONTH} hours. The simulated "
        f"window has {show_count(outcome.horizon_h)} hours and is scaled to it; quantities are metered in whole units, "
        "rates are exact, and the lines sum to the total."
    )

    def draw(width: float) -> Drawing:
        from advisor.reports.plot import bill

        return bill(answer, width=width)

    others = tuple(Fold(f"The bill of {one.id}", (_bill(one),)) for one in best_of_each(answer) if one is not first)
    pictured = Picture("bill", "What a month costs, by line of the bill, for the best option of each pattern", draw)
    return Section("costs", "Costs, line by line", (Text(said), _bill(first), pictured, *others))


def _bill(option: Option) -> Grid:
    bill = option.outcome.bill
    table = bill.table()
    keys = {
        "quantity": tuple(float(line.quantity) for line in bill.lines),
        "USD per unit": tuple(float(line.rate_usd) for line in bill.lines),
        "USD": tuple(float(line.usd) for line in bill.lines),
    }
    return Grid(table, keys, foot=1)


def reliability(answer: Recommendation) -> Section:
    """Percentiles with intervals, what became of the requests, theory beside it, the distribution and a day."""
    first = answer.options[0]
    outcome = first.outcome
    noun = things(streamed(first))
    which = noun if outcome.spikes is None else f"usual {noun}, without the one-off spikes"
    said = (
        f"Latency counts every one of the {which}: what is not served counts as infinitely late, so that refusing work "
        f"never makes the figures better. {outcome.replications} replications of "
        f"{show_duration(outcome.horizon_h * 3600)}, {show_count(outcome.requests)} {noun} in all."
    )
    blocks: list[Block] = [Text(said)]
    if outcome.misses:
        blocks += [Text("It misses the objective:"), Bullets(tuple(f"{miss}." for miss in outcome.misses))]
    blocks.append(_percentiles(outcome))
    if streamed(first).within:
        blocks.append(_distribution(answer))
    blocks.append(_fates(outcome, noun))
    if outcome.spikes is not None:
        blocks.append(Grid(replace(outcome.spike_table(outcome.spikes), title=f"{outcome.id} in the spikes")))
    if outcome.estimate:
        blocks.append(Grid(replace(outcome.estimate_table(), title="Theory beside the simulation")))
    if len(streamed(first).samples) > 2:
        blocks.append(_day(answer))
    if not outcome.precise:
        blocks.append(Text("The intervals are not yet as narrow as aimed at; more replications would narrow them."))
    return Section("reliability", "Latency and reliability", tuple(blocks))


def _percentiles(outcome: Outcome) -> Grid:
    rows = [
        (name, show_latency(held.value), interval(outcome, name), show_latency(outcome.served_latency_s[name]))
        for name, held in outcome.latency_s.items()
    ]
    columns = ["latency", "of all", "95 % interval", "of served ones"]
    table = Table.of(columns, rows, title=f"Latency of {outcome.id}", right=columns[1:])
    keys = {
        "of all": tuple(held.value for held in outcome.latency_s.values()),
        "95 % interval": tuple(held.low for held in outcome.latency_s.values()),
        "of served ones": tuple(outcome.served_latency_s[name] for name in outcome.latency_s),
    }
    return Grid(table, keys)


def _fates(outcome: Outcome, noun: str) -> Grid:
    told = [(name, count) for name, count in outcome.statuses.items() if count or name == "served"]
    rows = [(name, show_count(count), share(count / outcome.requests)) for name, count in told]
    whose = "Workers, and of serverless as many containers as there may be,"
    said = [f"{whose} were at work {share(outcome.utilisation)} of their time."]
    if outcome.cold_start_share:
        said.append(f"{share(outcome.cold_start_share)} of the {noun} met a cold start.")
    table = Table.of(
        ["status", noun, "share"],
        rows,
        title=f"What became of the {noun}",
        notes=[" ".join(said)],
        right=[noun, "share"],
    )
    counts = tuple(float(count) for _, count in told)
    return Grid(table, {noun: counts, "share": counts})


def _distribution(answer: Recommendation) -> Picture:
    def draw(width: float) -> Drawing:
        from advisor.reports.plot import latency_distribution

        return latency_distribution(answer, width=width)

    return Picture("latency-distribution", "Where the latency lies, and how much is later than a time", draw)


def _day(answer: Recommendation) -> Picture:
    def draw(width: float) -> Drawing:
        from advisor.reports.plot import day

        return day(answer, width=width)

    return Picture("day", f"The busiest day of {streamed(answer).id}, looked at every five minutes", draw)
