"""What has too many requests to be simulated is refused at once, with where that stands and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.advice.recommending import recommend
from advisor.advice.simulating import simulate
from advisor.advice.too_many import refuse_too_large, refuse_too_many
from advisor.errors import InputError
from advisor.patterns import RealTime
from advisor.sweeps.sweeping import whatif
from advisor.workload import reads
from tests.small import SMALL


def at(rate: str, more: str = "") -> str:
    return SMALL.replace("rate: 1 per minute", f"rate: {rate}{more}")


@pytest.mark.parametrize("rate", ["1000000 per second", "1e12 per second", "20001 per second"])
def test_neither_is_a_rate_above_what_memory_holds_recommended_for_nor_simulated(rate: str) -> None:
    w = reads(at(rate))
    for asked in (lambda: recommend(w, explain=False), lambda: simulate(w, RealTime(instance_type="ml.m5.large"))):
        with pytest.raises(InputError, match="share of the traffic") as caught:
            asked()
        assert caught.value.where == w.where("traffic.rate")
        # Two days of 20,000 a second.
        assert "3,456,000,000 at most" in caught.value.what


@pytest.mark.parametrize("rate", ["2000 per second", "10000 per second", "20000 per second"])
def test_large_rates_that_can_be_simulated_are(rate: str) -> None:
    refuse_too_many(reads(at(rate)))


def test_a_spike_is_refused_by_its_own_requests() -> None:
    # 1,000 a second x 1,000 x 3,456 s are as many as two days of 20,000 a second.
    spike = ", spikes: [{{at: day 3 10:00, height: 1000x, lasts: {} s}}]"
    refuse_too_many(reads(at("1000 per second", spike.format(3456))))
    with pytest.raises(InputError, match=r"3,457,000,000 requests, and 3,456,000,000 at most"):
        refuse_too_many(reads(at("1000 per second", spike.format(3457))))


@pytest.mark.parametrize("call", [
    ("recommend",),
    ("simulate", "--pattern", "asynchronous"),
    # What a rule refuses at such a rate, it does not get to say.
    ("simulate", "--pattern", "serverless"),
    ("simulate", "--pattern", "real-time"),
    ("whatif", "--vary", "payload.request=1KB,2KB"),
    ("whatif", "--vary", "deployment.memory=1GB,2GB", "--pattern", "serverless"),
    ("report", "-o", "out.html"),
])  # fmt: skip
def test_the_command_line_says_so_and_exits_with_2(advisor, tmp_path: Path, call: tuple[str, ...]) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(at("1000000 per second"))
    verb, *options = call
    done = advisor(verb, path, *options)
    assert done.code == 2
    assert f"{path}:6: 1,000,000 per second" in done.err


def test_a_sweep_answers_the_rates_that_can_be_simulated_and_says_why_not_the_others() -> None:
    w = reads(at("1 per minute"))
    asked = {"traffic.rate": ["2 per minute", "1000000 per second"]}
    found = whatif(w, vary=asked, pattern="serverless", replications=1)
    assert found["usd_per_month"].notna().tolist() == [True, False]
    assert "3,456,000,000 at most" in found["why_not"].iloc[1]
    # Arithmetic takes no longer for it.
    [row] = whatif(w, vary={"traffic.rate": ["1000000 per second"]}, pattern="serverless", how="estimate")["why_not"]
    assert "at most" not in row


def test_a_fleet_that_is_too_large_to_search_is_refused_by_what_it_keeps_busy() -> None:
    long = """
name: long
model: {size: 4 GB, memory: 9 GB}
work: [{on: ml.c5.xlarge, mean: 2 h, workers: 1}, {on: ml.c5.2xlarge, mean: 2 h, workers: 2}]
traffic: {rate: 2 per second}
objective: {prefer: cost}
"""
    # Two a second of two hours each are 14,400 at work, two on each instance of the larger type.
    with pytest.raises(InputError, match="keep 7,200 instances busy") as caught:
        recommend(reads(long), explain=False)
    assert caught.value.where.endswith(":5")
    # At a fifth of the rate these are 1,440.
    refuse_too_large(reads(long.replace("2 per second", "0.4 per second")))
    # A lot has all the time it takes.
    refuse_too_large(reads(long.replace("traffic: {rate: 2 per second}", "batch: {records: 5 million}")))
