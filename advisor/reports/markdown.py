"""A document as Markdown: all of its words and tables; plots as files beside it where they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from advisor.reports.document import Block, Box, Bullets, Code, Document, Facts, Fold, Grid, Picture, Text

__all__ = ["markdown"]


def markdown(document: Document, *, files: Mapping[str, str] | None = None) -> str:
    """The text; ``files`` gives the address of each plot's file by its name, else plots are told in words alone."""
    lines = [f"# {_safe(document.title)}", "", *_block(Facts(document.facts), 2, files)]
    if files is None:
        lines += ["", "*Plots are told in words here; the HTML and PDF reviews draw them.*"]
    for number, section in enumerate(document.sections, start=1):
        lines += ["", f"## {number} {section.title}"]
        for block in section.blocks:
            lines += ["", *_block(block, 3, files)]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block, level: int, files: Mapping[str, str] | None) -> Iterator[str]:
    match block:
        case Text(words):
            yield _safe(words)
        case Bullets(items):
            yield from (f"- {_safe(item)}" for item in items)
        case Facts(pairs):
            yield from (f"- **{_safe(name)}**: {_safe(value)}" for name, value in pairs)
        case Grid(table=table):
            yield table.markdown()
        case Code(title, text, language):
            longest = max((len(run) for run in re.findall("`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            yield from (f"{'#' * level} {title}", "", f"{fence}{language}", text, fence)
        case Box(title, _, blocks) | Fold(title, blocks):
            yield f"{'#' * level} {_safe(title)}"
            for one in blocks:
                yield ""
                yield from _block(one, level + 1, files)
        case Picture():
            yield from _picture(block, files)


def _picture(picture: Picture, files: Mapping[str, str] | None) -> Iterator[str]:
    from advisor.reports.plot import WIDE

    told = picture.draw(WIDE).told
    if files is not None:
        yield from (f"![{picture.title}]({files[picture.name]})", "")
    yield f"**{picture.title}.** {_safe(told)}"


def _safe(words: str) -> str:
    """Words as they stand: what Markdown or HTML would take for marks is escaped, backticks are meant."""
    parts = words.split("`")
    if len(parts) % 2 == 0:
        return _escaped(words).replace("`", "\\`")
    return "`".join(part if n % 2 else _escaped(part) for n, part in enumerate(parts))


def _escaped(words: str) -> str:
    return re.sub(r"([\\*_\[\]<>#])", r"\\\1", words)
