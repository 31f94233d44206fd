"""What the answer to every shipped profile takes, and how precise it is.

    python tests/benchmarks/bench_recommend.py [--profiles NAME ...] [--seed 0] [--threads 2] [--explain] [--json FILE]

A row a profile: seconds by the wall until the answer is there, and with ``--explain`` until what would change it is
too; seconds of CPU, deployments simulated of those in the space, the probability that the first is truly first, and how
wide the 95 % intervals of the first came out: of cost, and of the objective's latency.
Kernels are compiled before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import advisor as ad
from advisor.advice.ranking import percentile
from advisor.advice.recommending import recommend
from advisor.show import Table

PROFILES = Path(__file__).parents[2] / "workloads"
# What the answer to a profile of up to 100 requests a second may take on two cores, and to a larger one.
_WALL_S, _LARGE_WALL_S, _LARGE_PER_S = 5.0, 120.0, 100.0
# The precision that answers aim at.
_COST, _LATENCY = 0.02, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one answer took, and what it says; NaN where nothing meets the objective."""

    profile: str
    rate_per_s: float
    best: str
    usd_per_month: float
    answered_s: float
    wall_s: float
    cpu_s: float
    simulated: int
    space: int
    requests: int
    first_is_first: float
    cost_within: float
    latency_within: float

    @property
    def in_time(self) -> bool:
        """Whether the answer took no longer than it may."""
        return self.answered_s <= (_LARGE_WALL_S if self.rate_per_s > _LARGE_PER_S else _WALL_S)


def measured(name: str, *, seed: int, threads: int, explain: bool) -> Row:
    """Answer a shipped profile and take the time."""
    w = ad.read(PROFILES / f"{name}.yaml")
    early: list[float] = []
    began, cpu = time.perf_counter(), _cpu_s()
    answer = recommend(
        w, seed=seed, threads=threads, explain=explain, ready=lambda _: early.append(time.perf_counter())
    )
    ended, cpu = time.perf_counter(), _cpu_s() - cpu
    best = answer.best
    cost = latency = math.nan
    if best is not None:
        money = best.outcome.usd_per_month
        if money.low is not None and money.high is not None and money.value:
            cost = float((money.high - money.low) / 2 / money.value)
        late = best.outcome.latency_s[percentile(w)]
        latency = (late.high - late.low) / 2 / late.value if late.value > 0 else math.nan
    return Row(
        profile=name,
        rate_per_s=w.rate_per_s,
        best=best.id if best else "nothing",
        usd_per_month=float(best.usd_per_month) if best else math.nan,
        answered_s=(early[0] if early else ended) - began,
        wall_s=ended - began,
        cpu_s=cpu,
        simulated=answer.searched.simulated,
        space=answer.searched.space,
        requests=answer.searched.requests,
        first_is_first=answer.confidence.first_is_first,
        cost_within=cost,
        latency_within=latency,
    )


def _cpu_s() -> float:
    """Of this process and of those that it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def table(rows: list[Row]) -> Table:
    """The rows as they are printed."""
    return Table.of(
        [
            "profile",
            "best",
            "USD a month",
            "answered s",
            "whole s",
            "CPU s",
            "in time",
            "tried",
            "of",
            "first",
            "cost +-",
            "latency +-",
        ],
        [
            (
                row.profile,
                row.best,
                f"{row.usd_per_month:,.2f}",
                f"{row.answered_s:.1f}",
                f"{row.wall_s:.1f}",
                f"{row.cpu_s:.1f}",
                "yes" if row.in_time else "no",
                row.simulated,
                row.space,
                f"{row.first_is_first:.2f}",
                _share(row.cost_within, _COST),
                _share(row.latency_within, _LATENCY),
            )
            for row in rows
        ],
        title="Answers to the shipped profiles",
        notes=[f"A star marks what is less precise than aimed at: {_COST:.0%} of cost, {_LATENCY:.0%} of latency."],
        right=["USD a month", "answered s", "whole s", "CPU s", "tried", "of", "first", "cost +-", "latency +-"],
    )


def _share(value: float, aim: float) -> str:
    return f"{value:.1%}{'*' if value > aim else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    parser.add_argument("--profiles", nargs="+", default=every, choices=every, metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--explain", action="store_true", help="with break-even points and sensitivity")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    # The kernels of all patterns: one small answer.
    recommend(ad.read(PROFILES / "internal-tool.yaml"), seed=asked.seed, threads=asked.threads, explain=False)
    rows = []
    for name in asked.profiles:
        rows.append(measured(name, seed=asked.seed, threads=asked.threads, explain=asked.explain))
        print(f"{name}: {rows[-1].wall_s:.1f} s", flush=True)
    print()
    print(table(rows).text(140))
    if asked.json:
        asked.json.write_text(json.dumps([{**asdict(row), "in_time": row.in_time} for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
