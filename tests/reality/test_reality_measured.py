"""The standard errors that the comparisons print, against textbook values on drawn data."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.reality.measured import column, error_by_batches, error_of_mean, error_of_quantile, error_of_share, rows_of


def test_the_error_of_a_share_is_binomial() -> None:
    assert error_of_share(10, 100) == pytest.approx(0.03)


def test_the_error_by_batches_is_the_binomial_one_where_nothing_depends_on_anything() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(50):
        at, hit = np.cumsum(rng.exponential(1.0, 4000)), rng.random(4000) < 0.1
        found.append(error_by_batches(at, hit, 20))
    assert float(np.mean(found)) == pytest.approx(math.sqrt(0.1 * 0.9 / 4000), rel=0.1)


def test_the_error_by_batches_grows_where_hits_come_in_runs() -> None:
    rng = np.random.default_rng(2)
    hit = np.repeat(rng.random(400) < 0.1, 10)
    found = error_by_batches(np.arange(4000.0), hit, 20)
    # Ten in a row count as one: the error is that of 400 trials.
    assert found == pytest.approx(error_of_share(hit[::10].sum(), 400), rel=0.5)
    assert found > 2 * error_of_share(hit.sum(), 4000)


def test_the_error_of_a_quantile_is_that_of_the_uniform_law() -> None:
    values = np.random.default_rng(3).random(100_000)
    assert error_of_quantile(values, 0.9) == pytest.approx(math.sqrt(0.9 * 0.1 / 100_000), rel=0.2)


def test_the_error_of_a_mean_needs_two_values() -> None:
    assert error_of_mean([1.0, 3.0]) == pytest.approx(1.0)
    assert math.isnan(error_of_mean([1.0]))


def test_empty_cells_are_not_zero(tmp_path: Path) -> None:
    path = tmp_path / "held.csv"
    path.write_text("a,b\n1,\n2,3\n")
    b = column(rows_of(path), "b")
    assert math.isnan(b[0])
    assert b[1] == 3.0
