"""A sweep on a Dask cluster: the frame of one machine, also where a worker is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import advisor as ad
from advisor.errors import InputError
from tests.small import SMALL

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install .[cluster]")

CELLS = 400
CALL: dict[str, Any] = {
    "vary": {"traffic.rate": f"0.001..1:log{CELLS // 2}", "deployment.memory": ["1 GB", "3 GB"]},
    "pattern": "serverless",
    "how": "estimate",
}


@pytest.fixture(scope="module")
def w() -> ad.Workload:
    return ad.reads(SMALL)


@pytest.fixture(scope="module")
def expected(w: ad.Workload) -> pd.DataFrame:
    return ad.whatif(w, **CALL, n_jobs=1)


@pytest.fixture
def two_workers() -> Iterator[Any]:
    """A cluster of two worker processes, each with a nanny that starts it anew when it dies."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


def test_a_worker_killed_in_the_middle_loses_nothing(w: ad.Workload, expected: pd.DataFrame, two_workers: Any) -> None:
    pids = [worker.pid for worker in two_workers.workers.values()]
    killed: list[tuple[int, int]] = []

    def kill_one(done: int, total: int) -> None:
        # Blocks are with both workers now, and cells are left that nobody has.
        if done > 20 and not killed:
            os.kill(pids[0], signal.SIGKILL)
            killed.append((pids[0], done))

    found = ad.whatif(w, **CALL, scheduler=two_workers.scheduler_address, progress=kill_one)
    assert killed
    assert killed[0][1] < CELLS
    assert pids[0] not in [worker.pid for worker in two_workers.workers.values()]
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_the_command_line_writes_the_same_bytes_on_a_cluster(two_workers: Any, tmp_path: Path) -> None:
    profile = tmp_path / "small.yaml"
    profile.write_text(SMALL)
    vary = ["--vary", "traffic.rate=0.001..1:log20", "--vary", "deployment.memory=1 GB, 3 GB"]
    call = [sys.executable, "-m", "advisor", "whatif", str(profile), *vary, "--pattern", "serverless", "--estimate"]
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    subprocess.run([*call, "-o", str(here)], check=True, capture_output=True)
    ran = subprocess.run(
        [*call, "-o", str(there), "--scheduler", two_workers.scheduler_address],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert there.read_bytes() == here.read_bytes()
    assert here.read_bytes().count(b"\n") == 41


def test_a_cluster_of_its_own_is_made_when_asked(w: ad.Workload) -> None:
    call = {**CALL, "vary": {"traffic.rate": [0.01, 0.1]}}
    found = ad.whatif(w, **call, scheduler="local", n_jobs=1)
    pd.testing.assert_frame_equal(found, ad.whatif(w, **call), check_exact=True)


def test_an_address_that_is_none_is_told(w: ad.Workload) -> None:
    with pytest.raises(InputError, match="is not the address of a scheduler"):
        ad.whatif(w, **CALL, scheduler="localhost:8786")


def test_a_scheduler_that_does_not_answer_is_told(w: ad.Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.sweeps.cluster._ANSWERS_WITHIN", "1s")
    with pytest.raises(InputError, match="no scheduler answers"):
        # Nothing listens on the port of "discard".
        ad.whatif(w, **CALL, scheduler="tcp://127.0.0.1:9")


def test_without_dask_the_way_to_install_it_is_told(w: ad.Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'advisor\[cluster\]'"):
        ad.whatif(w, **CALL, scheduler="tcp://127.0.0.1:8786")


def test_a_sweep_by_threads_loads_no_dask() -> None:
    lines = (
        "import sys, advisor as ad",
        f"w = ad.reads({SMALL!r})",
        "ad.whatif(w, vary={'traffic.rate': [1]}, pattern='serverless', how='estimate')",
        "assert not {'dask', 'distributed'} & set(sys.modules)",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)
