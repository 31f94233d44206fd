"""The shipped profiles: each reads, leaves a pattern, and is refused the others for the reason a person would give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from advisor.catalog.instances import instance
from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.base import Pattern
from advisor.patterns.batch import BatchTransform
from advisor.patterns.multimodel import MultiModel
from advisor.patterns.realtime import RealTime
from advisor.patterns.serverless import Serverless
from advisor.rules import Finding
from advisor.workload import Workload, read

FOLDER = Path(__file__).parents[2] / "workloads"
PATTERNS: tuple[type[Pattern], ...] = (RealTime, Serverless, Asynchronous, BatchTransform, MultiModel)
RT, SL, AS, BT, MM = "real-time", "serverless", "asynchronous", "batch-transform", "multi-model"

# Which patterns each profile is refused, and the rule that carries the refusal.
REFUSED: dict[str, dict[str, str]] = {
    # A VPC; 150 ms against a queue; nobody waits for a job; one model shares nothing.
    "fraud-scoring": {SL: "SL-31", AS: "AS-25", BT: "BT-08", MM: "MM-19"},
    # A lot without requests is not a queue's work.
    "churn-scoring": {RT: "RT-61", SL: "SL-58", AS: "AS-17", MM: "MM-22"},
    # 700 MB fit only through S3; a job could read them in chunks, and has no queue.
    "medical-images": {RT: "RT-01", SL: "SL-01", BT: "BT-13", MM: "MM-12"},
    # 18 MB are above the 4 MB of serverless; 20 s are less than any job needs to start.
    "document-ocr": {SL: "SL-01", BT: "BT-08", MM: "MM-19"},
    "search-ranking": {AS: "AS-25", BT: "BT-08", MM: "MM-19"},
    "internal-tool": {BT: "BT-08", MM: "MM-19"},
    # 400 models would be as many serverless endpoints, and 50 are the most that AWS tells of. 600 ms are below
    # the second that the queue is assumed to take, not below the half second that it may take: a warning, no refusal.
    "tenant-models": {SL: "SL-62", BT: "BT-08"},
    # A job could read 950 MB in chunks, and has no queue.
    "video-moderation": {RT: "RT-01", SL: "SL-01", BT: "BT-13", MM: "MM-12"},
    # Four minutes of work, measured on the type, are more than a call may take; serverless has no accelerator, and its
    # time is only borrowed. A job every hour, which reads the recordings in chunks, would do.
    "speech-transcription": {RT: "RT-05", SL: "SL-30", MM: "MM-15"},
    "product-launch": {AS: "AS-25", BT: "BT-08", MM: "MM-19"},
    "weekly-forecast": {RT: "RT-61", SL: "SL-58", AS: "AS-17", MM: "MM-22"},
    # No accelerator on serverless; the other two wait for nobody.
    "llm-summaries": {SL: "SL-30", BT: "BT-08", MM: "MM-19"},
    # Only a real-time endpoint streams.
    "chat-assistant": {SL: "SL-30", AS: "AS-02", BT: "BT-02", MM: "MM-19"},
    # Zero between two calls: instances stay, an asynchronous fleet takes minutes to wake, and 45 s are asked for.
    "sensor-anomalies": {RT: "RT-50", AS: "AS-29", BT: "BT-08", MM: "MM-06"},
    # 700 ms are within what a queue may take at its best.
    "delivery-estimates": {BT: "BT-08", MM: "MM-19"},
    # Captured data, a shadow and a closed network leave one pattern.
    "credit-decisions": {SL: "SL-33", AS: "AS-03", BT: "BT-03", MM: "MM-04"},
    # Stream and lot: everything could take one of the two.
    "photo-tagging": {MM: "MM-19"},
}


def profile(name: str) -> Workload:
    return read(FOLDER / f"{name}.yaml")


def written(name: str) -> dict[str, Any]:
    data = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    assert isinstance(data, dict)
    return data


def paths(value: Any, above: str = "") -> Iterator[str]:
    """Every key path of a profile, places in lists left out."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield f"{above}.{key}".lstrip(".")
            yield from paths(held, f"{above}.{key}".lstrip("."))
    elif isinstance(value, list):
        for held in value:
            yield from paths(held, above)


