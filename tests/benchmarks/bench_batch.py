"""How fast batch transform jobs are simulated: against their SimPy oracle in the same run, and up to many records.

    python tests/benchmarks/bench_batch.py [--runs 5] [--most 100000000] [--json out.json]

The oracle gets its records drawn beforehand; ours are drawn while they are simulated. Both work off the very same small
lot, and agree on the instant at which it ends; ours then goes on to larger ones, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import beside  # noqa: F401  # before all else: it says where the checkout and its tests are

from advisor.sim.arrivals import Points
from advisor.sim.batch import simulate_jobs
from advisor.sim.batch_lots import Lots, due_every
from advisor.sim.batch_record import BatchRun
from advisor.sim.block import Laws
from advisor.sim.deployments import Client, JobSpec
from advisor.sim.service import Sizes, lognormal
from advisor.sim.station import Window
from advisor.sim.trace import Trace
from tests.oracles import batch as oracle
from tests.oracles import case as told
from tests.oracles.case_patterns import BatchCase

SMALL, LARGE = 20_000, 5_000_000
LAWS = Laws(shape=lognormal(0.5), sizes_in=(Sizes.of(2000.0),), sizes_out=(Sizes.of(1000.0),))
RATE = 20.0
START = {"provision_s": (102.0,), "setup_s": 168.0, "upload_s": 20.0}


@dataclass(frozen=True)
class Setting:
    """One way of running jobs."""

    strategy: str
    files: int
    fail_share: float = 0.0
    streamed: bool = False

    def trace(self, count: int) -> Trace:
        if self.streamed:
            points = Points(name="even", rate_per_s=RATE, even=True)
            return Trace([points], seed=1, laws=LAWS, horizon_s=count / RATE)
        return Lots(Trace((), seed=1, laws=LAWS), count, (0.0,))

    def spec(self, count: int) -> JobSpec:
        # Files grow with the lot, so that what an object holds stays what it is.
        due = due_every(60.0, count / RATE + 600.0, first_s=60.0) if self.streamed else (0.0,)
        return JobSpec(
            mean_s=0.02, workers=4, due_s=due, files=max(4, self.files * count // SMALL), instances=4,
            max_transforms=4, strategy=self.strategy, max_payload_bytes=100_000, **START,
        )  # fmt: skip

    def ours(self, count: int) -> BatchRun:
        window = Window(from_s=0.0, to_s=count / RATE if self.streamed else 1.0)
        client = Client(fail_share=self.fail_share)
        return simulate_jobs(self.trace(count), self.spec(count), client=client, window=window)

    def case(self, count: int) -> BatchCase:
        rows: list[told.Request] = []
        for block in self.trace(count).blocks():
            fails = block.fail
            rows += [
                told.Request(
                    number=block.start + n,
                    arrival=float(block.arrival[n]),
                    work=float(block.work[n]),
                    bytes_in=int(block.bytes_in[n]),
                    bytes_out=int(block.bytes_out[n]),
                    fail=tuple(fails[:, n].tolist()),
                )
                for n in range(min(block.n, count - block.start))
            ]
            if len(rows) == count:
                break
        spec = self.spec(count)
        fields = {name: getattr(spec, name) for name in spec.__slots__}
        client = told.Client(fail_share=self.fail_share)
        return BatchCase(requests=tuple(rows), client=client, stop_s=1e7, **fields)


SETTINGS = {
    "a lot, a record a call": Setting("single", 50),
    "a lot, mini-batches": Setting("multi", 50),
    "a lot, calls that fail": Setting("single", 50, fail_share=0.01),
    "a lot, an object a record": Setting("single", SMALL),
    "a stream, job after job": Setting("single", 50, streamed=True),
}


def seconds(call: Callable[[], object]) -> float:
    """Seconds of the processor: both sides run on one thread, and others may be at work beside them."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def alone(count: int) -> None:
    """Print the seconds and the peak megabytes of one large lot in this process."""
    setting = SETTINGS["a lot, a record a call"]
    setting.ours(1000)
    taken = seconds(lambda: setting.ours(count))
    print(taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--most", type=int, default=100_000_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        alone(given.alone)
        return
    answer: dict[str, dict[str, float]] = {}
    print(f"{'setting':30} {'oracle/s':>10} {'ours/s':>12} {'min':>12} {'max':>12} {'ratio':>7}")
    for name, setting in SETTINGS.items():
        case = setting.case(SMALL)
        # The oracle's stream ends; ours goes on, and the last job takes more.
        ends = [job.end for job in setting.ours(SMALL).jobs if not setting.streamed or job.launch < SMALL / RATE]
        assert ends
        assert ends == [job.end for job in oracle.simulate(case).jobs][: len(ends)], name
        theirs, mine = [], []
        for _ in range(given.runs):
            theirs.append(SMALL / seconds(lambda case=case: oracle.simulate(case)))
            mine.append(LARGE / seconds(lambda setting=setting: setting.ours(LARGE)))
        slow, fast = statistics.median(theirs), statistics.median(mine)
        answer[name] = {"oracle_per_s": slow, "ours_per_s": fast, "ratio": fast / slow}
        print(f"{name:30} {slow:10,.0f} {fast:12,.0f} {min(mine):12,.0f} {max(mine):12,.0f} {fast / slow:7,.0f}")
    print(f"\n{'records of a lot':>20} {'CPU s':>9} {'ns/record':>10} {'peak MB':>8}")
    count = 100_000
    while count <= given.most:
        command = [sys.executable, __file__, "--alone", str(count)]
        taken, peak = map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        answer[f"{count} records"] = {"seconds": taken, "peak_mb": peak}
        print(f"{count:20,} {taken:9.3f} {1e9 * taken / count:10.1f} {peak:8.0f}")
        count *= 10
    if given.json:
        given.json.write_text(json.dumps({"runs": given.runs, "figures": answer}, indent=2))


if __name__ == "__main__":
    main()
