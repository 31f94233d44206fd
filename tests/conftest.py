"""What every test stands on: a cache of its own, one seed for property tests, golden files, the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# Prices and kernels that a user has cached must not decide a test; compiled kernels are kept between runs.
os.environ["ADVISOR_CACHE"] = str(ROOT / ".pytest_cache" / "advisor")
os.environ["ADVISOR_DATA"] = str(ROOT / ".pytest_cache" / "advisor-data")
# Answers are folded to the terminal; the golden ones to a hundred columns.
os.environ["COLUMNS"] = "100"
for secret in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
    os.environ.pop(secret, None)

settings.register_profile(
    "advisor", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("advisor")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew from what is printed")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def traces() -> Path:
    """The folder of measured traffic; the test is skipped where it is not named."""
    named = os.environ.get("ADVISOR_TRACES")
    if not named or not Path(named).is_dir():
        pytest.skip("ADVISOR_TRACES names no folder of measured traffic")
    return Path(named)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with a golden file beside the tests, or write it anew with --update-golden."""

    def compare(name: str, text: str) -> None:
        path = ROOT / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"{path} is missing; run with --update-golden and read what it wrote"
        assert text == path.read_text()

    return compare


@dataclass(frozen=True)
class Ran:
    """What one call of the command line gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def advisor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The command line, called in this process: ``advisor("check", "a.yaml").code``."""
    from advisor.cli import main

    monkeypatch.chdir(ROOT)

    def call(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["advisor", *map(str, arguments)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        printed = capsys.readouterr()
        assert isinstance(code, int)
        return Ran(code, printed.out, printed.err)

    return call
