"""All compiled code, behind one door: ``@kernel``.

A kernel is one source that runs compiled and, by ``kernel.py_func`` or with ``ADVISOR_NO_JIT=1`` in the environment, as
plain Python. Compiled code releases the GIL and is kept in the user's cache folder, in a folder named by a hash of all
kernel sources, of the constants they read and of the versions below them: an edited callee in another file
is seen, and a stale kernel is never loaded. Safe with many processes at once: each file takes its place in one step.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from numba.core import caching
from numba.core.runtime.nrt import rtsys

from advisor.files import cache_folder

__all__ = [
    "COMPILED",
    "Floats",
    "Ints",
    "Kernel",
    "Keys",
    "Shorts",
    "cache_path",
    "keep",
    "kernel",
    "nothing_compiled",
    "why_not_cached",
]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int16]
Keys = npt.NDArray[np.uint64]

# Whether kernels are compiled at all: plain Python is for looking and for tests, a hundred times slower.
COMPILED = os.environ.get("ADVISOR_NO_JIT", "") in ("", "0")


class Kernel(Protocol[P, R]):
    """A compiled function, and the plain one that it was made from."""

    @property
    def py_func(self) -> Callable[P, R]:
        """The same source as plain Python."""
        ...

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Compile a function on its first call, without the GIL, keeping the outcome for the next process."""
    if not COMPILED:
        return _plain(function)
    # A division by zero gives infinity, as with arrays: looking out for it keeps loops from taking rows side by side.
    return cast("Kernel[P, R]", keep(numba.njit(nogil=True, error_model="numpy")(function), function))


def keep(made: Any, function: Callable[..., Any]) -> Any:
    """Give a compiled function its place on the disk."""
    if cache_path() is not None:
        made._cache = cast("Any", _KernelCache)(function)
    return made


@functools.cache
def cache_path() -> Path | None:
    """The folder of compiled kernels; ``None`` where it cannot be written, so that each process compiles anew."""
    folder = cache_folder() / "kernels" / _version()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    return folder


def why_not_cached() -> str:
    """What to say once, on standard error, where compiled code cannot be kept; empty where it can."""
    if not COMPILED or cache_path() is not None:
        return ""
    folder = cache_folder() / "kernels"
    return (
        f"{folder} cannot be written, so kernels are compiled anew in each run: set ADVISOR_CACHE to a folder of yours"
    )


def nothing_compiled() -> bool:
    """Whether the kernels are still to be compiled, and can be kept."""
    kept = cache_path()
    return COMPILED and kept is not None and not any(kept.glob("*.nbi"))


def _version() -> str:
    told = hashlib.sha256()
    below = (platform.python_version(), platform.machine(), *map(version, ("numba", "llvmlite", "numpy")))
    told.update(";".join(below).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        told.update(path.name.encode())
        told.update(path.read_bytes())
    return told.hexdigest()[:20]


def _plain(function: Callable[P, R]) -> Kernel[P, R]:
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        # Compiled integers wrap round, and compiled divisions by zero give infinity, without a word.
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    cast("Any", run).py_func = function
    return cast("Kernel[P, R]", run)


class _Here:
    """Where numba finds one kernel's file: the folder's name already says which sources it was made from."""

    def __init__(self, name: str) -> None:
        self._name = name

    def ensure_cache_path(self) -> None:
        cast("Path", cache_path()).mkdir(parents=True, exist_ok=True)

    def get_cache_path(self) -> str:
        return str(cache_path())

    def get_source_stamp(self) -> str:
        return cast("Path", cache_path()).name

    def get_disambiguator(self) -> str:
        return self._name

    @classmethod
    def from_function(cls, function: Any, _file: str) -> _Here:
        return cls(f"{function.__module__.rpartition('.')[2]}-{function.__code__.co_firstlineno}")


class _KernelImpl(caching.CompileResultCacheImpl):
    """Numba's way of keeping a compiled function, with the folder above as its only place."""

    _locator_classes: list[type[object]] = [_Here]  # noqa: RUF012  # an attribute of the base class, typed there


class _KernelCache(caching.FunctionCache):
    _impl_class = _KernelImpl

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it; a disk that is full or went away costs the next process a compilation, never this run."""
        try:
            cast("Any", super()).save_overload(sig, data)
        except Exception:  # a damaged index raises what its bytes happen to spell; begin it anew
            try:
                cast("Any", self).flush()
                cast("Any", super()).save_overload(sig, data)
            except OSError:
                cast("Any", self).disable()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What was kept, or nothing where it does not read: then it is compiled, and kept anew.

        Machine code asks for numba's memory and for none of what numba can compile, which takes it most of a start to
        look up; the compiler does so where it is needed.
        """
        try:
            rtsys.initialize(target_context)
            return cast("Any", self)._load_overload(sig, target_context)
        except Exception:  # as above
            return None
