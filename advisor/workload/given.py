"""Paths into what was written: which there are, how attribute names map to YAML keys, and setting one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from advisor.errors import UnknownName, near
from advisor.workload.quantity import Base
from advisor.workload.section import Section

__all__ = ["paths", "placed", "yaml_path"]

_LONGEST_LIST = 10_000


def paths(written: Any, above: str = "") -> Iterator[str]:
    """Every path of what was written, sections and values alike."""
    items: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(written, Mapping):
        items = iter(written.items())
    elif isinstance(written, list):
        items = iter(enumerate(written))
    for key, value in items:
        path = f"{above}.{key}" if above else str(key)
        yield path
        yield from paths(value, path)


def yaml_path(root: type[Section], path: str) -> str:
    """The path in YAML keys: ``payload.request_bytes`` is ``payload.request``."""
    return ".".join(step for step, _ in _steps(root, path))


def _steps(root: type[Section], path: str) -> Iterator[tuple[str, bool]]:
    """Each step in YAML keys, and whether it was an attribute's name."""
    section: type[Section] | None = root
    for step in path.split("."):
        if step.isdigit() or section is None:
            yield step, False
            continue
        names = {name: key for key, name in section.attributes().items()}
        key = names.get(step, step)
        yield key, key != step
        section = section.child(key)


def placed(root: type[Section], written: dict[str, Any], path: str, value: Any) -> None:
    """Set one path in what was written; ``None`` takes it out. A value under an attribute's name is in base units."""
    head, _, rest = path.partition(".")
    if head == "platform" and rest:
        # Keys of quotas hold dots themselves.
        held = dict(written.get("platform") or {})
        held.pop(rest, None)
        written["platform"] = held if value is None else {**held, rest: value}
        return
    steps = list(_steps(root, path))
    at: Any = written
    for (step, _), (following, _) in pairwise(steps):
        at = _into(at, step, [] if following.isdigit() else {}, path)
    last, named = steps[-1]
    if isinstance(at, list):
        n = _position(at, last, path)
        if value is None:
            del at[n : n + 1]
        else:
            at[n : n + 1] = [value]
    elif value is None:
        at.pop(last, None)
    else:
        at[last] = Base(value) if named else value


def _into(at: Any, step: str, empty: Any, path: str) -> Any:
    if isinstance(at, list):
        n = _position(at, step, path)
        if n == len(at):
            at.append(empty)
        return at[n]
    if not isinstance(at.get(step), dict | list):
        at[step] = empty
    return at[step]


def _position(at: list[Any], step: str, path: str) -> int:
    if not step.isdigit() or int(step[:6]) > min(len(at), _LONGEST_LIST):
        known = [str(n) for n in range(len(at) + 1)]
        raise UnknownName(
            f'"{step}" in {path} is not a place in a list of {len(at)}',
            "",
            near(step, known) or f"count from 0 to {len(at)}",
        )
    return int(step)
