"""What the command line loads, and what it says when it is called wrongly."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"numba", "pandas", "matplotlib", "scipy", "boto3", "botocore", "dask", "simpy"}
LIGHT_CALLS = [
    ["--help"],
    ["--version"],
    ["check", "workloads/fraud-scoring.yaml"],
    ["list", "rules"],
    ["list", "limits"],
    ["list", "patterns"],
    ["list", "instances"],
    ["list", "assumptions"],
    ["list", "workloads"],
    ["list", "schema"],
    ["explain", "SL-01"],
    ["explain", "serverless"],
    ["explain", "serverless.payload_max"],
    ["explain", "serverless_keep_alive"],
    ["explain", "traffic", "workloads/fraud-scoring.yaml"],
    ["prices", "show", "--region", "us-east-1"],
    ["prices", "coverage"],
]


@pytest.mark.parametrize("call", LIGHT_CALLS, ids=" ".join)
def test_a_light_verb_loads_no_heavy_package(call: list[str], root) -> None:
    program = (
        "import sys, json\n"
        "from advisor.cli import main\n"
        f"sys.argv = ['advisor', *{call!r}]\n"
        "code = 0\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as ended:\n"
        "    code = ended.code or 0\n"
        "loaded = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "print(json.dumps([code, loaded]), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    code, loaded = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    assert done.stdout.strip()
    assert not HEAVY & set(loaded)


def test_importing_the_package_loads_nothing_heavy_and_writes_nothing(tmp_path, root) -> None:
    program = "import advisor, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & (HEAVY | {"numpy", "pydantic", "yaml"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "call",
    [["chekc"], ["check"], ["check", "--nonsense", "x.yaml"], ["list"], ["explain"], ["prices", "show"]],
    ids=" ".join,
)
def test_a_wrong_call_is_exit_code_two_and_says_so(call, advisor) -> None:
    ran = advisor(*call)
    assert ran.code == 2
    assert ran.err or ran.out


def test_a_fault_of_ours_is_exit_code_three_without_a_traceback(advisor, monkeypatch) -> None:
    from advisor.advice import checking

    def broken(_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(checking, "check", broken)
    ran = advisor("check", "workloads/fraud-scoring.yaml")
    assert ran.code == 3
    assert "a fault of advisor" in ran.err
    assert "Traceback" not in ran.err
