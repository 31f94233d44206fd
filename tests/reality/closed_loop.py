"""A load test that keeps n requests in flight, driven through the simulator although that takes arrivals only.

The k-th request (k >= n) is sent when the (k - n + 1)-th answer comes. Those instants are found by running the
simulator again with the answers of the run before until nothing changes: what happens up to an instant depends on
earlier arrivals only, so each run settles at least one more arrival, and the end is the load test itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from advisor.patterns import RealTime
from advisor.patterns.realtime.simulate import spec_of
from advisor.sim.deployments import Client, FleetSpec
from advisor.sim.fleets import simulate_fleet
from advisor.sim.laws import insist
from advisor.sim.scaling import Scaling
from advisor.sim.trace import Trace
from advisor.workload import reads

#: answers one step of the clock apart (2^-20 s) may come in one step or in two from run to run
SETTLED_S = 1e-4
#: a load generator: no retries, and no limit on its patience
PATIENT = Client(attempts=1, limit_s=1e6)


def endpoint(points_s: Mapping[int, float], on: str) -> FleetSpec:
    """What the product makes of a load curve in a profile; room for all that wait."""
    at = ", ".join(f"{n}: {1000 * seconds:.6f} ms" for n, seconds in sorted(points_s.items()))
    profile = (
        f"name: curve\nregion: us-east-1\nwork: [{{on: {on}, at: {{{at}}}}}]\nplatform: {{container_queue: 10000}}\n"
    )
    return spec_of(reads(profile), RealTime(instance_type=on))


def latencies(spec: FleetSpec, in_flight: int, requests: int) -> np.ndarray:
    """The latency of each of so many like requests sent by `in_flight` clients that wait for answers; one instance."""
    at = np.zeros(requests)
    for _ in range(2 * requests):
        trace = Trace.from_columns(at, horizon_s=float(at[-1]) + 1.0)
        run = insist(simulate_fleet(trace, spec, Scaling.fixed(1), client=PATIENT, columns=True, meter_bytes=False))
        assert run.columns is not None
        assert run.ledger.served == requests, run.ledger.statuses
        sent = np.zeros(requests)
        sent[in_flight:] = np.sort(run.columns.finish)[: max(0, requests - in_flight)]
        if np.abs(sent - at).max() <= SETTLED_S:
            return np.asarray(run.columns.finish - run.columns.arrival)
        at = sent
    raise AssertionError("the load test did not settle")


def left_out(points_s: Mapping[int, float], n: int, requests: int, on: str) -> float:
    """The mean latency that the product foretells at n in flight from a curve measured everywhere but there."""
    rest = {m: seconds for m, seconds in points_s.items() if m != n}
    return float(latencies(endpoint(rest, on), n, requests).mean())
