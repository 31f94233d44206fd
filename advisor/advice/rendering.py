"""The AWS calls of a deployment: what ``advisor render`` prints, from Python."""

from __future__ import annotations

from advisor.advice.combination import Combination
from advisor.errors import InputError
from advisor.patterns.base import Pattern
from advisor.patterns.requests import Call
from advisor.workload import Workload

__all__ = ["render"]


def render(w: Workload, deployment: Pattern | Combination) -> tuple[Call, ...]:
    """The boto3 calls that create a deployment, in order; of a combination those of all its parts.

    What only the user knows is a placeholder, listed under ``fill_in``. What the rules refuse is rendered all the same:
    ask ``deployment.check(w)``.
    """
    if not isinstance(w, Workload):
        raise InputError(f"{w!r} is not a workload", "", "read it first: ad.render(ad.read(path), deployment)")
    if not isinstance(deployment, Pattern | Combination):
        raise InputError(
            f"{deployment!r} is not a deployment"[:120], "", "give one: ad.render(w, ad.recommend(w).best.deployment)"
        )
    return deployment.render(w)
