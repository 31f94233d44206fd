"""Judges a request against AWS's own service model, offline and wholly: botocore's validator looks at types, required
members and a few minimums; here enumerations, minimums, maximums, lengths, patterns and unions count, too."""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.serialize import create_serializer
from botocore.utils import parse_timestamp

INT32, INT64 = 2**31, 2**63
# Classes of Java's expressions that Python's know no name for; those of Unicode are made from its tables.
POSIX = {"Print": " -~", "ASCII": "\x00-\x7f", "Alnum": "a-zA-Z0-9", "Alpha": "a-zA-Z", "Graph": "!-~"}


@cache
def service(client: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(client)


@cache
def operation(client: str, name: str) -> OperationModel:
    """The operation that boto3's client offers under this name."""
    model = service(client)
    [found] = [one for one in model.operation_names if xform_name(one) == name]
    return model.operation_model(found)


def serialised(client: str, name: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request as it goes over the wire, after botocore's own validation."""
    protocol = service(client).resolved_protocol
    wire: dict[str, Any] = create_serializer(protocol, include_validation=True).serialize_to_request(
        dict(request), operation(client, name)
    )
    return wire


def problems(client: str, name: str, request: Mapping[str, Any]) -> list[str]:
    """All that the model finds wrong with a request; empty where it is valid."""
    shape = operation(client, name).input_shape
    return list(_problems(shape, request, ""))


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.type_name in ("structure", "list", "map"):
        kind = {"structure": Mapping, "list": list, "map": Mapping}[shape.type_name]
        if not isinstance(value, kind):
            yield f"{path}: {value!r} is no {shape.type_name}"
            return
    yield from {
        "structure": _structure, "list": _list, "map": _map, "string": _string, "integer": _number,
        "long": _number, "float": _number, "double": _number, "boolean": _boolean, "timestamp": _timestamp,
        "blob": _blob,
    }[shape.type_name](shape, value, path)  # fmt: skip


def _structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    below = f"{path}." if path else ""
    yield from (f"{below}{name} is missing" for name in shape.required_members if name not in value)
    if shape.metadata.get("union") and len(value) != 1:
        yield f"{path}: {len(value)} members of a union"
    for name, one in value.items():
        if name not in shape.members:
            yield f"{below}{name} is unknown"
        else:
            yield from _problems(shape.members[name], one, f"{below}{name}")


def _list(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    yield from _within(shape, len(value), path, "members")
    for n, one in enumerate(value):
        yield from _problems(shape.member, one, f"{path}[{n}]")


def _map(shape: Any, value: Mapping[Any, Any], path: str) -> Iterator[str]:
    yield from _within(shape, len(value), path, "entries")
    for key, one in value.items():
        yield from _problems(shape.key, key, f"{path} key {key}")
        yield from _problems(shape.value, one, f"{path}[{key}]")


def _string(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path}: {value!r} is no string"
        return
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is not in the enumeration"
    yield from _within(shape, len(value), path, "characters")
    written = shape.metadata.get("pattern")
    if written is not None and not pattern(written).fullmatch(value):
        yield f"{path}: {value!r} does not match {written}"


def _number(shape: Any, value: Any, path: str) -> Iterator[str]:
    whole = shape.type_name in ("integer", "long")
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield f"{path}: {value!r} is no {shape.type_name}"
        return
    if not math.isfinite(value):
        yield f"{path}: {value!r} is not finite"
        return
    most = {"integer": INT32, "long": INT64}.get(shape.type_name, math.inf)
    if not -most <= value < most:
        yield f"{path}: {value} is beyond {shape.type_name}"
    yield from _within(shape, value, path, "")


def _boolean(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{path}: {value!r} is no boolean"


def _timestamp(shape: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, datetime):
        return
    try:
        parse_timestamp(value)
    except (ValueError, TypeError, RuntimeError):
        yield f"{path}: {value!r} is no timestamp"


def _blob(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str | bytes | bytearray):
        yield f"{path}: {value!r} is no blob"
        return
    yield from _within(shape, len(value.encode() if isinstance(value, str) else value), path, "bytes")


def _within(shape: Any, size: float, path: str, unit: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < float(least):
        yield f"{path}: {size} {unit} below {least}".replace("  ", " ")
    if most is not None and size > float(most):
        yield f"{path}: {size} {unit} above {most}".replace("  ", " ")


@cache
def pattern(written: str) -> re.Pattern[str]:
    """A pattern of the model, which is written for Java, for Python; AWS anchors at both ends."""
    # A pair of surrogates is how Java writes what lies beyond the first plane.
    text = written.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF").replace(r"\z", r"\Z")
    made, inside, at = [], False, 0
    while at < len(text):
        named = re.compile(r"\\p\{(\w+)\}").match(text, at)
        if named:
            ranges = POSIX.get(named[1]) or _category(named[1].removeprefix("Is"))
            made.append(ranges if inside else f"[{ranges}]")
            at = named.end()
        elif text[at] == "\\":
            made.append(text[at : at + 2])
            at += 2
        else:
            nested = inside and text[at] == "["
            inside = text[at] == "[" or (inside and text[at] != "]")
            made.append("\\[" if nested else text[at])
            at += 1
    return re.compile("".join(made), re.ASCII)


@cache
def _category(prefix: str) -> str:
    """The ranges of a class of Unicode, such as L."""
    ranges, begin = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(prefix)
        if inside and begin is None:
            begin = code
        elif not inside and begin is not None:
            ranges.append(f"{re.escape(chr(begin))}-{re.escape(chr(code - 1))}")
            begin = None
    return "".join(ranges)
