"""``@station`` and ``@part``: kernels that move requests, and the pieces that they call, without counting references.

A call between two compiled functions copies the fields of every array that it passes and counts its references;
where some happen a request that is most of the time. Nothing here makes or keeps an array, so nothing needs to be
counted, and pieces are compiled into their callers.

Indices count from the front: none is looked at for its sign, which would take as long as what is read with it. A test
runs them all as plain Python and looks at each.

A first run waits for the compiler, so a piece is neither optimised nor made machine code by itself: only the kernel
that it ends up in is, once. And it is made for types, not for constants: a status written out in a call is the same
piece as one in a variable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core import codegen, compiler, lowering, typed_passes, types
from numba.core.compiler_machinery import register_pass

from advisor.sim.kernels import COMPILED, Kernel, keep, kernel
from advisor.sim.kernels.held import by_place

__all__ = ["inlined", "part", "station"]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


def station(function: Callable[P, R]) -> Kernel[P, R]:
    """A kernel that the control plane calls; kept on disk."""
    if not COMPILED:
        return kernel(function)
    return cast("Kernel[P, R]", keep(_jit(pipeline_class=_KernelCompiler)(function), function))


def part(function: Callable[P, R]) -> Kernel[P, R]:
    """A piece of a kernel; it is kept on disk as a part of those that call it."""
    if not COMPILED:
        return kernel(function)
    made = _jit(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True, pipeline_class=_PieceCompiler)(
        function
    )
    typed = made.get_call_template

    def by_type(args: Any, kws: Any) -> Any:
        return typed([_plain(one) for one in args], {name: _plain(one) for name, one in kws.items()})

    made.get_call_template = by_type
    return cast("Kernel[P, R]", made)


def _plain(one: Any) -> Any:
    return by_place(cast("Any", types).unliteral(one))


def inlined(function: Callable[P, R]) -> Kernel[P, R]:
    """A part that is written out where it is called: once a call, handing a job over costs as much as all the rest."""
    if not COMPILED:
        return part(function)
    # Numba's stubs do not know these options.
    jit = cast("Any", numba.njit)(
        nogil=True, _nrt=False, error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )
    return cast("Kernel[P, R]", jit(function))


def _jit(**options: Any) -> Any:
    # Numba's stubs do not know these options.
    return cast("Any", numba.njit)(nogil=True, _nrt=False, error_model="numpy", **options)


class _Flags(compiler.Flags):
    """Options that are quick to compare: numba looks them up for every operator of every function."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Flags):
            return self is other or self._values == other._values
        return bool(cast("Any", super()).__eq__(other))

    def __hash__(self) -> int:
        return _HASH


_HASH = hash(cast("Any", compiler.Flags)())


class _Whole(codegen.JITCodeLibrary):
    """A kernel with all of its pieces in it: optimised once, as a whole."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        """Each piece is linked once, however many call it."""
        for one in _all_below(self._linking_libraries):
            self._reload_init.update(one._reload_init)
            self._final_module.link_in(_module_of(one), preserve=True)
        self._linking_libraries = []
        cast("Any", super()).finalize()

    def _optimize_final_module(self) -> None:
        how = cast("Any", self._codegen)._module_pass_manager
        passes, builder = how(loop_vectorize=False, slp_vectorize=False, opt=2)
        with self._recorded_timings.record("all passes", builder):
            passes.run(self._final_module, builder)


class _Piece(_Whole):
    """Code that is only ever linked into other code."""

    def finalize(self) -> None:
        """It stays by itself: what it calls is linked beside it, not into it."""
        for one in self._final_module.functions:
            if not one.is_declaration:
                one.linkage = "linkonce_odr"
        cast("Any", self)._finalize_dynamic_globals()
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        """For a caller that is not a station: with all that it calls."""
        if self._shared_module is None:
            self._shared_module = self._final_module.clone()
            for one in _all_below(self._linking_libraries):
                self._shared_module.link_in(_module_of(one), preserve=True)
        return self._shared_module

    def get_pointer_to_function(self, _name: str) -> int:
        """It has no machine code of its own."""
        return 0

    @property
    def codegen(self) -> Any:
        """Who is told where the function's constants are."""
        return self

    def set_env(self, _name: str, _env: Any) -> None:
        """No machine code, no constants; kernels loaded from the disk do without those of their pieces, too."""


def _all_below(libraries: list[Any]) -> list[Any]:
    """These and all that their pieces call."""
    found: dict[Any, None] = {}
    waiting = list(reversed(libraries))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = None
            if isinstance(one, _Piece):
                waiting += reversed(one._linking_libraries)
    return list(found)


def _module_of(one: Any) -> Any:
    """A library's code without that of the pieces that it calls."""
    return one._final_module if isinstance(one, _Piece) else one._get_module_for_linking()


class _Lower(lowering.Lower):
    """Writes out reading and writing of elements with indices as they are: to numba those without a sign."""

    def lower_getitem(self, resty: Any, expr: Any, value: Any, index: Any, signature: Any) -> Any:
        return cast("Any", super()).lower_getitem(resty, expr, value, index, _without_sign(signature))

    def lower_setitem(self, target_var: Any, index_var: Any, value_var: Any, signature: Any) -> Any:
        return cast("Any", super()).lower_setitem(target_var, index_var, value_var, _without_sign(signature))


def _without_sign(signature: Any) -> Any:
    array, index, *value = signature.args
    if not isinstance(array, types.Array):
        return signature
    return signature.replace(args=(array, _as_it_is(index), *value))


def _as_it_is(index: Any) -> Any:
    if isinstance(index, types.BaseTuple):
        return cast("Any", types).BaseTuple.from_types([_as_it_is(one) for one in cast("Any", index)])
    return types.uintp if isinstance(index, types.Integer) else index


@cast("Any", register_pass)(mutates_CFG=True, analysis_only=False)
class _Lowering(typed_passes.BaseNativeLowering):
    _name = "lowering_without_signs"  # type: ignore[assignment]  # a name, where numba's stubs have None

    @property
    def lowering_class(self) -> type[lowering.Lower]:
        return _Lower


class _Compiler(compiler.Compiler):
    library: type[codegen.JITCodeLibrary]

    def __init__(self, *given: Any) -> None:
        *first, flags, variables = given
        cast("Any", super()).__init__(*first, cast("Any", _Flags)(flags), variables)

    def define_pipelines(self) -> Any:
        state = self.state
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        pipelines = cast("Any", super()).define_pipelines()
        for one in pipelines:
            one.passes = [
                (_Lowering if step is typed_passes.NativeLowering else step, told) for step, told in one.passes
            ]
            one.finalize()
        return pipelines


class _KernelCompiler(_Compiler):
    library = _Whole


class _PieceCompiler(_Compiler):
    library = _Piece
