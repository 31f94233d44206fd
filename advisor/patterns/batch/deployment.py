"""A batch transform job's deployment: its settings, and the one a person would write first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from advisor import units
from advisor.catalog.assumptions import assumption
from advisor.catalog.limits import limit
from advisor.patterns.base import Pattern
from advisor.patterns.batch import rules_fleet, rules_lot, rules_needs, rules_place
from advisor.patterns.batch.job import (
    MEGABYTE,
    Lot,
    lot,
    most_instances,
    places,
    records_at_once,
    share_s,
    unit_s,
    whole,
)
from advisor.patterns.batch.render import calls
from advisor.patterns.requests import Call
from advisor.patterns.settings import COUNT, COUNT_OR_ZERO, DURATION, INSTANCE, Kind, choice
from advisor.rules import Rule, rulebook
from advisor.rules.estimates import job_start_s
from advisor.rules.first_guess import first_type
from advisor.workload import Workload, WorkOn

if TYPE_CHECKING:
    from advisor.money import Usage
    from advisor.patterns.foresight import Foresight
    from advisor.sim.horizon import Horizon
    from advisor.sim.run_record import Run
    from advisor.sim.trace import Trace

__all__ = ["BatchTransform"]

_SPARE = 0.8


def _megabytes(text: str) -> int:
    """ "6" or "6 MB"."""
    return units.count(text) if text.strip().isdigit() else round(units.size_bytes(text) / MEGABYTE)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000


MEGABYTES: Mapping[str, Kind] = {"kind": Kind("a whole number of MB of at least 0", _megabytes, _whole, bare=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTransform(Pattern):
    """A job that starts instances, works a lot off and ends.

        S3 objects -> dealt out over the instances -> one object after another, in mini-batches -> one result an object

    Shines where a lot lies ready and only its end matters: nothing is paid between two jobs.
    Hurts where records come one by one and are waited for, since a start takes minutes, and where objects are few,
    since one object never spans two instances.
    Billed: the seconds of every instance until the last one ends, and requests and storage of S3; of a stream also the
    look, each time a job is due, whether anything has come: where nothing has, no job starts.

    "max_payload" and "max_concurrent_transforms" go by AWS's names, as do the words of "strategy" and "split"; "every"
    is the time between two jobs, of a lot the profile's own.
    """

    name: ClassVar[str] = "batch-transform"
    about: ClassVar[str] = "a job that starts instances, works a lot off and ends; nothing stands between two jobs"
    loses_instances: ClassVar[bool] = False
    RULES: ClassVar[tuple[Rule[Any], ...]] = rulebook(
        "BT", *rules_needs.RULES, *rules_lot.RULES, *rules_fleet.RULES, *rules_place.RULES
    )

    instance_type: str = field(metadata=INSTANCE)
    instances: int = field(default=1, metadata=COUNT)
    max_payload_mb: int = field(default_factory=lambda: whole("batch.payload_default"), metadata=MEGABYTES)
    max_concurrent_transforms: int = field(default_factory=lambda: whole("batch.concurrent_default"), metadata=COUNT)
    strategy: str = field(default="MultiRecord", metadata=choice("MultiRecord", "SingleRecord"))
    split: str = field(default="None", metadata=choice("None", "Line", "RecordIO", "TFRecord"))
    timeout_s: float = field(default_factory=lambda: limit("batch.timeout_default").base, metadata=DURATION)
    retries: int = field(default_factory=lambda: whole("batch.retries_default"), metadata=COUNT_OR_ZERO)
    every_s: float = field(default_factory=lambda: float(assumption("batch_every").base), metadata=DURATION)

    @property
    def id(self) -> str:
        """Such as "batch-transform-m5.xlarge-x2-6mb-c4-MultiRecord-Line-every86400"."""
        parts = [self.name, self.instance_type.removeprefix("ml."), f"x{self.instances}", f"{self.max_payload_mb}mb"]
        parts += [
            f"c{self.max_concurrent_transforms}",
            self.strategy,
            self.split,
            f"t{self.timeout_s:g}",
            f"r{self.retries}",
        ]
        return "-".join([*parts, f"every{self.every_s:g}"])

    @classmethod
    def start(cls, w: Workload) -> BatchTransform:
        """The measured type, mini-batches of AWS's usual size on all workers, as few instances as make the deadline."""
        return cls.start_on(w, first_type(w, "BatchTransform"))

    @classmethod
    def start_on(cls, w: Workload, name: str) -> BatchTransform:
        """The same on a type of one's own choice."""
        on = w.work_on(name)
        every = _every_s(w)
        held = lot(w, every)
        single = held.files >= held.records
        payload = _payload_mb(w, held.largest_bytes)
        at_once = max(1, min(places(on), whole("batch.payload_times_concurrency_max") // max(1, payload)))
        first = cls(
            instance_type=name,
            max_payload_mb=payload,
            max_concurrent_transforms=at_once,
            strategy="SingleRecord" if single else "MultiRecord",
            split="None" if single else "Line",
            every_s=every,
        )
        first = _in_time(w, first, held, on)
        return replace(first, instances=_instances(w, first, held))

    def render(self, w: Workload) -> tuple[Call, ...]:
        return calls(w, self)

    def trace(self, w: Workload, *, seed: int, horizon: Horizon | None = None, spikes: bool = False) -> Trace:
        """The lots of a profile, else its stream; the window holds whole times between jobs."""
        from advisor.patterns.batch.simulate import trace  # loads numba, which checking does without

        return trace(w, self, seed=seed, horizon=horizon, spikes=spikes)

    def simulate_one(self, w: Workload, trace: Trace, *, columns: bool = False, sample_s: float | None = None) -> Run:
        from advisor.patterns.batch.simulate import simulate  # as above

        return simulate(w, self, trace, columns=columns, sample_s=sample_s)

    def usage(self, w: Workload, run: Run) -> Usage:
        from advisor.patterns.batch.meter import usage  # as above

        return usage(w, self, run)

    def estimate(self, w: Workload) -> Mapping[str, float]:
        from advisor.patterns.batch.simulate import estimate  # as above

        return estimate(w, self)

    @classmethod
    def space(cls, w: Workload) -> tuple[tuple[BatchTransform, ...], ...]:
        from advisor.patterns.batch.space import space  # only a search needs it

        return space(w)

    def foresee(self, w: Workload) -> Foresight:
        from advisor.patterns.batch.foresee import foresee  # loads numpy, which checking does without

        return foresee(w, self)


def _every_s(w: Workload) -> float:
    """The profile's own; of a stream half of what the objective leaves after a start, in whole minutes."""
    if w.batch is not None:
        return w.batch.every_s
    most, latency = float(w.assume("batch_every")), w.objective.latency
    if latency is None:
        return most
    left = (latency[1] - job_start_s(w) - float(w.assume("batch_wrap_up"))) / 2
    return most if left < 60 else min(most, math.floor(left / 60) * 60.0)


def _payload_mb(w: Workload, largest_bytes: float) -> int:
    """AWS's default, or what the largest record needs; above the most that AWS takes 0: objects go in chunks.

    What one container of a pipeline hands to the next has a smaller limit of its own.
    """
    if largest_bytes > limit("batch.payload_max").high_bytes:
        return 0
    usual = whole("batch.payload_default")
    if "pipeline" in w.needs:
        usual = min(usual, whole("pipeline.inter_container_payload_max"))
    return min(whole("batch.payload_max"), max(usual, math.ceil(largest_bytes / MEGABYTE)))


def _in_time(w: Workload, d: BatchTransform, held: Lot, on: WorkOn) -> BatchTransform:
    """Smaller mini-batches or a longer time-out, where a usual mini-batch would take half of the time-out or more."""
    most = limit("batch.timeout_max").base
    if unit_s(w, on, records_at_once(held, d)) > most / 2 and d.split != "None":
        d = replace(d, strategy="SingleRecord")
    takes = unit_s(w, on, records_at_once(held, d))
    return d if takes <= d.timeout_s / 2 else replace(d, timeout_s=min(most, math.ceil(2 * takes / 60) * 60.0))


def _instances(w: Workload, d: BatchTransform, held: Lot) -> int:
    """As few as make the deadline (or the next job) with a fifth to spare, no more than objects, none of them idle."""
    left = min(held.deadline_s, held.every_s) - job_start_s(w) - float(w.assume("batch_wrap_up"))
    most = most_instances(held)
    one = share_s(w, d)
    wanted = most if left <= 0 else min(most, max(1, math.ceil(one / (left * _SPARE))))
    while wanted < most and share_s(w, replace(d, instances=wanted)) > left * _SPARE:
        wanted += 1
    # The same longest share with fewer instances: none stands idle at the end.
    return math.ceil(held.files / math.ceil(held.files / wanted))
