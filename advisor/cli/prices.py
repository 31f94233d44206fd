"""``advisor prices show, coverage, refresh``: the price book, what it covers, and a newer one from AWS."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.output import answer, answer_json, answer_table, complain, said
from advisor.errors import UnknownName, near

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.catalog.prices import PriceBook

__all__ = ["app"]

app = typer.Typer(help="The price book: look up, coverage, a newer one.", no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="An array of objects instead of a table.")]


class Door(StrEnum):
    """The two ways to AWS's price list."""

    api = "api"
    bulk = "bulk"


@app.command()
def show(
    region: Annotated[str, typer.Option(help="The region, such as us-east-1.")],
    component: Annotated[str | None, typer.Option(help="Only this component, such as Hosting.")] = None,
    instance: Annotated[str | None, typer.Option(help="Only this instance type, borrowed prices included.")] = None,
    as_json: AsJson = False,
) -> None:
    """The prices of a region, each with its date and basis."""
    from advisor.catalog.instances import instance as known_instance

    book = _book()
    _known_region(book, region)
    if instance is not None:
        known_instance(instance)
    rates = book.look_up(region, component, instance)
    answer_table(book.table(region, component, instance), [rate.to_json() for rate in rates], as_json=as_json)


@app.command()
def coverage(as_json: AsJson = False) -> None:
    """For each region and pattern: how many prices are listed, assumed, missing."""
    covered = _book().coverage()
    answer_table(covered.table(), covered.to_json(), as_json=as_json)


def _book() -> PriceBook:
    from advisor.catalog.prices import price_book

    book = price_book()
    if warning := book.warning(datetime.datetime.now(tz=datetime.UTC).date()):
        complain(warning)
    return book


def _known_region(book: PriceBook, region: str) -> None:
    if region not in book.regions():
        hint = near(region, book.regions()) or f"the regions are {', '.join(book.regions())}"
        raise UnknownName(f"no price is listed in region {region!r}", "", hint)


@app.command()
def refresh(
    region: Annotated[list[str], typer.Option(help="A region to fetch; give it several times for several.")],
    door: Annotated[
        Door, typer.Option(help="api: GetProducts with AWS credentials. bulk: the public offer files, without any.")
    ] = Door.api,
    as_json: Annotated[bool, typer.Option("--json", help="An object instead of tables.")] = False,
) -> None:
    """Fetch the price list of some regions, put it into use, and print what changed."""
    from advisor.catalog.fetch import refresh as fetch_and_store

    with _bar() as progress:
        done = fetch_and_store(region, door.value, progress=progress)
    fetched = done.fetched
    if as_json:
        answer_json(
            {
                "path": done.path,
                "regions": sorted(set(region)),
                "read": fetched.read,
                "left_out": fetched.left_out,
                "repeated": fetched.repeated,
                "problems": [{"region": p.region, "sku": p.sku, "reason": p.reason} for p in fetched.problems],
                "changes": done.changes.to_json(),
                "notes": list(done.notes),
            }
        )
        return
    if fetched.problems:
        complain(fetched.problems_table().text())
    answer(done.changes.table().text() if done.changes else "no price changed")
    for note in done.notes:
        answer(f"\n{note}")
    used = sum(len(prices.rates) for prices in fetched.snapshot.regions.values())
    answer(
        f"\n{said(used, 'price')} of {', '.join(sorted(set(region)))} in use from now on "
        f"(the price list has {said(fetched.read, 'line')}); stored in {done.path}"
    )


@contextmanager
def _bar() -> Iterator[Callable[[int, int | None, str], None]]:
    """A progress bar on standard error; a terminal sees it move, a file sees nothing of it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def moved(done: int, total: int | None, what: str) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield moved
