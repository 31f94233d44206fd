"""Ten thousand damaged profiles: each reads, or is refused as an input error; nothing else ever comes out."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.workload import Workload, reads
from advisor.workload.marks import document

SOUND = """\
name: fuzzed
about: Everything that a profile can hold.
region: eu-west-1
task: inference
model: {count: 3, size: 350 MB, memory: 900 MB, image: 1.8 GB, framework: xgboost, accelerator: optional,
        popularity: {zipf: 1.1}}
work:
  - {on: ml.c5.xlarge, mean: 22 ms, p95: 41 ms, workers: 4, grows: 1 ms per MB}
  - {on: serverless 4 GB, quantiles: {p50: 60 ms, 95 %: 90 ms}}
  - {on: ml.g5.xlarge, at: {1: 120 ms, 4: 170 ms}, cv: 0.2, batching: {max: 8, wait: 5 ms, marginal: 25 %}}
traffic:
  rate: 40 per second
  day: office
  week: [1, 1, 1, 1, 1, 0.5, 0.5]
  bursts: {peak: 3x, cv: 0.4, length: 8 min}
  clusters: {size: 5, within: 200 ms}
  spikes: [{at: day 3 14:00, height: 20x, lasts: 20 min}]
  classes: [{name: a, rate: 30 per second, work: 0.5x},
            {name: b, rate: 10 per second, payload: {request: 9 KB}, model: 2}]
