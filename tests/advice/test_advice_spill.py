"""A base of instances with a spill, recommended where it wins and nowhere else; its bill by hand arithmetic."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest

import advisor as ad
from advisor.advice import spilling
from advisor.advice.by_hour import with_hours
from advisor.advice.commands import in_python
from advisor.advice.outlook import Outlook
from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.simulating import every_request, simulate
from advisor.advice.spill import Spill
from advisor.advice.trial import Bench
from advisor.errors import BugError, InputError
from advisor.patterns.asynchronous import Asynchronous
from advisor.patterns.realtime import RealTime
from advisor.patterns.serverless import Serverless
from advisor.rules import BLOCKS, WARNS
from advisor.sim.horizon import horizon_of
from advisor.sim.spill_record import SpillRun
from advisor.workload import Workload, reads

# Two states, as a burst of three minutes is long beside a request: most of the time less than the mean rate,
# and six times the mean now and then. Instances for the peak stand idle nearly always, new ones come too late, and
# serverless is paid for the steady part, too.
BURSTY = """
name: tall-bursts
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
work:
  - {on: ml.c5.large, mean: 400 ms, cv: 0.3, workers: 2}
  - {on: serverless 2 GB, mean: 400 ms, cv: 0.3}
traffic: {rate: 8 per second, bursts: {peak: 6x, cv: 1, length: 4 min}}
payload: {request: 4 KB, response: 1 KB}
objective: {p90: 2 s, errors: 1 %, prefer: PREFER}
"""
# Prices of us-east-1, AWS price list, 2026-09: a GB of volume a month, a second of serverless work with 2 GB, a GB in
# or out; an instance an hour. A type with twice the vCPUs has twice the workers.
VOLUME, SECOND, DATA = Decimal("0.14"), Decimal("0.00004"), Decimal("0.016")
WORKERS = {"ml.c5.large": 2, "ml.c5.xlarge": 4}
HOUR = {"ml.c5.large": Decimal("0.102"), "ml.c5.xlarge": Decimal("0.204")}
HOURS = 730


def bursty(prefer: str = "balanced") -> Workload:
    return reads(BURSTY.replace("PREFER", prefer))


@pytest.fixture(scope="module")
def answer() -> Recommendation:
    return recommend(bursty(), seed=5, patterns=["real-time", "serverless"])


def the_spill(answer: Recommendation) -> Spill:
    assert answer.best is not None
    assert isinstance(answer.best.deployment, Spill), [(one.id, one.usd_per_month) for one in answer.options]
    return answer.best.deployment


def erlang_b(servers: int, load: float) -> float:
    return (load**servers / math.factorial(servers)) / sum(load**k / math.factorial(k) for k in range(servers + 1))


def test_a_steady_base_with_tall_bursts_is_a_combination_and_cheaper_than_each_alone(answer: Recommendation) -> None:
    spill = the_spill(answer)
    best = answer.best
    assert best is not None
    assert best.id == f"{spill.base.id} + {spill.second.id}"
    assert (best.pattern, spill.patterns) == ("combination", "real-time + serverless")
    assert {one.pattern for one in answer.options[1:]} >= {"real-time", "serverless"}
    assert all(best.usd_per_month < one.usd_per_month for one in answer.options[1:] if one.meets_objective)
    assert best.outcome.latency_s["p90"].value < 2
    assert answer.why[0].startswith(f"{best.id} is best")
    assert "Next comes" in answer.why[1]


def test_its_bill_is_what_hand_arithmetic_makes_of_hours_and_of_erlangs_share(answer: Recommendation) -> None:
    spill, w = the_spill(answer), answer.workload
    states, month_s = w.burst_states, HOURS * 3600
    assert states is not None
    assert spill.spill_at == 0
    name, size = spill.base.instance_type, spill.base.min_instances
    places = WORKERS[name] * size
    low = (1 - states.share_high) * states.low_per_s * erlang_b(places, states.low_per_s * 0.4)
    high = states.share_high * states.high_per_s * erlang_b(places, states.high_per_s * 0.4)
    # Half a millisecond of each call is rounding up; set-up is not billed, by the assumption of that name.
    seconds = Decimal((low + high) * month_s * 0.4005)
    fleet = HOURS * size * HOUR[name] + 30 * size * VOLUME
    data = Decimal(8 * month_s * 5000 / 1e9) * DATA
    by_hand = fleet + seconds * SECOND + data
    best = answer.best
    assert best is not None
    assert float(best.usd_per_month) == pytest.approx(float(by_hand), rel=0.03)
    by_name = {line.what: line for line in best.outcome.bill.lines}
    assert by_name[f"{name} instances"].quantity == HOURS * size
    assert float(by_name["spill: work on demand"].quantity) == pytest.approx(float(seconds), rel=0.05)
    rates = {"Hrs": HOUR[name], "GB-Mo": VOLUME, "second": SECOND, "GB": DATA}
    assert all(abs(line.usd - line.quantity * rates[line.unit]) < Decimal("1e-11") for line in by_name.values())
    assert sum(line.usd for line in by_name.values()) == best.usd_per_month


def test_its_parts_have_all_requests_once_and_both_bills(answer: Recommendation) -> None:
    best = answer.best
    assert best is not None
    base, second = best.parts
    assert (base.pattern, second.pattern) == ("real-time", "serverless")
    assert base.requests + second.requests == best.outcome.requests
    for name, count in best.outcome.statuses.items():
        assert base.statuses[name] + second.statuses[name] == count
    assert base.usd_per_month.value + second.usd_per_month.value == best.usd_per_month
    assert base.cold_start_share == 0 < second.cold_start_share


def test_it_says_what_it_assumes_and_what_would_change_it(answer: Recommendation) -> None:
    assert any("AWS routes no spill" in note for note in answer.notes)
    assert {one.best for one in (*answer.break_even, *answer.sensitivity)} == {"combination"}
    # A volume of 512 GB is paid for with each instance: its price by hand.
    spill, [volume] = the_spill(answer), [one for one in answer.sensitivity if one.key == "endpoint_volume"]
    more = spill.base.min_instances * (512 - 30) * VOLUME
    assert volume.best_high == "combination"
    assert volume.usd_high == pytest.approx(float(answer.options[0].usd_per_month + more), rel=0.01)
    keys = {one.key for one in answer.assumptions}
    assert {"serverless_keep_alive", "endpoint_overhead"} <= keys


def test_no_warning_is_of_all_the_traffic_on_one_part(answer: Recommendation) -> None:
    spill, w = the_spill(answer), answer.workload
    assert "RT-30" in {one.rule for one in spill.base.check(w) if one.verdict is WARNS}
    found = spill.check(w)
    assert not {"RT-30", "RT-36", "SL-20", "SL-50"} & {one.rule for one in found}
    assert not [one for one in found if one.verdict is BLOCKS]
    assert [one.verdict.rank for one in found] == sorted(one.verdict.rank for one in found)


def test_it_is_shown_in_detail_from_python_and_by_a_command(answer: Recommendation) -> None:
    first = answer.options[0]
    command = answer.command(first) or ""
    assert "--pattern combination --set base.pattern=real-time" in command
    assert "--set second.pattern=serverless" in command
    alone = answer.option("serverless")
    assert "--pattern serverless" in (answer.command(alone) or "")
    shown = eval(in_python(first), {"ad": ad, "w": answer.workload, "answer": answer})
    assert shown.usd_per_month == first.outcome.usd_per_month
    assert shown.latency_s == first.outcome.latency_s
    assert shown.statuses == first.outcome.statuses


def test_every_form_of_the_answer_shows_it(answer: Recommendation) -> None:
    from advisor.reports.review.closing import reproduce, request
    from advisor.reports.review.figures import costs, reliability
    from advisor.reports.review.opening import decision
    from advisor.reports.subject import best_of_each, short_id, streamed

    best = answer.best
    assert best is not None
    told = json.loads(json.dumps(answer.to_json(), default=str))
    assert told["best"] == best.id
    first = told["options"][0]
    assert [part["pattern"] for part in first["parts"]] == ["real-time", "serverless"]
    assert [part["pattern"] for part in first["deployment"]["parts"]] == ["real-time", "serverless"]
    frame = answer.to_frame()
    assert frame.iloc[0]["id"] == best.id
    assert frame.iloc[0]["pattern"] == "combination"
    assert best.id in str(answer)
    sections = [decision(answer), costs(answer), reliability(answer), request(answer), reproduce(answer, BURSTY)]
    text = repr(sections)
    assert "Host it as real-time + serverless" in text
    [rendered] = [line for line in text.split(r"\n") if line.startswith("advisor render ")]
    assert "--pattern combination --set base.pattern=real-time" in rendered
    assert "--set second.pattern=serverless" in rendered
    assert streamed(answer) is best.outcome
    assert best_of_each(answer)[0] is best
    assert "\n+ " in short_id(best.outcome)


def test_its_requests_are_those_of_both_parts(answer: Recommendation) -> None:
    spill, w = the_spill(answer), answer.workload
    calls = spill.render(w)
    assert calls == (*spill.base.render(w), *spill.second.render(w))
    names = [call.request["EndpointName"] for call in calls if call.operation == "create_endpoint"]
    assert len(set(names)) == 2


def test_simulating_it_gives_the_very_option(answer: Recommendation) -> None:
    best = answer.best
    assert best is not None
    again = simulate(answer.workload, the_spill(answer), seed=5, replications=best.outcome.replications)
    assert again.bill == best.outcome.bill
    assert again.statuses == best.outcome.statuses
    assert again.latency_s == best.outcome.latency_s


def test_where_cost_alone_counts_some_may_wait_at_the_base_and_fewer_are_paid_for_by_the_request() -> None:
    found = recommend(bursty("cost"), seed=5, patterns=["real-time", "serverless"], explain=False, brief=True)
    spill = the_spill(found)
    assert spill.spill_at > 0
    assert f"-wait{spill.spill_at} + " in spill.id
    best = found.best
    assert best is not None
    none_waits = Spill(base=spill.base, second=spill.second)
    plain = simulate(found.workload, none_waits, seed=5, replications=2)
    assert best.usd_per_month < plain.usd_per_month.value
    assert best.latency_s("p90") <= 2


STEADY = BURSTY.replace(
    "rate: 8 per second, bursts: {peak: 6x, cv: 1, length: 4 min}", "rate: 8 per second, shape: steady"
)


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        (STEADY, "steady traffic fills its instances"),
        (STEADY.replace("8 per second", "20 per hour"), "serverless alone has nothing to pay for"),
        (BURSTY.replace("errors: 1 %", "errors: 1 %, cold_starts: avoid"), "a spill begins cold"),
        (BURSTY.replace("PREFER", "latency"), "nothing is faster than a fleet for the peak"),
        (BURSTY.replace("region: us-east-1", "region: us-east-1\nneeds: [vpc]"), "serverless is refused"),
        (BURSTY.replace("request: 4 KB", "request: 5 MB"), "serverless refuses the payload"),
    ],
    ids=["steady", "rare", "no cold start", "latency", "vpc", "payload"],
)
def test_it_is_neither_proposed_nor_simulated_where_it_cannot_win(
    profile: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    plain = Bench.trial

    def watched(bench: Bench, deployment: Spill) -> object:
        tried.append(deployment.name)
        return plain(bench, deployment)

    monkeypatch.setattr(Bench, "trial", watched)
    w = reads(profile.replace("PREFER", "cost"))
    found = recommend(w, seed=5, patterns=["real-time", "serverless"], explain=False, brief=True)
    assert found.options, why
    assert "combination" not in {one.pattern for one in found.options}
    assert "combination" not in tried


def test_a_thin_load_is_foreseen_where_no_profile_can_say_its_bursts() -> None:
    # 0.1045 a second: chance alone spreads its minutes by 0.3994, so bursts of a cv of 0.4 would last hardly at all.
    w = bursty().with_({"traffic.bursts.cv": 0.4, "traffic.bursts.peak": "2.5x"})
    with pytest.raises(InputError, match="too short"):
        w.scaled(rate=0.1045 / 8)
    thin = spilling._thinned(w, 0.1045 / 8)
    assert thin is not None
    assert thin.rate_per_s == pytest.approx(0.1045 / 2)


def test_what_sets_up_provisioned_containers_says_nothing_of_instances(answer: Recommendation) -> None:
    slow = answer.workload.with_({"platform.serverless_provisioned_overhead": "5 s"})
    assert Outlook(answer).best_with_usd(slow, resized=False) == Outlook(answer).here()


def test_it_is_not_looked_for_where_one_of_its_patterns_is_left_out() -> None:
    for pattern in ("real-time", "serverless"):
        found = recommend(bursty(), seed=5, patterns=[pattern], explain=False, brief=True)
        assert {one.pattern for one in found.options} == {pattern}


def test_without_hybrids_the_best_single_pattern_is_the_answer() -> None:
    names = ["real-time", "serverless"]
    found = recommend(bursty(), seed=5, patterns=names, explain=False, brief=True, hybrids=False)
    assert "combination" not in {one.pattern for one in found.options}


def test_every_request_of_it_can_be_listed(answer: Recommendation) -> None:
    run = every_request(answer.workload, the_spill(answer), seed=5, budget=400_000)
    assert isinstance(run, SpillRun)
    assert run.columns is not None
    low, high = run.window_s
    inside = (run.columns.first_arrival >= low) & (run.columns.first_arrival < high)
    assert int(inside.sum()) == run.came
    assert int((inside & (run.columns.instance >= len(run.timeline.units))).sum()) >= run.sent_on * 0.99


def test_a_base_that_scales_or_routes_at_random_is_an_error() -> None:
    second = Serverless(memory_mib=2048, max_concurrency=10)
    with pytest.raises(InputError, match="as the base of a spill"):
        Spill(base=RealTime(instance_type="ml.c5.large"), second=second)
    lor = RealTime(instance_type="ml.c5.large", routing="LEAST_OUTSTANDING_REQUESTS")
    with pytest.raises(InputError, match="leave its schedule out"):
        Spill(base=lor, second=Serverless(memory_mib=2048, max_concurrency=10, schedule="mon-fri 08:00-18:00=4"))
    with pytest.raises(InputError, match="spill_at=-1"):
        Spill(base=lor, second=second, spill_at=-1)
    spill = Spill(base=lor, second=second, spill_at=2)
    assert eval(repr(spill)) == spill
    with pytest.raises(BugError, match="the parts of"):
        spill.with_({"spill-at": 1})


# A model that needs an accelerator, so that serverless is refused; nine of ten answers are wanted soon, and the tenth
# may come when it likes. Bursts of six minutes are over before a new instance serves.
PATIENT_TENTH = """
name: one-in-ten-waits
region: us-east-1
model: {size: 3 GB, memory: 8 GB, framework: pytorch, accelerator: required}
work: [{on: ml.g5.xlarge, mean: 800 ms, cv: 0.3, workers: 1}]
traffic: {rate: 1.8 per second, bursts: {peak: 3x, cv: 0.4, length: 6 min}}
payload: {request: 400 KB, response: 10 KB}
objective: {p90: 3 s, errors: 0.1 %}
"""


def test_where_one_in_ten_may_wait_an_asynchronous_endpoint_takes_the_spill() -> None:
    names = ["real-time", "asynchronous"]
    found = recommend(reads(PATIENT_TENTH), seed=5, patterns=names, explain=False, brief=True)
    spill = the_spill(found)
    best = found.best
    assert best is not None
    assert spill.patterns == "real-time + asynchronous"
    assert isinstance(spill.second, Asynchronous)
    assert spill.second.sleeps
    assert best.latency_s("p90") <= 3 < best.latency_s("p99")
    base, second = best.parts
    # What is sent on waits for a launch, and is less than the tenth that may.
    assert second.requests < 0.1 * best.outcome.requests
    assert second.latency_s["p50"].value > 30
    assert best.outcome.statuses["served"] == best.outcome.requests
    lines = {line.what: line.quantity for line in best.outcome.bill.lines}
    assert lines[f"{spill.base.instance_type} instances"] == HOURS * spill.base.min_instances
    assert 0 < lines[f"spill: {spill.second.instance_type} instances"] < HOURS
    assert any("AWS routes no spill" in note for note in found.notes)
    assert base.usd_per_month.value + second.usd_per_month.value == best.usd_per_month


def test_a_plan_is_set_against_the_hours_of_each_part() -> None:
    w = reads(PATIENT_TENTH + "purchase: {savings_plan: {discount: 40 %, covers: [real-time], commitment: best}}\n")
    base = RealTime(
        instance_type="ml.g5.xlarge", min_instances=2, max_instances=2, routing="LEAST_OUTSTANDING_REQUESTS"
    )
    second = Asynchronous(instance_type="ml.g5.xlarge", min_instances=0, max_instances=2)
    spill = Spill(base=base, second=second)
    run = spill.simulate(w, spill.trace(w, seed=1, horizon=horizon_of(w, budget=20_000)))
    usage = with_hours(w, spill.usage(w, run), run)
    by_name = {meter.what: meter for meter in usage.meters if meter.granule == "instance-second"}
    standing, sleeping = by_name["ml.g5.xlarge instances"], by_name["spill: ml.g5.xlarge instances"]
    assert standing.hourly == (2 * 3600,) * usage.hours
    assert sleeping.hourly is not None
    assert sum(sleeping.hourly) == sleeping.granules
