"""Reading a profile: YAML to a workload, or all of its problems at once, each with its line and how to mend it.

What is wrong with single values is found in one pass. The wrong values are then taken out and the rest is looked at
again, so that what is wrong between values (a rate and its classes, a need and the model) is told in the same answer.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advisor.errors import InputError, Problem, ProfileError
from advisor.workload.marks import Document, document
from advisor.workload.model import Source, Workload
from advisor.workload.told import Fault, faults, path_text, told
from advisor.workload.told import Path as Steps

__all__ = ["problems", "read", "reads", "rebuilt"]

_LARGEST = 1_000_000
_MOST_PROBLEMS = 100
_MOST_PASSES = 12


def read(path: str | Path) -> Workload:
    """The workload in a profile; `ProfileError` holds all that is wrong in it, `InputError` means no such file."""
    return _made(_bytes(Path(path)), str(path), Path(path).parent)


def reads(text: str | bytes, name: str = "profile", *, folder: str | Path = "") -> Workload:
    """The workload in a text; ``name`` is the file in messages, ``folder`` where files it points to are."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(data) > _LARGEST:
        raise _too_large(name, len(data))
    return _made(data, name, Path(folder))


def problems(path: str | Path) -> tuple[Problem, ...]:
    """All that is wrong with a profile; empty where it reads."""
    try:
        read(path)
    except ProfileError as error:
        return error.problems
    except InputError as error:
        return (Problem(error.what, error.where, error.mend),)
    return ()


def rebuilt(written: Mapping[str, Any], *, folder: Path, source: Source | None) -> Workload:
    """A workload from what was written elsewhere, keeping where that was."""
    try:
        made = Workload.model_validate(written, context={"folder": folder})
    except ValidationError as error:
        raise told(error, Workload) from None
    made._folder, made._source = folder, source
    return made


def _bytes(path: Path) -> bytes:
    where = str(path)
    try:
        if path.is_dir():
            raise InputError("is a folder", where, f"name a profile in it, such as {path / 'profile.yaml'}")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise InputError("no such file", where, "check the path, or see advisor list workloads") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot be read: {why}", where.replace("\0", "\\0"), "check the path and who may read it"
        ) from None
    if len(data) > _LARGEST:
        raise _too_large(where, path.stat().st_size)
    return data


def _too_large(where: str, size: int) -> InputError:
    return InputError(
        f"{size:,} bytes are too large for a profile",
        where,
        f"at most {_LARGEST:,} are read; keep arrivals and measurements in files of their own",
    )


def _made(data: bytes, file: str, folder: Path) -> Workload:
    read_document = _document(data, file)
    found: list[Fault] = []
    made: Workload | None = None
    if read_document.data is not None:
        made, found = _validated(read_document.data, folder)
    if found or made is None or read_document.troubles:
        raise _error(file, read_document, found)
    empty = tuple(_empty(read_document.data))
    made._folder, made._source = folder, Source(file=file, marks=read_document.marks, empty=empty)
    return made


def _empty(data: Any, above: str = "") -> Iterator[str]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        if value is None:
            yield f"{above}{key}"
        elif isinstance(value, dict | list):
            yield from _empty(value, f"{above}{key}.")


def _document(data: bytes, file: str) -> Document:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _one(file, 1, "the file is UTF-16", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _one(file, line, f"byte {data[error.start]:#04x} is not UTF-8", "save the file as UTF-8") from None
    return document(text)


def _one(file: str, line: int, what: str, mend: str) -> ProfileError:
    return ProfileError(f"{file} has 1 problem", "", "", (Problem(what, f"{file}:{line}", mend),))


def _validated(data: dict[Any, Any], folder: Path) -> tuple[Workload | None, list[Fault]]:
    data = copy.deepcopy(data)
    found: list[Fault] = []
    pruned: set[Steps] = set()
    for _ in range(_MOST_PASSES):
        try:
            made = Workload.model_validate(data, context={"folder": folder, "yaml": True})
        except ValidationError as error:
            new = list(faults(error, Workload))
            found += [fault for fault in new if _stands(fault, pruned)]
            cut = [_cut(data, fault) for fault in new]
            pruned.update(path for path in cut if path)
            if not any(cut):
                return None, found
        else:
            return (None if found else made), found
    return None, found


def _stands(fault: Fault, pruned: set[Steps]) -> bool:
    """Whether a fault is one of the profile, and not of what was taken out of it."""
    touched = (fault.path, *fault.reads)
    return not any(path[: len(gone)] == gone or gone[: len(path)] == path for path in touched for gone in pruned)


def _cut(data: Any, fault: Fault) -> Steps:
    """Take out the value at fault; the path taken out, or empty where there is nothing left to take."""
    if fault.path == ("name",):
        data["name"] = "name"
        return fault.path
    steps = list(fault.path[:-1] if fault.about == "missing" else fault.path)
    # Numbered paths must stay right, so an item goes only with its list.
    while steps and isinstance(steps[-1], int) and isinstance(_at(data, steps[:-1]), list):
        steps.pop()
    while steps:
        holder = _at(data, steps[:-1])
        key = next((held for held in holder if str(held) == str(steps[-1])), None) if isinstance(holder, dict) else None
        if key is not None:
            del holder[key]
            return tuple(steps)
        steps.pop()
    return ()


def _at(data: Any, steps: list[str | int]) -> Any:
    for step in steps:
        if isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif isinstance(data, dict):
            data = next((value for key, value in data.items() if str(key) == str(step)), None)
        else:
            return None
    return data


def _error(file: str, read_document: Document, found: list[Fault]) -> ProfileError:
    told_at: dict[tuple[int, int, str], Problem] = {}
    for line, column, what, mend in read_document.troubles:
        where = f"{file}:{line}:{column}" if column else f"{file}:{line}"
        told_at.setdefault((line, column, what), Problem(what, where, mend))
    for fault in found:
        line, column, label = _place(fault, read_document.marks)
        what = f"{label}: {fault.what}" if label and fault.about == "value" else fault.what
        told_at.setdefault((line, column, what), Problem(what, f"{file}:{line}", fault.mend))
    ordered = [told_at[key] for key in sorted(told_at)]
    many = f"{len(ordered)} problem{'s' if len(ordered) != 1 else ''}"
    if len(ordered) > _MOST_PROBLEMS:
        ordered = [
            *ordered[:_MOST_PROBLEMS],
            Problem(f"{len(ordered) - _MOST_PROBLEMS} further problems", file, "mend those above first"),
        ]
    return ProfileError(f"{file} has {many}", "", "", tuple(ordered))


def _place(fault: Fault, marks: Mapping[str, tuple[int, int]]) -> tuple[int, int, str]:
    for length in range(len(fault.path), 0, -1):
        mark = marks.get(path_text(fault.path[:length]))
        if mark is not None:
            return *mark, path_text(fault.path)[:80]
    return 1, 0, path_text(fault.path)[:80]
