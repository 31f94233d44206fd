"""The control oracle against hand-made tables of datapoints: alarms, lag, cooldowns, activities, faults."""

from __future__ import annotations

import pytest
import simpy

from tests.oracles import clock
from tests.oracles.case import (
    BACKLOG,
    CONCURRENCY,
    NEVER,
    Lifetime,
    Loss,
    Scaling,
    Scheduled,
    StepFromZero,
    TargetTracking,
    ZoneLoss,
)
from tests.oracles.control import Alarms, Fleet


class Scripted:
    """A station whose metrics come from a table; its instances drain for a stated time (0: idle)."""

    def __init__(self, scaling: Scaling, tables: dict[str, list[float]], drains_for: float = 0.0) -> None:
        self.env = simpy.Environment()
        self.tables = {metric: list(values) for metric, values in tables.items()}
        self.drains_for = drains_for
        self.calls: list[tuple[float, str, int]] = []
        self.fleet = Fleet(self.env, scaling, self)

    def opened(self, unit: Lifetime) -> None:
        self.calls.append((self.env.now, "opened", unit.number))

    def closing(self, unit: Lifetime) -> None:
        if self.drains_for == 0:
            self.fleet.ended(unit)
        elif self.drains_for < NEVER:
            self.env.process(self.drain(unit))

    def drain(self, unit: Lifetime):
        yield clock.moment(self.env, self.env.now + self.drains_for, clock.FINISH)
        self.fleet.ended(unit)

    def cut(self, unit: Lifetime) -> None:
        self.calls.append((self.env.now, "cut", unit.number))

    def lost(self, unit: Lifetime) -> None:
        self.calls.append((self.env.now, "lost", unit.number))

    def measure(self, metric: str) -> tuple[float, int]:
        table = self.tables.get(metric, [])
        load = int(table.pop(0)) if table else 0
        return load / max(1, len(self.fleet.in_service)), load

    def to(self, stop_s: float) -> Fleet:
        clock.run_to(self.env, stop_s)
        return self.fleet


def tracking(**fields: object) -> TargetTracking:
    return TargetTracking(**{"metric": CONCURRENCY, "target": 10.0, "lag_s": 0.0, **fields})


def lines(fleet: Fleet, *kinds: str) -> list[tuple[float, str, int, int]]:
    return [(c.at, c.what, c.was, c.now) for c in fleet.changes if c.what in kinds]


@pytest.mark.parametrize(
    ("datapoints", "out", "into"),
    [
        ([11, 11], False, False),
        ([11, 11, 11], True, False),
        ([11, 11, 10], False, False),  # equal to the target is not above it
        ([11, 10, 11, 11], False, False),
        ([11, 10, 11, 11, 10.5], True, False),
        ([8] * 14, False, False),
        ([8] * 15, False, True),
        ([8] * 14 + [9], False, False),  # equal to 0.9 x target is not below it
        ([9] + [8] * 15, False, True),
        ([0] * 15, False, True),
        ([8] * 15 + [9.5], False, False),
        ([11, 11, 11] + [8] * 15, False, True),
    ],
)
def test_alarms_follow_the_table_of_datapoints(datapoints: list[float], out: bool, into: bool) -> None:
    alarms = Alarms(tracking())
    for value in datapoints:
        alarms.see(value, int(value))
    assert (alarms.out, alarms.into) == (out, into)


def test_a_ten_second_metric_needs_ninety_low_datapoints() -> None:
    alarms = Alarms(tracking(period_s=10.0, in_datapoints=90))
    for _ in range(89):
        alarms.see(1, 1)
    assert not alarms.into
    alarms.see(1, 1)
    assert alarms.into


@pytest.mark.parametrize(("datapoints", "out"), [([1], False), ([1, 1], True), ([1, 0, 1], False), ([0, 1, 1], True)])
def test_the_wake_alarm_needs_two_datapoints_running(datapoints: list[int], out: bool) -> None:
    alarms = Alarms(StepFromZero())
    for value in datapoints:
        alarms.see(value, value)
    assert alarms.out is out


def test_the_third_datapoint_above_target_launches_what_its_load_needs() -> None:
    station = Scripted(Scaling(highest=9, policies=(tracking(),), launch_s=(90.0,)), {CONCURRENCY: [35, 35, 25]})
    fleet = station.to(600)
    assert lines(fleet, "out", "out-done") == [(180, "out", 1, 3), (270, "out-done", 1, 3)]
    assert [unit.ready for unit in fleet.units] == [0, 270, 270]


def test_a_lag_delays_the_decision_and_not_the_period_it_is_about() -> None:
    scaling = Scaling(highest=9, policies=(tracking(lag_s=75.0),), launch_s=(90.0,))
    fleet = Scripted(scaling, {CONCURRENCY: [35, 35, 25, 95]}).to(300)
    assert lines(fleet, "out") == [(255, "out", 1, 3)]


def test_desired_is_capped_at_highest() -> None:
    fleet = Scripted(Scaling(highest=2, policies=(tracking(),)), {CONCURRENCY: [95] * 3}).to(200)
    assert lines(fleet, "out") == [(180, "out", 1, 2)]


