"""The ledger: a histogram good to a thousandth, percentiles over all requests, ledgers that add up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from advisor.sim.kernels import layout
from advisor.sim.kernels.settle import bin_of
from advisor.sim.ledger import Columns, Ledger, bin_edges
from advisor.sim.statuses import PENDING, REJECTED, SERVED


def ledger_of(latencies: list[float], unserved: int = 0) -> Ledger:
    ledger = Ledger()
    edges = bin_edges()
    for latency in latencies:
        ledger.bins[np.searchsorted(edges, latency, side="right") - 1] += 1
        ledger.sums[layout.S_LATENCY] += latency
    ledger.counts[SERVED] = len(latencies)
    ledger.counts[REJECTED] = unserved
    ledger.counts[layout.L_ARRIVED] = len(latencies) + unserved
    return ledger


def test_every_bin_is_a_five_hundred_and_twelfth_of_its_octave() -> None:
    edges = bin_edges()
    octave = edges[:: layout.BINS_AN_OCTAVE]
    assert list(octave[:3]) == [2.0**-20, 2.0**-19, 2.0**-18]
    middles = (edges[1:] + edges[:-1]) / 2
    worst = np.maximum(edges[1:] / middles - 1, 1 - edges[:-1] / middles).max()
    assert worst <= 1e-3


@pytest.mark.parametrize("latency", [2.0**-20, 0.001, 0.999999, 1.0, 59.99, 60.0, 12345.678, 8.5e9])
def test_a_latency_falls_into_the_bin_whose_edges_enclose_it(latency: float) -> None:
    one = getattr(bin_of, "py_func", bin_of)(latency)
    low, high = bin_edges()[one : one + 2]
    assert low <= latency < high


def test_what_is_shorter_than_the_grid_or_longer_than_all_bins_is_kept_at_the_ends() -> None:
    plain = getattr(bin_of, "py_func", bin_of)
    assert plain(1e-9) == 0
    assert plain(1e300) == layout.BINS - 1


def test_a_percentile_is_within_a_thousandth_of_the_order_statistic() -> None:
    rng = np.random.default_rng(5)
    latencies = np.sort(rng.lognormal(0.0, 1.5, 20_000))
    ledger = ledger_of([float(one) for one in latencies])
    for share in (0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0):
        exact = float(latencies[math.ceil(share * latencies.size) - 1])
        assert ledger.latency_s(share) == pytest.approx(exact, rel=1.001e-3)


def test_unserved_requests_count_as_infinitely_late() -> None:
    ledger = ledger_of([1.0] * 98, unserved=2)
    assert ledger.latency_s(0.98) == pytest.approx(1.0, rel=1e-3)
    assert ledger.latency_s(0.99) == math.inf
    assert ledger.latency_s(0.99, served_only=True) == pytest.approx(1.0, rel=1e-3)
    assert ledger.error_share == pytest.approx(0.02)
    assert ledger.share_later_than(2.0) == pytest.approx(0.02)


def test_the_share_later_than_a_bound_counts_what_lies_above_it() -> None:
    ledger = ledger_of([1.0, 2.0, 3.0, 4.0])
    assert ledger.share_later_than(0.5) == 1.0
    assert ledger.share_later_than(2.5) == pytest.approx(0.5)
    assert ledger.share_later_than(100.0) == 0.0
    assert ledger.share_later_than(1e-9) == 1.0
    assert ledger.share_later_than(math.inf) == 0.0


def test_an_empty_ledger_knows_nothing() -> None:
    ledger = Ledger()
    for value in (ledger.mean_s, ledger.latency_s(0.5), ledger.share_later_than(1.0), ledger.error_share):
        assert math.isnan(value)
    assert ledger.pending == 0


def test_ledgers_add_up() -> None:
    whole = ledger_of([1.0, 2.0], unserved=1) + ledger_of([3.0])
    assert whole.arrived == 4
    assert whole.served == 3
    assert whole.mean_s == 2.0
    assert whole.statuses["rejected"] == 1


def test_what_lies_after_the_end_of_a_run_has_not_happened() -> None:
    floats = np.array([[5.0, 8.0, 12.0, 12.0, 5.0], [6.0, 11.0, 13.0, 13.0, 6.0], [7.0, 7.0, 9.0, 9.0, 7.0]])
    ints = np.array([[SERVED, 0, 1, 1], [SERVED, 0, 0, 1], [SERVED, 0, 0, 1]])
    columns = Columns.of(floats, ints, 10.0)
    assert list(columns.status) == [PENDING, PENDING, SERVED]
    assert list(np.isnan(columns.start)) == [False, True, False]
    assert list(columns.slot) == [1, -1, 0]
    assert columns.finish[2] == 9.0
