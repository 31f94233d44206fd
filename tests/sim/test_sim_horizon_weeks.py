"""Weeks that have more requests than a run may: a typical day stands for them in trials, a day warms them up."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.advice.trial import Bench
from advisor.catalog.prices import price_book
from advisor.patterns import Asynchronous, MultiModel, RealTime, Serverless, fleet
from advisor.patterns.base import Pattern
from advisor.sim.horizon import horizon_of, typical_day
from advisor.sim.laws import insist
from advisor.sim.run import Run
from advisor.sim.trace import DRAWS, Trace
from advisor.streams import replication
from advisor.workload import Workload, reads

HOUR, DAY = 3600, 86_400
WEEK = 7 * DAY
HOURS = st.lists(st.floats(0, 1000), min_size=168, max_size=168)

PROFILE = """
name: week
region: us-east-1
model: {{size: 60 MB, memory: 500 MB, image: 900 MB{model}}}
work:
  - {{on: serverless 2 GB, mean: 500 ms, cv: 0.5}}
  - {{on: ml.m5.xlarge, mean: 400 ms, cv: 0.5, workers: 2}}
traffic: {{rate: {rate}, shape: weekly, bursts: {{peak: 3x, cv: 0.5, length: 20 min}}}}
payload: {{request: 6 KB, response: 2 KB}}
objective: {{p95: 30 s, errors: 1 %}}
"""


def week(rate: str, model: str = "") -> Workload:
    return reads(PROFILE.format(rate=rate, model=model))


@given(HOURS)
def test_a_typical_day_has_the_weeks_hours_seven_by_seven(hours: list[float]) -> None:
    day = sorted(typical_day(hours))
    sevens = [sum(sorted(hours)[7 * n : 7 * n + 7]) / 7 for n in range(24)]
    assert day == pytest.approx(sevens)
    assert math.fsum(day) / 24 == pytest.approx(math.fsum(hours) / 168)


def test_a_typical_day_is_busiest_where_the_mean_day_is() -> None:
    # Each hour of the day twice as busy as the one before, and weekends half as busy as the other days.
    hours = [2.0**hour * (1.0 if day < 5 else 0.5) for day in range(7) for hour in range(24)]
    day = typical_day(hours)
    assert list(day) == sorted(day)
    # The seven busiest: five working days at 23 o'clock, and two weekend days as busy as the hour before it.
    assert day[23] == pytest.approx((5 * 2.0**23 + 2 * 2.0**22) / 7)


def test_a_flat_week_is_a_flat_day() -> None:
    assert typical_day([3.0] * 168) == (3.0,) * 24


def test_a_day_warms_a_week_up_but_a_memory_of_many_models_that_are_seldom_asked_for() -> None:
    many = ", count: 90, same_container: true"
    assert horizon_of(week("1 per minute"), budget=600_000).warmup_s == DAY
    assert horizon_of(week("2 per second", many), budget=600_000).warmup_s == DAY
    assert horizon_of(week("1 per minute", many), budget=600_000).warmup_s == WEEK


def test_a_trial_of_a_full_week_has_a_typical_day_but_for_what_knows_the_days_of_the_week() -> None:
    bench = Bench(week("15 per second"), 0, price_book())
    fleet = RealTime(instance_type="ml.m5.xlarge", min_instances=30, max_instances=30)
    horizon = bench.horizon_for(fleet)
    assert (horizon.warmup_s, horizon.window_s) == (2 * HOUR, DAY)
    assert len(horizon.curve or ()) == 24
    by_day, by_week = "06:55-20:00=30", "mon-fri 06:55-20:00=30"
    daily, weekly = (
        RealTime(instance_type="ml.m5.xlarge", min_instances=10, max_instances=30, schedule=hours)
        for hours in (by_day, by_week)
    )
    assert bench.horizon_for(daily).window_s == DAY
    assert bench.horizon_for(weekly).window_s == WEEK
    light = Bench(week("1 per second"), 0, price_book())
    assert light.horizon_for(fleet).window_s == WEEK


def test_a_file_of_a_week_is_played_again_as_it_is(tmp_path: Path) -> None:
    # A week of hours, 60,000 requests in each: more than a trial has of a curve.
    path = tmp_path / "week.csv"
    path.write_text("start_s,count\n" + "".join(f"{HOUR * n},60000\n" for n in range(168)))
    w = reads(f"name: recorded\nwork: [{{on: ml.m5.large, mean: 20 ms}}]\ntraffic: {{replay: {path}}}\n")
    horizon = Bench(w, 0, price_book()).horizon
    assert horizon.curve is None
    assert horizon.window_s == WEEK


def test_a_trials_requests_are_as_many_as_those_of_a_mean_day() -> None:
    w = week("15 per second")
    bench = Bench(w, 0, price_book())
    d = RealTime(instance_type="ml.m5.xlarge", min_instances=60, max_instances=60)
    counts = [
        d.simulate(w, d.trace(w, seed=replication(0, n), horizon=bench.horizon_for(d))).ledger.arrived for n in range(4)
    ]
    # Bursts make a day's count spread by some percent about 15 a second.
    assert np.mean(counts) == pytest.approx(15 * DAY, rel=0.1)


class Older:
    """The requests of eight days, and of the last two of them alone: the very same, with the very same luck."""

    def __init__(self, w: Workload, d: Pattern, seed: int) -> None:
        trace = d.trace(w, seed=seed)
        columns: dict[str, list[np.ndarray]] = {}
        arrival: list[np.ndarray] = []
        for block in trace.blocks():
            arrival.append(block.arrival[: block.n].copy())
            for name in ("work", "bytes_in", "bytes_out", "model"):
                columns.setdefault(name, []).append(np.array(getattr(block, name)[: block.n]))
            for kind, name in enumerate(DRAWS):
                columns.setdefault(name, []).append(np.array(block.attempts_of(kind)[:, : block.n]))
            if block.arrival[block.n - 1] > 10 * DAY:
                break
        self.arrival = np.concatenate(arrival)
        self.columns = {name: np.concatenate(parts, axis=-1) for name, parts in columns.items()}

    def run(self, w: Workload, d: Pattern, *, begin_s: float) -> Run:
        kept = self.arrival >= begin_s
        trace = Trace.from_columns(
            self.arrival[kept] - begin_s, warmup_s=WEEK - begin_s, horizon_s=DAY,
            **{name: column[..., kept] for name, column in self.columns.items()},
        )  # fmt: skip
        return insist(d.simulate(w, trace))


def both(d: Pattern, seed: int, model: str = "") -> tuple[Run, Run]:
    """The eighth day after a week of warm-up, and after the last day of it."""
    w = week("0.4 per second", model)
    older = Older(w, d, replication(seed, 0))
    long, short = older.run(w, d, begin_s=0.0), older.run(w, d, begin_s=WEEK - DAY)
    assert long.ledger.arrived == short.ledger.arrived > 10_000
    return long, short


@pytest.fixture
def launches_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Launches are drawn by number, and a longer run has had some before: here they all last as long."""
    monkeypatch.setattr(fleet, "launches", lambda *_: (400.0,))


