"""The options: every one that was ranked, and every pattern that was refused, with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.advice.outcome import show_latency
from advisor.advice.ranking import percentile
from advisor.advice.recommendation import Recommendation
from advisor.advice.telling import SPIKES_APART, spike_table
from advisor.reports.document import Block, Grid, Picture, Section, Text
from advisor.reports.review.words import money, share, sources
from advisor.show import Table
from advisor.units import show_count

if TYPE_CHECKING:
    from advisor.reports.plot import Drawing

__all__ = ["options"]


def options(answer: Recommendation) -> Section:
    """Ranking, plot, what sets each apart, refusals."""
    blocks: list[Block] = [Text(_looked(answer))]
    if answer.options:
        blocks += [_ranking(answer), _picture(answer)]
        if (in_spikes := spike_table(answer)).rows:
            blocks += [Text(SPIKES_APART), Grid(in_spikes)]
        apart = [(one.rank, one.id, one.told) for one in answer.options if one.told]
        if apart:
            title = "Why not the others"
            table = Table.of(["rank", "deployment", "beside the first"], apart, title=title, right=["rank"])
            blocks.append(Grid(table))
    if answer.refused:
        blocks.append(_refusals(answer))
    else:
        blocks.append(Text("No pattern is refused."))
    return Section("options", "Options considered", tuple(blocks))


def _looked(answer: Recommendation) -> str:
    looked = answer.searched
    names = list(dict.fromkeys(one.pattern for one in answer.refused))
    ranked = f"{len(answer.options)} {'is' if len(answer.options) == 1 else 'are'} ranked here"
    refused = f"; refused: {', '.join(names)}" if names else ""
    return (
        f"The search spans {show_count(looked.space)} deployments. {show_count(looked.simulated)} were tried by "
        f"simulating {show_count(looked.requests)} requests, the others left out by arithmetic. What came out in front "
        f"was simulated anew on other random numbers; {ranked}{refused}."
    )


def _ranking(answer: Recommendation) -> Grid:
    name = percentile(answer.workload)
    every = answer.options
    rows = [
        (
            one.rank,
            one.id,
            "yes" if one.meets_objective else "no",
            money(one.usd_per_month),
            show_latency(one.latency_s(name)),
            share(one.outcome.error_share.value),
            share(one.outcome.cold_start_share),
            share(one.outcome.utilisation),
            one.outcome.evidence,
            "yes" if one.on_front else "",
        )
        for one in every
    ]
    right = ["rank", "USD a month", name, "not served", "cold starts", "busy"]
    columns = ["rank", "deployment", "meets", *right[1:], "evidence", "front"]
    note = (
        "Front: it meets the objective, if any does, and no other option is at once no dearer, no slower and turns "
        "away no more. Busy: the share of their time in which workers were at work, and of serverless as many "
        "containers as there may be. Evidence: how the service times are known."
    )
    table = Table.of(columns, rows, title="The options, the best first", notes=[note], right=right)
    keys = {
        "USD a month": tuple(float(one.usd_per_month) for one in every),
        name: tuple(one.latency_s(name) for one in every),
        "not served": tuple(one.outcome.error_share.value for one in every),
        "cold starts": tuple(one.outcome.cold_start_share for one in every),
        "busy": tuple(one.outcome.utilisation for one in every),
    }
    return Grid(table, keys)


def _picture(answer: Recommendation) -> Picture:
    def draw(width: float) -> Drawing:
        from advisor.reports.plot import latency_against_cost

        return latency_against_cost(answer, width=width)

    return Picture("latency-against-cost", "Latency against cost: every option, with its 95 % intervals", draw)


def _refusals(answer: Recommendation) -> Grid:
    rows = [
        (
            one.pattern,
            finding.rule,
            f"{finding.says}\nat {finding.where}",
            finding.mend,
            sources(finding.source, finding.rule),
        )
        for one in answer.refused
        for finding in one.findings
    ]
    columns = ["pattern", "rule", "why", "to mend", "source"]
    return Grid(Table.of(columns, rows, title="Refused patterns, with every reason"))
