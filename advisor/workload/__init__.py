"""The profile: what a customer has and wants, read from YAML or built in Python."""

from __future__ import annotations

from advisor.workload.borrow import WorkOn
from advisor.workload.bursts import TwoState, two_state
from advisor.workload.cautions import Caution
from advisor.workload.demand import Batch, Model, Objective, Payload, Popularity, Purchase, SavingsPlan
from advisor.workload.model import Source, Workload
from advisor.workload.read import problems, read, reads
from advisor.workload.service import Batching, Work
from advisor.workload.traffic import Bursts, Clusters, Replay, Spike, Traffic, TrafficClass

__all__ = [
    "Batch", "Batching", "Bursts", "Caution", "Clusters", "Model", "Objective", "Payload", "Popularity", "Purchase",
    "Replay", "SavingsPlan", "Source", "Spike", "Traffic", "TrafficClass", "TwoState", "Work", "WorkOn", "Workload",
    "problems", "read", "reads", "two_state",
]  # fmt: skip
