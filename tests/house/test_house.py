"""The house itself: floors, types, style, file sizes, and what lies at the top."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400
TOP_LEVEL = {"pyproject.toml", "advisor", "workloads", "notebooks", "tests", "README.md"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout, so what belongs to the tree is not known")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


def script(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def test_the_style_checker_finds_nothing() -> None:
    assert not run(script("ruff"), "check", ".")


def test_every_file_is_formatted() -> None:
    assert not run(script("ruff"), "format", "--check", ".")


def test_the_types_hold_under_strict_rules() -> None:
    assert not run(script("mypy"), "--strict", "advisor")


def test_no_floor_imports_a_higher_one() -> None:
    assert not run(script("lint-imports"), "--no-cache")


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in tracked() if path.suffix == ".py"}
    assert not {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > LONGEST_FILE}


def test_no_drawer_is_called_utils_helpers_or_common() -> None:
    assert not [path for path in tracked() if path.stem in {"utils", "helpers", "common", "util", "helper", "misc"}]


def test_nothing_unforeseen_lies_at_the_top() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL


def test_every_module_opens_with_a_sentence_that_says_what_it_is() -> None:
    bare = [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / "advisor")]
    assert not [path for path in bare if not path.read_text().startswith(('"""', 'r"""'))]


def test_no_path_of_a_machine_is_written_down() -> None:
    # Put together here so that this file does not find itself.
    needles = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]
    texts = [path for path in tracked() if path.suffix in {".py", ".md", ".toml", ".yaml", ".json", ".csv", ".ipynb"}]
    found = [(path.name, needle) for path in texts for needle in needles if needle in path.read_text()]
    assert not found
