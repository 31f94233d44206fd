"""The JSON Schema (draft 2020-12) of a profile, made from the models: YAML keys, units as patterns, examples.

An editor completes and checks a profile with it. It says a little less than reading does: what is wrong between
values, names of instances and files are found by ``advisor check`` alone.
"""

from __future__ import annotations

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
    made = _plain(made)
    return {
        "$schema": DIALECT,
        "title": "A workload profile",
        **{key: value for key, value in made.items() if key != "title"},
        "$defs": {name: _plain(part) for name, part in sorted(parts.items())},
    }


def _sections(root: type[Section]) -> dict[str, type[Section]]:
    found: dict[str, type[Section]] = {root.__name__: root}
    for key in root.attributes():
        below = root.child(key)
        if below is not None:
            found |= _sections(below)
    return found


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
