"""Pieces of kernels are given tuples by their place: the same fields, the same arrays, however they are handed on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.sim.kernels import Floats, Ints, kernel
from advisor.sim.kernels.part import part, station


class Inner(NamedTuple):
    """A tuple within another."""

    values: Floats
    counts: Ints


class Outer(NamedTuple):
    """... and that one."""

    first: Floats
    inner: Inner
    last: Ints


@part
def add(inner: Inner, at: int, value: float) -> float:
    """Add to one element, and say what is there now."""
    inner.values[at] += value
    inner.counts[at] += 1
    return float(inner.values[at])


@part
def either(one: Outer, other: Outer, at: int) -> float:
    """Hand a tuple's own tuple on: of two of the same type, the one that the number says."""
    if at % 2 == 0:
        return add(one.inner, at, one.first[at])
    return add(other.inner, at, other.first[at] * other.last[0])


@station
def both(one: Outer, other: Outer) -> float:
    """Pieces called in a loop, with two tuples of one type."""
    total = 0.0
    for at in range(one.first.size):
        total += either(one, other, at) + either(other, one, at)
    return total


@kernel
def by_others(inner: Inner) -> float:
    """A piece called by what is no station."""
    return add(inner, 0, 2.5)


def outer(values: list[float], times: int) -> Outer:
    size = len(values)
    return Outer(np.array(values), Inner(np.zeros(size), np.zeros(size, np.int64)), np.array([times]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.integers(1, 5), st.integers(1, 5))
def test_what_pieces_read_and_write_is_what_plain_python_does(values: list[float], one: int, other: int) -> None:
    compiled = outer(values, one), outer(values[::-1], other)
    plain = outer(values, one), outer(values[::-1], other)
    first, second = plain
    total = 0.0
    for at in range(len(values)):
        for a, b in ((first, second), (second, first)):
            mine, share = (a, a.first[at]) if at % 2 == 0 else (b, b.first[at] * b.last[0])
            mine.inner.values[at] += share
            mine.inner.counts[at] += 1
            total += float(mine.inner.values[at])
    assert both(*compiled) == pytest.approx(total, abs=1e-6)
    for made, expected in zip(compiled, plain, strict=True):
        assert made.inner.values.tolist() == expected.inner.values.tolist()
        assert made.inner.counts.tolist() == expected.inner.counts.tolist()
        assert made.first.tolist() == expected.first.tolist()


def test_what_is_no_station_may_call_a_piece_too() -> None:
    inner = Inner(np.array([1.0]), np.array([0]))
    assert by_others(inner) == 3.5
    assert inner.counts[0] == 1
