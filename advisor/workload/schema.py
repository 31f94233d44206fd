"""The JSON Schema (draft 2020-12) of a profile, made from the models: YAML keys, units as patterns, examples.

An editor completes and checks a profile with it, and tells what a key means while it is typed. It says a little less
than reading does: figures out of all bounds, slips in the names of instances and regions, files, and what is wrong
between values are found by ``advisor check`` alone.
"""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from advisor.workload.model import Workload
from advisor.workload.section import Section

__all__ = ["schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema as plain data; keys in the order in which a profile is written."""
    made = Workload.model_json_schema(by_alias=True, schema_generator=GenerateJsonSchema)
    parts = made.pop("$defs", {})
    for name, section in _sections(Workload).items():
        part = made if section is Workload else parts[name]
        part["description"] = " ".join((section.__doc__ or "").replace("``", "").split())
        part.pop("title", None)
        if section.SHORT is not None:
            parts[name] = {"anyOf": [{"type": "string", "minLength": 1}, part]}
    texts: dict[str, dict[str, Any]] = {}
    made = _shared(_fillable(_plain(made)), texts)
    held = {name: _shared(_fillable(_plain(part)), texts) for name, part in sorted(parts.items())}
    return {
        "$schema": DIALECT,
        "title": "A workload profile",
        **{key: value for key, value in made.items() if key != "title"},
        "$defs": {**held, **texts},
    }


def _sections(root: type[Section]) -> dict[str, type[Section]]:
    found: dict[str, type[Section]] = {root.__name__: root}
    for key in root.attributes():
        below = root.child(key)
        if below is not None:
            found |= _sections(below)
    return found


def _fillable(part: Any) -> Any:
    """Every key that may be left out may stay empty too, as it is while it is typed; reading warns of it."""
    if isinstance(part, list):
        return [_fillable(item) for item in part]
    if not isinstance(part, dict):
        return part
    held = {key: _fillable(value) for key, value in part.items()}
    if held.get("type") == "object" and "properties" in held:
        required = held.get("required", [])
        held["properties"] = {
            key: value if key in required else _or_empty(value) for key, value in held["properties"].items()
        }
    return held


def _shared(part: Any, texts: dict[str, dict[str, Any]]) -> Any:
    """Each form of a quantity once, under its name, and referred to wherever it is written."""
    if isinstance(part, list):
        return [_shared(item, texts) for item in part]
    if not isinstance(part, dict):
        return part
    if "patternErrorMessage" not in part:
        return {key: _shared(value, texts) for key, value in part.items()}
    form = {key: part[key] for key in ("type", "pattern", "maxLength", "patternErrorMessage")}
    noun = re.sub(r"\W+", "_", str(part["patternErrorMessage"]).removeprefix("write ").partition(",")[0])
    name = next(name for n in count(1) if texts.get(name := noun if n == 1 else f"{noun}_{n}", form) == form)
    texts[name] = form
    return {"$ref": f"#/$defs/{name}", **{key: value for key, value in part.items() if key not in form}}


def _or_empty(value: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {key: value[key] for key in ("description", "examples", "default") if key in value}
    core = {key: one for key, one in value.items() if key not in told}
    choices = core["anyOf"] if set(core) == {"anyOf"} else [core]
    return {"anyOf": [*choices, {"type": "null"}], **told}


def _plain(part: Any) -> Any:
    """Without null as a choice, without defaults that only mean "not given", without titles made from keys."""
    if isinstance(part, list):
        return [_plain(item) for item in part]
    if not isinstance(part, dict):
        return part
    held = {
        key: _plain(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value in (None, [], ""))
    }
    choices = held.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        left = [choice for choice in choices if choice != {"type": "null"}]
        held = {
            **({key: value for key, value in held.items() if key != "anyOf"}),
            **(left[0] if len(left) == 1 else {"anyOf": left}),
        }
    return held
