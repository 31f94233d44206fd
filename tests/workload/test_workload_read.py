"""Reading a profile: all of its problems at once, each on its line, and never a traceback."""

from __future__ import annotations

import os
import re
import time

import pytest

from advisor.errors import InputError, ProfileError
from advisor.workload import Payload, problems, read, reads

WHOLE = """\
name: fraud-scoring
about: Card authorisations scored while the customer waits.
region: us-east-1
task: inference
model:    {count: 1, size: 350 MB, memory: 900 MB, image: 1.8 GB, framework: xgboost, accelerator: none}
work:
  - {on: ml.c5.xlarge, mean: 22 ms, p95: 41 ms, workers: 4}
  - {on: serverless 4 GB, mean: 60 ms}
  - {on: ml.g5.xlarge, at: {1: 120 ms, 4: 170 ms, 16: 390 ms}}
  - {on: ml.g4dn.xlarge, mean: 40 ms, batching: {max: 8, wait: 5 ms, marginal: 25 %}}
traffic:  {rate: 40 per second, day: office, bursts: {peak: 3x, cv: 0.4, length: 8 min}}
payload:  {request: 4 KB, request_max: 30 KB, response: 1 KB}
batch:    {records: 5 million, record_size: 2 KB, files: 50, every: 1 day, deadline: 4 hours}
objective: {p99: 150 ms, errors: 0.1 %, cold_starts: avoid, prefer: cost}
needs:    [vpc]
purchase: {savings_plan: {discount: 40 %, term: 1 year, covers: [real-time, batch-transform]}, free_tier: no}
platform: {serverless_keep_alive: 10 min}
"""


def test_the_whole_contract_reads() -> None:
    w = reads(WHOLE)
    assert (w.model.memory_mib, w.model.image_bytes) == (900, 1_800_000_000)
    assert [one.on for one in w.work] == ["ml.c5.xlarge", "serverless 4 GB", "ml.g5.xlarge", "ml.g4dn.xlarge"]
    assert [one.workers for one in w.work] == [4, 1, 16, 1]
    assert w.work[1].serverless_mib == 4096
    assert w.work[0].instance == "ml.c5.xlarge"
    assert w.work[3].batching is not None
    assert (w.work[3].batching.max, w.work[3].batching.wait_s, w.work[3].batching.marginal) == (8, 0.005, 0.25)
    assert w.payload == Payload(request="4 KB", request_max="30 KB", response="1 KB", response_max=None)._filled(
        {"response_max_bytes": w.payload.response_max_bytes}
    )
    assert w.batch is not None
    assert (w.batch.records, w.batch.every_s, w.batch.deadline_s) == (5_000_000, 86_400, 14_400)
    assert (w.objective.p99_s, w.objective.errors) == (0.150, 0.001)
    assert w.needs == ("vpc",)
    assert set(w.assumed) == {"work.1.cv", "work.2.cv", "work.3.cv", "work.3.workers", "payload.response_max"}


TEN = """\
name: ten mistakes
task: inferrence
model:
  size: 350
  acelerator: none
work:
  - {on: ml.c5.xlrge, mean: 22 ms}
  - {on: ml.m5.large, mean: 22 ms, p95: 300 ms}
traffic:
  rate: 40 per second
  classes: [{name: a, rate: 10 per second}, {name: b, rate: 20 per second}]
  replay: nowhere.csv
payload:
  request: 4 MB
  request_max: 4 KB
  request: 5 MB
objective: {errors: 150 %}
needs: [gpu]
deadline: 4 hours
"""


def test_ten_mistakes_of_different_kinds_are_told_together_each_on_its_line() -> None:
    with pytest.raises(ProfileError) as raised:
        reads(TEN, "p.yaml")
    found = [(problem.where, problem.what) for problem in raised.value.problems]
    wanted = [
        ("p.yaml:2", '"inferrence" is not a task'),
        ("p.yaml:4", "350 has no unit"),
        ("p.yaml:5", '"acelerator" is not a key of model'),
        ("p.yaml:7", '"ml.c5.xlrge" is not an instance type'),
        ("p.yaml:8", "at most 3.87 times the mean"),
        ("p.yaml:10", "the classes sum to 30 per second"),
        ("p.yaml:12", "nowhere.csv does not exist"),
        ("p.yaml:15", "is smaller than the mean"),
        ("p.yaml:16:3", '"request" stands here for the second time'),
        ("p.yaml:17", '"150 %" is not between 0 and 100 %'),
        ("p.yaml:19", '"deadline" is not a key of a profile'),
    ]
    assert [where for where, _ in found] == [where for where, _ in wanted]
    assert all(part in what for (_, what), (_, part) in zip(found, wanted, strict=True))
    mends = {problem.where: problem.mend for problem in raised.value.problems}
    assert all(mends.values())
    assert "did you mean inference?" in mends["p.yaml:2"]
    assert "350 MB" in mends["p.yaml:4"]
    assert mends["p.yaml:5"] == "did you mean accelerator?"
    assert mends["p.yaml:19"] == "deadline belongs to batch"


