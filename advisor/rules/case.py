"""The cases that prove a rule: overlays, in the user's own YAML, on a plain base profile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from advisor.errors import BugError
from advisor.workload import Workload, reads
from advisor.workload.marks import document

__all__ = ["BASE_PROFILE", "Case", "overlay"]

BASE_PROFILE = """\
name: plain
about: A small model with a moderate stream of requests, which no rule of real-time hosting refuses.
region: us-east-1
task: inference
model: {count: 1, size: 200 MB, memory: 900 MB, image: 1.5 GB, framework: xgboost, accelerator: none}
work:
  - {on: ml.m5.large, mean: 40 ms, p95: 80 ms, workers: 2}
  - {on: serverless 2 GB, mean: 60 ms, p95: 120 ms}
traffic: {rate: 2 per second, bursts: {peak: 2x, cv: 0.4, length: 30 min}}
payload: {request: 4 KB, request_max: 30 KB, response: 1 KB, response_max: 4 KB}
objective: {errors: 1 %, cold_starts: allow, prefer: cost}
"""


@lru_cache(maxsize=512)
def overlay(text: str) -> Workload:
    """The base profile with YAML laid over it: mappings merge, anything else replaces, ``null`` takes out."""
    return reads(json.dumps(_merged(_data(BASE_PROFILE), _data(text))), name="case")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A piece of profile, and settings as ``--set`` takes them: "memory=8 GB, max_concurrency=4"."""

    profile: str = ""
    sets: str = ""

    @property
    def workload(self) -> Workload:
        """The base profile with this case laid over it."""
        return overlay(self.profile)

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings by name; each applies to the deployment that the pattern starts with."""
        pairs = (part.partition("=") for part in self.sets.split(",") if part.strip())
        return {name.strip(): value.strip() for name, _, value in pairs}


def _data(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    read = document(text)
    if read.troubles or not isinstance(read.data, dict):
        raise BugError(f"a rule's case does not read: {text}", "", "write it as a piece of profile")
    return read.data


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
