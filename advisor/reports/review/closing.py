"""The review's last parts: risks and assumptions, the requests to deploy, and how to make the same again."""

from __future__ import annotations

import json
import platform
import shlex
from importlib.metadata import version
from typing import Any

from advisor.advice.commands import file_of, sets_of, simulate_command
from advisor.advice.recommendation import Recommendation
from advisor.catalog.assumptions import assumptions
from advisor.errors import InputError
from advisor.reports.document import Block, Bullets, Code, Fold, Grid, Section, Text
from advisor.reports.review.words import known_by, sources
from advisor.show import Table

__all__ = ["reproduce", "request", "risks"]


def risks(answer: Recommendation) -> Section:
    """What the rules warn of, what the figures rest on, and every assumption with its source."""
    blocks: list[Block] = []
    if answer.warnings:
        rows = [
            (one.rule, f"{one.says}\nat {one.where}", one.mend, sources(one.source, one.rule))
            for one in answer.warnings
        ]
        columns = ["rule", "what will hurt", "to mend", "source"]
        blocks.append(Grid(Table.of(columns, rows, title="Warnings about the decision")))
    elif answer.options:
        blocks.append(Text("No rule warns of the first option."))
    doubts = tuple(_doubts(answer))
    if doubts:
        blocks += [Text("What the figures rest on:"), Bullets(doubts)]
    blocks += _assumptions(answer)
    return Section("risks", "Risks and assumptions", tuple(blocks))


def _doubts(answer: Recommendation) -> list[str]:
    said = []
    if answer.options:
        outcome = answer.options[0].outcome
        said.append(f"Service times: {known_by(outcome)}.")
        said += [f"The bill assumes {one}." for one in outcome.bill.assumed]
        if not outcome.precise:
            said.append("The first option's figures are less precise than aimed at.")
    said += [f"{note[:1].upper()}{note[1:]}." for note in answer.notes]
    said.append(
        f"Prices are those of {answer.prices_as_of}; AWS changes prices, limits and its services' behaviour, so make "
        "this review again before a large commitment."
    )
    return said


def _assumptions(answer: Recommendation) -> list[Block]:
    known = {one.key: one for one in assumptions()}
    filled: list[tuple[str, ...]] = []
    platforms: list[tuple[str, ...]] = []
    for one in answer.assumptions:
        entry = known[one.key]
        reach = f"{entry.low} to {entry.high}" if entry.low is not None and entry.high is not None else ""
        value = _word(one.value) + (" (set in the profile)" if one.overridden else "")
        row = (one.title, value, reach, entry.evidence, entry.source, one.key)
        if one.paths:
            filled.append((", ".join(one.paths), *row))
        else:
            platforms.append(row)
    blocks: list[Block] = []
    columns = ["assumption", "value", "plausible", "evidence", "source", "key"]
    if filled:
        title = "Assumed because the profile does not say it"
        note = "Give the field in the profile, or override the key under platform:, to replace an assumption."
        blocks.append(Grid(Table.of(["field", *columns], filled, title=title, notes=[note])))
    if platforms:
        title = "Assumed of the platform, where AWS publishes nothing"
        note = "`advisor explain KEY` gives the reason for each."
        table = Table.of(columns, platforms, title=title, notes=[note])
        blocks.append(Fold(f"{title} ({len(platforms)})", (Grid(table),)))
    return blocks


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def request(answer: Recommendation) -> Section:
    """The AWS calls that create the first option, and what only the reader can fill in."""
    first = answer.options[0]
    try:
        calls = first.deployment.render(answer.workload)
    except InputError as error:
        return Section("request", "The deployable request", (Text(f"It cannot be written as requests: {error}"),))
    count = f"{len(calls)} call{'s' if len(calls) != 1 else ''}"
    said = f"{count} of boto3, in order, create {first.id} in {answer.workload.region}."
    blanks = [
        (n, call.operation, path, what) for n, call in enumerate(calls, start=1) for path, what in call.fill_in.items()
    ]
    blocks: list[Block] = [Text(said)]
    if blanks:
        title = "Placeholders that only you can fill in"
        blocks.append(Grid(Table.of(["call", "operation", "path", "what belongs there"], blanks, title=title)))
    for n, call in enumerate(calls, start=1):
        wait = f", then wait for {call.then_wait}" if call.then_wait else ""
        text = json.dumps(call.request, indent=2, ensure_ascii=False)
        blocks.append(Code(f"{n}. {call.client}.{call.operation}{wait}", text, "json"))
    return Section("request", "The deployable request", tuple(blocks))


def reproduce(answer: Recommendation, profile: str) -> Section:
    """The commands, versions and the profile itself."""
    w = answer.workload
    file = file_of(w)
    commands = [
        f"advisor recommend {shlex.quote(file)} --seed {answer.seed}",
        f"advisor report {shlex.quote(file)} --seed {answer.seed} -o review.html",
    ]
    if answer.options:
        if simulated := simulate_command(w, answer.options[0]):
            commands.append(" ".join(simulated))
        first = answer.options[0].deployment
        commands.append(" ".join([f"advisor render {shlex.quote(file)} --pattern {first.name}", *sets_of(w, first)]))
    made = [
        ("advisor", answer.version),
        ("Python", platform.python_version()),
        ("numpy", version("numpy")),
        ("numba", version("numba")),
        ("seed", str(answer.seed)),
        ("prices of", answer.prices_as_of),
    ]
    said = (
        "The same seed, profile, price list and package versions give the same figures on the same kind of processor, "
        "with any number of threads."
    )
    blocks: tuple[Block, ...] = (
        Text(said),
        Code("Commands", "\n".join(commands), "sh"),
        Grid(Table.of(["what", "version or value"], made, title="What made this review")),
        Fold("The profile", (Code(file, profile.rstrip("\n"), "yaml"),)),
    )
    return Section("reproduce", "How to reproduce it", blocks)
