"""Does a kernel ever count an index from the end? Run in a process of its own, without compiled code.

Compiled kernels take indices as they are: a negative one would read what lies before the array. Here every array that
comes to a kernel looks at its indices; the simulator runs small cases of every pattern, and endpoints of many workers
on a trace of their own. On standard output JSON: how many indices were looked at, and which pieces nothing has run.
"""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from advisor.sim import kernels

SEEDS, SIZE = 15, 40
# Kernels of these are compiled as numba does it, with a look at the sign.
SIGNED = {"csvrows", "fifo", "generate", "luck"}
WIDE = """
name: many workers
model: {size: 200 MB, memory: 1 GB, image: 2 GB}
work:
  - {on: ml.c5.9xlarge, mean: 300 ms, p95: 600 ms, workers: 36}
  - {on: serverless 2 GB, mean: 300 ms, p95: 600 ms}
traffic: {rate: 60 per second}
objective: {p95: 2 s}
"""


# Pieces that there are, and that were run.
made: set[Callable[..., Any]] = set()
ran: set[Callable[..., Any]] = set()


class Looked(np.ndarray):  # type: ignore[type-arg]  # of any kind
    """An array whose indices lie within it and count from its beginning."""

    seen = 0

    def _look(self, index: Any) -> None:
        for one, size in zip(index if isinstance(index, tuple) else (index,), self.shape, strict=False):
            if isinstance(one, int | np.integer):
                Looked.seen += 1
                if not 0 <= one < size:
                    raise IndexError(f"{one} in a kernel's array of {size}")

    def __getitem__(self, index: Any) -> Any:
        self._look(index)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._look(index)
        super().__setitem__(index, value)


def looked(given: Any) -> Any:
    """The same, with every array in it looking at its indices."""
    if isinstance(given, np.ndarray):
        return given.view(Looked)
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return type(given)(*map(looked, given))
    return given


def looking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, given arrays that look."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        ran.add(function)
        return function(*map(looked, args), **{name: looked(one) for name, one in kwargs.items()})

    made.add(function)
    return run


def wide() -> None:
    """Endpoints of every pattern that streams, without columns."""
    from advisor.patterns import PATTERNS
    from advisor.sim.horizon import Horizon
    from advisor.workload import reads

    w, horizon = reads(WIDE), Horizon(period_s=60.0, warmup_s=0.0, window_s=30.0)
    for pattern in PATTERNS:
        if pattern.name != "batch-transform":
            deployment = pattern.start(w)
            deployment.simulate(w, deployment.trace(w, seed=1, horizon=horizon))


def rare() -> None:
    """A load nobody waits for any more before it begins, and an endpoint that nobody will ever serve at."""
    from advisor.sim.deployments import QueueSpec
    from advisor.sim.queues import simulate_queue
    from advisor.sim.station import Window
    from tests.oracles.case import Client, Request, Scaling
    from tests.oracles.case_patterns import Model, MultiModelCase
    from tests.sim.agreement import in_our_terms, run_of, trace_of

    asked = tuple(Request(number=n, arrival=0.0, work=1.0, model=n) for n in range(2))
    slow = {"cache_mib": 9, "disk_bytes": 99, "download_bytes_per_s": 0.1, "into_memory_bytes_per_s": 1.0}
    models = (Model(size_bytes=1, memory_mib=1),) * 2
    once = Client(attempts=1, limit_s=4.0)
    run_of(
        MultiModelCase(requests=asked, models=models, workers=1, mean_s=1.0, parallel_loads=1, client=once, **slow)  # type: ignore[arg-type]  # whole numbers and others
    )
    nobody = in_our_terms(Scaling(initial=0, lowest=0, highest=0))
    queue = QueueSpec(mean_s=1.0, workers=1, max_invocations=9, ttl_s=100.0)
    # It has no end before all are answered.
    simulate_queue(trace_of(asked), queue, nobody, window=Window(from_s=0.0, to_s=10.0))


def main() -> None:
    """Run all cases."""
    plain = kernels._plain
    kernels._plain = lambda function: plain(looking(function))
    from tests.oracles.strategies import SEEDED
    from tests.sim.kernel_changes import ORACLES

    for pattern, seed in product(ORACLES, range(SEEDS)):
        comparator = importlib.import_module(f"tests.sim.test_{ORACLES[pattern][1]}_agrees_with_oracle")
        comparator.ours(SEEDED[pattern](seed, SIZE))
    wide()
    rare()
    for wrong in (-1, 3):
        try:
            np.zeros(3).view(Looked)[wrong]
        except IndexError:
            continue
        raise AssertionError(f"an index of {wrong} was not noticed")
    names = [f"{one.__module__.rpartition('.')[2]}.{one.__name__}" for one in made - ran]
    left = sorted(name for name in names if name.partition(".")[0] not in SIGNED)
    print(json.dumps({"looked_at": Looked.seen, "not_run": left}))


if __name__ == "__main__":
    main()
