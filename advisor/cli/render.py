"""``advisor render FILE --pattern P``: the boto3 requests that create a deployment, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.output import EXIT_FAILED, answer_json, complain, said, settings

__all__ = ["render"]


def render(
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
    as_json: Annotated[  # noqa: ARG001 - the answer is JSON in any case; every verb that answers takes the option
        bool, typer.Option("--json", help="As without: the answer is JSON.")
    ] = False,
) -> None:
    """Print the boto3 calls that create a deployment, in order: client, operation, request.

    What only you know (ARNs, images, S3 addresses) is a placeholder, listed under fill_in by its path in the request.
    Where a rule refuses the deployment, the array is empty, the reasons are told, and the exit code is 1.
    """
    from advisor.advice.by_part import Combined
    from advisor.advice.checking import check
    from advisor.advice.rendering import render as calls_of
    from advisor.rules import Verdict
    from advisor.workload import read

    workload = read(file)
    [judged] = check(workload, pattern=pattern, sets=settings(sets or [])).patterns
    if not judged.fits:
        blocking = [finding for finding in judged.findings if finding.verdict is Verdict.BLOCKS]
        complain(f"{judged.deployment.id} is refused, so nothing is rendered")
        for finding in blocking:
            complain(f"{finding.where}: {finding.rule}: {finding.says}\n  to mend: {finding.mend}")
        answer_json([])
        raise typer.Exit(EXIT_FAILED)
    calls = calls_of(workload, judged.deployment)
    answer_json([call.to_dict() for call in calls])
    blanks = sum(len(call.fill_in) for call in calls)
    complain(f"{judged.deployment.id}: {said(blanks, 'placeholder')} to fill in, listed under fill_in")
    if isinstance(judged.deployment, Combined):
        complain(judged.deployment.told())
