"""``advisor practice``: as JSON, as text, as files, and key by key in a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest

from advisor.practice.session import choose

ROOT = Path(__file__).parents[2]


class Terminal:
    """The command in a terminal of its own: keys go in, what is shown comes out."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        environment = {**os.environ, "ADVISOR_DATA": str(folder), "TERM": "xterm"}
        environment.pop("COLUMNS", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "advisor", "practice", *arguments],
            stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def wait_for(self, part: str, seconds: float = 60) -> None:
        """Until it shows, after what was waited for before."""
        until = time.monotonic() + seconds
        while part not in self.text:
            ready, _, _ = select.select([self.master], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{part!r} was not shown in time:\n{self.text}"
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace").replace("\r\n", "\n")
            except OSError:
                break
        assert part in self.text, self.text
        self.text = self.text.partition(part)[2]

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def rest(self) -> str:
        """What is shown until the end, and then the exit code is known."""
        while True:
            try:
                part = os.read(self.master, 65536)
            except OSError:
                break
            if not part:
                break
            self.text += part.decode(errors="replace").replace("\r\n", "\n")
        self.process.wait(timeout=30)
        return self.text

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)
        os.close(self.master)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(tmp_path, *arguments))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def keys_of(question) -> str:
    """The number keys of the right answer."""
    return "".join(str(question.labels.index(label) + 1) for label in question.answer)


def history(folder: Path) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in json.loads((folder / "practice.json").read_text())["questions"]}


def test_a_session_is_answered_by_number_keys_and_marked(terminal, tmp_path) -> None:
    questions = choose(4, seed=21)
    session = terminal("--count", "4", "--seed", "21")
    session.wait_for("4 questions, seed 21")
    session.wait_for("Question 1 of 4")
    session.wait_for("> ")
    session.press("m")  # later
    session.wait_for("marked for later")
    session.wait_for("Question 2 of 4")
    session.wait_for("> ")
    session.press(keys_of(questions[1]) + "\r")
    session.wait_for("Question 3 of 4")
    session.wait_for("> ")
    session.press("s")
    session.wait_for("skipped")
    session.wait_for("Question 4 of 4")
    session.wait_for("> ")
    session.press("\r")  # nothing chosen yet: said, and asked again
    session.wait_for("give ")
    session.press(keys_of(questions[3]) + "\r")
    session.wait_for("Question 1 of 4, marked before")
    session.wait_for("> ")
    session.press(keys_of(questions[0]) + "\r")
    told = session.rest()
    assert "3 of 4 right." in told
    assert "Result" in told
    assert "you gave no answer; the key is " + ", ".join(questions[2].answer) in told
    assert session.process.returncode == 0
    kept = history(tmp_path)
    assert set(kept) == {question.id for question in questions}
    assert kept[questions[2].id]["missed"] == 1
    assert kept[questions[0].id]["missed"] == 0


def test_a_session_that_is_killed_has_kept_what_was_answered(terminal, tmp_path) -> None:
    questions = choose(3, seed=22)
    session = terminal("--count", "3", "--seed", "22")
    for place in (1, 2):
        session.wait_for(f"Question {place} of 3")
        session.wait_for("> ")
        session.press("s" if place == 1 else keys_of(questions[1]) + "\r")
    session.wait_for("Question 3 of 3")
    session.process.send_signal(signal.SIGKILL)
    session.process.wait(timeout=30)
    assert set(history(tmp_path)) == {questions[0].id, questions[1].id}
    assert [path.name for path in tmp_path.iterdir()] == ["practice.json"]
    review = terminal("--count", "2", "--seed", "23", "--review")
    review.wait_for("Question 1 of 2")
    review.wait_for(questions[0].stem[:40])
    review.wait_for("> ")
    review.press("q")
    assert "Ended." in review.rest()


def test_the_time_limit_ends_a_session(terminal) -> None:
    session = terminal("--count", "3", "--seed", "24", "--time", "2 s")
    session.wait_for("left")
    session.wait_for("The time is up.", 30)
    assert "0 of 3 right." in session.rest()


