"""One-off spikes: a pair of runs on the same requests, their difference once in the month; many models in the bill."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache

import pytest

from advisor.advice.recommendation import Recommendation
from advisor.advice.recommending import recommend
from advisor.advice.simulating import simulate
from advisor.advice.spiking import Spiked, has_spikes, in_a_month, least_pairs, of_the_month, pair_of, spiked
from advisor.catalog.prices import price_book
from advisor.money import Usage
from advisor.patterns import BatchTransform, RealTime, Serverless
from advisor.patterns.base import Pattern
from advisor.patterns.meters import data
from advisor.sim.ledger import Ledger
from advisor.streams import replication
from advisor.workload import Workload, reads

# Two requests a minute of 0.25 s exactly, and for 50 minutes of day 3 eleven times as many: 1,000 more on average.
PROFILE = """
name: spiky
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 250 ms, cv: 0}, {on: ml.m5.large, mean: 250 ms, cv: 0, workers: 2}]
traffic: {rate: 2 per minute, shape: steady, spikes: [{at: day 3 10:00, height: 11x, lasts: 50 min}]}
payload: {request: 0 B, response: 0 B}
objective: {p95: 12 s, errors: 1 %}
"""
SERVERLESS = Serverless(memory_mib=2048, max_concurrency=50)


def pairs_of(w: Workload, deployment: Pattern, most: int) -> list[Spiked]:
    return [pair_of(w, deployment, replication(4, number)) for number in range(most)]


def test_a_spike_costs_its_own_requests_times_their_milliseconds_times_the_rate() -> None:
    w = reads(PROFILE)
    pairs = pairs_of(w, SERVERLESS, 3)
    assert len(pairs) == 3
    for pair in pairs:
        # Those who come in the 50 minutes are the usual 100 and the spike's 1,000, about; each is 250 ms of work.
        usual = 100
        assert abs(pair.during.arrived - 1100) <= 4 * math.sqrt(1100)
        [milliseconds, into, out] = pair.more
        assert milliseconds % 250 == 0
        assert abs(milliseconds / 250 - (pair.during.arrived - usual)) <= 4 * math.sqrt(usual)
        assert into == out == 0


def test_what_the_spike_adds_is_in_the_bill_once() -> None:
    w = reads(PROFILE)
    calm = w.with_({"traffic.spikes": None})
    outcome, without = (simulate(one, SERVERLESS, seed=4, replications=3) for one in (w, calm))
    pairs = pairs_of(w, SERVERLESS, 3)
    rate = price_book().rate("us-east-1", "ServerlessInf", "Mem-2GB").usd
    by_hand = sum(pair.more[0] for pair in pairs) / Decimal(3000) * rate
    assert outcome.usd_per_month.value - without.usd_per_month.value == pytest.approx(by_hand, rel=Decimal("1e-6"))
    assert sum((line.usd for line in outcome.bill.lines), Decimal(0)) == outcome.usd_per_month.value
    assert outcome.spikes is not None
    assert without.spikes is None
    assert outcome.spikes.usd.value == pytest.approx(float(by_hand), rel=1e-6)
    # The usual traffic's own figures do not move.
    assert outcome.latency_s == without.latency_s
    assert outcome.statuses == without.statuses
    assert "while the spikes last" in str(outcome)
    assert outcome.to_json()["spikes"]["requests"]["value"] == pytest.approx(1100, rel=0.1)
    assert without.to_json()["spikes"] is None


def test_a_third_pair_is_run_where_two_leave_the_bill_imprecise() -> None:
    asked: list[int] = []

    def pair(number: int) -> Callable[[], Spiked]:
        asked.append(number)
        return lambda: Spiked(more=(number,), during=Ledger())

    def known(found: Sequence[Spiked]) -> bool:
        assert [one.more for one in found] == [(n,) for n in range(len(found))]
        return len(found) == 2

    assert len(spiked(pair, most=9, settled=known)) == 2
    assert len(spiked(pair, most=9, settled=lambda _: False)) == 3
    assert len(spiked(pair, most=1, settled=lambda _: False)) == 1
    assert asked == [0, 1, 0, 1, 2, 0]


def test_two_runs_of_a_spike_give_no_interval_and_say_so() -> None:
    w = reads(PROFILE)
    two = simulate(w, SERVERLESS, seed=1, replications=2)
    assert two.spikes is not None
    assert (two.spikes.runs, two.spikes.spread) == (2, False)
    assert math.isnan(two.spikes.error_share.low)
    told = str(two.spike_table(two.spikes))
    assert "known from 2 runs, too few for an interval" in " ".join(told.split())
    assert "unknown" in told
    # A pair takes a moment here: as many as there are replications, up to five, have it.
    many = simulate(w, SERVERLESS, seed=1, replications=6)
    assert many.spikes is not None
    assert (many.spikes.runs, many.spikes.spread) == (5, True)
    share = many.spikes.error_share
    assert 0 <= share.low <= share.value <= share.high <= 0.1
    assert "unknown" not in str(many.spike_table(many.spikes))


def test_more_pairs_are_run_only_where_they_take_a_moment() -> None:
    # 1,000 requests of the spike and two a minute over some hours, twice; a hundredfold of both is too many.
    assert least_pairs(reads(PROFILE)) == 5
    assert least_pairs(reads(PROFILE.replace("2 per minute", "200 per minute"))) == 2


def test_a_frame_has_columns_of_the_spikes_where_there_are_any() -> None:
    w = reads(PROFILE)
    held = simulate(w, SERVERLESS, seed=1, replications=3)
    assert held.spikes is not None
    [row] = held.to_frame().to_dict("records")
    assert row["spike_runs"] == 3
    assert row["spike_requests"] == held.spikes.requests.value
    assert row["spike_p95_high_s"] == held.spikes.latency_s["p95"].high
    assert row["spike_error_share"] == held.spikes.error_share.value
    assert row["month_error_share"] == held.spikes.month_error_share
    types = held.to_frame().dtypes
    assert types["spike_runs"] == "Int64"
    assert {str(types[name]) for name in types.index if name.startswith("spike_") and name != "spike_runs"} == {
        "float64"
    }
    plain = simulate(w.with_({"traffic.spikes": None}), SERVERLESS, seed=1, replications=1)
    assert not [name for name in plain.to_frame().columns if name.startswith("spike_")]
    ranked = overrun().to_frame()
    assert list(ranked["spike_runs"]) == [one.outcome.spikes.runs for one in overrun().options if one.outcome.spikes]


def test_two_spikes_are_both_told_of() -> None:
    second = ", {at: day 3 14:00, height: 21x, lasts: 25 min}]"
    [pair] = pairs_of(reads(PROFILE.replace("lasts: 50 min}]", "lasts: 50 min}" + second)), SERVERLESS, 1)
    # 50 minutes of 22 a minute, and 25 of 42.
    assert abs(pair.during.arrived - (1100 + 1050)) <= 4 * math.sqrt(2150)


def test_requests_of_a_spike_that_finds_too_few_containers_are_throttled_and_shown() -> None:
    w = reads(PROFILE.replace("11x", "4000x") + "platform: {client_retries: none}\n")
    outcome = simulate(w, Serverless(memory_mib=2048, max_concurrency=5), seed=1, replications=2)
    assert outcome.spikes is not None
    # 133 a second of 0.25 s, after set-ups: 33 containers' worth on five; by Erlang B at least 1 - 5 / 33.3 are lost.
    assert outcome.spikes.error_share.value >= 1 - 5 / (4000 * 2 / 60 * 0.25)
    assert outcome.error_share.value < 0.01
    assert math.isinf(outcome.spikes.latency_s["p99"].value)


def test_the_month_loses_what_its_spike_loses_and_what_is_lost_usually() -> None:
    w = reads(PROFILE)
    # A month of 43,800 minutes: 50 are the spike's, and in the others two a minute come.
    usual = 2 * (730 * 60 - 50)
    share = of_the_month(w, usual_error_share=0.0, requests=1100.0, error_share=0.4)
    assert share == pytest.approx(440 / (usual + 1100), rel=1e-12)
    both = of_the_month(w, usual_error_share=0.01, requests=1100.0, error_share=0.4)
    assert both == pytest.approx((440 + usual / 100) / (usual + 1100), rel=1e-12)


@cache
def overrun() -> Recommendation:
    """Its best is much too small for the spike, which no option is judged by."""
    w = reads(PROFILE.replace("11x", "4000x") + "platform: {client_retries: none}\n")
    return recommend(w, patterns=["serverless"], explain=False)


def test_an_answer_tells_in_words_and_tables_how_its_options_fare_in_the_spike() -> None:
    answer = overrun()
    assert answer.best is not None
    spikes = answer.best.outcome.spikes
    assert spikes is not None
    assert spikes.error_share.value > 0.01
    # Fifty minutes of 4,000 times two a minute, beside two a minute in all others.
    many = 4000 * 2 * 50
    by_hand = spikes.error_share.value * many / (many + 2 * (730 * 60 - 50))
    assert spikes.month_error_share == pytest.approx(by_hand, rel=0.01)
    [said] = [sentence for sentence in answer.why if sentence.startswith("While the spikes last")]
    assert "of the requests are not served where 1 % may be" in said
    assert f"{float(f'{100 * spikes.month_error_share:.3g}'):g} % of all requests of the month" in said
    text = str(answer)
    assert text.index("without the one-off spikes") < text.index("not served of the month")
    [told] = [table for table in answer.tables() if table.title == "While the spikes last"]
    assert [row[1] for row in told.rows] == [one.id for one in answer.options]
    assert told.rows[0][3] == "infinite"
    assert answer.to_json()["options"][0]["spikes"]["month_error_share"] == spikes.month_error_share


def test_a_review_tells_of_the_spike_beside_the_decision_the_options_and_the_latency() -> None:
    from advisor.reports.review.considered import options
    from advisor.reports.review.figures import reliability
    from advisor.reports.review.opening import decision

    box, in_table, latency = (repr(part(overrun()).blocks) for part in (decision, options, reliability))
    assert "the figures above are without them" in box
    assert "While the spikes last" in in_table
    assert "without the one-off spikes" in in_table
    assert "every one of the usual requests, without the one-off spikes" in latency
    assert "in the spikes" in latency


def test_an_answer_without_spikes_says_nothing_of_them() -> None:
    answer = recommend(reads(PROFILE).with_({"traffic.spikes": None}), patterns=["serverless"], explain=False)
    assert "spike" not in str(answer)


def test_a_fixed_fleet_pays_nothing_for_a_spike_but_its_bytes() -> None:
    w = reads(PROFILE)
    [pair] = pairs_of(w, RealTime(instance_type="ml.m5.large"), 1)
    assert pair.more == (0, 0, 0, 0)


def test_only_days_around_the_spike_are_run_and_its_place_in_the_day_is_kept() -> None:
    w = reads(PROFILE.replace("day 3 10:00", "day 300 10:00"))
    [late] = pairs_of(w, SERVERLESS, 1)
    [soon] = pairs_of(reads(PROFILE), SERVERLESS, 1)
    assert late.more == soon.more
    assert late.during.statuses == soon.during.statuses
    assert late.during.mean_s == soon.during.mean_s


def test_jobs_of_a_stream_work_a_spike_off_and_lots_have_none() -> None:
    w = reads(PROFILE)
    job = BatchTransform(instance_type="ml.m5.large", every_s=21_600.0)
    [pair] = pairs_of(w, job, 1)
    usage = job.usage(w, job.simulate(w, job.trace(w, seed=1)))
    reads_of = [meter.what for meter in usage.meters].index("S3 reads")
    # Every request is an object, and is read once.
    assert abs(pair.more[reads_of] - (pair.during.arrived - 100)) <= 4 * math.sqrt(100)
    lot = reads(PROFILE + "batch: {records: 1000, every: 1 day}\n")
    assert not has_spikes(lot, job)
    assert has_spikes(lot, SERVERLESS)


def test_a_month_holds_the_mean_of_the_pairs_in_proportion_to_its_window() -> None:
    granules = {"bytes_in": 1000, "bytes_out": 500}
    half_month = Usage(meters=data(granules), window_s=365 * 3600)
    pairs = [Spiked(more=(100, -2000), during=Ledger()), Spiked(more=(300, -2000), during=Ledger())]
    # Half of the mean of 100 and 300; below nothing there is nothing.
    assert [meter.granules for meter in in_a_month(pairs, half_month).meters] == [1100, 0]


MODELS = """
name: three
region: us-east-1
model: {count: 3, size: 60 MB, memory: 500 MB, popularity: {zipf: 0}}
work: [{on: serverless 2 GB, mean: 250 ms, cv: 0}, {on: ml.m5.large, mean: 250 ms, cv: 0, workers: 2}]
traffic: {rate: 6 per minute, shape: regular}
payload: {request: 0 B, response: 0 B}
objective: {p95: 12 s, errors: 1 %}
"""


def test_three_models_cost_three_endpoints_of_instances_and_their_volumes() -> None:
    outcome = simulate(reads(MODELS), RealTime(instance_type="ml.m5.large"), seed=1, replications=2, budget=50_000)
    book = price_book()
    hour = book.rate("us-east-1", "Hosting", "ml.m5.large").usd
    volume = book.rate("us-east-1", "HostingStorage", "gp2 volume").usd
    assert outcome.usd_per_month.value == 3 * 730 * hour + 3 * 30 * volume
    assert any("each of 3 models has an endpoint" in note for note in outcome.notes)
    assert outcome.estimate == {}


def test_three_serverless_models_cost_the_milliseconds_of_all_requests() -> None:
    w = reads(MODELS)
    kept: list[int] = []
    outcome = simulate(
        w,
        SERVERLESS,
        seed=1,
        replications=2,
        budget=50_000,
        keep=lambda found, _: kept.extend(run.granules["on_demand_ms"] for run in found.runs),
    )
    rate = price_book().rate("us-east-1", "ServerlessInf", "Mem-2GB").usd
    # A request every ten seconds: 6 x 60 x 730 in a month, each 250 ms.
    assert outcome.usd_per_month.value == pytest.approx(6 * 60 * 730 * Decimal("0.25") * rate, rel=Decimal("1e-9"))
    assert sum(kept) == 250 * outcome.requests


def test_of_many_models_the_answer_says_what_stands_for_what() -> None:
    w = reads(MODELS.replace("count: 3", "count: 300").replace("zipf: 0", "zipf: 1.1"))
    outcome = simulate(w, SERVERLESS, seed=1, replications=2, budget=50_000)
    assert any("stand for 292 models in groups of alike popularity" in note for note in outcome.notes)


LOT = """
name: lot
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.m5.large, mean: 1 s, cv: 0, workers: 1}]
batch: {records: RECORDS, record_size: 2 KB, files: 1, every: 1 day, deadline: 4 hours}
platform: {batch_startup_cv: 0, batch_request_overhead: 0 s}
"""


@pytest.mark.parametrize(("records", "misses"), [(10_000, 0), (20_000, 1), (100_000, 2)])
def test_jobs_that_end_after_the_deadline_or_fall_behind_miss_the_objective(records: int, misses: int) -> None:
    # One record a second: 10,000 are done in 2 h 47 min, 20,000 in 5 h 33 min, 100,000 in more than the day.
    w = reads(LOT.replace("RECORDS", str(records)))
    job = BatchTransform(instance_type="ml.m5.large", split="Line", strategy="SingleRecord", every_s=86_400.0)
    outcome = simulate(w, job, seed=1, replications=1, budget=400_000)
    mine = [one for one in outcome.misses if "jobs" in one]
    assert len(mine) == misses
    if misses:
        assert "the deadline is 4 h after a lot came" in mine[-1]
    if misses == 2:
        assert "fall behind without end" in mine[0]
        assert any("fall behind without end" in note for note in outcome.notes)
