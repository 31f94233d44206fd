"""The trace: the very same requests wherever blocks are cut, whichever columns are asked for, in every process."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from advisor.errors import BugError
from advisor.sim.arrivals import Points
from advisor.sim.block import DRAWS
from advisor.sim.horizon import PRINTED_BUDGET, horizon_of, spike_horizon_of
from advisor.sim.trace import ATTEMPTS, BLOCK, Trace
from advisor.workload import reads

COLUMNS = ("arrival", "work", "bytes_in", "bytes_out", "model", "klass", "number", "route_first")
TEXT = """
name: all forms
model: {count: 9}
work: [{on: ml.c5.xlarge, quantiles: {50 %: 20 ms, 95 %: 41 ms, 99 %: 90 ms}}]
payload: {request: 4 KB, request_max: 30 KB, response: 1 KB, response_max: 2 KB}
traffic:
  day: office
  week: workweek
  bursts: {peak: 3x, cv: 0.7, length: 8 min}
  clusters: {size: 3, within: 300 ms}
  spikes: [{at: day 1 00:10, height: 4x, lasts: 30 min}]
  classes: [{name: a, rate: 3 per second}, {name: b, rate: 1 per second, work: 3x, model: 2}]
"""
DIGEST = """
import hashlib, sys
from advisor.sim.trace import Trace
from advisor.workload import reads
trace = Trace.of(reads(sys.argv[1]), seed=7, spikes=True, cold_cv=0.5, load_cv=0.3)
told = hashlib.sha256()
kept = 0
for block in trace.blocks(500):
    for name in ("arrival", "work", "bytes_in", "bytes_out", "model", "klass", "number"):
        told.update(getattr(block, name)[: block.n].tobytes())
    told.update(block.draws[:, :, : block.n].tobytes())
    kept += block.n
    if kept >= 3000:
        break
