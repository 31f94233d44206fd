"""A progress bar while work is done that may be shared out to forked processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Aside", "drawn"]

Aside = Callable[[], AbstractContextManager[None]]


@contextmanager
def drawn(bar: Progress) -> Iterator[Aside]:
    """The bar is drawn meanwhile; the thread that draws it hinders no fork. It makes room for what is said aside."""
    from advisor.sim.apart import only_draw

    def begin() -> None:
        before = set(threading.enumerate())
        bar.start()
        only_draw(set(threading.enumerate()) - before)

    @contextmanager
    def aside() -> Iterator[None]:
        bar.stop()
        yield
        begin()

    begin()
    try:
        yield aside
    finally:
        bar.stop()
