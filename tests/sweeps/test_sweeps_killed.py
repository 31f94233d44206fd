"""A sweep on the command line that is killed goes on where it stopped, and its file is the undisturbed one's."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.small import SMALL

CELLS = 300
PATIENCE_S = 240
TRIES = 8


def _call(profile: Path, output: Path) -> list[str]:
    vary = ["--vary", f"traffic.rate=0.001..1:log{CELLS // 3}", "--vary", "deployment.memory=1 GB, 2 GB, 3 GB"]
    options = ["--pattern", "serverless", "--estimate", "--jobs", "1", "-o", str(output)]
    return [sys.executable, "-m", "advisor", "whatif", str(profile), *vary, *options]


def _stored(path: Path) -> int:
    """How many cells the file of a sweep that has ended holds; what was being written when it was killed is undone."""
    base = sqlite3.connect(path)
    try:
        (tables,) = base.execute("SELECT count(*) FROM sqlite_master WHERE name = 'cells'").fetchone()
        return int(base.execute("SELECT count(*) FROM cells").fetchone()[0]) if tables else 0
    finally:
        base.close()


def _killed(command: list[str], unfinished: Path, *, larger_than: int) -> None:
    """Begin the command, and kill it without warning once its file of answers has grown."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        limit = time.monotonic() + PATIENCE_S
        while not (unfinished.exists() and unfinished.stat().st_size > larger_than):
            assert running.poll() is None, running.communicate()[1].decode()
            assert time.monotonic() < limit, "no answers are stored"
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == -signal.SIGKILL


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_a_sweep_killed_twice_writes_the_file_of_an_undisturbed_one(tmp_path: Path) -> None:
    profile = tmp_path / "small.yaml"
    profile.write_text(SMALL)
    whole, killed = tmp_path / "whole.csv", tmp_path / "killed.csv"
    unfinished = tmp_path / "killed.csv.unfinished"

    begun = subprocess.run(_call(profile, whole), capture_output=True, check=True)
    assert not begun.stdout
    expected = whole.read_bytes()
    assert expected.count(b"\n") == CELLS + 1
    assert list(tmp_path.glob("whole.csv.*")) == []

    stored, useful = 0, 0
    for _ in range(TRIES):
        size = unfinished.stat().st_size if unfinished.exists() else 0
        # An answer takes some 400 bytes: the file has grown by some tens of cells.
        _killed(_call(profile, killed), unfinished, larger_than=size + 20_000)
        before, stored = stored, _stored(unfinished)
        assert before <= stored < CELLS
        assert not killed.exists()
        # A file grows before its transaction ends: a kill between the two loses that block, and no other.
        useful += stored > before
        if useful == 2:
            break
    assert useful == 2, "every kill fell into a transaction"

    last = subprocess.run(_call(profile, killed), capture_output=True, check=True, text=True)
    assert f"going on with {stored} cells" in last.stderr
    assert killed.read_bytes() == expected
    assert not unfinished.exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_an_interrupt_says_how_to_go_on(tmp_path: Path) -> None:
    profile = tmp_path / "small.yaml"
    profile.write_text(SMALL)
    unfinished = tmp_path / "out.csv.unfinished"
    running = subprocess.Popen(_call(profile, tmp_path / "out.csv"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    limit = time.monotonic() + PATIENCE_S
    while not (unfinished.exists() and unfinished.stat().st_size > 20_000):
        assert running.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode not in (0, 3)
    assert "the same command goes on from" in err.decode()
    assert "Traceback" not in err.decode()
    assert 0 < _stored(unfinished) < CELLS
