"""A stream's own endpoint that is sent the lot, too: told apart, judged and billed as hand arithmetic says."""

from __future__ import annotations

import json
import math
import re
import shlex
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import advisor as ad
from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.shared import Shared
from advisor.advice.simulating import every_request
from advisor.errors import BugError, InputError
from advisor.patterns import Asynchronous, RealTime, Serverless
from advisor.rules import BLOCKS
from advisor.sim.arrivals import Sent, SentFeed
from advisor.sim.horizon import Horizon, with_whole_lots
from advisor.sim.shared_record import SharedRun

# A request at every full minute; one worker, and two seconds of work without any chance in it.
CLOCKWORK = """
name: clockwork
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.m5.large, mean: 2 s, cv: 0, workers: 1}]
traffic: {rate: 1 per minute, shape: regular}
payload: {request: 3 KB, request_max: 3 KB, response: 1 KB, response_max: 1 KB}
batch: {records: 20, record_size: 5 KB, files: 2, every: 1 day, deadline: DEADLINE}
objective: {p99: 3 s}
"""
# Prices of us-east-1, AWS price list, 2026-09: an instance an hour, a GB of volume a month, a GB in or out.
HOUR, VOLUME, DATA, HOURS = Decimal("0.115"), Decimal("0.14"), Decimal("0.016"), 730
ONE = RealTime(instance_type="ml.m5.large", volume_gb=30)


def clockwork(deadline: str = "1 h") -> ad.Workload:
    return ad.reads(CLOCKWORK.replace("DEADLINE", deadline))


def overhead(w: ad.Workload) -> float:
    return float(w.assume("endpoint_overhead"))


def test_records_are_sent_in_equal_steps_from_when_each_lot_came() -> None:
    columns = np.zeros((3, 10))
    feed = SentFeed(Sent(name="lot", count=4, every_s=100.0, over_s=20.0))
    assert feed.fill(columns, 0, 3) == 3
    assert feed.fill(columns, 3, 10) == 10
    assert columns[0].tolist() == [0, 5, 10, 15, 100, 105, 110, 115, 200, 205]


def test_a_record_waits_behind_a_request_and_the_lot_is_done_when_the_last_is_answered() -> None:
    # 60.5 s lie between two records, so that the second comes half a second after a request, and waits 1.5 s.
    w, shared = clockwork().with_({"batch.records": 60}), Shared(stream=ONE, sent_over_s=3630)
    run = every_request(w, shared, seed=1)
    assert isinstance(run, SharedRun)
    assert run.columns is not None
    day = round(run.window_s[0])
    rows = {round(at, 1): n for n, at in enumerate(run.columns.first_arrival) if at >= day + 1}
    taken = {at: run.columns.answered[n] - run.columns.first_arrival[n] for at, n in rows.items()}
    assert taken[day + 60.5] == pytest.approx(1.5 + 2, abs=1e-5)
    assert taken[day + 121.0] == pytest.approx(1 + 2, abs=1e-5)
    assert taken[day + 60.0] == pytest.approx(2, abs=1e-5)
    assert taken[day + 59 * 60.5] == pytest.approx(2, abs=1e-5)
    # Of each day's 1,440 requests and 60 records the ledger has the requests.
    days = round((run.window_s[1] - run.window_s[0]) / 86400)
    assert run.ledger.arrived == days * 1440
    assert run.whole.ledger.arrived == days * 1500
    assert len(run.lots) == days
    lot = run.lots[0]
    assert (lot.due, lot.records, lot.unserved) == (day, 60, 0)
    assert lot.done == pytest.approx(day + 59 * 60.5 + 2 + overhead(w), abs=1e-4)


