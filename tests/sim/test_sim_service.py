"""Shapes: what is drawn has the mean, the spread, the quantiles, the sizes and the shares that were asked for."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.sim.arrivals import Points
from advisor.sim.block import Laws
from advisor.sim.kernels import luck
from advisor.sim.service import (
    Popularity,
    Sizes,
    constant,
    exponential,
    from_measurements,
    from_quantiles,
    lognormal,
    shape_of,
    uniform_models,
    zipf,
)
from advisor.sim.trace import Trace
from advisor.workload import reads

N = 1_000_000


def drawn(shape, n=N):
    trace = Trace([Points(name="", rate_per_s=1000.0)], seed=11, shape=shape)
    kept = []
    for block in trace.blocks():
        kept.append(block.work[: block.n].copy())
        if sum(map(len, kept)) >= n:
            break
    return np.concatenate(kept)[:n]


def block_of(**laws):
    nothing = (Sizes.of(0.0),)
    whole = Laws(**{"shape": constant(), "sizes_in": nothing, "sizes_out": nothing, **laws})
    return next(iter(Trace([Points(name="", rate_per_s=1.0)], seed=2, laws=whole).blocks()))


class TestWork:
    @pytest.mark.parametrize("cv", [0.1, 0.5, 1.0, 1.5])
    def test_a_lognormal_has_mean_one_and_its_cv(self, cv):
        work = drawn(lognormal(cv))
        assert abs(work.mean() - 1) < 5 * cv / math.sqrt(N)
        sigma = math.sqrt(math.log1p(cv * cv))
        logs = np.log(work)
        assert abs(logs.std() / sigma - 1) < 5 / math.sqrt(2 * N)
        assert abs(logs.mean() + sigma * sigma / 2) < 5 * sigma / math.sqrt(N)

    def test_a_constant_is_one(self):
        assert set(drawn(constant(), 5000)) == {1.0}
        assert set(drawn(lognormal(0.0), 5000)) == {1.0}

    def test_an_exponential_has_its_law(self):
        from scipy.stats import kstest

        assert kstest(drawn(exponential(), 200_000), "expon").pvalue > 1e-4

    def test_quantiles_come_back(self):
        points = {0.1: 0.005, 0.5: 0.020, 0.9: 0.045, 0.95: 0.070, 0.99: 0.300}
        shape = from_quantiles(points)
        seconds = drawn(shape) * shape.mean
        for share, expected in points.items():
            below = (seconds < expected).mean()
            assert abs(below - share) < 5 * math.sqrt(share * (1 - share) / N)

    def test_their_mean_is_made_one_and_their_cv_is_told(self):
        shape = from_quantiles({0.5: 0.020, 0.9: 0.045, 0.99: 0.100})
        work = drawn(shape)
        assert abs(work.mean() - 1) < 5 * shape.cv / math.sqrt(N)
        assert abs(work.std() / shape.cv - 1) < 0.02

    def test_two_quantiles_are_the_plain_lognormal(self):
        z = NormalDist().inv_cdf(0.95)
        shape = from_quantiles({0.5: 2.0, 0.95: 2.0 * math.exp(0.7 * z)})
        assert shape.spreads == pytest.approx((0.7,))
        assert shape.mean == pytest.approx(2.0 * math.exp(0.7**2 / 2))
        assert shape.cv == pytest.approx(math.sqrt(math.expm1(0.7**2)))

    def test_equal_quantiles_are_a_constant(self):
        assert from_quantiles({0.5: 2.0, 0.95: 2.0}) == constant()

    def test_a_last_quantile_far_out_does_not_make_the_mean_run_away(self):
        shape = from_quantiles({0.5: 0.050, 0.95: 0.100, 0.99: 5.0})
        # Half of all at 50 ms and less, one in a hundred at 5 s and more.
        assert 0.05 < shape.mean < 0.5

    @given(st.dictionaries(st.floats(0.01, 0.999), st.floats(1e-3, 100), min_size=2, max_size=6))
    def test_any_rising_quantiles_give_a_law_of_mean_one(self, points):
        shares, times = sorted(points), sorted(points.values())
        try:
            shape = from_quantiles(dict(zip(shares, times, strict=True)))
        except InputError as error:
            assert "no mean to speak of" in str(error)
            return
        if not shape.spreads:
            return
        z = np.linspace(-14, 14, 400_001)
        pieces = np.searchsorted(np.array(shape.bends), z, side="right")
        work = np.exp(np.array(shape.heights)[pieces] + np.array(shape.spreads)[pieces] * z)
        density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        assert (work * density).sum() * (z[1] - z[0]) == pytest.approx(1.0, rel=5e-3)

    def test_measurements_are_drawn_as_often_as_they_were_seen(self):
        shape = from_measurements([0.1, 0.1, 0.1, 0.5])
        work = drawn(shape)
        assert shape.mean == pytest.approx(0.2)
        assert set(work.round(12)) == {0.5, 2.5}
        assert abs((work > 1).mean() - 0.25) < 5 * math.sqrt(0.25 * 0.75 / N)

    def test_quantiles_of_two_kinds_of_requests_come_back_however_steep_the_step_between_them(self):
        points = {0.5: 0.020, 0.90: 0.025, 0.91: 4.0, 0.99: 5.0}
        seconds = drawn(shape := from_quantiles(points)) * shape.mean
        for share, expected in points.items():
            assert abs((seconds < expected).mean() - share) < 5 * math.sqrt(share * (1 - share) / N)
        assert abs(seconds.mean() / shape.mean - 1) < 5 * shape.cv / math.sqrt(N)

    def test_quantiles_without_a_law_are_refused(self):
        with pytest.raises(InputError, match="no law"):
            from_quantiles({0.5: 1.0})

    def test_a_workload_has_one_shape_for_all_deployments(self):
        w = reads("""
            name: s
            work:
              - {on: ml.m5.xlarge, mean: 20 ms}
              - {on: ml.c5.xlarge, quantiles: {50 %: 20 ms, 95 %: 41 ms, 99 %: 80 ms}}
        """)
        assert len(shape_of(w).bends) >= 1
        one = shape_of(reads("name: s\nwork: [{on: ml.c5.xlarge, mean: 22 ms, cv: 0.7}]"))
        assert one == lognormal(0.7)


class TestSizes:
    @pytest.mark.parametrize(("mean", "most"), [(4000, 30000), (4000, 8000), (7000, 8000), (4000, 4100), (10, 10**6)])
    def test_bytes_have_their_mean_and_keep_below_their_largest(self, mean, most):
        block = block_of(sizes_in=(Sizes.of(mean, most),))
        sizes = block.bytes_in[: block.n]
        assert sizes.max() <= most
        assert sizes.min() >= 0
        assert (sizes == np.rint(sizes)).all()
        assert abs(sizes.mean() - mean) < 5 * sizes.std() / math.sqrt(block.n) + 1e-6

    def test_the_law_is_the_exponential_cut_at_its_largest(self):
        law = Sizes.of(4000, 30000)
        # Mean of an exponential cut at M: scale - M / (e^(M/scale) - 1).
        assert law.scale - 30000 / math.expm1(30000 / law.scale) == pytest.approx(4000)

    def test_half_the_largest_is_the_uniform_law(self):
        block = block_of(sizes_in=(Sizes.of(5000, 10000),))
        quartiles = np.quantile(block.bytes_in[: block.n], [0.25, 0.5, 0.75])
        assert np.abs(quartiles - [2500, 5000, 7500]).max() < 5 * 5000 / math.sqrt(block.n) + 1

    def test_no_largest_means_all_alike(self):
        block = block_of(sizes_in=(Sizes.of(4096),), sizes_out=(Sizes.of(0, 100),))
        assert set(block.bytes_in[: block.n]) == {4096.0}
        assert set(block.bytes_out[: block.n]) == {0.0}

    def test_a_mean_above_the_largest_is_refused(self):
        with pytest.raises(InputError, match="at most"):
            Sizes.of(10, 5)


class TestModels:
    @pytest.mark.parametrize("law", [zipf(50, 1.1), uniform_models(7), Popularity(shares=(0.6, 0.0, 0.3, 0.1))])
    def test_models_are_asked_for_by_their_shares(self, law):
        block = block_of(popularity=law)
        seen = np.bincount(block.model[: block.n], minlength=len(law.shares)) / block.n
        shares = np.array(law.shares)
        assert (np.abs(seen - shares) <= 5 * np.sqrt(shares * (1 - shares) / block.n)).all()

    def test_zipf_falls_as_a_power(self):
        shares = zipf(100, 1.5).shares
        assert shares[0] / shares[9] == pytest.approx(10**1.5)
        assert math.fsum(shares) == pytest.approx(1.0)

    def test_one_model_is_number_zero(self):
        block = block_of()
        assert not block.model[: block.n].any()

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=40).filter(lambda s: sum(s) > 0.1))
    def test_every_share_of_luck_finds_the_model_whose_stretch_it_lies_in(self, shares):
        totals, guide = Popularity(shares=tuple(shares)).tables()
        for u in [*np.linspace(0, 1, 97, endpoint=False), *(t for t in totals[:-1] if t < 1), 1 - 2**-53]:
            model = guide[int(u * len(guide))]
            assert model == 0 or totals[model - 1] <= u
            while totals[model] <= u:
                model += 1
            assert u < totals[model]
            assert model == int(np.searchsorted(totals, u, side="right"))


class TestLuck:
    @given(st.floats(1e-15, 1 - 1e-15))
    def test_the_normal_quantile_is_the_standard_librarys(self, share):
        assert luck.normal(share) == pytest.approx(NormalDist().inv_cdf(share), rel=1e-12, abs=1e-13)

    def test_luck_is_uniform_and_free_of_its_neighbours(self):
        from scipy.stats import kstest

        out = np.empty(200_000)
        luck.lucks(np.uint64(99), np.arange(len(out)), len(out), out)
        assert kstest(out, "uniform").pvalue > 1e-4
        assert abs(np.corrcoef(out[:-1], out[1:])[0, 1]) < 5 / math.sqrt(len(out))
        bits = (out * 2**53).astype(np.int64)
        ones = [((bits >> k) & 1).mean() for k in range(53)]
        assert max(abs(one - 0.5) for one in ones) < 5 * 0.5 / math.sqrt(len(out))

    def test_it_is_the_published_sequence(self):
        # SplitMix64 seeded with 1234567: its first numbers, as published with the algorithm's reference code.
        first = [6457827717110365317, 3203168211198807973, 9817491932198370423]
        seen = [luck.luck(np.uint64(1234567), n) for n in range(3)]
        assert seen == [(value >> 11) / 2**53 for value in first]

    def test_multipliers_of_cold_starts_have_mean_one(self):
        block = block_of(cold_cv=0.8)
        cold = block.cold[0, : block.n]
        assert abs(cold.mean() - 1) < 5 * 0.8 / math.sqrt(block.n)
        assert abs(cold.std() / 0.8 - 1) < 0.1
        assert set(block.load[0, : block.n]) == {1.0}
