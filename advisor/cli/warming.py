"""The word to the user before kernels are compiled: it happens once, and takes longer than anything after it."""

from __future__ import annotations

from advisor.cli.output import complain

__all__ = ["warn_of_compiling"]


def warn_of_compiling() -> None:
    """Say why the first run takes longer: kernels are compiled once and kept."""
    from advisor.sim.kernels import cache_path, nothing_compiled, why_not_cached

    if why := why_not_cached():
        complain(why)
    elif nothing_compiled():
        complain(f"compiling the simulator's kernels, once: they are kept in {cache_path()}")