def test_latency_is_the_streams_and_use_and_bytes_are_of_both() -> None:
    w, shared = clockwork().with_({"batch.records": 60}), Shared(stream=ONE, sent_over_s=3630)
    outcome = ad.simulate(w, shared, seed=1, replications=2)
    assert outcome.latency_s["p99"].value == pytest.approx(2 + overhead(w), rel=2e-3)
    assert outcome.requests == outcome.statuses["served"]
    assert outcome.requests % 1440 == 0
    assert outcome.utilisation == pytest.approx((1440 + 60) * 2 / 86400, rel=1e-3)
    days = Decimal(HOURS) / 24
    bytes_in = days * (1440 * 3000 + 60 * 5000)
    bytes_out = days * (1440 + 60) * 1000
    by_name = {line.what: line for line in outcome.bill.lines}
    assert float(by_name["data in"].quantity) == pytest.approx(float(bytes_in) / 1e9, rel=1e-6)
    assert float(by_name["data out"].quantity) == pytest.approx(float(bytes_out) / 1e9, rel=1e-6)
    by_hand = HOURS * HOUR + 30 * VOLUME + (bytes_in + bytes_out) / 10**9 * DATA
    assert float(outcome.usd_per_month.value) == pytest.approx(float(by_hand), rel=1e-6)
    assert any("those of the stream's requests" in note for note in outcome.notes)
    # The last of sixty steps of 60.5 s, and two seconds of work: 3,571.5 s and the overhead of a call.
    assert any(note.endswith("lots was done 59.5 min after it came or sooner") for note in outcome.notes)


def test_an_asynchronous_endpoint_is_told_apart_alike() -> None:
    w = clockwork().with_({"batch.records": 60, "objective.p99": None})
    queue = Asynchronous.start_on(w.with_({"batch": None}), "ml.m5.large")
    run = every_request(w, Shared(stream=queue, sent_over_s=3630), seed=1)
    assert isinstance(run, SharedRun)
    days = round((run.window_s[1] - run.window_s[0]) / 86400)
    assert (run.ledger.arrived, run.whole.ledger.arrived) == (days * 1440, days * 1500)
    calls = float(w.assume("async_overhead"))
    assert run.ledger.mean_s == pytest.approx(2 + calls, rel=1e-6)
    assert run.lots[0].done - run.lots[0].due == pytest.approx(59 * 60.5 + 2 + calls, rel=1e-6)


@pytest.mark.parametrize(("deadline", "late"), [("45 s", False), ("40 s", True)])
def test_a_lot_that_is_sent_too_fast_is_judged_by_its_deadline(deadline: str, late: bool) -> None:
    # A request and twenty records, one a second: the only worker has them done after 21 x 2 s.
    outcome = ad.simulate(clockwork(deadline), Shared(stream=ONE, sent_over_s=20), seed=1, replications=2)
    assert outcome.meets_objective is not late
    if late:
        [miss] = outcome.misses
        assert re.fullmatch(r"(\d+) of \1 lots took up to 42.* s, and the deadline is 40 s after a lot came", miss)


@pytest.mark.parametrize(
    ("every", "over_h", "warmup_h", "lots"),
    [
        # Days and lots meet every 72 h: ten such times fit into thirty days, and 36 h go into them twenty times. A run
        # of two days more ends at 768 h, 12 h after the lot of 756 h came, which takes 27 h; a day later none is sent.
        ("36 hours", 27, 72, 20),
        # 168 h are the least of whole days and whole 7 h: four times fit. 24 + 672 h is 3 h after a lot; the day after,
        # 720 h is 6 h after that of 714 h, whose 5.4 h are over.
        ("7 hours", 5.4, 48, 96),
        # They meet every 552 h, once. 576 h is an hour after the lot of 575 h, a day later two, and so on: 46 h instead
        # are two lots, after which 24 more come.
        ("23 hours", 20.7, 46, 24),
        # Whole days fit as they are.
        ("1 day", 21.6, 24, 30),
    ],
)
def test_each_lot_of_the_window_is_judged_and_none_is_being_sent_when_it_ends(
    every: str, over_h: float, warmup_h: float, lots: int
) -> None:
    text = CLOCKWORK.replace("every: 1 day, deadline: DEADLINE", f"every: {every}, deadline: 30 hours")
    w = ad.reads(text.replace("shape: regular", "day: office, shape: regular"))
    run = every_request(w, Shared(stream=ONE, sent_over_s=over_h * 3600), seed=1)
    assert isinstance(run, SharedRun)
    assert run.window_s[0] == warmup_h * 3600
    each_s = w.batch.every_s if w.batch is not None else 0
    first = math.ceil(warmup_h * 3600 / each_s)
    assert [one.due for one in run.lots] == [(first + n) * each_s for n in range(lots)]
    # No lot's twenty records are lost; the last goes out after 19 of 20 steps, and takes 2 s, and a request's 2 s more.
    assert all(one.unserved == 0 for one in run.lots)
    for one in run.lots:
        assert over_h * 3600 * 0.95 + 2 <= one.done - one.due <= over_h * 3600 * 0.95 + 5


