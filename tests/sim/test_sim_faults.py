"""Faults on demand: how they are written, what is drawn of them, what is refused."""

from __future__ import annotations

import math

import pytest

from advisor.errors import InputError
from advisor.sim.arrivals import Points
from advisor.sim.block import Laws
from advisor.sim.endpoints import each_alone
from advisor.sim.faults import NO_FAULTS, Faults, Outage, faults_of
from advisor.sim.scaling import Loss, ZoneLoss
from advisor.sim.service import Sizes, constant, zipf
from advisor.sim.trace import Trace

DAY = 86_400.0


def test_faults_are_read_with_their_units() -> None:
    found = faults_of(
        [
            "instance-loss=2 per day",
            "Zone-Loss = day 3 14:30 for 90 min of 2 zones",
            "slow-launches=2.5x",
            "launches-refused=30 %",
        ]
    )
    assert found == Faults(
        losses_per_s=2 / DAY,
        outages=(Outage(at_s=2 * DAY + 14.5 * 3600, lasts_s=5400.0, zones=2),),
        launch_factor=2.5,
        refused_share=0.3,
    )
    assert found.zones == 2
    assert " ".join(found.told()) == (
        "an endpoint loses instances, 2 per day on average "
        "one of 2 availability zones is lost on day 3 14:30 for 90 min "
        "each launch takes 2.5x as long "
        "30 % of the launches are refused for lack of capacity"
    )


def test_a_zone_is_lost_as_often_as_is_said_and_for_as_long_as_is_assumed() -> None:
    found = faults_of(["zone-loss=day 2", "zone-loss=day 1 06:00"], outage_s=600.0)
    assert [(one.at_s, one.lasts_s, one.zones) for one in found.outages] == [(6 * 3600.0, 600.0, 3), (DAY, 600.0, 3)]
    assert found.losses(1, from_s=DAY, to_s=9 * DAY) == (
        ZoneLoss(at_s=1.25 * DAY, zone=0, lasts_s=600.0),
        ZoneLoss(at_s=2 * DAY, zone=0, lasts_s=600.0),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no fault"),
        ("instanceloss=2 per day", "did you mean instance-loss"),
        ("instance-loss", "does not say how"),
        ("instance-loss=", "does not say how"),
        ("instance-loss=2", "no unit"),
        ("instance-loss=0 per day", "not between"),
        ("instance-loss=2 per minute", "not between"),
        ("zone-loss=14:00", "does not say when"),
        ("zone-loss=day 0 14:00", "days count from 1"),
        ("zone-loss=day 1 24:00", "23:59"),
        ("zone-loss=day 1 14:00 for ever", "not a duration"),
        ("zone-loss=day 1 14:00 for 0 s", "no time"),
        ("zone-loss=day 1 14:00 for 1 h of 1 zones", "1 zones"),
        ("slow-launches=0.5x", "not between 1x"),
        ("slow-launches=slowly", "factor"),
        ("launches-refused=0 %", "not above 0"),
        ("launches-refused=100 %", "below 100"),
        ("launches-refused=0.3", "share"),
    ],
)
def test_what_is_no_fault_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as raised:
        faults_of([text])
    assert raised.value.mend


def test_what_can_be_said_once_is_not_said_twice() -> None:
    with pytest.raises(InputError, match="twice"):
        faults_of(["slow-launches=2x", "slow-launches=3x"])
    with pytest.raises(InputError, match="different numbers of zones"):
        faults_of(["zone-loss=day 1 of 2 zones", "zone-loss=day 2 of 3 zones"])


def test_losses_come_at_their_rate_within_the_window_on_the_grid() -> None:
    many = Faults(losses_per_s=100 / DAY).losses(5, from_s=DAY, to_s=101 * DAY)
    # 10,000 expected of a Poisson process: four standard deviations are 400.
    assert abs(len(many) - 10_000) < 400
    assert all(isinstance(one, Loss) and DAY <= one.at_s < 101 * DAY for one in many)
    assert all((one.at_s * 2**20).is_integer() for one in many)
    half = sum(one.which < 0.5 for one in many if isinstance(one, Loss))
    assert abs(half / len(many) - 0.5) < 0.02


def test_the_same_seed_loses_the_same_at_any_rate() -> None:
    slow = Faults(losses_per_s=1 / DAY).losses(5, from_s=0.0, to_s=30 * DAY)
    quick = Faults(losses_per_s=2 / DAY).losses(5, from_s=0.0, to_s=15 * DAY)
    assert [one.at_s for one in quick] == pytest.approx([one.at_s / 2 for one in slow], abs=1e-5)
    assert slow != Faults(losses_per_s=1 / DAY).losses(6, from_s=0.0, to_s=30 * DAY)


def test_a_share_of_the_launches_is_refused_and_never_all() -> None:
    few, many = (Faults(refused_share=share).refused(3) for share in (0.3, 0.7))
    # 256 draws: three standard deviations of a share of 0.3 are 0.086.
    assert abs(sum(few) / len(few) - 0.3) < 0.086
    assert all(other for one, other in zip(few, many, strict=True) if one)
    assert not all(Faults(refused_share=1 - 1e-12).refused(3))
    assert NO_FAULTS.refused(3) == (False,)


def test_nothing_wrong_is_no_fault() -> None:
    assert not NO_FAULTS
    assert not faults_of([])
    assert faults_of(["slow-launches=2x"])
    assert NO_FAULTS.losses(1, from_s=0.0, to_s=math.inf) == ()


def test_an_outage_after_the_run_is_refused() -> None:
    found = faults_of(["zone-loss=day 31"])
    found.fits(31 * DAY)
    with pytest.raises(InputError, match="the run has 30 days"):
        found.fits(30 * DAY)


def test_each_endpoint_of_several_meets_the_faults() -> None:
    laws = Laws(shape=constant(), sizes_in=(Sizes.of(1.0),), sizes_out=(Sizes.of(1.0),), popularity=zipf(2, 0.0))
    whole = Trace([Points(name="", rate_per_s=1.0)], seed=1, laws=laws, warmup_s=10.0, horizon_s=10.0)
    whole.faults = faults_of(["slow-launches=2x"])
    met = []

    def run(part: Trace):
        met.append(part.faults)
        raise StopIteration

    with pytest.raises(StopIteration):
        each_alone(whole, zipf(2, 0.0).shares, run)  # type: ignore[arg-type]  # the first one is enough
    assert met == [whole.faults]
