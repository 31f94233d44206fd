"""What must hold of any run, whatever was simulated: conservation, causality, service by living units, whole meters."""

from __future__ import annotations

import math

import numpy as np

from advisor.errors import BugError
from advisor.sim.kernels import layout
from advisor.sim.ledger import Columns, Ledger, bin_edges
from advisor.sim.run_record import Run
from advisor.sim.shared_record import SharedRun
from advisor.sim.spill_record import SpillRun
from advisor.sim.statuses import NAMES, PENDING, SERVED, TIMED_OUT

__all__ = ["broken", "insist"]


def broken(run: Run) -> list[str]:
    """Every law that the run breaks, in words; an empty list where it breaks none."""
    if isinstance(run, SpillRun):
        return _spill(run)
    if isinstance(run, SharedRun):
        return [*broken(run.whole), *_conservation(run.ledger)]
    found = [*_conservation(run.ledger), *_split(run), *_meters(run), *_lives(run)]
    if run.columns is not None:
        found += _causality(run.columns)
        found += _ledger_tells_the_columns(run, run.columns)
        found += _served_by_the_living(run, run.columns)
    return found


def _spill(run: SpillRun) -> list[str]:
    """Each part by itself, what goes from one to the other, and the sum: each part has an overhead of its own."""
    found = [f"part {part}: {law}" for part, one in enumerate(run.parts, start=1) for law in broken(one)]
    first, second = (one.ledger for one in run.parts)
    if second.arrived != run.sent_on:
        found.append(f"{run.sent_on} requests were sent on, {second.arrived} arrived")
    if first.arrived + second.arrived != run.came or run.ledger.arrived != run.came:
        parts = f"the parts have {first.arrived} and {second.arrived}"
        found.append(f"{run.came} requests came, {run.ledger.arrived} are counted, {parts}")
    found += [*_conservation(run.ledger), *_split(run), *_meters(run)]
    return found + (_causality(run.columns) if run.columns is not None else [])


def insist(run: Run) -> Run:
    """The run itself; a broken law is a fault of this package."""
    if found := broken(run):
        raise BugError(f"a run breaks {len(found)} laws: {'; '.join(found[:5])}")
    return run


def _conservation(ledger: Ledger) -> list[str]:
    found = []
    ended = sum(ledger.statuses.values())
    if ledger.pending < 0 or ended + ledger.pending != ledger.arrived:
        found.append(f"{ledger.arrived} requests arrived, {ended} ended, {ledger.pending} are pending")
    if int(ledger.bins.sum()) != ledger.served:
        found.append(f"{ledger.served} were served, the histogram holds {int(ledger.bins.sum())}")
    if ledger.counts[: len(NAMES)].min() < 0:
        found.append("a status was counted below zero")
    if ledger.served:
        low, high = bin_edges()[np.flatnonzero(ledger.bins)[[0, -1]] + (0, 1)]
        if not low <= ledger.mean_s <= high:
            found.append(f"the mean latency {ledger.mean_s} lies outside of the histogram {low} .. {high}")
    return found


def _split(run: Run) -> list[str]:
    """What came before the split of the window is a part of all that came."""
    early = run.early
    if early is None:
        return []
    found = [f"before the split: {law}" for law in _conservation(early)]
    if np.any(early.counts > run.ledger.counts) or np.any(early.bins > run.ledger.bins):
        found.append("more is counted before the split than in all")
    return found


def _meters(run: Run) -> list[str]:
    found = [f"{name} is {granules}" for name, granules in run.granules.items() if granules < 0]
    if run.busy_s > run.held_s * (1 + 1e-9) + 1e-6:
        found.append(f"workers were busy for {run.busy_s} s of {run.held_s} s")
    return found


def _lives(run: Run) -> list[str]:
    found = []
    for unit in (*run.timeline.units, *run.containers):
        if unit.never_ready:
            continue  # called off, perhaps before its zone was up again
        instants = [at for at in (unit.launch, unit.ready, unit.draining, unit.end) if not math.isnan(at)]
        if instants != sorted(instants):
            found.append(f"unit {unit.number} lived through {instants}")
    return found


def _causality(columns: Columns) -> list[str]:
    found = []
    pairs = (
        ("first arrival", columns.first_arrival, "arrival", columns.arrival),
        ("arrival", columns.arrival, "start", columns.start),
        ("start", columns.start, "finish", columns.finish),
        ("arrival", columns.arrival, "answer", columns.answered),
    )
    for before, one, after, other in pairs:
        wrong = np.flatnonzero(one > other)
        if wrong.size:
            found.append(f"request {wrong[0]}: {after} before {before}")
    served = columns.status == SERVED
    if np.isnan(columns.answered[served]).any() or np.isnan(columns.finish[served]).any():
        found.append("a served request has no finish or no answer")
    if np.any(np.isnan(columns.answered) != (columns.status == PENDING)):
        found.append("a request has an answer and no status, or a status and no answer")
    if np.any(columns.answered[served] < columns.finish[served]):
        found.append("a served request has its answer before its finish")
    late = columns.status == TIMED_OUT
    if np.any(columns.attempts[late] < 1):
        found.append("a request timed out without an attempt")
    return found


def _ledger_tells_the_columns(run: Run, columns: Columns) -> list[str]:
    found = []
    low, high = run.window_s
    inside = (columns.first_arrival >= low) & (columns.first_arrival < high)
    for status, name in enumerate(NAMES):
        count = int((columns.status[inside] == status).sum())
        if count != run.ledger.statuses[name]:
            found.append(f"{name}: {run.ledger.statuses[name]} in the ledger, {count} in the columns")
    served = inside & (columns.status == SERVED)
    if served.any():
        latencies = columns.answered[served] - columns.first_arrival[served]
        overhead = float(run.ledger.sums[layout.S_LATENCY]) / int(served.sum()) - float(latencies.mean())
        exact = float(np.sort(latencies)[math.ceil(0.5 * latencies.size) - 1]) + overhead
        told = run.ledger.latency_s(0.5, served_only=True)
        if abs(told - exact) > 1.001e-3 * exact + 2**-20:
            found.append(f"the median latency is {told} in the ledger, {exact} in the columns")
    return found


def _served_by_the_living(run: Run, columns: Columns) -> list[str]:
    """No start on a unit before it was ready, none after its end, and no finish after that."""
    if not run.timeline.units or run.containers:
        return []
    found = []
    ready = np.array([unit.ready for unit in run.timeline.units])
    ends = np.array([math.inf if math.isnan(unit.end) else unit.end for unit in run.timeline.units])
    begun = ~np.isnan(columns.start) & (columns.instance >= 0)
    units = columns.instance[begun]
    starts = columns.start[begun]
    if not np.all(starts >= ready[units]):
        found.append("a request started on an instance that was not ready")
    if not np.all(starts <= ends[units]):
        found.append("a request started on an instance that had ended")
    finishes = columns.finish[begun]
    finished = ~np.isnan(finishes)
    if not np.all(finishes[finished] <= ends[units][finished]):
        found.append("a request finished on an instance that had ended")
    return found
