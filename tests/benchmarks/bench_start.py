"""How quickly the command line answers: whole processes, interleaved with a bare interpreter in the same run.

    python tests/benchmarks/bench_start.py [--runs 9] [--json out.json]

Prints the median seconds of each call and its ratio to an interpreter that does nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROFILES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "workloads").glob("*.yaml"))
ADVISOR = [sys.executable, "-m", "advisor"]
CALLS = {
    "python, nothing": [sys.executable, "-c", "pass"],
    "python, the libraries": [sys.executable, "-c", "import typer, pydantic, yaml"],
    "advisor --help": [*ADVISOR, "--help"],
    "advisor list rules": [*ADVISOR, "list", "rules"],
    "advisor explain SL-01": [*ADVISOR, "explain", "SL-01"],
    "advisor prices show": [*ADVISOR, "prices", "show", "--region", "us-east-1"],
    f"advisor check ({len(PROFILES)} profiles)": [*ADVISOR, "check", *PROFILES],
}


def seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in CALLS}
    for turn in range(given.runs + 1):
        for name, command in CALLS.items():
            taken = seconds(command)
            if turn:  # the first turn warms the file cache
                times[name].append(taken)
    medians = {name: statistics.median(values) for name, values in times.items()}
    bare = medians["python, nothing"]
    print(f"{'call':34} {'median s':>9} {'min':>7} {'max':>7} {'x bare':>7}")
    for name, values in times.items():
        row = f"{medians[name]:9.3f} {min(values):7.3f} {max(values):7.3f} {medians[name] / bare:7.1f}"
        print(f"{name:34} {row}")
    if given.json:
        given.json.write_text(json.dumps({"runs": given.runs, "median_s": medians, "all_s": times}, indent=2))


if __name__ == "__main__":
    main()
