"""Answers that the tests of plots and reviews stand on: real simulations of small workloads, put together by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import advisor as ad
from advisor.advice.axes import Axis
from advisor.advice.curves import Crossing, Curves
from advisor.advice.mapping import Cell, DecisionMap
from advisor.advice.recommendation import BreakEven, Confidence, Option, Recommendation, Refusal, Searched, Sensitivity
from advisor.advice.simulating import simulate
from advisor.rules import BLOCKS, WARNS

__all__ = ["LOT", "PROFILE", "RATES", "answer", "curves", "lot", "mapped", "nothing", "small"]

RATES = tuple(10.0**power for power in range(-3, 4))

PROFILE = """
name: small <b>&amp; plain
about: A tool with "quotes", <tags> & a | in its words.
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}, {on: ml.m5.large, mean: 120 ms, workers: 2}]
traffic: {rate: 1 per minute}
payload: {request: 10 KB, request_max: 40 KB}
objective: {p95: 2 s, errors: 1 %}
"""
LOT = """
name: nightly
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.m5.large, mean: 20 ms, workers: 2}]
batch: {records: 2000, record_size: 1 KB, files: 4, every: 1 day, deadline: 4 hours}
"""


def answer(w: ad.Workload, seed: int = 4) -> Recommendation:
    """Every pattern's first guess, simulated in short and ranked by cost."""
    tried, refused = [], []
    for judged in ad.check(w).patterns:
        blocking = tuple(finding for finding in judged.findings if finding.verdict is BLOCKS)
        if blocking:
            refused.append(Refusal(pattern=judged.pattern, deployment=judged.deployment, findings=blocking))
        else:
            made = simulate(w, judged.deployment, seed=seed, replications=2, budget=2000, threads=1)
            tried.append((judged, made))
    tried.sort(key=lambda pair: (not pair[1].meets_objective, pair[1].usd_per_month.value))
    best = tried[0][1]
    options = tuple(
        Option(
            rank=rank,
            deployment=judged.deployment,
            outcome=made,
            on_front=rank == 1 or made.latency_s["p95"].value < best.latency_s["p95"].value,
            told="" if rank == 1 else "costs more",
        )
        for rank, (judged, made) in enumerate(tried, start=1)
    )
    usd = float(best.usd_per_month.value)
    moved = Sensitivity(
        key="serverless_keep_alive",
        title="How long an idle container stays warm, said at such length that it needs a second line and a third",
        held="11 min",
        low="5 min",
        high="15 min",
        best_low="real-time",
        best_high=best.pattern,
        usd_low=usd * 3,
        usd_high=usd * 0.8,
        how="estimated",
        best=best.pattern,
    )
    steady = replace(moved, key="metric_lag", title="Metric lag", best_low=best.pattern, usd_low=usd * 1.1)
    point = BreakEven(
        field="traffic.rate",
        now="1 per minute",
        at=5.0,
        written="5 per second",
        best=best.pattern,
        becomes="real-time",
        says="traffic.rate from 5 per second: real-time is best (now 1 per minute: serverless)",
        sets={"traffic.rate": "5 per second"},
        short={"traffic.rate": "4.5 per second"},
    )
    return Recommendation(
        workload=w,
        options=options,
        refused=tuple(refused),
        confidence=Confidence(first_is_first=0.97),
        why=(f"{best.id} is best.",),
        sensitivity=(moved, steady) if w.streams else (),
        break_even=(point,) if w.streams else (),
        warnings=tuple(
            finding for finding in options[0].deployment.check(w) if finding.verdict is WARNS
        ),
        assumptions=best.assumptions,
        searched=Searched(space=40, simulated=len(options), requests=2000),
        seed=seed,
        version=ad.__version__,
        prices_as_of=best.prices_as_of,
        horizon_h=best.horizon_h,
    )  # fmt: skip


@cache
def small() -> Recommendation:
    """A stream that several patterns can serve."""
    return answer(ad.reads(PROFILE))


@cache
def lot() -> Recommendation:
    """A lot, which only a job can work off."""
    return answer(ad.reads(LOT))


@cache
def nothing() -> Recommendation:
    """A workload that every pattern refuses."""
    w = ad.reads(PROFILE.replace("region:", "task: training\nregion:"))
    refused = tuple(
        Refusal(pattern=one.pattern, deployment=one.deployment, findings=one.findings) for one in ad.check(w).patterns
    )
    held = small()
    return replace(
        held, workload=w, options=(), refused=refused, why=("Nothing can serve it.",), sensitivity=(), break_even=(),
        warnings=(), assumptions=(),
    )  # fmt: skip


def curves() -> Curves:
    """Serverless costs 30 USD a request a second, real-time 150 USD whatever comes: they cross at 5 a second."""
    over = Axis(path="traffic.rate", values=RATES, shown=tuple(map(str, RATES)), now=1 / 60, now_shown="1 per minute")
    usd = {"serverless": tuple(30 * rate for rate in RATES), "real-time": (150.0,) * len(RATES)}
    best = ("serverless",) * 4 + ("real-time",) * 3
    crossing = Crossing(at=5.0, usd=150.0, before="serverless", after="real-time")
    return Curves(workload=small().workload, axis=over, usd=usd, best=best, crossings=(crossing,))


def mapped() -> DecisionMap:
    """Serverless on the left, real-time on the right, close beside the border; none in the upper right corner."""
    over = Axis(path="traffic.rate", values=RATES, shown=tuple(map(str, RATES)), now=1 / 60, now_shown="1 per minute")
    sizes = (1e3, 1e4, 1e5, 1e6)
    up = Axis(
        path="payload.request", values=sizes, shown=("1 KB", "10 KB", "100 KB", "1 MB"), now=1e4, now_shown="10 KB"
    )
    margins = (3.0, 0.6, 0.2, 0.02, 0.2, 0.6, 3.0)

    def cell(column: int, row: int) -> Cell:
        if column > 4 and row == 3:
            return Cell(best="", second="", usd=math.nan, margin=math.inf, how="estimated")
        best = "serverless" if column < 4 else "real-time"
        how = "simulated" if margins[column] < 0.15 else "estimated"
        return Cell(best=best, second="asynchronous", usd=10.0, margin=margins[column], how=how)

    cells = tuple(tuple(cell(column, row) for column in range(7)) for row in range(4))
    return DecisionMap(workload=small().workload, x=over, y=up, cells=cells, seed=1)
