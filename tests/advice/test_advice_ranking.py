"""The order of options: the objective first, then the preference, ties by name; and the front of cost and latency."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.advice.ranking import front, order, percentile
from advisor.workload import Workload, reads


@dataclass(frozen=True)
class Entry:
    id: str
    usd: float
    yardstick_s: float
    meets: bool = True
    shortfall: float = 0.0
    error_share: float = 0.0


def asking(prefer: str, latency: str = "p95: 300 ms") -> Workload:
    return reads(f"name: shop\ntraffic: {{rate: 1 per second}}\nobjective: {{{latency}, prefer: {prefer}}}\n")


CHEAP = Entry("cheap", 10.0, 0.200)
FAST = Entry("fast", 30.0, 0.100)
MIDDLE = Entry("middle", 14.0, 0.120)


def ids(entries: list[Entry]) -> list[str]:
    return [one.id for one in entries]


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("cost", ["cheap", "middle", "fast"]),
        ("latency", ["fast", "middle", "cheap"]),
        # 14 x 0.12 = 1.68, 10 x 0.2 = 2, 30 x 0.1 = 3
        ("balanced", ["middle", "cheap", "fast"]),
    ],
)
def test_the_preference_decides_among_those_that_meet_the_objective(prefer: str, expected: list[str]) -> None:
    assert ids(order(asking(prefer), [CHEAP, FAST, MIDDLE])) == expected


@pytest.mark.parametrize("prefer", ["cost", "latency", "balanced"])
def test_what_misses_the_objective_comes_last_the_nearest_first(prefer: str) -> None:
    near = Entry("near", 1.0, 0.31, meets=False, shortfall=1.2)
    far = Entry("far", 0.5, 0.05, meets=False, shortfall=3.0)
    assert ids(order(asking(prefer), [far, near, FAST])) == ["fast", "near", "far"]


def test_ties_go_by_name() -> None:
    twins = [Entry("b", 10.0, 0.2), Entry("a", 10.0, 0.2), Entry("c", 10.0, 0.2)]
    assert ids(order(asking("cost"), twins)) == ["a", "b", "c"]


def test_latencies_within_five_percent_are_alike_and_cost_decides() -> None:
    dear, cheap, slow = Entry("dear", 90.0, 0.100), Entry("cheap", 20.0, 0.1049), Entry("slow", 5.0, 0.106)
    assert ids(order(asking("latency"), [dear, cheap, slow])) == ["cheap", "dear", "slow"]


def test_a_latency_that_is_never_reached_is_the_worst() -> None:
    never = Entry("never", 1.0, math.inf)
    assert ids(order(asking("latency"), [never, FAST])) == ["fast", "never"]
    assert ids(order(asking("balanced"), [never, FAST])) == ["fast", "never"]


def test_options_are_compared_by_the_latency_that_the_objective_names_and_else_by_p99() -> None:
    assert percentile(asking("cost")) == "p95"
    assert percentile(reads("name: shop\ntraffic: {rate: 1 per second}\nobjective: {prefer: cost}\n")) == "p99"


def test_the_front_keeps_what_nothing_beats_on_both_and_names_what_beats_the_rest() -> None:
    beaten = Entry("beaten", 15.0, 0.150)
    assert front([CHEAP, FAST, MIDDLE, beaten]) == {"cheap": "", "middle": "", "fast": "", "beaten": "middle"}


entries = st.lists(
    st.builds(
        Entry,
        id=st.text("abcdef", min_size=1, max_size=3),
        usd=st.sampled_from([1.0, 2.0, 3.0, 5.0]),
        yardstick_s=st.sampled_from([0.1, 0.2, 0.4, math.inf]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(entries)
def test_the_front_is_never_empty_and_each_beaten_one_names_one_on_it_or_beaten_itself(drawn: list[Entry]) -> None:
    found = front(drawn)
    by_id = {one.id: one for one in drawn}
    assert "" in found.values()
    for name, better in found.items():
        if better:
            mine, theirs = by_id[name], by_id[better]
            assert theirs.usd <= mine.usd
            assert theirs.yardstick_s <= mine.yardstick_s


@given(entries, st.sampled_from(["cost", "latency", "balanced"]), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_asking(drawn: list[Entry], prefer: str, chance: object) -> None:
    shuffled = list(drawn)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    w = asking(prefer)
    assert ids(order(w, drawn)) == ids(order(w, shuffled))
