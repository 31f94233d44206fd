"""Every template over two hundred seeds: one key, distractors wrong by their reasons, nothing that gives it away."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

from advisor.practice.question import Question
from advisor.practice.reasons import Figured
from advisor.practice.template import TOPICS, Template
from advisor.practice.templates import TEMPLATES, by_id
from tests.practice.expected import EXPECTED, PARTS
from tests.practice.rechecking import proves

SEEDS = range(200)
IDS = [template.id for template in TEMPLATES]


@cache
def made(name: str) -> tuple[Question, ...]:
    return tuple(question for seed in SEEDS for question in by_id()[name].make(seed))


def right_ones(question: Question) -> list[str]:
    return [option.label for option in question.options if option.right]


@pytest.mark.parametrize("name", IDS)
def test_a_template_keys_exactly_what_it_says(name: str) -> None:
    template = by_id()[name]
    for question in made(name):
        assert question.kind == template.kind
        texts = [option.text for option in question.options]
        assert len(set(texts)) == len(texts), question.id
        if question.form == "choice":
            assert len(question.answer) == 1, question.id
            assert 3 <= len(texts) <= 6
        elif question.form == "response":
            assert len(question.answer) == 2, question.id
            assert "TWO" in question.stem, question.id
            assert len(texts) >= 5
        elif question.form == "ordering":
            assert sorted(question.answer) == sorted(question.labels)
            assert question.answer != question.labels, question.id
        else:
            assert len(question.answer) == len(question.prompts) >= 3, question.id
            assert len(set(question.prompts)) == len(question.prompts)
        if question.form in ("choice", "response"):
            assert sorted(question.answer) == right_ones(question)
        assert question.right(question.answer)


@pytest.mark.parametrize("name", IDS)
def test_every_option_is_right_or_wrong_by_a_reason_that_is_checked_again(name: str) -> None:
    for question in made(name):
        for option in question.options:
            assert proves(option.reason), (question.id, option.text, option.reason)
            assert option.why or question.form in ("ordering", "matching"), (question.id, option.text)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_numeric_key_agrees_with_a_second_calculation(name: str) -> None:
    for question in made(name):
        [key] = [option for option in question.options if option.right]
        wanted = EXPECTED[name](question.givens)
        assert isinstance(key.reason, Figured)
        assert key.reason.value == wanted, question.id
        for option in question.options:
            if not option.right:
                assert isinstance(option.reason, Figured)
                assert option.reason.value != wanted, (question.id, option.text)


@pytest.mark.parametrize(("name", "part"), sorted(PARTS))
def test_a_numeric_part_of_a_case_study_agrees_with_a_second_calculation(name: str, part: int) -> None:
    for question in made(name):
        if question.part == part:
            [key] = [option for option in question.options if option.right]
            assert isinstance(key.reason, Figured)
            assert key.reason.value == PARTS[name, part](question.givens), question.id


@pytest.mark.parametrize("name", IDS)
def test_rules_and_limits_are_those_that_the_template_declares(name: str) -> None:
    template = by_id()[name]
    questions = made(name)
    assert {rule for question in questions for rule in question.rules} == template.rules
    assert {key for question in questions for key in question.limits} == template.limits
    for question in questions:
        assert question.sources, question.id
        told = " ".join(question.sources)
        assert all(rule in told for rule in question.rules)
        assert all(key in told for key in question.limits)


@pytest.mark.parametrize("name", IDS)
def test_a_template_gives_many_different_questions(name: str) -> None:
    looks = {(question.asked, tuple(sorted(option.text for option in question.options))) for question in made(name)}
    assert len(looks) >= 60


def test_no_two_templates_ask_the_same() -> None:
    signatures: dict[tuple[frozenset[str], frozenset[str], str], str] = {}
    for template in TEMPLATES:
        signature = (template.rules, template.limits, template.asks)
        assert signature not in signatures, (template.id, signatures[signature])
        signatures[signature] = template.id


def test_there_are_at_least_sixty_templates_of_all_kinds_in_every_topic() -> None:
    assert len(TEMPLATES) >= 60
    assert {template.kind for template in TEMPLATES} == {"choice", "response", "ordering", "matching", "case"}
    of_topic = Counter(template.topic for template in TEMPLATES)
    assert set(of_topic) == set(TOPICS)
    assert min(of_topic.values()) >= 5


def choices() -> list[tuple[Template, Question]]:
    return [
        (template, question) for template in TEMPLATES for question in made(template.id) if question.form == "choice"
    ]


def test_the_longest_option_is_the_key_no_more_often_than_by_chance() -> None:
    longest, chance = 0.0, 0.0
    for _, question in choices():
        lengths = [len(option.text) for option in question.options]
        tops = [option for option in question.options if len(option.text) == max(lengths)]
        longest += sum(option.right for option in tops) / len(tops)
        chance += 1 / len(lengths)
    assert longest <= 1.15 * chance, (longest, chance)


def test_no_template_has_a_key_that_stands_out_by_its_length() -> None:
    for template in TEMPLATES:
        questions = [question for question in made(template.id) if question.form == "choice"]
        far = 0
        for question in questions:
            [key] = [len(option.text) for option in question.options if option.right]
            others = [len(option.text) for option in question.options if not option.right]
            far += key > 1.25 * max(others) + 2
        assert far <= 0.4 * max(1, len(questions)), template.id


def words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in ("that", "with", "from", "this")}


def test_words_of_the_stem_point_to_the_key_no_more_often_than_by_chance() -> None:
    pointed, chance = 0, 0.0
    for _, question in choices():
        stem = words(question.stem)
        shared = {option.label: words(option.text) & stem for option in question.options}
        most = max(map(len, shared.values()))
        tops = [label for label, held in shared.items() if len(held) == most]
        if len(tops) == 1:
            pointed += tops[0] in question.answer
            chance += 1 / len(question.options)
    assert pointed <= 1.25 * chance, (pointed, chance)


def test_the_key_stands_at_every_place_alike() -> None:
    places = Counter(question.answer[0] for _, question in choices() if len(question.options) == 4)
    total = places.total()
    # Three standard deviations of a fair draw.
    margin = 3 * (0.25 * 0.75 / total) ** 0.5
    assert all(abs(places[label] / total - 0.25) <= margin for label in "ABCD"), places


# What may stand capitalised inside a sentence: AWS's own words and units, and how options are spoken of.
_KNOWN = set(
    re.findall(
        r"\S+",
        """
    AWS API S3 EFS FSx Lustre ECR VPC GPU GPUs CPU GB GiB KB MB MiB TB USD TWO SageMaker CloudWatch Logs
    Marketplace Model Monitor Savings Plan Spot FastFile File Pipe HTTP InvokeEndpoint InvokeEndpointAsync
    HasBacklogWithoutCapacity MaxConcurrency MaxPayloadInMB MultiRecord SageMakerVariantInvocationsPerInstance
    ShardedByS3Key FullyReplicated InvocationsTimeoutInSeconds MaxRuntimeInSeconds
    ContainerStartupHealthCheckTimeoutInSeconds SIGTERM SIGKILL POSIX SplitType None Line Athena Redshift I
    Inference Recommender MaxWaitTimeInSeconds MaxConcurrentTransforms
""",
    )
)


def test_no_brand_and_no_name_of_a_person_is_in_a_question() -> None:
    for template in TEMPLATES:
        for question in made(template.id)[:20]:
            for sentence in re.split(r"(?<=[.?!:)])\s+|\n", question.stem):
                strange = [
                    word
                    for word in re.findall(r"(?<![\w/.-])[A-Z][A-Za-z0-9]+", sentence)
                    if word not in _KNOWN and not sentence.lstrip("(").startswith(word)
                ]
                assert not strange, (question.id, strange, sentence)


def test_the_same_seed_asks_the_same_and_another_asks_otherwise() -> None:
    template = by_id()["cost-endpoint-month"]
    assert template.make(7) == template.make(7)
    assert template.make(7) != template.make(8)