def test_launching_instances_are_not_multiplied_and_a_load_for_three_settles_at_three() -> None:
    scaling = Scaling(highest=20, policies=(tracking(out_cooldown_s=0.0),), launch_s=(600.0,), serial=False)
    fleet = Scripted(scaling, {CONCURRENCY: [30] * 60}).to(3600)
    assert lines(fleet, "out", "in") == [(180, "out", 1, 3)]


def test_without_serial_a_larger_load_launches_the_difference_while_others_launch() -> None:
    scaling = Scaling(highest=20, policies=(tracking(),), launch_s=(600.0,), serial=False)
    fleet = Scripted(scaling, {CONCURRENCY: [30, 30, 30, 50]}).to(700)
    assert lines(fleet, "out") == [(180, "out", 1, 3), (240, "out", 3, 5)]
    assert len(fleet.units) == 5


def test_with_serial_nothing_is_decided_while_an_activity_lasts() -> None:
    scaling = Scaling(highest=20, policies=(tracking(),), launch_s=(240.0,))
    fleet = Scripted(scaling, {CONCURRENCY: [30, 30, 30, 50, 50, 50, 50]}).to(700)
    # The activity ends at 420, where the lifecycle comes before the decision on the seventh datapoint: 50 passes
    # the cooldown because 5 exceeds that activity's 3. With three in service 50 / 3 is still above the target.
    assert lines(fleet, "out") == [(180, "out", 1, 3), (420, "out", 3, 5)]


def test_a_cooldown_lets_only_a_larger_scale_out_pass_and_ends_at_its_border() -> None:
    # One of three is lost and its replacement never comes, so that the same desired 3 is asked for again.
    scaling = Scaling(
        highest=9,
        policies=(tracking(),),
        launch_s=(60.0,),
        refused=(False, False, True, False),
        losses=(Loss(at_s=250.0, which=0.0),),
    )
    fleet = Scripted(scaling, {CONCURRENCY: [30] * 20}).to(900)
    # out 180 -> ready 240; lost 250; refused 310 (2 left: 15 is above the target); held until 240 + 300, which is free.
    assert lines(fleet, "refused") == [(310, "refused", 3, 2)]
    assert lines(fleet, "out") == [(180, "out", 1, 3), (540, "out", 2, 3)]


def test_a_scale_in_takes_the_newest_in_one_step() -> None:
    scaling = Scaling(initial=4, highest=4, policies=(tracking(),))
    fleet = Scripted(scaling, {CONCURRENCY: [15] * 15}).to(900)
    assert lines(fleet, "in", "in-done") == [(900, "in", 4, 2), (900, "in-done", 4, 2)]
    assert [unit.end for unit in fleet.units][2:] == [900, 900]


def test_one_at_a_time_waits_out_the_cooldown_between_two_steps() -> None:
    scaling = Scaling(initial=4, highest=4, policies=(tracking(),), in_one_at_a_time=True)
    fleet = Scripted(scaling, {CONCURRENCY: [5] * 40}, drains_for=30.0).to(1700)
    # done at 930, cooldown to 1230, the next datapoint is visible at 1260
    assert lines(fleet, "in") == [(900, "in", 4, 3), (1260, "in", 3, 2), (1620, "in", 2, 1)]


def test_a_scale_in_at_the_border_of_its_cooldown_is_free() -> None:
    scaling = Scaling(initial=3, highest=3, policies=(tracking(),), in_one_at_a_time=True)
    fleet = Scripted(scaling, {CONCURRENCY: [5] * 40}).to(1300)
    assert lines(fleet, "in") == [(900, "in", 3, 2), (1200, "in", 2, 1)]


def test_zeros_scale_in_to_the_minimum() -> None:
    scaling = Scaling(initial=3, lowest=0, highest=3, policies=(tracking(),))
    assert lines(Scripted(scaling, {}).to(900), "in") == [(900, "in", 3, 0)]


def test_all_policies_must_agree_to_scale_in_and_any_may_scale_out() -> None:
    both = (tracking(), tracking(metric=BACKLOG, target=5.0))
    scaling = Scaling(initial=4, highest=9, policies=both)
    held = Scripted(scaling, {CONCURRENCY: [0] * 20, BACKLOG: [19] * 20}).to(1200)  # 19 / 4 is in between
    assert lines(held, "in", "out") == []
    agreed = Scripted(scaling, {CONCURRENCY: [15] * 15, BACKLOG: [12] * 15}).to(900)
    assert lines(agreed, "in") == [(900, "in", 4, 3)]  # the larger of ceil(15 / 10) and ceil(12 / 5)
    out = Scripted(scaling, {CONCURRENCY: [50] * 3, BACKLOG: [28] * 3}).to(180)
    assert lines(out, "out") == [(180, "out", 4, 6)]  # the larger of 5 and 6


def test_the_wake_from_zero_adds_one_and_only_one() -> None:
    wake = StepFromZero(lag_s=0.0)
    scaling = Scaling(initial=0, lowest=0, highest=5, policies=(wake,), launch_s=(600.0,), serial=False)
    fleet = Scripted(scaling, {wake.metric: [0, 1, 1, 1, 1, 1]}).to(500)
    assert lines(fleet, "out") == [(180, "out", 0, 1)]


