"""``advisor report``: what is written, where, with which exit code, and what is refused."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pytest
from pypdf import PdfReader

PROFILE = """
name: small
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: ml.m5.large, mean: 20 ms, workers: 2}]
batch: {records: 2000, record_size: 1 KB, files: 4, every: 1 day, deadline: 4 hours}
"""


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    path = tmp_path_factory.mktemp("profile") / "small.yaml"
    path.write_text(PROFILE)
    return path


def test_the_three_kinds_hold_the_figures_that_recommend_gives(advisor, profile, tmp_path) -> None:
    best = json.loads(advisor("recommend", profile, "--seed", 5, "--json").out)["options"][0]
    usd = f"{Decimal(best['usd_per_month']['value']):,.2f} USD a month"
    made = {}
    for ending in ("html", "md", "pdf"):
        path = tmp_path / f"review.{ending}"
        ran = advisor("report", profile, "-o", path, "--seed", 5)
        assert ran.code == 0, ran.err
        assert not ran.out
        assert f"{path} written" in ran.err
        made[ending] = path.read_bytes()
    pdf = " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(made["pdf"])).pages).split())
    for text in (made["html"].decode(), made["md"].decode().replace("\\", ""), pdf):
        assert best["id"].replace("-", "") in text.replace("-", "").replace(" ", "")
        assert usd in text
        assert "seed 5" in text
    assert "# the profile" not in made["md"].decode()
    assert PROFILE.strip() in made["md"].decode()


def test_the_same_call_writes_the_same_bytes(advisor, profile, tmp_path) -> None:
    one, other = tmp_path / "one.html", tmp_path / "other.html"
    assert advisor("report", profile, "-o", one).code == advisor("report", profile, "-o", other).code == 0
    assert one.read_bytes() == other.read_bytes()


def test_markdown_comes_with_its_plots_where_asked_for(advisor, profile, tmp_path) -> None:
    path = tmp_path / "review.md"
    assert advisor("report", profile, "-o", path, "--figures").code == 0
    text = path.read_text()
    names = sorted(one.name for one in (tmp_path / "review-figures").iterdir())
    assert "bill.png" in names
    assert all(f"](review-figures/{name})" in text for name in names)


def test_what_nothing_can_serve_is_written_all_the_same_and_exit_code_one(advisor, tmp_path) -> None:
    profile, path = tmp_path / "training.yaml", tmp_path / "review.md"
    profile.write_text("name: training\ntask: training\ntraffic: {rate: 1 per minute}\n")
    ran = advisor("report", profile, "-o", path)
    assert ran.code == 1
    assert "Nothing can serve" in path.read_text()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["-o", "review.docx"], "ends in .html, .md or .pdf"),
        (["-o", "review"], "ends in .html, .md or .pdf"),
        (["-o", "review.pdf", "--figures"], "leave --figures out"),
        (["-o", "review.html", "--seed", "-1"], "seed"),
        ([], "output"),
    ],
    ids=lambda wrong: " ".join(wrong) if isinstance(wrong, list) else "",
)
def test_a_wrong_call_is_exit_code_two_and_writes_nothing(advisor, profile, wrong: list[str], says: str) -> None:
    ran = advisor("report", profile, *wrong)
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_is_no_file_to_write(advisor, profile, tmp_path) -> None:
    (tmp_path / "out.html").mkdir()
    ran = advisor("report", profile, "-o", tmp_path / "out.html")
    assert ran.code == 2
    assert "is a folder" in ran.err
