"""A hosting-pattern advisor and cost simulator for Amazon SageMaker inference.

    import advisor as ad

    w = ad.read("workloads/fraud-scoring.yaml")
    ad.check(w)

Names are loaded on first use, so that importing the package is quick and changes nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.advice.checking import check
    from advisor.advice.recommending import recommend
    from advisor.advice.rendering import render
    from advisor.advice.side_by_side import compare
    from advisor.advice.simulating import simulate
    from advisor.catalog.prices import price_book
    from advisor.errors import AdvisorError, InputError, ProfileError
    from advisor.fitting import fit
    from advisor.patterns import PATTERNS
    from advisor.reports import plot
    from advisor.sweeps.sweeping import whatif
    from advisor.workload.model import Workload
    from advisor.workload.read import read, reads

__version__ = "0.1.0"
__all__ = [
    "PATTERNS",
    "AdvisorError",
    "InputError",
    "ProfileError",
    "Workload",
    "check",
    "compare",
    "fit",
    "plot",
    "price_book",
    "read",
    "reads",
    "recommend",
    "render",
    "simulate",
    "whatif",
]  # fmt: skip

_HOMES = {
    "PATTERNS": "advisor.patterns",
    "AdvisorError": "advisor.errors",
    "InputError": "advisor.errors",
    "ProfileError": "advisor.errors",
    "Workload": "advisor.workload.model",
    "check": "advisor.advice.checking",
    "compare": "advisor.advice.side_by_side",
    "fit": "advisor.fitting",
    "price_book": "advisor.catalog.prices",
    "read": "advisor.workload.read",
    "reads": "advisor.workload.read",
    "whatif": "advisor.sweeps.sweeping",
    "recommend": "advisor.advice.recommending",
    "render": "advisor.advice.rendering",
    "simulate": "advisor.advice.simulating",
}

# Whole modules, by the names that they go by.
_ROOMS = {"plot": "advisor.reports.plot", "practice": "advisor.practice"}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(_ROOMS[name])
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS})
