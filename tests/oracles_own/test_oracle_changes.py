"""The generated cases notice every rule: each change of an oracle's semantics below changes some record.

A rule whose change no case notices would be a rule that the comparison of kernels and oracles does not test.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.oracles import case, case_patterns
from tests.oracles.strategies import SEEDED

FOLDER = Path(case.__file__).parent
BUILT = ("clock", "control", "client", "realtime", "serverless", "asynchronous", "sharing", "batch", "multimodel")
MODULE = {
    "real-time": "realtime",
    "serverless": "serverless",
    "asynchronous": "asynchronous",
    "asynchronous, shared": "sharing",
    "batch-transform": "batch",
    "batch-transform, side by side": "batch",
    "multi-model": "multimodel",
    "multi-model, shared": "multimodel",
}
LAST, SIZE = 200, 40


def changes() -> list[tuple[str, str, str, str, str]]:
    """Pattern, file, words, text and what stands there instead, of each change in the table beside this file."""
    found = []
    for block in Path(__file__).with_name("changes.txt").read_text().strip().split("\n\n")[1:]:
        head, *lines = block.split("\n")
        pattern, file, words = head.split(" | ")
        text, instead = ("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
        found.append((pattern, file, words, text, instead))
    return found


CHANGES = changes()


@contextmanager
def changed(file: str, text: str, instead: str) -> Iterator[ModuleType]:
    """A second set of oracles, one of whose files reads differently."""
    name = "changed_oracles"
    package = ModuleType(name)
    package.__path__ = []
    sys.modules |= {name: package, name + ".case": case, name + ".case_patterns": case_patterns}
    try:
        for part in BUILT:
            source = (FOLDER / f"{part}.py").read_text()
            if file == f"{part}.py":
                assert source.count(text) == 1, f"the text stands {source.count(text)} times in {file}"
                source = source.replace(text, instead)
            module = ModuleType(f"{name}.{part}")
            module.__package__ = name
            sys.modules[module.__name__] = module
            setattr(package, part, module)
            exec(compile(source, f"{part}.py", "exec"), vars(module))
        yield package
    finally:
        for loaded in [key for key in sys.modules if key.split(".")[0] == name]:
            del sys.modules[loaded]


@cache
def answer(pattern: str, seed: int) -> str:
    """What the oracle itself says."""
    return repr(importlib.import_module("tests.oracles." + MODULE[pattern]).simulate(SEEDED[pattern](seed, SIZE)))


def notices(package: ModuleType, pattern: str, seed: int) -> bool:
    """Does this case tell the changed oracle from the oracle?"""
    return repr(getattr(package, MODULE[pattern]).simulate(SEEDED[pattern](seed, SIZE))) != answer(pattern, seed)


def test_a_second_set_without_a_change_says_the_same() -> None:
    with changed("clock.py", "FINISH, LOADED", "FINISH, LOADED") as package:
        assert not any(notices(package, pattern, seed) for pattern in MODULE for seed in range(3))


@pytest.mark.parametrize("change", CHANGES, ids=[f"{pattern}: {words}" for pattern, _, words, _, _ in CHANGES])
def test_a_change_is_noticed(change: tuple[str, str, str, str, str]) -> None:
    pattern, file, _, text, instead = change
    with changed(file, text, instead) as package:
        assert any(notices(package, pattern, seed) for seed in range(LAST))
