"""One table, three renderings."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import show
from advisor.show import Table, sparkline

TABLE = Table.of(
    ["rule", "says", "usd"],
    [["SL-01", "a body over 4 MB is refused | always", "12.50"], ["SL-02", None, "3"]],
    title="Rules",
    notes=["two of many"],
    right=["usd"],
)


def test_text_sets_numbers_flush_right_and_leaves_no_trailing_blanks() -> None:
    assert TABLE.text().splitlines() == [
        "Rules",
        "",
        "rule   says                                    usd",
        "-----  ------------------------------------  -----",
        "SL-01  a body over 4 MB is refused | always  12.50",
        "SL-02                                            3",
        "",
        "two of many",
    ]


def test_markdown_escapes_pipes() -> None:
    lines = TABLE.markdown().splitlines()
    assert lines[2:5] == [
        "| rule | says | usd |",
        "| --- | --- | ---: |",
        "| SL-01 | a body over 4 MB is refused \\| always | 12.50 |",
    ]


def test_html_escapes_what_a_user_wrote() -> None:
    assert "&lt;script&gt;" in Table.of(["a"], [["<script>"]]).html()


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells under 1 columns"):
        Table(columns=("a",), rows=(("1", "2"),))


@given(st.lists(st.lists(st.text(alphabet="abc def", max_size=80), min_size=3, max_size=3), max_size=5))
def test_text_fits_a_hundred_columns_and_loses_no_word(rows: list[list[str]]) -> None:
    text = Table.of(["one", "two", "three"], rows).text(100)
    assert all(len(line) <= 100 for line in text.splitlines()) or any(
        len(word) > 30 for row in rows for cell in row for word in cell.split()
    )
    for row in rows:
        for word in " ".join(row).split():
            assert word in text


def test_the_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(show)
    assert (result.attempted, result.failed) == (1, 0)


def test_a_sparkline_of_nothing_or_of_zeros_is_flat() -> None:
    assert sparkline([]) == ""
    assert sparkline([0.0, 0.0]) == "▁▁"
