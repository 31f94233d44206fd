"""Answers as they come, in a SQLite file beside the output: a killed sweep goes on from it.

Each block of cells is one transaction, so a cell is there whole or not at all. The file knows which sweep it belongs
to; another sweep is refused, not mixed in. What is written at the end comes from the file in the order of the cells,
so that it is the same whether the sweep was interrupted or not.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from advisor.errors import InputError

__all__ = ["Store", "signature"]

# How long a file is waited for that another process is closing.
_PATIENCE_S = 2.0


def signature(parts: Mapping[str, Any]) -> str:
    """What a sweep is known by: a digest of everything that its answers depend on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


class Store:
    """The answers of a sweep, by cell; in memory where there is no file."""

    def __init__(self, path: Path | None, known_by: str) -> None:
        self.path = path
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(
                ":memory:" if path is None else path, isolation_level=None, timeout=_PATIENCE_S
            )
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from error
        try:
            # Held until the file is closed: two processes never answer the same sweep into one file.
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("BEGIN EXCLUSIVE")
            self._base.execute("CREATE TABLE IF NOT EXISTS sweep (known_by TEXT NOT NULL)")
            self._base.execute("CREATE TABLE IF NOT EXISTS cells (number INTEGER PRIMARY KEY, rows TEXT NOT NULL)")
            held = self._base.execute("SELECT known_by FROM sweep").fetchone()
            if held is None:
                self._base.execute("INSERT INTO sweep VALUES (?)", (known_by,))
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            self.close()
            raise _unusable(path, error) from error
        if held is not None and held[0] != known_by:
            self.close()
            raise InputError(
                f"{path} holds the answers of another sweep",
                str(path),
                "delete it to begin anew, or name another output: profile, fields, seed, version or prices differ",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was put in stays there."""
        self._base.close()

    def done(self) -> frozenset[int]:
        """The numbers of the cells that have their answer."""
        return frozenset(number for (number,) in self._base.execute("SELECT number FROM cells"))

    def put(self, answers: Iterable[tuple[int, Sequence[Mapping[str, Any]]]]) -> None:
        """Store the answers of some cells, all of them or none."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._base.executemany(
                "INSERT OR REPLACE INTO cells VALUES (?, ?)",
                ((number, json.dumps(list(rows), allow_nan=False)) for number, rows in answers),
            )
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows in the order of the cells."""
        for (text,) in self._base.execute("SELECT rows FROM cells ORDER BY number"):
            yield from json.loads(text)

    def remove(self) -> None:
        """Close and delete the file: the sweep is complete."""
        self.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _unusable(path: Path | None, error: Exception) -> InputError:
    if "locked" in str(error):
        mend = "wait for it, or name another output"
        return InputError(f"{path} is in use by a sweep that is running", str(path), mend)
    mend = "name a file that a sweep has written, or one that does not exist yet, in a folder that you may write to"
    return InputError(f"{path} cannot be used to store answers: {error}", str(path), mend)
