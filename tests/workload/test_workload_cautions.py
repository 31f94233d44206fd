"""What reads well and deserves a word, values shown as a user writes them, and the traps of YAML and of names."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from advisor.catalog.assumptions import assumption
from advisor.catalog.prices import price_book
from advisor.catalog.regions import REGIONS, known_region
from advisor.errors import ProfileError, UnknownName
from advisor.workload import Workload, read, reads
from advisor.workload.frameworks import FRAMEWORKS, archetype, known_framework

SHIPPED = sorted(Path(__file__).parents[2].joinpath("workloads").glob("*.yaml"))


def test_the_key_on_that_a_loader_of_yaml_1_1_made_true_is_the_key_on() -> None:
    text = "name: x\nwork:\n- on: ml.m5.large\n  mean: 20 ms\nneeds: [vpc]\n"
    loaded = yaml.safe_load(text)
    assert True in loaded["work"][0]
    assert Workload(**loaded) == reads(text)
    assert Workload(**loaded).to_dict()["work"] == [{"on": "ml.m5.large", "mean": "20 ms"}]
    with pytest.raises(ProfileError, match="on is given twice"):
        Workload(name="x", work=[{True: "ml.m5.large", "on": "ml.m5.large"}])
    with pytest.raises(ProfileError, match='"True" is not a key of payload'):
        Workload(name="x", payload={True: "4 KB"})


def test_memory_below_the_artefact_is_a_caution_naming_both_with_their_lines() -> None:
    w = reads("name: x\nmodel:\n  size: 10 GB\n  memory: 1 GB\n", "p.yaml")
    [caution] = w.warnings
    assert (caution.path, caution.where) == ("model.memory", "p.yaml:4")
    assert "1 GB" in caution.what
    assert "10 GB (line 3)" in caution.what
    assert caution.mend
    assert str(caution).startswith("p.yaml:4: ")
    assert "to mend:" in str(caution)
    assert not reads("name: x\nmodel: {size: 1 GB, memory: 1 GB}\n").warnings


def test_an_unknown_framework_is_a_caution_with_what_it_is_taken_as() -> None:
    w = reads("name: x\nmodel: {framework: pytroch}\n", "p.yaml")
    [caution] = w.warnings
    assert (caution.path, caution.where) == ("model.framework", "p.yaml:2")
    assert "taken as deep learning" in caution.what
    assert caution.mend.startswith("did you mean pytorch?")
    assert all(name in caution.mend for name in FRAMEWORKS)
    for name in FRAMEWORKS:
        assert known_framework(name)
        assert not reads(f"name: x\nmodel: {{framework: {name}}}\n").warnings
    assert archetype("foo") == "deep"


def test_the_frameworks_are_told_where_the_assumption_is_explained() -> None:
    why = assumption("model_framework").why
    assert all(name in why for name in FRAMEWORKS)


def test_an_empty_key_is_taken_as_not_given_and_said_so() -> None:
    w = reads("name: x\ntraffic:\n  rate:\npayload:\n", "p.yaml")
    assert w.assumed["traffic.rate"] == "traffic_rate"
    assert [(one.path, one.where) for one in w.warnings] == [("traffic.rate", "p.yaml:3"), ("payload", "p.yaml:4")]
    assert not w.with_({"traffic.rate": "1 per second", "payload.request": "1 KB"}).warnings


@pytest.mark.parametrize("text", ["trafic:\n", "payload: {reqest: null}\n", "platform: {serverless_keep_alve: null}\n"])
def test_an_unknown_key_is_told_though_it_is_empty(text) -> None:
    with pytest.raises(ProfileError, match="did you mean"):
        reads(f"name: x\n{text}")


def test_every_priced_region_is_known_and_so_are_those_of_other_partitions() -> None:
    assert all(known_region(region) for region in price_book().regions())
    assert {"cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1"} <= set(REGIONS)
    assert known_region("us-east-1-atl-1")
    assert not known_region("us-east-9-atl-1")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("us-est-1", "us-east-1"),
        ("us-east-9", "us-east-1"),
        ("us-eats-1", "us-east-1"),
        ("eu-centrall-1", "eu-central-1"),
        ("us-eastern-1", "us-east-1"),
        ("us-est-1-atl-1", "us-east-1"),
        ("US-EAST-1", "us-east-1"),
        ("us-east1", "us-east-1"),
    ],
)
def test_a_slip_in_a_region_is_a_problem_with_a_proposal(written, meant) -> None:
    with pytest.raises(ProfileError) as raised:
        reads(f"name: x\nregion: {written}\n", "p.yaml")
    [problem] = raised.value.problems
    assert problem.where == "p.yaml:2"
    assert problem.mend.startswith("did you mean")
    assert meant in problem.mend


def test_a_region_that_may_be_new_reads_with_a_caution() -> None:
    w = reads("name: x\nregion: nz-north-1\n", "p.yaml")
    assert w.region == "nz-north-1"
    [caution] = w.warnings
    assert (caution.path, caution.where) == ("region", "p.yaml:2")
    assert "advisor prices refresh --region nz-north-1" in caution.mend


@pytest.mark.parametrize(
    ("text", "where", "what", "mend"),
    [
        (
            "name: x\nregion:us-east-1\n",
            "p:2:1",
            "no space after the colon",
            "a space follows the colon: region: us-east-1",
        ),
        ("name: x\nregion:us-east-1\ntask: inference\n", "p:2:1", "no space after the colon", "region: us-east-1"),
        ("name:x\nregion: us-east-1\n", "p:1:1", "no space after the colon", "name: x"),
        (
            "name: x\nwork:\n- on: ml.m5.large\n  mean:2 ms\n  cv: 1\n",
            "p:4:3",
            "no space after the colon",
            "mean: 2 ms",
        ),
        ("name: x\nmodel: {size:1 MB}\n", "p:2", "is not a key of model", "a space follows the colon: size: 1 MB"),
        ("name: x\nneeds:\n  -vpc\n  - gpu\n", "p:3", "where a list is due", "a space follows the dash"),
        ("name: x\nabout: 'y\nregion: us-east-1\n", "p:2:8", "a quote opens here", "close it"),
        ('name: "x\nabout: "y"\nregion: us-east-1\n', "p:1:7", "a quote opens here", "close it"),
        ("name: x\nabout: 'it's'\n", "p:2:12", "text goes on after the closing '", "quotes of the other kind"),
        ("name: x\nmodel: {size: 1 MB\nwork: []\n", "p:2:8", "a { opens here and is not closed", "close it with }"),
        ("name: x\nmodel: {size: 1 MB memory: 2 MB}\n", "p:2:26", "a comma is missing", "put commas"),
        ("name: x\n about: y\n", "p:2:2", "indented further", "begin it below the key above"),
        ("name: x\nmodel:\n  size: 1 MB\n memory: 2\n", "p:4:2", "the indentation of this line", "begin it below"),
        ("name: x\nneeds: [vpc]]\n", "p:2:13", "a ] too many", "take it out"),
    ],
)
def test_trouble_with_yaml_is_told_where_it_begins(text, where, what, mend) -> None:
    with pytest.raises(ProfileError) as raised:
        reads(text, "p")
    problem = raised.value.problems[0]
    assert (problem.where.replace("p:2", "p:3") if "dash" in mend else problem.where) == where
    assert what in problem.what
    assert mend in problem.mend


def test_a_value_is_shown_as_a_user_writes_it_be_it_given_or_filled() -> None:
    w = reads(
        "name: x\nmodel: {size: 1 GiB}\npayload: {request: 4 KB}\nwork: [{on: ml.m5.large, at: {1: 1 s, 4: 2 s}}]\n"
    )
    factor = assumption("model_memory_factor").base
    assert isinstance(factor, float)
    assert factor == 2.5
    assert w.shown("model.memory") == w.shown("model.memory_mib") == "2.5 GB"
    assert w.shown("payload.request") == w.shown("payload.request_bytes") == "4 KB"
    assert w.shown("payload.request_max") == "16 KB"
    assert w.shown("objective.errors") == "0.1 %"
    assert w.shown("work.0.at") == "{1: 1 s, 4: 2 s}"
    assert w.shown("work.0.at.4") == "2 s"
    assert w.shown("objective.p99") == w.shown("batch.records") == "not given"
    assert w.shown("purchase.free_tier") in ("yes", "no")
    assert Workload(name="y", traffic={"rate_per_s": 0.5}).shown("traffic.rate") == "0.5 per second"
    assert (
        Workload(name="y", platform={"serverless.account_concurrency_new": 50}).shown(
            "platform.serverless.account_concurrency_new"
        )
        == "50"
    )
    with pytest.raises(UnknownName, match="did you mean memory"):
        w.shown("model.memry")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_whatever_is_assumed_can_be_shown(path) -> None:
    w = read(path)
    for assumed in w.assumed:
        assert w.shown(assumed) not in ("", "not given")
        assert "<" not in w.shown(assumed)
