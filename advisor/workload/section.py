"""What all sections of a profile share: YAML keys and attribute names, content equality, what was written.

A section is built from YAML keys (``Payload(request="4 KB")``) or from attribute names in base units
(``Payload(request_bytes=4000)``), keeps what was written, and never changes. A section standing alone holds
``None`` where nothing was given; inside a workload those places are filled by named assumptions.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from advisor.show import facts
from advisor.workload.quantity import Base, Flaw, Flaws, Kind
from advisor.workload.told import told

__all__ = ["Fixed", "Section", "unfilled"]

K = TypeVar("K")
V = TypeVar("V")
S = TypeVar("S", bound="Section")


class Fixed(Mapping[K, V]):
    """A mapping that does not change: it hashes, compares and pickles by content."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)


if TYPE_CHECKING:
    _Meta = type
else:

    class _Meta(type(BaseModel)):
        """Construction in Python tells all problems in the package's own error, like reading does."""

        def __call__(cls, *args: Any, **given: Any) -> Any:
            try:
                return super().__call__(*args, **given)
            except ValidationError as error:
                raise told(error, cls) from None


def unfilled(says: str, key: str | None = None) -> Any:
    """A field (under a YAML key) that may be left out: ``None`` until a workload fills it by an assumption.

    ``says`` is what an editor tells while the key is typed.
    """
    return Field(default=None, alias=key, description=says)


class Section(BaseModel, metaclass=_Meta):
    """One mapping of a profile: frozen, closed, equal by content."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())

    # The key whose value stands for the whole section where a plain value is given: `replay: file.csv`.
    SHORT: ClassVar[str | None] = None

    _written: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def attributes(cls) -> Mapping[str, str]:
        """YAML key to attribute name, in the order in which they are declared."""
        return _attributes(cls)

    @classmethod
    def kind(cls, key: str) -> Kind | None:
        """The kind of value under a YAML key, where it is a single one."""
        return _kind(cls, key)

    @classmethod
    def child(cls, key: str) -> type[Section] | None:
        """The section class under a YAML key, a list's items among them; ``None`` where plain values are."""
        return _child(cls, key)

    @model_validator(mode="wrap")
    @classmethod
    def _kept(cls: type[S], data: Any, handler: ModelWrapValidatorHandler[S], info: ValidationInfo) -> S:
        if isinstance(data, cls):
            return data
        if cls.SHORT is not None and data is not None and not isinstance(data, Mapping):
            data = {cls.SHORT: data}
        if not isinstance(data, Mapping):
            return handler(data)
        given = cls._under_yaml_keys(data, yaml=bool((info.context or {}).get("yaml")))
        made = handler(given)
        made._written = {
            key: cls._as_written(key, value, getattr(made, cls.attributes()[key])) for key, value in given.items()
        }
        made._complete()
        flaws = tuple(made.flaws())
        if flaws:
            raise Flaws(*flaws)
        return made

    def _complete(self) -> None:
        """Fill what was not given, once all that was given is known to be right by itself."""

    def flaws(self) -> Iterator[Flaw]:
        """What is wrong between the values of this section, each right by itself."""
        return iter(())

    def _repr_html_(self) -> str:
        from advisor.workload.display import section_shown  # it knows sections

        return facts(type(self).__name__, section_shown(self)).html()

    @classmethod
    def _under_yaml_keys(cls, data: Mapping[Any, Any], *, yaml: bool) -> dict[str, Any]:
        # In a file only the YAML keys are keys: there every quantity carries its unit.
        names = {} if yaml else {name: key for key, name in cls.attributes().items() if name != key}
        given: dict[str, Any] = {}
        for key, value in data.items():
            # Loaders of YAML 1.1 read the key on as a switch.
            word = "on" if key is True and "on" in cls.attributes() else key
            yaml_key = names.get(word, word) if isinstance(word, str) else str(word)
            if value is None and yaml_key in cls.attributes():
                continue
            if yaml_key in given:
                raise Flaws(
                    Flaw(
                        (yaml_key,),
                        f"{yaml_key} is given twice, under two names",
                        "give one of them",
                    )
                )
            given[yaml_key] = Base(value) if yaml_key != word and not isinstance(value, Base) else value
        return given

    @classmethod
    def _as_written(cls, key: str, value: Any, made: Any) -> Any:
        if isinstance(made, Section):
            return made._written
        if isinstance(made, tuple) and any(isinstance(item, Section) for item in made):
            return [item._written for item in made]
        kind = cls.kind(key)
        if isinstance(value, Base):
            return kind.write(value.value) if kind else value.value
        return _plain(value)

    def to_dict(self) -> dict[str, Any]:
        """What was given, under YAML keys, as it was written; reads back to an equal section."""
        return copy.deepcopy(self._written)

    def _content(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in type(self).model_fields)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Section)
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._content()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self._written.items())})"

    def __str__(self) -> str:
        return repr(self)

    def lacks(self, name: str) -> bool:
        """Whether an attribute was neither given nor filled so far."""
        return getattr(self, name) is None

    def _filled(self: S, values: Mapping[str, Any]) -> S:
        """A copy with attributes filled; what was written stays what it was."""
        return self.model_copy(update=dict(values)) if values else self


@cache
def _attributes(cls: type[Section]) -> Mapping[str, str]:
    return Fixed({info.alias or name: name for name, info in cls.model_fields.items()})


@lru_cache(maxsize=1024)
def _kind(cls: type[Section], key: str) -> Kind | None:
    info = cls.model_fields[cls.attributes()[key]]
    return next((meta for meta in info.metadata if isinstance(meta, Kind)), None)


@lru_cache(maxsize=1024)
def _child(cls: type[Section], key: str) -> type[Section] | None:
    name = cls.attributes().get(key)
    return None if name is None else _section_in(cls.model_fields[name].annotation)


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part)) is not None), None)


def _plain(value: Any) -> Any:
    """A copy out of lists, dicts and scalars only, as YAML holds them."""
    if isinstance(value, Section):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [_plain(item) for item in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)
