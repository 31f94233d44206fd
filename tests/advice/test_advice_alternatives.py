"""What is raced beside the best of each pattern: cheaper ones beside a dear first, safer ones where all have missed."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import advisor as ad
from advisor.advice.alternatives import safer_ones
from advisor.advice.checking import pattern_named
from advisor.advice.foreseeing import Prospect
from advisor.advice.recommending import recommend
from advisor.advice.search import search
from advisor.advice.trial import Bench
from advisor.catalog.prices import price_book
from advisor.patterns import Asynchronous, RealTime
from advisor.workload import reads

WORKLOADS = Path(__file__).parents[2] / "workloads"

OFFICE = """
name: office
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work: [{on: ml.m5.large, mean: 400 ms, cv: 0.8, workers: 2}]
traffic: {rate: 3 per second, day: office, bursts: {peak: 3x, cv: 0.6, length: 10 min}}
payload: {request: 10 KB, response: 2 KB}
objective: {p95: 3 s, errors: 1 %, prefer: cost}
"""


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
    w = reads(OFFICE)
    prospect = Prospect(w, pattern_named("real-time"), price_book())
    best = prospect.best()
    assert best is not None
    bench = Bench(w, 1, price_book())
    safer = list(islice(safer_ones([prospect], bench, [best.deployment]), 2))
    assert safer
    for trial in safer:
        assert trial.meets
        assert not 0.99 < prospect.foreseen(trial.deployment).yardstick_s / best.yardstick_s < 1.01


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
