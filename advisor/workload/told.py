"""What pydantic found wrong, told in this package's words: where, what, how to mend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from advisor.errors import Problem, ProfileError, near
from advisor.workload.quantity import Flaws, shown

if TYPE_CHECKING:
    from advisor.workload.section import Section

__all__ = ["Fault", "Path", "faults", "path_text", "told"]

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """A flaw at its full path; ``about`` says whether it is the value, or a key that is "unknown" or "missing"."""

    path: Path
    what: str
    mend: str
    reads: tuple[Path, ...] = ()
    about: str = "value"


def path_text(path: Path) -> str:
    """A path as it is written: ``work.0.mean``."""
    return ".".join(str(step) for step in path)


def faults(error: ValidationError, root: type[Section]) -> Iterator[Fault]:
    """Every fault in a validation error of a section, in the order found."""
    for one in error.errors(include_url=False):
        loc: Path = tuple(one["loc"])
        raised = one.get("ctx", {}).get("error")
        if isinstance(raised, Flaws):
            for flaw in raised.flaws:
                yield Fault(loc + flaw.path, flaw.what, flaw.mend, tuple(loc + path for path in flaw.reads))
        else:
            yield _translated(one["type"], loc, one["input"], one["msg"], root)


def told(error: ValidationError, root: type[Section]) -> ProfileError:
    """A validation error as the package's own, for what was built in Python."""
    title = root.__name__
    problems = tuple(Problem(fault.what, path_text(fault.path) or title, fault.mend) for fault in faults(error, root))
    many = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    return ProfileError(f"{title} has {many}", "", "", problems)


def _translated(kind: str, loc: Path, value: Any, message: str, root: type[Section]) -> Fault:
    last = loc[-1] if loc else "the profile"
    if kind == "extra_forbidden":
        return Fault(
            loc,
            f'"{str(last)[:60]}" is not a key of {path_text(loc[:-1]) or "a profile"}',
            _where_it_belongs(loc, root),
            about="unknown",
        )
    if kind == "missing":
        return Fault(
            loc,
            f"{path_text(loc[:-1]) or 'the profile'} has no {last}",
            f"write {last}: and its value",
            about="missing",
        )
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        keys = ", ".join(section.attributes()) if (section := _section_at(root, loc)) else ""
        return Fault(
            loc,
            f"{shown(value)} where a section of key: value pairs is due",
            f"its keys are {keys}" if keys else "write key: value pairs",
        )
    if kind in ("tuple_type", "list_type"):
        return Fault(loc, f"{shown(value)} where a list is due", "begin each item with a dash, or write [{...}, {...}]")
    return Fault(loc, f"{last}: {message[:1].lower()}{message[1:]}", "see advisor list schema")


def _where_it_belongs(loc: Path, root: type[Section]) -> str:
    key = str(loc[-1])[:60]
    if (run_on := re.fullmatch(r"([\w-]+):(\S.*)", key)) is not None:
        return f"a space follows the colon: {run_on[1]}: {run_on[2]}"
    here = _section_at(root, loc[:-1])
    keys = list(here.attributes()) if here else []
    by_name = {name: yaml_key for yaml_key, name in (here.attributes() if here else {}).items()}
    if key in by_name:
        return f"write {by_name[key]}: with a unit"
    hint = near(key, keys)
    places = [path for path, section in _sections(root) if key in section.attributes()]
    if places:
        hint = f"{hint} {key} belongs to {' or '.join(places)}".strip()
    return hint or f"the keys here are {', '.join(keys)}"


def _section_at(root: type[Section], path: Path) -> type[Section] | None:
    section: type[Section] | None = root
    for step in path:
        if section is None:
            return None
        if not isinstance(step, int):
            section = section.child(step)
    return section


def _sections(root: type[Section], above: str = "") -> Iterator[tuple[str, type[Section]]]:
    """All sections below the root with their paths, nearest first."""
    below: Mapping[str, type[Section]] = {
        key: section for key in root.attributes() if (section := root.child(key)) is not None
    }
    for key, section in below.items():
        yield f"{above}{key}", section
    for key, section in below.items():
        yield from _sections(section, f"{above}{key}.")
