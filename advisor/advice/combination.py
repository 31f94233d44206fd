"""An endpoint for the stream of requests and a job for the lot beside it, as one deployment.

The other kind of combination, a base of instances with a spill, is `advisor.advice.spill`. Nothing is simulated here,
so that checking and rendering load no more than this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from advisor.patterns.base import Pattern
from advisor.patterns.settings import settings_told
from advisor.rules import Finding, Rule
from advisor.rules.declared import DEPLOYMENT
from advisor.show import Shown
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.requests import Call

__all__ = ["Combination", "lot_apart", "of_part", "shares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination(Shown):
    """An endpoint for the stream of requests, and a job for the lot beside it; each is what its share asks for.

    Latency and errors are the stream's, the deadline is the lot's, and the bill is of both. ``how`` says what decides
    which of the ``parts`` a request goes to.
    """

    parts: tuple[Pattern, ...]
    how: str = "requests go to the endpoint as they come; the lot goes to a job of its own"

    name: ClassVar[str] = "combination"
    about: ClassVar[str] = "an endpoint for the stream of requests, and a job for the lot beside it"
    RULES: ClassVar[tuple[Rule[Any], ...]] = ()

    @property
    def named(self) -> Mapping[str, Pattern]:
        """The parts by the names that their settings go by."""
        return dict(zip(("stream", "lot"), self.parts, strict=True))

    @property
    def id(self) -> str:
        """The parts' names, joined."""
        return " + ".join(part.id for part in self.parts)

    @property
    def patterns(self) -> str:
        """The parts' patterns, joined: "real-time + batch-transform"."""
        return " + ".join(part.name for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """The parts by pattern with their settings, and how they share the work."""
        return {"how": self.how, "parts": [{"pattern": part.name, **part.to_dict()} for part in self.parts]}

    def _facts(self) -> Iterable[tuple[str, object]]:
        return settings_told(self.to_dict())

    def _headed(self) -> str:
        return self.id

    def told(self) -> str:
        """How the parts share the work, in one line."""
        return f"{self.patterns}: {self.how}"

    def check(self, w: Workload) -> tuple[Finding, ...]:
        """What the rules find in the parts, each in its share of the workload, the worst first."""
        each = zip(self.named.items(), self._shares(w), strict=True)
        found = [of_part(name, one) for (name, part), own in each for one in part.check(own)]
        return tuple(sorted(found, key=lambda one: one.verdict.rank))

    def render(self, w: Workload) -> tuple[Call, ...]:
        """The AWS calls of all parts, in order."""
        return tuple(call for part, own in zip(self.parts, self._shares(w), strict=True) for call in part.render(own))

    def _shares(self, w: Workload) -> tuple[Workload, ...]:
        return shares(w) if lot_apart(w) else (w,) * len(self.parts)


def lot_apart(w: Workload) -> bool:
    """Whether the workload has a stream of requests and a lot beside it."""
    return w.streams and w.has_batch


def shares(w: Workload) -> tuple[Workload, Workload]:
    """The stream alone, and the lot alone: that has its deadline, and the latencies asked for are the stream's."""
    unasked = {f"objective.{name}": None for name, _ in w.objective.latencies}
    return w.with_({"batch": None}), w.with_({"traffic": None, **unasked})


def of_part(name: str, finding: Finding) -> Finding:
    """A finding about a part; where it is about a setting, by the name that this has in a combination."""
    field = finding.path.removeprefix(DEPLOYMENT)
    return finding if field == finding.path else replace(finding, path=f"{DEPLOYMENT}{name}.{field}")