def test_a_scheduled_minimum_ignores_cooldowns_and_its_launches_hold_the_policies() -> None:
    scaling = Scaling(
        highest=9, policies=(tracking(),), launch_s=(120.0,), schedule=(Scheduled(at_s=180.0, lowest=2, highest=9),)
    )
    fleet = Scripted(scaling, {CONCURRENCY: [50] * 5}).to(300)
    # The schedule comes before the decision of the same instant; at 300 its launch is ready first, so serial is free.
    assert lines(fleet, "schedule", "schedule-done", "out") == [
        (180, "schedule", 1, 2), (300, "schedule-done", 1, 2), (300, "out", 2, 5)
    ]  # fmt: skip


def test_a_lower_scheduled_maximum_drains_the_newest() -> None:
    scaling = Scaling(initial=3, highest=3, schedule=(Scheduled(at_s=50.0, lowest=1, highest=1),))
    fleet = Scripted(scaling, {}, drains_for=7.0).to(100)
    assert [(unit.draining, unit.end) for unit in fleet.units[1:]] == [(50, 57), (50, 57)]
    assert lines(fleet, "schedule", "schedule-done") == [(50, "schedule", 3, 1), (57, "schedule-done", 3, 1)]


def test_launch_lengths_go_by_launch_ordinal_and_wrap() -> None:
    scaling = Scaling(initial=2, highest=9, launch_s=(10.0, 20.0), schedule=(Scheduled(at_s=0.0, lowest=5, highest=9),))
    assert [unit.ready for unit in Scripted(scaling, {}).to(100).units] == [0, 0, 10, 20, 10]


def test_a_lost_instance_is_replaced_at_once() -> None:
    scaling = Scaling(initial=3, lowest=3, highest=3, launch_s=(40.0,), losses=(Loss(at_s=5.0, which=0.5),))
    station = Scripted(scaling, {})
    fleet = station.to(100)
    assert [(unit.number, unit.end) for unit in fleet.units if unit.end == unit.end] == [(1, 5)]
    assert [unit.number for unit in fleet.in_service] == [0, 2, 3]
    assert lines(fleet, "replace") == [(5, "replace", 3, 3)]


def test_an_instance_ready_at_the_instant_of_a_loss_can_be_the_one_that_is_lost() -> None:
    scaling = Scaling(launch_s=(5.0,), highest=2, schedule=(Scheduled(at_s=0.0, lowest=2, highest=2),),
                      losses=(Loss(at_s=5.0, which=0.99),))  # fmt: skip
    station = Scripted(scaling, {})
    station.to(8)
    assert station.calls == [(5, "opened", 1), (5, "lost", 1)]


def test_a_lost_zone_takes_its_instances_and_launches_go_elsewhere_until_it_is_back() -> None:
    scaling = Scaling(
        initial=4,
        lowest=4,
        highest=9,
        zones=2,
        launch_s=(10.0,),
        losses=(ZoneLoss(at_s=100.0, zone=0, lasts_s=3600.0),),
    )
    fleet = Scripted(scaling, {}).to(200)
    assert [unit.zone for unit in fleet.units] == [0, 1, 0, 1, 1, 1]
    assert [unit.number for unit in fleet.in_service] == [1, 3, 4, 5]


def test_with_every_zone_down_a_launch_begins_when_the_first_is_back() -> None:
    scaling = Scaling(launch_s=(10.0,), losses=(ZoneLoss(at_s=100.0, zone=0, lasts_s=50.0),))
    fleet = Scripted(scaling, {}).to(200)
    assert (fleet.units[1].launch, fleet.units[1].ready) == (150, 160)


def test_a_refused_launch_below_the_minimum_is_launched_again() -> None:
    scaling = Scaling(
        highest=9, launch_s=(10.0,), refused=(True, False), schedule=(Scheduled(at_s=0.0, lowest=2, highest=9),)
    )
    fleet = Scripted(scaling, {}).to(100)
    assert [(unit.launch, unit.ready) for unit in fleet.units[2:]] == [(10, 20)]
    assert fleet.units[1].ready != fleet.units[1].ready
    assert lines(fleet, "refused", "schedule-done") == [(10, "refused", 2, 1), (10, "schedule-done", 1, 2)]


def test_a_drain_limit_cuts_and_ends_the_instance() -> None:
    scaling = Scaling(initial=2, highest=2, drain_limit_s=30.0, schedule=(Scheduled(at_s=10.0, lowest=1, highest=1),))
    station = Scripted(scaling, {}, drains_for=NEVER)
    fleet = station.to(100)
    assert station.calls == [(40, "cut", 1)]
    assert fleet.units[1].end == 40


def test_a_drain_that_ends_at_its_limit_is_in_time() -> None:
    scaling = Scaling(initial=2, highest=2, drain_limit_s=30.0, schedule=(Scheduled(at_s=10.0, lowest=1, highest=1),))
    station = Scripted(scaling, {}, drains_for=30.0)
    assert station.to(100).units[1].end == 40
    assert station.calls == []
