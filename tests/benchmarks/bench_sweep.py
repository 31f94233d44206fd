"""A sweep of 2,000 cells: undisturbed, killed twice, and on two Dask workers of which one is killed; all the same file.

    python tests/benchmarks/bench_sweep.py [--cells 2000] [--json out.json]

Each cell is one serverless deployment by arithmetic; the process is killed without warning (SIGKILL) at about a third
and two thirds of the way.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from distributed import LocalCluster

import advisor as ad

PROFILE = """
name: small
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}]
traffic: {rate: 1 per minute}
"""
MEMORIES = ("1 GB", "2 GB", "3 GB", "4 GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rates = asked.cells // len(MEMORIES)
    with tempfile.TemporaryDirectory() as folder:
        profile, whole, killed, there = (Path(folder) / name for name in ("p.yaml", "a.csv", "b.csv", "c.csv"))
        profile.write_text(PROFILE)
        call = [
            sys.executable, "-m", "advisor", "whatif", str(profile), "--pattern", "serverless", "--estimate",
            "--vary", f"traffic.rate=0.001..1:log{rates}", "--vary", f"deployment.memory={', '.join(MEMORIES)}",
        ]  # fmt: skip
        begun = time.perf_counter()
        subprocess.run([*call, "-o", str(whole)], check=True, capture_output=True)
        undisturbed_s = time.perf_counter() - begun
        expected = whole.read_bytes()
        told: dict[str, Any] = {"cells": rates * len(MEMORIES), "undisturbed_s": undisturbed_s}
        told["killed_twice"] = _killed_twice([*call, "-o", str(killed)], killed, undisturbed_s)
        told["killed_twice"]["same_bytes"] = killed.read_bytes() == expected
        told["dask"] = _on_dask(profile, rates, there)
        told["dask"]["same_bytes"] = there.read_bytes() == expected
    print(json.dumps(told, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1))
    if not (told["killed_twice"]["same_bytes"] and told["dask"]["same_bytes"]):
        sys.exit("the files differ")


def _killed_twice(call: list[str], output: Path, whole_s: float) -> dict[str, Any]:
    unfinished = output.with_name(f"{output.name}.unfinished")
    begun, sizes = time.perf_counter(), []
    for _ in range(2):
        running = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole_s / 3)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        sizes.append(unfinished.stat().st_size)
    last = subprocess.run(call, check=True, capture_output=True, text=True)
    return {"in_all_s": time.perf_counter() - begun, "bytes_kept": sizes, "told": last.stderr.strip().splitlines()}


def _on_dask(profile: Path, rates: int, output: Path) -> dict[str, Any]:
    w = ad.read(profile)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]
        killed: list[int] = []

        def kill_one(done: int, total: int) -> None:
            if done > total / 3 and not killed:
                os.kill(pids[0], signal.SIGKILL)
                killed.append(done)

        begun = time.perf_counter()
        found = ad.whatif(
            w, vary={"traffic.rate": f"0.001..1:log{rates}", "deployment.memory": list(MEMORIES)}, how="estimate",
            pattern="serverless", scheduler=cluster.scheduler_address, progress=kill_one,
        )  # fmt: skip
        took = time.perf_counter() - begun
    output.write_text(found.to_csv(index=False, lineterminator="\n"))
    return {"took_s": took, "worker_killed_after_cells": killed}


if __name__ == "__main__":
    main()
