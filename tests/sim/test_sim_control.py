"""The alarm semantics against tables of datapoints made by hand; launches, drains, cooldowns, schedules, faults.

The station here is a table: what the metric says at each period is written down, so that every expected instant is
arithmetic on the rules (AWS Auto Scaling guide, 2026): 3 of 3 above, 15 of 15 below 0.9 x target, cooldowns of 300 s.
"""

from __future__ import annotations

import simpy

from advisor.sim.alarms import Alarms
from advisor.sim.control import Fleet
from advisor.sim.scaling import (
    BACKLOG,
    CONCURRENCY,
    NO_CAPACITY,
    Loss,
    Scaling,
    Scheduled,
    StepFromZero,
    TargetTracking,
    ZoneLoss,
)
from advisor.sim.timeline import Change


class Table:
    """A station whose load at each period is written down; the last one goes on for ever. Drains take `busy_s`."""

    in_detail = True

    def __init__(self, loads: list[int], busy_s: float = 0.0) -> None:
        self.loads, self.busy_s = loads, busy_s
        self.period = 0
        self.open_units: set[int] = set()
        self.lost: list[int] = []

    def before(self, at: float) -> None:
        return None

    def through(self, at: float) -> None:
        return None

    def attempted(self) -> int:
        return 0

    def open(self, number: int) -> None:
        self.open_units.add(number)

    def close(self, number: int, at: float) -> float | None:
        self.open_units.discard(number)
        return at + self.busy_s

    def cut(self, number: int, at: float) -> None:
        raise AssertionError("nothing is cut here")

    def lose(self, number: int, at: float) -> None:
        self.open_units.discard(number)
        self.lost.append(number)

    def measure(self, metric: str) -> tuple[float, int]:
        load = self.loads[min(self.period, len(self.loads) - 1)]
        self.period += 1
        if metric == NO_CAPACITY:
            return float(load), load
        return load / max(1, len(self.open_units)), load


def fleet(loads: list[int], until: float, scaling: Scaling, busy_s: float = 0.0) -> tuple[Fleet, Table]:
    env = simpy.Environment()
    table = Table(loads, busy_s)
    made = Fleet(env, scaling, table)
    env.run(until=until)
    return made, table


def tracking(**fields: float) -> TargetTracking:
    return TargetTracking(**{"metric": BACKLOG, "target": 5.0, **fields})  # type: ignore[arg-type]  # a test's short hand


def activities(made: Fleet) -> list[tuple[float, str, int, int]]:
    return [tuple(change) for change in made.timeline.changes if "alarm" not in change.what]  # type: ignore[misc]  # a named tuple


def test_two_datapoints_above_the_target_are_not_enough_and_three_are() -> None:
    alarms = Alarms(tracking())
    states = []
    for value in (6.0, 6.0, 4.0, 6.0, 6.0, 6.0, 6.0):
        alarms.see(value, 0)
        states.append(alarms.out)
    assert states == [False, False, False, False, False, True, True]


def test_a_datapoint_on_the_target_is_neither_above_nor_below() -> None:
    alarms = Alarms(tracking(in_datapoints=2))
    for value in (5.0, 5.0, 5.0, 5.0):
        alarms.see(value, 0)
    assert not alarms.out
    assert not alarms.wants_in


def test_exactly_nine_tenths_of_the_target_is_not_below_it() -> None:
    alarms = Alarms(tracking(target=10.0))
    for _ in range(30):
        alarms.see(9.0, 0)
    assert not alarms.wants_in
    for _ in range(14):
        alarms.see(8.99, 0)
    assert not alarms.wants_in
    alarms.see(8.99, 0)
    assert alarms.wants_in


def test_a_datapoint_is_acted_on_one_lag_after_its_period() -> None:
    # Periods end at 60, 120, 180; each is seen 60 s later: the third at 240. Load 12 over target 5 needs 3.
    made, _ = fleet([12], 245.0, Scaling(initial=1, highest=10, policies=(tracking(),), launch_s=(100.0,)))
    assert activities(made) == [(240.0, "out", 1, 3)]


def test_a_load_for_three_instances_settles_at_three_however_slow_launches_are() -> None:
    # 1,000 s launches: while they last the activity holds further decisions, and the load never asks for more than 3.
    made, _ = fleet([12], 10_000.0, Scaling(initial=1, highest=20, policies=(tracking(),), launch_s=(1000.0,)))
    assert [unit.ready for unit in made.timeline.units] == [0.0, 1240.0, 1240.0]
    assert made.timeline.in_service()[-1][1] == 3


def test_without_the_serial_rule_launching_instances_count_as_committed() -> None:
    made, _ = fleet(
        [12], 3000.0, Scaling(initial=1, highest=20, policies=(tracking(),), launch_s=(1000.0,), serial=False)
    )
    assert len(made.timeline.units) == 3


def test_the_cap_holds() -> None:
    made, _ = fleet([500], 5000.0, Scaling(initial=1, highest=4, policies=(tracking(),)))
    assert len(made.timeline.units) == 4


def test_scale_in_waits_for_fifteen_datapoints_and_never_takes_the_metric_past_the_target() -> None:
    # Load 9 on 4 instances: 2.25 < 4.5. The 15th datapoint ends at 900 and is seen at 960; ceil(9 / 5) = 2 stay.
    made, _ = fleet([9], 1000.0, Scaling(initial=4, lowest=1, highest=4, policies=(tracking(),)))
    assert activities(made) == [(960.0, "in", 4, 2), (960.0, "in-done", 4, 2)]
    assert [unit.end for unit in made.timeline.units][2:] == [960.0, 960.0]


