"""What a sweep varies: fields and values from the command line and from Python."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.errors import InputError
from advisor.sweeps.varying import axes, axis, grid


def test_a_range_spaced_by_ratio_has_its_ends_and_equal_ratios() -> None:
    one = axis("traffic.rate=1..1000:log4")
    assert one.field == "traffic.rate"
    assert one.values == (1, 10, 100, 1000)


def test_a_range_spaced_evenly_has_its_ends_and_equal_steps() -> None:
    assert axis("traffic.bursts.cv=0.2..1:lin5").values == (0.2, 0.4, 0.6, 0.8, 1)
    assert axis("traffic.bursts.cv=0.2..1:5").values == (0.2, 0.4, 0.6, 0.8, 1)


def test_ends_of_a_range_may_have_units_and_become_base_units() -> None:
    assert axis("payload.request=1 KB..5 KB:lin5").values == (1000, 2000, 3000, 4000, 5000)
    assert axis("traffic.rate=60 per minute..100 per second:log3").values == (1, 10, 100)
    assert axis("objective.p99=100 ms..1 s:lin2").values == (0.1, 1)


def test_a_list_keeps_its_texts_and_reads_bare_numbers() -> None:
    assert axis("objective.prefer=cost, latency").values == ("cost", "latency")
    assert axis("model.count=1,2,5").values == (1, 2, 5)
    assert axis("deployment.memory=2 GB, 4 GB").values == ("2 GB", "4 GB")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("traffic.rate", "no values"),
        ("=1,2", "no values"),
        ("traffic.rate=", "no values"),
        ("traffic.rate=1,,2", "empty"),
        ("traffic.rate=10..1:log5", "lower one first"),
        ("traffic.rate=1..10:log1", "two values"),
        ("traffic.rate=0..10:log5", "above zero"),
        ("objective.prefer=cost..latency", "not a number"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        axis(text)


def test_python_values_are_plain_and_each_stands_once() -> None:
    [one] = axes({"traffic.rate": np.array([1.0, 2.5, 2.5])})
    assert one.values == (1, 2.5)
    assert all(type(value) in (int, float) for value in one.values)


def test_the_last_axis_moves_fastest() -> None:
    cells = grid(axes({"a": [1, 2], "b": [3, 4]}))
    assert cells == ({"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4})


def test_a_field_twice_and_too_many_cells_are_refused() -> None:
    with pytest.raises(InputError, match="varied twice"):
        grid((axis("a=1,2"), axis("a=3")))
    with pytest.raises(InputError, match="cells"):
        grid((axis("a=1..2:1001"), axis("b=1..2:1001")))
    with pytest.raises(InputError, match="nothing is varied"):
        axes({})
