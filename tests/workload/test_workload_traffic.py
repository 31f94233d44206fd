"""Traffic: every form of it, what is filled, and what contradicts itself."""

from __future__ import annotations

import gzip

import pytest

from advisor.catalog.assumptions import assumption
from advisor.errors import ProfileError, TraceError
from advisor.workload import Traffic, Workload, reads


def workload(**traffic) -> Workload:
    return Workload(name="x", traffic=traffic)


def refusal(**traffic) -> str:
    with pytest.raises(ProfileError) as raised:
        workload(**traffic)
    return str(raised.value)


@pytest.mark.parametrize("shape", ["steady", "regular"])
def test_calm_shapes_have_no_bursts(shape) -> None:
    w = workload(rate="10 per second", shape=shape)
    assert w.burst_states is None
    assert w.peak_per_s == 10
    assert "no bursts" in refusal(rate="10 per second", shape=shape, bursts={"peak": "3x"})


def test_daily_and_weekly_traffic_follow_named_curves_by_assumption() -> None:
    weekly = workload(rate="10 per second", shape="weekly").traffic
    assert weekly is not None
    assert (weekly.day, weekly.week) == (assumption("shape_weekly_day").base, assumption("shape_weekly_week").base)
    assert len(weekly.curve) == 168
    daily = workload(rate="10 per second", shape="daily", day="evening")
    assert daily.traffic is not None
    assert daily.traffic.day == "evening"
    assert daily.traffic.week is None
    assert "traffic.day" not in daily.assumed


def test_traffic_without_bursts_takes_the_assumed_ones_whose_cv_is_of_the_rate() -> None:
    w = workload(rate="1 per minute")
    assert w.traffic is not None
    assert w.traffic.bursts is not None
    assert w.traffic.bursts.of == "rate"
    states = w.burst_states
    assert states is not None
    assert states.high_per_s == pytest.approx(float(assumption("bursts_peak").base) / 60)
    assert w.assumed["traffic.bursts.length"] == "bursts_length"


def test_a_burst_given_in_part_keeps_the_assumed_share_of_time_spent_high() -> None:
    f, cv = float(assumption("bursts_peak").base), float(assumption("bursts_cv").base)
    share = cv**2 / (cv**2 + (f - 1) ** 2)
    for given in ({"peak": "10x"}, {"cv": 1.1}):
        states = workload(rate="100 per second", bursts=given).burst_states
        assert states is not None
        assert states.share_high == pytest.approx(share, rel=2e-3)


def test_on_and_off_traffic_is_silent_in_between() -> None:
    states = workload(rate="10 per second", shape="on_off").burst_states
    peak = float(assumption("shape_on_off_peak").base)
    assert states is not None
    assert (states.low_per_s, states.share_high) == (0.0, pytest.approx(1 / peak))
    assert states.warning is None


def test_the_peak_is_bursts_times_the_busiest_hour() -> None:
    day = [1.0] * 23 + [25.0]
    w = workload(rate="10 per second", day=day, bursts={"peak": "3x", "cv": 0.5, "length": "8 min"})
    # The mean weight is 2, so the last hour has 12.5 times the mean.
    assert w.peak_per_s == pytest.approx(10 * 12.5 * 3)
    assert w.traffic is not None
    assert w.traffic.curve_peak == pytest.approx(12.5)


def test_numbers_read_off_a_raw_chart_are_divided_by_the_curve() -> None:
    day = [0.5] * 12 + [1.5] * 12
    bursts = {"peak": "4.5x", "cv": 1, "length": "8 min", "of": "chart"}
    w = workload(rate="1000 per second", day=day, bursts=bursts)
    states = w.burst_states
    assert states is not None
    assert states.high_per_s == pytest.approx(3000, rel=0.01)
    assert "that the day and week curve alone has" in refusal(
        rate="1000 per second", day="office", bursts={**bursts, "cv": 0.1}
    )


def test_a_rare_peak_is_refused_at_its_line_in_favour_of_spikes() -> None:
    with pytest.raises(ProfileError) as raised:
        reads("name: x\ntraffic:\n  rate: 40 per second\n  bursts: {peak: 100x, cv: 0.4, length: 8 min}\n", "p.yaml")
    [problem] = raised.value.problems
    assert problem.where == "p.yaml:4"
    assert "spikes" in problem.mend


def test_too_much_variance_for_the_peak_is_a_warning_with_its_line() -> None:
    w = reads("name: x\ntraffic:\n  rate: 40 per second\n  bursts: {peak: 2x, cv: 3, length: 8 min}\n", "p.yaml")
    [warning] = w.warnings
    assert (warning.path, warning.where) == ("traffic.bursts", "p.yaml:4")
    assert warning.what.startswith("a cv of 3 cannot have a peak as low as 2x")
    # v = f - 1 is the most that a peak of 2x can have: with a cv of 3 the peak is 1 + 9, less chance's 1 in 2400.
    assert "a cv of at most 1" in warning.mend
    assert "a peak of 10x" in warning.mend