def refusals(w: Workload) -> dict[str, list[Finding]]:
    checked = {pattern.name: pattern.start(w).check(w) for pattern in PATTERNS}
    blocks = {name: [one for one in findings if one.verdict.name == "BLOCKS"] for name, findings in checked.items()}
    return {name: found for name, found in blocks.items() if found}


def test_every_shipped_profile_is_expected_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(REFUSED)
    assert len(REFUSED) >= 12


@pytest.mark.parametrize("name", REFUSED)
def test_a_profile_is_refused_these_patterns_for_these_reasons(name: str) -> None:
    refused = refusals(profile(name))
    assert set(refused) == set(REFUSED[name])
    for pattern, rule in REFUSED[name].items():
        assert rule in [finding.rule for finding in refused[pattern]]


@pytest.mark.parametrize("name", REFUSED)
def test_a_profile_leaves_at_least_one_pattern(name: str) -> None:
    assert len(refusals(profile(name))) < len(PATTERNS)


@pytest.mark.parametrize("name", REFUSED)
def test_a_profile_reads_without_a_warning_and_says_where_everything_stands(name: str) -> None:
    w = profile(name)
    assert w.name == name
    assert not w.warnings
    for findings in refusals(w).values():
        for finding in findings:
            file, _, line = finding.where.partition(":")
            assert file.endswith(f"{name}.yaml")
            assert line == "" or int(line) > 1


@pytest.mark.parametrize("name", REFUSED)
def test_a_profile_explains_itself(name: str) -> None:
    w = profile(name)
    sentences = w.about.count(". ") + w.about.endswith(".")
    assert 2 <= sentences <= 5
    assert (FOLDER / f"{name}.yaml").read_text().startswith("# ")


@pytest.mark.parametrize("name", REFUSED)
def test_a_profile_states_its_figures_and_assumes_no_service_time(name: str) -> None:
    w = profile(name)
    assert all(instance(work.instance).vcpu > 0 for work in w.work if work.instance)
    assert any(work.instance for work in w.work)
    figures = ("model.size", "model.memory", "traffic.rate")
    assert not [
        path for path in w.assumed if path in figures or (path.startswith("work.") and path.endswith(("on", "mean")))
    ]
    assert w.given("region")


def test_no_two_profiles_are_built_from_the_same_features() -> None:
    features = {name: frozenset(paths(written(name))) for name in REFUSED}
    assert len(set(features.values())) == len(features)
    assert len({profile(name).region for name in REFUSED}) >= 12


@pytest.mark.parametrize("form", ["rate", "shape", "day", "week", "bursts", "clusters", "spikes", "classes", "replay"])
def test_every_form_of_traffic_is_shown_by_a_profile(form: str) -> None:
    assert [name for name in REFUSED if form in written(name).get("traffic", {})]


@pytest.mark.parametrize(
    "form",
    ["mean", "p95", "cv", "quantiles", "at", "at_p50", "workers", "batching", "grows"],
)
def test_every_form_of_service_time_is_shown_by_a_profile(form: str) -> None:
    assert [name for name in REFUSED for work in written(name)["work"] if form in work]


@pytest.mark.parametrize("section", ["batch", "purchase", "platform", "needs", "model.popularity", "traffic.bursts.of"])
def test_every_section_is_shown_by_a_profile(section: str) -> None:
    assert [name for name in REFUSED if section in set(paths(written(name)))]


def test_short_and_long_forms_of_curves_are_both_shown() -> None:
    traffics = [written(name).get("traffic", {}) for name in REFUSED]
    assert {type(one["day"]) for one in traffics if "day" in one} == {str, list}
    assert {type(one["week"]) for one in traffics if "week" in one} == {str, list}
    assert {one["shape"] for one in traffics if "shape" in one} >= {"regular", "daily", "weekly", "bursty", "on_off"}
