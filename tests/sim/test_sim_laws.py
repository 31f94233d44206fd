"""Each law catches the run that breaks it, and a right run breaks none."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from advisor.errors import BugError
from advisor.sim.deployments import Client, FleetSpec, Workers
from advisor.sim.fleets import simulate_fleet
from advisor.sim.kernels import layout
from advisor.sim.laws import broken, insist
from advisor.sim.run_record import Run
from advisor.sim.scaling import Scaling
from advisor.sim.station import Window
from advisor.sim.trace import Trace


@pytest.fixture
def run() -> Run:
    trace = Trace.from_columns([float(n) for n in range(20)])
    return simulate_fleet(
        trace,
        FleetSpec(server=Workers(workers=2, mean_s=1.5)),
        Scaling.fixed(1),
        client=Client(attempts=1),
        window=Window(from_s=0.0, to_s=20.0),
        columns=True,
    )


def test_a_right_run_breaks_no_law(run: Run) -> None:
    assert broken(run) == []
    assert insist(run) is run


def test_a_request_that_vanishes_is_noticed(run: Run) -> None:
    run.ledger.counts[layout.SERVED] += 1
    assert any("requests arrived" in law for law in broken(run))
    with pytest.raises(BugError, match="laws"):
        insist(run)


def test_a_latency_that_is_missing_from_the_histogram_is_noticed(run: Run) -> None:
    run.ledger.bins[run.ledger.bins.argmax()] -= 1
    assert any("histogram" in law for law in broken(run))


def test_a_start_before_its_arrival_is_noticed(run: Run) -> None:
    assert run.columns is not None
    run.columns.start[3] = run.columns.arrival[3] - 0.5
    assert "request 3: start before arrival" in broken(run)


def test_a_served_request_without_a_finish_is_noticed(run: Run) -> None:
    assert run.columns is not None
    run.columns.finish[4] = math.nan
    assert "a served request has no finish or no answer" in broken(run)


def test_a_start_on_an_instance_that_is_not_ready_is_noticed(run: Run) -> None:
    run.timeline.units[0].ready = 5.0
    assert "a request started on an instance that was not ready" in broken(run)


def test_a_finish_on_an_instance_that_has_ended_is_noticed(run: Run) -> None:
    run.timeline.units[0].end = 19.5
    assert "a request finished on an instance that had ended" in broken(run)


def test_more_work_than_workers_is_noticed(run: Run) -> None:
    assert any("workers were busy" in law for law in broken(dataclasses.replace(run, held_s=1.0)))


def test_a_negative_meter_is_noticed(run: Run) -> None:
    assert "instance_s is -1" in broken(dataclasses.replace(run, granules={"instance_s": -1}))


def test_columns_that_say_something_else_than_the_ledger_are_noticed(run: Run) -> None:
    assert run.columns is not None
    run.columns.answered[:] = run.columns.answered + np.arange(20)
    assert any("median latency" in law for law in broken(run))
