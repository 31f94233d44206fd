"""Bursts against launches: shares of requests by hand, from the two-state process and the day curve."""

from __future__ import annotations

import pytest

from advisor.rules import overlay
from advisor.rules.of_bursts import late_share

# A peak of 4x with a cv of 1, bursts apart from minute noise (of: rate): p = 1 / (1 + 3^2) = 0.1, high = 4x.
BURSTS = "bursts: {peak: 4x, cv: 1, length: 9 min, of: rate}"


def test_the_late_share_is_the_begun_part_of_the_bursts_part_of_the_requests() -> None:
    # A burst lasts 9 min / 0.9 = 10 min; in its first 5 min come half of the 0.1 x 4 = 40 % that bursts bring.
    w = overlay(f"traffic: {{rate: 10 per second, {BURSTS}}}")
    assert late_share(w, 300) == pytest.approx(0.2)
    assert late_share(w, 6000) == pytest.approx(0.4)


def test_bursts_by_night_that_fit_the_standing_fleet_are_not_late() -> None:
    # Half the day at 1.5, half at 0.5 of the mean: 40/s become 60/s and 20/s, and 30/s stand: by day they are late.
    # Three quarters of the requests come by day, a little less of the curve's slopes between the two.
    day = [1.5] * 12 + [0.5] * 12
    w = overlay(f"traffic: {{rate: 10 per second, day: {day}, {BURSTS}}}")
    assert late_share(w, 300, 30.0) == pytest.approx(0.2 * 0.75, rel=0.02)
    assert late_share(w, 300, 61.0) == 0
    assert late_share(w, 300, 19.0) == pytest.approx(0.2)
