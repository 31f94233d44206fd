"""Measured AWS Lambda invocations against the simulated pool: cold-start share and latency of six Poisson runs.

Each run is about 28 hours of Poisson calls at one rate to one function (third-party measurement, 2020). Its first hour
is left out on both sides: the function had been called before, so the first container of a run is warm in the record.

Standard error of a measured share. Cold starts are not independent draws: one of them leaves a container behind that
makes the next less likely while it stays warm. The error by batches (20 equal spans of about 80 minutes, each seven
keep-alive times long) sees that dependence and the chance in the arrivals; the binomial error does not. The forecast
from the rate alone, which knows nothing of the arrivals, is judged by the SMALLER of the two. The replay, which is
given the arrivals, is judged by the binomial error: what is left to chance is what the platform did at each call.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from advisor.catalog.assumptions import assumption
from advisor.sim.arrivals import Points
from advisor.sim.block import Laws
from advisor.sim.deployments import Client, PoolSpec
from advisor.sim.laws import insist
from advisor.sim.ledger import Ledger
from advisor.sim.pools import simulate_pool
from advisor.sim.service import Shape, Sizes, constant, from_measurements
from advisor.sim.trace import Trace
from tests.reality.measured import (
    column,
    error_by_batches,
    error_of_mean,
    error_of_quantile,
    error_of_share,
    rows_of,
    show,
)

RUNS = ("6.7", "10.3", "15.3", "28.2", "359.5", "361.3")
WARM_UP_S = 3600.0
BATCHES = 20
# Long enough that the forecast's own chance is small beside the measurement's.
FORECAST_RUNS = 100
KEEP_ALIVE_S = float(assumption("serverless_keep_alive").base)
# Neither retries nor AWS's limit of 60 s: a call took two seconds and none was throttled.
ONCE = Client(attempts=1, limit_s=600.0)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run: instants, which calls were cold, what the client waited."""

    name: str
    at_s: np.ndarray
    cold: np.ndarray
    client_s: np.ndarray

    @classmethod
    def of(cls, folder: Path, per_hour: str) -> Measured:
        rows = rows_of(folder / "service" / f"aws_lambda_poisson_{per_hour}_per_hour.csv.gz")
        return cls(
            name=f"{per_hour} per hour",
            at_s=column(rows, "arrival_s"),
            cold=column(rows, "is_cold") == 1,
            client_s=column(rows, "client_s"),
        )

    @property
    def kept(self) -> np.ndarray:
        return self.at_s >= WARM_UP_S

    @property
    def rate_per_s(self) -> float:
        return (len(self.at_s) - 1) / float(self.at_s[-1] - self.at_s[0])

    @property
    def span_s(self) -> float:
        return float(self.at_s[-1]) - WARM_UP_S

    @property
    def share(self) -> float:
        return float(self.cold[self.kept].mean())

    @property
    def warm_s(self) -> np.ndarray:
        return self.client_s[~self.cold]

    @property
    def setup_s(self) -> float:
        """By how much a cold call took longer than a warm one."""
        return float(self.client_s[self.cold].mean() - self.warm_s.mean())

    @property
    def errors(self) -> tuple[float, float]:
        """Of the share of cold starts: binomial, by batches."""
        cold = self.cold[self.kept]
        return error_of_share(cold.sum(), len(cold)), error_by_batches(self.at_s[self.kept], cold, BATCHES)


@pytest.fixture(scope="module")
def runs(traces: Path) -> list[Measured]:
    return [Measured.of(traces, per_hour) for per_hour in RUNS]


def pool(warm_s: float, setup_s: float, keep_alive_s: float) -> PoolSpec:
    return PoolSpec(mean_s=warm_s, max_concurrency=1000, cold_mean_s=setup_s, keep_alive_s=keep_alive_s)


def replayed(run: Measured, keep_alive_s: float) -> float:
    """The share of cold starts where the very arrivals of the run are replayed."""
    trace = Trace.from_columns(run.at_s, warmup_s=WARM_UP_S, horizon_s=run.span_s + 1.0)
    spec = pool(float(run.warm_s.mean()), run.setup_s, keep_alive_s)
    ledger = insist(simulate_pool(trace, spec, client=ONCE, meter_bytes=False)).ledger
    assert ledger.arrived == run.kept.sum()
    return ledger.cold / ledger.arrived


def forecast(
    run: Measured, warm_s: float, setup_s: float, keep_alive_s: float, shape: Shape, setup_cv: float, seed: int = 1
) -> Ledger:
    """What is expected of Poisson calls at the run's rate, over a hundred runs' time."""
    laws = Laws(shape=shape, sizes_in=(Sizes.of(0.0),), sizes_out=(Sizes.of(0.0),), cold_cv=setup_cv)
    trace = Trace(
        [Points(name="", rate_per_s=run.rate_per_s)],
        seed=seed, laws=laws, warmup_s=WARM_UP_S, horizon_s=FORECAST_RUNS * run.span_s,
    )  # fmt: skip
    spec = pool(warm_s, setup_s, keep_alive_s)
    return insist(simulate_pool(trace, spec, client=ONCE, meter_bytes=False)).ledger


