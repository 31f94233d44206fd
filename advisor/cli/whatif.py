"""``advisor whatif FILE --vary field=values``: a sweep over fields, as a table or a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from advisor.cli.output import answer, answer_json, complain, said, settings, width
from advisor.cli.warming import loading, warn_of_compiling
from advisor.errors import InputError

__all__ = ["whatif"]

_SUFFIXES = (".csv", ".parquet")


def whatif(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A workload profile (YAML).")],
    vary: Annotated[
        list[str],
        typer.Option(metavar="FIELD=VALUES", help="Such as traffic.rate=1..1000:log20, or needs=[],[vpc]; repeat it."),
    ],
    pattern: Annotated[
        str | None, typer.Option(help="Only this pattern's deployment, so that its settings can be varied, too.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Change a setting of the deployment.")
    ] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="By arithmetic alone, without simulation.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write out.csv or out.parquet; goes on where it was killed.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed: the same one gives the same answer.")] = 0,
    replications: Annotated[
        int | None, typer.Option(min=1, help="With --pattern: so many replications a cell.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Threads (all cores unless given), or workers of a local cluster.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask cluster: tcp://host:8786, or local for processes of this machine.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="An array of objects instead of text.")] = False,
) -> None:
    """What if: fields varied over a grid, each cell answered; a row a cell and pattern.

    A deployment's settings are varied as deployment.FIELD. A sweep with -o that was killed goes on where it stopped.
    """
    with loading():
        from advisor.sweeps.cells import Sweep
        from advisor.sweeps.store import Store
        from advisor.sweeps.sweeping import along, frame_of, known_by, partial_of, swept
        from advisor.workload import read

    if output is not None:
        _writable(output)
    wanted = settings(sets or [])
    if wanted and pattern is None:
        raise InputError("--set without --pattern", "", "name the pattern that the settings belong to, with --pattern")
    if replications and (pattern is None or estimate):
        mend = "name the pattern whose deployment is simulated, with --pattern and without --estimate"
        raise InputError("--replications are of one simulated deployment", "", mend)
    sweep = Sweep(
        workload=read(file),
        seed=seed,
        how="estimate" if estimate else "recommend",
        pattern=pattern,
        sets=wanted or None,
        replications=replications,
    )
    varied = along(sweep, vary)
    if not estimate:
        warn_of_compiling()
    unfinished = None if output is None else partial_of(output)
    with Store(unfinished, known_by(sweep, varied)) as kept:
        if before := len(kept.done()):
            complain(f"going on with {said(before, 'cell')} that have their answer in {unfinished}")
        try:
            with _progress() as tell:
                swept(sweep, varied, kept, n_jobs=jobs, scheduler=scheduler, progress=tell)
        except KeyboardInterrupt:
            if unfinished is not None:
                complain(f"stopped; the same command goes on from {unfinished}")
            raise
        rows = list(kept.rows())
        if output is not None:
            _write(frame_of(varied, rows), output)
            kept.remove()
    if as_json:
        answer_json(rows)
    elif output is None:
        answer(_table([one.field for one in varied], rows))
    else:
        complain(f"{said(len(rows), 'row')} written to {output}")


def _writable(output: Path) -> None:
    """Refuse before anything is computed what could not be written at the end."""
    from importlib.util import find_spec

    if output.suffix not in _SUFFIXES or output.is_dir():
        raise InputError(f"-o {output}", "", "name a file that ends in .csv or .parquet")
    if output.suffix == ".parquet" and find_spec("pyarrow") is None:
        mend = "python -m pip install pyarrow, or name a file that ends in .csv"
        raise InputError(f"{output.name} needs pyarrow, which is not installed", "--output", mend)


def _write(frame: Any, output: Path) -> None:
    from advisor.files import write_atomically

    if output.suffix == ".csv":
        write_atomically(output, frame.to_csv(index=False, lineterminator="\n"))
        return
    held = io.BytesIO()
    frame.to_parquet(held, engine="pyarrow", index=False)
    write_atomically(output, held.getvalue())


def _table(fields: list[str], rows: list[dict[str, Any]]) -> str:
    from advisor.show import Table

    cells = [
        (
            *(row[field] for field in fields),
            row["pattern"],
            "" if row["usd_per_month"] is None else f"{row['usd_per_month']:,.2f}",
            "" if row["p99_s"] is None else f"{row['p99_s']:.3g}",
            "best" if row["best"] else {True: "meets", False: "misses", None: ""}[row["meets_objective"]],
            row["why_not"] if row["usd_per_month"] is None else row["id"],
        )
        for row in rows
    ]
    columns = [*fields, "pattern", "USD a month", "p99 s", "objective", "deployment, or why not"]
    numbers = [*fields, "USD a month", "p99 s"]
    return Table.of(columns, cells, right=numbers).text(width())


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar with the time left, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("cells", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
