"""``advisor check``: what fits, what is refused and why, with file and line; exit codes of the contract."""

from __future__ import annotations

import json
import re

import pytest

PLAIN = "name: plain\nmodel: {size: 100 MB, memory: 500 MB, image: 1 GB, framework: xgboost}\n"
HOPELESS = f"{PLAIN}task: training\n"


@pytest.fixture
def profile(tmp_path):
    def write(text: str, name: str = "profile.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_refusal_says_what_where_how_to_mend_and_from_which_source(advisor, profile) -> None:
    path = profile(f"{PLAIN}traffic: {{rate: 5 per second}}\npayload:\n  request: 3 MB\n  request_max: 5 MB\n")
    ran = advisor("check", path)
    assert ran.code == 0
    told = " ".join(ran.out.split())
    found = re.search(rf"blocks SL-01 {re.escape(str(path))}:6: .*?5 MB.*?to mend: .+?source: AWS .*?20\d\d", told)
    assert found, ran.out


def test_a_profile_that_leaves_no_pattern_is_exit_code_one(advisor, profile) -> None:
    ran = advisor("check", profile(HOPELESS))
    assert ran.code == 1
    assert ran.out.count("refused") >= 5
    assert "no pattern fits" in ran.out


def test_a_profile_that_does_not_read_is_exit_code_two_with_every_problem(advisor, profile) -> None:
    path = profile("name: x\nregion: us-east-1\npayload: {request: 4}\ntrafic: {rate: 3 per second}\n")
    ran = advisor("check", path)
    assert ran.code == 2
    assert f"{path}:3" in ran.err
    assert f"{path}:4" in ran.err
    assert "did you mean traffic?" in ran.err
    assert ran.err.count("to mend:") == 2


def test_bad_input_outweighs_a_profile_without_a_pattern(advisor, profile) -> None:
    assert advisor("check", profile(HOPELESS), profile("name: [", "broken.yaml")).code == 2


def test_a_file_that_is_not_there_is_a_clear_error(advisor, tmp_path) -> None:
    ran = advisor("check", tmp_path / "none.yaml")
    assert ran.code == 2
    assert "none.yaml" in ran.err
    assert "Traceback" not in ran.err


def test_json_is_an_array_of_objects_with_every_finding_problem_and_assumption(advisor, profile) -> None:
    path = profile(f"{PLAIN}traffic: {{rate: 5 per second}}\npayload: {{request: 3 MB, request_max: 5 MB}}\n")
    broken = profile("name: x\nregion: 7\n", "broken.yaml")
    ran = advisor("check", path, broken, "--json")
    assert ran.code == 2
    objects = json.loads(ran.out)
    kinds = {kind: [one for one in objects if one["kind"] == kind] for kind in {one["kind"] for one in objects}}
    assert {one["pattern"] for one in kinds["pattern"]} == {
        "real-time",
        "serverless",
        "asynchronous",
        "batch-transform",
        "multi-model",
    }
    refused = {one["pattern"] for one in kinds["pattern"] if not one["fits"]}
    assert {one["pattern"] for one in kinds["finding"] if one["verdict"] == "BLOCKS"} == refused
    assert all({"rule", "says", "where", "mend", "source"} <= one.keys() for one in kinds["finding"])
    assert [one["where"] for one in kinds["problem"]] == [f"{broken}:2"]
    assert {"path", "assumption", "value"} <= kinds["assumption"][0].keys()


def test_no_line_is_wider_than_a_hundred_columns(advisor, root) -> None:
    files = sorted((root / "workloads").glob("*.yaml"))
    ran = advisor("check", *[file.relative_to(root) for file in files])
    assert ran.code == 0
    assert [line for line in ran.out.splitlines() if len(line) > 100] == []


def test_brief_tells_one_line_a_pattern(advisor) -> None:
    ran = advisor("check", "--brief", "workloads/fraud-scoring.yaml")
    assert ran.code == 0
    assert "to mend" not in ran.out
    assert ran.out.count("\n") < 12


def test_the_answer_for_fraud_scoring_is_as_agreed(advisor, golden) -> None:
    golden("check-fraud-scoring.txt", advisor("check", "workloads/fraud-scoring.yaml").out)


def test_a_deployment_of_ones_own_is_judged_with_set(advisor) -> None:
    # 200 is the most that an endpoint takes (AWS API model), 300 is more.
    profile = "workloads/photo-tagging.yaml"
    kept = advisor("check", profile, "--pattern", "serverless", "--set", "max_concurrency=200", "--brief")
    refused = advisor("check", profile, "--pattern", "serverless", "--set", "max_concurrency=300", "--brief")
    assert (kept.code, refused.code) == (0, 1)
    assert "SL-17" in refused.out
    assert "real-time" not in refused.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--set", "max_concurrency=300"], "--pattern"),
        (["--pattern", "serverles"], "did you mean serverless?"),
        (["--pattern", "serverless", "--set", "memry=4 GB"], "did you mean memory?"),
        (["--pattern", "serverless", "--set", "memory=4"], "has no unit"),
        (["--pattern", "serverless", "--set", "memory"], "write --set field=value"),
        (["--pattern", "serverless", "--set", "memory=4 GB", "--set", "memory=2 GB"], "given twice"),
        (["--pattern", "serverless", "--set", "max_concurrency=-3"], "max_concurrency"),
        (["--pattern", "real-time", "--set", "instance_type=ml.m5.xlarg"], "did you mean ml.m5"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_setting_is_exit_code_two_with_a_mend(options, words, advisor) -> None:
    ran = advisor("check", "workloads/photo-tagging.yaml", *options)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""
