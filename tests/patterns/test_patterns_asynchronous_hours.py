"""Rules of the asynchronous queue where a schedule keeps instances standing: they count by the hours of the week."""

from __future__ import annotations

import math

from advisor.patterns import Asynchronous
from advisor.rules import overlay
from advisor.workload import Workload


def found(w: Workload, **sets: object) -> dict[str, str]:
    return {finding.rule: finding.says for finding in Asynchronous.start(w).with_(sets).check(w)}


def test_what_a_schedule_keeps_standing_counts_by_its_hours() -> None:
    # As above: bursts exceed one instance (50 a second) in the busy half of the day alone.
    bursts = "bursts: {peak: 2x, cv: 0.6, length: 20 min, of: rate}"
    day = ", ".join(["1.5"] * 12 + ["0.5"] * 12)
    w = overlay(f"objective: {{p95: 10 s}}\ntraffic: {{rate: 30 per second, {bursts}, day: [{day}]}}")
    assert 50 < 1.5 * w.burst_states.high_per_s < 100
    assert "AS-54" in found(w, min_instances=1, max_instances=4)
    # Two by day are enough; the same two by night are not where they are wanted. Noon is a ramp.
    assert "AS-54" not in found(w, min_instances=1, max_instances=4, schedule="23:00-13:00=2")
    assert "AS-54" in found(w, min_instances=1, max_instances=4, schedule="13:00-23:00=2")
    # Nothing but what the schedule keeps: while none stands another rule speaks.
    assert "AS-54" in found(w, min_instances=0, max_instances=4, schedule="23:00-13:00=1")
    assert "AS-54" not in found(w, min_instances=0, max_instances=4, schedule="23:00-13:00=2")


def test_a_fleet_that_the_clock_lets_sleep_wakes_for_the_requests_of_those_hours_only() -> None:
    # Two requests an hour, nearly all of them by day: with one kept by day hardly any finds none.
    day = ", ".join(["1"] * 12 + ["0"] * 12)
    w = overlay(f"objective: {{p95: 1 min}}\ntraffic: {{rate: 2 per hour, day: [{day}], bursts: null, shape: daily}}")
    assert "AS-28" in found(w, min_instances=0)
    assert "AS-28" not in found(w, min_instances=0, schedule="23:00-13:00=1")
    # Asleep by day, it wakes for all of them, whatever stands by night.
    asleep = found(w, min_instances=1, schedule="23:00-13:00=0")
    # Half the hours at a mean of twice the rate, of which the pause that lets it sleep is looked at by the mean:
    # 15 minutes of datapoints and the lag of one, exp(-2 x 16 / 60).
    assert f"{float(f'{100 * math.exp(-2 * 16 / 60):.3g}'):g} %" in asleep["AS-28"]
    assert {"AS-30"} <= set(
        found(overlay("objective: {cold_starts: avoid}"), min_instances=1, schedule="22:00-06:00=0")
    )