def foretold(run: Measured, keep_alive_s: float) -> float:
    """The share of cold starts foretold from rate, warm time and set-up time alone."""
    ledger = forecast(run, float(run.warm_s.mean()), run.setup_s, keep_alive_s, constant(), 0.0)
    return ledger.cold / ledger.arrived


def test_one_keep_alive_foretells_the_cold_start_share_of_five_runs_of_six(runs: list[Measured]) -> None:
    rows, from_rate, from_arrivals = [], [], []
    for run in runs:
        binomial, batches = run.errors
        rate, arrivals = foretold(run, KEEP_ALIVE_S), replayed(run, KEEP_ALIVE_S)
        from_rate.append((rate - run.share) / min(binomial, batches))
        from_arrivals.append((arrivals - run.share) / binomial)
        counts = f"{int(run.cold[run.kept].sum())} of {int(run.kept.sum())}"
        figures = (run.share, rate, arrivals, binomial, batches)
        rows.append((run.name, counts, *(f"{100 * x:.3g} %" for x in figures), from_rate[-1], from_arrivals[-1]))
    show(
        f"AWS Lambda, share of cold starts, one keep-alive of {KEEP_ALIVE_S:.0f} s for all",
        ("run", "cold", "measured", "forecast", "replay", "s.e. binomial", "s.e. by batches", "forecast off by s.e.",
         "replay off by s.e."),
        rows,
        "Forecast: from the rate alone, judged by the smaller error. Replay: of the arrivals, by the binomial one.",
    )  # fmt: skip
    assert sum(abs(off) <= 2 for off in from_rate) >= 5
    assert sum(abs(off) <= 2 for off in from_arrivals) >= 5


def test_no_keep_alive_at_the_ends_of_the_assumed_range_does_as_well(runs: list[Measured]) -> None:
    told = assumption("serverless_keep_alive")
    low, high = told.parse(told.low), told.parse(told.high)
    minutes = sorted({float(low), 480.0, 540.0, 600.0, KEEP_ALIVE_S, 720.0, 780.0, float(high)})
    within = {}
    rows = []
    for keep_alive_s in minutes:
        off = [(foretold(run, keep_alive_s) - run.share) / min(run.errors) for run in runs]
        within[keep_alive_s] = sum(abs(one) <= 2 for one in off)
        rows.append((f"{keep_alive_s / 60:g} min", within[keep_alive_s], *off))
    show(
        "AWS Lambda, forecast less measured share of cold starts, in standard errors (the smaller of the two)",
        ("keep-alive", "within 2", *RUNS),
        rows,
    )
    assert within[KEEP_ALIVE_S] == max(within.values())
    assert within[float(low)] <= 3
    assert within[float(high)] <= 3


def test_latency_of_a_run_is_foretold_by_the_other_five(runs: list[Measured]) -> None:
    setup_cv = float(assumption("serverless_setup_cv").base)
    rows, mean_off, tail_off = [], [], []
    for run in runs:
        others = [other for other in runs if other is not run]
        # Each run weighs the same: the two busy ones hold nine tenths of all calls.
        warm = np.concatenate([np.quantile(other.warm_s, (np.arange(500) + 0.5) / 500) for other in others])
        setup = float(np.mean([other.setup_s for other in others]))
        ledger = forecast(run, float(warm.mean()), setup, KEEP_ALIVE_S, from_measurements(warm.tolist()), setup_cv)
        seen = run.client_s[run.kept]
        mean, tail = float(seen.mean()), float(np.quantile(seen, 0.99))
        mean_off.append(ledger.mean_s / mean - 1)
        tail_off.append(ledger.latency_s(0.99) / tail - 1)
        rows.append((
            run.name, f"{mean:.4f}", f"{ledger.mean_s:.4f}", f"{error_of_mean(seen):.4f}",
            f"{100 * mean_off[-1]:+.1f} %", f"{tail:.3f}", f"{ledger.latency_s(0.99):.3f}",
            f"{error_of_quantile(seen, 0.99):.3f}", f"{100 * tail_off[-1]:+.1f} %",
        ))  # fmt: skip
    show(
        "AWS Lambda, latency in seconds, warm and set-up times taken from the five other runs",
        ("run", "mean", "forecast", "s.e.", "off", "p99", "forecast p99", "s.e. p99", "p99 off"),
        rows,
    )
    assert max(map(abs, mean_off)) <= 0.05
    assert max(map(abs, tail_off)) <= 0.15