def test_one_at_a_time_the_next_step_waits_for_the_cooldown() -> None:
    scaling = Scaling(initial=4, lowest=1, highest=4, policies=(tracking(),), in_one_at_a_time=True)
    made, _ = fleet([4], 1700.0, scaling)
    assert [change[0] for change in activities(made) if change[1] == "in"] == [960.0, 1260.0, 1560.0]


def test_the_newest_drains_first_and_the_cooldown_begins_when_it_has_ended() -> None:
    scaling = Scaling(initial=3, lowest=1, highest=4, policies=(tracking(),), in_one_at_a_time=True)
    made, _ = fleet([4], 1500.0, scaling, busy_s=90.0)
    assert made.timeline.units[2].draining == 960.0
    assert made.timeline.units[2].end == 1050.0
    # 1050 + 300 = 1350 is not a tick of 60 s; the next one is 1380.
    assert made.timeline.units[1].draining == 1380.0


def test_an_idle_night_scales_in_because_an_interval_without_requests_is_a_zero() -> None:
    made, _ = fleet([0], 1000.0, Scaling(initial=5, lowest=2, highest=5, policies=(tracking(),)))
    assert made.timeline.in_service()[-1] == (960.0, 2)


def test_during_the_out_cooldown_only_a_larger_scale_out_passes() -> None:
    # 12 asks for 3 at 240, ready at 250 with the cooldown to 550. From period 5 on the load is 40: 8 instances. It is
    # seen three times running at 360 + 60 (periods that end at 300, 360, 420 are seen at 360, 420, 480).
    made, _ = fleet(
        [12, 12, 12, 12, 40], 500.0, Scaling(initial=1, highest=20, policies=(tracking(),), launch_s=(10.0,))
    )
    outs = [change for change in activities(made) if change[1] == "out"]
    assert outs[0] == (240.0, "out", 1, 3)
    assert outs[1][1:] == ("out", 3, 8)
    assert outs[1][0] < 550.0


def test_any_policy_may_scale_out_and_all_must_agree_to_scale_in() -> None:
    # The second policy's target of 100 wants in all the time, the first is between its thresholds: nothing happens.
    policies = (tracking(), tracking(metric=CONCURRENCY, target=100.0))
    made, _ = fleet([10, 10], 3000.0, Scaling(initial=2, lowest=1, highest=4, policies=policies))
    assert activities(made) == []


def test_a_fleet_at_zero_is_woken_by_the_step_policy_after_two_datapoints() -> None:
    # HasBacklogWithoutCapacity is 1 at 60 and 120; the second is seen at 180.
    made, _ = fleet([1], 185.0, Scaling(initial=0, lowest=0, highest=3, policies=(StepFromZero(),), launch_s=(300.0,)))
    assert activities(made) == [(180.0, "out", 0, 1)]


def test_the_ten_second_metric_scales_out_six_times_as_fast() -> None:
    policy = tracking(metric=CONCURRENCY, period_s=10.0, in_datapoints=90, lag_s=10.0)
    made, _ = fleet([12], 100.0, Scaling(initial=1, highest=10, policies=(policy,)))
    assert activities(made)[0] == (40.0, "out", 1, 3)


def test_a_scheduled_minimum_launches_the_difference_and_waits_for_no_cooldown() -> None:
    scaling = Scaling(
        initial=1,
        highest=10,
        schedule=(Scheduled(at_s=100.0, lowest=4, highest=10), Scheduled(at_s=500.0, lowest=1, highest=2)),
        launch_s=(50.0,),
    )
    made, _ = fleet([0], 600.0, scaling)
    assert made.timeline.in_service() == [(0.0, 1), (150.0, 4), (500.0, 2)]


def test_a_lost_instance_is_replaced_at_once() -> None:
    made, table = fleet([0], 500.0, Scaling(initial=2, lowest=2, highest=2, losses=(Loss(at_s=100.0, which=0.6),)))
    assert table.lost == [1]
    assert made.timeline.changes == [Change(100.0, "replace", 2, 2)]
    assert made.timeline.units[2].ready == 400.0


def test_a_lost_zone_takes_its_instances_and_launches_go_to_the_other() -> None:
    scaling = Scaling(initial=4, lowest=4, highest=4, zones=2, losses=(ZoneLoss(at_s=100.0, zone=0, lasts_s=3600.0),))
    made, table = fleet([0], 500.0, scaling)
    assert table.lost == [0, 2]
    assert [unit.zone for unit in made.timeline.units] == [0, 1, 0, 1, 1, 1]


def test_launch_lengths_go_by_the_ordinal_of_the_launch() -> None:
    scaling = Scaling(
        initial=0, lowest=0, highest=9, schedule=(Scheduled(at_s=10.0, lowest=3, highest=9),), launch_s=(5.0, 7.0)
    )
    made, _ = fleet([0], 100.0, scaling)
    assert [unit.ready for unit in made.timeline.units] == [15.0, 17.0, 15.0]


def test_a_refused_launch_never_comes_is_not_billed_and_is_tried_again_below_the_minimum() -> None:
    scaling = Scaling(
        initial=0,
        lowest=0,
        highest=9,
        schedule=(Scheduled(at_s=10.0, lowest=1, highest=9),),
        launch_s=(5.0,),
        refused=(True, False),
    )
    made, _ = fleet([0], 100.0, scaling)
    first, second = made.timeline.units
    assert first.never_ready
    assert first.end == 15.0
    assert (second.launch, second.ready) == (15.0, 20.0)
