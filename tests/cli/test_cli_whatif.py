"""``advisor whatif``: what is printed and written, and what is refused before anything is computed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest


def _quick(profile, *options):
    return ("whatif", profile, "--pattern", "serverless", "--estimate", *options)


def test_the_table_has_a_row_a_cell_and_pattern_within_a_hundred_columns(advisor, golden) -> None:
    ran = advisor("whatif", "workloads/fraud-scoring.yaml", "--vary", "traffic.rate=1, 10, 100", "--estimate")
    assert ran.code == 0
    assert max(len(line) for line in ran.out.splitlines()) <= 100
    golden("whatif-fraud-scoring.txt", ran.out)


def test_a_sweep_over_settings_of_one_deployment(advisor, golden, profile) -> None:
    vary = ("--vary", "deployment.memory=1 GB, 2 GB, 4 GB, 7 GB", "--vary", "traffic.rate=0.01..1:log3")
    ran = advisor(*_quick(profile, *vary))
    assert ran.code == 0
    golden("whatif-small-memory.txt", ran.out)


def test_json_is_an_array_of_plain_rows(advisor, profile) -> None:
    ran = advisor(*_quick(profile, "--vary", "traffic.rate=0.01, 0.1", "--json"))
    rows = json.loads(ran.out)
    assert [row["traffic.rate"] for row in rows] == [0.01, 0.1]
    assert {row["pattern"] for row in rows} == {"serverless"}
    assert all(row["usd_per_month"] > 0 for row in rows)
    assert rows[0]["usd_low"] is None


def test_csv_and_parquet_hold_the_same_rows(advisor, profile, tmp_path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow writes Parquet, and is not installed")
    for name in ("out.csv", "out.parquet"):
        ran = advisor(*_quick(profile, "--vary", "traffic.rate=0.01..1:log3", "-o", tmp_path / name))
        assert (ran.code, ran.out) == (0, "")
        assert f"3 rows written to {tmp_path / name}" in ran.err
    read, held = pd.read_csv(tmp_path / "out.csv"), pd.read_parquet(tmp_path / "out.parquet")
    assert read["usd_per_month"].tolist() == held["usd_per_month"].tolist()
    assert held["traffic.rate"].tolist() == [0.01, 0.1, 1]
    assert str(held["meets_objective"].dtype) == "boolean"
    assert not list(tmp_path.glob("*.unfinished"))


def test_an_output_in_a_new_folder_is_made(advisor, profile, tmp_path) -> None:
    ran = advisor(*_quick(profile, "--vary", "traffic.rate=1", "-o", tmp_path / "new" / "out.csv"))
    assert ran.code == 0
    assert (tmp_path / "new" / "out.csv").read_text().startswith("cell,traffic.rate,pattern")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--vary", "traffic.rate"], "has no values"),
        (["--vary", "traffic.rte=1"], "did you mean rate"),
        (["--vary", "traffic.rate=fast"], "is not a rate"),
        (["--vary", "traffic.rate=1", "--vary", "traffic.rate=2"], "varied twice"),
        (["--vary", "traffic.rate=1..9:10", "-o", "out.txt"], "ends in .csv or .parquet"),
        (["--vary", "deployment.memory=1 GB", "-o", "out.csv"], "no pattern is named"),
        (["--vary", "traffic.rate=1", "--set", "memory=1 GB"], "--set without --pattern"),
        (["--vary", "traffic.rate=1", "--replications", "2"], "--replications"),
        (["--vary", "traffic.rate=1", "--pattern", "serverles"], "did you mean serverless"),
        (["--vary", "deployment.memori=1 GB", "--pattern", "serverless"], "did you mean memory"),
        (["--vary", "traffic.rate=1", "--scheduler", "here", "--estimate"], "not the address of a scheduler"),
        (["--vary", "traffic.rate=1..2:1000001"], "vary less"),
    ],
)
def test_bad_input_is_exit_code_two_and_nothing_is_written(
    advisor, profile, tmp_path, monkeypatch, options: list[str], says: str
) -> None:
    if "--scheduler" in options:
        pytest.importorskip("distributed", reason="Dask is not installed: pip install .[cluster]")
    output = tmp_path / "out.csv"
    given = options if "-o" in options else [*options, "-o", output]
    ran = advisor("whatif", profile, *given)
    assert ran.code == 2
    assert not ran.out
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert not output.exists()


def test_an_output_that_holds_another_sweep_is_refused_and_kept(advisor, profile, tmp_path) -> None:
    from advisor.sweeps.store import Store

    output = tmp_path / "out.csv"
    with Store(tmp_path / "out.csv.unfinished", "another") as kept:
        kept.put([(0, [{"cell": 0}])])
    ran = advisor(*_quick(profile, "--vary", "traffic.rate=1", "-o", output))
    assert ran.code == 2
    assert "another sweep" in ran.err
    assert not output.exists()
    with Store(tmp_path / "out.csv.unfinished", "another") as kept:
        assert kept.done() == {0}


def test_a_folder_that_may_not_be_written_to_is_told(advisor, profile, tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    ran = advisor(*_quick(profile, "--vary", "traffic.rate=1", "-o", tmp_path / "file" / "out.csv"))
    assert ran.code == 2
    assert "to mend" in ran.err


def test_a_terminal_shows_a_bar_with_the_time_left_and_a_pipe_does_not(profile: Path, on_terminal) -> None:
    vary = ["--vary", "traffic.rate=0.001..1:log150", "--jobs", "1"]
    call = [sys.executable, "-m", "advisor", *map(str, _quick(profile, *vary))]
    piped = subprocess.run(call, capture_output=True, check=True)
    assert not piped.stderr
    shown, answer = on_terminal(call)
    # The count of cells, time gone and time left; the answer itself is the one of a pipe.
    assert b"/150" in shown
    assert b"0:00:0" in shown
    assert answer == piped.stdout
