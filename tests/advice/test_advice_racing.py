"""How surely the first is first: Student's t as an outside library has it, and pairs by hand."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from advisor.advice.racing import _below, _share_above_zero, t_share
from advisor.sim.estimates import Estimate


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 20, 100])
@pytest.mark.parametrize("t", [-3.0, -0.5, 0.0, 0.1, 1.0, 2.5, 6.0])
def test_the_share_below_t_is_students(t: float, degrees: int) -> None:
    assert t_share(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), abs=2e-4)


def test_paired_differences_give_the_probability_of_a_positive_mean() -> None:
    differences = [1.0, 2.0, 3.0]
    # mean 2, standard error 1 / sqrt(3), so t = 2 sqrt(3) with 2 degrees of freedom
    assert _share_above_zero(differences) == pytest.approx(stats.t.cdf(2 * math.sqrt(3), 2), abs=2e-4)


def test_differences_that_do_not_differ_are_certain() -> None:
    assert _share_above_zero([1.0, 1.0]) == 1.0
    assert _share_above_zero([-1.0, -1.0]) == 0.0
    assert _share_above_zero([0.0, 0.0]) == 0.5


def test_an_allowance_at_the_ends_of_a_95_percent_interval_is_kept_with_2_5_and_97_5_percent() -> None:
    one = Estimate(value=0.010, low=0.008, high=0.012)
    assert _below(one, 0.012, 6) == pytest.approx(0.975, abs=1e-3)
    assert _below(one, 0.008, 6) == pytest.approx(0.025, abs=1e-3)
    assert _below(one, 0.010, 6) == pytest.approx(0.5, abs=1e-3)


def test_without_an_interval_the_value_decides() -> None:
    alone = Estimate(value=0.010, low=math.nan, high=math.nan)
    assert _below(alone, 0.011, 1) == 1.0
    assert _below(alone, 0.009, 1) == 0.0