payload: {request: 4 KB, request_max: 30 KB, response: 1 KB}
batch: {records: 5 million, record_size: 2 KB, files: 50, every: 1 day, deadline: 4 hours}
objective: {p99: 150 ms, errors: 0.1 %, cold_starts: avoid, prefer: cost}
needs: [vpc, multi-az]
purchase: {savings_plan: {discount: 40 %, term: 1 year, covers: [real-time]}, free_tier: no}
platform: {serverless_keep_alive: 10 min, serverless.account_concurrency_new: 500}
"""
TREE = document(SOUND).data
MANY = settings(
    max_examples=2500, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def survives(text: str | bytes) -> Workload | None:
    """Read it; whatever is wrong must come as an input error whose message can be printed."""
    try:
        w = reads(text)
    except InputError as error:
        assert str(error)
        return None
    assert w.where("traffic.rate")
    assert w.work_on("ml.m5.xlarge").workers >= 1
    return w


def paths(tree: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [path for key, value in below for path in ((*above, key), *paths(value, (*above, key)))]


PATHS = paths(TREE)
KEYS = sorted({str(path[-1]) for path in PATHS})
# What takes a value's place: wrong kinds, wrong units, extremes, other sections' values, structures.
VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    3,
    10**25,
    0.5,
    -0.1,
    1e300,
    5e-324,
    float("inf"),
    float("nan"),
    "",
    " ",
    "x",
    "yes",
    "no",
    "on",
    "none",
    "4 KB",
    "4 kb",
    "-1 ms",
    "1e308 GB",
    "1e-320 s",
    "0 ms",
    "0",
    "00",
    "3x",
    "5 million",
    "1 per day",
    "1e-300 per month",
    "900 %",
    "-5 %",
    "50 %",
    "day 99 99:99",
    "day 9999",
    "serverless",
    "serverless 0 GB",
    "serverless 1e17 GB",
    "ml.m5",
    "ml.inf1.xlarge",
    "ml.eia1.medium",
    "ml.p5.48xlarge",
    "../..",
    ".",
    "/dev/null",
    "a\x00b",
    "9" * 400,
    "p95",
    "p100",
    "NaN",
    "inf ms",
    "ms",
    "10 ms per MB",
    "\u00e9\u4e2d",
    "2024-01-01",
    "chart",
    "rate",
    [],
    [[]],
    [None],
    [1, 2, 3],
    ["gpu"],
    ["streaming", "gpu"],
    [0] * 7,
    [1] * 24,
    [{}],
    [{"on": "ml.m5.large"}],
    [{"name": "a", "rate": "1 per second"}],
    {},
    {"x": 1},
    {"1": "1 ms"},
    {"1": "1 ms", "2": "1 us"},
    {"p50": "1 ms", "p99": "1 day"},
    {"zipf": 0},
    {"shares": [1]},
    {"path": "x.csv"},
    {"peak": "1000x"},
    {"cv": 100},
    {"peak": "1.0001x", "cv": 1e9, "of": "chart"},
    {"savings_plan": {}},
    {"request_max": "0 B"},
    {"p50": "1 h", "p99": "1 ms"},
)
KEYS = (
    *sorted({str(path[-1]) for path in PATHS}),
    "file",
    "replay",
    "shares",
    "at_p50",
    "p50",
    "p99",
    "cv",
    "of",
    "request_bytes",
    "",
    "<<",
    "x",
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(PATHS),
        st.sampled_from(["set", "set", "set", "drop", "rename", "move", "double"]),
        st.sampled_from(range(len(VALUES))),
        st.sampled_from(KEYS),
    ),
    min_size=1,
    max_size=4,
)


def edited(edits: list[Any]) -> Any:
    tree = copy.deepcopy(TREE)
    for path, what, number, key in edits:
        holder, value = tree, copy.deepcopy(VALUES[number])
        for step in path[:-1]:
            try:
                holder = holder[step]
            except (KeyError, IndexError, TypeError):
                break
        else:
            change(holder, path[-1], what, value, key)
    return tree


def change(holder: Any, last: Any, what: str, value: Any, key: str) -> None:
    if isinstance(holder, dict) and last in holder:
        if what == "set":
            holder[last] = value
        elif what == "drop":
            del holder[last]
        elif what == "rename":
            holder[key] = holder.pop(last)
        elif what == "move":
            holder[key] = {last: holder[last]}
        else:
            holder[key] = holder[last]
    elif isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        if what == "drop":
            del holder[last]
        elif what == "double":
            holder.append(holder[last])
        else:
            holder[last] = value


def test_the_sound_profile_reads() -> None:
    assert reads(SOUND).rate_per_s == 40


@MANY
@given(EDITS)
def test_a_profile_changed_in_structure_reads_or_is_refused(edits) -> None:
    # JSON is YAML, and much faster to write.
    w = survives(json.dumps(edited(edits)))
    if w is not None:
        assert reads(w.to_yaml()) == w


@MANY
@given(EDITS)
def test_a_workload_built_of_changed_parts_is_made_or_refused(edits) -> None:
    tree = edited(edits)
    try:
        Workload(**tree)
    except InputError as error:
        assert str(error)


DATA = SOUND.encode()
BYTES = st.binary(max_size=3) | st.sampled_from(
    [
        b"\t",
        b"\n",
        b"\r",
        b": ",
        b"- ",
        b"&a ",
        b"*a",
        b"!!",
        b"{",
        b"}",
        b"[",
        b"]",
        b"'",
        b'"',
        b"|",
        b">",
        b"%",
        b"@",
        b"\xff",
        b"\x00",
        b"#",
        b"? ",
        b"<<: ",
        b"---\n",
        b"...\n",
        b"\xef\xbb\xbf",
        b"0",
        b"e9",
        b"  ",
    ]
)
CUTS = st.lists(st.tuples(st.integers(0, len(DATA)), st.integers(0, 12), BYTES), min_size=1, max_size=6)


@MANY
@given(CUTS)
def test_a_profile_damaged_byte_by_byte_reads_or_is_refused(cuts) -> None:
    data = DATA
    for at, length, put in cuts:
        data = data[:at] + put + data[at + length :]
    survives(data)


@MANY
@given(
    st.lists(st.tuples(st.integers(0, len(DATA)), st.integers(0, 200)), min_size=1, max_size=6), st.binary(max_size=30)
)
def test_shuffled_pieces_of_a_profile_and_noise_read_or_are_refused(pieces, noise) -> None:
    survives(b"".join(DATA[at : at + length] for at, length in pieces) + noise)


@settings(MANY, max_examples=500)
@given(st.text(max_size=200))
def test_any_text_reads_or_is_refused(text) -> None:
    survives(text)


@pytest.mark.parametrize("path", [path for path in PATHS if len(path) > 1], ids=lambda path: ".".join(map(str, path)))
def test_every_value_made_absurd_is_told_at_its_own_line(path) -> None:
    tree = copy.deepcopy(TREE)
    holder = tree
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = {"absurd": [1]}
    text = yaml.safe_dump(tree, sort_keys=False)
    with pytest.raises(InputError) as raised:
        reads(text)
    line = next(n for n, line in enumerate(text.splitlines(), 1) if "absurd" in line)
    lines = {int(problem.where.split(":")[1]) for problem in raised.value.problems}
    # The key stands on the line above its value's first line, or a few above where keys are inside.
    assert min(abs(line - told) for told in lines) <= 1
