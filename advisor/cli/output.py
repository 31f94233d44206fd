"""How answers leave the command line: text or JSON on standard output, words to the user on standard error."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from advisor.errors import InputError
from advisor.show import Table

if TYPE_CHECKING:
    from advisor.workload import Workload

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_BUG",
    "EXIT_FAILED",
    "answer",
    "answer_json",
    "answer_table",
    "assumed_lines",
    "complain",
    "folded",
    "said",
    "settings",
    "width",
]

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_BUG = 3


def answer(text: str) -> None:
    """Text of the answer, on standard output."""
    typer.echo(text)


def answer_json(value: object) -> None:
    """The answer as JSON: NaN is null, money is a decimal string."""
    typer.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def answer_table(table: Table, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """A table for people, or its rows as an array of objects."""
    if as_json:
        answer_json(rows)
    else:
        answer(table.text(width()))


def assumed_lines(workload: Workload, *, under: str = "") -> list[str]:
    """What was assumed because the profile does not say it: path, value and the assumption's key."""
    kept = {assumption.key for assumption in workload.assumptions}
    paths = {path: key for path, key in workload.assumed.items() if path.startswith(under) and key in kept}
    back = dict.fromkeys(workload.held_back, ", held back by a limit")
    lines = [f"  {path}: {workload.shown(path)} ({key}{back.get(path, '')})" for path, key in paths.items()]
    head = "assumed, as the profile does not say (`advisor explain KEY` tells why; `platform: {KEY: value}` overrides):"
    return ["", *folded(head, width()), *lines] if lines else []


def folded(text: str, wide: int, *, first: str = "", then: str = "") -> list[str]:
    """A text over as many lines as it takes; names stay in one piece. ``first`` and ``then`` indent its lines."""
    return textwrap.wrap(
        text, wide, initial_indent=first, subsequent_indent=then, break_on_hyphens=False, break_long_words=False
    )


def width() -> int:
    """How wide text may be: the terminal, at most 100 columns; 100 where there is none."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return 100
    return max(40, min(100, shutil.get_terminal_size((100, 24)).columns))


def complain(text: str) -> None:
    """Words to the user that are no part of the answer, on standard error."""
    typer.echo(text, err=True)


def said(count: int, noun: str) -> str:
    """A count with its noun: "1 rule", "3 rules"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Decimal):
        # Fixed point, as a price is written: 0.00002 and not 2E-5.
        return f"{value:f}"
    if isinstance(value, Path):
        return value.as_posix()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def settings(sets: list[str]) -> dict[str, object]:
    """``--set field=value`` options as a mapping; each must have an equals sign, and no field may come twice."""
    given: dict[str, object] = {}
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--set {text!r} has no value", "", "write --set field=value, such as --set memory='4 GB'")
        if name.strip() in given:
            raise InputError(f"--set {name.strip()} is given twice", "", "give each setting once")
        given[name.strip()] = value.strip()
    return given
