"""Batch transform against its oracle: every record, job and billed second."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.sim.batch import simulate_jobs
from advisor.sim.batch_record import BatchRun
from advisor.sim.deployments import JobSpec
from advisor.sim.kernels.batch import SCANNED
from advisor.sim.laws import broken
from tests.oracles import batch
from tests.oracles.case import Client
from tests.oracles.case_patterns import BatchCase
from tests.oracles.strategies import SEEDED, cases
from tests.sim.agreement import differences, in_our_terms, listed, spec_of, trace_of, window_of


def ours(case: BatchCase, *, block: int = 7, **more: float) -> BatchRun:
    return simulate_jobs(
        trace_of(case.requests, block),
        spec_of(case, JobSpec),
        client=in_our_terms(case.client),
        window=window_of(case),
        columns=True,
        **more,
    )


def disagreements(case: BatchCase, run: BatchRun) -> list[str]:
    record = batch.simulate(case)
    return [*differences(run, record), *listed("job", run.jobs, record.jobs), *broken(run)]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(case=cases("batch-transform"))
def test_every_record_job_and_second_is_the_oracles(case: BatchCase) -> None:
    assert disagreements(case, ours(case)) == []


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(case=cases("batch-transform", largest=120), slots=st.integers(SCANNED - 1, 40), single=st.booleans())
def test_so_many_slots_that_a_heap_finds_the_earliest_are_the_oracles(
    case: BatchCase, slots: int, *, single: bool
) -> None:
    wide = replace(
        case, workers=slots, max_transforms=40, strategy="single" if single else case.strategy, files=min(case.files, 3)
    )
    assert disagreements(wide, ours(wide)) == []


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(case=cases("batch-transform", largest=150))
def test_a_record_an_object_and_statuses_that_change_all_the_time_are_the_oracles(case: BatchCase) -> None:
    shredded = replace(case, files=1000, retries=0, client=Client(fail_share=0.5), max_payload_bytes=1500)
    assert disagreements(shredded, ours(shredded)) == []


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(case=cases("batch-transform"), steps=st.integers(0, 3 * 2**20))
def test_what_a_call_costs_beside_its_work_is_work_to_the_oracle(case: BatchCase, steps: int) -> None:
    # One record a call, a mean of one second: work of so many steps of the grid, or as much as a cost of each call.
    cost = steps / 2**20
    on_grid = tuple(replace(row, work=max(1 / 2**20, round(row.work * 2**20) / 2**20)) for row in case.requests)
    plain = replace(case, requests=on_grid, mean_s=1.0, strategy="single", marginal=None)
    dearer = replace(plain, requests=tuple(replace(row, work=row.work + cost) for row in on_grid))
    assert disagreements(dearer, ours(plain, call_cost_s=cost)) == []


def digest(seeds: range, block: int) -> str:
    """All that the runs of these cases hold, in one word."""
    told = hashlib.sha256()
    for seed in seeds:
        run = ours(SEEDED["batch-transform"](seed, 40), block=block)
        for part in (run.ledger.counts, run.ledger.sums, run.ledger.bins):
            told.update(part.tobytes())
        told.update(repr((run.jobs, sorted(run.granules.items()), run.held_s, run.load, run.stop_s)).encode())
        assert run.columns is not None
        for name in run.columns.__slots__:
            told.update(getattr(run.columns, name).tobytes())
    return told.hexdigest()


def test_where_blocks_are_cut_changes_nothing() -> None:
    assert len({digest(range(80), block) for block in (1, 3, 1000)}) == 1


def test_compiled_code_says_what_the_same_code_says_as_plain_python() -> None:
    root = Path(__file__).parents[2]
    says = "from tests.sim.test_batch_agrees_with_oracle import digest; print(digest(range(40), 7))"
    plain = subprocess.run(
        [sys.executable, "-W", "error", "-c", says],
        cwd=root, env={**os.environ, "ADVISOR_NO_JIT": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.strip() == digest(range(40), 7)
