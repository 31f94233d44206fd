"""From an option to the command, or the line of Python, that simulates the very same: deployment, seed, replications.

advisor simulate FILE --pattern serverless --set memory_mib=3072 --seed 7 --replications 12
"""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING, Any

from advisor.advice.combine import Combination, left_out, lot_apart
from advisor.advice.once import horizon_for
from advisor.advice.spill import Spill
from advisor.patterns.base import Pattern
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.advice.recommendation import Option

__all__ = ["file_of", "in_python", "sets_of", "simulate_command"]

_HOUR_S = 3600


def simulate_command(w: Workload, option: Option) -> list[str]:
    """The command in pieces that belong together, quoted for a shell; empty where none gives the option's figures.

    None does for several deployments that work together, nor for what was run for a shorter time than ``simulate``
    would run it.
    """
    deployment, outcome = option.deployment, option.outcome
    if isinstance(deployment, Combination | Spill) or not _as_long(w, deployment, outcome.horizon_h):
        return []
    return [
        f"advisor simulate {shlex.quote(file_of(w))}",
        f"--pattern {deployment.name}",
        *sets_of(w, deployment),
        f"--seed {outcome.seed}",
        f"--replications {outcome.replications}",
    ]


def in_python(w: Workload, option: Option) -> list[str]:
    """The same from Python, for the first option of an ``answer``: of a stream and a lot each with its own part."""
    shown = "answer.options[0].deployment"
    if not lot_apart(w):
        return [_call("w", shown, option.outcome.seed, option.outcome.replications)]
    shares = [f"w.with_({without!r})" for without in left_out(w)]
    return [
        _call(share, f"{shown}.parts[{n}]", part.seed, part.replications)
        for n, (share, part) in enumerate(zip(shares, option.parts, strict=True))
    ]


def sets_of(w: Workload, deployment: Pattern) -> list[str]:
    """``--set`` for all that differs from the first guess for the workload, which is what ``--set`` changes."""
    usual = deployment.start(w).to_dict()
    return [
        f"--set {shlex.quote(f'{name}={_plain(value)}')}"
        for name, value in deployment.to_dict().items()
        if value != usual[name]
    ]


def file_of(w: Workload) -> str:
    """The workload's profile, as it was named where it was read."""
    return w.source.file if w.source is not None else f"{w.name}.yaml"


def _as_long(w: Workload, deployment: Pattern, hours: float) -> bool:
    """Whether ``simulate`` runs it for so long."""
    trace = deployment.trace(w, seed=0, horizon=horizon_for(w, deployment, None))
    return math.isclose(trace.horizon_s, hours * _HOUR_S)


def _call(workload: str, deployment: str, seed: int, replications: int) -> str:
    return f"ad.simulate({workload}, {deployment}, seed={seed}, replications={replications})"


def _plain(value: Any) -> str:
    """A value as ``--set`` takes it under a field's own name."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
