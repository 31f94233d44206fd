"""Batch transform against its oracle: every record, job and billed second."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.sim.batch import simulate_jobs
from advisor.sim.batch_record import BatchRun
from advisor.sim.deployments import JobSpec
from advisor.sim.kernels import batch as kernel
from advisor.sim.laws import broken
from tests.oracles import batch
from tests.oracles.case import SERVED, Client, Record, Request
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


@cache
def truth(case: BatchCase) -> Record:
    """What the oracle says."""
    return batch.simulate(case)


def disagreements(case: BatchCase, run: BatchRun) -> list[str]:
    record = truth(case)
    found = [*differences(run, record), *listed("job", run.jobs, record.jobs), *broken(run)]
    columns = run.columns
    assert columns is not None
    low, high = run.window_s
    served = (columns.status == SERVED) & (columns.first_arrival >= low) & (columns.first_arrival < high)
    waits = columns.start[served] - columns.arrival[served]
    if served.any() and abs(run.ledger.mean_wait_s - waits.mean()) > 1e-9:
        found.append(f"a mean wait of {run.ledger.mean_wait_s}, the columns say {waits.mean()}")
    return found


def by_hand(works: tuple[float, ...], **fields: object) -> BatchCase:
    """One object, a record a call; every draw is a failure where calls fail."""
    rows = tuple(Request(number=n, arrival=0.0, work=work, fail=(0.0,) * 5) for n, work in enumerate(works))
    plain = {"mean_s": 1.0, "workers": 3, "max_transforms": 3, "due_s": (0.0,), "files": 1, "strategy": "single"}
    return BatchCase(requests=rows, **{**plain, **fields})


# Slots 0 and 2 fail for good at one instant, at which slot 1 has failed for the first time: it is not tried again.
FAILED_TWICE = by_hand((2.0, 4.0, 2.0), retries=1, client=Client(fail_share=0.5))
# The run ends as the second record begins.
STOPPED = by_hand((1.0, 1.0), workers=1, stop_s=241.0)


@pytest.mark.parametrize("case", [FAILED_TWICE, STOPPED], ids=["two failures at one instant", "a start at the stop"])
def test_ties_that_are_rare_by_chance_are_the_oracles(case: BatchCase) -> None:
    assert disagreements(case, ours(case)) == []


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(case=cases("batch-transform"))
def test_every_record_job_and_second_is_the_oracles(case: BatchCase) -> None:
    assert disagreements(case, ours(case)) == []


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(case=cases("batch-transform, side by side"))
def test_objects_side_by_side_are_the_oracles(case: BatchCase) -> None:
    assert disagreements(case, ours(case)) == []


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    case=cases("batch-transform", largest=120) | cases("batch-transform, side by side", largest=120),
    slots=st.integers(kernel.SCANNED - 1, 40),
    single=st.booleans(),
)
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


def in_plain_python(what: str) -> str:
    """What a function of this module says in a process without compiled code."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"from tests.sim.test_batch_agrees_with_oracle import *; print({what})"],
        cwd=Path(__file__).parents[2], env={**os.environ, "ADVISOR_NO_JIT": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# What stands in the kernel, how often, and what stands there instead.
CHANGES = (
    ("spans[slot, X_END] < spans[found, X_END]", "spans[slot, X_END] <= spans[found, X_END]"),  # highest slot first
    ("start >= f[F_FAILED]", "start > f[F_FAILED]"),  # a call begins as its object fails
    ("length > p[P_TIMEOUT]", "length >= p[P_TIMEOUT]"),  # as long as the time-out is late
    ("most = k[K_RETRIES] + 1", "most = max(1, k[K_RETRIES])"),  # one retry fewer
    ("slot < k[K_CULPRIT]", "slot > k[K_CULPRIT]"),  # the higher slot fails the object
    ("slot > k[K_CULPRIT]", "slot < k[K_CULPRIT]"),  # ends of one instant go by slot, backwards
    ("if end > f[F_FAILED] or", "if end >= f[F_FAILED] or"),  # nothing is retried as the object fails
    (
        "f[F_OPENED] = job.clocks[instance]",
        "f[F_OPENED] = job.clocks[(instance + 1) % k[K_INSTANCES]]",
    ),  # another's turn
    ("+ k[K_OBJECTS] - 1) //", ") //"),  # objects end a record early
    ("size + bytes_in[row] > most", "size + bytes_in[row] >= most"),  # a call holds one byte less
    ("if size > most:", "if size >= most:"),  # a call as large as it may be is refused
    ("f[F_LUCK + tries - 1] < p[P_FAIL_SHARE]", "f[F_LUCK + tries - 1] <= p[P_FAIL_SHARE]"),  # the edge of a failure
    ("f[F_LUCK + attempt]", "f[F_LUCK + draws - 1 - attempt]"),  # draws of attempts in another order
    ("marginal * (count - 1)", "marginal * count"),  # the first record costs its marginal too
    ("largest = max(largest, works[row])", "largest = works[row]"),  # the last work counts
    ("status = REFUSED", "status = FAILED"),  # too large is failed
    ("(tries - 1) * length > p[P_STOP]", "(tries - 1) * length >= p[P_STOP]"),  # nothing begins at the run's end
    ("last = max(last, end)", "last = end"),  # the object ends with its highest slot
    ("last = f[F_FAILED]", "last = 0.0\n    k[K_USED] = 0"),  # the object ends at once
    ("arrival < p[P_TO]:\n            counts", "arrival <= p[P_TO]:\n            counts"),  # the window's end is in it
    ("arrival >= p[P_FROM] and arrival < p[P_TO]:\n            counts", "arrival > p[P_FROM]:\n            counts"),
    ("strategy == SINGLE or", ""),  # single records go together
    ("service_of(total, mean_s)", "service_of(largest, mean_s)"),  # a call takes its largest work
    ("elif p[P_FAIL_SHARE] > 0.0", "if p[P_FAIL_SHARE] > 0.0"),  # a late call may succeed
)


def unnoticed() -> list[str]:
    """The changes of the kernel's meaning that no case notices; a change that breaks down is noticed."""
    kept = {name: getattr(kernel, name) for name in vars(kernel)}
    source = Path(str(kernel.__file__)).read_text()
    cases_of = [FAILED_TWICE, STOPPED, *(SEEDED["batch-transform"](seed, 40) for seed in range(120))]
    missed = []
    for text, instead in CHANGES:
        assert text in source, text
        exec(compile(source.replace(text, instead), str(kernel.__file__), "exec"), vars(kernel))
        if not any(map(noticed, cases_of)):
            missed.append(instead)
    vars(kernel).update(kept)
    return missed


def noticed(case: BatchCase) -> bool:
    try:
        return bool(disagreements(case, ours(case)))
    except (ArithmeticError, AssertionError, IndexError, ValueError):
        return True


def test_where_blocks_are_cut_changes_nothing() -> None:
    assert len({digest(range(30), block) for block in (1, 3, 1000)}) == 1


def test_compiled_code_says_what_the_same_code_says_as_plain_python() -> None:
    assert in_plain_python("digest(range(25), 7)") == digest(range(25), 7)


def test_a_change_of_what_the_kernel_means_is_noticed_whichever_it_is() -> None:
    assert in_plain_python("unnoticed()") == "[]"
