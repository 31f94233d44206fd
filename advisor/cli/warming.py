"""What comes before a long command begins: its modules are loaded, and kernels perhaps compiled."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from advisor.cli.output import complain

__all__ = ["loading", "warn_of_compiling"]

# How many objects more make the collector look, and after how many looks it goes through older ones.
_LOOKS = (50_000, 5, 5)


@contextmanager
def loading() -> Iterator[None]:
    """While modules are loaded nothing is garbage; what they hold stays for good, and is not looked through again.

    It is the most of what the collector would go through time and again, here and in every helper that is forked.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*_LOOKS)
        if on:
            gc.enable()


def warn_of_compiling() -> None:
    """Say why the first run takes longer: kernels are compiled once and kept."""
    from advisor.sim.kernels import cache_path, nothing_compiled, why_not_cached

    if why := why_not_cached():
        complain(why)
    elif nothing_compiled():
        complain(f"compiling the simulator's kernels, once: they are kept in {cache_path()}")
