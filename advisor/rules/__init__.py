"""Rules: what AWS allows, what hurts, what is worth knowing; each with its proof.

A rule is a function of a workload and a deployment that returns ``None`` or what is ill. It carries an id, one verdict,
the limits it reads, and two cases in the user's own YAML, from which tests, ``explain`` and practice are made.
The patterns hold their rules; here is what all of them share.

    finding    Verdict, Ill, Finding
    case       the base profile, overlays on it, Case
    figures    limits and assumptions in texts: {serverless.payload_max} becomes 4 MB
    declared   rule, Rule, rulebook, run
    estimates  first estimates by arithmetic: launches, cold starts, capacity
    first_guess  the instance type that a person would try first
    of_need    factories: a need that a pattern excludes, a task that is not inference
    popularity how requests spread over models
    of_size    factories: sizes against limits, both readings of MB
    of_time    factories: processing time, objectives, load curves
    of_instance factories: the type: accelerator, architecture, evidence
    of_offer   factories: what the API lists and the region sells
    of_memory  factories: memory for the model, for its copies
    of_disk    factories: the model's size, disk, download, start-up
    of_fleet   factories: counts, quotas, zones
    of_bursts  factories: launches against bursts and spikes, scaling
"""

from __future__ import annotations

from advisor.rules.case import BASE_PROFILE, Case, overlay
from advisor.rules.declared import Rule, rule, rulebook, run
from advisor.rules.figures import told
from advisor.rules.finding import BLOCKS, NOTES, WARNS, Finding, Ill, Verdict

__all__ = [
    "BASE_PROFILE", "BLOCKS", "NOTES", "WARNS", "Case", "Finding", "Ill", "Rule", "Verdict", "overlay", "rule",
    "rulebook", "run", "told",
]  # fmt: skip
