"""Lives of units: what is billed of them, and how many were in service when."""

from __future__ import annotations

import math

from advisor.sim.timeline import Lifetime, Timeline, billed_seconds, held_seconds

WINDOW = (100.0, 200.0)


def test_an_instance_is_billed_in_whole_seconds_inside_the_window() -> None:
    lives = [Lifetime(number=0, launch=0.0, ready=50.0), Lifetime(number=1, launch=150.25, ready=160.0, end=170.0)]
    assert billed_seconds(lives, WINDOW, 300.0) == 100 + 20
    assert billed_seconds(lives, WINDOW, 300.0, from_launch=False) == 100 + 10


def test_one_without_an_end_is_billed_to_the_end_of_the_run() -> None:
    assert billed_seconds([Lifetime(number=0, launch=0.0, ready=0.0)], (0.0, math.inf), 12.5) == 13


def test_a_refused_launch_and_one_lost_before_it_was_ready_cost_nothing() -> None:
    assert billed_seconds([Lifetime(number=0, launch=110.0, end=150.0)], WINDOW, 300.0) == 0


def test_a_launch_still_under_way_is_billed_from_its_launch() -> None:
    assert billed_seconds([Lifetime(number=0, launch=190.0)], WINDOW, 300.0) == 10


def test_a_life_outside_of_the_window_costs_nothing() -> None:
    lives = [Lifetime(number=0, launch=0.0, ready=1.0, end=99.0), Lifetime(number=1, launch=250.0, ready=260.0)]
    assert billed_seconds(lives, WINDOW, 300.0) == 0
    assert held_seconds(lives, WINDOW, 300.0) == 0.0


def test_draining_units_are_held_but_not_in_service() -> None:
    unit = Lifetime(number=0, launch=0.0, ready=10.0, draining=20.0, end=30.0)
    assert held_seconds([unit], (0.0, 100.0), 100.0) == 20.0
    assert Timeline(units=[unit]).in_service() == [(0.0, 0), (10.0, 1), (20.0, 0)]
