"""The station: blocks, room, carried requests, samples; and compiled code against plain Python."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from advisor.errors import BugError, InputError
from advisor.sim.arrivals import Points
from advisor.sim.block import Block, Laws
from advisor.sim.caches import simulate_cache
from advisor.sim.deployments import (
    LEAST_OUTSTANDING,
    RANDOM,
    Batching,
    CacheSpec,
    Client,
    FleetSpec,
    LoadCurve,
    ModelSize,
    PoolSpec,
    QueueSpec,
    Workers,
)
from advisor.sim.fleets import simulate_fleet
from advisor.sim.kernels import layout
from advisor.sim.laws import insist
from advisor.sim.pools import simulate_pool
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.scaling import INVOCATIONS, Loss, Scaling, TargetTracking
from advisor.sim.service import Sizes, exponential, zipf
from advisor.sim.station import Window
from advisor.sim.trace import Trace


def busy_trace(seed: int = 1, rate: float = 5.0, requests: int = 3000) -> Trace:
    points = Points(name="", rate_per_s=rate)
    return Trace([points], seed=seed, shape=exponential(), warmup_s=60.0, horizon_s=requests / rate)


def digest(run: Run) -> str:
    told = hashlib.sha256()
    for array in (run.ledger.counts, run.ledger.sums, run.ledger.bins):
        told.update(array.tobytes())
    told.update(repr(run.timeline).encode())
    return told.hexdigest()


def many_trace(seed: int = 1, requests: int = 1500) -> Trace:
    """Requests for some of twelve models, with sizes, and with cold starts and loads that vary."""
    sizes = (Sizes.of(2000.0, 9000.0),)
    laws = Laws(
        shape=exponential(), sizes_in=sizes, sizes_out=sizes, popularity=zipf(12, 1.0), cold_cv=0.5, load_cv=0.5
    )
    points = Points(name="", rate_per_s=5.0)
    return Trace([points], seed=seed, laws=laws, warmup_s=60.0, horizon_s=requests / 5.0)


class GivenDraws(Trace):
    """The same trace, its draws handed out as columns instead of as keys."""

    def blocks(self, rows: int = 500) -> Iterator[Block]:
        for block in super().blocks(rows):
            block.keyed = False
            yield block


def runs_of_all_kernels(trace: Callable[[], Trace] = many_trace) -> list[Run]:
    """Every kernel of endpoints, with retries, failures and losses."""
    client = Client(base_s=0.5, limit_s=3.0, fail_share=0.05, payload_max=8500.0)
    policy = TargetTracking(metric=INVOCATIONS, target=60.0, in_datapoints=5)
    scaling = Scaling(initial=2, highest=6, policies=(policy,), launch_s=(45.0, 70.0))
    losing = Scaling(initial=3, lowest=2, highest=3, launch_s=(20.0,), losses=(Loss(at_s=100.0, which=0.4),))
    models = tuple(ModelSize(size_bytes=1000 + 100 * n, memory_mib=2 + n % 3) for n in range(12))
    cache = CacheSpec(
        models=models, workers=2, mean_s=0.5, cache_mib=12, disk_bytes=9000, download_bytes_per_s=2000.0,
        into_memory_bytes_per_s=4000.0, parallel_loads=2, load_limit_s=3.0, container_queue=5,
    )  # fmt: skip
    curve = LoadCurve(latency_s=(0.5, 0.6, 0.9, 1.4))
    batches = Workers(workers=1, mean_s=0.4, batching=Batching(most=4, wait_s=0.25, marginal=0.25))
    pool = PoolSpec(mean_s=0.8, max_concurrency=5, cold_mean_s=2.0, keep_alive_s=0.5)
    queue = QueueSpec(mean_s=0.8, workers=2, max_invocations=2, ttl_s=5.0)
    runs = [
        simulate_fleet(trace(), FleetSpec(server=server, container_queue=3, routing=routing), how, client=client)
        for server, routing, how in (
            (Workers(workers=2, mean_s=0.8), RANDOM, scaling),
            (Workers(workers=2, mean_s=0.8), LEAST_OUTSTANDING, scaling),
            (Workers(workers=20, mean_s=6.0), RANDOM, scaling),
            (Workers(workers=2, mean_s=0.8), RANDOM, losing),
            (curve, RANDOM, scaling),
            (curve, LEAST_OUTSTANDING, losing),
            (batches, RANDOM, losing),
        )
    ]
    runs += [
        simulate_pool(trace(), pool, client=client),
        simulate_queue(trace(), queue, losing, client=client),
        simulate_cache(trace(), cache, losing, client=client),
    ]
    together = ({"latency_s": curve.latency_s}, {"batching": batches.batching})
    runs += [simulate_queue(trace(), replace(queue, timeout_s=2.0, **one), losing, client=client) for one in together]
    runs += [simulate_cache(trace(), replace(cache, **one), losing, client=client) for one in together]
    return [insist(run) for run in runs]


def three_runs() -> list[str]:
    """A fleet that scales and turns away, a pool with cold starts, a queue: with retries everywhere."""
    client = Client(base_s=0.5, limit_s=3.0)
    policy = TargetTracking(metric=INVOCATIONS, target=60.0, in_datapoints=5)
    scaling = Scaling(initial=1, highest=6, policies=(policy,), launch_s=(45.0, 70.0))
    fleet = FleetSpec(server=Workers(workers=2, mean_s=0.8), container_queue=3)
    pool = PoolSpec(mean_s=0.8, max_concurrency=5, cold_mean_s=2.0, keep_alive_s=4.0)
    queue = QueueSpec(mean_s=0.8, workers=2, max_invocations=2, ttl_s=5.0)
    runs = (
        simulate_fleet(busy_trace(), fleet, scaling, client=client),
        simulate_pool(busy_trace(), pool, client=client),
        simulate_queue(busy_trace(), queue, Scaling.fixed(2), client=client),
    )
    return [digest(insist(run)) for run in runs]


def of_all() -> list[str]:
    return [digest(run) for run in runs_of_all_kernels()]


def test_compiled_kernels_say_the_same_as_plain_python() -> None:
    told = "import sys; from tests.sim.test_sim_station import of_all; sys.stdout.write(' '.join(of_all()))"
    plain = subprocess.run(
        [sys.executable, "-c", told],
        env={**os.environ, "ADVISOR_NO_JIT": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert plain.stdout.split() == of_all()


def test_draws_by_key_are_the_draws_of_the_columns() -> None:
    def given() -> Trace:
        trace = many_trace()
        trace.__class__ = GivenDraws
        return trace

    by_key, by_column = runs_of_all_kernels(), runs_of_all_kernels(given)
    assert [digest(run) for run in by_key] == [digest(run) for run in by_column]
    assert all(run.ledger.statuses["served"] and run.ledger.attempts > run.ledger.arrived for run in by_key[:8])
    assert by_key[9].ledger.statuses["not_ready"]
    assert by_key[7].ledger.cold


def test_many_workers_as_a_heap_are_those_that_are_looked_at_one_by_one() -> None:
    # Columns name the worker, so they are written without the heap.
    spec = FleetSpec(server=Workers(workers=40, mean_s=6.0), container_queue=3)
    client = Client(base_s=0.5, limit_s=12.0)
    runs = [simulate_fleet(busy_trace(), spec, Scaling.fixed(1), client=client, columns=kept) for kept in (False, True)]
    assert digest(runs[0]) == digest(runs[1])
    assert runs[0].ledger.statuses["rejected"]
    assert runs[0].ledger.statuses["timed_out"]


def test_short_ways_say_what_the_long_ones_do() -> None:
    # Columns are written the long way only.
    pool = PoolSpec(mean_s=0.8, max_concurrency=6, cold_mean_s=0.5, keep_alive_s=3.0)
    fleet = FleetSpec(server=Workers(workers=2, mean_s=0.5), container_queue=4)
    client = Client(base_s=0.5, limit_s=4.0, payload_max=8800.0)
    short, long = (
        [
            simulate_pool(many_trace(), pool, client=client, columns=kept),
            simulate_fleet(many_trace(), fleet, Scaling.fixed(2), client=client, columns=kept),
        ]
        for kept in (False, True)
    )
    assert [digest(run) for run in short] == [digest(run) for run in long]
    assert [run.granules for run in short] == [run.granules for run in long]
    for run in short:
        assert run.ledger.statuses["refused"]
        assert run.ledger.attempts > run.ledger.served > 0


def test_requests_that_share_a_server_cannot_be_dropped_from_it() -> None:
    spec = FleetSpec(server=LoadCurve(latency_s=(0.5, 0.6)), timed_out_runs_on=False)
    with pytest.raises(InputError, match="drops those that are too late"):
        simulate_fleet(busy_trace(), spec, Scaling.fixed(1))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    spec = FleetSpec(server=Workers(workers=2, mean_s=0.3))
    one, again, other = (digest(simulate_fleet(busy_trace(seed), spec, Scaling.fixed(2))) for seed in (1, 1, 2))
    assert one == again != other


def test_sampling_the_state_changes_nothing() -> None:
    spec = FleetSpec(server=Workers(workers=2, mean_s=0.9), container_queue=10)
    plain = simulate_fleet(busy_trace(), spec, Scaling.fixed(2))
    sampled = simulate_fleet(busy_trace(), spec, Scaling.fixed(2), sample_s=0.75)
    assert plain.ledger.bins.tobytes() == sampled.ledger.bins.tobytes()
    assert plain.ledger.sums.tobytes() == sampled.ledger.sums.tobytes()
    assert max(sample.waiting for sample in sampled.timeline.samples) > 0
    assert max(sample.in_process for sample in sampled.timeline.samples) == 4


def test_a_run_goes_on_until_every_request_of_the_window_has_its_status() -> None:
    # 100 requests at once on one worker of 10 s, and patience without end: the last is answered at 1000 s.
    trace = Trace.from_columns([0.0] * 100)
    queue = QueueSpec(mean_s=10.0, workers=1, max_invocations=1, timeout_s=math.inf)
    run = insist(simulate_queue(trace, queue, Scaling.fixed(1), window=Window(from_s=0.0, to_s=5.0), columns=True))
    assert run.ledger.served == 100
    assert run.columns is not None
    assert run.columns.finish.max() == 1000.0
    # The bill ends with the window.
    assert run.granules["instance_s"] == 5


def test_a_run_that_is_cut_leaves_the_rest_pending() -> None:
    trace = Trace.from_columns([0.0] * 10)
    window = Window(from_s=0.0, to_s=math.inf, stop_s=35.0)
    spec = FleetSpec(server=Workers(workers=1, mean_s=10.0))
    run = insist(simulate_fleet(trace, spec, Scaling.fixed(1), window=window, columns=True))
    assert run.ledger.served == 3
    assert run.ledger.pending == 7
    assert run.busy_s == 35.0


def test_a_queue_of_a_hundred_thousand_is_carried_and_served_in_order() -> None:
    trace = Trace.from_columns([0.0] * 100_000)
    queue = QueueSpec(mean_s=0.5, workers=1, max_invocations=1, ttl_s=math.inf)
    run = insist(simulate_queue(trace, queue, Scaling.fixed(1), window=Window(from_s=0.0, to_s=1.0), columns=True))
    assert run.columns is not None
    assert list(run.columns.start[[0, 1, 99_999]]) == [0.0, 0.5, 49_999.5]


def test_a_client_with_more_attempts_than_the_trace_has_draws_for_is_a_fault() -> None:
    with pytest.raises(BugError, match="9 attempts"):
        simulate_fleet(
            Trace.from_columns([0.0]),
            FleetSpec(server=Workers(workers=1, mean_s=1.0)),
            Scaling.fixed(1),
            client=Client(attempts=9),
            window=Window(from_s=0.0, to_s=1.0),
        )


def test_bytes_are_metered_only_where_they_are_asked_for() -> None:
    trace = Trace.from_columns([0.0, 1.0], bytes_in=[100.0, 200.0], bytes_out=[10.0, 20.0])
    spec, window = FleetSpec(server=Workers(workers=1, mean_s=0.5)), Window(from_s=0.0, to_s=5.0)
    run = simulate_fleet(trace, spec, Scaling.fixed(1), window=window)
    assert (run.granules["bytes_in"], run.granules["bytes_out"]) == (300, 30)
    without = simulate_fleet(trace, spec, Scaling.fixed(1), window=window, meter_bytes=False)
    assert "bytes_in" not in without.granules


def test_the_ledger_counts_every_request_of_the_whole_run() -> None:
    run = simulate_fleet(busy_trace(), FleetSpec(server=Workers(workers=4, mean_s=0.1)), Scaling.fixed(2))
    counts = run.ledger.counts
    assert counts[layout.L_TOTAL] >= counts[layout.L_ARRIVED] == counts[layout.L_CLOSED]
