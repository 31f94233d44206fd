"""``advisor recommend FILE``: the ranked, priced, explained answer to a workload."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.bars import Aside, drawn
from advisor.cli.output import EXIT_FAILED, answer, answer_json, assumed_lines, folded, width
from advisor.cli.warming import loading, warn_of_compiling

if TYPE_CHECKING:
    from advisor.advice.recommendation import Recommendation

__all__ = ["recommend"]


def recommend(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A workload profile (YAML).")],
    pattern: Annotated[
        list[str] | None, typer.Option(help="Only this pattern, such as serverless; may be given several times.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed: the same one gives the same answer.")] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Without what would change the answer: break-even points, sensitivity.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="An object instead of text.")] = False,
) -> None:
    """Recommend a deployment: every pattern searched, simulated, priced, ranked and explained.

    The answer is printed as soon as it is known, then what would change it.

    Exit code 1 where nothing meets the objective: the answer then says what is nearest, and what to relax.
    """
    with loading():
        from advisor.advice.checking import pattern_named
        from advisor.workload import read

    for name in pattern or ():
        pattern_named(name)
    workload = read(file)

    with loading():
        from advisor.advice.recommending import recommend as run

    warn_of_compiling()
    told = False
    with _progress() as (tell, aside):

        def ready(first: Recommendation) -> None:
            """The answer itself does not wait for what would change it."""
            nonlocal told
            told = True
            with aside():
                answer("\n".join(_begun(first)))

        found = run(
            workload, seed=seed, patterns=pattern, explain=not quick, progress=tell, ready=None if as_json else ready
        )
    if as_json:
        answer_json(found.to_json())
    else:
        answer("\n".join([*([] if told else _begun(found)), *_ended(found)]))
    if found.best is None:
        raise typer.Exit(EXIT_FAILED)


@contextmanager
def _progress() -> Iterator[tuple[Callable[[str, int], None] | None, Aside]]:
    """A line that says what is being done, on a terminal only."""
    if not sys.stderr.isatty():
        yield None, nullcontext
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} deployments simulated; {task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with drawn(bar) as aside:
        task = bar.add_task("reading", total=None)
        yield lambda what, done: bar.update(task, completed=done, description=what), aside


def _begun(found: Recommendation) -> list[str]:
    """The answer: what is best and why, the ranking, what is refused."""
    from advisor.advice.telling import answer_tables

    wide = width()
    lines: list[str] = []
    for sentence in found.why:
        lines += folded(sentence, wide)
    for table in answer_tables(found):
        lines += ["", table.text(wide)]
    return [*lines, *_in_detail(found, wide)]


def _in_detail(found: Recommendation, wide: int) -> list[str]:
    """How to see the first option in detail, with the very figures of the answer."""
    from advisor.advice.commands import in_python, simulate_command

    if not found.options:
        return []
    first = found.options[0]
    head = f"To see {first.id} in detail, with these figures"
    if pieces := simulate_command(found.workload, first):
        return ["", *folded(f"{head}:", wide), *_continued(pieces, wide)]
    head += f", from Python (w = ad.read(file), answer = ad.recommend(w, seed={found.seed})):"
    return ["", *folded(head, wide), f"  {in_python(first)}"]


def _continued(pieces: list[str], wide: int) -> list[str]:
    """A command over as many lines as it takes, which a shell reads as one."""
    lines = [f"  {pieces[0]}"]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) + 3 > wide:
            lines[-1] += " \\"
            lines.append(f"    {piece}")
        else:
            lines[-1] += f" {piece}"
    return lines


def _ended(found: Recommendation) -> list[str]:
    """What would change it, its bill, and what it rests on."""
    from advisor.advice.breaking_even import nothing_found
    from advisor.advice.telling import later_tables

    wide = width()
    lines: list[str] = []
    if not found.break_even and (said := nothing_found(found)):
        lines += ["", "What would change the answer", "", *folded(said, wide)]
    for table in later_tables(found):
        lines += ["", table.text(wide)]
    for finding in found.warnings:
        lines += ["", *folded(f"{finding.where}: {finding.rule} warns: {finding.says}", wide)]
        lines += folded(f"to mend: {finding.mend}", wide, first="  ", then="  ")
    for note in found.notes:
        lines += ["", *folded(f"Note: {note}.", wide)]
    return [*lines, *assumed_lines(found.workload)]
