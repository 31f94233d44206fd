"""The schema and the reader are of one mind: what matches a pattern reads, and both judge a table of values alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from advisor.errors import InputError
from advisor.workload import Workload, quantity, reads
from advisor.workload.demand import Needs, Region
from advisor.workload.frameworks import FRAMEWORKS
from advisor.workload.marks import document
from advisor.workload.measures import Growth, On
from advisor.workload.quantity import Flaws, Kind, Switch
from advisor.workload.schema import schema
from advisor.workload.section import Section
from advisor.workload.traffic import Moment

SCHEMA = schema()
JUDGE = Draft202012Validator(SCHEMA)
KINDS: dict[str, Kind] = {
    "duration": quantity.DURATION,
    "duration or zero": quantity.DURATION_OR_ZERO,
    "size": quantity.SIZE,
    "memory": quantity.MEMORY,
    "rate": quantity.RATE,
    "count": quantity.COUNT,
    "share": quantity.SHARE,
    "part": quantity.PART,
    "factor": quantity.FACTOR,
    "number": quantity.NUMBER,
    "growth": Growth(),
    "moment": Moment(),
    "switch": Switch(),
}


def pattern_of(held: Any) -> str | None:
    if isinstance(held, dict):
        if "pattern" in held:
            return str(held["pattern"])
        held = list(held.values())
    if isinstance(held, list):
        return next((found for part in held if (found := pattern_of(part)) is not None), None)
    return None


@pytest.mark.parametrize("name", KINDS)
def test_what_matches_a_pattern_reads(name) -> None:
    kind = KINDS[name]
    pattern = pattern_of(kind.schema())
    assert pattern is not None

    @settings(max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= 80))
    def reads_it(text: str) -> None:
        try:
            kind.read(text)
        except Flaws as error:
            # No pattern bounds how large a figure is.
            assert "too large" in str(error), (text, str(error))

    reads_it()


# Where in a profile, what is written there, and whether it reads.
TABLE = [
    ("payload: {request: %s}", [
        ("4 KB", True), ("4KB", True), (".5 MB", True), ("5. MB", True), ("0 B", True), ("4 kb", False), ("4", False),
        ("4000", False), ('"1,500 KB"', True), ('"1,5 KB"', False), ("+4 KB", True), ("-4 KB", False), ("6 MBs", False),
        ("30 bytes", True), ("1e3 B", True), ("null", True),
    ]),
    ("model: {memory: %s}", [("900 MB", True), ("4 GiB", True), ("0 MB", False), ("900 B", False)]),
    ("objective: {p99: %s}", [
        ("150 ms", True), (".5 s", True), ("0 ms", False), ("100 msec", True), ("5 secs", True), ("2 hrs", True),
        ("2 Minutes", True), ("1m", False), ("1 h 30 min", True), ("0 h 5 min", True), ("0 h 0 min", False),
        ("150 ms.", False), ("1 h 1 h 1 h 1 h 1 h", False), ("150", False),
    ]),
    ("work: [{on: ml.m5.large, mean: 1 s, batching: {max: 8, wait: %s}}]", [
        ("0 ms", True), ("5 ms", True), ("0", False),
    ]),
    ("work: [{on: ml.m5.large, mean: 1 s, grows: %s}]", [
        ("12 ms per MB", True), ("12 ms/MB", True), ("fast per MB", False), ("12 ms per mb", False),
        ("0 s per MB", True),
    ]),
    ("work: [{on: %s, mean: 1 s}]", [
        ("ml.m5.xlarge", True), ("serverless 4 GB", True), ("serverless-2048MB", True), ("serverless", False),
        ("m5.xlarge", False),
    ]),
    ("work: [{on: ml.m5.large, quantiles: {%s: 1 s, 99.9 %%: 2 s}}]", [
        ("p50", True), ("50 %", True), ("0.5", True), ("p0", False), ("p100", False), ("half", False),
    ]),
    ("work: [{on: ml.m5.large, at: {1: 1 s, %s: 2 s}}]", [("4", True), ("0", False), ("many", False)]),
    ("traffic: {rate: %s}", [
        ("40 per second", True), ("3 rps", True), ("180 RPM", True), ("40 req/s", True), ("40req/s", True),
        ("40 reqs/min", True), ("5 calls per minute", True), ("3 million requests per day", True), ("3k rps", True),
        ("40 per parsec", False), ("40 apples per second", False), ("40", False), ("0 per day", False),
        ("2 a second", True),        ("2 per m", False), ("40per second", False), ("2m per day", False),
    ]),
    ("traffic: {day: %s}", [
        ("office", True), ("Office", False), ("[1, 2]", False), (str([0] * 24), False), (str([1] * 24), True),
        (str(["0.5"] * 24), True),
    ]),
    ("traffic: {spikes: [{at: %s, height: 2x, lasts: 1 h}]}", [
        ("day 3 14:00", True), ("day 3", True), ("Day 1 00:00:30", True), ("day 0", False), ("day 3 24:00", False),
        ("14:00", False),
    ]),
    ("traffic: {bursts: {peak: %s}}", [("3x", True), ("3.2", True), ("3 X", True), ("0x", False), ("3 times", False)]),
    ("batch: {records: %s}", [
        ("5 million", True), ("50", True), ("120k", True), ("2m", False), ("2.5", False), ("1.5 million records", True),
        ("0", False), ("1.0005k", False), ("-3", False), ("3.0", True),
    ]),
    ("objective: {errors: %s}", [
        ("0.1 %", True), ("1", False), ("0.001", False), ("0", True), ("100 %", True), ("101 %", False),
        ('"0.25"', False), ("5 percent", True),
    ]),
    ("work: [{on: ml.m5.large, mean: 1 s, batching: {max: 8, marginal: %s}}]", [
        ("0.25", True), ("25 %", True), ("1.5", False), ("150 %", False), ("a quarter", False),
    ]),
    ("model: {popularity: {shares: %s}}", [
        ("[0.5, 0.5]", True), ("[50 %, 50 %]", True), ("[half, half]", False), ("[]", False),
    ]),
    ("needs: %s", [
        ("[vpc]", True), ("[vpc, vpc]", False), ("[VPC]", False), ("vpc", False), ("[]", True), ("null", True),
    ]),
    ("purchase: {free_tier: %s}", [("no", True), ("Yes", True), ("true", True), ("perhaps", False), ("1", False)]),
    ("region: %s", [("us-east-1", True), ("us-east-1-atl-1", True), ("nz-north-1", True), ("useast", False)]),
    ("name: %s", [("x y", True), ('" "', False), ("2024", False), ('"a\\nb"', False)]),
    ("about: %s", [('"a\\nb"', True), ('""', False)]),
    ("traffic: %s", [("null", True), ("{}", True), ("{rate: null}", True), ("{rat: null}", False), ("[]", False)]),
    ("platform: {serverless_keep_alive: %s}", [("10 min", True), ("0 s", True), ("10", False), ("4 KB", False)]),
    ("platform: {serverless_vcpu_used: %s}", [("2", True), ("0.5", True), ("0", False), ("0.0", False)]),
    ("platform: {launch_model_per_s: %s}", [("60 MB", True), ("0 MB", False)]),
    ("platform: {serverless_mib_per_vcpu: %s}", [("2 GB", True), ("0 MB", False)]),
    ("platform: {instance_memory_usable: %s}", [("90 %", True), ("0.9", False)]),
    ("platform: {payload_request: %s}", [("4 KB", True), ("4 s", False)]),
    ("platform: {bursts_peak: %s}", [("3x", True), ("3", True), ("many", False)]),
    ("platform: {workers_share_model: %s}", [("yes", True), ("no", True), ("maybe", False)]),
    ("platform: {objective_prefer: %s}", [("cost", True), ("speed", False)]),
    ("platform: {serverless.account_concurrency_new: %s}", [("500", True), ("1k", True), ("many", False)]),
    ("platform: {serverless.memory_quota_new_account: %s}", [("4096 MB", True), ("4096", False)]),
    ("platform: {day_office: %s}", [("1 2 3", False)]),
]  # fmt: skip
ROWS = [(where, value, good) for where, values in TABLE for value, good in values]


@pytest.mark.parametrize(("where", "value", "good"), ROWS)
def test_schema_and_reader_agree(where, value, good) -> None:
    text = ("" if where.startswith("name") else "name: x\n") + where % value + "\n"
    seen = json.loads(json.dumps(document(text).data))
    assert JUDGE.is_valid(seen) is good
    try:
        reads(text)
    except InputError as error:
        assert not good, str(error)
    else:
        assert good


def sections() -> list[type[Section]]:
    found: list[type[Section]] = [Workload]
    for section in found:
        found += [below for key in section.attributes() if (below := section.child(key)) and below not in found]
    return found


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_key_has_a_sentence_that_an_editor_shows(section) -> None:
    part = SCHEMA if section is Workload else SCHEMA["$defs"][section.__name__]
    keys = next(one["properties"] for one in (part, *part.get("anyOf", ())) if "properties" in one)
    assert list(keys) == list(section.attributes())
    for key, held in keys.items():
        says = held["description"]
        assert says[0].isupper(), (key, says)
        assert says.endswith("."), (key, says)
        assert len(says) <= 200, (key, says)


def test_every_pattern_says_in_words_what_to_write() -> None:
    for name, held in SCHEMA["$defs"].items():
        if "pattern" in held:
            assert held["patternErrorMessage"].startswith("write a"), name


def test_editors_propose_regions_needs_and_frameworks() -> None:
    text = json.dumps(SCHEMA)
    assert "eu-central-2" in text
    assert list(FRAMEWORKS) == SCHEMA["$defs"]["Model"]["properties"]["framework"]["examples"]
    assert "YAML 1.1" in SCHEMA["$defs"]["Work"]["properties"]["on"]["description"]
    assert Region().schema()["examples"]
    assert On().schema()["examples"]
    assert Needs.__metadata__[0].schema()["uniqueItems"]
