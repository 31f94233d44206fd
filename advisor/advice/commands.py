"""From an option to the command, or the line of Python, that simulates the very same: deployment, seed, replications.

advisor simulate FILE --pattern serverless --set memory_mib=3072 --seed 7 --replications 12
"""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING, Any

from advisor.advice.by_part import Combined, changed
from advisor.advice.combination import Combination, shares
from advisor.advice.once import horizon_for
from advisor.patterns.base import Pattern
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.outcome import Outcome
    from advisor.advice.recommendation import Option

__all__ = ["file_of", "in_python", "sets_of", "simulate_command"]

_HOUR_S = 3600


def simulate_command(w: Workload, option: Option) -> list[str]:
    """The command in pieces that belong together, quoted for a shell; empty where none gives the option's figures.

    None does for what was run for a shorter time than ``simulate`` would run it.
    """
    deployment, outcome = option.deployment, option.outcome
    if not _as_long(w, deployment, outcome):
        return []
    return [
        f"advisor simulate {shlex.quote(file_of(w))}",
        f"--pattern {deployment.name}",
        *sets_of(w, deployment),
        f"--seed {outcome.seed}",
        *(f"--replications {many}" for many in _replications(deployment, outcome)),
    ]


def in_python(option: Option) -> str:
    """The same from Python, for the first option of an ``answer`` to a workload ``w``."""
    outcome = option.outcome
    many: object = outcome.replications
    if isinstance(option.deployment, Combination):
        many = _of_parts(option.deployment, outcome)
    return f"ad.simulate(w, answer.options[0].deployment, seed={outcome.seed}, replications={many})"


def sets_of(w: Workload, deployment: Pattern | Combination) -> list[str]:
    """``--set`` for all that differs from the first guess for the workload, which is what ``--set`` changes."""
    if isinstance(deployment, Combined):
        held = changed(w, deployment)
    else:
        usual = deployment.start(w).to_dict()
        held = {name: value for name, value in deployment.to_dict().items() if value != usual[name]}
    return [f"--set {shlex.quote(f'{name}={_plain(value)}')}" for name, value in held.items()]


def file_of(w: Workload) -> str:
    """The workload's profile, as it was named where it was read."""
    return w.source.file if w.source is not None else f"{w.name}.yaml"


def _as_long(w: Workload, deployment: Pattern | Combination, outcome: Outcome) -> bool:
    """Whether ``simulate`` runs it, or each of its parts, for so long."""
    if isinstance(deployment, Combination):
        each = zip(shares(w), deployment.parts, outcome.parts, strict=True)
        return all(_as_long(own, part, done) for own, part, done in each)
    trace = deployment.trace(w, seed=0, horizon=horizon_for(w, deployment, None))
    return math.isclose(trace.horizon_s, outcome.horizon_h * _HOUR_S)


def _replications(deployment: Pattern | Combination, outcome: Outcome) -> list[str]:
    """How many there were, as ``--replications`` takes it; where the parts ran apart and not alike, of each."""
    if not isinstance(deployment, Combination):
        return [str(outcome.replications)]
    each = _of_parts(deployment, outcome)
    if len(set(each.values())) == 1:
        return [str(outcome.replications)]
    return [f"{name}={many}" for name, many in each.items()]


def _of_parts(deployment: Combination, outcome: Outcome) -> dict[str, int]:
    return {name: part.replications for name, part in zip(deployment.named, outcome.parts, strict=True)}


def _plain(value: Any) -> str:
    """A value as ``--set`` takes it under a field's own name."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
