"""``advisor fit TRACE``: a profile's traffic section from a file of arrivals, and how well it predicts waits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.output import answer, answer_json, width
from advisor.errors import UnitError

__all__ = ["fit"]


def fit(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="CSV with arrival_s, or start_s and count; gzip too.")],
    service: Annotated[
        str | None, typer.Option(help="The mean service time to compare waits with, such as '250 ms'.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the replays that the fit is compared by.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="An object instead of text.")] = False,
) -> None:
    """Fit a profile's traffic section to a file of arrivals, and compare it with the file itself."""
    from advisor.fitting import fit as fit_file
    from advisor.units import duration_s

    try:
        service_s = None if service is None else duration_s(service)
    except UnitError as error:
        raise UnitError(f"--service: {error.what}", "", error.mend) from None
    found = fit_file(trace, seed=seed, service_s=service_s)
    if as_json:
        answer_json(found.to_dict())
        return
    answer(found.yaml())
    answer(found.table().text(width()))
