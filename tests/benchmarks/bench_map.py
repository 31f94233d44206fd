"""How long a decision map of 20 x 20 places takes over all patterns, close places simulated.

python tests/benchmarks/bench_map.py [PROFILE]
"""

from __future__ import annotations

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import advisor as ad
from advisor.advice.mapping import decide_map

SIDE = 20
PROFILES = Path(__file__).parents[2] / "workloads"


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "internal-tool"
    w = ad.read(PROFILES / f"{name}.yaml")
    rates = [w.rate_per_s * 1000 ** (n / (SIDE - 1) - 0.3) for n in range(SIDE)]
    sizes = [float(round(500 * 20_000 ** (n / (SIDE - 1)))) for n in range(SIDE)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        list(executor.map(time.sleep, [0.1] * 4))
        begun = time.perf_counter()
        found = decide_map(w, x=("traffic.rate", rates), y=("payload.request", sizes), seed=1, executor=executor)
        taken = time.perf_counter() - begun
    how: dict[str, int] = {}
    for row in found.cells:
        for cell in row:
            how[cell.how] = how.get(cell.how, 0) + 1
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    print(f"{name}: {SIDE} x {SIDE} places in {taken:.1f} s on 2 processes, {cpu:.1f} CPU-seconds in all")
    print(", ".join(f"{count} {word}" for word, count in sorted(how.items())))
    print(found)


if __name__ == "__main__":
    main()
