"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from advisor.errors import InputError
from advisor.files import cache_folder, data_folder, write_atomically


def test_a_file_is_written_whole_with_its_folders(tmp_path: Path) -> None:
    target = write_atomically(tmp_path / "a" / "b.txt", "zwölf")
    assert target.read_bytes() == "zwölf".encode()
    assert [path.name for path in target.parent.iterdir()] == ["b.txt"]


def test_a_write_that_fails_leaves_the_old_file_and_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "prices.json"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["prices.json"]


def test_the_permissions_of_a_file_survive_a_new_version(tmp_path: Path) -> None:
    target = tmp_path / "secret.txt"
    target.write_text("old")
    target.chmod(0o600)
    write_atomically(target, "new")
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write_atomically(tmp_path / "a" / "b.txt", "x")


def test_the_folders_follow_the_environment_and_are_not_made_by_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADVISOR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder() == tmp_path / "x" / "advisor"
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("ADVISOR_DATA", str(tmp_path / "data"))
    assert cache_folder() == tmp_path / "own"
    assert data_folder() == tmp_path / "data"
    assert not list(tmp_path.iterdir())
