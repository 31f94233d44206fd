"""``advisor prices``: shown with date and basis; an unknown region, type or door is a clear error."""

from __future__ import annotations

import json

import pytest

from tests.catalog.price_list import INDEX_PATH, Answer, index, instance, offer, path_of, served


def test_show_gives_every_price_its_date_and_basis(advisor) -> None:
    objects = json.loads(advisor("prices", "show", "--region", "us-east-1", "--json").out)
    assert len(objects) > 100
    assert all(one["as_of"] and one["basis"] for one in objects)


def test_a_price_is_printed_as_a_decimal_without_exponent(advisor) -> None:
    # The facts' table: us-east-1, ServerlessInf, Mem-1GB, 0.00002 a second.
    ran = advisor("prices", "show", "--region", "us-east-1", "--component", "ServerlessInf")
    assert "0.00002 " in ran.out
    assert "E-" not in ran.out


def test_a_borrowed_price_is_marked_assumed(advisor) -> None:
    # No async price of ml.m5.xlarge is in the snapshot; Hosting's is 0.23.
    ran = advisor("prices", "show", "--region", "us-east-1", "--instance", "ml.m5.xlarge")
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if line.startswith("AsyncInf"))
    assert "0.23" in line
    assert "assumed" in line


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["show", "--region", "us-east-9"], "or us-east-1"),
        (["show", "--region", "us-east-1", "--instance", "ml.m5.xlarg"], "did you mean ml.m5"),
        (["show", "--region", "us-east-1", "--component", "hosting"], "did you mean Hosting"),
        (["refresh"], "--region"),
        (["refresh", "--region", "us-east-1", "--door", "window"], "window"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_name_is_exit_code_two_with_near_ones(call, words, advisor) -> None:
    ran = advisor("prices", *call)
    assert ran.code == 2
    assert words in ran.err


def test_coverage_names_every_region_and_pattern(advisor) -> None:
    objects = json.loads(advisor("prices", "coverage", "--json").out)
    assert {one["pattern"] for one in objects} == {
        "real-time",
        "serverless",
        "asynchronous",
        "batch-transform",
        "multi-model",
    }
    assert {one["status"] for one in objects} <= {"listed", "assumed", "missing"}
    # Every region of the facts' table, the local zone included.
    assert len({one["region"] for one in objects}) == 37
    text = advisor("prices", "coverage").out
    assert [line for line in text.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("door", ["api", "bulk"])
def test_without_network_or_credentials_refresh_says_which_other_door_there_is(
    door, advisor, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    # A port of this machine on which nothing listens.
    monkeypatch.setenv("ADVISOR_PRICE_LIST_URL", "http://127.0.0.1:9")
    ran = advisor("prices", "refresh", "--region", "us-east-1", "--door", door)
    assert ran.code == 2
    assert f"--door {'bulk' if door == 'api' else 'api'}" in ran.err
    assert not list(tmp_path.iterdir())


def test_refresh_puts_new_prices_into_use_and_prints_what_changed(advisor, monkeypatch, tmp_path) -> None:
    offered = offer(
        instance("A1", "ml.m5.xlarge", "0.2400000000"),
        instance("A2", "ml.m5.large", "not a price"),
    )
    answers = {
        INDEX_PATH: Answer(json.dumps(index("us-east-1")).encode()),
        path_of("us-east-1"): Answer(json.dumps(offered).encode()),
    }
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path))
    with served(answers) as address:
        monkeypatch.setenv("ADVISOR_PRICE_LIST_URL", address)
        ran = advisor("prices", "refresh", "--region", "us-east-1", "--door", "bulk")
    assert ran.code == 0, ran.err
    assert "A2" in ran.err
    moved = next(line for line in ran.out.splitlines() if line.startswith("moved"))
    # The facts list 0.23: 0.24 is 4.3 % more.
    assert moved.split() == ["moved", "us-east-1", "Hosting", "ml.m5.xlarge", "0.23", "0.24", "+4.3", "%"]
    shown = advisor("prices", "show", "--region", "us-east-1", "--component", "Hosting", "--instance", "ml.m5.xlarge")
    assert "0.24" in shown.out
    assert "0.23" not in shown.out
    # What was not fetched stays as it was.
    assert "0.00002 " in advisor("prices", "show", "--region", "eu-west-1", "--component", "ServerlessInf").out
