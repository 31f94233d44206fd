"""One table, rendered as plain text, Markdown or HTML; what the command line and notebooks display.

A column that holds numbers is set flush right. Text tables are cut to a width by wrapping cells of the
widest columns, never by dropping words, so that a table fits a terminal of 100 columns; where words alone are too wide
for it, long names are cut at their hyphens.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import Enum

__all__ = ["Shown", "Table", "facts", "show_digits", "sparkline"]

_GAP = "  "
_NARROWEST = 8


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Table:
    """Rows of text under named columns, with a title and notes; ``right`` names the columns set flush right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    right: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row has {len(row)} cells under {len(self.columns)} columns: {row!r}")

    @classmethod
    def of(
        cls,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        title: str = "",
        notes: Iterable[str] = (),
        right: Iterable[str] = (),
    ) -> Table:
        """A table of any cells: ``None`` shows as an empty cell, all else by ``str``."""
        cells = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
        return cls(columns=tuple(columns), rows=cells, title=title, notes=tuple(notes), right=frozenset(right))

    def __repr__(self) -> str:
        return self.text()

    def text(self, width: int = 100) -> str:
        """Plain text, at most ``width`` columns wide where the words allow it."""
        widths = self._widths(width)
        lines = [self.title, ""] if self.title else []
        lines += self._wrapped(self.columns, widths)
        lines.append(_GAP.join("-" * column for column in widths))
        for row in self.rows:
            lines += self._wrapped(row, widths)
        for note in self.notes:
            lines += ["", *textwrap.wrap(note, width, break_on_hyphens=False)]
        return "\n".join(line.rstrip() for line in lines)

    def markdown(self) -> str:
        """A Markdown table; pipes and line breaks inside cells are escaped."""

        def line(cells: Iterable[str]) -> str:
            return "| " + " | ".join(_one_line(cell).replace("|", "\\|") for cell in cells) + " |"

        rule = ["---:" if column in self.right else "---" for column in self.columns]
        lines = [f"**{self.title}**", ""] if self.title else []
        lines += [line(self.columns), line(rule), *(line(row) for row in self.rows)]
        for note in self.notes:
            lines += ["", note]
        return "\n".join(lines)

    def html(self) -> str:
        """An HTML table with a caption and column scopes, without any style of its own."""

        def cell(tag: str, column: str, content: str, scope: str = "") -> str:
            align = ' style="text-align:right"' if column in self.right else ' style="text-align:left"'
            shown = html.escape(content).replace("\n", "<br>")
            return f"<{tag}{scope}{align}>{shown}</{tag}>"

        head = "".join(cell("th", column, column, ' scope="col"') for column in self.columns)
        body = "".join(
            "<tr>" + "".join(cell("td", column, text) for column, text in zip(self.columns, row, strict=True)) + "</tr>"
            for row in self.rows
        )
        caption = f"<caption>{html.escape(self.title)}</caption>" if self.title else ""
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"

    def _repr_html_(self) -> str:
        return self.html()

    def _widths(self, width: int) -> list[int]:
        columns = [self.columns, *self.rows]
        full = [
            max(len(line) for row in columns for line in (row[i].splitlines() or [""]))
            for i in range(len(self.columns))
        ]
        words = [[word for row in columns for word in row[i].split()] for i in range(len(full))]
        spare = width - len(_GAP) * (len(full) - 1)
        widths = _narrowed(full, words, spare)
        if sum(widths) <= spare:
            return widths
        return _narrowed(full, [[part for word in each for part in _parts(word)] for each in words], spare)

    def _wrapped(self, cells: Sequence[str], widths: Sequence[int]) -> list[str]:
        stacks = [_fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
        height = max(len(stack) for stack in stacks)
        lines = []
        for level in range(height):
            parts = []
            for column, stack, width in zip(self.columns, stacks, widths, strict=True):
                text = stack[level] if level < len(stack) else ""
                parts.append(text.rjust(width) if column in self.right else text.ljust(width))
            lines.append(_GAP.join(parts))
        return lines


def _narrowed(full: Sequence[int], words: Sequence[Sequence[str]], spare: int) -> list[int]:
    """Widths that sum to what there is, as far as the words of each column allow it."""
    floors = [
        max(max(map(len, each), default=1), min(wide, _NARROWEST)) for each, wide in zip(words, full, strict=True)
    ]
    widths = [max(floor, min(wide, spare)) for floor, wide in zip(floors, full, strict=True)]
    while sum(widths) > spare:
        # The widest column that can still give way, gives way by one, so that long columns end up alike.
        able = [i for i in range(len(widths)) if widths[i] > floors[i]]
        if not able:
            break
        widths[max(able, key=lambda i: widths[i])] -= 1
    return widths


def _fold(cell: str, width: int) -> list[str]:
    lines = [
        part
        for line in cell.splitlines()
        for part in (textwrap.wrap(_cut(line, width), width, break_long_words=False, break_on_hyphens=False) or [""])
    ]
    return lines or [""]


def _cut(line: str, width: int) -> str:
    """A line whose words are cut at hyphens where they are too wide."""
    if all(len(word) <= width for word in line.split()):
        return line
    pieces: list[str] = []
    for word in line.split():
        chunk = ""
        for part in _parts(word) if len(word) > width else [word]:
            if chunk and len(chunk) + len(part) > width:
                pieces.append(chunk)
                chunk = ""
            chunk += part
        pieces.append(chunk)
    return " ".join(pieces)


def _parts(word: str) -> list[str]:
    """A name in the parts that it may be cut into: each but the last ends in a hyphen."""
    parts = word.split("-")
    return [f"{part}-" for part in parts[:-1]] + parts[-1:]


def _one_line(cell: str) -> str:
    return " ".join(cell.splitlines())


class Shown:
    """A dataclass that a notebook shows as a table of its fields: ``_facts`` tells them, and ``_headed`` the title."""

    __slots__ = ()

    def _facts(self) -> Iterable[tuple[str, object]]:
        return [(one.name, getattr(self, one.name)) for one in fields(self)]  # type: ignore[arg-type]  # a dataclass

    def _headed(self) -> str:
        return type(self).__name__

    def _repr_html_(self) -> str:
        return facts(self._headed(), self._facts()).html()


def facts(title: str, pairs: Iterable[tuple[str, object]]) -> Table:
    """Names and values under each other, values in plain words."""
    return Table.of(["", "value"], [(name, _plain(value)) for name, value in pairs], title=title)


def _plain(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one) for one in value)
    return str(value)


def show_digits(value: float, digits: int) -> str:
    """So many digits that count, written in full: 0.0000496 and not 4.96e-05.

    >>> show_digits(4.961e-05, 3), show_digits(0.5, 2), show_digits(1234.5, 2)
    ('0.0000496', '0.5', '1,200')
    """
    rounded = float(f"{value:.{digits}g}")
    if not rounded or not math.isfinite(rounded):
        return f"{rounded:g}"
    text = f"{rounded:,.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def sparkline(values: Sequence[float]) -> str:
    """Values as a row of eight block heights over zero; an empty row for no values.

    >>> sparkline([0, 1, 2, 4])
    '▁▃▅█'
    """
    blocks = "▁▂▃▄▅▆▇█"
    top = max(values, default=0.0)
    if top <= 0:
        return blocks[0] * len(values)
    return "".join(blocks[min(7, int(8 * max(0.0, value) / top))] for value in values)
