"""What a notebook shows of every value that users meet: a table of its own, escaped, with its figures."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

import advisor as ad
from advisor.advice.combination import Combination
from advisor.advice.recommendation import BreakEven, Recommendation, Sensitivity
from advisor.advice.shared import Shared
from advisor.advice.spill import Spill
from advisor.errors import ProfileError
from advisor.rules import WARNS, Finding
from advisor.show import Shown, facts
from advisor.workload.section import Section
from tests.small import SMALL

WILD = "<script>"
BATCHED = "\nbatch: {records: 1000, record_size: 2 KB, files: 2, every: 1 day, deadline: 4 hours}\n"


@pytest.fixture(scope="module")
def answer() -> Recommendation:
    """An answer with a part of every kind; what would change it is written by hand, being dear to work out."""
    found = ad.recommend(ad.reads(SMALL), seed=1, explain=False)
    turning = BreakEven(
        field="traffic.rate", now="1 per minute", at=5.0, written="5 per second", best="serverless",
        becomes="real-time", says="from 5 per second on", sets={"traffic.rate": "5 per second"}, short={},
    )  # fmt: skip
    touchy = Sensitivity(
        key="serverless_keep_alive", title="how long", held="10 min", low="5 min", high="30 min",
        best_low="serverless", best_high="real-time", usd_low=12.5, usd_high=70.25, how="estimated",
    )  # fmt: skip
    warned = Finding(
        rule="SL-50", verdict=WARNS, says="many starts are cold", path="traffic", where="x:1", mend="pay", source="AWS"
    )
    return dataclasses.replace(found, break_even=(turning,), sensitivity=(touchy,), warnings=(warned,))


def parts_of(whole: object) -> Iterator[Any]:
    """Every dataclass and section inside, each with the parts of its public fields."""
    if isinstance(whole, Mapping):
        whole = tuple(whole.values())
    if isinstance(whole, tuple | list):
        # A named tuple is a row of plain numbers.
        yield from (part for one in whole if not hasattr(whole, "_fields") for part in parts_of(one))
    elif dataclasses.is_dataclass(whole) and not isinstance(whole, type):
        yield whole
        for one in dataclasses.fields(whole):
            yield from parts_of(getattr(whole, one.name))
    elif isinstance(whole, BaseModel):
        yield whole
        for name in type(whole).model_fields:
            yield from parts_of(getattr(whole, name))


def test_every_part_of_a_recommendation_shows_itself(answer) -> None:
    kinds = {type(part).__name__: part for part in parts_of(answer)}
    looked_for = (
        "Recommendation Workload Traffic Objective Option Outcome Estimate Money Bill Line Held Refusal Finding "
        "Confidence Searched BreakEven Sensitivity"
    )
    assert set(looked_for.split()) <= set(kinds)
    assert {pattern.__name__ for pattern in ad.PATTERNS} <= set(kinds)
    for name, part in kinds.items():
        assert part._repr_html_().count("<table>") >= 1, name


def test_every_class_that_the_package_exports_shows_itself() -> None:
    exported = [getattr(ad, name) for name in ad.__all__]
    classes = [one for one in (*exported, *ad.PATTERNS) if isinstance(one, type)]
    assert len(classes) >= 4 + len(ad.PATTERNS)
    assert [one.__name__ for one in classes if not callable(getattr(one, "_repr_html_", None))] == []


def test_what_a_user_wrote_is_escaped_wherever_it_is_shown(answer) -> None:
    seen = set()
    for part in parts_of(answer):
        texts = [] if isinstance(part, Section) else [
            one.name for one in dataclasses.fields(part) if one.init and type(getattr(part, one.name)) is str
        ]  # fmt: skip
        # Settings and parts of a workload are looked at when they are made: no such text gets in.
        if not texts or isinstance(part, ad.PATTERNS):
            continue
        shown = dataclasses.replace(part, **dict.fromkeys(texts, WILD))._repr_html_()
        assert WILD not in shown, type(part).__name__
        seen |= {type(part).__name__} if "&lt;script&gt;" in shown else set()
    assert {"Finding", "Refusal", "BreakEven", "Sensitivity", "Held", "Outcome", "Bill", "Line"} <= seen
    workload = ad.reads(f"name: x\nabout: 1 {WILD} 2\n")
    assert WILD not in workload._repr_html_()
    assert "&lt;script&gt;" in workload._repr_html_()


@pytest.mark.parametrize("kind", [ad.AdvisorError, ad.InputError, ProfileError])
def test_an_error_shows_what_is_wrong_and_how_to_mend_it(kind) -> None:
    assert kind("no < here", "x:1", "leave it out")._repr_html_() == (
        "<pre>x:1: no &lt; here\n  to mend: leave it out</pre>"
    )


def test_the_figures_are_in_what_is_shown(answer) -> None:
    def shows(part: Any, *texts: str) -> None:
        for text in texts:
            assert f">{text}<" in part._repr_html_(), (type(part).__name__, text)

    best = answer.best
    assert best is not None
    shows(best, f"{best.usd_per_month:,.2f}")
    shows(answer.searched, "space", str(answer.searched.space), str(answer.searched.requests))
    shows(
        dataclasses.replace(answer.confidence, first_is_first=0.875, equal_to=("one", "other")), "0.875", "one, other"
    )
    shows(answer.break_even[0], "5 per second", "real-time", "traffic.rate: 5 per second")
    shows(answer.sensitivity[0], "12.5", "70.25", "serverless_keep_alive")
    shows(answer.warnings[0], "SL-50", "WARNS", "many starts are cold")
    refusal = answer.refused[0]
    shows(refusal, *(finding.rule for finding in refusal.findings), f"{refusal.pattern} is refused")
    shows(ad.reads(SMALL).traffic, "rate", "1 per minute")
    shows(ad.reads(SMALL + "objective: {p99: 150 ms, errors: 0.1 %}\n").objective, "p99", "150 ms", "0.1 %")


def test_a_deployment_shows_its_settings_with_their_units() -> None:
    start = {pattern.name: pattern.start(ad.reads(SMALL + BATCHED)) for pattern in ad.PATTERNS}
    shown = start["serverless"].with_({"memory": "3 GB"})._repr_html_()
    assert ">memory<" in shown
    assert ">3 GB<" in shown
    for name, one in start.items():
        assert all(f">{setting}<" in one._repr_html_() for setting in type(one).fields()), name
    both = Combination(parts=(start["serverless"], start["batch-transform"]), how="by kind")
    assert ">serverless: memory<" in both._repr_html_()
    spill = Spill.start(ad.reads(SMALL))
    assert ">real-time: instance_type<" in spill._repr_html_()
    assert ">spill_at<" in spill._repr_html_()
    shared = Shared(stream=start["real-time"], sent_over_s=5400)._repr_html_()
    assert ">sent_over<" in shared
    assert ">90 min<" in shared


@dataclasses.dataclass(frozen=True, slots=True)
class Plain(Shown):
    """One of each kind of value."""

    nothing: None = None
    switch: bool = True
    number: float = 0.1 + 0.2
    pairs: Mapping[str, object] = dataclasses.field(default_factory=lambda: {"a": 1.5, "b": None})
    many: tuple[object, ...] = (False, 2, "<")


def test_plain_values_are_told_in_plain_words() -> None:
    rows = facts("x", Plain()._facts()).rows
    assert rows == (
        ("nothing", "none"), ("switch", "yes"), ("number", "0.3"), ("pairs", "a: 1.5, b: none"), ("many", "no, 2, <"),
    )  # fmt: skip
    assert "no, 2, &lt;" in Plain()._repr_html_()


def test_an_outcome_is_a_frame_of_one_row_in_the_columns_of_options(answer) -> None:
    best = answer.best
    assert best is not None
    frame, options = best.outcome.to_frame(), answer.to_frame()
    assert list(frame.columns) == [name for name in options.columns if name != "on_front"]
    assert dict(frame.dtypes.drop(["pattern", "evidence"])) == dict(
        options[frame.columns].dtypes.drop(["pattern", "evidence"])
    )
    assert len(frame) == 1
    assert frame["usd_per_month"][0] == float(best.usd_per_month)
    assert frame["error_share_high"][0] == best.outcome.error_share.high
