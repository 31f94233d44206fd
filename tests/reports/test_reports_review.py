"""The review's words: every refusal, every line of the bill, every assumption, and commands that do what they say."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

import advisor as ad
from advisor.advice.breaking_even import nothing_found
from advisor.advice.combination import Combination
from advisor.advice.combine import put_together
from advisor.advice.recommendation import Option, Recommendation
from advisor.advice.telling import break_even_table, sensitivity_table
from advisor.reports.document import Block, Box, Bullets, Code, Document, Facts, Fold, Grid, Picture, Text
from advisor.reports.markdown import markdown
from advisor.reports.review import review
from tests.reports.answers import LOT, PROFILE, lot, nothing, small

SECTIONS = ["decision", "context", "options", "costs", "reliability", "changes", "risks", "request", "reproduce"]


pytestmark = pytest.mark.usefixtures("by_hand")


def inside(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Box | Fold):
            yield from inside(block.blocks)


def blocks(document: Document, name: str) -> list[Block]:
    return list(inside(next(section for section in document.sections if section.name == name).blocks))


def words(document: Document, name: str) -> str:
    said = []
    for block in blocks(document, name):
        match block:
            case Text(text):
                said.append(text)
            case Bullets(items):
                said += items
            case Facts(pairs):
                said += [f"{term}: {fact}" for term, fact in pairs]
            case Grid(table=table):
                said += [table.title, *table.notes, *(" | ".join(row) for row in table.rows)]
            case Code(title, text, _):
                said += [title, text]
            case Box(title=title) | Fold(title=title) | Picture(title=title):
                said.append(title)
    return "\n".join(said)


def test_all_parts_stand_in_the_order_in_which_a_reader_asks(document: Document) -> None:
    assert [section.name for section in document.sections] == SECTIONS


def test_the_decision_comes_first_with_its_figures(document: Document) -> None:
    first = small().options[0]
    box = document.sections[0].blocks[0]
    assert isinstance(box, Box)
    assert box.good
    said = words(document, "decision")
    assert first.id in said
    assert "97 %" in said
    assert "where 2 s is asked for" in said
    assert "real-time is best (now 1 per minute: serverless)" in said


def test_every_refusal_is_told_with_its_rule_reason_place_and_mend(document: Document) -> None:
    said = words(document, "options")
    findings = [finding for refusal in small().refused for finding in refusal.findings]
    assert findings
    for finding in findings:
        row = f"{finding.rule} | {finding.says}\nat {finding.where} | {finding.mend}"
        assert row in said


def test_the_lines_of_the_bill_sum_to_the_cost_that_is_told(document: Document) -> None:
    first = small().options[0]
    table = next(block for block in blocks(document, "costs") if isinstance(block, Grid))
    assert table.foot == 1
    assert len(table.table.rows) == len(first.outcome.bill.lines) + 1
    assert sum(table.keys["USD"]) == pytest.approx(float(first.usd_per_month), rel=1e-12)
    assert sum((line.usd for line in first.outcome.bill.lines), Decimal(0)) == first.usd_per_month


def test_every_option_of_another_pattern_has_its_bill_to_open(document: Document) -> None:
    folds = [block.title for block in blocks(document, "costs") if isinstance(block, Fold)]
    assert folds == [f"The bill of {option.id}" for option in small().options[1:]]


def test_every_assumption_is_told_with_value_evidence_and_key(document: Document) -> None:
    said = words(document, "risks")
    held = small().assumptions
    assert len(held) > 10
    assert all(f"| {one.key}" in said for one in held)


def test_every_warning_about_the_decision_is_told(document: Document) -> None:
    said = words(document, "risks")
    assert all(finding.rule in said and finding.mend in said for finding in small().warnings)


def test_what_changes_the_decision_holds_break_evens_curves_map_and_sensitivity(document: Document) -> None:
    said = words(document, "changes")
    assert "traffic.rate | 1 per minute | 5 per second | serverless | real-time" in said
    assert [block.name for block in blocks(document, "changes") if isinstance(block, Picture)] == [
        "cost-against-rate", "decision-map", "tornado",
    ]  # fmt: skip


def test_without_a_break_even_point_it_says_whether_one_could_have_been_confirmed() -> None:
    light = replace(small(), break_even=(), explained=True)
    heavy = replace(light, workload=small().workload.with_({"traffic.rate": "50 per second"}))
    for answer, told in (
        (light, "moved alone, up to 100 times from what it is, no value was confirmed"),
        (heavy, "too many requests"),
    ):
        assert told in words(review(answer), "changes")


def test_assumptions_say_which_were_simulated() -> None:
    one = small().sensitivity[0]
    other = replace(one, key="metric_lag")
    for how, told in (("estimated", "not simulated."), ("simulated", f"found by simulation: {one.key}.")):
        shown = sensitivity_table(replace(small(), sensitivity=(replace(one, how=how), other))).text(width=200)
        assert told in shown
    shown = sensitivity_table(replace(small(), sensitivity=(replace(one, how="simulated"),))).text(width=200)
    assert "Each was found by simulation" in shown


def test_points_say_which_are_estimated() -> None:
    [point] = small().break_even
    estimated = replace(point, field="objective.p99", written="80 ms", how="estimated")
    for points, told in (
        ((point,), "Each was found by simulation"),
        ((estimated,), "Estimated from short simulations: objective.p99: 80 ms."),
        ((point, estimated), "objective.p99: 80 ms; the others were found by simulation"),
    ):
        assert told in break_even_table(replace(small(), break_even=points)).text(width=200)


def test_the_request_is_the_one_that_render_gives(document: Document) -> None:
    calls = small().options[0].deployment.render(small().workload)
    codes = [block for block in blocks(document, "request") if isinstance(block, Code)]
    assert [json.loads(code.text) for code in codes] == [json.loads(json.dumps(call.request)) for call in calls]
    blanks = [path for call in calls for path in call.fill_in]
    assert blanks
    assert all(path in words(document, "request") for path in blanks)


@pytest.mark.parametrize("number", range(3))
def test_the_render_command_makes_the_very_deployment(number: int) -> None:
    answer = small()
    changed = [
        answer.options[0].deployment,
        answer.option("real-time").deployment.with_({"min_instances": 3, "max_instances": 3}),
        answer.option("serverless").deployment.with_({"memory": "3 GB", "max_concurrency": 7}),
    ][number]
    option = replace(answer.options[0], deployment=changed, outcome=answer.option(changed.name).outcome)
    shown = review(replace(answer, options=(option,)))
    [commands] = [
        block.text for block in blocks(shown, "reproduce") if isinstance(block, Code) and block.title == "Commands"
    ]
    line = shlex.split(next(line for line in commands.splitlines() if line.startswith("advisor render")))
    sets = dict(line[n + 1].split("=", 1) for n, word in enumerate(line) if word == "--set")
    pattern = line[line.index("--pattern") + 1]
    [judged] = ad.check(answer.workload, pattern=pattern, sets=sets).patterns
    assert judged.deployment == changed


def test_versions_seed_and_price_date_are_told(document: Document) -> None:
    said = words(document, "reproduce")
    assert f"advisor | {ad.__version__}" in said
    assert "seed | 4" in said
    assert f"prices of | {small().prices_as_of}" in said
    assert "name: small" in said


def test_a_lot_has_a_review_of_records_without_a_map() -> None:
    shown = review(lot())
    assert "2,000 records" in words(shown, "context")
    assert "done 4 h after it lies ready" in words(shown, "context")
    assert not [block for block in blocks(shown, "changes") if isinstance(block, Picture)]


def test_where_nothing_is_possible_the_review_says_so_and_why() -> None:
    shown = review(nothing())
    box = shown.sections[0].blocks[0]
    assert isinstance(box, Box)
    assert not box.good
    rules = [finding.rule for refusal in nothing().refused for finding in refusal.findings]
    assert all(rule in words(shown, "options") for rule in rules)
    assert "request" not in [section.name for section in shown.sections]


def test_where_nothing_meets_the_objective_the_nearest_is_shown_with_what_it_misses() -> None:
    answer = small()
    missed = replace(answer.options[0].outcome, meets_objective=False, misses=("a mean of 3 s where 1 s is asked for",))
    shown = review(replace(answer, options=(replace(answer.options[0], outcome=missed),), break_even=()))
    assert "Nearest to it" in words(shown, "decision")
    assert "a mean of 3 s where 1 s is asked for." in words(shown, "reliability")


def combined() -> Recommendation:
    """A stream and a lot as one answer."""
    answer = small()
    stream, job = answer.options[0], lot().options[0]
    both = Combination(parts=(stream.deployment, job.deployment), how="requests here, the lot there")
    w = ad.reads(PROFILE + LOT[LOT.index("batch:") :])
    outcome = put_together(w, both, (stream.outcome, job.outcome))
    option = Option(rank=1, deployment=both, outcome=outcome, on_front=True)
    return replace(answer, workload=w, options=(option,), break_even=(), sensitivity=())


def test_two_patterns_together_show_one_bill_both_settings_and_one_command() -> None:
    shown = review(combined())
    assert "serverless + batch-transform" in words(shown, "decision")
    assert "requests here, the lot there" in words(shown, "decision")
    assert "batch-transform: instances" in words(shown, "decision")
    table = next(block for block in blocks(shown, "costs") if isinstance(block, Grid))
    assert sum(table.keys["USD"]) == pytest.approx(float(combined().options[0].usd_per_month), rel=1e-12)
    said = words(shown, "reproduce")
    assert "--pattern combination --set stream.pattern=serverless" in said
    assert "--set lot.pattern=batch-transform" in said


def test_markdown_holds_the_same_words_and_escapes_the_users(document: Document) -> None:
    text = markdown(document)
    assert text.startswith("# Architecture review: small \\<b\\>")
    assert [line.split(" ", 2)[2] for line in text.splitlines() if line.startswith("## ")] == [
        section.title for section in document.sections
    ]
    assert "| a \\| in" in text or "a | in its words" in text
    assert "Plots are told in words here" in text
    assert "![" not in text
    for refusal in small().refused:
        assert all(finding.rule in text for finding in refusal.findings)
    drawn = markdown(document, files={name: f"f/{name}.png" for name in pictures(document)})
    assert drawn.count("![") == len(pictures(document))


def pictures(document: Document) -> list[str]:
    return [block.name for section in document.sections for block in section.blocks if isinstance(block, Picture)]


def test_what_theory_says_is_told_in_words_and_units() -> None:
    first = small().options[0].outcome
    said = replace(first, estimate={"throttled_attempts_share": 3.1e-18, "mean_wait_s": 0.25, "utilisation": 0.031})
    rows = [row[:2] for row in said.estimate_table().rows]
    assert rows == [("throttled attempts", "under 0.0001 %"), ("mean wait", "250 ms"), ("utilisation", "3.1 %")]


def test_where_no_break_even_point_was_found_the_command_line_says_what_was_looked_at() -> None:
    light = replace(small(), break_even=(), explained=True)
    assert "with traffic.rate, objective.p95 or payload.request moved alone" in nothing_found(light)
    assert nothing_found(nothing()) == ""
