"""Arrivals: each form of traffic drawn, its numbers read back, and its instants against an independent reckoning."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.sim.arrivals import Clumps, Points, curve_pieces, points_of
from advisor.sim.trace import Trace
from advisor.streams import stream
from advisor.workload import reads
from advisor.workload.bursts import TwoState, two_state
from advisor.workload.clustered import bursts_of

HOUR, DAY = 3600.0, 86400.0
GRID = 2.0**20
OFFICE = (1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 12, 13, 14, 13, 11, 8, 5, 4, 3, 2, 2, 1)


def drawn(sources, until, *, seed=1, rows=131072):
    """All arrivals before an instant."""
    kept = []
    for block in Trace(sources, seed=seed).blocks(rows):
        here = block.arrival[: block.n]
        kept.append(here[here < until].copy())
        if here[-1] >= until or block.n < rows:
            break
    return np.concatenate(kept)


def minutes(sources, until, *, seed=2):
    """Counts of minutes."""
    size = int(until // 60)
    counts = np.zeros(size + 1, dtype=int)
    for block in Trace(sources, seed=seed).blocks():
        cells = np.minimum((block.arrival[: block.n] / 60).astype(int), size)
        low = cells[0]
        added = np.bincount(cells - low)
        counts[low : low + len(added)] += added
        if cells[-1] == size:
            break
    return counts[:size]


def points(rate, **given):
    return [Points(name="", rate_per_s=rate, **given)]


def level(curve, t):
    """The curve at an instant, written anew: straight lines through the mid-hours, mean 1."""
    weights = np.array(curve, dtype=float) / np.mean(curve)
    middles = (np.arange(len(weights)) + 0.5) * HOUR
    return np.interp(t, middles, weights, period=len(weights) * HOUR)


class TestPoisson:
    def test_the_mean_rate_is_kept(self):
        n = len(drawn(points(50.0), 20_000.0))
        assert abs(n - 1e6) < 4.5 * math.sqrt(1e6)

    def test_gaps_are_exponential(self):
        from scipy.stats import kstest

        gaps = np.diff(drawn(points(0.5), 400_000.0))
        assert kstest(gaps, "expon", args=(0, 2.0)).pvalue > 1e-4

    def test_counts_of_minutes_vary_as_chance_has_it(self):
        counts = minutes(points(10.0), 10 * DAY)
        # Variance over mean of n Poisson counts has a standard error of sqrt(2/n).
        assert abs(counts.var() / counts.mean() - 1) < 5 * math.sqrt(2 / len(counts))

    def test_the_instants_are_those_of_its_own_exponential_gaps(self):
        seen = drawn(points(4.0), 3000.0, seed=9)
        gaps = stream(9, "arrivals", "").standard_exponential(len(seen) + 1)
        assert np.abs(seen - np.cumsum(gaps)[: len(seen)] / 4.0).max() <= 2.0**-20


class TestRegular:
    def test_arrivals_are_evenly_spaced_from_zero(self):
        assert np.array_equal(drawn(points(4.0, even=True), 10_000.0), np.arange(40_000) / 4)

    def test_on_a_curve_each_keeps_its_step_of_the_integrated_rate(self):
        seen = drawn(points(1.0, even=True, curve=OFFICE), DAY)
        assert abs(len(seen) - DAY) <= 1
        noon = seen[(seen >= 12 * HOUR) & (seen < 12.5 * HOUR)]
        middle = (noon[:-1] + noon[1:]) / 2
        assert np.allclose(np.diff(noon) * level(OFFICE, middle), 1.0, atol=1e-4)


class TestCurves:
    @given(st.lists(st.floats(0, 100), min_size=24, max_size=24).filter(lambda w: sum(w) > 1))
    def test_the_straight_lines_have_the_mean_of_the_weights(self, weights):
        ends, rates, slopes = curve_pieces(tuple(weights))
        lasts = np.diff(ends, prepend=0.0)
        assert math.isclose(float((lasts * (rates + slopes * lasts / 2)).sum()), ends[-1], rel_tol=1e-9)
        assert (rates >= 0).all()
        assert (rates + slopes * lasts >= -1e-9).all()

    def test_hours_carry_what_the_lines_give_them(self):
        days = 40
        seen = drawn(points(8.0, curve=OFFICE), days * DAY)
        hours = np.bincount((seen // HOUR).astype(int) % 24, minlength=24)
        fine = (np.arange(24 * 360) + 0.5) * 10.0
        expected = level(OFFICE, fine).reshape(24, 360).mean(axis=1) * 8.0 * HOUR * days
        assert (np.abs(hours - expected) < 5 * np.sqrt(expected)).all()

    def test_the_mean_rate_over_whole_weeks_is_kept(self):
        week = tuple(d * h for d in (1.2, 1.2, 1.2, 1.2, 1.0, 0.6, 0.6) for h in OFFICE)
        n = len(drawn(points(5.0, curve=week), 4 * 7 * DAY))
        assert abs(n - 5.0 * 28 * DAY) < 4.5 * math.sqrt(5.0 * 28 * DAY)

    def test_hours_of_weight_zero_stay_silent(self):
        night = (0,) * 10 + (1,) * 4 + (0,) * 10
        seen = drawn(points(1.0, curve=night), 5 * DAY) % DAY
        assert seen.min() >= 9.5 * HOUR
        assert seen.max() <= 14.5 * HOUR

    @pytest.mark.parametrize("bursty", [False, True])
    def test_instants_are_where_the_integrated_rate_has_come_that_far(self, bursty):
        """Time rescaling, reckoned anew: cumulated hazard by trapezoids between all bends, inverted by bisection."""
        seed, rate, until = 4, 0.01, 3 * DAY
        states = TwoState(share_high=0.25, high_per_s=0.03, low_per_s=rate / 3, mean_high_s=4000, mean_low_s=12000)
        seen = drawn(points(rate, curve=OFFICE, bursts=states if bursty else None), until, seed=seed)
        weights = [w * 24 / sum(OFFICE) for w in OFFICE]

        def height(t):
            hour = t / HOUR - 0.5
            k, share = math.floor(hour), hour - math.floor(hour)
            return weights[k % 24] * (1 - share) + weights[(k + 1) % 24] * share

        switches, factors = [until], [1.0]
        if bursty:
            stays = stream(seed, "bursts")
            high, switches, factors = stays.random() < 0.25, [], []
            while not switches or switches[-1] < until:
                before = switches[-1] if switches else 0.0
                switches.append(before + stays.standard_exponential() * (4000 if high else 12000))
                factors.append(3.0 if high else 1 / 3)
                high = not high
        bends = {(k + 0.5) * HOUR for k in range(72)} | {s for s in switches if s < until}
        knots = sorted({0.0, until} | bends)
        hazards, lifts = [0.0], []
        for a, b in itertools.pairwise(knots):
            lifts.append(next(f for s, f in zip(switches, factors, strict=True) if (a + b) / 2 < s))
            hazards.append(hazards[-1] + rate * lifts[-1] * (b - a) * height((a + b) / 2))
        gaps = stream(seed, "arrivals", "").standard_exponential(len(seen) + 1)
        piece = 0
        for instant, aim in zip(seen.tolist(), np.cumsum(gaps).tolist(), strict=False):
            while hazards[piece + 1] < aim:
                piece += 1
            start, low, high = knots[piece], knots[piece], knots[piece + 1]
            for _ in range(50):
                t = (low + high) / 2
                done = hazards[piece] + rate * lifts[piece] * (t - start) * height((t + start) / 2)
                low, high = (t, high) if done < aim else (low, t)
            assert abs(instant - low) < 2e-6
        assert len(seen) > 1000
        assert np.cumsum(gaps)[-1] > hazards[-1]


class TestBursts:
    """Mean, peak (p99.5 of minutes), cv and correlation time, read off what was drawn."""

    RATE, PEAK, CV, LENGTH, DAYS = 10.0, 3.0, 0.6, 480.0, 60

    def counts(self, curve=()):
        states = two_state(self.RATE, self.PEAK, self.CV, self.LENGTH)
        return minutes(points(self.RATE, bursts=states, curve=curve), self.DAYS * DAY)

    def read_back(self, relative, cv):
        rate = 60 * self.RATE
        v = cv * cv - 1 / rate
        # A minute's mean of a rate that forgets exponentially keeps a little less than all of its variance.
        x = 60 / self.LENGTH
        kept = 2 / x * (1 - (1 - math.exp(-x)) / x)
        assert abs(relative.std() - math.sqrt(v * kept + 1 / rate)) < 0.06 * cv
        assert abs(np.quantile(relative, 0.995) / self.PEAK - 1) < 0.05
        centred = relative - relative.mean()
        lags = np.array([(centred[:-k] * centred[k:]).mean() for k in (2, 10)])
        # exp(-8 min / length) = the ratio of the covariances ten and two minutes apart
        assert abs(8 * 60 / -math.log(lags[1] / lags[0]) / self.LENGTH - 1) < 0.15

    def test_the_mean_is_kept(self):
        seen, until = self.counts().sum(), self.DAYS * DAY
        expected = self.RATE * until
        v = self.CV**2 - 1 / (60 * self.RATE)
        error = math.sqrt(expected + 2 * v * self.RATE**2 * self.LENGTH * until)
        assert abs(seen - expected) < 4 * error

    def test_the_four_numbers_come_back(self):
        self.read_back(self.counts() / (60 * self.RATE), self.CV)

    def test_they_come_back_from_under_a_day_curve_divided_out(self):
        counts = self.counts(curve=OFFICE)
        at = (np.arange(len(counts)) + 0.5) * 60
        relative = counts / (60 * self.RATE * level(OFFICE, at))
        busy = level(OFFICE, at) > 0.8
        centred = relative[busy]
        assert abs(centred.mean() - 1) < 0.05
        assert abs(np.quantile(centred, 0.995) / self.PEAK - 1) < 0.06

    def test_a_chart_that_holds_the_curve_is_read_back_as_that_chart(self):
        w = reads(
            "name: chart\ntraffic: {rate: 10 per second, day: office, "
            "bursts: {peak: 4x, cv: 0.9, length: 8 min, of: chart}}"
        )
        until = 60 * DAY
        counts = minutes(list(points_of(w)), until) / (60 * 10.0)
        assert abs(counts.std() / 0.9 - 1) < 0.06
        assert abs(np.quantile(counts, 0.995) / 4 - 1) < 0.06

    def test_more_variance_than_the_peak_allows_means_silence_between(self):
        states = two_state(5.0, 1.5, 1.2, 600.0)
        counts = minutes(points(5.0, bursts=states), 10 * DAY)
        assert states.low_per_s == 0
        assert (counts == 0).mean() > 0.4

    def test_all_classes_see_the_same_bursts(self):
        w = reads("""
            name: two
            traffic:
              classes: [{name: a, rate: 10 per second}, {name: b, rate: 10 per second}]
              bursts: {peak: 3x, cv: 0.6, length: 8 min}
        """)
        until = 20 * DAY
        a, b = (minutes([one], until) for one in points_of(w))
        whole = (a + b) / (60 * 20.0)
        assert np.corrcoef(a, b)[0, 1] > 0.9
        assert abs(np.quantile(whole, 0.995) / 3 - 1) < 0.06


class TestClusters:
    SIZE, WITHIN = 5.0, 0.2

    def groups(self, rate=0.05, until=40 * DAY):
        seen = drawn(points(rate, clumps=Clumps(size=self.SIZE, within_s=self.WITHIN)), until)
        # At one cluster in 100 s, what lies within the spread belongs together but for one case in five hundred.
        return seen, np.diff(np.flatnonzero(np.diff(seen, prepend=-10.0, append=np.inf) > self.WITHIN))

    def test_the_mean_rate_counts_members(self):
        seen, _ = self.groups()
        clusters = 0.01 * 40 * DAY
        # Compound Poisson: variance = clusters x E[N^2], and E[N^2] = m(2m-1) for a geometric number.
        assert abs(len(seen) - clusters * self.SIZE) < 4.5 * math.sqrt(clusters * self.SIZE * (2 * self.SIZE - 1))

    def test_sizes_are_geometric_with_the_mean_given(self):
        _, sizes = self.groups()
        deviation = math.sqrt(self.SIZE * (self.SIZE - 1))
        assert abs(sizes.mean() - self.SIZE) < 5 * deviation / math.sqrt(len(sizes)) + 0.03
        assert abs(sizes.std() / deviation - 1) < 0.05
        assert abs((sizes == 1).mean() - 1 / self.SIZE) < 0.01

    def test_members_lie_evenly_within_the_time_given(self):
        seen, sizes = self.groups(until=10 * DAY)
        firsts = np.repeat(seen[np.cumsum(np.r_[0, sizes[:-1]])], sizes)
        after = (seen[: len(firsts)] - firsts)[seen[: len(firsts)] > firsts]
        inside = after[after <= self.WITHIN]
        assert len(inside) > 0.99 * len(after)
        assert abs(inside.mean() - self.WITHIN / 2) < 5 * self.WITHIN / math.sqrt(12 * len(inside)) + 1e-3

    def test_order_holds_where_clusters_overlap_a_thousandfold(self):
        seen = drawn(points(5000.0, clumps=Clumps(size=40.0, within_s=20.0)), 200.0)
        assert (np.diff(seen) >= 0).all()
        after_start = seen[seen > 20]
        expected = 5000.0 * 180
        assert abs(len(after_start) - expected) < 5 * math.sqrt(expected * 79)

    def test_minutes_keep_the_stated_cv_although_clusters_add_their_own(self):
        bursts, clusters = "{peak: 3x, cv: 0.6, length: 20 min}", "{size: 5, within: 200 ms}"
        w = reads(f"name: c\ntraffic: {{rate: 5 per second, bursts: {bursts}, clusters: {clusters}}}")
        states = bursts_of(w)
        counts = minutes(list(points_of(w)), 60 * DAY) / 300.0
        assert abs(counts.std() / 0.6 - 1) < 0.05
        assert states.share_high * states.high_per_s + (1 - states.share_high) * states.low_per_s == pytest.approx(5.0)

    def test_a_cluster_of_one_is_no_cluster(self):
        alone = drawn(points(1.0), 1000.0)
        assert np.array_equal(drawn(points(1.0, clumps=Clumps(size=1.0, within_s=1.0)), 1000.0), alone)
