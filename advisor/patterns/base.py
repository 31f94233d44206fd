"""The questions that a pattern answers.

A pattern is a class, a deployment is a frozen instance of it: ``Serverless(memory_mib=2048, max_concurrency=20)``.
The class holds everything that is particular to the pattern; whatever runs, prices or ranks patterns asks only what
stands here.

    name, about      what it is called, in one line what it is
    RULES            what it refuses, warns of and notes
    start(w)         the deployment that a person would write down first, by arithmetic
    with_(sets)      another deployment, settings given as on the command line
    check(w)         what the rules find
    render(w)        the AWS calls that create it
    trace(w, seed)   the requests of one replication as it meets them
    simulate(w, t)   one replication on such a trace: of one endpoint, or of every model's own
    usage(w, run)    what a run used, in whole granules of billing meters
    estimate(w)      what theory says of it, where theory says something
    space(w)         the deployments that are worth a look, in chains from small to large
    foresee(w)       all that arithmetic says of it: use, latency, errors, and what it never can
    id, to_dict()    how it is named and stored
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from advisor.errors import InputError, UnknownName, near
from advisor.patterns.requests import Call
from advisor.patterns.settings import Kind, settings_told, spoken
from advisor.rules import Finding, Rule, run
from advisor.rules.popularity import one_endpoint
from advisor.show import Shown
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.patterns.foresight import Foresight
    from advisor.sim.horizon import Horizon
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["CONTROLLED_FROM", "Pattern"]


# From so many replications on the number of arrivals corrects a cost that may follow it loosely.
CONTROLLED_FROM = 6


class Pattern(Shown, ABC):
    """What every pattern answers. A subclass is a frozen dataclass whose fields carry their kind of setting."""

    __slots__ = ()

    name: ClassVar[str]
    about: ClassVar[str]
    RULES: ClassVar[tuple[Rule[Any], ...]]
    #: whether one endpoint holds all models; else each has an endpoint, or a job, of its own
    holds_all: ClassVar[bool] = False
    #: whether faults on demand are told of it: those of instances that stand and are launched
    loses_instances: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def start(cls, w: Workload) -> Pattern:
        """A person's first sensible deployment for a workload; it may break a rule, so that the rule can say so."""

    @property
    @abstractmethod
    def id(self) -> str:
        """A short name that tells this deployment from the others of its pattern."""

    @abstractmethod
    def render(self, w: Workload) -> tuple[Call, ...]:
        """The AWS calls that create this deployment for a workload, in order; what AWS refuses is for the rules to say.

        A setting that no request can carry, such as a fraction of a second, is an `InputError`.
        """

    @property
    def cycle_s(self) -> float:
        """After how long what it does by the clock repeats, a day or a week; 0 where the clock has no say."""
        return 0.0

    @property
    def at_work(self) -> tuple[str, ...]:
        """The patterns whose assumptions it rests on: its own, or those of its parts."""
        return (self.name,)

    @property
    def place(self) -> str:
        """What it runs on, as ``work`` names it: an instance type, or "serverless 2048 MB"."""
        return str(self.to_dict()["instance_type"])

    def work_on(self, w: Workload) -> WorkOn:
        """How long a request takes on it, and how that is known."""
        return w.work_on(self.place)

    def trace(self, w: Workload, *, seed: int, horizon: Horizon | None = None, spikes: bool = False) -> Trace:
        """The requests of one replication: the very same, with the same luck, for every deployment and pattern.

        Only by how much work grows with the payload is the deployment's own.
        """
        from advisor.patterns.fleet import growth_of  # simulating loads numba, which checking does without
        from advisor.sim.horizon import horizon_of, in_whole_times
        from advisor.sim.trace import ATTEMPTS, Trace

        if self.cycle_s:
            horizon = in_whole_times(w, horizon or horizon_of(w), self.cycle_s)
        return Trace.of(
            w,
            seed=seed,
            horizon=horizon,
            spikes=spikes,
            growth=growth_of(self.work_on(w)),
            attempts=max(ATTEMPTS, int(w.assume("client_retry_attempts"))),
            cold_cv=float(w.assume("serverless_setup_cv")),
            load_cv=float(w.assume("mme_load_cv")),
        )

    def simulate(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        """One replication on a trace; with every request as ``columns``, with the state every ``sample_s`` seconds.

        Where each model has an endpoint of its own, like this one, the run is of all of them together. With columns
        every one of them is run; else few stand for many (see `sim.endpoints`).
        """
        if trace.faults and not self.loses_instances:
            raise InputError(
                f"faults on demand are those of endpoints on instances, and {self.name} has none",
                "--fault",
                "leave the faults out, or simulate real-time, asynchronous or multi-model",
            )
        if self.endpoints(w) == 1:
            return self.simulate_one(w, trace, columns=columns, sample_s=sample_s)
        from advisor.sim.endpoints import each_alone, model_shares  # simulating loads numba

        return each_alone(
            trace,
            model_shares(w),
            lambda part: self.simulate_one(w, part, columns=columns, sample_s=sample_s),
            exact=columns,
        )

    def endpoints(self, w: Workload) -> int:
        """How many endpoints, or jobs, like this one the workload takes."""
        return 1 if self.holds_all or one_endpoint(w) else w.model.count

    @abstractmethod
    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        """One endpoint, or the jobs of one model, on its own trace."""

    @abstractmethod
    def usage(self, w: Workload, run: Run) -> Usage:
        """What a run used inside its window, in whole granules."""

    def estimate(self, w: Workload) -> Mapping[str, float]:  # noqa: ARG002 - the default has nothing to say
        """What theory says at the mean rate, by names such as mean_wait_s; empty where no theory fits."""
        return {}

    @classmethod
    @abstractmethod
    def space(cls, w: Workload) -> tuple[tuple[Self, ...], ...]:
        """The deployments to search: chains by size, along which the objective is met no worse; none stands twice."""

    @abstractmethod
    def foresee(self, w: Workload) -> Foresight:
        """What arithmetic alone says of it, in about a millisecond; nothing of the simulator is loaded."""

    @property
    def controlled_from(self) -> int:
        """From how many replications on the number of arrivals corrects its cost: the sooner, the closer this follows.

        With few of them a correction of what does not follow does more harm than good.
        """
        return CONTROLLED_FROM

    def never(self, w: Workload) -> str:  # noqa: ARG002 - the default has no such proof
        """Why none like it, however large, can meet the objective, where that is proved at once; else empty."""
        return ""

    def foreseen_usage(self, w: Workload) -> Usage:
        """What it is foreseen to use in a month of 730 hours, by the very meters of a run."""
        from advisor.patterns.foresight import stand_in  # checking does without numpy, which this loads

        return self.usage(w, stand_in(self.foresee(w)))

    @classmethod
    def fields(cls) -> tuple[str, ...]:
        """The settings by the names that ``--set`` takes."""
        return tuple(spoken(name) for name in _kinds(cls))

    def check(self, w: Workload) -> tuple[Finding, ...]:
        """What this pattern's rules find, the worst first."""
        return run(self.RULES, w, self)

    def with_(self, sets: Mapping[str, object]) -> Self:
        """Another deployment with some settings changed: text with units, or plain values by field name.

        What is told not to scale has no target any more, unless one is given with it.
        """
        values = self.values_of(sets)
        if values.get("scaling") == "none" and "target" in _kinds(type(self)):
            values.setdefault("target", None)
        return dataclasses.replace(self, **values)  # type: ignore[type-var]  # every subclass is a dataclass

    @classmethod
    def values_of(cls, sets: Mapping[str, object]) -> dict[str, Any]:
        """Settings as they are given, by field and as the field holds them."""
        kinds = _kinds(cls)
        names = {spoken(field): field for field in kinds} | {field: field for field in kinds}
        values: dict[str, Any] = {}
        for name, given in sets.items():
            field = names.get(name)
            if field is None:
                known = cls.fields()
                raise UnknownName(
                    f'"{name}" is not a setting of {cls.name}',
                    "",
                    near(name, known) or f"the settings are {', '.join(known)}",
                )
            values[field] = kinds[field].value(given, name, base=name != spoken(field))
        return values

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return {field: getattr(self, field) for field in _kinds(type(self))}

    def _facts(self) -> Iterable[tuple[str, object]]:
        return settings_told(self.to_dict())

    def _headed(self) -> str:
        return f"{self.id}: {self.about}"

    def __post_init__(self) -> None:
        """Reject what could never be meant; what AWS refuses is for the rules to say.

        A subclass that adds to this calls ``Pattern.__post_init__(self)``: a dataclass with slots has no plain
        ``super()``.
        """
        for field, kind in _kinds(type(self)).items():
            kind.refuse(getattr(self, field), field)


def _kinds(pattern: type[Pattern]) -> Mapping[str, Kind]:
    return {field.name: field.metadata["kind"] for field in dataclasses.fields(pattern)}  # type: ignore[arg-type]  # a dataclass
