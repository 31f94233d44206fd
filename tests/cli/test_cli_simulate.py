"""``advisor simulate``: what is printed, as text and as JSON, and what is refused."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import pytest


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


FLEET = """
name: fleet
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.c5.xlarge, mean: 200 ms, workers: 1}]
traffic: {rate: 20 per minute}
"""
BY_CLOCK = (
    "--pattern",
    "real-time",
    "--set",
    "max_instances=2",
    "--set",
    "schedule=08:00-18:00=2",
    "--set",
    "scaling=none",
    "--set",
    "target=none",
    "--set",
    "min_instances=1",
)


@pytest.fixture
def fleet(tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(FLEET)
    return path


def test_a_schedule_reaches_the_run_and_its_bill(advisor, fleet) -> None:
    ran = advisor("simulate", fleet, *BY_CLOCK, "--replications", 1, "--json")
    assert ran.code == 0, ran.err
    option = json.loads(ran.out)
    assert option["deployment"]["schedule"] == "08:00-18:00=2"
    # One all day and one more for ten hours of it: 34 of 24 hours, in a month of 730.
    [hours] = [line for line in option["bill"] if line["what"] == "ml.c5.xlarge instances"]
    assert float(hours["quantity"]) == pytest.approx(730 * 34 / 24, rel=1e-4)


def test_faults_on_demand_are_simulated_and_named(advisor, fleet) -> None:
    call = ("simulate", fleet, "--pattern", "real-time", "--replications", 1)
    usual = json.loads(advisor(*call, "--json").out)
    faults = (
        "--fault",
        "zone-loss=day 2 10:00 for 2 hours",
        "--fault",
        "instance-loss=5 per day",
        "--fault",
        "slow-launches=2x",
        "--fault",
        "launches-refused=50 %",
    )
    wrong = json.loads(advisor(*call, *faults, "--json").out)
    assert [
        note.removeprefix("fault on demand: ") for note in wrong["notes"] if note.startswith("fault on demand")
    ] == [
        "an endpoint loses instances, 5 per day on average",
        "one of 3 availability zones is lost on day 2 10:00 for 2 h",
        "each launch takes 2x as long",
        "50 % of the launches are refused for lack of capacity",
    ]
    # A single instance that is lost five times a day leaves nobody there until the next is launched.
    assert usual["error_share"]["value"] == 0
    assert wrong["error_share"]["value"] > 0.01
    assert "Note: fault on demand: each launch takes 2x as long." in advisor(*call, *faults).out


@pytest.mark.parametrize(
    "fault",
    [
        "zone-los=day 1",
        "zone-loss=never",
        "instance-loss=5",
        "slow-launches=",
        "launches-refused=100 %",
        "zone-loss=day 99",
    ],
)
def test_a_fault_that_cannot_be_is_exit_code_two(advisor, fleet, fault: str) -> None:
    ran = advisor("simulate", fleet, "--pattern", "real-time", "--replications", 1, "--fault", fault)
    assert ran.code == 2
    assert "to mend" in ran.err
    assert not ran.out


@pytest.mark.parametrize("pattern", ["serverless", "batch-transform"])
def test_a_pattern_without_instances_that_stand_has_no_faults(advisor, fleet, pattern: str) -> None:
    ran = advisor("simulate", fleet, "--pattern", pattern, "--replications", 1, "--fault", "slow-launches=2x")
    assert ran.code == 2
    assert f"{pattern} has none" in ran.err


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
