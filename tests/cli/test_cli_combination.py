"""Combinations on the command line: shown, checked, rendered and refused like a pattern that stands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import advisor as ad
from advisor.advice.spill import Spill
from advisor.errors import InputError
from advisor.patterns import Asynchronous, BatchTransform, RealTime, Serverless
from tests.cli.test_cli_recommend import BOTH
from tests.patterns import service_model
from tests.small import SMALL

LOT = BOTH.replace("name: both", "name: a-lot-too")
# A spill, with all that it takes to be neither of the first guesses.
BASE = RealTime(
    instance_type="ml.c5.xlarge", min_instances=2, max_instances=2, routing="LEAST_OUTSTANDING_REQUESTS", volume_gb=20
)
SECOND = Serverless(memory_mib=3072, max_concurrency=7)
SPILL = (
    "--pattern", "combination", "--set", "base.instance_type=ml.c5.xlarge", "--set", "base.min_instances=2",
    "--set", "base.max_instances=2", "--set", "base.volume=20 GB", "--set", "second.pattern=serverless",
    "--set", "second.memory=3 GB", "--set", "second.max_concurrency=7", "--set", "spill_at=2",
)  # fmt: skip


@pytest.fixture
def lot(tmp_path: Path) -> Path:
    path = tmp_path / "lot.yaml"
    path.write_text(LOT)
    return path


def refusals(err: str) -> list[str]:
    """What is wrong, without how to mend it."""
    return [line for line in err.splitlines() if line.startswith("--set")]


def test_each_setting_goes_to_its_part(profile: Path) -> None:
    sets = dict(one.split("=") for one in SPILL[3::2])
    [judged] = ad.check(ad.read(profile), pattern="combination", sets=sets).patterns
    assert judged.deployment == Spill(base=BASE, second=SECOND, spill_at=2)
    assert judged.pattern == "combination"


def test_of_a_stream_and_a_lot_each_part_is_a_first_guess_for_its_share(lot: Path) -> None:
    w = ad.read(lot)
    sets = {"stream.pattern": "asynchronous", "lot.instances": 3}
    [judged] = ad.check(w, pattern="combination", sets=sets).patterns
    stream, job = judged.deployment.parts
    assert stream == Asynchronous.start(w.with_({"batch": None}))
    assert job == BatchTransform.start(w.with_({"traffic": None})).with_({"instances": 3})


def test_rendering_gives_the_requests_of_both_parts_as_one_array_that_aws_takes(advisor, profile, lot) -> None:
    stream_and_lot = ("--pattern", "combination", "--set", "stream.pattern=real-time", "--set", "lot.instances=2")
    for file, options, made in (
        (profile, SPILL, ["create_endpoint", "create_endpoint"]),
        (lot, stream_and_lot, ["create_endpoint", "create_transform_job"]),
    ):
        ran = advisor("render", file, *options)
        assert ran.code == 0, ran.err
        calls = json.loads(ran.out)
        assert [one["operation"] for one in calls if one["operation"] in made] == made
        for one in calls:
            assert service_model.problems(one["client"], one["operation"], one["request"]) == []
            service_model.serialised(one["client"], one["operation"], one["request"])
        named = [one["request"].get("ModelName") for one in calls if one["operation"] == "create_model"]
        assert len(named) == len(set(named)) == 2
        assert "placeholders to fill in" in ran.err
    variants = [one["request"]["ProductionVariants"][0] for one in json.loads(advisor("render", profile, *SPILL).out)
                if one["operation"] == "create_endpoint_config"]  # fmt: skip
    assert (variants[0]["InstanceType"], variants[0]["InitialInstanceCount"]) == ("ml.c5.xlarge", 2)
    assert variants[1]["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 7}


def test_who_routes_a_spill_is_said_where_it_is_rendered(advisor, profile) -> None:
    assert "AWS routes no spill" in advisor("render", profile, *SPILL).err


def test_from_python_render_gives_what_the_command_prints(advisor, profile) -> None:
    w, spill = ad.read(profile), Spill(base=BASE, second=SECOND, spill_at=2)
    printed = json.loads(advisor("render", profile, *SPILL).out)
    assert [one.to_dict() for one in ad.render(w, spill)] == printed
    assert ad.render(w, SECOND) == SECOND.render(w)
    with pytest.raises(InputError, match="'serverless' is not a deployment"):
        ad.render(w, "serverless")
    with pytest.raises(InputError, match=r"'w\.yaml' is not a workload"):
        ad.render("w.yaml", SECOND)


def test_every_problem_with_the_settings_of_both_parts_is_told_at_once(advisor, lot) -> None:
    wrong = ("strem.volume=3 GB", "base.volume=3 GB", "stream.pattern=serverles", "lot.instance_tpe=ml.m5.large",
             "lot.instances=many", "spill_at=3", "memory=3 GB")  # fmt: skip
    for verb in ("simulate", "render", "check"):
        ran = advisor(verb, lot, "--pattern", "combination", *(text for one in wrong for text in ("--set", one)))
        assert ran.code == 2
        assert ran.out == ""
        assert refusals(ran.err) == [
            '--set strem.volume: "strem.volume" is not a setting of a combination',
            "--set base.volume: the workload has a lot beside its stream, so that its combination has no base",
            "--set spill_at: the workload has a lot beside its stream, so that its combination has no spill_at",
            '--set memory: "memory" is not a setting of a combination',
            '--set stream.pattern: "serverles" cannot be the stream of this combination',
            '--set lot.instance_tpe: "instance_tpe" is not a setting of batch-transform',
            '--set lot.instances: instances: "many" is not a count',
        ]
        assert "did you mean serverless?" in ran.err
        assert "did you mean instance_type" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["second.pattern is missing", "give --set second.pattern=serverless|asynchronous"]),
        (["spill_at=-1", "lot.instances=2"], ["second.pattern is missing", "spill_at", "no lot beside its stream"]),
        (["second.pattern=batch-transform"], ['"batch-transform" cannot be the second']),
        (["base.pattern=serverless", "second.pattern=serverless"], ['"serverless" cannot be the base']),
        (["second.pattern=serverless", "base.min_instances=3"], ["--set base: ", "max_instances=3 or more"]),
        (
            ["second.pattern=serverless", "base.scaling=invocations", "base.target=9", "base.max_instances=9"],
            ["as the base of a spill", "scaling=none"],
        ),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_a_spill_that_does_not_read_is_exit_code_two(options, words, advisor, profile) -> None:
    ran = advisor("render", profile, "--pattern", "combination", *(text for one in options for text in ("--set", one)))
    assert ran.code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert all(word in ran.err for word in words), ran.err


def test_a_lot_alone_has_no_combination(advisor, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text("\n".join(line for line in LOT.splitlines() if not line.startswith("traffic")))
    ran = advisor("simulate", alone, "--pattern", "combination")
    assert ran.code == 2
    assert "has no stream of requests" in ran.err
    assert "take batch-transform alone" in ran.err


def test_a_part_that_a_rule_refuses_is_neither_simulated_nor_rendered(advisor, profile) -> None:
    profile.write_text(SMALL + "needs: [vpc]\n")
    for verb, nothing in (("render", []), ("simulate", None)):
        ran = advisor(verb, profile, *SPILL, "--json")
        assert ran.code == 1
        assert "SL-31: the workload needs vpc" in ran.err
        told = json.loads(ran.out)
        assert told == nothing or [one["rule"] for one in told["refused"][0]["findings"]] == ["SL-31"]


def test_checking_it_names_a_parts_setting_as_it_is_set(advisor, profile) -> None:
    # A new account may have four instances of an endpoint, and ten serverless calls at once in a region.
    many = {"instances=2": "instances=900", "concurrency=7": "concurrency=34"}
    options = list(SPILL)
    for few, more in many.items():
        options = [one.replace(few, more) for one in options]
    said = " ".join(advisor("check", profile, *options).out.split())
    assert "(--set base.max_instances): 900 instances of one endpoint" in said
    assert "(--set second.max_concurrency): 34 serverless calls at once" in said
    assert "base.min_instances=900, base.max_instances=900" in said
    told = json.loads(advisor("check", profile, *options, "--json").out)
    paths = {one["path"] for one in told if one["kind"] == "finding" and one["path"].startswith("deployment.")}
    assert {"deployment.base.max_instances", "deployment.second.max_concurrency"} <= paths


def test_replications_may_be_given_for_each_part(advisor, lot) -> None:
    call = ("simulate", lot, "--pattern", "combination", "--set", "stream.pattern=serverless", "--json")
    ran = advisor(*call, "--replications", "stream=3", "--replications", "lot=1")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["replications"] == 1
    stream, job = told["parts"]
    alone = ad.simulate(ad.read(lot).with_({"batch": None}), Serverless(memory_mib=2048, max_concurrency=3),
                        replications=3)  # fmt: skip
    assert (stream["requests"], stream["statuses"]) == (alone.requests, dict(alone.statuses))
    # A whole number of days with a lot of 20,000 records each.
    assert job["requests"] % 20_000 == 0
    assert told["requests"] == stream["requests"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["stream=0"], "ask for one or more"),
        (["second=2"], "its parts are stream and lot"),
        (["2", "lot=1"], "one number, or one a part"),
        (["lot=1", "lot=2"], "one number, or one a part"),
        (["few"], "is not a count"),
    ],
    ids=str,
)
def test_replications_that_do_not_read_are_exit_code_two(given, words, advisor, lot) -> None:
    asked = [text for one in given for text in ("--replications", one)]
    ran = advisor("simulate", lot, "--pattern", "combination", "--set", "stream.pattern=serverless", *asked)
    assert ran.code == 2
    assert words in ran.err


def test_a_pattern_alone_has_no_parts_to_replicate(advisor, profile) -> None:
    ran = advisor("simulate", profile, "--pattern", "serverless", "--replications", "stream=2")
    assert ran.code == 2
    assert "give one number for it" in ran.err


def test_it_is_explained_and_listed(advisor) -> None:
    told = advisor("explain", "combination").out
    for words in (
        *("base.pattern=real-time", "second.pattern=serverless or asynchronous", "spill_at=VALUE"),
        *("stream.pattern", "lot.pattern=batch-transform", "sent_over=VALUE"),
    ):
        assert words in told
    [object_] = json.loads(advisor("explain", "combination", "--json").out)
    spill, pair, shared = object_["kinds"]
    assert {"stream.pattern", "stream.min_instances", "stream.ttl", "sent_over"} <= set(shared["settings"])
    assert {"base.pattern", "base.min_instances", "second.memory", "second.ttl", "spill_at"} <= set(spill["settings"])
    assert {"stream.pattern", "stream.cached", "lot.instances"} <= set(pair["settings"])
    listed = json.loads(advisor("list", "patterns", "--json").out)
    assert [one["pattern"] for one in listed] == [*(one.name for one in ad.PATTERNS), *["combination"] * 3]
    assert "did you mean combination?" in advisor("explain", "combinaton").err


def test_recommend_says_how_a_combination_is_asked_for(advisor, profile) -> None:
    ran = advisor("recommend", profile, "--pattern", "combination")
    assert ran.code == 2
    assert "name the patterns of its parts" in ran.err


def test_rendering_a_combination_loads_nothing_heavy(root: Path, lot: Path) -> None:
    code = (
        "import sys\n"
        "from advisor.cli import app\n"
        f"app(['render', {str(lot)!r}, '--pattern', 'combination', '--set', 'stream.pattern=serverless'], "
        "standalone_mode=False)\n"
        "heavy = {'boto3', 'botocore', 'numba', 'pandas', 'matplotlib', 'scipy', 'simpy', 'numpy'}\n"
        "print('loaded', *sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "loaded"