TYPE = "ml.m5.xlarge"
SCALED = RealTime(
    instance_type=TYPE,
    min_instances=1,
    max_instances=4,
    scaling="invocations",
    target=60,
    routing="LEAST_OUTSTANDING_REQUESTS",
)


@pytest.mark.usefixtures("launches_alike")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "d",
    [
        SCALED,
        RealTime(instance_type=TYPE, min_instances=2, max_instances=2),
        Serverless(memory_mib=2048, max_concurrency=6),
    ],
    ids=lambda d: d.id,
)
def test_what_answers_at_once_remembers_nothing_older_than_a_day(d: Pattern, seed: int) -> None:
    long, short = both(d, seed)
    assert long.ledger.statuses == short.ledger.statuses
    assert long.ledger.cold == short.ledger.cold
    assert (long.ledger.bins == short.ledger.bins).all()
    assert dict(long.granules) == dict(short.granules)


@pytest.mark.usefixtures("launches_alike")
def test_a_queue_and_a_cache_are_after_a_day_what_they_are_after_a_week() -> None:
    # Which minute an empty fleet wakes in, and which instance holds a model, can differ for long: their figures do not.
    queue = Asynchronous(instance_type=TYPE, min_instances=0, max_instances=4, target_backlog=5)
    cache = MultiModel(instance_type=TYPE, min_instances=2, max_instances=2)
    many = ", count: 90, same_container: true, popularity: {zipf: 1.1}"
    for d, model, wide in ((queue, "", 0.1), (cache, many, 0.01)):
        longer, shorter = zip(*(both(d, seed, model) for seed in range(6)), strict=True)
        for measure, within in ((busy_of, 0.01), (cold_of, 0.01), (mean_of, wide)):
            assert sum(map(measure, shorter)) == pytest.approx(sum(map(measure, longer)), rel=within)


def busy_of(run: Run) -> float:
    return run.granules["instance_s"]


def cold_of(run: Run) -> float:
    return run.ledger.cold


def mean_of(run: Run) -> float:
    return run.ledger.mean_s
