"""No kernel counts an index from the end of an array: compiled ones do not look for its sign."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_every_index_of_every_kernel_counts_from_the_beginning_and_lies_within_its_array() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.sim.kernel_indices"],
        cwd=Path(__file__).parents[2], env={**os.environ, "ADVISOR_NO_JIT": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1_000_000
