"""Bursts against launches: shares of requests by hand, from the two-state process and the day curve."""

from __future__ import annotations

import pytest

from advisor.patterns import RealTime
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


def test_what_a_schedule_keeps_standing_counts_hour_by_hour() -> None:
    # As above, and 70/s stand in the busy half of each day, 30/s in the other: nothing is late. The other way round
    # eleven hours at 1.5 meet 30/s, and of the eighths on the slope down those above 0.75: 1.5 + 1.375 + ... + 0.875.
    day = [1.5] * 12 + [0.5] * 12
    w = overlay(f"traffic: {{rate: 10 per second, day: {day}, {BURSTS}}}")
    assert late_share(w, 300, lambda minute: 30.0 if 720 <= minute % 1440 < 1380 else 70.0) == 0
    assert late_share(w, 300, lambda minute: 30.0 if minute % 1440 < 720 else 70.0) == pytest.approx(
        0.2 * (88 * 1.5 + 7.125) / 192
    )


def told(d: RealTime, day: str = "") -> str:
    """What the rule on bursts and launches says of a fleet: 4 x 10 calls of a second in a burst of ten minutes."""
    w = overlay(f"""
        work: [{{on: ml.m5.large, mean: 1 s, workers: 2}}]
        traffic: {{rate: 10 per second, {day}{BURSTS}}}
        objective: {{p99: 5 s}}
    """)
    return next((one.says for one in d.check(w) if one.rule == "RT-33"), "")


def test_a_fleet_by_the_clock_is_judged_by_its_clock_and_launches_nothing_for_a_burst() -> None:
    # Two calls a second each: 30 instances carry the 60 a second of a burst by day, 10 the 20 by night.
    bounds = {"instance_type": "ml.m5.large", "scaling": "none", "target": None}
    day = [1.5] * 12 + [0.5] * 12
    by_day = RealTime(min_instances=10, max_instances=30, schedule="23:00-12:00=30", **bounds)
    assert not told(by_day, f"day: {day}, ")
    # From 18:00 to 06:00 ten stand: half of the 40 % that bursts bring.
    half = told(RealTime(min_instances=10, max_instances=20, schedule="06:00-18:00=20", **bounds))
    assert "none is launched: about 20 % of requests" in half
    scaled = told(
        RealTime(instance_type="ml.m5.large", min_instances=10, max_instances=20, target=60, scaling="invocations")
    )
    assert "new instances serve after" in scaled
