"""What of a profile is moved to see what would change its answer: figures, up and down, and choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.advice.outcome import show_latency
from advisor.units import DAY_S, duration_s, rate_per_s, show_bytes, show_rate, size_bytes
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.recommendation import Recommendation

__all__ = ["FARTHEST", "Axis", "Switch", "axes_of", "payload_down", "switches_of"]

# A figure is moved by at most this factor.
FARTHEST = 100.0


@dataclass(frozen=True, slots=True)
class Axis:
    """A figure that is moved: the field that names it, its value, and whether it gets less."""

    field: str
    value: float
    down: bool

    @property
    def farthest(self) -> float:
        """The factor up to which it is moved: an objective that may be looser up to a day."""
        if self.down:
            return 1 / FARTHEST
        return max(FARTHEST, DAY_S / self.value) if self.field.startswith("objective.") else FARTHEST

    def sets(self, w: Workload, factor: float) -> dict[str, str]:
        """The fields to set for a factor, each as it is told, so that who reads of a point can apply it."""
        sets = {self.field: self.shown(factor)}
        if self.field == "payload.request":
            # No request is larger than the largest, which therefore goes with the usual one.
            largest = max(w.payload.request_max_bytes * factor, size_bytes(sets[self.field]))
            sets["payload.request_max"] = show_bytes(_three(largest))
        return sets

    def shown(self, factor: float) -> str:
        """The figure as it is told."""
        value = _three(self.value * factor)
        if self.field == "traffic.rate":
            return show_rate(value)
        return show_bytes(value) if self.field == "payload.request" else show_latency(value)

    def read(self, shown: str) -> float:
        """The figure that is told so."""
        if self.field == "traffic.rate":
            return rate_per_s(shown)
        return float(size_bytes(shown)) if self.field == "payload.request" else duration_s(shown)


def _three(value: float) -> float:
    """Three digits."""
    return float(f"{value:.3g}")


def axes_of(answer: Recommendation) -> tuple[Axis, ...]:
    """The figures that are moved; none where nothing is best."""
    return tuple(_axes(answer.workload)) if answer.best is not None else ()


def _axes(w: Workload) -> Iterator[Axis]:
    if w.streams and w.traffic is not None and not w.traffic.classes and w.traffic.replay is None:
        yield Axis("traffic.rate", w.rate_per_s, down=True)
        yield Axis("traffic.rate", w.rate_per_s, down=False)
    for name, seconds in w.objective.latencies[:1]:
        yield Axis(f"objective.{name}", seconds, down=True)
        yield Axis(f"objective.{name}", seconds, down=False)
    if w.streams:
        yield Axis("payload.request", float(w.payload.request_bytes), down=False)


def payload_down(w: Workload) -> tuple[Axis, ...]:
    """Smaller requests: what lets in a pattern that is refused for its size."""
    return (Axis("payload.request", float(w.payload.request_bytes), down=True),) if w.streams else ()


@dataclass(frozen=True, slots=True)
class Switch:
    """A choice of the profile made otherwise: the field, what it is now, and what else it might be."""

    field: str
    now: str
    other: str
    value: object

    def sets(self, _w: Workload, _factor: float) -> Mapping[str, Any]:
        """The fields to set; a choice has no factor."""
        return {self.field: self.value}


def switches_of(answer: Recommendation) -> tuple[Switch, ...]:
    """The choices that a profile might make otherwise; none where nothing is best."""
    return tuple(_switches(answer.workload)) if answer.best is not None else ()


def _switches(w: Workload) -> Iterator[Switch]:
    if w.objective.cold_starts == "avoid":
        yield Switch("objective.cold_starts", "avoid", "allow", "allow")
    for prefer in ("cost", "latency", "balanced"):
        if prefer != w.objective.prefer:
            yield Switch("objective.prefer", w.objective.prefer, prefer, prefer)
    for need in w.needs:
        left = [one for one in w.needs if one != need]
        yield Switch("needs", _shown(w.needs), _shown(left), left)


def _shown(value: Any) -> str:
    """What a field is set to, in words."""
    return str(value) if isinstance(value, str) else ", ".join(value) or "none"
