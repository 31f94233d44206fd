"""The exported JSON Schema: valid, complete for an editor, and of one mind with the reader."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from advisor.catalog.assumptions import assumptions
from advisor.workload import Workload, reads
from advisor.workload.marks import document
from advisor.workload.schema import schema

WHOLE = """\
name: fraud-scoring
about: Card authorisations scored while the customer waits.
region: us-east-1
task: inference
model: {count: 400, size: 350 MB, memory: 900 MB, image: 1.8 GB, framework: xgboost, accelerator: none,
        same_container: yes, popularity: {zipf: 1.1}}
work:
  - {on: ml.c5.xlarge, mean: 22 ms, p95: 41 ms, workers: 4, grows: 12 ms per MB}
  - {on: serverless 4 GB, mean: 60 ms}
  - {on: ml.g5.xlarge, at: {1: 120 ms, 4: 170 ms, 16: 390 ms}}
  - {on: ml.g4dn.xlarge, mean: 40 ms, batching: {max: 8, wait: 5 ms, marginal: 25 %}}
  - {on: ml.m5.large, quantiles: {p50: 20 ms, 95 %: 41 ms}}
traffic:
  rate: 40 per second
  shape: weekly
  day: office
  week: [1, 1, 1, 1, 1, 0.2, 0.1]
  bursts: {peak: 3x, cv: 0.4, length: 8 min}
  clusters: {size: 5, within: 200 ms}
  spikes: [{at: day 3 14:00, height: 20x, lasts: 1 h 30 min}]
  classes: [{name: a, rate: 2400 per minute, work: 1.5x, payload: {request: 4 KiB}, model: 7}]
payload: {request: 4 KB, request_max: 30 KB, response: 1 KB}
batch: {records: 5 million, record_size: 2 KB, files: 50, every: 1 day, deadline: 4 hours}
objective: {p99: 150 ms, errors: 0.1 %, cold_starts: avoid, prefer: cost}
needs: [vpc]
purchase: {savings_plan: {discount: 40 %, term: 1 year, covers: [real-time, batch-transform]}, free_tier: no}
platform: {serverless_keep_alive: 10 min}
"""


def as_editors_see(text: str) -> object:
    """The data as an editor's YAML 1.2 reads it, where ``on`` is a word; keys are texts."""
    return json.loads(json.dumps(document(text).data))


def complaints(text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(as_editors_see(text))]


def test_the_schema_is_a_valid_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


def test_what_the_reader_takes_the_schema_takes() -> None:
    reads(WHOLE)
    assert complaints(WHOLE) == []
    assert complaints("name: x\ntraffic: {replay: arrivals.csv}\n") == []
    assert complaints("name: x\ntraffic: {replay: {path: arrivals.csv, scale: 2x}}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "about: y\n",
        "name: x\nnam: y\n",
        "name: x\npayload: {request: 4000}\n",
        "name: x\npayload: {request: 4 seconds}\n",
        "name: x\npayload: {reqest: 4 KB}\n",
        "name: x\ntraffic: {rate: 40}\n",
        "name: x\ntraffic: {rate: fast}\n",
        "name: x\ntraffic: {day: [1, 2]}\n",
        "name: x\ntraffic: {spikes: [{at: noon, height: 2x, lasts: 1 h}]}\n",
        "name: x\nobjective: {p99: 150}\n",
        "name: x\nobjective: {prefer: speed}\n",
        "name: x\nwork: [{on: m5.large}]\n",
        "name: x\nneeds: [vcp]\n",
        "name: x\nplatform: {serverless_keep_alve: 10 min}\n",
        "name: x\nmodel: {count: some}\n",
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(text) -> None:
    assert complaints(text)
    with pytest.raises(Exception, match="to mend"):
        reads(text)


def test_every_key_of_every_section_is_known_to_editors() -> None:
    made = schema()
    assert list(made["properties"]) == list(Workload.attributes())
    sections = made["$defs"]
    assert set(sections["Payload"]["properties"]) == {"request", "request_max", "response", "response_max"}
    assert "request_bytes" not in json.dumps(made)
    assert made["required"] == ["name"]
    platform = made["properties"]["platform"]["anyOf"][0]["properties"]
    assert {one.key for one in assumptions() if one.kind != "weights"} <= set(platform)
    assert not {one.key for one in assumptions() if one.kind == "weights"} & set(platform)
    assert "250 ms" in json.dumps(sections["Objective"]["properties"]["p99"])
