"""The order of options: the objective first, then the preference, ties by name; and the front of all."""

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
    away: float = 1.0


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
    near = Entry("near", 1.0, 0.31, meets=False, shortfall=1.2, away=1.03)
    far = Entry("far", 0.5, 0.05, meets=False, shortfall=3.0, away=3.0)
    assert ids(order(asking(prefer), [far, near, FAST])) == ["fast", "near", "far"]


def test_of_what_comes_as_near_to_the_objective_the_cheapest_is_nearest() -> None:
    # All of their requests are late, so that only the latency itself tells them apart: 1.2 s, 1.21 s and 9 s for 0.3 s.
    dear = Entry("dear", 445.0, 1.2, meets=False, shortfall=20.0, away=4.0)
    cheap = Entry("cheap", 27.0, 1.21, meets=False, shortfall=20.0, away=1.21 / 0.3)
    slow = Entry("slow", 1.0, 9.0, meets=False, shortfall=20.0, away=30.0)
    assert ids(order(asking("cost"), [slow, dear, cheap])) == ["cheap", "dear", "slow"]


def test_what_no_latency_would_do_for_is_ranked_by_how_much_of_it_is_lost() -> None:
    some = Entry("some", 9.0, math.inf, meets=False, shortfall=2.0, away=math.inf)
    most = Entry("most", 1.0, math.inf, meets=False, shortfall=15.0, away=math.inf)
    late = Entry("late", 90.0, 30.0, meets=False, shortfall=20.0, away=100.0)
    assert ids(order(asking("cost"), [most, some, late])) == ["late", "some", "most"]


def test_ties_go_by_name() -> None:
    twins = [Entry("b", 10.0, 0.2), Entry("a", 10.0, 0.2), Entry("c", 10.0, 0.2)]
    assert ids(order(asking("cost"), twins)) == ["a", "b", "c"]


def test_latencies_within_five_percent_are_alike_and_cost_decides() -> None:
    dear, cheap, slow = Entry("dear", 90.0, 0.100), Entry("cheap", 20.0, 0.1049), Entry("slow", 5.0, 0.106)
    assert ids(order(asking("latency"), [dear, cheap, slow])) == ["cheap", "dear", "slow"]


ROOM_FOR_ONE = Entry("one", 9.992, 0.200, error_share=0.0008)
ROOM_FOR_TWO = Entry("two", 10.000, 0.203)


@pytest.mark.parametrize("prefer", ["cost", "latency", "balanced"])
def test_of_those_alike_in_what_is_preferred_the_one_that_turns_away_fewer_comes_first(prefer: str) -> None:
    # One is paid for 0.08 % fewer requests: at the price of those that are served both cost the same.
    assert ids(order(asking(prefer), [ROOM_FOR_ONE, ROOM_FOR_TWO])) == ["two", "one"]


def test_what_is_not_paid_for_requests_turned_away_is_no_saving() -> None:
    # 96 USD for 96 % of the requests are 100 USD for all of them.
    w = asking("cost", "p90: 300 ms, errors: 5 %")
    lean, full = Entry("lean", 96.0, 0.2, error_share=0.04), Entry("full", 100.2, 0.2)
    assert ids(order(w, [lean, full])) == ["full", "lean"]
    # A whole percent above that is dearer.
    assert ids(order(w, [lean, Entry("full", 101.0, 0.2)])) == ["lean", "full"]


def test_a_request_in_a_million_turned_away_decides_nothing_and_the_faster_of_one_price_comes_first() -> None:
    fast, slow = Entry("fast", 88.174, 0.27, error_share=1e-6), Entry("slow", 88.150, 1.26)
    assert ids(order(asking("cost"), [slow, fast])) == ["fast", "slow"]


def test_what_costs_half_a_percent_more_is_dearer_whatever_it_turns_away() -> None:
    lean, full = Entry("lean", 100.0, 0.2, error_share=0.0001), Entry("full", 100.6, 0.2)
    assert ids(order(asking("cost"), [full, lean])) == ["lean", "full"]


def test_a_latency_that_is_never_reached_is_the_worst() -> None:
    never = Entry("never", 1.0, math.inf)
    assert ids(order(asking("latency"), [never, FAST])) == ["fast", "never"]
    assert ids(order(asking("balanced"), [never, FAST])) == ["fast", "never"]


