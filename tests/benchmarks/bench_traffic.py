"""How fast each form of traffic is drawn, beside a bare compiled loop of exponential gaps.

    python tests/benchmarks/bench_traffic.py [--json out.json] [--rounds 7] [--pipe GIGABYTES]

Median of the rounds of ten million requests, forms taking turns, so that what else the machine does hits all alike.
``--pipe`` streams so many gigabytes of timestamps through a pipe into a replay, and prints the memory that took.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from advisor.show import Table
from advisor.sim.arrivals import Clumps, Points
from advisor.sim.kernels import kernel
from advisor.sim.replay import Recorded, RecordedFeed
from advisor.sim.service import exponential, from_quantiles, lognormal
from advisor.sim.trace import Trace
from advisor.streams import stream
from advisor.workload.bursts import two_state

REQUESTS, BLOCK = 10_000_000, 131072
OFFICE = (1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 12, 13, 14, 13, 11, 8, 5, 4, 3, 2, 2, 1)


@kernel
def bare(gaps, mean, out, now):
    for n in range(out.size):
        now += gaps.standard_exponential() * mean
        out[n] = now
    return now


def traces(folder):
    states = two_state(100.0, 3.0, 0.6, 480.0)
    counts = folder / "counts.csv"
    counts.write_text("start_s,count\n" + "".join(f"{60 * k},{6000 + k % 7 * 500}\n" for k in range(5000)))

    def one(shape=None, **form):
        return Trace([Points(name="", rate_per_s=100.0, **form)], seed=1, shape=shape)

    pair = [Points(name=name, rate_per_s=50.0, klass=k) for k, name in enumerate("ab")]
    return {
        "steady": (one(), ()),
        "regular": (one(even=True), ()),
        "day curve": (one(curve=OFFICE), ()),
        "bursts": (one(bursts=states), ()),
        "bursts x day curve": (one(bursts=states, curve=OFFICE), ()),
        "clusters of 5": (one(clumps=Clumps(size=5, within_s=0.2)), ()),
        "two classes, merged": (Trace(pair, seed=1), ()),
        "counts a minute, replayed": (Trace([Recorded(path=counts)], seed=1), ()),
        "steady, exponential work": (one(exponential()), ()),
        "steady, log-normal work": (one(lognormal(0.5)), ()),
        "steady, work by quantiles": (one(from_quantiles({0.5: 0.02, 0.95: 0.05, 0.99: 0.2})), ()),
        "steady, routed": (one(), ("route_first",)),
        "steady, routed, sizes": (one(), ("route_first", "bytes_in", "bytes_out")),
    }


def seconds_of_trace(blocks, columns):
    drawn, start = 0, time.perf_counter()
    while drawn < REQUESTS:
        block = next(blocks)
        for name in columns:
            getattr(block, name)
        drawn += block.n
    return (time.perf_counter() - start) / drawn


def seconds_of_bare(gaps, out):
    now, start = 0.0, time.perf_counter()
    for _ in range(REQUESTS // BLOCK):
        now = bare(gaps, 0.01, out, now)
    return (time.perf_counter() - start) / (REQUESTS // BLOCK * BLOCK)


def measured(number):
    gaps, out = stream(1, "bare"), np.empty(BLOCK)
    bare(gaps, 0.01, out, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        forms = {name: (trace.blocks(), columns) for name, (trace, columns) in traces(Path(folder)).items()}
        for blocks, columns in forms.values():
            for name in columns:
                getattr(next(blocks), name)
            next(blocks)
        rounds = {name: [] for name in ("bare loop of gaps", *forms)}
        for _ in range(number):
            rounds["bare loop of gaps"].append(seconds_of_bare(gaps, out))
            for name, (blocks, columns) in forms.items():
                rounds[name].append(seconds_of_trace(blocks, columns))
    return {name: statistics.median(each) for name, each in rounds.items()}


def piped(gigabytes):
    """Timestamps through a pipe: requests, seconds, and by how much memory grew."""
    code = (
        "import sys\nout = sys.stdout.buffer\nout.write(b'arrival_s\\n')\n"
        "tails = [b'.%03d\\n' % k for k in range(1000)]\n"
        f"for second in range({int(gigabytes * 1e9 / 13e3)}):\n"
        "    head = b'%08d' % second\n"
        "    out.write(head + head.join(tails))\n"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as writer:
        feed = RecordedFeed(Recorded(path=Path("pipe")), 1, source=writer.stdout)
        columns, requests, start = np.empty((5, BLOCK)), 0, time.perf_counter()
        while True:
            n = feed.fill(columns, 0, BLOCK)
            requests += n
            if n < BLOCK:
                break
        took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"gigabytes": gigabytes, "requests": requests, "seconds": took, "memory_grew_mib": (after - before) / 1024}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--json", type=Path)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--pipe", type=float, default=0.0)
    chosen = options.parse_args()
    told = measured(chosen.rounds)
    bare_loop = told["bare loop of gaps"]
    pipe = piped(chosen.pipe) if chosen.pipe else None
    rows = [(name, f"{1e-6 / each:.1f}", f"{bare_loop / each:.2f}") for name, each in told.items()]
    print(Table.of(("form", "million/s", "of bare"), rows, right=("million/s", "of bare")).text())
    if pipe:
        print({name: round(value, 1) for name, value in pipe.items()})
    if chosen.json:
        forms = {name: {"per_s": 1 / each, "of_bare": bare_loop / each} for name, each in told.items()}
        chosen.json.write_text(json.dumps({"forms": forms, "pipe": pipe}, indent=1))


if __name__ == "__main__":
    main()
