"""Runs of endpoints side by side, put together as one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from advisor.sim.batch_record import BatchRun
from advisor.sim.ledger import Columns, Ledger
from advisor.sim.run_record import Run
from advisor.sim.timeline import Sample, Timeline

__all__ = ["together"]


def together(parts: Sequence[tuple[Run, int]]) -> Run:
    """Runs of endpoints side by side as one, each as often as it counts.

    Counters, sums, histograms and granules add up; units, jobs and rows are those of the endpoints that were run,
    numbered on. Alarms and datapoints are an endpoint's own and left out.
    """
    runs = [run for run, _ in parts]
    firsts, next_one = [], 0
    for run in runs:
        firsts.append(next_one)
        served_by = 0 if run.columns is None or not run.columns.instance.size else int(run.columns.instance.max()) + 1
        next_one += max(len(run.timeline.units), len(run.containers), served_by)
    names = dict.fromkeys(name for run in runs for name in run.granules)
    common: dict[str, Any] = {
        "ledger": _summed([(run.ledger, many) for run, many in parts]),
        "timeline": Timeline(
            units=[
                replace(unit, number=first + unit.number)
                for first, run in zip(firsts, runs, strict=True)
                for unit in run.timeline.units
            ],
            samples=_samples(parts),
        ),
        "window_s": runs[0].window_s,
        "stop_s": max(run.stop_s for run in runs),
        "granules": {name: sum(many * run.granules.get(name, 0) for run, many in parts) for name in names},
        "held_s": math.fsum(many * run.held_s for run, many in parts),
        "columns": _columns(runs, firsts),
        "early": _summed([(run.early, many) for run, many in parts if run.early is not None]),
        "containers": tuple(
            replace(unit, number=first + unit.number)
            for first, run in zip(firsts, runs, strict=True)
            for unit in run.containers
        ),
        "loads": tuple(load for run in runs for load in run.loads),
    }
    jobs = [run for run in runs if isinstance(run, BatchRun)]
    if not jobs:
        return Run(**common)
    loads = [run.load for run in jobs if not math.isnan(run.load)]
    return BatchRun(
        **common,
        jobs=tuple(job for run in jobs for job in run.jobs),
        load=max(loads, default=math.nan),
        given_up=any(run.given_up for run in jobs),
    )


def _summed(parts: Sequence[tuple[Ledger, int]]) -> Ledger | None:
    """Ledgers, each as often as it counts; `None` of none."""
    total = Ledger()
    for one, many in parts:
        total += Ledger(counts=many * one.counts, sums=many * one.sums, bins=many * one.bins)
    return total if parts else None


def _samples(parts: Sequence[tuple[Run, int]]) -> list[Sample]:
    """The state of all together, as far as every endpoint was sampled."""
    lines = [run.timeline.samples for run, _ in parts]
    return [
        Sample(
            rows[0].at,
            *(
                sum(many * int(row[column]) for row, (_, many) in zip(rows, parts, strict=True))
                for column in range(1, len(Sample._fields))
            ),
        )
        for rows in zip(*lines, strict=False)
    ]


def _columns(runs: Sequence[Run], firsts: Sequence[int]) -> Columns | None:
    """All rows in the order of arrival."""
    held = [run.columns for run in runs if run.columns is not None]
    if len(held) < len(runs):
        return None
    order = np.argsort(np.concatenate([one.first_arrival for one in held]), kind="stable")

    def merged(name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in held])[order]

    numbered = [
        np.where(one.instance >= 0, one.instance + first, one.instance) for one, first in zip(held, firsts, strict=True)
    ]
    others = {name: merged(name) for name in Columns.__slots__ if name != "instance"}
    return Columns(instance=np.concatenate(numbered)[order], **others)
