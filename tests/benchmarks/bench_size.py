"""How runs grow with their requests, what a second thread gains, and what a first run pays for the compiler.

    python tests/benchmarks/bench_size.py [--json out.json] [--largest 1e9] [--rounds 5] [--pipe GIGABYTES]

Every size runs in a process of its own, which tells its processor time and its peak memory. Two threads and two
processes side by side take turns: where the processes do not get both cores, the line says ``not measured``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import beside

from advisor.show import Table

# Of the two cores, what two processes side by side must get before threads are compared with them.
FREE = 1.8
EACH = 20_000_000
FIRST = {
    "real-time": "fixed(1000)",
    "serverless": "pool(1000)",
    "asynchronous": "oracle_cases(100)['asynchronous'][1](1000)",
    "multi-model": "oracle_cases(100)['multi-model'][1](1000)",
    "batch-transform": "batch.SETTINGS['a lot, a record a call'].ours(1000)",
    "real-time, load curve": "curve(1000)",
}


def child(code: str, **environment: str) -> subprocess.Popen[str]:
    """A process with the simulator's runs of `bench_sim` at hand."""
    begin = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom bench_sim import *\n"
    return subprocess.Popen(
        [sys.executable, "-c", begin + code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}, cwd=beside.ROOT,
    )  # fmt: skip


def told_by(process: subprocess.Popen[str]) -> list[float]:
    """The numbers that a process prints before it ends."""
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a process of the benchmark ended with {process.returncode}")
    return [float(word) for word in said.split()]


def ladder(largest: float, rounds: int) -> list[dict[str, float]]:
    """Processor time a request and peak memory, from 10^5 requests up; small sizes several times."""
    steps, size = [], 1e5
    while size <= largest:
        times = rounds if size < 1e8 else 1
        code = (
            "import resource\nfixed(1e5)\n"
            f"print(*(spent(lambda: fixed({size})) for _ in range({times})))\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
        )
        *taken, peak = told_by(child(code))
        middle = statistics.median(taken)
        steps.append({"requests": size, "cpu_s": middle, "ns_a_request": middle / size * 1e9, "peak_mib": peak})
        size *= 10
    return steps


def side_by_side(begin: Callable[[], object], end: Callable[[], float]) -> tuple[float, float]:
    """(requests a second, processor seconds a second) of two runs at once."""
    wall = time.perf_counter()
    begin()
    spent_s = end()
    wall = time.perf_counter() - wall
    return 2 * EACH / wall, spent_s / wall


def threads_and_processes(rounds: int) -> dict[str, object]:
    """Two threads of one process against two processes, in turns."""
    from bench_sim import fixed

    fixed(1e5)
    loop = (
        f"fixed(1e5)\nprint(0, flush=True)\nfor line in sys.stdin:\n    print(spent(lambda: fixed({EACH})), flush=True)"
    )
    pair = [child(loop) for _ in range(2)]
    for one in pair:
        one.stdout.readline()

    def ask() -> None:
        for one in pair:
            one.stdin.write("go\n")
            one.stdin.flush()

    def answers() -> float:
        return sum(float(one.stdout.readline()) for one in pair)

    told: dict[str, list[tuple[float, float]]] = {"threads": [], "processes": []}
    for _ in range(rounds):
        told["processes"].append(side_by_side(ask, answers))
        runs = [threading.Thread(target=fixed, args=(EACH,)) for _ in range(2)]
        before = time.process_time()

        def begin(runs: list[threading.Thread] = runs) -> None:
            for run in runs:
                run.start()

        def end(runs: list[threading.Thread] = runs, before: float = before) -> float:
            for run in runs:
                run.join()
            return time.process_time() - before

        told["threads"].append(side_by_side(begin, end))
    for one in pair:
        one.communicate()
    free = [n for n in range(rounds) if told["processes"][n][1] >= FREE]
    answer: dict[str, object] = {
        "rounds": rounds,
        "rounds_with_both_cores": len(free),
        "all": told,
        "measured": bool(free),
    }
    if free:
        answer["busy_cores_of_threads"] = statistics.median(told["threads"][n][1] for n in free)
        answer["busy_cores_of_processes"] = statistics.median(told["processes"][n][1] for n in free)
        answer["threads_of_processes"] = statistics.median(
            told["threads"][n][0] / told["processes"][n][0] for n in free
        )
    return answer


def first_runs() -> dict[str, float]:
    """Processor seconds of each pattern's first short run, one after another in a process without a kernel cache."""
    code = "import bench_batch as batch\n"
    for work in FIRST.values():
        code += f"print(spent(lambda: {work}))\n"
    with tempfile.TemporaryDirectory() as folder:
        taken = told_by(child(code, ADVISOR_CACHE=folder))
    return dict(zip(FIRST, taken, strict=True))


def said_of(threads: dict[str, object]) -> str:
    if not threads["measured"]:
        busy = statistics.median(one[1] for one in threads["all"]["processes"])
        return f"two threads: not measured (two processes side by side got {busy:.2f} cores)"
    return (
        f"two threads: {threads['busy_cores_of_threads']:.2f} processor seconds a second, "
        f"{threads['threads_of_processes']:.2f} of what two processes reach side by side "
        f"({threads['busy_cores_of_processes']:.2f} processor seconds a second; "
        f"both cores were free in {threads['rounds_with_both_cores']} of {threads['rounds']} rounds)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--largest", type=float, default=1e9)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pipe", type=float, default=1.0, help="gigabytes of timestamps to stream; 0: none")
    asked = parser.parse_args()
    steps = ladder(asked.largest, asked.rounds)
    rows = [
        (f"{s['requests']:.0e}", f"{s['cpu_s']:.3f}", f"{s['ns_a_request']:.1f}", f"{s['peak_mib']:.0f}") for s in steps
    ]
    columns = ("requests", "CPU s", "ns a request", "peak MiB")
    print(Table.of(columns, rows, right=columns).text())
    threads = threads_and_processes(asked.rounds)
    print(said_of(threads))
    first = first_runs()
    rows = [(name, f"{value:.2f}") for name, value in (*first.items(), ("all together", sum(first.values())))]
    print(Table.of(("first run, nothing compiled yet", "CPU s"), rows, right=("CPU s",)).text())
    pipe = None
    if asked.pipe:
        from bench_traffic import piped

        pipe = piped(asked.pipe)
        print(", ".join(f"{name.replace('_', ' ')} {value:,.1f}" for name, value in pipe.items()))
    if asked.json:
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = {"ladder": steps, "threads": threads, "first_runs_cpu_s": first, "pipe": pipe, "own_peak_mib": own}
        asked.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