def test_what_is_wrong_between_sections_is_told_beside_what_is_wrong_within() -> None:
    work = "[{on: ml.m5.large, mean: 1 s}, {on: ml.m5.large, mean: 3}]"
    text = f"name: x\nmodel: {{accelerator: none, size: 3}}\nneeds: [gpu]\nwork: {work}\n"
    with pytest.raises(ProfileError) as raised:
        reads(text)
    told = str(raised.value)
    assert "accelerator: none, and the needs name a gpu" in told
    assert "two entries of work are on ml.m5.large" in told
    assert len(raised.value.problems) == 4


def test_a_wrong_value_does_not_make_others_look_wrong() -> None:
    text = (
        "name: x\nmodel: {count: several}\ntraffic: {rate: fast, classes: [{name: a, rate: 1 per second, model: 3}]}\n"
    )
    with pytest.raises(ProfileError) as raised:
        reads(text)
    assert [problem.what.split(":")[0] for problem in raised.value.problems] == ["model.count", "traffic.rate"]


LAUGHS = "name: x\na: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "p:1", "the profile is empty"),
        ("# only a comment\n", "p:1", "the profile is empty"),
        ("---\n", "p:2:1", "a single value"),
        ("- name: x\n", "p:1:1", "the profile is a list"),
        ("just words", "p:1:1", "a single value"),
        ("about: y\n", "p:1", "the profile has no name"),
        ("name:\n", "p:1", "the profile has no name"),
        ("name: ''\n", "p:1", "an empty text"),
        ("name: 2024\n", "p:1", "2024 is not a text"),
        ("name: x\n\tabout: y\n", "p:2:1", "a tab at the beginning of the line"),
        ("name: x\nmodel:\n\tsize: 1 MB\n", "p:3:1", "a tab at the beginning of the line"),
        ("name: x\n---\nname: y\n", "p:2:1", "a second document begins"),
        ("name: x\nname: y\n", "p:2:1", "for the second time"),
        ("name: a\0b\n", "p:1:8", "an unprintable character"),
        ("name: x\nabout: \x1b[31m\n", "p:2:8", "an unprintable character"),
        (b"\xff\xfen\0a\0", "p:1", "UTF-16"),
        (b"name: x\nabout: \xe9t\xe9\n", "p:2", "byte 0xe9 is not UTF-8"),
        (LAUGHS, None, "more than 20,000 values, aliases written out"),
        ("name: x\nwork: &a [*a]\n", "p:2:7", "contains itself"),
        ("name: x\npayload: &p {<<: *p}\n", "p:2:10", "takes in what is not a mapping"),
        ("name: x\nwork: *nothing\n", "p:2:7", "names no anchor"),
        ("name: x\nwork: " + "[" * 100_000, "p:2:46", "more than 40 levels"),
        ("{" * 100_000, "p:1:41", "more than 40 levels"),
        ("name: x\nbatch: {records: " + "9" * 5000 + "}\n", "p:2", "is not a count"),
        ("name: x\nbatch: {records: 1e999}\n", "p:2", "too large"),
        ("name: x\npayload: {request: .inf}\n", "p:2", '".inf" is not a size'),
        ("name: x\nobjective: {errors: .nan}\n", "p:2", '".nan" is not a share'),
        ("name: x\ntask: 2024-01-01\n", "p:2", '"2024-01-01" is not a task'),
        ("name: x\nregion: us-east1\n", "p:2", '"us-east1" is not the name of a region'),
        ("name: x\ntraffic: {rate: 12:30}\n", "p:2", '"12:30" is not a rate'),
        ("name: !!python/object/apply:os.system [ls]\n", "p:1:7", "the tag !!python/object/apply:os.system"),
        ("name: !secret x\n", "p:1:7", "the tag !secret"),
        ("name: x\n? [a]\n: b\n", "p:2:3", "a key that is not a word"),
        ("name: x\nneeds: gpu\n", "p:2", '"gpu" where a list is due'),
        ("name: x\nwork: {on: ml.m5.large}\n", "p:2", "where a list is due"),
        ("name: x\npayload: 4 KB\n", "p:2", "where a section of key: value pairs is due"),
        ("name: x\npayload: {request_bytes: 4000}\n", "p:2", '"request_bytes" is not a key'),
        ("name: x\npurchase: {free_tier: perhaps}\n", "p:2", "is not a switch"),
        ("name: x: y\n", "p:1:8", "a second colon in one value"),
        ("name: 'x\n", "p:1:7", "a quote opens here and is not closed"),
        ("name: [x\n", "p:1:7", "a [ opens here and is not closed"),
        ("name: @x\n", "p:1:7", "a value cannot begin with @"),
        ("name: x\nabout: " + "a" * 30_000, "p:2:8", "a value of 30,000 characters"),
        ("name: x\nneeds: [" + "vpc, " * 2000 + "]\n", "p:2:8", "a list of 2,000 items"),
    ],
)
def test_text_that_is_no_profile_is_told_with_its_place(text, where, what) -> None:
    began = time.perf_counter()
    with pytest.raises(ProfileError) as raised:
        reads(text, "p")
    assert time.perf_counter() - began < 5
    told = [problem for problem in raised.value.problems if what in problem.what]
    assert told, str(raised.value)
    assert where is None or where in [problem.where for problem in told]
    assert all(problem.mend for problem in raised.value.problems)


