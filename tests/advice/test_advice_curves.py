"""Cost over a field, drawn by arithmetic: the same in this process and in others."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from advisor.advice.curves import cost_curves
from advisor.workload import reads

# Asynchronous endpoints, whose estimates hold functions of their own, are in the running too.
W = reads(
    """
name: letters
region: us-east-1
model: {size: 260 MB, memory: 1.2 GB}
work: [{on: serverless 2 GB, mean: 320 ms, p95: 700 ms}, {on: ml.m5.large, mean: 150 ms, p95: 330 ms, workers: 2}]
traffic: {rate: 2 per minute, day: office}
objective: {p90: 30 s, errors: 1 %, cold_starts: allow, prefer: cost}
"""
)
RATES = [0.01, 0.1, 1.0]


def test_curves_made_by_processes_are_those_made_here() -> None:
    here = cost_curves(W, values=RATES)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        there = cost_curves(W, values=RATES, executor=pool)
    assert (there.usd, there.best, there.crossings) == (here.usd, here.best, here.crossings)
    assert {"serverless", "real-time", "asynchronous"} <= set(here.usd)


def test_an_endpoint_that_stands_ready_costs_the_same_at_any_rate_and_serverless_in_proportion() -> None:
    found = cost_curves(W, values=RATES)
    serverless, fixed = found.usd["serverless"], found.usd["real-time"]
    assert 8 < serverless[1] / serverless[0] < 12
    assert 0.9 < fixed[1] / fixed[0] < 1.1
    assert found.best[0] == "serverless"
