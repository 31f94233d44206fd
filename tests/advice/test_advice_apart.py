"""An answer that is worked out in several processes is, to the byte, the one of a single thread."""

from __future__ import annotations

import subprocess
import sys

import pytest

import advisor as ad
from advisor.workload import reads

# Fleets that scale, so that there is control to be shared out, and rivals, so that there are points to find.
PROFILE = """
name: side-by-side
region: us-east-1
model: {size: 900 MB, memory: 2 GB, image: 3 GB}
work: [{on: ml.c5.xlarge, mean: 2 s, cv: 0.6, workers: 2}]
traffic: {rate: 12 per minute, bursts: {peak: 4x, cv: 1, length: 20 min}}
payload: {request: 400 KB, request_max: 2 MB, response: 20 KB}
objective: {p95: 30 s, errors: 2 %, cold_starts: allow, prefer: cost}
"""
TOLD = """
import sys
import advisor as ad
from advisor.sim import apart
from advisor.workload import reads
forked = []
start = apart._Helper.__init__
apart._Helper.__init__ = lambda self, *told: (forked.append(1), start(self, *told))[1]
explain = sys.argv[1] == "explained"
print(ad.recommend(reads(sys.stdin.read()), seed=3, threads=2, hybrids=False, explain=explain).to_json())
print(len(forked), file=sys.stderr)
"""


# The same with a lot of its own each day, which is answered beside the stream.
BOTH = PROFILE + "batch: {records: 2000, every: 1 day, deadline: 6 hours}\n"
# With a spike in it, of which each finalist has pairs of runs.
SPIKED = PROFILE.replace("length: 20 min}", "length: 20 min}, spikes: [{at: day 3 10:00, height: 5x, lasts: 30 min}]")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
@pytest.mark.parametrize(("profile", "forks"), [
    pytest.param(PROFILE, 5, id="a stream: searched, raced and explained side by side"),
    pytest.param(BOTH, 5, id="a stream and a lot: the same"),
    pytest.param(SPIKED, 3, id="a spike: searched and raced side by side"),
])  # fmt: skip
def test_an_answer_of_several_processes_is_that_of_one_thread(profile: str, forks: int) -> None:
    # What would change an answer is worked out of a spike's figures as of any other.
    explained = profile is not SPIKED
    call = [sys.executable, "-c", TOLD, "explained" if explained else "brief"]
    done = subprocess.run(call, input=profile, text=True, capture_output=True, check=True)
    assert int(done.stderr.split()[-1]) >= forks
    alone = ad.recommend(reads(profile), seed=3, threads=1, hybrids=False, explain=explained)
    assert done.stdout.strip() == str(alone.to_json())
    assert alone.options
    assert bool(alone.break_even) == explained
