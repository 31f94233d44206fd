"""Answers as they come: whole cells, in order, and never of another sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.errors import InputError
from advisor.sweeps.store import Store, signature


def test_rows_come_back_in_the_order_of_the_cells_however_they_were_stored(tmp_path: Path) -> None:
    with Store(tmp_path / "s", "a") as kept:
        kept.put([(2, [{"n": 2}]), (0, [{"n": 0}, {"n": 0.5}])])
        kept.put([(1, [{"n": 1}])])
        assert [row["n"] for row in kept.rows()] == [0, 0.5, 1, 2]
        assert kept.done() == {0, 1, 2}


def test_what_was_stored_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with Store(tmp_path / "s", "a") as kept:
        kept.put([(7, [{"n": 7}])])
    with Store(tmp_path / "s", "a") as kept:
        assert kept.done() == {7}


def test_a_block_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    def answers():
        yield 0, [{"n": 0}]
        raise KeyboardInterrupt

    with Store(tmp_path / "s", "a") as kept:
        with pytest.raises(KeyboardInterrupt):
            kept.put(answers())
        assert kept.done() == frozenset()


def test_another_sweep_is_refused_and_the_first_ones_answers_stay(tmp_path: Path) -> None:
    with Store(tmp_path / "s", "a") as kept:
        kept.put([(0, [{"n": 0}])])
    with pytest.raises(InputError, match="another sweep"):
        Store(tmp_path / "s", "b")
    with Store(tmp_path / "s", "a") as kept:
        assert kept.done() == {0}


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database, but some words that are long enough to be read as a header of one")
    with pytest.raises(InputError, match="cannot be used"):
        Store(path, "a")
    assert path.read_text().startswith("no database")


def test_a_complete_sweep_leaves_no_store_behind(tmp_path: Path) -> None:
    kept = Store(tmp_path / "s", "a")
    kept.remove()
    assert not (tmp_path / "s").exists()


def test_the_signature_changes_with_anything_that_answers_hang_on() -> None:
    one = signature({"seed": 1, "vary": [["a", [1, 2]]]})
    assert one == signature({"vary": [["a", [1, 2]]], "seed": 1})
    assert one != signature({"seed": 2, "vary": [["a", [1, 2]]]})
    assert one != signature({"seed": 1, "vary": [["a", [1, 3]]]})


def test_a_file_in_use_is_refused_until_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.sweeps.store._PATIENCE_S", 0.05)
    with Store(tmp_path / "s", "a"), pytest.raises(InputError, match="in use by a sweep that is running"):
        Store(tmp_path / "s", "a")
    Store(tmp_path / "s", "a").close()


def test_a_folder_that_is_missing_is_made_and_one_that_is_a_file_is_told(tmp_path: Path) -> None:
    Store(tmp_path / "new" / "s", "a").close()
    assert (tmp_path / "new" / "s").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be used"):
        Store(tmp_path / "file" / "s", "a")
