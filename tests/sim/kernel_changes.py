"""Does the comparison with the oracles notice a change? Run in a process of its own, without compiled code.

A copy of the simulator stands in a temporary folder; each change of `kernel_changes.txt` is made there, the simulator
is imported anew from it, and small cases are compared until one differs. What breaks down, or does not come to an end,
is noticed. First the copy as it stands must agree. On standard output: a line of JSON a change, {"change": words,
"seen": seed or null}.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import advisor
from tests.oracles import asynchronous, batch, multimodel, realtime, serverless, sharing
from tests.oracles.strategies import SEEDED

ORACLES: dict[str, tuple[Any, str]] = {
    "real-time": (realtime, "realtime"),
    "serverless": (serverless, "serverless"),
    "asynchronous": (asynchronous, "asynchronous"),
    "asynchronous, shared": (sharing, "asynchronous"),
    "batch-transform, side by side": (batch, "batch"),
    "multi-model": (multimodel, "multimodel"),
    "multi-model, shared": (multimodel, "multimodel"),
}
LAST, SIZE, PATIENCE_S = 120, 40, 5


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One change: where it must show, the file, what it means, what stands there, and what stands there instead."""

    pattern: str
    file: str
    words: str
    text: str
    instead: str


def table() -> list[Changed]:
    """All changes of the table beside this file."""
    found = []
    for block in Path(__file__).with_name("kernel_changes.txt").read_text().strip().split("\n\n")[1:]:
        head, *lines = block.split("\n")
        pattern, file, words = head.split(" | ")
        text, instead = ("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
        found.append(Changed(pattern=pattern, file=file, words=words, text=text, instead=instead))
    return found


def source(file: str) -> Path:
    """A file of the simulator."""
    return Path(str(advisor.__file__)).parent / "sim" / file


class TooLong(Exception):
    """A changed simulator that does not come to an end."""


def too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TooLong


def forget() -> None:
    """The simulator is imported anew at the next call."""
    for name in [
        name for name in sys.modules if name.startswith(("advisor.sim", "tests.sim.test_", "tests.sim.agree"))
    ]:
        del sys.modules[name]


@functools.cache
def truth(pattern: str, seed: int) -> tuple[Any, Any]:
    """A case, and what its oracle says."""
    case = SEEDED[pattern](seed, SIZE)
    return case, ORACLES[pattern][0].simulate(case)


def differences(pattern: str, seed: int) -> list[str]:
    """In what the simulator and the oracle differ on this case."""
    case, record = truth(pattern, seed)
    comparator = importlib.import_module(f"tests.sim.test_{ORACLES[pattern][1]}_agrees_with_oracle")
    agreement = importlib.import_module("tests.sim.agreement")
    found: list[str] = agreement.differences(comparator.ours(case), record)
    return found


def notices(pattern: str, seed: int) -> bool:
    """Does the simulator, which may be changed, say anything else than the oracle on this case?"""
    signal.alarm(PATIENCE_S)
    try:
        return bool(differences(pattern, seed))
    except Exception:  # whatever a changed simulator breaks down with is a difference
        return True
    finally:
        signal.alarm(0)


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the simulator that is imported instead of it; it stands alone in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "sim"
        shutil.copytree(source(""), copy, ignore=shutil.ignore_patterns("__pycache__"))
        advisor.__path__.insert(0, folder)
        forget()
        yield copy


def main() -> None:
    """Answer for every change, after the copy as it stands."""
    signal.signal(signal.SIGALRM, too_long)
    stamps = itertools.count(1_000_000_000)
    with copied() as copy:
        for pattern, seed in itertools.product(ORACLES, range(3)):
            assert differences(pattern, seed) == [], (pattern, seed)
        assert str(importlib.import_module("advisor.sim.control").__file__).startswith(str(copy))
        for change in table():
            file = copy / change.file
            kept = file.read_text()
            for text in (kept.replace(change.text, change.instead), kept):
                file.write_text(text)
                # What is compiled of it goes by this stamp.
                stamp = next(stamps)
                os.utime(file, (stamp, stamp))
                forget()
                if text != kept:
                    seen = next((seed for seed in range(LAST) if notices(change.pattern, seed)), None)
                    print(json.dumps({"change": change.words, "seen": seen}), flush=True)


if __name__ == "__main__":
    main()