def test_options_are_compared_by_the_latency_that_the_objective_names_and_else_by_p99() -> None:
    assert percentile(asking("cost")) == "p95"
    assert percentile(reads("name: shop\ntraffic: {rate: 1 per second}\nobjective: {prefer: cost}\n")) == "p99"


def test_the_front_keeps_what_nothing_beats_on_both_and_names_what_beats_the_rest() -> None:
    beaten = Entry("beaten", 15.0, 0.150)
    assert front([CHEAP, MIDDLE, beaten, FAST]) == {"cheap": "", "middle": "", "fast": "", "beaten": "middle"}


def test_what_turns_away_more_beats_nothing_on_the_front() -> None:
    lossy = Entry("lossy", 8.0, 0.1, error_share=0.0009)
    assert front([lossy, CHEAP]) == {"lossy": "", "cheap": ""}
    assert front([CHEAP, Entry("dear", 11.0, 0.2, error_share=0.0009)]) == {"cheap": "", "dear": "cheap"}


def test_what_misses_the_objective_is_on_no_front_with_what_meets_it_and_pushes_nothing_off_it() -> None:
    small = Entry("small", 5.0, 0.05, meets=False, shortfall=1.1)
    assert front([CHEAP, small]) == {"cheap": "", "small": None}
    far = Entry("far", 6.0, 0.06, meets=False, shortfall=2.0)
    assert front([small, far]) == {"small": "", "far": "small"}


def test_figures_that_look_the_same_decide_nothing_on_the_front() -> None:
    # The first is dearer by a ten-millionth and slower by a thousandth.
    first = Entry("first", 10.000001, 0.2002)
    assert front([first, CHEAP]) == {"first": "", "cheap": "first"}


entries = st.lists(
    st.builds(
        Entry,
        id=st.text("abcdef", min_size=1, max_size=3),
        usd=st.sampled_from([1.0, 2.0, 3.0, 5.0]),
        yardstick_s=st.sampled_from([0.1, 0.2, 0.4, math.inf]),
        meets=st.booleans(),
        error_share=st.sampled_from([0.0, 1e-6, 0.0005, 0.02]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(entries, st.sampled_from(["cost", "latency", "balanced"]))
def test_the_first_is_on_the_front_and_each_beaten_one_names_one_no_worse(drawn: list[Entry], prefer: str) -> None:
    ranked = order(asking(prefer), drawn)
    found = front(ranked)
    by_id = {one.id: one for one in drawn}
    assert found[ranked[0].id] == ""
    some = any(one.meets for one in drawn)
    for name, better in found.items():
        if better:
            mine, theirs = by_id[name], by_id[better]
            assert theirs.meets >= mine.meets
            assert theirs.usd <= mine.usd
            assert theirs.yardstick_s <= mine.yardstick_s
            assert theirs.error_share <= mine.error_share + 1e-5
        elif better is None:
            assert some
            assert not by_id[name].meets


close = st.lists(
    st.builds(
        Entry,
        id=st.text("abcdef", min_size=1, max_size=3),
        usd=st.floats(10.0, 10.2),
        yardstick_s=st.floats(0.1, 0.12),
        error_share=st.floats(0.0, 0.00005),
    ),
    min_size=3,
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(close, st.sampled_from(["cost", "latency", "balanced"]))
def test_nothing_comes_behind_what_it_beats_in_all(drawn: list[Entry], prefer: str) -> None:
    w = asking(prefer)
    ranked = order(w, drawn)
    assert sorted(ids(ranked)) == sorted(ids(drawn))
    for n, one in enumerate(ranked):
        for other in ranked[n + 1 :]:
            worse = other.usd <= one.usd and other.yardstick_s <= one.yardstick_s
            assert not (worse and other.error_share + 2e-5 < one.error_share)


@given(entries, st.sampled_from(["cost", "latency", "balanced"]), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_asking(drawn: list[Entry], prefer: str, chance: object) -> None:
    shuffled = list(drawn)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    w = asking(prefer)
    assert ids(order(w, drawn)) == ids(order(w, shuffled))
