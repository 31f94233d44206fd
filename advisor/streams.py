"""Named random streams from one seed, independent of the order in which they are asked for.

A stream is known by its names: ``stream(7, "arrivals", "web")`` is the same generator in every process and on every
machine, whatever else was drawn before. What needs a random access by request number takes a `key` instead.
"""

from __future__ import annotations

import hashlib

import numpy as np

from advisor.errors import InputError

__all__ = ["key", "replication", "stream"]


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator of its own for these names under this seed (zero or more)."""
    return np.random.Generator(np.random.SFC64(_sequence(seed, names)))


def key(seed: int, *names: str | int) -> int:
    """64 random bits for these names under this seed: what numbers drawn by request number are derived from."""
    return int(_sequence(seed, ("key", *names)).generate_state(1, np.uint64)[0])


def replication(seed: int, number: int) -> int:
    """The seed of one replication of a run: 64 bits, so that replications share no stream."""
    return key(seed, "replication", number)


def _sequence(seed: int, names: tuple[str | int, ...]) -> np.random.SeedSequence:
    if seed < 0:
        raise InputError(f"a seed of {seed}", "", "give a whole number of zero or more")
    # Each name is told apart by its kind and length, so that ("a", "b") is not ("ab",), nor 1 "1".
    told = "".join(f"{type(name).__name__}:{len(str(name))}:{name};" for name in names)
    words = np.frombuffer(hashlib.sha256(told.encode()).digest(), dtype=np.dtype("<u4"))
    return np.random.SeedSequence(seed, spawn_key=tuple(int(word) for word in words[:4]))
