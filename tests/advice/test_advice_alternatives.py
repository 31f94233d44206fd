"""What is raced beside the best of each pattern: cheaper ones beside a dear first, safer ones where all have missed."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

import advisor as ad
from advisor.advice.alternatives import in_vain, safer_ones
from advisor.advice.checking import pattern_named
from advisor.advice.foreseeing import Foreseen, Prospect
from advisor.advice.judging import Judged
from advisor.advice.racing import Race
from advisor.advice.recommending import recommend
from advisor.advice.search import Found, search
from advisor.advice.trial import Bench, Trial
from advisor.catalog.prices import price_book
from advisor.patterns import Asynchronous, MultiModel, RealTime
from advisor.patterns.base import Pattern
from advisor.workload import reads

WORKLOADS = Path(__file__).parents[2] / "workloads"


class Ran(NamedTuple):
    """A finalist as far as it matters here: what it is, and whether it meets the objective."""

    deployment: Pattern
    meets: bool


OFFICE = """
name: office
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work: [{on: ml.m5.large, mean: 400 ms, cv: 0.8, workers: 2}]
traffic: {rate: 3 per second, day: office, bursts: {peak: 3x, cv: 0.6, length: 10 min}}
payload: {request: 10 KB, response: 2 KB}
objective: {p95: 3 s, errors: 1 %, prefer: cost}
"""


def begun() -> tuple[Prospect, Foreseen, Bench]:
    """Real-time endpoints of the office, their best by arithmetic, and where they are tried."""
    w = reads(OFFICE)
    prospect = Prospect(w, pattern_named("real-time"), price_book())
    best = prospect.best()
    assert best is not None
    return prospect, best, Bench(w, 1, price_book())


def test_beside_the_fastest_stand_the_cheapest_and_one_that_is_nearly_as_fast() -> None:
    # The fastest is a type of eight accelerators at 23,000 USD a month; one with a single one does for most.
    answer = recommend(ad.read(WORKLOADS / "chat-assistant.yaml"), seed=0, explain=False)
    first, *others = answer.options
    assert answer.workload.objective.prefer == "latency"
    near = [one for one in others if one.latency_s("p95") < 1.15 * first.latency_s("p95")]
    assert min(one.usd_per_month for one in near) < 0.9 * float(first.usd_per_month)
    # Nothing in the space costs less by arithmetic and meets the objective.
    prospect = Prospect(answer.workload, RealTime, price_book())
    space = [chain.foreseen(n) for chain in prospect.chains for n in range(len(chain))]
    cheapest = min(one.usd for one in space if one.meets)
    assert min(float(one.usd_per_month) for one in others) < 1.05 * cheapest


def test_where_all_have_missed_come_others_that_behave_otherwise_and_meet_it() -> None:
    prospect, best, bench = begun()
    safer = list(islice(safer_ones([prospect], bench, [best.deployment]), 2))
    assert safer
    for trial in safer:
        assert trial.meets
        assert not 0.99 < prospect.foreseen(trial.deployment).yardstick_s / best.yardstick_s < 1.01


def test_of_those_that_are_safer_only_what_may_be_better_than_another_pattern_counts() -> None:
    prospect, best, bench = begun()
    below = 1.5 * best.usd
    assert all(trial.usd < below for trial in safer_ones([prospect], bench, [best.deployment], below=below))
    assert not list(safer_ones([prospect], bench, [best.deployment], below=0.5 * best.usd))


@pytest.mark.parametrize(("met", "lost"), [(False, ["multi-model"]), (True, [])])
def test_a_pattern_promised_in_vain_has_met_in_a_trial_and_misses_in_all_of_its_finals(
    met: bool, lost: list[str]
) -> None:
    w = reads(OFFICE)
    small, large = (RealTime(instance_type="ml.m5.large", min_instances=n, max_instances=n) for n in (1, 9))
    cached = MultiModel(instance_type="ml.m5.large", min_instances=2, max_instances=2)
    judged = {True: Judged((), 0.0), False: Judged(("late",), 1.2)}
    found = {
        one.name: Found((Trial(deployment=one, usd=1.0, yardstick_s=1.0, judged=judged[meets]),), 1)
        for one, meets in ((small, True), (cached, True), (Asynchronous(instance_type="ml.m5.large"), True))
    }
    race = Race(w, seed=0, book=price_book(), requests_each=1.0, threads=1, tell=lambda _: None)
    race.finalists = {one.id: Ran(one, meets) for one, meets in ((small, False), (large, True), (cached, met))}  # type: ignore[assignment,misc]
    # Asynchronous inference was not run at all: nothing speaks against it.
    assert in_vain(found, race) == lost


def test_bad_luck_with_the_cheapest_of_a_pattern_makes_no_answer_many_times_as_dear() -> None:
    # With this seed the smallest multi-model fleet meets the objective in its trial and misses it by a hair when raced.
    # Three instances of a smaller type hold the popular models too: 3 x 730 h at 0.331 USD, and their volumes and data.
    answer = recommend(ad.read(WORKLOADS / "tenant-models.yaml"), seed=3, explain=False)
    assert answer.best is not None
    assert answer.best.pattern == "multi-model"
    # What is cheaper still, of the same kind, is as good.
    assert float(answer.best.usd_per_month) < 3 * 730 * 0.331 + 30


def test_fleets_that_scale_are_kept_larger_or_awake_by_day() -> None:
    w = reads(OFFICE)
    kept = [one for chain in RealTime.space(w) for one in chain if one.schedule and one.scaling != "none"]
    assert kept
    assert all(one.max_instances > one.min_instances for one in kept)
    awake = [one for chain in Asynchronous.space(w) for one in chain if one.schedule]
    assert awake
    assert {one.min_instances for one in awake} == {0}
    # In more than one zone two instances stand at all times.
    zones = reads(f"{OFFICE}needs: [multi-az]\n")
    assert not [one for chain in Asynchronous.space(zones) for one in chain if one.schedule]


def test_a_schedule_is_tried_beside_what_has_none_where_both_are_close() -> None:
    # By arithmetic the first with a schedule costs some percent more than several without, which come before it.
    w = ad.read(WORKLOADS / "medical-images.yaml")
    prospect = Prospect(w, Asynchronous, price_book())
    tried = search(prospect, Bench(w, 0, price_book()), budget=6e6).trials
    assert {bool(one.deployment.cycle_s) for one in tried} == {True, False}
