"""Modules of the tests that run without compiled code, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def told_by(module: str) -> str:
    """What a module prints that is run in plain Python."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", module],
        cwd=Path(__file__).parents[2], env={**os.environ, "ADVISOR_NO_JIT": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
