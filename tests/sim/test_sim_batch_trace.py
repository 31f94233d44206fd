"""The traces that batch transform jobs go through: lots of a profile, streams, files; memory and threads."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import InputError
from advisor.sim.arrivals import Points
from advisor.sim.batch import simulate_jobs
from advisor.sim.batch_lots import Lots, due_every, lots_of
from advisor.sim.block import Laws
from advisor.sim.deployments import Client, JobSpec
from advisor.sim.laws import broken
from advisor.sim.replay import Recorded
from advisor.sim.service import Sizes, lognormal
from advisor.sim.station import Window
from advisor.sim.trace import Trace
from advisor.units import DAY_S, HOUR_S
from advisor.workload.read import reads

SPEC = JobSpec(
    mean_s=0.5, workers=4, due_s=(0.0,), files=10, instances=2, max_transforms=4, strategy="single",
    provision_s=(100.0,), setup_s=20.0, upload_s=5.0,
)  # fmt: skip

PROFILE = """
name: nightly
work: [{on: ml.m5.xlarge, mean: 20 ms, cv: 0.5, workers: 4}]
batch: {records: 20000, record_size: 2 KB, files: 8, every: 1 day, deadline: 4 hours}
"""


def test_a_profiles_lots_come_when_they_are_due_with_its_sizes_and_its_shape_of_work() -> None:
    workload = reads(PROFILE)
    due = due_every(DAY_S, 2 * DAY_S)
    trace = lots_of(workload, due, seed=3)
    blocks = [
        (b.n, b.arrival[: b.n].copy(), b.work[: b.n].copy(), b.bytes_in[: b.n].copy()) for b in trace.blocks(7001)
    ]
    arrivals, works, sizes = (np.concatenate([block[at] for block in blocks]) for at in (1, 2, 3))
    assert np.unique(arrivals, return_counts=True)[1].tolist() == [20_000] * 3
    assert works.mean() == pytest.approx(1.0, abs=4 * 0.5 / math.sqrt(60_000))
    assert set(sizes) == {2000.0}
    spec = replace(SPEC, mean_s=0.02, due_s=due, files=8, strategy="multi", max_payload_bytes=6_000_000)
    found = simulate_jobs(trace, spec, window=Window(from_s=0.0, to_s=3 * DAY_S))
    assert broken(found) == []
    # Objects of 2500 records of 2 KB are one call each: 50 s, four on an instance one after another.
    assert found.granules["calls"] == 24
    assert [job.work_s for job in found.jobs] == [pytest.approx(200.0, rel=0.03)] * 3
    assert found.granules["bytes_in"] == 3 * 20_000 * 2000


def of_two_classes(_: Path) -> Trace:
    sources = [Points(name="few", rate_per_s=0.5), Points(name="many", rate_per_s=2.0, klass=1, work=0.5)]
    laws = Laws(
        shape=lognormal(0.5),
        sizes_in=(Sizes.of(900.0, 9000.0), Sizes.of(100.0)),
        sizes_out=(Sizes.of(90.0), Sizes.of(10.0, 20.0)),
        fixed_models=(-1, -1),
    )
    return Trace(sources, seed=4, laws=laws)


def of_a_file(folder: Path) -> Trace:
    path = folder / "arrivals.csv"
    path.write_text("arrival_s,work\n" + "".join(f"{0.25 * n},{1 + n % 3}\n" for n in range(9000)))
    return Trace([Recorded(path=path)], seed=4)


@pytest.mark.parametrize("made", [of_two_classes, of_a_file])
def test_going_through_a_trace_three_times_side_by_side_is_going_through_it_once(
    made: Callable[[Path], Trace], tmp_path: Path
) -> None:
    trace = made(tmp_path)
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in ("arrival", "work", "bytes_in", "bytes_out", "fail")}
    for block in trace.blocks(1000):
        for name, parts in drawn.items():
            parts.append(getattr(block, name)[..., : block.n].copy())
        if block.arrival[block.n - 1] > 4000.0 or len(drawn["work"]) == 20:
            break
    columns = {name: np.concatenate(parts, axis=-1) for name, parts in drawn.items()}
    spec = replace(SPEC, due_s=due_every(400.0, 2000.0, first_s=400.0), strategy="multi", max_payload_bytes=9000)
    client = Client(fail_share=0.2)
    window = Window(from_s=0.0, to_s=1500.0)
    once = simulate_jobs(Trace.from_columns(**columns), spec, client=client, window=window)
    assert once.ledger.arrived > 3000
    thrice = simulate_jobs(trace, spec, client=client, window=window)
    assert broken(thrice) == []
    assert repr(thrice.jobs) == repr(once.jobs)
    assert thrice.ledger.bins.tobytes() == once.ledger.bins.tobytes()
    assert thrice.granules == once.granules


def test_memory_does_not_grow_with_the_records() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        found = simulate_jobs(
            Lots(Trace((), shape=lognormal(0.5)), count, (0.0,)), SPEC, window=Window(from_s=0, to_s=1)
        )
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.ledger.served == count
        return most

    peak(1000)
    small, large = peak(400_000), peak(3_000_000)
    assert large < 1.05 * small < 64e6


def test_the_same_seed_gives_the_same_bytes_on_two_threads_at_once() -> None:
    def told(_: int) -> bytes:
        trace = Trace([Points(name="even", rate_per_s=3.0, even=True)], seed=5, shape=lognormal(1.0))
        spec = replace(SPEC, due_s=due_every(HOUR_S, 2 * DAY_S, first_s=HOUR_S))
        found = simulate_jobs(trace, spec, window=Window(from_s=0.0, to_s=DAY_S))
        return found.ledger.counts.tobytes() + found.ledger.sums.tobytes() + found.ledger.bins.tobytes()

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(told, range(4)))) == 1


def test_a_pipe_cannot_be_gone_through_three_times(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can be read once only"):
        simulate_jobs(Trace([Recorded(path=tmp_path, once=True)]), SPEC)
