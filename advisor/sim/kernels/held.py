"""``Held``: a tuple of arrays as pieces of kernels are given it, by where it lies and not field by field.

A tuple of thirty arrays is two hundred values, and every call of a piece would name them all: most of what the compiler
had to read. Written out where it is called, a piece leaves nothing of this in the machine code.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import lower_cast, lower_getattr_generic, models, register_model

__all__ = ["Held", "by_place"]


class Held(types.Type):
    """The type of a pointer to a tuple that nobody changes."""

    def __init__(self, held: Any) -> None:
        self.held = held
        # Types are told apart by name, and the whole one, in each symbol, is long.
        told = hashlib.sha256(held.name.encode()).hexdigest()[:12]
        cast("Any", super()).__init__(f"{held.instance_class.__name__}_{told}")


def by_place(one: Any) -> Any:
    """The type that a piece takes where it is given this one."""
    return Held(one) if isinstance(one, types.BaseNamedTuple) else one


@cast("Any", register_model)(Held)
class _HeldModel(models.PrimitiveModel):
    def __init__(self, known: Any, held: Held) -> None:
        whole = known.lookup(held.held).get_value_type()
        cast("Any", super()).__init__(known, held, whole.as_pointer())


@cast("Any", infer_getattr)
class _FieldOfHeld(AttributeTemplate):
    key = Held

    def generic_resolve(self, held: Any, field: str) -> Any:  # type: ignore[override]  # its own stub has none
        fields = held.held.fields
        return by_place(held.held.types[fields.index(field)]) if field in fields else None


def _field(_context: Any, builder: Any, held: Any, place: Any, field: str) -> Any:
    number = held.held.fields.index(field)
    at = cast("Any", cgutils).gep_inbounds(builder, place, 0, number)
    return at if isinstance(held.held.types[number], types.BaseNamedTuple) else builder.load(at)


def _put_down(_context: Any, builder: Any, _given: Any, _held: Any, value: Any) -> Any:
    return cast("Any", cgutils).alloca_once_value(builder, value)


cast("Any", lower_getattr_generic)(Held)(_field)
cast("Any", lower_cast)(types.BaseNamedTuple, Held)(_put_down)
