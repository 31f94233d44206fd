"""Many models on endpoints of their own: dealt by model, nothing lost, and few that stand for many count as all."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.patterns import Asynchronous, BatchTransform, RealTime, Serverless
from advisor.sim.arrivals import Points
from advisor.sim.block import Laws
from advisor.sim.endpoints import EXACT, Part, each_alone, groups_of, model_shares, told
from advisor.sim.horizon import Horizon
from advisor.sim.laws import broken
from advisor.sim.run_record import Run
from advisor.sim.service import Popularity, Sizes, exponential, zipf
from advisor.sim.trace import Trace
from advisor.workload import Workload, reads

WINDOW = Horizon(period_s=21_600.0, warmup_s=3600.0, window_s=21_600.0)
HOUR = Horizon(period_s=3600.0, warmup_s=3600.0, window_s=3600.0)
PROFILE = """
name: several
region: us-east-1
model: {MODEL, size: 200 MB, memory: 500 MB, image: 2 GB, framework: xgboost}
work: [{on: ml.m5.xlarge, mean: 200 ms, cv: 0.5, workers: 4}, {on: serverless 2 GB, mean: 300 ms, cv: 0.5}]
payload: {request: 20 KB, request_max: 100 KB, response: 2 KB}
traffic: {TRAFFIC}
objective: {p95: 30 s}
"""
EACH = [
    pytest.param(d, id=d.name)
    for d in (
        RealTime(instance_type="ml.m5.xlarge"),
        Serverless(memory_mib=2048, max_concurrency=5),
        Asynchronous(instance_type="ml.m5.xlarge", min_instances=0, max_instances=2),
        BatchTransform(instance_type="ml.m5.xlarge", every_s=3600.0),
    )
]


def workload(model: str, traffic: str = "rate: 1 per second, shape: steady") -> Workload:
    return reads(PROFILE.replace("MODEL", model).replace("TRAFFIC", traffic))


@pytest.mark.parametrize("d", EACH)
def test_every_request_goes_to_one_endpoint_and_all_laws_hold_of_them_together(d) -> None:
    w = workload("count: 3, popularity: {shares: [60 %, 30 %, 10 %]}")
    run = d.simulate(w, d.trace(w, seed=3, horizon=WINDOW), columns=True)
    assert broken(run) == []
    assert run.columns is not None
    block = next(d.trace(w, seed=3, horizon=WINDOW).blocks())
    came = block.arrival[: block.n]
    low, high = run.window_s
    # The arrivals of all endpoints are those of the trace, each once.
    inside = came[(came >= low) & (came < high)]
    first = run.columns.first_arrival
    assert np.array_equal(np.sort(first[(first >= low) & (first < high)]), inside)
    assert run.ledger.arrived == inside.size


@pytest.mark.parametrize("d", EACH)
def test_the_run_of_all_endpoints_is_the_sum_of_each_run_by_itself(d) -> None:
    w = workload("count: 3, popularity: {zipf: 1.1}")
    parts: list[Run] = []

    def one(part: Part) -> Run:
        parts.append(d.simulate_one(w, part))
        return parts[-1]

    together = each_alone(d.trace(w, seed=3, horizon=WINDOW), model_shares(w), one)
    assert len(parts) == 3
    assert together.ledger.arrived == sum(run.ledger.arrived for run in parts)
    assert np.array_equal(together.ledger.bins, sum(run.ledger.bins for run in parts))
    for name, granules in together.granules.items():
        assert type(granules) is int
        assert granules == sum(run.granules[name] for run in parts)
    assert together.held_s == pytest.approx(math.fsum(run.held_s for run in parts))


def test_an_endpoint_meets_the_requests_of_its_model_and_no_others() -> None:
    model = np.arange(3000) % 3
    columns = {"model": model.astype(float), "work": np.ones(3000)}
    whole = Trace.from_columns(np.arange(3000.0), horizon_s=3000.0, **columns)
    seen: list[list[float]] = []

    def keep(part: Part) -> Run:
        seen.append([at for block in part.blocks() for at in block.arrival[: block.n].tolist()])
        return RealTime(instance_type="ml.m5.xlarge").simulate_one(workload("count: 1"), part)

    each_alone(whole, np.full(3, 1 / 3), keep)
    assert seen == [list(range(k, 3000, 3)) for k in range(3)]


def test_the_luck_of_a_request_is_the_same_on_its_model_s_endpoint_as_in_the_whole() -> None:
    w = workload("count: 2, popularity: {shares: [70 %, 30 %]}")
    d = Serverless(memory_mib=2048, max_concurrency=5)
    whole = next(d.trace(w, seed=5, horizon=HOUR).blocks())
    asked, sizes, cold = whole.model[: whole.n], whole.bytes_in[: whole.n], whole.cold[:, : whole.n]
    parts: list[Part] = []

    def one(part: Part) -> Run:
        parts.append(part)
        return d.simulate_one(w, part)

    each_alone(d.trace(w, seed=5, horizon=HOUR), model_shares(w), one)
    for model, part in enumerate(parts):
        block = next(part.blocks())
        n = block.n
        assert np.array_equal(block.number[:n], whole.number[: whole.n][asked == model])
        assert np.array_equal(block.bytes_in[:n], sizes[asked == model])
        assert np.array_equal(block.cold[:, :n], cold[:, asked == model])


@pytest.mark.parametrize("at_once", [0, 300, 2_000])
def test_a_long_trace_that_is_drawn_again_for_some_endpoints_gives_the_same_as_a_kept_one(monkeypatch, at_once) -> None:
    w = workload("count: 40, popularity: {zipf: 0.8}")
    d = Serverless(memory_mib=2048, max_concurrency=5)
    kept = d.simulate(w, d.trace(w, seed=3, horizon=WINDOW))
    monkeypatch.setattr("advisor.sim.endpoints._KEPT", at_once)
    again = d.simulate(w, d.trace(w, seed=3, horizon=WINDOW))
    assert kept.granules == again.granules
    assert np.array_equal(kept.ledger.bins, again.ledger.bins)
    assert np.array_equal(kept.ledger.counts, again.ledger.counts)


@pytest.mark.parametrize("count", [1, 5, EXACT, EXACT + 1, 40, 400, 3000])
@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.1, 2.0])
def test_groups_hold_every_model_once_and_few_endpoints_are_run(count: int, exponent: float) -> None:
    shares = np.asarray(zipf(count, exponent).shares)
    groups = groups_of(shares)
    assert sorted(model for group in groups for model in group.models) == list(range(count))
    assert math.fsum(group.share for group in groups) == pytest.approx(1.0)
    assert sum(group.runs for group in groups) <= EXACT
    assert all(1 <= group.runs <= len(group.models) for group in groups)


def test_the_most_popular_half_is_run_one_by_one_whatever_the_numbers_of_the_models() -> None:
    shares = np.asarray(zipf(100, 1.0).shares)[::-1]
    groups = groups_of(shares)
    assert [group.models for group in groups[: EXACT // 2]] == [(99 - k,) for k in range(EXACT // 2)]


def test_models_that_are_all_alike_have_sixteen_endpoints_drawn_by_lot_that_stand_for_all() -> None:
    [group] = groups_of(np.full(400, 1 / 400))
    assert group.runs == EXACT
    assert "16 endpoints stand for 400 models" in told(np.full(400, 1 / 400))
    assert told(np.full(16, 1 / 16)) == ""


def test_idle_endpoints_are_billed_and_none_asked_for_ends() -> None:
    w = workload("count: 3, popularity: {shares: [100 %, 0 %, 0 %]}", "rate: 20 per hour, shape: steady")
    d = RealTime(instance_type="ml.m5.xlarge")
    run = d.simulate(w, d.trace(w, seed=1, horizon=HOUR))
    assert run.granules["instance_s"] == 3 * 3600


@pytest.mark.parametrize(("count", "popularity"), [(40, "zipf: 0"), (3000, "zipf: 1.1"), (400, "zipf: 0.6")])
def test_endpoints_that_stand_for_others_add_up_to_all_of_them(count: int, popularity: str) -> None:
    # Instances of a fixed fleet are known exactly; requests have the same mean, here over ten replications.
    w = workload(f"count: {count}, popularity: {{{popularity}}}", "rate: 3 per second, shape: steady")
    d = RealTime(instance_type="ml.m5.xlarge")
    arrived = []
    for seed in range(10):
        run = d.simulate(w, d.trace(w, seed=seed, horizon=HOUR))
        assert broken(run) == []
        assert run.granules["instance_s"] == count * 3600
        arrived.append(run.ledger.arrived)
    error = float(np.std(arrived, ddof=1)) / math.sqrt(10)
    assert abs(float(np.mean(arrived)) - 3 * 3600) <= 4 * error


def test_the_cold_starts_of_many_alike_endpoints_are_those_of_each_of_them() -> None:
    """Idle gaps of a Poisson stream longer than the keep-alive k: a share exp(-rate x k) of all calls is cold.

    At a load far below one the container of an endpoint is idle when a call comes; the gap that counts begins at a
    call's end, so the rate is that of the time between, and the service time of 0.3 s is beside 600 s nothing.
    """
    w = workload("count: 60, popularity: {zipf: 0}", "rate: 120 per hour, shape: steady").with_(
        {"platform": {"serverless_keep_alive": "10 min", "client_retries": "none"}}
    )
    d = Serverless(memory_mib=2048, max_concurrency=5)
    month = Horizon(period_s=86_400.0, warmup_s=86_400.0, window_s=30 * 86_400.0)
    shares = []
    for seed in range(8):
        run = d.simulate(w, d.trace(w, seed=seed, horizon=month))
        shares.append(run.ledger.cold / run.ledger.arrived)
    theory = math.exp(-(120 / 3600 / 60) * 600)
    error = float(np.std(shares, ddof=1)) / math.sqrt(8)
    assert 4 * error < 0.03
    assert abs(float(np.mean(shares)) - theory) <= 4 * error + 0.002


def test_classes_with_a_model_of_their_own_count_in_its_share() -> None:
    w = workload(
        "count: 4, popularity: {zipf: 0}",
        "classes: [{name: a, rate: 3 per second}, {name: b, rate: 1 per second, model: 4}]",
    )
    assert model_shares(w).tolist() == pytest.approx([0.75 / 4, 0.75 / 4, 0.75 / 4, 0.75 / 4 + 0.25])


def test_model_numbers_of_a_replayed_file_are_counted(tmp_path) -> None:
    path = tmp_path / "arrivals.csv"
    path.write_text("arrival_s,model\n" + "".join(f"{k},{1 + (k % 4 == 0)}\n" for k in range(400)))
    w = workload("count: 2, popularity: {zipf: 0}", f"replay: {path}")
    assert model_shares(w).tolist() == [0.75, 0.25]


def test_containers_of_one_endpoint_share_it() -> None:
    w = workload("count: 3, popularity: {zipf: 0}").with_({"needs": ["multi-container"]})
    d = RealTime(instance_type="ml.m5.xlarge")
    assert d.endpoints(w) == 1
    assert d.simulate(w, d.trace(w, seed=1, horizon=HOUR)).granules["instance_s"] == 3600


def test_a_lot_of_several_models_is_as_many_jobs_with_their_shares_of_the_records() -> None:
    w = reads(
        PROFILE.replace("MODEL", "count: 4, popularity: {zipf: 0}").replace("traffic: {TRAFFIC}\n", "")
        + "batch: {records: 40000, record_size: 2 KB, files: 40, every: 1 day}\n"
    )
    d = BatchTransform(instance_type="ml.m5.xlarge", every_s=86_400.0)
    run = d.simulate(w, d.trace(w, seed=1, horizon=Horizon(period_s=86_400.0, warmup_s=86_400.0, window_s=86_400.0)))
    assert run.ledger.arrived == 40_000
    # Ten objects each.
    assert run.granules["objects_in"] == 40


def test_two_parts_of_poisson_traffic_dealt_by_lot_are_each_poisson_at_their_share() -> None:
    shares = (0.8, 0.2)
    law = Laws(
        shape=exponential(), sizes_in=(Sizes.of(0.0),), sizes_out=(Sizes.of(0.0),), popularity=Popularity(shares=shares)
    )
    whole = Trace([Points(name="", rate_per_s=10.0)], seed=2, laws=law, horizon_s=5000.0)
    gaps: list[np.ndarray] = []

    def one(part: Part) -> Run:
        block = next(part.blocks())
        gaps.append(np.diff(block.arrival[: block.n]))
        return RealTime(instance_type="ml.m5.xlarge", min_instances=9, max_instances=9).simulate_one(
            workload("count: 1"), part
        )

    each_alone(whole, np.asarray(shares), one)
    for share, gap in zip(shares, gaps, strict=True):
        n = gap.size
        assert abs(gap.mean() * 10 * share - 1) <= 4 / math.sqrt(n)
        # Of an exponential the deviation is the mean; its own error is about mean x sqrt(2 / n).
        assert abs(gap.std() / gap.mean() - 1) <= 4 * math.sqrt(2 / n)
