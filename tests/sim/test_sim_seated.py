"""Seats in service stand in order of their units' numbers; fleets of tens of thousands launch and are lost."""

from __future__ import annotations

import random

import simpy

from advisor.sim.control import Fleet
from advisor.sim.scaling import Scaling, Scheduled, ZoneLoss
from advisor.sim.seated import Seated
from tests.sim.test_sim_control import Table


def test_seats_stand_in_order_of_number_whatever_came_and_went() -> None:
    seated, plain, chance = Seated(), dict[int, int](), random.Random(5)
    assert seated.order.tolist() == [0]
    for seat in range(400):
        number = chance.choice([one for one in range(500) if one not in plain])
        seated.add(number, seat)
        plain[number] = seat
        if seat % 3 == 0:
            gone = chance.choice([*plain, 1000])
            seated.drop(gone)
            plain.pop(gone, None)
        assert len(seated) == len(plain)
        assert seated.order.tolist() == [plain[one] for one in sorted(plain)]
    for number in list(plain):
        seated.drop(number)
    assert (len(seated), seated.order.tolist()) == (0, [0])


def test_tens_of_thousands_launch_drain_and_are_lost() -> None:
    # 20,000 stand, as many more are launched within minutes, a zone is lost, half are drained: 60,000 events or so. A
    # look at all units at each would be 10^9 looks.
    half, most = 20_000, 40_000
    scaling = Scaling(
        initial=half, lowest=half, highest=most, zones=2, launch_s=(400.0, 100.0, 300.0, 200.0), drain_limit_s=50.0,
        schedule=tuple(Scheduled(at_s=at, lowest=n, highest=n) for at, n in ((10.0, most), (2000.0, half))),
        losses=(ZoneLoss(at_s=1000.0, zone=0, lasts_s=100.0),),
    )  # fmt: skip
    env = simpy.Environment()
    fleet = Fleet(env, scaling, Table([0]))
    env.run(until=900.0)
    assert [unit.number for unit in fleet.in_service] == list(range(most))
    assert fleet.held == [half, half]
    env.run(until=3000.0)
    assert (len(fleet.in_service), len(fleet.launching), len(fleet.draining)) == (half, 0, 0)
    # The lost zone's half stood in it; those in its stead went to the other, and the newest were drained.
    assert fleet.held == [0, half]
    assert sum(unit.end == 1000.0 for unit in fleet.timeline.units) == half
