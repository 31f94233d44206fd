"""A workload for a person: every value as a user would write it, and one table of what was given and assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from advisor.errors import UnknownName, near
from advisor.show import Table
from advisor.workload.given import yaml_path
from advisor.workload.measures import Curve, Quantiles
from advisor.workload.quantity import DURATION, Kind
from advisor.workload.section import Section

if TYPE_CHECKING:
    from advisor.workload.model import Workload

__all__ = ["section_shown", "table", "value_shown"]

NOT_GIVEN = "not given"


def table(w: Workload) -> Table:
    """Every value under its path, assumed ones among them."""
    rows = [(path, str(value), _line(w, path)) for path, value in _values(w.to_dict()) if path not in ("name", "about")]
    for path, key in w.assumed.items():
        rows.append((path, value_shown(w, path), f"{'platform' if w.overridden(key) else 'assumed'}: {key}"))
    return Table.of(("path", "value", "where from"), rows, title=w.name, notes=(w.about,) if w.about else ())


def section_shown(section: Section) -> Iterator[tuple[str, str]]:
    """Every key of a section with its value, as a user would write it."""
    for key, name in section.attributes().items():
        yield key, _shown(getattr(section, name), section.kind(key))


def value_shown(w: Workload, path: str) -> str:
    """The value at a path: as it was written where it was given, else to three digits."""
    steps = yaml_path(type(w), path).split(".")
    if steps[0] == "platform" and len(steps) > 1:
        # Keys of quotas hold dots themselves.
        steps = ["platform", ".".join(steps[1:])]
    written = _written(w.to_dict(), steps)
    if written is not None and not isinstance(written, Mapping | list):
        return _word(written)
    value: Any = w
    kind: Kind | None = None
    for n, step in enumerate(steps):
        if isinstance(value, Section) and step in value.attributes():
            kind, value = value.kind(step), getattr(value, value.attributes()[step])
        elif isinstance(value, tuple) and step.isdigit() and int(step) < len(value):
            kind, value = None, value[int(step)]
        elif isinstance(value, Mapping) and (key := next((one for one in value if str(one) == step), None)) is not None:
            kind, value = None if steps[0] == "platform" else DURATION, value[key]
        elif value is None:
            return NOT_GIVEN
        else:
            known = value.attributes() if isinstance(value, Section) else map(str, range(len(value or ())))
            at = ".".join(steps[:n]) or "a profile"
            raise UnknownName(f'"{step[:60]}" is not a key of {at}', "", near(step[:60], known) or "see its schema")
    return _shown(value, kind)


def _shown(value: Any, kind: Kind | None) -> str:
    if value is None:
        return NOT_GIVEN
    if isinstance(value, Section):
        held = [(key, getattr(value, name), value.kind(key)) for key, name in value.attributes().items()]
        pairs = (f"{key}: {_shown(one, of)}" for key, one, of in held if one not in (None, (), ""))
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, tuple) and kind is None:
        return f"[{', '.join(_shown(one, None) for one in value)}]"
    if isinstance(value, Mapping) and not isinstance(kind, Curve | Quantiles):
        return f"{{{', '.join(f'{key}: {_word(one)}' for key, one in value.items())}}}"
    return _word(value) if kind is None else kind.show(value)


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _written(written: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(written, Mapping):
            written = next((value for key, value in written.items() if str(key) == step), None)
        elif isinstance(written, list) and step.isdigit() and int(step) < len(written):
            written = written[int(step)]
        else:
            return None
    return written


def _line(w: Workload, path: str) -> str:
    mark = None if w.source is None else w.source.marks.get(path)
    return "given" if mark is None else f"given on line {mark[0]}"


def _values(written: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    pairs = written.items() if isinstance(written, Mapping) else enumerate(written)
    for key, value in pairs:
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping | list):
            yield from _values(value, path)
        else:
            yield path, value
