"""``advisor render``: the calls as JSON on standard output, words on standard error, nothing where a rule refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROFILE = "workloads/photo-tagging.yaml"
PATTERNS = ("real-time", "serverless", "asynchronous", "batch-transform", "multi-model")
FOR_ALL = """
name: any
model: {size: 90 MB, memory: 300 MB, image: 1 GB, framework: xgboost, count: 3, same_container: true}
work: [{on: ml.m5.large, mean: 20 ms, workers: 2}, {on: serverless 2 GB, mean: 30 ms}]
traffic: {rate: 1 per minute}
payload: {request: 2 KB, response: 1 KB}
"""


def test_the_calls_are_an_array_in_calling_order(advisor) -> None:
    ran = advisor("render", PROFILE, "--pattern", "serverless", "--set", "memory=3 GB", "--set", "max_concurrency=7")
    assert ran.code == 0
    calls = json.loads(ran.out)
    assert [(call["client"], call["operation"]) for call in calls] == [
        ("sagemaker", "create_model"),
        ("sagemaker", "create_endpoint_config"),
        ("sagemaker", "create_endpoint"),
    ]
    [variant] = calls[1]["request"]["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 7}
    assert set(calls[0]["fill_in"]) == {
        "PrimaryContainer.Image",
        "PrimaryContainer.ModelDataUrl",
        "ExecutionRoleArn",
    }
    assert "3 placeholders to fill in" in ran.err


def test_json_is_what_is_printed_with_the_option_and_without(advisor) -> None:
    with_option = advisor("render", PROFILE, "--pattern", "asynchronous", "--json")
    assert with_option.out == advisor("render", PROFILE, "--pattern", "asynchronous").out
    assert all(
        {"client", "operation", "region", "request", "fill_in"} <= set(call) for call in json.loads(with_option.out)
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_renders(pattern: str, advisor, tmp_path: Path) -> None:
    profile = tmp_path / "any.yaml"
    profile.write_text(FOR_ALL)
    ran = advisor("render", profile, "--pattern", pattern)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)[0]["operation"] == "create_model"


def test_a_refused_deployment_renders_nothing_and_says_why(advisor) -> None:
    ran = advisor("render", "workloads/fraud-scoring.yaml", "--pattern", "serverless")
    assert ran.code == 1
    assert json.loads(ran.out) == []
    assert "workloads/fraud-scoring.yaml:15: SL-31: the workload needs vpc" in ran.err
    assert "to mend:" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pattern", "serverles"], "did you mean serverless?"),
        (["--pattern", "serverless", "--set", "memry=4 GB"], "did you mean memory?"),
        (["--pattern", "serverless", "--set", "memory"], "write --set field=value"),
        (["--pattern", "asynchronous", "--set", "timeout=900.5 s"], "whole seconds"),
        ([], "--pattern"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exit_code_two(options, words, advisor) -> None:
    ran = advisor("render", PROFILE, *options)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err


def test_rendering_loads_nothing_heavy(root: Path) -> None:
    code = (
        "import sys\n"
        "from advisor.cli import app\n"
        f"app(['render', '{PROFILE}', '--pattern', 'serverless'], standalone_mode=False)\n"
        "heavy = {'boto3', 'botocore', 'numba', 'pandas', 'matplotlib', 'scipy', 'simpy', 'numpy'}\n"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == ""
