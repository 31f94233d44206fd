"""When a limit, a price or an assumption changes, so does the key; simulated cases are of today's figures."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from fractions import Fraction

import pytest

from advisor.catalog import limits as catalog
from advisor.practice import judging
from advisor.practice.arithmetic import Sum
from advisor.practice.cases import PATH, fingerprint, made, simulated
from advisor.practice.families import FAMILIES, members
from advisor.practice.reasons import Figured
from advisor.practice.templates import TEMPLATES, by_id


@pytest.fixture
def changed(monkeypatch):
    """Set a limit to another value, as a newer catalog would."""

    def change(key: str, value: object) -> None:
        book = dict(catalog._book())
        book[key] = dataclasses.replace(book[key], value=value)
        monkeypatch.setattr(catalog, "_book", lambda: book)
        judging.found.cache_clear()

    yield change
    judging.found.cache_clear()


def key_of(question):
    [key] = [option for option in question.options if option.right]
    return key


def read_by_keys() -> list[tuple[str, str]]:
    """Every (template, limit) where the key's own sum reads the limit."""
    found = []
    for template in TEMPLATES:
        question = template.make(3)[0]
        right = [option for option in question.options if option.right]
        if question.form == "choice" and isinstance(right[0].reason, Figured):
            found += [(template.id, key) for key in right[0].reason.sum.keys if catalog.find_limit(key)]
    return found


@pytest.mark.parametrize(("name", "key"), read_by_keys(), ids="/".join)
def test_a_limit_that_changes_moves_the_key_of_a_sum(name, key, changed) -> None:
    before = [key_of(by_id()[name].make(seed)[0]).reason.value for seed in range(12)]
    value = catalog.limit(key).value
    more = {**value, "median": value["median"] * 2} if not isinstance(value, int | float) else value * 2
    changed(key, more)
    after = [key_of(by_id()[name].make(seed)[0]).reason.value for seed in range(12)]
    assert before != after


def test_there_are_many_such_templates() -> None:
    assert len({name for name, _ in read_by_keys()}) >= 25


def test_a_rule_that_refuses_less_moves_the_key_of_its_questions(changed) -> None:
    def refused():
        return {
            option.text
            for seed in range(40)
            for option in by_id()["serverless-failing-calls"].make(seed)[0].options
            if option.right and "request of 5 MB" in option.text
        }

    assert refused()
    changed("serverless.payload_max", 5.5)
    assert not refused()


def test_a_flag_that_changes_moves_the_key(changed) -> None:
    def told(seed):
        question = by_id()["async-and-batch-share"].make(seed)[0]
        return {option.text for option in question.options if option.right}

    assert not any("Inference Recommender" in told(seed) for seed in range(60))
    changed("feature.inference_recommender.async", True)
    changed("feature.inference_recommender.batch", True)
    assert any("Inference Recommender" in told(seed) for seed in range(60))


def test_a_price_that_changes_moves_the_key(monkeypatch) -> None:
    from advisor.catalog.prices import PriceBook
    from advisor.practice import pricing

    question = by_id()["cost-endpoint-month"].make(7)[0]
    before = key_of(question).reason.value
    listed = PriceBook.rate

    def dearer(self, region, component, meter):
        rate = listed(self, region, component, meter)
        tiers = tuple(dataclasses.replace(tier, usd=tier.usd * 2) for tier in rate.tiers)
        return dataclasses.replace(rate, tiers=tiers)

    monkeypatch.setattr(PriceBook, "rate", dearer)
    monkeypatch.setattr(pricing._Held, "prices", {})
    after = key_of(by_id()["cost-endpoint-month"].make(7)[0]).reason.value
    assert after == 2 * before


@pytest.mark.parametrize(
    ("formula", "givens", "value", "told"),
    [
        ("ceil(rate * work)", {"rate": 7, "work": "0.3"}, Fraction(3), "round up (7 × 0.3) = 3"),
        ("a / b", {"a": 1, "b": 3}, Fraction(1, 3), "1 / 3 = 0.333333"),
        ("{serverless.payload_max:MB}", {}, Fraction(4), "4"),
        ("2 * {async.zero.alarm_period}", {}, Fraction(120), "2 × 60 = 120"),
        ("730 * {us-east-1/Hosting/ml.m5.xlarge}", {}, Fraction("167.9"), "730 × 0.23 = 167.9"),
        ("{us-east-1/DataProcessed/Hosting:IN}", {}, Fraction("0.016"), "0.016"),
    ],
)
def test_a_sum_is_exact_and_shows_its_figures(formula, givens, value, told) -> None:
    done = Sum.of(formula, **givens)
    assert (done.value, done.told) == (value, told)


def test_at_most_two_hundred_cases_are_kept_and_all_are_up_to_date() -> None:
    kept = json.loads(PATH.read_text(encoding="utf-8"))["cases"]
    assert {row["id"] for row in kept} == {member.id for member in members()}
    assert len(kept) <= 200
    stale = [row["id"] for row in kept if row["mark"] != fingerprint(row["pattern"])]
    assert not stale, "figures have changed: run python -m advisor.practice.cases"


SAMPLE = ["calls-instance/2", "rare-calls/10", "queue-zero/4", "night-job/4"]


@pytest.mark.parametrize("name", SAMPLE)
def test_a_kept_case_is_what_the_simulator_says(name) -> None:
    kept = simulated(name)
    now = made(kept.member)
    for figure, (value, low, high) in now.latency.items():
        assert kept.latency[figure] == pytest.approx((value, low, high), abs=2e-6), figure
    assert kept.used == now.used
    assert kept.usd == now.usd


def test_a_case_is_simulated_anew_where_its_figures_have_changed(changed) -> None:
    kept = simulated("rare-calls/3")
    changed("serverless.payload_max", 0.0001)
    now = simulated("rare-calls/3")
    assert now.mark != kept.mark
    # No request of some KB passes a limit of 100 bytes, so none has an answer.
    assert kept.interval("p50").value < 100
    assert now.interval("p50").value == float("inf")


def test_the_bill_of_a_case_is_its_use_at_todays_prices() -> None:
    one = simulated("calls-instance/0.5")
    hours = dict(one.used)["us-east-1/Hosting/ml.m5.large"]
    assert Decimal(hours) == 730
    assert one.usd > Decimal("0.115") * 730
    assert one.interval("usd").low <= float(one.usd) <= one.interval("usd").high


def test_every_family_has_cases_that_differ() -> None:
    for family in FAMILIES.values():
        spans = [simulated(member.id).interval(family.figures[-1]) for member in family.members]
        assert len({span.value for span in spans}) > 1, family.id