def test_an_endpoint_that_does_the_same_every_day_warms_up_in_whole_days() -> None:
    given = Horizon(period_s=72 * 3600, warmup_s=48 * 3600, window_s=720 * 3600)
    found = with_whole_lots(clockwork(), given, every_s=36 * 3600, over_s=27 * 3600, cycle_s=24 * 3600)
    assert (found.warmup_s, found.window_s) == (72 * 3600, 720 * 3600)
    # Lots of two days that are sent without a pause are always being sent after an odd number of days.
    odd = Horizon(period_s=48 * 3600, warmup_s=24 * 3600, window_s=48 * 3600)
    with pytest.raises(InputError, match="is never sent in full where a run of whole times of 2 days ends"):
        with_whole_lots(clockwork(), odd, every_s=48 * 3600, over_s=48 * 3600, cycle_s=48 * 3600)


def test_the_longest_lot_is_told_as_the_longest_job_is() -> None:
    # The last of sixty steps of 60.5 s comes after 3,569.5 s; it takes two seconds and the overhead of a call.
    w, shared = clockwork().with_({"batch.records": 60}), Shared(stream=ONE, sent_over_s=3630)
    outcome = ad.simulate(w, shared, seed=1, replications=1)
    assert outcome.longest_job_s == pytest.approx(59 * 60.5 + 2 + overhead(w), abs=1e-3)


def test_what_waits_too_long_behind_the_lot_is_told_of_the_stream() -> None:
    # Half an hour of records one a second, and two of work each: every request of that time, and after, is late.
    w = clockwork().with_({"batch.records": 1800})
    outcome = ad.simulate(w, Shared(stream=ONE, sent_over_s=1800), seed=1, replications=2)
    assert not outcome.meets_objective
    assert any(miss.endswith("p99 allows 1 %") for miss in outcome.misses)
    assert any("of the lot's records are not served" in miss for miss in outcome.misses)


SHARED = """
name: both
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.m5.large, mean: 300 ms, workers: 2}]
traffic: {rate: 1 per minute}
payload: {request: 4 KB, response: 1 KB}
batch: {records: 20000, record_size: SIZE, files: 20, every: 1 day, deadline: 4 h}
objective: {p99: 2 s}
needs: [vpc]
"""


@pytest.fixture(scope="module")
def answer() -> Recommendation:
    return recommend(ad.reads(SHARED.replace("SIZE", "4 KB")), seed=3, explain=False)


def test_an_idle_endpoint_that_takes_the_lot_is_best_and_costs_no_job(answer: Recommendation) -> None:
    best, pair = answer.best, next(one for one in answer.options if one.parts)
    assert best is not None
    assert isinstance(best.deployment, Shared)
    assert best.deployment.stream == pair.deployment.named["stream"]
    requests, records = HOURS * 60, 20_000 * HOURS / 24
    by_hand = HOURS * HOUR + 30 * VOLUME + Decimal((requests + records) * 5000 / 1e9) * DATA
    assert float(best.usd_per_month) == pytest.approx(float(by_hand), rel=1e-3)
    _, job = pair.parts
    saved = float(pair.usd_per_month - best.usd_per_month)
    # The job's instances and storage are saved, and bytes of records are paid for.
    paid = records * 5000 / 1e9 * float(DATA)
    assert saved == pytest.approx(float(job.usd_per_month.value) - paid, rel=0.02)
    assert best.latency_s("p99") <= 2
    assert answer.why[0].startswith(f"{best.id} is best")
    assert answer.confidence.first_is_first > 0.99
    assert any("the caller's own client sends the lot's records" in note for note in answer.notes)


