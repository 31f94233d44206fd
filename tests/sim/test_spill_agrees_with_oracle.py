"""A base with a spill against its oracle, in which both live in one world: every request, unit and granule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.sim.deployments import FleetSpec, PoolSpec, QueueSpec
from advisor.sim.laws import broken
from advisor.sim.pools import simulate_pool
from advisor.sim.queues import simulate_queue
from advisor.sim.run_record import Run
from advisor.sim.scaling import Scaling
from advisor.sim.spill import simulate_spill
from advisor.sim.spill_record import SpillRun
from advisor.sim.trace import Trace
from tests.oracles import spill
from tests.oracles.case_patterns import ServerlessCase
from tests.oracles.spill import SpillCase, SpillRecord
from tests.oracles.spill_cases import spill_cases
from tests.sim.agreement import in_our_terms, listed, spec_of, trace_of, window_of

NAMES = ("first_arrival", "arrival", "start", "finish", "answered", "status", "slot", "attempts")


def ours(case: SpillCase, *, block: int = 7, columns: bool = True) -> SpillRun:
    other = case.second
    simulate, kind = (simulate_pool, PoolSpec) if isinstance(other, ServerlessCase) else (simulate_queue, QueueSpec)

    def second(trace: Trace) -> Run:
        run: Run = simulate(
            trace,
            spec_of(other, kind),
            in_our_terms(other.scaling),
            client=in_our_terms(other.client),
            window=window_of(other),
            columns=columns,
        )
        return run

    return simulate_spill(
        trace_of(other.requests, block),
        FleetSpec(
            server=in_our_terms(case.server),
            container_queue=case.spill_at,
            timed_out_runs_on=case.timed_out_runs_on,
        ),
        Scaling(initial=case.instances, lowest=case.instances, highest=case.instances),
        second,
        client=in_our_terms(other.client),
        window=window_of(other),
        columns=columns,
    )


def differences(run: SpillRun, record: SpillRecord, instances: int) -> list[str]:
    columns, found = run.columns, []
    assert columns is not None
    arrived = [outcome for outcome in record.requests if outcome.attempts or not np.isnan(outcome.arrival)]
    if columns.status.size != len(arrived):
        found.append(f"{columns.status.size} requests, the oracle has {len(arrived)}")
    for index, outcome in enumerate(arrived[: columns.status.size]):
        for name in NAMES:
            mine, theirs = float(getattr(columns, name)[index]), float(getattr(outcome, name))
            if mine != theirs and not (np.isnan(mine) and np.isnan(theirs)):
                found.append(f"request {index}: {name} is {mine!r}, the oracle says {theirs!r}")
        served_by = outcome.instance + (instances if record.sent_on[outcome.number] and outcome.instance >= 0 else 0)
        if columns.instance[index] != served_by:
            found.append(f"request {index}: on {columns.instance[index]}, the oracle says {served_by}")
    base, second = run.parts
    for part, billed in ((base, record.base_billed), (second, record.second.billed)):
        for name, granules in billed.items():
            if part.granules.get(name) != granules:
                found.append(f"billed {name}: {part.granules.get(name)}, the oracle says {granules}")
    found += listed("instance", second.timeline.units, record.second.instances)
    found += listed("change", second.timeline.changes, record.second.changes)
    return found + listed("datapoint", second.timeline.datapoints, record.second.datapoints)


@pytest.mark.parametrize("second", ["serverless", "asynchronous"])
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_every_request_of_base_and_spill_is_the_oracles(second: str, data: st.DataObject) -> None:
    case = data.draw(spill_cases(second))
    record = spill.simulate(case)
    run = ours(case)
    assert differences(run, record, case.instances) == []
    assert broken(run) == []
    window = case.second
    assert run.sent_on == sum(
        sent and window.counted(outcome.first_arrival) and outcome.first_arrival <= window.stop_s
        for sent, outcome in zip(record.sent_on, record.requests, strict=True)
    )
