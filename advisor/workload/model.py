"""The profile: what a customer has and wants. It never names a pattern, draws nothing and prices nothing."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PrivateAttr

from advisor.catalog.assumptions import Assumption, assumption
from advisor.catalog.limits import limit
from advisor.errors import InputError
from advisor.show import Table
from advisor.workload.bursts import TwoState, bursts_alone, two_state
from advisor.workload.cautions import Caution, cautions
from advisor.workload.demand import Batch, Model, Needs, Objective, Payload, Purchase, Region
from advisor.workload.display import table, value_shown
from advisor.workload.fill import filled
from advisor.workload.given import paths, placed, yaml_path
from advisor.workload.platform import Platform, as_assumption, as_limit
from advisor.workload.quantity import Choice, Flaw, Text
from advisor.workload.recorded import arrivals
from advisor.workload.section import Fixed, Section, unfilled
from advisor.workload.service import Work
from advisor.workload.traffic import Traffic

if TYPE_CHECKING:
    from advisor.workload.borrow import WorkOn

__all__ = ["Source", "Workload"]

TASKS = ("inference", "training", "processing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a workload was read: the file as it was named, and the line and column of every path in it."""

    file: str
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    # The paths of keys without a value.
    empty: tuple[str, ...] = ()


class Workload(Section):
    """A customer's situation. Whatever is left out is filled by a named assumption (``assumed``), but for what has a
    meaning when absent: no ``batch`` is no lot, no ``traffic`` beside a batch is no stream, no latency in the
    ``objective`` is none asked for."""

    name: Annotated[str, Text(120, one_line=True)] = Field(
        description="What the workload is called in every answer, such as fraud-scoring."
    )
    about: Annotated[str, Text()] = Field(default="", description="One sentence on what it is for.")
    region: Annotated[str, Region()] = unfilled("The AWS region whose prices and offers hold, such as us-east-1.")
    task: Annotated[str, Choice(*TASKS, noun="a task")] = unfilled(
        "What SageMaker is to do: inference, training or processing."
    )
    model: Model = unfilled("The model, such as {size: 350 MB, memory: 900 MB, framework: xgboost}.")
    work: tuple[Work, ...] = Field(
        default=(),
        description="Measured service times by place, such as [{on: ml.c5.xlarge, mean: 22 ms, p95: 41 ms}].",
    )
    traffic: Traffic | None = unfilled("Requests that come one by one, such as {rate: 40 per second, day: office}.")
    payload: Payload = unfilled("Sizes of requests and answers, such as {request: 4 KB, request_max: 30 KB}.")
    batch: Batch | None = unfilled(
        "A lot of records that is there at once, such as {records: 5 million, every: 1 day}."
    )
    objective: Objective = unfilled("What is wanted, such as {p99: 150 ms, errors: 0.1 %, prefer: cost}.")
    needs: Needs = Field(default=(), description="What the hosting must offer, such as [vpc, data-capture].")
    purchase: Purchase = unfilled("How AWS is paid, such as {savings_plan: {discount: 40 %, term: 1 year}}.")
    platform: Annotated[Mapping[str, Any], Platform()] = unfilled(
        "Assumptions and adjustable quotas of your own, by key, such as {serverless_keep_alive: 10 min}."
    )

    _assumed: Fixed[str, str] = PrivateAttr(default_factory=lambda: Fixed({}))
    _held_back: frozenset[str] = PrivateAttr(default_factory=frozenset)
    _source: Source | None = PrivateAttr(default=None)
    _folder: Path = PrivateAttr(default_factory=Path)

    def _complete(self) -> None:
        values, self._assumed, self._held_back = filled(self)
        self.__dict__.update(values)

    # What is found out when first asked, and asked for thousands of times by a search. None of these is a private
    # attribute in pydantic's sense: to read one of those takes twenty times as long.
    @cached_property
    def _stated(self) -> frozenset[str]:
        """The paths of what was written."""
        return frozenset(paths(self._written))

    @cached_property
    def _works(self) -> dict[str, WorkOn]:
        """Service times by place, as they were first asked for."""
        return {}

    @cached_property
    def _assumes(self) -> dict[str, Any]:
        """Assumptions by key, in the same way."""
        return {}

    @property
    def assumed(self) -> Mapping[str, str]:
        """Path to assumption key, for every value that was not given."""
        return self._assumed

    @property
    def held_back(self) -> frozenset[str]:
        """Paths whose assumption was held back by a limit that the stated figures keep."""
        return self._held_back

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """The assumptions that values rest on, each once; not those that ``platform`` overrides."""
        return tuple(assumption(key) for key in dict.fromkeys(self._assumed.values()) if not self.overridden(key))

    @property
    def source(self) -> Source | None:
        """Where it was read; ``None`` where it was built in Python."""
        return self._source

    @property
    def streams(self) -> bool:
        """Whether requests come one by one."""
        return self.traffic is not None

    @property
    def has_batch(self) -> bool:
        """Whether there is a lot of records."""
        return self.batch is not None

    @property
    def accelerator(self) -> str:
        """none, optional or required: required also where the needs name a gpu."""
        return "required" if "gpu" in self.needs else self.model.accelerator

    @property
    def rate_per_s(self) -> float:
        """The mean rate; 0 without traffic. Of a replayed file, the file's own (its rows are read here)."""
        if self.traffic is None:
            return 0.0
        replay = self.traffic.replay
        return self.traffic.rate_per_s or 0.0 if replay is None else arrivals(replay.path).rate_per_s * replay.scale

    @property
    def peak_per_s(self) -> float:
        """The rate of the busiest minutes (99.5th percentile): bursts times the curve's busiest hour; spikes apart."""
        if self.traffic is None:
            return 0.0
        replay = self.traffic.replay
        if replay is not None:
            return arrivals(replay.path).peak_per_s * replay.scale
        states = self.burst_states
        return (self.rate_per_s if states is None else states.high_per_s) * self.traffic.curve_peak

    @property
    def burst_states(self) -> TwoState | None:
        """The two-state process behind the bursts, the day and week curve divided out; ``None`` without bursts."""
        traffic = self.traffic
        if traffic is None or traffic.bursts is None or traffic.rate_per_s is None:
            return None
        bursts = traffic.bursts
        peak, cv = bursts.peak, bursts.cv
        if bursts.of == "chart":
            peak, cv = bursts_alone(traffic.rate_per_s, peak, cv, traffic.curve)
        return two_state(traffic.rate_per_s, peak, cv, bursts.length_s, of=bursts.of)

    @property
    def warnings(self) -> tuple[Caution, ...]:
        """What reads well and still deserves a word: what, its path, where it stands, how to mend it."""
        return tuple(cautions(self))

    def shown(self, path: str) -> str:
        """The value at a path as a user would write it, be it given or filled: "2.5 GB" at ``model.memory``."""
        return value_shown(self, path)

    def work_on(self, name: str) -> WorkOn:
        """How long a request takes on an instance type or "serverless 4 GB": measured, extrapolated or assumed."""
        from advisor.workload.borrow import work_on  # borrow needs Workload's type, and only this needs borrow

        if (known := self._works.get(name)) is None:
            known = self._works[name] = work_on(self, name)
        return known

    def limit(self, key: str) -> float:
        """A limit in base units, as overridden under ``platform`` where it is a quota."""
        held = limit(key)
        return as_limit(held, self.platform[key]) if self.overridden(key) else held.base

    def assume(self, key: str) -> Any:
        """An assumption in base units (or its word or switch), as overridden under ``platform``."""
        known = self._assumes
        if key not in known:
            held = assumption(key)
            known[key] = as_assumption(held, self.platform[key]) if self.overridden(key) else held.base
        return known[key]

    @property
    def asked(self) -> frozenset[str]:
        """The assumptions that were asked for so far."""
        return frozenset(self._assumes)

    def overridden(self, key: str) -> bool:
        """Whether ``platform`` gives this assumption or quota."""
        return self.platform is not None and key in self.platform

    def given(self, path: str) -> bool:
        """Whether the user stated it: ``traffic.rate``, ``work.0.mean``, or a whole section."""
        return yaml_path(type(self), path) in self._stated

    def where(self, path: str = "") -> str:
        """``file:line`` of a path, or of what was given nearest above it; the name of what was built in Python."""
        if self._source is None:
            return self.name
        steps = yaml_path(type(self), path).split(".")
        for length in range(len(steps), 0, -1):
            mark = self._source.marks.get(".".join(steps[:length]))
            if mark is not None:
                return f"{self._source.file}:{mark[0]}"
        return self._source.file

    def with_(self, sets: Mapping[str, Any]) -> Workload:
        """Another workload with some values given (``None`` takes one out); all assumptions are made anew."""
        written: dict[str, Any] = copy.deepcopy(self._written)
        for path, value in sets.items():
            placed(type(self), written, path, value)
        return self._rebuilt(written)

    def scaled(self, *, rate: float = 1.0, records: float = 1.0) -> Workload:
        """The same workload with traffic (all classes alike) and batch lots multiplied."""
        for name, value in (("rate", rate), ("records", records)):
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"a scale of {value!r} for the {name}", "", "give a factor above zero")
        sets: dict[str, Any] = {}
        if rate != 1:
            if self.traffic is None:
                raise InputError(
                    f"{self.name} has no traffic to scale", self.where("traffic"), "scale its batch: scaled(records=10)"
                )
            if self.traffic.replay is not None:
                sets["traffic.replay"] = {
                    "path": self._written["traffic"]["replay"]["path"],
                    "scale": self.traffic.replay.scale * rate,
                }
            for n, one in enumerate(self.traffic.classes):
                sets[f"traffic.classes.{n}.rate_per_s"] = one.rate_per_s * rate
            if self.traffic.rate_per_s is not None and (self.given("traffic.rate") or not self.traffic.classes):
                sets["traffic.rate_per_s"] = self.traffic.rate_per_s * rate
        if records != 1:
            if self.batch is None:
                raise InputError(
                    f"{self.name} has no batch to scale", self.where("batch"), "scale its traffic: scaled(rate=10)"
                )
            sets["batch.records"] = max(1, round(self.batch.records * records))
        return self.with_(sets)

    def to_yaml(self) -> str:
        """What was given, as YAML; reads back to an equal workload."""
        import yaml  # only writing needs it

        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True, width=120)

    def table(self) -> Table:
        """What was given and what was assumed, as a table."""
        return table(self)

    def _repr_html_(self) -> str:
        return self.table().html()

    def flaws(self) -> Iterator[Flaw]:
        """What is wrong between sections, each right by itself."""
        seen: dict[str, int] = {}
        path: tuple[str | int, ...]
        for n, work in enumerate(self.work):
            if work.on in seen:
                reads = (("work", n, "on"), ("work", seen[work.on], "on"))
                yield Flaw(
                    ("work", n, "on"),
                    f"two entries of work are on {work.on}",
                    "give one entry a place of measurement",
                    reads,
                )
            seen.setdefault(work.on, n)
        for n, one in enumerate(self.traffic.classes if self.traffic else ()):
            if one.model is not None and one.model > self.model.count:
                path = ("traffic", "classes", n, "model")
                yield Flaw(
                    path,
                    f"model {one.model} of {self.model.count}",
                    "number models from 1 to model.count",
                    (path, ("model", "count")),
                )
        if "gpu" in self.needs and self.given("model.accelerator") and self.model.accelerator == "none":
            yield Flaw(
                ("model", "accelerator"),
                "accelerator: none, and the needs name a gpu",
                "write accelerator: required, or drop the need",
                (("model", "accelerator"), ("needs",)),
            )
        if "no-cold-start" in self.needs and self.objective.cold_starts == "allow":
            path = ("objective", "cold_starts")
            yield Flaw(
                path,
                "cold_starts: allow, and the needs say no-cold-start",
                "write cold_starts: avoid, or drop the need",
                (path, ("needs",)),
            )
        try:
            _ = self.burst_states
        except InputError as error:
            chart = self.traffic is not None and self.traffic.bursts is not None and self.traffic.bursts.of == "chart"
            figures = ("rate", "classes", "bursts", "shape", *(("day", "week") if chart else ()))
            yield Flaw(("traffic", "bursts"), error.what, error.mend, tuple(("traffic", key) for key in figures))

    def _content(self) -> tuple[Any, ...]:
        return (*super()._content(), self._assumed)

    def _rebuilt(self, written: Mapping[str, Any]) -> Workload:
        from advisor.workload.read import rebuilt  # reading stands above the model

        return rebuilt(written, folder=self._folder, source=self._source)
