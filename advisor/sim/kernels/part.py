"""``@station`` and ``@part``: kernels that move requests, and the pieces that they call, without counting references.

A call between two compiled functions copies the fields of every array that it passes and counts its references;
where some happen a request that is most of the time. Nothing here makes or keeps an array, so nothing needs to be
counted, and pieces are compiled into their callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

from advisor.sim.kernels import COMPILED, Kernel, keep, kernel

__all__ = ["part", "station"]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


def station(function: Callable[P, R]) -> Kernel[P, R]:
    """A kernel that the control plane calls; kept on disk."""
    if not COMPILED:
        return kernel(function)
    return cast("Kernel[P, R]", keep(_jit()(function), function))


def part(function: Callable[P, R]) -> Kernel[P, R]:
    """A piece of a kernel; it is kept on disk as a part of those that call it."""
    if not COMPILED:
        return kernel(function)
    return cast("Kernel[P, R]", _jit(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)(function))


def _jit(**options: bool) -> Any:
    # Numba's stubs do not know these options.
    return cast("Any", numba.njit)(nogil=True, _nrt=False, error_model="numpy", **options)
