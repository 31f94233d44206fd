"""YAML as plain data, with the line and column of every path, and everything that is wrong with it as YAML.

The text is read as a stream of events, so that depth, aliases and size are bounded before anything is built. Words
resolve as in YAML 1.2: ``on``, ``yes`` and ``no`` are words, ``14:00`` and dates are texts, only true and false are
switches. Tags other than those of plain values, and several documents, are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from advisor.workload.syntax import Place, slip

__all__ = ["Document", "Trouble", "document"]

_DEEPEST = 40
_MOST_VALUES = 20_000
_LONGEST_LIST = 1000
_LONGEST_TEXT = 20_000
_MOST_TROUBLES = 100

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TAG = "tag:yaml.org,2002:"
_TAGS = {"scalar": {"str", "int", "float", "bool", "null"}, "list": {"seq"}, "map": {"map"}}


class Trouble(NamedTuple):
    """What is wrong at a line and column (from 1; column 0 where it is the whole line)."""

    line: int
    column: int
    what: str
    mend: str


@dataclass(slots=True, kw_only=True)
class Document:
    """The data, where each path stands, and all trouble found; ``data`` is ``None`` where nothing reads."""

    data: dict[Any, Any] | None = None
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)


@dataclass(slots=True)
class _Node:
    kind: str
    line: int
    column: int
    value: Any
    plain: bool = False
    tag: str | None = None
    pairs: list[tuple[_Node, _Node]] = field(default_factory=list)
    items: list[_Node] = field(default_factory=list)


class _Refused(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


def document(text: str) -> Document:
    """Read one YAML document whose top is a mapping."""
    made = Document()
    if found := _UNPRINTABLE.search(text):
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        made.troubles.append(
            Trouble(
                line,
                column,
                f"an unprintable character (code {ord(found[0]):#x})",
                "take it out; a profile is plain text",
            )
        )
        return made
    try:
        root = _tree(text)
        if root is None:
            raise _Refused(Trouble(1, 0, "the profile is empty", "begin with name: and a name"))
        if root.kind != "map":
            what = "a list" if root.kind == "list" else "a single value"
            raise _Refused(
                Trouble(
                    root.line, root.column, f"the profile is {what}", "write key: value pairs, beginning with name:"
                )
            )
        made.data = _Reader(made).mapping(root, "", ())
    except _Refused as refused:
        made.troubles.append(refused.trouble)
        made.data = None
    return made


def _tree(text: str) -> _Node | None:
    anchors: dict[str, _Node] = {}
    # What is open: the node, and for a mapping the key that waits for its value.
    open_nodes: list[tuple[_Node, list[_Node]]] = []
    root: _Node | None = None
    documents = 0
    for event in _events(text):
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Refused(
                    Trouble(line, column, "a second document begins", "keep one profile a file; take the line --- out")
                )
            continue
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            open_nodes.pop()
            continue
        if isinstance(event, yaml.AliasEvent):
            name = str(event.anchor)
            if name not in anchors:
                raise _Refused(
                    Trouble(
                        line,
                        column,
                        f"*{name[:40]} names no anchor above it",
                        f"write &{name[:40]} where the value stands",
                    )
                )
            node = anchors[name]
        elif isinstance(event, yaml.ScalarEvent):
            node = _Node(
                "scalar", line, column, event.value, plain=event.implicit[0] and not event.style, tag=event.tag
            )
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            node = _Node(
                "list" if isinstance(event, yaml.SequenceStartEvent) else "map", line, column, None, tag=event.tag
            )
        else:
            continue
        if not isinstance(event, yaml.AliasEvent) and event.anchor is not None:
            anchors[event.anchor] = node
        if open_nodes:
            _attach(open_nodes[-1], node)
        else:
            root = root or node
        if isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            open_nodes.append((node, []))
            if len(open_nodes) > _DEEPEST:
                raise _Refused(
                    Trouble(
                        line, column, f"more than {_DEEPEST} levels inside one another", "a profile has at most six"
                    )
                )
    return root


def _attach(above: tuple[_Node, list[_Node]], node: _Node) -> None:
    holder, waiting = above
    if holder.kind == "list":
        holder.items.append(node)
    elif waiting:
        holder.pairs.append((waiting.pop(), node))
    else:
        waiting.append(node)


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        begun, mark = error.context_mark, error.problem_mark or error.context_mark
        at = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 0)
        problem = str(error.problem or error.context or "does not read")
        place, what, mend = slip(text, problem, at, Place(begun.line + 1, begun.column + 1) if begun else None)
        raise _Refused(Trouble(*place, what, mend)) from None
    except (yaml.YAMLError, RecursionError, UnicodeError, ValueError) as error:
        raise _Refused(
            Trouble(
                1,
                0,
                f"does not read as YAML: {str(error).splitlines()[0][:100] if str(error) else type(error).__name__}",
                "write plain key: value pairs",
            )
        ) from None


class _Reader:
    """Turns nodes into data, aliases written out, within bounds."""

    def __init__(self, made: Document) -> None:
        self.made = made
        self.values = 0

    def trouble(self, node: _Node, what: str, mend: str) -> None:
        if len(self.made.troubles) < _MOST_TROUBLES:
            self.made.troubles.append(Trouble(node.line, node.column, what, mend))

    def mapping(self, node: _Node, path: str, above: tuple[int, ...]) -> dict[Any, Any]:
        read: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        merged: list[_Node] = []
        for key_node, value_node in node.pairs:
            if key_node.kind != "scalar":
                self.trouble(
                    key_node,
                    "a key that is not a word",
                    "write key: value, and quotes around a text that begins with { or [",
                )
                continue
            if key_node.value == "<<" and key_node.plain:
                merged += value_node.items if value_node.kind == "list" else [value_node]
                continue
            key = self.key(key_node)
            if key in read:
                self.trouble(
                    key_node,
                    f'"{str(key)[:60]}" stands here for the second time',
                    f"keep one; the first is on line {lines[key]}",
                )
                continue
            lines[key] = key_node.line
            below = f"{path}.{key}" if path else str(key)
            self.made.marks.setdefault(below, (key_node.line, key_node.column))
            read[key] = self.value(value_node, below, (*above, id(node)))
        for source in merged:
            if source.kind != "map" or id(source) in (*above, id(node)):
                self.trouble(
                    source, "<< takes in what is not a mapping above it", "name an anchored mapping: <<: *base"
                )
                continue
            self.counted(source)
            for key, value in self.mapping(source, path, (*above, id(node))).items():
                read.setdefault(key, value)
        return read

    def counted(self, node: _Node) -> None:
        self.values += 1
        if self.values > _MOST_VALUES:
            what = f"more than {_MOST_VALUES:,} values, aliases written out"
            raise _Refused(
                Trouble(node.line, node.column, what, "a profile has tens of values; keep long lists in a file")
            )

    def key(self, node: _Node) -> Any:
        key = self.scalar(node)
        # A key is a number, for load curves and quantiles, or a word.
        return key if isinstance(key, int | float | str) and not isinstance(key, bool) else str(node.value)

    def value(self, node: _Node, path: str, above: tuple[int, ...]) -> Any:
        self.counted(node)
        if id(node) in above:
            self.trouble(node, "a value that contains itself through an alias", "write it out without the alias")
            return None
        self.tagged(node)
        if node.kind == "map":
            return self.mapping(node, path, above)
        if node.kind == "list":
            if len(node.items) > _LONGEST_LIST:
                self.trouble(
                    node,
                    f"a list of {len(node.items):,} items",
                    f"at most {_LONGEST_LIST:,} are taken; keep more in a file",
                )
                return None
            for n, item in enumerate(node.items):
                self.made.marks.setdefault(f"{path}.{n}", (item.line, item.column))
            return [self.value(item, f"{path}.{n}", (*above, id(node))) for n, item in enumerate(node.items)]
        return self.scalar(node)

    def tagged(self, node: _Node) -> None:
        if node.tag is not None and node.tag != "!" and node.tag.removeprefix(_TAG) not in _TAGS[node.kind]:
            self.trouble(
                node,
                f"the tag {node.tag.replace(_TAG, '!!')[:60]} is not taken here",
                "leave the tag out: write the plain value",
            )

    def scalar(self, node: _Node) -> Any:
        text: str = node.value
        if len(text) > _LONGEST_TEXT:
            self.trouble(node, f"a value of {len(text):,} characters", f"at most {_LONGEST_TEXT:,} are taken")
            return None
        kind = (node.tag or "").removeprefix(_TAG)
        return (
            resolved(text) if kind in ("int", "float", "bool", "null") or (node.plain and kind in ("", "!")) else text
        )


def resolved(text: str) -> Any:
    """A plain word as YAML 1.2 reads it; numbers out of all bounds stay texts, for the quantity's own message."""
    folded = text.lower()
    if folded in _WORDS and text in (folded, folded.capitalize(), folded.upper()):
        return _WORDS[folded]
    if _INT.fullmatch(text):
        return int(text)
    if len(text) <= 60 and _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
