"""Several sources at once: spikes beside the usual traffic, classes merged, and the laws that hold for any of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.sim.arrivals import Clumps, Lot, Points, points_of
from advisor.sim.kernels.generate import APART
from advisor.sim.service import exponential
from advisor.sim.trace import Trace
from advisor.workload import reads
from advisor.workload.bursts import two_state

HOUR, DAY = 3600.0, 86400.0
GRID = 2.0**20


def drawn(sources, until, *, seed=1, rows=131072):
    """All arrivals before an instant."""
    kept = []
    for block in Trace(sources, seed=seed).blocks(rows):
        here = block.arrival[: block.n]
        kept.append(here[here < until].copy())
        if here[-1] >= until or block.n < rows:
            break
    return np.concatenate(kept)


def points(rate, **given):
    return [Points(name="", rate_per_s=rate, **given)]


class TestSpikes:
    TEXT = """
        name: s
        traffic:
          rate: 10 per second
          shape: steady
          spikes: [{at: day 2 14:00, height: 20x, lasts: 20 min}, {at: day 3 01:00, height: 3x, lasts: 1 h}]
    """

    def pair(self):
        w = reads(self.TEXT)
        rows = []
        for spikes in (False, True):
            trace = Trace(list(points_of(w, spikes=spikes)), seed=5, shape=exponential())
            kept = []
            for block in trace.blocks():
                n = block.n
                kept.append(
                    np.stack([block.arrival[:n], block.work[:n], block.number[:n], block.route_first[:n]]).copy()
                )
                if block.arrival[n - 1] > 3 * DAY:
                    break
            both = np.concatenate(kept, axis=1)
            rows.append(both[:, both[0] < 3 * DAY])
        return rows

    def test_all_other_requests_are_the_very_same_with_and_without(self):
        without, with_ = self.pair()
        assert np.array_equal(with_[:, with_[2] < APART], without)

    def test_the_event_adds_height_less_one_times_the_rate_in_its_time_only(self):
        _, with_ = self.pair()
        added = with_[0][with_[2] >= APART]
        first = added[added < 2 * DAY]
        start = DAY + 14 * HOUR
        assert first.min() >= start
        assert first.max() <= start + 1200
        assert abs(len(first) - 19 * 10 * 1200) < 4.5 * math.sqrt(19 * 10 * 1200)
        assert abs(len(added) - len(first) - 2 * 10 * 3600) < 4.5 * math.sqrt(2 * 10 * 3600)

    def test_a_height_that_adds_nothing_is_refused(self):
        w = reads("name: s\ntraffic: {rate: 10 per second, spikes: [{at: day 1, height: 0.5x, lasts: 1 h}]}")
        with pytest.raises(InputError, match="adds nothing"):
            list(points_of(w, spikes=True))


class TestClasses:
    W = """
        name: k
        model: {count: 4}
        traffic:
          shape: steady
          classes:
            - {name: small, rate: 30 per second, work: 0.5x, payload: {request: 1 KB, request_max: 1 KB}}
            - {name: large, rate: 10 per second, work: 2x, model: 3, payload: {request: 50 KB, request_max: 50 KB}}
    """

    def test_each_class_has_its_rate_work_payload_and_model(self):
        trace = Trace.of(reads(self.W), seed=3)
        block = next(iter(trace.blocks()))
        n = block.n
        large = block.klass[:n] == 1
        assert abs(large.mean() - 0.25) < 5 * math.sqrt(0.25 * 0.75 / n)
        assert set(block.model[:n][large]) == {2}
        assert set(block.model[:n][~large]) == {0, 1, 2, 3}
        assert set(block.bytes_in[:n][large]) == {50_000}
        assert set(block.bytes_in[:n][~large]) == {1000}
        ratio = block.work[:n][large].mean() / block.work[:n][~large].mean()
        assert abs(ratio / 4 - 1) < 0.05

    def test_classes_merge_in_order_at_the_sum_of_their_rates(self):
        seen = drawn(list(points_of(reads(self.W))), 20_000.0)
        assert (np.diff(seen) >= 0).all()
        assert abs(len(seen) - 8e5) < 4.5 * math.sqrt(8e5)

    def test_a_class_draws_the_same_whatever_stands_beside_it(self):
        small, large = points_of(reads(self.W))
        alone = drawn([large], 1000.0)
        together = []
        for block in Trace([small, large], seed=1).blocks():
            here = block.arrival[: block.n][block.klass[: block.n] == 1]
            together.append(here[here < 1000.0].copy())
            if block.arrival[block.n - 1] > 1000:
                break
        assert np.array_equal(np.concatenate(together), alone)


WEIGHTS = st.lists(st.floats(0, 9), min_size=24, max_size=24).filter(lambda w: sum(w) > 1)
FORMS = st.builds(
    Points,
    name=st.sampled_from(["", "a", "web"]),
    rate_per_s=st.floats(1e-4, 1e4),
    curve=st.one_of(st.just(()), WEIGHTS.map(tuple)),
    bursts=st.one_of(st.none(), st.just(two_state(1.0, 4.0, 0.9, 300.0)), st.just(two_state(1.0, 1.2, 2.0, 5.0))),
    clumps=st.one_of(st.none(), st.builds(Clumps, size=st.floats(1, 30), within_s=st.floats(0.001, 100))),
    even=st.booleans(),
    from_s=st.sampled_from([0.0, 1000.0]),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(FORMS, min_size=1, max_size=3), st.integers(0, 2**32), st.integers(1, 700))
def test_blocks_may_be_cut_anywhere_and_instants_lie_in_order_on_the_grid(forms, seed, rows):
    sources = [
        Points(**{**{f: getattr(one, f) for f in Points.__slots__}, "name": f"{k}"}) for k, one in enumerate(forms)
    ]

    def first(rows, size=1500):
        got, have = [], 0
        for block in Trace(sources, seed=seed).blocks(rows):
            got.append(np.stack([block.arrival[: block.n], block.work[: block.n], block.number[: block.n]]))
            have += block.n
            if have >= size:
                break
        return np.concatenate(got, axis=1)[:, :size]

    whole = first(5000)
    assert np.array_equal(whole, first(rows))
    instants = whole[0]
    assert (np.diff(instants) >= 0).all()
    assert (instants * GRID == np.rint(instants * GRID)).all()
    assert instants[0] >= min(one.from_s for one in sources)


def test_a_lot_is_there_at_once_and_then_over():
    blocks = list(Trace([Lot(name="lot", count=2500, at_s=7.0)], seed=1).blocks(1000))
    assert [len(blocks), blocks[-1].n] == [3, 500]
    assert set(drawn([Lot(name="lot", count=2500, at_s=7.0)], 10.0, rows=1000)) == {7.0}


def test_a_source_ends_with_its_window():
    seen = drawn(points(10.0, from_s=100.0, to_s=200.0), math.inf)
    assert seen.min() >= 100
    assert seen.max() <= 200
    assert abs(len(seen) - 1000) < 5 * math.sqrt(1000)
