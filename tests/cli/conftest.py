"""What tests of several commands begin with."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.small import SMALL


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A file of the small profile."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def on_terminal() -> Callable[[Sequence[str]], tuple[bytes, bytes]]:
    """Run a command whose errors go to a terminal: what is shown there, and what it answers in a pipe."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")

    def run(call: Sequence[str]) -> tuple[bytes, bytes]:
        mine, its = pty.openpty()
        shown = b""
        with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=its, env={**os.environ, "TERM": "xterm"}) as running:
            os.close(its)
            while True:
                try:
                    read = os.read(mine, 65536)
                except OSError:
                    break
                if not read:
                    break
                shown += read
            assert running.stdout is not None
            answer = running.stdout.read()
        os.close(mine)
        assert running.returncode == 0
        return shown, answer

    return run
