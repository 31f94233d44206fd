"""Reviews of shipped profiles in a browser: quiet, no network, no sideways scroll on a phone, tables that sort."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import advisor as ad
from advisor.reports.page import page
from advisor.reports.review import review
from tests.reports.answers import answer
from tests.reports.browser import NAMES, Browser, found

ROOT = Path(__file__).parents[2]
PROFILES = ("internal-tool", "sensor-anomalies", "weekly-forecast")
PHONE = 390
TABLE = """
const table = [...document.querySelectorAll("table")].find(one => one.caption.textContent.startsWith("{}"));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = found()
    if program is None:
        said = f"no browser: none of {', '.join(NAMES)} is on the path, and ADVISOR_CHROMIUM names none"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    made = Browser(program, tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def files(by_hand: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages; the map and the curves in them are made by hand, all else is simulated."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for name in PROFILES:
        made[name] = folder / f"{name}.html"
        shown = review(answer(ad.read(ROOT / "workloads" / f"{name}.yaml")))
        made[name].write_text(page(shown), encoding="utf-8")
    return made


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, 768, 1280])
@pytest.mark.parametrize("name", PROFILES)
def test_a_page_is_quiet_fits_its_window_and_asks_nothing(
    browser: Browser, files: dict[str, Path], name: str, width: int, dark: bool
) -> None:
    browser.show(files[name], width=width, dark=dark)
    assert browser.complaints() == []
    assert browser.requests() == [files[name].as_uri()]
    assert browser.value("document.documentElement.scrollWidth") == width
    assert browser.value("performance.getEntriesByType('resource').length") == 0
    ground = browser.value("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 254)")


def test_a_phone_is_shown_the_narrow_plots_and_a_desk_the_wide_ones(browser: Browser, files: dict[str, Path]) -> None:
    shown = "[...document.querySelectorAll('.{}')].filter(one => one.offsetWidth > 0).length"
    for width, wide, narrow in ((PHONE, False, True), (1280, True, False)):
        browser.show(files["internal-tool"], width=width)
        assert bool(browser.value(shown.format("wide"))) is wide
        assert bool(browser.value(shown.format("narrow"))) is narrow


def test_a_table_sorts_by_click_and_by_key_and_says_so(browser: Browser, files: dict[str, Path]) -> None:
    browser.show(files["internal-tool"])
    find = TABLE.format("The options")
    column = "const at = [...table.tHead.rows[0].cells].findIndex(one => one.textContent.startsWith('USD'));"
    read = "return [...table.tBodies[0].rows].map(row => Number(row.cells[at].dataset.key));"
    before = browser.value(f"(() => {{{find}{column}{read}}})()")
    assert len(before) > 2
    press = "table.tHead.rows[0].cells[at].querySelector('button').click();"
    rising = browser.value(f"(() => {{{find}{column}{press}{read}}})()")
    falling = browser.value(f"(() => {{{find}{column}{press}{read}}})()")
    assert rising == sorted(before)
    assert falling == sorted(before, reverse=True)
    assert browser.value("document.querySelector('[role=status]').textContent") == "Sorted by USD a month, falling"
    browser.value(f"(() => {{{find}{column}table.tHead.rows[0].cells[at].querySelector('button').focus();}})()")
    for kind in ("keyDown", "keyUp"):
        browser.ask("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    assert browser.value(f"(() => {{{find}{column}{read}}})()") == sorted(before)


def test_totals_stay_below_when_a_bill_is_sorted(browser: Browser, files: dict[str, Path]) -> None:
    browser.show(files["internal-tool"])
    find = (
        "const table = [...document.querySelectorAll('table')].find(one => one.caption.textContent.startsWith('Bill'));"
    )
    press = "table.tHead.rows[0].cells[4].querySelector('button').click();"
    last = "return [...table.rows].at(-1).cells[0].textContent;"
    assert browser.value(f"(() => {{{find}{press}{press}{last}}})()") == "total"


def test_on_paper_it_is_light_whole_and_opens_what_was_folded(
    browser: Browser, files: dict[str, Path], tmp_path
) -> None:
    from pypdf import PdfReader

    browser.show(files["internal-tool"], dark=True, media="print")
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 254)"
    browser.show(files["internal-tool"])
    browser.printed(tmp_path / "print.pdf")
    said = "".join(page.extract_text() for page in PdfReader(tmp_path / "print.pdf").pages)
    assert "Every value that was given" in said or "traffic.rate" in said
    assert "metric_lag" in said or "serverless_keep_alive" in said
