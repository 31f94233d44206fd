"""A workload of plain figures and a fixed fleet, for estimates that hand arithmetic can follow."""

from __future__ import annotations

from typing import Any

from advisor.patterns import RealTime
from advisor.workload import Workload
from advisor.workload.read import reads

__all__ = ["OVERHEAD_S", "fixed", "workload"]

OVERHEAD_S = 0.010


def workload(
    traffic: str = "{rate: 10 per second, shape: steady}",
    work: str = "{on: ml.m5.large, mean: 50 ms, cv: 1, workers: 1}",
    **sections: str,
) -> Workload:
    """A workload of plain figures; sections by name in YAML."""
    parts: dict[str, str] = {
        "name": "plain",
        "region": "us-east-1",
        "model": "{size: 100 MB, memory: 500 MB, image: 1.5 GB, framework: xgboost, accelerator: none}",
        "work": f"[{work}, {{on: serverless 2 GB, mean: 100 ms}}]",
        "traffic": traffic,
        "payload": "{request: 2 KB, request_max: 2 KB, response: 1 KB, response_max: 1 KB}",
        "objective": "{p95: 10 s, errors: 1 %, cold_starts: allow, prefer: cost}",
        **sections,
    }
    return reads("\n".join(f"{key}: {value}" for key, value in parts.items()))


def fixed(count: int, **others: Any) -> RealTime:
    return RealTime(instance_type="ml.m5.large", min_instances=count, max_instances=count, **others)
