"""What the parser of YAML found, told where the trouble begins and in plain words.

A parser notices an open quote at the end of the file, and a missing blank on the line after; the profile's writer
looks for the line on which the slip was made.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Place", "slip"]

_CLOSE = {"{": "}", "[": "]"}
_NO_BLANK = re.compile(r"(?P<lead>\s*(?:-\s+)?)(?P<key>[A-Za-z_][\w-]*):(?P<value>[^\s:/][^:]*)")
_OPEN_QUOTE = re.compile(r"(?:^|[\s\[{,])(?P<quote>['\"])")
_KEY = re.compile(r"(?P<lead>\s*)(?:-\s+)?[A-Za-z_][\w-]*:(?:\s|$)")


class Place(NamedTuple):
    """A line and column, from 1."""

    line: int
    column: int


def slip(text: str, problem: str, at: Place, begun: Place | None) -> tuple[Place, str, str]:
    """Where, what and how to mend: from the parser's words, where it stopped, and where what it read had begun."""
    lines = text.splitlines() or [""]
    tab = _tab(lines, at.line)
    if tab is not None:
        return tab, "a tab at the beginning of the line", "indent with spaces"
    if "found unexpected end of stream" in problem and begun is not None:
        return begun, "a quote opens here and is not closed", "close it with the same quote, or take it out"
    if "could not find expected ':'" in problem and begun is not None:
        line = _at(lines, begun.line)
        told = _no_blank(line, begun.line)
        what = f"{_short(line)} is no key with a value"
        return told or (begun, what, "write key: value, and put a text of several lines in quotes")
    quote = _quote(lines, (begun or at).line, at.line)
    if quote is not None and "expected" in problem:
        mend = "close it at the end of the text, with the same quote"
        return quote, "a quote opens here and is not closed on its line", mend
    if "expected ',' or" in problem and begun is not None:
        return _bracket(lines, at, begun)
    if "mapping values are not allowed" in problem:
        return _colon(lines, at)
    if "did not find expected key" in problem or "did not find expected '-'" in problem:
        return _key(lines, at)
    if "cannot start any token" in problem or "expected node content" in problem:
        sign = _at(lines, at.line)[at.column - 1 : at.column]
        return (
            at,
            f"a value cannot begin with {sign or 'this'}",
            "put a text that begins with such a character in quotes",
        )
    if "alias" in problem or "anchor" in problem:
        return at, f"does not read as YAML: {problem[:120]}", "put a text that begins with * or & in quotes"
    mend = "check indentation, colons and quotes on this line and the one above"
    return at, f"does not read as YAML: {problem[:120]}", mend


def _at(lines: list[str], line: int) -> str:
    return lines[line - 1] if line <= len(lines) else ""


def _short(line: str) -> str:
    line = line.strip()
    return f'"{line[:37]}..."' if len(line) > 40 else f'"{line}"'


def _tab(lines: list[str], line: int) -> Place | None:
    # The parser notices a tab up to two lines later.
    for n in range(min(line, len(lines)), max(0, line - 3), -1):
        if re.match(r" *\t", lines[n - 1]):
            return Place(n, lines[n - 1].index("\t") + 1)
    return None


def _no_blank(line: str, number: int) -> tuple[Place, str, str] | None:
    found = _NO_BLANK.fullmatch(line)
    if found is None:
        return None
    key, value = found["key"], found["value"].strip()
    mend = f"a space follows the colon: {key}: {value[:40]}"
    return Place(number, len(found["lead"]) + 1), f"no space after the colon of {key}:", mend


def _quote(lines: list[str], first: int, last: int) -> Place | None:
    """The first quote on these lines that opens a text and is not closed on its own line."""
    for n in range(first, min(last, len(lines)) + 1):
        line, at = lines[n - 1], 0
        while (found := _OPEN_QUOTE.search(line, at)) is not None:
            if "#" in line[at : found.start()]:
                break
            close = line.find(found["quote"], found.end())
            if close < 0:
                return Place(n, found.end())
            at = close + 1
    return None


def _bracket(lines: list[str], at: Place, begun: Place) -> tuple[Place, str, str]:
    opened = _at(lines, begun.line)[begun.column - 1 : begun.column]
    close = _CLOSE.get(opened, "bracket")
    line = _at(lines, at.line)
    indent = len(_at(lines, begun.line)) - len(_at(lines, begun.line).lstrip())
    key = _KEY.match(line)
    if at.line > begun.line and (not line.strip() or (key is not None and len(key["lead"]) <= indent)):
        return begun, f"a {opened} opens here and is not closed", f"close it with {close}"
    return at, f"a comma is missing before here, or a {close}", f"put commas between the parts, and close with {close}"


def _colon(lines: list[str], at: Place) -> tuple[Place, str, str]:
    line, above = _at(lines, at.line), next((n for n in range(at.line - 1, 0, -1) if lines[n - 1].strip()), 0)
    before = line[: at.column - 1]
    if above and re.fullmatch(r"\s*(?:-\s+)?[A-Za-z_][\w-]*", before):
        told = _no_blank(lines[above - 1], above)
        if told is not None:
            return told
        what = "this line is indented further than the one above, which has its value already"
        return Place(at.line, len(before) - len(before.lstrip()) + 1), what, "begin it below the key above"
    return at, "a second colon in one value", "put a text with a colon in quotes, and check the indentation"


def _key(lines: list[str], at: Place) -> tuple[Place, str, str]:
    line = _at(lines, at.line)
    before, here = line[: at.column - 1].rstrip(), line[at.column - 1 : at.column]
    if here in ("}", "]"):
        return at, f"a {here} too many", f"take it out, or open it with {'{' if here == '}' else '['}"
    if before.endswith(("'", '"')):
        mend = "put the whole text in quotes of the other kind"
        return at, f"text goes on after the closing {before[-1]}", mend
    if not before:
        return at, "the indentation of this line fits no line above it", "begin it below the keys that it belongs to"
    return at, "a key is due here", "check indentation, colons and quotes on this line and the one above"
