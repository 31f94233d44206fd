"""What reads well and still deserves a word: each caution says what, at which path and line, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.catalog.regions import known_region
from advisor.errors import near
from advisor.units import MIB, show_bytes, show_memory
from advisor.workload.frameworks import DEEP, FRAMEWORKS, known_framework

if TYPE_CHECKING:
    from advisor.workload.model import Workload

__all__ = ["Caution", "cautions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One thing that reads, and is hardly meant: what, the path in the profile, where (file:line), how to mend it."""

    what: str
    path: str
    where: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n  to mend: {self.mend}"


def cautions(w: Workload) -> Iterator[Caution]:
    """Every caution about a workload, in the order of a profile's sections."""
    for path, what, mend in (*_region(w), *_model(w), *_bursts(w), *_empty(w)):
        yield Caution(what=what, path=path, where=w.where(path), mend=mend)


_Told = Iterator[tuple[str, str, str]]


def _region(w: Workload) -> _Told:
    if not known_region(w.region):
        mend = f"check the name; its prices come with: advisor prices refresh --region {w.region}"
        yield "region", f"{w.region} is not a region that is known here", mend


def _model(w: Workload) -> _Told:
    model = w.model
    if w.given("model.memory") and w.given("model.size") and model.memory_mib * MIB < model.size_bytes:
        memory, size = show_memory(model.memory_mib), show_bytes(model.size_bytes)
        line = w.where("model.size").removeprefix(w.where("model").rpartition(":")[0]).lstrip(":")
        on = f" (line {line})" if line.isdigit() and w.where("model.size") != w.where("model.memory") else ""
        what = (
            f"model.memory is {memory}, below model.size of {size}{on}: memory in use is hardly ever below the artefact"
        )
        yield "model.memory", what, "check both figures, or leave memory out to have it assumed from the size"
    framework = model.framework
    if not known_framework(framework):
        taken = f"where nothing was measured it is taken as {DEEP} learning, like pytorch"
        known = f"the known ones are {', '.join(FRAMEWORKS)}"
        path = "model.framework" if w.given("model.framework") else "platform.model_framework"
        hint = f"{near(framework[:60].lower(), FRAMEWORKS)} {known}".strip()
        yield path, f'"{framework}" is not a framework that is known here: {taken}', hint


def _bursts(w: Workload) -> _Told:
    states = w.burst_states
    if states is not None and states.warning is not None:
        yield "traffic.bursts", states.warning, states.mend


def _empty(w: Workload) -> _Told:
    for path in w.source.empty if w.source is not None else ():
        if not w.given(path):
            yield path, f"{path} is empty, and taken as not given", "write its value, or leave the key out"
