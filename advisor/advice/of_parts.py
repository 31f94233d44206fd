"""What deployments of parts have in common that are simulated as one: their settings are those of their parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from advisor.errors import BugError
from advisor.patterns.base import Pattern
from advisor.patterns.settings import settings_told
from advisor.rules import Rule
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.patterns.foresight import Foresight

__all__ = ["OfParts"]


class OfParts(Pattern):
    """A combination whose parts share one stream, the first of them its base: it stands where and when that does."""

    __slots__ = ()

    name: ClassVar[str] = "combination"
    RULES: ClassVar[tuple[Rule[Any], ...]] = ()

    @property
    @abstractmethod
    def named(self) -> Mapping[str, Pattern]:
        """The parts by the names that their settings go by."""

    @property
    def _first(self) -> Pattern:
        return next(iter(self.named.values()))

    @property
    def at_work(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.named.values())

    @property
    def cycle_s(self) -> float:
        return self._first.cycle_s

    @property
    def place(self) -> str:
        return self._first.place

    def _facts(self) -> Iterable[tuple[str, object]]:
        return settings_told(self.to_dict())

    @classmethod
    def fields(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]  # a dataclass

    def with_(self, sets: Mapping[str, object]) -> Self:
        raise BugError(f"the parts of {self.id} have settings, and it has none: {', '.join(sets)}")

    @classmethod
    def space(cls, w: Workload) -> tuple[tuple[Self, ...], ...]:  # noqa: ARG003 - it has none for any workload
        """None of its own: what is worth a look follows from what its parts are worth."""
        return ()

    def foresee(self, w: Workload) -> Foresight:  # noqa: ARG002 - as above
        raise BugError(f"{self.id} is not foreseen as one: its parts are")
