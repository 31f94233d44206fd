"""``advisor report FILE -o review.html``: the architecture review, as a page, as Markdown or as PDF."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.bars import drawn
from advisor.cli.output import EXIT_FAILED, complain
from advisor.cli.warming import loading, warn_of_compiling
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.reports.document import Document

__all__ = ["report"]

_ENDINGS = (".html", ".md", ".pdf")


def report(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A workload profile (YAML).")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to: a name that ends in .html, .md or .pdf.")],
    seed: Annotated[int, typer.Option(min=0, help="The seed: the same one gives the same answer.")] = 0,
    figures: Annotated[
        bool, typer.Option("--figures", help="With .md: the plots as PNG files in a folder beside it.")
    ] = False,
) -> None:
    """Write the architecture review: decision, options, costs, latency, what changes it, risks, and the request.

    Its figures are those of `advisor recommend` with the same seed. Exit code 1 where nothing meets the objective: the
    review is written all the same, and says what is nearest.
    """
    ending = output.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError(f"--output {output}", "", "name a file that ends in .html, .md or .pdf")
    if figures and ending != ".md":
        raise InputError(f"--figures with {output.name}", "", "pages and PDF hold their plots; leave --figures out")
    if output.is_dir():
        raise InputError(f"--output {output} is a folder", "", f"name a file in it, such as review{ending}")
    from advisor.workload import read

    workload = read(file)

    with loading():
        from advisor.advice.recommending import recommend
        from advisor.files import write_atomically
        from advisor.reports.review import review

    warn_of_compiling()
    with _progress() as tell:
        answer = recommend(workload, seed=seed, progress=lambda what, done: tell(f"{done} simulated; {what}"))
        # Estimating the places of the map is Python at work, which threads do not share out.
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
            document = review(
                answer,
                profile=file.read_text(encoding="utf-8"),
                executor=executor,
                progress=lambda done, of: tell(f"decision map: {done} of {of} places"),
            )
        tell(f"writing {output.name}")
        write_atomically(output, _written(document, output, figures=figures))
    complain(f"{output} written")
    if answer.best is None:
        raise typer.Exit(EXIT_FAILED)


def _written(document: Document, output: Path, *, figures: bool) -> str | bytes:
    ending = output.suffix.lower()
    if ending == ".html":
        from advisor.reports.page import page

        return page(document)
    if ending == ".pdf":
        from advisor.reports.pdf import pdf

        return pdf(document)
    from advisor.reports.markdown import markdown

    return markdown(document, files=_figures(document, output) if figures else None)


def _figures(document: Document, output: Path) -> dict[str, str]:
    """Write each plot into a folder named after the review; their addresses from there."""
    from advisor.files import write_atomically
    from advisor.reports.document import Picture
    from advisor.reports.plot import WIDE, as_png

    folder = output.with_name(f"{output.stem}-figures")
    files = {}
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                write_atomically(folder / f"{block.name}.png", as_png(block.draw(WIDE)))
                files[block.name] = f"{folder.name}/{block.name}.png"
    return files


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line that says what is being done, on a terminal only."""
    if not sys.stderr.isatty():
        yield _nobody
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with drawn(bar):
        task = bar.add_task("reading", total=None)
        yield lambda what: bar.update(task, description=what)


def _nobody(what: str) -> None:
    """There is no terminal to tell."""
    del what
