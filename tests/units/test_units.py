"""Quantities: read at the edge, refused with a mend, printed back."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import units
from advisor.errors import UnitError


def test_the_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(units)
    assert result.attempted >= 8
    assert result.failed == 0


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (units.duration_s, "250 ms", 0.25),
        (units.duration_s, "90s", 90.0),
        (units.duration_s, "1.5h", 5400.0),
        (units.duration_s, "1 h 30 min", 5400.0),
        (units.duration_s, "2 Minutes", 120.0),
        (units.duration_s, "1 day", 86400.0),
        (units.duration_s, "1 month", 730 * 3600.0),
        (units.duration_s, "1 year", 8760 * 3600.0),
        (units.duration_s, "15 us", 15e-6),
        (units.size_bytes, "6 MB", 6_000_000),
        (units.size_bytes, "6 MiB", 6_291_456),
        (units.size_bytes, "1,500 KB", 1_500_000),
        (units.size_bytes, "1 GiB", 1_073_741_824),
        (units.size_bytes, "30 bytes", 30),
        (units.memory_mib, "4 GB", 4096.0),
        (units.memory_mib, "4 GiB", 4096.0),
        (units.memory_mib, "900 MB", 900.0),
        (units.rate_per_s, "40 per second", 40.0),
        (units.rate_per_s, "30 per minute", 0.5),
        (units.rate_per_s, "36/h", 0.01),
        (units.rate_per_s, "8.64 million requests per day", 100.0),
        (units.rate_per_s, "2 a second", 2.0),
        (units.count, "5 million", 5_000_000),
        (units.count, "120k", 120_000),
        (units.count, "5 million records", 5_000_000),
        (units.count, 50, 50),
        (units.share, "0.1 %", 0.001),
        (units.share, 0, 0.0),
        (units.share, "0", 0.0),
        (units.duration_s, "100 msec", 0.1),
        (units.duration_s, "5 msecs", 0.005),
        (units.duration_s, "5 secs", 5.0),
        (units.duration_s, "2 mins", 120.0),
        (units.duration_s, "2 hrs", 7200.0),
        (units.duration_s, ".5 s", 0.5),
        (units.rate_per_s, "3 rps", 3.0),
        (units.rate_per_s, "3 qps", 3.0),
        (units.rate_per_s, "180 rpm", 3.0),
        (units.rate_per_s, "3k RPS", 3000.0),
        (units.rate_per_s, "40 req/s", 40.0),
        (units.rate_per_s, "120 reqs/min", 2.0),
        (units.rate_per_s, "6 calls per minute", 0.1),
        (units.rate_per_s, "40 queries a second", 40.0),
        (units.count, "1.001k", 1001),
        (units.share, "40%", 0.4),
        (units.factor, "3x", 3.0),
        (units.factor, 3.2, 3.2),
        (units.number, 0.4, 0.4),
    ],
)
def test_a_quantity_is_read_in_base_units(read, text, value) -> None:
    assert read(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("read", "text", "mend"),
    [
        (units.duration_s, 250, '"250 ms" or "250 min"'),
        (units.duration_s, "250", '"250 ms" or "250 s"'),
        (units.size_bytes, 6, '"6 KB" or "6 MB"'),
        (units.memory_mib, "4", '"4 MB" or "4 GB"'),
        (units.rate_per_s, 40, '"40 per second" or "40 per minute"'),
        (units.rate_per_s, "40", '"40 per second" or "40 per minute"'),
        (units.share, 1, '"1 %" or "100 %"'),
        (units.share, 0.001, '"0.001 %" or "0.1 %"'),
        (units.share, 0.07, '"0.07 %" or "7 %"'),
        (units.share, "0.25", '"0.25 %" or "25 %"'),
        (units.share, 5, 'write "5 %"'),
    ],
)
def test_a_bare_number_is_refused_with_two_proposals(read, text, mend) -> None:
    with pytest.raises(UnitError) as caught:
        read(text)
    assert "has no unit" in caught.value.what
    assert mend in caught.value.mend


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (units.duration_s, "5 parsecs"),
        (units.duration_s, "soon"),
        (units.duration_s, "-3 s"),
        (units.duration_s, "1e300 s"),
        (units.duration_s, None),
        (units.duration_s, True),
        (units.duration_s, ["1 s"]),
        (units.duration_s, ""),
        (units.duration_s, "9" * 400),
        (units.size_bytes, "6 mb"),
        (units.size_bytes, "6 Mbit"),
        (units.size_bytes, float("nan")),
        (units.rate_per_s, "40 per parsec"),
        (units.rate_per_s, "per second"),
        (units.count, 2.5),
        (units.count, float("inf")),
        pytest.param(units.count, 10**5000, id="an integer of five thousand digits"),
        (units.count, -1),
        (units.share, "140 %"),
        (units.share, -0.1),
        (units.factor, "3 apples"),
        (units.number, "3x"),
    ],
)
def test_what_is_no_quantity_is_refused_with_a_mend(read, text) -> None:
    with pytest.raises(UnitError) as caught:
        read(text)
    assert caught.value.mend
    assert not caught.value.what.endswith(".")


@pytest.mark.parametrize(
    ("read", "text", "what", "mend"),
    [
        (units.rate_per_s, "3 bananas", "is not a rate", 'write "3 per second" or "3 per minute"'),
        (units.rate_per_s, "fast", "is not a rate", 'write "40 per second" or "40 per minute"'),
        (units.rate_per_s, "40 per parsec", '"parsec" is not a unit of time', 'write "40 per second"'),
        (units.rate_per_s, "2 per m", "m could be minutes or months", 'write "2 per minute"'),
        (units.duration_s, "1m", "m could be minutes or months", 'write "1 min"'),
        (units.duration_s, "1 h 30 m", "m could be minutes or months", 'write "30 min"'),
        (units.duration_s, "100 msc", "is not a unit of it", "did you mean msec or ms"),
        (units.duration_s, "5 ns", "is not a unit of it", "the units are us, ms, s"),
        (units.duration_s, "1,5 s", "is not a duration", 'write "1.5 s"'),
        (units.size_bytes, "1,5 MB", "is not a size", 'write "1.5 MB"'),
        (units.count, "2m", "m could be thousands or millions", 'write "2 million"'),
    ],
)
def test_what_is_nearly_a_quantity_is_refused_with_one_that_reads(read, text, what, mend) -> None:
    with pytest.raises(UnitError) as caught:
        read(text)
    assert what in caught.value.what
    assert mend in caught.value.mend
    proposed = caught.value.mend.split('"')
    assert len(proposed) < 2 or read(proposed[1]) >= 0


def test_a_unit_a_thousand_times_off_is_never_proposed_first() -> None:
    for text, right in (("100 msecc", "msec"), ("5 sek", "sec"), ("5 milisecond", "millisecond"), ("5 usecc", "usec")):
        with pytest.raises(UnitError) as caught:
            units.duration_s(text)
        first = caught.value.mend.removeprefix("did you mean ").split(" or ")[0].rstrip("?")
        assert units.duration_s(f"1 {first}") == units.duration_s(f"1 {right}")


def test_a_share_may_be_bare_only_where_a_caller_says_so() -> None:
    assert units.share(0.25, bare=True) == 0.25


def test_a_near_unit_is_proposed() -> None:
    with pytest.raises(UnitError, match="did you mean MiB"):
        units.size_bytes("6 Mib")


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (units.show_duration(0.25), "250 ms"),
        (units.show_duration(0.9999996), "1 s"),
        (units.show_duration(0), "0 s"),
        (units.show_duration(499.14), "8.32 min"),
        (units.show_duration(90), "90 s"),
        (units.show_duration(480), "8 min"),
        (units.show_duration(5400), "90 min"),
        (units.show_duration(3 * 86400), "3 days"),
        (units.show_duration(0.0005), "500 us"),
        (units.show_bytes(6_000_000), "6 MB"),
        (units.show_bytes(6_291_456), "6 MiB"),
        (units.show_bytes(0), "0 B"),
        (units.show_bytes(1_000_000_000), "1 GB"),
        (units.show_memory(4096), "4 GB"),
        (units.show_memory(900), "900 MB"),
        (units.show_rate(40), "40 per second"),
        (units.show_rate(0.5), "30 per minute"),
        (units.show_rate(0.0001), "8.64 per day"),
        (units.show_rate(0), "0 per second"),
        (units.show_rate(20_000), "20,000 per second"),
        (units.show_count(5_000_000), "5,000,000"),
        (units.show_share(0.001), "0.1 %"),
        (units.show_factor(3), "3x"),
        (units.show_rate(92.756), "92.8 per second"),
        (units.show_rate(1234), "1234 per second"),
        (units.show_rate(1234.5), "1230 per second"),
        (units.show_rate(2000), "2000 per second"),
        (units.show_rate(1 / 60), "1 per minute"),
        (units.show_share(0.03837), "3.84 %"),
        (units.show_share(0.9287), "92.9 %"),
        (units.show_share(0.99987), "99.987 %"),
        (units.show_share(1), "100 %"),
        (units.show_share(1.7322e-7), "0.0000173 %"),
        (units.show_share(2e-9), "0.0000002 %"),
        (units.show_factor(2.4567), "2.46x"),
        (units.show_bytes(4_198_700_000_000), "4.2 TB"),
        (units.show_bytes(1_234_567), "1.23 MB"),
        (units.show_bytes(1_024), "1.024 KB"),
        (units.show_memory(2560), "2.5 GB"),
        (units.show_memory(341.79), "342 MB"),
    ],
)
def test_a_quantity_is_printed_in_the_unit_that_reads_best(shown, text) -> None:
    assert shown == text


@given(st.floats(min_value=1e-5, max_value=1e8))
def test_a_printed_duration_reads_back_within_its_three_digits(seconds: float) -> None:
    assert units.duration_s(units.show_duration(seconds)) == pytest.approx(seconds, rel=6e-3)


@given(st.integers(min_value=0, max_value=10**14))
def test_a_printed_size_reads_back_within_its_three_digits(size: int) -> None:
    assert units.size_bytes(units.show_bytes(size)) == pytest.approx(size, rel=6e-3)


@given(st.floats(min_value=1e-6, max_value=1e7))
def test_a_printed_rate_reads_back_within_its_three_digits(per_s: float) -> None:
    assert units.rate_per_s(units.show_rate(per_s)) == pytest.approx(per_s, rel=6e-3)


@given(st.floats(min_value=0, max_value=1))
def test_a_printed_share_reads_back_within_its_three_digits(share: float) -> None:
    assert units.share(units.show_share(share)) == pytest.approx(share, rel=6e-3)


@given(st.text(max_size=40) | st.floats() | st.integers() | st.none() | st.booleans())
def test_any_value_gives_a_number_or_a_unit_error(value: object) -> None:
    for read in (
        units.duration_s,
        units.size_bytes,
        units.memory_mib,
        units.rate_per_s,
        units.count,
        units.share,
        units.factor,
        units.number,
    ):
        try:
            assert read(value) >= 0
        except UnitError as error:
            assert error.mend
