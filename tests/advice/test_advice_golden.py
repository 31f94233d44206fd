"""Golden answers of the shipped profiles: what must not change unnoticed, and each bill by plain arithmetic.

A bill is computed anew from the packaged price list, read here as the JSON file that it is, and not through the
package's own price book. Every packaged price is a single one without tiers, which a test asserts as well.
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

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workloads"
DATA = ROOT / "advisor" / "catalog" / "data"
GOLDEN = Path(__file__).parent / "golden"
SEED = 7
PROFILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
HOURS = 730
# What a region's list lacks is taken from this one's, for the small parts of a bill.
ELSEWHERE = "us-east-1"
ASSUMED = {
    "S3": {"PUT": "s3_put_price", "GET": "s3_get_price", "GB-Mo": "s3_storage_price"},
    "StepFunctions": {"StateTransition": "state_transition_price"},
}


def _answer(name: str) -> Recommendation:
    return recommend(read(FOLDER / f"{name}.yaml"), seed=SEED, explain=False)


@lru_cache(maxsize=1)
def _list() -> dict[str, Any]:
    held: dict[str, Any] = json.loads((DATA / "prices.json").read_text(encoding="utf-8"))
    return held


def _listed(region: str, component: str, meter: str) -> Decimal | None:
    for one in _list()["regions"][region]["prices"]:
        if one[0] == component and one[1] == meter:
            return Decimal(one[3])
    return None


def _price(sku: str) -> Decimal:
    """The price of "region/component/meter" by the list; what it lacks as the documents say it is borrowed."""
    region, component, meter = sku.split("/", 2)
    if component in ASSUMED:
        every = json.loads((DATA / "assumptions.json").read_text(encoding="utf-8"))
        rows = every["assumptions"] if isinstance(every, dict) else every
        [value] = [row["value"] for row in rows if row["key"] == ASSUMED[component][meter]]
        return Decimal(value)
    found = _listed(region, component, meter)
    if found is None and component in ("AsyncInf", "BatchTransform"):
        found = _listed(region, "Hosting", meter)
    if found is None:
        found = _listed(ELSEWHERE, component, meter)
    assert found is not None, f"no price of {sku} in the packaged list"
    return found


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


@pytest.mark.parametrize("name", PROFILES)
def test_the_answer_is_the_golden_one_and_its_bills_are_usage_times_price(
    name: str, request: pytest.FixtureRequest
) -> None:
    answer = _answer(name)
    for option in answer.options:
        _recomputed(option)
    held = _stable(answer)
    text = json.dumps(held, indent=1) + "\n"
    path = GOLDEN / f"{name}.json"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{path} is missing; run with --update-golden and read what it wrote"
    diff = "\n".join(difflib.unified_diff(path.read_text().splitlines(), text.splitlines(), "golden", "now", n=2))
    assert not diff, f"the answer to {name} is another; if it is meant to be, run with --update-golden\n{diff}"


def _recomputed(option: Option) -> None:
    assert option.outcome.bill.lines
    total = Decimal(0)
    for line in option.outcome.bill.lines:
        usd = line.quantity * _price(line.sku)
        if line.what.endswith(" (free tier)"):
            # No allowance is larger than the 150,000 seconds of serverless work (AWS price page, 2026).
            assert 0 < line.quantity <= 150_000
            usd = Decimal(0)
        if line.what.endswith(" (savings plan)"):
            plan = read(FOLDER / f"{option.outcome.workload}.yaml").purchase.savings_plan
            assert plan is not None
            usd *= 1 - Decimal(str(plan.discount))
        # A product that does not end is cut at twelve places, and so is its quantity, which has a rate of up to 60 USD.
        assert abs(line.usd - usd) <= Decimal("1e-10"), f"{option.id}, {line.what}: {line.usd} where {usd} is due"
        assert line.quantity >= 0
        total += usd
    assert abs(total - option.usd_per_month) <= Decimal("1e-9"), option.id
    settings = option.outcome.deployment
    count = settings.get("min_instances")
    if option.pattern == "real-time" and count == settings["max_instances"] and not settings["schedule"]:
        # A fleet of fixed size is paid for every hour of the month; models that share none have an endpoint each.
        endpoints = read(FOLDER / f"{option.outcome.workload}.yaml").model.count
        lines = [line for line in option.outcome.bill.lines if not line.what.startswith("shadow: ")]
        hours = sum(line.quantity for line in lines if " instances" in line.what)
        assert hours == Decimal(HOURS * count * endpoints), option.id


def test_no_packaged_price_has_tiers() -> None:
    for region, held in _list()["regions"].items():
        for one in held["prices"]:
            assert isinstance(one[3], str), f"{region}: {one}"


def test_every_shipped_profile_has_a_golden_answer_and_no_other_has() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == PROFILES
