"""``explain traffic`` of a replayed file: its hours and its mean day, as the file holds them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.workload.recorded import per_interval


def profile(folder: Path, rows: str, replay: str = "a.csv") -> Path:
    (folder / "a.csv").write_text(rows)
    path = folder / "p.yaml"
    path.write_text(f"name: played\ntraffic: {{replay: {replay}}}\n")
    return path


def days(count: int) -> str:
    """Half-hours whose counts rise over each day from 0 to 47."""
    return "start_s,count\n" + "".join(f"{n * 1800},{n % 48}\n" for n in range(48 * count))


def test_a_file_of_days_is_drawn_hour_by_hour_with_its_mean_day(tmp_path, advisor) -> None:
    told = advisor("explain", "traffic", profile(tmp_path, days(3))).out
    # The sum of 0 to 47 is 1,128 a day; the busiest hour has 46 + 47, the first 0 + 1.
    assert "3,384 requests in 3 days" in told
    assert [f"day {n}" in told for n in (1, 2, 3, 4)] == [True, True, True, False]
    bars = [line for line in told.splitlines() if "█" in line]
    assert len(bars) == 4
    # Eight steps up to 93: hour h holds 4 h + 1, and is drawn twice as wide.
    steps = "▁▂▃▄▅▆▇█"
    bar = "".join(steps[min(7, 8 * (4 * hour + 1) // 93)] * 2 for hour in range(24))
    assert {line[20:] for line in bars} == {bar}
    assert "over 3 whole days" in told
    assert "of 72 hours" in told


def test_the_scale_of_a_replay_multiplies_what_is_told(tmp_path, advisor) -> None:
    path = profile(tmp_path, days(2), "{path: a.csv, scale: 3x}")
    [told] = json.loads(advisor("explain", "traffic", path, "--json").out)
    assert told["hourly_per_s"][:3] == [3 * count / 3600 for count in (1, 5, 9)]
    assert len(told["hourly_per_s"]) == 48


def test_a_fortnight_is_drawn_and_the_rest_is_named(tmp_path, advisor) -> None:
    told = advisor("explain", "traffic", profile(tmp_path, days(20))).out
    assert "day 14" in told
    assert "day 15" not in told
    assert "and so on, up to day 20" in told


def test_a_short_file_of_instants_is_drawn_in_finer_steps_without_a_mean_day(tmp_path, advisor) -> None:
    rows = "arrival_s\n" + "".join(f"{k / 2}\n" for k in range(1201))
    told = advisor("explain", "traffic", profile(tmp_path, rows)).out
    # Ten minutes, two a second: sixty times ten seconds, and the last instant.
    assert "by 10 s" in told
    assert "most 2 per second" in told
    assert "mean day" not in told


@pytest.mark.parametrize(
    ("rows", "every", "counts"),
    [
        ("start_s,count\n100,3\n160,2\n280,4\n", 60.0, (3, 2, 0, 4)),
        ("start_s,count\n100,3\n160,2\n280,4\n", 120.0, (5, 4)),
        ("arrival_s\n5\n6\n6\n15\n", 10.0, (3, 1)),
        ("arrival_s\n0\n10\n", 10.0, (1, 1)),
    ],
)
def test_intervals_are_counted_from_the_first_instant(tmp_path, rows, every, counts) -> None:
    path = tmp_path / "a.csv"
    path.write_text(rows)
    assert per_interval(path, every) == counts