def test_words_of_yaml_are_words_here() -> None:
    w = reads("name: 'yes'\nwork:\n- on: ml.m5.large\n  mean: 1 s\npurchase: {free_tier: no}\n")
    assert w.name == "yes"
    assert w.work[0].on == "ml.m5.large"
    assert w.purchase.free_tier is False
    assert reads("name: x\npurchase: {free_tier: on}\n").purchase.free_tier is True
    assert reads("name: no\n").name == "no"
    assert reads("name: x\nmodel: {accelerator: none}\n").model.accelerator == "none"


def test_a_byte_order_mark_line_ends_and_empty_sections_do_no_harm() -> None:
    assert reads(b"\xef\xbb\xbfname: x\r\npayload:\r\n  request: 4 KB\r\ntraffic:\r\n").payload.request_bytes == 4000


def test_anchors_and_merges_are_followed() -> None:
    text = "name: x\nwork:\n- &a {on: ml.m5.large, mean: 20 ms, cv: 0.5}\n- {<<: *a, on: ml.m5.xlarge}\n"
    w = reads(text)
    assert [(one.on, one.mean, one.cv) for one in w.work] == [("ml.m5.large", 0.02, 0.5), ("ml.m5.xlarge", 0.02, 0.5)]
    assert w.where("work.1.mean") == "profile:3"


def test_at_most_a_hundred_problems_are_told() -> None:
    with pytest.raises(ProfileError) as raised:
        reads("name: x\nwork:\n" + "- {on: ml.m5.large, mean: 3}\n" * 300)
    assert len(raised.value.problems) == 101
    assert "further problems" in raised.value.problems[-1].what


def test_a_file_that_cannot_be_read_says_why(tmp_path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "nothing.yaml")
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read("a\0b.yaml")
    large = tmp_path / "large.yaml"
    large.write_text("name: x\n" + "#" * 1_000_001)
    with pytest.raises(InputError, match="too large for a profile"):
        read(large)
    with pytest.raises(InputError, match="too large for a profile"):
        reads("#" * 1_000_001)
    if os.geteuid() != 0:
        locked = tmp_path / "locked.yaml"
        locked.write_text("name: x\n")
        locked.chmod(0)
        with pytest.raises(InputError, match="cannot be read"):
            read(locked)


def test_files_are_found_beside_the_profile(tmp_path) -> None:
    (tmp_path / "l.csv").write_text("latency_s\n0.5\n")
    path = tmp_path / "p.yaml"
    path.write_text("name: x\nwork: [{on: ml.m5.large, file: l.csv}]\n")
    w = read(path)
    assert w.work[0].mean == 0.5
    assert w.where("work.0.file") == f"{path}:2"
    assert w.source is not None
    assert w.with_({"name": "y"}).work[0].mean == 0.5
    assert reads(w.to_yaml(), folder=tmp_path) == w
    assert problems(path) == ()


def test_problems_of_a_file_are_values(tmp_path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("name: x\npayload: {request: 4}\n")
    [problem] = problems(path)
    assert problem.where == f"{path}:2"
    [problem] = problems(tmp_path / "q.yaml")
    assert "no such file" in problem.what


def test_messages_begin_in_lower_case_and_end_without_a_full_stop() -> None:
    with pytest.raises(ProfileError) as raised:
        reads(TEN)
    for problem in raised.value.problems:
        assert re.match(r'[a-z0-9"]', problem.what)
        assert not problem.what.endswith(".")
        assert not problem.mend.endswith(".")