def test_the_printed_command_gives_its_very_figures(answer: Recommendation, advisor, tmp_path: Path) -> None:
    profile = tmp_path / "both.yaml"
    profile.write_text(SHARED.replace("SIZE", "4 KB"))
    [best, *_] = json.loads(advisor("recommend", profile, "--quick", "--seed", 3, "--json").out)["options"]
    assert "--set sent_over_s=" in best["command"]
    ran = advisor(*shlex.split(best["command"])[1:], "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    names = ("id", "usd_per_month", "latency_s", "statuses", "bill", "deployment", "replications", "misses")
    assert {name: shown[name] for name in names} == {name: best[name] for name in names}
    rendered = json.loads(advisor("render", profile, *shlex.split(best["command"].split(" --seed")[0])[3:]).out)
    assert [one["operation"] for one in rendered] == ["create_model", "create_endpoint_config", "create_endpoint"]


def test_records_that_are_larger_than_a_call_may_be_are_not_sent_to_an_endpoint() -> None:
    # A call to a real-time endpoint takes 25 MB; the rules refuse the record, whatever the stream's requests are.
    w = ad.reads(SHARED.replace("SIZE", "60 MB").replace("20000", "200"))
    refused = [one for one in Shared(stream=ONE, sent_over_s=3600).check(w) if one.verdict is BLOCKS]
    assert refused
    assert not [one for one in ONE.check(w.with_({"batch": None})) if one.verdict is BLOCKS]
    found = recommend(w, seed=3, explain=False, patterns=["real-time", "batch-transform"])
    assert not [one for one in found.options if isinstance(one.deployment, Shared)]


def test_where_a_job_costs_less_than_the_room_for_the_lot_it_stays_a_job() -> None:
    # Two million records of 300 ms fill seven instances of two workers all day; a job takes them when it runs alone.
    w = ad.reads(SHARED.replace("SIZE", "4 KB").replace("records: 20000", "records: 1 million"))
    found = recommend(w, seed=3, explain=False, patterns=["real-time", "batch-transform"])
    assert found.options
    assert not [one for one in found.options if isinstance(one.deployment, Shared)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "the next comes after 24 h"),
        ({"batch": None}, "has no lot beside a stream"),
        ({"traffic": None, "objective.p99": None}, "has no lot beside a stream|has no stream of requests"),
        ({"model.count": 3}, "each model has an endpoint of its own"),
        ({"traffic.spikes": [{"at": "day 3 14:00", "height": "3x", "lasts": "20 min"}]}, "but not both at once"),
    ],
    ids=["too long", "no lot", "no stream", "many models", "spikes"],
)
def test_what_cannot_be_sent_is_an_error(change: dict[str, object], words: str) -> None:
    w = clockwork().with_(change)
    shared = Shared(stream=ONE, sent_over_s=90_000)
    with pytest.raises(InputError, match=words):
        shared.check(w)
    with pytest.raises(InputError, match=words):
        ad.simulate(w, shared, replications=1)


def test_so_many_records_that_they_cannot_be_held_are_an_error() -> None:
    w = clockwork().with_({"batch.records": "4 million"})
    with pytest.raises(InputError, match=r"has 8,002,880 requests, and 6,000,000 at most are held"):
        ad.simulate(w, Shared(stream=ONE, sent_over_s=80_000), replications=1)


def test_an_instance_that_is_lost_is_lost_to_both() -> None:
    from advisor.sim.faults import faults_of

    w, shared = clockwork(), Shared(stream=ONE, sent_over_s=60)
    lost = ad.simulate(w, shared, seed=1, replications=1, faults=faults_of(["instance-loss=2 per day"], outage_s=3600))
    assert lost.error_share.value > 0
    assert not lost.meets_objective


def test_it_is_a_value_with_its_settings_under_its_part() -> None:
    shared = Shared(stream=ONE, sent_over_s=3600)
    assert eval(repr(shared)) == shared
    assert shared.id == "real-time-m5.large-x1-v30 + lot-over-3600s"
    with pytest.raises(InputError, match="sent_over_s=0"):
        Shared(stream=ONE, sent_over_s=0)
    with pytest.raises(BugError, match=r"the parts of .* have settings, and it has none"):
        shared.with_({"sent_over": "2 h"})
    w = clockwork()
    [judged] = ad.check(w, pattern="combination", sets={"stream.pattern": "real-time", "sent_over": "1 h"}).patterns
    assert judged.deployment == Shared(stream=RealTime.start(w.with_({"batch": None})), sent_over_s=3600)
    sets = {"stream.pattern": "serverless", "sent_over": "1 h"}
    with pytest.raises(InputError, match='"serverless" cannot be the stream'):
        ad.check(w, pattern="combination", sets=sets)
    assert Serverless.name not in shared.at_work
