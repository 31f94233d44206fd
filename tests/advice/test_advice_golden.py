"""Golden answers of the shipped profiles: what must not change unnoticed, and each bill by plain arithmetic.

The profiles that take longest are timed, and so answered, by ``tests/benchmarks/bench_recommend.py`` instead.
"""

from __future__ import annotations

import difflib
import json
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from advisor.advice.ranking import percentile
from advisor.advice.recommendation import Option, Recommendation
from advisor.advice.recommending import recommend
from advisor.workload import read

FOLDER = Path(__file__).parents[2] / "workloads"
GOLDEN = Path(__file__).parent / "golden"
SEED = 7
# Profiles that are answered within about fifteen CPU-seconds each.
QUICK = ("chat-assistant", "credit-decisions", "fraud-scoring", "internal-tool", "sensor-anomalies", "weekly-forecast")
# Their answers take half a minute to some minutes of CPU: the benchmark of recommendations answers them.
HEAVY = (
    "churn-scoring", "delivery-estimates", "document-ocr", "llm-summaries", "medical-images", "photo-tagging",
    "product-launch", "search-ranking", "speech-transcription", "tenant-models", "video-moderation",
)  # fmt: skip
HOURS = 730


@lru_cache(maxsize=1)
def _answer(name: str) -> Recommendation:
    return recommend(read(FOLDER / f"{name}.yaml"), seed=SEED, explain=False)


def _rounded(value: float, digits: int) -> float | str:
    return float(f"{value:.{digits}g}") if value < float("inf") else "never"


def _stable(answer: Recommendation) -> dict[str, Any]:
    """The part of an answer that a user would notice if it changed."""
    name = percentile(answer.workload)
    return {
        "best": answer.best.id if answer.best else None,
        "ranking": [
            {
                "id": one.id,
                "meets": one.meets_objective,
                "usd_per_month": _rounded(float(one.usd_per_month), 4),
                name: _rounded(one.latency_s(name), 3),
            }
            for one in answer.options
        ],
        "refused": {one.pattern: sorted({finding.rule for finding in one.findings}) for one in answer.refused},
    }


def _sums(option: Option) -> Decimal:
    return sum((line.usd for line in option.outcome.bill.lines), Decimal(0))


@pytest.mark.parametrize("name", QUICK)
def test_the_answer_is_the_golden_one(name: str, request: pytest.FixtureRequest) -> None:
    text = json.dumps(_stable(_answer(name)), indent=1) + "\n"
    path = GOLDEN / f"{name}.json"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{path} is missing; run with --update-golden and read what it wrote"
    diff = "\n".join(difflib.unified_diff(path.read_text().splitlines(), text.splitlines(), "golden", "now", n=2))
    assert not diff, f"the answer to {name} is another; if it is meant to be, run with --update-golden\n{diff}"


@pytest.mark.parametrize("name", QUICK)
def test_each_bill_is_quantity_times_rate_and_its_lines_sum_to_the_month(name: str) -> None:
    for option in _answer(name).options:
        assert option.outcome.bill.lines
        for line in option.outcome.bill.lines:
            # A product that does not end is cut at twelve places.
            assert abs(line.usd - line.quantity * line.rate_usd) <= Decimal("1e-12"), f"{option.id}: {line.what}"
            assert line.quantity >= 0
        assert _sums(option) == option.usd_per_month == option.outcome.bill.usd


@pytest.mark.parametrize("name", QUICK)
def test_a_fleet_of_fixed_size_is_billed_for_every_hour_of_the_month(name: str) -> None:
    for option in _answer(name).options:
        settings = option.outcome.deployment
        count = settings.get("min_instances")
        if option.pattern != "real-time" or count != settings["max_instances"] or settings["schedule"]:
            continue
        endpoints = _endpoints(option)
        hours = [line.quantity for line in option.outcome.bill.lines if line.what.endswith(" instances")]
        assert hours == [Decimal(HOURS * count * endpoints)], option.id


def _endpoints(option: Option) -> int:
    """A workload of several models has an endpoint for each, unless they share a container."""
    w = read(FOLDER / f"{option.outcome.workload}.yaml")
    return w.model.count


def test_every_shipped_profile_is_answered_here_or_by_the_benchmark() -> None:
    assert sorted([*QUICK, *HEAVY]) == sorted(path.stem for path in FOLDER.glob("*.yaml"))
