"""Sessions, marks and history: what is asked, what it is worth, and what comes back when."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest

from advisor.errors import InputError, UnknownName
from advisor.practice.history import SPACING_DAYS, History
from advisor.practice.mark import result
from advisor.practice.session import (
    EXAM_MINUTES,
    EXAM_QUESTIONS,
    PASS_MARK,
    again,
    choose,
    scaled,
    topics_named,
)
from advisor.practice.template import TOPICS
from advisor.practice.templates import TEMPLATES, by_id

TODAY = date(2026, 11, 21)


def looks(questions):
    return [(one.template, one.asked, tuple(sorted(option.text for option in one.options))) for one in questions]


@pytest.mark.parametrize("seed", range(12))
def test_no_two_questions_of_an_exam_are_alike_and_no_template_comes_twice(seed) -> None:
    questions = choose(EXAM_QUESTIONS, seed=seed)
    assert len(questions) == 65
    assert len(set(looks(questions))) == 65
    assert len({one.id for one in questions}) == 65
    asked = Counter(one.template for one in questions)
    assert all(count == by_id()[name].parts for name, count in asked.items())
    # Ten topics take turns; the parts of a case study count for one turn.
    of_topic = Counter(one.topic for one in questions)
    assert set(of_topic) == set(TOPICS)
    assert max(of_topic.values()) - min(of_topic.values()) <= 3


def test_a_long_session_uses_templates_again_and_still_repeats_nothing() -> None:
    questions = choose(300, seed=3)
    assert len(set(looks(questions))) == 300
    assert set(Counter(one.template for one in questions)) == {template.id for template in TEMPLATES}


def test_the_same_seed_gives_the_same_session() -> None:
    assert choose(20, seed=5) == choose(20, seed=5)
    assert choose(20, seed=5) != choose(20, seed=6)


def test_the_parts_of_a_case_study_stay_together_and_in_order() -> None:
    studies = 0
    for seed in range(12):
        parts = [(at, one) for at, one in enumerate(choose(40, seed=seed)) if one.kind == "case"]
        if not parts:
            continue
        studies += 1
        for case in {one.case for _, one in parts}:
            of = [(at, one) for at, one in parts if one.case == case]
            assert [one.part for _, one in of] == [1, 2, 3]
            assert [at - of[0][0] for at, _ in of] == [0, 1, 2]
            # All tell the same situation.
            assert len({one.stem[:150] for _, one in of}) == 1
    assert studies > 3


def test_a_case_study_that_would_not_fit_is_left_out() -> None:
    for seed in range(40):
        questions = choose(2, seed=seed, topics=["hosting"])
        assert len(questions) == 2
        assert all(one.kind != "case" for one in questions)


def test_topics_are_kept_to_and_unknown_ones_are_met_with_near_names() -> None:
    assert {one.topic for one in choose(12, seed=1, topics=["cost", "data"])} == {"cost", "data"}
    with pytest.raises(UnknownName, match="did you mean serverless"):
        topics_named(["serverles"])
    with pytest.raises(InputError, match="0 questions"):
        choose(0, seed=1)


def test_the_exam_is_as_aws_describes_it() -> None:
    # 65 questions, 130 minutes, 100 to 1,000 points with 720 to pass.
    assert (EXAM_QUESTIONS, EXAM_MINUTES, PASS_MARK) == (65, 130, 720)
    assert (scaled(0, 65), scaled(65, 65)) == (100, 1000)
    # 44 of 65 are 100 + 900 * 44/65 = 709.2; 45 are 723.1.
    assert (scaled(44, 65), scaled(45, 65)) == (709, 723)


def test_an_id_gives_the_question_again() -> None:
    for question in choose(60, seed=8):
        assert again(question.id) == question
    with pytest.raises(UnknownName):
        again("nothing-like-this-7")
    with pytest.raises(UnknownName):
        again("job-kind")


def test_a_result_counts_by_topic_and_whole_answers_only() -> None:
    questions = choose(12, seed=2)
    answers = {one.id: one.answer for one in questions[:7]}
    marked = result(questions, answers, exam=True)
    assert marked.right == 7
    assert marked.score == 100 + round(900 * 7 / 12)
    assert not marked.passed
    assert [one.question.id for one in marked.missed] == [one.id for one in questions[7:]]
    assert "no answer" in marked.missed[0].told
    assert sum(int(row[1]) for row in marked.table().rows) == 7
    response = next(one for one in choose(60, seed=2) if one.form == "response")
    assert not response.right(response.answer[:1])
    assert response.right(tuple(reversed(response.answer)))
    ordering = next(one for one in choose(90, seed=2) if one.form == "ordering")
    assert not ordering.right(tuple(reversed(ordering.answer)))


def test_an_answer_is_read_as_people_write_it() -> None:
    response = next(one for one in choose(60, seed=2) if one.form == "response")
    assert response.read("c a") == response.read("A, C") == response.read(["C", "A"]) == ("A", "C")
    for wrong in ("", "A", "AA", "AZ", "ABC"):
        with pytest.raises(InputError):
            response.read(wrong)


def test_what_was_missed_comes_back_sooner_each_right_answer_later(tmp_path) -> None:
    history = History(tmp_path / "practice.json")
    missed, known = choose(2, seed=4)
    history.record(missed, right=False, today=TODAY)
    history.record(known, right=True, today=TODAY)
    # Missed: due the same day. Never missed: does not come back at all.
    assert [one.id for one in history.due(TODAY)] == [missed.id]
    entry = history.record(missed, right=True, today=TODAY)
    assert (entry.box, entry.due) == (1, "2026-11-22")
    assert not list(history.due(TODAY))
    assert [one.id for one in history.due(date(2026, 11, 22))] == [missed.id]
    entry = history.record(missed, right=True, today=date(2026, 11, 22))
    assert entry.due == "2026-11-25"
    entry = history.record(missed, right=False, today=date(2026, 11, 25))
    assert (entry.box, entry.due, entry.asked, entry.missed) == (0, "2026-11-25", 4, 2)
    assert list(SPACING_DAYS) == sorted(SPACING_DAYS)


def test_a_review_begins_with_what_is_due_and_repeats_nothing(tmp_path) -> None:
    history = History(tmp_path / "practice.json")
    before = choose(5, seed=4)
    for question in before:
        history.record(question, right=False, today=TODAY)
    due = list(history.due(TODAY))
    questions = choose(8, seed=9, first=due)
    assert {one.id for one in questions[:5]} == {one.id for one in before}
    assert len(set(looks(questions))) == 8
    assert [one.topic for one in history.due(TODAY, ["cost"])] == [one.topic for one in due if one.topic == "cost"]


def test_a_history_that_does_not_read_is_told_and_left_alone(tmp_path) -> None:
    path = tmp_path / "practice.json"
    path.write_text('{"version": 1, "questions": [')
    [question] = choose(1, seed=1)
    with pytest.raises(InputError, match="does not read"):
        History(path).record(question, right=True, today=TODAY)
    assert path.read_text() == '{"version": 1, "questions": ['


def test_a_template_that_is_gone_is_passed_over(tmp_path) -> None:
    path = tmp_path / "practice.json"
    row = {"id": "old-template-3", "box": 0, "due": "2026-01-01", "asked": 1, "missed": 1, "last": "2026-01-01"}
    path.write_text(json.dumps({"version": 1, "questions": [row]}))
    assert list(History(path).due(TODAY)) == []


def test_the_file_is_whole_after_every_answer(tmp_path, monkeypatch) -> None:
    history = History(tmp_path / "practice.json")
    first, second = choose(2, seed=4)
    history.record(first, right=True, today=TODAY)
    whole = history.path.read_text()

    def killed(self, target):
        raise OSError("killed before the file took its place")

    monkeypatch.setattr("pathlib.Path.replace", killed)
    with pytest.raises(InputError):
        history.record(second, right=True, today=TODAY)
    assert history.path.read_text() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["practice.json"]
