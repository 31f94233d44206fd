"""The door of all compiled code: one source, kept between processes, seen anew when any source changes."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.sim import kernels
from advisor.sim.kernels import attempts, csvrows, events, fifo, generate, luck

SMALL = """
import numpy as np
from advisor.sim.kernels import COMPILED, cache_path, why_not_cached
from advisor.sim.kernels.luck import luck
print(luck(np.uint64(5), 7))
print(COMPILED, cache_path())
print(why_not_cached())
"""


def run(code=SMALL, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_compiled_code_is_kept_in_the_cache_folder_and_found_again(tmp_path):
    first = run(ADVISOR_CACHE=str(tmp_path))
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    assert any("luck" in path.name for path in kept)
    assert first[1].startswith(f"True {tmp_path}")
    assert run(ADVISOR_CACHE=str(tmp_path)) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")} == kept


def test_what_was_kept_is_loaded_without_what_the_compiler_asks_for_and_others_are_compiled_beside_it(tmp_path):
    compiles = f"{SMALL}import sys; print('numba.np.linalg' in sys.modules)"
    first = run(compiles, ADVISOR_CACHE=str(tmp_path))
    assert first[-1] == "True"
    again = f"{compiles}\nfrom advisor.sim.kernels.luck import spread\nprint(spread(0.5, 2.0))"
    assert run(again, ADVISOR_CACHE=str(tmp_path)) == [*first[:-1], "False", repr(math.exp(-2.0))]


def test_many_processes_may_compile_at_once(tmp_path):
    command = [sys.executable, "-c", SMALL]
    environment = {**os.environ, "ADVISOR_CACHE": str(tmp_path)}
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
    told = [process.communicate()[0] for process in started]
    assert {process.returncode for process in started} == {0}
    assert len(set(told)) == 1
    assert not list(tmp_path.rglob("*.tmp*"))


def test_a_damaged_cache_is_compiled_over(tmp_path):
    first = run(ADVISOR_CACHE=str(tmp_path))
    for damage in (b"", b"not a pickle at all"):
        for path in tmp_path.rglob("*.nb[ic]"):
            path.write_bytes(damage)
        assert run(ADVISOR_CACHE=str(tmp_path)) == first
        assert all(path.stat().st_size > 100 for path in tmp_path.rglob("*.nbi"))


def test_where_no_folder_can_be_written_it_compiles_all_the_same_and_says_so(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    told = run(ADVISOR_CACHE=str(file / "cache"))
    assert told[0] == run(ADVISOR_CACHE=str(tmp_path))[0]
    assert told[1] == "True None"
    assert "cannot be written" in told[2]


def test_plain_python_is_the_same_source_without_compilation(tmp_path):
    told = run(ADVISOR_NO_JIT="1", ADVISOR_CACHE=str(tmp_path))
    assert told[0] == run(ADVISOR_CACHE=str(tmp_path))[0]
    assert told[1].startswith("False")
    assert told[2] == ""


def test_the_folder_is_named_by_all_sources(tmp_path, monkeypatch):
    before = kernels._version()
    assert before == kernels._version()
    copied = tmp_path / "kernels"
    copied.mkdir()
    for path in (copied / "a.py", copied / "b.py"):
        path.write_text("one = 1\n")
    monkeypatch.setattr(kernels, "__file__", str(copied / "__init__.py"))
    first = kernels._version()
    (copied / "b.py").write_text("one = 2\n")
    assert len({before, first, kernels._version()}) == 3


def test_kernels_let_other_threads_run():
    assert luck.luck.targetoptions["nogil"]
    assert "fastmath" not in luck.luck.targetoptions or not luck.luck.targetoptions["fastmath"]


@given(st.floats(0, 2.0**30), st.integers(0, 2**52))
def test_snapping_is_rounding_to_the_grid_half_to_even(x, k):
    for value in (x, k / 2**21):
        if value < 2.0**30:
            assert generate.snap(value) == round(value * 2**20) / 2**20
            assert generate.snap.py_func(value) == generate.snap(value)


@given(st.floats(2.0**-53, 1.0))
def test_the_quick_logarithm_is_the_logarithm(x):
    told = luck.logarithm(x)
    assert abs(told - math.log(x)) <= 1e-15 * max(1.0, abs(math.log(x)))
    assert luck.logarithm.py_func(x) == told


@given(st.floats(-700.0, 700.0))
def test_the_quick_exponential_is_the_exponential(x):
    told = luck.exponential(x)
    # The argument itself is known to so much only.
    assert abs(told - math.exp(x)) <= (5e-16 + 2e-16 * abs(x)) * math.exp(x)
    assert luck.exponential.py_func(x) == told


def test_exponentials_taken_side_by_side_are_those_taken_one_by_one():
    many = np.linspace(-40.0, 40.0, 1001)
    alone = [3.0 * luck.exponential(x) for x in many]
    luck.exponentials(3.0, many)
    assert many.tolist() == alone


@pytest.mark.parametrize("mirrored", [0, 1])
def test_the_sizes_of_a_class_alone_are_those_that_it_has_among_others(mirrored):
    rows, key = 5000, np.uint64(7)
    numbers, klass = np.arange(rows), np.zeros(rows, np.int16)
    alone, among, plain = np.empty(rows), np.empty(rows), np.empty(rows)
    one = np.array([3000.0]), np.array([12000.0]), np.array([mirrored])
    two = np.array([3000.0, 5.0]), np.array([12000.0, 9.0]), np.array([mirrored, 0])
    luck.sizes(key, *one, klass, numbers, rows, alone)
    luck.sizes(key, *two, klass, numbers, rows, among)
    luck.sizes.py_func(key, *one, klass, numbers, rows, plain)
    assert alone.tobytes() == among.tobytes() == plain.tobytes()


def test_a_piece_of_a_kernel_is_made_for_types_and_not_for_each_constant_in_a_call():
    from advisor.sim.deployments import FleetSpec, LoadCurve
    from advisor.sim.fleets import simulate_fleet
    from advisor.sim.scaling import Scaling
    from advisor.sim.trace import Trace

    trace = Trace.from_columns([1.0, 1.5, 2.0], horizon_s=10.0)
    simulate_fleet(trace, FleetSpec(server=LoadCurve(latency_s=(1.0,)), container_queue=1), Scaling.fixed(1))
    # Read from the disk, the kernel has brought no piece along; its own are those of one state and one clock.
    assert len(events.events.signatures) == 1
    assert len(attempts.answer.signatures) <= 1


@pytest.mark.parametrize("even", [False, True])
def test_arrivals_in_plain_python_are_the_compiled_ones_to_the_last_bit(even):
    ends, rates, slopes = np.array([10.0, 30.0, 40.0]), np.array([1.0, 3.0, 0.0]), np.array([0.2, -0.15, 0.1])
    p = np.array([3.0, 500.0, 40.0, 2.5, 0.4, 20.0, 60.0, 0.25])
    told = []
    for arrive in (generate.arrive, generate.arrive.py_func):
        gaps, stays = (np.random.Generator(np.random.SFC64(k)) for k in (1, 2))
        f, i, out = np.zeros(generate.F_SIZE), np.zeros(generate.I_SIZE, dtype=np.int64), np.zeros(3000)
        n, stop = 0, 100
        while True:
            reached = arrive(gaps, stays, ends, rates, slopes, even, p, f, i, out, n, min(stop, 3000))
            if reached < stop:
                break
            n, stop = reached, stop + 100
        told.append((reached, out.tobytes(), f.tobytes(), i.tobytes()))
    assert told[0] == told[1]
    assert told[0][0] > 200


def test_clusters_and_work_in_plain_python_are_the_compiled_ones_to_the_last_bit():
    parents = np.cumsum(np.full(50, 0.75))
    told = []
    for compiled in (True, False):
        cluster, works = (one if compiled else one.py_func for one in (generate.cluster, generate.works))
        k, heap, out = np.zeros(generate.K_SIZE, dtype=np.int64), np.empty(4000), np.empty(2000)
        members = np.random.Generator(np.random.SFC64(3))
        n, wants = cluster(members, 0.3, 5.0, parents, 50, True, heap, k, out, 0, 2000)
        shapes = []
        for kind in (generate.CONSTANT, generate.LOGNORMAL, generate.MEASURED, generate.EXPONENTIAL):
            work = np.empty(500)
            draws = np.random.Generator(np.random.SFC64(4))
            bends, three = np.array([-1.0, 1.5]), np.array([0.1, 0.0, 0.3])
            works(draws, kind, bends, three, three, np.array([0.5, 1.5]), 1.25, work, 0, 500)
            shapes.append(work.tobytes())
        told.append((n, wants, out[:n].tobytes(), *shapes))
    assert told[0] == told[1]


def test_rows_and_waits_in_plain_python_are_the_compiled_ones():
    text = np.frombuffer(b'1.5,x,2\n\n"3e-2",",",4\r\n5,,6\n7,8\n', dtype=np.uint8)
    wanted = np.array([0, -1, 1])
    told = []
    for rows in (csvrows.rows, csvrows.rows.py_func):
        out, lines = np.zeros((2, 10)), np.zeros(10, dtype=np.int64)
        told.append((tuple(rows(text, len(text), wanted, out, lines, 0, 2)), out.tobytes(), lines.tobytes()))
    assert told[0] == told[1]
    assert told[0][0][0] == 3
    assert told[0][0][3] == csvrows.BAD
    arrivals, services = np.arange(40.0), np.full(40, 2.5)
    seen = []
    for waits in (fifo.waits, fifo.waits.py_func):
        out = np.empty(40)
        seen.append((waits(arrivals, services, np.zeros(2), out, 0.0, 1000), out.tobytes()))
    assert seen[0] == seen[1]


def test_the_queue_is_the_two_line_recursion():
    rng = np.random.default_rng(5)
    arrivals, services = np.cumsum(rng.exponential(1.0, 500)), rng.exponential(2.5, 500)
    out = np.empty(500)
    fifo.waits(arrivals, services, np.zeros(3), out, np.inf, 500)
    free = [0.0] * 3
    for n in range(500):
        start = max(arrivals[n], min(free))
        free[free.index(min(free))] = start + services[n]
        assert out[n] == start - arrivals[n]