def test_classes_sum_to_the_traffic() -> None:
    classes = [
        {"name": "short", "rate": "30 per second", "payload": {"request": "1 KB", "response": "1 KB"}},
        {
            "name": "long",
            "rate": "10 per second",
            "work": "5x",
            "payload": {"request": "9 KB", "response": "1 KB", "request_max": "1 MB"},
        },
    ]
    w = workload(classes=classes)
    assert w.rate_per_s == 40
    # The mean over all requests, and the largest of any class.
    assert w.payload.request_bytes == 3000
    assert w.payload.request_max_bytes == 1_000_000
    assert "payload.request" not in w.assumed
    assert workload(rate="40 per second", classes=classes).rate_per_s == 40
    assert "the classes sum to 40 per second" in refusal(rate="50 per second", classes=classes)
    assert 'two classes are called "short"' in refusal(classes=[classes[0], classes[0]])
    assert "model 3 of 1" in refusal(classes=[{"name": "a", "rate": "1 per second", "model": 3}])


def test_a_spike_stands_on_a_day_counted_from_one() -> None:
    spikes = [{"at": "day 3 14:00", "height": "20x", "lasts": "20 min"}, {"at": "Day 1", "height": 2, "lasts": "1 h"}]
    traffic = workload(rate="1 per second", spikes=spikes).traffic
    assert traffic is not None
    assert [one.at_s for one in traffic.spikes] == [2 * 86400 + 14 * 3600, 0.0]
    for wrong in ("day 0 14:00", "day 1 24:00", "14:00", "noon", 3):
        assert "is not a moment" in refusal(rate="1 per second", spikes=[{"at": wrong, "height": "2x", "lasts": "1 h"}])


@pytest.mark.parametrize(
    ("traffic", "what"),
    [
        ({"day": "ofice"}, "did you mean office"),
        ({"day": [1] * 23}, "23 day weights"),
        ({"week": [0] * 7}, "all week weights are zero"),
        ({"week": [1, 1, 1, 1, 1, "x", 1]}, "among the week weights"),
        ({"shape": "wavy"}, "is not a shape of traffic"),
        ({"bursts": {"peak": "1x"}}, "is no burst"),
        ({"clusters": {"size": 0.5, "within": "1 s"}}, "clusters of 0.5 requests"),
        ({"clusters": {"size": 5}}, "traffic.clusters has no within"),
        ({"rate": "0 per second"}, "is zero"),
        ({"rate": "fast"}, "is not a rate"),
        ({"rate": 40}, "40 has no unit"),
        ({"classes": {"name": "a"}}, "a mapping (key: value) where a list is due"),
    ],
)
def test_a_wrong_form_is_refused_with_what_is_wrong(traffic, what) -> None:
    assert what in refusal(**traffic)


def test_a_replayed_file_gives_rate_and_peak(tmp_path) -> None:
    # 20 minutes of one arrival a second; in the last minute three a second.
    moments = [float(n) for n in range(1140)] + [1140 + n / 3 for n in range(180)]
    (tmp_path / "arrivals.csv.gz").write_bytes(gzip.compress(("arrival_s\n" + "\n".join(map(str, moments))).encode()))
    (tmp_path / "p.yaml").write_text("name: x\ntraffic: {replay: arrivals.csv.gz}\n")
    w = reads((tmp_path / "p.yaml").read_text(), folder=tmp_path)
    assert w.rate_per_s == pytest.approx(1319 / moments[-1])
    assert w.peak_per_s == pytest.approx(3)
    assert w.scaled(rate=2).rate_per_s == pytest.approx(2 * w.rate_per_s)
    assert w.scaled(rate=2).scaled(rate=2).peak_per_s == pytest.approx(12)
    assert w.burst_states is None


def test_a_replayed_file_of_counts_fills_its_intervals(tmp_path) -> None:
    (tmp_path / "c.csv").write_text("start_s,count\n" + "\n".join(f"{60 * n},{120 if n else 600}" for n in range(10)))
    w = reads("name: x\ntraffic: {replay: {path: c.csv, scale: 2x}}\n", folder=tmp_path)
    assert w.rate_per_s == pytest.approx(2 * (600 + 9 * 120) / 600)
    assert w.peak_per_s == pytest.approx(2 * 10)


def test_a_replayed_file_is_looked_at_on_reading_and_its_rows_on_use(tmp_path) -> None:
    assert "nowhere.csv does not exist" in refusal(replay="nowhere.csv")
    (tmp_path / "a.csv").write_text("time\n1\n")
    assert "no column arrival_s or start_s and count" in refusal(replay=str(tmp_path / "a.csv"))
    (tmp_path / "a.csv").write_text("arrival_s\n1\nsoon\n")
    w = workload(replay=tmp_path / "a.csv")
    with pytest.raises(TraceError, match=r"a\.csv:3"):
        _ = w.rate_per_s
    assert "a replayed file has its own rate" in refusal(rate="1 per second", replay=tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("arrival_s\n1\n")
    with pytest.raises(TraceError, match="give no rate"):
        _ = workload(replay=tmp_path / "a.csv").rate_per_s


def test_a_section_alone_is_not_filled() -> None:
    assert Traffic().rate_per_s is None
    assert Traffic().bursts is None
    assert Traffic().curve == (1.0,) * 24
