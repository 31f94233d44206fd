"""Work done side by side in processes forked from this one, where it is Python's own and threads would not share it.

    with helpers(work, 2, apart=True) as submit:
        later = [submit(item) for item in items]
        found = [one() for one in later]

A helper has all that this process has at the fork, kernels and prices included, so nothing is sent to it but items;
what it finds is sent back. Where a process cannot safely be forked (another system than Linux, other threads at work)
threads do the same. A helper that is killed loses nothing: its item is worked at here.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import Any, TypeVar
from weakref import WeakSet

from advisor.errors import BugError

__all__ = ["can_fork", "helpers", "only_draw"]

Item = TypeVar("Item")
Found = TypeVar("Found")

# Whether this process is a helper itself: it asks for none.
_helps = False
# Threads that hold nothing but what they draw with, which no helper does.
_drawing: WeakSet[threading.Thread] = WeakSet()


def only_draw(threads: Iterable[threading.Thread]) -> None:
    """Say of threads, those of a progress bar, that they hold nothing which a helper would wait for."""
    _drawing.update(threads)


def can_fork() -> bool:
    """Whether this process can be forked: a thread at work elsewhere may hold a lock that the copy waits for."""
    others = set(threading.enumerate()) - {threading.main_thread()} - set(_drawing)
    return (
        sys.platform == "linux" and not _helps and not others and threading.current_thread() is threading.main_thread()
    )


@contextmanager
def helpers(
    work: Callable[[Item], Found], count: int, *, apart: bool = False, ahead: int = 1, all_apart: bool = False
) -> Iterator[Callable[[Item], Callable[[], Found]]]:
    """Gives ``submit(item)``, which begins ``work(item)`` and returns what waits for its outcome.

    ``count`` items are worked at side by side: by processes where ``apart`` and one can be forked, else by threads.
    What nobody has begun when it is waited for is done here, but where there are processes and ``all_apart``; what is
    not waited for at the end is called off. A process is given so many items ``ahead``: with two it goes on while this
    one looks at what the first has come to.
    """
    if not apart or count < 1 or not can_fork():
        with ThreadPoolExecutor(max(1, count)) as pool:
            try:
                yield lambda item: pool.submit(work, item).result
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return
    crew = _Crew(work, count, ahead, all_apart=all_apart)
    try:
        yield crew.submit
    finally:
        crew.dismiss()


class _Helper:
    """A forked process and the way to it; the items that it has been given, by number, the one it works at first."""

    def __init__(self, work: Callable[[Any], Any], others: Iterable[Connection] = ()) -> None:
        context = multiprocessing.get_context("fork")
        self.way, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(work, theirs, (self.way, *others)), daemon=True)
        with warnings.catch_warnings():
            # Threads of compiled libraries sleep and hold nothing; those of Python have been counted.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()
        self.at: deque[int] = deque()


class _Crew:
    """Helpers, the items that wait for one, and what has come of the others.

    What a killed helper was at waits again.
    """

    def __init__(self, work: Callable[[Any], Any], count: int, ahead: int, *, all_apart: bool) -> None:
        self.work, self.ahead, self.all_apart = work, ahead, all_apart
        self.helpers: list[_Helper] = []
        # Where no more processes can be had, those that there are do it, or this one.
        with suppress(OSError):
            for _ in range(count):
                self.helpers.append(_Helper(work, [helper.way for helper in self.helpers]))
        self.items: list[Any] = []
        self.waiting: deque[int] = deque()
        self.found: dict[int, tuple[bool, Any]] = {}

    def submit(self, item: Any) -> Callable[[], Any]:
        number = len(self.items)
        self.items.append(item)
        self.waiting.append(number)
        self._hand_out()
        return lambda: self._outcome(number)

    def _hand_out(self) -> None:
        for held in range(self.ahead):
            for helper in list(self.helpers):
                # The last ones are given to whoever is done first.
                if len(helper.at) == held and len(self.waiting) > (len(self.helpers) if held else 0):
                    helper.at.append(self.waiting.popleft())
                    try:
                        helper.way.send(self.items[helper.at[-1]])
                    except OSError:
                        self._gone(helper)

    def _outcome(self, number: int) -> Any:
        while number not in self.found:
            if number in self.waiting and not (self.all_apart and self.helpers):
                self.waiting.remove(number)
                return self.work(self.items[number])
            for way in wait([helper.way for helper in self.helpers]):
                self._receive(next(helper for helper in self.helpers if helper.way is way))
            self._hand_out()
        good, found = self.found.pop(number)
        if not good:
            raise found
        return found

    def _receive(self, helper: _Helper) -> None:
        try:
            told = helper.way.recv_bytes()
        except (EOFError, OSError):
            self._gone(helper)
            return
        number = helper.at.popleft()
        try:
            self.found[number] = pickle.loads(told)  # noqa: S301 - from a process of our own
        except Exception as error:  # whatever it is that cannot be read back
            self.found[number] = False, BugError(f"what a helper found cannot be read: {error!r}")

    def _gone(self, helper: _Helper) -> None:
        """It was killed: another takes what it worked at."""
        self.helpers.remove(helper)
        helper.process.kill()
        helper.way.close()
        helper.process.join()
        self.waiting.extendleft(reversed(helper.at))

    def dismiss(self) -> None:
        for helper in self.helpers:
            helper.process.kill()
            helper.way.close()
        for helper in self.helpers:
            helper.process.join()


def _serve(work: Callable[[Any], Any], way: Connection, not_ours: Iterable[Connection]) -> None:
    """What a helper does until it is dismissed, or until nobody is there any more who could."""
    global _helps
    _helps = True
    for other in not_ours:
        other.close()
    # What was there at the fork is no garbage: to look through it would copy it all.
    gc.freeze()
    # An interrupt is for the process that was asked; it dismisses its helpers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers: SimpleQueue[bytes] = SimpleQueue()
    # What was found may wait for a reader, and the next item not for that.
    threading.Thread(target=_send, args=(answers, way), daemon=True).start()
    while True:
        try:
            item = way.recv()
        except EOFError:
            return
        try:
            answer = pickle.dumps((True, work(item)), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # whatever it is, the process that asked is told
            answer = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
        answers.put(answer)


def _send(answers: SimpleQueue[bytes], way: Connection) -> None:
    """Send all that was found, in its order, until nobody reads it any more."""
    while True:
        try:
            way.send_bytes(answers.get())
        except OSError:
            return
