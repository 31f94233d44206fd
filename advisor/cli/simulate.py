"""``advisor simulate FILE --pattern P``: one deployment in detail, simulated request by request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.output import (
    EXIT_FAILED,
    answer,
    answer_json,
    assumed_lines,
    complain,
    folded,
    said,
    settings,
    width,
)
from advisor.cli.warming import loading, warn_of_compiling
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.advice.checking import PatternCheck
    from advisor.advice.combination import Combination
    from advisor.advice.outcome import Outcome
    from advisor.patterns import Pattern
    from advisor.sim.faults import Faults
    from advisor.workload import Workload

__all__ = ["simulate"]


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A workload profile (YAML).")],
    pattern: Annotated[str, typer.Option(help="The hosting pattern, such as serverless; or combination.")],
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Change a setting, such as memory='4 GB'; a combination's under its part: second.memory='4 GB'.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed: the same one gives the same answer.")] = 0,
    replications: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N",
            help="So many replications, instead of as many as precision needs; stream=N and lot=N of these parts.",
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Most requests of a replication, such as '200 million'; shortens the run.")
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="KIND=HOW",
            help="What goes wrong, on instances: 'instance-loss=2 per day', 'zone-loss=day 3 14:00 for 2 hours', "
            "'slow-launches=3x', 'launches-refused=30 %'.",
        ),
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(help="Write every request of a short run: out.csv or out.parquet.")
    ] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="With --json: the state over time, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="An object instead of text.")] = False,
) -> None:
    """Simulate one deployment: latency, errors, use, and the bill of a month, with intervals and assumptions.

    The deployment is a first guess for the workload, changed by --set. Exit code 1 where a rule refuses it.
    """
    from advisor.advice.checking import check
    from advisor.advice.too_many import refuse_too_many
    from advisor.sim.faults import faults_of
    from advisor.units import count
    from advisor.workload import read

    wanted = settings(sets or [])
    many = _replications(replications or [])
    most = None if budget is None else count(budget)
    if most is not None and most < 1:
        raise InputError(f"--budget {budget}", "", "give one request or more")
    if columns is not None and columns.suffix not in (".csv", ".parquet"):
        raise InputError(f"--columns {columns}", "", "name a file that ends in .csv or .parquet")
    workload = read(file)
    refuse_too_many(workload)
    wrong = faults_of(faults or [], outage_s=float(workload.assume("zone_outage_length")))
    [judged] = check(workload, pattern=pattern, sets=wanted).patterns
    if not judged.fits:
        _refused(judged, as_json=as_json)
        raise typer.Exit(EXIT_FAILED)

    with loading():
        from advisor.advice.simulating import simulate as run

    warn_of_compiling()
    with _progress() as tell:
        outcome = run(
            workload,
            judged.deployment,
            seed=seed,
            replications=many,
            budget=most,
            progress=tell,
            faults=wrong,
        )
    if as_json:
        answer_json(outcome.to_json(timeline=timeline))
    else:
        answer(_told(workload, outcome))
    if columns is not None:
        _write_columns(workload, judged.deployment, seed, columns, wrong)


def _replications(given: list[str]) -> int | dict[str, int] | None:
    """How many, for all or for each part of a stream and a lot."""
    from advisor.units import count

    held: dict[str, int] = {}
    for text in given:
        part, _, number = text.rpartition("=")
        many = count(number)
        if many < 1:
            raise InputError(f"--replications {text}", "", "ask for one or more")
        if part in held or (held and "" in (part, *held)):
            raise InputError(f"--replications {text} is given beside another", "", "give one number, or one a part")
        held[part] = many
    return held.get("", held) if held else None


def _refused(judged: PatternCheck, *, as_json: bool) -> None:
    from advisor.rules import Verdict

    blocking = [finding for finding in judged.findings if finding.verdict is Verdict.BLOCKS]
    complain(f"{judged.deployment.id} is refused, so nothing is simulated")
    for finding in blocking:
        complain(f"{finding.where}: {finding.rule}: {finding.says}\n  to mend: {finding.mend}")
    if as_json:
        findings = [finding.to_json() for finding in blocking]
        deployment = judged.deployment.to_dict()
        answer_json({"refused": [{"pattern": judged.pattern, "deployment": deployment, "findings": findings}]})


@contextmanager
def _progress() -> Iterator[Callable[[int], None] | None]:
    """A line that counts replications, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} replications simulated"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("replications", total=None)
        yield lambda done: bar.update(task, completed=done)


def _told(workload: Workload, outcome: Outcome) -> str:
    lines: list[str] = []
    for table in outcome.tables():
        lines += [table.text(width()), ""]
    if drawn := outcome.drawn():
        lines += [drawn, ""]
    lines += folded(f"Service times ({outcome.evidence}): {outcome.evidence_says}.", width())
    for note in outcome.notes:
        lines += folded(f"Note: {note}.", width())
    lines += assumed_lines(workload)
    platform = [f"{one.key} {one.value}" for one in outcome.assumptions if not one.paths]
    if platform:
        head = "assumed of the platform (`advisor explain KEY` tells why): "
        lines += ["", *folded(head + "; ".join(platform), width())]
    return "\n".join(lines)


def _write_columns(
    workload: Workload, deployment: Pattern | Combination, seed: int, path: Path, faults: Faults
) -> None:
    from advisor.advice.requests import request_rows, write_csv, write_parquet
    from advisor.advice.simulating import every_request

    rows = request_rows(every_request(workload, deployment, seed=seed, faults=faults))
    written = write_csv(rows, path) if path.suffix == ".csv" else write_parquet(rows, path)
    complain(f"{said(written, 'request')} written to {path}")
