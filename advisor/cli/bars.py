"""A progress bar while work is done that may be shared out to forked processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["drawn"]


@contextmanager
def drawn(bar: Progress) -> Iterator[None]:
    """The bar is drawn meanwhile; the thread that draws it hinders no fork."""
    from advisor.sim.apart import only_draw

    before = set(threading.enumerate())
    with bar:
        only_draw(set(threading.enumerate()) - before)
        yield
