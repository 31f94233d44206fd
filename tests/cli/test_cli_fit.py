"""``advisor fit``: a section that reads back as a profile's traffic, and clear errors for files that do not read."""

from __future__ import annotations

import json

import pytest

import advisor as ad

# One request every 2 s for two hours, ten a second in the middle ten minutes: 3600 - 300 + 6000 requests.
STEADY = [float(second) for second in range(0, 7200, 2) if not 3300 <= second < 3900]
BURST = [3300 + tenth / 10 for tenth in range(6000)]


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "arrivals.csv"
    path.write_text("arrival_s\n" + "\n".join(f"{at:.1f}" for at in sorted(STEADY + BURST)) + "\n")
    return path


def test_the_section_is_a_profiles_traffic_with_the_files_mean_rate(advisor, trace) -> None:
    ran = advisor("fit", trace, "--service", "100 ms")
    assert ran.code == 0, ran.err
    section = ran.out.split("\n\n")[0]
    found = ad.reads(f"name: fitted\n{section}\n")
    assert found.rate_per_s == pytest.approx((3300 + 6000) / 7200, rel=0.02)
    assert found.traffic.bursts.peak > 3
    assert "servers needed" in ran.out


def test_json_is_an_object_with_the_figures(advisor, trace) -> None:
    fields = json.loads(advisor("fit", trace, "--json").out)
    assert fields["count"] == 9300


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("arrival\n1\n", "arrival_s"),
        ("arrival_s\n1\nsoon\n", ":3"),
        ("arrival_s\n5\n1\n", ":3"),
        ("arrival_s\n-1\nnan\n", "arrivals.csv"),
        ("", "arrivals.csv"),
    ],
)
def test_a_file_that_does_not_read_is_exit_code_two(text, words, advisor, tmp_path) -> None:
    path = tmp_path / "arrivals.csv"
    path.write_text(text)
    ran = advisor("fit", path)
    assert ran.code == 2
    assert words in ran.err
    assert "to mend:" in ran.err


def test_a_service_time_without_a_unit_is_refused(advisor, trace) -> None:
    ran = advisor("fit", trace, "--service", "100")
    assert ran.code == 2
    assert "--service" in ran.err
