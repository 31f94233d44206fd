"""What answers hang on beside the workload's own words: the package, its prices, and the files a profile points to.

Two machines with the same stamp give the same answers; a file of answers with another stamp is not gone on with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from advisor.catalog.prices import price_book
from advisor.errors import InputError
from advisor.workload import Workload
from advisor.workload.section import Section

__all__ = ["stamp"]

_CHUNK = 1 << 20


def stamp(w: Workload) -> tuple[str, ...]:
    """The version, the prices' date, and a digest of each recorded file; comparing them costs next to nothing."""
    from advisor import __version__

    book = price_book()
    return (__version__, f"{book.as_of} {book.published(w.region)}", *(_digest(path) for path in _files(w)))


def _files(held: object) -> Iterator[Path]:
    """Every file that a workload points to, in the order of its fields."""
    if isinstance(held, Path):
        yield held
    elif isinstance(held, Section):
        for name in type(held).model_fields:
            yield from _files(getattr(held, name))
    elif isinstance(held, tuple):
        for one in held:
            yield from _files(one)


def _digest(path: Path) -> str:
    try:
        held = path.stat()
        return _digested(path, held.st_size, held.st_mtime_ns)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}", str(path), "put the file there"
        ) from error


@lru_cache(maxsize=64)
def _digested(path: Path, _size: int, _changed_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as held:
        while chunk := held.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
