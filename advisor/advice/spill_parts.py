"""What each part does of a base of instances with a spill: its requests, its latency, its lines of the bill."""

from __future__ import annotations

import math
from dataclasses import replace

from advisor.advice.bounds import amount, share_of
from advisor.advice.judging import judge
from advisor.advice.outcome import Money, Outcome
from advisor.advice.ranking import SHARES
from advisor.advice.spill import OF_THE_SPILL, Spill
from advisor.patterns.base import Pattern
from advisor.sim.estimates import Estimate
from advisor.sim.run import Replications
from advisor.workload import Workload

__all__ = ["with_parts"]


def with_parts(w: Workload, deployment: Pattern, whole: Outcome, found: Replications) -> Outcome:
    """The outcome with what each part does of a simulated spill; of any other deployment the outcome as it is."""
    if not isinstance(deployment, Spill):
        return whole
    return replace(whole, parts=tuple(_part(w, deployment, whole, found, number) for number in range(2)))


def _part(w: Workload, deployment: Spill, whole: Outcome, found: Replications, number: int) -> Outcome:
    part = deployment.parts[number]
    on = part.work_on(w)
    runs = replace(found, runs=tuple(run.parts[number] for run in found.runs))  # type: ignore[attr-defined]  # SpillRun
    spilt = [line.what.startswith(OF_THE_SPILL) for line in whole.bill.lines]
    lines = tuple(line for line, second in zip(whole.bill.lines, spilt, strict=True) if second == bool(number))
    bill = replace(whole.bill, lines=lines)
    some = any(ledger.arrived for ledger in runs.ledgers)
    nothing = Estimate(value=math.nan, low=math.nan, high=math.nan)
    latency = {name: amount(runs.latency_s(share)) if some else nothing for name, share in SHARES.items()}
    ledger = runs.ledger
    misses = judge(w, runs).misses if some else ()
    return replace(
        whole,
        id=part.id,
        pattern=part.name,
        deployment=part.to_dict(),
        meets_objective=not misses,
        misses=misses,
        latency_s={**latency, "mean": amount(runs.mean_latency_s()) if some else nothing},
        served_latency_s={
            **{name: ledger.latency_s(share, served_only=True) for name, share in SHARES.items()},
            "mean": ledger.mean_s,
        },
        error_share=share_of(ledger.arrived, runs.error_share()) if some else nothing,
        requests=ledger.arrived,
        statuses=ledger.statuses,
        cold_start_share=runs.cold_share().value if some else math.nan,
        utilisation=runs.utilisation,
        usd_per_month=Money(value=bill.usd, low=None, high=None),
        usd_per_million_requests=None,
        bill=bill,
        estimate={},
        evidence=on.evidence,
        evidence_says=on.says,
        samples=(),
        within=ledger.within() if some else (),
        spikes=None,
    )
