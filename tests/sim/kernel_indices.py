"""Does a kernel ever count an index from the end? Run in a process of its own, without compiled code.

Compiled kernels take indices as they are: a negative one would read what lies before the array. Here every array that
comes to a kernel looks at its indices; the simulator runs small cases of every pattern. On standard output: how many
indices were looked at.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from advisor.sim import kernels

SEEDS, SIZE = 15, 40


class Looked(np.ndarray):  # type: ignore[type-arg]  # of any kind
    """An array whose indices lie within it and count from its beginning."""

    seen = 0

    def _look(self, index: Any) -> None:
        for one, size in zip(index if isinstance(index, tuple) else (index,), self.shape, strict=False):
            if isinstance(one, int | np.integer):
                Looked.seen += 1
                if not 0 <= one < size:
                    raise IndexError(f"{one} in a kernel's array of {size}")

    def __getitem__(self, index: Any) -> Any:
        self._look(index)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._look(index)
        super().__setitem__(index, value)


def looked(given: Any) -> Any:
    """The same, with every array in it looking at its indices."""
    if isinstance(given, np.ndarray):
        return given.view(Looked)
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return type(given)(*map(looked, given))
    return given


def plain(function: Callable[..., Any]) -> Any:
    """What stands for a compiled kernel."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*map(looked, args), **{name: looked(one) for name, one in kwargs.items()})

    run.py_func = function  # type: ignore[attr-defined]  # as a kernel has
    return run


def main() -> None:
    """Run all cases."""
    kernels._plain = plain
    from tests.oracles.strategies import SEEDED
    from tests.sim.kernel_changes import ORACLES

    for pattern, seed in product(ORACLES, range(SEEDS)):
        comparator = importlib.import_module(f"tests.sim.test_{ORACLES[pattern][1]}_agrees_with_oracle")
        comparator.ours(SEEDED[pattern](seed, SIZE))
    for wrong in (-1, 3):
        try:
            np.zeros(3).view(Looked)[wrong]
        except IndexError:
            continue
        raise AssertionError(f"an index of {wrong} was not noticed")
    print(Looked.seen)


if __name__ == "__main__":
    main()