print(told.hexdigest())
"""


def rows(trace, n, cut=BLOCK, names=COLUMNS):
    """The first rows of all columns."""
    kept = {name: [] for name in names}
    have = 0
    for block in trace.blocks(cut):
        for name in names:
            kept[name].append(np.array(getattr(block, name)[: block.n], copy=True))
        have += block.n
        if have >= n:
            break
    return {name: np.concatenate(parts)[:n] for name, parts in kept.items()}


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def trace():
    return Trace.of(reads(TEXT), seed=7, spikes=True, cold_cv=0.5)


@pytest.mark.parametrize("cut", [1, 7, 1000, 4096])
def test_blocks_may_be_cut_anywhere(trace, cut):
    n = 60 if cut == 1 else 6000
    assert same(rows(trace, n, cut), rows(trace, n))


def test_a_trace_may_be_gone_through_again(trace):
    assert same(rows(trace, 5000), rows(trace, 5000))


def test_columns_that_are_not_asked_for_change_nothing_in_the_others(trace):
    whole = rows(trace, 5000)
    for name in COLUMNS:
        assert np.array_equal(rows(trace, 5000, names=(name,))[name], whole[name])


def test_fewer_attempts_change_nothing_in_those_that_are_left():
    few, many = (Trace.of(reads(TEXT), seed=7, attempts=k) for k in (2, ATTEMPTS))
    for a, b in zip(few.blocks(2000), many.blocks(2000), strict=False):
        for name in DRAWS:
            assert np.array_equal(getattr(a, name)[:, : a.n], getattr(b, name)[:2, : b.n])
        assert np.array_equal(a.route_first[: a.n], b.route[0, : b.n])
        break


def test_draws_hold_all_kinds_by_attempt_in_the_order_told(trace):
    block = next(iter(trace.blocks(1000)))
    together = block.draws
    assert together.shape[:2] == (len(DRAWS), ATTEMPTS)
    for kind, name in enumerate(DRAWS):
        assert np.array_equal(together[kind, :, : block.n], getattr(block, name)[:, : block.n])


def test_columns_are_free_of_one_another():
    trace = Trace([Points(name="", rate_per_s=5.0)], seed=3)
    block = next(iter(trace.blocks()))
    n = block.n
    columns = [np.diff(block.arrival[:n], prepend=0.0), *block.draws[:3, :, :n].reshape(-1, n)]
    seen = np.corrcoef(columns)[np.triu_indices(len(columns), 1)]
    assert np.abs(seen).max() < 5 / math.sqrt(n)


def test_another_seed_is_another_trace():
    a, b = (Trace.of(reads(TEXT), seed=seed) for seed in (1, 2))
    for name, column in rows(a, 2000).items():
        if name != "number":
            assert not np.array_equal(column, rows(b, 2000)[name])


def test_another_process_and_plain_python_give_the_same_bytes():
    told = []
    for plain in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", DIGEST, TEXT],
            capture_output=True, text=True, env={**os.environ, "ADVISOR_NO_JIT": plain},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    here = hashlib.sha256()
    kept = 0
    for block in Trace.of(reads(TEXT), seed=7, spikes=True, cold_cv=0.5, load_cv=0.3).blocks(500):
        for name in ("arrival", "work", "bytes_in", "bytes_out", "model", "klass", "number"):
            here.update(getattr(block, name)[: block.n].tobytes())
        here.update(block.draws[:, :, : block.n].tobytes())
        kept += block.n
        if kept >= 3000:
            break
    assert told[0] == told[1]
    assert told[0].strip() == here.hexdigest()


def test_buffers_are_used_again_so_that_memory_does_not_grow():
    trace = Trace([Points(name="", rate_per_s=100.0)], seed=1)
    places = set()
    for k, block in enumerate(trace.blocks(1000)):
        _ = block.route_first, block.draws, block.model
        places.add((block.arrival.ctypes.data, block.draws.ctypes.data, block.number.ctypes.data))
        if k == 20:
            break
    assert len(places) == 1


def test_a_short_trace_is_drawn_in_short_blocks():
    trace = Trace([Points(name="", rate_per_s=0.01)], seed=1, horizon_s=1e5)
    assert len(next(iter(trace.blocks())).arrival) < 5000


def test_arrivals_go_on_after_the_window():
    trace = Trace([Points(name="", rate_per_s=0.5)], seed=1, warmup_s=100.0, horizon_s=1000.0)
    last = 0.0
    for block in trace.blocks():
        last = block.arrival[block.n - 1]
        if last > 10_000:
            break
    assert last > 10_000


def test_growth_with_the_payload_is_folded_into_work():
    w = reads("name: g\npayload: {request: 10 KB, request_max: 50 KB}\ntraffic: {rate: 5 per second, shape: steady}")
    plain, grown = (rows(Trace.of(w, seed=1, growth=g), 3000) for g in (0.0, 2e-5))
    factor = grown["work"] / plain["work"]
    assert np.allclose(factor, 1 + 2e-5 * (plain["bytes_in"] - 10_000))


def test_given_columns_come_back_and_others_are_drawn():
    n, rng = 2500, np.random.default_rng(1)
    given = {
        "work": rng.random(n), "bytes_in": np.arange(n) * 1.0,
        "model": rng.integers(0, 5, n), "klass": rng.integers(0, 3, n),
        "route": rng.random((ATTEMPTS, n)), "cold": rng.random((ATTEMPTS, n)),
    }  # fmt: skip
    arrival = np.sort(rng.integers(0, 2**30, n)) / 2**20
    trace = Trace.from_columns(arrival, **given)
    blocks = rows(trace, n, 1000, names=("arrival", "work", "bytes_in", "model", "klass", "route_first"))
    assert np.array_equal(blocks["arrival"], arrival)
    for name in ("work", "bytes_in", "model", "klass"):
        assert np.array_equal(blocks[name], given[name])
    assert np.array_equal(blocks["route_first"], given["route"][0])
    for block in trace.blocks(1000):
        assert np.array_equal(block.cold[:, : block.n], given["cold"][:, block.start : block.start + block.n])
        assert ((block.backoff[:, : block.n] >= 0) & (block.backoff[:, : block.n] < 1)).all()


def test_a_column_without_meaning_is_our_own_fault():
    with pytest.raises(BugError, match="no column colour"):
        Trace.from_columns([1.0], colour=[1.0])


def test_a_workload_without_traffic_has_no_trace_and_its_batch_has_a_lot():
    w = reads("name: b\nbatch: {records: 1000, record_size: 2 KB}")
    with pytest.raises(BugError, match="no traffic"):
        Trace.of(w, seed=1)
    lot = rows(Trace.lot(w, 1000, seed=1), 1000)
    assert len(lot["arrival"]) == 1000
    assert set(lot["bytes_in"]) == {2000.0}
    assert abs(lot["work"].mean() - 1) < 0.2


class TestHorizon:
    DAY, WEEK, MONTH = 86400.0, 7 * 86400.0, 730 * 3600.0

    def of(self, traffic, batch="", **given):
        return horizon_of(reads(f"name: h\ntraffic: {traffic}\n{batch}"), **given)

    def test_a_month_without_any_curve(self):
        one = self.of("{rate: 1 per minute}")
        assert (one.warmup_s, one.window_s) == (self.DAY, self.MONTH)

    def test_thirty_days_under_a_day_curve(self):
        one = self.of("{rate: 1 per minute, day: office}")
        assert (one.warmup_s, one.window_s) == (self.DAY, 30 * self.DAY)

    def test_four_weeks_under_a_week_curve(self):
        one = self.of("{rate: 1 per minute, week: workweek}")
        assert (one.warmup_s, one.window_s) == (self.DAY, 4 * self.WEEK)

    def test_the_budget_shortens_to_whole_periods_and_says_so(self):
        one = self.of("{rate: 20 per second, day: office}")
        # 20 million at 20 a second are 11.57 days.
        assert one.window_s == 11 * self.DAY
        assert "11 days are run instead of 30 days" in one.notes[0]

    def test_what_is_printed_has_ten_times_the_budget(self):
        one = self.of("{rate: 20 per second, day: office}", budget=PRINTED_BUDGET)
        assert one.window_s == 30 * self.DAY
        assert not one.notes

    def test_never_below_a_week_where_there_is_a_week_nor_a_day_else(self):
        assert self.of("{rate: 100000 per second, week: workweek}").window_s == self.WEEK
        assert self.of("{rate: 100000 per second, day: office}").window_s == self.DAY
        assert self.of("{rate: 100000 per second}").window_s == self.DAY

    def test_whole_periods_of_the_batch_schedule_too(self):
        one = self.of("{rate: 1 per minute, day: office}", "batch: {records: 10, every: 5 hours}")
        # Five hours and a day meet every five days.
        assert one.window_s == 30 * self.DAY
        assert one.warmup_s == self.DAY
        one = self.of("{rate: 1 per minute}", "batch: {records: 10, every: 36 hours}")
        assert one.window_s == 20 * 36 * 3600
        assert one.warmup_s == 36 * 3600

    def test_a_replayed_file_is_run_in_whole_passes(self, tmp_path):
        path = tmp_path / "trace.csv"
        path.write_text("start_s,count\n" + "".join(f"{k * 3600},{k}\n" for k in range(36)))
        one = horizon_of(reads(f"name: r\ntraffic: {{replay: {path}}}"))
        assert one.period_s == 36 * 3600
        assert one.window_s == 20 * 36 * 3600
        assert one.warmup_s == self.DAY

    def test_spikes_lie_inside_the_window_of_their_pair(self):
        w = reads(
            "name: s\ntraffic: {rate: 1 per second, day: office, spikes: [{at: day 40 14:00, height: 9x, lasts: 1 h}]}"
        )
        one = spike_horizon_of(w)
        # The 40 days before it, in which nothing differs, are left out; eight hours after it are in.
        assert one.warmup_s == 14 * 3600
        assert one.window_s == 9 * 3600
        [_, spike] = Trace.of(w, seed=1, horizon=one, spikes=True).sources
        assert (spike.from_s, spike.to_s) == (14 * 3600, 15 * 3600)

    def test_the_curve_of_the_week_goes_on_from_the_day_that_the_pair_begins_with(self):
        w = reads(
            "name: s\ntraffic: {shape: steady, rate: 1 per second, week: [1, 1, 9, 1, 1, 1, 1], "
            "spikes: [{at: day 3 14:00, height: 2x, lasts: 10 min}]}"
        )
        one = spike_horizon_of(w)
        assert (one.warmup_s, one.spikes_from_s) == (14 * 3600, -2 * self.DAY)
        block = next(Trace.of(w, seed=1, horizon=one, spikes=False).blocks())
        # Nine fifteenths of a week's requests come on its third day: nine times the rate of the others.
        at = block.arrival[: block.n]
        assert at[-1] > 4 * 3600
        assert np.count_nonzero((at > 3600) & (at < 4 * 3600)) / (3 * 3600) == pytest.approx(9 * 7 / 15, rel=0.02)
