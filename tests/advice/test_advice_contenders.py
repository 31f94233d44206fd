"""What would put each loser first: applied as a user would, by a whole recommendation, it does; short of it, not."""

from __future__ import annotations

import re
from functools import lru_cache
from types import SimpleNamespace

import pytest

from advisor.advice import breaking_even, recommending
from advisor.advice.breaking_even import brackets_on, point_of
from advisor.advice.confirming import Confirming
from advisor.advice.contenders import losers_of
from advisor.advice.levers import Axis, axes_of, switches_of
from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.trial import Ran
from advisor.workload import Workload, reads
from tests.small import RARE

FAST = RARE.replace("prefer: cost", "prefer: latency")


@lru_cache(maxsize=3)
def _answer(profile: str) -> Recommendation:
    return recommend(reads(profile), seed=7)


def _first(w: Workload) -> str:
    best = recommend(w, seed=7, explain=False).best
    return best.pattern if best else ""


def test_every_pattern_that_loses_has_a_line_and_what_it_says_holds() -> None:
    answer = _answer(FAST)
    assert answer.best is not None
    every = {"real-time", "serverless", "asynchronous", "batch-transform", "multi-model"}
    assert {one.pattern for one in answer.contenders} == every - {answer.best.pattern}
    assert any(one.how == "simulated" for one in answer.contenders)
    for one in answer.contenders:
        assert bool(one.sets) == bool(one.how)
        if one.how == "simulated":
            assert _first(answer.workload.with_(one.sets)) == one.pattern, one.says
            if one.short:
                assert _first(answer.workload.with_(one.short)) != one.pattern, f"short of: {one.says}"


def test_a_choice_of_the_profile_is_told_where_it_is_what_decides() -> None:
    [serverless] = [one for one in _answer(FAST).contenders if one.pattern == "serverless"]
    assert serverless.sets == {"objective.prefer": "cost"}
    assert serverless.says == "objective.prefer: cost, now latency"


def test_where_nothing_helps_alone_it_is_told_what_refuses_a_pattern() -> None:
    # One model has nobody to share an instance with (MM-19), at any rate and for any objective.
    [shared] = [one for one in _answer(FAST).contenders if one.pattern == "multi-model"]
    assert not shared.sets
    assert "MM-19" in shared.says


TWICE_REFUSED = RARE.replace("request: 20 KB", "request: 1 MB, request_max: 20 MB") + "needs: [vpc]\n"


def test_what_two_rules_refuse_is_mended_and_then_first_where_neither_alone_would_do() -> None:
    # Fifty requests a day are the containers' case; but they have no VPC, and take no request of 20 MB.
    answer = _answer(TWICE_REFUSED)
    [serverless] = [one for one in answer.contenders if one.pattern == "serverless"]
    assert set(serverless.sets) == {"needs", "payload.request_max"}
    assert serverless.how == "simulated"
    [refused] = [one for one in answer.refused if one.pattern == "serverless"]
    rules = {finding.rule for finding in refused.findings}
    assert len(rules) == 2
    assert all(rule in serverless.says for rule in rules)
    assert _first(answer.workload.with_(serverless.sets)) == "serverless"
    for path, value in serverless.sets.items():
        assert _first(answer.workload.with_({path: value})) != "serverless", path


def test_what_is_mended_and_still_too_dear_is_told_with_both_costs() -> None:
    w = reads(RARE)
    [batch] = [one for one in _answer(RARE).contenders if one.pattern == "batch-transform"]
    told = re.fullmatch(
        r"nothing alone; to let it in \(BT-08\), relax objective\.p90 to (.+): "
        r"by arithmetic it then costs (\S+) USD a month, and serverless (\S+) USD",
        batch.says,
    )
    assert told is not None, batch.says
    assert not batch.sets
    changed = w.with_({"objective.p90": told[1]})
    whole = recommend(changed, seed=7, explain=False)
    usd = {one.pattern: float(one.usd_per_month) for one in whole.options}
    assert whole.best is not None
    assert whole.best.pattern == "serverless"
    # Arithmetic is near what the jobs and the containers cost where they are simulated.
    assert float(told[2]) == pytest.approx(usd["batch-transform"], rel=0.2)
    assert float(told[3]) == pytest.approx(usd["serverless"], rel=0.2)


