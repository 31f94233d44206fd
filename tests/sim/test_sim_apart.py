"""Work in forked processes: the same outcomes, whoever is killed; and none where a fork would not be safe."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from advisor.errors import BugError, InputError
from advisor.sim import apart
from advisor.sim.apart import can_fork, helpers, only_draw
from advisor.sim.run import Precision, Replications, replicate
from tests.sim.test_sim_run import one_run

HERE = os.getpid()


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Threads that the test runner itself may have are not at work."""
    only_draw(set(threading.enumerate()) - {threading.main_thread()})
    if sys.platform != "linux":
        pytest.skip("processes are forked on Linux alone")
    yield
    assert not multiprocessing.active_children()


def square_and_who(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def test_items_are_worked_at_elsewhere_and_come_back_in_the_order_asked_for() -> None:
    with helpers(square_and_who, 2, apart=True) as submit:
        later = [submit(number) for number in range(9)]
        found = [one() for one in later]
    assert [square for square, _ in found] == [number**2 for number in range(9)]
    workers = {who for _, who in found}
    assert HERE not in workers
    assert len(workers) == 2


def test_what_a_helper_knows_is_what_this_process_knew_at_the_fork() -> None:
    known = {"a": 1}
    with helpers(lambda key: known[key], 2, apart=True) as submit:
        known["a"] = 2
        assert submit("a")() == 1


def test_threads_do_it_where_no_process_is_asked_for() -> None:
    with helpers(square_and_who, 2) as submit:
        assert submit(3)() == (9, HERE)


def test_an_error_of_a_helper_is_raised_here() -> None:
    def fails(what: str) -> None:
        raise InputError(what, "here", "mend it")

    with helpers(fails, 2, apart=True) as submit, pytest.raises(InputError, match="no such thing"):
        submit("no such thing")()


def test_what_a_killed_helper_worked_at_is_done_all_the_same() -> None:
    def killed(number: int) -> tuple[int, int]:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return square_and_who(number)

    with helpers(killed, 2, apart=True) as submit:
        later = [submit(number) for number in range(4)]
        # Both helpers die of their first items, so this process does everything.
        assert [one() for one in later] == [(number**2, HERE) for number in range(4)]


def test_one_helper_dies_and_the_other_goes_on(tmp_path) -> None:
    marked = tmp_path / "killed"

    def once(number: int) -> tuple[int, int]:
        if number == 1 and not marked.exists():
            marked.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return square_and_who(number)

    with helpers(once, 2, apart=True) as submit:
        later = [submit(number) for number in range(6)]
        found = [one() for one in later]
    assert [square for square, _ in found] == [0, 1, 4, 9, 16, 25]
    assert HERE not in {who for _, who in found}


def test_what_nobody_has_begun_when_it_is_waited_for_is_done_here() -> None:
    def slow_first(number: int) -> tuple[int, int]:
        if number == 0:
            time.sleep(0.5)
        return square_and_who(number)

    with helpers(slow_first, 1, apart=True) as submit:
        first, second = submit(0), submit(1)
        assert second() == (1, HERE)
        assert first()[1] != HERE


def test_where_all_is_apart_it_is_waited_for() -> None:
    def slow_first(number: int) -> tuple[int, int]:
        if number == 0:
            time.sleep(0.5)
        return square_and_who(number)

    with helpers(slow_first, 1, apart=True, all_apart=True) as submit:
        later = [submit(number) for number in range(3)]
        found = [one() for one in reversed(later)]
    assert [square for square, _ in found] == [4, 1, 0]
    assert HERE not in {who for _, who in found}


def test_two_ahead_are_given_while_more_wait_than_there_are_helpers(tmp_path) -> None:
    def noted(number: int) -> int:
        (tmp_path / f"{number}-{os.getpid()}").touch()
        return number

    with helpers(noted, 2, apart=True, ahead=2, all_apart=True) as submit:
        later = [submit(number) for number in range(5)]
        # Nobody looks, and yet one of them goes on with a second item.
        until = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < 3 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(list(tmp_path.iterdir())) == 3
        assert [one() for one in later] == [0, 1, 2, 3, 4]


def test_what_a_killed_helper_had_been_given_ahead_is_done_all_the_same() -> None:
    def killed(number: int) -> tuple[int, int]:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return square_and_who(number)

    with helpers(killed, 2, apart=True, ahead=2, all_apart=True) as submit:
        later = [submit(number) for number in range(7)]
        assert [one() for one in later] == [(number**2, HERE) for number in range(7)]


def unread() -> None:
    raise TypeError("nobody can read it back")


class Unreadable:
    """Is pickled, and does not come back."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return unread, ()


def test_what_cannot_be_read_back_is_told_of_and_the_others_go_on() -> None:
    def some(number: int) -> object:
        return Unreadable() if number == 1 else number

    with helpers(some, 1, apart=True, ahead=2, all_apart=True) as submit:
        later = [submit(number) for number in range(3)]
        assert later[0]() == 0
        with pytest.raises(BugError, match="nobody can read it back"):
            later[1]()
        assert later[2]() == 2


def test_helpers_end_with_the_process_that_asked_for_them(tmp_path) -> None:
    asks = """
import os, signal, sys, time
from advisor.sim.apart import helpers
with helpers(lambda number: os.getpid(), 2, apart=True) as submit:
    print(*sorted({submit(number)() for number in range(8)} | {os.getpid()}), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    several = [int(number) for number in done.stdout.split()]
    assert len(several) >= 2
    until = time.monotonic() + 20
    while any(map(alive, several)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, several))


def alive(process: int) -> bool:
    """Whether it still runs: what nobody has waited for is over, too."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_where_no_process_can_be_had_it_is_done_here(monkeypatch) -> None:
    def none(self: object, *_: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(apart._Helper, "__init__", none)
    with helpers(square_and_who, 2, apart=True, ahead=2, all_apart=True) as submit:
        later = [submit(number) for number in range(3)]
        assert [one() for one in later] == [(number**2, HERE) for number in range(3)]


def test_what_is_not_waited_for_is_called_off() -> None:
    began = time.monotonic()
    with helpers(time.sleep, 2, apart=True) as submit:
        submit(60.0)
        submit(60.0)
    assert time.monotonic() - began < 30


def test_a_helper_asks_for_no_helpers() -> None:
    assert can_fork()
    with helpers(lambda _: can_fork(), 2, apart=True) as submit:
        assert submit(0)() is False


def test_no_process_is_forked_while_another_thread_is_at_work_unless_it_only_draws() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert not can_fork()
        only_draw([thread])
        assert can_fork()
    finally:
        over.set()
        thread.join()


def test_no_process_is_forked_from_a_thread() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(can_fork()))
    thread.start()
    thread.join()
    assert found == [False]


def test_no_process_is_forked_on_another_system(monkeypatch) -> None:
    monkeypatch.setattr(apart.sys, "platform", "darwin")
    assert not can_fork()


def test_replications_of_two_processes_are_those_of_one_to_the_byte() -> None:
    def told(answer: Replications) -> tuple[int, bytes, bytes]:
        return len(answer.runs), answer.ledger.bins.tobytes(), answer.ledger.sums.tobytes()

    wanted = Precision(least=3, most=12, objective_share=0.06)
    one = replicate(one_run, percentile=0.9, precision=wanted)
    with helpers(one_run, 2, apart=True, ahead=2, all_apart=True) as submit:
        two = replicate(one_run, percentile=0.9, precision=wanted, submit=submit)
    assert told(one) == told(two)


def test_replications_that_are_there_are_not_run_again() -> None:
    wanted = Precision(least=4, most=4)
    made = {number: one_run(number) for number in range(2)}
    asked: list[int] = []

    def run(number: int):
        asked.append(number)
        return one_run(number)

    found = replicate(run, precision=wanted, made=made)
    assert asked == [2, 3]
    assert found.runs[0] is made[0]


def test_no_replication_is_begun_that_the_budget_does_not_allow() -> None:
    asked: list[int] = []

    def run(number: int):
        asked.append(number)
        return one_run(number)

    effort = one_run(0).effort
    wanted = Precision(least=2, most=40, objective_share=1e-9, effort=3.5 * effort)
    found = replicate(run, percentile=0.9, precision=wanted, threads=2)
    assert len(found.runs) == 3
    assert sorted(asked) == [0, 1, 2]
