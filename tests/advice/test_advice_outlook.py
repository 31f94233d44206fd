"""What would change an answer, by arithmetic: nothing is worked out twice, and nothing is left out by that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from advisor.advice import outlook as module
from advisor.advice.breaking_even import point_on
from advisor.advice.checking import pattern_named
from advisor.advice.foreseeing import Prospect
from advisor.advice.levers import axes_of
from advisor.advice.outlook import Outlook
from advisor.advice.recommending import briefly, recommend
from advisor.advice.sensitivity import suspected
from advisor.advice.trial import Bench, Ran
from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.patterns import PATTERNS
from advisor.patterns.base import Pattern
from advisor.workload import Workload, read, reads

WORKLOADS = Path(__file__).parents[2] / "workloads"
INSTANCES = """
name: instances
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work: [{on: ml.m5.large, mean: 200 ms, cv: 0.4, workers: 2}]
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
traffic: {rate: 5 per second}
objective: {p95: 900 ms, errors: 1 %, cold_starts: allow, prefer: cost}
"""


def _unanswered(w: Workload, *options: Any) -> Any:
    """What an outlook asks of an answer, of a workload that none was worked out for."""
    known = {one.pattern for one in options}
    others = tuple(SimpleNamespace(pattern=one.name) for one in PATTERNS if one.name not in known)
    return SimpleNamespace(workload=w, options=options, refused=others, seed=1, best=None)


def test_chains_that_the_rules_refuse_take_nobodys_place() -> None:
    # The chains that come first by cost alone keep a call for less time than this work takes, which a rule refuses.
    w = read(WORKLOADS / "speech-transcription.yaml")
    pattern, usd = Outlook(_unanswered(w)).here()
    assert pattern == "asynchronous"
    assert usd > 0


def test_a_tenth_of_the_load_that_no_profile_can_say_is_left_alone() -> None:
    # A tenth is 0.1045 a second: chance alone spreads its minutes by 0.3994, so bursts would last 0.02 % of the time.
    bursts = "{rate: 1.045 per second, bursts: {peak: 2.5x, cv: 0.4, length: 15 min}}"
    w = reads(INSTANCES.replace("{rate: 5 per second}", bursts))
    with pytest.raises(InputError, match="too short"):
        w.scaled(rate=0.1)
    assert Outlook(_unanswered(w)).here()[1] > 0


def test_what_met_the_objective_when_simulated_meets_it_as_long_as_it_is_no_further_off() -> None:
    w = reads(INSTANCES)
    real_time = pattern_named("real-time")
    out_of_reach = w.with_({"objective.p95": "310 ms"})
    best = Prospect(out_of_reach, real_time, price_book()).nearest()
    assert best is not None
    assert not best.meets
    assert Outlook(_unanswered(out_of_reach)).here()[0] == ""
    simulated = SimpleNamespace(
        pattern="real-time", meets_objective=True, deployment=best.deployment, usd_per_month=2 * best.usd
    )
    outlook = Outlook(_unanswered(out_of_reach, simulated))
    assert outlook.here() == ("real-time", pytest.approx(2 * best.usd))
    assert outlook.best(out_of_reach.with_({"objective.p95": "250 ms"}), resized=False) == ""


@pytest.mark.parametrize("name", ["internal-tool", "churn-scoring"])
def test_leaving_alone_what_never_asks_for_an_assumption_changes_no_line(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = read(WORKLOADS / f"{name}.yaml")
    answer = recommend(w, seed=2, explain=False)
    looked = _counted(monkeypatch)
    spared = suspected(answer, Outlook(answer))
    few = looked.copy()
    looked.clear()
    best = Outlook.best_with_usd

    def anew(self: Outlook, w: Workload, *, moved: str | None = None, **told: Any) -> tuple[str, float]:
        return best(self, w, **told)

    monkeypatch.setattr(Outlook, "best_with_usd", anew)
    assert suspected(answer, Outlook(answer)) == spared
    assert len(few) < len(looked)


def test_a_price_that_is_assumed_moves_the_cost_by_what_is_bought_at_it() -> None:
    # Ten uploads a day of 400 MB, kept for seven of the month's 730 hours / 24 days, and answers of next to nothing.
    w = reads(
        """
name: rare
payload: {request: 400 MB, response: 1 KB}
work: [{on: ml.m5.4xlarge, mean: 30 min, cv: 0.2}]
traffic: {rate: 10 per day}
objective: {prefer: cost, errors: 1 %}
"""
    )
    outlook = Outlook(_unanswered(w))
    every = [pattern.name for pattern in PATTERNS]
    usd = [
        outlook.best_with_usd(w.with_({"platform.s3_storage_price": price}), resized=False, only=every)[1]
        for price in (0.02, 0.03)
    ]
    assert usd[1] - usd[0] == pytest.approx(10 * 0.4 * 7 * 0.01, rel=0.03)


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[Workload]:
    """Every prospect that an outlook makes from now on."""
    looked: list[Workload] = []

    class Counted(Prospect):
        def __init__(self, w: Workload, *args: Any, **kwargs: Any) -> None:
            looked.append(w)
            super().__init__(w, *args, **kwargs)

    monkeypatch.setattr(module, "Prospect", Counted)
    return looked


def test_no_point_is_looked_for_where_none_could_be_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    w = reads(INSTANCES).with_({"traffic.rate": "300 per second"})
    answer = _unanswered(w)
    answer.best = SimpleNamespace(pattern="real-time", deployment=None)
    outlook = Outlook(answer)

    def refuses(*_: Any, **__: Any) -> str:
        raise AssertionError("arithmetic is asked for")

    monkeypatch.setattr(Outlook, "best", refuses)
    for axis in axes_of(answer):
        if axis.field != "traffic.rate" or not axis.down:
            assert point_on(axis, answer, outlook, asked=("real-time",), threads=1, ran=Ran()) is None


def test_where_spikes_count_no_trial_confirms_a_point_as_it_leaves_them_out() -> None:
    w = reads(INSTANCES)
    spiky = w.with_({"traffic.spikes": [{"at": "day 3 10:00", "height": "20x", "lasts": "10 min"}]})
    for rate, with_spikes, without in (("1 per second", True, True), ("25 per second", False, True)):
        sets = {"traffic.rate": rate}
        assert Bench(w.with_(sets), 1, price_book()).confirms is without
        assert Bench(spiky.with_(sets), 1, price_book()).confirms is with_spikes


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The deployments that are simulated, in their order."""
    done: list[str] = []
    real_time = pattern_named("real-time")
    before = real_time.simulate

    def simulate(self: Pattern, *args: Any, **kwargs: Any) -> Any:
        done.append(self.id)
        return before(self, *args, **kwargs)

    monkeypatch.setattr(real_time, "simulate", simulate)
    return done


def test_runs_of_the_same_requests_serve_another_objective(simulated: list[str]) -> None:
    w = reads(INSTANCES)
    ran = Ran()
    tight = w.with_({"objective.p95": "600 ms"})
    asked = ["real-time", "serverless"]
    briefly(w, seed=4, patterns=asked, ran=ran, threads=1)
    before = len(simulated)
    again = briefly(tight, seed=4, patterns=asked, ran=ran, threads=1)
    with_runs = len(simulated) - before
    simulated.clear()
    assert briefly(tight, seed=4, patterns=asked, threads=1) == again
    assert 0 <= with_runs < len(simulated)
    assert {deployment.id for deployment, _ in ran.trials} >= set(simulated) - {""}
