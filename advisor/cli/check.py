"""``advisor check FILE...``: every problem of a profile and every finding of the rules, with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from advisor.cli.output import (
    EXIT_BAD_INPUT,
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
from advisor.errors import InputError, ProfileError, UnitError, UnknownName

if TYPE_CHECKING:
    from advisor.advice.checking import Checked, PatternCheck
    from advisor.errors import Problem
    from advisor.rules import Finding

__all__ = ["check"]


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Workload profiles (YAML).")],
    pattern: Annotated[str | None, typer.Option(help="Only this pattern, such as serverless; or combination.")] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="Judge the pattern with this setting, such as memory='4 GB'."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="An array of objects instead of text.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="One line a pattern, without the findings' texts.")] = False,
) -> None:
    """Check profiles against AWS's limits: what fits, what is refused, why, and how to mend it.

    Exit code 0 where every profile leaves a pattern, 1 where one leaves none, 2 where one does not read.
    """
    from advisor.advice.checking import check as judge
    from advisor.advice.checking import pattern_named
    from advisor.advice.combination import Combination
    from advisor.workload import read

    wanted = settings(sets or [])
    if pattern is not None:
        if pattern != Combination.name:
            pattern_named(pattern)
    elif wanted:
        raise InputError("--set without --pattern", "", "name the pattern that the settings belong to, with --pattern")
    objects: list[dict[str, Any]] = []
    unread, hopeless = 0, 0
    for position, file in enumerate(files):
        try:
            workload = read(file)
            judged = judge(workload, pattern=pattern, sets=wanted)
        except (UnknownName, UnitError):
            raise  # the settings are wrong, whatever the file
        except InputError as error:
            unread += 1
            objects += [_problem(file, problem) for problem in _problems(error)]
            if not as_json:
                complain(_told_problems(file, error))
            continue
        hopeless += not judged.feasible
        if as_json:
            objects += [one for one in _objects(file, judged) if not brief or one["kind"] == "pattern"]
        else:
            answer(("\n" if position else "") + _told(file, judged, brief=brief))
    if as_json:
        answer_json(objects)
    elif len(files) > 1:
        answer(f"\n{said(len(files), 'profile')}: {said(unread, 'problem profile')}, {hopeless:,} without a pattern")
    if unread:
        raise typer.Exit(EXIT_BAD_INPUT)
    if hopeless:
        raise typer.Exit(EXIT_FAILED)


def _told(file: Path, checked: Checked, *, brief: bool) -> str:
    lines = [f"{file}", checked.table().text(width())]
    for caution in checked.workload.warnings:
        lines += ["", *folded(f"{caution.where}: {caution.what}", width())]
        lines += folded(f"to mend: {caution.mend}", width(), first="  ", then="  ")
    if not brief:
        for result in checked.patterns:
            if result.findings:
                lines += ["", *folded(f"{result.pattern}, judged with {_settings(result)}", width())]
                lines += [line for finding in result.findings for line in _told_finding(finding)]
        lines += assumed_lines(checked.workload)
    if not checked.feasible:
        lines += ["", "no pattern fits: each that was asked is refused above, with what would have to change"]
    return "\n".join(lines)


def _settings(result: PatternCheck) -> str:
    """The deployment that was judged, in the words that ``--set`` takes."""
    from advisor.advice.by_part import Combined, by_part

    judged = result.deployment
    held = by_part(judged) if isinstance(judged, Combined) else judged.to_dict()
    return ", ".join(f"{field}={value}" for field, value in held.items() if value is not None)


def _told_finding(finding: Finding) -> list[str]:
    from advisor.patterns.settings import spoken

    # A finding about the deployment has no line of its own: its setting is named instead.
    section, _, field = finding.path.partition(".")
    where = f"{finding.where} (--set {spoken(field)})" if section == "deployment" else finding.where
    head = f"{finding.verdict.name.lower():6} {finding.rule}  {where}: {finding.says}"
    lines = folded(head, width(), first="  ", then=" " * 16)
    for label, text in (("to mend: ", finding.mend), ("source: ", finding.source)):
        lines += folded(label + text, width(), first=" " * 16, then=" " * 18)
    return lines


def _objects(file: Path, checked: Checked) -> list[dict[str, Any]]:
    patterns = [
        {
            "kind": "pattern",
            "file": file,
            "workload": checked.workload.name,
            "pattern": result.pattern,
            "fits": result.fits,
            "deployment": result.deployment.to_dict(),
        }
        for result in checked.patterns
    ]
    findings = [
        {
            "kind": "finding",
            "file": file,
            "workload": checked.workload.name,
            "pattern": pattern,
            "rule": finding.rule,
            "verdict": finding.verdict.name,
            "says": finding.says,
            "path": finding.path,
            "where": finding.where,
            "mend": finding.mend,
            "source": finding.source,
        }
        for pattern, finding in checked.findings
    ]
    workload = checked.workload
    kept = {assumption.key for assumption in workload.assumptions}
    assumptions = [
        {
            "kind": "assumption",
            "file": file,
            "workload": checked.workload.name,
            "path": path,
            "assumption": key,
            "value": workload.shown(path),
        }
        for path, key in workload.assumed.items()
        if key in kept
    ]
    cautions = [
        {
            "kind": "caution",
            "file": file,
            "workload": workload.name,
            "says": caution.what,
            "path": caution.path,
            "where": caution.where,
            "mend": caution.mend,
        }
        for caution in workload.warnings
    ]
    return [*patterns, *cautions, *findings, *assumptions]


def _problems(error: InputError) -> tuple[Problem, ...]:
    from advisor.errors import Problem

    if isinstance(error, ProfileError) and error.problems:
        return error.problems
    return (Problem(error.what, error.where, error.mend),)


def _problem(file: Path, problem: Problem) -> dict[str, Any]:
    return {"kind": "problem", "file": file, "says": problem.what, "where": problem.where, "mend": problem.mend}


def _told_problems(file: Path, error: InputError) -> str:
    problems = _problems(error)
    return "\n".join([f"{file}: {said(len(problems), 'problem')}", *(str(problem) for problem in problems)])
