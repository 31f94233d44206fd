"""Whether the stated probability that the first is truly first holds, over many seeds.

    python tests/benchmarks/bench_calibration.py [--seeds 30] [--minutes 3] [--json out.json]

Each profile has two or more deployments that lie close together. It is answered on every seed; which deployment is
truly first is taken from the figures that all seeds together give each of those that ever came first, simulated on
the same fresh seeds, in the order that an answer has. Where the mean of ``first_is_first`` is the share of seeds whose
first is that one, the statement is calibrated; the table gives both, with the standard error of the share.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace

from advisor.advice.ranking import order, percentile
from advisor.advice.recommending import recommend
from advisor.advice.simulating import simulate
from advisor.patterns.base import Pattern
from advisor.show import Table
from advisor.workload import Workload, reads

HEAD = """
region: us-east-1
model: {size: 60 MB, memory: 700 MB, image: 900 MB}
payload: {request: 4 KB, request_max: 40 KB, response: 1 KB}
"""
# Near a break-even of serverless and an instance; near the edge of an objective; a choice by cost times latency.
PROFILES = {
    "cost": """
name: calibration-cost
work: [{on: serverless 2 GB, mean: 1200 ms, cv: 0.5}, {on: ml.m5.large, mean: 1 s, cv: 0.5, workers: 2}]
traffic: {rate: 0.68 per second, bursts: {peak: 3x, cv: 0.6, length: 10 min}}
objective: {p95: 6 s, errors: 2 %, cold_starts: allow, prefer: cost}
needs: []
""",
    "edge": """
name: calibration-edge
work: [{on: serverless 2 GB, mean: 400 ms, cv: 0.8}, {on: ml.m5.large, mean: 300 ms, cv: 0.8, workers: 2}]
traffic: {rate: 0.2 per second, bursts: {peak: 4x, cv: 1, length: 10 min}}
objective: {p99: 2450 ms, errors: 1 %, cold_starts: allow, prefer: cost}
""",
    "balanced": """
name: calibration-balanced
work: [{on: serverless 2 GB, mean: 400 ms, cv: 0.5}, {on: ml.m5.large, mean: 200 ms, cv: 0.5, workers: 2}]
traffic: {rate: 1 per second, bursts: {peak: 3x, cv: 0.6, length: 10 min}}
objective: {p95: 2 s, errors: 1 %, cold_starts: allow, prefer: balanced}
""",
}
# Only what is simulated without alarms is quick enough for many seeds.
PATTERNS = ("real-time", "serverless")
# The truth is taken on a seed of its own, with so many replications.
_TRUTH_SEED, _TRUTH_REPLICATIONS = 900_001, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One profile: how often the first was the best in the long run, and how sure the answers were of it."""

    profile: str
    seeds: int
    firsts: dict[str, int]
    truth: str
    share: float
    standard_error: float
    stated: float

    @property
    def off(self) -> float:
        """How many standard errors lie between what is stated and what came."""
        return (self.stated - self.share) / self.standard_error if self.standard_error > 0 else math.nan


def answered(name: str, *, seeds: int, until: float) -> Row:
    """Answer one profile on so many seeds, or until the time is over."""
    w = reads(HEAD + PROFILES[name])
    firsts: Counter[str] = Counter()
    known: dict[str, Pattern] = {}
    stated: list[float] = []
    for seed in range(seeds):
        if stated and time.process_time() > until:
            break
        answer = recommend(w, seed=seed, patterns=PATTERNS, explain=False)
        for one in answer.options[:2]:
            assert isinstance(one.deployment, Pattern)
            known[one.id] = one.deployment
        first = answer.best.id if answer.best else "nothing"
        firsts[first] += 1
        stated.append(answer.confidence.first_is_first if answer.best else math.nan)
    truth = _truth(w, known)
    finite = [one for one in stated if math.isfinite(one)]
    share = firsts[truth] / len(stated)
    # A share of none or all has an error too: that of half a case more.
    held = (firsts[truth] + 0.5) / (len(stated) + 1)
    return Row(
        profile=name,
        seeds=len(stated),
        firsts=dict(firsts.most_common()),
        truth=truth,
        share=share,
        standard_error=math.sqrt(held * (1 - held) / len(stated)),
        stated=math.fsum(finite) / len(finite) if finite else math.nan,
    )


def _truth(w: Workload, known: dict[str, Pattern]) -> str:
    """The best in the long run of those that came first or second, on the same fresh seeds."""
    yardstick = percentile(w)
    found = [
        SimpleNamespace(
            id=name,
            meets=one.meets_objective,
            usd=float(one.usd_per_month.value),
            yardstick_s=one.latency_s[yardstick].value,
            error_share=one.error_share.value,
            shortfall=0.0,
            away=1.0,
        )
        for name, deployment in known.items()
        for one in [simulate(w, deployment, seed=_TRUTH_SEED, replications=_TRUTH_REPLICATIONS, timeline=False)]
    ]
    first = order(w, found)[0]
    return str(first.id) if first.meets else "nothing"


def table(rows: list[Row]) -> Table:
    """The rows as they are printed."""
    return Table.of(
        ["profile", "seeds", "best in the long run", "first on a seed", "share", "+-", "stated", "errors off"],
        [
            (
                row.profile,
                row.seeds,
                row.truth,
                ", ".join(f"{name} {count}" for name, count in row.firsts.items()),
                f"{row.share:.3f}",
                f"{row.standard_error:.3f}",
                f"{row.stated:.3f}",
                f"{row.off:+.1f}",
            )
            for row in rows
        ],
        title="How often the first is the best in the long run, and how often that is stated",
        right=["seeds", "share", "+-", "stated", "errors off"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=math.inf, help="CPU-minutes for all profiles, about")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows = []
    for n, name in enumerate(PROFILES, start=1):
        until = asked.minutes * 60 * n / len(PROFILES)
        rows.append(answered(name, seeds=asked.seeds, until=until))
        print(f"{name}: {rows[-1].seeds} seeds", flush=True)
    print()
    print(table(rows).text(140))
    if asked.json:
        asked.json.write_text(json.dumps([{**asdict(row), "off": row.off} for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
