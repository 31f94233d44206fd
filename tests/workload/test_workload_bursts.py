"""The two-state process keeps the mean, the variance and the peak that a person read off a chart."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.workload.bursts import bursts_alone, curve_cv, curve_peak, hourly_curve, two_state


def moments(states) -> tuple[float, float]:
    """Stationary mean and variance of the rate, from the mean stays alone."""
    high, low = states.mean_high_s, states.mean_low_s
    share = high / (high + low)
    mean = share * states.high_per_s + (1 - share) * states.low_per_s
    variance = share * (1 - share) * (states.high_per_s - states.low_per_s) ** 2
    return mean, variance


@given(st.floats(0.5, 500), st.floats(1.5, 10), st.floats(0.1, 2), st.floats(10, 5000))
def test_mean_variance_peak_and_correlation_time_are_those_stated(rate, peak, cv, length) -> None:
    v = cv * cv - 1 / (60 * rate)
    assume(0 < v <= (peak - 1) * 0.999)
    assume(v / (v + (peak - 1) ** 2) >= 0.0051)
    states = two_state(rate, peak, cv, length)
    mean, variance = moments(states)
    assert mean == pytest.approx(rate, rel=1e-9)
    assert variance / rate**2 == pytest.approx(v, rel=1e-9)
    assert states.high_per_s == pytest.approx(peak * rate)
    assert states.low_per_s >= 0
    # The rate of a two-state chain forgets at the sum of its two switching rates.
    assert 1 / states.mean_high_s + 1 / states.mean_low_s == pytest.approx(1 / length)
    assert states.warning is None


def test_the_numbers_of_one_chart_by_hand() -> None:
    # 40 a second, f = 3, cv = 0.4: v = 0.16 - 1/2400, p = v / (v + 4).
    states = two_state(40, 3, 0.4, 480)
    assert states.share_high == pytest.approx(0.15958333333 / 4.15958333333)
    assert states.high_per_s == 120
    assert states.low_per_s == pytest.approx(40 * (1 - 0.15958333333 / 2))
    assert states.mean_high_s == pytest.approx(480 / (1 - states.share_high))
    assert states.mean_low_s == pytest.approx(480 / states.share_high)


def test_more_variance_than_the_peak_allows_means_silence_between_and_a_warning() -> None:
    # v = 4 > f - 1 = 1: p = 1/5, high = 5 x rate, low = 0.
    states = two_state(100, 2, 2, 60, of="rate")
    assert (states.share_high, states.high_per_s, states.low_per_s) == (pytest.approx(0.2), pytest.approx(500), 0.0)
    mean, variance = moments(states)
    assert mean == pytest.approx(100)
    assert variance == pytest.approx(4 * 100**2)
    assert "5x" in str(states.warning)


def test_exactly_as_much_variance_as_the_peak_allows_is_no_reason_to_warn() -> None:
    states = two_state(100, 4, math.sqrt(3), 60, of="rate")
    assert states.low_per_s == 0
    assert states.high_per_s == pytest.approx(400)
    assert states.warning is None


def test_a_peak_too_rare_for_the_chart_is_refused_in_favour_of_spikes() -> None:
    with pytest.raises(InputError, match=r"99\.5th percentile") as raised:
        two_state(40, 100, 0.5, 480)
    assert "spikes" in raised.value.mend


def test_a_cv_that_chance_alone_explains_draws_no_bursts_and_says_so() -> None:
    states = two_state(1 / 60, 3, 0.5, 480)
    assert states.high_per_s == states.low_per_s == 1 / 60
    assert "chance" in str(states.warning)


@pytest.mark.parametrize(
    "wrong", [(0, 3, 0.4, 60), (1, 1, 0.4, 60), (1, 3, -1, 60), (1, 3, 0.4, 0), (math.nan, 3, 1, 1)]
)
def test_numbers_without_meaning_are_refused(wrong) -> None:
    with pytest.raises(InputError, match="have no meaning"):
        two_state(*wrong)


def test_a_curve_has_the_variation_of_its_straight_lines() -> None:
    assert curve_cv(hourly_curve((), ())) == 0
    # A saw between 0 and 2: the mean square of a line from 0 to 2 is 4/3.
    assert curve_cv((0, 2) * 12) == pytest.approx(math.sqrt(1 / 3))
    assert curve_peak((0, 2) * 12) == 2
    assert curve_peak((1, 3)) == 1.5


def test_day_and_week_weights_multiply_and_keep_mean_one() -> None:
    curve = hourly_curve((1.0,) * 12 + (3.0,) * 12, (1, 1, 1, 1, 1, 0, 0))
    assert len(curve) == 168
    assert math.fsum(curve) / 168 == pytest.approx(1)
    assert curve[0] == pytest.approx(0.5 * 7 / 5)
    assert curve[12] == pytest.approx(1.5 * 7 / 5)
    assert curve[-1] == 0


def test_a_chart_that_contains_the_curve_is_divided_by_it() -> None:
    curve = hourly_curve((0.5,) * 12 + (1.5,) * 12, ())
    own = curve_cv(curve)
    peak, cv = bursts_alone(1000, 4.5, 1.0, curve)
    assert cv == pytest.approx(math.sqrt(2 / (1 + own**2) - 1))
    # High is half of the day at 0.5 and half at 1.5: only the latter can pass 4.5, and a peak of 3 just does not.
    assert peak == pytest.approx(3, rel=0.01)


def test_a_flat_curve_leaves_peak_and_cv_as_they_are() -> None:
    peak, cv = bursts_alone(1000, 4, 0.8, (1.0,) * 24)
    assert peak == pytest.approx(4)
    assert cv == pytest.approx(0.8)


def test_a_chart_with_less_variation_than_its_curve_is_refused_with_the_curves_own() -> None:
    curve = hourly_curve((0.0, 2.0) * 12, ())
    with pytest.raises(InputError, match=r"0\.577 that the day and week curve alone has"):
        bursts_alone(1000, 4, 0.5, curve)


def test_a_chart_with_a_lower_peak_than_its_curve_is_refused() -> None:
    curve = hourly_curve((0.0, 2.0) * 12, ())
    with pytest.raises(InputError, match="curve alone reaches"):
        bursts_alone(1000, 1.2, 0.8, curve)
