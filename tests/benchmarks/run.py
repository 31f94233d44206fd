"""All benchmarks of the simulator with one command: their tables on standard output, their figures in one file.

    python tests/benchmarks/run.py [--json out.json] [--rounds 5] [--largest 1e9] [--pipe 1]

Each runs in a process of its own, one after another. ``--largest`` and ``--pipe`` (gigabytes) bound the longest parts:
a billion requests take about a minute, ten gigabytes through a pipe about four.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=float, default=1e9)
    parser.add_argument("--pipe", type=float, default=1.0)
    asked = parser.parse_args()
    rounds, most = str(asked.rounds), str(int(min(asked.largest, 1e8)))
    parts = {
        "bench_sim": ["--rounds", rounds],
        "bench_batch": ["--runs", rounds, "--most", most],
        "bench_size": ["--rounds", rounds, "--largest", str(asked.largest), "--pipe", str(asked.pipe)],
        "bench_traffic": ["--rounds", rounds],
    }
    told: dict[str, object] = {
        "python": platform.python_version(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "versions": {name: version(name) for name in ("numba", "numpy", "simpy")},
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, options in parts.items():
            answer = Path(folder) / f"{name}.json"
            begin = time.perf_counter()
            print(f"\n{name} {' '.join(options)}\n", flush=True)
            command = [sys.executable, str(HERE / f"{name}.py"), *options, "--json", str(answer)]
            subprocess.run(command, check=True, cwd=HERE.parents[1])
            told[name] = {**json.loads(answer.read_text()), "wall_s": time.perf_counter() - begin}
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