def test_an_exam_that_is_not_passed_is_exit_code_one(terminal) -> None:
    session = terminal("--exam", "--seed", "3", "--count", "2")
    session.wait_for("Question 1 of 2, 1")
    session.wait_for("> ")
    session.press("ss")
    told = session.rest()
    assert "scaled score 100 of 1,000, the pass mark is 720: not passed" in told
    assert session.process.returncode == 1


def test_the_terminal_is_left_as_it_was(terminal) -> None:
    session = terminal("--count", "1", "--seed", "1")
    before = termios.tcgetattr(session.master)
    session.wait_for("> ")
    session.press("q")
    session.rest()
    assert termios.tcgetattr(session.master)[3] == before[3]


def test_json_is_the_contract(advisor) -> None:
    ran = advisor("practice", "--json", "--count", 30, "--seed", 5)
    assert ran.code == 0
    held = json.loads(ran.out)
    assert set(held) == {"questions"}
    assert len(held["questions"]) == 30
    for question in held["questions"]:
        wanted = {"id", "template", "topic", "kind", "stem", "options", "answer", "because", "explanation", "sources"}
        assert wanted <= set(question)
        labels = [option["label"] for option in question["options"]]
        assert labels == list("ABCDEFGH"[: len(labels)])
        assert set(question["answer"]) <= set(labels)
        assert question["explanation"]
        assert question["sources"]
    assert held == json.loads(advisor("practice", "--json", "--count", 30, "--seed", 5).out)
    assert held != json.loads(advisor("practice", "--json", "--count", 30, "--seed", 6).out)


def test_away_from_a_terminal_it_is_text_that_fits_a_hundred_columns(advisor) -> None:
    ran = advisor("practice", "--count", 12, "--seed", 9)
    assert ran.code == 0
    questions, _, answers = ran.out.partition("Answers\n-------")
    assert questions.count("answer with ") == 12
    for place, question in enumerate(choose(12, seed=9), start=1):
        assert f"{place}. {', '.join(question.answer)}  ({question.id})" in answers
    assert max(map(len, ran.out.splitlines())) <= 100


def test_an_exam_has_sixty_five_questions(advisor) -> None:
    assert len(json.loads(advisor("practice", "--exam", "--json", "--seed", 2).out)["questions"]) == 65


def test_a_profile_of_ones_own_is_asked_about(advisor) -> None:
    held = json.loads(advisor("practice", "workloads/fraud-scoring.yaml", "--json").out)["questions"]
    assert held
    assert all("fraud-scoring" in question["stem"] for question in held)
    assert any("SL-31" in question["because"] for question in held)
    assert any("fraud-scoring.yaml:15" in question["explanation"] for question in held)


@pytest.mark.parametrize("name", ["quiz.md", "quiz.html", "deck.apkg"])
def test_questions_are_written_to_a_file(advisor, tmp_path, name) -> None:
    path = tmp_path / name
    ran = advisor("practice", "--count", 5, "--seed", 4, "--export", path)
    assert ran.code == 0
    assert not ran.out
    assert "5 questions written to" in ran.err
    assert path.stat().st_size > 1000


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["--topic", "serverles"], "did you mean serverless"),
        (["--export", "quiz.pdf"], ".apkg"),
        (["--time", "soon"], "is not a duration"),
        (["--time", "0 s"], "20 min"),
        (["workloads/fraud-scoring.yaml", "--exam"], "--exam"),
        (["nothing.yaml"], "nothing.yaml"),
        (["--count", "0"], "--count"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_a_wrong_call_is_exit_code_two_and_says_how_to_mend(advisor, call, told) -> None:
    ran = advisor("practice", *call)
    assert ran.code == 2
    assert told in ran.err


def test_a_review_without_anything_missed_says_so(advisor, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ADVISOR_DATA", str(tmp_path))
    ran = advisor("practice", "--review", "--count", 2, "--seed", 1)
    assert ran.code == 0
    assert "nothing that was missed is due" in ran.err
