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


NAME = "asynchronous-m5.large-0to2-c2-b12-t900-ttl21600-mon-fri-0655-1800x1"


def test_a_long_name_is_cut_at_its_hyphens_only_where_the_table_is_too_wide_for_it() -> None:
    table = Table.of(["deployment", "told"], [(NAME, "costs 60 USD a month and is no faster than any of the others")])
    assert NAME in table.text(100)
    narrow = table.text(60).splitlines()
    assert max(map(len, narrow)) <= 60
    pieces = [line.split()[0] for line in narrow[2:] if line[0] != " "]
    assert "".join(pieces) == NAME
    assert all(piece.endswith("-") for piece in pieces[:-1])


def test_a_line_break_in_a_cell_is_one_in_text_and_in_html() -> None:
    table = Table.of(["says"], [("too large\nat line 4",)])
    assert table.text().splitlines()[2:] == ["too large", "at line 4"]
    assert "too large<br>at line 4" in table.html()


def test_the_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(show)
    assert (result.attempted, result.failed) == (2, 0)


def test_a_sparkline_of_nothing_or_of_zeros_is_flat() -> None:
    assert sparkline([]) == ""
    assert sparkline([0.0, 0.0]) == "▁▁"
