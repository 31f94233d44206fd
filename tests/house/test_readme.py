"""The README is run: every console block prints what it says, every set-up command is the one CI calls."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[str]:
    return BLOCK.findall(README.read_text())


def ran(command: str) -> str:
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def anew(block: str) -> str:
    lines = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{ran(line[2:])}\n" for line in lines)


@pytest.mark.parametrize("number", range(len(blocks())))
def test_a_console_block_prints_what_the_readme_says(number: int, request: pytest.FixtureRequest) -> None:
    block = blocks()[number]
    printed = anew(block)
    if request.config.getoption("--update-golden"):
        README.write_text(README.read_text().replace(block, printed))
        block = printed
    assert printed == block


def test_the_first_two_commands_set_up_and_run_the_job_and_the_tests() -> None:
    commands = re.findall(r"^    (\S.*)$", README.read_text(), re.MULTILINE)
    assert commands[0].startswith("python -m pip install . && advisor ")
    assert re.fullmatch(r'python -m pip install -e "\.\[test\]" && python -m pytest.*', commands[1])


def test_every_verb_of_the_command_line_is_told_in_the_readme() -> None:
    from advisor.cli import app

    told = README.read_text()
    verbs = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    assert verbs
    assert not [verb for verb in verbs if f"`advisor {verb}" not in told]


def test_the_change_log_is_the_last_section_and_knows_this_version() -> None:
    from advisor import __version__

    last = README.read_text().rsplit("\n## ", 1)[1]
    assert last.startswith("Changes")
    assert f"### {__version__}" in last


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for requirement in tomllib.loads(text)["project"]["dependencies"]:
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert "#" in line, f"{requirement} gives no reason"
        assert ">=" in requirement, f"{requirement} has no lower bound"
