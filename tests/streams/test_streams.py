"""Named streams: the same names give the same numbers, whatever was asked for before, in every process."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.streams import key, replication, stream

NAMES = st.lists(st.one_of(st.text(max_size=5), st.integers(0, 10**9)), min_size=1, max_size=3).map(tuple)


@given(st.integers(0, 2**70), NAMES)
def test_the_same_names_under_the_same_seed_are_the_same_stream(seed, names):
    assert np.array_equal(stream(seed, *names).random(5), stream(seed, *names).random(5))


@given(st.integers(0, 2**70), NAMES, NAMES)
def test_other_names_are_another_stream(seed, names, others):
    if names != others:
        assert not np.array_equal(stream(seed, *names).random(3), stream(seed, *others).random(3))
        assert key(seed, *names) != key(seed, *others)


def test_names_do_not_run_together_and_keep_their_kind():
    pairs = [(("a", "b"), ("ab",)), (("a", "b"), ("a;b",)), ((1,), ("1",)), (("", "a"), ("a", ""))]
    for these, those in pairs:
        assert stream(1, *these).random() != stream(1, *those).random()


def test_what_was_asked_for_before_changes_nothing():
    alone = stream(7, "b").random(4)
    first = stream(7, "a")
    first.random(1000)
    assert np.array_equal(stream(7, "b").random(4), alone)


def test_other_seeds_are_other_streams():
    drawn = {float(stream(seed, "a").random()) for seed in range(200)}
    assert len(drawn) == 200


def test_a_generator_runs_on_the_fast_bit_generator_that_kernels_expect():
    assert type(stream(1, "a").bit_generator).__name__ == "SFC64"


def test_streams_of_neighbouring_names_are_not_correlated():
    n = 100_000
    columns = np.array([stream(3, "column", k).random(n) for k in range(6)])
    seen = np.corrcoef(columns)[np.triu_indices(6, 1)]
    # 15 pairs of standard error 1/sqrt(n); five of those errors are passed once in a hundred thousand runs.
    assert np.abs(seen).max() < 5 / np.sqrt(n)


def test_replications_have_seeds_of_their_own():
    seeds = {replication(seed, number) for seed in range(20) for number in range(50)}
    assert len(seeds) == 1000
    assert all(0 <= one < 2**64 for one in seeds)


def test_a_negative_seed_is_refused_in_words():
    with pytest.raises(InputError, match="a seed of -1"):
        stream(-1, "a")


def test_another_process_draws_the_same_bytes():
    code = "from advisor.streams import *; print(stream(5, 'x', 2).bytes(8).hex(), key(5, 'x'))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told == [stream(5, "x", 2).bytes(8).hex(), str(key(5, "x"))]