class _Steps:
    """An outlook by which patterns follow each other with the rate: "a" to 2 a second, "b" to 20, then "c"."""

    book = None
    hybrids = False
    effort = 0

    def anew(self) -> _Steps:
        return self

    def best(self, w: Workload, *, resized: bool = True) -> str:
        return _by_rate(w.rate_per_s)


def _by_rate(rate: float) -> str:
    return "a" if rate < 2 else "b" if rate < 20 else "c"


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An answer at 1 a second whose searches and whole answers find what `_Steps` foresees."""

    def brief(w: Workload, **_: object) -> SimpleNamespace:
        return SimpleNamespace(pattern=_by_rate(w.rate_per_s), effort=1)

    monkeypatch.setattr(recommending, "briefly", brief)
    monkeypatch.setattr(breaking_even, "Bench", lambda *_: SimpleNamespace(confirms=True))
    monkeypatch.setattr(Confirming, "affords", lambda *_, **__: True)
    monkeypatch.setattr(Confirming, "best", lambda _, w, ran=None: brief(w))
    w = reads("{name: steps, traffic: {rate: 1 per second, shape: steady}, objective: {p95: 1 s}}")
    best = SimpleNamespace(pattern="a", deployment=None)
    return SimpleNamespace(workload=w, best=best, seed=0, options=(best,), refused=())


def test_what_comes_first_beyond_another_pattern_has_a_point_of_its_own(stepped: SimpleNamespace) -> None:
    up = Axis("traffic.rate", 1.0, down=False)
    found = brackets_on(up, stepped, _Steps(), asked=("a", "b", "c"))
    assert set(found) == {"b", "c"}
    assert found["b"][0] < 2 <= found["b"][1]
    assert found["c"][0] < 20 <= found["c"][1]
    point = point_of("c", up, found["c"], stepped, _Steps(), asked=("a", "b", "c"), threads=1, ran=Ran())
    assert point is not None
    assert (point.becomes, point.how) == ("c", "simulated")
    # It holds at the point, and the flip at 20 a second lies at most ten percent short of it.
    assert 20 <= point.at <= 22
    moved = stepped.workload.with_(point.short)
    assert _by_rate(moved.rate_per_s) == "b"


def test_along_an_axis_on_which_a_pattern_is_never_first_it_has_no_bracket(stepped: SimpleNamespace) -> None:
    down = Axis("traffic.rate", 1.0, down=True)
    assert brackets_on(down, stepped, _Steps(), asked=("a", "b", "c")) == {}


def test_losers_are_patterns_by_themselves_each_once() -> None:
    one = SimpleNamespace(
        best=SimpleNamespace(pattern="combination"),
        options=[SimpleNamespace(pattern=name) for name in ("combination", "serverless", "real-time", "serverless")],
        refused=[SimpleNamespace(pattern="multi-model")],
    )
    assert losers_of(one) == ("serverless", "real-time", "multi-model")
    one.best = None
    assert losers_of(one) == ()


def test_an_objective_is_moved_up_to_a_day_and_choices_are_those_not_made() -> None:
    answer = _answer(FAST)
    loose = [axis for axis in axes_of(answer) if axis.field == "objective.p90" and not axis.down]
    # A day is 5,760 times 15 s.
    assert [axis.farthest for axis in loose] == [5760.0]
    assert {(one.field, one.other) for one in switches_of(answer)} == {
        ("objective.prefer", "cost"),
        ("objective.prefer", "balanced"),
    }
