"""Who waits for a back-off: few in a heap, many by slices of time, always the first one first."""

from __future__ import annotations

import heapq
from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.sim import station
from advisor.sim.kernels import layout
from advisor.sim.kernels.sleep import fall_asleep, nobody, wake, with_room
from advisor.sim.laws import broken
from tests.oracles import multimodel, realtime, serverless
from tests.oracles.case import Client
from tests.oracles.case_patterns import Case
from tests.oracles.strategies import SEEDED
from tests.sim.agreement import differences, run_of

GRID = 2.0**-20
ORACLES = {"real-time": realtime, "serverless": serverless, "multi-model": multimodel}


@numba.njit
def woken(s, q, carried, numbers, pauses, wakes, rows, times):
    """Requests fall asleep one after another; after each so many wake. Who woke, and when; how many did."""
    now, count = 0.0, 0
    for n in range(pauses.size):
        fall_asleep(s, q, carried, numbers, now + pauses[n], n)
        for _ in range(wakes[n]):
            if q[layout.Q_RETRIES] > 0:
                now = max(now, s.at[0])
                rows[count], times[count] = s.row[0], s.at[0]
                count += 1
                wake(s, q, carried, numbers)
    return count


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    many=st.integers(1, 900),
    longest_s=st.sampled_from([0.01, 1.0, 20.0, 300.0]),
    steps=st.sampled_from([GRID, 0.25]),
)
def test_whoever_comes_back_first_wakes_first_however_many_sleep(seed, many, longest_s, steps):
    draw = np.random.default_rng(seed)
    pauses = np.rint(draw.random(many) * longest_s / steps) * steps
    wakes = draw.integers(0, 3, many)
    wakes[-1] = many
    # Numbers decide where instants are the same; they are not those of the rows.
    numbers = np.zeros((many, layout.N_COLUMNS), np.int64)
    numbers[:, layout.N_NUMBER] = draw.permutation(many)
    rows, times = np.zeros(many, np.int64), np.zeros(many)
    q, carried = np.zeros(layout.Q_SIZE, np.int64), np.zeros((many, layout.C_COLUMNS))
    assert woken(with_room(nobody(), many), q, carried, numbers, pauses, wakes, rows, times) == many
    now, asleep, expected = 0.0, [], []
    for n in range(many):
        heapq.heappush(asleep, (now + pauses[n], numbers[n, layout.N_NUMBER], n))
        for _ in range(min(wakes[n], len(asleep))):
            at, _, row = heapq.heappop(asleep)
            now = max(now, at)
            expected.append((row, at))
    assert list(zip(rows, times, strict=True)) == expected


def crowded(pattern: str, seed: int) -> Case:
    """A case that far too many come to at once, who all try again."""
    case = SEEDED[pattern](seed, 900)
    soon = tuple(replace(one, arrival=one.arrival // 64 * GRID) for one in case.requests)
    client = Client(attempts=5, base_s=1.0, cap_s=20.0, limit_s=8.0, payload_max=case.client.payload_max)
    return replace(case, requests=soon, client=client, **({"max_concurrency": 2} if pattern == "serverless" else {}))


@pytest.mark.parametrize("pattern", ORACLES)
def test_a_crowd_that_tries_again_and_again_fares_as_the_oracle_says(pattern, monkeypatch):
    seen = []

    def spy(sleep, rows):
        seen.append(with_room(sleep, rows))
        return seen[-1]

    monkeypatch.setattr(station, "with_room", spy)
    by_slices = 0
    for seed in range(12):
        case = crowded(pattern, seed)
        run = run_of(case)
        assert differences(run, ORACLES[pattern].simulate(case)) == [], seed
        assert broken(run) == []
        # What is chained to others has waited in a slice.
        by_slices += bool(seen) and bool((seen[-1].following != 0).any())
    assert by_slices >= 6
