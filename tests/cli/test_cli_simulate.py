"""``advisor simulate``: what is printed, as text and as JSON, and what is refused."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import pytest

PROFILE = """
name: small
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}]
traffic: {rate: 1 per minute}
"""


@pytest.fixture
def profile(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(PROFILE)
    return path


def test_the_text_tells_latency_statuses_bill_and_assumptions_within_a_hundred_columns(advisor, profile) -> None:
    ran = advisor("simulate", profile, "--pattern", "serverless", "--replications", 2)
    assert ran.code == 0
    for part in (
        "p99",
        "95 % interval",
        "served",
        "busy",
        "total",
        "[1] assumed",
        "serverless_keep_alive 11 min",
        "requests a second",
    ):
        assert part in " ".join(ran.out.split("\n"))
    assert max(len(line) for line in ran.out.splitlines()) <= 100


def test_json_is_one_option_with_a_bill_that_sums(advisor, profile) -> None:
    call = ("simulate", profile, "--pattern", "serverless", "--replications", 2, "--seed", 4, "--json")
    option = json.loads(advisor(*call).out)
    assert option["pattern"] == "serverless"
    assert option["seed"] == 4
    assert set(option["latency_s"]) == {"p50", "p90", "p95", "p99", "mean"}
    assert set(option["usd_per_month"]) == {"value", "low", "high"}
    total = sum(Decimal(line["usd"]) for line in option["bill"])
    assert total == Decimal(option["usd_per_month"]["value"])
    assert "timeline" not in option
    samples = json.loads(advisor(*call, "--timeline").out)["timeline"]
    assert {"at", "in_service", "waiting", "in_process"} <= set(samples[0])


def test_settings_reach_the_deployment(advisor, profile) -> None:
    ran = advisor(
        "simulate", profile, "--pattern", "serverless", "--set", "max_concurrency=7", "--replications", 1, "--json"
    )
    assert json.loads(ran.out)["deployment"]["max_concurrency"] == 7


def test_what_a_rule_refuses_is_exit_code_one_with_the_reasons(advisor, profile) -> None:
    call = ("simulate", profile, "--pattern", "serverless", "--set", "memory=7 GB")
    ran = advisor(*call)
    assert ran.code == 1
    assert not ran.out
    assert "to mend" in ran.err
    refused = json.loads(advisor(*call, "--json").out)["refused"]
    assert refused[0]["pattern"] == "serverless"
    assert refused[0]["findings"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_request_is_written_on_request(advisor, profile, tmp_path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"out.{ending}"
    ran = advisor("simulate", profile, "--pattern", "serverless", "--replications", 1, "--columns", path)
    assert ran.code == 0
    if ending == "csv":
        with path.open() as file:
            rows = list(csv.DictReader(file))
    else:
        import pandas as pd

        rows = pd.read_parquet(path).to_dict("records")
    assert f"{len(rows):,} requests written" in ran.err
    assert {row["status"] for row in rows} == {"served"}


@pytest.mark.parametrize(
    "wrong",
    [
        ["--pattern", "serverles"],
        ["--pattern", "serverless", "--columns", "out.xlsx"],
        ["--pattern", "serverless", "--budget", "many"],
        ["--pattern", "serverless", "--budget", "0"],
        ["--pattern", "serverless", "--replications", "0"],
        ["--pattern", "serverless", "--seed", "-1"],
        ["--pattern", "serverless", "--set", "memry=2 GB"],
        [],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_exit_code_two(advisor, profile, wrong: list[str]) -> None:
    ran = advisor("simulate", profile, *wrong)
    assert ran.code == 2
    assert "Traceback" not in ran.err
