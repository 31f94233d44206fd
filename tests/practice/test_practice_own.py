"""Questions about the user's own profile, and cards in a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

import advisor as ad
from advisor.errors import InputError
from advisor.practice.own import own_questions
from advisor.rules import Verdict

PROFILES = sorted((Path(__file__).parents[2] / "workloads").glob("*.yaml"))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_profile_is_asked_about_and_its_check_is_the_key(path) -> None:
    w = ad.read(path)
    checked = {one.pattern: one for one in ad.check(w).patterns}
    for seed in range(4):
        questions = own_questions(w, seed=seed)
        assert len(questions) >= 3
        assert len({one.id for one in questions}) == len(questions)
        for question in questions:
            assert len(question.answer) == 1
            assert w.name in question.stem
            assert all(option.reason.holds() for option in question.options), question.id
            name = question.template
            if name.startswith("own-refuses-"):
                pattern = checked[name.removeprefix("own-refuses-")]
                blocking = {one.rule for one in pattern.findings if one.verdict is Verdict.BLOCKS}
                for option in question.options:
                    assert (option.reason.rule in blocking) is option.right
                assert f"{path.name}:" in question.explanation or w.where() in question.explanation


def test_the_options_left_are_those_that_the_check_leaves() -> None:
    w = ad.read(PROFILES[0].with_name("fraud-scoring.yaml"))
    asked = {one.template: one for one in own_questions(w)}
    options = asked["own-options"]
    [key] = [option.text for option in options.options if option.right]
    assert ad.check(w).feasible == ("real-time",)
    assert key == "A real-time endpoint"
    # 40 a second over 730 hours of 3,600 s.
    [load] = [option.text for option in asked["own-load"].options if option.right]
    assert load == "105,120,000"


def test_a_card_shows_itself_and_checks_an_answer() -> None:
    card = ad.practice.question(seed=3)
    key = "".join(card.question.answer)
    assert "<" in card._repr_html_()
    assert card.question.stem in repr(card)
    answered = card.check(key)
    assert answered.right
    assert bool(answered)
    assert "right: " in str(answered)
    assert "<div>" in answered._repr_html_()
    with pytest.raises(InputError):
        card.check("Z")


def test_a_wrong_answer_is_told_the_key_and_why() -> None:
    card = ad.practice.question(template="cost-endpoint-month", seed=1)
    [wrong] = [label for label in card.question.labels if label not in card.question.answer][:1]
    answered = card.check(wrong)
    assert not answered
    assert f"the key is {card.question.answer[0]}" in str(answered)
    assert "730" in str(answered)
    assert "AWS price list" in str(answered)


def test_a_card_can_be_of_a_topic_or_of_a_workload() -> None:
    assert ad.practice.question(topic="data", seed=2).question.topic == "data"
    w = ad.read(PROFILES[0])
    assert ad.practice.question(w, seed=1).question.template.startswith("own-")
