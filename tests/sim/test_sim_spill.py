"""A base with a spill, by theory and by its own laws: Erlang's share, the sum of the parts, the same however cut."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from advisor.errors import BugError
from advisor.sim.arrivals import Points
from advisor.sim.block import Laws
from advisor.sim.deployments import Batching, Client, FleetSpec, LoadCurve, PoolSpec, QueueSpec, Workers
from advisor.sim.kernels import layout
from advisor.sim.laws import broken, insist
from advisor.sim.ledger import Ledger
from advisor.sim.pools import simulate_pool
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.scaling import INVOCATIONS, Scaling, Scheduled, TargetTracking
from advisor.sim.service import Shape, Sizes, constant, exponential, lognormal
from advisor.sim.spill import regrown, simulate_spill
from advisor.sim.spill_record import SpillRun
from advisor.sim.station import Window
from advisor.sim.trace import Trace
from tests.oracles import spill
from tests.oracles.spill_cases import spill_case
from tests.sim.agreement import without_datapoints
from tests.sim.test_spill_agrees_with_oracle import ours

PATIENT = Client(attempts=1, limit_s=math.inf)
FOREVER = 1e12


def traffic(rate: float, shape: Shape, seed: int, *, requests: int = 100_000) -> Trace:
    points = Points(name="", rate_per_s=rate)
    return Trace([points], seed=seed, shape=shape, warmup_s=2000 / rate, horizon_s=requests / rate)


def pool(trace: Trace, *, most: int, mean_s: float = 1.0, columns: bool = False, sample_s: float | None = None) -> Run:
    """Containers without any set-up that stay for ever: a loss system."""
    spec = PoolSpec(mean_s=mean_s, max_concurrency=most, cold_mean_s=0.0, keep_alive_s=FOREVER)
    return simulate_pool(trace, spec, client=PATIENT, columns=columns, sample_s=sample_s, meter_bytes=False)


def spilt(
    trace: Trace,
    *,
    instances: int,
    workers: int,
    waits: int = 0,
    most: int = 10_000,
    second_s: float = 1.0,
    columns: bool = False,
    sample_s: float | None = None,
) -> SpillRun:
    run = simulate_spill(
        trace,
        FleetSpec(server=Workers(workers=workers, mean_s=1.0), container_queue=waits),
        Scaling.fixed(instances),
        lambda sent: pool(sent, most=most, mean_s=second_s, columns=columns, sample_s=sample_s),
        client=PATIENT,
        columns=columns,
        sample_s=sample_s,
        meter_bytes=False,
    )
    insist(run)
    return run


def erlang_b(servers: int, load: float) -> float:
    """The share that is lost in M/G/c/c."""
    return (load**servers / math.factorial(servers)) / sum(load**k / math.factorial(k) for k in range(servers + 1))


def full(servers: int, waits: int, load: float) -> float:
    """The share that finds M/M/c with so many places to wait full."""
    weights = [load**k / math.factorial(k) for k in range(servers + 1)]
    weights += [weights[servers] * (load / servers) ** k for k in range(1, waits + 1)]
    return weights[-1] / sum(weights)


def agrees(measure: Callable[[int], float], theory: float, *, within: float, replications: int = 8) -> None:
    """Within 4 standard errors of theory, and 4 standard errors are at most the share `within` of it."""
    values = [measure(seed) for seed in range(replications)]
    error = float(np.std(values, ddof=1)) / math.sqrt(replications)
    assert 4 * error <= within * theory
    assert abs(float(np.mean(values)) - theory) <= 4 * error, (np.mean(values), theory, error)


@pytest.mark.parametrize("shape", [constant(), exponential(), lognormal(2.0)], ids=["constant", "exponential", "cv 2"])
@pytest.mark.parametrize(("instances", "workers", "load"), [(1, 1, 0.5), (3, 1, 2.0), (2, 4, 6.0)])
def test_the_share_that_is_sent_on_is_erlangs_loss_whatever_the_service_law(
    shape: Shape, instances: int, workers: int, load: float
) -> None:
    def share(seed: int) -> float:
        run = spilt(traffic(load, shape, seed), instances=instances, workers=workers)
        return run.sent_on / run.came

    agrees(share, erlang_b(instances * workers, load), within=0.06)


def test_with_places_to_wait_the_share_is_that_of_a_queue_of_that_length() -> None:
    def share(seed: int) -> float:
        run = spilt(traffic(2.0, exponential(), seed), instances=1, workers=2, waits=3)
        return run.sent_on / run.came

    agrees(share, full(2, 3, 2.0), within=0.06)


def test_base_and_spill_of_one_speed_lose_as_one_group_of_all_their_places() -> None:
    # Servers in order: what overflows the first c and then the next m finds c + m of them busy.
    def lost(seed: int) -> float:
        return spilt(traffic(4.0, exponential(), seed), instances=3, workers=1, most=2).ledger.error_share

    agrees(lost, erlang_b(5, 4.0), within=0.05)


def test_where_nobody_waits_the_mean_latency_is_that_of_both_services_by_their_shares() -> None:
    sent_on = erlang_b(2, 2.0)

    def mean(seed: int) -> float:
        return spilt(traffic(2.0, exponential(), seed), instances=2, workers=1, second_s=5.0).ledger.mean_s

    agrees(mean, (1 - sent_on) * 1.0 + sent_on * 5.0, within=0.04)


def test_every_request_is_in_one_part_and_the_sum_holds_all() -> None:
    run = spilt(traffic(3.0, exponential(), 1, requests=20_000), instances=2, workers=1, most=2)
    base, second = (part.ledger for part in run.parts)
    assert run.sent_on > 1000
    assert base.arrived + second.arrived == run.came == run.ledger.arrived
    assert second.arrived == run.sent_on
    assert base.statuses["rejected"] == run.ledger.statuses["rejected"] == 0
    assert run.ledger.served + run.ledger.statuses["throttled"] == run.came
    assert second.statuses["throttled"] > 0
    assert run.busy_s == run.parts[0].busy_s + run.parts[1].busy_s


def test_a_request_that_is_lost_between_the_parts_breaks_a_law() -> None:
    run = spilt(traffic(3.0, exponential(), 1, requests=5000), instances=2, workers=1)
    assert broken(run) == []
    base, second = run.parts
    counts = second.ledger.counts.copy()
    counts[layout.L_ARRIVED] -= 1
    counts[0] -= 1
    lost = replace(second, ledger=Ledger(counts=counts, sums=second.ledger.sums, bins=second.ledger.bins))
    assert any("were sent on" in law for law in broken(replace(run, parts=(base, lost))))
    assert any("came" in law for law in broken(replace(run, came=run.came + 1)))


def test_without_columns_and_with_other_blocks_everything_is_the_same() -> None:
    for second in ("serverless", "asynchronous"):
        for seed in range(25):
            case = spill_case(seed, 60, second)
            runs = [ours(case, block=block, columns=columns) for block, columns in ((7, True), (7, False), (1, False))]
            assert len({run.ledger.counts.tobytes() + run.ledger.bins.tobytes() for run in runs}) == 1
            assert len({(run.came, run.sent_on, tuple(sorted(run.granules.items()))) for run in runs}) == 1
            assert len({repr(without_datapoints(run.parts[1])) for run in runs}) == 1


def test_a_trace_of_many_blocks_is_the_same_with_a_bit_a_request_as_with_whole_columns() -> None:
    trace = traffic(3.0, exponential(), 8, requests=300_000)
    runs = [spilt(trace, instances=2, workers=1, most=3, columns=columns) for columns in (False, True)]
    assert len({run.ledger.counts.tobytes() + run.ledger.bins.tobytes() for run in runs}) == 1
    assert len({(run.came, run.sent_on, run.stop_s) for run in runs}) == 1
    kept = runs[1].columns
    assert kept is not None
    assert kept.status.size > 300_000
    assert np.all(np.diff(kept.first_arrival) >= 0)


def test_the_random_cases_send_some_on_and_keep_some() -> None:
    for second in ("serverless", "asynchronous"):
        records = [spill.simulate(spill_case(seed, 40, second)) for seed in range(60)]
        mixed = [record for record in records if 0 < sum(record.sent_on) < len(record.sent_on)]
        assert len(mixed) > 40


def test_a_run_without_an_end_goes_on_until_the_second_has_answered_and_misses_no_later_arrival() -> None:
    # The second needs hours where the base needs a second: what comes meanwhile finds its containers busy or idle.
    def run(stop_s: float | None) -> SpillRun:
        trace = traffic(0.5, exponential(), 3, requests=4000)
        window = Window(from_s=trace.warmup_s, to_s=trace.warmup_s + trace.horizon_s, stop_s=stop_s)
        client = Client(attempts=4, limit_s=math.inf, base_s=3600.0)

        def second(sent: Trace) -> Run:
            spec = PoolSpec(mean_s=2000.0, max_concurrency=300, cold_mean_s=0.0, keep_alive_s=FOREVER)
            return simulate_pool(sent, spec, client=client, window=window, meter_bytes=False)

        spec = FleetSpec(server=Workers(workers=1, mean_s=1.0), container_queue=0)
        return insist(
            simulate_spill(trace, spec, Scaling.fixed(1), second, client=client, window=window, meter_bytes=False)
        )

    free, cut = run(None), run(200_000.0)
    assert free.stop_s > free.window_s[1] + 4000
    assert free.ledger.statuses["throttled"] > 0
    assert free.ledger.attempts > free.came
    assert free.ledger.pending == cut.ledger.pending == 0
    same = [*range(layout.L_CLOSED + 1), layout.L_COLD]
    assert free.ledger.counts[same].tolist() == cut.ledger.counts[same].tolist()
    assert free.ledger.bins.tolist() == cut.ledger.bins.tolist()
    assert free.ledger.sums[layout.S_LATENCY] == cut.ledger.sums[layout.S_LATENCY]


def test_requests_keep_their_work_wherever_they_go() -> None:
    trace = traffic(2.0, exponential(), 5, requests=2000)
    run = spilt(trace, instances=1, workers=1, second_s=2.0, columns=True)
    columns = run.columns
    assert columns is not None
    block = next(trace.blocks())
    n = min(columns.status.size, block.n)
    lasts = columns.finish[:n] - columns.start[:n]
    times = np.where(columns.instance[:n] > 0, 2.0, 1.0)  # the base has one unit, containers are numbered on
    assert 0.2 < (times == 2.0).mean() < 0.8
    assert np.allclose(lasts, block.work[:n] * times, rtol=0, atol=2**-20)


def test_by_hand_two_at_once_take_the_base_and_the_third_is_sent_on() -> None:
    # Two instances of one worker, 10 s each: requests at 0, 1 and 2; at 10 the first place is free again.
    trace = Trace.from_columns(np.array([0.0, 1.0, 2.0, 10.0, 10.5]), horizon_s=100.0)
    run = simulate_spill(
        trace,
        FleetSpec(server=Workers(workers=1, mean_s=10.0), container_queue=0),
        Scaling.fixed(2),
        lambda sent: pool(sent, most=5, mean_s=20.0, columns=True),
        client=replace(PATIENT, overhead_s=0.5),
        columns=True,
    )
    assert broken(run) == []
    columns = run.columns
    assert columns is not None
    assert columns.instance.tolist() == [0, 1, 2, 0, 2 + 1]
    assert columns.answered.tolist() == [10.0, 11.0, 22.0, 20.0, 30.5]
    assert (run.came, run.sent_on) == (5, 2)
    assert [part.ledger.attempts for part in run.parts] == [3, 2]
    # 10.5 s on the base, with its overhead; 20 s on the second, which has none of its own here.
    assert run.ledger.mean_s == pytest.approx((3 * 10.5 + 2 * 20.0) / 5)
    assert run.granules["instance_s"] == 200
    assert run.granules["on_demand_ms"] == 40_000


def test_a_base_by_the_clock_turns_away_as_the_clock_has_it() -> None:
    # One instance, two from 100 s on: of two requests at once one is sent on before, none after.
    trace = Trace.from_columns(np.array([10.0, 10.0, 200.0, 200.0]), horizon_s=300.0)
    scaling = Scaling(
        initial=1, lowest=1, highest=1, schedule=(Scheduled(at_s=100.0, lowest=2, highest=2),), launch_s=(30.0,)
    )
    run = simulate_spill(
        trace,
        FleetSpec(server=Workers(workers=1, mean_s=5.0), container_queue=0),
        scaling,
        lambda sent: pool(sent, most=5, columns=True),
        client=PATIENT,
        columns=True,
    )
    assert broken(run) == []
    assert run.sent_on == 1
    assert run.granules["instance_s"] == 300 + 200


def test_samples_count_every_attempt_once() -> None:
    trace = traffic(3.0, exponential(), 2, requests=3000)
    run = spilt(trace, instances=2, workers=1, sample_s=50.0)
    first = next(trace.blocks())
    arrivals = first.arrival[: first.n]
    assert len(run.timeline.samples) > 20
    for sample in run.timeline.samples[:20]:
        assert sample.attempts == int((arrivals <= sample.at).sum())
        assert sample.in_service == 2


def test_the_second_meets_the_work_that_grows_with_the_payload_as_its_own() -> None:
    laws = Laws(shape=constant(), sizes_in=(Sizes.of(1000.0, 9000.0),), sizes_out=(Sizes.of(10.0),), growth=0.0)
    trace = Trace([Points(name="", rate_per_s=1.0)], seed=4, laws=laws, warmup_s=10.0, horizon_s=500.0)
    assert regrown(trace, 0.0) is trace
    plain, grown = next(trace.blocks()), next(regrown(trace, 1e-4).blocks())
    n = 200
    assert grown.arrival[:n].tolist() == plain.arrival[:n].tolist()
    by_size = np.maximum(1 + 1e-4 * (plain.bytes_in[:n] - laws.sizes_in[0].mean), 0.01)
    assert np.allclose(grown.work[:n], plain.work[:n] * by_size, rtol=1e-12)
    assert grown.work[:n].std() > 0


def test_an_asynchronous_second_serves_what_is_sent_on_late_and_in_full() -> None:
    def queue(sent: Trace) -> Run:
        spec = QueueSpec(mean_s=1.0, workers=1, max_invocations=1, ttl_s=FOREVER, timeout_s=900.0)
        return simulate_queue(sent, spec, Scaling.fixed(1), client=PATIENT, meter_bytes=False)

    trace = traffic(1.5, exponential(), 6, requests=20_000)
    spec = FleetSpec(server=Workers(workers=1, mean_s=1.0), container_queue=0)
    run = insist(simulate_spill(trace, spec, Scaling.fixed(1), queue, client=PATIENT, meter_bytes=False))
    assert isinstance(run, SpillRun)
    # 60 % of 1.5 a second find the one worker busy (0.9 a second on one worker of the queue).
    assert run.sent_on / run.came == pytest.approx(1.5 / 2.5, abs=0.02)
    assert run.ledger.served == run.came


@pytest.mark.parametrize(
    ("spec", "scaling"),
    [
        (FleetSpec(server=LoadCurve(latency_s=(1.0, 2.0))), Scaling.fixed(1)),
        (
            FleetSpec(server=Workers(workers=1, mean_s=1.0, batching=Batching(most=2, wait_s=0.1, marginal=0.5))),
            Scaling.fixed(1),
        ),
        (
            FleetSpec(server=Workers(workers=1, mean_s=1.0)),
            Scaling(initial=1, lowest=1, highest=2, policies=(TargetTracking(metric=INVOCATIONS, target=10.0),)),
        ),
    ],
    ids=["load curve", "batches", "target tracking"],
)
def test_a_base_whose_places_cannot_be_counted_is_refused(spec: FleetSpec, scaling: Scaling) -> None:
    with pytest.raises(BugError, match="the base of a spill"):
        simulate_spill(traffic(1.0, constant(), 1), spec, scaling, functools.partial(pool, most=1))
